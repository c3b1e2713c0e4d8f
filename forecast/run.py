"""What a run has beside its data and settings: a machine, somebody who looks on, a clock and a cache.

Whoever needs one of them is handed the ``Run``; nobody looks for them by himself. A machine and settings are all that
another process needs to be told: it makes the rest of its own (``forecast.process``), and a cache arrives there empty.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock, RLock
from typing import Any, Protocol, TypeVar

from forecast.specs import Machine

Made = TypeVar("Made")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Returns the date and time, aware."""

    def seconds(self) -> float:
        """Returns the seconds since some moment; they never go back."""


@dataclass(frozen=True)
class StoppedClock:
    """Tells the same time for ever: the clock of a run in which nothing depends on it."""

    time: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """Returns its time."""
        return self.time

    def seconds(self) -> float:
        """Returns no seconds."""
        return 0.0


@dataclass(frozen=True)
class News:
    """What a run found, decided or expects; each kind is a class of its own, in the room that knows it."""


class Reporter(Protocol):
    """Hears what a run does while it does it; says it to the user or not."""

    def tell(self, news: News) -> None:
        """Something is known now."""

    def progress(self, label: str, share: float) -> None:
        """A part of the work has come so far, from 0 to 1."""


@dataclass(frozen=True)
class SilentReporter:
    """A reporter that says nothing."""

    def tell(self, news: News) -> None:
        """Says nothing."""

    def progress(self, label: str, share: float) -> None:
        """Says nothing."""


SILENT = SilentReporter()


class TrainingTracker(Protocol):
    """Keeps numbers of trainings over their steps, from several threads."""

    def add(self, training: str, step: int, values: Mapping[str, float]) -> None:
        """Keeps numbers by name, at a step of a training; parts of the name of a training are told apart by ``/``."""


@dataclass
class StageReporter:
    """A reporter of one stage of a run, whose own share goes from 0 to 1; the run's share never goes back.

    Attributes:
        inner: hears of the whole run.
        begins: share of the run that is done when the stage begins.
        ends: likewise.
    """

    inner: Reporter
    begins: float
    ends: float
    furthest: float = 0.0

    def tell(self, news: News) -> None:
        """Passes it on."""
        self.inner.tell(news)

    def progress(self, label: str, share: float) -> None:
        """Passes on how far the run has come."""
        self.furthest = max(self.furthest, min(share, 1.0))
        self.inner.progress(label, self.begins + (self.ends - self.begins) * self.furthest)


class Cache:
    """What takes a while to make, kept by all that it was made from; the same bytes give the same answer.

    A copy that is sent to another process is empty.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        """Begins empty; without ``keeps``, stays so."""
        self._keeps, self._lock = keeps, Lock()
        self._shelves: dict[str, dict[Hashable, Any]] = {}
        self._making: dict[tuple[str, Hashable], RLock] = {}

    def get(self, shelf: str, key: Hashable, make: Callable[[], Made], most: int) -> Made:
        """Returns what was made for a key before, or makes it; another thread that asks meanwhile waits for it.

        Args:
            shelf: of things of one kind.
            key: all that decides what is made.
            make: makes it; may ask the cache for something else.
            most: things of the kind that are kept; what was not asked for longest leaves first.
        """
        if not self._keeps:
            return make()
        with self._lock:
            making = self._making.setdefault((shelf, key), RLock())
        try:
            with making:
                found: list[Made] = self._found(shelf, key)
                if not found:
                    found = [make()]
                    self._keep(shelf, key, found[0], most)
                return found[0]
        finally:
            with self._lock:
                self._making.pop((shelf, key), None)

    def _found(self, shelf: str, key: Hashable) -> list[Any]:
        with self._lock:
            known = self._shelves.get(shelf, {})
            if key not in known:
                return []
            known[key] = known.pop(key)  # the latest now
            return [known[key]]

    def _keep(self, shelf: str, key: Hashable, made: object, most: int) -> None:
        with self._lock:
            known = self._shelves.setdefault(shelf, {})
            while len(known) >= most:
                del known[next(iter(known))]
            known[key] = made

    def __reduce__(self) -> tuple[Callable[..., "Cache"], tuple[bool]]:
        """Returns how another process makes one."""
        return _empty, (self._keeps,)


def _empty(keeps: bool) -> Cache:
    return Cache(keeps=keeps)


NO_CACHE = Cache(keeps=False)


@dataclass(frozen=True)
class Run:
    """What work is done with.

    Attributes:
        machine: what it runs on.
        reporter: who looks on.
        clock: by which it is timed and dated.
        cache: of what was made before.
        tracker: keeps numbers of each training; None where nobody asked for them, so that none are computed.
    """

    machine: Machine
    reporter: Reporter
    clock: Clock
    cache: Cache
    tracker: TrainingTracker | None = None

    def on(self, machine: Machine) -> "Run":
        """Returns the same run on another machine."""
        return replace(self, machine=machine)

    def stage(self, begins: float, ends: float) -> "Run":
        """Returns the run for one of its stages: from one share of it to another."""
        return self.with_reporter(StageReporter(self.reporter, begins, ends))

    def with_reporter(self, reporter: Reporter) -> "Run":
        """Returns the same run with another reporter."""
        return replace(self, reporter=reporter)


ALONE = Run(Machine(), SILENT, StoppedClock(), NO_CACHE)
"""One thread, and nobody looks on: for a forecast that needs no more."""
