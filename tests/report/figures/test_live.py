import numpy as np
import pytest

from forecast.evaluation.live.scores import OriginErrors
from forecast.report.figures.figure import render
from forecast.report.figures.live import STYLES, live_figure
from marks import slow_but
from pictures import HOSTILE_TARGETS, assert_all_text_is_inside_and_apart, lines_of, words_of


def errors_of(versions, **changes):
    """Each version issued three forecasts, a week apart; the last one is not complete."""
    count = 3 * versions
    values = {
        "versions": np.repeat(np.arange(1, versions + 1), 3),
        "origins": 7 * np.arange(count),
        "rmse": 5 + np.arange(count) % 4.0,
        "naive_rmse": np.full(count, 7.0),
        "is_complete": np.arange(count) < count - 1,
    }
    return OriginErrors(**{**values, **changes})


def figure_of(errors, **words):
    stamps = np.datetime64("2024-01-01", "s") + errors.origins * np.timedelta64(86400, "s")
    return live_figure(errors, stamps, **{"target": "visits"} | words)


def data_of(figure):
    """The points of the versions: the first line is seasonal naive's, and hollow points are drawn twice."""
    lines = [line for line in lines_of(figure.axes[0])[1:] if line.get_linestyle() != "None"]
    return np.concatenate([line.get_ydata() for line in lines])


def test_every_issued_forecast_is_a_point_and_every_version_a_line():
    errors = errors_of(3)
    figure = figure_of(errors, title="Live")
    np.testing.assert_array_equal(data_of(figure), errors.rmse)
    assert all(name in words_of(figure) for name in ("Live", "seasonal naive", "v1", "v2", "v3", "RMSE (visits)"))
    assert_all_text_is_inside_and_apart(figure)


def test_only_what_is_not_complete_is_hollow():
    hollow = [line for line in lines_of(figure_of(errors_of(2)).axes[0]) if line.get_markerfacecolor() == "white"]
    assert np.concatenate([line.get_ydata() for line in hollow]).tolist() == [errors_of(2).rmse[-1]]


def test_many_versions_share_a_style_but_for_the_newest():
    errors = errors_of(40)
    figure = figure_of(errors)
    np.testing.assert_array_equal(data_of(figure), errors.rmse)
    words = words_of(figure)
    assert words.count("earlier versions") == 1
    assert [f"v{n}" in words for n in (40 - len(STYLES), 41 - len(STYLES), 40)] == [False, True, True]
    assert_all_text_is_inside_and_apart(figure)


def test_seasonal_naive_that_knew_nothing_is_left_out():
    errors = errors_of(2, naive_rmse=np.full(6, np.nan))
    assert "seasonal naive" not in words_of(figure_of(errors))


def test_a_far_worse_forecast_leaves_the_picture_and_is_told():
    rmse = errors_of(2).rmse.copy()
    rmse[2] = 1e6
    figure = figure_of(errors_of(2, rmse=rmse))
    assert figure.axes[0].get_ylim()[1] < 100
    assert "leaves the picture" in words_of(figure)
    assert_all_text_is_inside_and_apart(figure)


def test_a_single_forecast_stands_in_the_middle():
    one = OriginErrors(np.array([1]), np.array([0]), np.array([2.0]), np.array([3.0]), np.array([True]))
    figure = figure_of(one)
    low, high = figure.axes[0].get_xlim()
    assert high - low == pytest.approx(2)
    assert_all_text_is_inside_and_apart(figure)


@pytest.mark.parametrize("name", slow_but(HOSTILE_TARGETS[:1], HOSTILE_TARGETS))
def test_any_name_is_drawn_as_text(name):
    figure = figure_of(errors_of(2), target=name, title=name)
    assert render(figure, "png").startswith(b"\x89PNG")
    assert_all_text_is_inside_and_apart(figure)
