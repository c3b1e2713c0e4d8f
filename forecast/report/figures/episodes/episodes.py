"""The picture of episodes that were not expected: each with the values around it and the range that was expected."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from forecast.report.figures.figure import add_frame, date_axis, empty_figure, number_axis
from forecast.report.figures.style import MUTED, house_style

FloatArray = NDArray[np.float64]
HEIGHT = 2.0  # inches a panel
OBSERVED, FOUND = "#404040", "#D55E00"


@dataclass(frozen=True, eq=False)
class Excerpt:
    """The steps around one episode, ``n`` of them.

    Attributes:
        title: what it is, and why.
        timestamps, values, lower, upper: (n,) each; NaN where nothing was observed or expected.
        episode: places of its first and last step among them.
    """

    title: str
    timestamps: NDArray[np.datetime64]
    values: FloatArray
    lower: FloatArray
    upper: FloatArray
    episode: tuple[int, int]


@house_style()
def anomalies_figure(excerpts: Sequence[Excerpt], *, target: str, title: str = "") -> Figure:
    """Returns a panel an episode, below one another.

    Args:
        excerpts: at least one.
        target: the unit of the values.
        title: above the picture.
    """
    figure = empty_figure(1.0 + HEIGHT * len(excerpts))
    entries = {}
    for axes, excerpt in zip(np.ravel(figure.subplots(len(excerpts), 1)), excerpts, strict=True):
        entries["expected"] = axes.fill_between(
            excerpt.timestamps, excerpt.lower, excerpt.upper, color=MUTED, alpha=0.25, linewidth=0
        )
        (entries["observed"],) = axes.plot(excerpt.timestamps, excerpt.values, color=OBSERVED, linewidth=1.1)
        own = slice(excerpt.episode[0], excerpt.episode[1] + 1)
        (entries["not expected"],) = axes.plot(
            excerpt.timestamps[own], excerpt.values[own], color=FOUND, marker="o", markersize=3.5, linewidth=1.6
        )
        axes.set_title(excerpt.title, fontsize="small", loc="left")
        number_axis(axes, target)
        date_axis(axes)
    caption = "Expected: the range of 95 of 100 usual values."
    add_frame(figure, title=title, legend=entries, caption=caption)
    return figure
