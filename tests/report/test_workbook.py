"""The workbook, read back: dates are dates, numbers are numbers, headers stay, and a name is never a formula."""

import io
from datetime import UTC, datetime

import openpyxl
import pytest

from forecast.data.frequency import ROW
from forecast.data.panel import panel_from_series
from forecast.experiment.outputs import forecast_table
from forecast.report.workbook import WorkbookContent, workbook_bytes
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
