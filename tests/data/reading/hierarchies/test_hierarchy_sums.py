"""A file → a panel of all nodes; each small file is made here."""

import numpy as np
import pytest

from forecast.data.read_options import ReadOptions
from forecast.data.reading.hierarchies.hierarchy_sums import read_nodes
from forecast.errors import DataError, UsageError

IDS = ("state", "region", "purpose")
LEAVES = [("V", "Melb", "hol"), ("V", "Melb", "biz"), ("V", "Geel", "hol"), ("Q", "Bris", "hol"), ("Q", "Bris", "biz")]


def table(rows, header="month,state,region,purpose,trips"):
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"


def month(number):
    return f"{2020 + number // 12}-{number % 12 + 1:02d}-01"


def value(leaf, step):
    return (leaf + 1) * 100 + 7 * step + leaf * step % 3


def rows(skip=(), more=()):
    made = [(month(t), *LEAVES[i], value(i, t)) for i in range(5) for t in range(24) if (i, t) not in set(skip)]
    return [*made, *more]


def read(tmp_path, text, hierarchy="state/region * purpose", **options):
    (tmp_path / "trips.csv").write_text(text)
    given = ReadOptions(**{"ids": IDS, "hierarchy": hierarchy, **options})
    return read_nodes(str(tmp_path / "trips.csv"), given, now=None)


def series(panel, name):
    return panel.series(panel.series_ids.index(name))


def test_each_sum_is_a_series_by_the_parts_that_its_leaves_share(tmp_path):
    panel = read(tmp_path, table(rows())).panel
    assert panel.series_ids[0] == "total"
    assert len(panel) == 1 + 2 + 2 + 4 + 3 + 5
    sums = {"total": range(5), "V": (0, 1, 2), "hol": (0, 2, 3), "V/hol": (0, 2), "V/Melb": (0, 1)}
    for name, leaves in sums.items():
        np.testing.assert_array_equal(series(panel, name), [sum(value(i, t) for i in leaves) for t in range(24)])
    assert panel.hierarchy.levels[0] == "total"
    assert panel.hierarchy.levels[-1] == "region * purpose"
    np.testing.assert_array_equal(panel.hierarchy.added(panel.values.reshape(17, 24)), panel.values.reshape(17, 24))


def test_columns_of_the_hierarchy_tell_series_apart_without_a_flag_of_their_own(tmp_path):
    panel = read(tmp_path, table(rows()), ids=("purpose",)).panel
    assert len(panel) == 17
    assert "hol/V/Melb" in panel.series_ids


def test_parts_that_no_level_names_are_only_below_the_last_one(tmp_path):
    panel = read(tmp_path, table(rows()), hierarchy="State").panel
    assert panel.hierarchy.levels == ("total", "state", "state * region * purpose")
    assert len(panel) == 1 + 2 + 5


def test_nothing_after_a_gap_reaches_the_sum_in_it(tmp_path):
    gap = [(0, 10), (0, 11)]
    one = read(tmp_path, table(rows(gap)), fill="interpolate").panel
    poisoned = [row if row[0] <= month(11) else (*row[:4], 10**6) for row in rows(gap)]
    other = read(tmp_path, table(poisoned), fill="interpolate").panel
    np.testing.assert_array_equal(series(one, "total")[:12], series(other, "total")[:12])
    expected = sum(value(i, 10) for i in range(1, 5)) + value(0, 9)
    assert series(one, "total")[10] == expected


def test_sum_is_not_observed_where_few_of_its_leaves_are(tmp_path):
    panel = read(tmp_path, table(rows([(0, 10), (1, 10), (2, 10)])), fill="interpolate").panel
    assert np.isnan(series(panel, "V")[10])
    assert not np.isnan(series(panel, "Q")[10])


def test_leaf_that_ended_counts_zero_and_is_named(tmp_path):
    reading = read(tmp_path, table(rows([(2, t) for t in range(15, 24)])))
    assert series(reading.panel, "V/Geel/hol")[15:].tolist() == [0.0] * 9
    assert series(reading.panel, "V")[20] == value(0, 20) + value(1, 20)
    [finding] = [each for each in reading.findings if each.topic == "ended"]
    assert finding.grade == "warning"
    assert "V/Geel/hol, the first on 2021-03-01" in finding.text


def test_leaf_that_begins_late_is_nothing_before(tmp_path):
    panel = read(tmp_path, table(rows([(2, t) for t in range(10)]))).panel
    assert series(panel, "V/Geel/hol").size == 14
    assert series(panel, "V")[5] == value(0, 5) + value(1, 5)


