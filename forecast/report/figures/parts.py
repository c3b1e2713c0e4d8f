"""The picture of what a forecast is made of: one panel a part, all over the same dates.

    level   ▇▇▇▇▇▇▇▇▇▇▇▇
    season  ▂ ▇▅ ▂ ▇▅ ▂
    plan        ▇▇
    rest    ▁▂▂▃▃▃▄▄▄▅▅▅

Shapes: ``H`` horizon.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from forecast.models.forecaster import FloatArray
from forecast.report.figures.figure import SLIDE, add_frame, date_axis, empty_figure, number_axis
from forecast.report.figures.style import INK, house_style, wrapped
from forecast.specs import PictureSize
from forecast.wording import about

PANEL = 1.35  # inches
ROUNDING = 1e-9
UP, DOWN = "#0072B2", "#D55E00"  # Okabe & Ito: told apart by the colour-blind


@house_style()
def parts_figure(
    timestamps: NDArray[np.datetime64],
    parts: Mapping[str, FloatArray],
    *,
    target: str,
    title: str = "",
    size: PictureSize = "page",
) -> Figure:
    """Returns one panel a part, whose bars add up to the forecast at each date.

    Args:
        timestamps: (H,).
        parts: by what they are called, (H,) each.
        target: the unit.
        title: above the picture.
        size: of the picture.
    """
    figure = empty_figure(max(PANEL * len(parts), 2.5))
    grid = figure.subplots(len(parts), 1, sharex=True, squeeze=False).ravel()
    step = np.median(np.diff(timestamps)) if timestamps.size > 1 else np.timedelta64(1, "D")
    for axes, (name, values) in zip(grid, parts.items(), strict=True):
        colours = [UP if value >= 0 else DOWN for value in values]
        axes.bar(timestamps, values, width=0.8 * step, color=colours, linewidth=0)
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.margins(x=0.015)
        number_axis(axes, "")
        axes.set_title(wrapped(f"{name} ({about(_sum(values))} over all dates)", 90))
    date_axis(grid[-1], labels=10)
    figure.supylabel(wrapped(target, 60), fontsize=10)
    caption = "At each date the parts add up to the forecast. Orange: below zero."
    add_frame(figure, title=title, caption=caption, total=SLIDE if size == "slide" else None)
    return figure


def _sum(values: FloatArray) -> float:
    """Returns the sum of a part; 0 where it is one of rounding."""
    total = float(values.sum())
    return total if abs(total) > ROUNDING * float(np.abs(values).sum()) else 0.0
