"""`forecast train DATA`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from forecast.cli.console import say
from forecast.cli.flags import DataFlags, OutputFlags, PlotFlags, SettingsFlags, grouped
from forecast.cli.narration import describe_contest, narrated
from forecast.cli.reading import read_options
from forecast.cli.scores import leaderboard_json, print_leaderboard


@grouped
def train_command(
    data: Annotated[str, typer.Argument(help="A .csv, .csv.gz, .tsv or .parquet file, or - for standard input.")],
    output: OutputFlags,
    plot: PlotFlags,
    reading: DataFlags,
    settings: SettingsFlags,
    model: Annotated[
        str, typer.Option("--model", help="rnn, lstm, gru, linear, ensemble; auto: the best in the backtest.")
    ] = "auto",
    name: Annotated[str | None, typer.Option("--name", help="Name in the store; default: the file's.")] = None,
) -> None:
    """Train a network on a CSV, score it beside the naive baselines, save it and forecast.

    forecast train sales.csv

    forecast train sales.csv --model lstm --horizon 28 --target revenue

    forecast train shops.csv --id store --preset best --device cpu
    """
    from forecast.models.registry import spec_names  # noqa: PLC0415 - heavy imports wait for their command
    from forecast.production.store import Store  # noqa: PLC0415
    from forecast.workflows.train import AUTO, TrainRequest, train  # noqa: PLC0415

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
        "spec": result.contest.specs[spec_names(result.chosen)[-1]].to_json(),
        "scores": scores,
        **leaderboard_json(board),
        **describe_contest(result.contest),
        "files": [str(path) for path in result.files],
    }
    print_leaderboard(board, output.form, document)
    if output.quiet:
        return
    if row.coverage_80 is not None:
        say(f"80 % intervals held {100 * row.coverage_80:.0f} % of the truths on folds that did not calibrate them.")
    elif not result.forecasts.intervals:
        say("No intervals: there are too few past errors to calibrate them on.")
    why = f"{result.chosen}, the best network in the backtest, " if model == AUTO else ""
    say(f"{why}{version.name} {version.label}, now champion", "Saved")
    say(str(result.files[0]), "Forecast")
    if result.files[1:]:
        say(", ".join(str(path) for path in result.files[1:]), "Plots")
    say(f"forecast predict {version.name} · forecast compare {data}", "Next")
