"""Levels from the training to the page, and any level or quantile at a prediction."""

import csv
import io
import shutil

import pyarrow.parquet as pq
import pytest

from commands import csv_bytes, run, visits
from forecast.experiment.versions.stored_model import load_version
from forecast.production.store.store import Store
from places import TESTS

TRAIN = ("train", "visits.csv", "--model", "seasonal-naive", "--horizon", "7", "--plots", "none")
BOUNDS = ["lower_50", "upper_50", "lower_99.5", "upper_99.5"]


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A folder where a model was trained with two unusual levels; newer.csv has two weeks more."""
    folder = tmp_path_factory.mktemp("levels")
    rows = csv_bytes(visits()).decode().splitlines(keepends=True)
    (folder / "visits.csv").write_text("".join(rows[:-14]))
    (folder / "newer.csv").write_text("".join(rows))
    done = run(*TRAIN, "--levels", "99.5,50", "--json", folder=folder)
    assert done.code == 0, done.err
    assert done.document["scores"]["coverage_80"] is not None  # it judges, whether it was asked for or not
    return folder


def header(text):
    return next(csv.reader(io.StringIO(text)))


def test_levels_of_the_training_are_the_columns_of_every_forecast(asked):
    issued = (asked / "forecasts" / "visits.csv").read_text()
    assert header(issued) == ["series_id", "timestamp", "step", "forecast", *BOUNDS, "model", "version", "origin"]
    assert run("predict", "visits", folder=asked).out == issued
    row = run("predict", "visits", folder=asked).rows[0]
    values = [float(row[name]) for name in ("lower_99.5", "lower_50", "forecast", "upper_50", "upper_99.5")]
    assert values == sorted(values)
    assert values[1] < values[3]


def test_levels_are_scored_shown_and_drawn(asked):
    scores = run("score", "visits", "newer.csv", "--json", folder=asked).document["scores"][0]
    assert 0 <= scores["coverage_50"] <= scores["coverage_99.5"] <= 1
    assert (scores["coverage_80"], scores["coverage_95"]) == (None, None)
    first, *_ = run("score", "visits", "newer.csv", "--format", "csv", folder=asked).out.splitlines()
    assert ",coverage_80,coverage_95,naive_rmse,skill," in first
    assert first.endswith(",coverage_50,coverage_99.5")
    assert run("report", "visits", "-o", "page.html", "--force", folder=asked).code == 0
    page = (asked / "page.html").read_text(encoding="utf-8")
    assert "99.5\u00a0% interval of" in page
    assert "99.5\u00a0% intervals held" in page
    assert "--levels 50,99.5" in page  # the command that does it again


def test_retrain_keeps_the_levels(asked, tmp_path):
    folder = shutil.copytree(asked, tmp_path / "shop")
    shutil.copy(folder / "newer.csv", folder / "visits.csv")
    assert run("retrain", "visits", "--force", folder=folder).code == 0
    champion = Store(folder / ".forecast").model("visits").champion()
    assert champion.number == 2
    assert load_version(champion).trained.levels == (50, 99.5)
    assert header((folder / "forecasts" / "visits.csv").read_text())[4:8] == BOUNDS
    again = run("score", "visits", "newer.csv", "--json", folder=folder)
    assert again.code == 0


@pytest.mark.parametrize("told", ["levels = [50, 99.5]", 'levels = "50,99.5"'])
def test_file_of_settings_tells_levels(asked, tmp_path, told):
    shutil.copy(asked / "visits.csv", tmp_path)
    (tmp_path / "forecast.toml").write_text(told)
    assert run(*TRAIN, folder=tmp_path).code == 0
    assert header((tmp_path / "forecasts" / "visits.csv").read_text())[4:8] == BOUNDS
    assert header(run("predict", "visits", folder=tmp_path).out)[4:8] == BOUNDS


def test_levels_of_a_file_that_are_none_are_refused(tmp_path):
    (tmp_path / "forecast.toml").write_text("levels = [0.8]")
    done = run(*TRAIN, folder=tmp_path)
    assert done.code == 5
    assert "In forecast.toml, levels is [0.8]: --levels 0.8: levels are in per cent, not shares." in done.err


def test_any_level_is_told_without_training_again(asked):
    row = run("predict", "visits", "--levels", "95,20", folder=asked).rows[0]
    assert list(row)[4:-3] == ["lower_20", "upper_20", "lower_95", "upper_95"]
    outer = run("predict", "visits", folder=asked).rows[0]
    assert float(outer["lower_99.5"]) < float(row["lower_95"]) < float(row["lower_20"]) <= float(row["upper_20"])


def test_quantiles_stand_in_the_place_of_intervals(asked):
    row = run("predict", "visits", "--quantiles", "0.9,0.1", folder=asked).rows[0]
    assert list(row) == ["series_id", "timestamp", "step", "forecast", "q0.1", "q0.9", "model", "version", "origin"]
    both = run("predict", "visits", "--quantiles", "0.9,0.1", "--levels", "80", "--json", folder=asked).document
    told = both["forecasts"][0]
    assert list(told)[4:-3] == ["lower_80", "upper_80", "q0.1", "q0.9"]
    assert (told["q0.1"], told["q0.9"]) == (told["lower_80"], told["upper_80"])
    assert float(row["q0.1"]) == told["q0.1"]


def test_how_the_median_differs_from_the_forecast_is_said_where_it_is_asked_for(asked, monkeypatch):
    monkeypatch.setattr("forecast.experiment.decisions.asked.CLEAR_GAP", 0.0)
    median, others = (run("predict", "visits", "--quantiles", words, folder=asked).err for words in ("0.5", "0.1,0.9"))
    assert "The median (q0.5) lies" in median
    assert "median" not in others


def test_quantiles_beyond_the_horizon_are_empty_and_said_to_be(asked, tmp_path):
    target = tmp_path / "next.parquet"
    done = run("predict", "visits", "--horizon", "9", "--quantiles", "0.1", "-o", target, folder=asked)
    assert "The model was trained for 7 steps" in done.err
    assert pq.read_schema(target).field("q0.1").type == "double"
    values = pq.read_table(target)["q0.1"].to_pylist()
    assert [value is None for value in values] == [False] * 7 + [True] * 2


def test_table_of_quantiles_fits_the_terminal(asked):
    many = ",".join(f"0.{k}" for k in range(1, 10))
    done = run("predict", "visits", "--quantiles", many, "--format", "table", folder=asked)
    lines = done.out.splitlines()
    assert lines[1].split()[:4] == ["timestamp", "step", "forecast", "q0.1"]
    assert max(map(len, lines)) <= 80


def test_what_if_tells_of_two_forecasts_and_no_quantiles(asked):
    done = run("predict", "visits", "--set", "promo=1", "--quantiles", "0.1", folder=asked)
    assert (done.code, "--set without --quantiles" in done.err) == (2, True)


@pytest.fixture(scope="module")
def early(tmp_path_factory):
    """A store of an early program, which kept two widths."""
    folder = tmp_path_factory.mktemp("early")
    source = TESTS / "frozen" / "stores"
    found = sorted(source.rglob("champion"))
    shutil.copytree(found[0].parents[2], folder / ".forecast")
    return folder, found[0].parent.name


@pytest.mark.parametrize(
    "words", [("--levels", "50"), ("--quantiles", "0.5"), ("--levels", "80", "--quantiles", "0.1")]
)
def test_early_version_says_what_makes_one_that_can_be_asked(early, words):
    folder, name = early
    done = run("predict", name, *words, folder=folder)
    assert done.code == 2
    assert "was trained by an earlier program, which kept the 80 and 95 % intervals and no others." in done.err
    assert f"hint:  forecast retrain {name} --force" in done.err
