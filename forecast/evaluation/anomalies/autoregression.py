"""What earlier errors tell of the next: a ridge regression of standardised errors on clipped earlier ones.

It is fitted at some origins on all that lies before them, and corrects the forecasts up to the next origin; so no
forecast is of a step that it was fitted to. Steps that were not expected teach nothing.

Shapes: ``S`` series, ``T`` steps, ``F`` features.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.anomalies.settings import AnomalySettings
from forecast.evaluation.anomalies.smoothing_bank import RECENT, TO_DEVIATION, StepForecasts

FloatArray = NDArray[np.float64]
FAR = 6.0
"""No difference counts for more scales."""
PRIOR = 20.0
"""Steps' worth of the belief that earlier errors tell nothing."""
LEAST = 0.02
FIRST = 12


def corrected(
    values: FloatArray, made: StepForecasts, seasons: Sequence[int], settings: AnomalySettings
) -> StepForecasts:
    """Returns the forecasts with what earlier errors tell, and the scale of what is left, (S, T)."""
    errors = (values - made.expected) / made.scale
    known = ~np.isnan(errors)
    clipped = np.where(known, np.clip(errors, -settings.clip, settings.clip), 0.0)
    features = _features(clipped, made, seasons)
    teaches = known & (np.abs(errors) < settings.clip)
    told = _predicted(features, np.where(teaches, errors, 0.0), teaches, settings)
    expected = made.expected + np.clip(told, -settings.clip, settings.clip) * made.scale
    return StepForecasts(expected, made.scale * _left(np.abs(values - expected) / made.scale, settings))


def _features(clipped: FloatArray, made: StepForecasts, seasons: Sequence[int]) -> FloatArray:
    """Returns earlier errors, and how far earlier values were from the forecast, in scales, (S, F, T)."""
    lags, away = [1, 2, 3], [1, 2]
    for season in seasons:
        lags += [steps for steps in (season, season - 1, season + 1) if steps > 3]
        away += [season, 2 * season]
    steps = clipped.shape[1]
    result = np.zeros((len(clipped), len(lags) + len(away), steps))
    for place, lag in enumerate(lags):
        result[:, place, lag:] = clipped[:, : max(0, steps - lag)]
    believed = made.expected + clipped * made.scale
    for place, lag in enumerate(away, start=len(lags)):
        own = result[:, place, lag:]
        np.subtract(believed[:, : max(0, steps - lag)], made.expected[:, lag:], out=own)
        own /= made.scale[:, lag:]
        np.clip(own, -FAR, FAR, out=own)
    return result


def _predicted(
    features: FloatArray, errors: FloatArray, teaches: NDArray[np.bool_], settings: AnomalySettings
) -> FloatArray:
    """Returns the errors that regressions fitted to earlier steps expect, (S, T)."""
    series, count, steps = features.shape
    gram, moment, seen = np.zeros((series, count, count)), np.zeros((series, count)), 0
    told, ridge = np.zeros((series, steps)), PRIOR * np.eye(count)
    edges = np.unique(np.linspace(0, steps, settings.blocks + 1).astype(int))
    for begin, end in pairwise(edges.tolist()):
        own = features[..., begin:end]
        if seen:
            shared = gram.sum(axis=0)
            common = np.linalg.solve(shared + ridge, moment.sum(axis=0))
            usual = settings.own * shared / seen + 1e-6 * np.eye(count)
            slopes = np.linalg.solve(gram + usual + 0.1 * ridge, (moment + usual @ common)[..., None])
            told[:, begin:end] = np.matmul(slopes.transpose(0, 2, 1), own)[:, 0]
        weighted = own * teaches[:, None, begin:end]
        gram += np.matmul(weighted, own.transpose(0, 2, 1))
        moment += np.matmul(weighted, errors[:, begin:end, None])[..., 0]
        seen += int(teaches[:, begin:end].sum())
    return told


def _left(sizes: FloatArray, settings: AnomalySettings) -> FloatArray:
    """Returns how large errors are before each step, in scales of before, heedless of outliers, (S, T)."""
    scale, seen = np.ones(len(sizes)), np.zeros(len(sizes))
    total, result = np.zeros(len(sizes)), np.empty(sizes.T.shape)
    for t, size in enumerate(np.ascontiguousarray(sizes.T)):
        result[t] = np.maximum(scale, settings.floor * total / np.maximum(seen, 1))
        known = ~np.isnan(size)
        believed = np.minimum(np.where(known, size, 0.0) * TO_DEVIATION, settings.clip * scale)
        memory = np.maximum(settings.memory, RECENT / (seen + FIRST))
        scale = np.maximum(np.where(known, scale + memory * (believed - scale), scale), LEAST)
        total, seen = total + np.where(known, believed, 0.0), seen + known
    return result.T
