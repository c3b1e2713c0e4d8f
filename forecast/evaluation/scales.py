"""Scales of series at an origin, the same for every model: how far they vary, lowest value, season, random walk.

Shapes: ``S`` series.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forecast.data.limits import Lowest
from forecast.data.panel import Panel
from forecast.data.windows import by_length
from forecast.evaluation.distribution.persistence import memory_likelihoods
from forecast.evaluation.metrics import naive_scales
from forecast.evaluation.splits import Fold
from forecast.models.classical.random_walk import behaves_like_walk
from forecast.models.classical.seasonality import season_strength
from forecast.models.method_settings import CURRENT
from forecast.specs import Kind

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class ScaleSettings:
    """The numbers by which scales are measured; a version keeps those that it was trained with.

    Attributes:
        negligible: a seasonal difference of less than this share of a series' mean size is no variation to learn from.
        few_differences: of fewer, a series says little of how far it varies: see ``interval_scales``.
        belief: what is usual of all series counts as so many differences beside the own ones of such a series.
        rounding: a forecast that is no further from zero is zero: that of a product that never sold.
    """

    negligible: float = 1e-5  # measured by benchmarks/tuning/distribution.py
    few_differences: int = 5  # measured by benchmarks/tuning/distribution.py
    belief: float = 4.0  # measured by benchmarks/tuning/distribution.py
    rounding: float = 1e-12


SCALES = ScaleSettings()
"""What new models are trained with."""


def series_scales(panel: Panel, season: int, power: int = 1) -> FloatArray:
    """Returns each series' ``naive_scale``, gaps filled; NaN for one too short to have any: (S,)."""
    scales = np.empty(len(panel))
    for which, values in by_length(panel):
        scales[which] = naive_scales(values, season, power)
    return scales


def learning_scales(panel: Panel, season: int, power: int = 1, settings: ScaleSettings = SCALES) -> FloatArray:
    """Returns the scales by which errors are pooled over series: (S,), NaN for a series that hardly ever varies.

    By a variation that is nothing beside its values, the least error would count as enormous.
    """
    scales, sizes = series_scales(panel, season, power), np.zeros(len(panel))
    for which, values in by_length(panel):
        if values.size:
            sizes[which] = np.abs(values).mean(axis=1)
    return np.where(scales > settings.negligible * sizes, scales, np.nan)


def differences_seen(panel: Panel, season: int) -> IntArray:
    """Returns how many differences each series' scale stands on, by its observed values, (S,)."""
    seen = _seen(panel)
    return np.maximum(np.where(seen > season, seen - season, seen - 1), 0)


def usual_spread(panel: Panel, season: int, settings: ScaleSettings = SCALES) -> float | None:
    """Returns the scale of a series as a share of its mean size, as is usual; None where no series is long enough."""
    sizes = _sizes(panel)
    tells = (differences_seen(panel, season) >= settings.few_differences) & (sizes > 0)
    shares = learning_scales(panel, season, 1, settings)[tells] / sizes[tells]
    shares = shares[~np.isnan(shares)]
    return float(np.median(shares)) if len(shares) else None


def interval_scales(panel: Panel, season: int, usual: float | None, settings: ScaleSettings) -> FloatArray:
    """Returns the scales by which intervals are wide, (S,); NaN for a series that is to have none.

    These are ``learning_scales``. But two rows may be alike by chance: what few differences tell is drawn to what is
    usual of a series of this size. And before it has lived through a season, a new series has no interval, nor has one
    of a single row: its forecast can't know what will come.

    Args:
        panel: ends at the origin.
        season: of the scale.
        usual: see ``usual_spread``.
        settings: the numbers by which scales are measured.
    """
    scales, count = learning_scales(panel, season, 1, settings), differences_seen(panel, season)
    few = count < settings.few_differences
    if not few.any():
        return scales
    own = np.nan_to_num(series_scales(panel, season))
    belief, likely = settings.belief, (usual or 0.0) * _sizes(panel)
    drawn = np.sqrt((count * own**2 + belief * likely**2) / (count + belief))
    has_lived = (_seen(panel) > max(season, 1)) & (usual is not None)
    return np.where(few, np.where(has_lived, drawn, np.nan), scales)


def _seen(panel: Panel) -> IntArray:
    """Returns how many values of each series were observed, (S,)."""
    return np.array([panel.observed[a:b].sum() for a, b in pairwise(panel.offsets)], dtype=np.int64)


def _sizes(panel: Panel) -> FloatArray:
    """Returns the mean size of each series' values, gaps filled, (S,)."""
    return np.array([np.abs(panel.filled[a:b]).mean() if b > a else 0.0 for a, b in pairwise(panel.offsets)])


def lowest_values(panel: Panel) -> FloatArray:
    """Returns 0 for each series that never was negative and −inf for the others, (S,)."""
    lowest = np.zeros(len(panel))
    places = np.flatnonzero(panel.values < 0)
    lowest[panel.series_of(places)] = -np.inf
    return lowest


def lowest_within(panel: Panel, steps: int) -> Lowest:
    """Returns ``lowest_values``, with the limits of so many steps after each series' end where some are set."""
    lowest = lowest_values(panel)
    return panel.limits.within(lowest, panel.last, steps) if panel.limits else lowest


class Scales:
    """What is measured at each fold, once for all models."""

    def __init__(self, season: int, horizon: int, kind: Kind = "auto") -> None:
        self.season, self._horizon, self.kind = season, horizon, kind
        self._found: dict[tuple[int, int], tuple[FloatArray, Lowest]] = {}
        self._strengths: dict[int, float | None] = {}
        self._walks: dict[int, bool] = {}
        self._memories: dict[int, FloatArray | None] = {}

    def of(self, fold: Fold, shift: int, train: Panel) -> tuple[FloatArray, Lowest]:
        """Returns ``learning_scales`` and ``lowest_within`` of what is known so many steps after a fold's origin."""
        if (fold.number, shift) not in self._found:
            self._found[fold.number, shift] = learning_scales(train, self.season), lowest_within(train, self._horizon)
        return self._found[fold.number, shift]

    def strength(self, number: int, known: Panel) -> float | None:
        """Returns the mean strength of the season in what is known at a fold; None where no series can tell it."""
        if self.season == 1:
            return None
        if number not in self._strengths:
            own, season = CURRENT.classical, self.season
            strengths = season_strength(known, season, own.theta.steps_used(season), own.seasonality)
            told = strengths[~np.isnan(strengths)]
            self._strengths[number] = float(told.mean()) if len(told) else None
        return self._strengths[number]

    def is_walk(self, number: int, known: Panel) -> bool:
        """Returns whether what is known at a fold behaves like random walks; sales never do."""
        if self.kind == "sales":
            return False
        if number not in self._walks:
            self._walks[number] = behaves_like_walk(known, self._horizon, self.season)
        return self._walks[number]

    def memories(self, number: int, known: Panel) -> FloatArray | None:
        """Returns what the past of few series that is known at a fold says of how long shocks last; None of others."""
        if number not in self._memories:
            self._memories[number] = memory_likelihoods(known, self.season, CURRENT.classical.seasonality)
        return self._memories[number]
