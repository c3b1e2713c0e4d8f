"""Values that left their level and came back to it: an outage, a closed week. Seen from either end, each is a new level.

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


def excursion_at(panel: Panel, signs: FloatArray, step: int, series: int, season: int) -> Excursion | None:
    """Returns the excursion of which a step is one end; None where values stay, or nobody knows yet.

    Args:
        panel: that the signs are of.
        signs: (N,) how far each step begins a new level, signed, in standard deviations.
        step: at which a new level begins.
        series: of the step.
        season: in steps, 1 for none.
    """
    side, begin, end = side_of(season), int(panel.offsets[series]), int(panel.offsets[series + 1])
    first = max(begin, step - REACH * side)
    opposite = signs[first : min(end, step + REACH * side + 1)] * -np.sign(signs[step])
    if opposite.max() <= CLEAR_SHIFT:
        return None
    onset, stop = sorted((step, first + int(opposite.argmax())))
    before, after = panel.values[max(begin, onset - side) : onset], panel.values[stop : min(end, stop + side)]
    if min((~np.isnan(before)).sum(), (~np.isnan(after)).sum()) < LEAST:
        return None
    size = _off(panel.values[begin:end], onset - begin, stop - begin, season if season <= LONGEST else 1)
    if np.isnan(size) or size * signs[onset] <= 0 or abs(np.nanmedian(after) - np.nanmedian(before)) > BACK * abs(size):
        return None
    return Excursion(onset, stop, size)


def lasts_from(panel: Panel, step: int, series: int, season: int) -> bool:
    """Returns whether values are still off on the second side after a step as they are on the first, or nobody knows."""
    side, begin, end = side_of(season), int(panel.offsets[series]), int(panel.offsets[series + 1])
    bounds = np.clip([step - side, step, step + side, step + 2 * side], begin, end)
    sides = [panel.values[first:stop] for first, stop in pairwise(bounds.tolist())]
    if min((~np.isnan(part)).sum() for part in sides) < LEAST:
        return True
    before, after, later = (float(np.nanmedian(part)) for part in sides)
    return bool((later - before) * np.sign(after - before) > BACK * abs(after - before))


def _off(values: FloatArray, onset: int, stop: int, season: int) -> float:
    """Returns the median of how far the steps are off the nearest outside of them of the same season; NaN if unknown."""
    steps = np.arange(onset, stop)
    earlier = steps - season * ((steps - onset) // season + 1)
    later = steps + season * ((stop - 1 - steps) // season + 1)
    beside = [values[np.clip(at, 0, len(values) - 1)] for at in (earlier, later)]
    beside = [np.where((at >= 0) & (at < len(values)), own, np.nan) for at, own in zip((earlier, later), beside, strict=True)]
    off = values[steps] - np.stack(beside)
    known = off[~np.isnan(off)]
    return float(np.median(known)) if known.size else float("nan")
