"""Unusual shapes: windows that the principal components of all windows don't explain.

The distance of a window from the mean window is measured in the directions in which windows vary, each by how far they
vary there (Mahalanobis), so that what the components leave counts most. Windows that are farthest are left out when
the components are learned anew, and single spikes are taken out before, which are another scorer's.

Shapes: ``M`` windows, ``w`` values of a window, ``N`` steps of one series.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class UsualShapes:
    """The mean window, and in which directions windows vary, how far: (w,), (w, w) and (w,)."""

    mean: FloatArray
    directions: FloatArray
    variances: FloatArray

    def distances(self, windows: FloatArray) -> FloatArray:
        """Returns how far each window is from what is usual, in mean squares of directions, (M,)."""
        return np.asarray((((windows - self.mean) @ self.directions) ** 2 / self.variances).mean(axis=1))


def usual_shapes(windows: FloatArray, settings: AnomalySettings = SETTINGS) -> UsualShapes:
    """Returns what windows have in common, those that are farthest from it left out, (M, w)."""
    kept = windows
    for round_ in range(ROUNDS):
        mean = kept.mean(axis=0)
        centred = kept - mean
        variances, directions = np.linalg.eigh(centred.T @ centred / max(1, len(kept)))
        least = max(LEAST_SHARE * float(variances.mean()), 1e-300)
        learned = UsualShapes(mean, directions, np.maximum(variances, least))
        if round_ < ROUNDS - 1:
            distances = learned.distances(windows)
            most = int((1 - settings.trim) * (len(windows) - 1))
            kept = windows[distances <= np.partition(distances, most)[most]]
    return learned


def over_steps(distances: FloatArray, steps: int) -> FloatArray:
    """Returns the mean distance of the windows that hold each step, (N,)."""
    span = steps - len(distances) + 1
    sums = np.concatenate([[0.0], np.cumsum(distances)])
    places = np.arange(steps)
    begin, end = np.clip(places - span + 1, 0, len(distances)), np.clip(places + 1, 0, len(distances))
    return np.asarray((sums[end] - sums[begin]) / np.maximum(end - begin, 1))
