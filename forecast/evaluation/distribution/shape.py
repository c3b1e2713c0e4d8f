"""The shape of a distribution: quantiles of standardised errors, and the scale on which they are alike.

Shapes: ``P`` probabilities, ``N`` errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Symmetry = Literal["level", "sqrt", "log"]
"""The scale on which errors are alike: that of the values, of their square roots, or of their logarithms."""
SYMMETRIES: tuple[Symmetry, ...] = ("level", "sqrt", "log")

FAR = 40.0
"""No normal score is further out."""
_HALF = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075)
GRID = (*_HALF, *(round(0.05 * k, 2) for k in range(2, 19)), *(round(1 - p, 4) for p in reversed(_HALF)))
"""The probabilities at which a distribution is kept; between them it is interpolated in normal scores."""
# measured by benchmarks/tuning/distribution.py
USUAL_BODY = (0.13, 0.27, 0.41, 0.55, 0.715, 0.90, 1.16, 1.50, 1.75, 2.12, 2.30, 2.55)
# measured by benchmarks/tuning/distribution.py
USUAL_BODY_PLAIN = (0.14, 0.30, 0.45, 0.605, 0.79, 0.99, 1.28, 1.65, 1.88, 2.21, 2.37, 2.58)
USUAL_TAIL = (2.74, 3.0, 3.3, 3.7, 4.62, 5.6, 7.0)  # measured by benchmarks/tuning/distribution.py
"""Quantiles of short series' errors over their spread: 0.55 to 0.97, likewise without a season, and the tail beyond."""
# measured by benchmarks/tuning/distribution.py
USUAL, USUAL_PLAIN = (
    np.array([*(-q for q in reversed((*body, *USUAL_TAIL))), 0.0, *body, *USUAL_TAIL])
    for body in (USUAL_BODY, USUAL_BODY_PLAIN)
)
"""The same at ``GRID``. Errors of series without a season are nearer to normal: the middle is wide beside tails."""
MOST_STRETCH = 10.0
"""A logarithm near zero makes small errors enormous."""


def normal_scores(probabilities: ArrayLike) -> FloatArray:
    """Returns the standard normal quantiles of some probabilities, (P,)."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(float(p)) for p in np.ravel(probabilities)])


def interpolated(table: FloatArray, grid: Sequence[float], probabilities: Sequence[float]) -> FloatArray:
    """Returns the quantiles at some probabilities, (n,), of a distribution that is kept at a grid of them.

    Beyond the outermost of the grid the tails go on as steeply as a normal distribution through the last two.

    Args:
        table: (P,), the quantiles at the grid.
        grid: P probabilities, ascending.
        probabilities: n of them, of any order.
    """
    return at_scores(table, normal_scores(grid), normal_scores(probabilities))


def at_scores(table: FloatArray, scores: FloatArray, wanted: FloatArray) -> FloatArray:
    """Returns the quantiles at the probabilities of some normal scores, of any shape; see ``interpolated``.

    Args:
        table: (P,), the distribution.
        scores: (P,), the normal scores of its grid.
        wanted: whose quantiles are wanted.
    """
    ends = [
        table[end] + (table[end] - table[inner]) / (scores[end] - scores[inner]) * (far - scores[end])
        for end, inner, far in ((0, 1, -FAR), (-1, -2, FAR))
    ]
    return np.asarray(np.interp(wanted, [-FAR, *scores, FAR], [ends[0], *table, ends[1]]))


def weighted_quantiles(values: FloatArray, weights: FloatArray, probabilities: ArrayLike) -> FloatArray:
    """Returns quantiles of weighted values, (N,) -> (P,), on the line between the middles of their weights."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    middles = (reached - weights[order] / 2) / reached[-1]
    return np.asarray(np.interp(np.asarray(probabilities), middles, values[order]))


@dataclass(frozen=True, eq=False)
class Transform:
    """The scale on which errors are alike: strictly increasing, below zero as steep as at zero.

    Attributes:
        symmetry: which.
        offsets: (S, 1), added before a root or a logarithm.
        stretch: upwards, no value is moved more than so many times as far as the slope at it tells.
    """

    symmetry: Symmetry
    offsets: FloatArray
    stretch: float = MOST_STRETCH

    def forth(self, values: FloatArray) -> FloatArray:
        """Returns values on the scale, (…, S, H)."""
        if self.symmetry == "level":
            return values
        raised = np.maximum(values, 0) + self.offsets
        scaled = 2 * np.sqrt(raised) if self.symmetry == "sqrt" else np.log(raised)
        return scaled + np.minimum(values, 0) * self.slope(np.zeros_like(self.offsets))

    def back(self, values: FloatArray) -> FloatArray:
        """Returns values of the scale in the target's unit."""
        if self.symmetry == "level":
            return values
        zero = np.zeros_like(self.offsets)
        start = self.forth(zero)
        above = np.maximum(values, start)
        raised = (above / 2) ** 2 if self.symmetry == "sqrt" else np.exp(np.minimum(above, 700.0))
        return raised - self.offsets + np.minimum(values - start, 0) / self.slope(zero)

    def moved(self, values: FloatArray, steps: FloatArray) -> FloatArray:
        """Returns values in the target's unit that were moved so far on the scale, (…, S, H)."""
        if self.symmetry == "level":
            return values + steps
        there = self.back(self.forth(values) + steps)
        return np.where(steps > 0, np.minimum(there, values + self.stretch * steps / self.slope(values)), there)

    def slope(self, values: FloatArray) -> FloatArray:
        """Returns the derivative of the scale at some values."""
        if self.symmetry == "level":
            return np.ones_like(values)
        raised = np.maximum(values, 0) + self.offsets
        return 1 / np.sqrt(raised) if self.symmetry == "sqrt" else 1 / raised
