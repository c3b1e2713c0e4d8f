"""Data without dates: the number of the row is its time, from the file to the forecast and its picture."""

from typing import get_args

import numpy as np
from matplotlib.figure import Figure

from forecast.data.files.written.forecast_csv import parse_forecasts
from forecast.data.frequency import ROW, Unit, is_row, iso_text, readable
from forecast.data.panel import panel_from_series
from forecast.experiment.outputs import forecast_csv
from forecast.experiment.plan import HORIZONS
from forecast.models.forecaster import Forecasts
from forecast.report.figures.figure import date_axis
from forecast.report.tables import timestamp_texts


def test_rows_have_ordinals_and_no_season():
    numbers = np.array([1, 2, 379, 10_000_000])
    stamps = ROW.timestamps(numbers)
    assert ROW.ordinals(stamps).tolist() == numbers.tolist()
    assert ROW.on_step(stamps).all()
    assert (ROW.code, ROW.name, ROW.seasons) == ("row", "by row", ())
    texts = ["1", "2", "379", "10000000"]
    assert [readable(stamp) for stamp in stamps] == texts
    assert [iso_text(stamp) for stamp in stamps] == texts
    assert timestamp_texts(stamps).tolist() == texts


def test_no_date_is_taken_for_a_row():
    for year in ("0001-01-01", "1970-01-01", "9999-12-31"):
        assert not is_row(np.datetime64(year, "s"))
        assert timestamp_texts(np.array([year], "datetime64[s]")).tolist() == [year]


def test_every_unit_has_a_horizon():
    assert set(HORIZONS) == set(get_args(Unit))


def test_a_forecast_of_rows_is_written_and_read_back():
    panel = panel_from_series([np.arange(5.0)], ROW, first=[1], target="close")
    forecasts = Forecasts(panel.series_ids, panel.future_timestamps(2), np.array([[5.0, 6.0]]), ())
    data = forecast_csv(forecasts, panel, "naive", "v1")
    text = data.decode()
    assert [line.split(",")[1] for line in text.splitlines()[1:]] == ["6", "7"]
    assert [line.split(",")[-1] for line in text.splitlines()[1:]] == ["5", "5"]
    table = parse_forecasts(data)
    assert table.timestamps.tolist() == panel.future_timestamps(2)[0].tolist()
    assert table.origins.tolist() == panel.timestamps(0)[[-1, -1]].tolist()


def labels(stamps):
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot(stamps, np.arange(stamps.size))
    date_axis(axes)
    figure.canvas.draw()
    return [label.get_text() for label in axes.get_xticklabels()]


def test_the_axis_of_a_picture_counts_rows_and_first_years():
    assert "12" in labels(ROW.timestamps(np.arange(1, 21)))
    months = (np.datetime64("0001-01", "M") + np.arange(30)).astype("datetime64[s]")
    assert any(label.startswith("0002-") for label in labels(months))
