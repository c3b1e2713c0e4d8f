"""Sums of shards added up are the sums of the whole panel, to the last step, with all that is known beside them."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from commands import csv_bytes
from forecast.data.files.source import written_source
from forecast.data.hierarchy import parse_hierarchy
from forecast.data.panel import IdParts
from forecast.data.read_options import ReadOptions
from forecast.data.reading.hierarchies.hierarchy_ids import levels_of
from forecast.data.reading.hierarchies.hierarchy_sums import ended_at_zero, read_leaves, with_sums
from forecast.data.shards.partial_sums import (
    PartialSums,
    check_nesting_of_all,
    in_order,
    nesting_pairs,
    partial_sums,
)
from forecast.errors import DataError

HEAD = "day,state,region,item,sales,promo,price,kind"
SPEC = parse_hierarchy("state/region * item")
OPTIONS = ReadOptions(
    ids=("state", "region", "item"),
    hierarchy=SPEC.text,
    target=("sales",),
    known=("promo",),
    past=("price",),
    static=("kind",),
)
LEAVES = [("A", "u", "h"), ("A", "u", "b"), ("A", "v", "h"), ("B", "w", "h"), ("B", "w", "b"), ("B", "x", "b")]


def table(leaves=LEAVES, head=HEAD):
    """Twenty days of some leaves: one begins late, one ends early, one has gaps; two kinds of texts."""
    rows = []
    for place, leaf in enumerate(LEAVES):
        for day in range(22):
            if leaf not in leaves or (place == 1 and day < 6) or (place == 3 and 15 < day < 20) or place * day == 20:
                continue
            sales = "" if day >= 20 or (place, day) == (5, 9) else (3 * place + day) % 11
            price = "" if (place, day) == (2, 4) else 1 + place + day / 8
            rows.append(
                (f"2024-03-{day + 1:02d}", *leaf, sales, (day + place) % 2, price, "old" if place < 4 else "new")
            )
    return csv_bytes(rows, head)


def part(leaves, end=None, options=OPTIONS):
    """Sums of some leaves, their texts coded as in a model's data."""
    reading = read_leaves(written_source(table(leaves), "part.csv"), options, now=None)
    covariates = reading.panel.covariates.coded_like(whole().covariates.columns)
    reading = replace(reading, panel=replace(reading.panel, covariates=covariates))
    levels = levels_of(SPEC, reading.ids)
    panel = ended_at_zero(reading.panel, options, end)[0]
    return partial_sums(panel, levels, SPEC)[0], panel


@cache
def whole(options=OPTIONS):
    return with_sums(read_leaves(written_source(table(), "all.csv"), options, now=None), options).panel


@pytest.mark.parametrize(
    ("fill", "cut"),
    [("interpolate", [0, 1, 6]), ("interpolate", [0, 3, 4, 6]), ("previous", [0, 2, 5, 6]), ("zero", [0, 1, 6])],
)
def test_parts_added_up_are_the_sums_of_the_whole(fill, cut):
    options = OPTIONS if fill == "interpolate" else replace(OPTIONS, fill=fill)
    every = whole(options)
    end = int(every.last.max())
    parts = [part(LEAVES[a:b], end, options) for a, b in pairwise(cut)]
    made = parts[0][0]
    for own, _ in parts[1:]:
        again = PartialSums.of_arrays(own.arrays(), own.columns)
        made = made.plus(again)
    made = in_order(made)
    sums = made.panel(parts[0][1])
    tree = every.hierarchy
    assert sorted(sums.series_ids) == sorted(every.series_ids[i] for i in tree.sums)
    assert sums.series_ids[0] == "total"
    wanted = every.select([every.series_ids.index(name) for name in sums.series_ids])
    assert made.leaves.tolist() == [tree.sizes[every.series_ids.index(name)] for name in sums.series_ids]
    np.testing.assert_allclose(sums.values, wanted.values, rtol=1e-12)
    np.testing.assert_array_equal(sums.first, wanted.first)
    np.testing.assert_array_equal(sums.offsets, wanted.offsets)
    np.testing.assert_array_equal(sums.has_ended, wanted.has_ended)
    for kind in ("known", "past", "static"):
        np.testing.assert_allclose(sums.covariates.values_of(kind), wanted.covariates.values_of(kind), rtol=1e-12)
    np.testing.assert_array_equal(sums.covariates.known_first, wanted.covariates.known_first)
    assert np.isnan(wanted.covariates.static).any()


def test_region_of_two_shards_in_two_states_is_refused_by_name():
    one = nesting_pairs(SPEC, IdParts(SPEC.columns, (("A", "u", "h"), ("A", "v", "h"))))
    other = nesting_pairs(SPEC, IdParts(SPEC.columns, (("B", "w", "h"), ("B", "u", "b"))))
    check_nesting_of_all(SPEC, lambda: [one])
    with pytest.raises(DataError, match="region 'u' stands in 2 of state: A, B"):
        check_nesting_of_all(SPEC, lambda: [one, other])


def test_sums_of_two_levels_with_one_name_are_refused():
    made = part(LEAVES[:3])[0]
    names = ("total", *("same" for _ in made.names[1:]))
    with pytest.raises(DataError, match="would both be called 'same'"):
        in_order(replace(made, names=names))
