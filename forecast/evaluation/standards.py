"""What is measured of series at an origin, the same for every model: their scale, lowest value and season.

Shapes: ``S`` series.
"""

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import by_length
from forecast.evaluation.metrics import naive_scales
from forecast.evaluation.splits import Fold
from forecast.models.exponential import steps_used
from forecast.models.seasonality import season_strength

FloatArray = NDArray[np.float64]

NEGLIGIBLE = 1e-5
"""A seasonal difference of less than this share of a series' mean size is no variation to learn from."""


def series_scales(panel: Panel, season: int, power: int = 1) -> FloatArray:
    """Returns each series' ``naive_scale``, gaps filled; NaN for one too short to have any: (S,)."""
    scales = np.empty(len(panel))
    for which, values in by_length(panel):
        scales[which] = naive_scales(values, season, power)
    return scales


def learning_scales(panel: Panel, season: int, power: int = 1) -> FloatArray:
    """Returns the scales by which errors are pooled over series: (S,), NaN for a series that hardly ever varies.

    By a variation that is nothing beside its values, the least error would count as enormous.
    """
    scales, sizes = series_scales(panel, season, power), np.zeros(len(panel))
    for which, values in by_length(panel):
        if values.size:
            sizes[which] = np.abs(values).mean(axis=1)
    return np.where(scales > NEGLIGIBLE * sizes, scales, np.nan)


def lowest_values(panel: Panel) -> FloatArray:
    """Returns 0 for each series that never was negative and −inf for the others, (S,)."""
    lowest = np.zeros(len(panel))
    places = np.flatnonzero(panel.values < 0)
    lowest[np.searchsorted(panel.offsets, places, side="right") - 1] = -np.inf
    return lowest


class Standards:
    """What is measured at each fold, once for all models."""

    def __init__(self, season: int) -> None:
        self._season = season
        self._found: dict[tuple[int, int], tuple[FloatArray, FloatArray]] = {}
        self._strengths: dict[int, float | None] = {}

    def of(self, fold: Fold, shift: int, train: Panel) -> tuple[FloatArray, FloatArray]:
        """Returns ``learning_scales`` and ``lowest_values`` of what is known so many steps after a fold's origin."""
        if (fold.number, shift) not in self._found:
            self._found[fold.number, shift] = learning_scales(train, self._season), lowest_values(train)
        return self._found[fold.number, shift]

    def strength(self, number: int, known: Panel) -> float | None:
        """Returns the mean strength of the season in what is known at a fold; None where no series can tell it."""
        if self._season == 1:
            return None
        if number not in self._strengths:
            strengths = season_strength(known, self._season, steps_used(self._season))
            told = strengths[~np.isnan(strengths)]
            self._strengths[number] = float(told.mean()) if len(told) else None
        return self._strengths[number]
