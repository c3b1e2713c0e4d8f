import numpy as np
import pytest

from forecast.data.hierarchy import Hierarchy
from forecast.evaluation.distribution.coherent_paths import LeafPaths, NodePaths, path_quantiles
from forecast.evaluation.distribution.counts import CountShape
from forecast.evaluation.distribution.shape import GRID
from forecast.models.reconciliation.reconciler import CURRENT

BELOW = np.array([2, 3, 4, 2, 3, 2, 3, 4])
TREE = Hierarchy("a/b", ("total", "a", "b"), np.array([0, 1, 2, 2, 2]), np.array([0, 3, 5, 6, 7, 8]), BELOW)
VARIANCES = np.array([9.0, 4.0, 1.0, 1.0, 1.0])


def nodes(centre=20.0, wide=3.0):
    """Leaves around a centre, sums with a distribution of their own, so many times as wide as that of a leaf."""

    def leaves(count):
        for leaf in range(3):
            yield LeafPaths(centre + np.random.default_rng(leaf).standard_normal((count, 2)))

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


COUNTS = CountShape(1.5, 0.0, 1.0, np.geomspace(0.3, 2.5, len(GRID)), is_whole=True)


def rare_nodes(rate=0.6, wide=2.0):
    """Leaves of counts, and sums around what these come to."""

    def at(scores):
        return COUNTS.at(np.full(2, rate), np.array([1.5]), scores)

    def leaves(count):
        for leaf in range(3):
            scores = np.random.default_rng(leaf).standard_normal((count, 2))
            yield LeafPaths(at(scores), scores, at)

    def sums(scores):
        for size, own in zip((3, 2), scores, strict=True):
            yield size * rate + wide * own

    return NodePaths(TREE, VARIANCES, CURRENT, np.zeros(5), leaves, sums)


def test_leaves_of_counts_stay_counts_that_add_up():
    made = np.stack(list(rare_nodes().paths(500, range(5))))
    np.testing.assert_array_equal(TREE.added(made), made)
    np.testing.assert_array_equal(made, np.round(made))
    assert made.min() == 0


def test_sums_of_counts_are_drawn_to_their_own_distribution():
    spreads = [np.std(next(rare_nodes(wide=wide).paths(2000, [0]))) for wide in (0.5, 3.0)]
    assert spreads[0] < 0.75 * spreads[1]


@pytest.mark.parametrize("by", [-0.1, 0.1])
def test_counts_are_moved_as_far_as_asked_on_average(by):
    scores = np.random.default_rng(0).standard_normal((20_000, 2))

    def at(own):
        return COUNTS.at(np.full(2, 2.0), np.array([1.5]), own)

    drawn = LeafPaths(at(scores), scores, at)
    assert (drawn.moved(np.full((20_000, 2), by)) - drawn.values).mean() == pytest.approx(by, rel=0.25)


@pytest.mark.parametrize("is_whole", [True, False])
def test_counts_of_sizes_far_apart_are_held_to_a_few_times_what_is_asked(is_whole):
    lumps = CountShape(150.0, -1.0, 0.3, np.geomspace(0.01, 20.0, len(GRID)), is_whole=is_whole)
    scores = np.random.default_rng(0).standard_normal((5_000, 1))

    def at(own):
        return lumps.at(np.full(1, 40.0), np.array([150.0]), own)

    drawn, by = LeafPaths(at(scores), scores, at), np.full((5_000, 1), 20.0)
    free, kept = (drawn.moved(by, reach) - drawn.values for reach in (0.0, 3.0))
    assert free.max() > 10 * 3 * 20
    assert np.abs(kept).max() == pytest.approx(3 * 20)
    assert not is_whole or (kept == np.round(kept)).all()


def test_a_piece_may_come_or_go_where_less_than_one_is_asked():
    scores = np.random.default_rng(0).standard_normal((20_000, 2))

    def at(own):
        return COUNTS.at(np.full(2, 0.6), np.array([1.5]), own)

    drawn = LeafPaths(at(scores), scores, at)
    moved = drawn.moved(np.full((20_000, 2), 0.05), 6.0) - drawn.values
    assert set(np.unique(moved)) == {0.0, 1.0}
    assert moved.mean() == pytest.approx(0.05, rel=0.3)


def test_quantiles_of_counts_are_whole_and_of_other_paths_lie_between_them():
    paths = np.array([[0.0, 0.5], [0.0, 1.0], [1.0, 2.0], [3.0, 4.0]])
    both = path_quantiles(paths, (0.5, 0.6), are_counts=True)
    np.testing.assert_array_equal(both[:, 0], [0.0, 1.0])
    np.testing.assert_array_equal(both[:, 1], np.quantile(paths[:, 1], (0.5, 0.6)))
    np.testing.assert_array_equal(path_quantiles(paths, (0.6,), are_counts=False), np.quantile(paths, (0.6,), axis=0))
