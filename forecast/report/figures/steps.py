"""The picture of the error by step: how each model errs as it looks further ahead.

Shapes: ``H`` horizon.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from forecast.models.forecaster import FloatArray
from forecast.report.figures.figure import (
    EndLabel,
    add_frame,
    draw_model,
    empty_figure,
    label_ends,
    number_axis,
)
from forecast.report.figures.pictures import ErrorsByStep
from forecast.report.figures.style import house_style, styles_of, wrapped

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
    shown = ErrorsByStep(errors, target, frequency)
    for model, rmse in errors.items():
        line = draw_model(axes, np.arange(1, rmse.size + 1), rmse, styles[model])
        line.set_clip_on(shown.is_cut)
    axes.set_xlim(1 - 0.02 * max(shown.steps - 1, 1), max(shown.steps, 1))
    axes.set_ylim(0, shown.limit)
    number_axis(axes, shown.unit)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.set_xlabel(wrapped(shown.below, 60))
    label_ends(axes, [EndLabel(end.name, end.value, styles[end.model]) for end in shown.ends], HEIGHT - 0.6)
    add_frame(figure, title=title, caption=shown.caption)
    return figure
