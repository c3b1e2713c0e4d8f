"""Levels and quantiles as they are asked for."""

import pytest

from forecast.errors import UsageError
from forecast.probabilities import read_levels, read_quantiles


@pytest.mark.parametrize(
    ("asked", "levels"),
    [
        ("50,80,95", (50, 80, 95)),
        ("95, 80", (80, 95)),
        ("80,80.0", (80,)),
        ("99.5", (99.5,)),
        ("80%,95%", (80, 95)),
        ([50, 99.5], (50, 99.5)),
        (90, (90,)),
        ("1,99.9999", (1, 99.9999)),
    ],
)
def test_levels_come_ascending_and_each_once(asked, levels):
    assert read_levels(asked) == levels


def test_whole_levels_are_whole_numbers():
    assert [type(level) for level in read_levels("80.0,99.5")] == [int, float]


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ("0.8,0.95", "in per cent, not shares", "--levels 80,95"),
        ("100", "100 is none", "--levels 80,95"),
        ("0", "0 is none", "--levels 80,95"),
        ("-5,80", "-5 is none", "--levels 80,95"),
        ("99.99999999", "99.9999 at most", "--levels 80,95"),
        ("nan", "'nan' is not a level", "--levels 80,95"),
        ("inf", "'inf' is not a level", "--levels 80,95"),
        ("eighty", "'eighty' is not a level", "--levels 80,95"),
        ((True,), "'True' is not a level", "--levels 80,95"),
        (",", "names nothing", "--levels 80,95"),
        ((), "names nothing", "--levels 80,95"),
    ],
)
def test_what_is_no_level_is_refused_with_one_that_is(asked, message, hint):
    with pytest.raises(UsageError, match=message) as error:
        read_levels(asked)
    assert error.value.hint == hint


def test_quantiles_come_ascending_each_once_and_rounded_as_they_are_looked_up():
    assert read_quantiles("0.9,0.1,0.10,0.5") == (0.1, 0.5, 0.9)
    assert read_quantiles([1 - 0.9]) == (0.1,)


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ("10,50,90", "shares, not per cent", "--quantiles 0.1,0.5,0.9"),
        ("1.5", "1.5 is none", "--quantiles 0.1,0.5,0.9"),
        ("0", "0 is none", "--quantiles 0.1,0.5,0.9"),
        ("1", "1 is none", "--quantiles 0.1,0.5,0.9"),
        ("0.0000000001", "is none", "--quantiles 0.1,0.5,0.9"),
        ("median", "'median' is not a probability", "--quantiles 0.1,0.5,0.9"),
    ],
)
def test_what_is_no_quantile_is_refused_with_one_that_is(asked, message, hint):
    with pytest.raises(UsageError, match=message) as error:
        read_quantiles(asked)
    assert error.value.hint == hint
