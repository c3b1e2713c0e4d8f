from itertools import product

import numpy as np
import pytest

from alone import series_statistics
from forecast.data.windows import cut_windows
from forecast.models.method_settings import CURRENT
from forecast.models.networks.recurrent import measure_series
from forecast.models.views import CLIP, restore, see, view_maps
from forecast.specs import View
from tiny import awkward_panel, tiny_spec, wave

LOOKBACK, HORIZON, SEASON = 10, 6, 4
BASES = ["zero", "last-value", "last-season", "mean-season"]
VIEWS = [
    View(base, SEASON, level, scale, log)
    for base, level, scale, log in product(
        BASES, ["mean", "last", "series"], ["window", "series", "range"], [False, True]
    )
]
LEVEL_VIEWS = [view for view in VIEWS if not view.log]


def name_of(view):
    return f"{view.label}-{view.level}-{view.scale}"


def windows_of(batch=7, seed=0, level=50.0):
    rng = np.random.default_rng(seed)
    return level + rng.normal(0, 5, (batch, LOOKBACK))


def logged(values):
    return np.log(values / values.mean() + CURRENT.views.log_offset)


def forecasts_of(windows, view, transform=lambda windows: windows):
    """What some network (here: any fixed map) forecasts; statistics come from the same series, transformed too."""
    windows = transform(windows)
    maps = view_maps(view, LOOKBACK, HORIZON, CURRENT.views)
    level, scale = np.array([series_statistics(transform(wave(40)), view) for _ in windows]).T
    seen = see(windows, maps, level, scale)
    network = np.random.default_rng(5).normal(0, 0.3, (LOOKBACK, HORIZON))
    return restore(seen.inputs @ network, seen, maps)


