"""Episodes of what was not expected in a page: each with the values around it and the range that was expected."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.models.forecaster import FloatArray
from forecast.report.figures.episodes.episodes import Excerpt
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
    dots_path,
    line_path,
    number_ticks,
)
from forecast.report.html.page import Gallery, PageCell, PageColumn, PageTable, Section

ACTUAL, RANGE, FOUND = Look("actual"), Look("inner", "#737373"), Look("network", "#D55E00")
AIR = 0.05
TITLE = "What was not expected"


@dataclass(frozen=True)
class EpisodeRow:
    """One episode in words: whose, when it begins and ends, what it is and why it is told."""

    series: str
    begins: str
    ends: str
    what: str
    why: str


def episode_section(excerpts: Sequence[Excerpt], rows: Sequence[EpisodeRow], target: str, intro: str) -> Section:
    """Returns a picture of the rarest episodes, and a table of them.

    Args:
        excerpts: the rarest.
        rows: these and some more.
        target: the unit.
        intro: a few sentences before.
    """
    keys = (
        Key("what came", "line", ACTUAL),
        Key("expected: 95 of 100 usual values", "band", RANGE),
        Key("not expected", "dots", FOUND),
    )
    several = len({row.series for row in rows}) > 1
    columns = (*([PageColumn("series")] if several else []), PageColumn("when"), PageColumn("what"), PageColumn("why"))
    lines = []
    for row in rows:
        until = f"to {row.ends}" if row.ends != row.begins else ""
        cells = (PageCell(row.begins, note=until), PageCell(row.what), PageCell(row.why))
        lines.append((PageCell(row.series), *cells) if several else cells)
    charts = tuple(_chart(excerpt, target) for excerpt in excerpts)
    return Section("unexpected", TITLE, (Gallery(charts, keys), PageTable(columns, tuple(lines))), intro)


def _chart(excerpt: Excerpt, target: str) -> Chart:
    days = days_of(excerpt.timestamps)
    step = (days[-1] - days[0]) / max(days.size - 1, 1) or 1.0
    across, up = Axis(days[0] - step / 2, days[-1] + step / 2), _axis(excerpt)
    places = across.places(days)
    heights = [up.places(each) for each in (excerpt.lower, excerpt.upper, excerpt.values)]
    begin, end = excerpt.episode
    own = np.full(len(days), np.nan)
    own[begin : end + 1] = heights[2][begin : end + 1]
    band = band_path(places, heights[0], heights[1])
    marks = [Mark("band", band, RANGE, "expected")] if band else []
    marks.append(Mark("line", line_path(places, heights[2]), ACTUAL, "what came"))
    if np.isfinite(own).sum() > 1:
        marks.append(Mark("line", line_path(places, own), FOUND, excerpt.title))
    marks.append(Mark("dots", dots_path(places, own), FOUND, excerpt.title))
    wide, below = date_ticks(across, WIDE)
    return Chart(
        label=f"{target} around {excerpt.title}",
        title=excerpt.title,
        marks=tuple(marks),
        left=number_ticks(up),
        days=wide,
        days_narrow=date_ticks(across, NARROW)[0],
        below=below,
        unit=target,
        height=11.0,
    )


def _axis(excerpt: Excerpt) -> Axis:
    """Returns the upright axis; what is never negative gets no empty strip below zero."""
    every: FloatArray = np.concatenate([excerpt.values, excerpt.lower, excerpt.upper])
    finite = every[np.isfinite(every)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    air = AIR * (high - low) or 0.5 * abs(high) or 1.0
    return Axis(max(low - air, 0.0) if low > 0 else low - air, high + air)
