"""The confirmation span: the end of the data, which no trial sees."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.reading.reader import Reading
from forecast.errors import DataError, ForecastError
from forecast.evaluation.splits import rolling_origins
from forecast.experiment.plan import make_plan
from forecast.specs import Plan, Settings
from forecast.wording import counted


def tuning_plan(panel: Panel, settings: Settings, confirm: int | None) -> Plan:
    """Returns the plan at the end of the data.

    Args:
        panel: all the data.
        settings: of what is forecast.
        confirm: folds that no trial sees; None for as many as trials are scored on.

    Raises:
        DataError, UsageError: the data does not hold it; the hint offers what it holds together with a confirmation.
    """
    try:
        return make_plan(panel, settings)
    except ForecastError as error:
        raise _without_room(panel, settings, confirm or settings.folds or 1, error) from error


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
        raise _without_room(panel, settings, confirm, error) from error
    try:
        cuts = _confirmed_from(panel, plan.horizon, confirm)
        part = panel.until(cuts).select(np.flatnonzero(cuts > 0))
        make_plan(part, replace(settings, horizon=plan.horizon))
    except ForecastError as error:
        raise _too_little(panel, settings, plan.horizon, confirm, error) from error
    return replace(reading, panel=part, whole=None)


def _without_room(panel: Panel, settings: Settings, confirm: int, error: ForecastError) -> ForecastError:
    """Returns that there is too little data for a plan with a confirmation, where that is why there is none."""
    horizon = settings.horizon
    if horizon is None:
        try:
            horizon = make_plan(panel, replace(settings, folds=None)).horizon
        except ForecastError:
            return error
    return _too_little(panel, settings, horizon, confirm, error)


def _confirmed_from(panel: Panel, horizon: int, confirm: int) -> NDArray[np.int64]:
    """Returns the steps of each series before the confirmation span, (S,)."""
    return rolling_origins(panel, horizon, confirm, 1, warms_up=False)[0].cuts


def _too_little(panel: Panel, settings: Settings, horizon: int, confirm: int, error: ForecastError) -> ForecastError:
    """Returns that there is too little data for a search and a confirmation, with the most folds that there are."""
    length, folds = int(np.median(panel.lengths)), settings.folds or 1
    needed = _needed(horizon, folds, confirm)
    if needed <= length:
        return error
    ways = [
        f"--folds {fewer} --confirm {least}"
        for fewer in range(folds, 0, -1)
        for least in range(confirm, 0, -1)
        if (fewer, least) != (folds, confirm) and _needed(horizon, fewer, least) <= length
    ]
    shorter = max(1, length // (folds + confirm + 3))
    hint = f"{ways[0]}, or a shorter --horizon" if ways else f"--horizon {shorter} --folds 1 --confirm 1"
    if _needed(1, 1, 1) > length:
        hint = f"add rows: {_needed(1, 1, 1)} are the least to search and to confirm with"
    span = f"{counted(confirm, 'fold')} × {counted(horizon, 'step')}"
    return DataError(
        f"{counted(length, 'row')} are too few to search on {counted(folds, 'fold')} and to confirm on {span} that no "
        f"trial sees: {counted(needed - length, 'row')} more {'is' if needed - length == 1 else 'are'} needed.",
        hint,
    )


def _needed(horizon: int, folds: int, confirm: int) -> int:
    """Returns the rows that a search and its confirmation need."""
    return max((folds + 2) * horizon, folds + 3) + confirm * horizon
