"""Who does jobs, in the manner of ``concurrent.futures``: this process, processes beside it, or a cluster.

with open_executor(Workplace(workers=2), run) as executor:
    futures = [executor.submit(job) for job in jobs]
    for future in executor.as_completed(futures):
        result = future.result()        # a JobResult: what the job answered, or why it failed
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from forecast.errors import UsageError
from forecast.execution.job import JobOrder, JobResult, packed, perform, this_program, unpacked
from forecast.run import Run

MOST_WORKERS = 1024


class Executor(Protocol):
    """Does jobs in some order. At the end of its ``with`` nobody works for it any more."""

    @property
    def where(self) -> str:
        """Who does the jobs, in words: ``2 processes on this machine``."""
        ...

    def submit(self, job: JobOrder) -> "Future[JobResult]":
        """Takes a job; whether it is done before somebody asks for ``as_completed`` is not said."""
        ...

    def as_completed(self, futures: "Iterable[Future[JobResult]]") -> "Iterator[Future[JobResult]]":
        """Yields each of the futures once it is done; none of them raises when asked for its result.

        Raises:
            DependencyError: nobody can do them: workers are of another program, can't start, or went away.
        """
        ...

    def cancel(self) -> None:
        """Leaves undone what nobody has begun."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True)
class Workplace:
    """Where jobs are to be done.

    Attributes:
        workers: processes beside this one; 1 for this process itself.
        cluster: address of a Dask scheduler; None for this machine.
    """

    workers: int = 1
    cluster: str | None = None

    def __post_init__(self) -> None:
        """Refuses what can't be.

        Raises:
            UsageError: there is such.
        """
        if not 1 <= self.workers <= MOST_WORKERS:
            raise UsageError(
                f"--workers {self.workers} is not a number of processes.", f"--workers 1 to {MOST_WORKERS}"
            )
        if self.cluster is not None and self.workers > 1:
            message = "--workers counts processes on this machine, and --cluster has workers of its own."
            raise UsageError(message, f"--cluster {self.cluster} without --workers")


def open_executor(place: Workplace, run: Run) -> Executor:
    """Returns who does jobs there.

    Raises:
        DependencyError: there is no such cluster, or the library that knows it is not installed.
    """
    if place.cluster is not None:
        from forecast.execution.cluster import Cluster  # noqa: PLC0415 Dask takes a second

        return Cluster(place.cluster)
    if place.workers > 1:
        from forecast.execution.processes import Processes  # noqa: PLC0415 only who asks for them pays

        return Processes(place.workers)
    return InThisProcess(run)


class InThisProcess:
    """Does jobs in this process, each when it is asked for."""

    where = "this process"

    def __init__(self, run: Run) -> None:
        """Takes what to work with."""
        self._run = run
        self._jobs: dict[Future[JobResult], JobOrder] = {}

    def submit(self, job: JobOrder) -> "Future[JobResult]":
        """Takes a job."""
        future: Future[JobResult] = Future()
        self._jobs[future] = job
        return future

    def as_completed(self, futures: "Iterable[Future[JobResult]]") -> "Iterator[Future[JobResult]]":
        """Does one job after another."""
        for future in futures:
            job = self._jobs.pop(future, None)
            if job is not None and future.set_running_or_notify_cancel():
                future.set_result(unpacked(perform(packed(job, this_program()), self._run, self.where)))
            if not future.cancelled():
                yield future

    def cancel(self) -> None:
        """Leaves undone what has not begun."""
        for future in self._jobs:
            future.cancel()
        self._jobs.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()
