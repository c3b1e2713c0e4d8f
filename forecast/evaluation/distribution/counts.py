"""The distribution of counts: nothing comes with some chance, and what comes is of some size; its mean is the forecast.

    P(y > 0) = 1 − exp(−exp(a + b · log(mean / size)))     a = 0, b = 1: demands that come as a Poisson process does
    y | y > 0  ~  mean / P(y > 0) · T                      T: the pooled shape of sizes, of mean 1

Both are fitted to what came after earlier forecasts of all series. Counts are whole where the data are.

Shapes: ``R`` records, ``S`` series, ``H`` horizon, ``P`` probabilities, ``N`` values.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.evaluation.distribution.shape import GRID, FloatArray

if TYPE_CHECKING:
    from forecast.evaluation.distribution.difficulty import Difficulty

LEAST_RATE, MOST_RATE = 1e-6, 1e3


@dataclass(frozen=True, eq=False)
class CountShape:
    """How what comes lies around its mean.

    Attributes:
        usual: size of a demand; it counts like one of each series.
        start, slope: ``a`` and ``b``.
        sizes: (P,), quantiles of sizes over their mean at ``GRID``.
        is_whole: all counts are whole numbers.
        interval, few: series that sell less often, or no more pieces a step, have counts where not all have: see
            ``counted_series``.
        are_lone: they are so among others that mostly sell often: see ``rare_series``.
        width: normal scores count for so many times as much; see ``widened``.
    """

    usual: float
    start: float
    slope: float
    sizes: FloatArray
    is_whole: bool
    interval: float = 0.0
    few: float = 0.0
    are_lone: bool = False
    width: float = 1.0

    def widened(self, factor: float) -> Self:
        """Returns it with all quantiles so many times as far from the median, in normal scores."""
        return replace(self, width=factor * self.width)

    def quantiles(self, mean: FloatArray, difficulty: "Difficulty", scores: FloatArray) -> FloatArray:
        """Returns the counts at some normal scores, (…, S, H).

        Args:
            mean: (S, H), or (H,) of one series.
            difficulty: of their origin.
            scores: (…, S, H).
        """
        return self.at(mean, self.size_of(difficulty)[:, None], scores)

    def instead(self, values: FloatArray, mean: FloatArray, known: "Difficulty", scores: FloatArray) -> FloatArray:
        """Returns values, (P, S, H), with counts at some normal scores, (P,), of the series with demands.

        Args:
            values: as they are of the other series.
            mean: (S, H), the forecasts.
            known: at their origin.
            scores: of the probabilities.
        """
        if known.demands is None:
            return values
        made = self.quantiles(mean, known, np.broadcast_to(scores[:, None, None], values.shape))
        return np.where(known.has_demands[:, None], made, values)

    def size_of(self, difficulty: "Difficulty") -> FloatArray:
        """Returns the size of a demand of each series, (S,)."""
        assert difficulty.demands is not None
        count, total = difficulty.demands
        return np.asarray((total + self.usual) / (count + 1))

    def by_place(self, mean: FloatArray, difficulty: "Difficulty") -> dict[int, Callable[[FloatArray], FloatArray]]:
        """Returns what gives the counts of each series with demands at normal scores, (N, H), by its place."""
        if difficulty.demands is None:
            return {}
        sizes = self.size_of(difficulty)
        return {i: partial(self.at, mean[i], sizes[i : i + 1]) for i in np.flatnonzero(sizes > 0).tolist()}

    def nothing(self, mean: FloatArray, size: FloatArray) -> FloatArray:
        """Returns the probability that nothing comes; shapes as numpy broadcasts them."""
        rate = np.clip(mean / size, LEAST_RATE, MOST_RATE)
        return np.where(mean > 0, np.exp(-np.exp(self.start + self.slope * np.log(rate))), 1.0)

    def at(self, mean: FloatArray, size: FloatArray, scores: FloatArray) -> FloatArray:
        """Returns the counts at some normal scores; shapes as numpy broadcasts them."""
        from scipy.special import ndtr  # noqa: PLC0415 - only where there are counts

        none = self.nothing(mean, size)
        some = np.maximum(1 - none, 1e-12)
        inside = np.clip((ndtr(scores * self.width) - none) / some, 0.0, 1.0)
        found = np.where(inside > 0, mean / some * np.interp(inside, GRID, self.sizes), 0.0)
        return np.where(inside > 0, np.maximum(np.round(found), 1.0), 0.0) if self.is_whole else found

    def scores_of(self, mean: FloatArray, came: FloatArray, difficulty: "Difficulty") -> FloatArray:
        """Returns the normal scores of what came after forecasts from one origin, (S, H)."""
        if difficulty.demands is None:
            return np.full_like(came, np.nan)
        sizes = self.size_of(difficulty)[:, None]
        return np.where(np.isnan(sizes), np.nan, self.scores(mean, sizes, came))

    def scores(self, mean: FloatArray, size: FloatArray, came: FloatArray) -> FloatArray:
        """Returns the normal scores of what came, from the middle of its probability; NaN where nothing is known.

        The mid-distribution transform: nothing has the score of P(y = 0) / 2. Shapes as numpy broadcasts them.
        """
        from scipy.special import ndtri  # noqa: PLC0415 - likewise

        none = self.nothing(mean, size)
        share = np.maximum(came, 0) * np.maximum(1 - none, 1e-12) / np.where(mean > 0, mean, 1.0)
        inside = np.interp(share, self.sizes, GRID)
        reached = np.where(came > 0, none + (1 - none) * inside, none / 2)
        return np.where(np.isnan(came), np.nan, ndtri(np.clip(reached, 1e-4, 1 - 1e-4)))
