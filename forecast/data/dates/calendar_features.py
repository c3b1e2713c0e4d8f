"""Calendar features: where in the day, week, month and year a step lies, and which holidays it holds.

Each column is a number about zero, or 0 and 1. Columns of one group stand or fall together.

    day      hour of the day, as smooth cycles                  minutes and hours
    week     weekday                                            up to days
    month    day of the month as smooth cycles, first and last day; of weeks: that the month begins in it
    year     day of the year as smooth cycles                   up to weeks; slow: see ``models.covariates.effects``
    length   days and weekdays of the step, leap days included  months and quarters
    easter   share of the days from Maundy Thursday to Easter Monday   months and quarters
    holiday  each holiday of a country, and the days before and after  all but years

Shapes: ``T`` steps in a row, ``D`` days, ``C`` columns.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import MAXYEAR, date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.frequency import Frequency
from forecast.errors import DependencyError, UsageError, did_you_mean
from forecast.wording import DAYS

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Stamps = NDArray[np.datetime64]  # of seconds

GREGORIAN = np.datetime64("1583-01-01")
"""Before it, weekdays and Easter were others; and who counts years from 1 means no dates."""
SLOW = "year"
"""The group whose columns hardly change from one step to the next."""
DAY_SECONDS = 86_400
AROUND = {"2 days before a holiday": 2, "the day before a holiday": 1, "the day after a holiday": -1}
UNSURE = re.compile(r" \(estimated\)|(?<=observed), estimated| \(substituted from [^)]*\)")
"""What a holiday is called in some years only; it is the same one, and what it does is learned once."""


@dataclass(frozen=True)
class CalendarSettings:
    """The numbers by which dates are told; a version keeps those that it was trained with.

    Attributes:
        year_days, month_days: mean length of a year and of a month.
        easter: the days around Easter Sunday that count: Maundy Thursday to Easter Monday.
    """

    year_days: float = 365.2425
    month_days: float = 30.436875
    easter: tuple[int, ...] = (-3, -2, -1, 0, 1)


TODAY = CalendarSettings()


@dataclass(frozen=True, eq=False)
class CalendarFeatures:
    """Columns for consecutive steps."""

    names: tuple[str, ...]  # C
    groups: tuple[str, ...]  # C
    values: FloatArray  # (T, C)


def calendar_features(
    frequency: Frequency, first: int, steps: int, country: str | None = None, settings: CalendarSettings = TODAY
) -> CalendarFeatures:
    """Returns what the dates of some steps say.

    Args:
        frequency: of the steps.
        first: ordinal of the first one.
        steps: how many.
        country: whose holidays are told, as a code such as DE or US-CA; None for none.
        settings: the numbers by which dates are told.

    Raises:
        DependencyError: holidays are asked for and the package ``holidays`` is not installed.
        UsageError: there is no such country.
    """
    nothing = CalendarFeatures((), (), np.empty((steps, 0)))
    if frequency.unit in {"row", "year"}:
        return nothing
    bounds = frequency.period_begins(np.arange(first, first + steps + 1)).astype("datetime64[s]")
    if bounds[0] < GREGORIAN:
        return nothing
    begins, ends = bounds[:-1], bounds[1:]
    if frequency.unit == "business-day":
        ends = begins + np.timedelta64(DAY_SECONDS, "s")  # a Friday is no weekend
    columns: dict[tuple[str, str], FloatArray] = {}
    if frequency.unit in {"month", "quarter"}:
        columns |= _lengths(bounds, frequency, settings)
    else:
        columns |= _cycles(begins, ends, frequency, settings)
    if country:
        columns |= _holidays(begins, ends, country)
    names, groups = tuple(name for _, name in columns), tuple(group for group, _ in columns)
    values = np.empty((steps, len(names)))
    for place, column in enumerate(list(columns)):
        values[:, place] = columns.pop(column)  # of a long series not twice in memory
    return CalendarFeatures(names, groups, values)


def easter(year: int) -> date:
    """Returns Easter Sunday of the Gregorian calendar (Meeus, *Astronomical Algorithms*, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), g = divmod(b, 4), (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _cycles(
    begins: Stamps, ends: Stamps, frequency: Frequency, settings: CalendarSettings
) -> dict[tuple[str, str], FloatArray]:
    """Returns the columns of steps of at most a week, by group and name."""
    middles = begins + (ends - begins) // 2
    days = middles.astype("datetime64[D]")
    months, years = middles.astype("datetime64[M]"), middles.astype("datetime64[Y]")
    month_days = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.float64)
    of_month = (days - months.astype("datetime64[D]")).astype(np.float64)
    of_year = (middles - years.astype("datetime64[s]")).astype(np.float64) / DAY_SECONDS
    columns = _waves("year", "the year", of_year / settings.year_days, 3)
    if frequency.unit == "week":
        second = np.timedelta64(1, "s")
        holds_first = (ends - second).astype("datetime64[M]") != (begins - second).astype("datetime64[M]")
        return columns | {("month", "a month begins"): holds_first.astype(np.float64)}
    columns |= _waves("month", "the month", of_month / month_days, 2)
    columns["month", "first day of the month"] = (of_month == 0).astype(np.float64)
    columns["month", "last day of the month"] = (of_month == month_days - 1).astype(np.float64)
    weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    columns |= {("week", name): (weekday == number).astype(np.float64) for number, name in enumerate(DAYS)}
    if frequency.unit in {"minute", "hour"}:
        of_day = (begins - begins.astype("datetime64[D]")).astype(np.float64) / DAY_SECONDS
        columns |= _waves("day", "the day", of_day, 3)
    return columns


