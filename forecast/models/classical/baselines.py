"""The forecasts that need no network, and that every network must beat.

Shapes: ``S`` series, ``H`` horizon.
"""

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel, even_choice
from forecast.data.windows import last_lookbacks
from forecast.models.classical.autoregression import (
    AutoregressionSettings,
    SeasonlessSettings,
    seasonal_autoregression,
)
from forecast.models.classical.demand_traits import PooledSettings
from forecast.models.classical.intermittent import RULES, IntermittentSettings, intermittent
from forecast.models.classical.local_ridge import LocalRidgeSettings, local_ridge
from forecast.models.classical.pretrained import PretrainedSettings, seasonless_smoothing
from forecast.models.classical.seasonality import SeasonalitySettings
from forecast.models.classical.similar_days import SimilarDaySettings, similar_days
from forecast.models.classical.theta import ThetaSettings, exponential_smoothing
from forecast.models.forecaster import Members, Watcher
from forecast.run import ALONE, Run
from forecast.specs import Anchor

FloatArray = NDArray[np.float64]
BaselineName = Literal["naive", "seasonal-naive", "drift", "smoothing", "local-ridge", "sba", "tsb", "adida", "imapa"]
KEPT_BASELINES = 256
"""Forecasts that are kept of the rules that take a while: each model of a comparison asks for the same ones."""

JUDGES = 200  # measured by benchmarks/tuning/plan.py
"""Series that say which season is best repeated."""


@dataclass(frozen=True)
class BesideSmoothingSettings:
    """What stands beside exponential smoothing of series with a season: an autoregression, and similar seasons.

    Attributes:
        share: each of the two has so much of the forecast of a series that has lived through many seasons. 0 for none.
        few: of one that has lived through so many, half as much; of others accordingly.
        power: of similar seasons, see ``SimilarDaySettings``.
    """

    share: float = 0.2  # measured by benchmarks/tuning/smoothing.py
    few: float = 10.0  # measured by benchmarks/tuning/smoothing.py
    power: float = 2.0  # measured by benchmarks/tuning/smoothing.py

    def share_of(self, seasons: Any) -> Any:
        """Returns the share of each of the two for series that have lived through so many seasons."""
        return self.share * seasons / (seasons + self.few)


@dataclass(frozen=True)
class ClassicalSettings:
    """The numbers of the rules that take a while; a version keeps those that it was trained with."""

    seasonality: SeasonalitySettings = field(default_factory=SeasonalitySettings)
    theta: ThetaSettings = field(default_factory=ThetaSettings)
    local_ridge: LocalRidgeSettings = field(default_factory=LocalRidgeSettings)
    intermittent: IntermittentSettings = field(default_factory=IntermittentSettings)
    pooled: PooledSettings = field(default_factory=PooledSettings)
    autoregression: AutoregressionSettings = field(default_factory=AutoregressionSettings)
    seasonless: SeasonlessSettings = field(default_factory=SeasonlessSettings)
    similar_days: SimilarDaySettings = field(default_factory=SimilarDaySettings)
    beside_smoothing: BesideSmoothingSettings = field(default_factory=BesideSmoothingSettings)
    pretrained: PretrainedSettings = field(default_factory=PretrainedSettings)

    @property
    def similar_seasons(self) -> SimilarDaySettings:
        """The numbers of similar seasons beside exponential smoothing."""
        return replace(self.similar_days, power=self.beside_smoothing.power)

    def steps_used(self, name: BaselineName | Anchor, seasons: tuple[int, ...]) -> int:
        """Returns how many steps before a forecast a rule looks at, at most.

        Raises:
            ValueError: it looks at all of them.
        """
        if name == "drift":
            raise ValueError("the drift begins at the first value, however long ago that was")
        if name == "pooled":
            return self.pooled.history
        if name in RULES:
            return self.intermittent.history
        if name == "local-ridge":
            return self.local_ridge.steps_used(seasons)
        if name == "smoothing":
            return self.theta.steps_used(seasons[0])
        return 1 if name == "naive" else seasons[0]


@dataclass(frozen=True)
class Baseline:
    """A rule from Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, section 5.2, or a formula."""

    name: BaselineName
    horizon: int
    season: int
    settings: ClassicalSettings
    longer: tuple[int, ...] = ()  # seasons beside it
    is_demand: bool = False  # of what comes now and then it forecasts the mean, around which counts lie
    parameters: None = None
    curve: None = None
    train_seconds: float = 0.0
    covariate_model: None = None
    anchors: tuple[Anchor, ...] = ()

    @property
    def lookback(self) -> int | None:
        """Observed steps that decide a forecast; None for all of them."""
        return None if self.name == "drift" else self.settings.steps_used(self.name, self.seasons)

    @property
    def seasons(self) -> tuple[int, ...]:
        """The season, and the longer ones beside it."""
        return (self.season, *self.longer)

    def fit(self, panel: Panel, watcher: Watcher) -> "Baseline":
        """Returns itself: there is nothing to learn."""
        del panel
        watcher.progress(1.0)
        return self

    def predict_members(self, panel: Panel, run: Run = ALONE) -> Members:
        """Returns the rule's forecast as its only member."""
        values = baseline(self.name, panel, self.horizon, self.seasons, self.settings, run)
        return Members((self.name,), (0,), values[None], is_demand=self.is_demand)


