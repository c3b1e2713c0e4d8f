"""Putting models back from a backup: checked as a whole before a byte is written.

What is put back lies only where a store has files: a name that leads elsewhere, a link or a device is refused. A model
that is not there is as it was; one that is there gets what it lacks, and loses nothing.
"""

import os
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from forecast.errors import UPGRADE, DataError, NotFoundError, UsageError
from forecast.production.backup.backup import FORMAT, INDEX, ISSUED_FILE, Backup
from forecast.production.store.alias import ALIAS, Alias
from forecast.production.store.disk import Disk, kind_of, place, read_regular, telling
from forecast.production.store.history_file import HISTORY, OLDER
from forecast.production.store.issued import ISSUED
from forecast.production.store.json_document import parse_document
from forecast.production.store.manifest import MANIFEST, is_safe_filename, is_version_id, read_manifest, sha256
from forecast.production.store.model_store import ModelStore
from forecast.production.store.store import Store
from forecast.production.store.version import missing_field
from forecast.wording import listed

_PLACE = re.compile(r"models/(?P<name>\w[\w.-]{0,99})/(?P<rest>.+)")
_OWN = (ALIAS, HISTORY, OLDER)


class _Source(Protocol):
    def names(self) -> list[str]:
        """Returns what is in it; raises DataError where something is no plain file."""

    def read(self, name: str) -> bytes:
        """Returns the bytes of a file."""


@dataclass(frozen=True)
class _FolderSource:
    root: Path

    def names(self) -> list[str]:
        found = []
        for folder, folders, files in os.walk(self.root):
            for name in (*folders, *files):
                path = Path(folder, name)
                if path.is_symlink():
                    raise _stray(self.root, path.relative_to(self.root).as_posix(), "is a link")
            found += [Path(folder, name).relative_to(self.root).as_posix() for name in files]
        return found

    def read(self, name: str) -> bytes:
        return read_regular(self.root / name)


@dataclass(frozen=True)
class _TarSource:
    path: Path
    tar: tarfile.TarFile

    def names(self) -> list[str]:
        found = []
        for member in self.tar:
            if member.isdir():
                continue
            if not member.isfile():
                raise _stray(self.path, member.name, "is a link or a device")
            found.append(member.name)
        return found

    def read(self, name: str) -> bytes:
        file = self.tar.extractfile(name)
        return file.read() if file else b""


def _stray(source: Path, name: str, why: str) -> DataError:
    return DataError(f"{source} is no backup of a store: {name!r} in it {why}. Nothing was restored.", "another backup")


@contextmanager
def _opened(source: Path) -> Iterator[_Source]:
    kind = kind_of(source, "DIR")
    if kind is None:
        raise NotFoundError(f"There is no backup {source}.", "forecast models backup backup.tar")
    if kind == "folder":
        with telling(f"read {source}", "another backup"):
            yield _FolderSource(source)
        return
    try:
        with telling(f"read {source}", "another backup"), tarfile.open(source) as tar:
            yield _TarSource(source, tar)
    except (tarfile.TarError, EOFError) as error:
        raise DataError(f"{source} is no whole tar: {error}.", "another backup") from error


def restore(
    source: Path, names: Sequence[str], store: Store, now: datetime, *, force: bool, dry_run: bool = False
) -> Backup:
    """Puts models back from a backup, every byte of it checked first.

    A model that is not there is as it was. Of one that is there, versions and forecasts that it lacks are added, and
    its champion becomes the backup's; nothing of it is removed.

    Args:
        source: the folder or tar.
        names: of the models; none for all that are in it.
        store: to put them into.
        now: when.
        force: models that are there may be changed.
        dry_run: check only.

    Raises:
        NotFoundError: there is no such backup, or a model is not in it.
        DataError: it is damaged, or of a newer program, or holds what no store has; nothing was restored.
        UsageError: a model is there, and not ``force``.
    """
    with _opened(source) as opened:
        files = _checked(source, opened)
        there = tuple(sorted({_part(name)[0] for name in files}))
        if missing := [name for name in names if name not in there]:
            raise NotFoundError(
                f"{source} has no model '{missing[0]}'; it has {listed(list(there), 10)}.", "one of them"
            )
        chosen = tuple(names) or there
        present = [name for name in chosen if store.model(name).exists()]
        if present and not force and not dry_run:
            message = f"{store.root} has {listed(present, 10)} already."
            raise UsageError(message, "--force adds what is missing, and puts the backup's champion in use")
        versions = 0
        for name in chosen:
            own = {_part(path)[1]: path for path in files if _part(path)[0] == name}
            versions += len({path.split("/")[1] for path in own if path.startswith("versions/")})
            if not dry_run:
                _put_back(store.model(name), own, opened, now)
        some = [path for path in files if _part(path)[0] in chosen]
        return Backup(chosen, versions, len(some), sum(files[path] for path in some))


