"""`forecast train`: backtest, fit the winner on everything, save it, forecast."""

from dataclasses import dataclass, replace
from pathlib import Path

from forecast.data.findings import Finding
from forecast.data.reading.reader import ReadOptions
from forecast.decoding import encode
from forecast.evaluation.importance import Importance
from forecast.evaluation.leaderboard import Leaderboard
from forecast.evaluation.summary import TotalRow
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.destinations import check_folder, plot_names
from forecast.experiment.experiment import Experiment, run_experiment
from forecast.experiment.final_fit import (
    AUTO,
    BASELINES,
    candidates_for,
    choose,
    fit_on_all,
    with_baselines,
    with_saved,
)
from forecast.experiment.input_data import read_to_learn
from forecast.experiment.known_ahead import assumed_notes, short_notes, unseen_notes
from forecast.experiment.news import DataRead
from forecast.experiment.outputs import Outlook, forecast_csv, stem_of, write_all
from forecast.experiment.panels.fold_networks import THIS_PROCESS, NetworkJobs, TrainingWorkers
from forecast.experiment.rerun_command import given_flags, train_command
from forecast.experiment.retraining.continuity import RECORD, pack_record
from forecast.experiment.retraining.flagged import without_flagged
from forecast.experiment.retraining.unfinished_run import Progress, recorded, unheard
from forecast.experiment.summary import summary_of
from forecast.experiment.time_limit import Terms
from forecast.experiment.versions.identity import checked_name
from forecast.experiment.versions.own_code import code_files, spelled_cell
from forecast.experiment.versions.stored_model import pack_version
from forecast.experiment.versions.stored_summary import METRICS, summary_bytes
from forecast.models.forecaster import Forecasts
from forecast.models.registry import check_settings
from forecast.production.known_hosts import remember
from forecast.production.runs import mark_of
from forecast.production.store.issued import FORECAST
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import RunRecord
from forecast.production.store.store import Store, model_name_for
from forecast.production.store.version import WEIGHTS, Version
from forecast.report.workbook import can_write
from forecast.run import Run
from forecast.specs import LESSONS, Anchor, Deadline, PlotKind, Settings
from forecast.workflows.pages.plots import draw_experiment, draw_forecast
from forecast.workflows.pages.tracking import keep_experiment, tracking

BACKTEST, FITTED = 0.82, 0.92
"""Shares of the time, about, that are gone when all models are scored, and when the winner knows all the data."""


@dataclass(frozen=True)
class TrainRequest:
    """What `train` was asked for."""

    source: str
    options: ReadOptions
    settings: Settings
    model: str  # one of MODELS, or auto
    name: str | None
    folder: Path | None  # of the forecast and the plots; None for none beside the store
    plots: PlotKind
    deadline: Deadline | None = None
    report: bool = False  # a page of it all into the folder
    log_dir: Path | None = None  # of what trainings are like
    force: bool = False  # go on with a name that stands for another target, other ids or another frequency
    sample: int | None = None  # series of a folder that are learned from; None for as many as are enough
    workers: TrainingWorkers = THIS_PROCESS  # that train the networks of the folds
    ignores_anomalies: bool = False  # values that are flagged are neither learned from nor scored


@dataclass(frozen=True, eq=False)
class TrainResult:
    """What `train` did."""

    experiment: Experiment
    chosen: str
    reason: str  # why it was chosen among several; empty where it was named
    version: Version
    forecasts: Forecasts
    files: tuple[Path, ...]
    importance: tuple[Importance, ...] = ()  # of each covariate
    assumed: tuple[str, ...] = ()  # in words, what the forecast had to guess of the known covariates
    is_untold: bool = False  # some of what is known ahead was taken as usual: a future file would tell it
    totals: tuple[TotalRow, ...] = ()  # how well their distributions held
    mixture: tuple[Anchor, float] | None = None  # what stands beside the networks in each forecast, and its share
    stays: Version | None = None  # the champion that a lesson's version did not replace; None where it is champion now

    @property
    def board(self) -> Leaderboard:
        """The scores that the model was chosen by."""
        return self.experiment.board


