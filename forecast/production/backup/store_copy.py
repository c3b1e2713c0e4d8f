"""A store at an address, as a copy on this machine that is read and never written.

    s3://shop/store/models/NAME/versions/ID/…  ──checked against its manifest──▶  CACHE/…/models/NAME/versions/ID/…
                            issued, history    ──where size or mark are others──▶
                            champion           ──last──▶                       CACHE/…/copied-from.json

Versions are immutable: one that is here is not fetched again, and one that is not whole is not taken. Until a command
has a copy that is up to date it reads none of it; a copy that a kill left behind lacks what the next command fetches.
"""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from forecast.addresses import DATABASES, check_scheme, is_object, scheme_of
from forecast.data.files.free_memory import free_memory, size_text
from forecast.data.files.remote.objects import ObjectEntry, ObjectReader
from forecast.errors import DataError, ForecastError, NotFoundError, UsageError
from forecast.production.backup.restoration import is_of_store
from forecast.production.store.alias import ALIAS, Alias
from forecast.production.store.disk import Disk, place, retire, telling
from forecast.production.store.history_file import HISTORY, OLDER
from forecast.production.store.issued import ISSUED
from forecast.production.store.json_document import JSON, format_document, parse_document
from forecast.production.store.lock import COPIED_FROM, ModelLock
from forecast.production.store.manifest import MANIFEST, read_manifest, sha256
from forecast.wording import counted

WAIT = 60.0
"""Seconds to wait for another command that fetches the same store."""
ROOM = 2
"""So many times the size of what is fetched has to be free."""
LEAST_SAID = 1 << 20
ELSEWHERE = "XDG_CACHE_HOME=DIR"
"""What chooses another disk for copies."""


@dataclass(frozen=True)
class StoreCopy:
    """A copy of a store.

    Attributes:
        root: where it lies.
        files: that were fetched now, and their bytes in all.
        unsound: in words, what was not taken.
    """

    root: Path
    address: str
    files: int
    size: int
    unsound: tuple[str, ...]


def copy_store(address: str, cache: Path, name: str | None = None) -> StoreCopy:
    """Returns a copy of a store that is as the store is now.

    Args:
        address: of the folder that ``models`` lies in.
        cache: a folder for copies.
        name: the only model that is needed, if there is one of that name; None for all.

    Raises:
        UsageError: nobody tells what lies below such an address.
        NotFoundError: no store is there.
        DependencyError: the library that reads it is not installed.
        DataError: it can't be reached or read, or does not fit onto the disk.
        LockedError: another command fetches it.
    """
    check_store_address(address)
    reader = ObjectReader(address.rstrip("/"))
    root = cache / hashlib.sha256(address.rstrip("/").encode()).hexdigest()[:16]
    disk = Disk()
    with telling(f"write {root}", ELSEWHERE):
        disk.make_folder(cache)
        with ModelLock(cache / f"{root.name}.lock", f"the copy of {address}").hold(WAIT):
            first = _fetched(address, root, reader, name, disk)
            again = _fetched(address, root, reader, name, disk) if first.is_behind else None
    files, size = first.files + (again.files if again else 0), first.size + (again.size if again else 0)
    return StoreCopy(root, address, files, size, tuple((again or first).unsound))


def _fetched(address: str, root: Path, reader: ObjectReader, name: str | None, disk: Disk) -> "_Fetch":
    """Brings a copy up to date.

    Raises:
        ForecastError: see ``copy_store``.
        OSError: the disk refuses.
    """
    found = _listed(reader, name)
    if not found:
        message = f"There is no store at {address}: nothing below it is called models/NAME/champion."
        raise NotFoundError(message, "the address of the folder that models/ lies in")
    disk.make_folder(root)
    root.chmod(0o700)  # a copy is for who may read the store
    fetch = _Fetch(address, root, reader, found, disk)
    fetch.run()
    return fetch


def check_store_address(address: str) -> None:
    """Refuses an address below which nobody tells what lies.

    Raises:
        UsageError: it is one.
    """
    if scheme_of(address) not in DATABASES:
        check_scheme(address)
    if not is_object(address) or scheme_of(address) in {"http", "https"}:
        message = f"A store at {address} can't be read: a store is many files, and nothing tells there which."
        raise UsageError(message, "--store DIR, or s3://, gs:// or az:// with a copy of one")


def _listed(reader: ObjectReader, name: str | None) -> dict[str, ObjectEntry]:
    """Returns the files of a store by their paths in it: of one model, if there is such a one, else of all."""
    below = f"models/{name}" if name and "/" not in name else ""
    if below and not is_of_store(f"{below}/{ALIAS}"):
        below = ""
    found = {f"{below}/{path}" if below else path: one for path, one in reader.list(below).items()}
    kept = {path: one for path, one in found.items() if is_of_store(path)}
    return kept if kept or not below else _listed(reader, None)


