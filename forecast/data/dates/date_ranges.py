"""Dates that are written as ranges → their beginnings.

    15.10.2023 00:00 - 15.10.2023 01:00        2023-10-15T00:00/2023-10-15T01:00        2023-10-15 to 2023-10-21
    15/10/2023 00:00 - 01:00                   [2023-10-15, 2023-10-16)                 Oct 15 - Oct 21, 2023

Shapes: ``D`` different texts.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forecast.data.arrow import flags
from forecast.data.dates.date_forms import Parsed

_SIGN = r"-|–|—|~|/|->|→|to|until|till|thru|through|and|bis|au|al|a|até|tot|do"
_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?"
_DAY = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{8}"
_TIMES = rf"^(?P<begin>.*\d[ T]+{_TIME})-(?P<end>{_TIME})$"
"""A day with a range of hours, or a time with a zone behind it, of which no column has many."""
_RANGES = (
    rf"(?i)^(?:from |von |du |del |de |vom )?(?P<begin>.*?\d.*?)\s+(?:{_SIGN})\s+(?P<end>.*\d.*)$",
    r"^(?P<begin>[^/]*\d{2}[^/]*)/(?P<end>[^/]*\d{2}[^/]*|P[\dTHMDWYS.]+)$",
    r"^(?P<begin>.*\d\.?)\s*(?:--|–|—|\.\.+|…|~|→|->)\s*(?P<end>\d.*)$",
    r"^[\[(](?P<begin>[^,]*\d[^,]*),\s*(?P<end>[^,]*\d[^,]*)[\])]$",
    rf"^(?P<begin>{_DAY})-(?P<end>{_DAY})$",
    rf"^(?P<begin>(?:{_DAY})(?: *|T){_TIME})-(?P<end>(?:{_DAY})(?: *|T){_TIME})$",
    r"^(?P<begin>\d{1,2}\.(?:\d{1,2}\.)?)-(?P<end>\d{1,2}\.\d{1,2}\.\d{4})$",
)
MOST_ZONES = 3  # that one column has, with summer time
MOSTLY = 0.9


def beginnings(values: Any, sample: Any, read: Callable[[Any], Parsed]) -> Any | None:
    """Returns texts, an Arrow array (D,), with the beginning of each range in its place; None where they are no ranges.

    Args:
        values: The texts.
        sample: Some of them.
        read: Texts in the form that reads the most of them.
    """
    enough = MOSTLY * len(sample)
    begin, end = _split(sample, _TIMES)
    if len(begin) - begin.null_count >= max(enough, 1) and len(pc.unique(end)) > MOST_ZONES:
        return pc.coalesce(_split(values, _TIMES)[0], values)
    if len(sample) == 0 or read(sample).valid.sum() > enough:
        return None
    for pattern in _RANGES:
        begin, end = _split(sample, pattern)
        if len(begin) - begin.null_count < enough:
            continue
        has_year = [_count(side, r"\d{4}|^\d{1,2}\D\d{1,2}\D\d{2}\b|\d{8}") >= enough for side in (begin, end)]
        for complete in (_with_year, _with_rest) if has_year == [False, True] else (_as_it_is,):
            if read(complete(begin, end, read).drop_null()).valid.sum() >= enough:
                return pc.coalesce(complete(*_split(values, pattern), read), values)
    return None


def _split(values: Any, pattern: str) -> tuple[Any, Any]:
    """Returns the beginnings and the ends, null where a text is no range."""
    found = pc.extract_regex(pc.utf8_trim_whitespace(values), pattern)
    return found.field("begin"), found.field("end")


def _count(values: Any, pattern: str) -> int:
    return int(flags(pc.match_substring_regex(values.drop_null(), pattern)).sum())


def _as_it_is(begin: Any, end: Any, read: Callable[[Any], Parsed]) -> Any:
    del end, read
    return begin


def _with_year(begin: Any, end: Any, read: Callable[[Any], Parsed]) -> Any:
    """Returns beginnings with the year that only the ends have, Oct 15 - Oct 21, 2023, or with the one before."""
    year = pc.extract_regex(end, r"(?P<year>(?:, *| +|[./-])\d{4})$").field("year")
    same = pc.binary_join_element_wise(pc.utf8_rtrim(begin, "., /-"), year, "")
    first, last = read(same.fill_null("")), read(end.fill_null(""))
    is_later = first.valid & last.valid & (first.wall > last.wall)
    texts = [
        re.sub(r"\d{4}$", lambda match: str(int(match[0]) - 1), text) if later else text
        for text, later in zip(same.to_pylist(), np.asarray(is_later).tolist(), strict=True)
    ]
    return pa.array(texts, pa.string())


def _with_rest(begin: Any, end: Any, read: Callable[[Any], Parsed]) -> Any:
    """Returns beginnings with all that only the ends have: 15 - 21 Oct 2023, Oct 15 - 21, 2023."""
    del read
    rest = pc.extract_regex(end, r"^\d{1,2}(?P<rest>\D.*)$").field("rest")
    return pc.binary_join_element_wise(pc.utf8_rtrim(begin, "."), rest, "")
