"""A metric is one record and its function: it is scored, shown, a choice of --metric, and chooses the model."""

import csv
import io
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from commands import csv_bytes, visits
from forecast.cli.output.leaderboard import leaderboard_table
from forecast.evaluation import metrics
from forecast.evaluation.backtest import Backtest, Trial
from forecast.evaluation.leaderboard import leaderboard
from forecast.experiment.final_fit import choose
from forecast.metric_records import METRICS, MetricRecord
from forecast.models.combination import Evidence, _member_errors
from forecast.models.forecaster import Members, Quantiles
from forecast.report.tables import leaderboard_rows

NOTHING = Quantiles((), np.empty((0, 2, 2, 3)))
WAPE = MetricRecord("wape", "WAPE", "target", 1, weighs="where each unit counts alike")
ADDED = """
import sys
from forecast.metric_records import METRICS, MetricRecord
METRICS["wape"] = MetricRecord("wape", "WAPE", "target", 1)
import numpy as np
from forecast.evaluation import metrics
metrics.wape = lambda truth, forecast: np.nansum(np.abs(truth - forecast)) / np.nansum(np.abs(truth))
from forecast.models import regression
regression.TREES = 3  # enough for a table
from forecast.cli import main
main(sys.argv[1:])
"""


def wape(truth, forecast):
    return np.nansum(np.abs(truth - forecast)) / np.nansum(np.abs(truth))


@pytest.fixture
def added(monkeypatch):
    monkeypatch.setitem(METRICS, "wape", WAPE)
    monkeypatch.setattr(metrics, "wape", wape, raising=False)


def board():
    truths = np.arange(1.0, 13.0).reshape(2, 2, 3)
    shapes = {"gru": 0.5, "lstm": -1.0, "seasonal-naive": 2.0}
    trials = tuple(
        Trial(name, truths + gap, (truths + gap)[None], NOTHING, (), None, None, None, 1.0, 1.0, None)
        for name, gap in shapes.items()
    )
    return leaderboard(Backtest((), truths, np.ones((2, 2)), np.ones((2, 2)), trials, refitted=True), ("gru", "lstm"))


def test_leaderboard_scores_it_and_tables_show_it(added):
    found = board()
    assert [row.error("wape") for row in found.rows] == pytest.approx([each * 12 / 78 for each in (0.5, 1.0, 2.0)])
    rows = leaderboard_rows(found)
    assert [list(row)[-1] for row in rows] == ["wape"] * 3
    assert rows[0]["wape"] == pytest.approx(6 / 78)


@pytest.mark.usefixtures("added")
def test_table_shows_it_beside_the_others(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    header, *rows = (
        line for line in leaderboard_table(board()).splitlines() if re.search(r"WAPE|gru|lstm|naive", line)
    )
    end = header.index("WAPE") + len("WAPE")
    assert [row[:end].split()[-1] for row in rows] == ["0.077", "0.154", "0.308"]


@pytest.mark.usefixtures("added")
def test_model_is_chosen_by_it():
    rows = {"gru": 3.0, "lstm": 1.0, "rnn": 2.0}
    named = {name: SimpleNamespace(model=name, error=lambda metric, own=own: own) for name, own in rows.items()}
    experiment = SimpleNamespace(
        settings=SimpleNamespace(metric="wape"), board=SimpleNamespace(rows=tuple(named.values()), row=named.get)
    )
    chosen, why = choose(experiment, "auto")
    assert chosen == "lstm"
    assert why.startswith("the network with the lowest WAPE in the backtest")


@pytest.mark.usefixtures("added")
def test_views_are_chosen_by_its_unit_and_power():
    values, truth = np.array([[[1.0, 5.0]], [[3.0, 3.0]]]), np.array([[2.0, 2.0]])
    evidence = Evidence(Members(("a", "b"), (0, 0), values, None), truth, np.ones(1))
    np.testing.assert_allclose(_member_errors(evidence, "wape"), [2.0, 1.0])
    np.testing.assert_allclose(_member_errors(evidence, "rmse"), [5**0.5, 1.0])


def test_program_takes_it_as_a_choice_and_prints_it(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(60)))
    words = ("compare", "visits.csv", "--models", "naive", "--folds", "1", "--metric", "wape", "--plots", "none")
    done = subprocess.run(
        [sys.executable, "-c", ADDED, *words, "--format", "csv"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert all(0 < float(row["wape"]) < 1 for row in rows)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_a_function_of_its_name(name):
    truth, forecast = np.array([[[1.0, 2.0]]]), np.array([[[1.5, 2.5]]])
    scales = {"scales": np.ones(1), "rms_scales": np.ones(1)}
    assert metrics.score(METRICS[name], truth, forecast, scales) > 0
