"""Sums that stand in a shard are held against what the leaves of all shards come to."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.frequency import parse_frequency
from forecast.data.hierarchy import parse_hierarchy
from forecast.data.panel import IdParts, panel_from_series
from forecast.data.shards.parent_rows import check_parent_rows, parent_rows
from forecast.data.shards.partial_sums import PartialSums, Runs
from forecast.errors import DataError

SPEC = parse_hierarchy("state * item")
IDS = IdParts(("state", "item"), (("A", "x"), ("A", "all"), ("Total", "x"), ("B", "all")))
LEVELS = [set(columns) for columns, _ in SPEC.levels()]
STATE = LEVELS.index({"state"})
"""The level of states among those that the spec has."""


def shard(values, first=3):
    """A leaf, the sum of a state, that of an item, and that of a state that has no leaf."""
    panel = panel_from_series([[1, 2], values, [9], [4]], "D", series_ids=["A/x", "A/all", "Total/x", "B/all"])
    return parent_rows(replace(panel, first=np.array([0, first, 0, 0])), IDS, SPEC)


def sums(counts):
    """What the leaves of one state come to on days 3 to 5."""
    steps = Runs(np.array([3]), np.array([0, 3]))
    return PartialSums(np.array([STATE]), ("A",), np.array([7]), np.array([5]), steps, np.array(counts))


def checked(rows, counts):
    only = {**rows, "parents/series": rows["parents/series"][:1]}
    check_parent_rows("part-00001.parquet", only, sums(counts), parse_frequency("D"))


def test_only_series_with_a_word_for_a_sum_are_taken_and_each_belongs_to_a_level():
    rows = shard([5, 6, 7])
    assert rows["parents/series"].tolist() == ["A/all", "Total/x", "B/all"]
    assert rows["parents/nodes"].tolist() == ["A", "x", "B"]
    assert [LEVELS[level] for level in rows["parents/levels"]] == [{"state"}, {"item"}, {"state"}]


def test_sum_that_its_leaves_come_to_is_right_where_all_of_them_are_known():
    checked(shard([5, 6, 7]), [[5, 6, 7.004], [2, 2, 2], [2, 2, 2]])
    checked(shard([5, 60, np.nan]), [[5, 6, 7], [2, 2, 2], [2, 1, 2]])
    checked(shard([0, 0, 5, 6], first=1), [[5, 6, 7], [2, 2, 2], [2, 2, 2]])


def test_sum_that_is_none_is_named_with_its_first_day():
    with pytest.raises(
        DataError, match=r"'A/all' is 60 on 1970-01-05, and 7 series below it .* add up to 6, and so are 1 more"
    ):
        checked(shard([5, 60, 70]), [[5, 6, 7], [2, 2, 2], [2, 2, 2]])
    with pytest.raises(DataError, match="'A/all' is 4 on 1970-01-03"):
        checked(shard([4, 5], first=2), [[5, 6, 7], [2, 2, 2], [2, 2, 2]])


def test_sum_of_nothing_is_named():
    rows = shard([5, 6, 7])
    with pytest.raises(DataError, match="'Total/x' looks like a sum, and no shard has anything"):
        check_parent_rows("x", rows, sums([[5, 6, 7], [2, 2, 2], [2, 2, 2]]), parse_frequency("D"))
