"""The confirmation span: the end of the data, which no trial sees."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.reading.reader import Reading
from forecast.errors import DataError, ForecastError
from forecast.evaluation.splits import rolling_origins
from forecast.experiment.plan import make_plan
from forecast.specs import Settings
from forecast.wording import counted


def search_part(reading: Reading, settings: Settings, confirm: int) -> Reading:
    """Returns what a search may know: all that lies before the confirmation span; of no folds, all.

    Raises:
        DataError, UsageError: too little is left; the text says how much is missing, the hint offers fewer folds.
    """
    panel = reading.panel
    if not confirm:
        return reading
    try:
        plan = make_plan(panel, replace(settings, folds=confirm))
    except ForecastError as error:
        raise type(error)(error.message, error.hint.replace("--folds", "--confirm")) from error
    try:
        cuts = _confirmed_from(panel, plan.horizon, confirm)
        part = panel.until(cuts).select(np.flatnonzero(cuts > 0))
        make_plan(part, replace(settings, horizon=plan.horizon))
    except ForecastError as error:
        raise _too_little(panel, settings, plan.horizon, confirm, error) from error
    return replace(reading, panel=part, whole=None)


def _confirmed_from(panel: Panel, horizon: int, confirm: int) -> NDArray[np.int64]:
    """Returns the steps of each series before the confirmation span, (S,)."""
    return rolling_origins(panel, horizon, confirm, 1, warms_up=False)[0].cuts


def _too_little(panel: Panel, settings: Settings, horizon: int, confirm: int, error: ForecastError) -> ForecastError:
    """Returns that there is too little data for a search and a confirmation, with the most folds that there are."""
    length, folds = int(np.median(panel.lengths)), settings.folds or 1
    needed = max((folds + 2) * horizon, folds + 3) + confirm * horizon
    if needed <= length:
        return error
    ways = [
        f"--folds {fewer} --confirm {least}"
        for fewer in range(folds, 0, -1)
        for least in range(confirm, 0, -1)
        if (fewer, least) != (folds, confirm) and max((fewer + 2) * horizon, fewer + 3) + least * horizon <= length
    ]
    shorter = max(1, length // (folds + confirm + 3))
    hint = f"{ways[0]}, or a shorter --horizon" if ways else f"--horizon {shorter} --folds 1 --confirm 1"
    span = f"{counted(confirm, 'fold')} × {counted(horizon, 'step')}"
    return DataError(
        f"{counted(length, 'row')} are too few to search on {counted(folds, 'fold')} and to confirm on {span} that no "
        f"trial sees: {counted(needed - length, 'row')} more are needed.",
        hint,
    )
