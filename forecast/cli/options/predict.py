"""The flags of `forecast predict`: from what, with what, how far, and where to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.options.arguments import ModelVersion, check_levels, check_quantiles
from forecast.cli.options.completion import complete_period

HOW_SURE = "How sure it is"


@dataclass(frozen=True)
class PredictFlags:
    """What is forecast from, with which version, and where the forecast goes."""

    horizon: Annotated[
        int | None, typer.Option("--horizon", min=1, max=100_000, metavar="STEPS", help="Steps to forecast.")
    ] = None
    data: Annotated[
        str | None, typer.Option("--data", metavar="FILE", help="Forecast from the end of this file instead.")
    ] = None
    future: Annotated[
        str | None,
        typer.Option("--future", metavar="FILE", help="Known columns of the steps to come; the rest is as usual."),
    ] = None
    series: Annotated[
        str | None, typer.Option("--series", metavar="IDS", help="Only these series, with commas; default: all.")
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
    version: ModelVersion = None
    to: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write a CSV file.")] = None
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the file if it is there.")] = False
