import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from forecast.evaluation import metrics
from places import BENCHMARKS, SHARED

DATA = SHARED / "data"
NAN = np.nan


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module


@pytest.fixture
def by_hand(bench):
    """Two series of a season of 2: the second is constant from season to season, and one truth is missing."""
    scoring = bench("scoring")
    first = scoring.Outcome(np.array([1.0, 2, 3, 4]), np.array([5.0, 6]), np.array([6.0, 4]))
    second = scoring.Outcome(np.array([0.0, 10, 0, 10]), np.array([NAN, 0]), np.array([7.0, 0]))
    return [first, second]


def test_scores_are_those_computed_by_hand(bench, by_hand):
    scores = bench("scoring").score(by_hand, season=2)
    assert scores.smape == pytest.approx(((200 * 1 / 11 + 200 * 2 / 10) / 2 + 0) / 2)
    assert scores.mase == pytest.approx((1 + 2) / 2 / 2)  # the second series has no seasonal difference to divide by
    assert scores.rmse_pooled == pytest.approx(np.sqrt((1 + 4 + 0) / 3))
    assert scores.rmse_mean == pytest.approx((np.sqrt((1 + 4) / 2) + 0) / 2)
    assert scores.owa((10.0, 3.0)) == pytest.approx((scores.smape / 10 + 0.75 / 3) / 2)


def test_scores_agree_with_those_of_the_product(bench):
    scoring, rng = bench("scoring"), np.random.default_rng(0)
    histories, truth, forecast = rng.normal(5, 3, (6, 40)), rng.normal(5, 3, (6, 8)), rng.normal(5, 3, (6, 8))
    truth[[0, 0, 3], [1, 2, 7]] = NAN
    found = scoring.score([scoring.Outcome(*each) for each in zip(histories, truth, forecast, strict=True)], season=4)
    scales = np.array([metrics.naive_scale(history, 4) for history in histories])
    expected = (metrics.smape(truth, forecast), metrics.mase(truth, forecast, scales), metrics.rmse(truth, forecast))
    assert (found.smape, found.mase, found.rmse_pooled) == pytest.approx(expected)


def test_a_truth_without_a_forecast_is_refused(bench, by_hand):
    by_hand[0].forecast[1] = NAN
    with pytest.raises(ValueError, match="1 of 3 truths have no forecast"):
        bench("scoring").score(by_hand, season=2)


def test_seasonal_naive_repeats_the_last_season_or_the_last_value(bench):
    naive = bench("scoring").seasonal_naive
    assert naive(np.array([1.0, 2, 3]), 5, 2).tolist() == [2, 3, 2, 3, 2]
    assert naive(np.array([6.0, 7]), 3, 4).tolist() == [7, 7, 7]


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_published_seasonal_naive_scores_are_reproduced(bench):
    datasets = bench("datasets")
    stated = datasets.published_naive()["nn5_daily"]
    found = bench("scoring").score(datasets.rule(datasets.official_task(datasets.DATASETS["nn5_daily"]), 7), 7)
    assert (round(found.smape, 2), round(found.mase, 3), round(found.rmse_mean, 3)) == (
        stated.smape,
        stated.mase,
        stated.rmse_mean,
    )


def test_the_report_says_which_promises_are_kept_and_how_ours_relates_to_each_peer(bench):
    results, scoring, datasets = bench("results"), bench("scoring"), bench("datasets")

    def row(name, rmse):
        return results.Row(name, scoring.Scores(10.0, rmse / 50, rmse, rmse), seconds=rmse)

    peers = [row(name, rmse) for name, rmse in zip(results.CLASSICAL, (40, 25, 20, 100), strict=True)]
    airline = datasets.DATASETS["airline_passengers"]
    text = results.render([results.SetResult(airline, "About.", (row(results.OURS, 20.0), *peers))], "Machine.", [])
    assert "| airline_passengers | seconds | 30 | 20.000 | yes |" in text
    assert "| forecast auto | 0.500 | 0.800 | 1.000 ✗ | 0.200 | 1.000 |" in text
    slow = results.SetResult(datasets.DATASETS["nn5_daily"], "About.", (row(results.OURS, 61.0), results.Row("naive")))
    text = results.render([slow], "Machine.", [])
    assert "| nn5_daily | mase | 0.825 | 1.220 | **no** |" in text
    assert "| nn5_daily | seconds | 60 | 61.000 | **no** |" in text


