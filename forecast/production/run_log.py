"""The log of a job: one JSON object a line, appended, for people and machines that watch."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from forecast.errors import DataError
from forecast.production.store.disk import telling
from forecast.production.store.json_document import utc
from forecast.production.store.links import check_links


def open_log(path: Path | None, now: Callable[[], datetime]) -> Callable[[str, Mapping[str, Any]], None]:
    """Returns what writes an event and its facts into a log; without a path, it writes nothing.

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
        entry = {"time": utc(now()).isoformat(timespec="milliseconds"), "event": event, **known}
        with suppress(DataError):
            _append(path, json.dumps(entry, allow_nan=False, default=str) + "\n")

    _append(path, "")
    return write


def _append(path: Path, text: str) -> None:
    check_links(path, "--log-file FILE")
    with telling(f"write the log {path}", "--log-file FILE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without O_NONBLOCK, a pipe that nobody reads or empties would be waited for, be the lock held or not.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o666)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
