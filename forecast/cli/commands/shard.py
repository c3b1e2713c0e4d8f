"""`forecast shard DATA DIR`."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import require_names
from forecast.cli.options.completion import complete_column
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_csv, print_json, say, say_commands, say_with_flags, settle_form
from forecast.cli.output.panels import SHARD_COLUMNS, extent, shard_rows, shards_json, shards_table
from forecast.cli.output.progress_notes import narrated
from forecast.cli.output.streams import write_out
from forecast.specs import Decimal

NAMES = ("time", "target", "id", "missing")


@dataclass(frozen=True)
class RowFlags:
    """How rows are read, where it can't be told from the file."""

    time: Annotated[
        str | None,
        typer.Option(
            "--time", help="Date column; several: Date,Time.", metavar="COLUMN", autocompletion=complete_column
        ),
    ] = None
    target: Annotated[
        str | None,
        typer.Option("--target", help="Column to forecast.", metavar="COLUMN", autocompletion=complete_column),
    ] = None
    id: Annotated[
        str | None,
        typer.Option(
            "--id", help="Column that names the series; several: a,b.", metavar="COLUMN", autocompletion=complete_column
        ),
    ] = None
    date_format: Annotated[
        str | None, typer.Option("--date-format", help="How dates are written, such as %d/%m/%Y.", metavar="FORMAT")
    ] = None
    missing: Annotated[
        str | None, typer.Option("--missing", help="What means 'not measured', such as n/m,9999.", metavar="WORDS")
    ] = None
    decimal: Annotated[Decimal | None, typer.Option("--decimal", help="What separates decimals.")] = None
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Of the text, such as cp1251.", metavar="ENCODING")
    ] = None
    sheet: Annotated[str | None, typer.Option("--sheet", help="Of a workbook, by name or number.", metavar="SHEET")] = (
        None
    )
    no_dates: Annotated[
        bool, typer.Option("--no-dates", help="There are no dates: each row is one step, in their order.")
    ] = False


@grouped
def shard_command(
    output: OutputFlags,
    reading: RowFlags,
    data: Annotated[
        str,
        typer.Argument(metavar="DATA", help="A Parquet file, a folder of them, or a CSV, which may be a large one."),
    ],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the shards.")],
    shards: Annotated[
        int | None,
        typer.Option(
            "--shards", metavar="N", min=1, max=1000, help="Files to cut it into; default: one a million rows."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace shards that are there.")] = False,
) -> None:
    """Cut a panel of any size into Parquet files of whole series, with a manifest.

    forecast shard sales.parquet panel --shards 64

    forecast shard sales.csv panel --id store,item

    forecast shard from_spark panel --shards 8 --json
    """
    from forecast.data.read_options import ReadOptions
    from forecast.report.tables import csv_text
    from forecast.workflows.shard import ShardRequest, shard

    for name in NAMES:
        require_names(f"--{name}", getattr(reading, name))
    options = ReadOptions.of({name: value for name, value in vars(reading).items() if value is not None})
    request = ShardRequest(data, folder, options, datetime.now(UTC), shards, force)
    with narrated("Sharding", output) as run:
        result = shard(request, run)
    manifest = result.manifest
    if not output.quiet:
        say_with_flags(", ".join(manifest.ids), "(--id)", "Id")
        if manifest.time:
            say_with_flags(manifest.time, "(--time)", "Time")
    form = settle_form(output.form)
    if form == "json":
        print_json(shards_json(result))
    elif form == "csv":
        print_csv(csv_text(SHARD_COLUMNS, shard_rows(manifest)))
    else:
        write_out(shards_table(manifest))
    if not output.quiet:
        say(f"{folder}: {extent(manifest)}", "Wrote")
        named = shlex.quote(str(folder))
        say_commands([f"forecast train {named}", f"forecast predict NAME --data {named} -o forecasts_of_all"], "Next")
