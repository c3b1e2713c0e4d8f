"""Jobs in processes beside this one: started afresh, never forked, one thread of BLAS each.

Each worker is a ``forecast.execution.worker`` with a pipe in and one out. One that dies, or says nothing for too long
(it hangs, or was stopped), is replaced, and its job is tried again; a job that three workers died of has failed.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Self

from forecast.decoding import decode
from forecast.errors import DependencyError, ExitCode
from forecast.execution.job import Failure, JobOrder, JobResult, Program, other_program, packed, this_program, unpacked

SILENCE = 60.0
"""Seconds without a sign of life after which a worker is replaced; it gives one each second."""
ATTEMPTS = 3
"""So many workers may die of a job."""
LOOK = 0.5
"""Seconds between two looks at those who say nothing."""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
PIECE = 1 << 16
GRACE = 2.0
"""Seconds in which a worker may write down what became of the job that it is stopped in."""


@dataclass(eq=False)
class _Entry:
    """A job that is waited for."""

    job: JobOrder
    future: "Future[JobResult]"
    lost: list[str] = field(default_factory=list)  # why each worker that tried it is gone


class _Worker:
    """A process that does jobs."""

    def __init__(self, name: str, words: list[str]) -> None:
        """Starts it; Ctrl-C does not reach it, since it is in a group of its own."""
        self.name, self.is_ready = name, False
        self.heard, self._rest = time.monotonic(), b""
        self.entry: _Entry | None = None
        self._words: IO[bytes] = TemporaryFile()  # noqa: SIM115 it is closed with the worker
        self.process = subprocess.Popen(
            [*words, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env={**os.environ, **dict.fromkeys(ONE_THREAD, "1")},
            start_new_session=True,
        )

    @property
    def output(self) -> int:
        """The descriptor of what it says."""
        assert self.process.stdout
        return self.process.stdout.fileno()

    def hand(self, line: str) -> None:
        """Gives it a job; where it is dead, its silence will tell."""
        assert self.process.stdin
        with suppress(OSError):
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    def listen(self) -> list[dict[str, Any]] | None:
        """Returns what it said since; None where it is gone."""
        piece = os.read(self.output, PIECE)
        if not piece:
            return None
        self.heard = time.monotonic()
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [json.loads(line) for line in lines]

    def stop(self) -> None:
        """Asks it to leave its job."""
        with suppress(ProcessLookupError, PermissionError):
            self.process.terminate()

    def end(self) -> None:
        """Kills it, and waits until it is gone."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self._words):
            with suppress(OSError):
                assert pipe
                pipe.close()

    def last_words(self) -> str:
        """Returns why it is gone: the signal, or its last line."""
        code = self.process.wait()
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        if code < 0:
            return f"it was killed by {signal.Signals(-code).name}"
        return f"it ended with {code}" + (f": {lines[-1]}" if lines else "")


class Processes:
    """Does jobs in so many processes of this machine."""

    def __init__(self, count: int, *, silence: float = SILENCE, words: tuple[str, ...] = ()) -> None:
        """Starts nothing yet.

        Args:
            count: of the processes.
            silence: seconds without a sign of life after which one is replaced.
            words: of the command that starts one; its name comes after them.
        """
        self.count, self._silence, self._program = count, silence, this_program()
        self._command = [*words] or [sys.executable, "-P", "-m", "forecast.execution.worker"]
        self._waiting: deque[_Entry] = deque()
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._started, self._stillborn = 0, 0

    @property
    def where(self) -> str:
        """Who does the jobs, in words."""
        return f"{self.count} processes on this machine"

    def submit(self, job: JobOrder) -> "Future[JobResult]":
        """Takes a job."""
        future: Future[JobResult] = Future()
        self._waiting.append(_Entry(job, future))
        return future

    def as_completed(self, futures: "Iterable[Future[JobResult]]") -> "Iterator[Future[JobResult]]":
        """Yields each of the futures once it is done.

        Raises:
            DependencyError: workers can't start, or are of another program.
        """
        left = set(futures)
        while left:
            ready = {future for future in left if future.done()}
            yield from (future for future in ready if not future.cancelled())
            left -= ready
            if left:
                self._staff()
                self._listen()

    def cancel(self) -> None:
        """Leaves undone what nobody has begun."""
        for entry in self._waiting:
            entry.future.cancel()
        self._waiting.clear()

    def _staff(self) -> None:
        """Starts as many workers as there is work for, and gives it to those who have none."""
        busy = sum(worker.entry is not None for worker in self._workers)
        while len(self._workers) < min(self.count, busy + len(self._waiting)):
            self._started += 1
            worker = _Worker(str(self._started), self._command)
            self._workers.append(worker)
            self._selector.register(worker.output, selectors.EVENT_READ, worker)
        for worker in self._workers:
            while worker.is_ready and worker.entry is None and self._waiting:
                entry = self._waiting.popleft()
                if entry.future.running() or entry.future.set_running_or_notify_cancel():
                    worker.entry, worker.heard = entry, time.monotonic()
                    worker.hand(packed(entry.job, self._program))

    def _listen(self) -> None:
        """Waits until somebody says something, and replaces who is gone or silent."""
        spoke = set()
        for key, _ in self._selector.select(LOOK):
            worker = key.data
            spoke.add(worker)
            said = worker.listen()
            if said is None:
                self._replace(worker, worker.last_words())
            for message in said or ():
                self._heed(worker, message)
        now = time.monotonic()
        for worker in [each for each in self._workers if each not in spoke and now - each.heard > self._silence]:
            self._replace(worker, f"it gave no sign of life for {self._silence:g} s")

    def _heed(self, worker: _Worker, message: dict[str, Any]) -> None:
        if "hello" in message:
            its = decode(Program, message["hello"])
            if its != self._program:
                refusal = other_program(f"Worker {worker.name} ({worker.process.pid})", its, self._program)
                raise DependencyError(refusal.message, refusal.hint)
            worker.is_ready, self._stillborn = True, 0
        elif "result" in message and worker.entry is not None:
            entry, worker.entry = worker.entry, None
            entry.future.set_result(unpacked(json.dumps(message["result"])))

    def _replace(self, worker: _Worker, why: str) -> None:
        """Ends a worker; its job waits for another, or has failed.

        Raises:
            DependencyError: one after another ended before it could take any.
        """
        self._selector.unregister(worker.output)
        self._workers.remove(worker)
        worker.end()
        entry = worker.entry
        if entry is None:
            self._stillborn += not worker.is_ready
            if self._stillborn >= ATTEMPTS:
                raise DependencyError(f"A worker process can't start: {why}.", "run it without --workers to see more")
            return
        entry.lost.append(why)
        if len(entry.lost) < ATTEMPTS:
            self._waiting.appendleft(entry)
            return
        message = f"{ATTEMPTS} workers were lost on it, the last one because {why}."
        hint = "smaller shards take less memory: forecast shard DATA DIR --shards with a larger number"
        failure = Failure(message, hint, int(ExitCode.TRAINING))
        entry.future.set_result(JobResult(entry.job.key, failure=failure, worker=f"worker {worker.name}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()
        busy = [worker for worker in self._workers if worker.entry is not None]
        for worker in busy:
            worker.stop()
        late = time.monotonic() + GRACE
        for worker in busy:
            with suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(late - time.monotonic(), 0.0))
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._selector.close()
