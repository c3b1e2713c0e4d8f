"""Errors of truths that count differently: a truth of weight 2 is two truths, one of weight 0 is none."""

import numpy as np
import pytest

from forecast.evaluation import metrics

RNG = np.random.default_rng(0)
TRUTH, FORECAST = RNG.normal(10, 3, (2, 3, 4)), RNG.normal(10, 3, (2, 3, 4))
SCALES = np.array([[1.0, 2.0, 4.0], [1.5, 2.5, 4.5]])
POOLED = ("rmse", "mae", "bias", "wape", "relative_bias")
BY_SERIES = ("mase", "rmsse", "smape")


def score(name, truth, forecast, scales=SCALES, weights=None):
    given = (truth, forecast, scales) if name in {"mase", "rmsse"} else (truth, forecast)
    return getattr(metrics, name)(*given, weights=weights)


@pytest.mark.parametrize("name", [*POOLED, *BY_SERIES])
def test_weights_that_are_all_the_same_change_nothing(name):
    weights = np.full(TRUTH.shape, 3.7)
    assert score(name, TRUTH, FORECAST, weights=weights) == pytest.approx(score(name, TRUTH, FORECAST))


@pytest.mark.parametrize("name", [*POOLED, *BY_SERIES])
def test_a_truth_of_weight_nought_is_not_there(name):
    weights = (RNG.random(TRUTH.shape) < 0.7).astype(float)
    gone = np.where(weights > 0, TRUTH, np.nan)
    assert score(name, TRUTH, FORECAST, weights=weights) == pytest.approx(score(name, gone, FORECAST))


@pytest.mark.parametrize("name", [*POOLED, *BY_SERIES])
def test_a_fold_of_weight_two_counts_as_two(name):
    weights = np.array([2.0, 1.0])[:, None, None] * np.ones_like(TRUTH)
    twice = [np.concatenate([array[:1], array]) for array in (TRUTH, FORECAST, SCALES)]
    assert score(name, TRUTH, FORECAST, weights=weights) == pytest.approx(score(name, *twice))


def test_errors_by_step_are_weighted():
    weights = RNG.random(TRUTH.shape)
    expected = np.sqrt((weights * (TRUTH - FORECAST) ** 2).sum(axis=(0, 1)) / weights.sum(axis=(0, 1)))
    np.testing.assert_allclose(metrics.rmse_by_step(TRUTH, FORECAST, weights), expected)


def test_weighed_forecasts_have_the_weighted_squared_error():
    weights = RNG.random(TRUTH.shape)
    assert metrics.rmse(TRUTH, metrics.weighed(TRUTH, FORECAST, weights)) == pytest.approx(
        metrics.rmse(TRUTH, FORECAST, weights)
    )
    assert metrics.weighed(TRUTH, FORECAST, None) is FORECAST
