"""Flags of `check` alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

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
        Path | None, typer.Option("--fix", help="Write the clean table: sorted, regular, ISO dates.", metavar="OUT.csv")
    ] = None
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw the series with the findings marked.", metavar="OUT.png")
    ] = None
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace files that are there.")] = False
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 7 if there is a warning.")] = False
