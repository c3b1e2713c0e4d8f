"""Backups: the models of a store as one folder or one tar, taken while runs go on, and put back.

    models/NAME/…            the files of each model, as they lie in the store
    forecast-backup.json     what was written, last: size and SHA-256 of each file

No lock is taken. Versions are immutable, so they are copied first and the champion file last: should it name a version
that came meanwhile, that is copied too.
"""

import io
import os
import re
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from forecast.errors import DataError, NotFoundError, UsageError
from forecast.production.store.alias import ALIAS, ALIAS_LIMIT, Alias
from forecast.production.store.disk import Disk, kind_of, read_regular, telling, unused_name_near
from forecast.production.store.history_file import HISTORY, OLDER
from forecast.production.store.issued import ISSUED
from forecast.production.store.json_document import JSON, format_document, utc
from forecast.production.store.manifest import MANIFEST, sha256
from forecast.production.store.model_store import ModelStore
from forecast.production.store.store import Store
from forecast.production.store.version import Version
from forecast.wording import listed

INDEX = "forecast-backup.json"
FORMAT = 1
TARS = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz"}
_PLACE = re.compile(r"models/(?P<name>\w[\w.-]{0,99})/(?P<rest>.+)")
ISSUED_FILE = re.compile(r"issued/[\w.-]+\.csv", re.ASCII)
_OWN = (ALIAS, HISTORY, OLDER)


@dataclass(frozen=True)
class Backup:
    """What was written, or put back.

    Attributes:
        models: their names.
        versions: how many.
        files: how many.
        size: in bytes.
        damaged: in words, what could not be copied for being damaged.
    """

    models: tuple[str, ...] = ()
    versions: int = 0
    files: int = 0
    size: int = 0
    damaged: tuple[str, ...] = ()


class _Sink(Protocol):
    def add(self, name: str, data: bytes) -> None:
        """Writes a file."""


@dataclass
class _Copy:
    """A copy under way: each file goes into the sink and into the index."""

    sink: _Sink
    index: dict[str, dict[str, JSON]] = field(default_factory=dict)
    versions: int = 0
    damaged: list[str] = field(default_factory=list)

    def add(self, name: str, data: bytes) -> None:
        self.index[name] = {"size": len(data), "sha256": sha256(data)}
        self.sink.add(name, data)


def back_up(store: Store, names: Sequence[str], target: Path, now: datetime, program: str, *, force: bool) -> Backup:
    """Writes a backup of models: into a folder, or a tar by the name's ending.

    Args:
        store: that has them.
        names: of the models.
        target: the folder or file.
        now: when.
        program: its version.
        force: replace a file that is there; a folder that is there is never replaced.

    Raises:
        UsageError: the target is there, or has an ending that is no tar's.
        DataError: the disk refused; nothing is at the target.
    """
    mode = _mode_of(target)
    kind = kind_of(target, "DIR")
    if kind is not None and not (kind == "folder" and not any(target.iterdir())) and not (mode and force):
        hint = "--force to replace it" if mode and kind == "file" else "another name"
        raise UsageError(f"{target} exists already.", hint)
    with _sink(target, mode) as sink:
        copy = _Copy(sink)
        for name in names:
            _copy_model(store.model(name), copy)
        sizes = [int(str(mark["size"])) for mark in copy.index.values()]
        head: dict[str, JSON] = {"format": FORMAT, "created": utc(now).isoformat(), "program": program}
        sink.add(INDEX, format_document({**head, "models": list(names), "files": copy.index}))
    return Backup(tuple(names), copy.versions, len(sizes), sum(sizes), tuple(copy.damaged))


def _mode_of(target: Path) -> str | None:
    """Returns how a tar is opened; None of a folder."""
    name = target.name.lower()
    mode = next((mode for ending, mode in TARS.items() if name.endswith(ending)), None)
    if mode is None and re.search(r"\.(zip|tar\.\w+|7z|rar|t[bxz]z\w?)$", name):
        raise UsageError(f"{target}: a backup is a folder, or a file that ends in {listed(list(TARS))}.", "backup.tar")
    return mode


