"""The confirmation as jobs: the default and the best settings each forecast the end, side by side where two can work.

default ──▶ default.npz ─┐
                         ├──▶ judge                 each file is written beside and renamed, and is gone afterwards
best    ──▶ best.npz ────┘
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.reading.reader import Reading
from forecast.decoding import Document, decode, encode
from forecast.errors import ExitCode, error_of
from forecast.evaluation.backtest import Backtest
from forecast.evaluation.splits import Fold
from forecast.execution.executor import Executor
from forecast.execution.job import JobOrder
from forecast.experiment.tuning.confirmation import TAIL, Confirmation, Contestant, fresh_seeds, judge
from forecast.experiment.tuning.search_space import Changes, changed_settings, trained_model
from forecast.experiment.tuning.trial import (
    LateError,
    Punctual,
    block_errors,
    do_trial,
    known_reading,
    score_settings,
    with_room,
)
from forecast.experiment.tuning.trial_order import TrialOrder, ordered
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.metric_records import METRICS
from forecast.production.store.disk import Disk
from forecast.run import Run
from forecast.specs import Deadline, Settings

FloatArray = NDArray[np.float64]

LATE = 1.06
"""A confirmation that is not done after so many times the limit is given up: the default stays."""


@dataclass(frozen=True)
class ContestantOrder(Document):
    """What forecasts the confirmation span, as it is ordered from whoever does it.

    Attributes:
        trial: the data, the settings and what they change; its folds are those of the confirmation.
        path: of the file that its forecasts are written to.
    """

    trial: TrialOrder
    path: str


@dataclass(frozen=True)
class Match:
    """Who meets on the confirmation span.

    Attributes:
        changes: of the recipe.
        folder: where forecasts lie meanwhile.
        looks: how often the span was looked at, this time included.
        job: name of the function that does a contestant, see ``do_job``.
        deadline: of the whole command; None for none.
    """

    changes: Changes
    folder: Path
    looks: int
    job: str
    deadline: Deadline | None = None


def do_job(spec: Mapping[str, Any], run: Run) -> Mapping[str, Any]:
    """Does whatever a tuning orders: a trial, or a contestant of its confirmation.

    Args:
        spec: a ``TrialOrder`` or a ``ContestantOrder`` as JSON.
        run: what to work with.

    Returns:
        see ``do_trial``; of a contestant its state alone, ``whole`` or ``late``.

    Raises:
        ForecastError: it can't be trained; or the data is another.
    """
    if "path" not in spec:
        return do_trial(spec, run)
    order = decode(ContestantOrder, spec)
    reading = known_reading(order.trial, run)
    settings, model = changed_settings(order.trial.settings, order.trial.model, order.trial.changes)
    if order.trial.ends is not None:
        run = run.with_reporter(Punctual(run, datetime.fromisoformat(order.trial.ends)))
    try:
        found = contestant(reading, settings, model, with_room(run, reading))
    except LateError:
        return {"state": "late"}
    Disk().replace(Path(order.path), to_bytes(found))
    return {"state": "whole"}


def confirm(entry: TuningEntry, match: Match, executor: Executor, run: Run) -> Confirmation | None:
    """Returns how changed settings do beside the default at the end of the data; None where the time was up.

    Args:
        entry: what is tuned.
        match: who meets.
        executor: who forecasts.
        run: whose clock is that of the deadline.

    Raises:
        ForecastError: see ``score_settings``.
    """
    paths = {name: match.folder / f"{name}.npz" for name in ("default", "best")}
    sides = {"default": {}, "best": dict(match.changes)}
    ends = None if match.deadline is None else _ends(match.deadline, run)
    usual = fresh_seeds(entry.settings)
    orders = [_order(entry, name, sides[name], match.job, paths[name], ends) for name in sides]
    try:
        is_whole = _done(orders, executor)
        if not is_whole:
            return None
        default, best = (from_bytes(paths[name].read_bytes()) for name in sides)
        return judge(default, best, usual.metric, match.looks)
    finally:
        for path in paths.values():
            Disk().remove(path)


def _ends(deadline: Deadline, run: Run) -> datetime:
    left = LATE * deadline.limit - TAIL - deadline.spent(run.clock.seconds())
    return run.clock.now() + timedelta(seconds=left)


def _order(entry: TuningEntry, name: str, changes: Changes, job: str, path: Path, ends: datetime | None) -> JobOrder:
    settings = replace(fresh_seeds(entry.settings), folds=entry.confirm)
    trial = ordered(entry, settings, dict(changes), 0, ends)
    return JobOrder(name, job, encode(ContestantOrder(trial, str(path.absolute()))))


def _done(orders: Sequence[JobOrder], executor: Executor) -> bool:
    """Returns whether all were done in time.

    Raises:
        ForecastError: one can't be trained.
    """
    states = []
    for future in executor.as_completed([executor.submit(order) for order in orders]):
        result = future.result()
        if result.failure is not None:
            raise error_of(ExitCode(result.failure.code), result.failure.message, result.failure.hint)
        states.append((result.value or {})["state"])
    return all(state == "whole" for state in states)


def contestant(reading: Reading, settings: Settings, model: str, run: Run) -> Contestant:
    """Returns what settings forecast on the confirmation span, their folds.

    Raises:
        ForecastError: see ``score_settings``.
    """
    prepared, found = score_settings(reading, settings, model, run)
    tested, season, metric = found.model(trained_model(model)), prepared.plan.season, METRICS[settings.metric]

    def errors(forecasts: FloatArray) -> FloatArray:
        pairs = zip(_scored(found), forecasts, strict=True)
        return np.stack([block_errors(reading.panel, fold, point, season, metric) for fold, point in pairs])

    by_seed = np.stack([errors(each) for each in tested.by_seed])
    first = str(found.folds[1].origin(reading.panel)).removesuffix("T00:00:00")
    return Contestant(found.truths, tested.forecasts, tested.by_seed, errors(tested.forecasts), by_seed, first)


def _scored(found: Backtest) -> tuple[Fold, ...]:
    return found.folds[1:]


def to_bytes(found: Contestant) -> bytes:
    """Returns a contestant as a file of arrays."""
    written = BytesIO()
    np.savez(written, **{field.name: getattr(found, field.name) for field in fields(found)})
    return written.getvalue()


def from_bytes(content: bytes) -> Contestant:
    """Returns the contestant of a file; nothing in it is ever run."""
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        kept = {field.name: arrays[field.name] for field in fields(Contestant)}
    return Contestant(**{**kept, "first": str(kept["first"])})
