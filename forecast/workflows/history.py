"""`forecast history`: what every run of a model decided, and why."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from forecast.errors import NotFoundError
from forecast.experiment.destinations import check_folder
from forecast.production.store.disk import atomic_write
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import RunRecord, read_line
from forecast.production.store.store import Store

if TYPE_CHECKING:  # so that a history is listed with the standard library alone
    from forecast.models.forecaster import FloatArray
    from forecast.report.figures.figure import Drawing

CLOCK_JUMP = 1_000
"""After so many runs in a row that are older than asked for, no newer one is looked for."""


def read_runs(root: Path, name: str | None, since: datetime | None) -> tuple[RunRecord, ...]:
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


def _runs(models: ModelStore, since: datetime | None) -> list[RunRecord]:
    """Returns the runs of a model, oldest first, and looks no further back than is needed: clocks jump a little."""
    found, older = [], 0
    for line in models.newest_runs():
        run = read_line(models.name, line)
        if since is None or (run.ended and run.ended >= since):
            found.append(run)
            older = 0
        else:
            older += 1
            if older == CLOCK_JUMP:
                break
    return found[::-1]


def draw_runs(runs: tuple[RunRecord, ...], kind: Literal["png", "svg", "pdf"], folder: Path) -> tuple[Path, ...]:
    """Draws the RMSE over time, a picture for each model that has any, and returns the files.

    Raises:
        NotFoundError: no run has an RMSE yet.
        DataError: the disk refused.
    """
    scored = [run for run in runs if run.ended and (run.champion_rmse is not None or run.challenger_rmse is not None)]
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


def _figure(runs: list[RunRecord]) -> "Drawing":
    import numpy as np

    from forecast.report.figures.pictures import Retrains
    from forecast.report.figures.retrains import history_figure

    def numbers(column: str) -> "FloatArray":
        return np.array([getattr(run, column) for run in runs], dtype=float)

    times = [run.ended for run in runs if run.ended]
    promoted = np.array([run.outcome == "promoted" for run in runs])
    champion, challenger, naive = (numbers(f"{whose}_rmse") for whose in ("champion", "challenger", "naive"))
    retrains = Retrains(times, champion, challenger, naive, promoted)
    return history_figure(retrains, title=f"{runs[0].name}: error at each retrain")
