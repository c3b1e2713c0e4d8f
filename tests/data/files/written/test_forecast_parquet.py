"""The columns of many forecasts are those that the usual table has as Parquet."""

import io

import numpy as np
import pyarrow.parquet as pq
import pytest

from forecast.data.files.written.forecast_parquet import ForecastColumns, forecast_parquet, has_dates_only
from forecast.data.files.written.written_table import table_bytes
from forecast.data.frequency import ROW, parse_frequency
from forecast.data.panel import panel_from_series
from forecast.experiment.outputs import forecast_table
from forecast.models.forecaster import Forecasts, Interval


def made(freq, horizon=3):
    panel = panel_from_series(
        [[1.0] * 30, [2.0] * 31], ROW if freq == "row" else parse_frequency(freq), series_ids=["007", "b"]
    )
    point = np.array([[1.25, 2.5, 1e9]] * 2)[:, :horizon]
    lower = np.where(np.arange(horizon) == 1, np.nan, point - 1)
    forecasts = Forecasts(panel.series_ids, panel.future_timestamps(horizon), point, (Interval(80, lower, point + 1),))
    return panel, forecasts


@pytest.mark.parametrize("freq", ["D", "h", "MS", "W", "row"])
def test_table_is_the_usual_one(freq):
    panel, forecasts = made(freq)
    usual = forecast_table(forecasts, panel, "gru", "v1")
    expected = pq.read_table(io.BytesIO(table_bytes(usual.csv().encode(), ".parquet")))
    numbers = {
        "forecast": forecasts.point,
        "lower_80": forecasts.intervals[0].lower,
        "upper_80": forecasts.intervals[0].upper,
    }
    columns = ForecastColumns(
        forecasts.series_ids, forecasts.timestamps, numbers, {"model": "gru", "version": "v1"},
        panel.frequency.timestamps(panel.last), has_dates_only(panel.frequency),
    )  # fmt: skip
    data = forecast_parquet(columns, usual.columns)
    assert data == forecast_parquet(columns, usual.columns)
    found = pq.read_table(io.BytesIO(data))
    assert found.column_names == expected.column_names
    assert [str(kind) for kind in found.schema.types] == [str(kind) for kind in expected.schema.types]
    assert found.to_pylist() == expected.to_pylist()


def test_times_of_hours_are_instants_even_where_all_of_a_shard_are_midnights():
    assert not has_dates_only(parse_frequency("h"))
    assert has_dates_only(parse_frequency("D"))
    assert has_dates_only(parse_frequency("MS"))
