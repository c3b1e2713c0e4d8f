"""What tells how far a forecast may err before it does: scales of the series, its size, and how forecasts disagree.

Shapes: ``F`` features, ``S`` series, ``H`` horizon, ``M`` members.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import IntArray, Panel
from forecast.data.windows import by_length
from forecast.evaluation.distribution.shape import Symmetry, Transform
from forecast.models.forecaster import Members
from forecast.specs import Anchor

FloatArray = NDArray[np.float64]

ANCHORS: tuple[Anchor, ...] = ("smoothing", "naive", "seasonal-naive", "local-ridge")
FEATURES = ("step", "step to step", "recent", "level", "forecast", "members", *ANCHORS)
"""Each is the logarithm of a size over the series' scale; ``step`` is that of the step of the horizon."""


@dataclass(frozen=True)
class DifficultySettings:
    """The numbers by which features are measured; a version keeps those that it was trained with.

    Measured by benchmarks/tuning/distribution.py.

    Attributes:
        floor: no size counts for less than this share of the scale.
        seasons: of its end, by which the recent scale is measured.
        least: steps of that end, and of the one by which the level is measured.
        demand_steps: of the end, whose demands tell how large one is.
    """

    floor: float = 0.02
    seasons: int = 2
    least: int = 6
    demand_steps: int = 400


DIFFICULTY = DifficultySettings()


@dataclass(frozen=True, eq=False)
class Difficulty:
    """What is known at an origin of the errors to come.

    Attributes:
        scales: (S,), each series' scale; NaN for one that is to have no interval.
        levels: (S,), the mean size of each series' last steps.
        origins: (S,), the ordinals of each series' last step, which tell the phases of the steps to come.
        features: (F, S, H), in the order of ``FEATURES``; NaN where a model has none of the kind.
        demands: (2, S), how many values are above 0, and their sum; None where nobody asks, NaN where nobody asks it
            of a series.
    """

    scales: FloatArray
    levels: FloatArray
    origins: IntArray
    features: NDArray[np.float32]
    demands: FloatArray | None = None

    @property
    def has_demands(self) -> NDArray[np.bool_]:
        """Of which series demands are told, (S,)."""
        return np.zeros(len(self.scales), dtype=bool) if self.demands is None else ~np.isnan(self.demands[0])


def difficulty(
    panel: Panel,
    season: int,
    scales: FloatArray,
    point: FloatArray,
    members: Members,
    used: NDArray[np.bool_],
    settings: DifficultySettings = DIFFICULTY,
) -> Difficulty:
    """Returns what is known at the end of a panel of the errors of its forecast.

    Args:
        panel: ends at the origin.
        season: of the scales.
        scales: (S,), in the target's unit; 0 or NaN for a series without.
        point: (S, H), the forecast.
        members: that it is made of.
        used: (M,), which of them count.
        settings: the numbers by which features are measured.
    """
    scales = np.where(scales > 0, scales, np.nan)
    sizes = _sizes(panel, season, settings)
    features = np.full((len(FEATURES), *point.shape), np.nan, dtype=np.float32)

    def put(name: str, size: FloatArray) -> None:
        share = size / scales[:, None]
        features[FEATURES.index(name)] = np.log(np.where(share > settings.floor, share, settings.floor))

    features[0] = np.log(np.arange(1, point.shape[1] + 1))
    for name, size in zip(("step to step", "recent", "level"), sizes, strict=True):
        put(name, size[:, None])
    put("forecast", np.abs(point))
    if used.sum() > 1:
        put("members", members.values[used].std(axis=0))
    for anchor in ANCHORS:
        if members.anchors and anchor in members.anchors:
            put(anchor, np.abs(members.anchors[anchor] - point))
    features[:, np.isnan(scales)] = np.nan
    demands = _demands(panel, settings.demand_steps) if members.is_demand else None
    return Difficulty(scales, sizes[2], panel.last, features, demands)


def with_demands(
    known: Difficulty,
    panel: Panel,
    rare: NDArray[np.bool_],
    settings: DifficultySettings = DIFFICULTY,
    *,
    are_lone: bool = False,
) -> Difficulty:
    """Returns what is known, with the demands of series that have counts, and of those of no known scale.

    Args:
        known: of all series.
        panel: ends at the origin.
        rare: (S,), which have counts.
        settings: the numbers by which is measured what tells of errors.
        are_lone: other series mostly sell often, so that one of no known scale has no counts.
    """
    is_leaf = panel.hierarchy.is_leaf if panel.hierarchy else True
    asked = rare | (np.isnan(known.scales) & ~panel.has_ended & is_leaf & (not are_lone))
    demands = np.where(asked, _demands(panel, settings.demand_steps), np.nan) if asked.any() else None
    return replace(known, demands=demands)


def error_scale(
    symmetry: Symmetry, share: float, point: FloatArray, known: Difficulty, stretch: float
) -> tuple[Transform, FloatArray]:
    """Returns the scale on which errors are alike, and the unit in which they are measured on it, (S, H).

    Args:
        symmetry: the kind of the scale.
        share: of a series' level, added before a root or a logarithm.
        point: (S, H), the forecasts.
        known: at their origin.
        stretch: see ``Transform``.
    """
    size = np.maximum(known.levels, known.scales)  # a series that ends with zeros has no level
    transform = Transform(symmetry, (share * size)[:, None], stretch)
    return transform, known.scales[:, None] * transform.slope(point)


def _demands(panel: Panel, steps: int) -> FloatArray:
    """Returns how many of each series' last values are above 0, and their sum, (2, S)."""
    found = np.zeros((2, len(panel)))
    for which, values in by_length(panel):
        above = np.maximum(values[:, -steps:], 0)
        found[:, which] = (above > 0).sum(axis=1), above.sum(axis=1)
    return found


def _sizes(panel: Panel, season: int, settings: DifficultySettings) -> FloatArray:
    """Returns each series' mean difference from step to step, its recent seasonal one, and its level, (3, S)."""
    sizes = np.zeros((3, len(panel)))
    for which, values in by_length(panel):
        length = values.shape[1]
        if length < 2:
            continue
        lag = season if length > season else 1
        end = max(settings.seasons * season, settings.least)
        recent = values[:, -end - lag :]
        sizes[0, which] = np.abs(np.diff(values, axis=1)).mean(axis=1)
        sizes[1, which] = np.abs(recent[:, lag:] - recent[:, :-lag]).mean(axis=1)
        sizes[2, which] = np.abs(values[:, -max(season, settings.least) :]).mean(axis=1)
    return sizes
