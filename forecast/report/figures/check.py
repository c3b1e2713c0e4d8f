"""The picture of a check: each series, with what was found in it marked by shape and colour.

      ◯ outlier            ╷ new level
   ╱╲ ╱╲               ▲╷ ╱╲ ╱╲
  ╱  ╲  ╲ ░░░░ ╱╲  ╱╲  ╷ ╱  ╲  ╲
          gap

Shapes: ``N`` steps of one series, ``K`` of them that are marked.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from forecast.data.checks.survey import Spot
from forecast.data.panel import IntArray, Panel
from forecast.report.figures.figure import add_frame, date_axis, empty_figure, number_axis
from forecast.report.figures.style import house_style, wrapped

MOST_SERIES = 6
HEIGHTS = {1: 3.8, 2: 5.2, 3: 7.2, 4: 5.0, 5: 7.2, 6: 7.2}  # inches, by number of series
ROOMY = 3  # as many series have a line of the picture each
WARNED = 10  # notes that count as much as one warning
MOST_DRAWN = 4_000  # steps of a line; of more, the lowest and the highest of each stretch are drawn
GAP_COLOUR = "#BDBDBD"
MARKS = {
    "outliers": ("outlier", "o", "#D55E00"),
    "sentinel": ("not measured?", "X", "#CC79A7"),
    "negative": ("below 0", "v", "#0072B2"),
    "last": ("unfinished?", "s", "#009E73"),
}
"""By topic: the words in the legend, the shape and the colour."""
SHIFT_COLOUR = "#E69F00"


@house_style()
def check_figure(panel: Panel, spots: Sequence[Spot], *, title: str = "") -> Figure:
    """Returns up to six series, those with the most findings, with the findings marked.

    Args:
        panel: All series.
        spots: What was found in them.
        title: Above the picture.
    """
    shown = _most_found(panel, spots)
    columns = 1 if len(shown) <= ROOMY else 2
    figure = empty_figure(HEIGHTS[len(shown)])
    grid = figure.subplots(-(-len(shown) // columns), columns, squeeze=False).ravel()
    entries: dict[str, Any] = {}
    for axes, i in zip(grid, shown, strict=False):
        entries |= _draw_series(axes, panel, i, spots)
        number_axis(axes, panel.target if len(shown) == 1 else "")
        date_axis(axes, labels=10 // columns)
        axes.margins(x=0.015, y=0.08)
        if len(panel) > 1:
            axes.set_title(wrapped(panel.series_ids[i], 100 // columns, lines=2))
    for axes in grid[len(shown) :]:
        axes.remove()
    if len(shown) > 1:
        figure.supylabel(wrapped(panel.target, 60), fontsize=10)
    caption = (
        "" if len(shown) == len(panel) else f"{len(shown)} of {len(panel):,} series: those with the most findings."
    )
    add_frame(figure, title=title, legend=entries, caption=caption)
    return figure


def _most_found(panel: Panel, spots: Sequence[Spot]) -> list[int]:
    """Returns up to six series in the order of the panel: those with the most and the gravest findings."""
    kinds, steps = np.zeros(len(panel), np.int64), np.zeros(len(panel), np.int64)
    for spot in spots:
        kinds[spot.series] += 1 if spot.finding.grade == "note" else WARNED
        steps += _count(panel, spot.steps)
    ranked = np.lexsort([np.arange(len(panel)), -steps, -kinds])
    return sorted(ranked[:MOST_SERIES].tolist())


def _count(panel: Panel, steps: IntArray) -> IntArray:
    return np.diff(np.searchsorted(steps, panel.offsets))


def _draw_series(axes: Axes, panel: Panel, i: int, spots: Sequence[Spot]) -> dict[str, Any]:
    """Draws one series and its marks; returns the legend's entries."""
    values, stamps = panel.series(i), panel.timestamps(i)
    drawn = _thinned(values)
    entries: dict[str, Any] = {}
    entries.update(_draw_gaps(axes, stamps, np.isnan(values)))
    (line,) = axes.plot(stamps[drawn], values[drawn], color="#666666", linewidth=1.0, zorder=3)
    for spot in spots:
        own = spot.steps[(spot.steps >= panel.offsets[i]) & (spot.steps < panel.offsets[i + 1])] - panel.offsets[i]
        if own.size == 0:
            continue
        if spot.finding.topic in MARKS:
            label, shape, colour = MARKS[spot.finding.topic]
            entries[label] = axes.scatter(
                stamps[own], values[own], marker=shape, s=46, facecolors="none" if shape == "o" else colour,
                edgecolors=colour, linewidths=1.6, zorder=5,
            )  # fmt: skip
        elif spot.finding.topic == "shifts":
            for stamp in stamps[own]:
                entries["new level"] = axes.axvline(stamp, color=SHIFT_COLOUR, linestyle=(0, (4, 2)), linewidth=1.6)
    return {panel.target: line, **entries} if len(panel) == 1 else {"series": line, **entries}


def _draw_gaps(axes: Axes, stamps: NDArray[np.datetime64], missing: NDArray[np.bool_]) -> dict[str, Any]:
    """Shades the steps without a value, each gap from the value before to the value after it."""
    begins = np.flatnonzero(missing & ~np.concatenate([[False], missing[:-1]]))
    ends = np.flatnonzero(missing & ~np.concatenate([missing[1:], [False]]))
    entries: dict[str, Any] = {}
    for begin, end in zip(begins, ends, strict=True):
        entries["gap"] = axes.axvspan(
            stamps[begin - 1], stamps[end + 1], facecolor=GAP_COLOUR, alpha=0.45, hatch="////", edgecolor="white", lw=0
        )
    return entries


def _thinned(values: NDArray[np.float64]) -> IntArray:
    """Returns the steps that a line of so few pixels can show: the lowest and the highest of each stretch."""
    if values.size <= MOST_DRAWN:
        return np.arange(values.size)
    stretches = np.array_split(np.arange(values.size), MOST_DRAWN // 2)
    kept = {0, values.size - 1}
    for stretch in stretches:
        known = stretch[~np.isnan(values[stretch])]
        kept |= {int(stretch[0])} if known.size == 0 else {
            int(known[values[known].argmin()]), int(known[values[known].argmax()])
        }  # fmt: skip
    return np.array(sorted(kept))
