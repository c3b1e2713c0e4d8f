"""A forecast as tables: its steps, and what each series comes to; and every series by itself, as far as a page holds.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.data.frequency import EPOCH_WEEKDAY, Frequency, is_row, readable
from forecast.data.panel import Panel
from forecast.interval_levels import MAIN, level_text
from forecast.models.forecaster import Forecasts, Interval
from forecast.report.html.forecast import series_gallery
from forecast.report.html.page import Details, Gallery, PageCell, PageColumn, PageTable, cells
from forecast.wording import DAYS, short_number

MOST_STEPS = 62
"""Rows of a table of steps: two months of days."""
MOST_SERIES = 200
"""Rows of a table of series."""
ROOM = 600_000
"""Bytes that the series by themselves may take: a page stays below a megabyte, and opens on a phone."""
OF_A_CELL, OF_A_MARK, OF_A_TICK, OF_A_SERIES = 48, 150, 70, 900
"""Bytes beside the text of a cell, beside the path of a mark, of a tick, and around a series."""


@dataclass(frozen=True)
class SeriesTotal:
    """What the forecast of a series comes to, in words.

    Attributes:
        name: of the series.
        value: that is expected.
        interval: such as ``80 %: 520 to 700``; empty where none is known.
        before: what came in as many steps before; a dash where that is not known.
        change: from then, such as ``+6 %``.
    """

    name: str
    value: str
    interval: str
    before: str
    change: str

    @property
    def line(self) -> str:
        """The total in one line."""
        told = f"{self.value} ({self.interval})" if self.interval else self.value
        return f"{told}, {self.change}" if self.change else told


def step_label(stamp: np.datetime64, frequency: Frequency) -> str:
    """Returns the date of a step; of a day with its weekday."""
    text = readable(stamp)
    if frequency.unit not in {"day", "business-day"} or frequency.every > 1 or is_row(stamp):
        return text
    day = int(stamp.astype("datetime64[D]").astype(np.int64) + EPOCH_WEEKDAY) % len(DAYS)
    return f"{text} {DAYS[day][:3]}"


def step_table(
    forecasts: Forecasts, frequency: Frequency, series_id: str, total: SeriesTotal | None = None
) -> tuple[PageTable, int]:
    """Returns one series' forecast step by step with the interval that is told first, and how many steps are left out.

    Args:
        forecasts: of the series and others.
        frequency: of the steps.
        series_id: whose.
        total: the last row; None for none.
    """
    i = forecasts.series_ids.index(series_id)
    band = _band(forecasts)
    head = [PageColumn(""), PageColumn("forecast", is_number=True)]
    head += [PageColumn(f"{level_text(band.level)} %: from", True), PageColumn("to", True)] if band else []
    lines = []
    for h, stamp in enumerate(forecasts.timestamps[i][:MOST_STEPS]):
        numbers = [forecasts.point[i, h], *((band.lower[i, h], band.upper[i, h]) if band else ())]
        lines.append(cells([step_label(stamp, frequency), *map(short_number, map(float, numbers))]))
    if total:
        interval = total.interval.partition(": ")[2].split(" to ") if total.interval else ["", ""]
        lines.append(cells([total.name, total.value, *(interval if band else [])]))
    left = max(0, forecasts.point.shape[1] - MOST_STEPS)
    return PageTable(tuple(head), tuple(lines), has_total=total is not None, is_narrow=True), left


def _band(forecasts: Forecasts) -> Interval | None:
    """Returns the interval that a table tells: the main level where it is there, else the narrowest."""
    known = sorted(forecasts.intervals, key=lambda own: (own.level != MAIN, own.level))
    return known[0] if known else None


def series_table(totals: Sequence[SeriesTotal], together: SeriesTotal | None, now: str, before: str) -> PageTable:
    """Returns what each series comes to, a row each, with that of all of them as the last.

    Args:
        totals: in the order of the rows, at most so many as a table holds.
        together: of all series; None for none.
        now: what the column of the forecast is called.
        before: what the column of what came before is called.
    """
    columns = (
        PageColumn(""), PageColumn(now, is_number=True), PageColumn(before, is_number=True, is_spare=True),
        PageColumn("change", is_number=True),
    )  # fmt: skip
    rows = [*totals[:MOST_SERIES], *([together] if together else [])]
    lines = [
        (PageCell(row.name), PageCell(row.value, note=row.interval), PageCell(row.before), PageCell(row.change or "–"))
        for row in rows
    ]
    return PageTable(columns, tuple(lines), has_total=together is not None, is_narrow=True)


def series_details(
    history: Panel, forecasts: Forecasts, model: str, totals: Sequence[SeriesTotal]
) -> tuple[Details, ...]:
    """Returns each series by itself, a line that opens its picture and its steps; as many as the page has room for.

    Args:
        history: of the series.
        forecasts: of them.
        model: that made these.
        totals: of the series, in the order in which they are told.
    """
    found, size = [], 0
    for total in totals:
        gallery = series_gallery(history, {model: forecasts}, total.name)
        table, _ = step_table(forecasts, history.frequency, total.name)
        size += _size(gallery, table)
        if size > ROOM:
            break
        found.append(Details(total.name, total.line, (gallery, table)))
    return tuple(found)


def _size(gallery: Gallery, table: PageTable) -> int:
    """Returns about how many bytes a series takes in the page."""
    size = OF_A_SERIES + sum(len(cell.text) + OF_A_CELL for row in table.rows for cell in row)
    for chart in gallery.charts:
        ticks = len(chart.left) + len(chart.days) + len(chart.days_narrow)
        size += OF_A_TICK * ticks + sum(len(mark.path) + OF_A_MARK for mark in chart.marks)
    return size
