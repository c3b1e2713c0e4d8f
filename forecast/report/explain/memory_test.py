"""The pictures of memory test and lesson: how often each cell still knows the value seen k steps ago."""

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from forecast.evaluation.explain.memory_test import PASS, MemoryTestResult
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import USUAL
from forecast.report.explain.curves import PageCurve, PageFrame, cell_looks, curve_chart, dashed
from forecast.report.figures.figure import add_frame, empty_figure
from forecast.report.figures.style import INK, MUTED, house_style, styles_of
from forecast.report.html.chart import Key
from forecast.report.html.page import Gallery
from forecast.wording import percent

DARK = 0.72
"""Below this share of right answers the map is so dark that its numbers are white."""


@house_style()
def recall_figure(found: MemoryTestResult, *, title: str = "") -> Figure:
    """Returns lines of each cell as usual and at its best, and below them a map of all that was tried.

    Args:
        found: Of the test.
        title: Above the picture.
    """
    rows = [(cell, setup) for cell in found.cells for setup in found.rates[cell]]
    figure = empty_figure(3.2 + 0.21 * len(rows))
    above, below = figure.subplots(2, 1, gridspec_kw={"height_ratios": [2.6, 0.21 * len(rows)]})
    entries = _draw_lines(above, found)
    sizes = ", ".join(f"{cell} {found.units[cell]} units" for cell in found.cells)
    above.set_title(f"equally many parameters ({sizes}), {found.steps} training steps each")
    _draw_map(below, found, rows)
    below.set_title("all that was tried: right answers in %")
    add_frame(figure, title=title, legend=entries, caption=recall_caption(found))
    return figure


def recall_caption(found: MemoryTestResult) -> str:
    """Returns how the cells began, and what the lines mean."""
    seeds = found.rates[found.cells[0]][USUAL].shape[1]
    gates = {keep.name: CELLS[cell].start.get(keep.name, 0) for cell in found.cells if (keep := CELLS[cell].keep_gate)}
    biases = [f"{gate} bias {bias:g}" for gate, bias in gates.items()]
    return (
        f"As usual: orthogonal recurrent matrix, {', '.join(biases)}, learning rate 0.01; mean over "
        f"{seeds} seeds, band: worst and best. Dashed: the best of all setups of the cell. Guessing gives 50 %; below "
        f"the dotted {percent(PASS)} a cell has given up."
    )


@house_style()
def lesson_figure(found: MemoryTestResult, *, title: str = "") -> Figure:
    """Returns the line of each cell with its seeds as a band.

    Args:
        found: Of the lesson.
        title: Above the picture.
    """
    figure = empty_figure(3.4)
    entries = _draw_lines(figure.add_subplot(), found)
    add_frame(figure, title=title, legend=entries, caption=lesson_caption(found))
    return figure


def lesson_caption(found: MemoryTestResult) -> str:
    """Returns what was done, and what the lines mean."""
    sizes = ", ".join(f"{cell} {found.units[cell]} units" for cell in found.cells)
    seeds = found.rates[found.cells[0]][USUAL].shape[1]
    return (
        f"Equally many parameters ({sizes}), each cell as Keras starts it, {found.steps} training steps on all lags at "
        f"once: {seeds} networks (thin, or the band's edges) and their mean. Guessing gives 50 %; below the dotted "
        f"{percent(PASS)} a cell gives up."
    )


def recall_gallery(found: MemoryTestResult, note: str, *, shows_seeds: bool) -> Gallery:
    """Returns the same for a page: a line a cell, as usual and, where another setup did better, at its best.

    Args:
        found: Of the test or the lesson.
        note: Below the chart.
        shows_seeds: Each seed is a thin line of its own, in place of a band from the worst to the best.
    """
    looks, lags, curves = cell_looks(found.cells), np.array(found.lags, dtype=float), []
    keys = []
    for cell, look in looks.items():
        usual, best = 100 * found.rates[cell][USUAL], found.best(cell)
        band = None if shows_seeds else (usual.min(axis=1), usual.max(axis=1))
        if shows_seeds:
            curves += [PageCurve(f"one {cell}", lags, own, replace(look, width=0.8)) for own in usual.T]
        name = cell if best == USUAL else f"{cell}, {USUAL}"
        curves.append(PageCurve(name, lags, usual.mean(axis=1), look, True, band, tuple(range(len(lags)))))
        keys.append(Key(name, "line", look))
        if best != USUAL:
            up = 100 * found.rates[cell][best].mean(axis=1)
            curves.append(PageCurve(f"{cell}, {best}", lags, up, dashed(look), True))
            keys.append(Key(f"{cell}, {best}", "line", dashed(look)))
    frame = PageFrame(
        label="Share of right answers of each cell by the steps between value and question",
        unit="right answers, %",
        below="steps between the value and the question",
        is_log_across=True,
        levels=(100 * PASS,),
        limits=(42, 104),
        ticks=tuple(map(float, found.lags)),
        height=18.0,
    )
    return Gallery((curve_chart(curves, frame),), tuple(keys), note)


def _draw_lines(axes: Axes, found: MemoryTestResult) -> dict[str, Any]:
    styles = styles_of(found.cells)
    entries: dict[str, Any] = {}
    for cell in found.cells:
        style = styles[cell]
        usual, best = 100 * found.rates[cell][USUAL], found.best(cell)
        drawn: dict[str, Any] = {"color": style.colour, "marker": style.marker}
        (entries[f"{cell}, {USUAL}"],) = axes.plot(found.lags, usual.mean(axis=1), **drawn)
        axes.fill_between(found.lags, usual.min(axis=1), usual.max(axis=1), color=style.colour, alpha=0.15)
        if best != USUAL:
            heights = 100 * found.rates[cell][best].mean(axis=1)
            dashed: dict[str, Any] = {**drawn, "linestyle": (0, (4, 2)), "markerfacecolor": "white"}
            (entries[f"{cell}, {best}"],) = axes.plot(found.lags, heights, **dashed)
    axes.set_xscale("log")
    axes.set_xticks(found.lags, [str(lag) for lag in found.lags])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(42, 103)
    axes.axhline(100 * PASS, color=MUTED, linestyle=":", linewidth=1.1)
    axes.set_xlabel("steps between the value and the question")
    axes.set_ylabel("right answers (%)")
    return entries


def _draw_map(axes: Axes, found: MemoryTestResult, rows: list[tuple[str, str]]) -> None:
    rates = np.stack([found.rates[cell][setup].mean(axis=1) for cell, setup in rows])
    axes.imshow(rates, aspect="auto", cmap="cividis", vmin=0.5, vmax=1)
    for (row, column), rate in np.ndenumerate(rates):
        colour = "white" if rate < DARK else INK
        axes.text(column, row, f"{100 * rate:.0f}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_yticks(range(len(rows)), [f"{cell}, {setup}" for cell, setup in rows])
    axes.set_xticks(range(len(found.lags)), [str(lag) for lag in found.lags])
    for row, (cell, _) in enumerate(rows[1:]):
        if cell != rows[row][0]:
            axes.axhline(row + 0.5, color="white", linewidth=4)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlabel("steps between the value and the question")
