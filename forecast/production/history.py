"""What every run decided: ``history.jsonl``, one JSON object a line, appended and never rewritten.

A crash can leave a torn last line; readers skip it, and the next append closes it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forecast.errors import DataError
from forecast.production.disk import Disk, read_regular, telling
from forecast.production.document import JSON

HISTORY = "history.jsonl"


def read_history(path: Path) -> tuple[dict[str, Any], ...]:
    """Returns all whole entries, oldest first; lines that are no JSON object are left out.

    Raises:
        DataError: The file is there but can't be read.
    """
    with telling(f"read {path}"):
        try:
            data = read_regular(path)
        except FileNotFoundError:
            return ()
        except ValueError as error:
            raise DataError(f"{path} {error}.", f"move {path} away; the next run starts a new one") from error
    entries = (_parse(line) for line in data.split(b"\n")[:-1])
    return tuple(entry for entry in entries if entry is not None)


def append_history(disk: Disk, path: Path, entry: Mapping[str, JSON]) -> None:
    """Adds one entry and waits until the disk has it; the caller holds the model's lock.

    Raises:
        ValueError: The entry holds NaN or infinity, which JSON can't say.
        DataError: The disk refused; the history is as before.
    """
    line = json.dumps(dict(entry), allow_nan=False).encode()
    with telling(f"write {path}"):
        disk.append(path, line)


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
