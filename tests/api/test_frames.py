"""Tables of forecasts as frames: what pandas would read of the program's own CSV."""

import io

import numpy as np
import pandas as pd
import pytest

from forecast.api.frames import date_columns, table_frame
from forecast.data.frequency import ROW
from forecast.data.panel import panel_from_series
from forecast.experiment.outputs import forecast_table
from forecast.models.forecaster import Forecasts, Interval


@pytest.mark.parametrize("code", ["D", "h", ROW])
@pytest.mark.parametrize("version", ["v1", ""])
@pytest.mark.parametrize("has_intervals", [True, False])
def test_frame_is_what_pandas_reads_of_the_csv(code, version, has_intervals):
    panel = panel_from_series([np.arange(9.0), np.arange(7.0)], code)
    point = np.array([[1 / 3, 2.0], [-1e-12, np.nan]])
    bands = (Interval(80, point - 0.1, point + 1 / 7),) if has_intervals else ()
    forecasts = Forecasts(panel.series_ids, panel.future_timestamps(2), point, bands)
    table = forecast_table(forecasts, panel, "gru", version)
    types = {"series_id": str, "version": str}
    read = pd.read_csv(io.StringIO(table.csv()), dtype=types, parse_dates=date_columns(panel))
    pd.testing.assert_frame_equal(table_frame(table, panel), read, check_exact=True)


def test_a_series_whose_name_pandas_takes_for_nothing_keeps_it():
    panel = panel_from_series([np.arange(9.0)], "D")
    forecasts = Forecasts(("NA",), panel.future_timestamps(1), np.array([[1.0]]), ())
    assert table_frame(forecast_table(forecasts, panel, "gru", "v1"), panel)["series_id"].tolist() == ["NA"]
