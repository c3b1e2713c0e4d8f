"""The forms in which people write dates, as ``--date-format`` takes them: %d/%m/%Y, %b %d, %Y, %G-W%V, %Y-Q%q.

Each becomes a regular expression with named fields, so the forms that are tried and the one that a person gives go the
same way. Beside those that Python knows there are

    %q   the quarter                 %g        the year of a week in two digits, as in C
    %h   the half of a year          19%y      two digits that are of the 1900s; 20%y likewise
    %N   a year counted from 1       %Y-%y     a pair of years, 2010-11: the second must be the year after
                                     %b-%b %Y  the first and the last month of a quarter, Jan-Mar 2010

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
from forecast.data.dates.month_names import MONTH_OF, WEEKDAY
from forecast.data.panel import IntArray
from forecast.errors import UsageError

_HOURS: dict[str, float] = dict.fromkeys(("z", "utc", "gmt", "wet"), 0)
_HOURS |= dict.fromkeys(("west", "bst", "cet", "mez"), 1)
_HOURS |= dict.fromkeys(("cest", "mesz", "eet"), 2)
_HOURS |= dict.fromkeys(("jst", "kst"), 9)
_HOURS |= {"eest": 3, "msk": 3, "ist": 5.5, "awst": 8, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11}
_HOURS |= {"nzst": 12, "nzdt": 13, "nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4}
_HOURS |= {"cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10}
"""That the clocks of a zone are ahead of UTC."""
AMBIGUOUS_ZONES = {"CST", "IST", "BST", "AST", "MST"}  # of several places, unless summer time stands beside them
_NAMES = "|".join(sorted((name for name in _HOURS if name != "z"), key=len, reverse=True))
ZONE = rf"\(?(?P<zone>(?:utc|gmt)?[+-]\d{{2}}(?::?\d{{2}})?|{_NAMES}|z)\)?(?: \([^()]*\))?"
"""A regular expression for a zone, in lower case; JavaScript writes its name in brackets behind it."""


def offset_of(zone: str) -> int:
    """Returns the seconds that a zone is ahead of UTC."""
    if zone in _HOURS:
        return int(_HOURS[zone] * 3600)
    sign, digits = zone.removeprefix("utc").removeprefix("gmt")[0], zone.lstrip("utcgm")[1:]
    minutes = int(digits[:2]) * 60 + int(digits[2:].lstrip(":") or 0)
    return (-60 if sign == "-" else 60) * minutes


DAY = 86_400
LAST_YEAR = 2068  # that two digits may mean where nothing else is known of it, as in C and Python
CENTURIES = ("19", "20")  # before %y they tell what two digits mean, and need not be there
PAIRS = ("%Y-%y", "%Y-%Y", "%y-%y")
_YEARS = ("%Y", "%y", "%Y-%y", "%y-%y")
_QUARTERS = (
    "{}-Q%q",
    "{}Q%q",
    "{} Q%q",
    "{}/Q%q",
    "Q%q {}",
    "Q%q-{}",
    "Q%q/{}",
    "Q%q{}",
    "%qQ{}",
    "%qQ {}",
    "%qQ-{}",
    "Q%q, {}",
    "{}:Q%q",
    "{}.Q%q",
)
_PARTS_OF_YEARS = tuple(order.format(year) for year, order in product(_YEARS, _QUARTERS))
FORMS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m", "%Y/%m", "%Y%m", "%m/%Y", "%m-%Y", "%m.%Y"),
    *("%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%dT%H%M", "%Y%m%dT%H%M%S"),
    *("%Y%m%dT%H%M%Z", "%Y%m%dT%H%M%S%Z", "%Y%m%dT%H%M%S%z", "%Y%m%d_%H%M%S"),
    *(order.replace("/", mark) for mark, order in product("/-", ("%d/%m/%Y", "%m/%d/%Y"))),
    *(order.replace("/", mark) for mark, order in product("/-", ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d"))),
    *("%d.%m.%Y", "%d.%m.%y", "%b %d, %Y", "%b %d %Y", "%d %b %Y", "%d-%b-%Y", "%d %b %y", "%d-%b-%y"),
    *("%d. %b %Y", "%d de %b de %Y", "%Y年%m月%d日", "%Y年%m月", "%YM%m", "%Y-M%m", "%Y.%m"),
    *("%d/%b/%Y", "%d/%b/%y", "%d%b%Y", "%d%b%y", "%d/%b/%Y:%H:%M:%S", "%d/%b/%Y:%H:%M:%S %z", "%b-%d-%Y"),
    *("%d%b%Y:%H:%M:%S", "%b, %Y", "%YP%m", "0%m/%Y", "0%m.%Y", "%Y/0%m"),
    *("%Y년 %m월 %d일", "%Y년%m월%d일", "%Y년 %m월", "%Y년%m월"),
    *(
        f"{day} {clock}{zone} %Y"
        for day, clock, zone in product(("%b %d", "%d %b", "%d. %b"), ("%H:%M:%S", "%H:%M", "%I:%M:%S %p"), (" %Z", ""))
    ),
    *("%Y-%b-%d", "%Y %b", "%Y-%b", "%b %Y", "%b-%Y", "%b/%Y", "%b%Y", "%b %y", "%b-%y", "%b/%y", "%b%y", "%Y"),
    *("%G-W%V", "%GW%V", "%G W%V", "%G-W%V-%u", "W%V %G", "W%V-%G", "W%V/%G", "Week %V %G", "KW %V/%G", "KW %V %G"),
    *("%g-W%V", "%gW%V", "%g W%V", "%g-W%V-%u", "W%V %g", "W%V-%g", "W%V/%g", "Week %V %g", "KW %V/%g", "KW %V %g"),
    *PAIRS,
    *_PARTS_OF_YEARS,
    *(form.replace("Q", "H").replace("q", "h") for form in _PARTS_OF_YEARS),
    *("%b-%b %Y", "%Y %b-%b", "%b-%b %y", "%b-%b-%Y", "FY%y"),
    *("%m/%y", "%m-%y", "%y-%m", "%N-%m", "%G-%V", "%G/%V", "%G%V", "%y-%b", "%y"),
)
POINTED = "%Y.%m"  # with two digits only: of 2024.10 a spreadsheet leaves 2024.1
COUNTED = "%N-%m"  # 1-01 is the first month of the first year; taken where no other form reads as much
BARE_WEEKS = ("%G-%V", "%G/%V", "%G%V")  # taken where most numbers are too large for months
IN_TURN = "%m/%y"  # 3/24 can be a day of a year that is not told, too: taken where one month follows the other
BARE_YEAR = "%y"  # taken where one year follows the other
TIMID = (
    IN_TURN,
    "%m-%y",
    "%y-%m",
    COUNTED,
    *BARE_WEEKS,
    "%y-%y",
    "%y-%b",
    BARE_YEAR,
)  # much that is no date looks like them
_MONTH = "|".join(sorted(map(re.escape, MONTH_OF), key=len, reverse=True))
NAME = rf"(?P<name>{_MONTH})\.?"
LAST = rf"(?P<last>{_MONTH})\.?"
HALF = r"(?P<half>[ap])\.?m\.?"
DIRECTIVES = {"b": NAME, "B": NAME, "p": HALF, "z": ZONE, "Z": ZONE, "f": r"\d{1,9}", "%": "%"}
DIRECTIVES |= dict.fromkeys("aA", r"[^\d\s,]+")
DIGITS = {"Y": "year", "y": "short", "m": "month", "d": "day"}
DIGITS |= {"H": "hour", "I": "hour", "M": "minute", "S": "second"}
DIGITS |= {"G": "year", "g": "short", "V": "week", "u": "weekday", "q": "quarter", "h": "semester", "N": "counted"}
WIDTHS = {"Y": "{4}", "G": "{4}", "y": "{2}", "g": "{2}", "q": "{1}", "u": "{1}", "h": "{1}"}
YEARS = {"year", "short", "counted"}
UNFIT = {"hour", "z", "p", "week", "quarter", "semester", "counted", "next", "last"}  # no time of day goes with them
OF_YEARS = {"year", "short", "next", "quarter", "semester"}  # FY may stand before such a year
CLOCK = r"(?:(?:t|_|,? ) *(?P<hour>\d{1,2})[:h.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
CLOCK += rf"(?: ?{HALF})?(?: ?{ZONE}| ?(?:dst|uhr|[ab*]))?)?"  # marks are of hours that come twice
_TIME = re.compile(r"(?:[tT_]|,? ) *\d{1,2}[:h.]\d{2}.*$")
_QUARTER = r"(?:q|qtr|quarter|quartal|t|trim|trimestre)\.? ?"
_SEMESTER = r"(?:h|hy|half|s)\.? ?"
_DASH = " ?(?:[-–—/]|to|bis) ?"


@dataclass(frozen=True, eq=False)
class Parsed:
    """Texts read by one form."""

    form: str
    valid: NDArray[np.bool_]  # (D,)
    wall: IntArray  # (D,) seconds from 1970 to what the clock on the wall says
    offset: IntArray  # (D,) seconds by which that clock is ahead of UTC
    zoned: bool  # whether any text names a zone
    zone_left_out: str = ""  # what is to be said of zones that are named but not followed
    time: IntArray | None = None  # (D,) seconds since midnight as they are written, 25:00 included


@cache
def _pattern(form: str) -> str:
    """Returns the form as a regular expression (RE2).

    Raises:
        UsageError: The form has an unknown directive, names no year, or a field twice.
    """
    tokens = re.findall(r"%.?|[^%]", form, re.DOTALL)
    names = [token[1:] for token in tokens if token[0] == "%" and token != "%%"]
    unknown = [name for name in names if name not in DIGITS | DIRECTIVES]
    fields = _fields(names)
    if unknown or not YEARS & set(fields) or len(set(fields)) < len(fields):
        reason = f"%{unknown[0]} is not known" if unknown else "it needs a year, and each field once"
        raise UsageError(f"--date-format '{form}' can't be used: {reason}.", "such as --date-format %d/%m/%Y")
    pieces: list[str] = []
    left = list(fields)
    is_pair = bool({"next", "last"} & set(fields))
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        field = left.pop(0) if token[0] == "%" and token != "%%" else ""
        if token in {"%y", "%g"} and "".join(pieces[-2:]) in CENTURIES:
            pieces[-2:] = [f"(?:{''.join(pieces[-2:])})?"]
        if token[1:] in DIGITS:
            packed = "{2}" if len(before) == 2 or len(after) == 2 or form == POINTED else "{1,2}"
            width = "{1,2}" if form == BARE_YEAR else WIDTHS.get(token[1:], packed)
            pieces.append(rf"{_before(field, set(fields))}(?P<{field}>\d{width}){_after(field)}")
        elif field == "last":
            pieces.append(LAST)
        else:
            pieces.append(DIRECTIVES.get(token[1:]) or _literal(token.lower(), set(fields), is_pair=is_pair))
    clock = "" if UNFIT & set(fields) else CLOCK
    return f"^{WEEKDAY if 'day' in fields else ''}{''.join(pieces)}{clock}$"


def _fields(names: list[str]) -> list[str]:
    """Returns what each directive of a form tells; a second year or month is the end of a pair."""
    fields: list[str] = []
    for name in names:
        field = DIGITS.get(name, name.lower())
        if field in {"year", "short"} and {"year", "short"} & set(fields):
            field = "next"
        elif field == "b" and "b" in fields:
            field = "last"
        elif field == "z" and name == "Z":
            field = "z"
        fields.append(field)
    return fields


def _before(field: str, fields: set[str]) -> str:
    """Returns what may stand before the digits of a field: FY10, '48."""
    if field not in {"year", "short"}:
        return ""
    return "(?:fy ?)?'?" if fields <= OF_YEARS else "'?" if field == "short" else ""


