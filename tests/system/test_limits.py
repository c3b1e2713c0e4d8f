"""--min and --max: forecasts, intervals, quantiles, paths and totals stay within, wherever they are made."""

import json
from dataclasses import replace

import numpy as np
import pytest

from commands import run
from forecast.data.limits import Limits
from forecast.data.panel import panel_from_series
from forecast.evaluation.backtest import backtest
from forecast.evaluation.splits import rolling_origins
from forecast.evaluation.trained_model import TrainedModel
from forecast.models.forecaster import Watcher
from forecast.models.method_settings import CURRENT
from forecast.models.registry import make_forecaster
from runs import QUIET
from tiny import SEASON, tiny_spec, wave

LOW, HIGH = 19.5, 21.0


def limited_panel(limits):
    series = [wave(60, trend=0.0), wave(56, trend=0.0, seed=2)]
    return replace(panel_from_series(series, "QS", first=[0, 4]), limits=limits)


def backtested(panel, name="smoothing"):
    forecaster = make_forecaster(name, {"linear": tiny_spec("linear")}, SEASON, QUIET)
    folds = rolling_origins(panel, 3, 4, least=5)
    return backtest(panel, folds, [forecaster], SEASON, refit=True, metric="rmsse", run=QUIET)


@pytest.mark.parametrize("name", ["smoothing", "naive", "ridge", "local-ridge"])
@pytest.mark.slow
def test_a_backtest_forecasts_within_the_limits(name):
    free, [tested] = (
        backtested(limited_panel(None), name).models[0],
        backtested(limited_panel(Limits(LOW, HIGH)), name).models,
    )
    assert free.forecasts.min() < LOW
    assert free.forecasts.max() > HIGH
    for values in (tested.forecasts, tested.by_seed, tested.quantiles.values[:, 1:]):
        known = values[~np.isnan(values)]
        assert known.size
        assert known.min() >= LOW - 1e-5
        assert known.max() <= HIGH + 1e-5
    np.testing.assert_array_equal(tested.forecasts, np.clip(free.forecasts, LOW, HIGH))


def trained(panel):
    [tested] = backtested(panel).models
    model = make_forecaster("smoothing", {"linear": tiny_spec("linear")}, SEASON, QUIET).fit(panel, Watcher())
    return TrainedModel("smoothing", model, tested.combination, tested.distribution, SEASON, CURRENT)


def test_forecasts_quantiles_and_paths_of_any_horizon_stay_within():
    panel = limited_panel(Limits(LOW, HIGH))
    model = trained(panel)
    found = model.forecast(panel, 8, QUIET, probabilities=(0.001, 0.5, 0.999))
    ends = [bound for each in found.intervals for bound in (each.lower, each.upper)]
    _, distributed = model.issue(panel, model.horizon, QUIET)
    paths = [*distributed.paths(50)]
    for values in (found.point, *ends, found.quantiles.values, *paths):
        assert np.nanmin(values) >= LOW
        assert np.nanmax(values) <= HIGH
    assert np.isfinite(found.point).all()
    assert np.stack(paths).max() == HIGH
    assert np.stack(paths).min() == LOW


def sales(steps, ahead=0, capacity=lambda i: 55):
    values = 50 + 10 * np.sin(np.arange(steps) * np.pi / 6) + np.random.default_rng(0).normal(0, 2, steps)
    rows = [f"{2014 + i // 12}-{i % 12 + 1:02}-01,{v:.4f},{capacity(i)}\n" for i, v in enumerate(values)]
    later = range(steps, steps + ahead)
    rows += [f"{2014 + i // 12}-{i % 12 + 1:02}-01,,{capacity(i)}\n" for i in later]
    return "month,sales,capacity\n" + "".join(rows)


FLAGS = ("--model", "smoothing", "--horizon", "6", "--plots", "none")


def train(folder, text, *flags):
    (folder / "sales.csv").write_text(text)
    outcome = run("train", "sales.csv", *FLAGS, *flags, folder=folder)
    assert outcome.code == 0, outcome.err
    return outcome


def table(text):
    return [
        {name: float(row[name]) for name in ("forecast", "lower_80", "upper_80", "lower_95", "upper_95")}
        for row in _rows(text)
    ]


def _rows(text):
    header, *lines = text.splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


