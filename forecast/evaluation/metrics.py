"""Errors of forecasts: plain functions of truths and forecasts; a NaN truth is not scored.

Shapes: ``K`` folds, ``S`` series, ``H`` horizon. ``truth`` and ``forecast`` are (…, S, H); so are ``weights``, how much
each truth counts in a mean, None where all count alike.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from forecast.metric_records import MetricRecord

FloatArray = NDArray[np.float64]
Weights = FloatArray | None


def rmse(truth: FloatArray, forecast: FloatArray, weights: Weights = None) -> float:
    """Returns the root of the mean squared error, pooled over all scored points, in the target's unit."""
    return float(np.sqrt(_mean((truth - forecast) ** 2, weights)))


def mae(truth: FloatArray, forecast: FloatArray, weights: Weights = None) -> float:
    """Returns the mean absolute error, pooled over all scored points, in the target's unit."""
    return _mean(np.abs(truth - forecast), weights)


def bias(truth: FloatArray, forecast: FloatArray, weights: Weights = None) -> float:
    """Returns the mean of forecast − truth over all scored points: above zero where forecasts are too high."""
    return _mean(forecast - truth, weights)


def relative_bias(truth: FloatArray, forecast: FloatArray, weights: Weights = None) -> float:
    """Returns Σ(f − y) / Σ|y| over all scored points, 0.05 where they are 5 % too high in all; NaN if all truths are 0.

    Zero is best, not the lowest: no model can be chosen by it.
    """
    return _share_of_size(truth, forecast - truth, weights)


def wape(truth: FloatArray, forecast: FloatArray, weights: Weights = None) -> float:
    """Returns Σ|y − f| / Σ|y| over all scored points, as a share: 0.1 for errors of a tenth; NaN where truths are 0.

    The ratio of mean absolute error and mean size (Kolassa & Schütz 2007), also ND; each unit counts alike.
    """
    return _share_of_size(truth, np.abs(truth - forecast), weights)


def smape(truth: FloatArray, forecast: FloatArray, weights: Weights = None) -> float:
    """Returns the mean of 200·|y − f| / (|y| + |f|) in per cent, over series of each series' mean (M4's rule).

    A point where truth and forecast are both zero counts as no error.
    """
    size = np.abs(truth) + np.abs(forecast)
    each = np.where(size > 0, 200 * np.abs(truth - forecast) / np.where(size > 0, size, 1), 0.0)
    return _mean(mean_by_series(np.where(np.isnan(truth), np.nan, each), weights))


def mase(truth: FloatArray, forecast: FloatArray, scales: FloatArray, weights: Weights = None) -> float:
    """Returns the mean over series of the mean absolute error over the series' ``naive_scale``.

    Hyndman & Koehler 2006; M4's rule. Series that are not scored, or constant in training, are left out.
    """
    return _mean(mean_by_series(np.abs(truth - forecast) / np.where(scales > 0, scales, np.nan)[..., None], weights))


def rmsse(truth: FloatArray, forecast: FloatArray, scales: FloatArray, weights: Weights = None) -> float:
    """Returns the root of the mean over series of the squared error over the squared ``naive_scale`` (power 2).

    Like the M5 competition's measure, but with the seasonal difference as the scale.
    """
    squared = (truth - forecast) ** 2 / np.where(scales > 0, scales, np.nan)[..., None] ** 2
    return float(np.sqrt(_mean(mean_by_series(squared, weights))))


def score(
    metric: MetricRecord,
    truth: FloatArray,
    forecast: FloatArray,
    scales: Mapping[str, FloatArray],
    weights: Weights = None,
) -> float:
    """Returns the error by a metric of the list; ``scales`` are those of a backtest by name."""
    given = (truth, forecast, scales[metric.needs]) if metric.needs else (truth, forecast)
    more = {} if weights is None else {"weights": weights}
    return float(globals()[metric.name](*given, **more))


def known(score: float) -> float | None:
    """Returns a score; None in place of NaN, where it can't be told."""
    return None if np.isnan(score) else score


