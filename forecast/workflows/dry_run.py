"""`--dry-run`: what a train or a compare would read, train and write, and about how long it would take.

The seconds come from training a few steps of each network here and now, on the first fold; nothing is written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from forecast.data.covariates import Column
from forecast.data.panel import Panel
from forecast.data.reading.reader import Reading
from forecast.evaluation.backtest import evidence_shifts
from forecast.experiment.ablation.ablation import check_ablation
from forecast.experiment.ablation.cell_worth import check_alone
from forecast.experiment.destinations import check_folder
from forecast.experiment.experiment import Prepared, prepare
from forecast.experiment.final_fit import LAST_EFFORT, candidates_for, with_baselines
from forecast.experiment.input_data import read_to_learn
from forecast.experiment.news import DataRead, Planned
from forecast.experiment.outputs import stem_of
from forecast.experiment.time_limit import LEARNING, TAIL, Terms, Work, effort_limits, measure_paces, settle
from forecast.experiment.versions.identity import checked_name
from forecast.models.forecaster import Watcher
from forecast.models.networks.time_budget import Pace
from forecast.models.registry import ENSEMBLE, check_settings, is_learned, make_forecaster
from forecast.production.store.model_store import ModelStore
from forecast.production.store.store import Store, model_name_for
from forecast.report.workbook import can_write
from forecast.run import Run
from forecast.specs import ModelSpec
from forecast.wording import counted
from forecast.workflows.compare import CompareRequest, comparison_files, errors_name, models_of, way_of
from forecast.workflows.train import TrainRequest, file_stem, training_files


@dataclass(frozen=True)
class Step:
    """One thing that would be done."""

    verb: str  # read, start, train, score, ablate, finish or write
    what: str
    seconds: float | None = None  # about; None where it is part of another step


@dataclass(frozen=True)
class DryRun:
    """What would be done, in this order.

    Attributes:
        steps: of the run.
        limit: seconds that it would take at the most, where it has a limit.
        networks: that would be trained in all.
    """

    steps: tuple[Step, ...]
    networks: int
    limit: float | None = None

    @property
    def seconds(self) -> float:
        """About how long it would take."""
        total = sum(step.seconds or 0.0 for step in self.steps)
        return min(total, self.limit) if self.limit else total

    @property
    def files(self) -> tuple[str, ...]:
        """What would be written."""
        return tuple(step.what for step in self.steps if step.verb == "write")


def dry_run_train(request: TrainRequest, store: Store, run: Run) -> DryRun:
    """Returns what a train would do.

    Raises:
        ForecastError: as the train would, before it trains.
    """
    candidates = candidates_for(request.model)
    check_settings(request.settings, candidates)
    models = store.model(request.name or model_name_for(stem_of(request.source)))
    folder = request.folder or Path()
    check_folder(folder, names=training_files(request, models.name), data=request.source)
    began = run.clock.seconds()
    reading = read_to_learn(request.source, request.options, run.clock.now(), request.sample)
    reading = checked_name(models, reading, force=request.force)
    run.reporter.tell(DataRead(reading))
    terms = Terms(deadline=request.deadline, is_train=True)
    names = with_baselines(candidates)
    prepared = prepare(reading, request.settings, names, run, terms)
    ends = (".csv", *_plots(request, prepared, "-"), *(["-report.xlsx"] if request.report and can_write() else []))
    files = [f"{folder / file_stem(request.settings, models)}{end}" for end in ends]
    return _dry_run(prepared, reading, names, terms, began, (_version(models), *files), run)


def dry_run_compare(request: CompareRequest, run: Run) -> DryRun:
    """Returns what a compare would do.

    Raises:
        ForecastError: as the compare would, before it trains.
    """
    names = models_of(request)
    if written := comparison_files(request):
        check_folder(request.folder, names=written, data=request.source)
    began = run.clock.seconds()
    reading = read_to_learn(request.source, request.options, run.clock.now(), request.sample)
    run.reporter.tell(DataRead(reading))
    if request.ablate:
        check_ablation(reading.panel, names, is_timed=request.terms.is_timed)
    if request.alone:
        check_alone(names, request.settings, request.terms)
    way_of(request, reading)
    prepared = prepare(reading, request.settings, names, run, request.terms)
    stem = request.folder / stem_of(request.source)
    files = [f"{stem}{end}" for end in _plots(request, prepared, "-compare-")]
    if request.ablate:
        kinds = ("csv",) if request.plots == "none" else ("csv", request.plots)
        files += [f"{stem}-compare-ablation.{kind}" for kind in kinds]
    if request.by:
        files.append(str(request.errors_to or f"{stem}-compare-{errors_name(request)}"))
    planned = _dry_run(prepared, reading, names, request.terms, began, files, run)
    planned = _with_ablation(planned, reading) if request.ablate else planned
    return _with_cells_alone(planned) if request.alone else planned


def _with_cells_alone(planned: DryRun) -> DryRun:
    """Returns the plan with the trainings of the cells without their highway, which take as long as those with it."""
    seconds = [step.seconds for step in planned.steps if step.verb == "train" and step.seconds is not None]
    step = Step("train", "each cell once more, without its highway", sum(seconds) or None)
    last = next((at for at, each in enumerate(planned.steps) if each.verb == "write"), len(planned.steps))
    return replace(planned, steps=(*planned.steps[:last], step, *planned.steps[last:]))


def _with_ablation(planned: DryRun, reading: Reading) -> DryRun:
    """Returns the plan with the trainings without each covariate, and without all of them where there are several."""
    columns = reading.panel.covariates.columns if reading.panel.covariates else ()
    times = len(columns) + (len(columns) > 1)
    dearest = max((step.seconds or 0.0 for step in planned.steps if step.verb == "train"), default=0.0)
    step = Step("ablate", f"the best network anew, {counted(times, 'time')}, without {_list(columns)}", times * dearest)
    last = next((at for at, each in enumerate(planned.steps) if each.verb == "write"), len(planned.steps))
    return replace(planned, steps=(*planned.steps[:last], step, *planned.steps[last:]))


def _list(columns: tuple[Column, ...]) -> str:
    names = [column.name for column in columns]
    return ", ".join(names) + (", and all of them" if len(names) > 1 else "")


def _dry_run(
    prepared: Prepared,
    reading: Reading,
    names: tuple[str, ...],
    terms: Terms,
    began: float,
    files: Iterable[str],
    run: Run,
) -> DryRun:
    run = run.on(prepared.machine)
    panel, plan, folds = reading.panel, prepared.plan, prepared.folds
    started = run.clock.seconds() - began
    run.reporter.progress("measuring the pace", 0.0)
    specs = {cell: prepared.specs[cell] for cell in prepared.trained}
    compiling = sum(_compile(prepared, panel, cell, run) for cell in specs)
    paces = measure_paces(specs, panel, folds[0], run, lambda: inf) if specs else {}
    work = Work(folds, plan.refit, ENSEMBLE in names, is_train=False)
    if terms.is_timed:
        whole = replace(work, is_train=terms.is_train)
        room = effort_limits(prepared.settings, prepared.windows)
        specs, _ = settle(specs, paces, whole, terms, room, run.clock, TAIL * started)
        run.reporter.tell(Planned(plan, specs))
    starting = f"TensorFlow, and compile {', '.join(specs)}" if specs else "nothing but the libraries"
    steps = [
        Step("read", f"{reading.source}: {counted(reading.rows, 'row')}, {len(panel):,} series"),
        Step("start", starting, started + compiling),
    ]
    steps += [_training(cell, spec, paces[cell], work) for cell, spec in specs.items()]
    steps += [_scoring(name, prepared, reading, run) for name in names if not is_learned(name)]
    networks = work.fits * sum(len(spec.views) * len(spec.seeds) for spec in specs.values())
    if terms.is_train and specs:
        final, more = _last(specs, paces, refit=plan.refit)
        steps.append(final)
        networks += more
    steps.append(Step("finish", "intervals, drawing, saving", TAIL * started))
    steps += [Step("write", file) for file in files]
    return DryRun(tuple(steps), networks, terms.deadline.limit if terms.deadline else None)


def _compile(prepared: Prepared, panel: Panel, cell: str, run: Run) -> float:
    """Compiles the training loop of a cell, as the run would before its first network, and returns the seconds."""
    fold, spec = prepared.folds[0], prepared.specs[cell]
    short = {cell: spec.with_(seeds=spec.seeds[:1], steps=1)}
    began = run.clock.seconds()
    forecaster = make_forecaster(cell, short, prepared.plan.season, run)
    forecaster.fit(fold.train(panel), Watcher(truth=fold.truth(panel)))
    return run.clock.seconds() - began


def _training(cell: str, spec: ModelSpec, pace: Pace, work: Work) -> Step:
    alone = {cell: spec}
    each = f"{counted(len(spec.views), 'view')} × {counted(len(spec.seeds), 'seed')} × {counted(work.fits, 'fit')}"
    what = f"{cell}: {each}, {counted(spec.steps, 'step')} of {1000 * pace.step:.2g} ms each"
    return Step("train", what, work.seconds(alone, {cell: pace}))


def _last(specs: Mapping[str, ModelSpec], paces: Mapping[str, Pace], *, refit: bool) -> tuple[Step, int]:
    """Returns the last fit, on all the data, of all cells, since the winner may be made of all; and its networks."""
    effort = 1.0 if refit else LAST_EFFORT
    shorter = {cell: spec.with_(steps=max(1, round(effort * spec.steps))) for cell, spec in specs.items()}
    seconds = sum(paces[cell].fit_seconds(spec) + paces[cell].forecast_seconds(spec) for cell, spec in shorter.items())
    networks = sum(len(spec.views) * len(spec.seeds) for spec in specs.values())
    most = "up to " if len(specs) > 1 else ""
    return Step("train", f"the winner on all data: {most}{counted(networks, 'network')}", seconds), networks


def _scoring(name: str, prepared: Prepared, reading: Reading, run: Run) -> Step:
    """Returns the fits and forecasts of a model without networks, timed once."""
    folds, plan = prepared.folds, prepared.plan
    train = folds[0].train(reading.panel)
    began = run.clock.seconds()
    fitted = make_forecaster(name, prepared.specs, plan.season_of(name), run).fit(train, Watcher())
    fit = run.clock.seconds() - began
    fitted.predict_members(train, run)
    forecast = run.clock.seconds() - began - fit
    fits = len(folds) if plan.refit else 1
    forecasts = LEARNING * sum(len(evidence_shifts(fold)) for fold in folds)
    return Step("score", f"{name}: {counted(fits, 'fit')}", fits * fit + forecasts * forecast)


def _version(models: ModelStore) -> str:
    return f"{models.folder}: v{models.next_number()}, the new champion"


def _plots(request: TrainRequest | CompareRequest, prepared: Prepared, joint: str) -> tuple[str, ...]:
    """Returns how the names of the plots and of the report end."""
    stems = ("forecast", "scores", "steps", *(("convergence",) if prepared.trained else ()))
    plots = [] if request.plots == "none" else [f"{joint}{stem}.{request.plots}" for stem in stems]
    return (*plots, *([f"{joint}report.html"] if request.report else []))