def train(request: TrainRequest, store: Store, run: Run) -> TrainResult:
    """Trains, saves and forecasts, holding the model's lock all the while; saving comes last and whole.

    Raises:
        UsageError: the network, a setting or the name can't be used, or no folder can be made for the forecast.
        LockedError: another run works on this model.
        ForecastError: see ``read_panel``, ``run_experiment`` and ``ModelStore.publish``.
    """
    with tracking(request.log_dir, run) as tracked:
        return _train(request, store, tracked)


def _train(request: TrainRequest, store: Store, run: Run) -> TrainResult:
    candidates = candidates_for(request.model)
    check_settings(request.settings, candidates)
    models = store.model(request.name or model_name_for(stem_of(request.source)))
    if request.folder is not None:
        check_folder(request.folder, names=training_files(request, models.name), data=request.source)
    terms, scored, now = Terms(deadline=request.deadline, is_train=True), with_baselines(candidates), run.clock.now()
    jobs = NetworkJobs(request.workers, request.source, request.options, scored, now, terms, request.sample)
    train = jobs.trainer(request.settings, {"--log-dir": request.log_dir is not None})
    reading = read_to_learn(request.source, request.options, now, request.sample)
    reading = checked_name(models, reading, force=request.force)
    if request.ignores_anomalies:
        reading, left_out = without_flagged(reading, None, run)
        reading = replace(reading, findings=(*reading.findings, Finding("note", "ignored", left_out.note, "--ignore")))
        request = replace(request, options=left_out.of(request.options))
        jobs = replace(jobs, options=request.options)  # workers leave out the same values
        train = jobs.trainer(request.settings, {"--log-dir": request.log_dir is not None})
    run.reporter.tell(DataRead(reading))
    with models.lock(mark=mark_of("train", run.clock.now())):
        checked_name(models, reading, force=request.force)  # once more: another train may have taken it meanwhile
        progress = Progress(models, RunRecord("train", "failed", rows=reading.rows), run.clock)
        if request.folder is not None:
            progress.unwritten = request.folder / f"{models.name}.csv"
        with recorded(progress, unheard, only_stops=True):
            backtest = run.stage(0.0, BACKTEST)
            experiment = run_experiment(reading, request.settings, scored, backtest, terms, train=train)
            return finish(request, experiment, progress, run)


def training_files(request: TrainRequest, name: str) -> tuple[str, ...]:
    """Returns the names of the files that may be written into the folder."""
    workbook = [f"{name}-report.xlsx"] if request.report and can_write() else []
    return (f"{name}.csv", *plot_names(f"{name}-", request.plots, has_report=request.report), *workbook)


def finish(request: TrainRequest, experiment: Experiment, progress: Progress, run: Run) -> TrainResult:
    """Fits the winner on everything, saves it as the champion, and writes its forecast, plots and history."""
    models, panel = progress.models, experiment.reading.panel
    name, horizon = models.name, experiment.plan.horizon
    chosen, reason = choose(experiment, request.model)
    experiment = with_saved(experiment, chosen, request.model)
    trained = fit_on_all(experiment, chosen, run.stage(BACKTEST, FITTED))
    experiment = replace(experiment, learned=trained.model.covariate_model)
    run.reporter.progress("drawing and saving", FITTED)
    importance = experiment.importance(chosen, run)
    forecasts, distributed = trained.issue(panel, horizon, run)
    weights, entry = pack_version(
        trained, experiment.reading, request.options, request.settings, experiment.plan.naive_season
    )
    table = forecast_csv(forecasts, panel, chosen, f"v{models.next_number()}")
    stays, file = staying_champion(request.settings, models), file_stem(request.settings, models)
    plots = _plots(request, experiment, forecasts, chosen, name)
    given = _given(request)
    command = train_command(experiment.reading, request.source, name, given)
    summary = summary_of(experiment, command, given, reason=reason, chosen=chosen)
    files = {WEIGHTS: weights, METRICS: summary_bytes(summary), FORECAST: table, RECORD: pack_record(panel)}
    files |= {f"plots/{stem}": content for stem, content in plots.items()} | code_files(trained.model)
    remember(request.source)
    version = models.publish(files, encode(entry), run.clock.now(), champion=stays is None)
    written = {f"{file}.csv": table} | {f"{file}-{stem}": content for stem, content in plots.items()}
    paths = write_all(request.folder, written) if request.folder is not None else ()
    progress.unwritten = None
    progress.write(_record(experiment, chosen, reason, version, progress.seconds, stays))
    keep_experiment(request.log_dir, name, experiment, given, {f"{name}.csv": table})
    if request.report and request.folder is not None:
        page = _report(models, version, Outlook(panel, forecasts, distributed), run)
        paths += write_all(request.folder, page)
    guessed, untold = _guesses(trained, experiment, name)
    return TrainResult(
        experiment=experiment,
        chosen=chosen,
        reason=reason,
        version=version,
        forecasts=forecasts,
        files=paths,
        importance=importance,
        assumed=guessed + untold,
        is_untold=bool(untold),
        totals=summary.totals or (),
        mixture=trained.mixture,
        stays=stays,
    )


