"""What a folder of shards holds: ``_manifest.json`` beside them, with checksums.

Programs that read a folder of Parquet files leave out what begins with an underscore.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from forecast.data.files.remote.folder_place import folder_at
from forecast.data.shards.stable_hash import NAME
from forecast.decoding import Document, decode, encode
from forecast.errors import UPGRADE, DataError

MANIFEST = "_manifest.json"
SCHEMA = 1
LIMIT = 1 << 28
"""Bytes that a manifest may have: a shard takes 200."""


@dataclass(frozen=True)
class Shard(Document):
    """A file of whole series.

    Attributes:
        file: its name in the folder.
        number: the remainder of its series' hashes.
        first, last: the earliest and the latest time in it, in ISO 8601; empty without dates.
        size: in bytes.
        sha256: of its bytes.
    """

    file: str
    number: int
    rows: int
    series: int
    first: str
    last: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ShardManifest(Document):
    """What the shards of a panel are.

    Attributes:
        program: that wrote them.
        source: what they were made from.
        hash: by which a series belongs to a shard; see ``stable_hash``.
        modulus: of it: a shard holds the series of one remainder; there are fewer shards where some would be empty.
        ids: the columns that tell series apart.
        time: the columns of the time, with commas; empty without dates.
        columns: of every shard, name by name, with their types.
    """

    program: str
    source: str
    hash: str
    modulus: int
    ids: tuple[str, ...]
    time: str
    columns: dict[str, str]
    rows: int
    series: int
    shards: tuple[Shard, ...]

    def to_bytes(self) -> bytes:
        """Returns the content of the file."""
        return (json.dumps({"schema_version": SCHEMA, **encode(self)}, indent=1) + "\n").encode()


def read_manifest(folder: str | Path) -> ShardManifest | None:
    """Returns the manifest of a folder; None where it has none.

    Raises:
        DataError: it can't be read, or does not fit the files that are there.
    """
    place, path = folder_at(folder), f"{folder}/{MANIFEST}"
    files = {name: size for name, size in place.files().items() if "/" not in name}
    if MANIFEST not in files:
        return None
    hint = f"forecast shard DATA {folder} --force makes it anew"
    try:
        if files[MANIFEST] > LIMIT:
            raise ValueError("it is too large")
        manifest = _decoded(place.read(MANIFEST), path)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is no manifest of shards: {error}.", hint) from None
    for shard in manifest.shards:
        if shard.file not in files:
            raise DataError(f"{folder} lacks {shard.file}, which its {MANIFEST} names.", hint)
        if files[shard.file] != shard.size:
            message = f"{folder}/{shard.file} has {files[shard.file]:,} bytes, and {MANIFEST} says {shard.size:,}."
            raise DataError(message, hint)
    known = {shard.file for shard in manifest.shards}
    strange = sorted(name for name in files if name.endswith(".parquet") and name not in known)
    if strange:
        raise DataError(f"{folder} holds {strange[0]}, which its {MANIFEST} does not name.", f"remove it, or {hint}")
    return manifest


def _decoded(data: bytes, path: str) -> ShardManifest:
    """Returns what a manifest says.

    Raises:
        DataError: a newer program wrote it.
        ValueError, KeyError, TypeError, AttributeError: it is no manifest.
    """
    document = json.loads(data)
    if document.pop("schema_version") > SCHEMA:
        raise DataError(f"{path} was written by a newer forecast.", UPGRADE)
    manifest = decode(ShardManifest, document)
    if manifest.hash != NAME or manifest.modulus < 1:
        raise ValueError(f"its hash {manifest.hash} is none that this program knows")
    return manifest