@pytest.mark.parametrize("word", ["total", "All", "*", "<aggregated>"])
def test_sums_in_the_file_that_are_right_are_left_out_and_told(tmp_path, word):
    sums = [(month(t), "V", "Melb", word, value(0, t) + value(1, t)) for t in range(24)]
    reading = read(tmp_path, table(rows(more=sums)))
    assert len(reading.panel) == 17
    assert any(f"V/Melb/{word}, equal to what they are sums of" in each.text for each in reading.findings)


def test_sums_in_the_file_count_as_series_of_no_finding(tmp_path):
    leaves = [(month(t), "V", "Melb", word, number) for word, number in (("hol", 5), ("biz", 7)) for t in range(24)]
    leaves += [(month(t), "V", "Geel", "hol", value(2, t)) for t in range(24)]
    sums = [(month(t), "V", "Melb", "total", 12) for t in range(24)]
    texts = [each.text for each in read(tmp_path, table([*leaves, *sums])).findings]
    assert "2 of 3 series never change, such as V/Melb/biz" in texts


def test_sum_in_the_file_that_is_wrong_is_named_with_a_way_out(tmp_path):
    sums = [(month(t), "V", "Melb", "total", value(0, t) + value(1, t) + (t == 5) * 40) for t in range(24)]
    text = table(rows(more=sums))
    with pytest.raises(
        DataError, match="'V/Melb/total' is 412 on 2020-06-01, and its 2 children add up to 372"
    ) as error:
        read(tmp_path, text)
    assert "--parents ignore" in error.value.hint
    assert len(read(tmp_path, text, parents="ignore").panel) == 17


def test_region_in_two_states_is_named(tmp_path):
    more = [(month(t), "Q", "Melb", "hol", 5 + t) for t in range(24)]
    with pytest.raises(DataError, match=r"region 'Melb' stands in 2 of state: Q, V\. So region does not nest") as error:
        read(tmp_path, table(rows(more=more)))
    assert "--hierarchy 'state * region * purpose'" in error.value.hint


def test_negative_leaves_are_named(tmp_path):
    wrong = [(*row[:4], -row[4]) if row[:4] == (month(3), *LEAVES[4]) else row for row in rows()]
    reading = read(tmp_path, table(wrong))
    [finding] = [each for each in reading.findings if each.topic == "negative"]
    assert "1 value of 1 series is negative, the first of Q/Bris/biz on 2020-04-01" in finding.text


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"hierarchy": "state/town"}, "has no column 'town'"),
        ({"min": "0"}, "--min can't be used with --hierarchy"),
        ({"max": "9"}, "--max can't be used with --hierarchy"),
        ({"target": ("trips", "nights")}, "adds up one target"),
    ],
)
def test_what_cannot_hold_for_sums_is_refused(tmp_path, options, match):
    with pytest.raises(UsageError, match=match):
        read(tmp_path, table(rows()), **options)


def test_one_series_has_nothing_to_add_up(tmp_path):
    only = [row for row in rows() if row[1:4] == LEAVES[0]]
    with pytest.raises(UsageError, match="has one series, so there is nothing to add up"):
        read(tmp_path, table(only))


def test_covariates_of_sums_are_means_and_what_texts_have_in_common(tmp_path):
    made = [(*row, int(row[3] == "hol"), row[1]) for row in rows()]
    text = table(made, "month,state,region,purpose,trips,promo,zone")
    panel = read(tmp_path, text, known=("promo",), static=("zone",)).panel
    covariates, place = panel.covariates, panel.series_ids.index
    total = covariates.known_offsets[place("total")]
    assert covariates.known[total, 0] == pytest.approx(3 / 5)
    assert covariates.known[covariates.known_offsets[place("V/hol")], 0] == 1
    levels = covariates.columns[1].levels
    assert levels[int(covariates.static[place("V"), 0])] == "V"
    assert np.isnan(covariates.static[place("total"), 0])


def test_ids_that_are_a_hierarchy_are_told_where_nobody_asks(tmp_path):
    reading = read(tmp_path, table(rows()), hierarchy=None)
    [finding] = [each for each in reading.findings if each.topic == "hierarchy"]
    assert "12 sums of 5 series" in finding.text
    assert finding.flag == "--hierarchy 'state/region * purpose'"
    assert len(reading.panel) == 5


