import numpy as np
import pytest

from forecast.data.checks.shifts import level_shifts
from generated import CLEAN, STATIONARY, usual_step


@pytest.mark.parametrize("kind", CLEAN)
@pytest.mark.parametrize("steps", [60, 300])
@pytest.mark.slow
def test_clean_series_have_next_to_none(kind, steps):
    rng = np.random.default_rng(11)
    found = [level_shifts(kind(rng, steps), (12,)).size > 0 for _ in range(100)]
    assert np.mean(found) <= 0.03


@pytest.mark.parametrize("kind", STATIONARY)
@pytest.mark.parametrize("sign", [-1, 1])
def test_one_that_is_put_in_is_found_where_it_is(kind, sign):
    rng = np.random.default_rng(12)
    hits = 0
    for _ in range(40):
        series, place = 500 + kind(rng, 180), int(rng.integers(30, 150))
        series[place:] += sign * 8 * usual_step(series)
        found = level_shifts(series, (12,))
        hits += found.size == 1 and abs(int(found[0]) - place) <= 2
    assert hits >= 36


def test_several_levels_are_found_in_order():
    series = np.random.default_rng(13).normal(0, 1, 300)
    series[100:] += 20
    series[200:] -= 35
    assert level_shifts(series, ()).tolist() == pytest.approx([100, 200], abs=1)


def test_outlier_and_gap_are_no_shift():
    series = np.random.default_rng(14).normal(0, 1, 200)
    series[[60, 61]] = 80
    series[120:140] = np.nan
    assert level_shifts(series, ()).size == 0


def test_slow_rise_is_no_shift():
    rise = np.clip((np.arange(300) - 120) / 2, 0, 30)
    assert level_shifts(np.random.default_rng(15).normal(0, 1, 300) + rise, ()).size == 0


def test_end_of_a_rush_is_no_shift():
    rush = np.zeros(400)
    rush[170:200] = np.linspace(0, 40, 30)
    assert level_shifts(np.random.default_rng(33).normal(100, 1, 400) + rush, (7,)).size == 0


@pytest.mark.parametrize("series", [np.r_[np.zeros(15), np.full(16, 9.0)], np.full(90, 3.0), np.full(90, np.nan)])
def test_short_constant_and_empty_series_have_none(series):
    assert level_shifts(series, ()).size == 0


def test_season_too_long_for_the_series_is_not_tried():
    assert level_shifts(np.random.default_rng(16).normal(0, 1, 300), (288,)).size == 0
