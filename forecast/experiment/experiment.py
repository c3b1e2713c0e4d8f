"""The experiment that `train` and `compare` share: plan, backtest, score."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TypeAlias

import numpy as np

from forecast.data.dates.calendar_features import holiday_names
from forecast.data.future.extrapolation import check_flags, yes_no_columns
from forecast.data.panel import Panel
from forecast.data.reading.reader import Reading
from forecast.errors import DataError, UsageError
from forecast.evaluation.backtest import Backtest, backtest
from forecast.evaluation.importance import Importance, measure_importance
from forecast.evaluation.leaderboard import Leaderboard, leaderboard
from forecast.evaluation.splits import Fold, rolling_origins
from forecast.experiment.costs import Task, check_memory, time_text, training_seconds
from forecast.experiment.news import LongRun, Planned
from forecast.experiment.plan import make_plan
from forecast.experiment.time_limit import (
    TAIL,
    Terms,
    Timing,
    Work,
    affordable,
    check_terms,
    effort_limits,
    measure_paces,
    settle,
)
from forecast.models.covariates.covariate_model import CovariateModel
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Fitted, Forecaster
from forecast.models.networks.cells import REFERENCE
from forecast.models.networks.descent.small_networks import compiled_cells
from forecast.models.networks.presets import make_spec, match_parameters, spec_parameters
from forecast.models.networks.recurrent import Memory
from forecast.models.networks.time_budget import Pace, Pacer
from forecast.models.own_forecaster import CheckedForecaster
from forecast.models.registry import ENSEMBLE, demand_rivals, is_learned, learned_models, make_forecaster, spec_names
from forecast.run import Run
from forecast.specs import LESSONS, Machine, ModelSpec, Plan, Settings

BARE = "The networks are bare cells of equally many parameters: no highway, naive base, anchor or effects of dates"
SPARSE = "Most series sell now and then: MASE and sMAPE reward forecasts near zero and mislead; RMSSE and WQL tell."
SMALLEST, LARGEST = 1e-9, 1e30
"""Networks count in single precision: a panel whose largest value is out of this range would drown or overflow."""


@dataclass(frozen=True, eq=False)
class Experiment:
    """Several models on the same data and folds, scored."""

    reading: Reading
    plan: Plan
    settings: Settings
    specs: dict[str, ModelSpec]  # by cell
    machine: Machine
    backtest: Backtest
    board: Leaderboard
    memory: Memory  # the networks that the backtest trained
    timing: Timing | None = None
    learned: CovariateModel | None = None  # by the networks that were fitted to all data since

    @property
    def covariate_model(self) -> CovariateModel | None:
        """What the latest networks, or those of the latest fold, learned of covariates and dates; None if nothing."""
        if self.learned:
            return self.learned
        models = list(self.memory.values())
        return models[-1].covariate_model if models else None

    def importance(self, name: str, run: Run) -> tuple[Importance, ...]:
        """Returns what each covariate is worth to the networks of a name, as the backtest trained them."""
        panel = self.reading.panel
        if panel.covariates is None or not is_learned(name):
            return ()
        tested = self.backtest.model(name)
        return measure_importance(panel, self._fitted(name), tested.combination, self.settings.seed, run)

    def _fitted(self, name: str) -> list[tuple[Fold, Fitted]]:
        """Returns the scored folds, each with the networks of a name that were trained before it."""
        from forecast.models.networks.fitting import panel_digest  # imports TensorFlow, which is loaded by now

        panel, folds = self.reading.panel, self.backtest.folds
        found: list[tuple[Fold, Fitted]] = []
        for fold in folds[1:]:
            digest = panel_digest((fold if self.plan.refit else folds[0]).train(panel))
            parts = [
                next(model for (spec, seen), model in self.memory.items() if spec.cell == cell and seen == digest)
                for cell in spec_names(name)
            ]
            found.append((fold, EnsembleModel(tuple(parts))))
        return found

    def model_of(self, name: str) -> EnsembleModel | None:
        """Returns the networks of a name as the backtest trained them; None where it did so at each origin anew."""
        if self.plan.refit or not is_learned(name):
            return None
        by_cell = {spec.cell: model for (spec, _), model in self.memory.items()}
        return EnsembleModel(tuple(by_cell[cell] for cell in spec_names(name)))


IMPORT, COMPILE = 4.0, 2.0
"""Seconds that importing TensorFlow and compiling a cell's loop take, about: for the share that is shown, no more."""
FALLBACK = "smoothing"
"""What is saved where the time is too short for a network."""
TRAINED = 0.9
"""Of what follows, about so much is the training of networks, where that is done beforehand."""
QUICK = 0.05
"""What needs no network takes about so much of the time of what does."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What is settled before anything is trained."""

    plan: Plan
    settings: Settings
    folds: tuple[Fold, ...]
    trained: list[str]  # cells of which networks are trained
    specs: dict[str, ModelSpec]  # by cell
    windows: int  # at the end of the data, padding aside
    machine: Machine
    start: float = 0.0  # share of the time that goes by before the first model is tried
    imported: float = 0.0  # seconds that importing TensorFlow took


