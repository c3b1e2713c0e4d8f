"""The picture of the error by step: how each model errs as it looks further ahead.

Shapes: ``H`` horizon.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from forecast.models.forecaster import FloatArray
from forecast.report.figures.figure import (
    CUT_OFF,
    EndLabel,
    add_frame,
    draw_model,
    empty_figure,
    label_ends,
    number_axis,
    sensible_top,
)
from forecast.report.figures.style import house_style, styles_of, wrapped
from forecast.wording import short_number

HEIGHT = 4.2  # inches


@house_style()
def error_by_step_figure(errors: Mapping[str, FloatArray], *, target: str, frequency: str, title: str = "") -> Figure:
    """Returns the RMSE at each step of the horizon, one line a model.

    Args:
        errors: By model name, (H,): RMSE in the target's unit; NaN where a step was not scored.
        target: The unit of the errors.
        frequency: The word for a step, such as ``monthly``.
        title: Above the picture.
    """
    styles = styles_of(errors)
    figure = empty_figure(HEIGHT)
    axes = figure.add_subplot()
    highest = [float(np.nanmax(rmse, initial=0.0)) for rmse in errors.values()]
    top = sensible_top(highest)
    limit = top or 1.08 * max(highest, default=0.0) or 1.0
    ends = []
    for model, rmse in errors.items():
        line = draw_model(axes, np.arange(1, rmse.size + 1), rmse, styles[model])
        line.set_clip_on(top is not None)
        scored = rmse[np.isfinite(rmse)]
        if scored.size:
            end = float(scored[-1])
            name = model if end <= limit else f"{model} ↑ {short_number(end)}"
            ends.append(EndLabel(name, end, styles[model]))
    steps = max((rmse.size for rmse in errors.values()), default=1)
    axes.set_xlim(1 - 0.02 * max(steps - 1, 1), max(steps, 1))
    axes.set_ylim(0, limit)
    number_axis(axes, f"RMSE ({target})")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.set_xlabel(wrapped(f"steps ahead ({frequency})", 60))
    label_ends(axes, ends, HEIGHT - 0.6)
    add_frame(figure, title=title, caption=CUT_OFF if top is not None else "")
    return figure
