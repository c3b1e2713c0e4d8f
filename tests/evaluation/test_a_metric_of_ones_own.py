"""A metric is one record and its function: it is scored, shown, a choice of --metric, and chooses the model."""

import csv
import io
import re
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from commands import csv_bytes, visits
from forecast.cli.output.leaderboard import leaderboard_table
from forecast.evaluation import metrics
from forecast.evaluation.backtest import Backtest, ModelBacktest
from forecast.evaluation.distribution import quantile_metrics
from forecast.evaluation.distribution.quantile_metrics import DECILES, distribution_scores
from forecast.evaluation.leaderboard import leaderboard
from forecast.experiment.final_fit import choose
from forecast.metric_records import METRICS, MetricRecord
from forecast.models.combination import Evidence, _member_errors
from forecast.models.forecaster import Members, Quantiles
from forecast.report.tables import leaderboard_rows

NOTHING = Quantiles((), np.empty((0, 2, 2, 3)))
OWN = MetricRecord("nd", "ND", "target", 1, weighs="where each unit counts alike")
ADDED = """
import sys
from forecast.metric_records import METRICS, MetricRecord
METRICS["nd"] = MetricRecord("nd", "ND", "target", 1)
import numpy as np
from forecast.evaluation import metrics
from forecast.models import regression
regression.TREES = 3  # enough for a table
metrics.nd = lambda truth, forecast: np.nansum(np.abs(truth - forecast)) / np.nansum(np.abs(truth))
from forecast.cli import main
main(sys.argv[1:])
"""


def nd(truth, forecast):
    return np.nansum(np.abs(truth - forecast)) / np.nansum(np.abs(truth))


@pytest.fixture
def added(monkeypatch):
    monkeypatch.setitem(METRICS, "nd", OWN)
    monkeypatch.setattr(metrics, "nd", nd, raising=False)


def board():
    truths = np.arange(1.0, 13.0).reshape(2, 2, 3)
    shapes = {"gru": 0.5, "lstm": -1.0, "seasonal-naive": 2.0}
    models = tuple(
        ModelBacktest(name, truths + gap, (truths + gap)[None], NOTHING, (), None, None, None, 1.0, 1.0, None)
        for name, gap in shapes.items()
    )
    return leaderboard(Backtest((), truths, np.ones((2, 2)), np.ones((2, 2)), models, refitted=True), ("gru", "lstm"))


def test_leaderboard_scores_it_and_tables_show_it(added):
    found = board()
    assert [row.error("nd") for row in found.rows] == pytest.approx([each * 12 / 78 for each in (0.5, 1.0, 2.0)])
    rows = leaderboard_rows(found)
    assert all("nd" in row for row in rows)
    assert rows[0]["nd"] == pytest.approx(6 / 78)


@pytest.mark.usefixtures("added")
def test_table_shows_it_beside_the_others(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    header, *rows = (
        line for line in leaderboard_table(board()).splitlines() if re.search(r"\bND\b|gru|lstm|naive", line)
    )
    end = header.index("ND") + len("ND")
    assert [row[:end].split()[-1] for row in rows] == ["0.077", "0.154", "0.308"]


@pytest.mark.usefixtures("added")
def test_model_is_chosen_by_it():
    rows = {"gru": 3.0, "lstm": 1.0, "rnn": 2.0}
    named = {name: SimpleNamespace(model=name, error=lambda metric, own=own: own) for name, own in rows.items()}
    experiment = SimpleNamespace(
        settings=SimpleNamespace(metric="nd"), board=SimpleNamespace(rows=tuple(named.values()), row=named.get)
    )
    chosen, why = choose(experiment, "auto")
    assert chosen == "lstm"
    assert why.startswith("the network with the lowest ND in the backtest")


@pytest.mark.usefixtures("added")
def test_views_are_chosen_by_its_unit_and_power():
    values, truth = np.array([[[1.0, 5.0]], [[3.0, 3.0]]]), np.array([[2.0, 2.0]])
    evidence = Evidence(Members(("a", "b"), (0, 0), values, None), truth, np.ones(1))
    np.testing.assert_allclose(_member_errors(evidence, "nd"), [2.0, 1.0])
    np.testing.assert_allclose(_member_errors(evidence, "rmse"), [5**0.5, 1.0])


@pytest.mark.slow
def test_program_takes_it_as_a_choice_and_prints_it(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(60)))
    words = ("compare", "visits.csv", "--models", "naive", "--folds", "1", "--metric", "nd", "--plots", "none")
    done = subprocess.run(
        [sys.executable, "-c", ADDED, *words, "--format", "csv"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert all(0 < float(row["nd"]) < 1 for row in rows)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_a_function_of_its_name(name):
    truth, forecast = np.array([[[1.0, 2.0]]]), np.array([[[1.5, 2.5]]])
    if METRICS[name].reads == "quantiles":
        assert distribution_scores(truth, Quantiles(DECILES, np.stack([forecast] * 9)), np.ones((1, 1)), ())[name] > 0
    else:
        assert metrics.score(METRICS[name], truth, forecast, {"scales": np.ones(1), "rms_scales": np.ones(1)}) > 0


def test_metric_of_quantiles_is_one_record_and_its_function_too(monkeypatch):
    monkeypatch.setitem(METRICS, "width", replace(OWN, name="width", reads="quantiles"))
    monkeypatch.setattr(
        quantile_metrics, "width", lambda truth, deciles: (deciles[8] - deciles[0]).mean(), raising=False
    )
    quantiles = Quantiles(DECILES, np.arange(9.0)[:, None, None, None] + np.zeros((1, 2, 3)))
    assert distribution_scores(np.zeros((1, 2, 3)), quantiles, np.ones((1, 2)), ())["width"] == 8
