"""Dates that are written as ranges → their beginnings.

    15.10.2023 00:00 - 15.10.2023 01:00        2023-10-15T00:00/2023-10-15T01:00        2023-10-15 to 2023-10-21
    15/10/2023 00:00 - 01:00                   [2023-10-15, 2023-10-16)                 Oct 15 - Oct 21, 2023

Shapes: ``D`` different texts.
"""

from collections.abc import Callable
from typing import Any

import pyarrow.compute as pc

from forecast.data.arrow import flags

_SIGN = r"-|–|—|~|/|->|→|to|until|till|thru|through|and|bis|au|al|a|até|tot|do"
_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?"
_DAY = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{8}"
_RANGES = (
    rf"(?i)^(?:from |von |du |del |de |vom )?(?P<begin>.*?\d.*?)\s+(?:{_SIGN})\s+(?P<end>.*\d.*)$",
    r"^(?P<begin>[^/]*\d{2}[^/]*)/(?P<end>[^/]*\d{2}[^/]*)$",
    r"^(?P<begin>.*\d)\s*(?:--|–|—|\.\.+|…|~|→|->)\s*(?P<end>\d.*)$",
    r"^[\[(](?P<begin>[^,]*\d[^,]*),\s*(?P<end>[^,]*\d[^,]*)[\])]$",
    rf"^(?P<begin>{_DAY})-(?P<end>{_DAY})$",
    rf"^(?P<begin>(?:{_DAY})(?: *|T){_TIME})-(?P<end>(?:{_DAY})(?: *|T){_TIME})$",
    rf"^(?P<begin>.*\d[ T]+{_TIME})-(?P<end>{_TIME})$",
)
_OWN_ZONE = r"^.*\d[ Tt]+\d{1,2}:\d{2}(?::\d{2})?-(?P<end>0\d:?\d{2}|1[0-4]:?\d{2})$"
"""What may be a time with a zone behind it."""
MOST_ZONES = 3  # that one column has, with summer time
MOSTLY = 0.9


def beginnings(values: Any, sample: Any, reads: Callable[[Any], int]) -> Any | None:
    """Returns texts, an Arrow array (D,), with the beginning of each range in its place; None where they are no ranges.

    Args:
        values: The texts.
        sample: Some of them.
        reads: How many texts are dates in one form.
    """
    if _have_zones(sample) or reads(sample) > MOSTLY * len(sample):
        return None
    for pattern in _RANGES:
        begin, end = _split(sample, pattern)
        enough = MOSTLY * len(sample)
        if len(begin) - begin.null_count < enough or len(sample) == 0:
            continue
        for complete in (_as_it_is, _with_year, _with_rest):
            if reads(complete(begin, end).drop_null()) >= enough:
                return pc.coalesce(complete(*_split(values, pattern)), values)
    return None


def _split(values: Any, pattern: str) -> tuple[Any, Any]:
    """Returns the beginnings and the ends, null where a text is no range."""
    found = pc.extract_regex(pc.utf8_trim_whitespace(values), pattern)
    return found.field("begin"), found.field("end")


def _have_zones(sample: Any) -> bool:
    """Returns whether texts end with one of a few zones; as ends of ranges they would go on."""
    found = pc.extract_regex(sample, _OWN_ZONE)
    fits = flags(found.is_valid())
    return bool(fits.mean() > MOSTLY and len(pc.unique(found.field("end"))) <= MOST_ZONES) if len(fits) else False


def _as_it_is(begin: Any, end: Any) -> Any:
    del end
    return begin


def _with_year(begin: Any, end: Any) -> Any:
    """Returns beginnings with the year that only the ends have: Oct 15 - Oct 21, 2023."""
    year = pc.extract_regex(end, r"(?P<year>(?:, *| +|[./-])\d{4})$").field("year")
    return pc.binary_join_element_wise(pc.utf8_rtrim(begin, "., /-"), year, "")


def _with_rest(begin: Any, end: Any) -> Any:
    """Returns beginnings with all that only the ends have: 15 - 21 Oct 2023."""
    rest = pc.extract_regex(end, r"^\d{1,2}(?P<rest>\D.*)$").field("rest")
    return pc.binary_join_element_wise(pc.utf8_rtrim(begin, "."), rest, "")
