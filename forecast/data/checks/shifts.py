"""Level shifts: steps at which a series moves to another level and stays, such as a new price or another unit.

          after ~~~~~~~~        The mean of the k steps after a step less that of the k steps before it tells a
  ~~~~~~~~|                     shift when it is far from what it is elsewhere in the series, far from the noise
  before  ▲                     around both means, done in a step or two, and there to stay: a random walk drifts.

Shapes: ``N`` steps of one series, ``k`` steps of each mean.
"""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from forecast.data.checks.cycles import without_cycles
from forecast.data.checks.outliers import level_on_either_side, spread
from forecast.data.panel import FloatArray, IntArray

LEAST_SIDE = 8  # steps that make a level
LONGEST_SIDE = 60
UNUSUAL = 8.0  # times the usual difference of the two means
ABOVE_NOISE = 5.0  # standard deviations of the noise around them
ABRUPT = 0.75  # share of the shift that lies between the few steps on both sides of it
LONG = 4  # times as many steps as make a level: so far on both sides of it …
LASTING = 0.5  # … this share of the shift must be left: the end of a rush before Christmas is none
NEAR = 3  # of these few steps, which a median of so many on both sides of each smooths
CHUNK = 1 << 18  # steps at a time: the windows of a long series would fill the memory
MOST = 3  # shifts a series; more are its nature


def level_shifts(values: FloatArray, seasons: Sequence[int]) -> IntArray:
    """Returns the first observed step of each new level, in order.

    Args:
        values: (N,), NaN where nothing was observed.
        seasons: In steps, of the series.
    """
    season = min(seasons, default=1)
    side = season * -(-LEAST_SIDE // season)
    seen = np.flatnonzero(~np.isnan(values))
    if side > LONGEST_SIDE or seen.size < 4 * side:
        return seen[:0]
    bridged = np.interp(np.arange(values.size), seen, values[seen])
    flat = without_cycles(bridged, [season])
    found = _shifts(flat, side)
    if bridged.min() > 0:  # a shift is one in size and in proportion
        found = np.intersect1d(found, _shifts(np.log(flat), side))
    return seen[np.searchsorted(seen, found)] if found.size <= MOST else found[:0]


def _shifts(flat: FloatArray, side: int) -> IntArray:
    """Returns the first steps of new levels of a series without season, in order."""
    level = _smoothed(flat)
    rises = _rises(level, side)
    rises -= np.median(rises)
    strengths = np.abs(rises)
    least = max(UNUSUAL * spread(rises), ABOVE_NOISE * spread(flat - level_on_either_side(flat)))
    found: list[int] = []
    while len(found) <= MOST and strengths[best := int(strengths.argmax())] > least > 0:
        step = best + side
        jump = np.median(level[step : step + NEAR]) - np.median(level[step - NEAR : step])
        stay = np.median(level[step : step + LONG * side]) - np.median(level[max(0, step - LONG * side) : step])
        direction = np.sign(rises[best])
        if jump * direction >= ABRUPT * strengths[best] and stay * direction >= LASTING * strengths[best]:
            found.append(step)
        strengths[max(0, best - side) : best + side] = 0
    return np.array(sorted(found), dtype=np.int64)


def _smoothed(flat: FloatArray) -> FloatArray:
    """Returns the median of the seven steps around each, (N,), so that no outlier is left; the ends are mirrored."""
    padded, width = np.pad(flat, NEAR, mode="reflect"), 2 * NEAR + 1
    pieces = [padded[start : start + CHUNK + width - 1] for start in range(0, flat.size, CHUNK)]
    return np.concatenate([np.median(sliding_window_view(piece, width), axis=1) for piece in pieces])


def _rises(level: FloatArray, side: int) -> FloatArray:
    """Returns the mean of the ``side`` steps from each step on less that of those before, (N - 2 side + 1,)."""
    totals = np.concatenate([[0.0], np.cumsum(level - level.mean())])
    means = (totals[side:] - totals[:-side]) / side
    return np.asarray(means[side:] - means[:-side])
