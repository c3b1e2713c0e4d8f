"""Periods of the calendar that the steps of a forecast are added up by, and whether they are there as a whole.

    step        -1   0 | 1   2   3   4   5 |
    month      June  June June July July July July     June began before the forecast, and July may go on after it

A step lies in the period that its date lies in: a week of Sunday, 4 August, in August. Where steps are what is asked
for (weeks of weekly data, quarters of quarterly ones), each is a period of its own, with the days that it has: a week
goes on from its Monday, or ends with its date if that is another day; a quarter of February may go on to April.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast.data.dates.date_spans import periods_of
from forecast.data.frequency import DAY, EPOCH_WEEKDAY, MONTHS, Frequency, Timestamps, months_of, seconds_of
from forecast.errors import UsageError
from forecast.wording import joined

IntArray = NDArray[np.int64]
Period = Literal["day", "week", "month", "quarter", "year", "horizon"]

MONDAY = 7 - EPOCH_WEEKDAY
"""The first one after 1970-01-01: weeks are those of ISO 8601, from Monday to Sunday."""
SLACK = 1.02
"""A step may be this much longer than a period, since months differ."""


@dataclass(frozen=True)
class PeriodKind:
    """One kind of period.

    Attributes:
        days: that it usually has.
        number: of the periods that timestamps lie in, consecutive whole numbers.
        begins: the first day of periods.
    """

    days: float
    number: Callable[[Timestamps], IntArray]
    begins: Callable[[IntArray], Timestamps]


def _months(months: int) -> PeriodKind:
    """Returns the period of so many months."""
    return PeriodKind(
        months * 365.2425 / 12,
        lambda stamps: months_of(stamps) // months,
        lambda numbers: (numbers * months).astype("datetime64[M]").astype("datetime64[s]"),
    )


def _days(days: int, first: int = 0) -> PeriodKind:
    """Returns the period of so many days, of which one begins so many days after 1970-01-01."""
    return PeriodKind(
        days,
        lambda stamps: (seconds_of(stamps) // DAY - first) // days,
        lambda numbers: (numbers * days + first).astype("datetime64[D]").astype("datetime64[s]"),
    )


PERIODS: dict[Period, PeriodKind] = {
    "day": _days(1),
    "week": _days(7, MONDAY),
    "month": _months(1),
    "quarter": _months(3),
    "year": _months(12),
}
HORIZON: Period = "horizon"


def check_period(period: Period, frequency: Frequency) -> None:
    """Refuses a period that is shorter than a step.

    Raises:
        UsageError: it is, or there are no dates.
    """
    if period == HORIZON:
        return
    if frequency.unit == "row":
        raise UsageError(f"Data without dates has no {period}s to add up.", "--total horizon")
    days = 1.0 if frequency.unit == "business-day" else frequency.days
    fitting = [name for name, kind in PERIODS.items() if days <= SLACK * kind.days]
    if period not in fitting:
        words = joined([f"--total {name}" for name in (*fitting, HORIZON)], "or")
        raise UsageError(f"--total {period} is finer than the data, which is {frequency.name}.", words)


def numbered(period: Period, frequency: Frequency, ordinals: IntArray) -> IntArray:
    """Returns the number of the period that each step lies in, of the shape of ``ordinals``; 0 for the horizon."""
    if period == HORIZON:
        return np.zeros(ordinals.shape, dtype=np.int64)
    return ordinals if _is_own(period, frequency) else PERIODS[period].number(frequency.timestamps(ordinals))


def whole_steps(period: Period, frequency: Frequency, last: IntArray, numbers: IntArray) -> NDArray[np.bool_]:
    """Returns whether the period of each step is forecast as a whole, (S, H).

    Args:
        period: any.
        frequency: of the steps.
        last: (S,) ordinal of the last step before the forecast.
        numbers: (S, H), see ``numbered``.
    """
    if period == HORIZON:
        return np.ones(numbers.shape, dtype=bool)
    around = np.stack([last, last + numbers.shape[1] + 1], axis=1)
    before, after = numbered(period, frequency, around).T
    return np.asarray((numbers != before[:, None]) & (numbers != after[:, None]))


def steps_ahead(last: IntArray, horizon: int, newest: IntArray | np.int64) -> NDArray[np.bool_]:
    """Returns which steps of each series' forecast lie after the newest step that was observed of any, (S, H).

    Args:
        last: (S,) ordinal of the last step of each before its forecast.
        horizon: steps of the forecast.
        newest: ordinal of the newest step, one for all or (S,).
    """
    return np.asarray(last[:, None] + np.arange(1, horizon + 1) > np.reshape(newest, (-1, 1)))


def edges_of(period: Period, frequency: Frequency, numbers: IntArray) -> tuple[Timestamps, Timestamps]:
    """Returns the first and the last day of periods of the calendar, by their numbers; see ``numbered``."""
    if _is_own(period, frequency):
        return span_of(frequency, numbers, numbers)
    begins = PERIODS[period].begins
    return begins(numbers), begins(numbers + 1) - np.timedelta64(DAY, "s")


def span_of(frequency: Frequency, first: IntArray, last: IntArray) -> tuple[Timestamps, Timestamps]:
    """Returns the first day of the steps ``first`` and the last of ``last``; their times where steps are no longer."""
    if frequency.unit != "week" and frequency.unit not in MONTHS:
        return frequency.timestamps(first), frequency.timestamps(last)
    days = periods_of(frequency, first)[0], periods_of(frequency, last)[1]
    begins, ends = (each.astype("datetime64[D]") for each in days)
    return begins.astype("datetime64[s]"), (ends - 1).astype("datetime64[s]")


def _is_own(period: Period, frequency: Frequency) -> bool:
    """Returns whether the steps of the data are what is asked for, whenever their weeks, quarters or years begin."""
    return period == frequency.unit and frequency.every == 1 and period != "day"
