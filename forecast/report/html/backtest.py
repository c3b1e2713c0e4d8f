"""The backtest in a page: what would have been forecast at each origin, beside what came.

Shapes: ``H`` horizon.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from forecast.data.frequency import ROW, Frequency, iso_text, readable
from forecast.evaluation.fold_forecast import FoldForecast
from forecast.evaluation.fold_forecasts import Manner
from forecast.interval_levels import MAIN
from forecast.models.forecaster import FloatArray
from forecast.report.html.chart import (
    NARROW,
    WIDE,
    Axis,
    Chart,
    Key,
    Look,
    Mark,
    band_path,
    date_ticks,
    days_of,
    line_path,
    looks_of,
    number_ticks,
    rule_path,
)
from forecast.report.html.page import Gallery, PageCell, PageColumn, PageTable, Section
from forecast.wording import NO_NUMBER, about, percent

ACTUAL, ORIGIN = Look("actual"), Look("origin")
AIR = 0.012
JOINED = {"total": "what each test comes to", "mean": "the average of each test", "standing": "the last step of each"}


def backtest_section(
    told: Sequence[FoldForecast], frequency: Frequency, target: str, model: str, manner: Manner
) -> Section:
    """Returns pictures of all series together and of the largest, and a table of what each fold came to.

    Args:
        told: the folds of one series after those of another.
        frequency: of the steps.
        target: the unit.
        model: whose forecasts they are.
        manner: how steps became one number.
    """
    series = [list(own) for _, own in groupby(told, key=lambda fold: fold.series)]
    look = looks_of([model])[model]
    charts = tuple(_chart(own, frequency, target, model, look, is_lone=len(series) == 1) for own in series)
    keys = (
        Key("what came", "line", ACTUAL),
        Key(f"{model}, from what was known then", "line", look),
        Key(f"{MAIN} % interval", "band", Look("inner", look.colour)),
    )
    first = series[0]
    whose = f" of {first[0].series}" if len(series) > 1 else ""
    intro = (
        f"What {model} would have forecast{whose} on dates of the past, from nothing but what was known before each "
        f"upright line. The table tells {JOINED[manner]}."
    )
    return Section("backtest", "What it would have said", (Gallery(charts, keys), _table(first, frequency)), intro)


def _stamps(fold: FoldForecast, frequency: Frequency) -> NDArray[np.datetime64]:
    """Returns the timestamps of the steps of a fold, (H,)."""
    if frequency.unit == "row":
        first = ROW.timestamps(np.array([int(fold.first)]))
    else:
        first = np.array([np.datetime64(fold.first, "s")])
    return frequency.timestamps(frequency.ordinals(first)[0] + np.arange(len(fold.truths)))


def _numbers(values: Sequence[float | None]) -> FloatArray:
    return np.array(values, dtype=float)


def _chart(
    folds: Sequence[FoldForecast], frequency: Frequency, target: str, model: str, look: Look, *, is_lone: bool
) -> Chart:
    stamps = [days_of(_stamps(fold, frequency)) for fold in folds]
    every = np.concatenate(stamps)
    step = (every[-1] - every[0]) / max(every.size - 1, 1) or 1.0
    air = AIR * (every.max() - every.min()) + step
    across = Axis(every.min() - air, every.max() + air)
    drawn = [_numbers(each) for fold in folds for each in (fold.truths, fold.forecasts, fold.lower, fold.upper)]
    up = _axis(np.concatenate(drawn))
    marks = []
    for fold, days in zip(folds, stamps, strict=True):
        places = across.places(days)
        name = f"fold {fold.fold}: "
        band = band_path(places, up.places(_numbers(fold.lower)), up.places(_numbers(fold.upper)))
        marks += [Mark("band", band, Look("inner", look.colour), f"{name}{MAIN} % interval")] if band else []
        marks.append(Mark("line", line_path(places, up.places(_numbers(fold.forecasts))), look, f"{name}{model}"))
        marks.append(Mark("rule", rule_path(across.place(float(days[0]) - step / 2)), ORIGIN, f"{name}origin"))
    truths = np.concatenate([_numbers(fold.truths) for fold in folds])
    marks.append(Mark("line", line_path(across.places(every), up.places(truths)), ACTUAL, "what came"))
    wide, below = date_ticks(across, WIDE)
    title = "" if is_lone else folds[0].series
    return Chart(
        label=f"{target}{f' of {title}' if title else ''}: forecasts on {len(folds)} folds, and what came",
        title=title,
        marks=tuple(marks),
        left=number_ticks(up),
        days=wide,
        days_narrow=date_ticks(across, NARROW)[0],
        below=below,
        unit=target,
        height=16.0 if is_lone else 11.0,
    )


def _axis(values: FloatArray) -> Axis:
    """Returns the upright axis; what is never negative gets no empty strip below zero."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return Axis(0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    air = 0.05 * (high - low) or 0.5 * abs(high) or 1.0
    return Axis(max(low - air, 0.0) if low >= 0 else low - air, high + air)


def _table(folds: Sequence[FoldForecast], frequency: Frequency) -> PageTable:
    columns = [PageColumn("test"), PageColumn("forecast", is_number=True), PageColumn("came", is_number=True)]
    columns += [PageColumn("off by", is_number=True)]
    lines = []
    for fold in folds:
        first, last = _stamps(fold, frequency)[[0, -1]]
        until = f"to {readable(last)}" if iso_text(first) != iso_text(last) else ""
        known = fold.lowest is not None and fold.highest is not None
        interval = f"{MAIN} %: {about(fold.lowest)} to {about(fold.highest)}" if known else ""
        lines.append((
            PageCell(readable(first), note=until), PageCell(about(fold.expected), note=interval),
            PageCell(about(fold.came), note=_where(fold)), PageCell(_off(fold)),
        ))  # fmt: skip
    return PageTable(tuple(columns), tuple(lines), is_narrow=True)


def _off(fold: FoldForecast) -> str:
    if fold.came is None or fold.expected is None or not fold.came:
        return NO_NUMBER
    return percent((fold.expected - fold.came) / abs(fold.came), 1, signed=True)


def _where(fold: FoldForecast) -> str:
    """Returns on which side of the interval the truth lies."""
    if fold.came is None or fold.lowest is None or fold.highest is None:
        return ""
    return "inside" if fold.lowest <= fold.came <= fold.highest else "below" if fold.came < fold.lowest else "above"
