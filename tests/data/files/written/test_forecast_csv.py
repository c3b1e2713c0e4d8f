import numpy as np
import pytest

from commands import FORECAST_COLUMNS
from forecast.data.files.written.forecast_csv import parse_forecasts
from forecast.models.forecaster import Forecasts, Interval
from forecast.report.tables import csv_text, forecast_columns, forecast_rows

UNUSUAL = "series_id,timestamp,step,forecast,lower_99.5,upper_99.5,version,origin"
HOURS = np.array([["2024-02-29T22", "2024-02-29T23"], ["2024-03-01T00", "2024-03-01T01"]], dtype="datetime64[s]")


def table(*lines, header=FORECAST_COLUMNS):
    return "".join(f"{line}\n" for line in (header, *lines)).encode()


def test_what_was_written_comes_back_to_the_last_digit():
    point = np.array([[1 / 3, -1e-17], [1e22, 2.0]])
    bounds = [Interval(80, point - 0.1, point + 0.1), Interval(95, point - 0.2, np.full_like(point, np.nan))]
    ids = ('north, "old"', "two\nlines")
    made = Forecasts(ids, HOURS, point, tuple(bounds))
    text = csv_text(
        forecast_columns(), forecast_rows(made, ["2024-02-29T21:00:00", "2024-02-29T23:00:00"], "gru", "v12")
    )
    read = parse_forecasts(text.encode())
    assert [read.series_ids[i] for i in read.series] == [ids[0], ids[0], ids[1], ids[1]]
    assert [read.versions[i] for i in read.version] == ["v12"] * 4
    assert read.steps.tolist() == [1, 2, 1, 2]
    np.testing.assert_array_equal(read.timestamps, HOURS.ravel())
    np.testing.assert_array_equal(read.origins, (HOURS[:, :1] - np.timedelta64(1, "h")).repeat(2))
    np.testing.assert_array_equal(read.point, point.ravel())
    written = [bounds[0].lower, bounds[0].upper, bounds[1].lower, bounds[1].upper]
    np.testing.assert_array_equal(read.bounds, [bound.ravel() for bound in written])
    assert read.levels == (80, 95)


def test_columns_that_are_added_later_are_not_looked_at():
    row = "a,2024-01-02,1,1.5,,,0,2,gru,v1,2024-01-01"
    read = parse_forecasts(table(row + ",new", header=FORECAST_COLUMNS + ",more"))
    assert (read.series_ids, read.point.tolist()) == (("a",), [1.5])


def test_levels_are_those_of_the_columns():
    read = parse_forecasts(table("a,2024-01-02,1,1.5,1,2,v1,2024-01-01", header=UNUSUAL))
    assert (read.levels, read.bounds_of(99.5).tolist()) == ((99.5,), [[1.0], [2.0]])
    assert np.isnan(read.bounds_of(80)).all()


def test_names_that_look_like_nothing_or_like_numbers_stay_text():
    rows = [f"{name},2024-01-02,1,1.5,,,0,2,gru,v1,2024-01-01" for name in ("NA", "1", "01", "", "null")]
    read = parse_forecasts(table(*rows))
    assert [read.series_ids[i] for i in read.series] == ["NA", "1", "01", "", "null"]


def test_table_without_rows_is_a_table():
    read = parse_forecasts(table())
    assert (read.series_ids, read.point.size, read.bounds.shape) == ((), 0, (4, 0))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not a table of forecasts"),
        (b"\x00\xff", "is not a table of forecasts"),
        (b"day,visits\n2024-01-01,5\n", "is not a table of forecasts"),
        (table("a,someday,1,1.5,,,0,2,gru,v1,2024-01-01"), "has rows without a time or a step"),
        (table("a,2024-01-02,1,1.5"), "is not a table of forecasts"),
        (table("a,,1,1.5,,,0,2,gru,v1,2024-01-01"), "has rows without a time or a step"),
    ],
)
def test_anything_else_is_refused(data, reason):
    with pytest.raises(ValueError, match=reason):
        parse_forecasts(data)
