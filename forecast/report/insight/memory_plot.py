"""The panel of memory: how much each observation of the window counts, lag by lag."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from forecast.evaluation.insight.memory import MemoryCurve
from forecast.report.canvas import MARKERS, add_frame, empty_figure
from forecast.report.insight.lines import log_axis, mark_seasons, whole_numbers
from forecast.report.style import house_style, styles_of


@house_style()
def memory_figure(curves: Sequence[MemoryCurve], *, seasons: Sequence[int], lags: int, title: str = "") -> Figure:
    """Returns two axes above one another: through the cell alone, trained and untrained, and the whole forecast.

    Args:
        curves: One a cell.
        seasons: In steps; marked where they lie inside.
        lags: So many are drawn, from the newest.
        title: Above the picture.
    """
    styles = styles_of(curve.cell for curve in curves)
    figure = empty_figure(5.6)
    through, whole = figure.subplots(2, 1, sharex=True)
    places = np.arange(1, lags + 1)
    entries: dict[str, Any] = {}
    faint: dict[str, Any] = {}
    every = -(-lags // MARKERS)
    for curve in curves:
        style = styles[curve.cell]
        drawn = {"color": style.colour, "marker": style.marker, "markevery": every}
        (entries[curve.cell],) = through.plot(places, curve.recurrent[:lags], **drawn)
        (untrained,) = through.plot(places, curve.untrained[:lags], color=style.colour, linestyle=":", linewidth=1.2)
        faint[f"{curve.cell}, untrained"] = untrained
        whole.plot(places, curve.whole[:lags], **drawn)
        for axes, values, far in (
            (through, curve.recurrent, curve.reach(0.9)),
            (whole, curve.whole, curve.whole_reach(0.9)),
        ):
            if 0 < far <= lags:
                (faint["90 % of the sum"],) = axes.plot(
                    [far], [values[far - 1]], "D", color="white", markeredgecolor=style.colour, markersize=9, zorder=7
                )
    log_axis(through, [c.recurrent[:lags] for c in curves] + [c.untrained[:lags] for c in curves], "sensitivity")
    log_axis(whole, [c.whole[:lags] for c in curves], "sensitivity")
    through.set_title("through the cell alone")
    whole.set_title("of the whole forecast: cell, linear highway and naive base together")
    for axes in (through, whole):
        mark_seasons(axes, seasons, lags)
    whole_numbers(whole, "lag: steps before the first forecast step")
    add_frame(figure, title=title, legend=entries | faint, caption=_caption(curves))
    return figure


def _caption(curves: Sequence[MemoryCurve]) -> str:
    each = [f"{c.cell}: 50 % of its sum in the newest {c.reach(0.5)} lags, 90 % in {c.reach(0.9)}" for c in curves]
    return (
        f"{'. '.join(each)}. Mean of |change of the forecast / change of the value| over {curves[0].windows} windows, "
        "all steps ahead and all networks, level and scale of the window held. Untrained: fresh weights, drawn head."
    )
