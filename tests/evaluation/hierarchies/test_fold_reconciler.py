from dataclasses import replace

import numpy as np
import pytest

from forecast.data.hierarchy import REST, Hierarchy
from forecast.data.panel import panel_from_series
from forecast.evaluation.hierarchies.fold_reconciler import BASE, FoldReconciler, errors_of, level_rmse
from forecast.evaluation.hierarchies.level_scores import summary_of_levels
from forecast.models.forecaster import Members
from forecast.models.reconciliation.methods import METHODS, USUAL

BELOW = np.array([1, 2, 1, 2])
TREE = Hierarchy("a", ("total", "a"), np.array([0, 1, 1]), np.array([0, 2, 3, 4]), BELOW)
PANEL = replace(
    panel_from_series([np.full(20, 30.0), np.full(20, 10.0), np.full(20, 20.0)], "D", series_ids="tab"), hierarchy=TREE
)
TRUTH = np.array([[30.0] * 4, [10.0] * 4, [20.0] * 4])


def begin(state, number, base, truth, known, anchors=None):
    """What moves the forecasts of a fold of one member, which is a network where it has an anchor."""
    members = Members(("one",), (0,), base[None], anchors)
    return state.begin(number, PANEL, members, lambda each: each.values[0], truth, known, np.zeros(3))


def folds(total_off, leaves_off, count=3, last=TRUTH):
    """A reconciler after so many folds whose forecasts are off by as much, and what was known of each."""
    random = np.random.default_rng(1)
    state, known = FoldReconciler(TREE, PANEL.series_ids), []
    for number in range(count):
        off = np.array([total_off, leaves_off, leaves_off])[:, None] * random.normal(1, 0.1, (3, 4))
        truth = last if number == count - 1 else TRUTH
        begin(state, number, TRUTH + off, truth, known)
        known.append((TRUTH + off, truth))
    return state, known


def test_total_that_is_right_is_heeded_and_one_that_is_wrong_is_not():
    assert folds(total_off=8.0, leaves_off=0.1)[0].choice() in {"bottom-up", "wls-variance", "mint-shrink"}
    state, _ = folds(total_off=0.1, leaves_off=4.0)
    assert state.choice() != "bottom-up"
    assert state.losses()["bottom-up"] > 10


def test_before_a_fold_is_scored_the_usual_method_is_taken():
    state = FoldReconciler(TREE, PANEL.series_ids)
    assert state.choice() == USUAL
    begin(state, 0, TRUTH, TRUTH, [])
    assert state.choice() == USUAL
    assert set(state.made[0]) == {BASE, *(name for name, method in METHODS.items() if not method.learns)}


def test_sums_of_a_sample_of_leaves_with_their_rests_are_not_tried():
    tree = replace(TREE, levels=("total", REST, "a"), level=np.arange(3))
    state = FoldReconciler(tree, PANEL.series_ids)
    begin(state, 0, TRUTH, TRUTH, [])
    begin(state, 1, TRUTH, TRUTH, [(TRUTH, TRUTH)])
    assert "bottom-up" not in state.made[0].keys() | state.losses().keys()
    assert state.result([(TRUTH, TRUTH)]).losses.keys() == METHODS.keys() - {"bottom-up"}


def test_truths_of_a_fold_do_not_reach_its_forecasts():
    made = [folds(2.0, 1.0, last=truth)[0].made[-1] for truth in (TRUTH, TRUTH * 1000)]
    for name in made[0]:
        np.testing.assert_array_equal(made[0][name], made[1][name])


def test_summary_has_each_level_by_each_method():
    state, known = folds(2.0, 1.0)
    found = state.result(known)
    truths, ones = np.stack([TRUTH, TRUTH]), np.ones((2, 3))
    told = summary_of_levels("gru", found, truths, truths, (ones, ones))
    issued = [row for row in told.levels if row.method == "issued"]
    assert [(row.level, row.series, row.rmse) for row in issued] == [("total", 1, 0.0), ("a", 2, 0.0)]
    assert told.best == pytest.approx(found.losses[told.method])


def test_networks_are_lifted_before_they_add_up_but_in_sums_of_leaves_and_by_themselves():
    low = TRUTH * np.array([[1.0], [0.98], [0.98]])
    state = FoldReconciler(TREE, PANEL.series_ids)
    begin(state, 0, low, TRUTH, [], {"naive": TRUTH})
    made = state.made[0]
    np.testing.assert_array_equal(made[BASE], low)
    np.testing.assert_allclose(made["bottom-up"], TRUTH * 0.98)
    np.testing.assert_allclose(made["ols"], TRUTH)
    begin(state, 1, low, TRUTH, [])
    assert state.made[1]["ols"][0, 0] < 30


def test_errors_are_vectors_of_all_series():
    unknown = TRUTH.copy()
    unknown[:, 2:] = np.nan
    np.testing.assert_array_equal(errors_of([(TRUTH - 1, unknown)], 3), np.ones((2, 3)))
    assert errors_of([], 3).shape == (0, 3)


def test_rests_have_no_part_in_the_errors_that_levels_are_judged_by():
    tree = Hierarchy("a", ("total", REST, "a"), np.array([0, 1, 2]), TREE.starts, BELOW)
    off = np.array([1.0, 100.0, 3.0])[:, None]
    found = level_rmse(tree, TRUTH, TRUTH + off)
    np.testing.assert_array_equal(found, [1.0, np.nan, 3.0])
    np.testing.assert_allclose(level_rmse(TREE, TRUTH, TRUTH + off), [1.0, np.sqrt((100**2 + 3**2) / 2)])
