"""A sample of the leaves of a hierarchy in shards stands below the sums of all of them."""

import numpy as np
import pytest

from forecast.data.files.parquet_folder import find_parquet_folder
from forecast.data.hierarchy import is_rest
from forecast.data.read_options import ReadOptions
from forecast.data.reading.hierarchies.hierarchy_sums import read_nodes
from forecast.data.shards.row_stream import open_stream
from forecast.data.shards.shard_writer import Sharding, write_shards
from forecast.data.shards.tree_sample import sampled_tree
from forecast.errors import DataError

IDS = ("state", "city", "shop")
OPTIONS = ReadOptions(time="month", target=("sales",), ids=IDS, hierarchy="state/city/shop")
LEAVES = [(f"s{i % 2}", f"c{i % 6}", f"p{i}") for i in range(48)]


def lines(leaves=LEAVES, steps=30):
    """Months of shops: some begin late, some end early, some have a gap."""
    for place, parts in enumerate(leaves):
        begin, end = (8 if place % 7 == 3 else 0), (steps - 5 if place % 5 == 2 else steps)
        for step in range(begin, end):
            if place % 9 != 4 or step not in (12, 13):
                sales = (place * 13 + step * 7) % 50 + place
                yield f"{2020 + step // 12}-{step % 12 + 1:02d}-01,{','.join(parts)},{sales}"


def sharded(folder, rows, shards=4):
    (folder / "sales.csv").write_text("\n".join([f"month,{','.join(IDS)},sales", *rows]) + "\n", encoding="utf-8")
    (folder / "panel").mkdir()
    stream = open_stream(str(folder / "sales.csv"), ReadOptions(time="month", target=("sales",), ids=IDS))
    write_shards(stream, folder / "panel", Sharding(shards, "0", "x"), lambda *_: None)
    return folder / "panel"


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    return sharded(tmp_path_factory.mktemp("tree"), lines())


def sampled(root, options=OPTIONS, **how):
    return sampled_tree(root, options, now=None, **(how or {"asked": 8}))


@pytest.mark.parametrize("fill", [None, "previous", "zero"])
def test_sums_are_those_of_all_leaves(panel, fill):
    options = ReadOptions(**{**OPTIONS.__dict__, "fill": fill})
    some, every = sampled(panel, options).panel, read_nodes(str(panel), options, now=None).panel
    sums = [every.series_ids[place] for place in every.hierarchy.sums]
    assert sorted(some.series_ids[place] for place in some.hierarchy.sums) == sorted(sums)
    for name in sums:
        here, there = some.series_ids.index(name), every.series_ids.index(name)
        assert some.first[here] == every.first[there]
        np.testing.assert_allclose(some.series(here), every.series(there), err_msg=name)
    own = {name: place for place, name in enumerate(every.series_ids)}
    leaves = [(place, own[name]) for place, name in enumerate(some.series_ids) if name in own and name not in sums]
    assert len(leaves) == 8
    assert all(np.array_equal(some.series(a), every.series(b), equal_nan=True) for a, b in leaves)


def test_rests_are_leaves_of_a_level_of_their_own_that_sums_add_up_with(panel):
    made = sampled(panel)
    tree = made.panel.hierarchy
    assert tree.levels == ("total", "state", "city", "(rest)", "shop")
    assert np.bincount(tree.level).tolist() == [1, 2, 6, 6, 8]
    rests = [made.panel.series_ids[place] for place in tree.places(3)]
    assert rests == [name for name in made.panel.series_ids if is_rest(name)]
    assert "s1/c3/(rest of c3)" in rests
    assert tree.is_leaf.sum() == 14
    newest = made.panel.filled[made.panel.offsets[1:] - 1]
    assert tree.incoherence(newest[:, None]) < 1e-12
    assert len(made.ids.values) == len(made.panel)


def test_reading_says_what_it_learns_from(panel):
    told = {each.topic: each.text for each in sampled(panel).findings}
    assert told["sample"].startswith("8 of 48 series are learned from")
    assert "6 rests" in told["sample"]
    assert told["hierarchy"] == "9 sums of 48 series; total 1, state 2, city 6, shop 48"


def test_leaves_of_a_version_are_taken_again(panel):
    names = sampled(panel).panel.series_ids
    again = sampled(panel, known=names).panel
    assert sorted(again.series_ids) == sorted(names)
    fewer = sampled(panel, known=names[:10]).panel
    assert [name for name in fewer.series_ids if name.count("/") == 2 and not is_rest(name)] == list(names[9:10])


def test_all_is_read_at_once_where_leaves_are_few_cross_or_have_more_than_values(panel):
    assert sampled_tree(panel, OPTIONS, now=None) is None
    for changed in ({"hierarchy": "state/city * shop"}, {"ignore": ("2021-01-01",)}, {"aggregate": "sum"}):
        assert sampled(panel, ReadOptions(**{**OPTIONS.__dict__, **changed})) is None


def test_levels_that_cross_above_the_leaves_have_a_rest_for_each_group(panel):
    tree = sampled(panel, ReadOptions(**{**OPTIONS.__dict__, "hierarchy": "state * city"})).panel.hierarchy
    assert tree.levels[-2] == "(rest)"
    assert np.bincount(tree.level)[-2:].tolist() == [6, 8]


def test_values_below_two_others_are_refused_over_all_shards(tmp_path):
    torn = sharded(tmp_path, lines([*LEAVES, ("s9", "c0", "new")]))
    with pytest.raises(DataError, match="city 'c0' stands in 2 of state"):
        sampled(torn)


def test_sums_in_the_data_are_held_against_all_leaves(tmp_path):
    rows = list(lines(steps=24))
    rows += [f"{2020 + step // 12}-{step % 12 + 1:02d}-01,s0,total,total,7" for step in range(24)]
    root = sharded(tmp_path, rows)
    with pytest.raises(DataError, match="s0/total/total"):
        sampled(root)
    made = sampled(root, ReadOptions(**{**OPTIONS.__dict__, "parents": "ignore"}))
    assert "total" not in {parts[1] for parts in made.ids.values}


def test_leaves_that_last_longer_than_the_sample_set_the_end(panel):
    ended = [name for name in read_nodes(str(panel), OPTIONS, now=None).panel.series_ids if name.endswith("/p2")]
    made = sampled(panel, known=ended).panel
    assert len(set(made.last.tolist())) == 1
    assert made.frequency.timestamps(made.last[:1])[0] == np.datetime64("2022-06-01")


def test_no_more_than_one_shard_is_read_at_a_time(panel, monkeypatch):
    from forecast.data.shards import tree_sample

    rows = []
    read = tree_sample.read_panel
    monkeypatch.setattr(tree_sample, "read_panel", lambda *a, **k: (made := read(*a, **k), rows.append(made.rows))[0])
    sampled(panel)
    assert rows == [int(part.footer.num_rows) for part in find_parquet_folder(panel).parts]
