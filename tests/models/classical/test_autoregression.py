"""Autoregressions against least squares that shares nothing with them but their constants."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.experiment.versions.forecast_settings import AS_OF_A984722
from forecast.models.classical.autoregression import (
    AutoregressionSettings,
    SeasonlessSettings,
    autoregression,
    seasonal_autoregression,
)
from forecast.models.classical.baselines import ClassicalSettings, baseline
from forecast.models.classical.local_ridge import local_ridge
from forecast.models.classical.theta import exponential_smoothing

NAN = np.nan
TODAY, SEASONLESS = AutoregressionSettings(), SeasonlessSettings()


def slowly(values, horizon, lags, how):
    """Returns the forecasts of one series, by least squares with a row for each of the prior's beliefs."""
    values = np.array([value for value in values if value == value])  # noqa: PLR0124
    mean, size = values.mean(), np.sqrt(np.mean(np.diff(values) ** 2))
    y = (values - mean) / size
    rows = [[*(y[t - lag] for lag in range(1, lags + 1)), 1.0] for t in range(lags, len(y))]
    roots = [lag**how.fading / how.spread for lag in range(1, lags + 1)]
    drawn = [*np.diag([*roots, 1 / how.drift]), [how.unit_root] * lags + [0.0]]
    truths = [*y[lags:], roots[0], *[0.0] * lags, how.unit_root]
    coefficients = np.linalg.lstsq(np.array([*rows, *drawn]), np.array(truths))[0]
    path = list(y)
    for _ in range(horizon):
        path.append(sum(path[-lag] * coefficients[lag - 1] for lag in range(1, lags + 1)) + coefficients[-1])
    low, high = 2 * y.min() - y.max(), 2 * y.max() - y.min()
    return np.clip(path[len(y) :], low, high) * size + mean


@pytest.mark.parametrize("how", [TODAY, SEASONLESS])
def test_forecasts_are_those_of_drawn_least_squares_whatever_stands_beside(how):
    rng = np.random.default_rng(1)
    series = [np.cumsum(rng.normal(0, 1, steps)) + 40 for steps in (30, 22, 9)]
    values = np.full((3, 30), NAN)
    for own, row in zip(series, values, strict=True):
        row[-len(own) :] = own
    expected = [slowly(own, 12, 5, how) for own in series]
    np.testing.assert_allclose(autoregression(values, 12, 5, how), expected, rtol=1e-7)


@pytest.mark.parametrize("history", [[3.0], [3.0, 4.0, 6.0], [NAN] * 4 + [1.0, 5.0]])
def test_a_series_without_a_step_to_learn_from_repeats_its_last_value(history):
    for how in (TODAY, SEASONLESS):
        np.testing.assert_allclose(autoregression(np.array([history]), 3, 5, how), [[history[-1]] * 3])


def test_what_swings_back_and_forth_goes_on_so():
    whole = 10 + 3 * np.cos(np.arange(140) * 1.1)
    found = autoregression(whole[None, :120], 20, 10, TODAY)[0]
    assert np.abs(found - whole[120:]).mean() < 0.1 * np.abs(whole[119] - whole[120:]).mean()


def test_no_series_runs_away_from_where_it_has_been():
    grows = 1.4 ** np.arange(40.0)
    assert autoregression(grows[None], 50, 3, TODAY).max() <= 2 * grows[-1]


def test_what_turns_every_few_years_is_smoothed_with_its_turns():
    years = panel_from_series([10 + 3 * np.sin(np.arange(60) / 2)], "YS")
    now = ClassicalSettings()
    plain = exponential_smoothing(years, 4, 1, now.theta, now.seasonality)
    came = 10 + 3 * np.sin(np.arange(60, 64) / 2)
    found = baseline("smoothing", years, 4, (1,), now)
    assert np.abs(found - came).mean() < np.abs(plain - came).mean()


@pytest.mark.parametrize("season", [1, 4])
@pytest.mark.parametrize("steps", [3, 30])
def test_early_versions_keep_exponential_smoothing_alone(steps, season):
    panel = panel_from_series([np.random.default_rng(0).normal(9, 1, steps)], "YS")
    early = AS_OF_A984722.methods.classical
    alone = exponential_smoothing(panel, 5, season, early.theta, early.seasonality)
    assert np.array_equal(baseline("smoothing", panel, 5, (season,), early), alone)


def test_early_versions_keep_the_regressions_alone():
    panel = panel_from_series([np.random.default_rng(0).normal(9, 1, 90)], "D")
    early, now = AS_OF_A984722.methods.classical, ClassicalSettings()
    alone = local_ridge(panel, 5, (4, 12), early.local_ridge)
    assert np.array_equal(baseline("local-ridge", panel, 5, (4, 12), early), alone)
    assert np.abs(baseline("local-ridge", panel, 5, (4, 12), now) - alone).max() > 0.01


def test_a_share_is_forecast_with_the_longest_season_alone_taken_out():
    panel = panel_from_series([20 + np.random.default_rng(0).normal(0, 1, 90).cumsum()], "D")

    def forecast(longest, seasons):
        how = replace(TODAY, longest=longest)
        return seasonal_autoregression(panel, 5, seasons, 1200, how, ClassicalSettings().seasonality)

    neither, wholly, some = (forecast(longest, (4, 12)) for longest in (0.0, 1.0, 0.25))
    assert np.abs(wholly - neither).max() > 0.01
    np.testing.assert_allclose(some, 0.75 * neither + 0.25 * wholly)
    assert np.array_equal(forecast(0.25, (4,)), forecast(0.0, (4,)))
