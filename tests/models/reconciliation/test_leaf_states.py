from dataclasses import replace

import numpy as np
import pytest

from forecast.data.hierarchy import Hierarchy
from forecast.data.panel import panel_from_series
from forecast.models.classical.intermittent import IntermittentSettings, intermittent
from forecast.models.forecaster import Members
from forecast.models.reconciliation.leaf_states import LEAF_RULE, LeafStates
from forecast.models.reconciliation.methods import METHODS
from forecast.models.reconciliation.reconciler import CURRENT, ReconciliationSettings, learned

BELOW = np.array([3, 4, 5, 3, 4, 5, 3, 4, 5])
TREE = Hierarchy(
    "a/b", ("total", "a", "b"), np.array([0, 1, 1, 2, 2, 2]), np.array([0, 3, 5, 6, 7, 8, 9]), BELOW
)  # the second of level a has one leaf, the last
RULES = IntermittentSettings()
SAID = np.array([[70.0], [50.0], [22.0], [20.0], [30.0], [21.0]]) * np.ones((6, 2))


def panel(ended=(), sparse=()):
    leaves = [np.tile([9.0, 21.0, 30.0], 8), np.tile([35.0, 25.0, 31.0], 8), np.tile([20.0, 22.0, 19.0], 8)]
    for leaf in ended:
        leaves[leaf][-2:] = 0
    for leaf in sparse:
        leaves[leaf][np.arange(24) % 4 > 0] = 0
    values = TREE.added(np.concatenate([np.zeros((3, 24)), leaves]))
    own_last = np.full(6, 23) - 2 * np.isin(np.arange(6), [*(3 + leaf for leaf in ended), *([2] if 2 in ended else [])])
    return replace(panel_from_series(list(values), "D"), hierarchy=TREE, own_last=own_last if ended else None)


def members(anchors=True):
    return Members(("one", "two"), (0, 0), np.stack([SAID, 2 * SAID]), {"naive": SAID.copy()} if anchors else None)


def settled(of, settings=CURRENT, anchors=True):
    return LeafStates.of(of, settings).settled(members(anchors), of, RULES)


@pytest.mark.parametrize("anchors", [True, False])
def test_leaf_that_ended_is_nothing_and_the_sums_above_lose_what_it_would_have_been(anchors):
    made = settled(panel(ended=[0]), anchors=anchors)
    np.testing.assert_array_equal(made.values[0, :, 0], [50, 30, 22, 0, 30, 21])
    np.testing.assert_array_equal(made.values[1], 2 * made.values[0])
    if anchors:
        np.testing.assert_array_equal(made.anchors["naive"], made.values[0])


def test_sum_of_nothing_but_ended_leaves_is_nothing():
    made = settled(panel(ended=[2])).values[0, :, 0]
    np.testing.assert_array_equal(made, [49, 50, 0, 20, 30, 0])


def test_at_an_origin_before_it_ended_a_leaf_is_as_ever():
    before = panel(ended=[0]).until(np.full(6, 22))
    assert not before.has_ended.any()
    np.testing.assert_array_equal(settled(before).values, members().values)


@pytest.mark.parametrize("method", METHODS)
def test_ended_leaf_stays_nothing_whatever_makes_forecasts_add_up(method):
    of = panel(ended=[0])
    errors = np.random.default_rng(0).standard_normal((6, 6)) * 9
    made = learned(method, of.series_ids, errors).of(of)
    moved = made.coherent(settled(of).values[0], np.zeros(6))
    np.testing.assert_array_equal(moved[3], 0)
    assert TREE.incoherence(moved) < 1e-12
    assert (made.variances[[3]] == 0).all()
    assert (np.delete(made.variances, 3) > 0).all()


def test_leaf_that_sells_now_and_then_is_forecast_by_the_rule():
    of = panel(sparse=[1])
    made = settled(of)
    told = intermittent(LEAF_RULE, of.select([4]), 2, RULES)
    np.testing.assert_array_equal(made.values[:, 4], np.repeat(told, 2, axis=0))
    np.testing.assert_array_equal(made.anchors["naive"][4], told[0])
    others = [0, 1, 2, 3, 5]
    np.testing.assert_array_equal(made.values[:, others], members().values[:, others])


def test_what_is_no_network_is_what_its_name_says():
    np.testing.assert_array_equal(settled(panel(sparse=[1]), anchors=False).values, members().values)


def test_versions_that_do_not_say_forecast_leaves_as_they_did():
    of, old = panel(ended=[0], sparse=[1]), ReconciliationSettings(lift=0.05)
    assert settled(of, old).values is not None
    np.testing.assert_array_equal(settled(of, old).values, members().values)
    found = replace(learned("ols", of.series_ids, np.zeros((0, 6))), settings=old).of(of)
    assert (found.variances > 0).all()
