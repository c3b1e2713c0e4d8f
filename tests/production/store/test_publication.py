import errno
import os

import pytest

from forecast.production.store.disk import Disk, hidden, place, retire, sweep, withdraw

FILES = {"weights": b"w" * 100_000, "plots/a.png": b"a", "plots/b.png": b"b", "manifest.json": b"{}"}


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_placed_folder_holds_exactly_its_files(tmp_path):
    place(Disk(), tmp_path / "v1", FILES)
    assert contents(tmp_path / "v1") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["v1"]


def test_a_folder_is_seen_whole_or_not_at_all_at_every_step(tmp_path):
    seen = []

    def on_step(step):
        seen.append((tmp_path / "v1").exists())
        assert not seen[-1] or contents(tmp_path / "v1") == FILES

    place(Disk(on_step), tmp_path / "v1", FILES)
    assert seen == sorted(seen)
    assert seen[-1]


def test_every_file_and_folder_is_on_the_disk_before_the_rename_shows_them(tmp_path):
    steps = []
    place(Disk(steps.append), tmp_path / "v1", FILES)
    shown = steps.index("rename .v1.tmp to v1")
    synced = steps[:shown]
    for name in ("weights", "a.png", "b.png", "manifest.json"):
        assert synced.index(f"sync {name}") > synced.index(f"create {name}")
    last_file = max(place for place, step in enumerate(synced) if step.startswith("create"))
    assert {"sync folder .v1.tmp", "sync folder plots"} <= set(synced[last_file:])
    assert steps[shown + 1 :] == [f"sync folder {tmp_path.name}"]


def test_a_placing_that_fails_at_any_step_leaves_nothing(tmp_path):
    steps = []
    place(Disk(steps.append), tmp_path / "rehearsal", FILES)
    retire(Disk(), tmp_path / "rehearsal")
    for failing in range(1, len(steps) + 1):
        count = iter(range(1, 1000))

        def on_step(step, failing=failing, count=count):
            if next(count) == failing:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            place(Disk(on_step), tmp_path / "v1", FILES)
        assert list(tmp_path.iterdir()) == []


def test_a_retired_folder_vanishes_at_once(tmp_path):
    place(Disk(), tmp_path / "v1", FILES)
    seen = []
    retire(Disk(lambda step: seen.append((step.split()[0], (tmp_path / "v1").exists()))), tmp_path / "v1")
    assert seen == [("rename", True), ("sync", False), ("remove", False)]
    assert list(tmp_path.iterdir()) == []


def test_sweep_takes_hidden_work_of_every_kind_and_nothing_else(tmp_path):
    place(Disk(), tmp_path / "v1", FILES)
    place(Disk(), tmp_path / "v2", FILES)
    (tmp_path / "v2").rename(hidden(tmp_path / "v2"))
    (tmp_path / ".champion.7-0.tmp").write_bytes(b"half")
    (tmp_path / ".link.tmp").symlink_to("v1")
    (tmp_path / ".hidden").write_bytes(b"not ours")
    sweep(Disk(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", "v1"]
    assert contents(tmp_path / "v1") == FILES


def test_junk_that_the_disk_keeps_stops_no_one(tmp_path):
    def refuse(step):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / ".junk.tmp").write_bytes(b"")
    sweep(Disk(refuse), tmp_path)
    withdraw(Disk(refuse), tmp_path / "junk")
    assert (tmp_path / ".junk.tmp").exists()
