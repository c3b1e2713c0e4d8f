"""Some series of a forecast: one level of a hierarchy, or the leaves, of which everything else is the sum."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecast.data.panel import Panel
from forecast.errors import UsageError
from forecast.evaluation.distribution.probabilistic_forecast import ProbabilisticForecast
from forecast.models.forecaster import Forecasts, Interval

PanelForecast = tuple[Panel, Forecasts, ProbabilisticForecast | None]
EVERY = "all"


def some_series(
    panel: Panel, forecasts: Forecasts, distributed: ProbabilisticForecast | None, which: Sequence[int]
) -> PanelForecast:
    """Returns some of the series of a forecast, whose paths and quantiles stay those of all of them."""
    places = np.asarray(which, dtype=np.int64)
    made = forecasts.quantiles
    narrowed = Forecasts(
        tuple(forecasts.series_ids[i] for i in places.tolist()),
        forecasts.timestamps[places],
        forecasts.point[places],
        tuple(Interval(own.level, own.lower[places], own.upper[places]) for own in forecasts.intervals),
        made and replace(made, values=made.values[:, places]),
        forecasts.levels,
    )
    return panel.select(places), narrowed, distributed and distributed.some(places.tolist())


def leaves_alone(panel: Panel, forecasts: Forecasts, distributed: ProbabilisticForecast | None) -> PanelForecast:
    """Returns the series that are no sums of others: what adds up to the total; all, where none is a sum."""
    if panel.hierarchy is None:
        return panel, forecasts, distributed
    return some_series(panel, forecasts, distributed, panel.summands.tolist())


def level_places(panel: Panel, level: str | None) -> list[int] | None:
    """Returns the series of a level that was asked for; None for all of them.

    Raises:
        UsageError: there is no such level, or nothing is a sum.
    """
    if level is None or level.strip().casefold() == EVERY:
        return None
    tree = panel.hierarchy
    if tree is None:
        message = f"--level {level}: the model was trained without a hierarchy, so there is one level."
        raise UsageError(message, "forecast train DATA --hierarchy 'state/region * item' makes one with levels")
    places: list[int] = tree.places(tree.level_named(level)).tolist()
    return places
