"""What a tuning orders of whoever does a trial: the data, the settings and when to give up, as a line of JSON."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forecast.data.read_options import ReadOptions
from forecast.decoding import Document
from forecast.experiment.tuning.search_space import Rung, Value
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.production.store.disk import is_file, is_folder
from forecast.specs import Settings


@dataclass(frozen=True)
class TrialOrder(Document):
    """A trial as it is ordered from whoever does it: paths, settings and a few numbers.

    Attributes:
        source: of the data.
        options: how it is read.
        fingerprint: of its bytes: another file is refused.
        now: when it is read, in ISO 8601.
        settings: of the run.
        model: that is tuned.
        changes: of the recipe, by name.
        confirm: folds at the end that are left out.
        sample: series of a folder that are learned from.
        best: errors of the best trial, with which this one is compared; none where there is none yet.
        ends: when it is to give up, in ISO 8601; None for never.
        rung: how cheaply it is trained; None for in full.
    """

    source: str
    options: ReadOptions
    fingerprint: str
    now: str
    settings: Settings
    model: str
    changes: dict[str, Value]
    confirm: int
    sample: int | None = None
    best: tuple[float | None, ...] = ()
    best_error: float | None = None
    ends: str | None = None
    rung: Rung | None = None


def ordered(
    entry: TuningEntry, settings: Settings, changes: dict[str, Value], confirm: int, ends: datetime | None
) -> TrialOrder:
    """Returns an order of what is tuned, in full.

    Args:
        entry: what is tuned.
        settings: of the run, its folds and seeds.
        changes: of the recipe, by name.
        confirm: folds at the end that are left out.
        ends: when it is to give up; None for never.
    """
    return TrialOrder(
        source=located(entry.source),
        options=entry.options,
        fingerprint=entry.fingerprint,
        now=entry.begun,
        settings=settings,
        model=entry.model,
        changes=changes,
        confirm=confirm,
        sample=entry.sample,
        ends=ends.isoformat() if ends else None,
    )


def located(source: str) -> str:
    """Returns the absolute path of a file or folder, which other processes find too; what is neither stays."""
    return str(Path(source).absolute()) if is_file(Path(source)) or is_folder(Path(source)) else source
