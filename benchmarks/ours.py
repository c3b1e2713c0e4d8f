"""The product as a contender: its command line, given a CSV, and the files it writes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from measuring import Run, measure

IMPORTS = "import forecast.cli.app, forecast.workflows.train, forecast.models.networks.fitting"
"""What ``forecast train`` imports before it works."""


@dataclass(frozen=True)
class Product:
    """The installed program.

    Attributes:
        program: the ``forecast`` script.
        flags: added to each ``train`` and ``compare``.
        limit: seconds after which a command is stopped.
    """

    program: Path
    flags: tuple[str, ...]
    limit: int

    def train(self, data: Path, horizon: int, model: str, folder: Path) -> tuple[Run, pd.DataFrame]:
        """Returns what ``forecast train`` cost, and the forecast table that it wrote.

        Raises:
            RuntimeError: the command failed.
        """
        command = ["train", str(data), "--horizon", str(horizon), "--model", model, "--name", "bench"]
        run = self._run([*command, "--out-dir", str(folder), "--store", str(folder / "store")], folder)
        return run, pd.read_csv(folder / "bench.csv", parse_dates=["timestamp"], dtype={"series_id": str})

    def compare(self, data: Path, horizon: int, folds: int, models: str, folder: Path) -> tuple[Run, dict[str, Any]]:
        """Returns what ``forecast compare`` cost, and its JSON.

        Raises:
            RuntimeError: the command failed.
        """
        command = ["compare", str(data), "--horizon", str(horizon), "--folds", str(folds), "--models", models]
        run = self._run([*command, "--store", str(folder / "store")], folder)
        return run, json.loads(run.out)

    def import_seconds(self) -> float:
        """Returns the least wall seconds of three processes that only import what ``train`` needs."""
        python = str(self.program.with_name("python"))
        return min(measure([python, "-c", IMPORTS]).checked().seconds for _ in range(3))

    def _run(self, command: list[str], folder: Path) -> Run:
        quiet = ["--plots", "none", "--json", "--quiet"]
        return measure([str(self.program), *command, *quiet, *self.flags], folder, self.limit).checked()


def numbered(forecast: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Returns ``unique_id, step, forecast`` for the truths' timestamps.

    Args:
        forecast: the table that the product wrote; a file of one series may have no id in it.
        truth: ``unique_id, ds, y, step``.
    """
    renamed = forecast.rename(columns={"series_id": "unique_id", "timestamp": "ds"})[["unique_id", "ds", "forecast"]]
    if truth["unique_id"].nunique() == 1:
        renamed["unique_id"] = truth["unique_id"].iloc[0]
    return truth.merge(renamed, on=["unique_id", "ds"], how="left")[["unique_id", "step", "forecast"]]