def naive_base(window, view, series_level, step):
    """The forecast that a view starts from, by its definition, in u."""
    if view.base == "last-value":
        return window[-1]
    if view.base == "last-season":
        return window[LOOKBACK - SEASON + step % SEASON]
    if view.base == "mean-season":
        same = [window[LOOKBACK - lag * SEASON + step % SEASON] for lag in range(1, LOOKBACK // SEASON + 1)]
        return sum(same) / len(same)
    return level_of(window, view, series_level)


def level_of(window, view, series_level):
    if view.level == "series":
        return series_level
    return np.mean(window) if view.level == "mean" else np.mean(window[-SEASON:])


@pytest.mark.parametrize("view", VIEWS, ids=name_of)
def test_untrained_network_forecasts_the_naive_base(view):
    windows = windows_of()
    maps = view_maps(view, LOOKBACK, HORIZON, CURRENT.views)
    series_level = 1.2 if view.log else 40.0
    seen = see(windows, maps, np.full(len(windows), series_level), np.ones(len(windows)))
    forecast = restore(np.zeros((len(windows), HORIZON)), seen, maps)
    for window, row in zip(windows, forecast, strict=True):
        u = logged(window) if view.log else window
        expected = np.array([naive_base(u, view, series_level, step) for step in range(HORIZON)])
        if view.log:
            expected = (np.exp(expected) - CURRENT.views.log_offset) * window.mean()
        np.testing.assert_allclose(row, expected, rtol=1e-9)


@pytest.mark.parametrize("view", VIEWS, ids=name_of)
def test_scaling_the_series_scales_the_forecasts(view):
    windows = windows_of()
    expected = 1000 * forecasts_of(windows, view)
    np.testing.assert_allclose(forecasts_of(windows, view, lambda values: 1000 * values), expected, rtol=1e-9)


@pytest.mark.parametrize("view", LEVEL_VIEWS, ids=name_of)
def test_shifting_the_series_shifts_the_forecasts(view):
    windows = windows_of()
    expected = forecasts_of(windows, view) + 300
    np.testing.assert_allclose(forecasts_of(windows, view, lambda values: values + 300), expected, rtol=1e-9)


@pytest.mark.parametrize("view", VIEWS, ids=name_of)
def test_restore_undoes_what_the_targets_were_made_by(view):
    maps, windows = view_maps(view, LOOKBACK, HORIZON, CURRENT.views), windows_of()
    future = windows_of(seed=1)[:, :HORIZON]
    seen = see(windows, maps, np.full(len(windows), 1.0), np.full(len(windows), 2.0))
    u = np.log(future / seen.mean + CURRENT.views.log_offset) if view.log else future
    np.testing.assert_allclose(restore((u - seen.base) / seen.scale, seen, maps), future, rtol=1e-9)


@pytest.mark.parametrize("view", VIEWS, ids=name_of)
def test_degenerate_windows_stay_finite(view):
    spike = np.zeros(LOOKBACK)
    spike[3] = 1e15
    last = np.zeros(LOOKBACK)
    last[-1] = 1e-15
    windows = np.array(
        [np.zeros(LOOKBACK), np.full(LOOKBACK, 7.0), 7 + 1e-13 * np.arange(LOOKBACK), spike, last, spike + 1e15]
    )
    maps = view_maps(view, LOOKBACK, HORIZON, CURRENT.views)
    for scale in (0.0, 1.0):
        seen = see(windows, maps, np.zeros(len(windows)), np.full(len(windows), scale))
        forecast = restore(np.full((len(windows), HORIZON), CLIP), seen, maps)
        assert np.isfinite(seen.inputs).all()
        assert np.isfinite(forecast).all()
        assert (seen.scale > 0).all()


def test_near_constant_window_of_a_lively_series_is_not_blown_up():
    view = View("last-value", SEASON)
    window = 7 + 1e-6 * np.random.default_rng(0).normal(size=(1, LOOKBACK))
    seen = see(window, view_maps(view, LOOKBACK, HORIZON, CURRENT.views), np.zeros(1), np.array([5.0]))
    assert np.abs(seen.inputs).max() < 1e-4  # measured by a tenth of the series' own scale


@pytest.mark.parametrize("log", [False, True])
def test_negative_values_in_a_logged_window_count_as_zero(log):
    view = View("last-value", log=log)
    maps = view_maps(view, LOOKBACK, HORIZON, CURRENT.views)
    window = np.full((1, LOOKBACK), 4.0)
    window[0, -1] = -2.0
    seen = see(window, maps, np.zeros(1), np.zeros(1))
    np.testing.assert_allclose(restore(np.zeros((1, HORIZON)), seen, maps), 0.0 if log else -2.0, atol=1e-12)


@pytest.mark.parametrize(("lookback", "season"), [(10, 4), (8, 4), (4, 4), (5, 9), (1, 1), (7, 1), (9, 8)])
@pytest.mark.parametrize("base", BASES)
def test_maps_are_what_plain_loops_compute(base, lookback, season):
    horizon = 7
    window = np.random.default_rng(3).normal(0, 1, lookback)
    period = season if season <= lookback else 1
    last_season_mean = sum(window[-period:]) / period
    expected = []
    for step in range(horizon):
        same = [window[-period * lag + step % period] for lag in range(1, lookback // period + 1)]
        expected.append(
            {
                "zero": last_season_mean,
                "last-value": window[-1],
                "last-season": same[0],
                "mean-season": sum(same) / len(same),
            }[base]
        )
    maps = view_maps(View(base, season), lookback, horizon, CURRENT.views)
    np.testing.assert_allclose(window @ maps.base, expected)
    np.testing.assert_allclose(window @ maps.level, last_season_mean)
    lag = period if period < lookback else 1
    differences = [abs(window[t] - window[t - lag]) for t in range(lag, lookback)]
    own = np.abs(window - window[maps.earlier]) @ maps.compared
    np.testing.assert_allclose(own, np.mean(differences) if differences else 0.0)


@pytest.mark.parametrize("season", [1, 3, 9])
def test_deviation_is_the_mean_distance_from_the_mean(season):
    window = wave(LOOKBACK)[None]
    seen = see(
        window,
        view_maps(View("zero", season, scale="deviation"), LOOKBACK, HORIZON, CURRENT.views),
        np.zeros(1),
        np.zeros(1),
    )
    assert seen.scale.item() == pytest.approx(np.abs(window - window.mean()).mean())


def test_level_series_is_the_only_one_that_needs_the_series_level():
    for view in VIEWS:
        maps = view_maps(view, LOOKBACK, HORIZON, CURRENT.views)
        assert maps.level_of_series == (view.level == "series")
        assert maps.base_of_series == (view.level == "series" and view.base == "zero")


def test_series_statistics_are_the_minimum_and_the_mean_seasonal_difference_or_range():
    values = wave(11)
    differences = [abs(values[t] - values[t - SEASON]) for t in range(SEASON, 11)]
    assert series_statistics(values, View(season=SEASON)) == pytest.approx((min(values), np.mean(differences)))
    assert series_statistics(values, View(scale="range")) == pytest.approx((min(values), max(values) - min(values)))
    own = logged(values)
    differences = [abs(own[t] - own[t - SEASON]) for t in range(SEASON, 11)]
    assert series_statistics(values, View(season=SEASON, log=True)) == pytest.approx((min(own), np.mean(differences)))


def test_series_statistics_of_next_to_nothing():
    assert series_statistics(np.empty(0), View()) == (0.0, 0.0)
    assert series_statistics(np.array([3.0]), View(season=4)) == (3.0, 0.0)
    assert series_statistics(np.array([3.0, 5.0]), View(season=4)) == (3.0, 2.0)  # no season yet: from step to step
    assert np.isfinite(series_statistics(np.zeros(9), View(season=4, log=True))).all()


@pytest.mark.parametrize("view", VIEWS, ids=name_of)
def test_training_sees_windows_exactly_as_prediction_does(view):
    from forecast.models.networks import training  # imports TensorFlow

    panel, spec = awkward_panel(), tiny_spec("linear", window=LOOKBACK, horizon=HORIZON)
    statistics, maps = measure_series(panel, view, CURRENT.views), view_maps(view, LOOKBACK, HORIZON, CURRENT.views)
    windows = cut_windows(panel, LOOKBACK, HORIZON, SEASON)
    data = training.TrainingData(windows, statistics.level, statistics.scale)
    which = np.random.default_rng(0).integers(len(windows), size=32)
    picks = training.tf.constant(np.stack([windows.starts[which], windows.series[which]], axis=1), "int32")
    arguments = training._view_arguments(maps) | training._data_arguments(data)
    inputs, targets, mask = (tensor.numpy() for tensor in training._batch(spec, picks, arguments, CURRENT.views))

    series = windows.series[which]
    seen = see(windows.lookbacks(which), maps, statistics.level[series], statistics.scale[series])
    future = windows.horizons(which)
    u = np.log(np.maximum(future, 0) / seen.mean + CURRENT.views.log_offset) if view.log else future
    expected = np.clip((u - seen.base) / seen.scale, -CLIP, CLIP)
    np.testing.assert_array_equal(mask, ~np.isnan(future))
    flat = seen.scale[:, 0] < 1e-3  # of a constant series, only rounding to single precision is seen
    assert 0 < flat.sum() < len(flat) or view.scale == "range"
    np.testing.assert_allclose(inputs[~flat], seen.inputs[~flat], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(inputs[flat], seen.inputs[flat], atol=0.2)
    scored = mask > 0
    np.testing.assert_allclose(targets[~flat][scored[~flat]], expected[~flat][scored[~flat]], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(targets[flat][scored[flat]], expected[flat][scored[flat]], atol=0.2)
