"""The files a command leaves beside its answer: forecast tables and plots."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forecast.data.panel import Panel
from forecast.errors import UsageError
from forecast.models.forecaster import Forecasts
from forecast.production.disk import atomic_write
from forecast.workflows.tables import FORECAST_COLUMNS, csv_text, forecast_rows, timestamp_texts


@dataclass(frozen=True, eq=False)
class Outlook:
    """What is foretold, and the history before it."""

    history: Panel
    forecasts: Forecasts


def forecast_csv(forecasts: Forecasts, panel: Panel, model: str, version: str) -> str:
    """Returns forecasts from the end of a panel as CSV text."""
    origins = [str(text) for text in timestamp_texts(np.asarray(panel.frequency.timestamps(panel.last)))]
    return csv_text(FORECAST_COLUMNS, forecast_rows(forecasts, origins, model, version))


def check_free(path: Path | None, *, force: bool, flag: str = "-o") -> None:
    """Refuses a folder, and to replace a file that is there, before any work is done for it.

    Raises:
        UsageError: it is a folder, or the file exists and ``--force`` was not given.
    """
    if path is None:
        return
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file.", f"a file in it: {flag} {shlex.quote(str(path))}/FILE")
    if path.is_file() and not force:  # a device is no file
        other = shlex.quote(str(path.with_name(f"{path.stem}-2{path.suffix}")))
        raise UsageError(f"{path} exists already.", f"--force to replace it, or another name: {flag} {other}")


def check_folder(folder: Path) -> None:
    """Refuses a folder that can't be made, before any work is done for it.

    Raises:
        UsageError: it, or what it should lie in, is a file.
    """
    taken = next((path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()), None)
    if taken is not None:
        raise UsageError(f"{taken} is a file, so no folder {folder} can be made.", "--out-dir with another folder")


def write_all(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Writes files into a folder, each whole or not at all, and returns their paths."""
    for name, content in files.items():
        atomic_write(folder / name, content, flag="--out-dir DIR")
    return tuple(folder / name for name in files)


def write_file(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    atomic_write(path, text.encode())


def stem_of(source: str) -> str:
    """Returns the name that results of a data source are called by: the file's, without its endings."""
    return "stdin" if source == "-" else Path(source).name.split(".")[0] or "data"
