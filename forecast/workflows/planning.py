"""What a run does where nobody said: season, horizon, window and folds from the data's frequency and length."""

import numpy as np

from forecast.data.panel import Panel
from forecast.errors import DataError, UsageError
from forecast.specs import Plan, Settings

HORIZONS = {
    "minute": 60,
    "hour": 48,
    "day": 28,
    "business-day": 20,
    "week": 13,
    "month": 12,
    "quarter": 4,
    "year": 4,
}
"""Steps to forecast by the unit of the frequency, where the data is long enough."""
MOST_FOLDS = 3
SMALL = 5_000
"""A panel of at most so many steps is trained anew at each origin; a larger one once."""
LONGEST_WINDOW = 400


def make_plan(panel: Panel, settings: Settings) -> Plan:
    """Returns the plan for a panel; a setting that the person gave is kept, the others are made to fit.

    Raises:
        DataError: even the smallest plan needs more rows than there are.
        UsageError: the given settings can't be met by the data.
    """
    length = int(np.median(panel.lengths))
    seasons = _seasons(panel, settings, length)
    season = seasons[0] if seasons else 1
    horizon = settings.horizon or max(1, min(HORIZONS[panel.frequency.unit], length // 5))
    folds = settings.folds or _folds(length, horizon, season)
    known = length - (folds + 1) * horizon  # at the earliest origin
    window = settings.window or _window(seasons, horizon, known, settings.preset == "tutorial")
    if known < 2 or known < horizon:
        needed = max(2, horizon) + (folds + 1) * horizon
        raise (DataError if settings.horizon is None else UsageError)(
            f"{length} rows are too few to forecast {horizon} steps and to score that on {folds} "
            f"fold{'s' if folds > 1 else ''}: {needed} are needed.",
            f"--horizon {max(1, length // (folds + 3))}",
        )
    observed = panel.values[panel.observed]
    return Plan(
        horizon=horizon,
        window=window,
        seasons=seasons,
        folds=folds,
        refit=len(panel.values) <= SMALL,
        nonnegative=bool((observed >= 0).all()),
    )


def _seasons(panel: Panel, settings: Settings, length: int) -> tuple[int, ...]:
    """Returns the seasons of which the data holds at least two and a bit."""
    if settings.season is not None:
        return (settings.season,) if settings.season > 1 else ()
    return tuple(season for season in panel.frequency.seasons if length >= 2.5 * season)


def _folds(length: int, horizon: int, season: int) -> int:
    """Returns the most folds, up to three, that leave half of the data, and two seasons, to learn from."""
    for folds in range(MOST_FOLDS, 1, -1):
        if length - (folds + 1) * horizon >= max(length / 2, 2 * season, 2 * horizon):
            return folds
    return 1


def _window(seasons: tuple[int, ...], horizon: int, known: int, tutorial: bool) -> int:
    """Returns a lookback of whole seasons, as long as helps and as fits before the earliest origin."""
    fits = max(1, known - horizon)
    if tutorial:
        return min(60, fits)
    season = seasons[0] if seasons else 1
    wanted = max(3 * season, int(1.25 * horizon), 8)
    wanted = min(-(-wanted // season) * season, LONGEST_WINDOW)
    if wanted <= fits:
        return wanted
    return max(fits // season * season, min(fits, season))
