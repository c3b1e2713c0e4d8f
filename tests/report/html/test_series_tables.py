"""A forecast as tables: steps with their interval, series with what they come to, and no page that opens nowhere."""

import numpy as np
import pytest

from forecast.data.frequency import parse_frequency
from forecast.report.html.page import Page, Section, render_page
from forecast.report.html.series_tables import (
    MOST_SERIES,
    MOST_STEPS,
    SeriesTotal,
    series_details,
    series_table,
    step_label,
    step_table,
)
from forecast_examples import forecasts_for, panel_of
from html_reader import Reader

TOTAL = SeriesTotal("total", "120", "80 %: 100 to 140", "110", "+9 %")


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_steps_stand_with_their_interval_and_their_total():
    panel = panel_of()
    made = forecasts_for(panel)
    table, left = step_table(made, panel.frequency, "0", TOTAL)
    assert [column.title for column in table.columns] == ["", "forecast", "80 %: from", "to"]
    assert texts(table)[0] == ["1975-01-01", f"{made.point[0, 0]:.2f}", *(
        f"{value:.3f}" if value < 10 else f"{value:.2f}" for value in (made.point[0, 0] - 1, made.point[0, 0] + 1)
    )]  # fmt: skip
    assert texts(table)[-1] == ["total", "120", "100", "140"]
    assert (len(table.rows), left, table.has_total) == (13, 0, True)


def test_without_intervals_there_are_no_columns_of_them():
    panel = panel_of()
    table, _ = step_table(forecasts_for(panel, levels=()), panel.frequency, "0", TOTAL)
    assert {len(row) for row in table.rows} == {2}


def test_steps_that_a_table_has_no_room_for_are_counted():
    panel = panel_of()
    table, left = step_table(forecasts_for(panel, horizon=100), panel.frequency, "0")
    assert (len(table.rows), left) == (MOST_STEPS, 100 - MOST_STEPS)


@pytest.mark.parametrize(
    ("code", "expected"), [("D", "2024-07-01 Mon"), ("B", "2024-07-01 Mon"), ("W-MON", "2024-07-01")]
)
def test_days_are_told_with_their_weekday(code, expected):
    assert step_label(np.datetime64("2024-07-01", "s"), parse_frequency(code)) == expected


def test_each_series_is_a_row_and_a_line_that_opens():
    panel = panel_of(series=3, ids=("north", "south", "west"))
    totals = [SeriesTotal(name, "120", "80 %: 100 to 140", "110", "+9 %") for name in panel.series_ids]
    table = series_table(totals, TOTAL, "next 12 months", "last 12 months")
    assert texts(table)[0] == ["north", "120", "110", "+9 %"]
    assert texts(table)[-1][0] == "total"
    details = series_details(panel, forecasts_for(panel), "gru", totals)
    assert [own.name for own in details] == ["north", "south", "west"]
    assert details[0].text == "120 (80 %: 100 to 140), +9 %"
    text = render_page(Page("t", "a", ("v",), (), (Section("s", "S", (table, *details)),), "f"))
    page = Reader(text.decode())
    assert page.tags.count("details") == 3
    assert "script" not in page.tags


@pytest.mark.slow
def test_page_of_many_series_stays_below_a_megabyte():
    panel = panel_of(series=400, ids=[f"a series of the shop number {k}" for k in range(400)])
    totals = [SeriesTotal(name, "120,000", "80 %: 100,000 to 140,000", "110,000", "+9 %") for name in panel.series_ids]
    details = series_details(panel, forecasts_for(panel, horizon=28), "gru", totals)
    table = series_table(totals, TOTAL, "next", "last")
    assert len(table.rows) == MOST_SERIES + 1
    assert 20 < len(details) < 400
    content = render_page(Page("t", "a", ("v",), (), (Section("s", "S", (table, *details)),), "f"))
    assert 400_000 < len(content) < 900_000
