"""The panel of memory: how much each observation of the window counts, lag by lag."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from forecast.evaluation.explain.memory import MemoryCurve, reach
from forecast.report.explain.axes import log_axis, mark_seasons, whole_numbers
from forecast.report.explain.curves import SPARE, PageCurve, PageFrame, cell_looks, curve_chart, dashed, season_places
from forecast.report.figures.figure import MARKERS, add_frame, empty_figure
from forecast.report.figures.style import MUTED, house_style, styles_of
from forecast.report.html.chart import Key
from forecast.report.html.page import Gallery
from forecast.wording import percent

UNTRAINED: dict[str, Any] = {"linestyle": ":", "linewidth": 1.2, "markerfacecolor": "white", "markersize": 3.5}
REACHES = {0.5: "p", 0.9: "D"}
"""Shares of a curve's sum, and the shape that marks where each is reached."""
REACHED: dict[str, Any] = {"markersize": 8.5, "zorder": 7, "markeredgewidth": 1.4}


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
    every = -(-lags // MARKERS)
    for curve in curves:
        style = styles[curve.cell]
        drawn = {"color": style.colour, "marker": style.marker, "markevery": every}
        (entries[curve.cell],) = through.plot(places, curve.recurrent[:lags], **drawn)
        through.plot(places, curve.untrained[:lags], **drawn, **UNTRAINED)
        whole.plot(places, curve.whole[:lags], **drawn)
        for axes, values in ((through, curve.recurrent), (whole, curve.whole)):
            for share, shape in REACHES.items():
                far = reach(values, share)
                if 0 < far <= lags:
                    axes.plot([far], [values[far - 1]], shape, color="white", markeredgecolor=style.colour, **REACHED)
    log_axis(through, [c.recurrent[:lags] for c in curves] + [c.untrained[:lags] for c in curves], "sensitivity")
    log_axis(whole, [c.whole[:lags] for c in curves], "sensitivity")
    through.set_title("through the cell alone")
    whole.set_title("of the whole forecast: cell, linear highway and naive base together")
    for axes in (through, whole):
        mark_seasons(axes, seasons, lags)
    whole_numbers(whole, "lag: steps before the first forecast step")
    entries["untrained"] = Line2D([], [], color=MUTED, marker="o", **UNTRAINED)
    for share, shape in REACHES.items():
        name = f"{percent(share)} of the sum lies before"
        entries[name] = Line2D([], [], linestyle="none", marker=shape, color="white", markeredgecolor=MUTED, **REACHED)
    add_frame(figure, title=title, legend=entries, caption=_caption(curves))
    return figure


def memory_gallery(curves: Sequence[MemoryCurve], *, seasons: Sequence[int], lags: int) -> Gallery:
    """Returns the same for a page."""
    looks, places = cell_looks([curve.cell for curve in curves]), np.arange(1, lags + 1, dtype=float)
    through: list[PageCurve] = []
    whole: list[PageCurve] = []
    for curve in curves:
        look = looks[curve.cell]
        through.append(PageCurve(f"{curve.cell}, untrained", places, curve.untrained[:lags], dashed(look)))
        for drawn, values in ((through, curve.recurrent), (whole, curve.whole)):
            reached = tuple(far - 1 for far in (reach(values, share) for share in REACHES) if 0 < far <= lags)
            drawn.append(PageCurve(curve.cell, places, values[:lags], look, is_named=True, dots=reached))
    frame = PageFrame(
        label="Sensitivity of the forecast to each lag, through the cell alone",
        title="Through the cell alone",
        unit="sensitivity",
        below="lag: steps before the first forecast step",
        is_log=True,
        rules=season_places(seasons, lags),
    )
    charts = (
        curve_chart(through, frame),
        curve_chart(
            whole,
            replace(
                frame,
                label="Sensitivity of the whole forecast to each lag",
                title="Of the whole forecast: cell, linear highway and naive base together",
            ),
        ),
    )
    shares = " and ".join(percent(share) for share in REACHES)
    keys = [Key(cell, "line", look) for cell, look in looks.items()]
    keys += [Key("untrained", "line", dashed(SPARE)), Key(f"{shares} of the sum lies before", "dots", SPARE)]
    upright = " Upright lines: seasons." if frame.rules else ""
    return Gallery(charts, tuple(keys), f"{_caption(curves)}{upright}", keeps_keys=True)


def _caption(curves: Sequence[MemoryCurve]) -> str:
    each = [f"{c.cell}: 50 % of its sum in the newest {c.reach(0.5)} lags, 90 % in {c.reach(0.9)}" for c in curves]
    shares = ", ".join(f"{c.cell} {percent(c.share)}" for c in curves)
    return (
        f"Through the cell alone: {'; '.join(each)}. Its part of all sensitivity: {shares}. Mean of |change of the "
        f"forecast / change of the value| over {curves[0].windows} windows, all steps ahead and all networks, level "
        "and scale of the window held. Untrained: fresh weights, drawn head."
    )
