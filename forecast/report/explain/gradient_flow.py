"""The panel of gradient flow: what is left of a gradient on its way back through time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from forecast.evaluation.explain.gradient_flow import EXPLODING, Flow, half_life
from forecast.models.networks.cells.cell import HIDDEN
from forecast.report.explain.axes import log_axis, whole_numbers
from forecast.report.figures.figure import MARKERS, add_frame, empty_figure
from forecast.report.figures.style import MUTED, house_style, styles_of
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
