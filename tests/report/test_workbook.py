"""The workbook, read back: dates are dates, numbers are numbers, headers stay, and a name is never a formula."""

import io
from datetime import UTC, datetime

import openpyxl
import pytest

from forecast.data.frequency import ROW
from forecast.data.panel import panel_from_series
from forecast.errors import UsageError
from forecast.experiment.outputs import forecast_table
from forecast.report import workbook
from forecast.report.tables import ResultTable
from forecast.report.workbook import WorkbookContent, table_workbook, workbook_bytes
from forecast_examples import forecasts_for, panel_of

CREATED = datetime(2024, 7, 1, 12, tzinfo=UTC)
BOARD = [
    {"rank": 1, "model": "gru", "rmse": 3.5, "params": None},
    {"rank": 2, "model": "naive", "rmse": 7.0, "params": None},
]


def book_of(panel, **named):
    made = forecasts_for(panel, **named)
    table = forecast_table(made, panel, "gru", "v1")
    content = workbook_bytes(WorkbookContent(made, table, panel, made, BOARD, CREATED))
    return made, content, openpyxl.load_workbook(io.BytesIO(content))


def test_sheets_hold_the_forecast_wide_and_long_with_a_chart_and_the_leaderboard():
    panel = panel_of(series=2, ids=("north", "south"))
    made, _, book = book_of(panel)
    assert book.sheetnames == ["Forecast", "Chart", "All numbers", "Leaderboard"]
    wide = list(book["Forecast"].iter_rows(values_only=True))
    assert wide[0] == ("date", "north", "south")
    assert wide[1][0] == datetime(1975, 1, 1)
    assert [row[1:] for row in wide[1:]] == [pytest.approx(tuple(step)) for step in made.point.T]
    long = list(book["All numbers"].iter_rows(values_only=True))
    assert long[0][:6] == ("series_id", "timestamp", "step", "forecast", "lower_80", "upper_80")
    assert long[1][:3] == ("north", datetime(1975, 1, 1), 1)
    assert long[1][3:6] == pytest.approx((made.point[0, 0], made.point[0, 0] - 1, made.point[0, 0] + 1))
    assert long[1][-1] == datetime(1974, 12, 1)
    assert len(long) == 1 + made.point.size
    assert list(book["Leaderboard"].iter_rows(values_only=True)) == [
        ("rank", "model", "rmse"), (1, "gru", 3.5), (2, "naive", 7),
    ]  # fmt: skip


def test_headers_stay_and_the_chart_is_one_of_the_program_itself():
    _, _, book = book_of(panel_of())
    assert {sheet.freeze_panes for sheet in book} == {"B2"}
    assert book["All numbers"].auto_filter.ref == "A1:K13"
    [chart] = book["Chart"]._charts
    assert [series.val.numRef.f for series in chart.series] == [f"Chart!${c}$2:${c}$49" for c in "BCDE"]
    drawn = list(book["Chart"].iter_rows(values_only=True))
    assert drawn[0] == ("date", "history", "forecast", "80 % from", "to")
    assert [row[1] is None for row in drawn[1:]] == [False] * 36 + [True] * 12
    assert [row[2] is None for row in drawn[1:]] == [True] * 36 + [False] * 12


def test_rows_are_numbers_and_early_dates_are_text():
    _, _, book = book_of(panel_from_series([[1.0, 2.0, 3.0] * 8], ROW, first=[1]))
    assert [row[0] for row in book["Forecast"].iter_rows(min_row=2, values_only=True)] == list(range(25, 37))
    old = panel_from_series([[1.0, 2.0, 3.0] * 8], "YS", first=[-200])
    _, _, book = book_of(old)
    assert book["Forecast"]["A2"].value == "1794-01-01"


@pytest.mark.parametrize("name", ["=1+1", "http://x.y", "{=A1}", "1", "@x", "-2"])
def test_a_name_is_text_whatever_it_looks_like(name):
    _, _, book = book_of(panel_of(ids=(name,)))
    for sheet, place in (("Forecast", "B1"), ("All numbers", "A2")):
        cell = book[sheet][place]
        assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


def test_the_same_content_is_the_same_file():
    assert book_of(panel_of())[1] == book_of(panel_of())[1]


@pytest.mark.parametrize(
    ("freq", "axis"),
    [("D", "DateAxis"), ("MS", "DateAxis"), ("h", "TextAxis"), ("15min", "TextAxis"), (ROW, "TextAxis")],
)
def test_an_axis_of_dates_knows_days_alone(freq, axis):
    _, _, book = book_of(panel_from_series([[1.0, 2.0, 3.0] * 20], freq, first=[40_000]))
    assert type(book["Chart"]._charts[0].x_axis).__name__ == axis


@pytest.mark.parametrize(("size", "form"), [(1e6, "#,##0"), (250, "#,##0.0"), (3.5, "#,##0.00"), (0.002, "General")])
def test_numbers_are_shown_with_as_many_decimals_as_their_size_asks_for(size, form):
    _, _, book = book_of(panel_from_series([[size, size * 0.9] * 20], "D", first=[20_000]))
    assert book["Forecast"]["B2"].number_format == book["All numbers"]["D2"].number_format == form


def read_back(content):
    book = openpyxl.load_workbook(io.BytesIO(content))
    return book, list(book["Table"].iter_rows(values_only=True))


def test_any_table_is_a_sheet_of_dates_numbers_and_texts():
    table = (
        'day,at,code,n,"a, b",mixed,empty\n2024-01-02,2024-01-02 03:00:00,007,1.5,x,1,\n2024-01-03,,008,,"=A1",one,\n'
    )
    book, rows = read_back(table_workbook(table.encode(), texts=["code"]))
    assert rows == [
        ("day", "at", "code", "n", "a, b", "mixed", "empty"),
        (datetime(2024, 1, 2), datetime(2024, 1, 2, 3), "007", 1.5, "x", "1", None),
        (datetime(2024, 1, 3), None, "008", None, "=A1", "one", None),
    ]
    assert (book["Table"].freeze_panes, book["Table"].auto_filter.ref) == ("B2", "A1:G3")
    assert book["Table"]["E3"].data_type == "s"
    assert table_workbook(table.encode()) == table_workbook(table.encode())


def test_an_empty_table_is_its_header():
    assert read_back(table_workbook(b"a,b\n"))[1] == [("a", "b")]


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch):
    monkeypatch.setattr(workbook, "SHEET_ROWS", 3)
    assert len(read_back(table_workbook(b"a\n1\n2\n3\n"))[1]) == 4
    with pytest.raises(UsageError, match="A sheet of Excel holds 3 rows below its header, and there are 4") as error:
        table_workbook(b"a\n1\n2\n3\n4\n")
    assert ".parquet" in error.value.hint


def test_totals_have_a_sheet_of_their_own():
    panel = panel_of()
    made = forecasts_for(panel)
    totals = ResultTable(("series_id", "period", "is_whole", "forecast"), (("north", "2024-01", False, 51234.5678),))
    content = WorkbookContent(made, forecast_table(made, panel, "gru", "v1"), panel, made, BOARD, CREATED, totals)
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(content)))
    assert book.sheetnames == ["Totals", "Forecast", "Chart", "All numbers", "Leaderboard"]
    _, row = book["Totals"].iter_rows()
    assert [cell.value for cell in row] == ["north", "2024-01", False, 51234.5678]
    assert (row[2].data_type, row[3].number_format) == ("b", "#,##0")
