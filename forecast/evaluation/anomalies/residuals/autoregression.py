"""What earlier errors tell of the next: a ridge regression of standardised errors on clipped earlier ones.

It is fitted at some origins on all that lies before them, and corrects the forecasts up to the next origin; so no
forecast is of a step that it was fitted to. Steps that were not expected teach nothing.

Shapes: ``S`` series, ``T`` steps, ``F`` features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.anomalies.residuals.smoothing_bank import TO_DEVIATION, StepForecasts
from forecast.evaluation.anomalies.settings import AnomalySettings

FloatArray = NDArray[np.float64]
FAR = 6.0
"""No difference counts for more scales."""
PRIOR = 20.0
"""Steps' worth of the belief that earlier errors tell nothing."""
LEAST = 0.02
"""No scale falls below this share of that of the smoothing alone."""
FIRST = 12
"""Errors that tell of a scale, at least."""
YOUNG = 30.0
"""Steps until which a smoothing without a season is young."""
ROWS = 1 << 16
"""Features of some series that are looked at together: as many as fit into the cache of a core."""


@dataclass(frozen=True, eq=False)
class _Past:
    """What is known of each step once it came, in scales of its forecast's error unless said otherwise, (S, T) each.

    Attributes:
        made: the forecasts.
        errors: 0 where nobody should learn from them.
        clipped: 0 where nothing was observed.
        believed: the value as far as it was not clipped, in its own unit.
        weights: how much they are learned from: of a young smoothing, whose errors will be others, little.
    """

    made: StepForecasts
    errors: FloatArray
    clipped: FloatArray
    believed: FloatArray
    weights: FloatArray


def corrected(
    values: FloatArray, made: StepForecasts, seasons: Sequence[int], settings: AnomalySettings
) -> StepForecasts:
    """Returns the forecasts with what earlier errors tell, and the scale of what is left, (S, T)."""
    told = _predicted(_past_of(values, made, seasons, settings), seasons, settings)
    expected = np.empty_like(values)
    for i, told_of in enumerate(told):  # a row at a time: what is between stays in the cache
        off = np.clip(told_of, -settings.clip, settings.clip, out=told_of)
        np.add(made.expected[i], np.multiply(off, made.scale[i], out=off), out=expected[i])
    sizes = np.abs(np.subtract(values, expected, out=told), out=told)
    return StepForecasts(expected, _scales(sizes, made.scale, settings))


def _past_of(values: FloatArray, made: StepForecasts, seasons: Sequence[int], settings: AnomalySettings) -> _Past:
    errors, clipped, believed, weights = (np.empty_like(values) for _ in range(4))
    grown = max(settings.young * max(seasons, default=1), YOUNG)
    for i, own in enumerate(values):
        error = np.subtract(own, made.expected[i], out=errors[i])
        error /= made.scale[i]
        known = np.clip(error, -settings.clip, settings.clip, out=clipped[i])
        is_known = ~np.isnan(known)
        known[~is_known] = 0.0
        np.add(made.expected[i], known * made.scale[i], out=believed[i])
        weight = np.minimum(np.cumsum(is_known) / grown, 1.0) ** 2
        weight[~(np.abs(error) < settings.clip)] = 0.0
        weights[i] = weight
        error[weight == 0] = 0.0
    return _Past(made, errors, clipped, believed, weights)


def _lags(seasons: Sequence[int]) -> tuple[list[int], list[int]]:
    """Returns the steps ago of the errors, and of the values, that a regression looks at."""
    lags, away = [1, 2, 3], [1, 2]
    for season in seasons:
        lags += [steps for steps in (season, season - 1, season + 1) if steps > 3]
        away += [season, 2 * season]
    return lags, away


