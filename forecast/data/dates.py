"""Dates in whatever form a person wrote them, as timestamps without a time zone.

A form is a format as ``--date-format`` takes it, such as ``%d/%m/%Y``. Each becomes a regular expression with
named fields, so the forms that are tried and the one that a person gives go the same way. The form that reads the
most values wins. Two that read as many, but differently, are an ambiguity that only a person can settle.

Shapes: ``R`` rows, ``D`` different texts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from forecast.data.arrow import coded, flags
from forecast.data.panel import IntArray
from forecast.data.table import Table, Texts, first_row
from forecast.errors import DataError, UsageError

Stamps = NDArray[np.datetime64]

DAY = 86_400
SAMPLE = 200  # different texts that choose the forms worth trying on all
CENTURY = 69  # two-digit years from here on are of the 1900s, as in C and Python
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
FORMS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m", "%Y/%m", "%Y%m", "%m/%Y", "%m-%Y", "%m.%Y"),
    *(order.replace("/", mark) for mark, order in product("/-", ("%d/%m/%Y", "%m/%d/%Y"))),
    *(order.replace("/", mark) for mark, order in product("/-", ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d"))),
    *("%d.%m.%Y", "%d.%m.%y", "%b %d, %Y", "%b %d %Y", "%d %b %Y", "%d-%b-%Y", "%d %b %y", "%d-%b-%y"),
    *("%Y-%b-%d", "%Y %b", "%Y-%b", "%b %Y", "%b-%Y", "%Y"),
)
NAME = rf"(?P<name>sept|{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in MONTHS).lower()})\.?"
ZONE = r"(?P<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)"
HALF = r"(?P<half>[ap])\.?m\.?"
DIRECTIVES = {"b": NAME, "B": NAME, "p": HALF, "z": ZONE, "f": r"\d{1,9}", "%": "%"}
DIGITS = {"Y": "year", "y": "short", "m": "month", "d": "day"}
DIGITS |= {"H": "hour", "I": "hour", "M": "minute", "S": "second"}
CLOCK = r"(?:[t ] *(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
CLOCK += rf"(?: ?{HALF})?(?: ?{ZONE})?)?"


@dataclass(frozen=True, eq=False)
class Dates:
    """A column of dates as positions in the sorted list of its different timestamps."""

    codes: IntArray  # (R,) -1 where the cell is empty
    stamps: Stamps  # sorted, each once, in seconds, without zone
    note: str = ""  # what was done about time zones

    def without(self, unwanted: NDArray[np.bool_]) -> Self:
        """Returns the dates with some of the timestamps taken out, as if their cells were empty."""
        codes = np.where(unwanted, -1, np.cumsum(~unwanted) - 1)
        return replace(self, codes=np.append(codes, -1)[self.codes], stamps=self.stamps[~unwanted])


@dataclass(frozen=True, eq=False)
class Parsed:
    """Texts read by one form."""

    form: str
    valid: NDArray[np.bool_]  # (D,)
    wall: IntArray  # (D,) seconds since 1970 on the clock on the wall
    offset: IntArray  # (D,) seconds by which that clock is ahead of UTC
    zoned: bool  # some text names its zone


def read_dates(table: Table, name: str, form: str | None = None) -> Dates:
    """Returns a column as dates, in the form given or else in the one that fits.

    Raises:
        DataError: A cell is not a date, or every date can be read in two ways.
        UsageError: The form is none.
    """
    if form is None and table.kind(name) == "dates" and not (table.zone(name) and table.dialect):
        return _read_stamps(table, name)
    texts = table.texts(name)
    if len(texts.values) == 0:
        raise DataError(f"column {name} of {table.source.name} is empty.", "--time names another column")
    parsed = _parse(texts.values, form) if form else _best(texts, table.source.name)
    if not parsed.valid.all():
        raise _not_a_date(table, texts, parsed)
    if not parsed.zoned:
        return _dates(texts.codes, parsed.wall.astype("datetime64[s]"))
    return _without_zone(
        (texts.codes, parsed.wall.astype("datetime64[s]")),
        (texts.codes, (parsed.wall - parsed.offset).astype("datetime64[s]")),
    )


def looks_like_dates(texts: Texts, form: str | None = None) -> bool:
    """Returns whether at least half of a sample of the texts are dates, in the form given or in any."""
    sample = _sample(texts.values)
    if 2 * int(flags(pc.match_substring_regex(sample, r"\d\d")).sum()) < len(sample):
        return False  # no year; most text is done with here
    read = int(_parse(sample, form).valid.sum()) if form else max(_counts(sample).values())
    return 0 < len(sample) <= 2 * read


def _read_stamps(table: Table, name: str) -> Dates:
    """Returns a column that Arrow knows for dates already."""
    if not table.zone(name):
        return _dates(*table.stamps(name))
    return _without_zone(table.stamps(name, local=True), table.stamps(name))


def _without_zone(wall: tuple[IntArray, Stamps], utc: tuple[IntArray, Stamps]) -> Dates:
    """Returns days as the wall calendar has them, but times in UTC, where no hour is missing or doubled."""
    hours = wall[1].astype(np.int64) % DAY
    if (hours == hours[0]).all():
        return _dates(*wall, "the time zone of the dates is left out; they are as written")
    return _dates(*utc, "times are converted to UTC and written without their zone")


def _dates(codes: IntArray, stamps: Stamps, note: str = "") -> Dates:
    """Returns dates whose different timestamps are sorted, and each there once."""
    if (stamps[1:] > stamps[:-1]).all():
        return Dates(codes, stamps, note)
    ordered, ranks = np.unique(stamps, return_inverse=True)
    return Dates(np.append(ranks, -1)[codes], ordered, note)


def _best(texts: Texts, file: str) -> Parsed:
    """Returns the texts read by the form that fits most of them.

    Raises:
        DataError: Several forms fit as many, and read them differently.
    """
    counts = _counts(_sample(texts.values))
    enough = max(1.0, 0.9 * max(counts.values()))
    forms = [form for form in FORMS if counts[form] >= enough] or FORMS[:1]
    readings = [_parse(texts.values, form) for form in forms]
    fit = max(reading.valid.sum() for reading in readings)
    best, *others = (reading for reading in readings if reading.valid.sum() == fit)
    differ = [(other.wall != best.wall) & other.valid & best.valid for other in others]
    rivals = [other for other, difference in zip(others, differ, strict=True) if difference.any()]
    if rivals:
        first = int(np.logical_or.reduce(differ).argmax())
        raise _ambiguous(file, str(texts.values[first]), first, [best, *rivals])
    return best


def _counts(sample: Any) -> dict[str, int]:
    """Returns how many texts of the sample each form reads."""
    return {form: int(_parse(sample, form).valid.sum()) for form in FORMS}


def _sample(values: Any) -> Any:
    """Returns the first and the last of many texts."""
    half = SAMPLE // 2
    if len(values) <= SAMPLE:
        return values
    return pa.concat_arrays([values.slice(0, half), values.slice(len(values) - half)])


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
    if unknown or not {"year", "short"} & set(fields) or len(set(fields)) < len(fields):
        reason = f"%{unknown[0]} is not known" if unknown else "it needs a year, and each field once"
        raise UsageError(f"--date-format '{form}' can't be used: {reason}.", "such as --date-format %d/%m/%Y")
    pieces = []
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        if token[1:] in DIGITS:
            packed = "{2}" if len(before) == 2 or len(after) == 2 else "{1,2}"
            width = {"Y": "{4}", "y": "{2}"}.get(token[1:], packed)
            pieces.append(rf"(?P<{DIGITS[token[1:]]}>\d{width})")
        else:
            pieces.append(DIRECTIVES.get(token[1:]) or (" +" if token == " " else re.escape(token.lower())))
    clock = "" if {"hour", "z", "p"} & set(fields) else CLOCK
    return f"^{''.join(pieces)}{clock}$"


def _parse(values: Any, form: str) -> Parsed:
    """Returns texts, an Arrow array (D,), read by one form; values are meaningless where it does not fit."""
    found = pc.extract_regex(pc.utf8_lower(pc.utf8_trim_whitespace(values)), _pattern(form))
    year, short = _numbers(found, "year", 0), _numbers(found, "short", -1)
    year = np.where(short >= 0, short + np.where(short < CENTURY, 2000, 1900), year)
    month = _numbers(found, "month", 1) + _numbers(found, "name", 0, _month)
    day, hour = _numbers(found, "day", 1), _numbers(found, "hour", 0)
    minute, second = _numbers(found, "minute", 0), _numbers(found, "second", 0)
    half = _numbers(found, "half", -1, "ap".index)
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    starts = months.astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - starts
    valid = flags(found.is_valid()) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    valid &= (minute < 60) & (second < 60) & np.where(half < 0, hour < 24, (hour >= 1) & (hour <= 12))
    hour = np.where(half < 0, hour, hour % 12 + 12 * half)
    offset = _numbers(found, "zone", 0, _offset)
    zoned = "zone" in _names(found) and bool((_numbers(found, "zone", 0, len) > 0).any())
    wall = (starts + day - 1) * DAY + hour * 3600 + minute * 60 + second
    return Parsed(form, valid, wall, offset, zoned)


def _numbers(found: Any, field: str, default: int, convert: Callable[[str], int] = int) -> IntArray:
    """Returns one field of all texts, (D,), each different value of it converted once."""
    if field not in _names(found):
        return np.full(len(found), default)
    codes, values = coded(found.field(field))
    return np.array([convert(text) if text else default for text in values.to_pylist()], dtype=np.int64)[codes]


def _names(found: Any) -> list[str]:
    return [field.name for field in found.type]


def _month(name: str) -> int:
    """Returns what to add to January, the default, for the month of that name."""
    return [month[:3].lower() for month in MONTHS].index(name[:3])


def _offset(zone: str) -> int:
    """Returns the seconds that a zone such as z, utc, +02:00 or -0530 is ahead of UTC."""
    if zone[0] not in "+-":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
    return (-60 if zone[0] == "-" else 60) * minutes


def _not_a_date(table: Table, texts: Texts, parsed: Parsed) -> DataError:
    row = first_row(texts.codes, ~parsed.valid)
    swapped = parsed.form.replace("%m", "%\0").replace("%d", "%m").replace("%\0", "%d")
    mends = swapped != parsed.form and _parse(texts.values, swapped).valid.all()
    hint = f"--date-format '{swapped}'" if mends else "correct it, or give the form: --date-format %d/%m/%Y"
    return DataError(f"{table.place(row)}: '{texts.value(row)}' is not a date", hint)


def _ambiguous(file: str, text: str, position: int, readings: list[Parsed]) -> DataError:
    """Returns the question that only a person can answer."""
    days = [reading.wall[position].astype("datetime64[s]").item() for reading in readings]
    same_year = len({day.year for day in days}) == 1
    names = [f"{day.day} {MONTHS[day.month - 1]}" + ("" if same_year else f" {day.year}") for day in days]
    choices = [f"--date-format {reading.form} for {name}" for reading, name in zip(readings, names, strict=True)]
    message = f"{file}: {text} can be {' or '.join(names)}, and no row of the file tells which."
    return DataError(message, ", ".join(choices))
