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
TUTORIAL_WINDOW = 60
LONG_SEASON = 50
"""A season of so many steps is seen once and a quarter, not several times."""
SEASONS_SEEN = 4
MANY_SEASONS = 60
"""A series of so many seasons can afford a longer window."""
PANEL = 10
"""So many series teach one network together."""


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
    if settings.window is not None:
        window = settings.window
    elif settings.preset == "tutorial":
        window = max(1, min(TUTORIAL_WINDOW, known - horizon))
    else:
        window = _window(seasons, horizon, known, len(panel))
    if known <= horizon:  # not one window with a step before its horizon
        needed = horizon + 1 + (folds + 1) * horizon
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


def _window(seasons: tuple[int, ...], horizon: int, known: int, series: int) -> int:
    """Returns a lookback as long as helps and as fits before the earliest origin, in whole seasons if it can be.

    Args:
        seasons: shortest first.
        horizon: steps to forecast.
        known: steps of a typical series at the earliest origin.
        series: a panel of many can spare more of each for the window than one alone.
    """
    panel = series >= PANEL
    fits = max(1, known - horizon if panel else min(known - horizon, int(0.6 * known)))
    season, longest = (seasons[0], seasons[-1]) if seasons else (1, 1)
    if longest > season and 2 * longest <= min(fits, LONGEST_WINDOW):
        return 2 * longest  # two weeks of hours
    if season >= LONG_SEASON:
        wanted = -(-5 * season // 4)
    else:
        long = season > 1 and known >= MANY_SEASONS * season
        shown = SEASONS_SEEN * (1 if not long else 6 if panel else 3)
        wanted = -(-max(shown * season, 2 * horizon, 16) // season) * season
    if wanted <= min(fits, LONGEST_WINDOW):
        return wanted
    return max(min(fits, LONGEST_WINDOW) // season * season, min(fits, season))