def test_a_column_that_stands_above_an_id_is_a_level_of_the_hierarchy_that_is_seen(tmp_path):
    shops = [("N", "a"), ("N", "b"), ("S", "c"), ("S", "d")]
    made = [
        (month(t), region, shop, item, f"maker of {item}", "x", value(i + j, t))
        for i, (region, shop) in enumerate(shops)
        for j, item in enumerate(("tea", "jam", "nut"))
        for t in range(24)
    ]
    text = table(made, header="month,region,shop,item,maker,same,sold")
    (tmp_path / "sold.csv").write_text(text)
    given = ReadOptions(ids=("shop", "item"), target=("sold",))
    reading = read_nodes(str(tmp_path / "sold.csv"), given, now=None)
    [finding] = [each for each in reading.findings if each.topic == "hierarchy"]
    assert finding.flag == "--hierarchy 'region/shop * item'"
    assert finding.text.startswith("the ids and region are a hierarchy, region/shop * item: 16 sums of 12 series")
    assert reading.ids.names == ("shop", "item")
    asked = read_nodes(str(tmp_path / "sold.csv"), ReadOptions(hierarchy="region/shop * item"), now=None)
    assert len(asked.panel) == 16 + 12


def test_newer_data_is_read_by_the_settled_options(tmp_path):
    first = read(tmp_path, table(rows([(2, t) for t in range(15, 24)])))
    again = read_nodes(str(tmp_path / "trips.csv"), first.settled, now=None)
    assert again.panel.series_ids == first.panel.series_ids
    np.testing.assert_array_equal(again.panel.values, first.panel.values)


def test_cut_panel_keeps_its_hierarchy_and_a_part_of_it_has_none(tmp_path):
    panel = read(tmp_path, table(rows([(2, t) for t in range(20)]))).panel
    early = panel.until(np.minimum(panel.lengths, 10) * (panel.first < panel.first.max()))
    begun = early.select(np.flatnonzero(early.lengths))
    assert len(begun) < len(panel)
    assert begun.hierarchy is not None
    assert begun.hierarchy.sizes[0] == 4
    assert panel.select([0, 1]).hierarchy is None
    assert panel.tail(3).hierarchy is panel.hierarchy


@pytest.mark.parametrize("fill", [None, "zero", "previous"])
def test_leaf_that_ended_is_known_to_and_so_is_a_sum_of_nothing_else(tmp_path, fill):
    ended = {"V/Geel", "V/Geel/hol"} if fill != "previous" else set()
    options = {} if fill is None else {"fill": fill}
    panel = read(tmp_path, table(rows(skip=[(2, 22), (2, 23)])), **options).panel
    assert {name for name, ends in zip(panel.series_ids, panel.has_ended, strict=True) if ends} == ended
    assert not panel.until(panel.lengths - 2).has_ended.any()
    assert panel.until(panel.lengths - 1).has_ended.sum() == len(ended)
    assert panel.select([panel.series_ids.index("V/Geel/hol")]).has_ended.any() == bool(ended)


def test_sums_in_the_file_are_no_leaves_of_the_hierarchy_that_is_seen(tmp_path):
    more = [(month(t), *own, sum(value(i, t) for i in leaves)) for own, leaves in SUMS.items() for t in range(24)]
    seen = [read(tmp_path, table(rows(more=more)), hierarchy=None), read(tmp_path, table(rows()), hierarchy=None)]
    told = [next(each for each in reading.findings if each.topic == "hierarchy") for reading in seen]
    assert told[0].flag == told[1].flag == "--hierarchy 'state/region * purpose'"
    assert told[0].text.startswith(told[1].text)
    assert "3 series of the file, such as V/Melb/total, are sums already" in told[0].text


@pytest.mark.parametrize("name", ["(rest)", "(rest of Melb)"])
def test_a_leaf_can_not_be_called_as_leaves_are_that_are_not_read_one_by_one(tmp_path, name):
    text = table(rows()).replace("biz", name)
    with pytest.raises(DataError, match=r"Q/Bris/\(rest.* is what leaves are called together") as raised:
        read(tmp_path, text)
    assert raised.value.hint == "another name in the data, such as other"
    assert f"V/Melb/{name}" in read(tmp_path, text, hierarchy=None).panel.series_ids


def test_no_sum_that_stands_in_the_file_is_a_series_that_never_changes(tmp_path):
    flat = [(month(t), "T", "Hob", "hol", 5) for t in range(20)]
    sums = [(month(t), "T", place, "total", 5) for place in ("Hob", "total") for t in range(20)]
    said = [read(tmp_path, table(rows(more=more))).findings for more in (flat, [*flat, *sums])]
    texts = [sorted(each.text for each in findings if each.topic in {"constant", "ends"}) for findings in said]
    assert texts == [["1 of 6 series never change, such as T/Hob/hol"]] * 2


SUMS = {("V", "Melb", "total"): (0, 1), ("V", "total", "hol"): (0, 2), ("total", "total", "total"): range(5)}