def test_a_measured_command_tells_its_exit_code_output_and_memory(bench):
    measuring = bench("measuring")
    run = measuring.measure([sys.executable, "-c", "print('out'); import sys; sys.exit('what went wrong')"])
    assert (run.code, run.out, run.err) == (1, "out\n", "what went wrong\n")
    assert 1 < run.megabytes < 1000
    assert run.seconds > 0
    with pytest.raises(RuntimeError, match="exit code 1: what went wrong"):
        run.checked()
    with pytest.raises(RuntimeError, match="nonsense could not be started"):
        measuring.measure(["nonsense"])


def test_the_noise_of_stores_is_measured_on_the_scored_days_alone(bench):
    comparisons = bench("comparisons")
    made = comparisons._generator().simulate(1)
    folds = [
        {"origin": "2024-05-05T00:00:00", "steps": 28, "scored": False},
        {"origin": "2024-06-02T00:00:00", "steps": 28, "scored": True},
    ]
    errors = (made.sales - made.expected)[:, -28:]  # the file ends on 30 June
    assert comparisons._noise(made, {"folds": folds}) == pytest.approx(np.sqrt(np.mean(errors**2)))


def test_networks_that_gain_less_from_covariates_than_asked_are_marked_and_rivals_are_not(bench, monkeypatch):
    comparisons = bench("comparisons")

    def found(case, product, models, flags):
        scores = {"lstm": 60.0, "gru": 80.0, "ridge": 90.0} if flags else {"lstm": 100.0, "gru": 100.0, "ridge": 100.0}
        rows = [{"model": m, "rmse": rmse, "rmse_fold_std": 5.0, "coverage_80": 0.81} for m, rmse in scores.items()]
        return None, {"folds": [{"scored": False}, {"scored": True}], "leaderboard": rows}

    monkeypatch.setattr(comparisons, "_compare", found)
    text = comparisons.whole_set(comparisons.Case(Path("shop.csv"), 7, 1, "promo", most=0.7), None, None)
    assert "| lstm | 100.0 | 60.000 | 0.600 | 5.000 | 81.0 |" in text
    assert " 0.800 ✗ |" in text
    assert " 0.900 |" in text


def test_flagged_weeks_are_scored_apart_from_the_others(bench, monkeypatch, tmp_path):
    comparisons, path = bench("comparisons"), tmp_path / "weeks.csv"
    path.write_text("unique_id,ds,y,isholiday\na,2011-11-18,1,0\na,2011-11-25,5,1\na,2012-02-10,7,1\n")

    def compare(data, models, known=None, **settings):
        assert settings == {"horizon": 3, "folds": 1, "learning_rate": "0.1", "steps": 5}
        frame = pd.read_csv(data, parse_dates=["ds"]).rename(columns={"unique_id": "series_id", "ds": "timestamp"})
        misses = [2.0, 3.0, 1.0] if known else [2.0, 4.0, 2.0]
        told = frame.assign(actual=frame["y"], forecast=frame["y"] + misses)[
            ["series_id", "timestamp", "actual", "forecast"]
        ]
        names = ("lstm", "ensemble", "boosting", "seasonal-naive")
        return SimpleNamespace(forecasts=pd.concat([told.assign(model=name) for name in names]))

    monkeypatch.setattr("forecast.compare", compare, raising=False)
    product = SimpleNamespace(flags=("--learning-rate", "0.1", "--steps", "5"))
    text = comparisons.flagged_weeks(comparisons.Case(path, 3, 1, "isholiday", most=1.0), product, None)
    assert "| lstm | flagged | 2 | 3.162 | 2.236 | 0.707 |" in text  # √((16 + 4) / 2), √((9 + 1) / 2)
    assert "| lstm | of these late in 2011 | 1 | 4.000 | 3.000 | 0.750 |" in text
    assert "| lstm | others | 1 | 2.000 | 2.000 | 1.000 |" in text


@pytest.mark.parametrize("script", ["run", "loop_vs_fit", "startup", "scale", "peers", "covariates"])
def test_each_script_explains_itself(script):
    command = [sys.executable, BENCHMARKS / f"{script}.py", "--help"]
    assert "usage: " in subprocess.run(command, check=True, capture_output=True, text=True).stdout
