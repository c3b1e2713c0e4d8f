"""Flags of `forecast explain`, grouped: what is looked into, and what is left behind."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.options.arguments import ModelVersion
from forecast.cli.options.completion import complete_models
from forecast.errors import UsageError
from forecast.specs import PlotKind

CELLS = "rnn,lstm,gru"


@dataclass(frozen=True)
class SubjectFlags:
    """What is looked into."""

    models: Annotated[
        str | None,
        typer.Option(
            "--models", autocompletion=complete_models, metavar="CELLS", help="Train these on DATA and explain them."
        ),
    ] = None
    data: Annotated[
        str | None, typer.Option("--data", metavar="FILE", help="Windows for a saved model from this file instead.")
    ] = None
    version: ModelVersion = None
    series: Annotated[
        str | None, typer.Option("--series", metavar="ID", help="Series to show; left out: the most typical one.")
    ] = None
    lags: Annotated[
        int | None, typer.Option("--lags", min=1, metavar="STEPS", help="Lags to draw, up to the window.")
    ] = None
    memory_test: Annotated[
        bool, typer.Option("--memory-test", help="How long can each cell remember? An experiment of its own.")
    ] = False


@dataclass(frozen=True)
class PageFlags:
    """What is left behind, and where."""

    teach: Annotated[bool, typer.Option("--teach", help="Add the equations with this data's numbers.")] = False
    to: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder of page, panels and numbers.", file_okay=False),
    ] = None
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the page that is in that folder.")] = False
    plots: Annotated[PlotKind, typer.Option("--plots", help="Kind of the panels; none: numbers only.")] = "png"


def refuse(flags: SubjectFlags, names: tuple[str, ...], why: str) -> None:
    """Refuses flags that can't apply.

    Raises:
        UsageError: one of them was given.
    """
    for field in fields(flags):
        if field.name in names and getattr(flags, field.name) != field.default:
            flag = {"version": "model-version"}.get(field.name, field.name)
            raise UsageError(f"--{flag} can't apply {why}.", "leave it out")
