from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecast.data.panel import panel_from_series
from forecast.data.windows import cut_windows, extend_left, last_lookbacks, right_aligned
from forecast.errors import DataError
from tiny import awkward_panel

NAN = np.nan
REPEATABLE = settings(deadline=None, derandomize=True)
VALUES = st.one_of(st.just(NAN), st.integers(-50, 50).map(float))
SERIES = st.lists(arrays(np.float64, st.integers(0, 25), elements=VALUES), min_size=1, max_size=5)
SIZES = st.integers(1, 8)


def fill_of(panel, i):
    return list(panel.filled[panel.offsets[i] : panel.offsets[i + 1]])


def put_before(values, count, season):
    """The first season again and again, one value at a time from the right."""
    period = season if len(values) >= season else 1
    out = list(values)
    for _ in range(count):
        out.insert(0, out[period - 1])
    return out


def padding_of(length, lookback, horizon, season):
    """Steps are put before a short series until it has two horizons of windows or a lookback too little real data."""
    real = min(lookback, max(season, lookback // 8, 1))
    count = 0
    while length >= real + horizon and length + count < lookback + 2 * horizon and lookback - count > real:
        count += 1
    return count


def windows_slowly(panel, lookback, horizon, season):
    """Every window as (series, lookback, horizon), found by trying each position of each series."""
    found = Counter()
    for i in range(len(panel)):
        observed = list(panel.series(i))
        count = padding_of(len(observed), lookback, horizon, season)
        values = put_before(fill_of(panel, i), count, season)
        truth = [NAN] * count + observed
        for start in range(len(values)):
            end = start + lookback + horizon
            future = truth[start + lookback : end]
            if end <= len(values) and not all(np.isnan(future)):
                found[i, tuple(values[start : start + lookback]), tuple(np.nan_to_num(future, nan=1e9))] += 1
    return found


def counted(windows):
    everything = np.arange(len(windows))
    rows = zip(windows.series, windows.lookbacks(everything), windows.horizons(everything), strict=True)
    return Counter((int(i), tuple(past), tuple(np.nan_to_num(future, nan=1e9))) for i, past, future in rows)


@REPEATABLE
@given(SERIES, SIZES, SIZES, st.integers(1, 6))
def test_windows_are_those_of_a_double_loop(series, lookback, horizon, season):
    panel = panel_from_series(series, "D")
    expected = windows_slowly(panel, lookback, horizon, season)
    if not expected:
        with pytest.raises(DataError, match="No series is long enough"):
            cut_windows(panel, lookback, horizon, season)
    else:
        windows = cut_windows(panel, lookback, horizon, season)
        assert counted(windows) == expected
        assert not windows.observed[np.isnan(windows.buffer)].any()


@REPEATABLE
@given(SERIES, SIZES, st.integers(1, 6))
def test_last_lookbacks_are_the_ends_of_the_filled_and_padded_series(series, lookback, season):
    panel = panel_from_series(series, "D")
    for i, row in enumerate(last_lookbacks(panel, lookback, season)):
        tail = fill_of(panel, i)[-lookback:]
        expected = put_before(tail, lookback - len(tail), season) if tail else [0.0] * lookback
        np.testing.assert_allclose(row, expected)


@REPEATABLE
@given(SERIES, SIZES, st.integers(1, 60))
def test_right_aligned_series_end_together_and_no_more_come_at_a_time_than_are_asked_for(series, most, block):
    panel = panel_from_series(series, "D")
    parts = list(right_aligned(panel, most, block))
    assert all(part.size <= block or len(part) == 1 for part in parts)
    rows = [row for part in parts for row in part]
    assert len(rows) == len(panel)
    for i, row in enumerate(rows):
        own = fill_of(panel, i)[-most:]
        np.testing.assert_array_equal(row, [NAN] * (len(row) - len(own)) + own)
        assert 1 <= len(row) <= most


def test_every_window_lies_in_one_series_and_the_last_ends_with_it():
    panel = awkward_panel()
    windows = cut_windows(panel, 8, 3, 4)
    ends = np.cumsum(panel.lengths + windows.padding)
    starts = ends - panel.lengths - windows.padding
    assert (windows.starts >= starts[windows.series]).all()
    assert (windows.starts + 11 <= ends[windows.series]).all()
    assert {int(ends[i] - windows.starts[windows.series == i].max()) for i in range(len(panel))} == {11}


def test_padding_is_never_observed_and_never_a_target():
    panel = panel_from_series([np.arange(1.0, 10.0)], "D")
    windows = cut_windows(panel, 8, 3, 2)
    padding = int(windows.padding[0])
    assert padding == 5  # two horizons of windows: 8 + 2 * 3 - 9
    assert not windows.observed[:padding].any()
    assert windows.observed[padding:].all()
    assert windows.starts.min() + windows.lookback >= padding
    assert not np.isnan(windows.horizons(np.arange(len(windows)))).any()


def test_window_with_nothing_observed_in_its_horizon_is_dropped():
    values = np.arange(12.0)
    values[4:7] = NAN
    windows = cut_windows(panel_from_series([values], "D"), 3, 3)
    targets = windows.horizons(np.arange(len(windows)))
    assert 1 not in windows.starts
    assert (~np.isnan(targets)).any(axis=1).all()
    assert np.isnan(targets).any()  # a half-observed one stays, its gaps marked


def test_short_series_gives_no_window_and_harms_no_other():
    long, short = np.arange(30.0), np.arange(5.0)
    together = cut_windows(panel_from_series([short, long], "D"), 8, 3, 4)
    alone = cut_windows(panel_from_series([long], "D"), 8, 3, 4)
    assert set(together.series) == {1}
    np.testing.assert_array_equal(together.lookbacks(np.arange(len(together))), alone.lookbacks(np.arange(len(alone))))


def test_no_window_at_all_is_an_error_that_says_what_fits():
    with pytest.raises(DataError, match="one window of 8 steps and a horizon of 3") as error:
        cut_windows(panel_from_series([np.arange(6.0)], "D"), 8, 3, 4)
    assert error.value.hint == "--window 4 --horizon 1"


def test_lookback_sees_a_gap_that_began_before_it_as_training_does():
    panel = panel_from_series([[1, 2, 3, NAN, NAN], [1, NAN, NAN, 4, 5]], "D")
    np.testing.assert_allclose(last_lookbacks(panel, 1), [[3], [5]])
    np.testing.assert_allclose(last_lookbacks(panel, 2), [[3, 3], [4, 5]])
    np.testing.assert_allclose(last_lookbacks(panel, 3), [[3, 3, 3], [3, 4, 5]])


def test_extension_keeps_a_periodic_series_periodic():
    season = np.array([5.0, 1.0, 3.0])
    np.testing.assert_array_equal(extend_left(np.tile(season, 2)[1:], 7, 3), np.tile(season, 4)[:12])


def test_extension_of_less_than_a_season_repeats_the_first_value():
    np.testing.assert_array_equal(extend_left(np.array([2.0, 9.0]), 3, 4), [2, 2, 2, 2, 9])
    np.testing.assert_array_equal(extend_left(np.empty(0), 3, 4), [0, 0, 0])
    np.testing.assert_array_equal(extend_left(np.array([2.0, 9.0]), 0, 4), [2, 9])


def test_buffer_holds_the_observations_and_little_more():
    panel = awkward_panel()
    windows = cut_windows(panel, 8, 3, 4)
    assert len(windows.buffer) == len(panel.values) + windows.padding.sum()
    assert windows.padding[panel.lengths >= 8 + 2 * 3].sum() == 0
