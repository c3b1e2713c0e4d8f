"""Detrending: what is left of a series beside its slow movements and its season, and how its level changed.

Each filter is the same for the target and its regressors, so that effects measured on what it leaves stay what they are
(Frisch & Waugh 1933). ``without_trend`` leaves what differs from the steps around, for regressors that come and go;
``change_since`` leaves what changed since one horizon ago, for slow ones such as the time of year.

Shapes: ``n`` steps of one series, ``F`` columns.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LONG_SEASON, TREND_STEPS = 31, 13  # measured by benchmarks/tuning/covariate_effects.py
"""A season of more steps is not taken out, and the trend is then the mean of so many steps around."""
NEIGHBOURS = (-3, -2, -1, 1, 2, 3)  # measured by benchmarks/tuning/covariate_effects.py


def without_trend(columns: FloatArray, season: int) -> FloatArray:
    """Returns columns less the mean of the steps around and less what the neighbouring seasons show, (n, F).

    A long season stays: with it would go what recurs once a year.
    """
    around = TREND_STEPS if season > LONG_SEASON or season <= 3 else season
    rest = moving_mean(columns, around)
    np.subtract(columns, rest, out=rest)  # of a long series not twice in memory
    if season > LONG_SEASON or season == 1:
        return rest
    total, count = np.zeros_like(rest), np.zeros((len(rest), 1))
    for seasons in NEIGHBOURS:
        start, end = max(0, -seasons * season), min(len(rest), len(rest) - seasons * season)
        if start < end:
            total[start:end] += rest[start + seasons * season : end + seasons * season]
            count[start:end] += 1
    total /= np.maximum(count, 1)
    return np.subtract(rest, total, out=rest)


def change_since(columns: FloatArray, season: int, horizon: int) -> FloatArray:
    """Returns how columns' level has changed over one horizon, (n, F); NaN where that is not known."""
    level = moving_mean(columns, season if season > 3 else TREND_STEPS)
    change = np.full_like(level, np.nan)
    change[horizon:] = level[horizon:] - level[: max(len(level) - horizon, 0)]
    return change


def moving_mean(columns: FloatArray, steps: int) -> FloatArray:
    """Returns the mean of ``steps`` steps around each, (n, F): fewer at the ends; an even number in two halves."""
    rows, result = len(columns), np.empty(columns.shape)
    bounds = []
    for late in {0, 1 - steps % 2}:
        start = np.clip(np.arange(rows) - steps // 2 + late, 0, rows)
        bounds.append((start, np.clip(np.arange(rows) - steps // 2 + late + steps, 0, rows)))
    for place in range(columns.shape[1]):  # one by one, since what is in between takes several times their memory
        sums = np.concatenate([[0.0], np.cumsum(columns[:, place])])
        means = [(sums[end] - sums[start]) / np.maximum(end - start, 1) for start, end in bounds]
        result[:, place] = sum(means) / len(means)
    return result
