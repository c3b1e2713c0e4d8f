"""A reconciliation is stored with the numbers by which it moves forecasts, and read with its own, not with today's."""

import json

import numpy as np
import pytest

from forecast.data.hierarchy import REST, Hierarchy
from forecast.decoding import decode, encode
from forecast.experiment.versions.stored_hierarchy import (
    HierarchyEntry,
    hierarchy_arrays,
    load_hierarchy,
    load_reconciliation,
    pack_hierarchy,
)
from forecast.models.networks.serialization import Arrays, pack_arrays, unpack_arrays
from forecast.models.reconciliation.reconciler import CURRENT, Reconciliation, ReconciliationSettings
from forecast.production.store.json_document import NewerStoreError

IDS = ("total", "x", "y")
TREE = Hierarchy("a", ("total", "a"), np.array([0, 1, 1]), np.array([0, 2, 3, 4]), np.array([1, 2, 1, 2]))
OTHERS = ReconciliationSettings(firm=0.5, rounds=7, recent=3, lift=0.01, sparse=2.5, ends=True, reach=3.0)


def written(settings=CURRENT, **changes):
    """The entry and the arrays as they come back from a version's files."""
    made = Reconciliation("mint-shrink", IDS, np.array([4.0, np.nan, 1.0]), np.ones((2, 3)), settings)
    entry = json.loads(json.dumps(encode(pack_hierarchy(TREE, made))))
    return {**entry, **changes}, unpack_arrays(pack_arrays(hierarchy_arrays(TREE, made)))


def read(entry, arrays):
    return load_reconciliation(decode(HierarchyEntry, entry), Arrays(arrays), IDS)


@pytest.mark.parametrize("settings", [OTHERS, CURRENT])
def test_version_is_read_with_its_own_numbers_and_errors(settings):
    found = read(*written(settings))
    assert found.settings == settings
    assert OTHERS != CURRENT
    np.testing.assert_array_equal(found.variances, [4, np.nan, 1])
    np.testing.assert_array_equal(found.errors, np.ones((2, 3)))


def test_version_of_an_earlier_program_lifts_nothing_and_forecasts_leaves_as_it_did():
    entry, arrays = written(OTHERS, schema_version=1)
    for name in ("lift", "sparse", "ends", "reach"):
        del entry["settings"][name]
    assert read(entry, arrays).settings == ReconciliationSettings(firm=0.5, rounds=7, recent=3, lift=0.0)
    del entry["settings"]
    assert read(entry, arrays).settings == ReconciliationSettings(
        firm=0.05, rounds=2, recent=200, lift=0.0, sparse=0.0, ends=False, reach=0.0
    )


@pytest.mark.parametrize(
    "wrong", [{"firm": 0.0}, {"rounds": 101}, {"recent": 0}, {"lift": -0.1}, {"sparse": -1.0}, {"reach": -1.0}]
)
def test_numbers_that_no_program_wrote_are_refused(wrong):
    entry, arrays = written()
    with pytest.raises(ValueError, match="numbers by which its forecasts add up are none"):
        read({**entry, "settings": {**entry["settings"], **wrong}}, arrays)


def test_hierarchy_comes_back_and_that_of_a_newer_program_is_refused():
    entry, arrays = written()
    found = load_hierarchy(decode(HierarchyEntry, entry), Arrays(arrays), 3)
    np.testing.assert_array_equal(found.below, TREE.below)
    with pytest.raises(NewerStoreError, match="newer"):
        load_hierarchy(decode(HierarchyEntry, {**entry, "schema_version": 5}), Arrays(arrays), 3)


def test_leaves_that_stand_for_several_come_back_and_older_programs_are_told_of_them():
    tree = Hierarchy("a", ("total", REST, "a"), np.arange(3), TREE.starts, TREE.below)
    made = Reconciliation("ols", IDS, np.ones(3), np.zeros((0, 3)))
    entry, arrays = pack_hierarchy(tree, made), unpack_arrays(pack_arrays(hierarchy_arrays(tree, made)))
    assert (pack_hierarchy(TREE, made).schema_version, entry.schema_version) == (3, 4)
    assert load_hierarchy(entry, Arrays(arrays), 3).leaves.tolist() == [1, 2]
    with pytest.raises(ValueError, match="sums of what is no leaf"):
        load_hierarchy(entry, Arrays({**arrays, "hierarchy/below": np.array([0, 2, 1, 2])}), 3)
