import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.models.registry import MODELS
from forecast.report.figures.figure import render
from forecast.report.figures.forecast import forecast_figure
from forecast.report.figures.style import INK
from forecast_examples import H, forecasts_for, panel_of
from marks import slow_but
from pictures import HOSTILE, HOSTILE_TARGETS, assert_all_text_is_inside_and_apart, lines_of, words_of


def line_in(axes, colour):
    return next(line for line in lines_of(axes) if line.get_color() == colour)


def test_forecast_is_drawn_as_it_is_with_unit_title_and_legend():
    panel = panel_of()
    made = forecasts_for(panel)
    figure = forecast_figure(panel, {"lstm": made}, title="Airline")
    (axes,) = figure.axes
    np.testing.assert_array_equal(line_in(axes, MODELS["lstm"].style.colour).get_ydata(), made.point[0])
    assert axes.get_ylabel() == "passengers"
    words = words_of(figure)
    assert all(word in words for word in ("Airline", "history", "lstm, 80 % interval", "lstm, 95 % interval"))
    assert "actual" not in words
    assert_all_text_is_inside_and_apart(figure)


def test_bands_are_those_of_the_first_model_only():
    panel = panel_of()
    made = forecasts_for(panel)
    figure = forecast_figure(panel, {"gru": made, "lstm": made, "naive": made})
    bands = figure.axes[0].collections
    assert len(bands) == 2
    outer, inner = (band.get_paths()[0].get_extents() for band in bands)
    assert outer.y0 == pytest.approx((made.point - 2).min())
    assert inner.y0 == pytest.approx((made.point - 1).min())
    assert "lstm, 80 %" not in words_of(figure)


def test_no_model_without_intervals_gets_a_band():
    panel = panel_of()
    assert not forecast_figure(panel, {"gru": forecasts_for(panel, levels=())}).axes[0].collections


def test_a_band_of_a_single_step_can_be_seen():
    panel = panel_of()
    bands = forecast_figure(panel, {"gru": forecasts_for(panel, 1)}).axes[0].collections
    assert all(band.get_linewidth()[0] > 5 for band in bands)


def test_history_is_a_tail_that_ends_at_the_origin():
    panel = panel_of(steps=100)
    figure = forecast_figure(panel, {"lstm": forecasts_for(panel)})
    history = lines_of(figure.axes[0])[0]
    np.testing.assert_array_equal(history.get_ydata(), panel.series(0)[-3 * H :])
    assert "origin, 1978-04-01, the last date" in words_of(figure)


def test_many_models_get_more_room_than_the_history():
    panel = panel_of(steps=100)
    figure = forecast_figure(panel, dict.fromkeys(["gru", "lstm", "rnn", "naive"], forecasts_for(panel, 24)))
    assert lines_of(figure.axes[0])[0].get_ydata().size == 36


def test_history_after_the_origin_is_never_drawn():
    whole = panel_of(steps=72)
    past = whole.until([60])
    made = forecasts_for(past)
    figures = [forecast_figure(panel, {"lstm": made}) for panel in (past, whole)]
    assert render(figures[0], "svg") == render(figures[1], "svg")


def test_actuals_stand_beside_the_forecast_and_within_the_horizon():
    whole = panel_of(steps=90)
    past = whole.until([60])
    figure = forecast_figure(past, {"lstm": forecasts_for(past)}, actuals=whole)
    actual = lines_of(figure.axes[0])[1]
    np.testing.assert_array_equal(actual.get_ydata(), whole.series(0)[60 : 60 + H])
    assert "actual" in words_of(figure)


def test_origin_is_marked():
    panel = panel_of()
    axes = forecast_figure(panel, {"lstm": forecasts_for(panel)}).axes[0]
    origin = next(line for line in axes.get_lines() if line.get_transform() != axes.transData)
    assert np.datetime64(origin.get_xdata()[0]) == panel.timestamps(0)[-1]


def test_gaps_break_the_line_and_lonely_points_are_dots():
    values = np.arange(1.0, 41.0)
    values[[30, 32]] = np.nan
    panel = panel_from_series([values], "D")
    lines = [
        line
        for line in lines_of(forecast_figure(panel, {"lstm": forecasts_for(panel)}).axes[0])
        if line.get_color() == INK
    ]
    assert np.isnan(lines[0].get_ydata()).sum() == 2
    assert lines[1].get_ydata().tolist() == [32.0]
    assert lines[1].get_marker() == "."


@pytest.mark.slow
@pytest.mark.parametrize("series", slow_but([1, 7], [1, 2, 3, 4, 5, 6, 7, 414]))
def test_at_most_six_series_are_drawn_each_under_its_name(series):
    panel = panel_of(series, 40, ids=[f"H{i}" for i in range(series)])
    figure = forecast_figure(panel, {"gru": forecasts_for(panel)})
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert len(titles) == len(set(titles)) == min(series, 6)
    assert titles[0].startswith("H") == (series > 1)
    assert (f"6 of {series} series" in words_of(figure)) == (series > 6)
    assert_all_text_is_inside_and_apart(figure)


