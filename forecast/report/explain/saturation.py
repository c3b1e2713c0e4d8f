"""The panel of saturation and waste: which share of the gates is nearly shut, nearly open, or in between."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from forecast.evaluation.explain.gates import Saturation
from forecast.report.figures.figure import add_frame, empty_figure
from forecast.report.figures.style import INK, house_style
from forecast.report.html.page import Bar, PageCell, PageColumn, PageTable
from forecast.wording import percent

TANH = "tanh"
SHUT, BETWEEN, OPEN = ("#0072B2", "///"), ("#DDDDDD", ""), ("#E69F00", "...")


@house_style()
def saturation_figure(cells: Sequence[Saturation], *, title: str = "") -> Figure:
    """Returns a bar for each gate, and for the tanh values of each cell.

    Args:
        cells: One a cell.
        title: Above the picture.
    """
    bars = _bars(cells)
    figure = empty_figure(0.7 + 0.32 * len(bars))
    axes = figure.add_subplot()
    entries: dict[str, Any] = {}
    for place, (_, low, high) in enumerate(bars):
        shares = (
            ("below 0.1", low, SHUT),
            ("between", 1 - low - high, BETWEEN),
            ("above 0.9 (tanh: ±0.95)", high, OPEN),
        )
        begin = 0.0
        for name, share, (colour, hatch) in shares:
            entries[name] = axes.barh(
                place, 100 * share, left=100 * begin, color=colour, hatch=hatch, edgecolor="white", height=0.75
            )
            begin += share
        shown = f"{percent(high)}" if "tanh" in bars[place][0] else f"{100 * low:.0f} / {percent(high)}"
        axes.text(101, place, shown, va="center", fontsize=8.5, color=INK)
    axes.set_yticks(range(len(bars)), [name for name, *_ in bars])
    axes.set_xlim(0, 112)
    axes.set_xticks(range(0, 101, 20))
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("share of all units, windows and steps (%)")
    add_frame(figure, title=title, legend=entries, caption=saturation_note(cells))
    return figure


def saturation_table(cells: Sequence[Saturation]) -> PageTable:
    """Returns the same for a page, a row a gate."""
    columns = (PageColumn(""), PageColumn("nearly shut", True), PageColumn("nearly open", True))
    rows = [
        (
            PageCell(name),
            PageCell("–") if name.endswith(TANH) else PageCell(percent(low), Bar(low, SHUT[0])),
            PageCell(percent(high), Bar(high, OPEN[0])),
        )
        for name, low, high in _bars(cells)
    ]
    return PageTable(columns, tuple(rows))


def saturation_note(cells: Sequence[Saturation]) -> str:
    """Returns which units are idle, and what the words mean."""
    each = [
        f"{own.cell}: {own.dead} of {own.units} units idle"
        + ("" if own.radius is None else f", spectral radius {own.radius:.2f}")
        for own in cells
    ]
    return (
        f"Nearly shut: below 0.1; open: above 0.9, a tanh beyond ±0.95. {'. '.join(each)}. Idle: the state varies by "
        "less than 0.01. The radius is of the recurrent matrix as it is "
        "(where there are gates, of the candidate's): what gates and tanh leave of it is in the panels above."
    )


def _bars(cells: Sequence[Saturation]) -> list[tuple[str, float, float]]:
    """Returns of each gate, and of the tanh values of each cell, the share that is nearly shut and nearly open."""
    bars: list[tuple[str, float, float]] = []
    for own in cells:
        bars += [(f"{own.cell} {gate} gate", own.low[gate], own.high[gate]) for gate in own.low]
        if own.flat is not None:
            bars.append((f"{own.cell} {TANH}", 0.0, own.flat))
    return bars