Trainer: TypeAlias = Callable[[Prepared, Panel, Memory, Run], None]
"""Trains the networks that a backtest will ask for, and puts them into its memory."""


def prepare(
    reading: Reading,
    settings: Settings,
    models: tuple[str, ...],
    run: Run,
    terms: Terms,
    plan: Plan | None = None,
) -> Prepared:
    """Returns what a backtest of the models stands on.

    Args:
        reading: of a file.
        settings: of what is forecast.
        models: their names.
        run: what to work with.
        terms: of the training.
        plan: that ``make_plan`` made before of such data; None to make it.

    Raises:
        ForecastError: see ``make_plan``, ``check_terms``, ``rolling_origins`` and ``find_machine``.
    """
    cells = dict.fromkeys(cell for name in models for cell in spec_names(name))
    trained = [cell for cell in cells if any(cell in spec_names(name) for name in models if is_learned(name))]
    check_terms(terms, settings, trained)
    panel = reading.panel
    _check_covariates(panel, settings, terms)
    check_flags(panel, yes_no_columns(panel), is_averaged=bool(reading.settled.aggregate))
    if trained:
        _check_size(panel)
    plan = plan or make_plan(panel, settings)
    least = min(plan.window, plan.season + 1)
    folds = rolling_origins(panel, plan.horizon, plan.folds, least, warms_up=plan.warms_up)
    count = count_windows(panel, plan)
    specs = _specs(tuple(cells), plan, settings, count, terms)
    task = Task.of(panel, plan, count, run.machine.threads)
    own = {cell: specs[cell] for cell in trained}
    check_memory(task, own)
    seconds = training_seconds(task, own)
    if not terms.is_timed:
        run.reporter.tell(Planned(plan, own))
        if about := time_text(seconds):
            run.reporter.tell(LongRun(about))
    compiled = compiled_cells(own, count, run.machine, is_timed=terms.is_timed, is_told=panel.covariates is not None)
    if compiled:
        run.reporter.progress("starting TensorFlow", 0.0)
    room = int(np.maximum(panel.lengths, plan.window + 2 * plan.horizon).sum())
    began = run.clock.seconds()
    machine = replace(machine_for(compiled, run.machine), room=max(room, run.machine.room))
    imported = run.clock.seconds() - began if compiled else 0.0
    start = IMPORT / (IMPORT + COMPILE * len(compiled) + seconds) if compiled else 0.0
    return Prepared(plan, settings, folds, trained, specs, count, machine, start, imported)


