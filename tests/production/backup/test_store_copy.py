"""A store at an address is read from a copy: whole versions alone, the newest champion, and nothing is written."""

import shutil
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from forecast.addresses import address_of
from forecast.data.files.remote.objects import ObjectEntry
from forecast.errors import DataError, NotFoundError, UsageError
from forecast.production.backup import store_copy
from forecast.production.backup.store_copy import copy_sentence, copy_store
from forecast.production.store.lock import copied_from, shown
from forecast.production.store.store import Store

ADDRESS = "s3://bucket/store"
NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)


class Bucket:
    """What lies below an address, as ``ObjectReader`` reads it: the files of a folder here."""

    def __init__(self, root):
        self.root, self.read_names, self.is_whole = root, [], False
        self.before_read = lambda names: None

    def list(self, folder=""):
        self.is_whole = not folder
        below = self.root / folder
        files = sorted(path for path in below.rglob("*") if path.is_file())
        return {path.relative_to(below).as_posix(): self.entry(path) for path in files}

    def entry(self, path):
        data = path.read_bytes()
        return ObjectEntry(len(data), str(hash(data)))

    def read(self, names):
        self.before_read(names)
        self.read_names += names
        return {name: (self.root / name).read_bytes() for name in names}


@pytest.fixture
def there(tmp_path):
    """A store that others write to."""
    return Store(tmp_path / "there")


@pytest.fixture
def bucket(there, monkeypatch):
    made = Bucket(there.root)
    monkeypatch.setattr(store_copy, "ObjectReader", lambda address: made)
    return made


@pytest.fixture
def copied(bucket, tmp_path):
    def copied(name=None):
        bucket.read_names = []
        return copy_store(ADDRESS, tmp_path / "cache", name)

    return copied


def publish(store, name="shop", day=0, content=b"weights"):
    return store.model(name).publish({"weights.npz": content}, {"spec": {}}, NOW + timedelta(day), champion=True)


def test_copy_holds_every_version_the_champion_the_history_and_what_was_issued(there, copied):
    first, second = publish(there), publish(there, day=1)
    there.model("shop").record({"command": "train"})
    there.model("shop").issue(b"series_id\n", second, NOW)
    copy = copied()
    models = Store(copy.root).model("shop")
    assert [each.id for each in models.versions()] == [first.id, second.id]
    assert models.champion().read("weights.npz") == b"weights"
    assert models.history() == there.model("shop").history()
    assert [path.name for path in (models.folder / "issued").iterdir()] == [
        path.name for path in (there.model("shop").folder / "issued").iterdir()
    ]
    assert copied_from(copy.root) == ADDRESS == shown(copy.root)
    assert copy_sentence(copy).startswith(f"{ADDRESS}, from a copy that is only read: 7 files fetched")


def test_only_what_changed_is_fetched_again(there, bucket, copied):
    publish(there)
    copied()
    assert copied().files == 1
    assert bucket.read_names == ["models/shop/champion"]
    newest = publish(there, day=1)
    copied()
    assert {name.split("/")[3] for name in bucket.read_names if "/versions/" in name} == {newest.id}


def test_one_model_is_fetched_alone_where_it_is_named_and_leaves_the_others(there, bucket, copied):
    for name in ("shop", "visits"):
        publish(there, name)
    copied()
    publish(there, "visits", day=1)
    copy = copied("shop")
    assert not [name for name in bucket.read_names if "visits" in name]
    assert Store(copy.root).names() == ("shop", "visits")
    assert Store(copied("shup").root).names() == ("shop", "visits")


@pytest.mark.parametrize("hurt", [lambda path: path.write_bytes(b"weightz"), lambda path: path.unlink()])
def test_version_that_is_not_whole_is_left_out_and_said(hurt, there, copied):
    whole, torn = publish(there), publish(there, day=1)
    hurt(torn.folder / "weights.npz")
    copy = copied()
    assert [each.id for each in Store(copy.root).model("shop").versions()] == [whole.id]
    assert len(copy.unsound) == 1
    assert torn.id in copy.unsound[0]
    with pytest.raises(DataError):
        Store(copy.root).model("shop").champion()