def test_series_are_picked_from_the_largest_to_the_smallest():
    volumes = np.random.default_rng(1).permutation(np.arange(1, 12))
    panel = panel_of(11, 40, ids=[f"v{v}" for v in volumes], scale=volumes)
    figure = forecast_figure(panel, {"gru": forecasts_for(panel)})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["v11", "v9", "v7", "v5", "v3", "v1"]


def test_series_are_found_by_name_not_by_position():
    panel = panel_of(3, 40, ids=["a", "b", "c"])
    made = forecasts_for(panel.select([2, 0]))
    figure = forecast_figure(panel, {"gru": made, "lstm": forecasts_for(panel.select([0]))})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["c", "a"]
    np.testing.assert_array_equal(lines_of(figure.axes[0])[0].get_ydata(), panel.series(2)[-36:])
    assert [len(lines_of(axes)) for axes in figure.axes] == [2, 3]


@pytest.mark.slow
def test_series_without_history_or_with_gaps_only_is_still_drawn():
    panel = panel_of(2, 40, ids=["a", "b"])
    made = forecasts_for(panel)
    for length in (0, 40):
        bare = panel_from_series([panel.series(0), np.full(length, np.nan)], "MS", series_ids=["a", "b"], first=[0, 0])
        render(forecast_figure(bare, {"gru": made}), "png")


def test_an_exploding_forecast_leaves_the_picture_instead_of_flattening_it():
    panel = panel_of()
    wild = forecasts_for(panel, levels=(), factor=1e9)
    plain = forecast_figure(panel, {"lstm": forecasts_for(panel)}).axes[0].get_ylim()
    assert forecast_figure(panel, {"lstm": forecasts_for(panel), "rnn": wild}).axes[0].get_ylim() == plain


@pytest.mark.parametrize("bad", slow_but([np.inf], [np.nan, np.inf, -np.inf]))
def test_forecasts_that_are_no_numbers_are_gaps(bad):
    panel = panel_of()
    figure = forecast_figure(panel, {"lstm": forecasts_for(panel, factor=bad)})
    render(figure, "png")
    history, drawn = (line.get_ydata() for line in lines_of(figure.axes[0]))
    assert np.isfinite(history).all()
    assert not np.isfinite(drawn).any()


@pytest.mark.parametrize("level", slow_but([0.0, 5.0], [0.0, 5.0, -5.0, 1e12, 1e-9]))
def test_a_constant_series_is_drawn(level):
    panel = panel_from_series([np.full(40, level)], "D")
    axes = forecast_figure(panel, {"lstm": forecasts_for(panel, levels=())}).axes[0]
    low, high = axes.get_ylim()
    assert low <= level < high


def test_values_that_are_never_negative_get_no_room_below_zero():
    panel = panel_from_series([np.abs(np.sin(np.arange(60)))], "D")
    assert forecast_figure(panel, {"lstm": forecasts_for(panel, levels=())}).axes[0].get_ylim()[0] >= 0


@pytest.mark.slow
@pytest.mark.parametrize("name", slow_but(HOSTILE_TARGETS[:1], HOSTILE_TARGETS))
def test_hostile_names_are_only_text(name):
    panel = panel_of(2, 40, ids=[name, f"{name}2"], target=name)
    figure = forecast_figure(panel, dict.fromkeys(HOSTILE, forecasts_for(panel)), title=name)
    assert_all_text_is_inside_and_apart(figure)
    assert b"<script" not in render(figure, "svg")


@pytest.mark.slow
def test_twelve_models_are_all_in_the_legend():
    panel = panel_of()
    figure = forecast_figure(panel, {name: forecasts_for(panel) for name in MODELS})
    assert all(name in words_of(figure) for name in MODELS)
    assert_all_text_is_inside_and_apart(figure)


@pytest.mark.parametrize("frequency", slow_but(["h", "MS"], ["15min", "h", "D", "B", "W-FRI", "MS", "QS", "YE"]))
def test_every_frequency_gives_a_legible_axis(frequency):
    panel = panel_from_series([np.arange(80.0)], frequency)
    figure = forecast_figure(panel, {"gru": forecasts_for(panel)})
    assert_all_text_is_inside_and_apart(figure)
    assert len([label for label in figure.axes[0].get_xticklabels() if label.get_text()]) >= 3


@pytest.mark.slow
def test_figures_of_one_input_are_the_same_bytes_and_leave_it_unchanged():
    panel = panel_of(2, 40)
    made = forecasts_for(panel)
    before = panel.values.copy(), made.point.copy()
    assert render(forecast_figure(panel, {"gru": made}), "png") == render(forecast_figure(panel, {"gru": made}), "png")
    np.testing.assert_array_equal(panel.values, before[0])
    np.testing.assert_array_equal(made.point, before[1])


@pytest.mark.slow
def test_a_name_that_the_font_lacks_is_drawn_without_a_warning():
    panel = panel_of(ids=["売上"])
    render(forecast_figure(panel, {"gru": forecasts_for(panel)}, title="売上"), "pdf")
