"""The picture of the memory test: how often each cell still knows the value seen k steps ago."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from forecast.evaluation.insight.recollection import PASS, SETUPS, USUAL, Recollection
from forecast.report.canvas import add_frame, empty_figure
from forecast.report.style import MUTED, OTHER_STYLES, ModelStyle, house_style, styles_of

SETUP_STYLES = dict(zip(list(SETUPS)[1:], OTHER_STYLES, strict=False))


@house_style()
def recall_figure(found: Recollection, *, title: str = "") -> Figure:
    """Returns the cells beside each other above, and below them what a change of each does.

    Args:
        found: Of the test.
        title: Above the picture.
    """
    figure = empty_figure(6.2)
    cells = found.cells
    grid = figure.add_gridspec(2, len(cells))
    top = figure.add_subplot(grid[0, :])
    styles = styles_of(cells)
    entries: dict[str, Any] = {}
    for cell in cells:
        entries[cell] = _draw(top, found, cell, USUAL, styles[cell])
        rates = 100 * found.rates[cell][USUAL]
        top.fill_between(found.lags, rates.min(axis=1), rates.max(axis=1), color=styles[cell].colour, alpha=0.15)
    sizes = ", ".join(f"{cell} {found.units[cell]} units" for cell in cells)
    top.set_title(f"as usual, equally many parameters ({sizes}), {found.steps} training steps each")
    for place, cell in enumerate(cells):
        axes = figure.add_subplot(grid[1, place], sharey=top)
        _draw(axes, found, cell, USUAL, styles[cell])
        for setup in found.rates[cell]:
            if setup != USUAL:
                entries[setup] = _draw(axes, found, cell, setup, SETUP_STYLES[setup])
        axes.set_title(f"{cell} ({found.units[cell]} units), changed")
    for axes in figure.axes:
        axes.set_xscale("log")
        axes.set_xticks(found.lags, [str(lag) for lag in found.lags], fontsize=8)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(42, 103)
        axes.axhline(100 * PASS, color=MUTED, linestyle=":", linewidth=1.1)
        axes.set_xlabel("steps between the value and the question" if axes is top else "steps between")
    for axes in (figure.axes[0], figure.axes[1]):
        axes.set_ylabel("right answers (%)")
    seeds = found.rates[cells[0]][USUAL].shape[1]
    caption = (
        f"Mean over {seeds} seeds, band: worst and best. Guessing gives 50 %; below the dotted {100 * PASS:.0f} % a "
        "cell has given up. As usual: orthogonal recurrent kernel, forget bias 1, learning rate 0.01."
    )
    add_frame(figure, title=title, legend=entries, caption=caption)
    return figure


def _draw(axes: Axes, found: Recollection, cell: Any, setup: str, style: ModelStyle) -> Any:
    rates = 100 * found.rates[cell][setup].mean(axis=1)
    (line,) = axes.plot(found.lags, rates, color=style.colour, marker=style.marker)
    return line
