"""The distribution of each model is scored on the leaderboard, and may choose the model."""

from types import SimpleNamespace

import numpy as np
import pytest

from forecast.evaluation import metrics
from forecast.evaluation.backtest import Backtest, ModelBacktest
from forecast.evaluation.distribution import quantile_metrics
from forecast.evaluation.distribution.quantile_metrics import DECILES, distribution_scores
from forecast.evaluation.leaderboard import leaderboard
from forecast.evaluation.verdict import REFERENCE
from forecast.experiment.final_fit import choose
from forecast.models.forecaster import Quantiles, ends_of
from forecast.report.tables import leaderboard_rows

K, S, H = 3, 4, 5
NAN = np.nan


def truths():
    values = np.random.default_rng(0).normal(50, 10, (K, S, H))
    values[1, 2] = NAN
    return values


def quantiles(point, width, levels=(80, 95)):
    """Evenly spread quantiles, none on the first fold: it has nothing to be calibrated by."""
    probabilities = tuple(sorted({*DECILES, *(end for level in levels for end in ends_of(level))}))
    values = np.stack([point + width * (p - 0.5) for p in probabilities])
    values[:, 0] = NAN
    return Quantiles(probabilities, values)


def model_of(name, noise, width, levels=(80, 95)):
    point = truths() + np.random.default_rng(len(name)).normal(0, noise, (K, S, H))
    point = np.where(np.isnan(point), 50.0, point)
    return ModelBacktest(
        name=name,
        forecasts=point,
        by_seed=point[None],
        quantiles=quantiles(point, width if levels else NAN, levels or (80, 95)),
        levels=levels,
        combination=None,
        distribution=None,
        parameters=None,
        train_seconds=1.0,
        predict_seconds=1.0,
        curve=None,
    )


def board(*models):
    scales, rms_scales = np.full((K, S), 4.0), np.full((K, S), 7.0)
    return leaderboard(Backtest((), truths(), scales, rms_scales, models, refitted=True), ("gru", "lstm"))


def test_scores_of_a_row_are_those_of_its_quantiles():
    own, truth = model_of("gru", 3, 12), truths()
    row = dict(board(own, model_of(REFERENCE, 5, 20)).row("gru").scores)
    deciles = np.stack([own.quantiles.at(p) for p in DECILES])
    ends = own.quantiles.interval(95)
    assert row["wql"] == pytest.approx(quantile_metrics.wql(truth, deciles))
    assert row["calibration_error"] == pytest.approx(quantile_metrics.calibration_error(truth, deciles))
    assert row["msis"] == pytest.approx(quantile_metrics.msis(truth, ends.lower, ends.upper, np.full((K, S), 4.0)))
    assert row["coverage_95"] == pytest.approx(metrics.coverage(truth, ends.lower, ends.upper))
    assert row["wape"] == pytest.approx(metrics.wape(truth, own.forecasts))
    assert row["bias"] == pytest.approx(metrics.bias(truth, own.forecasts))
    assert row["relative_bias"] == pytest.approx(metrics.relative_bias(truth, own.forecasts))


def test_every_row_has_the_same_columns_though_one_model_has_no_distribution():
    rows = leaderboard_rows(board(model_of("gru", 3, 12, (50, 95)), model_of(REFERENCE, 5, 20, ())))
    assert [list(row) for row in rows] == [list(rows[0])] * 2
    told = ["wape", "bias", "relative_bias", "wql", "msis", "calibration_error", "coverage_50", "coverage_95"]
    assert list(rows[0])[-8:] == told
    assert rows[0]["coverage_50"] is not None
    assert [rows[1][name] for name in ("wql", "msis", "calibration_error", "coverage_50")] == [None] * 4
    assert rows[1]["wape"] > 0


def test_level_that_nobody_asked_for_is_not_scored():
    found = distribution_scores(truths(), quantiles(truths(), 9.0, (80,)), np.ones((K, S)), (80,))
    assert np.isnan(found["msis"])
    assert "coverage_95" not in found
    assert found["wql"] > 0


def test_truth_that_is_a_quantile_is_held_though_quantiles_are_kept_in_single_precision():
    truth = np.full((1, 1, 3), 0.7)  # below it in single precision
    values = np.stack([np.full((1, 1, 3), 0.7, dtype=np.float32)] * 11)
    probabilities = tuple(sorted({*DECILES, *ends_of(95)}))
    found = distribution_scores(truth, Quantiles(probabilities, values), np.ones((1, 1)), (95,))
    assert found["coverage_95"] == 1
    assert found["calibration_error"] == pytest.approx(np.mean([1 - p for p in DECILES]))


def experiment(metric, **scores):
    rows = {
        name: SimpleNamespace(model=name, error=lambda _, own=own: np.inf if own is None else own)
        for name, own in scores.items()
    }
    return SimpleNamespace(
        settings=SimpleNamespace(metric=metric), board=SimpleNamespace(rows=tuple(rows.values()), row=rows.get)
    )


def test_model_is_chosen_by_its_distribution():
    chosen, why = choose(experiment("wql", gru=0.3, lstm=0.1, rnn=0.2), "auto")
    assert chosen == "lstm"
    assert why.startswith("the network with the lowest WQL (quantiles 0.1 to 0.9) in the backtest")


def test_model_is_chosen_by_rmse_where_no_distribution_could_be_told():
    chosen, why = choose(experiment("wql", rnn=None, lstm=None, gru=None), "auto")
    assert chosen == "rnn"  # the first row
    assert why.startswith("the network with the lowest RMSE in the backtest, which is too short to tell its WQL")


def test_error_that_can_not_be_told_is_larger_than_any():
    row = board(model_of("gru", 3, 12), model_of(REFERENCE, 5, 20, ())).row(REFERENCE)
    assert row.error("wql") == np.inf
    assert row.error("wape") < 1
