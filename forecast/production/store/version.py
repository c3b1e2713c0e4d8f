"""A published version: its manifest, and its files, each checked against the manifest whenever it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from forecast.errors import DataError, NotFoundError
from forecast.production.store.disk import plain_words, read_regular
from forecast.production.store.json_document import utc
from forecast.production.store.manifest import (
    ARITHMETIC,
    MANIFEST,
    MANIFEST_LIMIT,
    Manifest,
    read_manifest,
    sha256,
)

WEIGHTS = "weights.npz"
"""The file of a version that holds its arrays."""


class DamagedError(DataError):
    """A version is not as it was published, and will never be again."""


@dataclass(frozen=True)
class Version:
    """One immutable version of a model.

    Attributes:
        name: of the model.
        created: aware, UTC.
        manifest: what it is; to ask for what an early program did not tell raises DamagedError.
        document: the manifest as JSON, for what is read of it with the model only.
    """

    name: str
    id: str
    number: int
    created: datetime
    folder: Path
    manifest: Manifest = field(repr=False, compare=False)
    document: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def label(self) -> str:
        """The short name, such as ``v3``."""
        return f"v{self.number}"

    @property
    def is_early(self) -> bool:
        """Whether an earlier program trained it, by whose rules it goes on to forecast."""
        return self.manifest.arithmetic < ARITHMETIC

    @property
    def program(self) -> str:
        """Which program trained it, such as ``0.1.0, rules 1``."""
        return f"{self.manifest.get('program') or 'unknown'}, rules {self.manifest.arithmetic}"

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all files in it but the manifest."""
        return tuple(self.manifest.files)

    def read(self, filename: str) -> bytes:
        """Returns the bytes of one of its files, exactly as published.

        Raises:
            NotFoundError: It never had such a file.
            DamagedError: The file is missing, changed or replaced by a link.
            DataError: The disk can't read it.
        """
        mark = self.manifest.files.get(filename)
        if mark is None:
            raise NotFoundError(
                f"{self.name} {self.label} has no file '{filename}'; it has {', '.join(self.files)}.",
                f"forecast models show {self.name}",
            )
        path = self.folder / filename
        try:
            if path.parent.is_symlink():
                raise ValueError("lies behind a link")
            data = read_regular(path, limit=mark.size)
            if len(data) < mark.size:
                raise ValueError(f"has {len(data):,} bytes of {mark.size:,}")
            if sha256(data) != mark.sha256:
                raise ValueError("differs from its checksum")
        except (OSError, ValueError) as error:
            raise unreadable(self.name, self.label, filename, error) from error
        return data

    def verify(self) -> None:
        """Reads every file, and so raises DataError if any is damaged."""
        for filename in self.files:
            self.read(filename)

    def is_intact(self) -> bool:
        """Returns whether every file is as published."""
        try:
            self.verify()
        except DataError:
            return False
        return True


def load_version(name: str, folder: Path) -> Version:
    """Returns the version in a folder; its files are checked when they are read.

    Raises:
        DamagedError: Its manifest is missing or damaged.
        NewerStoreError: A newer program wrote it.
        DataError: The disk can't read it.
    """

    def lacks(what: str) -> DataError:
        return missing_field(name, f"v{manifest.number}", what)

    try:
        if folder.is_symlink():
            raise ValueError("lies behind a link")
        manifest, document = read_manifest(read_regular(folder / MANIFEST, MANIFEST_LIMIT), folder.name, lacks)
    except (OSError, ValueError) as error:
        raise unreadable(name, folder.name, MANIFEST, error) from error
    created = utc(datetime.fromisoformat(manifest.created))
    return Version(name, folder.name, manifest.number, created, folder, manifest, MappingProxyType(document))


def unreadable(name: str, label: str, filename: str, error: OSError | ValueError) -> DataError:
    """Returns the error that names the unusable file of a version, and the way back to a whole version."""
    hint = f"forecast models rollback {name}"
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
        return DataError(f"{name} {label}: {filename} can't be read: {plain_words(error)}.", hint)
    reason = "is missing" if isinstance(error, FileNotFoundError) else str(error)
    return DamagedError(f"{name} {label} is damaged: {filename} {reason}.", hint)


def missing_field(name: str, label: str, what: str) -> DataError:
    """Returns the error of a manifest that lacks a field that is needed."""
    return unreadable(name, label, MANIFEST, ValueError(f"does not say what its '{what}' is"))
