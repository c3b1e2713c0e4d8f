"""Times that a file spreads over several columns, and rows without any.

    Year  Month  Hour          Date        Time             row
    2007      1     0          10/03/2004  18:00              1
    2007      1     1  ──▶     10/03/2004  19:00  ──▶         2  ──▶  one timestamp a row

Shapes: ``R`` rows.
"""

import re
from collections.abc import Sequence

import numpy as np

from forecast.data.column_names import part_of
from forecast.data.dates.centuries import last_year
from forecast.data.dates.clock_times import MOST_HOURS, has_labels, has_ranges, is_packed, slots_of, time_of_day
from forecast.data.dates.date_forms import DAY, LAST_YEAR, monday
from forecast.data.dates.dates import Dates, read_dates
from forecast.data.dates.infer_frequency import infer_frequency
from forecast.data.dates.month_names import MONTH_OF
from forecast.data.files.table import YEARS, Table
from forecast.data.frequency import ROW
from forecast.data.panel import FloatArray, IntArray
from forecast.errors import DataError
from forecast.name_lists import UnknownNameError, find_names, split_names

LIMITS = {
    "year": (YEARS[0], 2650),  # those of the Buddhist calendar too
    "quarter": (1, 4),
    "month": (1, 12),
    "week": (0, 53),  # 0 and 53 are of years that have them, or refused
    "day": (1, 31),
    "hour": (0, MOST_HOURS),  # from 0 to 23, or from 1 to 24; 25 where clocks are turned back
    "minute": (0, 59),
}
MOSTLY = 0.8
IN_ORDER = ("year", "month", "day", "hour", "minute")  # of columns whose names say nothing
CLOCK_PARTS = ("clock", "slot", "hour", "minute")


def split_columns(table: Table, time: str | None) -> list[str]:
    """Returns the columns that ``--time`` names: one, even with commas in its name, or several."""
    if not time:
        return []
    try:
        return list(find_names([time], table.names))
    except UnknownNameError:
        return list(split_names(time))


def read_times(table: Table, names: Sequence[str], form: str | None = None, today: int | None = None) -> Dates:
    """Returns the timestamps that one column holds, or that several hold together.

    Args:
        table: The file.
        names: The columns.
        form: As ``--date-format`` takes it.
        today: The year that it is, which two digits don't go far beyond.

    Raises:
        DataError: A cell does not fit.
        UsageError: The form is none.
    """
    if len(names) == 1:
        return read_dates(table, names[0], form, today)
    parts = _parts(table, names)
    clock = {part: name for part, name in parts.items() if part in CLOCK_PARTS}
    rest = [name for name in names if name not in clock.values()]
    if len(rest) == 1 and parts.get("year") != rest[0]:
        dates = read_dates(table, rest[0], form, today)
        stamps = dates.stamps.astype("datetime64[D]").astype(np.int64)
        days = np.where(dates.codes >= 0, np.append(stamps, 0)[dates.codes].astype(np.float64), np.nan)
        return _of_rows(days * DAY + time_of_day(table, clock, days), dates)
    days = _calendar_days(table, parts, today)
    return _of_rows(days * DAY + time_of_day(table, clock, days), None)


def columns_of_time(table: Table, time: str, taken: Sequence[str]) -> tuple[str, ...]:
    """Returns the time column with those that say more precisely when, by their names and values; itself if none do."""
    found = {}
    for name in table.names:
        part = _part(table, name)
        if name != time and name not in taken and part and part not in found:
            found[part] = name
    whole = next((found[part] for part in ("clock", "slot") if part in found), None)
    clock = [whole] if whole else [found[part] for part in ("hour", "minute") if "hour" in found and part in found]
    if not clock:
        free = (name for name in table.names if name != time and name not in taken)
        clock = [name for name in free if has_ranges(table, name)][:1]
    if part_of(time) != "year" or not _fits(table, time, "year"):
        return (time, *clock)
    days = next((found[part] for part in ("month", "week", "quarter") if part in found), None)
    if days is None:
        return (time,)
    day = [found["day"]] if "day" in found and days == found.get("month") else []
    return (time, days, *day, *(clock if day else []))


def is_year(table: Table, name: str) -> bool:
    """Returns whether a column of whole numbers holds years, in four digits or in two."""
    return table.is_whole(name) and _fits(table, name, "year")


def is_even(dates: Dates) -> bool:
    """Returns whether timestamps have a common step."""
    try:
        infer_frequency(dates.stamps)
    except DataError:
        return False
    return True


def number_rows(series: IntArray, count: int) -> Dates:
    """Returns each row's number within its series as if it were a date, (R,), from 1; rows of no series have none."""
    order = np.argsort(series, kind="stable")
    sizes = np.bincount(series + 1, minlength=count + 1)
    starts = np.cumsum(sizes) - sizes
    numbers = np.empty(series.size, np.int64)
    numbers[order] = np.arange(series.size) - starts[series[order] + 1]
    longest = int(sizes[1:].max(initial=0))
    stamps = ROW.timestamps(np.arange(1, longest + 1))
    return Dates(np.where(series < 0, -1, numbers), stamps)


def _of_rows(seconds: FloatArray, dates: Dates | None) -> Dates:
    """Returns seconds since 1970, (R,), NaN where a row has none, as dates that keep what was said of their days."""
    known = ~np.isnan(seconds)
    stamps, codes = np.unique(seconds[known].astype(np.int64), return_inverse=True)
    every = np.full(seconds.size, -1)
    every[known] = codes
    if dates is None:
        return Dates(every, stamps.astype("datetime64[s]"))
    return Dates(
        every, stamps.astype("datetime64[s]"), dates.note, dates.form, dates.reason, dates.strays, dates.remarks
    )