def test_champion_that_comes_while_the_rest_is_fetched_is_fetched_too(there, bucket, copied):
    publish(there)
    newest = []

    def publish_once(names):
        if names[0].endswith("/champion") and not newest:
            newest.append(publish(there, day=1))

    bucket.before_read = publish_once
    assert Store(copied().root).model("shop").champion().id == newest[0].id


def test_what_is_gone_there_is_gone_here(there, copied):
    for name in ("shop", "visits"):
        for day in range(2):
            publish(there, name, day)
    copied()
    there.model("shop").prune(1)
    shutil.rmtree(there.model("visits").folder)
    copy = copied()
    assert Store(copy.root).names() == ("shop",)
    assert len(Store(copy.root).model("shop").versions()) == 1


def test_fetch_that_breaks_off_leaves_whole_versions_alone_and_the_next_one_goes_on(there, bucket, copied):
    for day in range(3):
        publish(there, day=day)

    def break_off(names):
        if len(bucket.read_names) > 3:
            raise DataError("The connection was lost.", "")

    bucket.before_read = break_off
    with pytest.raises(DataError, match="lost"):
        copied()
    bucket.before_read = lambda names: None
    copy = copied()
    assert copy.files == 3
    assert all(each.is_intact() for each in Store(copy.root).model("shop").versions())


def test_file_that_is_no_part_of_a_store_is_not_fetched(there, bucket, copied):
    publish(there)
    for name in ("notes.txt", "models/shop/evil.py", "models/shop/versions/x/weights.npz", "models/a b/champion"):
        (there.root / name).parent.mkdir(parents=True, exist_ok=True)
        (there.root / name).write_bytes(b"no")
    copied()
    assert not [name for name in bucket.read_names if (there.root / name).read_bytes() == b"no"]


@pytest.mark.parametrize(
    "write",
    [
        lambda models: publish(SimpleNamespace(model=lambda name: models)),
        lambda models: models.promote("v1", NOW),
        lambda models: models.rollback(None, NOW),
        lambda models: models.prune(1),
        lambda models: models.record({"command": "train"}),
    ],
)
def test_nothing_is_written_into_a_copy(write, there, copied):
    for day in range(2):
        publish(there, day=day)
    copy = copied()
    before = {path: path.read_bytes() for path in copy.root.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=f"{ADDRESS} is only read"):
        write(Store(copy.root).model("shop"))
    with pytest.raises(UsageError, match="is only read"):
        Store(copy.root).check_writable()
    assert {path: path.read_bytes() for path in copy.root.rglob("*") if path.is_file()} == before


def test_address_without_a_store_leaves_nothing_here(there, bucket, copied, tmp_path):
    there.root.mkdir()
    with pytest.raises(NotFoundError, match="There is no store at s3://bucket/store"):
        copied()
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


@pytest.mark.parametrize("address", ["https://example.com/store", "postgresql://h/db", "ftp://h/x"])
def test_address_that_tells_not_what_lies_below_is_refused(address, tmp_path):
    with pytest.raises(UsageError, match=r"nothing tells there which|Nothing here reads ftp"):
        copy_store(address, tmp_path)


def test_store_that_does_not_fit_onto_the_disk_is_not_fetched(there, copied, monkeypatch):
    publish(there)
    monkeypatch.setattr(store_copy.shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    with pytest.raises(DataError, match=r"needs .* on this machine"):
        copied()


@pytest.mark.parametrize(
    ("text", "address"), [("s3:/b/x", "s3://b/x"), ("s3://b/x", "s3://b/x"), ("store", None), ("/s3:/b", None)]
)
def test_slash_that_a_path_loses_is_put_back(text, address):
    assert address_of(text) == address
