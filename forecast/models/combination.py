"""One forecast out of many: how the members of an ensemble are weighted and joined.

Shapes: ``M`` members, ``S`` series, ``H`` horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.models.forecaster import Members

FloatArray = NDArray[np.float64]


SHARPNESS = 8.0
"""Power of the ratio to the best view's error by which a view loses weight."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Members' forecasts of steps that have since come true."""

    members: Members
    truth: FloatArray  # (S, H); NaN where nothing is known
    scales: FloatArray  # (S,), each series' mean seasonal difference: what its errors are measured by


def learn_weights(evidence: Sequence[Evidence]) -> FloatArray | None:
    """Returns a weight for each member from how its view did in the past, (M,); None where nothing is known.

    A view is weighted by the best view's scaled RMSE over its own, to the power ``SHARPNESS``.
    """
    known = [errors for item in evidence if not np.isnan(errors := _squared_errors(item)).any()]
    if not known:
        return None
    squared = np.stack(known)  # (E, M)
    error = np.sqrt(squared.mean(axis=0))
    views = np.array(evidence[0].members.views)
    pooled = np.maximum([error[views == view].mean() for view in views], 1e-12)
    return np.asarray((pooled.min() / pooled) ** SHARPNESS)


def _squared_errors(evidence: Evidence) -> FloatArray:
    """Returns each member's mean squared scaled error, (M,); NaN where nothing is known."""
    scales = np.where(evidence.scales > 0, evidence.scales, np.nan)[:, None]
    squared = ((evidence.members.values - evidence.truth) / scales) ** 2
    known = ~np.isnan(squared)
    counts = known.sum(axis=(1, 2))
    sums = np.where(known, squared, 0.0).sum(axis=(1, 2))
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def combine(members: Members, weights: FloatArray | None = None) -> FloatArray:
    """Returns the weighted median of the members, point by point, (M, S, H) -> (S, H).

    Args:
        members: of one model.
        weights: (M,), not negative, with a positive sum; None weighs all alike.
    """
    values = members.values
    if len(values) == 1:
        return np.asarray(values[0])
    if weights is None:
        return np.asarray(np.median(values, axis=0))
    return weighted_median(values, weights)


def weighted_median(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Returns the value at half of the cumulated weight, halfway between two where it falls between them."""
    used = weights > 0
    values, weights = values[used], weights[used]
    order = np.argsort(values, axis=0)
    ranked = np.take_along_axis(values, order, axis=0)
    cumulated = np.cumsum(weights[order], axis=0) / weights.sum()  # (M, S, H)
    low = np.argmax(cumulated >= 0.5 - 1e-9, axis=0)[None]
    high = np.argmax(cumulated > 0.5 + 1e-9, axis=0)[None]
    middle = np.take_along_axis(ranked, low, axis=0)[0] + np.take_along_axis(ranked, high, axis=0)[0]
    return np.asarray(middle / 2)
