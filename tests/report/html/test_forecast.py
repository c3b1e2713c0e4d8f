from dataclasses import replace

import numpy as np
import pytest

from chart_points import points_of
from forecast.data.panel import panel_from_series
from forecast.models.registry import MODELS
from forecast.report.figures.excerpt import excerpts, sensible_range
from forecast.report.html.forecast import forecast_gallery
from forecast_examples import H, forecasts_for, panel_of


def marks(chart, title):
    return [mark for mark in chart.marks if mark.title == title]


def test_forecast_is_drawn_as_it_is_between_its_bounds():
    panel = panel_of()
    made = forecasts_for(panel)
    [chart] = forecast_gallery(panel, {"lstm": made}).charts
    [line] = marks(chart, "lstm")
    places = points_of(line.path)[:, 1]
    slope = np.polyfit(places, made.point[0], 1)
    np.testing.assert_allclose(np.polyval(slope, places), made.point[0], atol=0.02)
    [inner], [outer] = marks(chart, "lstm, 80 % interval"), marks(chart, "lstm, 95 % interval")
    assert points_of(inner.path)[:H, 1] == pytest.approx(places + 1 / slope[0], abs=0.002)
    assert points_of(outer.path)[:H, 1] == pytest.approx(places + 2 / slope[0], abs=0.002)
    assert line.look.colour == inner.look.colour == MODELS["lstm"].style.colour
    assert chart.unit == "passengers"


def test_history_ends_at_the_upright_line_and_the_forecast_begins_after_it():
    panel = panel_of()
    [chart] = forecast_gallery(panel, {"gru": forecasts_for(panel)}).charts
    [rule], [history], [line] = (
        marks(chart, t) for t in ("origin: the last date that the models knew", "history", "gru")
    )
    at = points_of(rule.path)[0, 0]
    assert points_of(history.path)[-1, 0] == pytest.approx(at)
    assert points_of(line.path)[0, 0] > at


def test_intervals_are_those_of_the_first_model_only():
    panel = panel_of()
    gallery = forecast_gallery(panel, dict.fromkeys(["gru", "lstm", "naive"], forecasts_for(panel)))
    assert [key.text for key in gallery.keys] == [
        "history", "gru", "lstm", "naive", "80 % interval of gru", "95 % interval of gru",
    ]  # fmt: skip
    assert sum(mark.shape == "band" for mark in gallery.charts[0].marks) == 2


def test_legend_paints_each_interval_as_it_lies_on_the_wider_ones():
    panel = panel_of()
    made = forecasts_for(panel)
    narrow, wide = made.intervals
    three = replace(made, intervals=(replace(narrow, level=50.0), replace(narrow, level=80.0), wide))
    gallery = forecast_gallery(panel, {"lstm": three})
    painted = [(*key.under, key.look) for key in gallery.keys if key.shape == "band"]
    drawn = [mark.look for mark in gallery.charts[0].marks if mark.shape == "band"]  # the widest first
    assert [sorted(looks, key=str) for looks in painted] == [sorted(drawn[:k], key=str) for k in (3, 2, 1)]


def test_what_came_is_drawn_where_it_is_known():
    whole = panel_of(steps=90)
    past = whole.until([60])
    gallery = forecast_gallery(past, {"lstm": forecasts_for(past)}, whole)
    [came] = marks(gallery.charts[0], "what came")
    assert len(points_of(came.path)) == H
    assert "what came" in [key.text for key in gallery.keys]


@pytest.mark.parametrize(("series", "charts"), [(1, 1), (2, 2), (6, 6), (200, 6)])
def test_at_most_six_series_are_drawn_and_it_is_said_which(series, charts):
    panel = panel_of(series, 40, ids=[f"H{i}" for i in range(series)])
    gallery = forecast_gallery(panel, {"gru": forecasts_for(panel)})
    assert len(gallery.charts) == charts
    assert (gallery.charts[0].title == "") == (series == 1)
    assert ("6 of 200 series" in gallery.note) == (series == 200)
    assert ("in the unit of passengers" in gallery.note) == (series > 1)


def test_one_step_is_a_dot_with_a_band_that_can_be_seen():
    panel = panel_of()
    [chart] = forecast_gallery(panel, {"gru": forecasts_for(panel, 1)}).charts
    assert marks(chart, "gru")[0].shape == "dots"
    assert np.ptp(points_of(marks(chart, "gru, 80 % interval")[0].path)[:, 0]) > 0.01


def test_series_without_history_or_numbers_is_still_a_chart():
    panel = panel_from_series([np.full(40, np.nan), np.arange(40.0)], "D", series_ids=["empty", "whole"])
    made = forecasts_for(panel)
    assert len(forecast_gallery(panel, {"gru": made}).charts) == 2
    stranger = panel_of(1, 40, ids=["another"])
    [chart] = forecast_gallery(stranger, {"gru": forecasts_for(panel_of(1, 40, ids=["new"]))}).charts
    assert not marks(chart, "history")


def test_forecast_that_explodes_does_not_flatten_the_history():
    panel = panel_of()
    [seen] = excerpts(panel, {"gru": forecasts_for(panel)})
    low, high = sensible_range(seen, np.array([1e9]))
    assert high - low < 100
