"""A version's reconciliation moves a panel in parts as it moves the whole, new and vanished leaves included."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.hierarchy import Hierarchy
from forecast.data.panel import panel_from_series, places_of
from forecast.models.reconciliation.errors import diagonal
from forecast.models.reconciliation.methods import METHODS
from forecast.models.reconciliation.projection import projection
from forecast.models.reconciliation.reconciler import learned, mean_sizes
from forecast.models.reconciliation.sharded_reconciler import LeafFacts, ShardedReconciler, SumFacts

SUMS, LEAVES, STEPS = 3, 11, 4
RANDOM = np.random.default_rng(11)
GROUP = np.arange(LEAVES) % 2


def panel():
    """Two groups of eleven leaves, of which one never sold anything."""
    nodes = [np.arange(LEAVES), np.flatnonzero(GROUP == 0), np.flatnonzero(GROUP == 1)]
    leaves = RANDOM.gamma(0.7, 6, (LEAVES, 30)) * RANDOM.uniform(0.2, 9, LEAVES)[:, None]
    leaves[6] = 0.0
    below = [*nodes, *(np.array([leaf]) for leaf in range(LEAVES))]
    starts = np.concatenate([[0], np.cumsum([len(node) for node in below])])
    tree = Hierarchy("a/b", ("total", "a", "b"), np.repeat([0, 1, 2], [1, 2, 11]), starts, np.concatenate(below) + SUMS)
    names = ("total", "a0", "a1", *(f"b{leaf}" for leaf in range(LEAVES)))
    made = panel_from_series([*(leaves[node].sum(axis=0) for node in nodes), *leaves], "D", series_ids=names)
    last = np.where(np.array(names) == "b4", 20, made.last)
    return replace(made, hierarchy=tree, own_last=last)


PANEL = panel()
TREE = PANEL.hierarchy


def reconciliation(method):
    """Of the errors of a backtest that did not know three of the leaves, and knew one that is no more."""
    names = (*(name for name in PANEL.series_ids if name not in {"b2", "b3", "b6"}), "gone")
    errors = RANDOM.normal(size=(6, len(names))) * RANDOM.uniform(1, 5, len(names)) + RANDOM.normal(size=(6, 1))
    return learned(method, names, errors)


def facts(own, values, chosen, kind, **more):
    places = places_of([PANEL.series_ids[i] for i in chosen], own.series_ids)
    return kind(places, mean_sizes(PANEL, own.settings.recent)[chosen], values[chosen], **more)


def sharded(own, values, split):
    """A reconciler that sees the leaves part by part."""
    parts = []
    for some in split:
        above, below = [], []
        for place, leaf in enumerate(some.tolist()):
            above += [0, 1 + GROUP[leaf]]
            below += [place, place]
        more = {
            "bounded": np.ones(len(some), bool),
            "ended": own.ended(PANEL)[some + SUMS],
            "above": np.array(above),
            "below": np.array(below),
        }
        parts.append(facts(own, values, some + SUMS, LeafFacts, **more))
    sums = facts(own, values, np.arange(SUMS), SumFacts, level=TREE.level[:SUMS], leaves=TREE.sizes[:SUMS])
    return ShardedReconciler(own, sums, lambda: iter(parts)), parts


@pytest.mark.parametrize("method", METHODS)
def test_panel_in_parts_is_moved_as_the_whole_one(method):
    own = reconciliation(method)
    whole = own.of(PANEL)
    values = RANDOM.gamma(0.5, 8, (SUMS + LEAVES, STEPS))
    wanted = whole.coherent(values, np.zeros(len(TREE)))
    split = np.split(np.arange(LEAVES), [2, 7])
    made, parts = sharded(own, values, split)
    moves, sums = made.moves()
    np.testing.assert_allclose(sums, wanted[:SUMS], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(made.variances, whole.variances[:SUMS], rtol=1e-12)
    for some, part in zip(split, parts, strict=True):
        np.testing.assert_allclose(made.leaves(moves, part), wanted[some + SUMS], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(made.variances_of(part), whole.variances[some + SUMS], rtol=1e-12)


def test_what_paths_of_sums_are_moved_by_is_that_of_the_whole():
    own = reconciliation("wls-variance")
    values = np.ones((SUMS + LEAVES, STEPS))
    made, _ = sharded(own, values, np.split(np.arange(LEAVES), [5]))
    firm = own.of(PANEL).variances * np.where(TREE.is_leaf, 1.0, own.settings.firm)
    wanted = projection(TREE, diagonal(firm)).solve(np.eye(SUMS))
    np.testing.assert_allclose(made.path_solver()(np.eye(SUMS)), wanted, rtol=1e-9)