def _after(field: str) -> str:
    """Returns what may stand after the digits of a field: 1st, 1."""
    return r"(?:st|nd|rd|th|\.)? ?" if field in {"quarter", "semester"} else ""


def _literal(sign: str, fields: set[str], *, is_pair: bool) -> str:
    """Returns a sign of a form that is no field, in whichever way people write it."""
    if sign == " ":
        return " +"
    if sign == "q" and "quarter" in fields:
        return _QUARTER
    if sign == "h" and "semester" in fields:
        return _SEMESTER
    return _DASH if sign == "-" and is_pair else re.escape(sign)


def parse(values: Any, form: str, last_year: int = LAST_YEAR, *, long_days: bool = False) -> Parsed:
    """Returns texts read by one form; what it says of those that the form does not fit is meaningless.

    Args:
        values: An Arrow array, (D,).
        form: As ``--date-format`` takes it.
        last_year: The last year that two digits may mean; they mean one of the hundred years up to it.
        long_days: Read times up to 25:00 too, as days on which clocks are turned back have them.

    Raises:
        UsageError: The form is none.
    """
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    found = pc.extract_regex(texts, _lean(_pattern(form), texts))
    fits = flags(found.is_valid())
    if not fits.any():
        nothing = np.zeros(len(found), dtype=np.int64)
        return Parsed(form, fits, nothing, nothing, zoned=False)
    year, short = _numbers(found, "year", 0), _numbers(found, "short", -1)
    year = np.where(short >= 0, _full_years(short, form, last_year), year) + _numbers(found, "counted", 0)
    following = _numbers(found, "next", -1)
    fits &= (following < 0) | (following == year + 1) | (following == (year + 1) % 100)
    quarter = _numbers(found, "quarter", 1) + 2 * (_numbers(found, "semester", 1) - 1)
    fits &= (quarter >= 1) & (quarter <= 4) & (_numbers(found, "semester", 1) <= 2)
    month = _numbers(found, "month", 1) + _numbers(found, "name", 0, MONTH_OF.__getitem__) + 3 * (quarter - 1)
    fits &= _numbers(found, "last", 12, MONTH_OF.__getitem__) > month - 1
    day, hour = _numbers(found, "day", 1), _numbers(found, "hour", 0)
    minute, second = _numbers(found, "minute", 0), _numbers(found, "second", 0)
    half = _numbers(found, "half", -1, "ap".index)
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    starts = months.astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - starts
    valid = fits & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    is_next_day = (hour == 24) & (minute == 0) & (second == 0)  # as ISO 8601 had it until 2019
    is_long = (hour >= 24) & (hour * 3600 + minute * 60 + second <= 25 * 3600) & ~is_next_day & (half < 0) & long_days
    in_day = np.where(half < 0, (hour < 24) | is_next_day | is_long, (hour >= 1) & (hour <= 12))
    valid &= (minute < 60) & (second < 60) & in_day
    if "week" in _names(found):
        starts, in_year = monday(year, _numbers(found, "week", 0))
        weekday = _numbers(found, "weekday", 1)
        starts, valid = starts + weekday - 1, valid & in_year & (weekday >= 1) & (weekday <= 7)
    hour = np.where(half < 0, hour, hour % 12 + 12 * half)
    offset = _numbers(found, "zone", 0, offset_of)
    zoned = "zone" in _names(found) and bool((_numbers(found, "zone", 0, len) > 0).any())
    left_out = _unfollowed_zone(found, valid) if zoned else ""
    wall = (starts + day - 1) * DAY + hour * 3600 + minute * 60 + second
    return Parsed(form, valid, wall, offset, zoned and not left_out, left_out, hour * 3600 + minute * 60 + second)


