"""Lengths of time as a person writes them: numbers with units, added up (standard library only)."""

import re
from datetime import timedelta

from forecast.errors import UsageError

_UNITS = {
    "seconds": ("s", "sec", "secs", "second", "seconds"),
    "minutes": ("m", "min", "mins", "minute", "minutes"),
    "hours": ("h", "hr", "hrs", "hour", "hours"),
    "days": ("d", "day", "days"),
    "weeks": ("w", "wk", "wks", "week", "weeks"),
    "months": ("mo", "mon", "mos", "month", "months"),
    "years": ("y", "yr", "yrs", "year", "years"),
}
_MEANT = {word: unit for unit, words in _UNITS.items() for word in words}
_DAYS = {"months": 30.436875, "years": 365.2425}
"""Of units that no clock knows, on average."""
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*([a-z]*)\s*", re.ASCII)
EXAMPLES = "90s, 10m, 1.5h, 7d or 4w"
LONG_EXAMPLES = "90d, 26w, 18mo or 1y"


def parse_duration(
    flag: str, text: str, *, bare_seconds: bool = True, may_be_zero: bool = False, is_long: bool = False
) -> timedelta:
    """Returns the length of time that a text stands for: numbers with units, added up; a number alone is seconds.

    Args:
        flag: whose value it is.
        text: what came.
        bare_seconds: take a number without a unit; else it is refused.
        may_be_zero: take 0; else it is refused.
        is_long: take months and years, of their mean length, too.

    Raises:
        UsageError: it stands for none, for nothing, or for more than a calendar holds.
    """
    total = _added_up(text.strip().lower(), bare_seconds, is_long)
    if total is None or not (total or may_be_zero):
        raise UsageError(
            f"{flag} '{text}' is not a length of time.", f"{flag} {LONG_EXAMPLES if is_long else EXAMPLES}"
        )
    return total


def _added_up(text: str, bare_seconds: bool, is_long: bool) -> timedelta | None:
    """Returns the sum of the parts, or None where the text is no list of them."""
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    if [part[2] for part in parts] == [""]:
        return timedelta(seconds=float(parts[0][1])) if bare_seconds else None
    units = [_MEANT.get(part[2]) for part in parts]
    if None in units or len({*units}) < len(units) or not (is_long or _DAYS.keys().isdisjoint(units)):
        return None
    try:
        return sum((_length(str(u), float(p[1])) for u, p in zip(units, parts, strict=True)), timedelta())
    except OverflowError:
        return None


def _length(unit: str, number: float) -> timedelta:
    return timedelta(days=_DAYS[unit] * number) if unit in _DAYS else timedelta(**{unit: number})
