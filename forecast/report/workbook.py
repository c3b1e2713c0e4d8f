"""A forecast as a workbook for Excel and LibreOffice: real dates and numbers, headers that stay, a chart of its own.

Forecast       a column a series, a row a step
Chart          history, forecast and interval of all series together, or of one, and the chart of them
All numbers    a row a series and step, as in the CSV
Leaderboard    how good each model was

Any other table is one sheet. The one module with XlsxWriter, which is imported for workbooks alone.
"""

import csv
import io
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.frequency import is_row, readable, row_of
from forecast.data.panel import Panel
from forecast.errors import UsageError
from forecast.interval_levels import MAIN
from forecast.models.forecaster import Forecasts
from forecast.report.tables import ResultTable

INSTALL = "pip install 'xlsxwriter>=3.2'"
MOST_COLUMNS, MOST_ROWS = 16_000, 200_000
"""Excel holds 16,384 columns; and of more rows than these a workbook takes minutes to open."""
SHEET_ROWS = 1_048_575
"""Below the header, of any sheet."""
WIDEST = 60  # signs of a cell that a column is made wide for
NUMBER = re.compile(r"[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
"""Not 007, which is a name."""
STAMP = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.0+)?)?)?")
NAMES = frozenset({"series_id", "model", "version"})
OTHERS = datetime(2000, 1, 1, tzinfo=UTC)
"""When a table was made that does not say so: the same table is the same file."""
FIRST_YEAR = 1900
"""Excel knows no day before it."""
HISTORY = 3
"""So many horizons of history are drawn."""
LEAST_HISTORY = 24
LABELS = 12  # of an axis that has no dates, about
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
        totals: a row a total, where these were asked for.
        most: rows of a sheet; what is above is said to be in the CSV.
    """

    forecasts: Forecasts
    rows: ResultTable
    history: Panel
    drawn: Forecasts
    leaderboard: Sequence[Mapping[str, Any]]
    created: datetime
    totals: ResultTable | None = None
    most: int = MOST_ROWS


def can_write() -> bool:
    """Returns whether XlsxWriter is there."""
    return find_spec("xlsxwriter") is not None


def workbook_bytes(content: WorkbookContent) -> bytes:
    """Returns the workbook as the content of a file; the same content gives the same bytes."""
    check_rows(len(content.rows.rows) if content.most > MOST_ROWS else 0)
    buffer = io.BytesIO()
    sheets = _Sheets(_book(buffer, content.created))
    if content.totals:
        sheets.long("Totals", content.totals, content.most)
    sheets.wide(content.forecasts)
    sheets.chart(content)
    sheets.long("All numbers", content.rows, content.most)
    sheets.leaderboard(content.leaderboard)
    sheets.book.close()
    return buffer.getvalue()


def table_workbook(table: bytes, texts: Collection[str] = (), created: datetime = OTHERS) -> bytes:
    """Returns a table, which is given as UTF-8 CSV with a header, as a workbook of one sheet.

    Columns of numbers alone become numbers, those of days and instants dates; the rest, and those named, stay text.

    Args:
        table: with commas.
        texts: columns that are text whatever stands in them, such as 00123; so are the names of series and models.
        created: aware time that stands in the file.

    Raises:
        UsageError: it has more rows than a sheet holds.
    """
    header, *rows = csv.reader(io.StringIO(table.decode(), newline=""))
    check_rows(len(rows))
    buffer = io.BytesIO()
    sheets = _Sheets(_book(buffer, created))
    sheets.table(header, rows, NAMES | set(texts))
    sheets.book.close()
    return buffer.getvalue()


def check_rows(count: int) -> None:
    """Refuses more rows than a sheet holds.

    Raises:
        UsageError: they are more.
    """
    if count > SHEET_ROWS:
        message = f"A sheet of Excel holds {SHEET_ROWS:,} rows below its header, and there are {count:,}."
        raise UsageError(message, "the same in a file that ends in .parquet or .csv.gz")


def _book(buffer: io.BytesIO, created: datetime) -> Any:
    import xlsxwriter  # noqa: PLC0415 - for workbooks alone

    options = {"in_memory": True, "nan_inf_to_errors": False, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"created": created.replace(tzinfo=None), "comments": "Made by forecast"})
    return book


def _are_days(stamps: NDArray[np.datetime64]) -> bool:
    """Returns whether an axis of dates, which knows days alone, holds all stamps."""
    if is_row(stamps[-1]):
        return False
    days = stamps.astype("datetime64[D]")
    return bool((days == stamps).all() and days[0] >= np.datetime64(f"{FIRST_YEAR}-01-01"))


def _number_format(values: NDArray[np.float64]) -> str:
    """Returns how numbers of this size are shown: with four digits or more; as they are where they are small."""
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    return next((form for least, form in ((1000, "#,##0"), (100, "#,##0.0"), (1, "#,##0.00")) if largest >= least), "")


class _Sheets:
    """Writes sheets into one workbook; holds its formats."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._bold = book.add_format({"bold": True, "bottom": 1})
        self._numbers = {name: book.add_format({"num_format": name}) for name in ("#,##0", "#,##0.0", "#,##0.00")}
        self._number: Any = None  # of forecasts: as many decimals as their size asks for
        self._dates = {name: book.add_format({"num_format": name}) for name in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm")}

    def wide(self, forecasts: Forecasts) -> None:
        """Writes a column a series; series that end apart have rows of their own dates."""
        names = forecasts.series_ids[:MOST_COLUMNS]
        self._number = self._numbers.get(_number_format(forecasts.point))
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
        self._draw(sheet, names, len(values) + horizon, f"{series}: {history.target}", is_dated=_are_days(stamps))

    def _draw(self, sheet: Any, names: Sequence[str], last: int, title: str, *, is_dated: bool) -> None:
        chart = self.book.add_chart({"type": "line"})
        looks = [{"color": GREY, "width": 1}, {"color": BLUE, "width": 2.25}]
        looks += [{"color": BLUE, "width": 0.75, "dash_type": "dash"}] * 2
        for column, look in zip(range(1, len(names)), looks, strict=False):
            chart.add_series({
                "name": ["Chart", 0, column], "categories": ["Chart", 1, 0, last, 0],
                "values": ["Chart", 1, column, last, column], "line": look,
            })  # fmt: skip
        chart.set_title({"name": title, "overlay": False, "name_font": {"size": 12}})
        axis = {"date_axis": True} if is_dated else {"text_axis": True, "interval_unit": max(last // LABELS, 1)}
        chart.set_x_axis(
            {**axis, "num_format": "yyyy-mm-dd" if is_dated else "General", "num_format_linked": not is_dated}
        )
        chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#E3E3E3"}}})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 960, "height": 480})
        sheet.insert_chart(1, len(names) + 1, chart)

    def long(self, title: str, table: ResultTable, most: int) -> None:
        """Writes a row a series and step, or a total, with a filter."""
        sheet = self._sheet(title, table.columns, wide=13)
        place = table.columns.index("forecast")
        self._number = self._numbers.get(_number_format(np.array([row[place] for row in table.rows], dtype=float)))
        for row, values in enumerate(table.rows[:most], start=1):
            for column, (name, value) in enumerate(zip(table.columns, values, strict=True)):
                if name in NAMES:
                    sheet.write_string(row, column, str(value))
                elif isinstance(value, str):
                    self._stamp_text(sheet, row, column, value)
                else:
                    self._value(sheet, row, column, value)
        last = min(len(table.rows), most)
        if last < len(table.rows):
            sheet.write_string(last + 1, 0, f"… and {len(table.rows) - last:,} more rows: they are in the CSV")
        sheet.autofilter(0, 0, last, len(table.columns) - 1)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], texts: Collection[str]) -> None:
        """Writes a table of texts, each column as what all of its cells are."""
        sheet = self._sheet("Table", header, wide=13)
        for column, name in enumerate(header):
            cells = [row[column] for row in rows]
            told = [cell for cell in cells if cell]
            self._widen(sheet, column, [name, *told[:1000]])
            if name not in texts and told and all(map(NUMBER.fullmatch, told)):
                for row, cell in enumerate(cells, start=1):
                    self._value(sheet, row, column, float(cell) if cell else None, plain=True)
                continue
            is_date = name not in texts and all(map(STAMP.fullmatch, told))
            for row, cell in enumerate(cells, start=1):
                if cell and is_date:
                    self._stamp_text(sheet, row, column, cell)
                elif cell:
                    sheet.write_string(row, column, cell)
        sheet.autofilter(0, 0, max(len(rows), 1), max(len(header) - 1, 0))

    def _widen(self, sheet: Any, column: int, texts: Sequence[str]) -> None:
        sheet.set_column(column, column, min(max(map(len, texts)) + 2, WIDEST))

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
        sheet = self.book.add_worksheet(name)
        for column, text in enumerate(header):
            sheet.write_string(0, column, text, self._bold)
        sheet.set_column(0, max(len(header) - 1, 0), wide)
        sheet.freeze_panes(1, 1)
        return sheet

    def _value(self, sheet: Any, row: int, column: int, value: float | str | None, *, plain: bool = False) -> None:
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif value is not None and not isinstance(value, str) and math.isfinite(value):
            formats = () if plain or isinstance(value, int) or self._number is None else (self._number,)
            sheet.write_number(row, column, value, *formats)

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
