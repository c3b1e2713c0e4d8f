from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecast.report.figures.figure import render
from forecast.report.figures.pictures import Retrains
from forecast.report.figures.retrains import history_figure
from marks import slow_but
from pictures import HOSTILE, HOSTILE_TARGETS, assert_all_text_is_inside_and_apart, lines_of, words_of

START = datetime(2026, 1, 4, 3, 15, tzinfo=UTC)


def retrains(count=12, step=timedelta(days=7), **changes):
    week = np.arange(count, dtype=float)
    values = {"champion": 200 + week, "challenger": 201 + week * 0.8, "naive": np.full(count, 300.0)}
    values |= changes
    return Retrains(
        [START + i * step for i in range(count)], **values, promoted=values["challenger"] < values["champion"]
    )


def test_errors_stand_at_the_time_of_their_retrain():
    runs = retrains()
    figure = history_figure(runs, title="sales: error at each retrain")
    (axes,) = figure.axes
    naive, champion, won, lost = lines_of(axes)
    np.testing.assert_array_equal(naive.get_ydata(), runs.naive)
    np.testing.assert_array_equal(champion.get_ydata(), runs.champion)
    assert np.ptp(champion.get_xdata()) == pytest.approx(77)  # days
    np.testing.assert_array_equal(won.get_ydata(), runs.challenger[runs.promoted])
    np.testing.assert_array_equal(lost.get_ydata(), runs.challenger[~runs.promoted])
    assert axes.get_ylim()[0] == 0
    for words in ("sales: error", "seasonal naive", "champion", "challenger, put in use", "challenger, left", "(UTC)"):
        assert words in words_of(figure)
    assert_all_text_is_inside_and_apart(figure)


def test_challengers_are_told_apart_without_colour():
    _, _, won, lost = lines_of(history_figure(retrains()).axes[0])
    assert won.get_markerfacecolor() != "white"
    assert lost.get_markerfacecolor() == "white"


def test_runs_without_a_score_are_gaps():
    unknown = np.full(3, np.nan)
    figure = history_figure(retrains(3, naive=unknown, challenger=np.array([np.nan, 5.0, np.nan])))
    assert "seasonal naive" not in words_of(figure)
    assert_all_text_is_inside_and_apart(figure)


@pytest.mark.parametrize("count", [0, 1, 2, 500])
@pytest.mark.parametrize("step", [timedelta(0), timedelta(minutes=1), timedelta(days=30)])
@pytest.mark.slow
def test_every_number_of_retrains_is_drawn(count, step):
    assert_all_text_is_inside_and_apart(history_figure(retrains(count, step)))


def test_one_wild_error_does_not_press_the_others_into_a_corner():
    figure = history_figure(retrains(challenger=np.array([201.0] * 11 + [1e6])))
    assert figure.axes[0].get_ylim()[1] < 1000
    assert "leaves the picture" in words_of(figure)


@pytest.mark.parametrize("title", slow_but(HOSTILE_TARGETS, HOSTILE))
@pytest.mark.slow
def test_hostile_names_are_only_text(title):
    figure = history_figure(retrains(), title=title)
    assert_all_text_is_inside_and_apart(figure)
    assert b"<script" not in render(figure, "svg")
