import numpy as np
import pytest

from forecast.data.checks.spans import constant, gaps, share_of, unfinished
from forecast.data.panel import panel_from_series

NAN = np.nan


def test_gaps_are_counted_by_series():
    panel = panel_from_series([[1, NAN, NAN, 2, NAN, 3], [4, 5], [6, NAN, 7]], "D")
    found = gaps(panel)
    assert found.missing.tolist() == [3, 0, 1]
    assert found.longest.tolist() == [2, 0, 1]
    assert gaps(panel.select([1])).longest.tolist() == [0]


def test_constant_series_may_have_gaps():
    panel = panel_from_series([[7, NAN, 7], [1, 2, 1], [5]], "D")
    assert constant(panel).tolist() == [True, False, True]


def test_shares_are_of_what_was_observed():
    panel = panel_from_series([[0, NAN, 0, 4], [1, 0]], "D")
    assert share_of(panel, panel.values == 0).tolist() == pytest.approx([2 / 3, 1 / 2])


def test_last_step_far_below_all_before_is_unfinished():
    full = [40.0, 44, 41, 39, 45, 43, 42, 40, 44, 41, 40, 43, 41, 39]
    series = [[*full, 12], [*full, 38], [*full[:9], 0, *full[10:], 12], [*full[:9], 12]]
    assert unfinished(panel_from_series(series, "MS")).tolist() == [14]


def test_series_that_ended_earlier_is_not_unfinished():
    full = np.full(20, 40.0)
    panel = panel_from_series([full, np.r_[full[:-6], 1]], "MS")
    assert unfinished(panel).size == 0


def test_step_that_is_always_low_at_its_place_of_the_season_is_finished():
    assert unfinished(panel_from_series([np.tile([40, 41, 42, 40, 43, 41, 5], 5)], "D")).size == 0
