"""Limits of forecasts: numbers and columns, carried on where nobody tells, kept whatever comes."""

import numpy as np
import pytest

from forecast.data.covariates import Column, Covariates
from forecast.data.limits import Limits, Within, as_limit, is_never_negative, keep, keep_one, steps_within

NAN, INF = np.nan, np.inf
NONE = np.full(2, -INF)
LAST = np.array([3, 5])


def told(*series, first=(0, 0)):
    """Returns one column, capacity, told for each series from its first step on."""
    known = np.concatenate([np.array(each, dtype=float) for each in series])[:, None]
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in series])])
    columns = (Column("capacity", "known"),)
    return Covariates(columns, known, offsets, np.array(first), np.empty((0, 0)), np.empty((len(series), 0)))


CAPACITY = told([1, 2, NAN, 3, NAN, 5, NAN], [NAN, 7, 8])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("-2.5", -2.5),
        ("1e3", 1000),
        ("capacity", None),
        ("", None),
        (None, None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_a_limit_is_a_number_or_the_name_of_a_column(text, number):
    assert as_limit(text) == number


def test_a_column_is_carried_on_over_gaps_and_beyond_its_end():
    found = Limits(high_column="capacity", told=CAPACITY).within(NONE, LAST, 4)
    np.testing.assert_array_equal(found.high, [[3, 5, 5, 5], [8, 8, 8, 8]])
    np.testing.assert_array_equal(found.low, np.full((2, 4), -INF))


def test_before_a_column_begins_its_first_value_holds_and_a_series_without_any_has_no_limit():
    limits = Limits(low_column="capacity", told=told([NAN, 4, 5], [], first=(2, 0)))
    np.testing.assert_array_equal(limits.within(NONE, np.array([-1, -1]), 2).low, [[4, 4], [-INF, -INF]])


def test_what_nobody_tells_is_named():
    limits = Limits(high_column="capacity", told=CAPACITY)
    assert limits.untold(np.array([4, 0]), 1) == ()
    assert limits.untold(LAST, 1) == ("capacity",)
    assert Limits(high=3.0).untold(LAST, 9) == ()


@pytest.mark.parametrize(
    ("low", "crosses"),
    [(4.0, False), (5.0, False), (5.5, True), (7.5, True)],  # 3, 5, 5, … and 8 are to come
)
def test_limits_cross_where_a_lower_one_is_above_an_upper_one_on_a_step_that_is_told(low, crosses):
    later = np.array([4, 5])
    assert Limits(low, high_column="capacity", told=CAPACITY).cross(later) is crosses
    assert not Limits(low, 1.0).cross(later)  # numbers are compared where they are read


def test_a_column_limits_the_steps_that_it_tells_of_and_a_number_all():
    offsets, first = np.array([0, 3, 5]), np.array([1, 0])
    limits = Limits(low=3.0, high_column="capacity", told=CAPACITY)
    np.testing.assert_array_equal(limits.on_steps(offsets, first, is_high=True), [2, NAN, 3, NAN, 7])
    assert limits.on_steps(offsets, first, is_high=False) == 3
    assert np.isnan(Limits().on_steps(offsets, first, is_high=True))


def test_limits_go_with_their_series():
    limits = Limits(high_column="capacity", told=CAPACITY).of(np.array([1]))
    np.testing.assert_array_equal(limits.within(NONE[:1], np.array([0]), 3).high, [[7, 8, 8]])


def test_limits_that_cross_on_a_step_to_come_are_noticed():
    assert not Limits(low=2.0, high_column="capacity", told=CAPACITY).cross(LAST)
    assert Limits(low=4.0, high_column="capacity", told=CAPACITY).cross(LAST)


def test_values_are_kept_within_whatever_their_shape_and_what_is_unknown_stays_so():
    within = Within(np.array([0.0, -INF]), np.array([[-INF, 1], [2, -INF]]), np.array([[5.0, 5], [INF, 3]]))
    values = np.array([[-9.0, 9.0], [-9.0, NAN]])
    expected = [[0, 5], [2, NAN]]
    np.testing.assert_array_equal(keep(values, within), expected)
    np.testing.assert_array_equal(keep(np.stack([values, values]), within), [expected, expected])
    np.testing.assert_array_equal(keep(values[:, :1], within), [[0], [2]])
    for i in (0, 1):
        np.testing.assert_array_equal(keep_one(values[i][None], within, i), [expected[i]])
    later = steps_within(within, 1, 1)
    np.testing.assert_array_equal(keep(np.full((2, 1), 9.0), later), [[5], [3]])


def test_an_upper_limit_below_zero_goes_before_what_never_was_negative():
    within = Limits(high=-1.0).within(np.zeros(1), np.array([0]), 2)
    np.testing.assert_array_equal(keep(np.array([[4.0, -3.0]]), within), [[-1, -1]])


def test_without_limits_a_series_stays_no_lower_than_it_may_be():
    lowest = np.array([0.0, -INF])
    values = np.array([[-1.0, 2.0], [-1.0, 2.0]])
    np.testing.assert_array_equal(keep(values, lowest), [[0, 2], [-1, 2]])
    np.testing.assert_array_equal(keep_one(values[:1], lowest, 0), [[0, 2]])
    assert steps_within(lowest, 1, 1) is lowest
    assert not is_never_negative(lowest)
    assert is_never_negative(Within(np.zeros(1), np.full((1, 1), -INF), np.full((1, 1), INF)))
