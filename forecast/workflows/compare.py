"""`forecast compare`: all named models and the baselines on the same folds."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.errors import UsageError
from forecast.experiment.ablation import Ablation, ablate, ablation_table, check_ablation
from forecast.experiment.destinations import check_folder, plot_names
from forecast.experiment.experiment import Experiment, run_experiment
from forecast.experiment.news import DataRead
from forecast.experiment.outputs import stem_of, write_all
from forecast.experiment.rerun_command import command_line, given_flags
from forecast.experiment.summary import summary_of
from forecast.experiment.time_limit import Terms
from forecast.models.networks.cells import CELLS
from forecast.models.registry import check_names, rivals
from forecast.report.tables import csv_text
from forecast.run import Run
from forecast.specs import PlotKind, Settings
from forecast.workflows.pages.plots import draw_ablation, draw_experiment, draw_last_fold


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


@dataclass(frozen=True, eq=False)
class CompareResult:
    """What `compare` found."""

    experiment: Experiment
    files: tuple[Path, ...]
    ablation: Ablation | None = None


def compare(request: CompareRequest, run: Run) -> CompareResult:
    """Backtests the models and always the baselines, and draws what came out.

    Raises:
        UsageError: a name is no model, or none is named.
        ForecastError: see ``read_panel`` and ``run_experiment``.
    """
    models = models_of(request)
    stem = stem_of(request.source)
    names = comparison_files(request)
    if names:
        check_folder(request.folder, names=names)
    reading = read_panel(request.source, request.options, now=run.clock.now())
    run.reporter.tell(DataRead(reading))
    if request.ablate:
        check_ablation(reading.panel, models, is_timed=request.terms.is_timed)
    experiment = run_experiment(reading, request.settings, models, run, request.terms)
    ablation = ablate(experiment, run) if request.ablate else None
    run.reporter.progress("drawing", 1.0)
    title = f"{stem} ({experiment.reading.panel.target})"
    plots = draw_experiment(experiment, request.plots, title)
    plots |= draw_last_fold(experiment, request.plots, f"{title}, last fold")
    if ablation:
        plots |= draw_ablation(ablation, experiment, request.plots, title)
        columns, rows = ablation_table(ablation)
        plots["ablation.csv"] = csv_text(columns, rows).encode()
    written = {f"{stem}-compare-{name}": content for name, content in plots.items()}
    if request.report:
        written[f"{stem}-compare-report.html"] = _page(request, experiment, run.clock.now())
    return CompareResult(experiment, write_all(request.folder, written) if written else (), ablation)


def comparison_files(request: CompareRequest) -> tuple[str, ...]:
    """Returns the names of the files that may be written."""
    stem = f"{stem_of(request.source)}-compare-"
    ablation = (f"{stem}ablation.csv",) if request.ablate else ()
    return (*plot_names(stem, request.plots, has_report=request.report), *ablation)


def models_of(request: CompareRequest) -> tuple[str, ...]:
    """Returns the models that are compared: those named, and always their rivals.

    Raises:
        UsageError: a name is no model, or none is named.
    """
    if not request.models:
        raise UsageError("--models names no model.", f"--models {','.join(CELLS)}")
    return check_names((*check_names(request.models), *rivals()))


def _page(request: CompareRequest, experiment: Experiment, now: datetime) -> bytes:
    from forecast.workflows.pages.comparison import comparison_page  # Jinja2 and matplotlib

    terms = request.terms
    given = {"--models": ",".join(request.models), **given_flags(request.options, request.settings)}
    given |= {"--match": terms.match} if terms.match != "steps" else {}
    given |= {"--time-limit": f"{terms.deadline.limit:g}s"} if terms.deadline else {}
    summary = summary_of(experiment, command_line(("compare", request.source), given), given, match=terms.match)
    title = f"{stem_of(request.source)}: {', '.join(request.models)} compared"
    return comparison_page(title, summary, experiment, now)
