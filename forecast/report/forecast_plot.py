"""The picture of a forecast: what was, what is foretold, how sure that is, and what came.

    history ───────╮   │ ░░░░░░░░ 95 %
                    ╲  │ ▒▒▒●──●▒ 80 %      one panel of the picture is one series;
                     ╰─│─────────  actual   the vertical line is the origin

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from forecast.data.frequency import readable
from forecast.data.panel import Panel
from forecast.models.forecaster import FloatArray, Forecasts
from forecast.report.canvas import add_frame, date_axis, draw_model, empty_figure, number_axis
from forecast.report.style import INK, MUTED, ModelStyle, house_style, styles_of, wrapped

MOST_SERIES = 6
LEAST_STEPS = 24  # of history, even before a very short horizon
LONG_TAIL, SHORT_TAIL = 3.0, 1.5  # horizons or seasons of history, whichever is longer …
ROOMY = 3  # as many series or models leave room for the long tail
MOST_HORIZONS = 3  # … but a season counts for no more than so many horizons
MOST_DOTS = 31  # of actual values
HEIGHTS = {1: 4.0, 2: 5.2, 3: 7.2, 4: 5.0, 5: 7.2, 6: 7.2}  # inches, by number of series
ABOVE_MODELS = 6  # drawing order
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


@house_style()
def forecast_figure(
    history: Panel, forecasts: Mapping[str, Forecasts], *, actuals: Panel | None = None, title: str = ""
) -> Figure:
    """Returns the recent history and each model's forecast, for up to six series.

    Bands are drawn for the first model only. Of more than six series, six are shown from the largest to the
    smallest by total volume.

    Args:
        history: What was known; steps after the origin are not drawn from it.
        forecasts: By model name, at least one, all from the same origin.
        actuals: What came after the origin, where it is known; may hold the history too.
        title: Above the picture.
    """
    styles = styles_of(forecasts)
    main, first = next(iter(forecasts.items()))
    chosen = _spread_by_volume(history, first.series_ids)
    columns = 1 if len(chosen) <= ROOMY else 2
    tail = LONG_TAIL if max(len(chosen), len(forecasts)) <= ROOMY else SHORT_TAIL
    shown = [_observed(history, actuals, first, series_id, tail) for series_id in chosen]
    figure = empty_figure(HEIGHTS[len(shown)])
    grid = figure.subplots(-(-len(shown) // columns), columns, squeeze=False).ravel()
    entries: dict[str, Any] = {}
    for axes, seen in zip(grid, shown, strict=False):
        entries |= _draw_observed(axes, seen)
        for model, made in forecasts.items():
            entries |= _draw_forecast(axes, model, styles[model], made, seen.series_id, bands=model == main)
        number_axis(axes, history.target if len(shown) == 1 else "")
        axes.set_ylim(_sensible_range(seen, _foretold(forecasts, main, seen.series_id)))
        date_axis(axes, labels=10 // columns)
        axes.margins(x=0.015)
        if len(history) > 1:
            axes.set_title(wrapped(seen.series_id, 100 // columns, lines=2))
    for axes in grid[len(shown) :]:
        axes.remove()
    if len(shown) > 1:
        figure.supylabel(wrapped(history.target, 60), fontsize=10)
    add_frame(figure, title=title, legend=entries, caption=_caption(shown, len(first.series_ids)))
    return figure


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


def _draw_observed(axes: Axes, seen: Observed) -> dict[str, Any]:
    """Draws what was seen on both sides of the origin; returns the legend's entries."""
    entries: dict[str, Any] = {}
    for name, line, width in (("history", seen.past, 1.1), ("actual", seen.truth, 0.8)):
        if line.timestamps.size:
            dots = "." if name == "actual" and line.timestamps.size <= MOST_DOTS else ""
            (entries[name],) = axes.plot(
                line.timestamps,
                line.values,
                color=INK,
                linewidth=width,
                marker=dots,
                markersize=4,
                zorder=ABOVE_MODELS,
            )
            _dot_lonely_points(axes, line)
    if seen.past.timestamps.size:
        axes.axvline(seen.past.timestamps[-1], color=MUTED, linewidth=0.8, zorder=1)
    return entries


def _dot_lonely_points(axes: Axes, line: Line) -> None:
    """Marks the points between two gaps, of which a line shows nothing."""
    seen = np.concatenate([[False], np.isfinite(line.values), [False]])
    lonely = seen[1:-1] & ~seen[:-2] & ~seen[2:]
    if lonely.any():
        axes.plot(line.timestamps[lonely], line.values[lonely], ".", color=INK, markersize=3)


def _draw_forecast(
    axes: Axes, model: str, style: ModelStyle, made: Forecasts, series_id: str, *, bands: bool
) -> dict[str, Any]:
    """Draws one model's forecast of one series; returns the legend's entries."""
    if series_id not in made.series_ids:
        return {}
    i = made.series_ids.index(series_id)
    dates = made.timestamps[i]
    line = draw_model(axes, dates, made.point[i], style)
    entries: dict[str, Any] = {model: line}
    if bands:
        line.set_zorder(ABOVE_MODELS - 0.5)  # the model that the picture is about
        for depth, interval in enumerate(sorted(made.intervals, key=lambda interval: -interval.level)):
            name = f"{model}, {interval.level} % interval"
            entries[name] = _draw_band(axes, dates, interval.lower[i], interval.upper[i])
            entries[name].set(color=style.colour, alpha=0.16 + 0.14 * depth, zorder=2)
    return entries


def _draw_band(axes: Axes, dates: Dates, lower: FloatArray, upper: FloatArray) -> Collection:
    if dates.size == 1:  # a band without width could not be seen
        return axes.vlines(dates, lower, upper, linewidth=9)
    return axes.fill_between(dates, lower, upper, linewidth=0)


def _foretold(forecasts: Mapping[str, Forecasts], main: str, series_id: str) -> FloatArray:
    """Returns all forecast values that are drawn for one series."""
    drawn = [np.empty(0)]
    for model, made in forecasts.items():
        if series_id in made.series_ids:
            i = made.series_ids.index(series_id)
            bands = made.intervals if model == main else ()
            drawn += [made.point[i], *(edge[i] for band in bands for edge in (band.lower, band.upper))]
    return np.concatenate(drawn)


def _sensible_range(seen: Observed, foretold: FloatArray) -> tuple[float, float]:
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


def _caption(shown: Sequence[Observed], series: int) -> str:
    """Returns what the picture can't say by itself: its origin, and how many series were left out."""
    origins = {seen.past.timestamps[-1] for seen in shown if seen.past.timestamps.size}
    origin = f"origin, {readable(origins.pop())}," if len(origins) == 1 else "origin of each series,"
    sentence = f"Vertical line: {origin} the last date that the models knew."
    if len(shown) == series:
        return sentence
    return f"{sentence} {len(shown)} of {series:,} series, from the largest to the smallest by total volume."
