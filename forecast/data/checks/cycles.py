"""Deseasonalising: what a series does at the same place of every season, taken out.

Shapes: ``N`` steps of one series, ``C`` whole seasonal cycles, ``P`` steps of one season.
"""

from collections.abc import Sequence

import numpy as np

from forecast.data.panel import FloatArray

LEAST_CYCLES = 4  # a median over fewer would be the noise itself


def without_cycles(values: FloatArray, seasons: Sequence[int]) -> FloatArray:
    """Returns the series with its seasons taken out, shortest first, (N,): by ratios where all values are above zero.

    The season is the median of each of its places around a moving mean, so single outliers don't touch it.

    Args:
        values: (N,), without NaN.
        seasons: In steps; those of which there are fewer than four whole cycles are left in.
    """
    positive = bool(values.min() > 0)
    for season in sorted(seasons):
        cycles = values.size // season
        if season < 2 or cycles < LEAST_CYCLES:
            continue
        moving = _around_trend(values, season, positive)
        typical = np.median(moving[: cycles * season].reshape(cycles, season), axis=0)  # (C, P) -> (P,)
        typical = typical / typical.mean() if positive else typical - typical.mean()
        repeated = np.resize(typical, values.size)
        values = values / repeated if positive else values - repeated
    return values


def _around_trend(values: FloatArray, season: int, positive: bool) -> FloatArray:
    """Returns the series over its trend where all is positive, else less it, (N,); trend: the mean of a season."""
    totals = np.concatenate([[0.0], np.cumsum(values - values.mean())])
    inner = (totals[season:] - totals[:-season]) / season + values.mean()
    before = season // 2
    trend = np.pad(inner, (before, season - 1 - before), mode="edge")
    return np.asarray(values / trend if positive else values - trend)
