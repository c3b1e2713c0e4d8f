from dataclasses import replace

import numpy as np
import pytest

from forecast.data.hierarchy import Hierarchy
from forecast.data.panel import panel_from_series
from forecast.models.forecaster import Members
from forecast.models.reconciliation.reconciler import CURRENT, ReconciliationSettings, learned, lifts

BELOW = np.array([2, 3, 4, 2, 3, 4, 2, 3, 4])
TREE = Hierarchy("a/b", ("total", "a", "b"), np.array([0, 1, 2, 2, 2]), np.array([0, 3, 6, 7, 8, 9]), BELOW)
VALUES = np.array([[60.0], [59.0], [18.0], [19.0], [20.0]]) * np.ones((1, 2))


def panel(least=1.0):
    series = [np.full(12, 60.0), np.full(12, 60.0), *(np.append(np.full(11, 20.0), least) for _ in range(3))]
    return replace(panel_from_series(series, "D", series_ids=["t", "x", "u", "v", "w"]), hierarchy=TREE)


def fitted(method="ols", settings=CURRENT, of=None):
    return replace(learned(method, of.series_ids, np.zeros((0, 5))), settings=settings).of(of)


def test_each_level_comes_to_the_total_of_its_member():
    members = np.stack([VALUES, VALUES * np.array([[0.99], [1], [1], [1], [1]])])
    factors = lifts(TREE, members, 0.1)
    made = members * factors[..., None]
    for level in range(3):
        np.testing.assert_allclose(made[:, TREE.level == level].sum(axis=(1, 2)), members[:, 0].sum(axis=1))
    np.testing.assert_allclose(factors[0], [1, 60 / 59, 60 / 57, 60 / 57, 60 / 57])


@pytest.mark.parametrize("share", [0.5, 1.5])
def test_no_level_is_moved_further_than_allowed(share):
    far = VALUES * np.array([[share], [1], [1], [1], [1]])
    factors = lifts(TREE, far[None], 0.05)[0]
    np.testing.assert_allclose(np.abs(np.log(factors)), [0, 0.05, 0.05, 0.05, 0.05])


@pytest.mark.parametrize("total", [0.0, -3.0])
def test_total_of_nothing_moves_no_level(total):
    nothing = np.vstack([np.full((1, 2), total), VALUES[1:]])
    np.testing.assert_array_equal(lifts(TREE, nothing[None], 0.05), 1)


def test_level_that_lacks_leaves_stays():
    starts, below = np.array([0, 3, 5, 6, 7, 8]), np.array([2, 3, 4, 2, 3, 2, 3, 4])
    part = replace(TREE, starts=starts, below=below)
    assert lifts(part, VALUES[None], 0.05)[0, 1] == 1
    assert lifts(part, VALUES[None], 0.05)[0, 2] > 1


@pytest.mark.parametrize(
    ("method", "settings", "least", "anchors"),
    [
        ("bottom-up", CURRENT, 1.0, True),
        ("ols", ReconciliationSettings(), 1.0, True),
        ("ols", CURRENT, -1.0, True),
        ("ols", CURRENT, 1.0, False),
    ],
    ids=["sums of leaves", "version of an earlier program", "values below zero", "no network"],
)
def test_nothing_is_lifted_that_is_not_to_be(method, settings, least, anchors):
    members = Members(("one",), (0,), VALUES[None], {"naive": VALUES} if anchors else None)
    assert fitted(method, settings, panel(least)).lifted(members) is members
    lifted = fitted(of=panel()).lifted(replace(members, anchors={"naive": VALUES}))
    np.testing.assert_allclose(lifted.values.sum(axis=2)[0, :2], 120)
