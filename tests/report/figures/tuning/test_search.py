"""The pictures of a tuning: every trial is in them, the default stands out, and far ones press none flat."""

from types import SimpleNamespace

import pytest

from forecast.report.figures.tuning.search import (
    FAR,
    _logarithmic_ticks,
    _offsets,
    importance_figure,
    search_figure,
    slices_figure,
)
from search_trials import TRIALS

pytestmark = pytest.mark.slow  # half a second each, of matplotlib


def drawn(axes):
    return [line for line in axes.lines if line.get_marker() in {"o", "D"}]


def test_search_shows_each_trial_and_the_best_so_far():
    axes = search_figure(TRIALS, label="RMSSE").axes[0]
    assert len(drawn(axes)) == len(TRIALS)
    steps = max(axes.lines, key=lambda line: len(line.get_ydata()))
    assert list(steps.get_ydata()) == [1.0, 0.8, 0.8]


def test_trial_far_off_is_drawn_at_the_edge():
    axes = search_figure(TRIALS, label="RMSSE").axes[0]
    assert max(line.get_ydata()[0] for line in drawn(axes)) == FAR
    assert axes.get_ylim()[1] < 1.1 * FAR


def test_there_is_one_picture_a_setting_with_its_values_below():
    figure = slices_figure(TRIALS, ("window", "learning-rate", "cell"), {"learning-rate"}, label="RMSSE")
    titles = {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_visible()}
    assert list(titles) == ["window", "learning-rate", "cell"]
    assert [tick.get_text() for tick in titles["window"].get_xticklabels()] == ["12", "24", "48", "96"]
    assert [tick.get_text() for tick in titles["cell"].get_xticklabels()] == ["auto", "gru", "linear"]
    assert titles["learning-rate"].get_xscale() == "log"


@pytest.mark.parametrize(
    ("values", "default", "ticks"),
    [
        ((4.5e-4, 1e-3, 2.2e-3), 1e-3, [4.5e-4, 1e-3, 2.2e-3]),
        ((1e-3, 1.1e-3, 1e-1), 1.1e-3, [1e-3, 1e-2, 1e-1]),
        ((1e-3, 1e-3), 1e-3, [1e-3]),
        ((1e-3, 1e-1), None, [1e-3, 1e-2, 1e-1]),
    ],
)
def test_the_default_is_a_tick_unless_it_would_stand_on_an_end(values, default, ticks):
    assert _logarithmic_ticks(values, default) == pytest.approx(ticks)


def test_the_default_and_a_trial_that_has_its_value_alone_stand_upon_it():
    trials = [SimpleNamespace(number=number) for number in range(5)]
    offsets = _offsets([24, 24, 24, 24, 48], trials)
    assert (offsets[0], offsets[4], len(set(offsets[:4]))) == (0.0, 0.0, 4)


def test_setting_that_matters_most_is_on_top():
    axes = importance_figure({"units": 0.1, "window": 0.9}).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["window", "units"]
