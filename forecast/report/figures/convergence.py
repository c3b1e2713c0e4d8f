"""The picture of learning: how the error falls, against the steps taken and against the seconds they cost.

Shapes: ``K`` points of a curve.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from forecast.models.forecaster import Curve, FloatArray
from forecast.report.figures.figure import (
    CUT_OFF,
    add_frame,
    draw_model,
    empty_figure,
    number_axis,
    round_numbers,
    sensible_top,
)
from forecast.report.figures.style import INK, house_style, styles_of


@house_style()
def convergence_figure(
    curves: Mapping[str, Curve], *, target: str, seasonal_naive: float | None = None, title: str = ""
) -> Figure:
    """Returns two panels side by side: validation RMSE against steps, and against seconds; one line a model.

    Args:
        curves: By model name.
        target: The unit of the errors.
        seasonal_naive: RMSE of the seasonal naive on the same points, drawn as a dotted line.
        title: Above the picture.
    """
    styles = styles_of(curves)
    figure = empty_figure(3.9)
    by_step, by_second = figure.subplots(1, 2, sharey=True)
    entries: dict[str, Any] = {}
    for model, curve in curves.items():
        entries[model] = draw_model(by_step, curve.steps, curve.rmse, styles[model])
        draw_model(by_second, curve.seconds, curve.rmse, styles[model])
    reference = np.nan if seasonal_naive is None else seasonal_naive
    if np.isfinite(reference):
        for axes in (by_step, by_second):
            entries["seasonal-naive"] = axes.axhline(reference, color=INK, linestyle=":", linewidth=1.4)
    heights = np.concatenate([[reference], *(curve.rmse for curve in curves.values())])
    top = sensible_top(heights)
    by_step.set_ylim(_limits(heights[np.isfinite(heights)], top))
    number_axis(by_step, f"validation RMSE ({target})")
    for axes, label in ((by_step, "training steps"), (by_second, "seconds of training")):
        axes.set_xlabel(label)
        axes.set_xlim(left=0)
        round_numbers(axes.xaxis)
    add_frame(figure, title=title, legend=entries, caption=CUT_OFF if top is not None else "")
    return figure


def _limits(heights: FloatArray, top: float | None) -> tuple[float, float]:
    """Returns the limits of the upright axis, with some air but nothing below zero."""
    if heights.size == 0:
        return 0.0, 1.0
    low, high = float(heights.min()), top or float(heights.max())
    air = 0.06 * (high - low) or 0.1 * high or 1.0
    return max(0.0, low - air), high + air
