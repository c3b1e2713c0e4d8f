"""The panel of gates on the calendar: the series with its dates on top, units × time below it."""

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from forecast.evaluation.explain.gates import GateCalendar
from forecast.models.forecaster import FloatArray
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import STATES, RecurrentCell
from forecast.report.explain.axes import short_label
from forecast.report.explain.curves import PLAIN
from forecast.report.explain.heatmap import ABOVE, BELOW, SHARE, heatmap
from forecast.report.figures.figure import add_frame, date_axis, empty_figure
from forecast.report.figures.style import INK, OTHER_STYLES, house_style
from forecast.report.html.chart import (
    NARROW,
    WIDE,
    Axis,
    Chart,
    Key,
    Look,
    Mark,
    Tick,
    bar_path,
    date_ticks,
    days_of,
    dots_path,
    line_path,
    number_ticks,
)
from forecast.report.html.page import Gallery

SHARES, SIGNED = "cividis", "PuOr"
"""Colour maps that the colour-blind can read: of gates from 0 to 1, and of states about 0."""
MOST_EVENTS = 5
EVENT_ROW = 0.13
"""Height of the row of each kind of event above the series, as a share of the series' own."""


@house_style()
def gates_figure(calendar: GateCalendar, *, target: str, title: str = "") -> Figure:
    """Returns the series and a map for each gate; each column is the end of the window that ends at that date.

    Args:
        calendar: Of one network and one series.
        target: The unit of the series.
        title: Above the picture.
    """
    cell, rows = CELLS[calendar.cell], len(calendar.rows)
    figure = empty_figure(1.9 + 1.35 * rows)
    grid = figure.subplots(rows + 1, 1, sharex=True, gridspec_kw={"height_ratios": [1.4, *[1] * rows]})
    places = date2num(calendar.timestamps)
    edges = _edges(places)
    entries = _draw_series(grid[0], places, edges, calendar)
    short_label(grid[0], target, 14)
    for axes, (name, values) in zip(grid[1:], calendar.rows.items(), strict=True):
        signed = _is_signed(cell, name)
        size = float(np.abs(values).max()) or 1.0
        limits = (-size, size) if signed else (0.0, 1.0)
        image = axes.pcolormesh(
            edges, np.arange(len(values) + 1), values, cmap=SIGNED if signed else SHARES, vmin=limits[0], vmax=limits[1]
        )
        axes.set_title(cell.shown[name])
        axes.set_ylabel("unit")
        axes.grid(visible=False)
        axes.invert_yaxis()
        figure.colorbar(image, ax=axes, fraction=0.025, pad=0.01, use_gridspec=False)
    grid[0].set_xlim(edges[0], edges[-1])
    date_axis(grid[-1])
    grid[0].xaxis.set_tick_params(labelbottom=True)
    add_frame(figure, title=title, legend=entries, caption=_caption(calendar))
    return figure


