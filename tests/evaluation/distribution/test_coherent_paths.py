import numpy as np
import pytest

from forecast.data.hierarchy import Hierarchy
from forecast.evaluation.distribution.coherent_paths import NodePaths
from forecast.models.reconciliation.reconciler import CURRENT

BELOW = np.array([2, 3, 4, 2, 3, 2, 3, 4])
TREE = Hierarchy("a/b", ("total", "a", "b"), np.array([0, 1, 2, 2, 2]), np.array([0, 3, 5, 6, 7, 8]), BELOW)
VARIANCES = np.array([9.0, 4.0, 1.0, 1.0, 1.0])


def nodes(centre=20.0, wide=3.0):
    """Leaves around a centre, sums with a distribution of their own, so many times as wide as that of a leaf."""

    def leaves(count):
        for leaf in range(3):
            yield centre + np.random.default_rng(leaf).standard_normal((count, 2))

    def sums(scores):
        for size, own in zip((3, 2), scores, strict=True):
            yield size * centre + wide * own

    return NodePaths(TREE, VARIANCES, CURRENT, np.zeros(5), leaves, sums)


def test_each_path_adds_up_and_none_is_below_its_lowest():
    made = np.stack(list(nodes(centre=0.5).paths(200, range(5))))
    np.testing.assert_allclose(TREE.added(made), made, rtol=1e-12)
    assert made.min() == 0


@pytest.mark.parametrize("which", [[4], [0, 4], [3, 2], [1]])
def test_paths_of_some_series_are_those_among_all(which):
    every = list(nodes().paths(50, range(5)))
    for place, own in zip(which, nodes().paths(50, which), strict=True):
        np.testing.assert_array_equal(own, every[place])


@pytest.mark.parametrize("wide", [1.0, 4.0])
def test_a_sum_is_as_uncertain_as_its_own_errors_were(wide):
    total = next(nodes(wide=wide).paths(2000, [0]))
    assert total.std() == pytest.approx(wide, rel=0.1)
    assert total.mean() == pytest.approx(60, abs=0.2)
