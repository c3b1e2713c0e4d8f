"""Target leakage: columns that hold the target itself in another unit, one step early, or in two parts.

Levels of two things that grow are always alike, so the changes from step to step must be alike too.

Shapes: ``N`` steps of all series together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import FloatArray

ALIKE = 0.995  # correlation, of the values and of their changes
LEAST_STEPS = 12
EXACT = 1e-6  # of the target's variance that the sum of two columns may leave
MOST_PARTS = 20  # columns of which pairs are tried


@dataclass(frozen=True)
class Leak:
    """Columns that tell the target: one, or two that together make it up."""

    columns: tuple[str, ...]
    lead: int  # steps that they are ahead of it: 0 or 1
    correlation: float


def leaks(target: FloatArray, starts: NDArray[np.bool_], other_numbers: Mapping[str, FloatArray]) -> tuple[Leak, ...]:
    """Returns the columns that give the target away.

    Args:
        target: (N,), NaN where nothing was observed.
        starts: (N,), whether a step is the first of its series.
        other_numbers: The other columns by name, (N,) each.
    """
    found = []
    for name, values in other_numbers.items():
        same = _likeness(target, values, starts)
        ahead = _likeness(target[1:], np.where(starts[1:], np.nan, values[:-1]), starts[1:])
        lead, correlation = (1, ahead) if ahead > same else (0, same)
        if correlation >= ALIKE:
            found.append(Leak((name,), lead, correlation))
    told = {leak.columns[0] for leak in found}
    parts = {name: values for name, values in other_numbers.items() if name not in told}
    return (*found, *_sums(target, parts))


def _likeness(target: FloatArray, values: FloatArray, starts: NDArray[np.bool_]) -> float:
    """Returns the smaller correlation of the two: of the values, and of their changes from step to step."""
    inner = ~starts[1:]
    changes = _correlation(np.diff(target)[inner], np.diff(values)[inner])
    return min(changes, _correlation(target, values)) if changes >= ALIKE else changes


def _correlation(a: FloatArray, b: FloatArray) -> float:
    """Returns the absolute correlation where both are known; 0 where that is too seldom or one never changes."""
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    if a.size < LEAST_STEPS:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return abs(float(a @ b)) / scale if scale > 0 else 0.0


def _sums(target: FloatArray, parts: Mapping[str, FloatArray]) -> list[Leak]:
    """Returns the first pair of columns whose sum is the target."""
    for one, other in combinations(list(parts)[:MOST_PARTS], 2):
        total = parts[one] + parts[other]
        known = ~(np.isnan(total) | np.isnan(target))
        if known.sum() >= LEAST_STEPS:
            rest, seen = (total - target)[known], target[known]
            varies = all(np.ptp(parts[name][known]) > 0 for name in (one, other))
            if varies and (rest @ rest) <= EXACT * seen.var() * seen.size:
                return [Leak((one, other), 0, 1.0)]
    return []
