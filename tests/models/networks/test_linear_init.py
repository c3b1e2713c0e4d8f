from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.data.windows import cut_windows
from forecast.models.method_settings import CURRENT
from forecast.models.networks.linear_init import fit_linear_init
from forecast.models.networks.recurrent import SeriesStatistics, measure_series
from forecast.models.views import see, view_maps
from forecast.specs import View
from tiny import SEASON, wave

VIEW = View("last-value", level="mean", scale="series", ridge=True)
L, H = 12, 3


def windows_and_statistics(values, view=VIEW):
    panel = panel_from_series(values, "D")
    return cut_windows(panel, L, H, view.season), measure_series(panel, view, CURRENT.views)


def errors_of(kernel, windows, statistics, view=VIEW):
    """Mean absolute error of base and highway in the view's units, by numpy alone."""
    maps = view_maps(view, L, H, CURRENT.views, statistics.base)
    every = np.arange(len(windows))
    series = windows.series
    seen = see(windows.lookbacks(every), maps, statistics.level[series], statistics.scale[series])
    targets = (windows.horizons(every) - seen.base) / seen.scale
    return np.abs(seen.inputs @ kernel - targets).mean()


def autoregression(length, seed=0):
    noise, values = np.random.default_rng(seed).normal(0, 1, length), np.zeros(length)
    for t in range(2, length):
        values[t] = 1.6 * values[t - 1] - 0.8 * values[t - 2] + noise[t]
    return values + 50


def test_view_that_does_not_ask_starts_at_zero():
    windows, statistics = windows_and_statistics([wave(60)])
    assert fit_linear_init(windows, replace(VIEW, ridge=False), statistics, CURRENT.views) is None


def test_linear_series_is_forecast_better_than_by_the_base_and_near_its_own_law():
    windows, statistics = windows_and_statistics([autoregression(400, seed) for seed in range(5)])
    kernel = fit_linear_init(windows, VIEW, statistics, CURRENT.views)
    assert kernel.shape == (L, H)
    assert errors_of(kernel, windows, statistics) < 0.75 * errors_of(np.zeros((L, H)), windows, statistics)
    # One step ahead the law is 0.6 of the last change less 0.2 of the value before, in deviations from the mean.
    change = np.zeros(L)
    change[-2:] = -1, 1
    assert change @ kernel[:, 0] > 0.5


def swinging(length, seed=0):
    noise, values = np.random.default_rng(seed).normal(0, 1, length), np.zeros(length)
    for t in range(1, length):
        values[t] = -0.9 * values[t - 1] + noise[t]
    return values + 50


@pytest.mark.parametrize("weight", [0.0, 0.001])
def test_windows_that_hardly_count_teach_hardly_anything(weight):
    """Series of another law, whose weights are as good as nought, leave what the others teach alone."""
    values = [autoregression(200, seed) for seed in range(3)]
    alone, statistics = windows_and_statistics(values)
    both = panel_from_series([*values, *(swinging(200, seed) for seed in range(3))], "D")
    light = replace(both, weights=np.repeat([1.0, weight], 600))
    kernels = [fit_linear_init(alone, VIEW, statistics, CURRENT.views)]
    for panel in (light, both):
        windows = cut_windows(panel, L, H, VIEW.season)
        kernels.append(fit_linear_init(windows, VIEW, measure_series(panel, VIEW, CURRENT.views), CURRENT.views))
    own, weighted, mixed = (errors_of(kernel, alone, statistics) for kernel in kernels)
    assert weighted == pytest.approx(own, rel=0.01)
    assert mixed > 1.05 * own


def test_noise_is_not_learned():
    noise = np.random.default_rng(1).normal(0, 1, 80)
    view = View("mean-season", level="mean", scale="series", ridge=True)  # the best there is for noise
    windows, statistics = windows_and_statistics([noise], view)
    kernel = fit_linear_init(windows, view, statistics, CURRENT.views)
    assert kernel is None or np.abs(kernel).sum(axis=0).max() < 1


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 10.0), (100.0, 1.0)])
def test_unit_of_the_data_does_not_matter(shift, scale):
    values = [autoregression(200, seed) for seed in range(3)]
    one = fit_linear_init(*insert(values), CURRENT.views)
    other = fit_linear_init(*insert([scale * each + shift for each in values]), CURRENT.views)
    np.testing.assert_allclose(one, other, atol=1e-3)


def insert(values):
    windows, statistics = windows_and_statistics(values)
    return windows, VIEW, statistics


def test_missing_targets_teach_nothing():
    values = autoregression(300)
    gone = values.copy()
    gone[150:160] = np.nan
    windows, statistics = windows_and_statistics([gone])
    kernel = fit_linear_init(windows, VIEW, statistics, CURRENT.views)
    assert np.isfinite(kernel).all()
    whole = fit_linear_init(*insert([values]), CURRENT.views)
    assert np.abs(kernel - whole).max() < 0.3


def test_one_wild_window_does_not_lead():
    values = autoregression(300)
    wild = values.copy()
    wild[100] += 1e6
    windows, _ = windows_and_statistics([wild])
    statistics = windows_and_statistics([values])[1]
    kernel = fit_linear_init(windows, VIEW, SeriesStatistics(statistics.level, statistics.scale), CURRENT.views)
    calm = windows_and_statistics([values])[0]
    assert errors_of(kernel, calm, statistics) < errors_of(np.zeros((L, H)), calm, statistics)


def test_series_too_short_to_choose_a_penalty_starts_at_zero():
    windows, statistics = windows_and_statistics([wave(L + H)])
    alone = replace(windows, starts=windows.starts[:1], series=windows.series[:1])
    assert fit_linear_init(alone, View("last-season", SEASON, ridge=True), statistics, CURRENT.views) is None
