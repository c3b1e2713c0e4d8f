"""Jobs on a cluster of Dask workers; the one file that knows Dask.

The scheduler gives a job of a worker that died to another one, and one that three workers died of has failed; a worker
that hangs is known to the scheduler by its own bound on silence (``distributed.scheduler.worker-ttl``).
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from forecast.decoding import decode
from forecast.errors import DependencyError, ExitCode
from forecast.execution.job import Failure, JobOrder, JobResult, Program, other_program, packed, this_program, unpacked
from forecast.execution.worker import perform_here, program_here
from forecast.wording import counted

WAIT = 20
"""Seconds that a scheduler has to answer, and to have a worker."""
LOOK = 1.0
"""Seconds between two looks at whether the scheduler is still there."""
EXTRA = "pip install 'distributed>=2024.5'"


class Cluster:
    """Does jobs on the workers of a Dask scheduler."""

    def __init__(self, address: str, wait: float = WAIT) -> None:
        """Connects, and compares the workers' programs with this one.

        Raises:
            DependencyError: Dask is not installed, nobody answers there, there is no worker, or one is of another
                program.
        """
        try:
            from distributed import Client  # noqa: PLC0415 it takes a second, and is an extra
        except ImportError:
            message = "--cluster needs Dask, which is not installed."
            raise DependencyError(message, EXTRA) from None
        self._address, self._program = address, this_program()
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._owners: dict[str, tuple[Future[JobResult], Any]] = {}
        try:
            self._client = Client(address, timeout=wait, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = "" if isinstance(error, OSError) else f" ({error})"
            raise DependencyError(
                f"No Dask scheduler answers at {address} within {wait:g} s{reason}.",
                "check that it runs there and that this machine may reach it: dask scheduler --host ADDRESS",
            ) from None
        try:
            self.workers = self._programs(wait)
        except BaseException:
            self._client.close(timeout=2)
            raise

    def _programs(self, wait: float) -> tuple[str, ...]:
        """Returns the addresses of the workers, all of which run this program.

        Raises:
            DependencyError: there is none, or one runs another.
        """
        with suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=wait)
        told = self._client.run(program_here, on_error="return")
        if not told:
            message = f"The Dask scheduler at {self._address} has no worker."
            raise DependencyError(message, f"dask worker {self._address} --nthreads 1 on each machine")
        for address, its in told.items():
            if isinstance(its, Exception):
                message = f"Worker {address} can't run forecast: {type(its).__name__}: {its}"
                raise DependencyError(message, "install the same program on all workers, and start them anew")
            if decode(Program, its) != self._program:
                refusal = other_program(f"Worker {address}", decode(Program, its), self._program)
                raise DependencyError(refusal.message, refusal.hint)
        return tuple(sorted(told))

    @property
    def where(self) -> str:
        """Who does the jobs, in words."""
        return f"{counted(len(self.workers), 'worker')} of {self._address}"

    def submit(self, job: JobOrder) -> "Future[JobResult]":
        """Takes a job."""
        mine: Future[JobResult] = Future()
        mine.set_running_or_notify_cancel()
        line = packed(job, self._program)
        theirs = self._client.submit(perform_here, line, key=f"{job.key}-{id(mine)}", pure=False)
        self._owners[theirs.key] = mine, theirs
        theirs.add_done_callback(self._queue.put)
        return mine

    def as_completed(self, futures: "Iterable[Future[JobResult]]") -> "Iterator[Future[JobResult]]":
        """Yields each of the futures once it is done.

        Raises:
            DependencyError: the scheduler went away, or a worker of another program came.
        """
        left = set(futures)
        while left:
            ready = {future for future in left if future.done()}
            yield from (future for future in ready if not future.cancelled())
            left -= ready
            if left:
                self._hear()

    def _hear(self) -> None:
        """Waits until a job is done, or the scheduler is gone."""
        try:
            theirs = self._queue.get(timeout=LOOK)
        except Empty:
            if self._client.status != "running":
                raise self._gone() from None
            return
        mine, _ = self._owners.pop(theirs.key, (None, None))
        if mine is None:
            return
        mine.set_result(self._result_of(theirs))

    def _result_of(self, theirs: Any) -> JobResult:
        """Returns what became of a job that the scheduler says is over.

        Raises:
            DependencyError: the scheduler went away with it, or its worker is of another program.
        """
        from distributed import CancelledError  # noqa: PLC0415 likewise

        try:
            if theirs.status == "error":
                return JobResult(theirs.key.rpartition("-")[0], failure=_lost(theirs.exception()))
            result = unpacked(theirs.result(timeout=WAIT))
        except (CancelledError, OSError):  # of a scheduler that ended
            raise self._gone() from None
        if result.failure and result.failure.is_refused:
            raise DependencyError(result.failure.message, result.failure.hint)
        return result

    def _gone(self) -> DependencyError:
        message = f"The Dask scheduler at {self._address} went away."
        return DependencyError(message, "start it anew and run the same command again: what is done stays done")

    def cancel(self) -> None:
        """Leaves undone what nobody has begun."""
        for mine, theirs in self._owners.values():
            mine.cancel()
            with suppress(Exception):  # the scheduler may be gone
                theirs.cancel()
        self._owners.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()
        with suppress(Exception):  # likewise
            self._client.close(timeout=5)


def _lost(error: BaseException) -> Failure:
    """Returns why the scheduler gave a job up."""
    if type(error).__name__ == "KilledWorker":
        message = f"its workers were lost one after another, the last one {getattr(error, 'last_worker', '')}"
        hint = "look at that worker's log; smaller shards take less memory: forecast shard DATA DIR --shards N"
        return Failure(f"{message.rstrip()}.", hint, int(ExitCode.TRAINING))
    return Failure(f"{type(error).__name__}: {error}", "look at the logs of the workers", int(ExitCode.BUG))
