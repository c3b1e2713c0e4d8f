import errno
import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from forecast.errors import DataError
from forecast.production.store.disk import Disk
from forecast.production.store.store import Store

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path):
    return Store(tmp_path).model("shop")


def publish(shop, forecast=b"published", champion=True, now=NOW):
    return shop.publish({"weights.npz": b"w", "forecast.csv": forecast}, {}, now, champion=champion)


def kept(shop):
    return [(table.moment, table.data) for table in shop.issued().tables]


def test_issued_forecasts_come_back_oldest_first_beside_those_of_the_versions(shop):
    first = publish(shop)
    shop.issue(b"later", first, NOW + timedelta(days=7))
    publish(shop, b"second", now=NOW + timedelta(days=3))
    assert kept(shop) == [
        ("20260102T031500Z", b"published"),
        ("20260105T031500Z", b"second"),
        ("20260109T031500Z", b"later"),
    ]
    assert shop.issued().notes == ()


def test_file_is_named_by_its_time_version_and_content(shop):
    path = shop.issue(b"table", publish(shop), NOW)
    assert path.parent == shop.folder / "issued"
    assert path.name.startswith("20260102T031500Z-v1-")
    assert path.read_bytes() == b"table"


def test_issuing_the_same_twice_is_issuing_once_and_nothing_is_replaced_by_another(shop):
    version = publish(shop)
    assert shop.issue(b"later", version, NOW) == shop.issue(b"later", version, NOW)
    shop.issue(b"other", version, NOW)
    assert sorted(data for _, data in kept(shop)) == [b"later", b"other", b"published"]


def test_what_was_issued_last_is_not_kept_again_at_another_time(shop):
    version = publish(shop)
    first = shop.issue(b"later", version, NOW)
    assert shop.issue(b"later", version, NOW + timedelta(hours=1)) == first
    shop.issue(b"other", version, NOW + timedelta(hours=2))
    assert shop.issue(b"later", version, NOW + timedelta(hours=3)) != first
    assert [data for _, data in kept(shop)].count(b"later") == 2


def test_nothing_was_issued_by_candidates_nor_by_a_model_without_forecast(shop):
    publish(shop, champion=False)
    shop.publish({"weights.npz": b"w"}, {}, NOW, champion=True)
    assert shop.issued() == type(shop.issued())((), ())


def test_prune_loses_nothing_that_was_issued(shop):
    for day in range(5):
        version = publish(shop, b"forecast %d" % day, now=NOW + timedelta(days=day))
        shop.issue(b"later %d" % day, version, NOW + timedelta(days=day, hours=1))
    before = kept(shop)
    assert len(shop.prune(1).versions) == 4
    assert len(shop.versions()) == 1
    assert kept(shop) == before
    shop.prune(1)
    assert kept(shop) == before


def test_a_forecast_that_is_kept_and_still_in_its_version_is_read_once(shop, monkeypatch):
    """As after a prune that was killed between its two halves."""
    publish(shop)
    publish(shop, b"second", now=NOW + timedelta(days=1))
    monkeypatch.setattr("forecast.production.store.retention.retire", lambda *_: None)
    shop.prune(1)
    assert len(shop.versions()) == 2
    assert [data for _, data in kept(shop)] == [b"published", b"second"]


def test_prune_goes_on_where_the_forecast_of_a_version_is_damaged(shop):
    doomed = publish(shop)
    publish(shop, b"second")
    (doomed.folder / "forecast.csv").write_bytes(b"")
    assert shop.prune(1).versions == (doomed,)
    assert [data for _, data in kept(shop)] == [b"second"]


@pytest.mark.parametrize(
    ("name", "damage", "reason"),
    [
        (None, lambda path: path.write_bytes(b"lat"), "it is cut off or was changed"),
        (None, lambda path: path.write_bytes(b"later!"), "it is cut off or was changed"),
        ("notes.txt", lambda path: path.write_bytes(b"mine"), "it is not one of the files that forecast writes"),
        ("20260102T031500Z-v1-00000000.csv", lambda path: path.mkdir(), "it is not a regular file"),
        ("20260102T031500Z-v1-00000000.csv", lambda path: path.symlink_to("/etc/passwd"), "it is a link"),
    ],
)
def test_torn_and_foreign_files_are_left_out_and_named(shop, name, damage, reason):
    path = shop.issue(b"later", publish(shop), NOW)
    damage(path.with_name(name) if name else path)
    issued = shop.issued()
    assert [table.data for table in issued.tables if table.data != b"later"] == [b"published"]
    [note] = issued.notes
    assert note == f"{path.parent / (name or path.name)} is left out: {reason}."


def test_damaged_forecast_of_a_version_is_named(shop):
    version = publish(shop)
    (version.folder / "forecast.csv").write_bytes(b"p")
    assert shop.issued().tables == ()
    assert "shop v1 is damaged: forecast.csv" in shop.issued().notes[0]


def test_a_version_that_is_pruned_while_its_forecast_is_read_leaves_no_note(shop, monkeypatch):
    doomed = publish(shop)
    publish(shop, b"second")
    listed = shop.versions()
    shop.prune(1)
    monkeypatch.setattr(type(shop), "versions", lambda _: listed)
    issued = shop.issued()
    assert not doomed.folder.exists()
    assert sorted(table.data for table in issued.tables) == [b"published", b"second"]
    assert issued.notes == ()


def test_unfinished_work_is_unseen_and_swept(shop):
    version = publish(shop)
    junk = shop.issue(b"later", version, NOW).with_name(".x.tmp")
    junk.write_bytes(b"half")
    assert len(kept(shop)) == 2
    with shop.lock():
        assert not junk.exists()


def test_a_file_in_place_of_the_folder_is_an_error(shop):
    version = publish(shop)
    (shop.folder / "issued").write_bytes(b"")
    with pytest.raises(DataError, match=r"Can't write to .*: a file stands in the way"):
        shop.issue(b"later", version, NOW)
    with pytest.raises(DataError, match=r"Can't read .*issued: a file stands in the way of a folder"):
        shop.issued()


def test_forecasts_outlive_all_versions(shop):
    version = publish(shop)
    shop.issue(b"later", version, NOW)
    shutil.rmtree(version.folder)
    assert [data for _, data in kept(shop)] == [b"later"]


def test_prune_makes_room_where_not_even_a_second_name_fits(shop, monkeypatch):
    issued = publish(shop)
    publish(shop, b"second", now=NOW + timedelta(days=3))
    weights, keep = issued.folder / "weights.npz", Disk.replace

    def full(disk, path, data, permissions=None):
        if path.parent.name == "issued" and weights.exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        keep(disk, path, data, permissions)

    monkeypatch.setattr(Disk, "replace", full)
    monkeypatch.setattr(Disk, "link", lambda *_: False)
    shop.prune(1)
    assert [data for _, data in kept(shop)] == [b"published", b"second"]
    assert not issued.folder.exists()


def test_nothing_is_issued_through_a_link(shop, tmp_path):
    version = publish(shop)
    (tmp_path / "elsewhere").mkdir()
    (shop.folder / "issued").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="links are not followed"):
        shop.issue(b"later", version, NOW)
    assert list((tmp_path / "elsewhere").iterdir()) == []
