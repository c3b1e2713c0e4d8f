"""What a shop was off by is told of the shop alone, not of each sum that it is in."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.hierarchy import Hierarchy
from forecast.data.panel import panel_from_series
from forecast.evaluation.anomalies.episodes import Episode, without_explained_sums

STEPS, TOTAL, V, A, B, C = 40, 0, 1, 2, 3, 4
TREE = Hierarchy(
    "state/shop", ("total", "state", "shop"), np.array([0, 1, 2, 2, 2]), *map(np.array, (
        [0, 3, 5, 6, 7, 8], [A, B, C, A, B, A, B, C]
    ))
)  # fmt: skip
PANEL = replace(panel_from_series([np.arange(float(STEPS)) for _ in range(5)], "D"), hierarchy=TREE)


def off(series, step, size=80.0, kind="spike", steps=1):
    onset = int(PANEL.offsets[series]) + step
    return Episode(series, kind, onset, onset + steps - 1, onset, 0.0, 0.0, 0.0, 0.0, size, 1e-6)


def test_sums_are_left_out_that_a_shop_explains():
    shop, late = off(A, 20), off(TOTAL, 30)
    assert without_explained_sums(PANEL, [off(TOTAL, 20, 90.0), late, off(V, 20, 85.0), shop]) == (late, shop)


@pytest.mark.parametrize(
    "other",
    [off(A, 20, -80.0), off(A, 20, 10.0), off(A, 10), off(C, 20)],
    ids=["the other way", "by too little", "at another time", "in another sum"],
)
def test_a_sum_is_told_that_no_shop_explains(other):
    state = off(V, 20)
    assert without_explained_sums(PANEL, [state, other]) == (state, other)


def test_several_shops_explain_together_what_none_does_alone():
    shops = (off(A, 20, 30.0), off(B, 21, 30.0))
    assert without_explained_sums(PANEL, [off(V, 20, 80.0, steps=2), *shops]) == shops


def test_a_burst_of_a_sum_is_that_of_the_series_below():
    burst = off(B, 18, 2.0, "variance", 8)
    assert without_explained_sums(PANEL, [off(TOTAL, 20, 3.0, "variance", 4), burst]) == (burst,)


def test_without_a_hierarchy_all_are_told():
    both = (off(TOTAL, 20), off(A, 20))
    assert without_explained_sums(replace(PANEL, hierarchy=None), both) == both
