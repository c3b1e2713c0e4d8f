import numpy as np

from forecast.data.checks.cycles import without_cycles
from generated import growing_season


def test_pure_cycle_is_taken_out_whole():
    cycle = np.tile([0.0, 5.0, -3.0, -2.0], 10)
    np.testing.assert_allclose(without_cycles(cycle, [4]), 0, atol=1e-12)
    np.testing.assert_allclose(without_cycles(100 + cycle, [4]), 100)


def test_too_few_cycles_are_left_in():
    series = growing_season(np.random.default_rng(3), 47)
    assert without_cycles(series, [12]) is series


def test_one_outlier_does_not_touch_the_season():
    cycle = 100 + np.tile([0.0, 50.0, -30.0, -20.0], 10)
    cycle[18] = 900
    flat = without_cycles(cycle, [4])
    np.testing.assert_allclose(np.delete(flat, np.arange(14, 23)), 100, rtol=0.02)
