import numpy as np
import pytest

from forecast.models.forecaster import Curve
from forecast.report.figures.convergence import convergence_figure
from forecast.report.figures.figure import render
from marks import slow_but
from pictures import HOSTILE, HOSTILE_TARGETS, assert_all_text_is_inside_and_apart, lines_of, words_of


def curve(final=40.0, start=90.0, points=20, pace=0.01):
    steps = np.linspace(0, 400, points).astype(np.int64)
    return Curve(steps, 1 + steps * pace, final + (start - final) * np.exp(-steps / 80))


CURVES = {"rnn": curve(48), "lstm": curve(42, pace=0.02), "gru": curve(41)}


def references_of(axes):
    return [line.get_ydata()[0] for line in axes.get_lines() if line.get_transform() != axes.transData]


def test_error_falls_against_steps_and_against_seconds():
    figure = convergence_figure(CURVES, target="passengers", title="Learning")
    by_step, by_second = figure.axes
    for made, left, right in zip(CURVES.values(), lines_of(by_step), lines_of(by_second), strict=True):
        np.testing.assert_array_equal(left.get_xdata(), made.steps)
        np.testing.assert_array_equal(right.get_xdata(), made.seconds)
        np.testing.assert_array_equal(left.get_ydata(), made.rmse)
        np.testing.assert_array_equal(right.get_ydata(), made.rmse)
    assert by_step.get_ylim() == by_second.get_ylim()
    words = words_of(figure)
    for part in ("Learning", "validation RMSE (passengers)", "training steps", "seconds of training", *CURVES):
        assert part in words
    assert_all_text_is_inside_and_apart(figure)


def test_seasonal_naive_is_a_dotted_line_in_both_panels():
    figure = convergence_figure(CURVES, target="t", seasonal_naive=66.0)
    assert [references_of(axes) for axes in figure.axes] == [[66.0], [66.0]]
    assert "seasonal-naive" in words_of(figure)


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_an_unknown_seasonal_naive_is_not_drawn(unknown):
    figure = convergence_figure(CURVES, target="t", seasonal_naive=unknown)
    assert [references_of(axes) for axes in figure.axes] == [[], []]
    assert "seasonal-naive" not in words_of(figure)


def test_a_seasonal_naive_above_all_curves_is_still_in_the_picture():
    figure = convergence_figure(CURVES, target="t", seasonal_naive=150.0)
    assert figure.axes[0].get_ylim()[1] > 150


def test_a_wild_start_is_cut_off_and_said():
    figure = convergence_figure({**CURVES, "tutorial": curve(60, start=1e6)}, target="t")
    low, high = figure.axes[0].get_ylim()
    assert 0 <= low < 41
    assert high < 500
    assert "leaves the picture" in words_of(figure)


@pytest.mark.parametrize(
    "curves",
    [
        {},
        {"gru": Curve(np.empty(0, np.int64), np.empty(0), np.empty(0))},
        {"gru": curve(points=1)},
        {"gru": curve(40, 40)},
        {"gru": curve(0, 0)},
        {"gru": curve(np.nan)},
    ],
)
@pytest.mark.slow
def test_odd_curves_are_drawn(curves):
    assert_all_text_is_inside_and_apart(convergence_figure(curves, target="t"))


@pytest.mark.parametrize("name", slow_but(HOSTILE_TARGETS[:1], HOSTILE_TARGETS))
def test_hostile_names_are_only_text(name):
    figure = convergence_figure(
        {model: curve(40 + i) for i, model in enumerate(HOSTILE)}, target=name, seasonal_naive=60.0, title=name
    )
    assert_all_text_is_inside_and_apart(figure)
    assert b"<script" not in render(figure, "svg")
