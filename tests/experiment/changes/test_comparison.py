"""What counts once in totals of two forecasts: leaves, and rests of leaves where a version learned from some."""

from dataclasses import replace

import numpy as np

from forecast.data.hierarchy import Hierarchy
from forecast.data.panel import panel_from_series
from forecast.experiment.changes.comparison import _leaves


def test_rests_that_the_data_of_today_has_as_leaves_are_added_up_and_sums_are_not():
    tree = Hierarchy("a/b", ("total", "b"), np.array([0, 1, 1]), np.array([0, 2, 3, 4]), np.array([1, 2, 1, 2]))
    panel = panel_from_series([np.ones(9)] * 3, "D", series_ids=("total", "x/a", "x/b"))
    names = ("total", "x/a", "x/(rest of x)")
    assert _leaves(replace(panel, hierarchy=tree), names).tolist() == [False, True, True]
    assert _leaves(panel, names).all()
