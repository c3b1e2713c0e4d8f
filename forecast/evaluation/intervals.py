"""Prediction intervals of versions that were trained before there was a distribution: one half width a level.

Errors were measured on each series' own scale and pooled; the spread follows the step of the horizon, and the
width is the finite-sample conformal quantile of the errors over that spread (Vovk et al. 2005; Lei et al. 2018). Some
series are harder than their scale tells: their intervals are wider, by what their errors on the folds said.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.limits import Lowest, keep
from forecast.models.forecaster import Interval

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """What earlier errors say about later ones, in units of a series' scale."""

    spread: FloatArray  # (H,) mean absolute error by step
    widths: dict[int, float]  # half width of each level, in spreads
    own: Mapping[str, float] = field(default_factory=dict)  # by series: how many times as much it errs as others

    def widened(self, factor: float) -> Self:
        """Returns it with all intervals so many times as wide."""
        if factor == 1:
            return self
        return replace(self, widths={level: factor * width for level, width in self.widths.items()})

    def own_of(self, series_ids: Sequence[str]) -> FloatArray:
        """Returns how many times as much as others each of these series errs, (S,); 1 where that isn't known."""
        return np.array([self.own.get(series_id, 1.0) for series_id in series_ids])

    def intervals(
        self, point: FloatArray, series_ids: Sequence[str], scales: FloatArray, lowest: Lowest
    ) -> tuple[Interval, ...]:
        """Returns an interval a level around point forecasts.

        Args:
            point: (S, H), in the target's unit.
            series_ids: (S,).
            scales: (S,), each series' scale; one that never varied has none (0 or NaN), and no interval: NaN.
            lowest: (S,), no bound lies below: 0 for a series that never was negative, else −inf.
        """
        half = np.where(scales > 0, scales * self.own_of(series_ids), np.nan)[:, None] * self.spread
        return tuple(
            Interval(level, keep(point - width * half, lowest), keep(point + width * half, lowest))
            for level, width in self.widths.items()
        )
