import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from commands import csv_bytes
from forecast.data.reading.hierarchies.hierarchy_sums import read_nodes
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.decoding import decode, encode
from forecast.errors import DataError
from forecast.experiment.input_data import find_source, name_and_data, read_alike, sample_path
from forecast.experiment.versions.data_entry import decode_options
from forecast.production.store.manifest import ManifestData
from forecast.production.store.store import Store

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Store(tmp_path / "store")


def remember(store, name, source, when=NOW):
    """Publishes a version that was trained on a file."""
    options = {"time": None, "target": ["a", "b"], "ids": [], "freq": "D", "date_format": None, "fill": "zero"}
    columns = {"time": "day", "target": ["a", "b"], "ids": ["shop"]}
    data = {"source": str(source), "options": options, "columns": columns}
    store.model(name).publish({"weights.npz": b"x"}, {"data": data}, when, champion=True)


def test_named_source_is_taken_as_it_is(store):
    found = find_source("anything.csv", store, ("other.csv", "forecast.toml"))
    assert (found.source, found.why, found.options) == ("anything.csv", "", None)


def test_what_a_reading_settled_on_survives_the_manifest():
    settled = ReadOptions(
        "Date,Time",
        ("v",),
        ("shop",),
        "W-SUN",
        "%d/%m/%y",
        "zero",
        ",",
        missing=("-200",),
        aggregate="sum",
        keep_partial=True,
        known=("promo", "price"),
        past=("temp",),
        static=("region",),
    )
    old = {"options": {"fill": "zero"}, "columns": {"time": "day", "target": ["a"], "ids": []}}
    assert decode_options(decode(ManifestData, json.loads(json.dumps({**old, "settled": encode(settled)})))) == settled
    assert decode_options(decode(ManifestData, old)) == ReadOptions(time="day", target=("a",), fill="zero")


def test_configuration_comes_before_the_last_train(store, tmp_path):
    (tmp_path / "sales.csv").write_text("")
    remember(store, "sales", tmp_path / "sales.csv")
    found = find_source(None, store, ("other.csv", "forecast.toml"))
    assert (found.source, found.why) == ("other.csv", "named in forecast.toml")


def test_last_train_brings_its_columns_settled(store, tmp_path):
    (tmp_path / "sales.csv").write_text("")
    remember(store, "sales", tmp_path / "sales.csv")
    found = find_source(None, store)
    assert found.source == str(tmp_path / "sales.csv")
    assert found.why == "from the last train (sales)"
    assert found.options == ReadOptions(time="day", target=("a", "b"), ids=("shop",), freq="D", fill="zero")


def test_newest_train_is_the_last_one_over_all_models(store, tmp_path):
    for name, minutes in (("b", 5), ("a", 9), ("c", 1)):
        (tmp_path / f"{name}.csv").write_text("")
        remember(store, name, tmp_path / f"{name}.csv", NOW + timedelta(minutes=minutes))
    assert find_source(None, store).why == "from the last train (a)"


@pytest.mark.parametrize("source", ["/nowhere/sales.csv", "standard input"])
def test_train_whose_file_is_gone_is_named_beside_the_sample(source, store):
    remember(store, "sales", source)
    found = find_source(None, store)
    assert found.source == str(sample_path())
    assert found.why == f"the bundled sample, since {source} of the last train (sales) is not there"
    assert found.options is None


def test_nothing_at_all_leaves_the_sample(store):
    found = find_source(None, store)
    assert found.why == f"the bundled sample, since nothing was trained in {store.root} yet"
    assert read_panel(found.source).panel.lengths.tolist() == [144]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (None, None, (None, None)),
        ("sales", None, ("sales", None)),
        ("sales", "new.csv", ("sales", "new.csv")),
        ("sale", None, ("sale", None)),
        ("-", None, (None, "-")),
        ("new.csv", None, (None, "new.csv")),
        ("new.CSV.gz", None, (None, "new.CSV.gz")),
        ("data/new", None, (None, "data/new")),
        ("plain", None, (None, "plain")),
        ("sales.csv", None, ("sales.csv", None)),
    ],
)
def test_lone_argument_is_a_model_if_there_is_one_and_else_a_file_if_it_looks_like_one(store, first, second, found):
    remember(store, "sales", "sales.csv")
    remember(store, "sales.csv", "sales.csv")
    Path("plain").touch()
    assert name_and_data(first, second, store) == found


@pytest.mark.parametrize("step", ["day", "week", "business-day"])
def test_local_midnight_in_utc_is_the_same_frequency_in_summer(tmp_path, step):
    """Most rows of the first file are of winter, of the second of summer: the usual time of day is another."""
    kept = {
        "day": lambda day: True,
        "week": lambda day: day.weekday() == 6,
        "business-day": lambda day: day.weekday() < 5,
    }
    days = [day for i in range(800) if kept[step](day := date(2023, 10, 1) + timedelta(i))]

    def stamps(upto):
        part = [day for day in days if day <= upto]
        return [(f"{day}T{22 if 3 < day.month < 11 else 23}:00:00Z", 5 + i % 7) for i, day in enumerate(part)]

    (tmp_path / "winter.csv").write_bytes(csv_bytes(stamps(date(2024, 4, 20)), "ts,sales"))
    (tmp_path / "summer.csv").write_bytes(csv_bytes(stamps(date(2024, 10, 10)), "ts,sales"))
    before = read_panel(tmp_path / "winter.csv")
    after = read_alike(str(tmp_path / "summer.csv"), before.settled, before.panel.frequency)
    assert before.panel.frequency != read_panel(tmp_path / "summer.csv").panel.frequency
    assert after.panel.frequency == before.panel.frequency
    assert after.panel.observed.all()
    np.testing.assert_array_equal(after.panel.values[: len(before.panel.values)], before.panel.values)


def test_a_file_with_one_series_of_a_hierarchy_is_refused_by_what_a_model_can_be_told(tmp_path):
    rows = [f"{date(2024, 1, 1) + timedelta(days=i)},n,{shop},{i % 7}\n" for i in range(30) for shop in "ab"]
    (tmp_path / "all.csv").write_text("day,region,shop,sales\n" + "".join(rows))
    (tmp_path / "one.csv").write_text("day,region,shop,sales\n" + "".join(rows[::2]))
    options = ReadOptions(hierarchy="region/shop")
    before = read_nodes(str(tmp_path / "all.csv"), options, now=NOW)
    with pytest.raises(DataError, match="has one series, so there is nothing to add up") as refused:
        read_alike(str(tmp_path / "one.csv"), before.settled, before.panel.frequency)
    assert refused.value.hint == "a file with all series that the model adds up"
