"""Exponential smoothing against a recomputation, series by series, that shares nothing with it but its constants."""

from itertools import product
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from decomposed import mean, season_of
from forecast.data.panel import panel_from_series
from forecast.errors import UsageError
from forecast.models.classical import theta
from forecast.models.classical.seasonality import SeasonalitySettings
from forecast.models.classical.theta import ThetaSettings, exponential_smoothing
from marks import slow, slow_but
from tiny import assert_recomputed, wave

NAN = np.nan
TODAY = ThetaSettings()
NOTHING = TODAY.negligible
REPEATABLE = settings(deadline=None, derandomize=True)
VALUES = st.one_of(st.just(NAN), st.integers(-50, 50).map(float), st.floats(0.5, 500))
SERIES = st.lists(arrays(np.float64, st.integers(0, 40), elements=VALUES), min_size=1, max_size=5)


def smoothed(panel, horizon, season, **changes):
    return exponential_smoothing(panel, horizon, season, ThetaSettings(**changes), SeasonalitySettings())


def slowly(values, horizon, season):
    """Returns the forecasts of one series without gaps, as the papers have it: one number after another."""
    values = list(values)[-max(TODAY.history, 3 * season) :]
    if len(values) < 3:
        return [values[-1] if values else 0.0] * horizon
    size = max(map(abs, values)) or 1.0
    values = [value / size for value in values]
    pattern, positive = season_of(values, season)
    past = [pattern[step % season] for step in range(len(values))]
    ahead = [pattern[step % season] for step in range(len(values), len(values) + horizon)]
    if positive:
        level = mean_of_both([value / exp(bounded(p)) for value, p in zip(values, past, strict=True)], horizon)
        return [size * value * exp(bounded(p)) for value, p in zip(level, ahead, strict=True)]
    level = mean_of_both([value - p for value, p in zip(values, past, strict=True)], horizon)
    return [size * (value + p) for value, p in zip(level, ahead, strict=True)]


def bounded(logarithm):
    return max(-10.0, min(10.0, logarithm))


def mean_of_both(values, horizon):
    """Returns the mean of the theta method and the damped trend, each by how little it erred."""
    theta, of_theta = drift_on(values, horizon)
    damped, of_damped = fade_out(values, horizon)
    odds = TODAY.theta / (1 - TODAY.theta) * ((of_damped + NOTHING) / (of_theta + NOTHING)) ** TODAY.power
    return [(odds * own + other) / (odds + 1) for own, other in zip(theta, damped, strict=True)]


def drift_on(values, horizon):
    """Returns the theta method: a level that is followed, and half of the slope from there on; and its errors."""
    start = mean(values[: TODAY.first])
    tried = [(smooth(values, start, 0, speed, 0, 0), speed) for speed in TODAY.speeds]
    least = min(errors for (errors, _), _ in tried)
    level, speed = next((end[0], own) for (errors, end), own in tried if errors <= least * (1 + TODAY.tie))
    slope, n = np.polyfit(np.arange(len(values)), values, 1)[0], len(values)
    return [level + slope / 2 * (h - 1 + (1 - (1 - speed) ** n) / speed) for h in range(1, horizon + 1)], least


def fade_out(values, horizon):
    """Returns the damped trends: level and slope that are followed, the slope shrinking with each step; their errors.

    The mean of all settings, each by its priors and by how much less it erred than others, the more so the longer.
    """
    early = values[: TODAY.first_line]
    slope, start = np.polyfit(np.arange(1, len(early) + 1), early, 1)
    every = product(
        zip(TODAY.levels, TODAY.level_priors, strict=True),
        zip(TODAY.trends, TODAY.trend_priors, strict=True),
        zip(TODAY.dampings, TODAY.damping_priors, strict=True),
    )
    tried = [(smooth(values, start, slope, a, b, c), c, p * q * r) for (a, p), (b, q), (c, r) in every]
    least = min(errors for (errors, _), _, _ in tried)
    forecasts, squares, weights = np.zeros(horizon), 0.0, 0.0
    for (errors, (level, trend)), left, prior in tried:
        weight = prior * ((least + NOTHING) / (errors + NOTHING)) ** (TODAY.power_a_step * len(values))
        forecasts += weight * np.array([level + trend * sum(left**k for k in range(1, h + 2)) for h in range(horizon)])
        squares, weights = squares + weight * errors, weights + weight
    return (forecasts / weights).tolist(), squares / weights


