import numpy as np
import pytest

from forecast.models.registry import MODELS
from forecast.report.figures.figure import render
from forecast.report.figures.steps import error_by_step_figure
from marks import slow_but
from pictures import HOSTILE, HOSTILE_TARGETS, assert_all_text_is_inside_and_apart, lines_of, words_of


def errors_of(models, steps=12):
    return {model: 10.0 + i + np.sqrt(np.arange(1, steps + 1)) for i, model in enumerate(models)}


def figure_of(errors, **words):
    return error_by_step_figure(errors, **{"target": "passengers", "frequency": "monthly"} | words)


def test_one_line_a_model_from_step_one_with_unit_and_frequency():
    errors = errors_of(MODELS)
    figure = figure_of(errors, title="By step")
    (axes,) = figure.axes
    drawn = lines_of(axes)
    assert len(drawn) == len(errors)
    for line, rmse in zip(drawn, errors.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), rmse)
        assert line.get_xdata().tolist() == list(range(1, 13))
    assert axes.get_ylabel() == "RMSE (passengers)"
    assert axes.get_xlabel() == "steps ahead (monthly)"
    assert all(name in words_of(figure) for name in (*MODELS, "By step"))
    assert_all_text_is_inside_and_apart(figure)


def test_baselines_are_dashed_and_networks_solid():
    for line, style in zip(
        lines_of(figure_of(errors_of(MODELS)).axes[0]), [record.style for record in MODELS.values()], strict=True
    ):
        assert (line.get_linestyle() == "-") == (not style.is_baseline)


def test_errors_start_at_zero_and_all_lines_fit():
    low, high = figure_of(errors_of(["gru", "lstm"])).axes[0].get_ylim()
    assert low == 0
    assert high > 11 + np.sqrt(12)


def test_a_far_worse_model_leaves_the_picture_and_says_how_bad_it_is():
    errors = errors_of(["gru", "lstm", "naive"]) | {"drift": np.full(12, 5000.0)}
    figure = figure_of(errors)
    assert figure.axes[0].get_ylim()[1] < 100
    assert "drift ↑ 5,000" in words_of(figure)
    assert "leaves the picture" in words_of(figure)
    assert_all_text_is_inside_and_apart(figure)


def test_unscored_steps_are_gaps():
    errors = errors_of(["gru", "lstm"])
    errors["gru"][[3, 11]] = np.nan
    errors["lstm"][:] = np.nan
    figure = figure_of(errors)
    assert "gru" in words_of(figure)
    assert_all_text_is_inside_and_apart(figure)


@pytest.mark.parametrize("steps", [1, 2, 7, 48, 1000])
def test_every_horizon_has_whole_steps_on_its_axis(steps):
    figure = figure_of(errors_of(["gru", "naive"], steps))
    assert_all_text_is_inside_and_apart(figure)
    low, high = figure.axes[0].get_xlim()
    ticks = [tick for tick in figure.axes[0].get_xticks() if low <= tick <= high]
    assert ticks
    assert all(tick == int(tick) for tick in ticks)


@pytest.mark.parametrize("errors", [{}, {"gru": np.zeros(3)}, {"gru": np.empty(0)}])
def test_odd_tables_are_drawn(errors):
    assert_all_text_is_inside_and_apart(figure_of(errors))


@pytest.mark.parametrize("name", slow_but(HOSTILE_TARGETS[:1], HOSTILE_TARGETS))
def test_hostile_names_are_only_text(name):
    errors = errors_of([*HOSTILE, "naive"])
    figure = figure_of(errors, target=name, frequency=name, title=name)
    assert_all_text_is_inside_and_apart(figure)
    assert b"<script" not in render(figure, "svg")
