"""Times of day as columns hold them → seconds since midnight.

    18:00   6:05 pm   18h00   1800          the time
    00 - 01   00:00-01:00   0h-1h           a range: its beginning
    0 … 23   1 … 24   HE 1 … HE 24          hours; counted from 1, the first begins at midnight
    3A, 3B   2*   02:00 DST                 the hour that comes twice when clocks are turned back: marks are left out
    1 … 25   1 … 96   1 … 50                hours, quarters and halves, with the numbers of days of 25 hours

Shapes: ``R`` rows.
"""

import re
from dataclasses import dataclass

import numpy as np

from forecast.data.dates.clock_changes import HOUR, settle_days
from forecast.data.dates.date_forms import DAY
from forecast.data.files.table import Table
from forecast.data.panel import FloatArray, IntArray
from forecast.errors import DataError

MOST_HOURS = 25
SLOTS = {48: (46, 50), 96: (92, 100)}
"""Parts of a day, and the highest numbers that tell them: less than all where only days of 23 hours are there."""
_MARK = r"\s*(?:\*+|[abx]|\(?(?:dst|std?|cest|cet|e[ds]t|c[ds]t|m[ds]t|p[ds]t|bst|gmt|summer|winter|[swabx*])\)?)?"
_ONE = (
    r"(?:he|hb|hour|hr|h|std|stunde)?\.?\s*(?P<hour{0}>\d{{1,2}})(?:\s*[:.h]\s*(?P<minute{0}>\d{{2}})"
    r"(?:[:.](?P<second{0}>\d{{2}})(?:[.,]\d+)?)?)?\s*(?:uhr|hrs?|h)?\s*(?P<half{0}>[ap]\.?m\.?)?" + _MARK
)
_LABEL = re.compile(rf"{_ONE.format(1)}(?:\s*(?:-|–|—|to|bis|~|/)\s*{_ONE.format(2)})?", re.IGNORECASE)
RANGES = 12  # different ranges of hours that are no accident


@dataclass(frozen=True)
class TimeLabel:
    """What one cell says of the time of day, in seconds since midnight."""

    begin: int
    end: int | None  # of a range
    is_bare: bool  # an hour without minutes


def read_label(text: str) -> TimeLabel | None:
    """Returns what a cell says of the time of day; None where that is none."""
    match = _LABEL.fullmatch(text.strip())
    begin = _seconds(match, 1) if match else None
    if match is None or begin is None:
        return None
    end = _seconds(match, 2) if match["hour2"] else None
    is_range = match["hour2"] is not None
    if is_range and end is None:
        return None
    return TimeLabel(begin, end, is_bare=match["minute1"] is None and match["half1"] is None and not is_range)


def has_labels(table: Table, name: str) -> bool:
    """Returns whether each cell of a column that was read as text is a time of day or a range of such."""
    if table.kind(name) not in {"text", "other"}:
        return False
    texts = table.texts(name).values.to_pylist()
    return 0 < len(texts) <= DAY // 60 * 2 and all(read_label(text) for text in texts)


def has_ranges(table: Table, name: str) -> bool:
    """Returns whether a column of any name holds ranges of hours that are all as long, such as 00-01."""
    if not has_labels(table, name):
        return False
    labels = [read_label(text) for text in table.texts(name).values.to_pylist()]
    lengths = {((label.end or 0) - label.begin) % DAY for label in labels if label and label.end is not None}
    return len(lengths) <= 2 and len({label.begin for label in labels if label and label.end is not None}) >= RANGES


def slots_of(table: Table, name: str) -> int:
    """Returns of how many parts of a day a column holds the numbers, all from 0 or 1 on; 0 where it does not."""
    if not table.is_whole(name):
        return 0
    numbers = table.numbers(name)
    if np.isnan(numbers).all():
        return 0
    low, high = int(np.nanmin(numbers)), int(np.nanmax(numbers))
    if low not in {0, 1} or table.distinct(name) != high - low + 1:
        return 0
    return next((parts for parts, (least, most) in SLOTS.items() if least <= high <= most), 0)


def is_packed(table: Table, name: str) -> bool:
    """Returns whether a column holds hours and minutes as one number: 0, 30, 100, 130 … 2330."""
    if not table.is_whole(name):
        return False
    numbers = table.numbers(name)
    hours, minutes = np.divmod(numbers[~np.isnan(numbers)], 100)
    return bool(((hours >= 0) & (hours <= MOST_HOURS) & (minutes < 60)).all() and hours.any())


def time_of_day(table: Table, clock: dict[str, str], days: FloatArray) -> FloatArray:
    """Returns the seconds since midnight at which each row begins, (R,), NaN where it has no day or time.

    Args:
        table: The file.
        clock: The columns that hold a ``clock``, a ``slot``, or an ``hour`` and a ``minute``.
        days: Since 1970, (R,).

    Raises:
        DataError: A time is beyond its day, which has no 25 hours.
    """
    seconds, is_counted = _labelled(table, clock)
    known = np.flatnonzero(~np.isnan(seconds) & ~np.isnan(days))
    if not clock or known.size == 0:
        return seconds
    whole: IntArray = days[known].astype(np.int64)
    settled = settle_days(whole, seconds[known])
    beyond = settled >= DAY if is_counted else settled > DAY
    if beyond.any():
        row = int(known[int(beyond.argmax())])
        name = next(iter(clock.values()))
        text = table.texts(name)
        day = np.datetime64(int(days[row]), "D")
        message = f"{table.place(row)}: {name} {text.value(row)} is beyond the day, and {day} is none of 25 hours"
        raise DataError(message, "correct it; a day on which clocks are turned back has all numbers from 1 to 25")
    seconds[known] = settled
    return seconds


def _labelled(table: Table, clock: dict[str, str]) -> tuple[FloatArray, bool]:
    """Returns the seconds since midnight that the cells say, as if each day had 24 hours, (R,).

    With them comes whether parts of the day are counted, so that the last begins before midnight.
    """
    if "slot" in clock:
        numbers = table.numbers(clock["slot"])
        return np.asarray((numbers - np.nanmin(numbers)) * (DAY // slots_of(table, clock["slot"]))), True
    if "clock" in clock and not is_packed(table, clock["clock"]):
        texts = table.texts(clock["clock"])
        labels = [label for text in texts.values.to_pylist() if (label := read_label(text))]
        begins = np.array([label.begin for label in labels], dtype=np.float64)
        is_counted = all(label.is_bare for label in labels) and begins.min() >= HOUR and begins.max() >= DAY
        return np.append(begins - HOUR * is_counted, np.nan)[texts.codes], bool(is_counted)
    if "clock" in clock:
        hours, minutes = np.divmod(table.numbers(clock["clock"]), 100)
    else:
        hours = table.numbers(clock["hour"]) if "hour" in clock else np.zeros(table.rows)
        minutes = table.numbers(clock["minute"]) if "minute" in clock else np.zeros(table.rows)
    is_counted = bool(np.nanmax(hours) >= DAY // HOUR and np.nanmin(hours) >= 1)
    return np.asarray(3600.0 * (hours - is_counted) + 60.0 * minutes), is_counted


def _seconds(match: re.Match[str], place: int) -> int | None:
    """Returns the seconds since midnight of one time; None where there is no such time."""
    hour, minute, second = (int(match[f"{part}{place}"] or 0) for part in ("hour", "minute", "second"))
    half = match[f"half{place}"]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half[0].lower() == "p")
    if hour > MOST_HOURS + 1 or minute > 59 or second > 59:
        return None
    return 3600 * hour + 60 * minute + second
