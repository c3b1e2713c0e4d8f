from dataclasses import replace

import numpy as np
import pytest

from forecast.data.frequency import ROW, Frequency, parse_frequency
from forecast.errors import UsageError
from forecast.experiment.decisions.periods import PERIODS, check_period, edges_of, numbered, span_of, whole_steps


def days(*texts):
    return np.array(texts, dtype="datetime64[s]")


@pytest.mark.parametrize(
    ("period", "day", "edges"),
    [
        ("day", "2024-07-10T23", ("2024-07-10", "2024-07-10")),
        ("week", "2024-07-10", ("2024-07-08", "2024-07-14")),  # Monday to Sunday
        ("week", "2024-07-14T23", ("2024-07-08", "2024-07-14")),
        ("week", "1969-12-29", ("1969-12-29", "1970-01-04")),
        ("month", "2024-02-29", ("2024-02-01", "2024-02-29")),
        ("quarter", "2024-12-31", ("2024-10-01", "2024-12-31")),
        ("year", "1969-06-30", ("1969-01-01", "1969-12-31")),
    ],
)
def test_day_lies_in_the_period_of_the_calendar(period, day, edges):
    begin, end = edges_of(period, Frequency("hour"), PERIODS[period].number(days(day)))
    assert (str(begin[0])[:10], str(end[0])[:10]) == edges


@pytest.mark.parametrize(
    ("code", "first", "period", "edges"),
    [
        ("W", "2024-07-01", "week", ("2024-07-01", "2024-07-07")),  # on Mondays weeks begin
        ("W", "2024-07-01T06", "week", ("2024-07-01", "2024-07-07")),
        ("W", "2024-07-02", "week", ("2024-06-26", "2024-07-02")),  # on other days they end
        ("W", "2024-07-03", "week", ("2024-06-27", "2024-07-03")),
        ("W", "2024-07-04", "week", ("2024-06-28", "2024-07-04")),
        ("W", "2024-07-05", "week", ("2024-06-29", "2024-07-05")),
        ("W", "2024-07-06", "week", ("2024-06-30", "2024-07-06")),
        ("W", "2024-07-07", "week", ("2024-07-01", "2024-07-07")),
        ("MS", "2024-02-01", "month", ("2024-02-01", "2024-02-29")),
        ("ME", "2024-02-29", "month", ("2024-02-01", "2024-02-29")),
        ("M", "2024-02-15", "month", ("2024-02-01", "2024-02-29")),
        ("QS", "2024-04-01", "quarter", ("2024-04-01", "2024-06-30")),
        ("QE", "2024-06-30", "quarter", ("2024-04-01", "2024-06-30")),
        ("QS", "2024-02-01", "quarter", ("2024-02-01", "2024-04-30")),  # of a business year
        ("QE", "2024-01-31", "quarter", ("2023-11-01", "2024-01-31")),
        ("YS", "2024-01-01", "year", ("2024-01-01", "2024-12-31")),
        ("YE", "2024-12-31", "year", ("2024-01-01", "2024-12-31")),
        ("YS", "2024-07-01", "year", ("2024-07-01", "2025-06-30")),
        ("YE", "2024-06-30", "year", ("2023-07-01", "2024-06-30")),
        ("B", "2024-07-05", "day", ("2024-07-05", "2024-07-05")),
        ("B", "2024-07-05", "week", ("2024-07-01", "2024-07-07")),
    ],
)
def test_step_as_long_as_the_period_is_one(code, first, period, edges):
    frequency = parse_frequency(code, days(first))
    check_period(period, frequency)
    ordinals = frequency.ordinals(days(first))[:, None] + np.arange(3)
    numbers = numbered(period, frequency, ordinals)
    begin, end = edges_of(period, frequency, numbers[0, :1])
    assert (str(begin[0])[:10], str(end[0])[:10]) == edges
    if period != "week" or frequency.unit == "week":
        assert len(np.unique(numbers)) == 3
        assert whole_steps(period, frequency, ordinals[:, 0] - 1, numbers).all()


