"""Values that left their level and came back to it, an outage, a closed week: seen from either end, a new level.

    ──────┐        ┌──────      onset   the first step off
          └────────┘            stop    the first step that is back

Shapes: ``N`` steps of all series together.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.evaluation.anomalies.detector import CLEAR_SHIFT

FloatArray = NDArray[np.float64]
SIDE = 7
"""Steps on either side of a new level that tell it, at least."""
REACH = 2
"""Sides that an excursion may last; what lasts longer is a level of its own."""
BACK = 0.5
"""Of how far values were off: levels before and after that differ by less are one."""
LEAST = 3
"""Values on either side, at least."""
LONGEST = 60
"""Longer seasons are not looked at as a whole."""


@dataclass(frozen=True)
class Excursion:
    """Where values left their level, where they were back, and by how much they were off, in the target's unit."""

    onset: int
    stop: int
    size: float


def side_of(season: int) -> int:
    """Returns the steps on either side of a new level that tell it: whole seasons."""
    return season * -(-SIDE // season) if season <= LONGEST else SIDE


def excursion_at(panel: Panel, shifts: FloatArray, step: int, series: int, season: int) -> Excursion | None:
    """Returns the excursion of which a step is one end; None where values stay, or nobody knows yet.

    Args:
        panel: that the shifts are of.
        shifts: (N,) how far each step begins a new level, signed, in standard deviations.
        step: at which a new level begins.
        series: of the step.
        season: in steps, 1 for none.
    """
    side, begin, end = side_of(season), int(panel.offsets[series]), int(panel.offsets[series + 1])
    first = max(begin, step - REACH * side)
    opposite = shifts[first : min(end, step + REACH * side + 1)] * -np.sign(shifts[step])
    if opposite.max() <= CLEAR_SHIFT:
        return None
    onset, stop = sorted((step, first + int(opposite.argmax())))
    before, after = panel.values[max(begin, onset - side) : onset], panel.values[stop : min(end, stop + side)]
    if min((~np.isnan(before)).sum(), (~np.isnan(after)).sum()) < LEAST:
        return None
    off = _off(panel.values[begin:end], onset - begin, stop - begin, season if season <= LONGEST else 1)
    if np.isnan(off).all():
        return None
    size = float(np.nanmedian(off))
    if size * shifts[onset] <= 0 or abs(np.nanmedian(after) - np.nanmedian(before)) > BACK * abs(size):
        return None
    first_off, last_off = _trimmed(off, size)
    return Excursion(onset + first_off, onset + last_off + 1, size)


def lasts_from(panel: Panel, step: int, series: int, season: int) -> bool:
    """Returns whether values are off on the second side after a step as on the first, or nobody knows."""
    side, begin, end = side_of(season), int(panel.offsets[series]), int(panel.offsets[series + 1])
    bounds = np.clip([step - side, step, step + side, step + 2 * side], begin, end)
    sides = [panel.values[first:stop] for first, stop in pairwise(bounds.tolist())]
    if min((~np.isnan(part)).sum() for part in sides) < LEAST:
        return True
    before, after, later = (float(np.nanmedian(part)) for part in sides)
    return bool((later - before) * np.sign(after - before) > BACK * abs(after - before))


def _trimmed(off: FloatArray, size: float) -> tuple[int, int]:
    """Returns the first and the last step that is off at least half as far as all: a shift may seem a step early."""
    far = np.flatnonzero(off * np.sign(size) > BACK * abs(size))
    return int(far[0]), int(far[-1])


def _off(values: FloatArray, onset: int, stop: int, season: int) -> FloatArray:
    """Returns how far each step is off the nearest outside of them of the same season, NaN where none is known."""
    steps = np.arange(onset, stop)
    places = (steps - season * ((steps - onset) // season + 1), steps + season * ((stop - 1 - steps) // season + 1))
    is_there = [(at >= 0) & (at < len(values)) for at in places]
    beside = [np.where(own, values[np.where(own, at, 0)], np.nan) for own, at in zip(is_there, places, strict=True)]
    sides = values[steps] - np.stack(beside)
    known = ~np.isnan(sides)
    total = np.where(known, sides, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)
