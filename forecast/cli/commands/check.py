"""`forecast check [DATA]`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.input_data import find_data, flag_words
from forecast.cli.options.arguments import ReplaceFiles
from forecast.cli.options.groups import DataFlags, OutputFlags
from forecast.cli.output.check import COLUMNS, check_json, check_rows, check_table, next_commands
from forecast.cli.output.console import emphasised, print_csv, print_json, say, say_commands, settle_form
from forecast.cli.output.streams import write_out
from forecast.errors import ExitCode
from forecast.process import start_run
from forecast.specs import Settings


@dataclass(frozen=True)
class PlanFlags:
    """What the rows should be enough for."""

    horizon: Annotated[int | None, typer.Option("--horizon", help="Steps to forecast.", min=1, metavar="STEPS")] = None
    window: Annotated[int | None, typer.Option("--window", help="Steps the network sees.", min=1, metavar="STEPS")] = (
        None
    )
    season: Annotated[
        int | None, typer.Option("--season", help="Steps in one season; 1 for none.", min=1, metavar="STEPS")
    ] = None
    folds: Annotated[
        int | None, typer.Option("--folds", help="Origins that would be scored.", min=1, max=50, metavar="N")
    ] = None

    def settings(self) -> Settings:
        """Returns the settings of the run that is planned."""
        return Settings(horizon=self.horizon, window=self.window, season=self.season, folds=self.folds)


@dataclass(frozen=True)
class WriteFlags:
    """What is written, and when findings are a failure."""

    fix: Annotated[
        Path | None,
        typer.Option(
            "--fix", help="Write the clean table: sorted, regular, ISO dates; also .xlsx, .parquet.", metavar="OUT.csv"
        ),
    ] = None
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw the series with the findings marked.", metavar="OUT.png")
    ] = None
    force: ReplaceFiles = False
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 7 if there is a warning.")] = False


@grouped
def check_command(
    output: OutputFlags,
    reading: DataFlags,
    plan: PlanFlags,
    write: WriteFlags,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="A table: a file, or an address; left out: forecast.toml's, the last train's, or the bundled sample.",
        ),
    ] = None,
) -> None:
    """Say what is in a file and what may be wrong with it, each finding with what mends it.

    forecast check sales.csv

    forecast check sales.csv --fix clean.csv --plot findings.png

    forecast check sales.csv --strict --json
    """
    from forecast.production.store.store import Store
    from forecast.report.tables import csv_text
    from forecast.workflows.check import CheckRequest, check

    source, options = find_data(data, reading, output)
    now = datetime.now(UTC)
    request = CheckRequest(
        source, options, plan.settings(), write.fix, write.plot, write.force, now, Store(output.store)
    )
    result = check(request, start_run())
    form = settle_form(output.form)
    if form == "json":
        print_json(check_json(result))
    elif form == "csv":
        print_csv(csv_text(COLUMNS, check_rows(result)))
    else:
        write_out(*emphasised(check_table(result)))
    if result.files and not output.quiet:
        say(", ".join(str(path) for path in result.files), "Wrote")
    if form == "table" and not output.quiet:
        say_commands(next_commands(result, source, flag_words(reading)), "Next")
    if result.count("error"):
        raise typer.Exit(ExitCode.BAD_DATA)
    if write.strict and result.count("warning"):
        raise typer.Exit(ExitCode.QUALITY_GATE)