def run_experiment(
    reading: Reading,
    settings: Settings,
    models: tuple[str, ...],
    run: Run,
    terms: Terms = Terms(),
    own: Sequence[Forecaster] = (),
    train: Trainer | None = None,
) -> Experiment:
    """Backtests the models on a file that has been read.

    Args:
        reading: of the file.
        settings: of what is forecast.
        models: their names; those of ``own`` among them where they are to be scored.
        run: what to work with.
        terms: of the training.
        own: forecasters that are not in the registry.
        train: trains networks of the backtest beforehand, into its memory; None where each is trained in its turn.

    Raises:
        ForecastError: see ``prepare``.
    """
    prepared = prepare(reading, settings, models, run, terms)
    plan, memory = prepared.plan, Memory()
    written = {each.name: CheckedForecaster(each, plan.horizon) for each in own}
    begins = prepared.start
    if train is not None:
        trained = begins + TRAINED * (1.0 - begins)
        train(prepared, reading.panel, memory, run.on(prepared.machine).stage(begins, trained))
        begins = trained
    scoring = run.on(prepared.machine).stage(begins, 1.0)
    models = tuple(dict.fromkeys((*models, *(demand_rivals() if plan.is_intermittent else ()))))
    scorer = _Scorer(reading.panel, prepared, scoring, memory, written)
    specs, timing = prepared.specs, None
    if terms.is_timed:
        result, specs, timing = _score_timed(scorer, models, terms)
    else:
        result = scorer.score(models, models, specs)
    board = _board(result, reading, settings, plan, terms)
    return Experiment(reading, plan, settings, specs, prepared.machine, result, board, memory, timing)


def _board(result: Backtest, reading: Reading, settings: Settings, plan: Plan, terms: Terms) -> Leaderboard:
    """Returns the ranked scores, whose verdict says on which terms they were reached."""
    board = leaderboard(result, learned_models(), repeats=plan.naive_season if len(plan.shown) > 1 else None)
    told = [board.verdict]
    if terms.is_bare:
        each = "" if (settings.overrides.segment or 1) > 1 else ", one recurrent step an observation"
        told.append(f"{BARE}{each}.")
    if plan.is_intermittent:
        told.append(SPARSE)
    if reading.columns.weight:
        told.append(f"Errors are weighted by {reading.columns.weight}.")
    return replace(board, verdict=" ".join(told).strip(), is_demand=plan.is_intermittent or board.is_demand)


@dataclass(frozen=True, eq=False)
class _Scorer:
    """What backtests models on what was prepared, some of them at a time."""

    panel: Panel
    prepared: Prepared
    run: Run
    memory: Memory  # gains the networks that are trained
    own: Mapping[str, Forecaster]  # by name, what no registry makes

    def score(
        self,
        names: tuple[str, ...],
        models: tuple[str, ...],
        specs: dict[str, ModelSpec],
        pacers: dict[str, Pacer] | None = None,
    ) -> Backtest:
        """Returns the backtest of some of all models."""
        plan, settings, run = self.prepared.plan, self.prepared.settings, self.run

        ends = np.cumsum([1.0 if is_learned(name) else QUICK for name in models])

        def progress(name: str, share: float) -> None:
            place = models.index(name)
            begins = ends[place - 1] if place else 0.0
            run.reporter.progress(name, float((begins + share * (ends[place] - begins)) / ends[-1]))

        def make(name: str) -> Forecaster:
            if name in self.own:
                return self.own[name]
            return make_forecaster(name, specs, plan.season_of(name), run, self.memory, pacers)

        return backtest(
            self.panel,
            self.prepared.folds,
            list(map(make, names)),
            plan.season,
            refit=plan.refit,
            metric=settings.metric,
            progress=progress,
            run=run,
            kind=plan.kind,
            levels=settings.levels,
        )


