"""What is to be tuned: the recipe at the end of the data, what is searched around it, on what, and how cheaply."""

from dataclasses import dataclass, replace

import numpy as np

from forecast.data.panel import Panel
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import Reading
from forecast.experiment.experiment import count_windows, prepare
from forecast.experiment.final_fit import AUTO
from forecast.experiment.rerun_command import command_line, given_flags
from forecast.experiment.time_limit import Terms
from forecast.experiment.tuning.confirmation_span import search_part, tuning_plan
from forecast.experiment.tuning.rungs import rung_of
from forecast.experiment.tuning.search_space import narrowed, search_space, trained_model
from forecast.experiment.tuning.tune_search import BATCH
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.models.registry import spec_names
from forecast.run import SILENT, Run
from forecast.specs import Overrides, Plan, Settings


@dataclass(frozen=True)
class TuningScope:
    """What somebody wants tuned.

    Attributes:
        options: how the source is read.
        sample: series of a folder that are learned from.
        search: names of settings; None for all.
        confirm: folds at the end that no trial sees; None for as many as trials are scored on, 0 where the data
            has none to leave out.
        batch: trials that are asked for together.
        begun: when, in ISO 8601.
        is_pinned: settings that have a value are not searched; otherwise around that value.
    """

    name: str
    source: str
    options: ReadOptions
    sample: int | None
    settings: Settings
    model: str
    search: tuple[str, ...] | None
    confirm: int | None
    batch: int
    begun: str
    is_pinned: bool = True


def tuning_entry(scope: TuningScope, reading: Reading, run: Run) -> TuningEntry:
    """Returns what is to be tuned, and what is searched on the data that the confirmation span leaves.

    Raises:
        ForecastError: see ``tuning_plan``, ``prepare``, ``search_part`` and ``narrowed``.
    """
    settings, model = scope.settings, scope.model
    plan = tuning_plan(reading.panel, settings, scope.confirm)
    confirmed = plan.folds if scope.confirm is None else scope.confirm
    part = search_part(reading, settings, confirmed)
    inner = replace(settings, horizon=plan.horizon, seeds=settings.seeds or 1)
    prepared = prepare(part, inner, (trained_model(model),), run.with_reporter(SILENT), Terms())
    spec = prepared.specs[spec_names(trained_model(model))[0]]
    windows, known = count_windows(part.panel, prepared.plan), _known(part.panel, prepared.plan)
    space = search_space(prepared.plan, spec, windows, known, model, settings.overrides.segment)
    rung = rung_of(prepared.plan, settings.preset, model, asks_for_steps="steps" in (scope.search or ()))
    if rung is not None and rung.effort < 1:  # of a part of them, more would always be better
        space = tuple(each for each in space if each.name != "steps")
    pinned = settings if scope.is_pinned else replace(settings, window=None, overrides=Overrides())
    return TuningEntry(
        name=scope.name,
        source=scope.source,
        options=scope.options,
        sample=scope.sample,
        fingerprint=reading.fingerprint,
        rows=reading.rows,
        settings=settings,
        model=model,
        horizon=plan.horizon,
        window=prepared.plan.window,
        space=narrowed(space, scope.search, pinned, model),
        seed=settings.seed,
        folds=prepared.plan.folds,
        confirm=confirmed,
        batch=scope.batch,
        searched_to=part.days[1],
        begun=scope.begun,
        rung=rung,
        end_window=plan.window,
        season=plan.season if plan.window % plan.season == 0 else 1,
    )


def _known(panel: Panel, plan: Plan) -> int:
    """Returns the steps of a typical series at the earliest origin of the search."""
    return int(np.median(panel.lengths)) - (plan.folds + plan.warms_up) * plan.horizon


def tune_command(entry: TuningEntry, trials: int) -> str:
    """Returns the command that tunes once more, by so many trials whatever time they took."""
    own = {
        "--model": (entry.model, AUTO),
        "--confirm": (f"{entry.confirm}", f"{entry.folds}"),
        "--sample": (f"{entry.sample}", "None"),
        "--workers": (f"{entry.batch}", f"{BATCH}"),
    }
    flags = given_flags(entry.options, entry.settings) | {"--trials": f"{trials}", "--name": entry.name}
    flags |= {flag: value for flag, (value, usual) in own.items() if value != usual}
    return command_line(("tune", entry.source), flags | {"--search": ",".join(each.name for each in entry.space)})
