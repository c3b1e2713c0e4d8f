import errno
import os
from datetime import UTC, datetime

import pytest

from forecast.errors import DataError, NotFoundError
from forecast.production.store import version as version_module
from forecast.production.store.store import Store
from forecast.production.store.version import DamagedError, load_version

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
FILES = {"weights.npz": bytes(range(256)) * 4, "metrics.json": b"{}", "plots/forecast.png": b"png"}


@pytest.fixture
def version(tmp_path):
    return Store(tmp_path).model("shop").publish(FILES, {"spec": {"units": 50}}, NOW, champion=True)


def test_a_version_reads_as_it_was_published(version):
    assert {name: version.read(name) for name in version.files} == FILES
    assert (version.label, version.number, version.created) == ("v1", 1, NOW)
    assert version.document["spec"] == {"units": 50}
    assert version.is_intact()


def test_a_manifest_in_memory_is_read_only(version):
    with pytest.raises(TypeError):
        version.document["number"] = 2


def test_versions_of_equal_identity_are_equal_and_hashable(version):
    assert {version, load_version("shop", version.folder)} == {version}


def test_a_file_that_was_never_there_is_not_damage(version):
    with pytest.raises(NotFoundError, match=r"shop v1 has no file 'weights.h5'; it has weights.npz, metrics.json"):
        version.read("weights.h5")


@pytest.mark.parametrize("name", FILES)
def test_a_change_of_any_single_byte_of_a_file_is_refused(version, name):
    path = version.folder / name
    for place in range(0, len(FILES[name]), 37):
        changed = bytearray(FILES[name])
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(DamagedError, match=f"shop v1 is damaged: {name} differs from its checksum") as caught:
            version.read(name)
    assert caught.value.hint == "forecast models rollback shop"
    assert caught.value.exit_code == 5
    assert not version.is_intact()


def to_link(path):
    twin = path.parent.parent / "twin"
    path.rename(twin)
    path.symlink_to(twin)


@pytest.mark.parametrize(
    ("harm", "match"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), r"has 1,023 bytes of 1,024"),
        (lambda path: path.write_bytes(b""), r"has 0 bytes of 1,024"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), r"has 1,025 bytes, more than the 1,024"),
        (to_link, "is a link"),
        (lambda path: (path.unlink(), path.mkdir()), "is not a regular file"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "is not a regular file"),
    ],
    ids=["missing", "truncated", "empty", "longer", "link", "folder", "pipe"],
)
def test_a_harmed_file_is_named_and_refused(version, harm, match):
    harm(version.folder / "weights.npz")
    with pytest.raises(DamagedError, match=f"shop v1 is damaged: weights.npz {match}"):
        version.verify()


def test_a_folder_replaced_by_a_link_is_refused(version):
    (version.folder / "plots").rename(version.folder / "elsewhere")
    (version.folder / "plots").symlink_to("elsewhere")
    with pytest.raises(DamagedError, match=r"plots/forecast\.png lies behind a link"):
        version.read("plots/forecast.png")


def test_a_version_replaced_by_a_link_is_refused(version, tmp_path):
    version.folder.rename(tmp_path / version.id)
    version.folder.symlink_to(tmp_path / version.id)
    with pytest.raises(DamagedError, match="lies behind a link"):
        load_version("shop", version.folder)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (None, "is missing"),
        (b"", "is cut off"),
        (b"{}", "no schema_version"),
        (b'{"schema_version":1}', "another"),
    ],
)
def test_a_harmed_manifest_is_named_and_refused(version, data, match):
    manifest = version.folder / "manifest.json"
    manifest.unlink() if data is None else manifest.write_bytes(data)
    with pytest.raises(DamagedError, match=f"shop {version.id} is damaged: manifest.json .*{match}"):
        load_version("shop", version.folder)


def test_a_file_that_the_disk_cannot_read_is_not_called_damaged(version, monkeypatch):
    def refuse(path, limit=None):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(version_module, "read_regular", refuse)
    with pytest.raises(DataError, match=r"weights\.npz can't be read: the disk reports a hardware error") as caught:
        version.read("weights.npz")
    assert not isinstance(caught.value, DamagedError)