def _score_timed(
    scorer: _Scorer, models: tuple[str, ...], terms: Terms
) -> tuple[Backtest, dict[str, ModelSpec], Timing]:
    """Returns the backtest whose networks have the time that the terms give, their specs, and who keeps them to it.

    What needs no network runs first, so that what is left is the networks' own.
    """
    prepared, run, clock = scorer.prepared, scorer.run, scorer.run.clock
    plan, specs, folds, deadline = prepared.plan, prepared.specs, prepared.folds, terms.deadline
    tail = TAIL * deadline.spent(clock.seconds()) if deadline else 0.0
    others = scorer.score(tuple(name for name in models if not is_learned(name)), models, specs)
    run.reporter.progress("measuring the pace", 0.0)

    def left() -> float:
        return deadline.left(clock.seconds()) if deadline and terms.is_train else inf

    trained = {cell: specs[cell] for cell in prepared.trained}
    paces = measure_paces(trained, scorer.panel, folds[0], run, left, prepared.imported)
    limits = effort_limits(prepared.settings, prepared.windows)

    def plan_for(cells: dict[str, Pace]) -> tuple[dict[str, ModelSpec], Timing]:
        if not cells:
            return {}, Timing({}, {}, deadline, clock, tail)
        work = Work(folds, plan.refit, ENSEMBLE in models, terms.is_train)
        return settle({cell: specs[cell] for cell in cells}, cells, work, terms, limits, clock, tail)

    settled, timing = affordable(specs, paces, plan_for) if terms.is_train else plan_for(paces)
    tried = tuple(name for name in models if not is_learned(name) or settled.keys() >= set(spec_names(name)))
    models = tried if settled else tuple(dict.fromkeys((FALLBACK, *tried)))
    if settled:
        run.reporter.tell(Planned(plan, settled))
    specs = specs | settled
    missing = tuple(name for name in models if name not in {tested.name for tested in others.models})
    result = scorer.score(missing, models, specs, timing.pacers)
    by_name = {tested.name: tested for tested in (*others.models, *result.models)}
    return replace(result, models=tuple(by_name[name] for name in models)), specs, timing


def _check_size(panel: Panel) -> None:
    """Refuses values in a unit that networks can't count in.

    Raises:
        DataError: the largest of them is too large, or too small.
    """
    largest = float(np.abs(panel.values[panel.observed]).max(initial=0.0))
    if largest and not SMALLEST <= largest <= LARGEST:
        how, verb = ("small", "multiply") if largest < SMALLEST else ("large", "divide")
        message = f"The largest value is {largest:.3g}: too {how} for networks, which count in single precision."
        raise DataError(message, f"{verb} {panel.target} by a power of ten")


def _check_covariates(panel: Panel, settings: Settings, terms: Terms) -> None:
    """Refuses what is known beside the target where it could not be heeded.

    Raises:
        UsageError: the textbook's set-up and bare cells know nothing beside the target, or there are no dates to have
            holidays.
    """
    blind = "--bare" if terms.is_bare else f"--preset {settings.preset}" if settings.preset in LESSONS else ""
    if blind and (panel.covariates or settings.country):
        flag = "--country" if settings.country else f"--{panel.covariates.columns[0].kind}" if panel.covariates else ""
        instead = ", or take another preset" if not terms.is_bare else ""
        raise UsageError(f"{flag} can't be used with {blind}.", f"leave out {flag}{instead}")
    if settings.country:
        if panel.frequency.unit in {"row", "year"}:
            what = "Data without dates" if panel.frequency.unit == "row" else "Yearly data"
            raise UsageError(f"{what} has no holidays to tell apart.", "leave out --country")
        holiday_names(settings.country, range(2000, 2001))  # refuses an unknown one before anything is trained


def _specs(cells: tuple[str, ...], plan: Plan, settings: Settings, windows: int, terms: Terms) -> dict[str, ModelSpec]:
    """Returns the spec of each cell; under a deadline the usual one, from which the clock takes or to which it adds."""
    usual = replace(settings, preset="balanced") if terms.deadline and settings.preset != "tutorial" else settings

    def make(cell: str) -> ModelSpec:
        return make_spec(cell, plan, usual, windows, is_bare=terms.is_bare).with_(preset=settings.preset)

    specs = {cell: make(cell) for cell in cells}
    if terms.match == "params" or terms.is_bare:
        return match_parameters(specs, spec_parameters(make(REFERENCE)))
    return specs


def machine_for(models: tuple[str, ...], asked: Machine) -> Machine:
    """Returns what the models train on; TensorFlow is asked only where a network is among them."""
    if not any(is_learned(name) for name in models):
        return asked
    from forecast.models.networks.tensorflow import find_machine  # imports TensorFlow

    return find_machine(asked)


def count_windows(panel: Panel, plan: Plan) -> int:
    """Returns how many windows the panel gives at its end, padding aside."""
    return int(np.maximum(panel.lengths - plan.window - plan.horizon + 1, 0).sum())
