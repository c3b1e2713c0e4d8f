from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from forecast.models.forecaster import Forecasts, Interval
from forecast.report.figures.forecast import forecast_figure
from marks import slow_but
from pictures import assert_all_text_is_inside_and_apart, words_of
from told import told

STEPS, H = 60, 8
NAMES = ("promo", "holiday", "leaflet", "school", "open")


def panel_of(series=1, freq="D", ahead=H, names=NAMES):
    """Flags of different rhythm that go on, one of them nearly always set, and a number."""
    time, total = np.arange(STEPS + ahead), STEPS + ahead
    columns = {
        "promo": ((time + 8) % 14 < 4) * 1.0,
        "holiday": (time % 20 == 5) * 1.0,
        "leaflet": (time % 17 < 2) * 1.0,
        "school": (time % 30 < 9) * 1.0,
        "open": (time % 7 != 6) * 1.0,
    }
    known = {name: [columns[name]] * series for name in names} | {"price": [np.linspace(1, 2, total)] * series}
    ids = [f"s{i}" for i in range(series)]
    return told([20.0 + np.arange(STEPS) % 7] * series, known, freq=freq, series_ids=ids)


def figure_of(panel, horizon=H):
    point = np.full((len(panel), horizon), 22.0)
    made = Forecasts(panel.series_ids, panel.future_timestamps(horizon), point, (Interval(80, point - 1, point + 1),))
    return forecast_figure(panel, {"gru": made}, title="Shop")


def spans(axes, colour=None):
    """First and last day of each band, in days since 1970."""
    bands = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    found = [patch.get_bbox() for patch in bands if colour is None or patch.get_hatch() == colour]
    return sorted((box.x0, box.x1) for box in found)


def test_bands_lie_around_the_days_of_the_event_in_history_and_forecast():
    panel = panel_of(names=("promo",))
    [axes] = figure_of(panel).axes
    drawn = axes.get_lines()[0].get_xdata()
    first = (drawn[0] - np.datetime64("1970-01-01")) / np.timedelta64(1, "D")
    days = [day for day in range(int(first), STEPS + H) if (day + 8) % 14 < 4]
    runs = np.split(days, np.flatnonzero(np.diff(days) > 1) + 1)
    assert spans(axes) == [(run[0] - 0.5, run[-1] + 0.5) for run in map(np.asarray, runs)]
    assert spans(axes)[-1][1] > STEPS


def test_three_events_are_told_apart_by_pattern_and_the_rest_is_named():
    figure = figure_of(panel_of())
    words = words_of(figure)
    assert all(name in words for name in NAMES[:3])
    assert "Known too, but not shaded: school, not open." in words
    hatches = {patch.get_hatch() for patch in figure.axes[0].patches}
    assert len(hatches) == 3
    assert_all_text_is_inside_and_apart(figure)


def test_the_rarer_value_is_the_event():
    figure = figure_of(panel_of(names=("open",)))
    assert "not open" in words_of(figure)
    assert all(end - start == 1 for start, end in spans(figure.axes[0]))


@pytest.mark.parametrize("ahead", [0, H])
def test_events_of_which_nothing_is_known_ahead_are_named(ahead):
    words = words_of(figure_of(panel_of(ahead=ahead, names=("promo", "holiday"))))
    assert ("Nothing is known of promo, holiday after the origin." in words) == (ahead == 0)


def test_panels_without_events_are_drawn_as_before():
    panel = panel_of(names=())
    assert not figure_of(panel).axes[0].patches
    assert not figure_of(replace(panel, covariates=None)).axes[0].patches


@pytest.mark.slow
@pytest.mark.parametrize("freq", slow_but(["D"], ["D", "h", "W-SUN", "MS"]))
@pytest.mark.parametrize("series", slow_but([8], [1, 8]))
def test_every_frequency_and_many_series_can_be_drawn(freq, series):
    figure = figure_of(panel_of(series, freq))
    assert all(spans(axes) for axes in figure.axes)
    assert_all_text_is_inside_and_apart(figure)


@pytest.mark.slow
def test_a_long_horizon_on_small_axes_is_drawn_without_a_warning():
    panel = panel_of(6)
    assert_all_text_is_inside_and_apart(figure_of(panel, 500))
