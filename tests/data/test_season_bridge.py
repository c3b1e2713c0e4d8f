import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.data.panel import panel_from_series
from forecast.data.season_bridge import bridged

SEASON = np.array([-3.0, 1.0, 4.0, -2.0])


def repeated(steps, level=20.0, trend=0.0):
    return level + trend * np.arange(steps) + np.resize(SEASON, steps)


def spanned(steps, begin, end):
    hidden = np.zeros(steps, dtype=bool)
    hidden[begin:end] = True
    return hidden


@pytest.mark.parametrize(("begin", "end"), [(12, 13), (12, 19), (10, 23), (30, 36), (0, 6)])
def test_a_series_that_repeats_its_season_goes_on_as_if_nothing_were_hidden(begin, end):
    values, hidden = repeated(40), spanned(40, begin, end)
    np.testing.assert_allclose(bridged(np.where(hidden, 1e9, values), hidden, [4]), values, rtol=1e-6)


def test_the_level_goes_in_a_line_from_one_side_to_the_other():
    values, hidden = repeated(40, level=-50, trend=0.5), spanned(40, 13, 27)
    np.testing.assert_allclose(bridged(values, hidden, [4]), values, rtol=1e-6)


def test_a_positive_series_grows_by_the_same_share_a_step_and_its_season_with_it():
    values = 20 * 1.03 ** np.arange(40) * np.exp(np.resize(SEASON, 40) / 10)
    np.testing.assert_allclose(bridged(values, spanned(40, 13, 27), [4]), values, rtol=1e-6)


def test_a_season_that_is_no_more_than_chance_is_none():
    values = 1000 + np.random.default_rng(0).normal(0, 1, 60)
    filled = bridged(values, spanned(60, 50, 60), [4])
    np.testing.assert_allclose(filled[50:], values[49], atol=0.6)


def test_a_series_that_is_never_negative_stays_so():
    values = np.where(np.arange(40) % 4 == 0, 9.0, 0.0)
    values[:8] = [0, 0, 0, 0, 0, 0, 0, 0]
    assert bridged(values, spanned(40, 36, 40), [4]).min() >= 0


def test_where_nothing_is_shown_stand_zeros():
    np.testing.assert_array_equal(bridged(np.full(5, 7.0), np.ones(5, dtype=bool), [4]), 0)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 39), st.integers(1, 40), st.integers(1, 40), st.floats(-1e9, 1e9))
def test_neither_what_is_hidden_nor_what_comes_after_a_cut_reaches_the_bridge(begin, length, cut, poison):
    values = repeated(40) + np.random.default_rng(1).normal(0, 1, 40)
    after = np.where(np.arange(40) < cut, values, poison)
    after[begin : begin + length] = poison
    panels = [panel_from_series([each], "QS").ignoring([(begin, begin + length - 1)]) for each in (values, after)]
    np.testing.assert_array_equal(*(panel.until([cut]).filled for panel in panels))
