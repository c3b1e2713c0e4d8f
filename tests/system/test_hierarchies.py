"""A model of a hierarchy from the command line: all of its numbers add up, whichever command tells them."""

import csv
import io

import numpy as np
import pytest
from pyarrow.parquet import read_table

from commands import run

STATES = {"V": ("Melb", "Geel"), "Q": ("Bris",)}
TREE = "state/region * purpose"
TRAIN = ("trips.csv", "--id", "state,region,purpose", "--hierarchy", TREE, "--horizon", "4", "--model", "smoothing")


def trips(steps=60, more=(), without=()):
    """Monthly trips of three regions by two purposes; Geelong's business is often nothing."""
    lines = ["month,state,region,purpose,trips"]
    leaves = [(s, r, p) for s, regions in STATES.items() for r in regions for p in ("hol", "biz")]
    for place, leaf in enumerate([*leaves, *more]):
        random = np.random.default_rng(place)
        for step in range(steps):
            if leaf in more and step < steps - 15:
                continue
            if leaf in without and step >= steps - 6:
                continue
            mean = 40 * (place + 1) + 8 * np.sin(step * np.pi / 6) + 0.3 * step
            value = max(0, round(float(mean + random.normal(0, 6)), 1))
            value = value if leaf != ("V", "Geel", "biz") or random.random() < 0.3 else 0.0
            lines.append(f"{2015 + step // 12}-{step % 12 + 1:02d}-01,{','.join(leaf)},{value}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hierarchy")
    (folder / "trips.csv").write_text(trips())
    done = run("train", *TRAIN, "--plots", "none", "--format", "json", folder=folder)
    assert done.code == 0, done.err
    return folder, done


def forecasts(text):
    rows = list(csv.DictReader(io.StringIO(text)))
    names = list(dict.fromkeys(row["series_id"] for row in rows))
    return {name: [row for row in rows if row["series_id"] == name] for name in names}


def numbers(rows, column="forecast"):
    return np.array([float(row[column]) for row in rows])


def predicted(folder, *flags):
    done = run("predict", "trips", "--format", "csv", *flags, folder=folder)
    assert done.code == 0, done.err
    return forecasts(done.out)


def check_sums(found):
    leaves = {name: numbers(rows) for name, rows in found.items() if name.count("/") == 2}
    assert min(values.min() for values in leaves.values()) >= 0
    np.testing.assert_allclose(numbers(found["total"]), sum(leaves.values()), rtol=1e-9)
    for state in STATES:
        own = sum(values for name, values in leaves.items() if name.startswith(f"{state}/"))
        np.testing.assert_allclose(numbers(found[state]), own, rtol=1e-9)
    business = sum(values for name, values in leaves.items() if name.endswith("/biz"))
    np.testing.assert_allclose(numbers(found["biz"]), business, rtol=1e-9)


@pytest.mark.slow
def test_every_forecast_is_the_sum_of_what_is_below_it(shop):
    folder, _ = shop
    found = predicted(folder)
    assert len(found) == 1 + 2 + 2 + 4 + 3 + 6
    check_sums(found)
    check_sums(forecasts((folder / "forecasts/trips.csv").read_text()))


@pytest.mark.slow
def test_a_level_has_the_numbers_that_it_has_among_all(shop):
    folder, _ = shop
    every, states = predicted(folder), predicted(folder, "--level", "state")
    assert set(states) == set(STATES)
    assert states["V"] == every["V"]
    assert predicted(folder, "--series", "V/hol") == {"V/hol": every["V/hol"]}


@pytest.mark.slow
def test_totals_by_a_part_of_the_id_agree_with_the_level(shop):
    folder, _ = shop
    states, totals = predicted(folder, "--level", "state"), predicted(folder, "--total-by", "state")
    for name, rows in states.items():
        for column in ("forecast", "lower_80", "upper_80", "lower_95", "upper_95"):
            np.testing.assert_allclose(numbers(totals[name], column), numbers(rows, column), rtol=1e-9)
    every = predicted(folder, "--total-by", "all", "--quantiles", "0.1,0.9")["all"]
    total = predicted(folder, "--level", "total", "--quantiles", "0.1,0.9")["total"]
    for column in ("forecast", "q0.1", "q0.9"):
        np.testing.assert_allclose(numbers(every, column), numbers(total, column), rtol=1e-9)


@pytest.mark.slow
def test_each_path_adds_up(shop):
    folder, _ = shop
    done = run("predict", "trips", "--paths", "30", "-o", "paths.csv", "--force", folder=folder)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO((folder / "paths.csv").read_text())))
    value = next(name for name in rows[0] if name not in {"series_id", "timestamp", "step", "path"})
    by_series = {}
    for row in rows:
        by_series.setdefault(row["series_id"], []).append(float(row[value]))
    leaves = sum(np.array(own) for name, own in by_series.items() if name.count("/") == 2)
    np.testing.assert_allclose(by_series["total"], leaves, rtol=1e-9)
    assert min(min(own) for own in by_series.values()) >= 0


@pytest.mark.slow
def test_train_tells_the_method_and_the_errors_of_each_level(shop):
    _, done = shop
    told = done.document["reconciliation"]
    assert told["hierarchy"] == TREE
    assert told["method"] in told["losses"]
    levels = list(dict.fromkeys(row["level"] for row in told["levels"]))
    assert levels[0] == "total"
    assert {"unreconciled", "issued", "bottom-up", told["method"]} <= {row["method"] for row in told["levels"]}
    issued = [row for row in told["levels"] if row["method"] == "issued"]
    assert sum(row["series"] for row in issued) == 18


