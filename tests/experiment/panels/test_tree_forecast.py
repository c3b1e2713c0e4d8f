"""A hierarchy forecast from shards has the numbers of the whole file, the same bytes whoever does the work."""

import csv
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands import QUICK, csv_bytes, run
from forecast.errors import ExitCode
from forecast.experiment.panels import tree_forecast
from panels import contents
from untrained import train_nothing

TREE = "state/region * purpose"
REGIONS = {"V": ("Melb", "Geel"), "Q": ("Bris",), "N": ("Syd", "Newc")}
LEAVES = [(state, region, purpose) for state, own in REGIONS.items() for region in own for purpose in ("hol", "biz")]
HEAD = "month,state,region,purpose,trips,promo,kind"
TRAIN = ("--id", "state,region,purpose", "--hierarchy", TREE, "--known", "promo", "--static", "kind")


def trips(steps, ended=None, more=()):
    """Months of trips: one leaf sells now and then, one has a gap; one may end early, others come late."""
    rows = []
    for place, leaf in enumerate([*LEAVES, *more]):
        random = np.random.default_rng(place)
        for step in range(steps):
            value = max(0.0, round(20 * (place % 4 + 1) + 6 * math.sin(step * math.pi / 6) + random.normal(0, 5), 1))
            value = value if leaf != LEAVES[3] or step % 5 == 1 else 0.0
            if (leaf == ended and step > steps - 9) or (leaf in more and step < steps - 20) or (place, step) == (1, 30):
                continue
            kind = "coast" if place % 3 else "city"
            rows.append((f"{2015 + step // 12}-{step % 12 + 1:02d}-01", *leaf, value, int(step % 5 == place % 5), kind))
    return csv_bytes(rows, HEAD)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A model of a whole file; newer data with a leaf that ended and two new ones, whole and in four shards."""
    folder = tmp_path_factory.mktemp("tree")
    (folder / "trips.csv").write_bytes(trips(60))
    newer = trips(66, ended=LEAVES[4], more=[("Q", "Cairns", "hol"), ("V", "Melb", "oth")])
    (folder / "newer.csv").write_bytes(newer)
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        words = ("--horizon", "4", "--model", "gru", *QUICK, "--plots", "none", "-q")
        commands = [("train", "trips.csv", *TRAIN, *words), ("shard", "newer.csv", "panel", "--shards", 4, "-q")]
        commands[1] += ("--id", "state,region,purpose")
        for command in commands:
            done = run(*command, folder=folder)
            assert done.code == 0, done.err
    return folder


def predict(shop, *words, data="panel", code=0):
    done = run("predict", "trips", "--data", data, *words, folder=shop)
    assert done.code == code, done.err
    return done


@pytest.fixture(scope="module")
def whole(shop):
    told = predict(shop, "-o", "whole", "--json").document
    assert (told["shards"], told["done"], told["failed"]) == (4, 4, [])
    return contents(shop / "whole")


def rows_of(folder):
    rows = [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    return {(row["series_id"], row["step"]): row for row in rows}


def same_rows(found, wanted):
    assert found.keys() == wanted.keys()
    for key, row in found.items():
        numbers = [name for name, value in row.items() if isinstance(value, float)]
        assert "forecast" in numbers
        np.testing.assert_allclose(
            [row[name] for name in numbers], [wanted[key][name] for name in numbers], rtol=1e-6, atol=1e-9
        )
        assert {**row, **{name: wanted[key][name] for name in numbers}} == wanted[key]


@pytest.mark.slow
def test_every_number_from_shards_is_that_of_the_whole_file_and_the_sum_of_what_is_below(shop, whole):
    predict(shop, "-o", "one/one.parquet", data="newer.csv")
    found = rows_of(shop / "whole")
    same_rows(found, rows_of(shop / "one"))
    leaves = [name for name, step in found if name.count("/") == 2 and step == 1]
    assert len(leaves) == 12
    for node in ("total", "V", "biz", "V/Melb", "N/biz"):
        parts = [] if node == "total" else node.split("/")
        own = [leaf for leaf in leaves if set(parts) <= set(leaf.split("/"))]
        sums = [sum(found[leaf, step]["forecast"] for leaf in own) for step in (1, 2, 3, 4)]
        np.testing.assert_allclose([found[node, step]["forecast"] for step in (1, 2, 3, 4)], sums, rtol=1e-12)
    assert sorted(whole) == [*(f"part-0000{i}.parquet" for i in range(4)), "sums.parquet"]
    assert not list((shop / "whole").glob("_[lps]*"))


@pytest.mark.slow
def test_bytes_are_the_same_by_two_and_by_four_processes(shop, whole):
    for workers in (2, 4):
        predict(shop, "-o", f"by-{workers}", "--workers", workers)
        assert contents(shop / f"by-{workers}") == whole


@pytest.mark.slow
@pytest.mark.parametrize(("level", "files"), [("state", ["sums.parquet"]), ("bottom", None)])
def test_level_has_the_numbers_that_it_has_among_all(shop, whole, level, files):
    predict(shop, "-o", f"level-{level}", "--level", level, "--quantiles", "0.2", "--levels", "80", "--horizon", 3)
    predict(
        shop, "-o", f"{level}/one.parquet", "--level", level, "--quantiles", "0.2", "--levels", "80", "--horizon", 3
    )
    same_rows(rows_of(shop / f"level-{level}"), rows_of(shop / level))
    assert sorted(contents(shop / f"level-{level}")) == (files or sorted(set(whole) - {"sums.parquet"}))


@pytest.mark.slow
def test_stopped_at_any_pass_it_goes_on_to_the_same_bytes(shop, whole, monkeypatch):
    for pass_name in ("joined_sums", "bounded_forecasts", "_write"):
        out, owner = f"stopped-{pass_name}", tree_forecast._Work if pass_name == "_write" else tree_forecast
        with monkeypatch.context() as patch:
            patch.setattr(owner, pass_name, lambda *_: 1 / 0)
            assert run("predict", "trips", "--data", "panel", "-o", out, folder=shop).code == ExitCode.BUG
        assert not list((shop / out).glob("part-*"))
        looked = {path: path.stat().st_mtime_ns for path in (shop / out).glob("_leaves*")}
        assert len(looked) == 4
        predict(shop, "-o", out)
        assert contents(shop / out) == whole
    (shop / out / "part-00001.parquet").unlink()
    told = predict(shop, "-o", out, "--json").document
    assert (told["kept"], told["done"], told["series"], told["rows"]) == (3, 1, 32, 128)
    assert contents(shop / out) == whole


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--shard", "1/2"), "sums of trips are of series in all of them"),
        (("--horizon", "9"), "as far as it was trained for, 4 steps"),
        (("--level", "town"), "the levels are total"),
    ],
)
def test_what_shards_of_a_hierarchy_can_not_be_asked_is_refused(shop, words, said):
    done = predict(shop, "-o", "refused", *words, code=ExitCode.USAGE)
    assert said in " ".join(done.err.split())
    assert not (shop / "refused").exists()


def shards_of(shop, name, change):
    """Newer data whose rows are changed, in shards."""
    rows = list(csv.reader((shop / "newer.csv").read_text().splitlines()))
    (shop / f"{name}.csv").write_bytes(csv_bytes(change(rows[1:]), HEAD))
    words = ("--shards", 4, "--id", "state,region,purpose", "-q")
    assert run("shard", f"{name}.csv", name, *words, folder=shop).code == 0


@pytest.mark.slow
def test_region_in_two_states_is_named_though_they_lie_in_several_shards(shop):
    shards_of(shop, "torn", lambda rows: [[r[0], r[1], r[2].replace("Newc", "Geel"), *r[3:]] for r in rows])
    done = predict(shop, "-o", "torn_out", data="torn", code=ExitCode.BAD_DATA)
    assert "region 'Geel' stands in 2 of state: N, V" in " ".join(done.err.split())


def with_regions(rows, more=0.0):
    """Rows with those of each region beside what they are sums of, of which the last is so much more."""
    sums = {}
    for month, state, region, _, value, _, _ in rows:
        sums.setdefault((state, region), {}).setdefault(month, []).append(float(value))
    own = [[month, *key, "total", f"{sum(each):.4f}", 0, "x"] for key, of in sums.items() for month, each in of.items()]
    own[-1][4] = str(float(own[-1][4]) + more)
    return [*rows, *own]


@pytest.mark.slow
def test_sums_that_stand_in_the_shards_are_left_out_once_they_are_found_right(shop, whole):
    shards_of(shop, "sums", with_regions)
    told = predict(shop, "-o", "sums_out", "--json", data="sums").document
    assert any("held against the leaves of all shards and left out" in note for note in told["notes"])
    same_rows(rows_of(shop / "sums_out"), rows_of(shop / "whole"))
    shards_of(shop, "wrong", lambda rows: with_regions(rows, more=70.0))
    done = predict(shop, "-o", "wrong_out", data="wrong", code=ExitCode.BAD_DATA)
    assert "'Q/Cairns/total' is 122.6 on 2020-06-01, and 1 series below it in all shards add up to 52.6" in " ".join(
        done.err.split()
    )


def parts_of(shop, name, change, *chosen):
    """Newer data whose rows are changed, in files of the series that are chosen."""
    rows = change(list(csv.reader((shop / "newer.csv").read_text().splitlines()))[1:])
    (shop / name).mkdir()
    for number, wanted in enumerate(chosen):
        columns = zip(*(row for row in rows if wanted(row)), strict=True)
        table = pa.table(dict(zip(HEAD.split(","), map(list, columns), strict=True)))
        table = table.set_column(4, "trips", table["trips"].cast(pa.float64()))
        table = table.set_column(5, "promo", table["promo"].cast(pa.float64()))
        pq.write_table(table, shop / name / f"{number}.parquet")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "change", "chosen", "said"),
    [
        ("alone", list, [lambda row: row[2] == "Cairns"], "The shards have one series"),
        ("apart", with_regions, [lambda r: r[3] != "total", lambda r: r[3] == "total"], "holds nothing but sums"),
    ],
)
def test_shards_that_are_no_hierarchy_are_refused(shop, name, change, chosen, said):
    parts_of(shop, name, change, *chosen)
    done = predict(shop, "-o", f"{name}_out", data=name, code=2 if name == "alone" else ExitCode.BAD_DATA)
    assert said in " ".join(done.err.split())


@pytest.mark.slow
def test_paths_of_more_sums_than_the_memory_holds_are_refused_before_they_are_drawn(shop, monkeypatch):
    monkeypatch.setattr(tree_forecast, "free_memory", lambda: 1e6)
    done = predict(shop, "-o", "large", "--workers", 1, code=ExitCode.USAGE)
    assert "Joint paths of 20 sums need 4 MB of memory" in " ".join(done.err.split())


@pytest.mark.slow
def test_week_that_is_not_over_in_one_shard_counts_as_in_the_whole_file(tmp_path):
    def rows(shops, days):
        return [
            (str(np.datetime64("2022-01-03") + day), shop[0], shop, (7 * place + day * day) % 23 + place)
            for place, shop in enumerate(shops)
            for day in range(days)
        ]

    (tmp_path / "visits").mkdir()
    for name, shops, days in (("x", ("A1", "A2", "B1"), 350), ("y", ("B2", "C1"), 346)):
        columns = zip(*rows(shops, days), strict=True)
        table = dict(zip(("day", "state", "shop", "visits"), map(list, columns), strict=True))
        pq.write_table(pa.table(table), tmp_path / "visits" / f"{name}.parquet")
    words = (
        "--target",
        "visits",
        "--hierarchy",
        "state/shop",
        "--aggregate",
        "sum",
        "--freq",
        "W-SUN",
        "--horizon",
        "3",
    )
    commands = [("train", "visits", *words, "--model", "smoothing", "--plots", "none", "-q")]
    commands += [("predict", "visits", "-o", "one/one.parquet"), ("predict", "visits", "--workers", "1", "-o", "out")]
    for command in commands:
        done = run(*command, folder=tmp_path)
        assert done.code == 0, done.err
    same_rows(rows_of(tmp_path / "out"), rows_of(tmp_path / "one"))


@pytest.mark.slow
def test_shard_that_is_damaged_is_named_and_nothing_is_added_up(shop, whole, tmp_path):
    shards_of(shop, "damaged", lambda rows: rows)
    bad = shop / "damaged" / "part-00002.parquet"
    good = bad.read_bytes()
    bad.write_bytes(good[:200] + bytes([good[200] ^ 255]) + good[201:])
    done = predict(shop, "-o", "damaged_out", data="damaged", code=ExitCode.BAD_DATA)
    assert "1 of 4 shard could not be forecast: part-00002.parquet" in " ".join(done.err.split())
    assert not contents(shop / "damaged_out")
    bad.write_bytes(good)
    predict(shop, "-o", "damaged_out", data="damaged")
    assert contents(shop / "damaged_out") == whole
