import csv
import io
from dataclasses import fields

import numpy as np
import pytest

from commands import FORECAST_COLUMNS, LEADERBOARD_COLUMNS
from forecast.evaluation.leaderboard import Leaderboard, LeaderboardRow
from forecast.models.forecaster import Forecasts, Interval
from forecast.report import tables
from forecast.report.tables import ResultTable, csv_text, forecast_rows, leaderboard_rows, timestamp_texts

DAYS = np.array([["2024-02-28", "2024-02-29", "2024-03-01"]] * 2, dtype="datetime64[s]")


def forecasts(intervals=(), point=((1.5, 2.0, np.nan), (1 / 3, -4.0, 1e-12)), ids=("a", "b"), stamps=DAYS):
    return Forecasts(ids, stamps, np.array(point), tuple(intervals))


def interval(level, width):
    point = forecasts().point
    return Interval(level, point - width, point + width)


def table(made):
    return result(made).csv()


def result(made):
    return ResultTable(tables.forecast_columns(), tuple(forecast_rows(made, ["2024-02-27", "2024-02-26"], "gru", "v1")))


def parsed(text):
    """Returns the rows of a CSV, its numbers as numbers."""
    texts = {"series_id", "timestamp", "model", "version", "origin"}
    return [
        {name: (cell if name in texts else float(cell)) if cell else None for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text))
    ]


def test_columns_are_those_of_the_contract():
    assert ",".join(tables.forecast_columns()) == FORECAST_COLUMNS
    named = [field.name for field in fields(LeaderboardRow)]
    assert named[: LEADERBOARD_COLUMNS.count(",") + 1] == LEADERBOARD_COLUMNS.split(",")


def test_one_row_a_series_and_step_each_with_its_own_origin():
    rows = list(forecast_rows(forecasts(), ["2024-02-27", "2024-02-26"], "gru", "v1"))
    assert [(row[0], row[1], row[2], row[-1]) for row in rows] == [
        (name, day, step, origin)
        for name, origin in (("a", "2024-02-27"), ("b", "2024-02-26"))
        for step, day in enumerate(("2024-02-28", "2024-02-29", "2024-03-01"), start=1)
    ]


def test_bounds_stand_in_the_columns_of_their_level_whatever_their_order():
    both = list(forecast_rows(forecasts([interval(95, 2), interval(80, 1)]), ["", ""], "gru", "v1"))
    assert both[0][3:8] == (1.5, 0.5, 2.5, -0.5, 3.5)
    only = list(forecast_rows(forecasts([interval(95, 2)]), ["", ""], "gru", "v1"))
    assert only[0][3:8] == (1.5, None, None, -0.5, 3.5)


def test_numbers_survive_the_trip_through_csv_to_the_last_digit():
    made = forecasts([interval(80, 0.1), interval(95, 1 / 7)])
    rows = result(made).records()
    assert rows == parsed(table(made))
    assert [row["forecast"] for row in rows[:2] + rows[3:]] == [1.5, 2.0, 1 / 3, -4.0, 1e-12]
    assert rows[2]["forecast"] is None  # NaN is an empty cell
    upper = (made.point + 1 / 7).ravel()
    assert [row["upper_95"] for row in rows] == [None if np.isnan(value) else value for value in upper.tolist()]
    assert all(type(row["step"]) is int for row in rows)
    assert all(isinstance(row["forecast"], float | None) for row in rows)


@pytest.mark.parametrize("name", ["a,b", 'say "x"', "two\nlines", " blank ", "ü漢", "=1+1", "7"])
def test_odd_names_of_series_survive_too(name):
    text = table(forecasts(ids=(name, "b")))
    assert result(forecasts(ids=(name, "b"))).records()[0]["series_id"] == name
    assert next(csv.DictReader(io.StringIO(text)))["series_id"] == name


def test_midnights_are_dates_and_other_times_are_told():
    assert timestamp_texts(DAYS[0]).tolist() == ["2024-02-28", "2024-02-29", "2024-03-01"]
    hours = DAYS[0] + np.timedelta64(3600, "s")
    assert timestamp_texts(hours).tolist()[0] == "2024-02-28T01:00:00"
    mixed = np.array([DAYS[0, 0], hours[0]])
    assert timestamp_texts(mixed).tolist() == ["2024-02-28T00:00:00", "2024-02-28T01:00:00"]


def test_empty_table_is_its_header():
    assert csv_text(("a", "b"), []) == "a,b\n"
    assert ResultTable(("a", "b"), ()).records() == []


def test_leaderboard_rows_have_nothing_where_a_number_is_missing():
    values = {field.name: 1.0 for field in fields(LeaderboardRow)} | {
        "rank": 1,
        "model": "gru",
        "mase": float("nan"),
        "note": "",
        "scores": (),
    }
    board = Leaderboard((LeaderboardRow(**values | {"skill": None}),), 1, 1, 12, 12, "", {})
    row = leaderboard_rows(board)[0]
    assert list(row) == [field.name for field in fields(LeaderboardRow) if field.name != "scores"]
    assert row["mase"] is None
    assert row["skill"] is None
    assert row["rmse"] == 1.0
