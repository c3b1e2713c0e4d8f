"""Parallel coordinates of a tuning: a line a trial, the default and the best few standing out."""

import pytest

from forecast.report.figures.tuning.parallel import SHOWN, parallel_figure
from forecast.report.figures.tuning.search import BEST, DEFAULT, FAR, STOPPED
from search_trials import TRIALS, Trial

pytestmark = pytest.mark.slow  # half a second each, of matplotlib


def lines(figure, colour):
    return [line for line in figure.axes[0].lines if line.get_color() == colour]


def test_each_trial_is_a_line_through_its_values_to_its_error():
    figure = parallel_figure(TRIALS, ("window", "cell", "learning-rate"), {"learning-rate"})
    [default] = lines(figure, DEFAULT)
    assert len(lines(figure, BEST)) + len(lines(figure, STOPPED)) == len(TRIALS) - 1
    assert all(len(line.get_xdata()) == 4 for line in (default, *lines(figure, BEST)))
    best = max(lines(figure, BEST), key=lambda line: line.get_linewidth())
    assert best.get_ydata()[-1] == 0.0
    assert default.get_ydata()[-1] == pytest.approx((1.0 - 0.8) / (FAR * 1.0 - 0.8))


def test_setting_that_was_never_changed_has_no_axis_and_more_trials_than_a_few_are_faint():
    trials = [Trial(n, 1.0 + n, "whole", 1.0, {"window": 24 + n, "cell": "gru"}) for n in range(SHOWN + 4)]
    figure = parallel_figure(trials, ("window", "cell"), ())
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert {"window", "error"} <= texts
    assert "cell" not in texts
    assert len(lines(figure, BEST)) == SHOWN
