"""The picture of a model's retrains: champion's and challenger's error at each, and who was put in use.

Shapes: ``N`` retrains.
"""

from datetime import UTC, timedelta
from typing import Any

import numpy as np
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from forecast.evaluation.verdict import REFERENCE
from forecast.models.registry import MODELS
from forecast.report.figures.figure import add_frame, date_axis, empty_figure, number_axis
from forecast.report.figures.pictures import Retrains
from forecast.report.figures.style import house_style

HEIGHT = 4.0  # inches
CHAMPION, CHALLENGER, NAIVE = "#0072B2", "#D55E00", MODELS[REFERENCE].style
WORTH_MARKERS = 60
"""More retrains than this are a line; markers on each would hide it."""


@house_style()
def history_figure(runs: Retrains, *, title: str = "") -> Figure:
    """Returns RMSE against the time of the retrain; challengers that won are filled, others hollow."""
    figure = empty_figure(HEIGHT)
    axes = figure.add_subplot()
    # matplotlib.dates has no types yet.
    places = date2num([time.astimezone(UTC) for time in runs.times])
    entries: dict[str, Any] = {}
    if np.isfinite(runs.naive).any():
        line: dict[str, Any] = {
            "color": NAIVE.colour,
            "linestyle": NAIVE.dashes,
            "marker": NAIVE.marker,
            "linewidth": 1.3,
        }
        (entries["seasonal naive"],) = axes.plot(places, runs.naive, markevery=_every(places.size), **line)
    (entries["champion"],) = axes.plot(
        places, runs.champion, color=CHAMPION, marker="o", markevery=_every(places.size), zorder=3
    )
    for face, (label, which) in zip((CHALLENGER, "white"), runs.challengers.items(), strict=True):
        if (which & np.isfinite(runs.challenger)).any():
            style: dict[str, Any] = {"color": CHALLENGER, "markerfacecolor": face, "markersize": 6}
            (entries[label],) = axes.plot(
                places[which], runs.challenger[which], linestyle="none", marker="s", zorder=4, **style
            )
    axes.set_ylim(0, runs.limit)
    if places.size and np.ptp(places) == 0:  # one retrain has no span of time: an hour on either side
        hour = timedelta(hours=1) / timedelta(days=1)
        axes.set_xlim(places[0] - hour, places[0] + hour)
    number_axis(axes, runs.unit)
    date_axis(axes)
    axes.set_xlabel("time of the retrain (UTC)")
    add_frame(figure, title=title, legend=entries, caption=runs.caption)
    return figure


def _every(count: int) -> int:
    return -(-count // WORTH_MARKERS) or 1
