"""A run as a line of the history: the same keys for every command."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from math import isfinite
from typing import Any

from forecast.decoding import fits
from forecast.errors import ForecastError
from forecast.production.store.history_file import time_of
from forecast.production.store.manifest import utc
from forecast.production.store.model_store import ModelStore

JUDGED = ("promoted", "kept", "candidate", "trained")
"""Outcomes of runs that looked at their data to the end."""


@dataclass(frozen=True)
class Entry:
    """One run.

    Attributes:
        outcome: promoted, kept, candidate, nothing-new, refused or failed; of other commands, what they did.
        champion: label of the version in use afterwards.
        challenger: label of the version that was published, where one was.
        trigger: what made it worth training.
        rows: of the file.
        fingerprint: of the file.
        asked: the settings that decide whether the same data is worth another run.
    """

    command: str
    outcome: str
    reason: str = ""
    champion: str | None = None
    challenger: str | None = None
    champion_rmse: float | None = None
    challenger_rmse: float | None = None
    naive_rmse: float | None = None
    trigger: str = ""
    rows: int | None = None
    new_rows: int | None = None
    training_end: str | None = None
    seconds: float | None = None
    exit_code: int = 0
    fingerprint: str | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)

    def line(self, now: datetime) -> dict[str, Any]:
        """Returns the line of the history; a number that is none becomes null."""
        facts = asdict(self).items()
        known = {key: None if isinstance(value, float) and not isfinite(value) else value for key, value in facts}
        return {"time": utc(now).isoformat(timespec="seconds"), **known}


def write_entry(models: ModelStore, entry: Entry, now: datetime) -> None:
    """Adds the entry to the history.

    Raises:
        LockedError: another run writes to this model.
        DataError: the disk refused.
    """
    models.record(entry.line(now))


def try_entry(models: ModelStore, entry: Entry, now: datetime) -> None:
    """Adds the entry where that is possible: of a run that failed, its own error is what has to be told."""
    with suppress(ForecastError):
        write_entry(models, entry, now)


@dataclass(frozen=True)
class PastRun:
    """One line of a model's history; None is what the run did not say.

    Attributes:
        time: aware, UTC; when the run ended.
        outcome: such as ``promoted``, ``kept``, ``nothing-new``, ``refused`` or ``failed``.
        champion: label of the version in use after the run.
        champion_rmse: of the version in use before the run, on the newest points, as are the other two.
    """

    name: str
    time: datetime | None
    command: str | None = None
    outcome: str | None = None
    champion: str | None = None
    challenger: str | None = None
    champion_rmse: float | None = None
    challenger_rmse: float | None = None
    naive_rmse: float | None = None
    reason: str | None = None
    trigger: str | None = None
    rows: int | None = None
    new_rows: int | None = None
    training_end: str | None = None
    seconds: float | None = None
    exit_code: int | None = None

    def row(self) -> dict[str, str | int | float | None]:
        """Returns its fields as a row of a table, the time in ISO 8601."""
        return {**asdict(self), "time": self.time.isoformat(timespec="seconds") if self.time else None}


COLUMNS = tuple(field.name for field in fields(PastRun))


_NUMBERS = {"champion_rmse", "challenger_rmse", "naive_rmse", "seconds"}


_COUNTS = {"rows", "new_rows", "exit_code"}


def runs_of(name: str, history: Iterable[Mapping[str, Any]]) -> tuple[PastRun, ...]:
    """Returns the lines of a model's history as runs."""
    return tuple(past_run(name, entry) for entry in history)


def past_run(name: str, entry: Mapping[str, Any]) -> PastRun:
    """Returns a line as a run; what has another type than it should is as if not said."""
    known: dict[str, Any] = {column: entry[column] for column in COLUMNS if entry.get(column) is not None}
    known = {column: value for column, value in known.items() if column not in {"name", "time"}}
    return PastRun(name, time_of(entry), **{c: v for c, v in known.items() if _fits(c, v)})


def _fits(column: str, value: Any) -> bool:
    return fits(int if column in _COUNTS else float if column in _NUMBERS else str, value)