def smooth(values, level, trend, fast, faster, left):
    """Returns the sum of squared errors of some steps ahead from each step, and where level and trend end."""
    squares = 0.0
    for t, value in enumerate(values):
        expected, growth = level, trend
        for later in values[t : t + max(1, min(TODAY.leads, len(values) // TODAY.steps_a_lead))]:
            growth *= left
            expected += growth
            squares += (later - expected) ** 2
        expected = level + left * trend
        level, before = fast * value + (1 - fast) * expected, level
        trend = faster * (level - before) + (1 - faster) * left * trend
    return squares, (level, trend)


def assert_right(panel, horizon, season):
    assert_recomputed(panel, smoothed(panel, horizon, season), lambda own: slowly(own, horizon, season))


def seasonal(steps, season, *, seed=0, level=20.0):
    rng, time = np.random.default_rng(seed), np.arange(steps)
    return level + 0.05 * time + 4 * np.sin(2 * np.pi * time / season) + rng.normal(0, 0.5, steps)


@REPEATABLE
@given(SERIES, st.integers(1, 9))
@pytest.mark.slow
def test_forecasts_are_those_of_the_papers_series_by_series(series, season):
    assert_right(panel_from_series(series, "D"), 11, season)


SEASONS = [1, 2, 4, 5, 7, 12, 24, 52, 53]


@pytest.mark.parametrize("season", slow_but(SEASONS, [*SEASONS, 400]))
@pytest.mark.parametrize("level", [20.0, 0.0])
@pytest.mark.slow
def test_seasons_even_odd_and_longer_than_the_history_are_those_of_the_papers(season, level):
    lengths = (2 * season - 1, 2 * season, 2 * season + 1, 130, 7)
    series = [seasonal(steps, season, seed=i, level=level) for i, steps in enumerate(lengths)]
    assert_right(panel_from_series(series, "D"), 15, season)


def test_season_is_continued_where_there_is_one_and_only_there():
    clear, short, none = seasonal(120, 12), seasonal(23, 12), 50 + np.arange(60.0)
    forecasts = smoothed(panel_from_series([clear, short, none], "M"), 24, 12)
    assert np.ptp(forecasts[0] - forecasts[0].mean()) > 7
    for unseasonal in forecasts[1:]:  # slopes that fade: less than two years, or no season
        bends = np.sign(np.diff(unseasonal, n=2).round(9))
        assert np.count_nonzero(np.diff(bends[bends != 0])) <= 1  # a season would turn to and fro


@pytest.mark.parametrize(("steps", "is_better"), [(120, True), (39, False)])
def test_cycle_is_not_followed_where_the_history_is_long_enough_to_tell(steps, is_better):
    series = [
        20 + 5 * np.sin(2 * np.pi * (np.arange(steps + 8) + i) / 10) for i in range(10)
    ]  # from each of its points
    panel, truth = panel_from_series([own[:steps] for own in series], "D"), np.stack([own[steps:] for own in series])
    ours = np.abs(smoothed(panel, 8, 1) - truth).mean()
    of_one_step = np.abs(smoothed(panel, 8, 1, leads=1) - truth).mean()
    assert ours < 0.8 * of_one_step if is_better else ours == of_one_step


def test_factors_grow_with_the_level_and_summands_do_not():
    time = np.arange(96)
    factors = (10 + time) * (1 + 0.3 * np.sin(2 * np.pi * time / 12))
    forecast = smoothed(panel_from_series([factors, factors - 200], "M"), 24, 12)
    first, second = np.ptp(forecast[:, :12], axis=1), np.ptp(forecast[:, 12:], axis=1)
    assert second[0] > 1.03 * first[0]
    assert second[1] < 1.03 * first[1]


@pytest.mark.parametrize("factor", [1e-200, 1e-7, 0.1, 3.0, 1e7, 1e200])
def test_unit_does_not_matter(awkward, factor):
    jump = [3.0] * 20 + [17.0]  # all speeds are equally good, and rounding must not decide
    panel = panel_from_series([*(awkward.series(i) for i in range(len(awkward))), jump, -wave(30)], "D")
    scaled = panel_from_series([factor * panel.series(i) for i in range(len(panel))], "D")
    np.testing.assert_allclose(smoothed(scaled, 6, 4) / factor, smoothed(panel, 6, 4), rtol=1e-9)


def test_forecast_does_not_depend_on_the_neighbours_and_how_long_they_are(awkward):
    whole = smoothed(awkward, 6, 4)
    longer = [wave(777, seed=5), *(awkward.series(i) for i in range(len(awkward))), [], wave(500) * 1e9]
    np.testing.assert_allclose(smoothed(panel_from_series(longer, "D"), 6, 4)[1:-2], whole, rtol=1e-9)
    for i in range(len(awkward)):
        np.testing.assert_allclose(smoothed(awkward.select([i]), 6, 4), whole[[i]], rtol=1e-9)


def test_size_of_a_block_does_not_matter(awkward):
    whole = smoothed(awkward, 6, 4)
    np.testing.assert_allclose(smoothed(awkward, 6, 4, block=80), whole, rtol=1e-9)


@pytest.mark.parametrize("poison", [NAN, 1e9, -1e9])
def test_nothing_after_the_origin_matters(awkward, poison):
    lengths = np.array([20, 30, 11, 30, 3, 0])
    values = awkward.values.copy()
    for i, length in enumerate(lengths):
        values[awkward.offsets[i] + length : awkward.offsets[i + 1]] = poison
    bounds = zip(awkward.offsets[:-1], awkward.offsets[1:], strict=True)
    poisoned = panel_from_series([values[a:b] for a, b in bounds], "D")
    expected = smoothed(awkward.until(lengths), 6, 4)
    np.testing.assert_array_equal(smoothed(poisoned.until(lengths), 6, 4), expected)


@pytest.mark.parametrize("season", [1, 3, 4])
@pytest.mark.parametrize(
    "values",
    [
        [],
        [NAN],
        [5.0],
        [NAN, NAN, 5.0],
        [5.0, 9.0],
        [5.0] * 30,
        [0.1] * 30,
        [0.0] * 30,
        [0.0] * 29 + [1.0],
        [1.0] + [0.0] * 29,
        [-3.0, -1.0, -2.0, -2.0] * 6,
        [0.0, 1e200, 2e200, 5e199] * 6,
        [1e-200, 3e-200, 2e-200, 2e-200] * 6,
        [1e-200, 1e200] * 12,
        [5e-324, 1e-320, 0.0] * 8,
        [1e9, 1e9 + 1] * 12,
        [NAN, 4.0, NAN, 2.0, 7.0, NAN, NAN] * 5,
    ],
)
def test_extremes_are_forecast_in_finite_numbers_as_the_papers_would(values, season):
    panel = panel_from_series([values], "D")
    assert np.isfinite(smoothed(panel, 5, season)).all()
    assert_right(panel, 5, season)


def test_constant_is_continued_exactly():
    forecasts = smoothed(panel_from_series([[0.1] * 30, [-7.0] * 5, []], "D"), 3, 4)
    np.testing.assert_array_equal(forecasts[:, 0], [0.1, -7, 0])


def test_no_series_give_no_forecasts():
    assert smoothed(panel_from_series([], "D"), 3, 4).shape == (0, 3)


@pytest.mark.parametrize(("season", "steps"), [(7, TODAY.history), slow(400, 1200)])
def test_only_the_newest_history_counts(season, steps):
    long = seasonal(1500, season, seed=3)
    old = long.copy()
    old[:-steps] *= -50
    forecasts = smoothed(panel_from_series([long, old], "D"), 9, season)
    np.testing.assert_array_equal(forecasts[0], forecasts[1])
    np.testing.assert_allclose(forecasts[0], slowly(long, 9, season), rtol=1e-7)
    old[-steps] += 300  # the oldest that counts
    assert not np.array_equal(smoothed(panel_from_series([old], "D"), 9, season)[0], forecasts[0])


def test_priors_are_one_each_of_what_they_are_of():
    with pytest.raises(UsageError, match="each speed of a level, trend or damping has one prior"):
        ThetaSettings(levels=(0.1, 0.5))


@pytest.mark.parametrize("gaps", [0.0, 0.3], ids=["whole", "with gaps"])
@pytest.mark.parametrize("lengths", [(1,), (2,), (90,), (90, 7, 40), (3, 90)], ids=str)
def test_errors_of_few_series_are_worked_out_at_once_to_the_same_bits(lengths, gaps, monkeypatch):
    values = [np.where(np.arange(n) % 10 < 10 * gaps, NAN, wave(n)) for n in lengths]
    panel = panel_from_series(values, "D")
    at_once = [smoothed(panel, 6, each) for each in (1, 4)]
    monkeypatch.setattr(theta, "AT_ONCE", 0)
    assert [each.tobytes() for each in at_once] == [smoothed(panel, 6, each).tobytes() for each in (1, 4)]
