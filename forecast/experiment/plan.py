"""The plan of a run: season, horizon, window and folds from the data's frequency and length."""

import numpy as np
from numpy.typing import NDArray

from forecast.data.checks.demand import demand_classes
from forecast.data.checks.seasons import seasons_of
from forecast.data.checks.survey import measured
from forecast.data.panel import Panel
from forecast.errors import DataError, ForecastError, UsageError
from forecast.evaluation.splits import Fold, rolling_origins
from forecast.models.classical.baselines import best_season
from forecast.models.classical.random_walk import behaves_like_walk
from forecast.specs import Kind, Plan, Season, Settings
from forecast.wording import counted, digits

HORIZONS = {
    "minute": 60,
    "hour": 48,
    "day": 28,
    "business-day": 20,
    "week": 13,
    "month": 12,
    "quarter": 4,
    "year": 4,
    "row": 12,
}
"""Steps to forecast by the unit of the frequency, where the data is long enough."""
FOLDS = 3  # measured by benchmarks/tuning/plan.py
ERRORS, ERRORS_OF_PANEL = 20, 8  # measured by benchmarks/tuning/plan.py
"""Steps of all folds together, where the horizon is so short that the usual folds have fewer: from 20 errors on there
are 95 % intervals, and of many series each step gives many; what is chance takes time to tell, for one or many."""
SMALL = 5_000  # measured by benchmarks/tuning/plan.py
"""A panel of at most so many steps is trained anew at each origin; a larger one once."""
SMALL_DEMAND = 100_000  # measured by benchmarks/tuning/intermittent.py
"""So many of demand that comes now and then, whose networks learn quickly."""
LEAST_KNOWN = 3
"""Steps before the first score."""
LONGEST_WINDOW = 400  # measured by benchmarks/tuning/plan.py
LONGEST_HORIZON = 400
"""No hint asks for more: what is longer is forecast as well by a longer step (--aggregate), and takes hours."""
TUTORIAL_WINDOW = 60
LONG_SEASON = 50  # measured by benchmarks/tuning/plan.py
"""A season of so many steps is seen once and a quarter, not several times."""
SEASONS_SEEN = 4  # measured by benchmarks/tuning/plan.py
MANY_SEASONS = 60  # measured by benchmarks/tuning/plan.py
"""A series of so many seasons can afford a longer window."""
LEAST_DEMAND_WINDOW, LONGEST_DEMAND_SEASON = 24, 30  # measured by benchmarks/tuning/intermittent.py
"""Steps of a lookback on demand that comes now and then, and a season of which it holds two."""
PANEL = 10  # measured by benchmarks/tuning/plan.py
"""So many series teach one network together."""


