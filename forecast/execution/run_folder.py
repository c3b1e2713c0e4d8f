"""The folder of a run: what it is a run of, a journal of what is done, and the results; run again, it goes on.

    out/_run.json         what it is a run of: another one is refused
    out/_journal.jsonl    a line a job that was done, or failed; a process that does a part has a journal of its own
    out/part-00003.parquet …

A result is written beside and renamed before its line is; so what has a line is whole, and what has none is done again,
to the same bytes.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forecast.decoding import Document, decode, encode
from forecast.errors import DataError, UsageError
from forecast.production.store.disk import Disk, is_hidden, kind_of, read_regular, sweep, telling
from forecast.production.store.history_file import read_history
from forecast.production.store.json_document import format_document, parse_document

RUN, JOURNAL = "_run.json", "_journal"
"""What begins with an underscore is left out by whoever reads a folder of Parquet files."""
LIMIT = 1 << 20
"""Bytes that a run's document may have."""


@dataclass(frozen=True)
class RunEntry(Document):
    """What a folder holds the results of: two of the same make the same files.

    Attributes:
        kind: of the work: ``predict``.
        facts: all that its results depend on, by name.
    """

    kind: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class JournalLine(Document):
    """What became of a job.

    Attributes:
        job: its key.
        file: that it wrote, in the folder; empty where it failed.
        error: why it failed; empty where it did not.
        time: when, in ISO 8601.
        told: of it, such as rows and series.
    """

    job: str
    file: str = ""
    size: int = 0
    sha256: str = ""
    error: str = ""
    worker: str = ""
    time: str = ""
    told: dict[str, Any] = field(default_factory=dict)


class RunFolder:
    """The folder of one run."""

    def __init__(self, root: Path, entry: RunEntry, *, part: str = "", flag: str = "-o DIR") -> None:
        """Names it; nothing is looked at yet.

        Args:
            root: the folder.
            entry: what it is a run of.
            part: of the run that this process does, such as ``3-of-64``: its journal is its own.
            flag: that named the folder.
        """
        self.root, self._entry, self._flag, self._disk = root, entry, flag, Disk()
        self._journal = root / f"{JOURNAL}{f'-{part}' if part else ''}.jsonl"

    def check(self, *, force: bool = False) -> None:
        """Refuses a folder that holds anything but results of this run; with ``force``, of another one too.

        Raises:
            UsageError: it does.
            DataError: it can't be read.
        """
        kind = kind_of(self.root, self._flag)
        if kind not in {None, "folder"}:
            raise UsageError(f"{self.root} is a file, and the forecasts of shards are a folder.", f"{self._flag}")
        if kind is None:
            return
        with telling(f"read {self.root}", self._flag):
            names = {path.name for path in self.root.iterdir() if not is_hidden(path.name)}
        if not names:
            return
        known = self._known()
        other = f"--force begins anew in it, or choose another place with {self._flag}"
        if known is None:
            hint = f"choose another place with {self._flag}"
            raise UsageError(f"{self.root} holds other files already, and no {RUN} of a run.", hint)
        if known != self._entry and not force:
            raise UsageError(f"{self.root} holds another run's results: {_difference(known, self._entry)}.", other)

    def begin(self, *, force: bool = False) -> None:
        """Makes the folder, or takes up what is in it; with ``force``, what another run left is removed.

        Raises:
            UsageError, DataError: see ``check``; or the disk refuses.
        """
        self.check(force=force)
        with telling(f"write {self.root}", self._flag):
            self._disk.make_folder(self.root)
            sweep_old = not self._journal.stem.startswith(f"{JOURNAL}-")
            if sweep_old:  # others may be writing beside one that does a part
                sweep(self._disk, self.root)
            known = self._known()
            if force and known is not None and known != self._entry:
                self._clear()
            if known != self._entry:
                self._disk.replace(self.root / RUN, format_document(encode(self._entry)))

    def done(self) -> dict[str, JournalLine]:
        """Returns the line of each job whose result is there, by its key."""
        found = {line.job: line for line in self._lines() if line.file}
        return {key: line for key, line in found.items() if self._is_there(line)}

    def add(self, line: JournalLine) -> None:
        """Writes a line.

        Raises:
            DataError: the disk refuses.
        """
        with telling(f"write {self._journal}", self._flag):
            self._disk.append(self._journal, json.dumps(encode(line), allow_nan=False).encode())

    def _is_there(self, line: JournalLine) -> bool:
        path = self.root / line.file
        return path.is_file() and path.stat().st_size == line.size

    def _known(self) -> RunEntry | None:
        """Returns what the folder is a run of; None where it says nothing.

        Raises:
            DataError: it can't be read.
        """
        try:
            document = parse_document(read_regular(self.root / RUN, LIMIT))
            document.pop("schema_version")
            return decode(RunEntry, document)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            hint = f"choose another place with {self._flag}, or remove {self.root}"
            raise DataError(f"{self.root / RUN} can't be read: {error}.", hint) from error

    def _lines(self) -> Iterable[JournalLine]:
        for path in sorted(self.root.glob(f"{JOURNAL}*.jsonl")):
            for entry in read_history(path):
                try:
                    yield decode(JournalLine, entry)
                except ValueError:  # torn by a crash, or somebody else's
                    continue

    def _clear(self) -> None:
        """Removes what another run left: the files that its journals name, the journals and what it was."""
        for line in self._lines():
            if line.file and Path(line.file).name == line.file:
                self._disk.remove(self.root / line.file)
        for path in (*self.root.glob(f"{JOURNAL}*.jsonl"), self.root / RUN):
            self._disk.remove(path)


def _difference(known: RunEntry, mine: RunEntry) -> str:
    """Returns the first fact in which two runs differ, in words."""
    if known.kind != mine.kind:
        return f"it is a {known.kind}, and this is a {mine.kind}"
    names = [name for name in {**mine.facts, **known.facts} if known.facts.get(name) != mine.facts.get(name)]
    name, facts = names[0], (known.facts.get(names[0]), mine.facts.get(names[0]))
    return f"{_told(name, facts[0])} there, and {_told('', facts[1])} here"


def _told(name: str, value: Mapping[str, Any] | str | float | None) -> str:
    text = "none" if value is None else str(value)
    shown = text if len(text) <= 60 else f"{text[:57]}…"
    return f"{name} is {shown}" if name else shown
