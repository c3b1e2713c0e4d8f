"""The error by step in a page: how each model errs as it looks further ahead.

Shapes: ``H`` horizon.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from forecast.models.forecaster import FloatArray
from forecast.report.figures.pictures import ErrorsByStep
from forecast.report.html.chart import (
    NARROW,
    WIDE,
    Axis,
    Chart,
    End,
    Key,
    Mark,
    count_ticks,
    line_path,
    looks_of,
    number_ticks,
    spread_apart,
)
from forecast.report.html.page import Gallery

HEIGHT = 18.0  # rem
NAME = 1.35 / HEIGHT
"""Of the height, what the name at the end of a line takes."""


def step_gallery(errors: Mapping[str, FloatArray], *, target: str, frequency: str) -> Gallery:
    """Returns the RMSE at each step of the horizon, one line a model.

    Args:
        errors: By model name, (H,): RMSE in the target's unit; NaN where a step was not scored.
        target: The unit of the errors.
        frequency: The word for a step, such as ``monthly``.
    """
    looks = looks_of(errors)
    shown = ErrorsByStep(errors, target, frequency)
    up, across = Axis(0.0, shown.limit), Axis(1.0, float(max(shown.steps, 2)))
    marks = []
    for model, look in looks.items():
        rmse = errors[model]
        where = across.places(np.arange(1, rmse.size + 1))
        marks.append(Mark("line", line_path(where, up.places(rmse)), look, model))
    named = {end.model: End(up.place(end.value), end.name, looks[end.model]) for end in shown.ends}
    ends = [named[model] for model in looks if model in named]
    places = spread_apart([end.place for end in ends], NAME)
    chart = Chart(
        label=f"RMSE of each model by step ahead, in {target}",
        marks=tuple(marks),
        left=number_ticks(up),
        days=count_ticks(across, WIDE),
        days_narrow=count_ticks(across, NARROW),
        below=shown.below,
        unit=shown.unit,
        ends=tuple(replace(end, place=place) for end, place in zip(ends, places, strict=True)),
        height=HEIGHT,
    )
    keys = tuple(Key(model, "line", looks[model]) for model in errors)
    return Gallery((chart,), keys, shown.caption)