def _plots(
    request: TrainRequest, experiment: Experiment, forecasts: Forecasts, chosen: str, name: str
) -> dict[str, bytes]:
    """Returns the pictures of the forecast and of the scores, by file stem."""
    panel = experiment.reading.panel
    title = f"{name} ({panel.target})"
    plots = draw_forecast(panel, {chosen: forecasts}, request.plots, f"{title}, forecast by {chosen}")
    return plots | draw_experiment(experiment, request.plots, title)


def _report(models: ModelStore, version: Version, outlook: Outlook, run: Run) -> dict[str, bytes]:
    """Returns the page of a version that was just published, and what stands beside it."""
    from forecast.workflows.pages.version import ReportNames, version_report  # Jinja2 and matplotlib

    names = ReportNames(f"{models.name}-report.html", csv=f"{models.name}.csv")
    return version_report(models, version, run.clock.now(), names, outlook)


def _guesses(trained: TrainedModel, experiment: Experiment, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns in words what the forecast had to guess, and what of it a file of what is known ahead would tell."""
    panel, horizon = experiment.reading.panel, experiment.plan.horizon
    is_averaged = bool(experiment.reading.settled.aggregate)
    guessed = short_notes(trained, panel) + unseen_notes(trained, panel, horizon, is_averaged=is_averaged)
    return guessed, assumed_notes(trained, panel, horizon, f"forecast predict {name} --future FILE")


def _given(request: TrainRequest) -> dict[str, str]:
    """Returns the flags that were asked for."""
    model = {"--model": spelled_cell(request.model)} if request.model != AUTO else {}
    limit = {"--time-limit": f"{request.deadline.limit:g}s"} if request.deadline else {}
    sample = {"--sample": str(request.sample)} if request.sample is not None else {}
    return {**model, **given_flags(request.options, request.settings), **limit, **sample}


def file_stem(settings: Settings, models: ModelStore) -> str:
    """Returns what files in the folder are called by: the champion's forecast is not replaced by a lesson's either."""
    return models.name if staying_champion(settings, models) is None else f"{models.name}-v{models.next_number()}"


def staying_champion(settings: Settings, models: ModelStore) -> Version | None:
    """Returns the champion that stays in use: of a lesson, any that there is; else None, and the new version is it."""
    return models.champion() if settings.preset in LESSONS and models.exists() else None


def _record(
    experiment: Experiment, chosen: str, reason: str, version: Version, seconds: float, stays: Version | None
) -> RunRecord:
    """Returns what is recorded: a first champion has challenged nobody, and of a lesson retrains learn nothing."""
    reading, board = experiment.reading, experiment.board
    is_lesson = stays is not None
    return RunRecord(
        command="train",
        outcome="saved" if is_lesson else "trained",
        reason=reason or f"{chosen} was asked for",
        champion=(stays or version).label,
        challenger=version.label,
        challenger_rmse=board.row(chosen).rmse,
        naive_rmse=board.row(BASELINES[0]).rmse,
        rows=reading.rows,
        training_end=version.manifest.data.training_end,
        seconds=seconds,
        fingerprint=None if is_lesson else reading.fingerprint,
    )
