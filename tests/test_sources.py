from datetime import UTC, datetime, timedelta

import pytest

from forecast.data.readers import ReadOptions, read_panel
from forecast.errors import DataError
from forecast.production.store import Store
from forecast.workflows.sources import find_source, sample_path

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


def test_named_source_is_taken_as_it_is(store, tmp_path):
    (tmp_path / "forecast.toml").write_text("this is no TOML")
    found = find_source("anything.csv", store)
    assert (found.source, found.why, found.options) == ("anything.csv", "", None)


def test_configuration_comes_before_the_last_train(store, tmp_path):
    (tmp_path / "sales.csv").write_text("")
    remember(store, "sales", tmp_path / "sales.csv")
    (tmp_path / "forecast.toml").write_text('data = "other.csv"')
    found = find_source(None, store)
    assert (found.source, found.why) == ("other.csv", "named in forecast.toml")


def test_configuration_without_data_changes_nothing(store, tmp_path):
    (tmp_path / "forecast.toml").write_text("[train]\nhorizon = 3")
    assert find_source(None, store).source == str(sample_path())


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
    assert found.why == "the bundled sample, since nothing was trained here yet"
    assert read_panel(found.source).panel.lengths.tolist() == [144]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data = ", "forecast.toml can't be read"),
        ("data = 5", "In forecast.toml, data is 5; it must be the path of a file"),
        ("data = ['a.csv']", "it must be the path of a file"),
    ],
)
def test_configuration_that_can_not_be_used_is_an_error(text, message, store, tmp_path):
    (tmp_path / "forecast.toml").write_text(text)
    with pytest.raises(DataError, match=message) as error:
        find_source(None, store)
    assert error.value.hint
