import numpy as np
import pytest

from forecast.data.reading.missing_codes import Sentinel, find_sentinels, numbers_among, without

RNG = np.random.default_rng(0)
READINGS = RNG.gamma(2, 2, 500).round(1)


def with_some(value, count=20, values=READINGS):
    mixed = values.copy()
    mixed[::7][:count] = value
    return mixed


@pytest.mark.parametrize("value", [-200, -999, 9999, -99, 99999])
def test_a_number_far_from_all_others_that_comes_again_is_none(value):
    assert find_sentinels(with_some(value)) == [Sentinel(value, 20, True)]


def test_two_of_them_are_found():
    values = with_some(-999)
    values[3:9] = 9999
    assert {(one.value, one.is_sure) for one in find_sentinels(values)} == {(-999.0, True), (9999.0, True)}


def test_one_that_lies_near_is_only_pointed_out():
    [sentinel] = find_sentinels(with_some(-200, values=READINGS * 100))
    assert not sentinel.is_sure


@pytest.mark.parametrize(
    "values",
    [
        READINGS,
        with_some(0),
        with_some(-200, count=2),
        with_some(500),  # a round number, but no row of nines
        with_some(-12.5),
        RNG.normal(0, 100, 500).round(),
        RNG.integers(0, 100, 500).astype(float),
        RNG.integers(1, 10, 500).astype(float),
        np.array([]),
        np.full(9, np.nan),
        np.array([5.0] * 9 + [9999.0] * 9),
    ],
)
def test_values_are_no_sentinels(values):
    assert find_sentinels(values) == []


def test_words_and_numbers_are_told_apart():
    assert numbers_among(("-200", "x", "9999.0")) == [-200, 9999]
    np.testing.assert_array_equal(without(np.array([1, -200.0, 3]), [-200]), [1, np.nan, 3])
    np.testing.assert_array_equal(without(np.array([1, -200.0]), []), [1, -200])
