"""The other end of a job: a process that does one after another, as lines of JSON come in and go out.

    python -m forecast.execution.worker 1        in: a job a line        out: {"hello": …}, {"beat": 1} …, {"result": …}

It beats while it works, so that one that hangs is known by its silence. SIGTERM stops it as Ctrl-C stops a command: its
job may write down that it was. Nothing else reaches its output: what libraries print goes to stderr. It ends when its
input does, at once: nobody is there any more who would take what it makes.
"""

import json
import os
import platform
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Lock, Thread
from types import FrameType
from typing import IO, Any

from forecast.decoding import encode
from forecast.errors import Stopped, exit_code_of
from forecast.execution.job import perform, this_program
from forecast.run import SILENT, Cache, Run, StoppedClock
from forecast.specs import Machine

BEAT = 1.0
"""Seconds between two signs of life."""
_CACHE = Cache()
"""What one job reads, such as a version, the next one has."""


def worker_run() -> Run:
    """Returns what a worker works with: one thread, and no clock, so that all of them make the same."""
    return Run(Machine(threads=1), SILENT, StoppedClock(), _CACHE)


def perform_here(line: str) -> str:
    """Does a job in this process, which is a worker of a cluster; see ``perform``."""
    return perform(line, worker_run(), f"{platform.node()} ({os.getpid()})")


def program_here() -> Any:
    """Returns which program this process runs, as JSON."""
    return encode(this_program())


class _Channel:
    """Lines of JSON to whoever started this process."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._lock = file, Lock()

    def send(self, text: str) -> None:
        """Sends a line, or ends where nobody listens."""
        try:
            with self._lock:
                self._file.write(text + "\n")
                self._file.flush()
        except (OSError, ValueError):
            os._exit(1)


def main(name: str) -> None:
    """Does the jobs of standard input until it ends."""
    channel = _Channel(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    channel.send(json.dumps({"hello": program_here()}))
    Thread(target=_beat, args=(channel,), daemon=True).start()
    signal.signal(signal.SIGTERM, _stop)
    try:
        for line in _jobs(sys.stdin.buffer):
            result = perform(line, worker_run(), f"worker {name} ({os.getpid()})")
            channel.send(f'{{"result": {result}}}')
    except Stopped as stop:
        os._exit(exit_code_of(stop))


def _stop(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # the first one counts
    raise Stopped(number)


def _beat(channel: _Channel) -> None:
    rest = Event()
    while not rest.wait(BEAT):
        channel.send('{"beat": 1}')


def _jobs(file: IO[bytes]) -> Iterator[bytes]:
    """Yields the lines as they come; where they end, so does the process, in the middle of a job too."""
    lines: SimpleQueue[bytes] = SimpleQueue()

    def read() -> None:
        with suppress(OSError, ValueError):
            for line in file:
                lines.put(line)
        os._exit(0)

    Thread(target=read, daemon=True).start()
    while True:
        yield lines.get()


if __name__ == "__main__":
    main(sys.argv[1])
