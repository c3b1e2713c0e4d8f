"""`forecast compare [DATA] --models rnn,lstm,gru`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from forecast.cli.completion import complete_models
from forecast.cli.flags import DataFlags, OutputFlags, PlotFlags, SettingsFlags, grouped, split_names
from forecast.cli.narration import narrated, tell_files, tell_timing
from forecast.cli.reading import find_data
from forecast.cli.rehearsal import print_rehearsal
from forecast.cli.scores import print_leaderboard
from forecast.specs import Match


@grouped
def compare_command(
    output: OutputFlags,
    plot: PlotFlags,
    reading: DataFlags,
    settings: SettingsFlags,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA", help="A CSV; left out: forecast.toml's, the last train's, or the bundled sample."
        ),
    ] = None,
    models: Annotated[
        str,
        typer.Option(
            "--models", autocompletion=complete_models, metavar="MODELS", help="Which to compare, with commas."
        ),
    ] = "rnn,lstm,gru",
    match: Annotated[
        Match,
        typer.Option("--match", help="What the cells share: training steps, number of parameters, or training time."),
    ] = "steps",
) -> None:
    """Backtest several models and the baselines on the same folds and say which is best.

    forecast compare --models rnn,lstm,gru

    forecast compare sales.csv --models lstm,gru,linear --folds 5

    forecast compare sales.csv --match params --time-limit 2m
    """
    from forecast.workflows.account import describe_board, describe_contest
    from forecast.workflows.compare import CompareRequest, compare
    from forecast.workflows.rehearsal import rehearse_compare
    from forecast.workflows.timing import Terms

    source, options = find_data(data, reading, output)
    request = CompareRequest(
        source=source,
        options=options,
        settings=settings.settings(),
        models=split_names(models),
        folder=plot.out_dir,
        plots=plot.plots,
        device=settings.device,
        terms=Terms(match, settings.time_limit),
        report=plot.report,
    )
    with narrated("Comparing", output, limit=settings.time_limit, match=match) as reporter:
        if plot.dry_run:
            planned = rehearse_compare(request, reporter)
        else:
            result = compare(request, lambda: datetime.now(UTC), reporter)
    if plot.dry_run:
        print_rehearsal(planned, output)
        return
    board = result.contest.board
    files = [str(path) for path in result.files]
    document = {**describe_contest(result.contest), **describe_board(board), "files": files}
    print_leaderboard(board, output, document)
    if not output.quiet:
        tell_timing(result.contest)
        tell_files(files)
