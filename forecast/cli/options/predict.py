"""The flags of `forecast predict`: from what, with what, how far, and where to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from forecast.addresses import is_address
from forecast.cli.options.arguments import (
    SHARDS,
    Cluster,
    ModelVersion,
    OnlySeries,
    PartOfShards,
    check_levels,
    check_quantiles,
)
from forecast.cli.options.completion import complete_period
from forecast.errors import UsageError
from forecast.specs import PictureSize

HOW_SURE, PICTURE = "How sure it is", "Picture"


@dataclass(frozen=True)
class PredictFlags:
    """What is forecast from, with which version, and where the forecast goes."""

    horizon: Annotated[
        int | None, typer.Option("--horizon", min=1, max=100_000, metavar="STEPS", help="Steps to forecast.")
    ] = None
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="FILE", help="Forecast from the end of this file, folder or address instead."),
    ] = None
    future: Annotated[
        str | None,
        typer.Option("--future", metavar="FILE", help="Known columns of the steps to come; the rest is as usual."),
    ] = None
    series: OnlySeries = None
    level: Annotated[
        str | None,
        typer.Option(
            "--level",
            metavar="LEVEL",
            help="Of a model with a hierarchy: only this level, such as state or total; default: all.",
        ),
    ] = None
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="COLUMN=VALUE",
            help="What if: a known column has this value, or =-10% or =*1.2 of its own; several with commas.",
            rich_help_panel="What if",
        ),
    ] = None
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="DATE[..DATE]",
            help="When --set holds, the last date included; default: the whole horizon.",
            rich_help_panel="What if",
        ),
    ] = None
    template: Annotated[
        Path | None,
        typer.Option(
            "--future-template",
            metavar="FILE",
            help="Write the rows that --future wants into a .csv or .xlsx, with usual values to be edited.",
        ),
    ] = None
    levels: Annotated[
        str | None,
        typer.Option(
            "--levels",
            metavar="LEVELS",
            help="Of the intervals, in per cent, such as 50,90; default: those of the training.",
            callback=check_levels,
            rich_help_panel=HOW_SURE,
        ),
    ] = None
    quantiles: Annotated[
        str | None,
        typer.Option(
            "--quantiles",
            metavar="QUANTILES",
            help="Quantiles such as 0.1,0.5,0.9, in place of intervals.",
            callback=check_quantiles,
            rich_help_panel=HOW_SURE,
        ),
    ] = None
    cost: Annotated[
        str | None,
        typer.Option(
            "--cost",
            metavar="under=A,over=B",
            help="What to order where a unit too little costs A and one too much B: numbers, or columns of the data.",
            rich_help_panel=HOW_SURE,
        ),
    ] = None
    total: Annotated[
        str | None,
        typer.Option(
            "--total",
            metavar="PERIOD",
            autocompletion=complete_period,
            help="Add up each day, week, month, quarter, year or the horizon, with intervals of the sums.",
            rich_help_panel=HOW_SURE,
        ),
    ] = None
    total_by: Annotated[
        str | None,
        typer.Option(
            "--total-by",
            metavar="ID-PART",
            help="Add up the series that have a part of the id in common, such as region; all: every one.",
            rich_help_panel=HOW_SURE,
        ),
    ] = None
    paths: Annotated[
        int | None,
        typer.Option(
            "--paths",
            metavar="N",
            min=1,
            help="Write so many joint futures of all series and steps into the file of -o, for a simulation.",
            rich_help_panel=HOW_SURE,
        ),
    ] = None
    plot: Annotated[
        str | None,
        typer.Option(
            "--plot",
            metavar="KIND|FILE",
            help="Draw it, as png, svg or pdf: beside one as usual where a plan is told, and what it is made of; "
            "of a what-if which part adds what.",
            rich_help_panel=PICTURE,
        ),
    ] = None
    size: Annotated[
        PictureSize | None,
        typer.Option("--size", help="Of the picture: slide is 16:9 with 200 dots an inch.", rich_help_panel=PICTURE),
    ] = None
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            metavar="TEXT",
            help="What the values are called in the picture; default: as their column.",
            rich_help_panel=PICTURE,
        ),
    ] = None
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            max=1024,
            help="Of a folder of shards: forecast in so many processes, into the folder of -o.",
            rich_help_panel=SHARDS,
        ),
    ] = None
    cluster: Cluster = None
    shard: PartOfShards = None
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", "-n", help="Say which shards would be forecast where; write nothing.", rich_help_panel=SHARDS
        ),
    ] = False
    version: ModelVersion = None
    destination: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a .csv, .xlsx, .parquet or .json file; of a folder of shards, a folder; or "
            "postgresql://HOST/DB#TABLE.",
        ),
    ] = None
    create_table: Annotated[
        bool, typer.Option("--create-table", help="Make the table of -o in the database, if it is not there.")
    ] = False
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Replace the file, or the results of another run, if there are any.")
    ] = False

    @property
    def to(self) -> Path | None:
        """The file or folder that is written; None for none."""
        return Path(self.destination) if self.destination is not None and self.address is None else None

    @property
    def address(self) -> str | None:
        """The table of a database that is written; None for none."""
        return self.destination if self.destination is not None and is_address(self.destination) else None

    def check_address(self) -> None:
        """Refuses what can't be written into a table, before any work is done for it.

        Raises:
            UsageError: it was asked for.
        """
        if self.address is None:
            if self.create_table:
                message = "--create-table makes a table in the database of -o, and none is named."
                raise UsageError(message, "-o postgresql://USER@HOST/DB#TABLE --create-table")
            return
        from forecast.data.files.remote.forecast_table import check_forecast_table

        check_forecast_table(self.address)
        strange = [*WHERE, "values", "total", "total_by", "paths", "force"]
        name = next((name for name in strange if getattr(self, name)), None)
        if name is not None:
            flag = "--set" if name == "values" else f"--{name.replace('_', '-')}"
            message = f"{flag} can't apply to a table of a database, which takes a forecast of each step."
            raise UsageError(message, f"leave out {flag}, or -o FILE.csv")


WHERE = ("workers", "cluster", "shard", "dry_run")
"""Flags that only a forecast by shards has."""
OF_ONE_TABLE = ("future", "template", "series", "values", "at", "cost", "total", "total_by", "paths", "plot")
"""Those that it does not have."""


NAMED = {"values": "--set", "template": "--future-template", "to": "-o"}
"""Flags that are called otherwise than what they set."""


def by_shards(flags: PredictFlags) -> bool:
    """Returns whether a folder is to be forecast file by file: a flag says so, or what comes out is a folder too."""
    if any(getattr(flags, name) for name in WHERE):
        return True
    from forecast.production.store.disk import is_folder

    is_named_so = flags.to is not None and (is_folder(flags.to) or not flags.to.suffix.strip("."))
    if not is_named_so or not flags.data or flags.data == "-":
        return False
    if not is_address(flags.data):
        return is_folder(Path(flags.data))
    from forecast.data.files.remote.folder_place import names_folder  # addresses alone pay for it

    return names_folder(flags.data)


def folder_of(flags: PredictFlags) -> tuple[Path, str]:
    """Returns the folder for the forecasts, and the flag by which a forecast by shards is asked for.

    Raises:
        UsageError: no folder is named.
    """
    flag = next((f"--{name.replace('_', '-')}" for name in WHERE if getattr(flags, name)), "-o DIR")
    if flags.to is None:
        value = "" if flags.dry_run and flag == "--dry-run" else f" {getattr(flags, flag[2:])}"
        raise UsageError(f"{flag} forecasts shard by shard into a folder, and none is named.", f"{flag}{value} -o DIR")
    return flags.to, flag


def refuse_beside_shards(flags: PredictFlags) -> None:
    """Refuses what is asked of one table of forecasts where there are many.

    Raises:
        UsageError: there is such a flag.
    """
    for name in OF_ONE_TABLE:
        if getattr(flags, name) is not None:
            flag = NAMED.get(name, f"--{name.replace('_', '-')}")
            message = f"{flag} asks about one table of forecasts, and a folder is forecast shard by shard."
            hint = "the rows of the steps to come may stand in the shards" if name == "future" else f"leave out {flag}"
            raise UsageError(message, f"{hint}; or -o FILE.csv, where all of it fits into the memory")
