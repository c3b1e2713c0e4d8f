"""`--paths 200 -o paths.parquet`: joint futures for one's own simulation, as the bytes of a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.files.free_memory import free_memory, short_of_memory
from forecast.data.files.written.written_paths import paths_bytes
from forecast.data.frequency import Timestamps
from forecast.data.panel import Panel
from forecast.errors import DataError, UsageError
from forecast.evaluation.distribution.distribution import Distribution
from forecast.evaluation.trained_model import TrainedModel
from forecast.run import Run
from forecast.wording import counted

OF_A_VALUE = {".parquet": 24, ".csv": 160}
"""Bytes that a value takes on its way into a file of a kind; with tabs and packed, as much as with commas."""


@dataclass(frozen=True)
class DrawnPaths:
    """Joint futures as a file.

    Attributes:
        content: of the file.
        count: of the paths.
        series: how many.
        steps: of each.
    """

    content: bytes
    count: int
    series: int
    steps: int


def check_paths(trained: TrainedModel, panel: Panel, count: int, horizon: int | None, ending: str) -> int:
    """Returns the steps of the paths, before any is drawn.

    Args:
        trained: the model.
        panel: that they go on from.
        count: of them.
        horizon: steps; None for all that errors were measured for.
        ending: of the file.

    Raises:
        UsageError: there are none, they reach too far, or there are too many for the memory.
        DataError: the version knows nothing of its errors.
    """
    if count < 1:
        raise UsageError(f"--paths {count} is too few.", "--paths 1 or more")
    if not isinstance(trained.distribution, Distribution):
        raise DataError("The version knows nothing of its errors, so no paths can be drawn.", "train on more rows")
    steps = trained.horizon if horizon is None else horizon
    if steps > trained.horizon:
        message = f"Errors were measured for {counted(trained.horizon, 'step')}, and paths reach no further."
        raise UsageError(message, f"--horizon {trained.horizon}, or forecast train DATA --horizon {steps}")
    size, room = OF_A_VALUE.get(ending, OF_A_VALUE[".csv"]), free_memory()
    needed = size * count * len(panel) * steps
    if needed > room:
        most = max(1, int(room / (size * len(panel) * steps)))
        needs = f"{counted(count, 'path')} of {counted(len(panel), 'series')} need"
        raise short_of_memory(needs, needed, room, f"--paths {most}, or --series with fewer of them")
    return steps


def draw_paths(
    trained: TrainedModel,
    panel: Panel,
    count: int,
    steps: int,
    ending: str,
    run: Run,
    which: Sequence[int] | None = None,
) -> DrawnPaths:
    """Returns joint futures; the n-th path of all series and steps is one of them, and the same at each draw.

    Args:
        trained: has a distribution.
        panel: that they go on from.
        count: of them.
        steps: of each, see ``check_paths``.
        ending: of the file.
        run: what to work with.
        which: the series that are written; None for all.
    """
    chosen = list(range(len(panel)) if which is None else which)
    stamps = panel.future_timestamps(steps)
    _, distributed = trained.issue(panel, trained.horizon, run)
    assert distributed is not None  # it was checked

    def series() -> Iterator[tuple[str, Timestamps, NDArray[np.float64]]]:
        drawn = distributed.paths(count, which=which)
        for i, values in zip(chosen, drawn, strict=True):
            yield panel.series_ids[i], stamps[i], values[:, :steps]

    return DrawnPaths(paths_bytes(series(), ending), count, len(chosen), steps)