def make_plan(panel: Panel, settings: Settings) -> Plan:
    """Returns the plan for a panel; a setting that the person gave is kept, the others are made to fit.

    Raises:
        DataError: even the smallest plan needs more rows than there are.
        UsageError: the given settings can't be met by the data.
    """
    check_kind(panel, settings.kind)
    length = int(np.median(_usable(panel)))
    shown = _shown(panel, settings)
    seasons = _seasons(panel, settings, length, shown)
    season = seasons[0] if seasons else 1
    horizon = settings.horizon or max(1, min(HORIZONS[panel.frequency.unit], length // 5))
    folds = settings.folds or _folds(length, horizon, season, len(panel))
    warms_up = _warms_up(length, horizon, folds, settings, shown)
    known = length - (folds + warms_up) * horizon  # at the earliest origin
    if known <= horizon:  # not one window with a step before its horizon
        raise _too_few(length, horizon, folds, settings, is_ignoring=panel.has_ignored)
    if settings.window is not None:
        window = settings.window
    elif settings.preset == "tutorial":
        window = max(1, min(TUTORIAL_WINDOW, known - horizon))
    else:
        window = _window(seasons, horizon, known, len(panel))
    is_intermittent = settings.kind != "price" and panel.hierarchy is None and demand_classes(panel).is_mostly_sparse
    if is_intermittent and settings.window is None and settings.preset != "tutorial":
        window = _demand_window(season, known - horizon)
    more = 1.0 if settings.folds else max(1.0, (folds + 1) / (FOLDS + 1))  # trainings that nobody asked for
    _check_given(settings, window, seasons, horizon, int(_usable(panel).max()) - (folds + warms_up) * horizon)
    first = rolling_origins(panel, horizon, folds, 0, warms_up=warms_up)[0]
    _check_left(panel, first, horizon)
    return Plan(
        horizon=horizon,
        window=window,
        seasons=seasons,
        folds=folds,
        refit=len(panel.values) * more <= (SMALL_DEMAND if is_intermittent else SMALL),
        nonnegative=not _was_negative(panel, first),
        kind=settings.kind,
        repeated=_repeated(panel, first, seasons, shown),
        shown=shown,
        warms_up=warms_up,
        is_walk=settings.kind == "auto" and not is_intermittent and behaves_like_walk(panel, horizon, season),
        is_intermittent=is_intermittent,
    )


def _usable(panel: Panel) -> NDArray[np.int64]:
    """Returns the steps of each series that are not ignored, (S,)."""
    if not panel.has_ignored:
        return panel.lengths
    return panel.lengths - np.diff(np.concatenate([[0], np.cumsum(panel.is_ignored)])[panel.offsets])


def _check_left(panel: Panel, first: Fold, horizon: int) -> None:
    """Refuses weights and spans to ignore that leave too little before the earliest origin to learn one horizon from.

    Raises:
        DataError: they do.
    """
    known = first.train(panel)
    if known.weights is not None and not (known.weights[known.observed] > 0).any():
        text = "Every row before the earliest fold has a weight of 0: there is nothing to learn from."
        raise DataError(text, "weights above 0 in older rows, or fewer --folds")
    if not panel.has_ignored:
        return
    left = int(_usable(known).max(initial=0))
    if left > horizon:
        return
    raise DataError(
        f"What is ignored leaves {counted(left, 'step')} to learn from before the earliest fold, and {horizon + 1} are "
        f"needed for a horizon of {horizon}.",
        f"a shorter span to --ignore, --horizon {max(1, left // 2)}, or --folds 1",
    )


def check_kind(panel: Panel, kind: Kind, hint: str = "--kind auto, or mend the data") -> None:
    """Refuses values that the kind of data can't have; the hint says what to do about them.

    Raises:
        DataError: sales below zero, or a price that is not above it; the text names the first.
        UsageError: prices whose gaps would be filled with zeros.
    """
    if kind == "auto":
        return
    if kind == "price" and panel.fill == "zero" and not (panel.observed | panel.is_ignored).all():
        raise UsageError("--kind price can't have zeros in its gaps.", "--fill previous")
    wrong = np.flatnonzero(panel.values < 0 if kind == "sales" else panel.values <= 0)
    if not wrong.size:
        return
    series = int(panel.series_of(wrong[:1])[0])
    date = str(panel.timestamps(series)[wrong[0] - panel.offsets[series]]).removesuffix("T00:00:00")
    name = f"series '{panel.series_ids[series]}'" if len(panel) > 1 else panel.target
    rule = "sales can't be negative" if kind == "sales" else "a price must be above 0"
    more = f", and {counted(wrong.size - 1, 'value')} more like it" if wrong.size > 1 else ""
    raise DataError(
        f"With --kind {kind}, {rule}: {name} is {digits(float(panel.values[wrong[0]]))} on {date}{more}.",
        hint,
    )


def _too_few(length: int, horizon: int, folds: int, settings: Settings, *, is_ignoring: bool) -> ForecastError:
    """Returns the error for rows that don't hold the plan, with the nearest plan that they hold as its hint."""
    ways = []
    nearest = min(length // (folds + 2), (length - LEAST_KNOWN) // folds)
    if nearest >= 1:
        ways.append(f"--horizon {_sensible(nearest, LONGEST_HORIZON)}")
    fitting = (length - max(2 * horizon, LEAST_KNOWN)) // horizon
    if settings.folds and fitting >= 1:
        ways.append(f"--folds {fitting}")
    if not ways:
        ways.append(
            "--horizon 1 --folds 1" if length > 3 else "add rows: 4 are the least to forecast and to score with"
        )
    if is_ignoring:
        ways.append("a shorter span to --ignore")
    is_asked = settings.horizon is not None or settings.folds is not None
    rows = f"What is ignored leaves {counted(length, 'row')}, which" if is_ignoring else counted(length, "row")
    return (UsageError if is_asked else DataError)(
        f"{rows} are too few to forecast {counted(horizon, 'step')} and to score that on "
        f"{counted(folds, 'fold')}: {max((folds + 2) * horizon, folds + LEAST_KNOWN):,} are needed.",
        ", or ".join(ways),
    )


def _sensible(most: int, usual: int) -> str:
    """Returns a number for a hint: the most that the data allows, but none that would take for ever."""
    return f"{most}" if most <= usual else f"{usual} (at most {most:,})"


def _was_negative(panel: Panel, fold: Fold) -> bool:
    """Returns whether any value up to a fold's origin is below zero."""
    places = np.flatnonzero((panel.values < 0) & panel.observed)
    series = panel.series_of(places)
    return bool((places - panel.offsets[series] < fold.cuts[series]).any())


def _check_given(settings: Settings, window: int, seasons: tuple[int, ...], horizon: int, known: int) -> None:
    """Refuses a season or a window that was asked for and that no series can show ``known`` steps from its start."""
    if settings.season is not None and settings.season > known:
        raise UsageError(
            f"A season of {counted(settings.season, 'step')} is longer than what is known at the earliest fold: "
            f"{counted(known, 'step')}.",
            f"--season {known} or less; 1 for none",
        )
    if settings.window is None:
        return
    ahead = 1 if settings.preset == "tutorial" else horizon
    repeated = max((season for season in seasons if season <= window), default=1)  # real steps before the padding
    if min(window, max(repeated, *seasons[:1], window // 8)) + ahead > known:
        raise UsageError(
            f"A window of {counted(window, 'step')} and {counted(ahead, 'step')} after it don't fit into what is "
            f"known at the earliest fold: {counted(known, 'step')}.",
            f"--window {_sensible(known - ahead, LONGEST_WINDOW)}",
        )


def _shown(panel: Panel, settings: Settings) -> tuple[Season, ...]:
    """Returns what the data says of its seasons, or of the one that was asked for."""
    if settings.season is None:
        return seasons_of(measured(panel))
    return seasons_of(measured(panel), (settings.season,)) if settings.season > 1 else ()


def _seasons(panel: Panel, settings: Settings, length: int, shown: tuple[Season, ...]) -> tuple[int, ...]:
    """Returns the seasons of which the data holds at least two and a bit, or the shortest where two show it."""
    if settings.season is not None:
        return (settings.season,) if settings.season > 1 else ()
    long = tuple(season for season in panel.frequency.seasons if length >= 2.5 * season)
    return long or tuple(season.steps for season in shown[:1] if season.verdict == "strong")


def _repeated(panel: Panel, first: Fold, seasons: tuple[int, ...], shown: tuple[Season, ...]) -> int | None:
    """Returns the season that the seasonal naive repeats: of those that are seen, the one that erred least.

    Args:
        panel: all the data.
        first: fold, before which errors are looked at.
        seasons: of the plan.
        shown: what the data says of them.
    """
    known = first.train(panel)
    length = int(np.median(known.lengths))
    seen = tuple(each.steps for each in shown if each.is_seen and each.steps in seasons and 2 * each.steps <= length)
    if not seen or seen == seasons[:1]:
        return None
    return best_season(known, first.horizon, tuple(sorted({seasons[0], *seen})))


def _warms_up(length: int, horizon: int, folds: int, settings: Settings, shown: tuple[Season, ...]) -> bool:
    """Returns whether an unscored fold comes before the others: not where too little would be known before it.

    That is no more than a horizon, or, of a horizon that was asked for, less than the horizon and a strong season: no
    network could see one season there. Without it, two horizons are known before the first score: of three years of
    months, two to learn from and one to score.
    """
    before = length - (folds + 1) * horizon
    if before + horizon < max(2 * horizon, LEAST_KNOWN):
        return True
    season = shown[0].steps if shown and shown[0].verdict == "strong" else 0
    return before > horizon and (settings.horizon is None or folds > 1 or before >= horizon + season)


def _folds(length: int, horizon: int, season: int, series: int) -> int:
    """Returns the most folds that leave half of the data, and two seasons, to learn from: three, or enough errors."""
    errors = ERRORS_OF_PANEL if series >= PANEL else ERRORS
    for folds in range(max(FOLDS, -(-errors // horizon) - 1), 1, -1):
        if length - (folds + 1) * horizon >= max(length / 2, 2 * season, 2 * horizon):
            return folds
    return 1


def _demand_window(season: int, known: int) -> int:
    """Returns a lookback for demand that comes now and then: two seasons, most of which may be padding.

    Args:
        season: of the plan; 1 for none.
        known: steps before the first horizon of a typical series at the earliest origin; an eighth of a lookback is
            needed to cut one.
    """
    wanted = max(2 * season, LEAST_DEMAND_WINDOW) if season <= LONGEST_DEMAND_SEASON else LEAST_DEMAND_WINDOW
    return min(wanted // season * season if wanted >= season else wanted, 8 * known)


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
