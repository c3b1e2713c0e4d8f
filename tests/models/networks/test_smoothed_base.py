import numpy as np
import pytest

from forecast.models.networks.smoothed_base import Smoothing, fit_smoothing, maps_of, smoothing_maps, smoothings
from forecast.run import Cache
from tiny import SEASON, wave

SIZES = [(20, 6, 4), (8, 3, 4), (7, 5, 4), (3, 4, 4), (12, 3, 1), (1, 2, 1), (2, 3, 1)]
SETTINGS = [
    Smoothing(0.3, 0.1, 0.2, 0.9),
    Smoothing(0.5, 0.0, 0.4, 0.0),
    Smoothing(0.3, 0.1, 0.0, 0.9),
    Smoothing(1.0, 0.0, 0.0, 0.0),
]


def mean_pattern_slowly(y, season):
    """By phase of the window: how far its value lies from its own season's mean, over the whole seasons at the end."""
    blocks = [y[end - season : end] for end in range(len(y), season - 1, -season)]
    pattern = [0.0] * season
    for place in range(season):
        apart = [block[place] - sum(block) / season for block in blocks]
        pattern[(len(y) + place) % season] = sum(apart) / len(apart) if apart else 0.0
    return pattern


def holt_winters_slowly(y, horizon, season, settings):
    """The damped additive method, one number at a time (Hyndman et al. 2008, section 2.5)."""
    n, phi = len(y), settings.damping
    first = y[:season]
    mean = sum(first) / len(first)
    level, slope = mean, 0.0
    seasonal = [value - mean for value in first] + [0.0] * (season - len(first)) if season > 1 else [0.0]
    if season > 1 and n >= 2 * season:
        second = y[season : 2 * season]
        other = sum(second) / season
        seasonal = [(a - mean + b - other) / 2 for a, b in zip(first, second, strict=True)]
        if phi:
            slope = (other - mean) / season
            level = mean - slope * (season + 1) / 2
    if season > 1 and settings.season == 0:
        seasonal = mean_pattern_slowly(y, season)
    for t in range(n):
        error = y[t] - level - phi * slope - seasonal[t % season]
        level = level + phi * slope + settings.level * error
        slope = phi * slope + settings.level * settings.trend * error
        seasonal[t % season] += settings.season * (1 - settings.level) * error
    return [
        level + sum(phi**k for k in range(1, step + 1)) * slope + seasonal[(n + step - 1) % season]
        for step in range(1, horizon + 1)
    ]


@pytest.mark.parametrize(("lookback", "horizon", "season"), SIZES)
@pytest.mark.parametrize("settings", SETTINGS)
def test_map_is_the_recursion_of_the_textbook(settings, lookback, horizon, season):
    window = np.random.default_rng(0).normal(5, 2, lookback)
    expected = holt_winters_slowly(list(window), horizon, season, settings)
    np.testing.assert_allclose(window @ maps_of([settings], lookback, horizon, season)[0], expected, rtol=1e-9)


@pytest.mark.parametrize(("lookback", "horizon", "season"), SIZES)
def test_every_map_keeps_a_constant_and_moves_with_a_shift(lookback, horizon, season):
    for settings in smoothings(season):
        total = maps_of([settings], lookback, horizon, season)[0].sum(axis=0)
        np.testing.assert_allclose(total, 1, rtol=1e-9)


def test_every_map_continues_a_repeating_season():
    window = np.tile([3.0, 7.0, 1.0, 9.0], 5)
    for settings in smoothings(SEASON):
        np.testing.assert_allclose(window @ maps_of([settings], 20, 6, SEASON)[0], [3, 7, 1, 9, 3, 7], rtol=1e-9)


def test_full_smoothing_is_the_last_value():
    window = np.random.default_rng(0).normal(0, 1, 9)
    last = window @ maps_of([Smoothing(1.0, 0.0, 0.0, 0.0)], 9, 3, 1)[0]
    np.testing.assert_allclose(last, window[-1])


def windows_of(values, lookback=12, horizon=3):
    rows = np.lib.stride_tricks.sliding_window_view(values, lookback + horizon)
    return rows[:, :lookback], rows[:, lookback:]


def error_of(base, windows, futures):
    return np.sqrt(((windows @ base - futures) ** 2).mean())


def test_fitted_map_is_led_by_the_best_ones():
    windows, futures = windows_of(wave(120, trend=0.4))
    fitted = fit_smoothing(windows, futures, np.ones((len(windows), 1)), SEASON)
    errors = [error_of(maps_of([each], 12, 3, SEASON)[0], windows, futures) for each in smoothings(SEASON)]
    assert error_of(fitted, windows, futures) < min(1.3 * min(errors), np.median(errors))
    np.testing.assert_allclose(fitted.sum(axis=0), 1)


def test_unobserved_futures_have_no_say():
    windows, futures = windows_of(wave(60))
    gaps, scales = futures.copy(), np.ones((len(windows), 1))
    gaps[::3, 1] = np.nan
    expected = fit_smoothing(
        np.delete(windows, slice(None, None, 3), 0),
        np.delete(futures, slice(None, None, 3), 0),
        np.delete(scales, slice(None, None, 3), 0),
        SEASON,
    )
    gaps[::3] = np.nan
    np.testing.assert_allclose(fit_smoothing(windows, gaps, scales, SEASON), expected, rtol=1e-4, atol=1e-8)  # float32


@pytest.mark.parametrize("scale", [1.0, 1e-12])
def test_constant_windows_are_fitted_without_a_sound(scale):
    windows = np.full((5, 12), 7.0)
    fitted = fit_smoothing(windows, np.full((5, 3), 7.0), np.full((5, 1), scale), SEASON)
    np.testing.assert_allclose(windows @ fitted, 7, rtol=1e-9)


def test_unit_of_the_data_does_not_matter():
    windows, futures = windows_of(wave(60))
    scales = np.ones((len(windows), 1))
    expected = fit_smoothing(windows, futures, scales, SEASON)
    np.testing.assert_allclose(fit_smoothing(1000 * windows, 1000 * futures, 1000 * scales, SEASON), expected)


@pytest.mark.parametrize(("lookback", "horizon", "season"), [(20, 6, SEASON), (9, 3, 1), (10, 3, 12)])
def test_maps_run_together_are_those_run_alone(lookback, horizon, season):
    together = smoothing_maps(lookback, horizon, season)
    alone = [maps_of([settings], lookback, horizon, season)[0] for settings in smoothings(season)]
    np.testing.assert_allclose(together, alone, atol=1e-12)


@pytest.mark.parametrize(("steps", "season"), [(2, SEASON), (3, 5)])
def test_maps_that_were_kept_serve_their_own_lengths_and_season_alone(steps, season):
    windows, futures = wave(80).reshape(10, 8), wave(30, seed=1).reshape(10, 3)
    scales, cache = np.ones((10, 1)), Cache()
    usual = fit_smoothing(windows, futures, scales, SEASON, cache)
    np.testing.assert_array_equal(fit_smoothing(windows, futures, scales, SEASON, cache), usual)
    other = fit_smoothing(windows, futures[:, :steps], scales, season, cache)
    np.testing.assert_array_equal(other, fit_smoothing(windows, futures[:, :steps], scales, season))
