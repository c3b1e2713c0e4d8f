"""`forecast compare [DATA] --models rnn,lstm,gru`."""

from typing import Annotated

import typer

from forecast.cli.console import say
from forecast.cli.flags import DataFlags, OutputFlags, PlotFlags, SettingsFlags, grouped, split_names
from forecast.cli.narration import describe_contest, narrated
from forecast.cli.reading import read_options
from forecast.cli.scores import leaderboard_json, print_leaderboard


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
        str, typer.Option("--models", metavar="MODELS", help="Which to compare, with commas.")
    ] = "rnn,lstm,gru",
) -> None:
    """Backtest several models and the baselines on the same folds and say which is best.

    forecast compare --models rnn,lstm,gru

    forecast compare sales.csv --models lstm,gru,linear --folds 5

    forecast compare sales.csv --preset tutorial --json
    """
    from forecast.production.store import Store  # noqa: PLC0415 - heavy imports wait for their command
    from forecast.workflows.compare import CompareRequest, compare  # noqa: PLC0415
    from forecast.workflows.sources import find_source  # noqa: PLC0415

    found = find_source(data, Store(output.store))
    if found.why and not output.quiet:
        say(f"Using {found.source}, {found.why}.")
    request = CompareRequest(
        source=found.source,
        options=found.options if found.options and reading == DataFlags() else read_options(reading),
        settings=settings.settings(),
        models=split_names(models),
        folder=plot.out_dir,
        plots=plot.plots,
        device=settings.device,
    )
    with narrated("Comparing", quiet=output.quiet) as reporter:
        result = compare(request, reporter)
    board = result.contest.board
    files = [str(path) for path in result.files]
    document = {**describe_contest(result.contest), **leaderboard_json(board), "files": files}
    print_leaderboard(board, output, document)
    if files and not output.quiet:
        say(", ".join(files), "Plots")