def _part(path: str) -> tuple[str, str]:
    found = _PLACE.fullmatch(path)
    return (found["name"], found["rest"]) if found else ("", "")


def _checked(source: Path, opened: _Source) -> dict[str, int]:
    """Returns the sizes of the files in a backup, all of which are where a store has files, and whole."""
    names = opened.names()
    for name in names:
        if name != INDEX and not is_of_store(name):
            raise _stray(source, name, "is where no store has a file")
    if INDEX not in names:
        raise DataError(f"{source} is no backup, or is cut off: it has no {INDEX}.", "another backup")
    try:
        index = parse_document(opened.read(INDEX))
        kind, marks = index["format"], dict(index["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{source}: {INDEX} makes no sense: {error}.", "another backup") from error
    if kind != FORMAT:
        message = (
            f"A newer forecast ({index.get('program')}) wrote {source}: its form is {kind}, this one knows {FORMAT}."
        )
        raise DataError(message, UPGRADE)
    if odd := sorted({*marks} ^ ({*names} - {INDEX})):
        raise DataError(f"{source} is not whole: {odd[0]} is not as {INDEX} says.", "another backup")
    for name, mark in marks.items():
        data = opened.read(name)
        if not isinstance(mark, dict) or sha256(data) != mark.get("sha256"):
            raise DataError(f"{source} is damaged: {name} differs from its checksum.", "another backup")
        marks[name] = len(data)
        _check_readable(name, data)
    return marks


def _check_readable(name: str, data: bytes) -> None:
    """Refuses what this program could not read: a manifest or champion file of a newer one, or of none."""
    model, rest = _part(name)
    try:
        if rest == ALIAS:
            Alias.from_bytes(data)
        elif rest.startswith("versions/") and rest.endswith(f"/{MANIFEST}"):
            read_manifest(data, rest.split("/")[1], lambda what: missing_field(model, rest, what))
    except ValueError as error:
        raise DataError(f"{name} in the backup {error}.", "another backup") from error


def is_of_store(name: str) -> bool:
    """Returns whether a path, from the root of a store on, is one where a store has a file that is kept."""
    _, rest = _part(name)
    if rest in _OWN or ISSUED_FILE.fullmatch(rest):
        return True
    top, _, inner = rest.partition("/")
    version_id, _, filename = inner.partition("/")
    return top == "versions" and is_version_id(version_id) and (filename == MANIFEST or is_safe_filename(filename))


def _put_back(models: ModelStore, own: Mapping[str, str], opened: _Source, now: datetime) -> None:
    """Adds what a model lacks, and puts the backup's champion in use; a kill on the way leaves a whole model."""
    disk, is_new = Disk(), not models.exists()
    with models.lock(), telling(f"write to {models.folder}"):
        versions: dict[str, dict[str, str]] = {}
        for rest, path in own.items():
            if rest.startswith("versions/"):
                _, version_id, filename = rest.split("/", 2)
                versions.setdefault(version_id, {})[filename] = path
        for version_id, paths in sorted(versions.items()):
            folder = models.folder / "versions" / version_id
            if not folder.exists():
                place(disk, folder, {filename: opened.read(path) for filename, path in paths.items()})
        for rest, path in own.items():
            target = models.folder / rest
            if rest.startswith(f"{ISSUED}/") and not target.exists():
                disk.make_folder(target.parent)
                disk.replace(target, opened.read(path))
            elif rest in {HISTORY, OLDER} and is_new:
                disk.replace(target, opened.read(path))
        if ALIAS in own:
            data = opened.read(own[ALIAS])
            if is_new:
                disk.replace(models.folder / ALIAS, data)
            else:
                models.promote(Alias.from_bytes(data).champion, now)
