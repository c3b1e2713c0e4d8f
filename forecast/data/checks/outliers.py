"""Outliers: single values that stand alone, such as typing errors, failed sensors, days like no other.

Each step is held against the median of the three steps before it and that of the three after it, and is apart only
by what it is beyond both. So a new level, a trend or a random walk is no outlier, and neither is a peak that comes
back every season.

       ●            <- alone among its neighbours
  ~~~~~ ~~~~~
             ~~~~~  <- a new level: each step is like those on one of its sides

Shapes: ``N`` steps of one series.
"""

from collections.abc import Sequence

import numpy as np

from forecast.data.checks.cycles import without_cycles
from forecast.data.panel import FloatArray, IntArray

SIDE = 3  # neighbours before and after
LIMIT = 8.0  # standard deviations, estimated robustly: heavy tails are not errors yet
EXTREME = 20.0  # rather a mistake than a rare day
LEAST_STEPS = 20
MOST = 50  # one step in so many; more of them are the nature of the series
NORMAL = 1.4826  # from the median absolute deviation to the standard deviation of normal noise


def outliers(values: FloatArray, seasons: Sequence[int], limit: float = LIMIT) -> IntArray:
    """Returns which steps of a series stand alone, in order.

    Args:
        values: (N,), NaN where nothing was observed.
        seasons: In steps; a peak that returns with one of them is none.
        limit: How far away they are, in standard deviations.
    """
    seen = np.flatnonzero(~np.isnan(values))
    if seen.size < LEAST_STEPS:
        return seen[:0]
    bridged = np.interp(np.arange(values.size), seen, values[seen])
    flat = without_cycles(bridged, seasons)
    expected = level_on_either_side(flat)
    measures = [flat - expected]
    if bridged.min() > 0:
        measures.append(flat / expected)  # the swings of a growing series may be alike in size or in proportion
    alone = np.ones(seen.size, dtype=bool)
    for measure in measures:
        apart = measure[seen] - np.median(measure[seen])
        scale = spread(apart)
        alone &= (np.abs(apart) > limit * scale) & (scale > 0)
    alone_at = seen[alone]
    return alone_at if alone_at.size <= max(2, seen.size // MOST) else seen[:0]


def level_on_either_side(values: FloatArray) -> FloatArray:
    """Returns what is nearest to each step within the medians of the three before and the three after it, (N,).

    At both ends the series is mirrored.
    """
    padded = np.pad(values, SIDE, mode="reflect")
    a, b, c = padded[:-2], padded[1:-1], padded[2:]
    medians = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    before, after = medians[: values.size], medians[SIDE + 1 :]
    return np.asarray(np.clip(values, np.minimum(before, after), np.maximum(before, after)))


def spread(apart: FloatArray) -> float:
    """Returns the standard deviation of distances from a median, heedless of outliers and of the zeros among them.

    A step that is the median itself has a distance of zero. Where medians are of few values, that is one in a few.
    """
    away = np.abs(apart[apart != 0])
    return NORMAL * float(np.median(away)) if away.size else 0.0
