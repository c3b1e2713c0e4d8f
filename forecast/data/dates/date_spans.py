"""Spans of dates as a person writes them: a year, month, day or time of day, or a range of these, ends included.

    2020            2020-03            2020-03-15            2020-03..2021-06            ..2015            120..125

Of data without dates, the numbers of rows.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.frequency import EPOCH_WEEKDAY, Frequency
from forecast.errors import UsageError

IntArray = NDArray[np.int64]
Stamps = NDArray[np.datetime64]
Span = tuple[Any, Any]
"""From when on, and until when, which is no longer part of it."""

RANGE = ".."
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([ T]\d\d(:\d\d(:\d\d)?)?)?)?)?")


def parse_span(flag: str, text: str, frequency: Frequency, example: str) -> Span:
    """Returns when a day, month, year or time of day begins and ends; of data without dates, a row.

    Args:
        flag: whose value it is.
        text: what came.
        frequency: of the data.
        example: what could stand there instead; of data without dates, rows can.

    Raises:
        UsageError: it is none.
    """
    text = text.strip()
    if frequency.unit == "row":
        if not re.fullmatch(r"\d{1,9}", text):
            raise UsageError(f"{flag} {text} is not the number of a row.", f"{flag} 120..125")
        return tuple(frequency.timestamps(int(text) + np.arange(2)))
    try:
        begin = np.datetime64(text.replace(" ", "T")) if _DATE.fullmatch(text) else None
    except ValueError:
        begin = None
    if begin is None:
        raise UsageError(f"{flag} {text} is not a date, written as year, month and day.", f"{flag} {example}")
    return begin.astype("datetime64[s]"), (begin + 1).astype("datetime64[s]")


def periods_of(frequency: Frequency, ordinals: IntArray) -> tuple[Stamps, Stamps]:
    """Returns when the period of each step begins and ends, in the shape given.

    Weeks of Mondays begin on them, unless they were made of the days that end there.
    """
    stamps = frequency.timestamps(ordinals)
    is_monday = (stamps.astype("datetime64[D]").astype(np.int64) + EPOCH_WEEKDAY) % 7 == 0
    if frequency.unit == "week" and is_monday.all() and not frequency.is_closing:
        return stamps, frequency.timestamps(ordinals + 1)
    return frequency.period_begins(ordinals), frequency.period_begins(ordinals + 1)
