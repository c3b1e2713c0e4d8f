"""The forms in which people write dates, as ``--date-format`` takes them: %d/%m/%Y, %b %d, %Y, %G-W%V, %Y-Q%q.

Each becomes a regular expression with named fields, so the forms that are tried and the one that a person gives go the
same way. Beside those that Python knows there are %q, the quarter, and %N, a year that is counted from 1.

Shapes: ``D`` different texts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from forecast.data.arrow import coded, flags
from forecast.data.month_names import MONTH_OF
from forecast.data.panel import IntArray
from forecast.errors import UsageError

DAY = 86_400
CENTURY = 69  # two-digit years from here on are of the 1900s, as in C and Python
FORMS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m", "%Y/%m", "%Y%m", "%m/%Y", "%m-%Y", "%m.%Y"),
    *("%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%dT%H%M", "%Y%m%dT%H%M%S"),
    *(order.replace("/", mark) for mark, order in product("/-", ("%d/%m/%Y", "%m/%d/%Y"))),
    *(order.replace("/", mark) for mark, order in product("/-", ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d"))),
    *("%d.%m.%Y", "%d.%m.%y", "%b %d, %Y", "%b %d %Y", "%d %b %Y", "%d-%b-%Y", "%d %b %y", "%d-%b-%y"),
    *("%d. %b %Y", "%d de %b de %Y", "%Y年%m月%d日", "%Y年%m月", "%YM%m", "%Y-M%m", "%Y.%m"),
    *("%Y-%b-%d", "%Y %b", "%Y-%b", "%b %Y", "%b-%Y", "%b %y", "%b-%y", "%Y"),
    *("%G-W%V", "%GW%V", "%G W%V", "%G-W%V-%u", "W%V %G", "W%V-%G", "W%V/%G", "Week %V %G", "KW %V/%G", "KW %V %G"),
    *("%Y-Q%q", "%YQ%q", "%Y Q%q", "%Y/Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y"),
    *("%qQ%Y", "%qQ%y", "%qQ %Y", "Q%q %y", "Q%q-%y"),
    *("%m/%y", "%y-%m", "%N-%m", "%G-%V", "%G/%V", "%G%V"),
)
POINTED = "%Y.%m"  # with two digits only: of 2024.10 a spreadsheet leaves 2024.1
COUNTED = "%N-%m"  # 1-01 is the first month of the first year; taken where no other form reads as much
BARE_WEEKS = ("%G-%V", "%G/%V", "%G%V")  # taken where most numbers are too large for months
IN_TURN = "%m/%y"  # 3/24 can be a day of a year that is not told, too: taken where one month follows the other
TIMID = (IN_TURN, "%y-%m", COUNTED, *BARE_WEEKS)  # much that is no date looks like them
NAME = rf"(?P<name>{'|'.join(sorted(map(re.escape, MONTH_OF), key=len, reverse=True))})\.?"
WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[.,]* +)?"
ZONE = r"(?P<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)"
HALF = r"(?P<half>[ap])\.?m\.?"
DIRECTIVES = {"b": NAME, "B": NAME, "p": HALF, "z": ZONE, "f": r"\d{1,9}", "%": "%"}
DIGITS = {"Y": "year", "y": "short", "m": "month", "d": "day"}
DIGITS |= {"H": "hour", "I": "hour", "M": "minute", "S": "second"}
DIGITS |= {"G": "year", "V": "week", "u": "weekday", "q": "quarter", "N": "counted"}
WIDTHS = {"Y": "{4}", "G": "{4}", "y": "{2}", "q": "{1}", "u": "{1}"}
YEARS = {"year", "short", "counted"}
CLOCK = r"(?:[t ] *(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
CLOCK += rf"(?: ?{HALF})?(?: ?{ZONE})?)?"


@dataclass(frozen=True, eq=False)
class Parsed:
    """Texts read by one form."""

    form: str
    valid: NDArray[np.bool_]  # (D,)
    wall: IntArray  # (D,) seconds since 1970 on the clock on the wall
    offset: IntArray  # (D,) seconds by which that clock is ahead of UTC
    zoned: bool  # some text names its zone


@cache
def _pattern(form: str) -> str:
    """Returns the regular expression of a form. One without a time of day takes any.

    Raises:
        UsageError: The form has an unknown directive, names no year, or a field twice.
    """
    tokens = re.findall(r"%.?|[^%]", form, re.DOTALL)
    names = [token[1:] for token in tokens if token[0] == "%" and token != "%%"]
    unknown = [name for name in names if name not in DIGITS | DIRECTIVES]
    fields = [DIGITS.get(name, name.lower()) for name in names]
    if unknown or not YEARS & set(fields) or len(set(fields)) < len(fields):
        reason = f"%{unknown[0]} is not known" if unknown else "it needs a year, and each field once"
        raise UsageError(f"--date-format '{form}' can't be used: {reason}.", "such as --date-format %d/%m/%Y")
    pieces = []
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        if token[1:] in DIGITS:
            packed = "{2}" if len(before) == 2 or len(after) == 2 or form == POINTED else "{1,2}"
            width = WIDTHS.get(token[1:], packed)
            pieces.append(rf"(?P<{DIGITS[token[1:]]}>\d{width})")
        else:
            pieces.append(DIRECTIVES.get(token[1:]) or (" +" if token == " " else re.escape(token.lower())))
    clock = "" if {"hour", "z", "p", "week", "quarter", "counted"} & set(fields) else CLOCK
    weekday = WEEKDAY if "day" in fields else ""
    return f"^{weekday}{''.join(pieces)}{clock}$"


def parse(values: Any, form: str) -> Parsed:
    """Returns texts, an Arrow array (D,), read by one form; values are meaningless where it does not fit."""
    found = pc.extract_regex(pc.utf8_lower(pc.utf8_trim_whitespace(values)), _pattern(form))
    year, short = _numbers(found, "year", 0), _numbers(found, "short", -1)
    year = np.where(short >= 0, short + np.where(short < CENTURY, 2000, 1900), year) + _numbers(found, "counted", 0)
    quarter = _numbers(found, "quarter", 1)
    month = _numbers(found, "month", 1) + _numbers(found, "name", 0, MONTH_OF.__getitem__) + 3 * (quarter - 1)
    day, hour = _numbers(found, "day", 1), _numbers(found, "hour", 0)
    minute, second = _numbers(found, "minute", 0), _numbers(found, "second", 0)
    half = _numbers(found, "half", -1, "ap".index)
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    starts = months.astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - starts
    valid = flags(found.is_valid()) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    is_next_day = (hour == 24) & (minute == 0) & (second == 0)  # as ISO 8601 had it until 2019
    in_day = np.where(half < 0, (hour < 24) | is_next_day, (hour >= 1) & (hour <= 12))
    valid &= (minute < 60) & (second < 60) & in_day
    if "week" in _names(found):
        starts, in_year = monday(year, _numbers(found, "week", 0))
        weekday = _numbers(found, "weekday", 1)
        starts, valid = starts + weekday - 1, valid & in_year & (weekday >= 1) & (weekday <= 7)
    hour = np.where(half < 0, hour, hour % 12 + 12 * half)
    offset = _numbers(found, "zone", 0, _offset)
    zoned = "zone" in _names(found) and bool((_numbers(found, "zone", 0, len) > 0).any())
    wall = (starts + day - 1) * DAY + hour * 3600 + minute * 60 + second
    return Parsed(form, valid, wall, offset, zoned)


def monday(year: IntArray, week: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Returns the day, since 1970, on which a week of ISO 8601 begins, and whether the year has that week."""
    fourth = np.stack([year - 1970, year - 1969]).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64) + 3
    first, following = fourth - (fourth + 3) % 7  # 4 January is always in week 1; 1970-01-01 was a Thursday
    monday = first + 7 * (week - 1)
    return monday, (week >= 1) & (monday < following)


def _numbers(found: Any, field: str, default: int, convert: Callable[[str], int] = int) -> IntArray:
    """Returns one field of all texts, (D,), each different value of it converted once."""
    if field not in _names(found):
        return np.full(len(found), default)
    codes, values = coded(found.field(field))
    return np.array([convert(text) if text else default for text in values.to_pylist()], dtype=np.int64)[codes]


def _names(found: Any) -> list[str]:
    return [field.name for field in found.type]


def _offset(zone: str) -> int:
    """Returns the seconds that a zone such as z, utc, +02:00 or -0530 is ahead of UTC."""
    if zone[0] not in "+-":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
    return (-60 if zone[0] == "-" else 60) * minutes