def _parts(table: Table, names: Sequence[str]) -> dict[str, str]:
    """Returns which part of a time each column holds: by its name, else by its values or its place among them."""
    parts: dict[str, str] = {}
    for position, name in enumerate(names):
        part = _part(table, name)
        if part is None or part in parts:
            by_place = IN_ORDER[min(position, len(IN_ORDER) - 1)]
            part = next((other for other in ("clock", by_place) if _fits(table, name, other)), None)
        if part is None and position == 0:
            part = "date"
        if part is None or part in parts:
            message = f"Column {name} of {table.source.name} holds no part of a time that goes with the others."
            raise DataError(message, "--time takes one column, or such as Date,Time or Year,Month,Day,Hour")
        parts[part] = name
    return parts


def _part(table: Table, name: str) -> str | None:
    """Returns the part of a time that a column is named after and holds."""
    part = part_of(name)
    if part and _fits(table, name, part):
        return part
    if part in {"hour", "clock"} and (_fits(table, name, "clock") or is_packed(table, name)):
        return "clock"
    if part == "clock" and _fits(table, name, "hour"):
        return "hour"
    return "slot" if part in {"hour", "month", "quarter", "minute"} and _fits(table, name, "slot") else None


def _fits(table: Table, name: str, part: str) -> bool:
    """Returns whether a column holds this part of a time."""
    if part == "clock":
        return has_labels(table, name)
    if table.kind(name) == "text":
        return part in {"month", "quarter"} and not np.isnan(_named_parts(table, name)).any()
    if table.kind(name) != "numbers":
        return False
    if part == "slot":
        return slots_of(table, name) > 0
    numbers = table.numbers(name)
    low, high = LIMITS[part]
    present = numbers[~np.isnan(numbers)]
    fits = present.size > 0 and low <= present.min() and present.max() <= high and bool((present % 1 == 0).all())
    return fits or (part == "year" and has_short_years(table, name))


def has_short_years(table: Table, name: str) -> bool:
    """Returns whether a column holds two digits of years, which change by one, and seldom: 98, 98, 99, 99, 0, 0."""
    if not table.is_whole(name):
        return False
    numbers = table.numbers(name)
    present = numbers[~np.isnan(numbers)].astype(np.int64)
    if present.size == 0 or present.min() < 0 or present.max() > 99 or (present == present[0]).all():
        return False
    steps = np.diff(present) % 100
    steps = steps[steps != 0]
    return bool(max((steps == 1).mean(), (steps == 99).mean()) > MOSTLY)


def named_part(text: str) -> float:
    """Returns the number of the month or quarter in a text such as Jan, M01 or Q1; NaN for others."""
    word = text.strip().lower().rstrip(".")
    digits = re.fullmatch(r"[mq]?0?(\d{1,2})", word)
    number = int(digits[1]) if digits else 1 + MONTH_OF.get(word, -1)
    return float(number) if 1 <= number <= 12 else np.nan


def _named_parts(table: Table, name: str) -> FloatArray:
    """Returns the number of the month or quarter in each different text; NaN for others."""
    return np.array([named_part(text) for text in table.texts(name).values.to_pylist()])


def _numbers(table: Table, name: str) -> FloatArray:
    if table.kind(name) != "text":
        return table.numbers(name)
    return np.append(_named_parts(table, name), np.nan)[table.texts(name).codes]


def _calendar_days(table: Table, parts: dict[str, str], today: int | None) -> FloatArray:
    """Returns the days since 1970 that year, month, day, week or quarter tell, (R,).

    Raises:
        DataError: There is no year, or no such day.
    """
    if "year" not in parts:
        message = f"No column among {', '.join(parts.values())} of {table.source.name} holds years or dates."
        raise DataError(message, "--time takes one column, or such as Date,Time or Year,Month,Day,Hour")
    fields = {part: _numbers(table, name) for part, name in parts.items() if part in LIMITS}
    known = ~np.logical_or.reduce([np.isnan(numbers) for numbers in fields.values()])
    whole = {part: np.where(known, numbers, LIMITS[part][0]).astype(np.int64) for part, numbers in fields.items()}
    if known.any() and whole["year"][known].max() < 100:
        last = last_year(whole["year"][known], today, LAST_YEAR)[0]
        whole["year"] = last - (last - whole["year"]) % 100
    years = whole["year"] - 1970
    month = whole.get("month", 3 * whole.get("quarter", np.ones_like(years)) - 2)
    months = (years * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64) + whole.get("day", np.ones_like(years)) - 1
    if "week" in whole:
        days, in_year = monday(whole["year"], whole["week"])
        if not in_year[known].all():
            row = int((known & ~in_year).argmax())
            message = f"{table.place(row)}: {whole['year'][row]} has no week {whole['week'][row]} by ISO 8601"
            raise DataError(message, "correct it; if weeks are counted otherwise, give the dates on which they begin")
    wrong = known & (days.astype("datetime64[D]").astype("datetime64[M]") != months) & ("week" not in whole)
    if wrong.any():
        row = int(wrong.argmax())
        message = f"{table.place(row)}: {whole['year'][row]}-{month[row]:02}-{whole['day'][row]:02} is not a date"
        raise DataError(message, "correct it, or leave the line out")
    return np.where(known, days.astype(np.float64), np.nan)
