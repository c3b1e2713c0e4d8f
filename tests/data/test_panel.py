import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecast.data.frequency import Frequency
from forecast.data.panel import even_choice, panel_from_series, places_of

REPEATABLE = settings(deadline=None, derandomize=True)
NAN = np.nan
VALUES = st.one_of(st.just(NAN), st.floats(-1e6, 1e6))
SERIES = st.lists(arrays(np.float64, st.integers(0, 12), elements=VALUES), min_size=1, max_size=6)
FILLS = st.sampled_from(["interpolate", "previous", "zero", "error"])


def filled_slowly(values, fill):
    """One series, one step at a time."""
    known = [i for i, value in enumerate(values) if not np.isnan(value)]
    out = []
    for i, value in enumerate(values):
        before = [k for k in known if k <= i]
        after = [k for k in known if k >= i]
        if not np.isnan(value):
            out.append(value)
        elif not known or fill == "zero":
            out.append(0.0)
        elif not before:
            out.append(values[after[0]])
        elif not after or fill != "interpolate":
            out.append(values[before[-1]])
        else:
            left, right = before[-1], after[0]
            out.append(values[left] + (values[right] - values[left]) * (i - left) / (right - left))
    return out


@REPEATABLE
@given(SERIES, FILLS)
def test_gaps_are_filled_as_by_a_loop_over_each_series(series, fill):
    panel = panel_from_series(series, "D", fill=fill)
    expected = [value for values in series for value in filled_slowly(values, fill)]
    np.testing.assert_allclose(panel.filled, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(panel.filled[panel.observed], panel.values[panel.observed])


@REPEATABLE
@given(SERIES, FILLS, st.data())
def test_nothing_after_the_cut_reaches_the_filled_values(series, fill, data):
    panel = panel_from_series(series, "D", fill=fill)
    cut = np.array([data.draw(st.integers(0, len(values))) for values in series])
    poisoned = [
        np.concatenate([values[:n], np.full(len(values) - n, 1e9)]) for values, n in zip(series, cut, strict=True)
    ]
    np.testing.assert_array_equal(
        panel_from_series(poisoned, "D", fill=fill).until(cut).filled, panel.until(cut).filled
    )


@REPEATABLE
@given(SERIES, st.data())
def test_until_tail_and_select_equal_slices_of_each_series(series, data):
    panel = panel_from_series(series, "MS", first=np.arange(len(series)) * 7)
    lengths = [data.draw(st.integers(0, len(values))) for values in series]
    steps = data.draw(st.integers(0, 14))
    chosen = data.draw(st.lists(st.integers(0, len(series) - 1), max_size=5))
    until, tail, picked = panel.until(lengths), panel.tail(steps), panel.select(chosen)
    for i, values in enumerate(series):
        np.testing.assert_array_equal(until.series(i), values[: lengths[i]])
        np.testing.assert_array_equal(tail.series(i), values[max(len(values) - steps, 0) :])
        np.testing.assert_array_equal(until.timestamps(i), panel.timestamps(i)[: lengths[i]])
        np.testing.assert_array_equal(tail.timestamps(i), panel.timestamps(i)[max(len(values) - steps, 0) :])
    assert picked.series_ids == tuple(panel.series_ids[i] for i in chosen)
    for k, i in enumerate(chosen):
        np.testing.assert_array_equal(picked.series(k), series[i])
        np.testing.assert_array_equal(picked.timestamps(k), panel.timestamps(i))


def test_a_series_cut_to_nothing_stays_and_its_future_starts_where_it_did():
    panel = panel_from_series([[1, 2, 3], [4, 5]], "MS", first=[0, 10]).until([0, 2])
    assert len(panel) == 2
    assert panel.lengths.tolist() == [0, 2]
    assert panel.last.tolist() == [-1, 11]
    future = panel.future_timestamps(2).astype("datetime64[D]").astype(str)
    assert future.tolist() == [["1970-01-01", "1970-02-01"], ["1971-01-01", "1971-02-01"]]


def test_the_future_of_business_days_skips_the_weekend():
    panel = panel_from_series([[1, 2]], Frequency("business-day"), first=[14093])  # Thursday and Friday
    assert panel.future_timestamps(1)[0, 0] == np.datetime64("2024-01-08")


def test_gaps_are_not_bridged_between_series():
    panel = panel_from_series([[1, NAN], [NAN, 9], [NAN, NAN]], "D")
    assert panel.filled.tolist() == [1, 1, 9, 9, 0, 0]
    assert panel.observed.tolist() == [True, False, False, True, False, False]


def test_a_panel_without_gaps_is_its_own_filling():
    panel = panel_from_series([[1, 2], [3]], "D")
    assert panel.filled is panel.values


def test_cutting_changes_nothing_in_the_panel_it_came_from():
    panel = panel_from_series([[1, NAN, 3]], "D")
    before = panel.values.copy()
    panel.until([2]).filled[:] = 7
    np.testing.assert_array_equal(panel.values, before)


@pytest.mark.parametrize("lengths", [[4, 0], [-1, 0], [1]])
def test_a_cut_outside_the_series_is_refused(lengths):
    with pytest.raises(ValueError, match="between 0 and its own number of steps"):
        panel_from_series([[1, 2, 3], [4]], "D").until(lengths)


def test_panels_of_arrays_get_names_and_a_start():
    panel = panel_from_series([[1], [2]], "h", series_ids=["a", "b"], target="sales")
    assert panel.series_ids == ("a", "b")
    assert panel.timestamps(0)[0] == np.datetime64("1970-01-01")
    assert panel_from_series([[1], [2]], "h").series_ids == ("0", "1")


def test_each_position_belongs_to_its_series():
    panel = panel_from_series([[1, 2], [3], [4, 5, 6]], "D")
    assert panel.series_of(np.arange(6)).tolist() == [0, 0, 1, 2, 2, 2]


def test_an_even_choice_holds_the_first_and_the_last_and_nothing_twice():
    assert even_choice(10, 4).tolist() == [0, 3, 6, 9]
    assert even_choice(3, 8).tolist() == [0, 1, 2]


def test_series_are_found_by_their_ids_and_unknown_ones_are_said():
    assert places_of(("b", "x", "a"), ("a", "b")).tolist() == [1, -1, 0]
