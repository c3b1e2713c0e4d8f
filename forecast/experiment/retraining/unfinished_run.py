"""A run that does not come to its end: what the history keeps of it, and what is true of the store (stdlib only)."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from forecast.errors import DataError, ForecastError, Stopped, exit_code_of
from forecast.production.runs import try_run, write_run
from forecast.production.store.disk import kind_of
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import RunRecord
from forecast.run import Clock
from forecast.specs import USUAL_STORE

Log = Callable[[str, dict[str, Any]], None]
"""Hears the name of each stage, and its facts."""


def unheard(_event: str, _facts: dict[str, Any]) -> None:
    """Is the log of a run that has none."""


@dataclass(eq=False)
class Progress:
    """How far a run has come: what its line in the history will say if it ends here.

    Attributes:
        is_about_data: what fails now is the data's fault.
        unwritten: the forecast file that a new champion still lacks, or the address of the table.
        before: label of the champion at the start; None where there was none.
    """

    models: ModelStore
    known: RunRecord
    clock: Clock
    is_about_data: bool = False
    unwritten: Path | str | None = None
    is_written: bool = False  # the line of a run that came to its end
    before: str | None = None

    def __post_init__(self) -> None:
        """Looks who is champion now, and at the clock."""
        self.before, self._began = self.champion(), self.clock.seconds()

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return round(self.clock.seconds() - self._began, 3)

    def learn(self, **facts: Any) -> RunRecord:
        """Adds facts, and returns the record so far."""
        self.known = replace(self.known, **facts, seconds=self.seconds)
        return self.known

    def write(self, record: RunRecord) -> None:
        """Adds the line of a run that came to its end to the history.

        Raises:
            DataError: the disk refused.
        """
        write_run(self.models, record, self.clock.now())
        self.is_written = True

    def champion(self) -> str | None:
        """Returns the label of the champion; None where there is none that is whole."""
        with suppress(ForecastError):
            return self.models.champion().label
        return None

    def truth(self) -> str:
        """Returns in a sentence what is true of the store if the run ends here; empty where it is as it was."""
        now = self.champion()
        if now is None or now == self.before:
            return ""
        told = f"{now} of {self.models.name} is champion now"
        if self.unwritten is None or self.is_written:
            return f"{told}."
        root = self.models.folder.parents[1]
        store = "" if root == Path(USUAL_STORE) else f" --store {shlex.quote(str(root))}"
        force = " --force" if isinstance(self.unwritten, Path) and _is_there(self.unwritten) else ""
        command = f"forecast predict {self.models.name}{store} -o {shlex.quote(str(self.unwritten))}{force}"
        return f"{told}; its forecast was not written: {command}"


@contextmanager
def recorded(progress: Progress, log: Log, *, is_dry: bool = False, only_stops: bool = False) -> Iterator[None]:
    """Records a run that ends in an error or is stopped, says what is true of the store, and lets the error go on.

    Args:
        progress: what is known of the run.
        log: hears how it ended.
        is_dry: nothing is recorded.
        only_stops: of what left all as it was, nothing is recorded but that a champion's successor was stopped.
    """
    try:
        yield
    except BaseException as error:
        truth = progress.truth()
        if truth and isinstance(error, ForecastError):
            error.add(truth)
        if isinstance(error, Stopped):
            error.name, error.truth = progress.models.name, truth or error.truth
        text = error.message if isinstance(error, ForecastError) else f"{type(error).__name__} {error}".strip()
        if isinstance(error, Stopped):
            text = f"{error}{'. ' if truth else ''}{truth}"
        outcome = "refused" if progress.is_about_data and isinstance(error, DataError) else "failed"
        if champion := progress.champion():  # after a failed write the champion may be the new one already
            is_new = truth and int(champion[1:]) > int((progress.before or "v0")[1:])  # else somebody went back
            progress.learn(champion=champion, challenger=champion if is_new else progress.known.challenger)
        record = progress.learn(outcome=outcome, reason=text, exit_code=int(exit_code_of(error)), fingerprint=None)
        is_stop = isinstance(error, Stopped | KeyboardInterrupt) and progress.before is not None
        if not is_dry and not progress.is_written and (truth or is_stop or not only_stops):
            try_run(progress.models, record, progress.clock.now())
        log("ended", record.at(progress.clock.now()).line())
        raise


def _is_there(path: Path) -> bool:
    with suppress(ForecastError):
        return kind_of(path) is not None
    return False
