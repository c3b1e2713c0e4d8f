"""What a forecast is made of: level, season, what is told of the steps to come, and the rest; they add up to it.

    level     the mean of the last whole seasons, without the effects of covariates
    season    how each step of the season usually differs from that
    plan      what the known columns told of the steps to come add to a forecast of usual ones: promotions, prices
    rest      what is left: growth, the time of the year, and all that the networks saw beside

Shapes: ``S`` series, ``H`` horizon, ``T`` steps of history.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.reading.future_coverage import Known, continued
from forecast.evaluation.fold_forecasts import Manner
from forecast.evaluation.trained_model import TrainedModel
from forecast.models.forecaster import Forecasts
from forecast.run import ALONE, Run

FloatArray = NDArray[np.float64]

SEASONS = 4
"""So many of the newest seasons tell how its steps usually differ."""
NAMES = {
    "level": "level",
    "season": "season",
    "plan": "promotions and other plans",
    "rest": "rest: growth, time of year",
}
NEGLIGIBLE = 1e-9


@dataclass(frozen=True, eq=False)
class ForecastParts:
    """The parts of a forecast, in the target's unit; they add up to it.

    Attributes:
        series_ids: (S,).
        timestamps: (S, H), of the steps.
        level: (S, H), the same at all steps of a series.
        season: (S, H).
        plan: (S, H), 0 where nothing is told of the steps to come.
        rest: (S, H).
    """

    series_ids: tuple[str, ...]
    timestamps: NDArray[np.datetime64]
    level: FloatArray
    season: FloatArray
    plan: FloatArray
    rest: FloatArray

    @property
    def by_name(self) -> dict[str, FloatArray]:
        """The parts that are there at all, (S, H) each, by name."""
        own = {name: getattr(self, name) for name in NAMES}
        return {name: values for name, values in own.items() if np.abs(values).max(initial=0.0) > NEGLIGIBLE}

    def some(self, which: Sequence[int]) -> "ForecastParts":
        """Returns the parts of some of the series."""
        places = list(which)
        return ForecastParts(
            tuple(self.series_ids[i] for i in places),
            self.timestamps[places],
            *(getattr(self, part)[places] for part in NAMES),
        )

    def rows(self, names: Sequence[str], manner: Manner) -> tuple[tuple[str, tuple[float, ...]], ...]:
        """Returns what some parts of each series come to, and their sum: a row a series."""
        join = np.mean if manner == "mean" else np.sum
        told = np.stack([join(getattr(self, name), axis=1) for name in names], axis=1)
        told[np.abs(told) <= NEGLIGIBLE * np.abs(told).sum(axis=1, keepdims=True)] = 0.0  # a season adds up to nothing
        whole = np.concatenate([told, told.sum(axis=1, keepdims=True)], axis=1).tolist()
        return tuple((series, tuple(values)) for series, values in zip(self.series_ids, whole, strict=True))

    def joined(self, name: str, manner: Manner) -> "ForecastParts":
        """Returns the parts of all series together, as their sum or their mean."""
        sums = [getattr(self, part).sum(axis=0, keepdims=True) for part in NAMES]
        count = len(self.series_ids) if manner == "mean" else 1
        return ForecastParts((name,), self.timestamps[:1], *(own / count for own in sums))


def as_usual(trained: TrainedModel, panel: Panel, horizon: int) -> Panel | None:
    """Returns the panel of which nothing is told but what is usual; None where nothing else was told.

    Args:
        trained: that forecasts.
        panel: from whose end.
        horizon: steps.
    """
    usual, covariates = trained.usual, panel.covariates
    if usual is None or covariates is None or not covariates.of("known"):
        return None
    blocks = -(-horizon // trained.horizon)
    steps = blocks * trained.horizon + max(trained.settings.covariates.around, default=0)
    values = np.repeat(usual.of(panel)[:, np.newaxis], steps, axis=1)  # (S, T, C)
    told = covariates.known_between(panel.last + 1, steps)
    if not (~np.isnan(told) & ~np.isnan(values) & (told != values)).any():
        return None
    newer = Known(values.reshape(-1, values.shape[2]), panel.last + 1, np.arange(len(panel) + 1) * steps)
    return replace(panel, covariates=continued(covariates, newer))


def usual_forecast(trained: TrainedModel, panel: Panel, horizon: int, run: Run = ALONE) -> Forecasts | None:
    """Returns the forecast of the same steps if all were as usual; None where nothing else was told."""
    plain = as_usual(trained, panel, horizon)
    return None if plain is None else trained.forecast(plain, horizon, run)


def parts_of(trained: TrainedModel, panel: Panel, forecasts: Forecasts, usual: Forecasts | None) -> ForecastParts:
    """Returns the parts of a forecast.

    Args:
        trained: that made it.
        panel: from whose end.
        forecasts: of it.
        usual: the same without what is told of the steps to come; None where nothing is.
    """
    point, season = forecasts.point, max(trained.season, 1)
    level, seasonal = np.zeros_like(point), np.zeros_like(point)
    bare = _without_effects(trained, panel)
    for i in range(len(panel)):
        own = bare.series(i)
        level[i], seasonal[i] = _level_and_season(own, season, point.shape[1], fallback=float(point[i].mean()))
    plain = point if usual is None else usual.point
    return ForecastParts(
        forecasts.series_ids, forecasts.timestamps, level, seasonal, point - plain, plain - level - seasonal
    )


def _without_effects(trained: TrainedModel, panel: Panel) -> Panel:
    """Returns the history without what covariates and dates did to it, as far as the model knows."""
    known = trained.model.covariate_model
    return panel if known is None or known.effects is None else known.remove(panel)


def _level_and_season(values: FloatArray, season: int, horizon: int, fallback: float) -> tuple[float, FloatArray]:
    """Returns the level of a series (T,), and how the next steps differ from it by their place in the season, (H,)."""
    steps = -(-horizon // season) * season
    newest = values[-min(max(steps, season), values.size) :]
    known = newest[~np.isnan(newest)]
    level = float(known.mean()) if known.size else fallback
    if season == 1 or values.size < season:
        return level, np.zeros(horizon)
    last = values[-min(SEASONS * season, values.size // season * season) :].reshape(-1, season)
    known_counts = (~np.isnan(last)).sum(axis=0)
    means = np.nansum(last, axis=0) / np.maximum(known_counts, 1)
    profile = np.where(known_counts > 0, means - means[known_counts > 0].mean(), 0.0)
    return level, np.resize(profile, horizon)
