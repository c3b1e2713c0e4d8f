import math
from dataclasses import dataclass

import pytest

from forecast.models.registry import MODELS
from forecast.report.figures.figure import render
from forecast.report.figures.scores import scores_figure
from marks import slow_but
from pictures import HOSTILE, HOSTILE_TARGETS, assert_all_text_is_inside_and_apart, words_of


@dataclass(frozen=True)
class Row:
    model: str
    rmse: float
    rmse_std: float | None = None


ROWS = [Row("naive", 80.25), Row("gru", 41.21, 3.1), Row("seasonal-naive", 66.0), Row("lstm", 42.9, 5.2)]


def bars_of(figure):
    return figure.axes[0].patches


def reference_of(axes):
    dashed = [
        line for line in axes.get_lines() if line.get_linestyle() == "--" and line.get_transform() != axes.transData
    ]
    return [line.get_xdata()[0] for line in dashed]


def test_bars_are_as_long_as_the_errors_with_the_best_on_top():
    figure = scores_figure(ROWS, target="passengers", title="Airline")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["gru", "lstm", "seasonal-naive", "naive"]
    assert [bar.get_width() for bar in bars_of(figure)] == [41.21, 42.9, 66.0, 80.25]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # row 0 is on top
    assert axes.get_xlim()[0] == 0
    assert_all_text_is_inside_and_apart(figure)


def test_order_of_rows_does_not_matter():
    assert render(scores_figure(ROWS, target="t"), "svg") == render(scores_figure(ROWS[::-1], target="t"), "svg")


def test_unit_numbers_and_key_are_written():
    words = words_of(scores_figure(ROWS, target="passengers", title="Airline"))
    for part in ("Airline", "RMSE (passengers)", "41.21 ± 3.10", "66.00", "Whiskers", "Dashed line: seasonal-naive"):
        assert part in words


def test_baselines_are_hatched_and_networks_are_not():
    figure = scores_figure([Row(name, 10 + i) for i, name in enumerate(MODELS)], target="t")
    hatched = [bar.get_hatch() is not None for bar in bars_of(figure)]
    assert hatched == [record.style.is_baseline for record in MODELS.values()]


def test_whiskers_are_drawn_where_there_is_spread():
    rows = [Row("gru", 40, 3.0), Row("lstm", 41, 0.0), Row("rnn", 42, math.nan), Row("naive", 43, None)]
    figure = scores_figure(rows, target="t")
    assert len(figure.axes[0].containers) == 5  # four bars and one whisker
    assert "Whiskers" not in words_of(scores_figure(rows[1:], target="t"))


def test_seasonal_naive_is_a_line_across_all_bars():
    assert reference_of(scores_figure(ROWS, target="t").axes[0]) == [66.0]
    without = scores_figure(ROWS[:2], target="t")
    assert reference_of(without.axes[0]) == []
    assert "Dashed" not in words_of(without)


def test_a_bar_six_times_the_median_is_cut_and_its_number_tells():
    figure = scores_figure([*ROWS, Row("drift", 4981.0)], target="t")
    assert figure.axes[0].get_xlim()[1] == pytest.approx(1.25 * 80.25)
    words = words_of(figure)
    assert "4,981" in words
    assert "▶: longer than shown" in words
    assert_all_text_is_inside_and_apart(figure)
    assert "▶" not in words_of(scores_figure(ROWS, target="t"))


def test_a_seasonal_naive_that_is_cut_off_is_no_reference():
    rows = [Row("gru", 1.0), Row("lstm", 1.1), Row("rnn", 1.2), Row("seasonal-naive", 100.0)]
    assert reference_of(scores_figure(rows, target="t").axes[0]) == []


@pytest.mark.parametrize("rmse", [math.nan, math.inf])
def test_a_model_without_a_score_comes_last_without_a_bar(rmse):
    figure = scores_figure([Row("rnn", rmse), *ROWS], target="t")
    assert figure.axes[0].get_yticklabels()[-1].get_text() == "rnn"
    assert len(bars_of(figure)) == 4
    assert "–" in words_of(figure)


@pytest.mark.parametrize(
    "rows", [[], [Row("gru", math.nan)], [Row("gru", 0.0)], [Row("gru", 1e-9)], [Row("gru", 1e15, 1e14)]]
)
def test_odd_tables_are_drawn(rows):
    assert_all_text_is_inside_and_apart(scores_figure(rows, target="t"))


@pytest.mark.parametrize("name", slow_but(HOSTILE_TARGETS[:1], HOSTILE_TARGETS))
def test_hostile_names_are_only_text(name):
    rows = [*ROWS, *(Row(model, 40.0 + i, 2.0) for i, model in enumerate(HOSTILE))]
    figure = scores_figure(rows, target=name, title=name)
    assert_all_text_is_inside_and_apart(figure)
    assert b"<script" not in render(figure, "svg")
