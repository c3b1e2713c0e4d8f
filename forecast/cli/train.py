"""`forecast train DATA`."""

import shlex
from datetime import UTC, datetime
from typing import Annotated

import typer

from forecast.cli.console import say_commands
from forecast.cli.flags import DataFlags, OutputFlags, PlotFlags, SettingsFlags, grouped
from forecast.cli.narration import describe_contest, narrated, tell_saved
from forecast.cli.reading import read_options
from forecast.cli.scores import leaderboard_json, print_leaderboard


@grouped
def train_command(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A .csv, .csv.gz, .tsv or .parquet file, or - for standard input.")
    ],
    output: OutputFlags,
    plot: PlotFlags,
    reading: DataFlags,
    settings: SettingsFlags,
    model: Annotated[
        str,
        typer.Option(
            "--model", metavar="MODEL", help="rnn, lstm, gru, linear, ensemble; auto: the best in the backtest."
        ),
    ] = "auto",
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Name in the store; default: the file's.")
    ] = None,
) -> None:
    """Train a network on a CSV, score it beside the naive baselines, save it and forecast.

    forecast train sales.csv

    forecast train sales.csv --model lstm --horizon 28 --target revenue

    forecast train shops.csv --id store --preset best --device cpu
    """
    from forecast.models.registry import spec_names  # noqa: PLC0415 - heavy imports wait for their command
    from forecast.production.store import Store  # noqa: PLC0415
    from forecast.workflows.train import TrainRequest, train  # noqa: PLC0415

    request = TrainRequest(
        source=data,
        options=read_options(reading),
        settings=settings.settings(),
        model=model,
        name=name,
        folder=plot.out_dir,
        plots=plot.plots,
        device=settings.device,
    )
    with narrated("Training", quiet=output.quiet) as reporter:
        result = train(request, Store(output.store), lambda: datetime.now(UTC), reporter)
    version, board = result.version, result.board
    row = board.row(result.chosen)
    scores = {"model": result.chosen, "rmse": row.rmse, "skill": row.skill, "coverage_80": row.coverage_80}
    document = {
        "name": version.name,
        "version": version.label,
        "champion": True,
        "model": result.chosen,
        "spec": {**result.contest.specs[spec_names(result.chosen)[-1]].to_json(), "cell": result.chosen},
        "scores": scores,
        **leaderboard_json(board),
        **describe_contest(result.contest),
        "files": [str(path) for path in result.files],
    }
    print_leaderboard(board, output, document)
    if not output.quiet:
        tell_saved(result)
        say_commands(_next(version.name, data, reading, output), "Next")


def _next(name: str, data: str, reading: DataFlags, output: OutputFlags) -> tuple[str, ...]:
    """Returns the commands worth running now; `compare` knows by itself how the last train read its file."""
    predict, compare = f"forecast predict {name}{output.store_words}", f"forecast compare{output.store_words}"
    if data == "-":
        return (predict,)
    return predict, f"{compare} {shlex.quote(data)}" if reading == DataFlags() else compare