@dataclass(eq=False)
class _Fetch:
    """What is fetched, and what came of it."""

    address: str
    root: Path
    reader: ObjectReader
    found: Mapping[str, ObjectEntry]
    disk: Disk
    files: int = 0
    size: int = 0
    unsound: list[str] = field(default_factory=list)
    grown: set[str] = field(default_factory=set)  # files that were written to since they were listed

    @property
    def is_behind(self) -> bool:
        """Whether a champion came while the rest was fetched."""
        for path in (path for path in self.found if path.endswith(f"/{ALIAS}")):
            with suppress(OSError, ValueError, ForecastError):
                champion = Alias.from_bytes((self.root / path).read_bytes()).champion
                if f"models/{_model_of(path)}/versions/{champion}/{MANIFEST}" not in self.found:
                    return True
        return False

    def run(self) -> None:
        """Fetches what is not here, and removes what is not there any more.

        Raises:
            OSError: the disk refuses.
            ForecastError: it can't be fetched.
        """
        marks = self._marks()
        self._write_marks(marks)  # before anything else: what lies here is a copy
        versions = self._versions()
        wanted = {path: one for path, one in self.found.items() if self._is_new(path, one, marks)}
        self._check_room(wanted)
        for folder, names in versions.items():
            if any(f"{folder}/{each}" in wanted for each in names):
                self._take_version(folder, names)
        small = [path for path in wanted if "/versions/" not in path]
        for path in sorted(small, key=lambda path: path.endswith(f"/{ALIAS}")):
            self._take_file(path)
        self._remove_gone(versions)
        own = {path: f"{one.size} {one.mark}" for path, one in self.found.items() if self._is_marked(path)}
        models = {_model_of(path) for path in self.found}
        self._write_marks({path: mark for path, mark in marks.items() if _model_of(path) not in models} | own)

    def _is_marked(self, path: str) -> bool:
        return "/versions/" not in path and path not in self.grown

    def _versions(self) -> dict[str, list[str]]:
        """Returns the files of each version by its folder."""
        versions: dict[str, list[str]] = {}
        for path in self.found:
            if "/versions/" in path:
                folder = "/".join(path.split("/")[:4])
                versions.setdefault(folder, []).append(path.removeprefix(f"{folder}/"))
        return versions

    def _is_new(self, path: str, entry: ObjectEntry, marks: Mapping[str, JSON]) -> bool:
        if "/versions/" in path:
            return not (self.root / "/".join(path.split("/")[:4])).is_dir()
        is_known = bool(entry.mark) and marks.get(path) == f"{entry.size} {entry.mark}"
        return path.endswith(f"/{ALIAS}") or not (is_known and (self.root / path).is_file())

    def _check_room(self, wanted: Mapping[str, ObjectEntry]) -> None:
        needed, free = sum(one.size for one in wanted.values()), shutil.disk_usage(self.root).free
        if ROOM * needed > free:
            message = f"{self.address} needs {size_text(needed)} on this machine, where {size_text(free)} are free."
            raise DataError(message, f"name one model of it, or choose another disk: {ELSEWHERE}")

    def _take_version(self, folder: str, names: Sequence[str]) -> None:
        """Fetches a version into its place, if it is whole."""
        _, model, _, version_id = folder.split("/")
        sizes = {name: self.found[f"{folder}/{name}"].size for name in names}
        if 2 * sum(sizes.values()) > free_memory():
            raise DataError(f"{folder} of {self.address} is larger than the memory that is free.", "copy the store")
        data = self._read([f"{folder}/{name}" for name in names])
        files = {name: data[f"{folder}/{name}"] for name in names}
        try:
            manifest, _ = read_manifest(
                files.get(MANIFEST, b""), version_id, lambda what: DataError(f"it lacks {what}", "")
            )
            for name, mark in manifest.files.items():
                if name not in files or sha256(files[name]) != mark.sha256:
                    raise ValueError(f"{name} is missing, or differs from its checksum")
        except (ValueError, ForecastError) as error:
            why = error.message if isinstance(error, ForecastError) else str(error)
            self.unsound.append(f"{model} {version_id} at {self.address} is not whole ({why}) and was left out")
            return
        place(self.disk, self.root / folder, {name: files[name] for name in (*manifest.files, MANIFEST)})

    def _take_file(self, path: str) -> None:
        data = self._read([path])[path]
        if len(data) != self.found[path].size:
            self.grown.add(path)
        if path.endswith((f"/{HISTORY}", f"/{OLDER}")):
            data = data[: data.rfind(b"\n") + 1]  # a line that is being written is not whole
        self.disk.make_folder((self.root / path).parent)
        self.disk.replace(self.root / path, data)

    def _read(self, paths: Sequence[str]) -> dict[str, bytes]:
        data = self.reader.read(paths)
        self.files, self.size = self.files + len(paths), self.size + sum(map(len, data.values()))
        return data

    def _remove_gone(self, versions: Mapping[str, object]) -> None:
        """Removes what is not at the address any more, of the models that were looked at."""
        models, known = {_model_of(path) for path in self.found}, {*self.found, *versions}
        for own in sorted((self.root / "models").glob("*")):
            if own.name not in models and self.reader.is_whole:
                retire(self.disk, own)
            if own.name not in models:
                continue
            for path in [*own.glob("*"), *own.glob("versions/*"), *own.glob(f"{ISSUED}/*")]:
                if path.name not in {"versions", ISSUED} and path.relative_to(self.root).as_posix() not in known:
                    retire(self.disk, path)

    def _marks(self) -> dict[str, JSON]:
        """Returns size and mark of what was fetched before; nothing where that can't be known."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            document = parse_document((self.root / COPIED_FROM).read_bytes())
            return dict(document["files"]) if document["address"] == self.address.rstrip("/") else {}
        return {}

    def _write_marks(self, marks: Mapping[str, JSON]) -> None:
        content = format_document({"address": self.address.rstrip("/"), "files": dict(marks)})
        self.disk.replace(self.root / COPIED_FROM, content)


def _model_of(path: str) -> str:
    return path.split("/")[1]


def copy_sentence(copy: StoreCopy) -> str:
    """Returns what was fetched, in words."""
    size = f" ({size_text(copy.size)})" if copy.size >= LEAST_SAID else ""
    what = f"{counted(copy.files, 'file')} fetched{size}" if copy.files else "nothing to fetch"
    return f"{copy.address}, from a copy that is only read: {what}"
