"""`forecast compare [DATA] --models rnn,lstm,gru`."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.input_data import find_data, models_named, settings_for
from forecast.cli.options.arguments import ReplaceFile, Sample, Workers
from forecast.cli.options.completion import complete_grouping, complete_models
from forecast.cli.options.groups import DataFlags, OutputFlags, PlotFlags, SettingsFlags
from forecast.cli.options.training_workers import training_workers
from forecast.cli.output.ablation import ablation_json, ablation_text, cells_text
from forecast.cli.output.console import say
from forecast.cli.output.dry_run import print_dry_run
from forecast.cli.output.error_groups import errors_json, print_errors, write_errors
from forecast.cli.output.leaderboard import print_covariates, print_leaderboard, print_levels
from forecast.cli.output.progress_notes import narrated, tell_covariates, tell_files, tell_log, tell_timing
from forecast.errors import UsageError
from forecast.models.networks.cells import CELLS
from forecast.name_lists import split_names
from forecast.run import Run
from forecast.specs import Match

if TYPE_CHECKING:
    from forecast.data.read_options import ReadOptions
    from forecast.workflows.compare import CompareRequest, CompareResult

EVERY_CELL = ",".join(CELLS)


@dataclass(frozen=True)
class CompareFlags:
    """Which models are compared, on which terms, and what else is asked about them."""

    models: Annotated[
        str,
        typer.Option(
            "--models", autocompletion=complete_models, metavar="MODELS", help="Which to compare, with commas."
        ),
    ] = EVERY_CELL
    match: Annotated[
        Match,
        typer.Option("--match", help="What the cells share: training steps, number of parameters, or training time."),
    ] = "steps"
    alone: Annotated[
        bool,
        typer.Option("--alone", help="Say what each cell is worth by itself: train it once more, without its highway."),
    ] = False
    bare: Annotated[
        bool, typer.Option("--bare", help="Compare bare cells: no highway, no base, no anchor; equal parameters.")
    ] = False
    ablate: Annotated[
        bool, typer.Option("--ablate", help="Train the best network anew without each covariate, to see its worth.")
    ] = False
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            autocompletion=complete_grouping,
            metavar="GROUP",
            help="Tell where the errors are: series, step, weekday, month, or one of several --id columns.",
        ),
    ] = None
    to: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="With --by: write the errors into this file."),
    ] = None
    force: ReplaceFile = False
    sample: Sample = None
    workers: Workers = None


@grouped
def compare_command(
    output: OutputFlags,
    plot: PlotFlags,
    reading: DataFlags,
    settings: SettingsFlags,
    experiment: CompareFlags,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="A table: a file, or an address; left out: forecast.toml's, the last train's, or the bundled sample.",
        ),
    ] = None,
) -> None:
    """Backtest several models and the baselines on the same folds and say which is best.

    forecast compare --models rnn,lstm,gru

    forecast compare shops.csv --models lstm,gru --by weekday -o errors.csv

    forecast compare shops.csv --known promo,price --ablate
    """
    from forecast.workflows.compare import compare
    from forecast.workflows.dry_run import dry_run_compare

    ending = _check_output(experiment)
    found = find_data(data, reading, output)
    request = _request(found, experiment, settings, plot, output)
    limit, match = settings.time_limit, experiment.match
    with narrated("Comparing", output, device=settings.device, limit=limit, match=match) as run:
        if plot.dry_run:
            planned = dry_run_compare(request, run)
        else:
            result = compare(request, run)
    if plot.dry_run:
        print_dry_run(planned, output)
        return
    if result.errors and experiment.to:
        write_errors(result, experiment.to, ending)
    _print(result, output, run)
    if not output.quiet:
        tell_log(plot.log_dir)


def _request(
    found: tuple[str, "ReadOptions"],
    experiment: CompareFlags,
    settings: SettingsFlags,
    plot: PlotFlags,
    output: OutputFlags,
) -> "CompareRequest":
    """Returns what is asked of `compare`, of data that was found."""
    from forecast.experiment.time_limit import Terms
    from forecast.workflows.compare import CompareRequest

    source, options = found
    models = models_named("models", split_names(experiment.models), output)
    return CompareRequest(
        source=source,
        options=options,
        settings=settings_for(settings, models, output),
        models=models,
        folder=plot.out_dir,
        plots=plot.plots,
        terms=Terms(experiment.match, settings.time_limit, is_bare=experiment.bare),
        report=plot.report,
        log_dir=plot.log_dir,
        ablate=experiment.ablate,
        alone=experiment.alone,
        by=experiment.by,
        errors_to=experiment.to,
        sample=experiment.sample,
        workers=training_workers(experiment.workers),
    )


def _print(result: "CompareResult", output: OutputFlags, run: Run) -> None:
    """Prints a comparison, or its errors by group where they were asked for."""
    from forecast.experiment.summary import (
        describe_board,
        describe_experiment,
        describe_levels,
        plain_words,
        reconciliation_of,
    )

    board = result.experiment.board
    files = [str(path) for path in result.files]
    if result.errors_file and str(result.errors_file) not in files:
        files.append(str(result.errors_file))
    document = {**describe_experiment(result.experiment), **describe_board(board), "files": files}
    if result.ablation:
        document["ablation"] = ablation_json(result.ablation)
    if result.errors:
        document["errors_by"] = errors_json(result)
    document["plain_verdict"] = plain_words(result.experiment)
    document |= describe_levels(result.experiment, board.rows[0].model)
    if result.errors:
        print_errors(result, output, document)
    else:
        print_leaderboard(board, output, document)
    print_levels(reconciliation_of(result.experiment, board.rows[0].model), output)
    if text := cells_text(board):
        print_covariates(text, output)
    if result.ablation:
        print_covariates(ablation_text(result.ablation), output)
    if not output.quiet:
        tell_covariates(result.experiment)
        tell_timing(result.experiment, run)
        tell_files([file for file in files if file != str(result.errors_file)])
        if result.errors:
            say(str(result.errors_file), "Errors")


def _check_output(flags: CompareFlags) -> str:
    """Returns the ending of ``-o``, which decides how errors are written.

    Raises:
        UsageError: the file can't be written, or nothing is to be written into it.
    """
    from forecast.experiment.destinations import FORECASTS, check_free

    if flags.to and not flags.by:
        message = f"{flags.to} is to hold errors by group, and no group is named."
        raise UsageError(message, f"--by series -o {shlex.quote(str(flags.to))}")
    return check_free(flags.to, FORECASTS, force=flags.force)
