"""The panel of convergence: validation error against steps and seconds, seeds as a band, gradients below."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from forecast.evaluation.explain.learning import CLIP_NORM, Learning
from forecast.report.explain.axes import log_axis, short_label
from forecast.report.explain.curves import PageCurve, PageFrame, cell_looks, curve_chart
from forecast.report.figures.figure import (
    CUT_OFF,
    add_frame,
    draw_model,
    empty_figure,
    round_numbers,
    sensible_top,
)
from forecast.report.figures.style import MUTED, house_style, styles_of
from forecast.report.html.chart import Key
from forecast.report.html.page import Gallery


@house_style()
def learning_figure(curves: Sequence[Learning], *, target: str, title: str = "") -> Figure:
    """Returns four axes: the error by step and by second, the gradient's length, and how often it was clipped.

    Args:
        curves: One a cell.
        target: The unit of the errors.
        title: Above the picture.
    """
    styles = styles_of(curve.cell for curve in curves)
    figure = empty_figure(5.8)
    (by_step, by_second), (gradient, clipped) = figure.subplots(2, 2)
    entries: dict[str, Any] = {}
    for curve in curves:
        style = styles[curve.cell]
        entries[curve.cell] = draw_model(by_step, curve.steps, curve.rmse, style)
        draw_model(by_second, curve.seconds, curve.rmse, style)
        for axes, places in ((by_step, curve.steps), (by_second, curve.seconds)):
            axes.fill_between(places, curve.low, curve.high, color=style.colour, alpha=0.18, linewidth=0)
        draw_model(gradient, curve.steps, curve.gradient, style)
        draw_model(clipped, curve.steps, 100 * curve.clipped, style)
    heights = np.concatenate([each for curve in curves for each in (curve.low, curve.high)])
    top = sensible_top(heights)
    low, high = float(np.nanmin(heights)), top or float(np.nanmax(heights))
    air = 0.06 * (high - low) or 0.1 * high or 1.0
    for axes in (by_step, by_second):
        axes.set_ylim(max(0.0, low - air), high + air)
        short_label(axes, f"validation RMSE ({target})", 26)
    log_axis(gradient, [np.array([CLIP_NORM]), *(curve.gradient for curve in curves)], "length of the gradient")
    gradient.axhline(CLIP_NORM, color=MUTED, linestyle=":", linewidth=1.2)
    clipped.set_ylabel("clipped (% of networks)")
    clipped.set_ylim(-4, 104)
    for axes in (by_step, gradient, clipped):
        axes.set_xlabel("training steps")
    by_second.set_xlabel("seconds of training")
    for axes in (by_step, by_second, gradient, clipped):
        axes.set_xlim(left=0)
        round_numbers(axes.xaxis)
    caption = f"{_caption(curves)} {CUT_OFF if top is not None else ''}".strip()
    add_frame(figure, title=title, legend=entries, caption=caption)
    return figure


def learning_gallery(curves: Sequence[Learning], *, target: str) -> Gallery:
    """Returns the same for a page."""
    looks = cell_looks([curve.cell for curve in curves])
    heights = np.concatenate([each for curve in curves for each in (curve.low, curve.high)])
    top = sensible_top(heights) or float(np.nanmax(heights))
    low = float(np.nanmin(heights))
    air = 0.06 * (top - low) or 0.1 * top or 1.0
    frame = PageFrame(
        label=f"Validation RMSE by training step, in {target}",
        title="Error by step",
        unit=f"validation RMSE ({target})",
        below="training steps",
        limits=(max(0.0, low - air), top + air),
    )
    seconds = replace(
        frame, label=frame.label.replace("step", "second"), title="Error by second", below="seconds", is_counted=False
    )
    sizes = PageFrame(
        label="Length of the gradient by training step",
        title="Length of the gradient",
        below="training steps",
        is_log=True,
        levels=(CLIP_NORM,),
    )
    cut = PageFrame(
        label="Share of networks whose gradient was clipped, by training step",
        title="Clipped gradients",
        unit="% of networks",
        below="training steps",
        limits=(-4, 104),
    )
    drawn: list[list[PageCurve]] = [[], [], [], []]
    for curve in curves:
        look, steps, band = looks[curve.cell], curve.steps.astype(float), (curve.low, curve.high)
        drawn[0].append(PageCurve(curve.cell, steps, curve.rmse, look, band=band))
        drawn[1].append(PageCurve(curve.cell, curve.seconds, curve.rmse, look, band=band))
        drawn[2].append(PageCurve(curve.cell, steps, curve.gradient, look))
        drawn[3].append(PageCurve(curve.cell, steps, 100 * curve.clipped, look))
    charts = tuple(curve_chart(own, about) for own, about in zip(drawn, (frame, seconds, sizes, cut), strict=True))
    return Gallery(charts, tuple(Key(cell, "line", look) for cell, look in looks.items()), _caption(curves))


def _caption(curves: Sequence[Learning]) -> str:
    return (
        f"Line: mean over {curves[0].seeds} seeds; band: best and worst seed. The gradient is that of one batch before "
        f"clipping at {CLIP_NORM:g} (dotted), mean over all networks."
    )
