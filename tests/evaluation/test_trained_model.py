from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.distribution.counts import CountShape
from forecast.evaluation.distribution.difficulty import FEATURES
from forecast.evaluation.distribution.distribution import SHARES, Distribution
from forecast.evaluation.distribution.paths import Dependence
from forecast.evaluation.distribution.shape import GRID
from forecast.evaluation.distribution.spread import Hardness, Spread
from forecast.evaluation.intervals import Calibration
from forecast.evaluation.scales import series_scales
from forecast.evaluation.trained_model import TrainedModel
from forecast.models.classical.intermittent import intermittent
from forecast.models.combination import Combination, plain_combination
from forecast.models.ensemble import EnsembleModel
from forecast.models.method_settings import CURRENT
from forecast.specs import Anchor
from marks import slow
from tiny import SEASON, VIEWS, awkward_panel, random_model, tiny_spec, wave

H = 3
CALIBRATION = Calibration(np.array([1.0, 1.5, 2.0]), {80: 1.2, 95: 2.0})


def trained_on(panel, calibration=CALIBRATION, combination=None):
    model = random_model(tiny_spec("gru", views=VIEWS, seeds=(0, 1)), panel)
    return TrainedModel("gru", EnsembleModel((model,)), combination, calibration, SEASON, CURRENT)


def median_of(trained, panel):
    members = trained.model.predict_members(panel)
    return plain_combination(members).apply(members)


def gapless():
    return panel_from_series([wave(40), wave(30, seed=1), wave(9, seed=2)], "D", first=[0, 10, 31])


def test_forecast_joins_the_members_and_draws_the_intervals():
    panel, combination = (
        gapless(),
        Combination(np.array([True, True, True, False, False, True]), trust=0.7, anchor="seasonal-naive"),
    )
    trained = trained_on(panel, combination=combination)
    forecasts = trained.forecast(panel, H)
    np.testing.assert_allclose(forecasts.point, combination.apply(trained.model.predict_members(panel)))
    half = series_scales(panel, SEASON)[:, None] * CALIBRATION.spread
    for interval, width in zip(forecasts.intervals, (1.2, 2.0), strict=True):
        np.testing.assert_allclose(interval.lower, np.maximum(forecasts.point - width * half, 0))
        np.testing.assert_allclose(interval.upper, forecasts.point + width * half)
    assert [interval.level for interval in forecasts.intervals] == [80, 95]
    assert forecasts.series_ids == panel.series_ids
    np.testing.assert_array_equal(forecasts.timestamps, panel.future_timestamps(H))


def a_distribution(panel, symmetry):
    """Errors that are larger above than below, and a median that is not quite the forecast."""
    apart = np.sort(np.concatenate([-np.geomspace(0.1, 2, 19)[::-1], np.geomspace(0.1, 5, len(GRID) - 19)])) + 0.05
    flat = Spread(np.zeros(len(FEATURES)), np.zeros(len(FEATURES)), np.zeros(H))
    hardness = Hardness(np.ones(len(panel)), np.ones((len(panel), 1)))
    share = SHARES[symmetry]
    dependence = Dependence(0.2, np.eye(H), np.eye(H))
    return Distribution(symmetry, share, flat, GRID, apart, panel.series_ids, hardness, dependence)


def test_a_lone_series_that_sells_now_and_then_is_forecast_by_its_mean_where_its_counts_are_known():
    rng = np.random.default_rng(0)
    rare = (rng.random(60) < 0.2) * rng.integers(1, 4, 60)
    panel = panel_from_series([wave(60), wave(60, seed=1), rare], "D")
    counts = CountShape(2.0, 0.0, 1.0, np.linspace(0.5, 1.5, len(GRID)), is_whole=True, interval=1.32, are_lone=True)
    known = a_distribution(panel, "level")
    before, after = (
        trained_on(panel, replace(known, rare=own)).forecast(panel, H, probabilities=(0.9,)) for own in (None, counts)
    )
    rule = intermittent("imapa", panel.select([2]), H, CURRENT.classical.intermittent)
    np.testing.assert_allclose(after.point[2], rule[0])
    np.testing.assert_array_equal(after.quantiles.values[0, 2], np.round(after.quantiles.values[0, 2]))
    np.testing.assert_array_equal(after.point[:2], before.point[:2])
    assert (before.point[2] != after.point[2]).all()


def test_wider_quantiles_lie_so_many_times_as_far_from_the_median_and_the_forecast_stays():
    panel = panel_from_series([1000 + wave(40), 2000 + wave(30, seed=1)], "D")
    trained = trained_on(panel, a_distribution(panel, "level"))
    asked = (0.02, 0.1, 0.5, 0.7, 0.99)
    own, wider = (each.forecast(panel, H, probabilities=asked) for each in (trained, trained.widened(1.4)))
    np.testing.assert_array_equal(own.point, wider.point)
    median = own.quantiles.at(0.5)
    np.testing.assert_allclose(wider.quantiles.at(0.5), median)
    np.testing.assert_allclose(wider.quantiles.values - median, 1.4 * (own.quantiles.values - median), rtol=1e-6)
    for one, other in zip(wider.intervals, own.intervals, strict=True):
        np.testing.assert_allclose(one.upper - one.lower, 1.4 * (other.upper - other.lower), rtol=1e-6)


@pytest.mark.parametrize("symmetry", ["level", "sqrt", "log"])
@pytest.mark.parametrize("factor", [0.5, 1.3, 3.0])
def test_widened_quantiles_never_cross_and_are_negative_where_the_data_is_only(symmetry, factor):
    panel = awkward_panel()
    trained = trained_on(panel, a_distribution(panel, symmetry)).widened(factor)
    asked = tuple(np.linspace(0.01, 0.99, 25).round(2))
    values = trained.forecast(panel, H, probabilities=asked).quantiles.values
    known = ~np.isnan(values).any(axis=0)
    assert known.sum() >= 4 * H
    assert (np.diff(values[:, known], axis=0) >= 0).all()
    assert (values[:, known] >= 0).all()