def _lean(pattern: str, texts: Any) -> str:
    """Returns a pattern without names that none of the texts can hold, which RE2 takes most of its time to prepare."""
    if not pc.any(pc.match_substring_regex(texts, r"^[a-z]")).as_py():
        pattern = pattern.replace(WEEKDAY, "")
        if not pc.any(pc.match_substring_regex(texts, r"[a-z]")).as_py():
            pattern = pattern.replace(f"|{_NAMES}|z)", ")")
    return pattern


def likely_forms(sample: Any) -> list[str]:
    """Returns the forms that have the shape of at least one of the texts, an Arrow array; no other form reads any."""
    shapes = {shape for text in sample.to_pylist() for shape in (_shape(text), _shape(_TIME.sub("", text.strip())))}
    return [form for form in FORMS if any(_is_like(shape, _form_shape(form)) for shape in shapes)]


@cache
def _form_shape(form: str) -> str:
    return _shape(
        re.sub(
            "%(.)", lambda match: {"z": "+1", "b": "jan", "B": "jan", "p": "am", "Z": "utc"}.get(match[1], "1"), form
        )
    )


def _shape(text: str) -> str:
    """Returns a text with 9 for its numbers, a for its words and - for marks between; blanks and FY are left out."""
    text = re.sub(r"'|fy(?= *'?\d)|\.(?=\D|$)", "", text.lower())
    text = re.sub(r"(?:gmt|utc)[+-]\d{2}:?\d{2}(?= +\d{4}$)", "utc", text)
    text = re.sub(r"\b(?:to|bis)\b|[–—/.]", "-", text)
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", re.sub(r"\s+", "", text)))


