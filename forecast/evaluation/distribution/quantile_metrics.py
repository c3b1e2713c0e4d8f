"""Scores of predictive distributions, given as quantiles; a truth that is NaN, or has no quantile, is not scored.

    pinball      one quantile: what being too low and being too high cost by its probability
    wql          all quantiles together, as a share of the truths: 0 is perfect, the median alone gives the WAPE
    msis         one interval: its width, and what truths outside of it add, in the series' own naive differences
    calibration_error    how far the shares of truths below the quantiles are from what they should be

Shapes: ``Q`` probabilities, ``K`` folds, ``S`` series, ``H`` horizon. ``truth`` is (K, S, H), quantiles (Q, K, S, H);
``weights`` as in ``metrics``. Shares of truths, such as the coverage, count all alike.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.metrics import Weights, coverage, mean_by_series
from forecast.interval_levels import MAIN, coverage_of
from forecast.metric_records import METRICS
from forecast.models.forecaster import Quantiles

FloatArray = NDArray[np.float64]

DECILES = tuple(round(0.1 * k, 1) for k in range(1, 10))
"""The probabilities that WQL and the calibration error are means over, those of GluonTS, Chronos and TiRex."""
MSIS_LEVEL = 95.0
"""The level of MSIS, in per cent: that of the M4 competition."""


def pinball_losses(truth: FloatArray, quantile: FloatArray, probability: float) -> FloatArray:
    """Returns the pinball loss of each point, in the target's unit, NaN where it isn't scored; shaped as ``truth``.

    ρ(y, q) = max(p·(y − q), (p − 1)·(y − q)): what lies above the quantile costs p a unit, what lies below 1 − p
    (Koenker & Bassett 1978, Regression Quantiles).
    """
    gap = truth - quantile
    return np.maximum(probability * gap, (probability - 1) * gap)


def wql(
    truth: FloatArray,
    quantiles: FloatArray,
    probabilities: Sequence[float] = DECILES,
    weights: Weights = None,
) -> float:
    """Returns the weighted quantile loss: the mean over probabilities of Σ 2·ρ(y, q) / Σ|y|.

    Both sums are over all scored points. The mean of DeepAR's ρ-risks (Salinas et al. 2020), GluonTS's
    ``mean_weighted_sum_quantile_loss``; at the deciles, what Chronos and TiRex are compared by. With more and more
    probabilities it becomes the mean CRPS over the mean size of the truths (Gneiting & Ranjan 2011). NaN where all
    truths are 0.

    Args:
        truth: (K, S, H).
        quantiles: (Q, K, S, H), in the order of the probabilities.
        probabilities: Q of them.
        weights: (K, S, H), of both sums.
    """
    scored = ~(np.isnan(truth) | np.isnan(quantiles).any(axis=0))
    shares = 1.0 if weights is None else weights[scored]
    size = (shares * np.abs(truth[scored])).sum()
    if not size > 0:
        return float("nan")
    pairs = zip(quantiles, probabilities, strict=True)
    losses = [(shares * pinball_losses(truth[scored], quantile[scored], p)).sum() for quantile, p in pairs]
    return float(2 * np.mean(losses) / size)


def interval_scores(truth: FloatArray, lower: FloatArray, upper: FloatArray, level: float = MSIS_LEVEL) -> FloatArray:
    """Returns the interval score of each point, in the target's unit, of the shape of ``truth``.

    (u − l) + 2/α·(l − y)·[y < l] + 2/α·(y − u)·[y > u] with α = 1 − level/100 (Winkler 1972; Gneiting & Raftery 2007).
    """
    weight = 2 / (1 - level / 100)
    return (upper - lower) + weight * (np.maximum(lower - truth, 0) + np.maximum(truth - upper, 0))


def msis(
    truth: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    scales: FloatArray,
    level: float = MSIS_LEVEL,
    weights: Weights = None,
) -> float:
    """Returns the mean scaled interval score: over series, the mean interval score over the series' ``naive_scale``.

    The M4 competition's rule at 95 % (Makridakis et al. 2020). Series that are not scored, or constant in training, are
    left out.

    Args:
        truth: (K, S, H).
        lower: its interval's, likewise.
        upper: likewise.
        scales: (K, S), mean absolute seasonal difference before each origin.
        level: per cent that the interval should hold.
        weights: (K, S, H), of a series' points.
    """
    usable = np.where(scales > 0, scales, np.nan)[..., None]
    each = mean_by_series(interval_scores(truth, lower, upper, level) / usable, weights)
    return float(each.mean()) if each.size else float("nan")


def calibration_error(truth: FloatArray, quantiles: FloatArray, probabilities: Sequence[float] = DECILES) -> float:
    """Returns the mean over probabilities of |share of truths at or below their quantile − p|, between 0 and 1.

    Kuleshov et al. 2018, with the absolute in place of the square as in the Uncertainty Toolbox (Chung et al. 2021). It
    says nothing of how sharp the quantiles are: those of all the past are calibrated, too.

    Args:
        truth: (K, S, H).
        quantiles: (Q, K, S, H), in the order of the probabilities.
        probabilities: Q of them.
    """
    scored = ~(np.isnan(truth) | np.isnan(quantiles).any(axis=0))
    if not scored.any():
        return float("nan")
    pairs = zip(quantiles, probabilities, strict=True)
    return float(np.mean([abs(float((truth[scored] <= quantile[scored]).mean()) - p) for quantile, p in pairs]))


def distribution_scores(
    truth: FloatArray,
    quantiles: Quantiles,
    scales: FloatArray,
    levels: Sequence[float],
    weights: Weights = None,
) -> dict[str, float]:
    """Returns the metrics of quantiles, MSIS, calibration error, and coverage at each level but the main one, by name.

    NaN is what can't be told: all of it where nothing is calibrated, and what stands on a level that nobody asked for.

    Args:
        truth: (K, S, H).
        quantiles: (Q, K, S, H), the deciles among them.
        scales: (K, S), see ``msis``.
        levels: of the intervals that are looked for.
        weights: (K, S, H).
    """
    more = {} if weights is None else {"weights": weights}
    known = set(DECILES) <= set(quantiles.probabilities)
    deciles = np.stack([quantiles.at(p) if known else np.full(truth.shape, np.nan) for p in DECILES])
    alike = truth.astype(deciles.dtype)  # in the precision of the quantiles, so that what is equal counts as equal
    found = {
        name: float(globals()[name](truth, deciles, **more)) for name in METRICS if METRICS[name].reads == "quantiles"
    }
    found |= {"msis": float("nan"), "calibration_error": calibration_error(alike, deciles)}
    for level in dict.fromkeys((*levels, MSIS_LEVEL)):
        try:
            interval = quantiles.interval(level)
        except ValueError:  # nobody asked for it
            held = float("nan")
        else:
            held = coverage(alike, interval.lower, interval.upper)
            if level == MSIS_LEVEL:
                found["msis"] = msis(truth, interval.lower, interval.upper, scales, weights=weights)
        if level in levels and level != MAIN:
            found |= dict.fromkeys(coverage_of(level), held)
    return found