def _copy_model(models: ModelStore, copy: _Copy) -> None:
    done: set[str] = set()
    root = f"models/{models.name}"
    for version_id, error in models.damaged().items():
        copy.damaged.append(f"{models.name} {version_id}: {error.message}")
    for version in models.versions():
        _copy_version(version, root, copy, done)
    for folder_name in sorted(_listed(models.folder / ISSUED)):
        if ISSUED_FILE.fullmatch(f"{ISSUED}/{folder_name}"):
            _copy_file(models.folder / ISSUED / folder_name, f"{root}/{ISSUED}/{folder_name}", copy)
    for name in (OLDER, HISTORY):
        data = read_if_there(models.folder / name)
        if data is not None:
            copy.add(f"{root}/{name}", data[: data.rfind(b"\n") + 1])  # a line that is being written is not whole
    _copy_champion(models, root, copy, done)


def _copy_champion(models: ModelStore, root: str, copy: _Copy, done: set[str]) -> None:
    """Copies the champion file, and the version that it names, should that have come meanwhile."""
    while (data := read_if_there(models.folder / ALIAS, ALIAS_LIMIT)) is not None:
        champion = Alias.from_bytes(data).champion
        if champion in done:
            copy.add(f"{root}/{ALIAS}", data)
            return
        newer = [version for version in models.versions() if version.id not in done]
        for version in newer:
            _copy_version(version, root, copy, done)
        if champion not in done and read_if_there(models.folder / ALIAS, ALIAS_LIMIT) == data:
            copy.damaged.append(f"{models.name}: its champion {champion} can't be read")
            return


def _copy_version(version: Version, root: str, copy: _Copy, done: set[str]) -> None:
    """Copies a version as a whole, or not at all: a prune may take it away meanwhile."""
    try:
        manifest = read_regular(version.folder / MANIFEST)
        files = {name: version.read(name) for name in version.files}
    except (OSError, ValueError, DataError, NotFoundError) as error:
        if version.folder.exists():
            copy.damaged.append(str(error))
        return
    for name, data in {**files, MANIFEST: manifest}.items():
        copy.add(f"{root}/versions/{version.id}/{name}", data)
    copy.versions += 1
    done.add(version.id)


def _copy_file(path: Path, name: str, copy: _Copy) -> None:
    data = read_if_there(path)
    if data is not None:
        copy.add(name, data)


def read_if_there(path: Path, limit: int | None = None) -> bytes | None:
    """Returns the bytes of a file; None where there is none.

    Raises:
        DataError: it is no file, or the disk can't read it.
    """
    with telling(f"read {path}"):
        try:
            return read_regular(path, limit)
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise DataError(f"{path} {error}.", "forecast models verify --all") from error


def _listed(folder: Path) -> list[str]:
    with telling(f"read {folder}"):
        try:
            return [path.name for path in folder.iterdir()]
        except FileNotFoundError:
            return []


@contextmanager
def _sink(target: Path, mode: str | None) -> Iterator[_Sink]:
    """Gives what files are written to; they are at the target all at once, or not at all."""
    disk = Disk()
    with telling(f"write {target}", "another place"):
        disk.make_folder(target.absolute().parent)
        hidden = unused_name_near(target.absolute())
        try:
            if mode is None:
                hidden.mkdir()
                yield _Folder(hidden, disk)
                for folder, _, _ in os.walk(hidden, topdown=False):
                    disk.sync_folder(Path(folder))
            else:
                with hidden.open("xb") as file:
                    with tarfile.open(fileobj=file, mode=mode) as tar:  # type: ignore[call-overload] # a text, not one of its words
                        yield _Tar(tar)
                    file.flush()
                    os.fsync(file.fileno())
            if target.is_dir():
                target.rmdir()
            disk.rename(hidden, target.absolute())
        except BaseException:
            disk.remove(hidden)
            raise


@dataclass(frozen=True)
class _Folder:
    root: Path
    disk: Disk

    def add(self, name: str, data: bytes) -> None:
        path = self.root / name
        self.disk.make_folder(path.parent)
        self.disk.write_new(path, data)


@dataclass(frozen=True)
class _Tar:
    tar: tarfile.TarFile

    def add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o644
        self.tar.addfile(member, io.BytesIO(data))
