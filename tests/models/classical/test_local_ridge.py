"""Local regressions against a recomputation, series by series, that shares nothing with it but its constants."""

from math import ceil, exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecast.data.panel import panel_from_series
from forecast.models.classical.baselines import naive, seasonal_naive
from forecast.models.classical.local_ridge import LocalRidgeSettings, local_ridge
from marks import slow, slow_but
from tiny import assert_recomputed, wave

NAN = np.nan
TODAY = LocalRidgeSettings()
REPEATABLE = settings(deadline=None, derandomize=True)
VALUES = st.one_of(st.just(NAN), st.integers(-50, 50).map(float), st.floats(0.5, 500))
SERIES = st.lists(arrays(np.float64, st.integers(0, 70), elements=VALUES), min_size=1, max_size=4)
SEASONS = [(1,), (4,), (7,), (1, 5), (2, 6), (3, 7, 11)]


def regressed(panel, horizon, seasons, **changes):
    return local_ridge(panel, horizon, seasons, LocalRidgeSettings(**changes))


def mean(values):
    return sum(values) / len(values)


def slowly(values, horizon, seasons):
    """Returns the forecasts of one series without gaps, the mean of several regressions; NaN where it is too short."""
    each = [one(values, horizon, seasons, (3 - less, max(2 - less, 1))) for less in range(TODAY.sizes)]
    return [mean(step) for step in zip(*each, strict=True)]


def one(values, horizon, seasons, lags):
    """Returns the forecasts of one regression: one equation after another, NaN where the series is too short."""
    values = list(values)[-max(TODAY.history, 4 * seasons[-1]) :]
    if not values:
        return [NAN] * horizon
    size = mean([abs(value) for value in values]) or 1.0
    logs = min(values) >= 0
    y = [log(value / size + TODAY.log_offset) if logs else value / size for value in values]
    forecasts = []
    for first in range(1, horizon + 1, seasons[0]):
        forecasts += regress(y, range(first, min(first + seasons[0] - 1, horizon) + 1), seasons, lags)
    lowest, highest = min(y) - (max(y) - min(y)), max(y) + (max(y) - min(y))
    bounded = [min(max(value, lowest), highest) if value == value else NAN for value in forecasts]  # noqa: PLR0124
    return [size * (max(exp(min(value, 8)) - TODAY.log_offset, 0) if logs else value) for value in bounded]


def regress(y, steps, seasons, lags):
    """Returns the forecasts of some steps that share their coefficients, by least squares."""
    ages = [s * (ceil(steps[-1] / s) + k) for i, s in enumerate(seasons) for k in range(lags[min(i, 1)])]
    spread = mean([abs(value - mean(y)) for value in y])
    spread = spread if spread > 1e-9 else 1.0

    def is_enough(known):
        return known >= seasons[-1] and known + steps[0] - 1 >= max(ages)

    def inputs(known, step):
        """Returns what tells of a step after the first values, less their base, and the base."""
        past, at = y[:known], known + step - 1
        base = mean(past[-seasons[-1] :])
        told = [y[at - age] for age in ages] + [past[-1]] + [mean(past[-s:]) for s in seasons[:-1]]
        return np.array(told) - base, base

    if not is_enough(len(y)):
        return [NAN] * len(steps)
    width = len(inputs(len(y), steps[0])[0])
    weight = sqrt(TODAY.prior * len(steps))
    equations = list(weight * np.eye(width))  # each coefficient is what it is in the seasonal naive
    answers = [weight] + [0.0] * (width - 1)
    for known in range(len(y) - steps[-1], 0, -TODAY.stride):
        for step in steps if is_enough(known) else []:
            told, base = inputs(known, step)
            answer = (y[known + step - 1] - base) / spread
            if abs(answer) < TODAY.clip:
                equations.append(told / spread)
                answers.append(answer)
    coefficients = np.linalg.lstsq(np.array(equations), np.array(answers), rcond=None)[0]
    return [float(told @ coefficients + base) for told, base in (inputs(len(y), step) for step in steps)]


def assert_right(panel, horizon, seasons):
    assert_recomputed(panel, regressed(panel, horizon, seasons), lambda own: slowly(own, horizon, seasons))


