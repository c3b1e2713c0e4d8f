"""Which series of a hierarchy are told: a level, some by name, and of sums by a part of the id what is below them."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.hierarchy import Hierarchy
from forecast.data.panel import panel_from_series
from forecast.errors import UsageError
from forecast.experiment.decisions.asked import Asked
from forecast.experiment.stored_forecast import series_wanted

NAMES = ("total", "V", "Q", "V/a", "V/b", "Q/c")
TREE = Hierarchy(
    *("state/region", ("total", "state", "region"), np.array([0, 1, 1, 2, 2, 2])),
    *(np.array([0, 3, 5, 6, 7, 8, 9]), np.array([3, 4, 5, 3, 4, 5, 3, 4, 5])),
)
PANEL = replace(panel_from_series([np.arange(9.0) for _ in NAMES], "D", series_ids=NAMES), hierarchy=TREE)


@pytest.mark.parametrize(
    ("level", "series", "by", "told"),
    [
        (None, (), None, None),
        ("state", (), None, ["V", "Q"]),
        (None, ("V", "V/a"), None, ["V", "V/a"]),
        (None, ("V", "V/a"), "all", ["V/a", "V/b"]),  # no leaf counts twice
        ("state", ("V",), "region", ["V/a", "V/b"]),
        ("state", (), "state", ["V/a", "V/b", "Q/c"]),
    ],
)
def test_sums_by_a_part_of_the_id_are_of_the_leaves_below_what_is_chosen(level, series, by, told):
    asked = Asked.of(total_by=by, level=level)
    found = series_wanted(PANEL, replace(asked, series=series))
    assert (found and [NAMES[i] for i in found]) == told


def test_a_level_without_any_of_the_series_is_refused():
    with pytest.raises(UsageError, match="--level region has none of the series that --series names"):
        series_wanted(PANEL, Asked(level="region", series=("V",)))
