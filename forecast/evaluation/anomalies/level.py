"""New levels and changes of variance, told from residuals of both sides: a spike alone moves neither.

    level       after a step up, the steps from there on are above what the past let expect, and the steps
                before it are below what the future lets expect; the sum of both, over some steps, is the score
    variance    the mean size of residuals around a step, the largest left out

Shapes: ``N`` steps of one series, or (…, N) of several of one length; ``K`` widths.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
CLIP = 4.0
SPIKE = 3.0
"""A step that is off both sides by so many scales, the same way, is a spike unless a neighbour is, too."""


def without_spikes(past: FloatArray, future: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Returns the residuals of both sides, clipped, 0 where none is known and at spikes, (N,) each."""
    past, future = np.nan_to_num(past), np.nan_to_num(future)
    lone = (np.minimum(np.abs(past), np.abs(future)) > SPIKE) & (past * future > 0)
    beside = np.zeros_like(lone)
    beside[..., 1:] |= lone[..., :-1]
    beside[..., :-1] |= lone[..., 1:]
    spike = lone & ~beside
    past, future = (np.where(spike, 0.0, np.clip(array, -CLIP, CLIP)) for array in (past, future))
    return past, future


def level_scores(past: FloatArray, future: FloatArray, widths: Sequence[int]) -> FloatArray:
    """Returns how far each step begins a new level, in standard deviations, signed, (N,).

    Args:
        past: (N,) residuals by the steps before.
        future: (N,) residuals by the steps after.
        widths: steps before and after that are looked at; the largest score counts.
    """
    best, count = np.zeros(past.shape), past.shape[-1]
    past, future = without_spikes(past, future)
    sums = [_summed(array) for array in (past, future)]
    for width in widths:
        if 2 * width >= count:
            continue
        score = np.empty(past.shape)  # what comes after, less what was before
        score[..., :-width] = sums[0][..., width:-1]
        score[..., -width:] = sums[0][..., -1:]
        score -= sums[0][..., :-1]
        score -= sums[1][..., :-1]
        score[..., width:] += sums[1][..., : -width - 1]
        score /= np.sqrt(2 * width)
        best = np.where(np.abs(score) > np.abs(best), score, best)
    return best


def burst_scores(past: FloatArray, future: FloatArray, width: int) -> FloatArray:
    """Returns the mean size of the residuals around each step, the largest left out and spikes, too, (N,)."""
    cleaned = [np.abs(array) for array in without_spikes(past, future)]
    both = np.where(cleaned[0] * cleaned[1] > 0, (cleaned[0] + cleaned[1]) / 2, np.maximum(*cleaned))
    if both.shape[-1] < 2 * width:
        return np.zeros(both.shape)
    padded = np.pad(both, [*[(0, 0)] * (both.ndim - 1), (width // 2, width - 1 - width // 2)], mode="reflect")
    sums = _summed(padded)
    return (sums[..., width:] - sums[..., :-width] - _largest(padded, width)) / (width - 1)


def spread_forward(scores: FloatArray, steps: int) -> FloatArray:
    """Returns the largest size of a score at or up to so many steps before each step, (N,)."""
    return _largest(np.pad(np.abs(scores), [*[(0, 0)] * (scores.ndim - 1), (steps - 1, 0)]), steps)


def _summed(values: FloatArray) -> FloatArray:
    """Returns the sums of the steps before each, and of all, (…, N + 1)."""
    result = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
    np.cumsum(values, axis=-1, out=result[..., 1:])
    return result


def _largest(values: FloatArray, width: int) -> FloatArray:
    """Returns the largest of each ``width`` steps in a row, (…, N - width + 1), by windows that double."""
    result, span = values, 1
    while span < width:
        step = min(span, width - span)
        result = np.maximum(result[..., :-step], result[..., step:])
        span += step
    return np.asarray(result)