def week(steps, *, seed=0, level=30.0, noise=0.5):
    """Hours with a day and a week, which is no sum of both."""
    rng, time = np.random.default_rng(seed), np.arange(steps)
    day = np.sin(2 * np.pi * time / 24) * (1.5 + np.sin(2 * np.pi * (time // 24) / 7))
    return level + 6 * day + rng.normal(0, noise, steps)


@REPEATABLE
@given(SERIES, st.integers(1, 15), st.sampled_from(SEASONS))
@pytest.mark.slow
def test_forecasts_are_those_of_least_squares_series_by_series(series, horizon, seasons):
    assert_right(panel_from_series(series, "D"), horizon, seasons)


@pytest.mark.parametrize("horizon", slow_but([24], [1, 23, 24, 30, 200]))
@pytest.mark.parametrize("level", [30.0, 0.0])
@pytest.mark.slow
def test_hours_with_days_and_weeks_are_those_of_least_squares(level, horizon):
    lengths = (167, 335, 336, 337, 500, TODAY.history + 200)
    series = [week(steps, seed=i, level=level) for i, steps in enumerate(lengths)]
    assert_right(panel_from_series(series, "h"), horizon, (24, 168))


@pytest.mark.parametrize(
    ("seasons", "horizon"), [((1,), 7), ((7,), 30), slow((12,), 18), slow((7, 365), 28), slow((400,), 900)]
)
@pytest.mark.slow
def test_other_seasons_are_those_of_least_squares(seasons, horizon):
    series = [week(steps, seed=i, level=20 * i) for i, steps in enumerate((30, 100, 1000, 1700))]
    assert_right(panel_from_series(series, "D"), horizon, seasons)


@pytest.mark.parametrize("level", [30.0, 0.0])
def test_week_without_noise_is_recovered(level):
    whole = week(1100, level=level, noise=0)
    panel = panel_from_series([whole[:1000]], "h")
    wrong = np.abs(seasonal_naive(panel, 100, 24)[0] - whole[1000:]).mean()
    assert np.abs(regressed(panel, 100, (24, 168))[0] - whole[1000:]).mean() < 0.01 * wrong


def test_what_departs_from_the_seasonal_naive_is_learned_from_each_series_alone():
    turning = np.array([1.0, -4, 2, 7]) * (-1.0) ** np.arange(60)[:, None]  # each season is the last one's opposite
    other = [wave(240, seed=i) for i in range(20)]
    forecasts = regressed(panel_from_series([*other, turning.ravel()], "D"), 4, (4,), sizes=1)
    np.testing.assert_allclose(forecasts[-1], [1, -4, 2, 7], rtol=0.02)


@pytest.mark.parametrize("seasons", [(1,), (4,), (4, 12)])
@pytest.mark.parametrize("factor", [1e-200, 1e-7, 0.1, 3.0, 1e7, 1e200])
def test_unit_does_not_matter(awkward, factor, seasons):
    panel = panel_from_series([*(awkward.series(i) for i in range(len(awkward))), -wave(60), wave(300) - 22], "D")
    scaled = panel_from_series([factor * panel.series(i) for i in range(len(panel))], "D")
    theirs = regressed(scaled, 6, seasons) / factor
    np.testing.assert_allclose(theirs, regressed(panel, 6, seasons), rtol=1e-9)


@pytest.mark.parametrize("seasons", [(1,), (4,), (4, 12)])
def test_forecast_does_not_depend_on_the_neighbours_their_order_and_how_long_they_are(awkward, seasons):
    whole = regressed(awkward, 9, seasons)
    longer = [wave(1777, seed=5), *(awkward.series(i) for i in range(len(awkward))), [], wave(500) * 1e9]
    np.testing.assert_allclose(regressed(panel_from_series(longer, "D"), 9, seasons)[1:-2], whole, rtol=1e-9)
    order = [4, 0, 5, 2, 3, 1]
    np.testing.assert_allclose(regressed(awkward.select(order), 9, seasons), whole[order], rtol=1e-9)
    for i in range(len(awkward)):
        np.testing.assert_allclose(regressed(awkward.select([i]), 9, seasons), whole[[i]], rtol=1e-9)


def test_size_of_a_block_does_not_matter(awkward):
    whole = regressed(awkward, 6, (4,))
    np.testing.assert_allclose(regressed(awkward, 6, (4,), block=80), whole, rtol=1e-9)


@pytest.mark.parametrize("poison", [NAN, 1e9, -1e9])
def test_nothing_after_the_origin_matters(awkward, poison):
    lengths = np.array([20, 30, 17, 30, 3, 0])
    values = awkward.values.copy()
    for i, length in enumerate(lengths):
        values[awkward.offsets[i] + length : awkward.offsets[i + 1]] = poison
    bounds = zip(awkward.offsets[:-1], awkward.offsets[1:], strict=True)
    poisoned = panel_from_series([values[a:b] for a, b in bounds], "D")
    expected = regressed(awkward.until(lengths), 6, (4,))
    np.testing.assert_array_equal(regressed(poisoned.until(lengths), 6, (4,)), expected)


@pytest.mark.parametrize(("seasons", "least"), [((1,), 3), ((4,), 12), ((24, 168), 336), ((4, 200), 400)])
def test_series_too_short_to_look_back_have_no_forecast_and_just_long_enough_the_last_season(seasons, least):
    """Three of the shortest season and two of a longer one are looked back at, from the first step ahead."""
    panel = panel_from_series([wave(steps) for steps in (least, least - 1, 1)], "D")
    largest = regressed(panel, 1, seasons, sizes=1)
    np.testing.assert_allclose(largest[0], seasonal_naive(panel, 1, seasons[0])[0])
    for forecasts in (largest, regressed(panel, 1, seasons)):  # smaller ones, too, wait for the largest
        assert np.isnan(forecasts).ravel().tolist() == [False, True, True]


def test_the_mean_of_regressions_with_ever_fewer_lags_is_taken():
    panel = panel_from_series([week(steps, seed=steps) for steps in (400, 900)], "h")
    each = [regressed(panel, 30, (24, 168), lags=lags, sizes=1) for lags in ((3, 2), (2, 1), (1, 1))]
    np.testing.assert_allclose(regressed(panel, 30, (24, 168)), sum(each[:2]) / 2, rtol=1e-12)
    np.testing.assert_allclose(regressed(panel, 30, (24, 168), sizes=3), sum(each) / 3, rtol=1e-12)
    assert not np.allclose(each[0], each[1], rtol=1e-3)


def test_far_steps_may_lack_the_history_that_near_ones_have():
    forecasts = regressed(panel_from_series([wave(13)], "D"), 8, (4, 6))[0]
    assert np.isnan(forecasts).tolist() == [False] * 4 + [True] * 4


@pytest.mark.parametrize("seasons", [(1,), (4,), (2, 6)])
@pytest.mark.parametrize(
    "values",
    [
        [],
        [NAN],
        [5.0],
        [5.0] * 40,
        [0.1] * 40,
        [0.0] * 40,
        [0.0] * 39 + [1.0],
        [1.0] + [0.0] * 39,
        [-3.0, -1.0, -2.0, -2.0] * 10,
        [-7.0] * 40,
        [0.0, 1e200, 2e200, 5e199] * 10,
        [1e-200, 3e-200, 2e-200, 2e-200] * 10,
        [1e-200, 1e200] * 20,
        [-1e-200, 1e200] * 20,
        [5e-324, 1e-320, 0.0] * 13,
        [1e9, 1e9 + 1] * 20,
        [NAN, 4.0, NAN, 2.0, 7.0, NAN, NAN] * 6,
    ],
)
def test_extremes_are_forecast_in_finite_numbers_as_least_squares_would(values, seasons):
    panel = panel_from_series([values], "D")
    assert np.isfinite(regressed(panel, 5, seasons)).all() == (len(values) > 5)
    assert_right(panel, 5, seasons)


@pytest.mark.parametrize("seasons", [(1,), (4,), (4, 12)])
def test_constant_is_continued(seasons):
    panel = panel_from_series([[0.1] * 60, [-7.0] * 60, [0.0] * 60, [3e8] * 60], "D")
    np.testing.assert_allclose(regressed(panel, 5, seasons), naive(panel, 5), rtol=1e-12)


def test_what_has_no_negative_value_has_no_negative_forecast():
    series = [np.maximum(wave(200, level=0.0, trend=0.0, seed=seed), 0) for seed in range(8)]
    forecasts = regressed(panel_from_series(series, "D"), 30, (4,))
    assert forecasts.min() == 0
    assert regressed(panel_from_series([own - 1 for own in series], "D"), 30, (4,)).min() < 0


def test_forecast_stays_within_the_range_of_the_history_beyond_either_end():
    explosive = (-1.1) ** np.arange(101)  # would be 17 times as much at the end
    forecasts = regressed(panel_from_series([explosive, -explosive], "D"), 30, (1,), sizes=1)
    most = 2 * explosive.max() - explosive.min()
    np.testing.assert_allclose(forecasts[:, -1], [most, -most])
    assert np.abs(forecasts).max() <= most * (1 + 1e-12)


def test_no_series_give_no_forecasts():
    assert regressed(panel_from_series([], "D"), 3, (4,)).shape == (0, 3)


@pytest.mark.parametrize("seasons", [(7,), (24, 168), (7, 365)])
def test_only_the_newest_history_counts(seasons):
    steps = max(TODAY.history, 4 * seasons[-1])
    assert TODAY.steps_used(seasons) == steps
    long = week(steps + 300, seed=3)
    old = long.copy()
    old[:-steps] *= -50
    forecasts = regressed(panel_from_series([long, old], "D"), 9, seasons)
    np.testing.assert_array_equal(forecasts[0], forecasts[1])
    old[-steps] += 300  # the oldest that counts
    assert not np.array_equal(regressed(panel_from_series([old], "D"), 9, seasons)[0], forecasts[0])