def test_widened_paths_have_the_quantiles_that_are_widened():
    panel = panel_from_series([1000 + wave(40)], "D")
    trained = trained_on(panel, a_distribution(panel, "level")).widened(1.5)
    _, distributed = trained.issue(panel, H)
    (drawn,) = distributed.paths(4000)
    forecasts = trained.forecast(panel, H, probabilities=(0.1, 0.9))
    shares = (drawn < forecasts.quantiles.values[:, 0][:, None]).mean(axis=1)
    np.testing.assert_allclose(shares, [[0.1] * H, [0.9] * H], atol=0.03)


def test_two_widths_of_an_early_version_are_widened_alike_and_one_is_as_it_is():
    panel = gapless()
    trained = trained_on(panel, replace(CALIBRATION, widths={80: 0.12, 95: 0.2}))  # so that none is cut off at zero
    own, wider = (each.forecast(panel, H) for each in (trained, trained.widened(1.5)))
    for one, other in zip(wider.intervals, own.intervals, strict=True):
        np.testing.assert_allclose(one.upper - own.point, 1.5 * (other.upper - own.point))
        np.testing.assert_allclose(own.point - one.lower, 1.5 * (own.point - other.lower))
    assert trained.widened(1.0).distribution is trained.distribution
    assert trained_on(panel, None).widened(1.5).distribution is None


def test_series_have_the_widths_that_their_own_errors_taught_whatever_their_order():
    panel = panel_from_series([wave(40), wave(40, seed=1), wave(40, seed=2)], "D", series_ids=["c", "new", "a"])
    own = replace(CALIBRATION, own={"a": 0.5, "b": 9.0, "c": 2.0})
    plain, wider = (trained_on(panel, calibration=each).forecast(panel, H) for each in (CALIBRATION, own))
    for before, after in zip(plain.intervals, wider.intervals, strict=True):
        ratio = (after.upper - wider.point) / (before.upper - plain.point)
        np.testing.assert_allclose(ratio, np.repeat([[2.0], [1.0], [0.5]], H, axis=1))


def test_shorter_horizon_is_the_beginning_of_the_whole():
    panel = gapless()
    whole, part = (trained_on(panel).forecast(panel, horizon) for horizon in (3, 2))
    np.testing.assert_array_equal(part.point, whole.point[:, :2])
    np.testing.assert_array_equal(part.intervals[0].upper, whole.intervals[0].upper[:, :2])
    np.testing.assert_array_equal(part.timestamps, whole.timestamps[:, :2])


@pytest.mark.parametrize("which", [slow(name) if name in {"adida", "imapa"} else name for name in get_args(Anchor)])
def test_the_steps_it_says_it_uses_are_all_that_decide_a_forecast(which):
    values = [wave(2000), wave(900, seed=1), wave(9, seed=2)]
    values[0][[100, 1200, 1900]] = np.nan
    panel = panel_from_series(values, "D")
    spec = tiny_spec("gru", views=VIEWS, seeds=(0, 1), anchors=tuple(dict.fromkeys(("naive", which))))
    model = EnsembleModel((random_model(spec, panel),))
    combination = Combination(np.ones(2 * len(VIEWS), bool), trust=0.4, anchor=which)
    trained = TrainedModel("gru", model, combination, None, SEASON, CURRENT)
    end = panel.tail(trained.steps_used)
    np.testing.assert_allclose(trained.forecast(end, H).point, trained.forecast(panel, H).point, rtol=1e-9)
    assert replace(trained, combination=replace(combination, trust=1.0)).steps_used == spec.window + SEASON


@pytest.mark.parametrize("horizon", [4, 6, 8])
def test_longer_horizon_repeats_the_direct_forecast_from_its_own_end(horizon):
    panel = gapless()
    trained = trained_on(panel)
    series = [panel.series(i) for i in range(len(panel))]
    while len(series[0]) < 40 + horizon:
        longer = panel_from_series(series, "D")
        block = median_of(trained, longer)
        series = [np.concatenate([values, row]) for values, row in zip(series, block, strict=True)]
    forecasts = trained.forecast(panel, horizon)
    for i, n in enumerate(panel.lengths):
        np.testing.assert_allclose(forecasts.point[i], series[i][n : n + horizon])
    assert forecasts.timestamps.shape == (3, horizon)
    for interval in forecasts.intervals:
        assert np.isfinite(interval.lower[:, :3]).all()
        assert np.isnan(interval.lower[:, 3:]).all()
        assert np.isnan(interval.upper[:, 3:]).all()


def test_without_calibration_there_are_no_intervals():
    panel = gapless()
    assert trained_on(panel, calibration=None).forecast(panel, H).intervals == ()


def test_awkward_panel_is_forecast_in_finite_numbers():
    panel = awkward_panel()
    forecasts = trained_on(panel).forecast(panel, 7)
    assert np.isfinite(forecasts.point).all()
    assert (forecasts.point >= 0).all()
    assert trained_on(panel).horizon == H


def test_gap_at_the_end_is_carried_over_into_the_forecast():
    values = wave(40)
    values[-2:] = np.nan
    panel = panel_from_series([values], "D")
    filled = panel_from_series([panel.filled], "D")
    first, second = (trained_on(filled).forecast(data, H).point for data in (panel, filled))
    np.testing.assert_allclose(first, second)
