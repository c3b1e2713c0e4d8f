"""The picture of a model's retrains: champion's and challenger's error at each, and who was put in use.

Shapes: ``N`` retrains.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from numpy.typing import NDArray

from forecast.evaluation.verdict import REFERENCE
from forecast.models.forecaster import FloatArray
from forecast.models.registry import MODELS
from forecast.report.figures.figure import add_frame, date_axis, empty_figure, number_axis, sensible_top
from forecast.report.figures.style import house_style

HEIGHT = 4.0  # inches
CHAMPION, CHALLENGER, NAIVE = "#0072B2", "#D55E00", MODELS[REFERENCE].style
WORTH_MARKERS = 60
"""More retrains than this are a line; markers on each would hide it."""
CAPTION = "Each point is one retrain; all that stand above each other were scored on the same newest points."
FAR = " A line that leaves the picture at the top belongs to errors far above the others."


@dataclass(frozen=True, eq=False)
class Retrains:
    """The retrains of one model, oldest first; NaN where one was not scored."""

    times: Sequence[datetime]  # N, aware
    champion: FloatArray  # (N,), RMSE in the target's unit
    challenger: FloatArray  # (N,)
    naive: FloatArray  # (N,)
    promoted: NDArray[np.bool_]  # (N,)


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
    for label, which, face in (
        ("challenger, put in use", runs.promoted, CHALLENGER),
        ("challenger, left", ~runs.promoted, "white"),
    ):
        if (which & np.isfinite(runs.challenger)).any():
            style: dict[str, Any] = {"color": CHALLENGER, "markerfacecolor": face, "markersize": 6}
            (entries[label],) = axes.plot(
                places[which], runs.challenger[which], linestyle="none", marker="s", zorder=4, **style
            )
    heights = np.concatenate([runs.naive, runs.champion, runs.challenger])
    top = sensible_top(heights)
    axes.set_ylim(0, top or 1.08 * float(np.nanmax(heights, initial=0.0)) or 1.0)
    if places.size and np.ptp(places) == 0:  # one retrain has no span of time: an hour on either side
        hour = timedelta(hours=1) / timedelta(days=1)
        axes.set_xlim(places[0] - hour, places[0] + hour)
    number_axis(axes, "RMSE on the newest points")
    date_axis(axes)
    axes.set_xlabel("time of the retrain (UTC)")
    add_frame(figure, title=title, legend=entries, caption=CAPTION + (FAR if top is not None else ""))
    return figure


def _every(count: int) -> int:
    return -(-count // WORTH_MARKERS) or 1
