"""Missing codes: numbers that stand for *not measured*, such as -200 or 9999 among values between 0 and 12.

Such a number is whole, comes again and again, and lies apart from all others. Where it lies farther from them than
they lie from each other, it is surely none of them and is read as missing; otherwise it is only pointed out.

Shapes: ``R`` rows.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from forecast.data.panel import FloatArray

LEAST_REPEATS = 3
SHARE = 0.001  # of the values that must be it, at least, before it is called one
SURELY = 1.0  # lies so many times the spread of the other values apart from the nearest of them
LIKELY = 0.1
MOST = 3  # different ones in a column


@dataclass(frozen=True)
class Sentinel:
    """A number that may stand for a missing value."""

    value: float
    count: int
    is_sure: bool


def find_sentinels(values: FloatArray) -> list[Sentinel]:
    """Returns the suspicious numbers of a column, (R,), those that are sure first."""
    found: list[Sentinel] = []
    rest = values[~np.isnan(values)]
    least = max(LEAST_REPEATS, int(SHARE * rest.size))
    while len(found) < MOST and rest.size:
        ends = [_judged(rest, edge, least) for edge in (rest.min(), rest.max())]
        sentinel = next((end for end in ends if end is not None and end.is_sure), ends[0] or ends[1])
        if sentinel is None:
            break
        found.append(sentinel)
        rest = rest[rest != sentinel.value]
    return sorted(found, key=lambda sentinel: not sentinel.is_sure)


def without(values: FloatArray, missing: Sequence[float]) -> FloatArray:
    """Returns the values with NaN in place of some numbers."""
    return np.where(np.isin(values, missing), np.nan, values) if missing else values


def numbers_among(words: Sequence[str]) -> list[float]:
    """Returns those of the words that are numbers."""
    numbers = []
    for word in words:
        with suppress(ValueError):
            numbers.append(float(word))
    return numbers


def _judged(rest: FloatArray, edge: float, least: int) -> Sentinel | None:
    """Returns the smallest or largest number of a column as a sentinel, if it looks like one."""
    if abs(edge) < 9 or edge % 1:
        return None
    others = rest[rest != edge]
    count = rest.size - others.size
    if count < least or others.size < 2 * LEAST_REPEATS:
        return None
    low, high = float(others.min()), float(others.max())
    apart, spread = min(abs(edge - low), abs(edge - high)), high - low
    nines = abs(edge) >= 99 and set(str(int(abs(edge)))) == {"9"}
    if not (nines or edge < 0 <= low) or spread == 0 or apart < LIKELY * spread:
        return None
    return Sentinel(float(edge), count, apart >= SURELY * spread)
