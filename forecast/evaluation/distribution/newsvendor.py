"""How much to order where too little and too much cost differently, and what that may be expected to cost.

The newsvendor's rule (Arrow, Harris & Marschak 1951): order the quantile at the critical ratio

    τ = under / (under + over)

What an order q costs on average, with D distributed by its quantiles Q, is

    E[under · max(D − q, 0) + over · max(q − D, 0)] = ∫ under · max(Q(p) − q, 0) + over · max(q − Q(p), 0) dp

from 0 to 1. Between two probabilities at which quantiles are known Q is a line, and the integral is exact; beyond the
outermost it is as they are.

Shapes: ``Q`` probabilities, ``S`` series, ``H`` horizon.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def critical_ratios(under: FloatArray, over: FloatArray) -> FloatArray:
    """Returns the probabilities of the quantiles to order, where a unit too little and too much cost so, (S, H)."""
    return under / (under + over)


def quantiles_at(quantiles: FloatArray, probabilities: Sequence[float], wanted: FloatArray) -> FloatArray:
    """Returns the quantile of each point at its own probability, (S, H), on the line between its neighbours.

    Args:
        quantiles: (Q, S, H), at least two.
        probabilities: Q of them, ascending.
        wanted: (S, H).
    """
    grid = np.array(probabilities)
    after = np.clip(np.searchsorted(grid, wanted), 1, len(grid) - 1)
    low, high = (np.take_along_axis(quantiles, place[None], axis=0)[0] for place in (after - 1, after))
    share = np.clip((wanted - grid[after - 1]) / (grid[after] - grid[after - 1]), 0.0, 1.0)
    return np.asarray(low + share * (high - low))


def expected_costs(
    quantiles: FloatArray, probabilities: Sequence[float], orders: FloatArray, under: FloatArray, over: FloatArray
) -> FloatArray:
    """Returns what orders may be expected to cost, (S, H); NaN where no quantiles are known.

    Args:
        quantiles: (Q, S, H).
        probabilities: Q of them, ascending.
        orders: (S, H), in the target's unit.
        under: what a unit too little costs, (S, H).
        over: what a unit too much costs, (S, H).
    """
    edges = [0.0, *probabilities, 1.0]
    costs, before = np.zeros(orders.shape), quantiles[0] - orders
    for place in range(len(edges) - 1):
        after = quantiles[min(place, len(quantiles) - 1)] - orders
        width = edges[place + 1] - edges[place]
        costs += width * (under * _mean_above(before, after) + over * _mean_above(-after, -before))
        before = after
    return costs


def _mean_above(first: FloatArray, last: FloatArray) -> FloatArray:
    """Returns the mean of max(x, 0) along a line that rises from one value to another."""
    crossing = (first < 0) & (last > 0)
    part = np.where(crossing, last**2 / np.where(crossing, 2 * (last - first), 1.0), 0.0)
    return np.where(first >= 0, (first + last) / 2, part) + 0.0 * last
