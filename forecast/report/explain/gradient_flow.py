"""The panel of gradient flow: what is left of a gradient on its way back through time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from forecast.evaluation.explain.gradient_flow import EXPLODING, Flow, half_life
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import HIDDEN
from forecast.report.explain.axes import log_axis, whole_numbers
from forecast.report.explain.curves import PageCurve, PageFrame, cell_looks, curve_chart, dashed
from forecast.report.figures.figure import MARKERS, add_frame, empty_figure
from forecast.report.figures.style import MUTED, house_style, styles_of
from forecast.report.html.chart import Key, Look
from forecast.report.html.page import Gallery
from forecast.wording import percent


@house_style()
def flow_figure(flows: Sequence[Flow], *, title: str = "") -> Figure:
    """Returns two axes side by side: before training and after it.

    Args:
        flows: One a cell; a cell state is drawn with dashes.
        title: Above the picture.
    """
    styles = styles_of(flow.cell for flow in flows)
    figure = empty_figure(3.9)
    before, after = figure.subplots(1, 2, sharey=True)
    entries: dict[str, Any] = {}
    for flow in flows:
        style, steps = styles[flow.cell], np.arange(len(flow.trained))
        for axes, curve in ((before, flow.untrained), (after, flow.trained)):
            (entries[flow.name],) = axes.plot(
                steps,
                curve,
                color=style.colour,
                marker=style.marker,
                markevery=-(-len(steps) // MARKERS),
                linestyle="solid" if flow.path == HIDDEN else (0, (4, 2)),
            )
    log_axis(
        before, [curve for flow in flows for curve in (flow.trained, flow.untrained)], "largest stretch of a change"
    )
    for axes, name in ((before, "before training (fresh weights)"), (after, "after training")):
        axes.axhline(1, color=MUTED, linewidth=0.9)
        axes.axhline(0.5, color=MUTED, linewidth=0.9, linestyle=":")
        axes.set_title(name)
        whole_numbers(axes, "recurrent steps back in time")
    add_frame(figure, title=title, legend=entries, caption=_caption(flows))
    return figure


def flow_gallery(flows: Sequence[Flow]) -> Gallery:
    """Returns the same for a page; what carries the memory is drawn whole, what only shows it with dashes."""
    looks = cell_looks(list(dict.fromkeys(flow.cell for flow in flows)))
    drawn = {flow.name: _look_of(flow, looks) for flow in flows}
    steps = np.arange(len(flows[0].trained), dtype=float)
    curves = {
        when: [
            PageCurve(flow.name, steps, getattr(flow, when), drawn[flow.name], flow.path == CELLS[flow.cell].memory)
            for flow in flows
        ]
        for when in ("trained", "untrained")
    }
    frame = PageFrame(
        label="What is left of a change, by recurrent steps back in time, after training",
        title="After training",
        unit="largest stretch of a change",
        below="recurrent steps back in time",
        is_log=True,
        levels=(0.5, 1.0),
    )
    fresh = replace(frame, title="Before training (fresh weights)", label=frame.label.replace("after", "before"))
    charts = (curve_chart(curves["trained"], frame), curve_chart(curves["untrained"], fresh))
    keys = tuple(Key(name, "line", look) for name, look in drawn.items())
    return Gallery(charts, keys, _caption(flows), keeps_keys=len(drawn) > len(looks))


def _look_of(flow: Flow, looks: Mapping[str, Look]) -> Look:
    return looks[flow.cell] if flow.path == CELLS[flow.cell].memory else dashed(looks[flow.cell])


def _caption(flows: Sequence[Flow]) -> str:
    each = []
    for flow in flows:
        half = half_life(flow.trained)
        left = f"keeps {percent(flow.trained[-1] / flow.trained[0])} over {len(flow.trained) - 1} steps"
        text = left if half is None else f"halves in {half:.1f} steps"
        each.append(f"{flow.name} {text}" + (f", and explodes (beyond {EXPLODING:.0f})" if flow.explodes else ""))
    split = any(flow.path != HIDDEN for flow in flows)
    two = " Where there is a cell state, it is the memory; the hidden state is what is shown of it." if split else ""
    segment = flows[0].segment
    unit = f" One step holds {segment} observations." if segment > 1 else ""
    return (
        f"After training: {'; '.join(each)}. Spectral norm of ∂h_T/∂h_t (cell state: ∂c_T/∂c_t), median over windows "
        f"and networks. Lines at 1 and at one half.{two}{unit}"
    )
