"""What a forecast is made of, in a page: a picture a part over the same dates, and a row a series.

Shapes: ``H`` horizon, ``P`` parts.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from forecast.models.forecaster import FloatArray
from forecast.report.html.chart import (
    NARROW,
    WIDE,
    Axis,
    Chart,
    Look,
    Mark,
    bar_path,
    date_ticks,
    days_of,
    number_ticks,
)
from forecast.report.html.page import Block, Gallery, PageColumn, PageTable, Section, cells
from forecast.wording import about

ADDS, TAKES = Look("network", "#0072B2"), Look("network", "#D55E00")  # Okabe & Ito
BROAD = 0.8  # of a step
MOST_SERIES = 200
HEIGHT = 8.0  # rem
ROUNDING = 1e-9


def parts_section(
    timestamps: NDArray[np.datetime64],
    parts: Mapping[str, FloatArray],
    rows: Sequence[tuple[str, Sequence[float]]],
    *,
    target: str,
    intro: str,
) -> Section:
    """Returns one picture a part, and what each part comes to in each series.

    Args:
        timestamps: (H,).
        parts: by what they are called, (H,) each.
        rows: the name of each series with its parts (P,) and their sum; none where there is one series.
        target: the unit.
        intro: what the parts are.
    """
    blocks: list[Block] = [Gallery(tuple(_chart(timestamps, name, own, target) for name, own in parts.items()))]
    if rows:
        names = [name.partition(":")[0] for name in parts]
        columns = (PageColumn(""), *(PageColumn(name, is_number=True) for name in (*names, "forecast")))
        shown = rows[:MOST_SERIES]
        blocks.append(PageTable(columns, tuple(cells([name, *map(about, own)]) for name, own in shown), is_narrow=True))
    return Section("parts", "What the forecast is made of", tuple(blocks), intro)


def _chart(timestamps: NDArray[np.datetime64], name: str, values: FloatArray, target: str) -> Chart:
    days = days_of(timestamps)
    step = float(np.median(np.diff(days))) if days.size > 1 else 1.0
    across = Axis(float(days[0]) - step, float(days[-1]) + step)
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    air = 0.05 * (high - low) or 1.0
    up = Axis(low - (air if low < 0 else 0.0), high + air)
    zero, half = up.place(0.0), BROAD * step / 2
    marks = []
    for look, chosen in ((ADDS, values > 0), (TAKES, values < 0)):
        paths = [
            bar_path(across.place(day - half), across.place(day + half), *sorted((zero, up.place(float(value)))))
            for day, value in zip(days[chosen], values[chosen], strict=True)
        ]
        marks += [Mark("bar", "".join(paths), look, name)] if paths else []
    wide, below = date_ticks(across, WIDE)
    total = about(_sum(values))
    return Chart(
        label=f"{name} of {target}, {total} over all dates",
        title=f"{name} ({total} over all dates)",
        marks=tuple(marks),
        left=number_ticks(up, 4),
        days=wide,
        days_narrow=date_ticks(across, NARROW)[0],
        below=below,
        unit=target,
        height=HEIGHT,
    )


def _sum(values: FloatArray) -> float:
    """Returns the sum of a part; 0 where it is one of rounding."""
    total = float(values.sum())
    return total if abs(total) > ROUNDING * float(np.abs(values).sum()) else 0.0
