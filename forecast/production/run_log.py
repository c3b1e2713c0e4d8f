"""The log of a job: one JSON object a line, appended, for people and machines that watch."""

import json
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from forecast.errors import DataError, ExitCode
from forecast.production.store.disk import telling
from forecast.production.store.json_document import utc
from forecast.production.store.links import check_links
from forecast.production.store.lock import file_locks

SCHEMA_VERSION = 1
ERRORS, WARNINGS = ("failed", "refused", "killed"), ("unheard", "unpruned", "unwritten")
LONGEST = 16 * 1024**2
"""Bytes of a log, from which on it is moved aside, in whole lines, to a name with ``.1`` at its end."""


def open_log(
    path: Path | None, now: Callable[[], datetime], peak: Callable[[], int] = lambda: 0
) -> Callable[[str, Mapping[str, Any]], None]:
    """Returns what writes an event and its facts into a log; without a path, it writes nothing.

    Each line says its schema, time, level, event, host, process and the memory of that at its peak, as ``peak`` tells.

    Each line is written at once and whole, so that runs that share a log don't mix their lines. A disk that fills
    up later costs lines of the log, and not the job.

    Raises:
        DataError: the file can't be written; at once, before any work is done.
    """
    if path is None:
        return lambda _event, _facts: None

    def write(event: str, facts: Mapping[str, Any]) -> None:
        known = {
            key: None if isinstance(value, float) and not isfinite(value) else value for key, value in facts.items()
        }
        entry = {
            "schema_version": SCHEMA_VERSION,
            "time": utc(now()).isoformat(timespec="milliseconds"),
            "level": level_of(event, known),
            "event": event,
            "host": os.uname().nodename if hasattr(os, "uname") else "",
            "pid": os.getpid(),
            **known,
            "peak_bytes": peak() or None,
        }
        with suppress(DataError):
            _append(path, json.dumps(entry, allow_nan=False, default=str) + "\n")

    _append(path, "")
    return write


def level_of(event: str, facts: Mapping[str, Any]) -> str:
    """Returns how grave a line is: ``error`` of a run that failed, ``warning`` of a gate that did, else ``info``."""
    if event in ERRORS or facts.get("outcome") in ERRORS:
        return "error"
    return "warning" if event in WARNINGS or facts.get("exit_code") == ExitCode.QUALITY_GATE else "info"


def _append(path: Path, text: str) -> None:
    check_links(path, "--log-file FILE")
    with telling(f"write the log {path}", "--log-file FILE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        _move_aside(path)
        # Without O_NONBLOCK, a pipe that nobody reads or empties would be waited for, be the lock held or not.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o666)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def _move_aside(path: Path) -> None:
    """Moves a log that has grown long aside; of two processes that see it so, one does, and the other finds it short.

    Who wrote into it just then wrote a whole line, which is in the file that was moved.
    """
    with suppress(FileNotFoundError):
        if stat.S_ISREG((status := path.stat()).st_mode) and status.st_size > LONGEST:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                file_locks().flock(descriptor, file_locks().LOCK_EX)
                if path.stat().st_ino == os.fstat(descriptor).st_ino:  # else another process has moved it
                    path.replace(path.with_name(f"{path.name}.1"))
            finally:
                os.close(descriptor)
