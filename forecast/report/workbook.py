"""A forecast as a workbook for Excel and LibreOffice: real dates and numbers, headers that stay, a chart of its own.

Forecast       a column a series, a row a step
Chart          history, forecast and interval of all series together, or of one, and the chart of them
All numbers    a row a series and step, as in the CSV
Leaderboard    how good each model was

The one room with XlsxWriter, which is an extra.
"""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import Any

import numpy as np

from forecast.data.frequency import is_row, readable, row_of
from forecast.data.panel import Panel
from forecast.interval_levels import MAIN
from forecast.models.forecaster import Forecasts
from forecast.report.tables import ResultTable

INSTALL = "pip install 'xlsxwriter>=3.2'"
MOST_COLUMNS, MOST_ROWS = 16_000, 200_000
"""Excel holds 16,384 columns; and of more rows than these a workbook takes minutes to open."""
FIRST_YEAR = 1900
"""Excel knows no day before it."""
HISTORY = 3
"""So many horizons of history are drawn."""
LEAST_HISTORY = 24
BLUE, GREY = "#0072B2", "#222222"
Write = Callable[[int, int, Any], object]


@dataclass(frozen=True, eq=False)
class WorkbookContent:
    """What a workbook is made of.

    Attributes:
        forecasts: of all series.
        rows: the same as a row a series and step.
        history: of the series that is drawn.
        drawn: its forecast.
        leaderboard: of the models, a mapping a row.
        created: aware time that stands in the file.
    """

    forecasts: Forecasts
    rows: ResultTable
    history: Panel
    drawn: Forecasts
    leaderboard: Sequence[Mapping[str, Any]]
    created: datetime


def can_write() -> bool:
    """Returns whether XlsxWriter is there."""
    return find_spec("xlsxwriter") is not None


def workbook_bytes(content: WorkbookContent) -> bytes:
    """Returns the workbook as the content of a file; the same content gives the same bytes."""
    import xlsxwriter  # noqa: PLC0415 - an extra

    buffer = io.BytesIO()
    options = {"in_memory": True, "nan_inf_to_errors": False, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"created": content.created.replace(tzinfo=None), "comments": "Made by forecast"})
    sheets = _Sheets(book)
    sheets.wide(content.forecasts)
    sheets.chart(content)
    sheets.long(content.rows)
    sheets.leaderboard(content.leaderboard)
    book.close()
    return buffer.getvalue()