def baseline(
    name: BaselineName,
    panel: Panel,
    horizon: int,
    seasons: tuple[int, ...],
    settings: ClassicalSettings,
    run: Run = ALONE,
) -> FloatArray:
    """Returns the forecasts of a rule by its name, (S, H).

    Args:
        name: of the rule.
        panel: ends at the origin.
        horizon: ``H``.
        seasons: ascending; the first is repeated by the seasonal naive; 1 for none.
        settings: of the rules.
        run: whose cache keeps what takes a while: each model of a comparison asks for the same.
    """
    if name == "seasonal-naive":
        return seasonal_naive(panel, horizon, seasons[0])
    if name in {"naive", "drift"}:
        return (naive if name == "naive" else drift)(panel, horizon)
    if name in RULES:
        return intermittent(name, panel, horizon, settings.intermittent)
    digest = blake2b(repr((name, horizon, seasons, panel.fill, panel.ignored, settings)).encode())
    for array in (panel.values, panel.offsets, panel.first, panel.left_out):
        digest.update(b"" if array is None else array.tobytes())

    def make() -> FloatArray:
        rule = _smoothing if name == "smoothing" else _local_ridge
        return rule(panel, horizon, seasons, settings, run.machine.threads)

    return run.cache.get("baselines", digest.digest(), make, most=KEPT_BASELINES).copy()


def _smoothing(
    panel: Panel, horizon: int, seasons: tuple[int, ...], settings: ClassicalSettings, threads: int
) -> FloatArray:
    """Returns the forecasts of exponential smoothing, with some of an autoregression and of similar seasons."""
    season, beside = seasons[0], settings.beside_smoothing
    if season == 1 and settings.pretrained.share:
        return seasonless_smoothing(panel, horizon, settings.theta, settings.seasonless, settings.pretrained, threads)
    own, steps = (season,), settings.steps_used("smoothing", (season,))
    forecast = exponential_smoothing(panel, horizon, season, settings.theta, settings.seasonality, threads)
    if season == 1:
        if share := settings.seasonless.share:
            other = seasonal_autoregression(panel, horizon, own, steps, settings.seasonless, settings.seasonality)
            forecast = (1 - share) * forecast + share * other
        return forecast
    if not beside.share:
        return forecast
    shares = beside.share_of(np.minimum(panel.lengths, steps)[:, None] / season)
    stepwise = seasonal_autoregression(panel, horizon, own, steps, settings.autoregression, settings.seasonality)
    alike = similar_days(panel, horizon, own, steps, settings.similar_seasons)
    rest = ((1 - 2 * shares) * forecast + shares * stepwise) / (1 - shares)
    return np.asarray(np.where(np.isnan(alike), rest, (1 - shares) * rest + shares * alike))


def _local_ridge(
    panel: Panel, horizon: int, seasons: tuple[int, ...], settings: ClassicalSettings, threads: int
) -> FloatArray:
    """Returns the forecasts of regressions and autoregression; the seasonal naive of a series too short for them.

    Where there are two seasons, what came after similar days has a share.
    """
    del threads  # one after the other
    forecast = local_ridge(panel, horizon, seasons, settings.local_ridge)
    steps = settings.steps_used("local-ridge", seasons)
    if share := settings.autoregression.share:
        other = seasonal_autoregression(panel, horizon, seasons, steps, settings.autoregression, settings.seasonality)
        forecast = (1 - share) * forecast + share * other
    if (share := settings.similar_days.share) and len(seasons) > 1:
        other = similar_days(panel, horizon, seasons, steps, settings.similar_days)
        forecast = np.where(np.isnan(other), forecast, (1 - share) * forecast + share * other)
    return np.where(np.isnan(forecast), seasonal_naive(panel, horizon, seasons[0]), forecast)


def naive(panel: Panel, horizon: int) -> FloatArray:
    """Returns the last value, repeated: (S, H)."""
    return np.repeat(last_lookbacks(panel, 1), horizon, axis=1)


def seasonal_naive(panel: Panel, horizon: int, season: int) -> FloatArray:
    """Returns the last season, repeated: (S, H); a series shorter than one season repeats its last value."""
    repeated = last_lookbacks(panel, season)[:, np.arange(horizon) % season]
    short = panel.lengths < season
    repeated[short] = naive(panel, horizon)[short]
    return repeated


def best_season(panel: Panel, horizon: int, seasons: tuple[int, ...]) -> int:
    """Returns the season whose repetition has erred least in the past, of some, (ascending); the shortest of several.

    All seasons are judged by the same steps, at every step of the horizon, over each series' own size.
    """
    total = np.zeros(len(seasons))
    reach = max(season * -(-horizon // season) for season in seasons)
    for i in even_choice(len(panel), JUDGES):
        values = panel.filled[panel.offsets[i] : panel.offsets[i + 1]]
        if values.size <= reach or np.ptp(values) == 0:
            continue
        for place, season in enumerate(seasons):
            steps = np.arange(1, horizon + 1)
            for lag, count in zip(*np.unique(season * -(-steps // season), return_counts=True), strict=True):
                errors = values[reach:] - values[reach - lag : values.size - lag]
                total[place] += count * (errors**2).mean() / values.var()
    return seasons[int(total.argmin())]


def drift(panel: Panel, horizon: int) -> FloatArray:
    """Returns the straight line through the first and the last value, drawn on: (S, H)."""
    last, some = last_lookbacks(panel, 1), panel.lengths > 0
    slope = np.zeros_like(last)  # (S, 1)
    rise = last[some, 0] - panel.filled[panel.offsets[:-1][some]]
    slope[some, 0] = rise / np.maximum(panel.lengths[some] - 1, 1)
    return last + slope * np.arange(1, horizon + 1)