def _is_like(shape: str, form: str) -> bool:
    """Returns whether a shape is that of a form, perhaps with a day of the week before it."""
    return shape.endswith(form) and shape[: len(shape) - len(form)] in {"", "a", "a,", "a-"}


def short_years(values: Any, form: str) -> IntArray:
    """Returns the two digits that stand for the year of each text, (D,); -1 where the form does not fit."""
    return _numbers(pc.extract_regex(pc.utf8_lower(pc.utf8_trim_whitespace(values)), _pattern(form)), "short", -1)


def has_open_century(form: str) -> bool:
    """Returns whether a form has two digits for the year, and does not say of which century."""
    return re.search(r"(?<!19)(?<!20)(?<!%Y.)%[yg]", form) is not None


def _full_years(short: IntArray, form: str, last_year: int) -> IntArray:
    """Returns the years that two digits mean, (D,)."""
    century = re.search(f"({'|'.join(CENTURIES)})%[yg]", form)
    return short + int(century[1]) * 100 if century else last_year - (last_year - short) % 100


def _unfollowed_zone(found: Any, valid: NDArray[np.bool_]) -> str:
    """Returns what to say of names of zones that nobody can follow: of some rows only, or of two places."""
    codes, values = coded(found.field("zone"))
    zones = [str(zone) for zone in values.to_pylist()]
    named = [zone.upper() for zone in zones if zone.isalpha() and zone not in {"z", "utc", "gmt"}]
    is_partial = "" in zones and bool(np.isin(codes[valid], zones.index("")).any())
    if named and (
        is_partial or ([zone for zone in zones if zone] == [zones[codes.max()]] and named[0] in AMBIGUOUS_ZONES)
    ):
        return f"the time zone {' or '.join(sorted(named))} is left out; the times are as written"
    return ""


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