class _Sheets:
    """Writes sheets into one workbook; holds its formats."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._bold = book.add_format({"bold": True, "bottom": 1})
        self._number = book.add_format({"num_format": "#,##0.##"})
        self._dates = {name: book.add_format({"num_format": name}) for name in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm")}

    def wide(self, forecasts: Forecasts) -> None:
        """Writes a column a series; series that end apart have rows of their own dates."""
        names = forecasts.series_ids[:MOST_COLUMNS]
        sheet = self._sheet("Forecast", ["date", *names], wide=14)
        stamps, places = np.unique(forecasts.timestamps[: len(names)], return_inverse=True)
        places = places.reshape(len(names), -1)
        for row, stamp in enumerate(stamps):
            self._stamp(sheet, row + 1, 0, stamp)
        for column in range(len(names)):
            for row, value in zip(places[column], forecasts.point[column], strict=True):
                self._value(sheet, int(row) + 1, column + 1, float(value))

    def chart(self, content: WorkbookContent) -> None:
        """Writes what is drawn, and the chart of it."""
        made, history = content.drawn, content.history
        series = made.series_ids[0]
        place, horizon = history.series_ids.index(series), made.point.shape[1]
        bands = [own for own in made.intervals if own.level == MAIN] or list(made.intervals[:1])
        names = ["date", "history", "forecast", *([f"{bands[0].level:g} % from", "to"] if bands else [])]
        sheet = self._sheet("Chart", names, wide=14)
        past = history.tail(max(LEAST_HISTORY, HISTORY * horizon))
        values, stamps = past.series(place), past.timestamps(place)
        for row, (stamp, value) in enumerate(zip(stamps, values, strict=True), start=1):
            self._stamp(sheet, row, 0, stamp)
            self._value(sheet, row, 1, float(value))
        lines = [made.point[0], *((bands[0].lower[0], bands[0].upper[0]) if bands else ())]
        for h, stamp in enumerate(made.timestamps[0]):
            self._stamp(sheet, len(values) + 1 + h, 0, stamp)
            for column, line in enumerate(lines, start=2):
                self._value(sheet, len(values) + 1 + h, column, float(line[h]))
        self._draw(sheet, names, len(values) + horizon, f"{series}: {history.target}", is_dated=not is_row(stamps[-1]))

    def _draw(self, sheet: Any, names: Sequence[str], last: int, title: str, *, is_dated: bool) -> None:
        chart = self._book.add_chart({"type": "line"})
        looks = [{"color": GREY, "width": 1}, {"color": BLUE, "width": 2.25}]
        looks += [{"color": BLUE, "width": 0.75, "dash_type": "dash"}] * 2
        for column, look in zip(range(1, len(names)), looks, strict=False):
            chart.add_series({
                "name": ["Chart", 0, column], "categories": ["Chart", 1, 0, last, 0],
                "values": ["Chart", 1, column, last, column], "line": look,
            })  # fmt: skip
        chart.set_title({"name": title, "overlay": False, "name_font": {"size": 12}})
        chart.set_x_axis({"date_axis": is_dated, "num_format": "yyyy-mm-dd" if is_dated else "0"})
        chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#E3E3E3"}}})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 960, "height": 480})
        sheet.insert_chart(1, len(names) + 1, chart)

    def long(self, table: ResultTable) -> None:
        """Writes a row a series and step, with a filter."""
        sheet = self._sheet("All numbers", table.columns, wide=13)
        texts = {"series_id", "model", "version"}
        for row, values in enumerate(table.rows[:MOST_ROWS], start=1):
            for column, (name, value) in enumerate(zip(table.columns, values, strict=True)):
                if name in {"timestamp", "origin"}:
                    self._stamp_text(sheet, row, column, str(value))
                elif name in texts:
                    sheet.write_string(row, column, str(value))
                else:
                    self._value(sheet, row, column, value)
        last = min(len(table.rows), MOST_ROWS)
        if last < len(table.rows):
            sheet.write_string(last + 1, 0, f"… and {len(table.rows) - last:,} more rows: they are in the CSV")
        sheet.autofilter(0, 0, last, len(table.columns) - 1)

    def leaderboard(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Writes the scores of the models; columns without any score are left out."""
        names = [name for name in rows[0] if any(row[name] is not None for row in rows)] if rows else ["model"]
        sheet = self._sheet("Leaderboard", names, wide=15)
        for row, values in enumerate(rows, start=1):
            for column, name in enumerate(names):
                value = values[name]
                if isinstance(value, str):
                    sheet.write_string(row, column, value)
                else:
                    self._value(sheet, row, column, value, plain=True)

    def _sheet(self, name: str, header: Sequence[str], wide: int) -> Any:
        sheet = self._book.add_worksheet(name)
        for column, text in enumerate(header):
            sheet.write_string(0, column, text, self._bold)
        sheet.set_column(0, max(len(header) - 1, 0), wide)
        sheet.freeze_panes(1, 1)
        return sheet

    def _value(self, sheet: Any, row: int, column: int, value: float | str | None, *, plain: bool = False) -> None:
        if value is not None and not isinstance(value, str) and math.isfinite(value):
            sheet.write_number(row, column, value, *(() if plain or float(value).is_integer() else (self._number,)))

    def _stamp(self, sheet: Any, row: int, column: int, stamp: np.datetime64) -> None:
        if is_row(stamp):
            sheet.write_number(row, column, int(row_of(np.array([stamp]))[0]))
            return
        self._stamp_text(sheet, row, column, readable(stamp.astype("datetime64[s]")))

    def _stamp_text(self, sheet: Any, row: int, column: int, text: str) -> None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None and text.lstrip("-").isdigit():
            sheet.write_number(row, column, int(text))
        elif moment is None or moment.year < FIRST_YEAR:
            sheet.write_string(row, column, text)
        else:
            is_day = not (moment.hour or moment.minute or moment.second)
            sheet.write_datetime(row, column, moment, self._dates["yyyy-mm-dd" if is_day else "yyyy-mm-dd hh:mm"])
