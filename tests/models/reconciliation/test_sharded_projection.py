"""A hierarchy whose leaves lie in several parts is reconciled as one whose leaves lie together."""

import numpy as np
import pytest

from forecast.data.hierarchy import Hierarchy
from forecast.models.reconciliation import sharded_projection
from forecast.models.reconciliation.errors import ErrorCovariance, diagonal, error_sums
from forecast.models.reconciliation.methods import METHODS
from forecast.models.reconciliation.projection import projection
from forecast.models.reconciliation.sharded_projection import LeafPart, leaf_moves
from forecast.models.reconciliation.sharded_reconciler import counted_tree

SUMS, LEAVES, STEPS, VECTORS = 8, 30, 5, 7


def tree():
    """A total, three groups and four others across them, of thirty leaves."""
    first, second = np.arange(LEAVES) % 3, np.arange(LEAVES) // 2 % 4
    nodes = [np.arange(LEAVES), *(np.flatnonzero(first == i) for i in range(3))]
    nodes += [np.flatnonzero(second == i) for i in range(4)]
    nodes += [np.array([leaf]) for leaf in range(LEAVES)]
    starts = np.concatenate([[0], np.cumsum([len(node) for node in nodes])])
    level = np.repeat([0, 1, 2, 3], [1, 3, 4, LEAVES])
    return Hierarchy("a * b", ("total", "a", "b", "a * b"), level, starts, np.concatenate(nodes) + SUMS)


TREE = tree()


def problem(seed):
    """Forecasts of which some would be negative, errors that have much in common, and leaves that may be negative."""
    random = np.random.default_rng(seed)
    values = random.gamma(0.4, 8, (SUMS + LEAVES, STEPS))
    values[:SUMS] = 0.55 * TREE.added(values)[:SUMS] + random.normal(0, 3, (SUMS, STEPS))
    errors = random.normal(size=(VECTORS, SUMS + LEAVES)) * random.uniform(0.5, 6, SUMS + LEAVES)
    errors += random.normal(size=(VECTORS, 1)) * np.sqrt(TREE.sizes)
    errors[:, SUMS + 4] = 0.0
    return values, errors, np.where(random.random(SUMS + LEAVES) < 0.9, 0.0, -np.inf)


def pieces(count, seed=3):
    """The leaves in so many parts, of unlike sizes and in no order."""
    order = np.random.default_rng(seed).permutation(LEAVES)
    cuts = np.sort(np.random.default_rng(seed).choice(np.arange(1, LEAVES), count - 1, replace=False))
    return np.split(order, cuts)


def sharded(name, values, errors, lowest, count):
    """The same projection, of which each step sees a part of the leaves only."""
    split = pieces(count)
    sums = error_sums(errors[:, :SUMS])
    for own in split:
        sums = sums + error_sums(errors[:, SUMS + own])
    of = METHODS[name].covariance
    parts = []
    for own in split:
        above = [(node, place) for place, leaf in enumerate(own) for node in range(SUMS) if leaf + SUMS in below(node)]
        at = np.array(above)
        covariance = of(counted_tree(np.ones(len(own), np.int64)), errors[:, SUMS + own], sums)
        parts.append(LeafPart(values[SUMS + own], covariance, lowest[SUMS + own] >= 0, at[:, 0], at[:, 1]))
    upper = of(counted_tree(TREE.sizes[:SUMS]), errors[:, :SUMS], sums)
    moves, made = leaf_moves(values[:SUMS], upper, lambda: iter(parts))
    whole = np.empty_like(values)
    whole[:SUMS] = made
    for own, part in zip(split, parts, strict=True):
        whole[SUMS + own] = moves.leaves(part, SUMS)
    return whole, moves


def below(node):
    return set(TREE.below[TREE.starts[node] : TREE.starts[node + 1]].tolist())


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("name", METHODS)
def test_parts_are_reconciled_as_the_whole_is_and_no_leaf_below_zero(name, count):
    values, errors, lowest = problem(5)
    whole = projection(TREE, METHODS[name].covariance(TREE, errors)).nonnegative(values, lowest)
    made, moves = sharded(name, values, errors, lowest, count)
    np.testing.assert_allclose(made, whole, rtol=1e-9, atol=1e-9)
    assert TREE.incoherence(made) < 1e-12
    assert made[SUMS:][lowest[SUMS:] == 0].min() >= 0
    assert name == "bottom-up" or len(moves.rounds) > 2, "no leaf had to be held, so nothing was shown"


@pytest.mark.parametrize("name", ["wls-variance", "mint-shrink"])
def test_many_sums_are_solved_as_a_sparse_matrix(name, monkeypatch):
    values, errors, lowest = problem(6)
    dense, _ = sharded(name, values, errors, lowest, 3)
    monkeypatch.setattr(sharded_projection, "DENSE_SUMS", 0)
    np.testing.assert_allclose(sharded(name, values, errors, lowest, 3)[0], dense, rtol=1e-9, atol=1e-9)


def test_shrinkage_of_parts_added_up_is_that_of_all_series():
    _, errors, _ = problem(7)
    added = error_sums(errors[:, :11]) + error_sums(errors[:, 11:])
    assert added.shrinkage == pytest.approx(error_sums(errors).shrinkage, rel=1e-12)
    assert 0.01 < added.shrinkage < 0.99
    assert diagonal(np.array([0.0, 1.0]), added.largest).own[0] == pytest.approx(1e-12 * added.largest)
    assert isinstance(diagonal(np.ones(2)), ErrorCovariance)
