"""What is measured of series at an origin: here the scales of intervals, where a series says little of itself."""

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.scales import (
    SCALES,
    differences_seen,
    interval_scales,
    learning_scales,
    usual_spread,
)

NAN = np.nan
LONG = 100 + 10.0 * (np.arange(40) % 2)  # differs by 10 from step to step, at a level of 105


def scales(*series, season=1):
    """The interval scales of a panel of short series, as a model of long ones has them."""
    return interval_scales(panel_from_series(series, "W-MON"), season, 10 / 105, SCALES)


def test_what_is_usual_is_a_share_of_the_size_and_the_median_of_long_series():
    panel = panel_from_series([LONG, 3 * LONG, 1000 * LONG + np.arange(40) % 2 * 9e6, [1.0, 9, 1]], "W-MON")
    assert usual_spread(panel, 1) == pytest.approx(10 / 105)
    assert usual_spread(panel_from_series([[1.0, 2.0], [3.0, 4.0, 9.0]], "W-MON"), 1) is None
    assert usual_spread(panel_from_series([np.full(30, 7.0), np.zeros(30)], "W-MON"), 1) is None


@pytest.mark.parametrize("rows", [[200.0, 201.0], [200.0, 201, 200], [200.0, 201, 200, 201], [200.0] * 3, [200.0] * 5])
def test_few_rows_that_happen_to_be_alike_have_about_the_spread_of_others(rows):
    [found] = scales(rows)
    usual, count = 10 / 105 * np.mean(rows), len(rows) - 1
    own = np.abs(np.diff(rows)).mean()
    assert found == pytest.approx(np.sqrt((count * own**2 + SCALES.belief * usual**2) / (count + SCALES.belief)))
    assert 0.7 * usual < found < usual


def test_few_rows_that_vary_much_have_more_than_the_spread_of_others():
    assert scales([100.0, 200.0])[0] > 3 * scales([150.0, 151.0])[0]


def test_size_of_the_series_counts_and_not_that_of_others():
    one, two = scales([200.0, 201.0], [2000.0, 2010.0])
    assert two == pytest.approx(10 * one)


def test_one_row_zeros_and_a_season_that_was_never_lived_through_have_no_interval():
    assert np.isnan(scales([200.0], [200.0, NAN, NAN])).all()
    assert scales([0.0, 0.0, 0.0])[0] == 0  # no interval either: nothing to take a share of
    assert np.isnan(scales([1.0, 2, 3, 4, 5], season=7)).all()
    assert not np.isnan(scales([1.0, 2, 3, 4, 5, 6, 7, 9], season=7)).any()
    assert np.isnan(interval_scales(panel_from_series([[200.0, 201.0]], "W-MON"), 1, None, SCALES)).all()


def test_gaps_are_no_rows():
    panel = panel_from_series([[200.0, *[NAN] * 30, 201.0]], "W-MON")
    assert differences_seen(panel, 1).tolist() == [1]
    [found] = interval_scales(panel, 1, 10 / 105, SCALES)
    assert found > 15


@pytest.mark.parametrize("season", [1, 4])
def test_series_that_tell_enough_keep_the_scale_they_had(season):
    rng = np.random.default_rng(0)
    series = [rng.normal(50, 5, n) for n in (SCALES.few_differences + season, 40)]
    panel = panel_from_series([*series, np.full(40, 3.0)], "W-MON")
    np.testing.assert_array_equal(interval_scales(panel, season, 9.0, SCALES), learning_scales(panel, season))
