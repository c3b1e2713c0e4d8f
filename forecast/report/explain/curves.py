"""Curves in a page: lines over lags, steps or seconds, on straight or logarithmic axes, in the page's own colours.

Shapes: ``N`` points of a curve.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.models.forecaster import FloatArray
from forecast.report.explain.axes import FEW_DECADES, FLOOR
from forecast.report.figures.style import styles_of
from forecast.report.html.chart import (
    NARROW,
    SIZE,
    WIDE,
    Axis,
    Chart,
    End,
    Look,
    Mark,
    Tick,
    band_path,
    count_ticks,
    dots_path,
    line_path,
    number_ticks,
    rule_path,
    spread_apart,
)

LINE = 1.35
"""What a name at the end of a line takes, in rem."""
DASHED = "5 4"
PLAIN = Look("history")
SPARE = Look("trained", width=1.4)
"""Of what is only there to be compared with."""


@dataclass(frozen=True, eq=False)
class PageCurve:
    """One line.

    Attributes:
        name: said where a finger rests on it, and at its end where ``is_named``.
        across, up: (N,); NaN breaks the line.
        band: lower and upper, (N,) each.
        dots: positions of points that are marked.
    """

    name: str
    across: FloatArray
    up: FloatArray
    look: Look
    is_named: bool = False
    band: tuple[FloatArray, FloatArray] | None = None
    dots: tuple[int, ...] = ()


@dataclass(frozen=True)
class PageFrame:
    """What stands around curves.

    Attributes:
        label: what the chart shows, for those who can't see it.
        rules: places across at which an upright line stands, such as seasons.
        levels: values at which a line goes across.
        limits: of the upright axis; None for those of the curves.
        ticks: places across that are labelled; None for round numbers.
        is_counted: what is across are whole numbers.
    """

    label: str
    title: str = ""
    unit: str = ""
    below: str = ""
    is_log: bool = False
    is_log_across: bool = False
    rules: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    limits: tuple[float, float] | None = None
    ticks: tuple[float, ...] | None = None
    is_counted: bool = True
    height: float = 12.0


def cell_looks(cells: Sequence[str]) -> dict[str, Look]:
    """Returns the look of each cell, the later ones thinner, so that lines that lie on each other can all be seen."""
    looks = {cell: Look.of(style) for cell, style in styles_of(cells).items()}
    return {cell: replace(look, width=max(3.0 - 0.7 * place, 1.6)) for place, (cell, look) in enumerate(looks.items())}


def dashed(look: Look) -> Look:
    """Returns the look of a second line of the same thing."""
    return replace(look, dashes=DASHED, width=1.5)


def season_places(seasons: Sequence[int], most: float) -> tuple[float, ...]:
    """Returns where upright lines stand: at each season and its first multiples."""
    return tuple(float(season * times) for season in seasons for times in range(1, 4) if season * times <= most)


def curve_chart(curves: Sequence[PageCurve], frame: PageFrame) -> Chart:
    """Returns the curves in their frame."""
    across = _axis(np.concatenate([curve.across for curve in curves]), is_log=frame.is_log_across)
    up = _upright(curves, frame)
    marks = [Mark("rule", rule_path(float(x)), PLAIN) for x in across.places(_scaled(frame.rules, frame.is_log_across))]
    marks += [Mark("rule", _level_path(float(y)), PLAIN) for y in up.places(_scaled(frame.levels, frame.is_log))]
    ends = []
    for curve in curves:
        x, y = across.places(_scaled(curve.across, frame.is_log_across)), up.places(_scaled(curve.up, frame.is_log))
        if curve.band:
            low, high = (up.places(_scaled(edge, frame.is_log)) for edge in curve.band)
            marks.append(Mark("band", band_path(x, low, high), replace(curve.look, name="outer", width=0.0)))
        marks.append(Mark("line", line_path(x, y), curve.look, curve.name))
        if curve.dots:
            chosen = list(curve.dots)
            marks.append(Mark("dots", dots_path(x[chosen], y[chosen]), curve.look, curve.name))
        if curve.is_named and np.isfinite(y).any():
            ends.append(End(float(np.clip(y[np.isfinite(y)][-1], 0, 1)), curve.name, curve.look))
    places = spread_apart([end.place for end in ends], LINE / frame.height)
    return Chart(
        label=frame.label,
        marks=tuple(marks),
        left=_ticks(up, 5, is_log=frame.is_log, is_count=False),
        days=_across_ticks(across, frame, WIDE),
        days_narrow=_across_ticks(across, frame, NARROW + 1),
        title=frame.title,
        unit=frame.unit,
        below=frame.below,
        ends=tuple(replace(end, place=place) for end, place in zip(ends, places, strict=True)),
        height=frame.height,
    )


def log_ticks(axis: Axis, most: int) -> tuple[Tick, ...]:
    """Returns powers of ten on an axis of logarithms, with 2 and 5 between them where it has few decades."""
    first, last = int(np.floor(axis.low)), int(np.ceil(axis.high))
    powers = np.arange(first, last + 1)
    factors = (1, 2, 5) if axis.high - axis.low < FEW_DECADES else (1,)
    values = np.array([factor * 10.0**power for power in powers for factor in factors])
    inside = values[(np.log10(values) >= axis.low - 1e-9) & (np.log10(values) <= axis.high + 1e-9)]
    kept = inside[:: -(-len(inside) // most) or 1]
    return tuple(Tick(axis.place(float(np.log10(value))), f"{value:,.4g}") for value in kept)


def _scaled(values: Sequence[float] | FloatArray, is_log: bool) -> FloatArray:
    """Returns values, or the logarithms of those above 0 and NaN for the others."""
    array = np.asarray(values, dtype=float)
    return np.log10(np.where(array > 0, array, np.nan)) if is_log else array


def _axis(values: FloatArray, *, is_log: bool) -> Axis:
    places = _scaled(values, is_log)
    places = places[np.isfinite(places)]
    low, high = (float(places.min()), float(places.max())) if places.size else (0.0, 1.0)
    return Axis(low, high) if high > low else Axis(low - 0.5, high + 0.5)


def _upright(curves: Sequence[PageCurve], frame: PageFrame) -> Axis:
    """Returns the upright axis: with a little air; a logarithmic one has a floor."""
    if frame.limits:
        return Axis(*_scaled(frame.limits, frame.is_log))
    parts = [part for curve in curves for part in (curve.up, *(curve.band or ()))]
    values = np.concatenate([*parts, np.asarray(frame.levels, dtype=float)])
    values = values[np.isfinite(values)]
    if frame.is_log:
        values = values[values > 0]
        top = float(values.max(initial=0.0))
        values = np.maximum(values, top * FLOOR)
        axis = _axis(values, is_log=True)
        return Axis(axis.low - 0.1, axis.high + 0.1)
    axis = _axis(values, is_log=False)
    air = 0.06 * (axis.high - axis.low)
    return Axis(axis.low - air, axis.high + air)


def _ticks(axis: Axis, most: int, *, is_log: bool, is_count: bool) -> tuple[Tick, ...]:
    if is_log:
        return log_ticks(axis, most)
    return count_ticks(axis, most) if is_count else number_ticks(axis, most)


def _across_ticks(axis: Axis, frame: PageFrame, most: int) -> tuple[Tick, ...]:
    if frame.ticks is None:
        return _ticks(axis, most, is_log=frame.is_log_across, is_count=frame.is_counted)
    places = axis.places(_scaled(frame.ticks, frame.is_log_across))
    return tuple(Tick(float(place), f"{value:g}") for place, value in zip(places, frame.ticks, strict=True))


def _level_path(up: float) -> str:
    return f"M0 {SIZE * (1 - up):.1f}L{SIZE} {SIZE * (1 - up):.1f}"
