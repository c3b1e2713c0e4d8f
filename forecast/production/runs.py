"""What runs of a model did, written into its history."""

from contextlib import suppress
from datetime import datetime

from forecast.errors import ForecastError
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import RunRecord

JUDGED = ("promoted", "kept", "candidate", "trained")
"""Outcomes of runs that looked at their data to the end."""


def write_run(models: ModelStore, record: RunRecord, now: datetime) -> None:
    """Adds a run that ends now to the history.

    Raises:
        LockedError: another run writes to this model.
        DataError: the disk refused.
    """
    models.record(record.at(now).line())


def try_run(models: ModelStore, record: RunRecord, now: datetime) -> None:
    """Adds the run where that is possible: of one that failed, its own error is what has to be told."""
    with suppress(ForecastError):
        write_run(models, record, now)