@pytest.mark.slow
def test_retrain_takes_new_leaves_in_and_lets_those_go_that_are_no_more(shop, tmp_path):
    folder, _ = shop
    new, gone = ("Q", "Cairns", "hol"), ("V", "Geel", "hol")
    (folder / "newer.csv").write_text(trips(66, more=[new], without=[gone]))
    found = predicted(folder, "--data", "newer.csv")
    assert "Q/Cairns/hol" in found
    assert (numbers(found["V/Geel/hol"], "upper_95") == 0).all()
    check_sums(found)
    done = run("retrain", "trips", "newer.csv", "--force", "-o", str(tmp_path), folder=folder)
    assert done.code == 0, done.err
    check_sums(forecasts((tmp_path / "trips.csv").read_text()))


@pytest.mark.slow
def test_networks_of_a_hierarchy_are_retrained_with_leaves_that_came_and_went(tmp_path):
    new, gone = ("Q", "Cairns", "hol"), ("V", "Geel", "hol")
    (tmp_path / "trips.csv").write_text(trips())
    (tmp_path / "newer.csv").write_text(trips(66, more=[new], without=[gone]))
    quick = ("--preset", "fast", "--seeds", "1", "--steps", "50", "--folds", "1", "--plots", "none")
    done = run("train", *TRAIN[:-1], "linear", *quick, "--format", "json", folder=tmp_path)
    assert done.code == 0, done.err
    assert set(done.document["reconciliation"]["losses"]) >= {"bottom-up", "ols", "wls-structural"}
    done = run("retrain", "trips", "newer.csv", "--force", folder=tmp_path)
    assert done.code == 0, done.err
    found = predicted(tmp_path)
    check_sums(found)
    assert numbers(found["Q/Cairns/hol"]).min() > 0
    for column in ("forecast", "lower_80", "upper_95"):
        assert (numbers(found["V/Geel/hol"], column) == 0).all()  # it sold 120 a month until it ended


@pytest.mark.slow
def test_forecast_without_the_file_adds_up_too(shop):
    folder, _ = shop
    before = predicted(folder)
    (folder / "trips.csv").rename(folder / "elsewhere.csv")
    try:
        assert predicted(folder) == before
    finally:
        (folder / "elsewhere.csv").rename(folder / "trips.csv")


@pytest.mark.slow
def test_file_of_keras_whose_forecasts_would_not_add_up_is_not_written(shop):
    folder, _ = shop
    done = run("models", "export", "trips", "champion", "trips.keras", folder=folder)
    assert done.code == 2
    assert "forecasts a hierarchy" in done.err
    assert not (folder / "trips.keras").exists()


@pytest.mark.slow
def test_compare_tells_errors_by_level(shop):
    folder, _ = shop
    words = ("--by", "level", "--models", "smoothing", "--plots", "none", "--format", "json")
    done = run("compare", *TRAIN[:-2], *words, folder=folder)
    assert done.code == 0, done.err
    groups = [row["group"] for row in done.document["errors_by"]["groups"] if row["model"] == "smoothing"]
    assert groups[0] == "total"
    assert "region * purpose" in groups


@pytest.mark.slow
def test_paths_are_of_the_level_that_was_asked_for_and_what_asks_of_all_series_refuses_one(shop):
    folder, _ = shop
    for words, names in ((("--level", "state"), {"V", "Q"}), (("--series", "V/Melb"), {"V/Melb"})):
        done = run("predict", "trips", "--paths", "3", "-o", "some.csv", "-f", *words, folder=folder)
        assert done.code == 0, done.err
        assert set(forecasts((folder / "some.csv").read_text())) == names
    for words in (("--level", "state"), ("--series", "V")):
        done = run("predict", "trips", "--future-template", "plan.csv", *words, folder=folder)
        assert done.code == 2


@pytest.mark.slow
def test_sample_of_leaves_in_shards_is_learned_from_with_the_sums_of_all(tmp_path):
    (tmp_path / "trips.csv").write_text(trips())
    (tmp_path / "newer.csv").write_text(trips(63))
    ids = ("--id", "state,region,purpose")
    tree = ("--hierarchy", "state/region", "--sample", "3", "--horizon", "4", "--model", "smoothing")
    cut = [("shard", f"{name}.csv", f"{name}_pieces", *ids, "--shards", "3", "-q") for name in ("trips", "newer")]
    for words in (*cut, ("train", "trips_pieces", *ids, *tree, "--name", "some", "--plots", "none", "-q")):
        done = run(*words, folder=tmp_path)
        assert done.code == 0, (words, done.err)
    for words in (("predict", "some", "--data", "newer_pieces", "-o", "made", "-q"), ("score", "some", "newer_pieces")):
        done = run(*words, folder=tmp_path)
        assert done.code == 0, (words, done.err)
    made = [row for path in (tmp_path / "made").glob("*.parquet") for row in read_table(path).to_pylist()]
    first = {row["series_id"]: row["forecast"] for row in made if row["step"] == 1}
    leaves = [value for name, value in first.items() if name.count("/") == 2]
    assert len(leaves) == 6
    assert sum(leaves) == pytest.approx(first["total"], rel=1e-6)
    done = run("retrain", "some", "newer_pieces", "--force", "-o", str(tmp_path), folder=tmp_path)
    assert done.code == 0, done.err
    found = forecasts((tmp_path / "some.csv").read_text())
    assert sum("(rest of " in name for name in found) > 0
    leaves = [numbers(rows) for name, rows in found.items() if name.count("/") == 2]
    np.testing.assert_allclose(numbers(found["total"]), sum(leaves), rtol=1e-6)
