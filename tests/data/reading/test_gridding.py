import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.data.reading.gridding import lay_out
from forecast.errors import DataError

NAN = np.nan
ROWS = st.lists(
    st.tuples(st.integers(-1, 3), st.integers(-20, 20), st.sampled_from([NAN, 1.0, 2.0])), min_size=1, max_size=60
)


def laid(rows, count=4):
    series, steps, values = (np.array(column) for column in zip(*rows, strict=True))
    return lay_out(series, steps, values.astype(float), count)


@settings(deadline=None, derandomize=True)
@given(ROWS)
def test_rows_land_where_a_dictionary_puts_them(rows):
    found = laid(rows)
    kept = {(series, step): value for series, step, value in rows if series >= 0 and not np.isnan(value)}
    repeated, empty, trailing = 0, set(), 0
    seen = {}
    for row, (series, step, value) in enumerate(rows):
        if series < 0:
            continue
        known = [other for where, other in kept if where == series]
        if np.isnan(value):
            trailing += bool(known) and step > max(known)
            if known and min(known) < step < max(known) and (series, step) not in kept:
                empty.add((series, step))
        elif (series, step) in seen:
            repeated += 1
            assert [row, seen[series, step]] in found.repeats.tolist()
        else:
            seen[series, step] = row
    assert (len(found.repeats), found.empty, found.trailing) == (repeated, len(empty), trailing)
    for series in range(4):
        steps = [step for where, step in kept if where == series]
        values = found.values[found.offsets[series] : found.offsets[series + 1]]
        assert len(values) == (max(steps) - min(steps) + 1 if steps else 0)
        for position, value in enumerate(values):
            np.testing.assert_equal(value, kept.get((series, found.first[series] + position), NAN))


@settings(deadline=None, derandomize=True)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_different_rows_does_not_matter(rows, random):
    once = list({(series, step): (series, step, value) for series, step, value in rows}.values())
    shuffled = random.sample(once, len(once))
    np.testing.assert_array_equal(laid(once).values, laid(shuffled).values)


def test_rows_that_differ_in_value_are_conflicts_and_the_last_stays():
    found = laid([(0, 1, 5.0), (0, 2, 6.0), (0, 1, 5.0), (0, 2, 7.0), (0, 2, 7.0)])
    assert found.values.tolist() == [5, 7]
    assert found.repeats.tolist() == [[2, 0], [3, 1], [4, 1]]
    assert found.conflicts.tolist() == [False, True, True]


def test_a_wrong_date_does_not_fill_the_memory():
    with pytest.raises(DataError, match="lie 5,000,000,001 steps, for 2 values"):
        laid([(0, 0, 1.0), (0, 5_000_000_000, 2.0)])
