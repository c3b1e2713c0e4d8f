"""`forecast history`: what every run of a model decided, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from forecast.decoding import fits
from forecast.errors import NotFoundError
from forecast.experiment.destinations import check_folder
from forecast.production.store.disk import atomic_write
from forecast.production.store.history_file import time_of
from forecast.production.store.model_store import ModelStore
from forecast.production.store.store import Store
from forecast.report.tables import Value

if TYPE_CHECKING:  # so that a history is listed with the standard library alone
    from matplotlib.figure import Figure

    from forecast.models.forecaster import FloatArray


@dataclass(frozen=True)
class Run:
    """One line of a model's history; None is what the run did not say.

    Attributes:
        time: aware, UTC; when the run ended.
        outcome: such as ``promoted``, ``kept``, ``nothing-new``, ``refused`` or ``failed``.
        champion: label of the version in use after the run.
        champion_rmse: of the version in use before the run, on the newest points, as are the other two.
    """

    name: str
    time: datetime | None
    command: str | None = None
    outcome: str | None = None
    champion: str | None = None
    challenger: str | None = None
    champion_rmse: float | None = None
    challenger_rmse: float | None = None
    naive_rmse: float | None = None
    reason: str | None = None
    trigger: str | None = None
    rows: int | None = None
    new_rows: int | None = None
    training_end: str | None = None
    seconds: float | None = None
    exit_code: int | None = None

    def row(self) -> dict[str, Value]:
        """Returns its fields as a row of a table, the time in ISO 8601."""
        return {**asdict(self), "time": self.time.isoformat(timespec="seconds") if self.time else None}


COLUMNS = tuple(field.name for field in fields(Run))
CLOCK_JUMP = 1_000
"""After so many runs in a row that are older than asked for, no newer one is looked for."""
_NUMBERS = {"champion_rmse", "challenger_rmse", "naive_rmse", "seconds"}
_COUNTS = {"rows", "new_rows", "exit_code"}


def read_runs(root: Path, name: str | None, since: datetime | None) -> tuple[Run, ...]:
    """Returns the runs of a model, or of all models, in the order in which they were written.

    Args:
        root: the store.
        name: of the model; None for all.
        since: leave out what was before; a run without a time then goes too.

    Raises:
        NotFoundError: there is no such model.
        DataError: a history can't be read.
    """
    store = Store(root)
    names = [name] if name else store.names()
    runs = [run for own in names for run in _runs(store.model(own), since)]
    if name and not runs and not store.model(name).exists():
        store.model(name).champion()  # says that there is none, and which name is close
    return tuple(runs)


def _runs(models: ModelStore, since: datetime | None) -> list[Run]:
    """Returns the runs of a model, oldest first, and looks no further back than is needed: clocks jump a little."""
    found, older = [], 0
    for entry in models.newest_runs():
        run = _run(models.name, entry)
        if since is None or (run.time and run.time >= since):
            found.append(run)
            older = 0
        else:
            older += 1
            if older == CLOCK_JUMP:
                break
    return found[::-1]


def runs_of(name: str, history: Iterable[Mapping[str, Any]]) -> tuple[Run, ...]:
    """Returns the lines of a model's history as runs."""
    return tuple(_run(name, entry) for entry in history)


def draw_runs(runs: tuple[Run, ...], kind: Literal["png", "svg", "pdf"], folder: Path) -> tuple[Path, ...]:
    """Draws the RMSE over time, a picture for each model that has any, and returns the files.

    Raises:
        NotFoundError: no run has an RMSE yet.
        DataError: the disk refused.
    """
    scored = [run for run in runs if run.time and (run.champion_rmse is not None or run.challenger_rmse is not None)]
    if not scored:
        raise NotFoundError("There is no RMSE to draw: no run here has scored a challenger.", "forecast retrain NAME")
    from forecast.report.figures.figure import render  # matplotlib is slow to import

    check_folder(folder)
    files = []
    for name in dict.fromkeys(run.name for run in scored):
        path = folder / f"{name}-history.{kind}"
        figure = _figure([run for run in scored if run.name == name])
        atomic_write(path, render(figure, kind), flag="--out-dir DIR")
        files.append(path)
    return tuple(files)


def _figure(runs: list[Run]) -> "Figure":
    import numpy as np

    from forecast.report.figures.retrains import Retrains, history_figure

    def numbers(column: str) -> "FloatArray":
        return np.array([getattr(run, column) for run in runs], dtype=float)

    times = [run.time for run in runs if run.time]
    promoted = np.array([run.outcome == "promoted" for run in runs])
    champion, challenger, naive = (numbers(f"{whose}_rmse") for whose in ("champion", "challenger", "naive"))
    retrains = Retrains(times, champion, challenger, naive, promoted)
    return history_figure(retrains, title=f"{runs[0].name}: error at each retrain")


def _run(name: str, entry: Mapping[str, Any]) -> Run:
    """Returns a line as a run; what has another type than it should is as if not said."""
    known: dict[str, Any] = {column: entry[column] for column in COLUMNS if entry.get(column) is not None}
    known = {column: value for column, value in known.items() if column not in {"name", "time"}}
    return Run(name, time_of(entry), **{c: v for c, v in known.items() if _fits(c, v)})


def _fits(column: str, value: Any) -> bool:
    return fits(int if column in _COUNTS else float if column in _NUMBERS else str, value)
