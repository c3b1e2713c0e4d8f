import numpy as np
import pytest

from forecast.data.checks.survey import survey
from forecast.data.panel import panel_from_series
from forecast.report.figures.check import MOST_DRAWN, check_figure
from forecast.report.figures.figure import render
from generated import noise
from marks import slow_but
from pictures import HOSTILE, assert_all_text_is_inside_and_apart, lines_of, words_of


def troubled(seed=0, steps=120):
    series = noise(np.random.default_rng(seed), steps)
    series[20], series[40:44], series[80:] = 900, np.nan, series[80:] + 90
    return series


def figure_of(series, names=None, **words):
    panel = panel_from_series(series, "D", series_ids=names, target=words.pop("target", "sales"))
    return check_figure(panel, survey(panel), **words)


def test_series_is_drawn_with_its_findings_named_in_the_legend():
    figure = figure_of([troubled()], title="shop")
    (axes,) = figure.axes
    np.testing.assert_array_equal(lines_of(axes)[0].get_ydata(), troubled())
    words = words_of(figure)
    assert all(word in words for word in ("shop", "sales", "outlier", "gap", "new level"))
    (outlier,) = (marks.get_offsets() for marks in axes.collections if len(marks.get_offsets()))
    assert outlier[0, 1] == 900
    assert_all_text_is_inside_and_apart(figure)


def test_clean_series_has_no_marks():
    figure = figure_of([noise(np.random.default_rng(1), 60)])
    assert not figure.axes[0].collections
    assert len(lines_of(figure.axes[0])) == 1


@pytest.mark.slow
@pytest.mark.parametrize("many", slow_but([2, 20], [2, 3, 4, 5, 6, 20]))
def test_series_with_the_gravest_findings_are_shown(many):
    series = [noise(np.random.default_rng(seed), 120) for seed in range(many)]
    series[-1] = troubled()
    figure = figure_of(series, [f"shop {i}" for i in range(many)])
    assert len(figure.axes) == min(many, 6)
    assert f"shop {many - 1}" in words_of(figure)
    assert ("6 of 20 series" in words_of(figure)) == (many == 20)
    assert_all_text_is_inside_and_apart(figure)


def test_long_series_keeps_its_extremes():
    series = noise(np.random.default_rng(2), 50_000)
    series[30_001], series[40_000] = 900, -900
    line = lines_of(figure_of([series]).axes[0])[0].get_ydata()
    assert line.size <= MOST_DRAWN + 2
    assert (line.min(), line.max()) == (-900, 900)


@pytest.mark.slow
def test_hostile_names_are_only_text():
    figure = figure_of([troubled(i) for i in range(len(HOSTILE))], HOSTILE, target=HOSTILE[1], title=HOSTILE[1])
    assert_all_text_is_inside_and_apart(figure)
    assert b"<script" not in render(figure, "svg")
