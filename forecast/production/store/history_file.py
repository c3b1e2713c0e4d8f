"""What every run decided: ``history.jsonl``, one JSON object a line, appended and never rewritten.

A file that has grown long is moved aside as a whole, to ``history.jsonl.1``, which is read on behind it.

A crash can leave a torn last line; readers skip it, and the next append closes it. Whoever needs only what was last
reads from the end: a job that runs each minute has a million lines after two years.
"""

import json
import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from forecast.errors import DataError
from forecast.production.store.disk import Disk, open_regular, telling
from forecast.production.store.json_document import JSON, parse_json

HISTORY = "history.jsonl"
OLDER = f"{HISTORY}.1"
LONGEST = 8 << 20  # bytes, from which on it is moved aside
BLOCK = 1 << 20  # bytes read at a time
LONGEST_LINE = 1 << 24  # bytes; nothing that is longer was written by this program


def read_history(path: Path) -> tuple[dict[str, Any], ...]:
    """Returns all whole entries, oldest first; lines that are no JSON object are left out.

    Raises:
        DataError: The file is there but can't be read.
    """
    return tuple(read_newest(path))[::-1]


def read_newest(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the whole entries, newest first, and reads no more of the file than is asked for.

    Raises:
        DataError: The file is there but can't be read.
    """
    yield from _newest_in(path)
    yield from _newest_in(path.with_name(OLDER))


def _newest_in(path: Path) -> Iterator[dict[str, Any]]:
    with telling(f"read {path}"):
        try:
            descriptor = open_regular(path)
        except FileNotFoundError:
            return
        except ValueError as error:
            raise DataError(f"{path} {error}.", f"move {path} away; the next run starts a new one") from error
        try:
            for line in _lines_backwards(descriptor):
                entry = _parse(line)
                if entry is not None:
                    yield entry
        finally:
            os.close(descriptor)


def append_history(disk: Disk, path: Path, entry: Mapping[str, JSON]) -> None:
    """Adds one entry and waits until the disk has it; the caller holds the model's lock.

    Raises:
        ValueError: The entry holds NaN or infinity, which JSON can't say.
        DataError: The disk refused; the history is as before.
    """
    line = json.dumps(dict(entry), allow_nan=False).encode()
    with telling(f"write {path}"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > LONGEST:
            disk.rename(path, path.with_name(OLDER))
        disk.append(path, line)


def append_once(disk: Disk, path: Path, entry: Mapping[str, JSON]) -> None:
    """Adds an entry, unless one of the two newest is about the same run; see ``append_history``."""
    if all(line.get("run") != entry["run"] for line in islice(read_newest(path), 2)):
        append_history(disk, path, entry)


def _lines_backwards(descriptor: int) -> Iterator[bytes]:
    """Yields the lines that are closed by a line break, the last one first.

    … | line line li | ne line to |rn
            block        block        what no line break closes
    """
    end = os.fstat(descriptor).st_size
    parts: list[bytes] = []  # of the line whose beginning is still to be read, its end first
    is_torn = True
    while end > 0:
        start = max(end - BLOCK, 0)
        pieces = os.pread(descriptor, end - start, start).split(b"\n")
        end = start
        if len(pieces) > 1:
            if not is_torn:
                yield b"".join(reversed([*parts, pieces[-1]]))
            yield from reversed(pieces[1:-1])
            parts, is_torn = [], False
        parts.append(pieces[0])
        if sum(map(len, parts)) > LONGEST_LINE:
            parts = [b"\0"]  # no JSON, whatever comes before it
    if parts and not is_torn:
        yield b"".join(reversed(parts))


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        entry = parse_json(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
