"""Unusual shapes: windows that the principal components of all windows don't explain.

The distance of a window from the mean window is measured in the directions in which windows vary, each by how far they
vary there (Mahalanobis), so that what the components leave counts most. Windows that are farthest are left out when
the components are learned anew, and single spikes are taken out before, which are another scorer's.

Shapes: ``M`` windows, ``w`` values of a window, ``N`` steps of one series.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from forecast.evaluation.anomalies.settings import SETTINGS, AnomalySettings

FloatArray = NDArray[np.float64]
ROUNDS = 3
ROUNDING = 1e-9
LEAST_SHARE = 0.02
"""No direction counts as less than this share of the mean variance."""


def windows_of(values: FloatArray, steps: int, settings: AnomalySettings = SETTINGS) -> FloatArray:
    """Returns the windows of so many steps of a series without a gap, their mean taken off, (M, w)."""
    thin = -(-steps // settings.longest)
    if thin > 1:
        sums = np.concatenate([[0.0], np.cumsum(values)])
        values = (sums[thin:] - sums[:-thin]) / thin
    width = steps // thin
    windows = sliding_window_view(values, (width - 1) * thin + 1)[:, ::thin]
    apart = windows - windows.mean(axis=1, keepdims=True)
    return np.where(np.abs(apart) <= ROUNDING * np.abs(values).max(), 0.0, apart)


def shape_distances(windows: FloatArray, settings: AnomalySettings = SETTINGS) -> FloatArray:
    """Returns how far each window is from what is usual, in mean squares of directions, (M,)."""
    kept = np.ones(len(windows), dtype=bool)
    distances = np.zeros(len(windows))
    for _ in range(ROUNDS):
        mean = windows[kept].mean(axis=0)
        centred = windows - mean
        own = centred[kept]
        variances, directions = np.linalg.eigh(own.T @ own / max(1, len(own)))
        least = max(LEAST_SHARE * float(variances.mean()), 1e-300)
        distances = ((centred @ directions) ** 2 / np.maximum(variances, least)).mean(axis=1)
        kept = distances <= np.quantile(distances, 1 - settings.trim)
    return distances


def over_steps(distances: FloatArray, steps: int) -> FloatArray:
    """Returns the mean distance of the windows that hold each step, (N,)."""
    span = steps - len(distances) + 1
    sums = np.concatenate([[0.0], np.cumsum(distances)])
    places = np.arange(steps)
    begin, end = np.clip(places - span + 1, 0, len(distances)), np.clip(places + 1, 0, len(distances))
    return np.asarray((sums[end] - sums[begin]) / np.maximum(end - begin, 1))
