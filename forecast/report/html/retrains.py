"""The retrains of a model in a page: champion's and challenger's error at each, and who was put in use.

Shapes: ``N`` retrains.
"""

from datetime import UTC

import numpy as np

from forecast.models.forecaster import FloatArray
from forecast.report.figures.pictures import Retrains
from forecast.report.figures.retrains import CHALLENGER, CHAMPION, NAIVE
from forecast.report.html.chart import (
    NARROW,
    WIDE,
    Axis,
    Chart,
    Key,
    Look,
    Mark,
    date_ticks,
    dots_path,
    line_path,
    number_ticks,
)
from forecast.report.html.page import Gallery

HOUR = 1 / 24
SECONDS_A_DAY = 86_400
LOOKS = {
    "champion": Look("network", CHAMPION),
    "challenger, put in use": Look("network", CHALLENGER),
    "challenger, left": Look("hollow", CHALLENGER),
    "seasonal naive": Look.of(NAIVE),
}


def run_gallery(runs: Retrains) -> Gallery:
    """Returns RMSE against the time of the retrain; challengers that won are filled, others hollow."""
    days = np.array([time.astimezone(UTC).timestamp() for time in runs.times]) / SECONDS_A_DAY
    air = 0.03 * np.ptp(days) or HOUR  # one retrain has no span of time
    across = Axis(days.min() - air, days.max() + air)
    up = Axis(0.0, runs.limit)
    places = across.places(days)

    def dots(name: str, values: FloatArray) -> Mark:
        return Mark("dots", dots_path(places, up.places(values)), LOOKS[name], name)

    marks = []
    for name, values in (("seasonal naive", runs.naive), ("champion", runs.champion)):
        marks += [Mark("line", line_path(places, up.places(values)), LOOKS[name], name), dots(name, values)]
    marks += [dots(name, np.where(which, runs.challenger, np.nan)) for name, which in runs.challengers.items()]
    drawn = tuple(mark for mark in marks if mark.path)
    wide, below = date_ticks(across, WIDE)
    chart = Chart(
        label="RMSE of champion and challenger at each retrain",
        marks=drawn,
        left=number_ticks(up),
        days=wide,
        days_narrow=date_ticks(across, NARROW)[0],
        below=f"{below} (UTC)".strip(),
        unit=runs.unit,
        height=13.0,
    )
    shown = {mark.title for mark in drawn}
    keys = tuple(Key(name, "dots", look) for name, look in LOOKS.items() if name in shown)
    return Gallery((chart,), keys, runs.caption)
