"""The error by step in a page: how each model errs as it looks further ahead.

Shapes: ``H`` horizon.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from forecast.models.forecaster import FloatArray
from forecast.report.figures.figure import CUT_OFF, sensible_top
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
from forecast.wording import short_number

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
    highest = [float(np.nanmax(rmse, initial=0.0)) for rmse in errors.values()]
    top = sensible_top(highest)
    up = Axis(0.0, top or 1.08 * max(highest, default=0.0) or 1.0)
    steps = max(rmse.size for rmse in errors.values())
    across = Axis(1.0, float(max(steps, 2)))
    marks, ends = [], []
    for model, look in looks.items():
        rmse = errors[model]
        where = across.places(np.arange(1, rmse.size + 1))
        marks.append(Mark("line", line_path(where, up.places(rmse)), look, model))
        known = rmse[np.isfinite(rmse)]
        if known.size:
            end = float(known[-1])
            name = model if end <= up.high else f"{model} ↑ {short_number(end)}"
            ends.append(End(up.place(end), name, look))
    places = spread_apart([end.place for end in ends], NAME)
    chart = Chart(
        label=f"RMSE of each model by step ahead, in {target}",
        marks=tuple(marks),
        left=number_ticks(up),
        days=count_ticks(across, WIDE),
        days_narrow=count_ticks(across, NARROW),
        below=f"steps ahead ({frequency})",
        unit=f"RMSE ({target})",
        ends=tuple(replace(end, place=place) for end, place in zip(ends, places, strict=True)),
        height=HEIGHT,
    )
    keys = tuple(Key(model, "line", looks[model]) for model in errors)
    return Gallery((chart,), keys, CUT_OFF if top is not None else "")