def test_a_capacity_that_changes_ahead_is_kept_step_by_step(tmp_path):
    step_up = lambda i: 45 if i < 69 else 52.5  # noqa: E731 - one line
    outcome = train(tmp_path, sales(66, 6, step_up), "--max", "capacity", "--min", "41.25")
    assert "no forecast, interval or quantile lies below 41.25 or above capacity" in " ".join(outcome.err.split())
    assert "carried on" not in outcome.err
    rows = table((tmp_path / "forecasts/sales.csv").read_text())
    for row, capacity in zip(rows, [45, 45, 45, 52.5, 52.5, 52.5], strict=True):
        assert max(row.values()) <= capacity
        assert min(row.values()) >= 41.25
    assert max(row["upper_95"] for row in rows) == 52.5


def test_a_file_that_tells_an_upper_limit_below_the_lower_one_is_refused(tmp_path):
    train(tmp_path, sales(66), "--min", "20", "--max", "capacity")
    (tmp_path / "next.csv").write_text("month,capacity\n2019-07-01,40\n2019-08-01,19\n")
    done = run("predict", "sales", "--future", "next.csv", folder=tmp_path)
    assert (done.code, done.out) == (5, "")
    assert "next.csv: on some step to come, the lower limit is above the upper one." in done.err
    assert "hint:  correct the file, so that --min is not above --max" in done.err


def test_predict_keeps_to_the_limits_with_the_file_without_it_and_told_by_another(tmp_path):
    train(tmp_path, sales(66), "--max", "capacity")
    issued = (tmp_path / "forecasts/sales.csv").read_text()
    assert run("predict", "sales", "--format", "csv", folder=tmp_path).out == issued
    (tmp_path / "next.csv").write_text(
        "month,capacity\n"
        + "".join(f"2019-{m:02}-01,{c}\n" for m, c in zip(range(7, 13), [40] * 3 + [43] * 3, strict=True))
    )
    told = run("predict", "sales", "--future", "next.csv", "--format", "csv", folder=tmp_path)
    assert told.code == 0, told.err
    assert "carried on" not in told.err
    rows = table(told.out)
    assert [max(row.values()) for row in rows] == [40, 40, 40, 43, 43, 43]
    (tmp_path / "sales.csv").unlink()
    alone = run("predict", "sales", "--format", "csv", folder=tmp_path)
    assert alone.out == issued
    assert "capacity is not told for all steps to come: its last value is carried on" in " ".join(alone.err.split())


def test_quantiles_and_longer_horizons_of_a_prediction_stay_within(tmp_path):
    train(tmp_path, sales(66), "--max", "52", "--min", "45")
    outcome = run(
        *("predict", "sales", "--horizon", "15", "--quantiles", "0.01,0.5,0.99", "--format", "csv"), folder=tmp_path
    )
    assert outcome.code == 0, outcome.err
    found = [
        float(row[name]) for row in _rows(outcome.out) for name in ("forecast", "q0.01", "q0.5", "q0.99") if row[name]
    ]
    assert min(found) == 45
    assert max(found) == 52


@pytest.mark.slow
def test_retrain_goes_on_within_the_limits_and_scores_both_so(tmp_path):
    train(tmp_path, sales(66), "--max", "52", "--min", "45")
    (tmp_path / "sales.csv").write_text(sales(78))
    outcome = run("retrain", "sales", "--force", "--json", folder=tmp_path)
    assert outcome.code == 0, outcome.err
    values = [value for row in table((tmp_path / "forecasts/sales.csv").read_text()) for value in row.values()]
    assert min(values) >= 45
    assert max(values) <= 52
    settled = [
        json.loads((path / "manifest.json").read_text())["data"]["settled"]
        for path in (tmp_path / ".forecast/models/sales/versions").iterdir()
    ]
    assert [(each["min"], each["max"]) for each in settled] == [("45", "52")] * 2
    free = tmp_path / "free"
    free.mkdir()
    train(free, sales(66))
    (free / "sales.csv").write_text(sales(78))
    other = run("retrain", "sales", "--force", "--json", folder=free)
    assert outcome.document["champion_rmse"] != other.document["champion_rmse"]


def test_the_clean_table_keeps_a_column_of_limits_and_what_it_tells_ahead(tmp_path):
    (tmp_path / "sales.csv").write_text(sales(66, 6))
    flags = ("--max", "capacity", "--min", "0")
    outcome = run("check", "sales.csv", *flags, "--fix", "clean.csv", "--format", "table", folder=tmp_path)
    assert outcome.code == 0, outcome.err
    assert "forecast train clean.csv --min 0 --max capacity" in outcome.err
    again = run("check", "clean.csv", *flags, "--fix", "again.csv", folder=tmp_path)
    assert again.code == 0, again.err
    clean = (tmp_path / "clean.csv").read_text()
    assert clean == (tmp_path / "again.csv").read_text()
    assert clean.splitlines()[0] == "month,sales,capacity"
    assert clean.splitlines()[-1] == "2019-12-01,,55"


