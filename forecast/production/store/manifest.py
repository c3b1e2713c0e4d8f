"""The manifest of a version, a typed record: what it is, and the size and SHA-256 of each file in it.

The manifest seals itself: the version's id ends in the first digits of a digest over the manifest without
its id. So a change anywhere in it shows, and through the checksums a changed byte anywhere in the version.

    20260102T031500Z-4f2a91c0
    UTC time         digest
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forecast.decoding import Document, Lacks, MayLack, PartialDocument, decode
from forecast.errors import UPGRADE
from forecast.production.store.json_document import (
    JSON,
    SCHEMA_VERSION,
    NewerStoreError,
    format_document,
    parse_document,
    utc,
)
from forecast.production.store.run_record import RunRecord

ARITHMETIC = 3
"""Number of the rules by which this program forecasts from what a version holds. Versions without one have 1.

From 3 on a version keeps the numbers of the methods that are recomputed at each forecast, which an older program would
not read.

It is raised by whoever changes a forecast of what is stored, so that a program that is older than a version refuses it
instead of forecasting something else. What was published under a lower number is forecast as it was then.
"""
MOST_NUMBER = 9_999_999  # of versions; no name of a file has room for more
MANIFEST = "manifest.json"
MOST_NESTED = 100  # objects in objects; a real one has six
MANIFEST_LIMIT = 64 * 1024 * 1024  # bytes; a bound for reading, far above any real manifest

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8,64}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OWN_KEYS = ("schema_version", "id", "number", "created", "program", "arithmetic", "published_as", "files")
_DIGITS = 8


@dataclass(frozen=True, kw_only=True)
class ManifestData(PartialDocument):
    """What a manifest says of the data: where it was, how it was read, and what a sequel is compared with.

    Attributes:
        source: path of the file, or what it was called.
        fingerprint: of its bytes.
        options: how it was asked to be read.
        settled: how it was read, what was inferred of it settled.
        columns: by their part, the columns that were found.
        covariates: of the model.
        fills_sums: what stands in a gap of sums is what ``settled`` says; earlier programs counted 0.
        frequency: of the panel.
        training_end: when the last series ended; of data without dates, before the year 0.
        last_row: the number of the last row of data without dates.
        values: how many were observed.
        steps: of each series.
        ranges: lowest and highest value of each series.
        closed: its last line ended with a line break.
    """

    source: str
    fingerprint: str
    rows: int
    options: object
    settled: object
    columns: dict[str, Any]
    covariates: object
    header: tuple[str, ...] = ()
    series: object
    target: str
    fill: object
    fills_sums: object
    frequency: dict[str, Any]
    training_end: str
    last_row: int | None = None
    values: object
    steps: object
    ranges: object
    closed: bool = False

    @property
    def end(self) -> str:
        """When the data ended, for a person: ``2024-12-31``, or ``row 144``."""
        return f"row {self.last_row}" if self.last_row else self.training_end.removesuffix("T00:00:00")


@dataclass(frozen=True)
class FileMark(Document):
    """By what a file of a version is known."""

    sha256: str
    size: int  # in bytes


@dataclass(frozen=True, kw_only=True)
class Manifest(PartialDocument):
    """What the whole program reads of a manifest; a store for other models may leave out what is not the store's.

    Attributes:
        created: in ISO 8601.
        program: version of the program that wrote it.
        arithmetic: see ``ARITHMETIC``.
        published_as: champion, or candidate.
        model: its name.
        settings: that it was trained with.
        naive_season: that the seasonal naive repeats; None of early programs.
        retrain: the challenge that it came from; None where it was trained as such.
    """

    id: str
    number: int
    created: str
    program: str
    arithmetic: int = 1
    published_as: str = ""
    model: str
    season: int
    naive_season: MayLack[int] = None
    settings: object
    data: ManifestData
    retrain: MayLack[RunRecord] = None
    files: Mapping[str, FileMark]


def is_version_id(text: object) -> bool:
    """Returns whether this is the id of a version, and so a safe name of a folder."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def is_safe_filename(name: str) -> bool:
    """Returns whether a file of this name lies inside the version's folder, at most one folder down."""
    parts = name.split("/")
    safe = all(part and part[0] != "." and part.isprintable() and "\\" not in part for part in parts)
    return safe and len(parts) <= 2 and parts[0] != MANIFEST