def _features(past: _Past, rows: slice, begin: int, end: int, seasons: Sequence[int]) -> FloatArray:
    """Returns earlier errors and how far earlier values were from the forecast, in scales, of some steps, (S, F, T)."""
    lags, away = _lags(seasons)
    clipped, expected = past.clipped[rows], past.made.expected[rows, begin:end]
    result = np.zeros((len(clipped), len(lags) + len(away), end - begin))
    for place, lag in enumerate(lags):
        first = max(begin, lag)
        if first < end:
            result[:, place, first - begin :] = clipped[:, first - lag : end - lag]
    a_scale = 1 / past.made.scale[rows, begin:end]
    for place, lag in enumerate(away, start=len(lags)):
        first = max(begin, lag)
        if first < end:
            own = result[:, place, first - begin :]
            np.subtract(past.believed[rows, first - lag : end - lag], expected[:, first - begin :], out=own)
            own *= a_scale[:, first - begin :]
            np.clip(own, -FAR, FAR, out=own)
    return result


def _predicted(past: _Past, seasons: Sequence[int], settings: AnomalySettings) -> FloatArray:
    """Returns the errors that regressions fitted to earlier steps expect, (S, T)."""
    (series, steps), count = past.errors.shape, sum(len(lags) for lags in _lags(seasons))
    gram, moment, seen = np.zeros((series, count, count)), np.zeros((series, count)), 0.0
    told, ridge = np.zeros((series, steps)), PRIOR * np.eye(count)
    edges = np.unique(np.linspace(0, steps, settings.blocks + 1).astype(int))
    for begin, end in pairwise(edges.tolist()):
        slopes: FloatArray | None = None
        if seen:
            shared = gram.sum(axis=0)
            common = np.linalg.solve(shared + ridge, moment.sum(axis=0))
            usual = settings.own * shared / seen + 1e-6 * np.eye(count)
            slopes = np.linalg.solve(gram + usual + 0.1 * ridge, (moment + usual @ common)[..., None])
        together = max(1, ROWS // (count * (end - begin)))
        for first in range(0, series, together):
            rows = slice(first, first + together)
            own = _features(past, rows, begin, end, seasons)
            if slopes is not None:
                told[rows, begin:end] = np.matmul(slopes[rows].transpose(0, 2, 1), own)[:, 0]
            weighted = own * past.weights[rows, None, begin:end]
            gram[rows] += np.matmul(weighted, own.transpose(0, 2, 1))
            moment[rows] += np.matmul(weighted, past.errors[rows, begin:end, None])[..., 0]
        seen += float(past.weights[:, begin:end].sum())
    return told


def _scales(sizes: FloatArray, first: FloatArray, settings: AnomalySettings) -> FloatArray:
    """Returns how large errors are before each step, heedless of outliers, (S, T).

    Args:
        sizes: of the errors; NaN is none.
        first: their scale as long as too few are known.
        settings: the numbers of the method.
    """
    count = len(sizes)
    scale, left = first[:, 0].copy(), np.ones(count)
    seen, total, total_left = np.zeros(count), np.zeros(count), np.zeros(count)
    result = np.empty(sizes.T.shape)
    for t, (size, at_first) in enumerate(zip(np.ascontiguousarray(sizes.T), first.T, strict=True)):
        usual = np.where(seen < FIRST, at_first, scale)
        many = np.maximum(seen, 1)
        own = np.maximum(usual, settings.floor * total / many)
        ratio = at_first * np.maximum(left, settings.floor * total_left / many)
        result[t] = np.sqrt(own * ratio)
        known = ~np.isnan(size)
        grown = np.where(known, size, 0.0) * TO_DEVIATION
        believed = np.minimum(grown, settings.clip * usual)
        believed_left = np.minimum(grown / at_first, settings.clip * left)
        memory = np.maximum(settings.memory, settings.recent / (seen + settings.recent + 1))
        scale = np.where(known, np.maximum(scale + memory * (believed - scale), LEAST * at_first), scale)
        memory = np.maximum(settings.memory, settings.recent / (seen + FIRST))
        left = np.where(known, np.maximum(left + memory * (believed_left - left), LEAST), left)
        total, total_left = total + np.where(known, believed, 0.0), total_left + np.where(known, believed_left, 0.0)
        seen = seen + known
    return result.T