@pytest.mark.parametrize(
    ("code", "first", "last", "edges"),
    [
        ("MS", "2024-02-01", "2024-04-01", ("2024-02-01", "2024-04-30")),
        ("ME", "2024-02-29", "2024-04-30", ("2024-02-01", "2024-04-30")),
        ("QE", "2024-03-31", "2024-06-30", ("2024-01-01", "2024-06-30")),
        ("QS", "2024-01-01", "2024-04-01", ("2024-01-01", "2024-06-30")),
        ("YS", "2024-01-01", "2024-01-01", ("2024-01-01", "2024-12-31")),
        ("W-WED", "2024-04-24", "2024-05-01", ("2024-04-18", "2024-05-01")),
        ("W-MON", "2024-04-22", "2024-04-29", ("2024-04-22", "2024-05-05")),
        ("D", "2024-02-01", "2024-02-03", ("2024-02-01", "2024-02-03")),
        ("h", "2024-02-01T05", "2024-02-02T04", ("2024-02-01T05", "2024-02-02T04")),
    ],
)
def test_horizon_goes_from_the_first_day_of_its_first_step_to_the_last_of_its_last(code, first, last, edges):
    frequency = parse_frequency(code, days(first))
    found = [span_of(frequency, *frequency.ordinals(days(first, last))[:, None])]
    assert [(str(begin[0])[: len(edges[0])], str(end[0])[: len(edges[1])]) for begin, end in found] == [edges]


def test_weeks_that_were_made_of_days_end_with_their_monday():
    frequency = replace(parse_frequency("W-MON"), is_closing=True)
    ordinals = frequency.ordinals(days("2024-04-22", "2024-04-29"))
    for begin, end in (edges_of("week", frequency, ordinals), span_of(frequency, ordinals, ordinals)):
        assert [str(day)[:10] for day in begin] == ["2024-04-16", "2024-04-23"]
        assert [str(day)[:10] for day in end] == ["2024-04-22", "2024-04-29"]


def whole(code, origin, horizon, period):
    """Returns which of the steps after an origin belong to a period that is there as a whole."""
    frequency = parse_frequency(code, days(origin))
    last = frequency.ordinals(days(origin))
    steps = last[:, None] + np.arange(1, horizon + 1)
    return whole_steps(period, frequency, last, numbered(period, frequency, steps))[0].tolist()


@pytest.mark.parametrize(
    ("code", "origin", "horizon", "period", "expected"),
    [
        ("D", "2024-07-31", 31, "month", [True] * 31),
        ("D", "2024-07-31", 30, "month", [False] * 30),
        ("D", "2024-07-30", 33, "month", [False] + [True] * 31 + [False]),
        ("B", "2024-07-05", 6, "week", [True] * 5 + [False]),  # a week of five days, after a Friday
        ("MS", "2024-03-01", 4, "quarter", [True] * 3 + [False]),
        ("ME", "2024-03-31", 4, "quarter", [True] * 3 + [False]),
        ("QE", "2024-12-31", 4, "year", [True] * 4),
        ("h", "2024-07-31T23", 25, "day", [True] * 24 + [False]),
        ("W-SUN", "2024-07-28", 2, "week", [True] * 2),
        ("W-MON", "2024-06-24", 10, "month", [True] * 9 + [False]),  # five Mondays in July, four in August
        ("W-SUN", "2024-06-30", 10, "month", [True] * 8 + [False] * 2),
        ("W-MON", "2024-07-01", 4, "month", [False] * 4),
        ("W-MON", "2024-12-30", 53, "year", [True] * 52 + [False]),
        ("QS", "2024-01-01", 5, "year", [False] * 5),
        ("QE", "2023-12-31", 5, "year", [True] * 4 + [False]),
        ("D", "2024-07-30", 3, "horizon", [True] * 3),
    ],
)
def test_period_is_whole_where_all_of_its_steps_are_forecast(code, origin, horizon, period, expected):
    assert whole(code, origin, horizon, period) == expected


@pytest.mark.parametrize(
    ("code", "period"),
    [("MS", "week"), ("YS", "quarter"), ("W", "day"), ("D", "day"), ("2D", "day"), ("6MS", "quarter")],
)
def test_only_what_is_longer_than_a_step_is_added_up(code, period):
    frequency = parse_frequency(code, days("2024-07-01"))
    if (code, period) == ("D", "day"):
        check_period(period, frequency)  # one step each
        return
    with pytest.raises(
        UsageError, match=f"--total {period} is finer than the data, which is {frequency.name}"
    ) as error:
        check_period(period, frequency)
    assert period not in error.value.hint
    assert "--total horizon" in error.value.hint


def test_months_of_31_days_hold_four_weeks():
    check_period("month", parse_frequency("4W", days("2024-07-07")))


def test_rows_have_no_months():
    with pytest.raises(UsageError, match="has no months to add up") as error:
        check_period("month", ROW)
    assert error.value.hint == "--total horizon"
    check_period("horizon", ROW)