def draft_manifest(
    about: Mapping[str, JSON], files: Mapping[str, bytes], created: datetime, *, champion: bool
) -> dict[str, Any]:
    """Returns a manifest that lacks only its number and id; ``about`` is the caller's own part.

    Raises:
        ValueError: The caller's part uses one of the store's keys or holds what JSON can't, a file name leads
            out of the folder, or ``created`` has no time zone.
    """
    if taken := sorted(set(about) & set(_OWN_KEYS)):
        raise ValueError(f"the store itself writes {', '.join(taken)} into the manifest")
    if unsafe := [name for name in files if not is_safe_filename(name)]:
        raise ValueError(f"not a file name inside a version: {unsafe[0]!r}")
    draft = {
        "schema_version": SCHEMA_VERSION,
        "created": utc(created).isoformat(),
        "program": _program_version(),
        "arithmetic": ARITHMETIC,
        "published_as": "champion" if champion else "candidate",
        # Through JSON and back, so that the digest is that of what a reader will parse.
        **json.loads(json.dumps(about, allow_nan=False)),
        "files": {name: {"sha256": sha256(data), "size": len(data)} for name, data in files.items()},
    }
    decode(Manifest, draft)  # or nobody could read it again
    return draft


def seal_manifest(draft: Mapping[str, Any], number: int, is_taken: Callable[[str], bool]) -> tuple[str, bytes]:
    """Returns the id and the bytes of the finished manifest; an id that is taken gets more digits."""
    numbered = {"number": number, **draft}
    digest = _digest(numbered)
    moment = datetime.fromisoformat(draft["created"]).strftime("%Y%m%dT%H%M%SZ")
    ids = (f"{moment}-{digest[:digits]}" for digits in range(_DIGITS, len(digest) + 1))
    version_id = next(version_id for version_id in ids if not is_taken(version_id))
    return version_id, format_document({"id": version_id, **_without(numbered, "schema_version")})


def read_manifest(data: bytes, version_id: str, lacks: Lacks) -> tuple[Manifest, dict[str, Any]]:
    """Returns a manifest whose every field the whole program may trust, and the document that it stands in.

    Args:
        data: the file.
        version_id: of the version that it lies in.
        lacks: makes the error of who asks for what it does not tell.

    Raises:
        ValueError: It is damaged, or not that of ``version_id``; the text says why.
        NewerStoreError: A newer program, which calculates otherwise, wrote it.
    """
    document = parse_document(data)
    if document.get("id") != version_id:
        raise ValueError("belongs to another version")
    if not _digest(_without(document, "id")).startswith(version_id.partition("-")[2]):
        raise ValueError("was changed after it was published")
    return _read(document, lacks), document


def _read(document: dict[str, Any], lacks: Lacks) -> Manifest:
    number, files = document.get("number"), document.get("files")
    if type(number) is not int or not 1 <= number <= MOST_NUMBER:
        raise ValueError("has no version number")
    try:
        utc(datetime.fromisoformat(document["created"]))
    except (KeyError, TypeError, ValueError):
        raise ValueError("has no time of creation") from None
    is_safe = isinstance(files, dict) and all(_is_file_entry(name, entry) for name, entry in files.items())
    try:
        manifest = decode(Manifest, {**document, "files": files if is_safe else {}}, lacks=lacks)
    except ValueError as error:
        raise ValueError(f"makes no sense: {error}") from None
    if manifest.arithmetic > ARITHMETIC:
        raise NewerStoreError(
            f"A newer forecast ({manifest.program}) trained version {document['id']}: it calculates by rules (number "
            f"{manifest.arithmetic}) that this one, which knows {ARITHMETIC}, has not.",
            UPGRADE,
        )
    if not is_safe:
        raise ValueError("has no safe list of files")
    _check_depth(document, MOST_NESTED)
    return manifest


def _check_depth(document: Mapping[str, Any], most: int) -> None:
    if most == 0:
        raise ValueError("is nested too deeply")
    for inner in document.values():
        if isinstance(inner, dict):
            _check_depth(inner, most - 1)


def sha256(data: bytes) -> str:
    """Returns the checksum of a file's bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _is_file_entry(name: str, entry: object) -> bool:
    if not isinstance(entry, dict) or not is_safe_filename(name):
        return False
    checksum, size = entry.get("sha256"), entry.get("size")
    return isinstance(checksum, str) and bool(_SHA256.fullmatch(checksum)) and type(size) is int and size >= 0


def _digest(manifest: Mapping[str, Any]) -> str:
    return sha256(json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode())


def _without(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def _program_version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  20 ms that readers needn't pay

    try:
        return version("forecast")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
