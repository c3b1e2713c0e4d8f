import json

import pytest

from forecast.data.shards.shard_manifest import MANIFEST, Shard, ShardManifest, read_manifest
from forecast.data.shards.stable_hash import NAME
from forecast.errors import DataError

SHARD = Shard("part-00000.parquet", 0, 3, 1, "2024-01-01", "2024-01-03", 5, "ab")
WHOLE = ShardManifest("0.1", "sales.csv", NAME, 2, ("shop",), "day", {"shop": "string"}, 3, 1, (SHARD,))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / SHARD.file).write_bytes(b"12345")
    (tmp_path / MANIFEST).write_bytes(WHOLE.to_bytes())
    return tmp_path


def test_manifest_is_read_as_it_was_written(folder):
    assert read_manifest(folder) == WHOLE
    assert next(iter(json.loads((folder / MANIFEST).read_bytes()))) == "schema_version"


def test_folder_without_a_manifest_has_none(tmp_path):
    assert read_manifest(tmp_path) is None


def change(folder, **fields):
    document = {**json.loads((folder / MANIFEST).read_bytes()), **fields}
    (folder / MANIFEST).write_text(json.dumps(document))


HARMS = {
    "a shard is gone": (lambda folder: (folder / SHARD.file).unlink(), "lacks part-00000.parquet"),
    "a shard is cut off": (
        lambda folder: (folder / SHARD.file).write_bytes(b"1"),
        "has 1 bytes, and _manifest.json says 5",
    ),
    "a file too many": (lambda folder: (folder / "x.parquet").touch(), "holds x.parquet, which"),
    "cut off": (lambda folder: (folder / MANIFEST).write_text("{"), "is no manifest of shards"),
    "no object": (lambda folder: (folder / MANIFEST).write_text("[1]"), "is no manifest of shards"),
    "a field is gone": (lambda folder: (folder / MANIFEST).write_text('{"schema_version": 1}'), "is no manifest"),
    "another hash": (lambda folder: change(folder, hash="md5"), "its hash md5 is none"),
    "a newer program": (lambda folder: change(folder, schema_version=99), "written by a newer forecast"),
    "a shard elsewhere": (
        lambda folder: change(folder, shards=[{**vars(SHARD), "file": "../other.parquet"}]),
        "lacks ../other.parquet",
    ),
}


@pytest.mark.parametrize("harm", HARMS)
def test_manifest_that_does_not_fit_is_refused(folder, harm):
    do, words = HARMS[harm]
    do(folder)
    with pytest.raises(DataError, match=words) as error:
        read_manifest(folder)
    assert error.value.hint