def _waves(group: str, name: str, phase: FloatArray, most: int) -> dict[tuple[str, str], FloatArray]:
    """Returns sines and cosines of a phase that runs from 0 to 1."""
    waves = {}
    for number in range(1, most + 1):
        waves[group, f"sine {number} of {name}"] = np.sin(2 * np.pi * number * phase)
        waves[group, f"cosine {number} of {name}"] = np.cos(2 * np.pi * number * phase)
    return waves


def _lengths(bounds: Stamps, frequency: Frequency, settings: CalendarSettings) -> dict[tuple[str, str], FloatArray]:
    """Returns the columns of months and quarters, by group and name; the last bound ends the last step."""
    days = bounds.astype("datetime64[D]")
    every, ends = np.arange(days[0], days[-1]), (days - days[0]).astype(np.int64)
    length = np.diff(ends).astype(np.float64)
    weekday = (every.astype(np.int64) + 3) % 7
    usual = settings.month_days * frequency.every * (3 if frequency.unit == "quarter" else 1)
    columns: dict[tuple[str, str], FloatArray] = {("length", "days"): length - usual}
    for number, name in enumerate(DAYS):
        columns["length", f"{name}s"] = _within(weekday == number, ends) - length / 7
    feast = _is_among(
        every, [np.datetime64(easter(year)) + shift for year in _years(every) for shift in settings.easter]
    )
    columns["easter", "Easter"] = _within(feast, ends) / len(settings.easter)
    return columns


def _holidays(begins: Stamps, ends: Stamps, country: str) -> dict[tuple[str, str], FloatArray]:
    """Returns a column a holiday, and those of the days around all of them."""
    start = begins[0].astype("datetime64[D]")
    first, last = ((stamps.astype("datetime64[D]") - start).astype(np.int64) for stamps in (begins, ends))
    bounds = np.stack([first, np.maximum(last, first + 1)], axis=1)  # of a step within a day, that day
    every = start + np.arange(bounds.max())
    table = holiday_names(country, _years(every))
    named: dict[str, set[np.datetime64]] = {}
    for day, names in sorted(table.items()):
        for name in names:
            named.setdefault(name, set()).add(np.datetime64(day))
    columns = {("holiday", name): _held(_is_among(every, found), bounds) for name, found in named.items()}
    any_day = {np.datetime64(day) for day in table}
    columns["holiday", "a holiday"] = _held(_is_among(every, any_day), bounds)
    for name, before in AROUND.items():
        columns["holiday", name] = _held(_is_among(every, {day - before for day in any_day} - any_day), bounds)
    return {key: column for key, column in columns.items() if column.any()}


def holiday_names(country: str, years: range) -> dict[date, tuple[str, ...]]:
    """Returns the names of the holidays of a country, or of a part of it such as US-CA, by date.

    Raises:
        DependencyError: the package ``holidays`` is not installed.
        UsageError: it knows no such country or part.
    """
    try:
        import holidays  # noqa: PLC0415 - an extra
    except ImportError:
        message = "Holidays come from the package 'holidays', which is not installed."
        raise DependencyError(message, "pip install 'holidays>=0.60'") from None
    code, _, part = country.upper().partition("-")
    known: dict[str, Any] = holidays.list_supported_countries(include_aliases=False)
    if code not in known:
        message = f"There are no holidays of '{country}'.{did_you_mean(code, known)}"
        raise UsageError(message, "--country takes a code of two letters such as DE, US or GB, or a part: US-CA")
    parts = {name.upper(): name for name in known[code]}
    if part and part not in parts:
        message = f"{code} has no part '{part}'.{did_you_mean(part, known[code])}"
        raise UsageError(
            message, f"--country {code}, or one of {', '.join(f'{code}-{one}' for one in known[code][:20])}"
        )
    found = holidays.country_holidays(code, subdiv=parts.get(part), years=years, language="en_US")
    return {day: tuple(UNSURE.sub("", name) for name in found.get_list(day)) for day in found}


def _years(days: NDArray[np.datetime64]) -> range:
    first, last = days[[0, -1]].astype("datetime64[Y]").astype(np.int64) + 1970
    # the first and last days of a year are beside those of others
    return range(int(first) - 1, min(int(last) + 2, MAXYEAR + 1))


def _is_among(days: NDArray[np.datetime64], some: Collection[np.datetime64]) -> NDArray[np.bool_]:
    return np.isin(days, np.array([*some], dtype="datetime64[D]"))


def _within(flags: NDArray[np.bool_], ends: IntArray) -> FloatArray:
    """Returns how many days between consecutive ends are flagged, (D,) -> (T,)."""
    return np.diff(np.concatenate([[0], np.cumsum(flags)])[ends]).astype(np.float64)


def _held(flags: NDArray[np.bool_], bounds: IntArray) -> FloatArray:
    """Returns how many days of each step are flagged, (D,) -> (T,)."""
    sums = np.concatenate([[0], np.cumsum(flags)])
    return np.asarray(sums[bounds[:, 1]] - sums[bounds[:, 0]], dtype=np.float64)
