"""A forecast with its distribution: what any quantile, path and total is asked of.

Shapes: ``N`` paths, ``S`` series, ``H`` horizon.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.limits import Lowest
from forecast.evaluation.distribution.difficulty import Difficulty
from forecast.evaluation.distribution.distribution import Distribution
from forecast.models.forecaster import Quantiles

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ProbabilisticForecast:
    """A forecast from one origin, and what is known there of its errors.

    Attributes:
        point: (S, H), in the target's unit.
        series_ids: (S,).
        distribution: of the model.
        difficulty: at the origin.
        lowest: no value lies below: 0 for a series that never was negative, else −inf; or all limits that were set.
    """

    point: FloatArray
    series_ids: tuple[str, ...]
    distribution: Distribution
    difficulty: Difficulty
    lowest: Lowest

    def quantiles(self, probabilities: Sequence[float]) -> Quantiles:
        """Returns quantiles of the forecast, (Q, S, H)."""
        return self.distribution.quantiles(self.point, self.difficulty, self.series_ids, probabilities, self.lowest)

    def paths(self, count: int, *, seed: int = 0, which: Sequence[int] | None = None) -> Iterator[FloatArray]:
        """Yields joint futures of each series in turn, (N, H); see ``Distribution.paths``."""
        known = (self.point, self.difficulty, self.series_ids)
        return self.distribution.paths(*known, count, self.lowest, seed=seed, which=which)