def gates_gallery(calendar: GateCalendar, *, target: str) -> Gallery:
    """Returns the same for a page; the more open a gate and the larger a state, the fuller its colour."""
    cell, edges = CELLS[calendar.cell], _edges(days_of(calendar.timestamps))
    across = Axis(float(edges[0]), float(edges[-1]))
    days, shared = date_ticks(across, WIDE)
    narrow, _ = date_ticks(across, NARROW)
    known = calendar.values[np.isfinite(calendar.values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    up = Axis(low, high) if high > low else Axis(low - 1, high + 1)
    above, keys = _page_series(calendar, across, Axis(up.low, up.high + 0.1 * (up.high - up.low)), edges)
    left = number_ticks(up, 4)
    room = max((tick.text for tick in left), key=len, default="")
    title = f"{calendar.cell}: what its gates do along {calendar.series_id}"
    series = Chart(f"{calendar.series_id} by date", above, left, days, narrow, title, target, height=8.0)
    frame = Chart("", (), (), days, narrow, unit="unit", below=shared, has_grid=False, room=room)
    charts = [_unit_chart(cell, name, values, frame) for name, values in calendar.rows.items()]
    signed = any(_is_signed(cell, name) for name in calendar.rows)
    if len(cell.shown) > signed:
        keys.append(Key("gate: full colour at 1, none at 0", "bar", Look("network", SHARE)))
    if signed:
        keys += [
            Key("state above 0", "bar", Look("network", ABOVE)),
            Key("state below 0", "bar", Look("network", BELOW)),
        ]
    return Gallery((series, *charts), tuple(keys), _caption(calendar), is_stacked=True)


def _is_signed(cell: RecurrentCell, name: str) -> bool:
    """Returns whether a row holds states or candidates, of either sign, and no gate between 0 and 1."""
    return name in STATES or name == cell.candidate


def _unit_chart(cell: RecurrentCell, name: str, values: FloatArray, frame: Chart) -> Chart:
    """Returns a gate or a state as a picture of units by dates, (U, T), in the frame that all of them share."""
    units, is_signed = len(values), _is_signed(cell, name)
    limit = (float(np.abs(values).max()) or 1.0) if is_signed else 1.0
    return replace(
        frame,
        label=f"{cell.shown[name]}, by unit and date",
        left=(Tick(1 - 0.5 / units, "1"), Tick(0.5 / units, str(units))),
        title=cell.shown[name],
        height=max(5.0, min(0.22 * units, 9.0)),
        image=heatmap(values, limit, is_signed=is_signed),
    )


def _page_series(
    calendar: GateCalendar, across: Axis, up: Axis, edges: FloatArray
) -> tuple[tuple[Mark, ...], list[Key]]:
    """Returns the series and its events as marks, and the lines of the legend."""
    x, y = across.places(days_of(calendar.timestamps)), up.places(calendar.values)
    marks, keys = [], [Key(calendar.series_id, "line", PLAIN)]
    weekends = [event for event in calendar.events if event.name == "weekend"]
    others = [event for event in calendar.events if event.name != "weekend"][:MOST_EVENTS]
    for event in weekends:
        sides = across.places(edges)
        path = "".join(bar_path(sides[i], sides[i + 1], 0.0, 1.0) for i in np.flatnonzero(event.dates))
        marks.append(Mark("bar", path, Look("known"), event.name))
        keys.append(Key(event.name, "bar", Look("known")))
    marks.append(Mark("line", line_path(x, y), PLAIN, calendar.series_id))
    for row, (event, style) in enumerate(zip(others, OTHER_STYLES, strict=False)):
        height = np.full(int(event.dates.sum()), 0.97 - 0.06 * row)
        look = Look("network", style.colour)
        marks.append(Mark("dots", dots_path(x[event.dates], height), look, event.name))
        keys.append(Key(event.name, "dots", look))
    return tuple(marks), keys


def _edges(places: FloatArray) -> FloatArray:
    """Returns where each date's column begins and ends, (N + 1,)."""
    if len(places) == 1:
        return np.array([places[0] - 0.5, places[0] + 0.5])
    middle = (places[1:] + places[:-1]) / 2
    return np.concatenate([[2 * places[0] - middle[0]], middle, [2 * places[-1] - middle[-1]]])


def _draw_series(axes: Axes, places: FloatArray, edges: FloatArray, calendar: GateCalendar) -> dict[str, Any]:
    (line,) = axes.plot(places, calendar.values, color=INK, linewidth=1.2)
    entries: dict[str, Any] = {}
    weekends = [event for event in calendar.events if event.name == "weekend"]
    others = [event for event in calendar.events if event.name != "weekend"][:MOST_EVENTS]
    for event in weekends:
        for i in np.flatnonzero(event.dates):
            entries[event.name] = axes.axvspan(edges[i], edges[i + 1], color="#E8E8E8", zorder=0)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + EVENT_ROW * (high - low) * len(others))
    for row, (event, style) in enumerate(zip(others, OTHER_STYLES, strict=False), start=1):
        height = high + EVENT_ROW * (high - low) * (row - 0.6)
        (entries[event.name],) = axes.plot(
            places[event.dates],
            np.full(int(event.dates.sum()), height),
            color=style.colour,
            marker=style.marker,
            linestyle="none",
            markersize=5,
            zorder=6,
        )
    return {calendar.series_id: line, **entries}


def _caption(calendar: GateCalendar) -> str:
    layer = f", layer {calendar.layer}" if calendar.layer > 1 else ""
    step = f" A step holds {calendar.segment} observations." if calendar.segment > 1 else ""
    padded = (
        f" The windows of the first {calendar.padded} dates begin before the series and repeat its first season."
        if calendar.padded
        else ""
    )
    return (
        f"One network of the {calendar.cell}{layer}; each column is the last step of the window that ends at its date; "
        f"units with the longest memory on top.{step}{padded}"
    )