@pytest.mark.parametrize(
    ("flags", "code", "words", "hint"),
    [
        (("--min", "5", "--max", "3"), 2, "--min 5 is above --max 3.", "--min 3 --max 5"),
        (
            ("--min", "60", "--max", "capacity"),
            5,
            "--min is 60 on line 2, above capacity, which is 55 there",
            "correct",
        ),
        (("--max", "capcity"), 2, "has no column 'capcity'. Did you mean 'capacity'?", "--max takes one of"),
        (("--max", "1e999"), 2, "has no column '1e999'", "--max takes one of"),
        (("--max", ""), 2, "--max is empty.", "--max with a value"),
    ],
)
def test_limits_that_make_no_sense_are_errors_with_the_fix(tmp_path, flags, code, words, hint):
    (tmp_path / "sales.csv").write_text(sales(66))
    outcome = run("train", "sales.csv", *FLAGS, *flags, folder=tmp_path)
    assert outcome.code == code
    message, hints = " ".join(outcome.err.split()).split(" hint: ")
    assert words in message
    assert hint in hints


@pytest.mark.parametrize("limit", ["52", "capacity"])
def test_values_beyond_a_limit_are_told(tmp_path, limit):
    text = sales(66, capacity=lambda i: 52)
    outcome = train(tmp_path, text, "--max", limit)
    above = [row for row in _rows(text) if float(row["sales"]) > 52]
    assert f"{len(above)} values lie above {limit}, up to 6" in " ".join(outcome.err.split())


def test_a_file_of_settings_takes_numbers_and_columns(tmp_path):
    (tmp_path / "sales.csv").write_text(sales(66))
    (tmp_path / "forecast.toml").write_text('min = 45.5\nmax = "capacity"\n')
    outcome = run("check", "sales.csv", "--json", folder=tmp_path)
    texts = [finding["text"] for finding in outcome.document["findings"]]
    assert "no forecast, interval or quantile lies below 45.5 or above capacity" in texts


def test_a_column_of_text_is_no_limit(tmp_path):
    (tmp_path / "sales.csv").write_text(sales(66, capacity=lambda i: "much"))
    outcome = run("train", "sales.csv", *FLAGS, "--max", "capacity", folder=tmp_path)
    assert outcome.code == 5
    assert "much" in outcome.err


def test_what_if_keeps_to_the_limits_and_moves_one_that_is_set(tmp_path):
    (tmp_path / "sales.csv").write_text(sales(66, 6))
    flags = ("--known", "capacity", "--max", "capacity", "--model", "ridge", "--horizon", "6", "--plots", "none")
    assert run("train", "sales.csv", *flags, folder=tmp_path).code == 0
    asked = run("predict", "sales", "--set", "capacity=44", "--at", "2019-08..2019-09", "--json", folder=tmp_path)
    assert asked.code == 0, asked.err
    rows = asked.document["forecasts"]
    assert all(row["forecast"] <= 55 for row in rows)
    assert [row["what_if"] <= 44 for row in rows][1:3] == [True, True]
    assert max(row["what_if"] for row in rows) > 44


def test_a_version_with_limits_is_not_exported_to_keras_which_would_not_keep_them(tmp_path):
    train(tmp_path, sales(66), "--max", "52")
    outcome = run("models", "export", "sales", "v1", "sales.keras", folder=tmp_path)
    assert outcome.code == 2
    assert "sales v1 keeps its forecasts within --min and --max, which a Keras file would not" in outcome.err


@pytest.mark.slow
def test_python_takes_limits_weights_and_days_to_ignore(tmp_path):
    import pandas as pd

    import forecast

    (tmp_path / "sales.csv").write_text(sales(66))
    frame = pd.read_csv(tmp_path / "sales.csv")
    model = forecast.train(
        frame, "smoothing", horizon=6, target="sales", min=45, max="capacity", ignore=["2016", "2017-02"]
    )
    later = pd.DataFrame({"month": [f"2019-{m:02}-01" for m in range(7, 13)], "capacity": [48] * 6})
    found = model.predict(6, future=later).forecast
    assert found.max() == 48
    assert found.min() >= 45
    with pytest.raises(forecast.ForecastError, match="lies outside of the data"):
        forecast.train(frame, "naive", target="sales", ignore="2055")
