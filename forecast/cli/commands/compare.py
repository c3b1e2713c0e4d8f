"""`forecast compare [DATA] --models rnn,lstm,gru`."""

from dataclasses import dataclass
from typing import Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.input_data import find_data
from forecast.cli.options.completion import complete_models
from forecast.cli.options.groups import DataFlags, OutputFlags, PlotFlags, SettingsFlags
from forecast.cli.output.ablation import ablation_json, ablation_text
from forecast.cli.output.dry_run import print_dry_run
from forecast.cli.output.leaderboard import print_covariates, print_leaderboard
from forecast.cli.output.progress_notes import narrated, tell_covariates, tell_files, tell_timing
from forecast.models.networks.cells import CELLS
from forecast.name_lists import split_names
from forecast.specs import Match

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
    ablate: Annotated[
        bool, typer.Option("--ablate", help="Train the best network anew without each covariate, to see its worth.")
    ] = False


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
            metavar="DATA", help="A CSV; left out: forecast.toml's, the last train's, or the bundled sample."
        ),
    ] = None,
) -> None:
    """Backtest several models and the baselines on the same folds and say which is best.

    forecast compare --models rnn,lstm,gru

    forecast compare sales.csv --models lstm,gru,linear --folds 5

    forecast compare shops.csv --known promo,price --ablate
    """
    from forecast.experiment.summary import describe_board, describe_experiment
    from forecast.experiment.time_limit import Terms
    from forecast.workflows.compare import CompareRequest, compare
    from forecast.workflows.dry_run import dry_run_compare

    source, options = find_data(data, reading, output)
    request = CompareRequest(
        source=source,
        options=options,
        settings=settings.settings(),
        models=split_names(experiment.models),
        folder=plot.out_dir,
        plots=plot.plots,
        terms=Terms(experiment.match, settings.time_limit),
        report=plot.report,
        ablate=experiment.ablate,
    )
    limit, match = settings.time_limit, experiment.match
    with narrated("Comparing", output, device=settings.device, limit=limit, match=match) as run:
        if plot.dry_run:
            planned = dry_run_compare(request, run)
        else:
            result = compare(request, run)
    if plot.dry_run:
        print_dry_run(planned, output)
        return
    board = result.experiment.board
    files = [str(path) for path in result.files]
    document = {**describe_experiment(result.experiment), **describe_board(board), "files": files}
    if result.ablation:
        document["ablation"] = ablation_json(result.ablation)
    print_leaderboard(board, output, document)
    if result.ablation:
        print_covariates(ablation_text(result.ablation), output)
    if not output.quiet:
        tell_covariates(result.experiment)
        tell_timing(result.experiment, run)
        tell_files(files)
