"""The forecast in a page: history, forecast, intervals, and what came; one chart a series.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from forecast.data.frequency import readable
from forecast.data.panel import Panel
from forecast.interval_levels import MAIN, level_text
from forecast.models.forecaster import Forecasts
from forecast.report.figures.excerpt import Observed, excerpt_of, excerpts, foretold, sensible_range
from forecast.report.html.chart import (
    NARROW,
    WIDE,
    Axis,
    Chart,
    Key,
    Look,
    Mark,
    Shape,
    band_path,
    date_ticks,
    days_of,
    line_path,
    looks_of,
    number_ticks,
    rule_path,
)
from forecast.report.html.page import Gallery

HISTORY, ACTUAL, ORIGIN = Look("history"), Look("actual"), Look("origin")
AIR = 0.012  # of the width, on both sides


def forecast_gallery(history: Panel, forecasts: Mapping[str, Forecasts], actuals: Panel | None = None) -> Gallery:
    """Returns up to six series with their forecasts; intervals are those of the first model.

    Args:
        history: What was known; steps after the origin are not drawn from it.
        forecasts: By model name, at least one, all from the same origin.
        actuals: What came after the origin, where it is known; may hold the history too.
    """
    shown = excerpts(history, forecasts, actuals)
    looks = looks_of(forecasts)
    main = next(iter(forecasts))
    is_lone = len(shown) == 1
    charts = tuple(_chart(seen, forecasts, looks, history, is_lone=is_lone) for seen in shown)
    keys = [Key("history", "line", HISTORY)]
    if any(seen.truth.timestamps.size for seen in shown):
        keys.append(Key("what came", "line", ACTUAL))
    keys += [Key(model, "line", looks[model]) for model in forecasts]
    levels = sorted(interval.level for interval in forecasts[main].intervals)
    bands = [_band(looks[main], level) for level in levels]
    keys += [  # a narrow band lies on all that are wider
        Key(f"{level_text(level)} % interval of {main}", "band", bands[k], tuple(bands[k + 1 :]))
        for k, level in enumerate(levels)
    ]
    unit = "" if is_lone else f"All in the unit of {history.target}. "
    return Gallery(charts, tuple(keys), unit + _note(shown, len(forecasts[main].series_ids)))


def series_gallery(history: Panel, forecasts: Mapping[str, Forecasts], series_id: str) -> Gallery:
    """Returns one series with its forecasts, small and without a legend: that stands above others like it."""
    seen = excerpt_of(history, forecasts, series_id)
    return Gallery((replace(_chart(seen, forecasts, looks_of(forecasts), history, is_lone=False), title=""),))


def _chart(
    seen: Observed,
    forecasts: Mapping[str, Forecasts],
    looks: Mapping[str, Look],
    history: Panel,
    *,
    is_lone: bool,
) -> Chart:
    main = next(iter(forecasts))
    future = forecasts[main].timestamps[forecasts[main].series_ids.index(seen.series_id)]
    days = days_of(np.concatenate([seen.past.timestamps, seen.truth.timestamps, future]))
    air = AIR * (days.max() - days.min()) or 0.5
    across = Axis(days.min() - air, days.max() + air)
    up = Axis(*sensible_range(seen, foretold(forecasts, main, seen.series_id)))
    marks = [*_origin(seen, across)]
    marks += _band_marks(main, forecasts[main], seen.series_id, looks[main], (across, up))
    for model, look in looks.items():
        if seen.series_id in forecasts[model].series_ids:
            marks.append(_line_mark(model, forecasts[model], seen.series_id, look, (across, up)))
    for name, line, look in (("history", seen.past, HISTORY), ("what came", seen.truth, ACTUAL)):
        path = line_path(across.places(days_of(line.timestamps)), up.places(line.values))
        marks += [Mark("line", path, look, name)] if path else []
    wide, below = date_ticks(across, WIDE if is_lone else WIDE - 3)
    title = seen.series_id if len(history) > 1 else ""
    return Chart(
        label=f"{history.target}{f' of {title}' if title else ''}: history and forecast by {', '.join(forecasts)}",
        title=title,
        marks=tuple(marks),
        left=number_ticks(up),
        days=wide,
        days_narrow=date_ticks(across, NARROW)[0],
        below=below,
        unit=history.target if is_lone else "",
        height=20.0 if is_lone else 11.0,
    )


def _band_marks(model: str, made: Forecasts, series_id: str, look: Look, axes: tuple[Axis, Axis]) -> list[Mark]:
    """Returns the intervals, the widest first."""
    i, (across, up) = made.series_ids.index(series_id), axes
    places = across.places(days_of(made.timestamps[i]))
    marks = []
    for band in sorted(made.intervals, key=lambda interval: -interval.level):
        path = band_path(places, up.places(band.lower[i]), up.places(band.upper[i]))
        marks.append(Mark("band", path, _band(look, band.level), f"{model}, {level_text(band.level)} % interval"))
    return marks


def _line_mark(model: str, made: Forecasts, series_id: str, look: Look, axes: tuple[Axis, Axis]) -> Mark:
    i, (across, up) = made.series_ids.index(series_id), axes
    places = across.places(days_of(made.timestamps[i]))
    shape: Shape = "dots" if places.size == 1 else "line"
    return Mark(shape, line_path(places, up.places(made.point[i])), look, model)


def _origin(seen: Observed, across: Axis) -> list[Mark]:
    if not seen.past.timestamps.size:
        return []
    place = across.place(float(days_of(seen.past.timestamps[-1:])[0]))
    return [Mark("rule", rule_path(place), ORIGIN, "origin: the last date that the models knew")]


def _band(look: Look, level: float) -> Look:
    return Look("inner" if level <= MAIN else "outer", look.colour)


def _note(shown: tuple[Observed, ...], series: int) -> str:
    """Returns what the charts can't say by themselves: their origin, and which series were left out."""
    origins = {seen.past.timestamps[-1] for seen in shown if seen.past.timestamps.size}
    origin = f"origin, {readable(origins.pop())}," if len(origins) == 1 else "origin of each series,"
    sentence = f"The upright line is the {origin} the last date that the models knew."
    if len(shown) == series:
        return sentence
    how = "at even ranks of total volume, from the largest to the smallest"
    return f"{sentence} {len(shown)} of {series:,} series are drawn, {how}."
