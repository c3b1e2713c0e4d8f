"""`forecast retrain --all`: many models, one after the other in one process, each as if it were alone.

TensorFlow is imported once, and a loop of one shape compiled once. A model that fails stops no other.
"""

import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import Any

from forecast.errors import ExitCode, ForecastError, NotFoundError, TimeUpError, UsageError, did_you_mean, worded
from forecast.experiment.retraining.request import RetrainRequest, RetrainResult
from forecast.experiment.retraining.unfinished_run import Log
from forecast.production.fleet import in_turn, is_pattern, matching, share_of, turn_of
from forecast.production.store.disk import is_file
from forecast.production.store.store import Store
from forecast.run import Clock, News, Reporter, Run
from forecast.specs import Deadline
from forecast.wording import listed, quoted
from forecast.workflows.retrain import retrain

SEARCHED = 1 / 3
"""Of a model's share of the time limit, settings are searched for no more than so much."""


@dataclass(frozen=True, eq=False)
class Retrained:
    """What became of one model of many.

    Attributes:
        name: of the model.
        result: of its retrain; None where that ended in an error, or its turn did not come.
        error: that ended it.
        is_postponed: the time was up before its turn.
    """

    name: str
    result: RetrainResult | None = None
    error: ForecastError | None = None
    is_postponed: bool = False

    @property
    def exit_code(self) -> int:
        """What a command of its own would have exited with; 0 of one whose turn did not come."""
        if self.error is not None:
            return int(self.error.exit_code)
        return int(self.result.record.exit_code or 0) if self.result else int(ExitCode.DONE)


def members(words: tuple[str, ...], store: Store, *, is_all: bool) -> tuple[str, ...]:
    """Returns the models that are meant.

    Args:
        words: their names, and patterns of them.
        store: that has them.
        is_all: all of them are; then nothing else is named.

    Raises:
        UsageError: names beside ``--all``, or data beside several models.
        NotFoundError: there is no such model, or none at all.
    """
    names = store.names()
    if not names:
        from forecast.experiment.input_data import only_model  # numpy

        only_model(store, "retrain")
    if is_all and words:
        raise UsageError(f"--all is every model, and {listed(words)} is named.", "--all alone, or names without it")
    if is_all:
        return names
    meant, left = matching(words, names)
    if left and is_file(Path(left[0])):
        message = f"{left[0]} is a file, and one file goes with one model: each of several reads its own."
        raise UsageError(message, f"forecast retrain {(*meant, names[0])[0]} {shlex.quote(left[0])}")
    if left:
        what = "matches" if is_pattern(left[0]) else "is"
        message = f"No model {what} {quoted(left[0])}.{did_you_mean(left[0], names)}"
        raise NotFoundError(message, f"forecast models list, or one of {listed(names)}")
    return meant


def retrain_all(
    names: tuple[str, ...], request: RetrainRequest, store: Store, run: Run, log: Log, deadline: Deadline | None = None
) -> Iterator[Retrained]:
    """Yields what became of each model as it is known, the stalest first; of postponed ones last.

    Args:
        names: of the models.
        request: the same for each; its name counts for nothing.
        store: that has them.
        run: what to work with; compiled loops stay in its cache.
        log: hears of each run.
        deadline: of all of them; None for none. A model that takes more than its share is stopped, and its
            champion stays.
    """
    turns, unread = [], []
    for name in names:
        try:
            turns.append(turn_of(store.model(name)))
        except ForecastError as error:
            unread.append(Retrained(name, error=error))
    yield from unread
    waiting = in_turn(turns)
    for place, turn in enumerate(waiting):
        left = inf if deadline is None else deadline.left(run.clock.seconds())
        if left <= 0:
            yield from (Retrained(each.name, is_postponed=True) for each in waiting[place:])
            return
        share = left if deadline is None else share_of(left, waiting[place:])
        own = request if request.tune is None else replace(request, tune=min(request.tune, SEARCHED * share))
        heard = FleetReporter(_until(run, share, turn.name), turn.name, place, len(waiting))
        yield _retrained(turn.name, own, store, run.with_reporter(heard), log)


def allotted(
    names: tuple[str, ...], store: Store, deadline: Deadline | None, clock: Clock, workers: int
) -> list[dict[str, Any]]:
    """Returns for each model, the stalest first, its name, when the time ends (None for never) and its own share of it.

    Args:
        names: of the models; one whose history can't be read comes last, to say so itself.
        store: that has them.
        deadline: of all of them.
        clock: by which it is counted.
        workers: that retrain them side by side.
    """
    turns = []
    for name in names:
        with suppress(ForecastError):
            turns.append(turn_of(store.model(name)))
    waiting = in_turn(turns)
    known = {turn.name for turn in waiting}
    left = None if deadline is None else deadline.left(clock.seconds())
    ends = None if left is None else (clock.now() + timedelta(seconds=left)).isoformat()
    shares = [
        {"name": turn.name, "ends": ends, "share": left and share_of(left * workers, waiting[place:])}
        for place, turn in enumerate(waiting)
    ]
    return [*shares, *({"name": name, "ends": ends, "share": left} for name in names if name not in known)]


def _retrained(name: str, request: RetrainRequest, store: Store, run: Run, log: Log) -> Retrained:
    def named(event: str, facts: dict[str, Any]) -> None:
        log(event, {"name": name, **facts})

    try:
        return Retrained(name, retrain(replace(request, name=name), store, run, named))
    except Exception as error:  # noqa: BLE001 - the other models' turn comes, whatever this one has
        return Retrained(name, error=worded(error))


def timed(run: Run, deadline: Deadline | None, name: str) -> Run:
    """Returns a run that stops when its time is up."""
    return run if deadline is None else run.with_reporter(_until(run, deadline.left(run.clock.seconds()), name))


def _until(run: Run, seconds: float, name: str) -> Reporter:
    """Returns the run's reporter, which stops it after so many seconds."""
    return (
        TimedReporter(run.reporter, run.clock, run.clock.seconds() + seconds, name, seconds)
        if seconds < inf
        else run.reporter
    )


@dataclass
class FleetReporter:
    """A reporter of one model among many: one bar for all, which never goes back."""

    inner: Reporter
    name: str
    place: int
    count: int
    furthest: float = 0.0

    def tell(self, news: News) -> None:
        """Passes it on."""
        self.inner.tell(news)

    def progress(self, label: str, share: float) -> None:  # noqa: ARG002 - the model's name is what counts here
        """Passes on how far all of them have come."""
        self.furthest = max(self.furthest, share)
        self.inner.progress(f"{self.name}, {self.place + 1} of {self.count}", (self.place + self.furthest) / self.count)


@dataclass(frozen=True)
class TimedReporter:
    """A reporter that stops a run whose time is up."""

    inner: Reporter
    clock: Clock
    end: float
    name: str
    share: float

    def tell(self, news: News) -> None:
        """Passes it on."""
        self.inner.tell(news)

    def progress(self, label: str, share: float) -> None:
        """Passes it on, unless the time is up.

        Raises:
            TimeUpError: it is.
        """
        if self.clock.seconds() > self.end:
            message = f"{self.name} was stopped: its time, {self.share:.0f} s, was up."
            raise TimeUpError(message, "a longer --time-limit")
        self.inner.progress(label, share)
