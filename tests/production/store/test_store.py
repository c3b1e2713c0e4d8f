import contextlib
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from forecast.errors import DataError, NotFoundError, UsageError
from forecast.production.store.store import Store, model_name_for
from places import ROOT

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)


def publish(store, name, now=NOW, champion=True, size=8):
    return store.model(name).publish(
        {"weights.npz": b"w" * size}, {"data": {"source": f"{name}.csv"}}, now, champion=champion
    )


def tree(folder):
    return sorted(str(path) for path in folder.rglob("*"))


@pytest.fixture
def small_disk(tmp_path):
    """A real disk of 64 KB, which a test may fill or make read-only."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("name", ["shop", "air_passengers-2.1", "7", "_x", "größe", "売上", "x" * 100])
def test_a_name_of_letters_digits_and_marks_is_kept_in_its_own_folder(tmp_path, name):
    assert publish(Store(tmp_path), name).folder.parent.parent == tmp_path / "models" / name
    assert Store(tmp_path).names() == (name,)


@pytest.mark.parametrize("name", ["", ".", "..", ".git", "a/b", "../a", "/etc", "a\\b", "-rf", "a b", "a\n", "x" * 101])
def test_a_name_that_could_lead_elsewhere_is_refused_with_one_that_works(tmp_path, name):
    with pytest.raises(UsageError, match="can't name a model") as caught:
        Store(tmp_path).model(name)
    flag, _, better = caught.value.hint.partition(" ")
    assert flag == "--name"
    assert Store(tmp_path).model(better).name == better


def test_one_name_in_two_unicode_spellings_is_one_model(tmp_path):
    store = Store(tmp_path)
    assert store.model("gro\u0308ße") is store.model("größe")


@pytest.mark.parametrize(
    ("text", "name"),
    [("Daily sales (1)", "Daily_sales_1"), ("../../x", "x"), ("", "model"), ("shop", "shop")],
)
def test_the_name_for_a_file_is_close_to_it(text, name):
    assert model_name_for(text) == name


def test_the_store_needs_nothing_but_the_standard_library():
    code = (
        "import sys; start = set(sys.modules); import forecast.production.store.store; "
        "print({name.partition('.')[0] for name in set(sys.modules) - start} - sys.stdlib_module_names)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "{'forecast'}\n"


def test_names_lists_only_models_that_hold_something(tmp_path):
    store = Store(tmp_path)
    assert store.names() == ()
    publish(store, "b")
    publish(store, "a", champion=False)
    with store.model("begun").lock():
        assert store.names() == ("a", "b")
    (tmp_path / "models" / "not a name").mkdir()
    (tmp_path / "models" / "file").write_bytes(b"")
    assert Store(tmp_path).names() == ("a", "b")


def test_reading_an_empty_store_makes_nothing(tmp_path):
    store = Store(tmp_path / "none")
    assert store.newest() is None
    assert (store.model("shop").versions(), store.model("shop").history()) == ((), ())
    with pytest.raises(NotFoundError):
        store.model("shop").champion()
    assert list(tmp_path.iterdir()) == []


def test_newest_is_the_version_published_last_over_all_models(tmp_path):
    store = Store(tmp_path)
    publish(store, "shop", NOW + timedelta(days=1))
    publish(store, "prices", NOW + timedelta(days=2), champion=False)
    publish(store, "visits", NOW)
    assert store.newest().manifest.data.source == "prices.csv"


def test_newest_passes_over_a_damaged_version(tmp_path):
    store = Store(tmp_path)
    publish(store, "shop")
    (publish(store, "prices", NOW + timedelta(days=1)).folder / "manifest.json").write_bytes(b"")
    assert store.newest().name == "shop"


def test_check_writable_leaves_nothing_behind(tmp_path):
    Store(tmp_path / "not" / "yet").check_writable()
    assert tree(tmp_path) == []
    publish(Store(tmp_path), "shop")
    before = tree(tmp_path)
    Store(tmp_path).check_writable()
    assert tree(tmp_path) == before


def test_a_store_below_a_file_is_refused_by_every_way_in(tmp_path):
    (tmp_path / "notes.txt").write_bytes(b"")
    store = Store(tmp_path / "notes.txt")
    match = "a file stands in the way"
    for use in (store.check_writable, store.names, store.newest, lambda: publish(store, "shop")):
        with pytest.raises(DataError, match=match) as caught:
            use()
        assert caught.value.hint == "choose another place with --store DIR"
    assert (tmp_path / "notes.txt").read_bytes() == b""


def test_a_read_only_disk_serves_readers_and_refuses_writers(small_disk):
    store = Store(small_disk / "store")
    first = publish(store, "shop")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    shop = store.model("shop")
    writes = [
        store.check_writable,
        lambda: publish(store, "shop"),
        lambda: publish(store, "other"),
        lambda: shop.promote("v1", NOW),
        lambda: shop.rollback(None, NOW),
        lambda: shop.prune(1),
        lambda: shop.record({"run": 1}),
    ]
    for write in writes:
        with pytest.raises(DataError, match="the disk is read-only") as caught:
            write()
        assert "--store DIR" in caught.value.hint
    assert store.newest() == shop.champion() == first
    assert shop.champion().read("weights.npz") == b"w" * 8


def test_a_full_disk_keeps_the_champion_and_loses_nothing_but_the_new(small_disk):
    store = Store(small_disk)
    shop = store.model("shop")
    first, second = publish(store, "shop"), publish(store, "shop", champion=False)
    shop.record({"run": 1})
    before = tree(small_disk)
    with pytest.raises(DataError, match=r"Can't write to .*shop: the disk is full") as caught:
        publish(store, "shop", size=200_000)
    assert caught.value.hint == "free some space, or choose another place with --store DIR"
    assert tree(small_disk) == before

    with (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            try:
                filler.write(b"x" * 4096)
            except OSError:
                break
    writes = [
        lambda: publish(store, "shop"),
        lambda: shop.promote("v2", NOW),
        lambda: shop.record({"run": 2, "reason": "x" * 5000}),
        store.check_writable,
    ]
    for write in writes:
        with pytest.raises(DataError, match="the disk is full"):
            write()
    assert shop.champion() == first
    assert shop.champion().is_intact()
    assert shop.versions() == (first, second)
    assert shop.history() == ({"run": 1},)

    (small_disk / "filler").unlink()
    assert tree(small_disk) == before
    assert publish(store, "shop").label == "v3"
    shop.record({"run": 2})
    assert shop.history() == ({"run": 1}, {"run": 2})


def test_prune_frees_space_on_a_full_disk_and_keeps_what_was_issued(small_disk):
    store = Store(small_disk / "store")
    files = {"weights.npz": b"w" * 9000, "forecast.csv": b"series_id\n" * 50}
    for day in range(2):
        store.model("shop").publish(files, {}, NOW + timedelta(days=day), champion=True)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 512)
    assert shutil.disk_usage(small_disk).free == 0
    models = Store(small_disk / "store").model("shop")
    assert [version.label for version in models.prune(1).versions] == ["v1"]
    assert [version.label for version in models.versions()] == ["v2"]
    assert [table.data for table in models.issued().tables] == [files["forecast.csv"]] * 2
    assert shutil.disk_usage(small_disk).free >= 12_288
