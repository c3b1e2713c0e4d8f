"""How well scores rank anomalies: VUS-PR and range-F1, computed by code of its own.

VUS-PR is the volume under the surface of precision and recall over thresholds and buffers (Paparrizos et al. 2022), by
the definition of the reference implementation's fast variant (``RangeAUC_volume_opt``): a label is lengthened on both
sides by half a buffer, where it fades as a square root; recall counts only as far as ranges are hit at all; the area
under each curve is that of steps at 250 thresholds, which are evenly chosen ranks of the scores.

Shapes: ``N`` steps of one series, ``K`` labelled ranges.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
THRESHOLDS = 250
SHORTEST, LONGEST, USUAL = 3, 300, 125
"""Periods that count, and the buffer of a series without one, as in the reference implementation."""


def ranges_of(labels: IntArray) -> list[tuple[int, int]]:
    """Returns the first and the last step of each labelled range."""
    edges = np.diff(np.concatenate([[0], (labels > 0).astype(int), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), (np.flatnonzero(edges == -1) - 1).tolist(), strict=True))


def lengthened(labels: IntArray, buffer: int) -> FloatArray:
    """Returns labels that fade over half a buffer on both sides, (N,)."""
    soft, half, count = (labels > 0).astype(float), buffer // 2, len(labels)
    for first, last in ranges_of(labels):
        after = np.arange(last + 1, min(last + half + 1, count))
        before = np.arange(max(first - half, 0), first)
        soft[after] += np.sqrt(1 - (after - last) / max(buffer, 1))
        soft[before] += np.sqrt(1 - (first - before) / max(buffer, 1))
    return np.minimum(soft, 1.0)


def vus_pr(labels: IntArray, scores: FloatArray, buffer: int, thresholds: int = THRESHOLDS) -> float:
    """Returns the volume under the surface of precision and recall, between 0 and 1.

    Args:
        labels: (N,) 1 within anomalies; at least one is.
        scores: (N,) the larger, the less expected.
        buffer: the longest one; all from 0 on count alike.
        thresholds: how many ranks are looked at.
    """
    order = np.argsort(-scores, kind="stable")
    levels = scores[order][np.linspace(0, len(scores) - 1, thresholds).astype(int)]
    counts = np.searchsorted(-scores[order], -levels, side="right")
    return float(np.mean([_area(labels, scores, width, order, levels, counts) for width in range(buffer + 1)]))


def _area(
    labels: IntArray, scores: FloatArray, buffer: int, order: IntArray, levels: FloatArray, counts: IntArray
) -> float:
    """Returns the area under the curve of precision and recall with one buffer."""
    soft, is_own = lengthened(labels, buffer), labels > 0
    hits = np.cumsum(soft[order])[counts - 1]
    around = np.cumsum(np.where(is_own, 0.0, soft)[order])[counts - 1]
    positives = is_own.sum() + around / 2
    highest = np.array([scores[first : last + 1].max() for first, last in _joined(labels, buffer)])
    found = (highest[:, None] >= levels).mean(axis=0)
    recall, precision = np.minimum(hits / positives, 1) * found, hits / counts
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def _joined(labels: IntArray, buffer: int) -> list[tuple[int, int]]:
    """Returns the ranges with half a buffer on both sides, those that overlap as one."""
    half, result = buffer // 2, []
    for first, last in ranges_of(labels):
        begin, end = max(first - half, 0), min(last + half, len(labels) - 1)
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], end)
        else:
            result.append((begin, end))
    return result


def range_f1(labels: IntArray, scores: FloatArray, thresholds: int = 100) -> float:
    """Returns the best F1 of ranges over thresholds.

    A labelled range is found where a step of it is; an alarm is a run of steps, and right where it touches a label.
    """
    best = 0.0
    truths = ranges_of(labels)
    for share in np.geomspace(1 / len(scores), 0.5, thresholds):
        alarms = scores >= np.quantile(scores, 1 - share)
        told = ranges_of(alarms.astype(int))
        found = sum(bool(alarms[first : last + 1].any()) for first, last in truths)
        right = sum(bool((labels[first : last + 1] > 0).any()) for first, last in told)
        if found and right:
            recall, precision = found / len(truths), right / len(told)
            best = max(best, 2 * recall * precision / (recall + precision))
    return best


def period_of(values: FloatArray) -> int:
    """Returns the buffer of a series: the highest local maximum of its autocorrelation, or a usual one."""
    values = values[:20_000] - values[:20_000].mean()
    power = np.abs(np.fft.rfft(values, 2 * len(values))) ** 2
    correlations = np.fft.irfft(power)[SHORTEST:401]
    inner = correlations[1:-1]
    peaks = np.flatnonzero((inner > correlations[:-2]) & (inner > correlations[2:])) + 1
    if not peaks.size:
        return USUAL
    best = int(peaks[correlations[peaks].argmax()])
    return best + SHORTEST if SHORTEST <= best <= LONGEST else USUAL
