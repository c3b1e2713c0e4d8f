import numpy as np
import pytest

from forecast.data.hierarchy import HierarchySpec, parse_hierarchy, seen_hierarchy
from forecast.errors import UsageError


@pytest.mark.parametrize(
    ("text", "chains"),
    [
        ("state/region * purpose", (("state", "region"), ("purpose",))),
        ("state/region*purpose", (("state", "region"), ("purpose",))),
        (" item ", (("item",),)),
        ("total", ()),
        ("total/state", (("state",),)),
        ('"a/b" * "x * y"', (("a/b",), ("x * y",))),
    ],
)
def test_levels_are_nested_by_slashes_and_crossed_by_stars(text, chains):
    spec = parse_hierarchy(text)
    assert spec.chains == chains
    assert parse_hierarchy(spec.text) == spec


@pytest.mark.parametrize("text", ["", "/", "state//region", "state *", "* state", "state/", '""'])
def test_level_without_a_name_is_refused(text):
    with pytest.raises(UsageError, match="level without a name"):
        parse_hierarchy(text)


def test_column_that_stands_twice_is_refused():
    with pytest.raises(UsageError, match="names State twice"):
        parse_hierarchy("State/region * state")


def test_levels_are_all_prefixes_of_all_chains():
    names = [name for _, name in parse_hierarchy("state/region * purpose").levels()]
    assert sorted(names) == ["purpose", "region", "region * purpose", "state", "state * purpose", "total"]
    assert names[0] == "total"


PARTS = [("V", "M", "h"), ("V", "M", "b"), ("V", "G", "h"), ("Q", "B", "h"), ("Q", "B", "b")]


def test_hierarchy_is_seen_in_ids():
    assert seen_hierarchy(("state", "region", "purpose"), PARTS) == HierarchySpec((("state", "region"), ("purpose",)))
    assert seen_hierarchy(("region", "state"), [(r, s) for s, r, _ in PARTS]) == HierarchySpec((("state", "region"),))


def test_column_that_names_another_once_more_is_no_level():
    doubled = [(s, s.lower(), p) for s, _, p in PARTS]
    assert seen_hierarchy(("state", "code", "purpose"), doubled).columns == ("state", "purpose")


@pytest.mark.parametrize(("names", "parts"), [(("shop",), [("a",), ("b",)]), ((), []), (("a", "b"), [("x", "y")])])
def test_one_column_or_one_series_is_no_hierarchy(names, parts):
    assert seen_hierarchy(names, parts) is None


def test_sums_add_up_what_is_below_them(tree_of_five):
    values = np.arange(24.0).reshape(8, 3)
    made = tree_of_five.added(values)
    np.testing.assert_array_equal(made[0], values[3:].sum(axis=0))
    np.testing.assert_array_equal(made[1], values[[3, 4, 5]].sum(axis=0))
    np.testing.assert_array_equal(made[3:], values[3:])
    assert tree_of_five.incoherence(made) == 0
    assert tree_of_five.incoherence(values) > 0.1


@pytest.fixture
def tree_of_five():
    from forecast.data.hierarchy import Hierarchy

    below = np.array([3, 4, 5, 6, 7, 3, 4, 5, 6, 7, 3, 4, 5, 6, 7])
    starts = np.array([0, 5, 8, 10, 11, 12, 13, 14, 15])
    return Hierarchy(
        "state * purpose", ("total", "state", "state * purpose"), np.array([0, 1, 1, 2, 2, 2, 2, 2]), starts, below
    )


@pytest.mark.parametrize("asked", ["state * purpose", "purpose*state", "region/state * Purpose", "bottom", "leaves"])
def test_a_level_is_meant_whatever_the_order_of_its_columns(tree_of_five, asked):
    assert tree_of_five.level_named(asked) == 2


def test_unknown_level_is_refused_with_those_that_there_are(tree_of_five):
    with pytest.raises(UsageError, match="the levels are total, state and state") as caught:
        tree_of_five.level_named("totl")
    assert caught.value.hint == "--level 'total'"


def test_hierarchy_of_some_series_knows_only_leaves_that_are_left(tree_of_five):
    some = tree_of_five.of(np.array([0, 1, 3, 5]))
    np.testing.assert_array_equal(some.sizes, [2, 2, 1, 1])
    np.testing.assert_array_equal(some.below, [2, 3, 2, 3, 2, 3])
