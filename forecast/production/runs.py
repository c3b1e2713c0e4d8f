"""What runs of a model did, written into its history."""

import os
from contextlib import suppress
from datetime import datetime

from forecast.errors import ForecastError
from forecast.production.store.json_document import utc
from forecast.production.store.lock import RunMark
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import RunRecord

JUDGED = ("promoted", "kept", "candidate", "trained")
"""Outcomes of runs that looked at their data to the end."""


def mark_of(command: str, now: datetime) -> RunMark:
    """Returns what a run of this process that begins now writes into the lock, and what its log lines are known by."""
    began, pid = utc(now), os.getpid()
    host = os.uname().nodename if hasattr(os, "uname") else ""  # Windows has none
    return RunMark(command, f"{began:%Y%m%dT%H%M%SZ}-{pid}", began.isoformat(timespec="seconds"), host, pid)


def write_run(models: ModelStore, record: RunRecord, now: datetime) -> None:
    """Adds a run that ends now to the history.

    Raises:
        DataError: the disk refused.
    """
    models.record(record.at(now).line())


def try_run(models: ModelStore, record: RunRecord, now: datetime) -> None:
    """Adds the run where that is possible: of one that failed, its own error is what has to be told."""
    with suppress(ForecastError):
        write_run(models, record, now)
