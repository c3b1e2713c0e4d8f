"""What is shown of a panel beside its forecasts: which series, how much of their past, and between which values.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.models.forecaster import FloatArray, Forecasts

MOST_SERIES = 6
LEAST_STEPS = 24  # of history, even before a very short horizon
LONG_TAIL, SHORT_TAIL = 3.0, 1.5  # horizons or seasons of history, whichever is longer …
ROOMY = 3  # as many series or models leave room for the long tail
MOST_HORIZONS = 3  # … but a season counts for no more than so many horizons
OUTSIDE = 2.0  # a forecast may leave the history's range by so many times that range before it is cut off

Dates = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Line:
    """Values on dates; NaN where the line is broken."""

    timestamps: Dates
    values: FloatArray


NOTHING = Line(np.empty(0, "datetime64[s]"), np.empty(0))


@dataclass(frozen=True, eq=False)
class Observed:
    """What was seen of one series: before the origin (included), and after it as far as the horizon goes."""

    series_id: str
    past: Line
    truth: Line


def excerpts(history: Panel, forecasts: Mapping[str, Forecasts], actuals: Panel | None = None) -> tuple[Observed, ...]:
    """Returns up to six series as they are drawn beside forecasts, from the largest to the smallest by total volume.

    Args:
        history: What was known; steps after the origin are not taken from it.
        forecasts: By model name, at least one, all from the same origin.
        actuals: What came after the origin, where it is known; may hold the history too.
    """
    first = next(iter(forecasts.values()))
    chosen = _spread_by_volume(history, first.series_ids)
    tail = LONG_TAIL if max(len(chosen), len(forecasts)) <= ROOMY else SHORT_TAIL
    return tuple(_observed(history, actuals, first, series_id, tail) for series_id in chosen)


def excerpt_of(history: Panel, forecasts: Mapping[str, Forecasts], series_id: str) -> Observed:
    """Returns one series as it is drawn beside others; see ``excerpts``."""
    return _observed(history, None, next(iter(forecasts.values())), series_id, SHORT_TAIL)


def sensible_range(seen: Observed, foretold: FloatArray) -> tuple[float, float]:
    """Returns the limits of the upright axis: all that is drawn, but a forecast that explodes is cut off.

    What is never negative gets no empty strip below zero.
    """
    history = np.concatenate([seen.past.values, seen.truth.values])
    history = history[np.isfinite(history)]
    values = np.concatenate([history, foretold[np.isfinite(foretold)]])
    if values.size == 0:
        return 0.0, 1.0
    if history.size and history.max() > history.min():
        room = OUTSIDE * (history.max() - history.min())
        values = values[(values >= history.min() - room) & (values <= history.max() + room)]
    low, high = float(values.min()), float(values.max())
    air = 0.05 * (high - low) or 0.5 * abs(high) or 1.0
    return (max(low - air, 0.0) if low >= 0 else low - air), high + air


def foretold(forecasts: Mapping[str, Forecasts], main: str, series_id: str) -> FloatArray:
    """Returns all forecast values that are drawn for one series: intervals are those of the main model only."""
    drawn = [np.empty(0)]
    for model, made in forecasts.items():
        if series_id in made.series_ids:
            i = made.series_ids.index(series_id)
            bands = made.intervals if model == main else ()
            drawn += [made.point[i], *(edge[i] for band in bands for edge in (band.lower, band.upper))]
    return np.concatenate(drawn)


def _spread_by_volume(history: Panel, series_ids: Sequence[str]) -> list[str]:
    """Returns up to six series at even ranks of total volume, the largest first; ties keep their order."""
    if len(series_ids) <= MOST_SERIES:
        return list(series_ids)
    volumes = {series_id: np.nansum(np.abs(history.series(i))) for i, series_id in enumerate(history.series_ids)}
    ranked = sorted(series_ids, key=lambda series_id: -volumes.get(series_id, 0.0))
    ranks = np.linspace(0, len(ranked) - 1, MOST_SERIES).round().astype(int)
    return [ranked[rank] for rank in ranks]


def _observed(history: Panel, actuals: Panel | None, made: Forecasts, series_id: str, tail: float) -> Observed:
    """Returns the tail of one series' history, and its actuals within the horizon."""
    dates = made.timestamps[made.series_ids.index(series_id)]
    known = _line(history, series_id)
    before = known.timestamps < dates[0]
    season = min(history.frequency.seasons, default=0)
    steps = max(LEAST_STEPS, int(tail * max(dates.size, min(season, MOST_HORIZONS * dates.size))))
    past = Line(known.timestamps[before][-steps:], known.values[before][-steps:])
    came = NOTHING if actuals is None else _line(actuals, series_id)
    within = (came.timestamps >= dates[0]) & (came.timestamps <= dates[-1])
    return Observed(series_id, past, Line(came.timestamps[within], came.values[within]))


def _line(panel: Panel, series_id: str) -> Line:
    if series_id not in panel.series_ids:
        return NOTHING
    i = panel.series_ids.index(series_id)
    return Line(panel.timestamps(i), panel.series(i))
