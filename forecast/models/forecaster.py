"""The Forecaster protocol: fit on a panel that ends at the origin, then predict the steps after it.

Shapes: ``S`` series, ``H`` horizon, ``M`` members (the networks of an ensemble; one for a plain model),
``K`` points of a curve.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.interval_levels import LEVELS
from forecast.models.covariates.covariate_model import CovariateModel
from forecast.probabilities import PLACES
from forecast.run import ALONE, Run
from forecast.specs import Anchor, View

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Interval:
    """A pair of quantiles that should hold ``level`` per cent of the truths, in the target's unit."""

    level: float
    lower: FloatArray  # (S, H)
    upper: FloatArray  # (S, H)


@dataclass(frozen=True, eq=False)
class Quantiles:
    """Quantiles of forecasts, in the target's unit; they never cross.

    Attributes:
        probabilities: (Q,), ascending, between 0 and 1.
        values: (Q, …, S, H); NaN where there is no distribution.
    """

    probabilities: tuple[float, ...]
    values: FloatArray | NDArray[np.float32]

    def at(self, probability: float) -> FloatArray:
        """Returns the quantile at one of the probabilities, (…, S, H).

        Raises:
            ValueError: it is none of them.
        """
        return np.asarray(self.values[self.probabilities.index(round(probability, PLACES))])

    def interval(self, level: float) -> Interval:
        """Returns the interval between the two quantiles that should hold so many per cent of the truths.

        Raises:
            ValueError: one of them is not among the probabilities.
        """
        lower, upper = ends_of(level)
        return Interval(level, self.at(lower), self.at(upper))


def ends_of(level: float) -> tuple[float, float]:
    """Returns the probabilities of the two quantiles between which so many per cent of the truths should lie."""
    return round((100 - level) / 200, PLACES), round((100 + level) / 200, PLACES)


@dataclass(frozen=True, eq=False)
class Forecasts:
    """The next ``H`` steps of ``S`` series, in the target's unit.

    Attributes:
        quantiles: that were asked for beside the intervals.
        levels: of the intervals that were asked for, whether there are any or not.
    """

    series_ids: tuple[str, ...]
    timestamps: NDArray[np.datetime64]  # (S, H), second resolution
    point: FloatArray  # (S, H)
    intervals: tuple[Interval, ...] = ()
    quantiles: Quantiles | None = None
    levels: tuple[float, ...] = LEVELS


@dataclass(frozen=True, eq=False)
class Members:
    """The forecasts of each member of a model; members of one view differ only in their seed."""

    views: tuple[str, ...]  # M
    seeds: tuple[int, ...]  # M
    values: FloatArray  # (M, S, H), in the target's unit
    anchors: Mapping[Anchor, FloatArray] | None = None  # (S, H) each, the spec's: what members are trusted against
    is_demand: bool = False  # means of what comes now and then, around which counts lie

    def some(self, which: NDArray[np.bool_]) -> "Members":
        """Returns some of the members, (M,) true for those to keep."""
        views = tuple(view for view, kept in zip(self.views, which, strict=True) if kept)
        seeds = tuple(seed for seed, kept in zip(self.seeds, which, strict=True) if kept)
        return Members(views, seeds, self.values[which], self.anchors, self.is_demand)


@dataclass(frozen=True, eq=False)
class Curve:
    """How a network's error falls while it learns, mean over its members."""

    steps: NDArray[np.int64]  # K
    seconds: FloatArray  # K
    rmse: FloatArray  # K, on steps after the origin, in the target's unit


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A network in the middle of its training.

    Attributes:
        seconds: of training until then, pauses left out.
        weights: by name.
    """

    view: View
    seed: int
    step: int
    seconds: float
    weights: dict[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Watcher:
    """Looks on while a model is fitted; changes nothing.

    Attributes:
        progress: told the share of the fit that is done, from 0 to 1.
        truth: (S, H), the steps after the origin, to draw a ``Curve`` against; no model learns from it.
        look: shown every network at the points of that curve; called by one training thread at a time.
    """

    progress: Callable[[float], None] = lambda _share: None
    truth: FloatArray | None = None
    look: Callable[[Snapshot], None] | None = None

    def during(self, number: int, parts: int, truth: FloatArray | None = None) -> "Watcher":
        """Returns what looks on while part ``number`` of so many equal parts is fitted."""
        return Watcher(lambda share: self.progress((number + share) / parts), truth)


class Fitted(Protocol):
    """A model after training."""

    @property
    def parameters(self) -> int | None:
        """Trainable numbers in one network; None where nothing is trained."""

    @property
    def curve(self) -> Curve | None:
        """How the error fell; None where it was not watched or nothing is trained step by step."""

    @property
    def train_seconds(self) -> float:
        """Seconds that its training took, now or before; 0 where nothing is trained."""

    def predict_members(self, panel: Panel, run: Run = ALONE) -> Members:
        """Returns the forecasts of the steps after the end of each series, member by member."""


class Issuable(Fitted, Protocol):
    """A fitted model that can be kept as a version: everything that its forecasts stand on is in it or in the panel."""

    @property
    def horizon(self) -> int:
        """Steps that one forecast reaches."""

    @property
    def lookback(self) -> int | None:
        """Observed steps before a forecast that decide it; None for all of them."""

    @property
    def seasons(self) -> tuple[int, ...]:
        """The season, 1 for none, and longer ones."""

    @property
    def covariate_model(self) -> CovariateModel | None:
        """What was learned of covariates and dates; None where nothing was."""

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """What its members are trusted against; nothing where they stand alone."""


class Forecaster(Protocol):
    """A recipe that can be trained: the same data and seeds give the same model."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    def fit(self, panel: Panel, watcher: Watcher) -> Fitted:
        """Trains on everything in the panel, which the caller has cut at the origin."""


@runtime_checkable
class Preparable(Protocol):
    """What can be made ready for its first fit while something else runs."""

    def prepare(self, panel: Panel) -> None:
        """Does what a fit to the panel begins with, so that the fit finds it done."""
