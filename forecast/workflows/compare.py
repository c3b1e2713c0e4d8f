"""`forecast compare`: all named models and the baselines on the same folds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forecast.data.reading.reader import Reading, ReadOptions
from forecast.errors import UsageError
from forecast.evaluation.groups.error_words import ErrorsFound, error_words
from forecast.evaluation.groups.group_errors import errors_by
from forecast.evaluation.groups.grouping import SERIES, way_to_group
from forecast.experiment.ablation.ablation import Ablation, ablate, ablation_table, check_ablation
from forecast.experiment.ablation.cell_worth import check_alone, with_cells_alone
from forecast.experiment.destinations import check_folder, plot_names
from forecast.experiment.experiment import Experiment, Trainer, run_experiment
from forecast.experiment.input_data import read_to_learn
from forecast.experiment.news import DataRead
from forecast.experiment.outputs import stem_of, write_all
from forecast.experiment.panels.fold_networks import THIS_PROCESS, NetworkJobs, TrainingWorkers
from forecast.experiment.rerun_command import command_line, given_flags
from forecast.experiment.summary import summary_of
from forecast.experiment.time_limit import Terms
from forecast.experiment.versions.own_code import spelled_cell
from forecast.models.networks.cells import CELLS
from forecast.models.registry import check_names, check_settings, rivals
from forecast.production.store.store import model_name_for
from forecast.report.tables import csv_text, error_table
from forecast.run import Run
from forecast.specs import PlotKind, Settings
from forecast.workflows.pages.plots import draw_ablation, draw_experiment, draw_last_fold
from forecast.workflows.pages.tracking import keep_experiment, tracking

SEVERAL = 2
"""Steps of a horizon that is not settled yet."""


SCORED = 0.93
"""Share of the time, about, that is gone when all models are scored and only pictures are left."""


@dataclass(frozen=True)
class CompareRequest:
    """What `compare` was asked for."""

    source: str
    options: ReadOptions
    settings: Settings
    models: tuple[str, ...]
    folder: Path  # of the plots
    plots: PlotKind
    terms: Terms
    report: bool = False  # a page of it all beside the plots
    ablate: bool = False  # tell what each covariate is worth
    alone: bool = False  # tell what each cell is worth without highway and anchor
    by: str | None = None  # tell where the errors are, by these groups
    log_dir: Path | None = None  # of what trainings are like
    errors_to: Path | None = None  # file that the caller writes them into; None: a CSV beside the plots
    sample: int | None = None  # series of a folder that are compared on; None for as many as are enough
    workers: TrainingWorkers = THIS_PROCESS  # that train the networks of the folds


@dataclass(frozen=True, eq=False)
class CompareResult:
    """What `compare` found."""

    experiment: Experiment
    files: tuple[Path, ...]
    ablation: Ablation | None = None
    errors: ErrorsFound | None = None
    errors_file: Path | None = None  # that holds all of them


def compare(request: CompareRequest, run: Run) -> CompareResult:
    """Backtests the models and always the baselines, and draws what came out.

    Raises:
        UsageError: a name is no model, or none is named.
        ForecastError: see ``read_panel`` and ``run_experiment``.
    """
    with tracking(request.log_dir, run) as tracked:
        return _compare(request, tracked)


def _compare(request: CompareRequest, run: Run) -> CompareResult:
    models = models_of(request)
    stem = stem_of(request.source)
    names = comparison_files(request)
    if names:
        check_folder(request.folder, names=names, data=request.source)
    train = _trainer(request, models, run.clock.now())
    reading = read_to_learn(request.source, request.options, run.clock.now(), request.sample)
    run.reporter.tell(DataRead(reading))
    if request.ablate:
        check_ablation(reading.panel, models, is_timed=request.terms.is_timed)
    if request.alone:
        check_alone(models, request.settings, request.terms)
    way = way_of(request, reading)
    end, parts = 1.0 if request.plots == "none" else SCORED, 1 + request.alone + request.ablate
    stages = (run.stage(end * part / parts, end * (part + 1) / parts) for part in range(parts))
    experiment = run_experiment(reading, request.settings, models, next(stages), request.terms, train=train)
    if request.alone:
        experiment = with_cells_alone(experiment, next(stages))
    ablation = ablate(experiment, next(stages)) if request.ablate else None
    found = find_errors(experiment, way) if way else None
    if request.plots != "none":
        run.reporter.progress("drawing", SCORED)
    title = f"{stem} ({experiment.reading.panel.target})"
    plots = draw_experiment(experiment, request.plots, title)
    plots |= draw_last_fold(experiment, request.plots, f"{title}, last fold")
    if ablation:
        plots |= draw_ablation(ablation, experiment, request.plots, title)
        columns, rows = ablation_table(ablation)
        plots["ablation.csv"] = csv_text(columns, rows).encode()
    if found and not request.errors_to:
        plots[errors_name(request)] = error_table(found.table).csv().encode()
    written = {f"{stem}-compare-{name}": content for name, content in plots.items()}
    if request.report:
        each = [find_errors(experiment, SERIES)] if len(reading.panel) > 1 and way != SERIES else []
        errors = [*each, *([found] if found else [])]
        written[f"{stem}-compare-report.html"] = _page(request, experiment, errors, run.clock.now())
    files = write_all(request.folder, written) if written else ()
    keep_experiment(request.log_dir, f"{stem}-compare", experiment, _given(request), written)
    file = request.errors_to or request.folder / f"{stem}-compare-{errors_name(request)}"
    return CompareResult(experiment, files, ablation, found, file if found else None)


def _trainer(request: CompareRequest, models: tuple[str, ...], now: datetime) -> Trainer | None:
    """Returns what trains the networks beforehand; None where this process trains each in its turn.

    Raises:
        UsageError: what is asked beside can't be done by several processes.
    """
    jobs = NetworkJobs(request.workers, request.source, request.options, models, now, request.terms, request.sample)
    in_one = {"--alone": request.alone, "--ablate": request.ablate, "--log-dir": request.log_dir is not None}
    return jobs.trainer(request.settings, in_one)


def way_of(request: CompareRequest, reading: Reading) -> str | None:
    """Returns by what errors are to be told apart, as it is spelled; None if nobody asked.

    Raises:
        UsageError: such data can't be told apart by it.
    """
    return None if request.by is None else way_in(reading, request.settings, request.by)


def way_in(reading: Reading, settings: Settings, by: str) -> str:
    """Returns what is meant by a value of ``--by``.

    Raises:
        UsageError: such data can't be told apart by it.
    """
    used = {*reading.columns.time.split(","), *reading.columns.target}
    free = [name for name in reading.header if name not in used]
    return way_to_group(by, reading.panel, settings.horizon or SEVERAL, reading.ids, free)


def find_errors(experiment: Experiment, way: str) -> ErrorsFound:
    """Returns the errors of all models by group, and where those of the best are."""
    reading, models = experiment.reading, [row.model for row in experiment.board.rows]
    table = errors_by(way, reading.panel, reading.ids, experiment.backtest, models)
    return ErrorsFound(table, error_words(table, reading.panel, reading.ids))


def errors_name(request: CompareRequest) -> str:
    """Returns how the name of the file of errors ends."""
    return f"by-{model_name_for(request.by or '')}.csv"


def comparison_files(request: CompareRequest) -> tuple[str, ...]:
    """Returns the names of the files that may be written."""
    stem = f"{stem_of(request.source)}-compare-"
    tables = [f"{stem}ablation.csv"] if request.ablate else []
    tables += [f"{stem}{errors_name(request)}"] if request.by and not request.errors_to else []
    return (*plot_names(stem, request.plots, has_report=request.report), *tables)


def models_of(request: CompareRequest) -> tuple[str, ...]:
    """Returns the models that are compared: those named, and always their rivals.

    Raises:
        UsageError: a name is no model, none is named, or none of them has a setting that is given.
    """
    if not request.models:
        raise UsageError("--models names no model.", f"--models {','.join(CELLS)}")
    named = check_names(request.models)
    check_settings(request.settings, named)
    return check_names((*named, *rivals()))


def _page(request: CompareRequest, experiment: Experiment, errors: Sequence[ErrorsFound], now: datetime) -> bytes:
    from forecast.workflows.pages.comparison import comparison_page  # Jinja2 and matplotlib

    given = _given(request)
    summary = summary_of(experiment, command_line(("compare", request.source), given), given, match=request.terms.match)
    title = f"{stem_of(request.source)}: {', '.join(request.models)} compared"
    return comparison_page(title, summary, experiment, errors, now)


def _given(request: CompareRequest) -> dict[str, str]:
    """Returns the flags that were asked for."""
    terms = request.terms
    given = {"--models": ",".join(map(spelled_cell, request.models)), **given_flags(request.options, request.settings)}
    given |= {"--match": terms.match} if terms.match != "steps" else {}
    given |= {"--time-limit": f"{terms.deadline.limit:g}s"} if terms.deadline else {}
    given |= {"--by": request.by} if request.by else {}
    given |= {"--alone": ""} if request.alone else {}
    return given | ({"--bare": ""} if terms.is_bare else {})
