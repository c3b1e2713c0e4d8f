import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from forecast.models.trees import Forest

INPUTS = 5


def rows(count, seed):
    """Returns inputs, a tenth of them missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, INPUTS))
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


@pytest.fixture(scope="module")
def grown():
    inputs = rows(800, seed=0)
    targets = 2 * np.nan_to_num(inputs[:, 0], nan=3) + np.sin(np.nan_to_num(inputs[:, 1]))
    with threadpool_limits(1, user_api="openmp"):
        return HistGradientBoostingRegressor(max_iter=20, early_stopping=False, random_state=0).fit(inputs, targets)


def test_forest_forecasts_to_the_last_bit_what_the_library_does(grown):
    inputs = rows(500, seed=1)
    with threadpool_limits(1, user_api="openmp"):
        expected = grown.predict(inputs)
    np.testing.assert_array_equal(Forest.of(grown).predict(inputs), expected)


def test_threshold_itself_goes_left_and_what_is_missing_goes_its_own_way():
    leaf, inner = True, False
    forest = Forest(
        start=10.0,
        first=np.array([0]),
        feature=np.array([0, 0, 0]),
        threshold=np.array([1.5, 0.0, 0.0]),
        missing_left=np.array([False, False, False]),
        left=np.array([1, 0, 0]),
        right=np.array([2, 0, 0]),
        is_leaf=np.array([inner, leaf, leaf]),
        value=np.array([0.0, -1.0, 1.0]),
    )
    np.testing.assert_array_equal(forest.predict(np.array([[1.5], [1.6], [np.nan]])), [9, 11, 11])


def test_forest_is_rebuilt_from_its_arrays(grown):
    forest, inputs = Forest.of(grown), rows(50, seed=2)
    again = Forest.from_arrays(forest.to_arrays(), INPUTS)
    np.testing.assert_array_equal(again.predict(inputs), forest.predict(inputs))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("left", np.zeros_like),  # a way without an end
        ("right", lambda a: a + 10**6),
        ("feature", lambda a: a + INPUTS),
        ("value", lambda a: np.full_like(a, np.nan)),
        ("threshold", lambda a: a[:-1]),
        ("first", lambda a: a - 1),
        ("is_leaf", lambda a: a.astype(np.int64)),
        ("start", lambda a: a * np.inf),
    ],
)
def test_arrays_that_make_no_trees_are_refused(grown, name, change):
    arrays = Forest.of(grown).to_arrays()
    with pytest.raises(ValueError, match="trees"):
        Forest.from_arrays(arrays | {name: change(arrays[name])}, INPUTS)
    del arrays[name]
    with pytest.raises(ValueError, match="lack an array"):
        Forest.from_arrays(arrays, INPUTS)
