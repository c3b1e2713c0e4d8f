"""One model in the store: publish a version, move the champion, prune, and read all of it at any time.

    NAME/versions/20260102T031500Z-4f2a91c0/   manifest.json and the files of the version
    NAME/champion                              which version is in use
    NAME/issued/                               forecasts that champions issued later
    NAME/history.jsonl                         a line a run
    NAME/lock, NAME/champion.lock

Readers take no lock and never see a half version. Whoever adds or removes a version holds the model's lock; whoever
moves the champion or adds to the history holds ``champion.lock``, for that moment only. Every method that writes takes
what it needs where the caller has not.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from forecast.errors import DataError, LockedError, NotFoundError, did_you_mean
from forecast.production.store.alias import ALIAS, ALIAS_LIMIT, Alias
from forecast.production.store.disk import Disk, kind_of, place, read_regular, retire, sweep, telling, withdraw
from forecast.production.store.history_file import HISTORY, append_history, append_once, read_history, read_newest
from forecast.production.store.issued import ISSUED, IssuedTables, keep_issued, read_issued
from forecast.production.store.json_document import JSON
from forecast.production.store.lock import ModelLock, RunMark, shown
from forecast.production.store.manifest import MANIFEST, draft_manifest, seal_manifest
from forecast.production.store.retention import Prunable, old_issued, prunable_versions, remove_version, size_of
from forecast.production.store.run_record import killed_run
from forecast.production.store.version import Version, load_version, unreadable
from forecast.production.store.version_list import VersionList, read_version_list, version_folders
from forecast.widening import USUAL, Widening

CHAMPION_LOCK = "champion.lock"
MOMENT = 60.0
"""Seconds to wait for others who move the champion: each needs the part of one in which a few files are written."""
_T = TypeVar("_T")
Accept = Callable[[Version, Version], None]
"""Is shown the version in use and the one that is to take its place, and may raise."""


def anything(_present: Version, _target: Version) -> None:
    """Accepts every version."""


class MovedError(LockedError):
    """The version that was to be replaced is not in use any more."""


class ModelStore:
    """The versions, champion, history and lock of one model; an object serves one thread."""

    def __init__(self, folder: Path, disk: Disk, all_names: Callable[[], Iterable[str]]) -> None:
        self.name = folder.name
        self.folder = folder
        self._disk = disk
        self._all_names = all_names
        self._versions = folder / "versions"
        self._issued = folder / ISSUED
        self._lock = ModelLock(folder / "lock", folder.name)
        self._moment = ModelLock(folder / CHAMPION_LOCK, folder.name)

    def exists(self) -> bool:
        """Returns whether there is a champion or a version."""
        return os.path.lexists(self.folder / ALIAS) or any(version_folders(self._versions))

    def versions(self) -> tuple[Version, ...]:
        """Returns the published versions, oldest first by number; see also ``damaged``."""
        return self._version_list().versions

    def damaged(self) -> Mapping[str, DataError]:
        """Returns what is wrong with each version that ``versions`` leaves out for its manifest, by id."""
        return self._version_list().damaged

    def champion(self) -> Version:
        """Returns the version in use.

        Raises:
            NotFoundError: There is no such model, or it has no champion.
            DataError: The champion file or the version that it names is missing or damaged.
        """
        return self.with_champion(lambda version: version)

    def with_champion(self, load: Callable[[Version], _T]) -> _T:
        """Returns what ``load`` makes of the version in use.

        If the champion moves while ``load`` reads, and the old one is pruned, ``load`` gets the new one.
        """
        return self.with_widening(lambda version, _widening: load(version))

    def widening(self) -> Widening:
        """Returns how the next intervals of the version in use differ from its own.

        Raises:
            NotFoundError, DataError: As for ``champion``.
        """
        return self._alias().widened

    def with_widening(self, load: Callable[[Version, Widening], _T]) -> _T:
        """Returns what ``load`` makes of the version in use and of how its next intervals differ from its own."""
        alias = self._alias()
        while True:
            try:
                return load(load_version(self.name, self._versions / alias.champion), alias.widened)
            except DataError:
                previous, alias = alias, self._alias()
                if alias.champion == previous.champion:
                    raise

    def version(self, label: str) -> Version:
        """Returns a version by number (``v2``, ``2``), id, or a beginning of the id that no other shares.

        Raises:
            NotFoundError: There is none.
            UsageError: More than one begins so.
            DataError: It is there, but its manifest is damaged.
        """
        version_list = self._version_list()
        found = version_list.find(label)
        if found is None:
            self._require()
            raise NotFoundError(
                f"{self.name} has no version '{label}'.{did_you_mean(label, version_list.labels)}",
                f"forecast models show {self.name}",
            )
        return found

    def history(self) -> tuple[dict[str, Any], ...]:
        """Returns what ``record`` was told, oldest first."""
        return read_history(self.folder / HISTORY)

    def newest_runs(self) -> Iterator[dict[str, Any]]:
        """Yields what ``record`` was told, newest first, and reads no more of the file than is asked for."""
        return read_newest(self.folder / HISTORY)

    @contextmanager
    def lock(self, timeout: float | None = None, mark: RunMark | None = None) -> Iterator[None]:
        """Holds the model's lock for the block; what a killed run left goes, and the history tells it. Nests freely.

        Args:
            timeout: seconds to wait for another run; None where no flag can say so, which then is not hinted at.
            mark: who holds it, to be known if it is killed.

        Raises:
            LockedError: Another run held it for all of ``timeout`` seconds.
            DataError: The store can't be written to.
        """
        if self._lock.held:
            yield
            return
        with self._writing():
            self._disk.make_folder(self._versions)
        with self._lock.hold(timeout, mark, self._tell_killed):
            with self._writing():
                for folder in (self._versions, self._issued):
                    sweep(self._disk, folder)
            with self._changing():  # which sweeps the model's own folder
                pass
            yield

    def _tell_killed(self, mark: RunMark) -> None:
        with suppress(DataError), self._changing():  # a full disk must not keep a run from its work
            append_once(self._disk, self.folder / HISTORY, killed_run(mark).line())

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Holds the lock of the moment, which a training that goes on does not; nests freely."""
        if self._moment.held:
            yield
            return
        with self._writing():
            self._disk.make_folder(self.folder)
        with self._moment.hold(MOMENT), self._writing():
            sweep(self._disk, self.folder)
            yield

    def widen(self, version: Version, widening: Widening) -> None:
        """Sets how the next intervals of the version in use differ from its own.

        Raises:
            LockedError: Another run writes to this model.
            DataError: The disk refused; all is as before.
        """
        with self.lock(), self._changing():
            alias = self._alias_to_move()
            if alias.champion == version.id and alias.widened != widening:
                self._write_alias(replace(alias, widened=widening))

    def publish(
        self,
        files: Mapping[str, bytes],
        manifest: Mapping[str, JSON],
        now: datetime,
        *,
        champion: bool,
        widening: Widening = USUAL,
        instead_of: Version | None = None,
    ) -> Version:
        """Saves a new version, whole or not at all, and with ``champion`` puts it in use.

        Args:
            files: Content by name, such as ``weights.npz`` or, one folder down, ``plots/forecast.png``.
            manifest: What the caller wants to keep beside number, id, time, program and checksums.
            now: Aware time of publication.
            champion: Whether the alias moves to it.
            widening: How its next intervals differ from its own, where it becomes champion.
            instead_of: The version whose place it may take; None for any.

        Raises:
            ValueError: An argument breaks these rules.
            MovedError: Another version is in use meanwhile.
            LockedError: Another run writes to this model.
            DataError: The disk refused; the old champion is in use.
        """
        draft = draft_manifest(manifest, files, now, champion=champion)
        with self.lock(), self._changing():
            alias = self._alias_to_move()
            if instead_of is not None and alias.champion != instead_of.id:
                raise MovedError(f"{self.name} {instead_of.label} is not in use any more.", "run it again")
            number = self._version_list().next_number(alias)
            version_id, document = seal_manifest(draft, number, lambda taken: os.path.lexists(self._versions / taken))
            alias = replace(alias, last_number=number)
            with self._writing():
                place(self._disk, self._versions / version_id, {**files, MANIFEST: document})
                try:
                    if champion:
                        alias = alias.moved_to(version_id, now, widening)
                    if alias.champion:
                        self._write_alias(alias)
                except BaseException:
                    if self._alias_to_move().champion != version_id:
                        withdraw(self._disk, self._versions / version_id)
                    raise
            return load_version(self.name, self._versions / version_id)

    def next_number(self) -> int:
        """Returns the number that ``publish`` will give; certain only while the caller holds the lock."""
        return self._version_list().next_number(self._alias_to_move())

    def promote(self, label: str, now: datetime, accept: Accept = anything) -> Version:
        """Puts a version in use, every byte of it checked first, and returns it.

        ``accept`` is shown the version in use, where that is whole, and the one to come; what it raises stops it.

        Raises:
            NotFoundError, UsageError: As for ``version``.
            DataError: The version is damaged or the disk refused; the champion is as before.
        """
        self._require()
        with self._changing():
            target = self.version(label)
            target.verify()
            alias = self._alias_to_move()
            self._show(alias, target, accept)
            if target.id != alias.champion:
                self._write_alias(alias.moved_to(target.id, now))
            return target

    def rollback(self, to: str | None, now: datetime, accept: Accept = anything) -> Version:
        """Puts an earlier version in use and returns it: ``to``, or the last whole champion before this one.

        The present champion leaves the trail, so that a second rollback goes further back. Where the present
        one is damaged and no earlier one is whole, the best other whole version is taken. ``accept``: see ``promote``.
        No training is waited for: it finds that what it challenged is not in use any more (``MovedError``).

        Raises:
            NotFoundError: There is nothing to go back to.
            DataError: ``to`` is damaged or the disk refused; the champion is as before.
        """
        self._require()
        with self._changing():
            alias = self._alias_to_move()
            target = self._version_list().earlier(alias) if to is None else self.version(to)
            target.verify()
            self._show(alias, target, accept)
            if target.id != alias.champion:
                self._write_alias(alias.back_at(target.id, now))
            return target

    def prune(self, keep: int | None, issued_before: datetime | None = None) -> Prunable:
        """Removes all but the newest ``keep`` versions (None: none) and the champion, and returns what was removed.

        Versions with a damaged manifest go too. What a removed champion forecast stays in ``issued``, from which goes
        what was issued before a time (None: nothing).

        Raises:
            UsageError: ``keep`` is below 1.
            NotFoundError, DataError: There is no whole champion, so that nothing may go; or the disk refused.
        """
        self._require()
        with self.lock():
            doomed, gone = self.prunable(keep, issued_before), []
            for version_id in doomed.damaged:
                with self._writing():
                    retire(self._disk, self._versions / version_id)
            for version in doomed.versions:
                with self._changing():  # a rollback may have put it in use meanwhile
                    if self._alias_to_move().champion != version.id:
                        remove_version(self._disk, version, self._issued)
                        gone.append(version)
            with self._writing():
                for path in (old := old_issued(self._issued, issued_before) if issued_before else ()):
                    self._disk.remove(path)
            return replace(doomed, versions=tuple(gone), issued=old)

    def prunable(self, keep: int | None, issued_before: datetime | None = None) -> Prunable:
        """Returns what ``prune`` would remove.

        Raises what ``prune`` does.
        """
        champion = self.champion()
        champion.verify()
        versions, damaged = prunable_versions(self._version_list(), champion, keep) if keep is not None else ((), ())
        issued = old_issued(self._issued, issued_before) if issued_before else ()
        folders = [*(version.folder for version in versions), *(self._versions / name for name in damaged)]
        return Prunable(versions, damaged, issued, size_of([*folders, *issued]))

    def issue(self, table: bytes, version: Version, now: datetime) -> Path:
        """Keeps a forecast that a version issued after its publication, for ``issued``, and returns its file.

        Raises:
            LockedError: Another run writes to this model.
            DataError: The disk refused; nothing was kept.
        """
        with self.lock(), self._writing():
            return keep_issued(self._disk, self._issued, table, version.number, now)

    def issued(self, most: int | None = None) -> IssuedTables:
        """Returns every forecast that was ever issued, oldest first, whether or not its version is still there.

        Args:
            most: Bytes, from which on the oldest are left out.
        """
        return read_issued(self._issued, self.versions(), most)

    def record(self, entry: Mapping[str, JSON]) -> None:
        """Adds one line to the history.

        Raises:
            ValueError, DataError: The entry holds NaN or infinity; the disk refused.
        """
        with self._changing():
            append_history(self._disk, self.folder / HISTORY, entry)

    def _version_list(self) -> VersionList:
        return read_version_list(self.name, self._versions)

    def _show(self, alias: Alias, target: Version, accept: Accept) -> None:
        try:
            present = load_version(self.name, self._versions / alias.champion) if alias.champion else None
        except DataError:
            return  # away from what is damaged, any way is right
        if present is not None and present.id != target.id:
            accept(present, target)

    def _alias(self) -> Alias:
        """Returns where the champion points, for readers, who need one that is whole."""
        try:
            return self._read_alias()
        except FileNotFoundError:
            self._require()
            newest = self.versions()[-1:]
            raise NotFoundError(
                f"{self.name} has no champion.",
                f"forecast models promote {self.name} {newest[0].label if newest else 'VERSION'}",
            ) from None
        except (OSError, ValueError) as error:
            raise unreadable(self.name, "champion", "the champion file", error) from error

    def _alias_to_move(self) -> Alias:
        """Returns the alias for writers, who may replace one that is missing or damaged: it is blank then."""
        with telling(f"read {self.folder / ALIAS}"):
            try:
                return self._read_alias()
            except (FileNotFoundError, ValueError):
                return Alias()

    def _read_alias(self) -> Alias:
        return Alias.from_bytes(read_regular(self.folder / ALIAS, ALIAS_LIMIT))

    def _write_alias(self, alias: Alias) -> None:
        self._disk.replace(self.folder / ALIAS, alias.to_bytes())

    def _writing(self) -> AbstractContextManager[None]:
        return telling(f"write to {self.folder}")

    def _where(self) -> str:
        """Returns in a sentence which store was looked into."""
        root = self.folder.parents[1].absolute()
        is_there = kind_of(root, "--store DIR") == "folder"
        return f"The store is {shown(root)}." if is_there else f"There is no store {root} either."

    def _require(self) -> None:
        if not self.exists():
            raise NotFoundError(
                f"There is no model '{self.name}'.{did_you_mean(self.name, self._all_names())} {self._where()}",
                f"forecast train DATA --name {self.name}",
            )
