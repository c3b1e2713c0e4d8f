import numpy as np
import pytest

from forecast.data.checks.leaks import Leak, leaks
from generated import random_walk

STARTS = np.arange(200) % 100 == 0  # two series


@pytest.fixture
def target():
    return random_walk(np.random.default_rng(22), 200)


def test_target_in_another_unit_gives_it_away(target):
    (leak,) = leaks(target, STARTS, {"gross": -1.19 * target + 3})
    assert (leak.columns, leak.lead) == (("gross",), 0)
    assert leak.correlation == pytest.approx(1)


def test_next_value_gives_the_future_away_and_the_last_one_does_not(target):
    ahead, behind = np.roll(target, -1), np.roll(target, 1)
    (leak,) = leaks(target, STARTS, {"ahead": ahead, "behind": behind})
    assert (leak.columns, leak.lead) == (("ahead",), 1)


def test_two_parts_that_add_up_give_it_away_together(target):
    part = np.random.default_rng(23).normal(50, 9, target.size)
    other_numbers = {"hum": part[::-1], "casual": part, "registered": target - part}
    assert leaks(target, STARTS, other_numbers) == (Leak(("casual", "registered"), 0, 1.0),)


def test_what_only_grows_alike_does_not(target):
    rng = np.random.default_rng(24)
    years = 10.0 * np.arange(200)
    grown = {"other": years + rng.normal(0, 1, 200), "open": target + years + rng.normal(0, 1, 200)}
    assert np.corrcoef(target + years, grown["open"])[0, 1] > 0.999
    assert leaks(target + years, STARTS, grown) == ()


def test_constant_empty_and_short_columns_do_not(target):
    few = np.where(np.arange(200) < 11, target, np.nan)
    assert leaks(target, STARTS, {"one": np.ones(200), "none": np.full(200, np.nan), "few": few}) == ()
    assert leaks(np.ones(200), STARTS, {"one": np.ones(200)}) == ()
    assert leaks(target, STARTS, {}) == ()


def test_gaps_are_passed_over(target):
    holes = np.where(np.arange(200) % 9 == 4, np.nan, target)
    assert [leak.columns for leak in leaks(holes, STARTS, {"copy": target})] == [("copy",)]


def test_change_from_series_to_series_tells_nothing():
    """Two columns that agree only in how large each series is."""
    rng = np.random.default_rng(25)
    size = np.where(np.arange(200) < 100, 0, 1e6)
    assert leaks(size + rng.normal(0, 1, 200), STARTS, {"size": size + rng.normal(0, 1, 200)}) == ()
