"""The picture of a forecast: history, forecast, intervals, and what came.

    history ───────╮   │ ░░░░░░░░ 95 %
                    ╲  │ ▒▒▒●──●▒ 80 %      one panel of the picture is one series;
                     ╰─│─────────  actual   the vertical line is the origin

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure

from forecast.data.frequency import readable
from forecast.data.panel import Panel
from forecast.interval_levels import level_text
from forecast.models.forecaster import FloatArray, Forecasts
from forecast.models.model_style import ModelStyle
from forecast.report.figures.events import find_events, shade_events
from forecast.report.figures.excerpt import ROOMY, Dates, Line, Observed, excerpts, foretold, sensible_range
from forecast.report.figures.figure import SLIDE, add_frame, date_axis, draw_model, empty_figure, number_axis
from forecast.report.figures.style import INK, MUTED, house_style, styles_of, wrapped
from forecast.specs import PictureSize

MOST_DOTS = 31  # of actual values
HEIGHTS = {1: 4.0, 2: 5.2, 3: 7.2, 4: 5.0, 5: 7.2, 6: 7.2}  # inches, by number of series
ABOVE_MODELS = 6  # drawing order
MORE, LESS = "#009E73", "#D55E00"  # Okabe & Ito


@house_style()
def forecast_figure(  # noqa: PLR0913 - how a picture is drawn, all but two by keyword
    history: Panel,
    forecasts: Mapping[str, Forecasts],
    *,
    actuals: Panel | None = None,
    title: str = "",
    size: PictureSize = "page",
    looks: Mapping[str, ModelStyle] | None = None,
    caption: str = "",
    shaded: str = "",
) -> Figure:
    """Returns the recent history and each model's forecast, for up to six series.

    Bands are drawn for the first model only. Of more than six series, six are shown from the largest to the
    smallest by total volume. Known columns that are either there or not, such as promotions, are shaded.

    Args:
        history: What was known; steps after the origin are not drawn from it, but for what was known ahead.
        forecasts: By model name, at least one, all from the same origin.
        actuals: What came after the origin, where it is known; may hold the history too.
        title: Above the picture.
        size: Of the picture.
        looks: Of what is no model, by name.
        caption: What else is to be said below it.
        shaded: The forecast whose difference from the first one is shaded; empty for none.
    """
    styles = styles_of(forecasts) | dict(looks or {})
    main, first = next(iter(forecasts.items()))
    shown = excerpts(history, forecasts, actuals)
    columns = 1 if len(shown) <= ROOMY else 2
    figure = empty_figure(HEIGHTS[len(shown)])
    grid = figure.subplots(-(-len(shown) // columns), columns, squeeze=False).ravel()
    entries: dict[str, Any] = {}
    futures = [first.timestamps[first.series_ids.index(seen.series_id)] for seen in shown]
    events = find_events(history, list(zip(shown, futures, strict=True)))
    for axes, seen, future in zip(grid, shown, futures, strict=False):
        shade_events(axes, history, events, seen, future)
        entries |= draw_series(axes, seen, forecasts, styles)
        if shaded:
            entries |= _shade_difference(axes, first, forecasts[shaded], seen.series_id)
        number_axis(axes, history.target if len(shown) == 1 else "")
        axes.set_ylim(sensible_range(seen, foretold(forecasts, main, seen.series_id)))
        date_axis(axes, labels=10 // columns)
        axes.margins(x=0.015)
        if len(history) > 1:
            axes.set_title(wrapped(seen.series_id, 100 // columns, lines=2))
    for axes in grid[len(shown) :]:
        axes.remove()
    if len(shown) > 1:
        figure.supylabel(wrapped(history.target, 60), fontsize=10)
    below = f"{_caption(shown, len(first.series_ids))} {events.caption} {caption}"
    total = SLIDE if size == "slide" else None
    add_frame(figure, title=title, legend=entries | events.entries, caption=below, total=total)
    return figure


def draw_series(
    axes: Axes, seen: Observed, forecasts: Mapping[str, Forecasts], styles: Mapping[str, ModelStyle]
) -> dict[str, Any]:
    """Draws what was seen and is forecast of one series, bands of the first model; returns the legend's entries."""
    main = next(iter(forecasts))
    entries = _draw_observed(axes, seen)
    for model, made in forecasts.items():
        entries |= _draw_forecast(axes, model, styles[model], made, seen.series_id, bands=model == main)
    return entries


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
        deeper = min(0.14, 0.42 / len(made.intervals)) if made.intervals else 0.0
        for depth, interval in enumerate(sorted(made.intervals, key=lambda interval: -interval.level)):
            name = f"{model}, {level_text(interval.level)} % interval"
            entries[name] = _draw_band(axes, dates, interval.lower[i], interval.upper[i])
            entries[name].set(color=style.colour, alpha=0.16 + deeper * depth, zorder=2)
    return entries


def _shade_difference(axes: Axes, made: Forecasts, other: Forecasts, series_id: str) -> dict[str, Any]:
    """Shades what lies between two forecasts of one series; returns the legend's entries."""
    if series_id not in made.series_ids or series_id not in other.series_ids:
        return {}
    i, j = made.series_ids.index(series_id), other.series_ids.index(series_id)
    dates, own, others = np.intersect1d(made.timestamps[i], other.timestamps[j], return_indices=True)
    first, second = made.point[i, own], other.point[j, others]
    entries: dict[str, Any] = {}
    for name, colour, which in (("more", MORE, first > second), ("less", LESS, first < second)):
        if which.any():
            entries[name] = axes.fill_between(
                dates, first, second, where=which, interpolate=True, color=colour, alpha=0.35, linewidth=0, zorder=3
            )
    return entries


def _draw_band(axes: Axes, dates: Dates, lower: FloatArray, upper: FloatArray) -> Collection:
    if dates.size == 1:  # a band without width could not be seen
        return axes.vlines(dates, lower, upper, linewidth=9)
    return axes.fill_between(dates, lower, upper, linewidth=0)


def _caption(shown: Sequence[Observed], series: int) -> str:
    """Returns what the picture can't say by itself: its origin, and how many series were left out."""
    origins = {seen.past.timestamps[-1] for seen in shown if seen.past.timestamps.size}
    origin = f"origin, {readable(origins.pop())}," if len(origins) == 1 else "origin of each series,"
    sentence = f"Vertical line: {origin} the last date that the models knew."
    if len(shown) == series:
        return sentence
    return f"{sentence} {len(shown)} of {series:,} series, from the largest to the smallest by total volume."
