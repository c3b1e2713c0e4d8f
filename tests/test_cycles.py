import numpy as np
import pytest
from generated import growing_season, noise, random_walk

from forecast.data.checks.cycles import seasonal_strength, without_cycles


def test_season_of_a_pure_cycle_explains_everything_and_is_taken_out_whole():
    cycle = np.tile([0.0, 5.0, -3.0, -2.0], 10)
    assert seasonal_strength(cycle, 4) == pytest.approx(1)
    np.testing.assert_allclose(without_cycles(cycle, [4]), 0, atol=1e-12)
    np.testing.assert_allclose(without_cycles(100 + cycle, [4]), 100)


def test_strength_is_the_known_share_of_season_and_noise():
    rng = np.random.default_rng(0)
    t = np.arange(4000)
    series = np.sqrt(2) * 2 * np.sin(2 * np.pi * t / 8) + rng.normal(0, 1, t.size)  # variances 4 and 1
    assert seasonal_strength(series, 8) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("kind", [noise, random_walk])
def test_what_has_no_season_seldom_shows_one(kind):
    rng = np.random.default_rng(1)
    found = [seasonal_strength(kind(rng, 120), 12) > 0 for _ in range(200)]
    assert np.mean(found) < 0.07  # the test's own level is 5 %


def test_season_is_seen_whatever_the_unit_and_the_level():
    series = growing_season(np.random.default_rng(2), 120)
    strength = seasonal_strength(series, 12)
    assert strength > 0.9
    assert seasonal_strength(1000 * series, 12) == pytest.approx(strength)


@pytest.mark.parametrize(("steps", "season"), [(29, 12), (30, 1), (0, 12)])
def test_too_short_series_have_no_season(steps, season):
    assert seasonal_strength(np.arange(steps, dtype=float), season) == 0


def test_constant_series_has_no_season():
    assert seasonal_strength(np.full(48, 7.0), 12) == 0
    assert seasonal_strength(np.zeros(48), 12) == 0


def test_too_few_cycles_are_left_in():
    series = growing_season(np.random.default_rng(3), 47)
    assert without_cycles(series, [12]) is series


def test_one_outlier_does_not_touch_the_season():
    cycle = 100 + np.tile([0.0, 50.0, -30.0, -20.0], 10)
    cycle[18] = 900
    flat = without_cycles(cycle, [4])
    np.testing.assert_allclose(np.delete(flat, np.arange(14, 23)), 100, rtol=0.02)
