"""What one run did, as a line of the history: the same keys for every command."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any

from forecast.errors import ForecastError
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
