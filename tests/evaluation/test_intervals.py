"""The two half widths of versions that were trained before there was a distribution."""

import numpy as np

from forecast.evaluation.intervals import Calibration

NAN = np.nan
NEVER_NEGATIVE, FREE = 0.0, -np.inf
IDS = ("s0", "s1", "s2")


def intervals_of(calibration, point, scales=None, lowest=FREE):
    series = len(point)
    scales = np.ones(series) if scales is None else np.asarray(scales)
    return {i.level: i for i in calibration.intervals(point, IDS[:series], scales, np.full(series, lowest))}


def test_wider_levels_hold_narrower_ones_and_the_point():
    point = np.random.default_rng(0).normal(0, 5, (3, 6))
    found = intervals_of(Calibration(np.arange(1.0, 7.0), {80: 1.3, 95: 2.1}), point, [1.0, 2.0, 0.1])
    inner, outer = found[80], found[95]
    for a, b in ((outer.lower, inner.lower), (inner.lower, point), (point, inner.upper), (inner.upper, outer.upper)):
        assert (a <= b).all()


def test_series_without_a_scale_has_no_interval_rather_than_one_of_no_width():
    for interval in intervals_of(Calibration(np.ones(6), {80: 1.0}), np.ones((3, 6)), [0.0, NAN, 1.0]).values():
        assert np.isnan(interval.lower[:2]).all()
        assert np.isnan(interval.upper[:2]).all()
        assert (interval.lower[2] < interval.upper[2]).all()


def test_bounds_stand_in_the_unit_of_each_series():
    calibration = Calibration(np.array([1.0, 2.0]), {80: 1.5})
    interval = intervals_of(calibration, np.array([[10.0, 10.0], [0.0, 0.0]]), [2.0, 100.0])[80]
    np.testing.assert_allclose(interval.upper, [[13, 16], [150, 300]])
    np.testing.assert_allclose(interval.lower, [[7, 4], [-150, -300]])


def test_series_that_never_was_negative_has_no_negative_bound():
    point = np.array([[1.0, 0.0, 50.0]])
    calibration = Calibration(np.array([1.0, 1.0, 1.0]), {80: 3.0, 95: 5.0})
    for interval in intervals_of(calibration, point, lowest=NEVER_NEGATIVE).values():
        assert (interval.lower >= 0).all()
        assert (interval.upper >= point).all()
    assert intervals_of(calibration, point)[80].lower[0, 0] == -2


def test_a_series_that_errs_more_has_wider_intervals_and_one_that_was_never_seen_the_usual_ones():
    calibration = Calibration(np.ones(2), {80: 1.0}, {"s1": 3.0})
    assert calibration.own_of(("new", "s1")).tolist() == [1, 3]
    interval = intervals_of(calibration, np.zeros((2, 2)))[80]
    np.testing.assert_array_equal(interval.upper, [[1, 1], [3, 3]])
