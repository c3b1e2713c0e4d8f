"""Unusual shapes: windows that the principal components of all windows don't explain.

The distance of a window from the mean window is measured in the directions in which windows vary, each by how far they
vary there (Mahalanobis), so that what the components leave counts most. Windows that are farthest are left out when
the components are learned anew, and single spikes are taken out before, which are another scorer's.

Shapes: ``M`` windows, ``w`` values of a window, ``N`` steps of one series; ``B`` series of ``T`` steps.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from forecast.evaluation.anomalies.calibration import SMALLEST
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
        off = (windows - self.mean) @ self.weights
        return np.asarray(np.einsum("mw,mw->m", off, off))

    @cached_property
    def weights(self) -> FloatArray:
        """The directions, each divided by how far windows vary there, and by the root of how many these are, (w, w)."""
        return np.asarray(self.directions / np.sqrt(self.variances * len(self.variances)))


def in_size(windows: FloatArray) -> FloatArray:
    """Returns the windows of a series in units of how far it varies within one."""
    return windows / max(float(windows.std()), SMALLEST)


def distances_in_size(
    values: FloatArray, usual: UsualShapes, steps: int, settings: AnomalySettings = SETTINGS
) -> FloatArray:
    """Returns how far the windows that hold each step are from what is usual, in medians of the series, (B, T).

    Windows are in units of how far a series varies within one. NaN where a series is too short for a window or two.

    Args:
        values: (B, T) gaps are bridged.
        usual: shapes of many series.
        steps: of a window, before thinning.
        settings: the numbers of the method.
    """
    result = np.full(values.shape, np.nan)
    rows = np.flatnonzero(~np.isnan(values).all(axis=1))
    if values.shape[1] < 2 * steps or not rows.size:
        return result
    thin = -(-steps // settings.longest)
    width = steps // thin
    known = _bridged(values[rows])
    known -= known.mean(axis=1, keepdims=True)  # of large values, squares would tell nothing of small moves
    if thin > 1:
        sums = np.cumsum(np.pad(known, [(0, 0), (1, 0)]), axis=1)
        known = (sums[:, thin:] - sums[:, :-thin]) / thin
    windows = sliding_window_view(known, (width - 1) * thin + 1, axis=1)[..., ::thin]
    shape, flat = windows.shape, windows.reshape(-1, width)
    apart = (flat @ (usual.weights - usual.weights.mean(axis=0))).reshape(shape)  # takes a window's mean off, too
    squares = np.einsum("mw,mw->m", flat, flat) / width - (flat @ np.full(width, 1 / width)) ** 2
    sizes = np.sqrt(np.maximum(squares.reshape(shape[:2]).mean(axis=1), 0.0))
    sizes[sizes <= ROUNDING * np.abs(values[rows]).max(axis=1, initial=0.0, where=~np.isnan(values[rows]))] = np.inf
    apart /= sizes[:, None, None]
    apart -= usual.mean @ usual.weights
    distances = np.einsum("bmw,bmw->bm", apart, apart)
    distances /= np.maximum(np.median(distances, axis=1, keepdims=True), SMALLEST)
    result[rows] = over_steps(distances, values.shape[1])
    return result


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
    """Returns the mean distance of the windows that hold each step, (…, N)."""
    count = distances.shape[-1]
    span = steps - count + 1
    sums = np.zeros((*distances.shape[:-1], count + 1))
    np.cumsum(distances, axis=-1, out=sums[..., 1:])
    places = np.arange(steps)
    begin, end = np.clip(places - span + 1, 0, count), np.clip(places + 1, 0, count)
    return np.asarray((sums[..., end] - sums[..., begin]) / np.maximum(end - begin, 1))


def _bridged(values: FloatArray) -> FloatArray:
    """Returns a copy of series without gaps, none of which is all gap, (B, T)."""
    values = values.copy()
    places = np.arange(values.shape[1])
    for row in np.flatnonzero(np.isnan(values).any(axis=1)).tolist():
        seen = np.flatnonzero(~np.isnan(values[row]))
        values[row] = np.interp(places, seen, values[row, seen])
    return values