def weighed(truth: FloatArray, forecast: FloatArray, weights: Weights) -> FloatArray:
    """Returns forecasts whose squared errors are those of others times the truths' weights, of mean 1."""
    if weights is None:
        return forecast
    mean = weights[~np.isnan(truth)].mean() if not np.isnan(truth).all() else 1.0
    return np.asarray(truth + (forecast - truth) * np.sqrt(weights / mean))


def mean_by_series(errors: FloatArray, weights: Weights = None) -> FloatArray:
    """Returns each series' mean over folds and steps, (…, S, H) -> (s,); series without a point are left out."""
    flat = np.moveaxis(errors, -2, 0).reshape(errors.shape[-2], -1)
    scored = ~np.isnan(flat)
    if weights is not None:
        shares = np.where(scored, np.moveaxis(weights, -2, 0).reshape(flat.shape), 0.0)
        counted = shares.sum(axis=1) > 0
        return np.asarray((shares * np.where(scored, flat, 0.0)).sum(axis=1)[counted] / shares.sum(axis=1)[counted])
    counts = scored.sum(axis=1)
    return np.asarray(np.where(scored, flat, 0.0).sum(axis=1)[counts > 0] / counts[counts > 0])


def _share_of_size(truth: FloatArray, errors: FloatArray, weights: Weights) -> float:
    """Returns the sum of errors over the sum of the sizes of the truths that they are of; NaN where that is 0."""
    if weights is not None:
        truth, errors = weights * truth, weights * errors
    scored = ~np.isnan(errors)
    size = np.abs(truth[scored]).sum()
    return float(errors[scored].sum() / size) if size > 0 else float("nan")


def _mean(errors: FloatArray, weights: Weights = None) -> float:
    """Returns the mean of what is scored; NaN where nothing is."""
    known = ~np.isnan(errors)
    if weights is not None:
        total = weights[known].sum()
        return float((weights[known] * errors[known]).sum() / total) if total > 0 else float("nan")
    scored = errors[known]
    return float(scored.mean()) if scored.size else float("nan")


def rmse_by_step(truth: FloatArray, forecast: FloatArray, weights: Weights = None) -> FloatArray:
    """Returns the RMSE of each step of the horizon, (…, S, H) -> (H,); NaN for a step without a point."""
    if weights is not None:
        return np.array([rmse(truth[..., h], forecast[..., h], weights[..., h]) for h in range(truth.shape[-1])])
    squared = ((truth - forecast) ** 2).reshape(-1, truth.shape[-1])
    scored = ~np.isnan(squared)
    counts = np.maximum(scored.sum(axis=0), 1)
    mean = np.where(scored, squared, 0.0).sum(axis=0) / counts
    return np.where(scored.any(axis=0), np.sqrt(mean), np.nan)


def naive_scale(values: FloatArray, season: int, power: int = 1) -> float:
    """Returns a series' mean seasonal difference, of power 1 or 2 (then its root), in the target's unit.

    A series not longer than one season is measured by its differences from step to step.

    Args:
        values: the training part; NaN where nothing was observed.
        season: steps in one period.
        power: 1 for MASE, 2 for RMSSE.
    """
    lag = season if len(values) > season else 1
    differences = np.abs(values[lag:] - values[:-lag]) ** power
    differences = differences[~np.isnan(differences)]
    return float(differences.mean() ** (1 / power)) if len(differences) else float("nan")


def naive_scales(values: FloatArray, season: int, power: int = 1) -> FloatArray:
    """Returns the ``naive_scale`` of each of some series of one length, (B, T) -> (B,)."""
    length = values.shape[1]
    lag = season if length > season else 1
    if length <= lag or np.isnan(values).any():
        return np.array([naive_scale(series, season, power) for series in values])
    differences = values[:, lag:] - values[:, :-lag]
    np.abs(differences, out=differences)
    if power == 2:
        np.square(differences, out=differences)
    return np.array([mean ** (1 / power) for mean in differences.mean(axis=1).tolist()])


def coverage(truth: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Returns the share of truths inside their interval, ends included; NaN where there is no interval."""
    scored = ~(np.isnan(truth) | np.isnan(lower))
    return float(((truth >= lower) & (truth <= upper))[scored].mean()) if scored.any() else float("nan")
