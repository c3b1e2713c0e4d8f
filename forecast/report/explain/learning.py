"""The panel of convergence: validation error against steps and seconds, seeds as a band, gradients below."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from forecast.evaluation.explain.learning import CLIP_NORM, Learning
from forecast.report.explain.axes import log_axis, short_label
from forecast.report.figures.figure import (
    CUT_OFF,
    add_frame,
    draw_model,
    empty_figure,
    round_numbers,
    sensible_top,
)
from forecast.report.figures.style import MUTED, house_style, styles_of


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
    seeds = curves[0].seeds
    caption = (
        f"Line: mean over {seeds} seeds; band: best and worst seed. The gradient is that of one batch before clipping "
        f"at {CLIP_NORM:g} (dotted), mean over all networks."
    )
    add_frame(figure, title=title, legend=entries, caption=f"{caption} {CUT_OFF if top is not None else ''}".strip())
    return figure
