"""Variance-ratio tests: whether series behave like random walks, as prices do, whatever their calendar.

The last value repeated is the best forecast of a random walk, and what differs from it is mostly luck: too few folds
would take it for skill. A series is taken for a walk where nothing speaks against it: its differences neither undo
each other nor repeat with a season nor go on in one direction nor follow from those before them and from the level, as
those of sunspots and of animals do; and over a horizon it strays as far as they add up to.

    A. W. Lo & A. C. MacKinlay 1988, Stock market prices do not follow random walks: the variance ratio.
    H. Working 1960, Note on the correlation of first differences of averages in a random chain.

Shapes: ``S`` series, ``T`` steps of the longest history, right-aligned (NaN before a start).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import right_aligned
from forecast.models.classical.baselines import ClassicalSettings
from forecast.models.classical.seasonality import season_strength

FloatArray = NDArray[np.float64]

BLOCK = 1_000_000
"""Values that are looked at at a time."""
NEGLIGIBLE = 1e-18
"""Differences whose variance is so small a share of their mean's square are all the same."""


@dataclass(frozen=True)
class WalkRule:
    """What speaks against a random walk; chosen by ``benchmarks/tuning/doubt.py``.

    Each number by itself is measured by ``benchmarks/tuning/random_walk.py``.

    Attributes:
        steps: the newest so many are looked at.
        least, horizons: fewer differences than this, or than so many horizons, tell nothing: no walk.
        undone, going_on: the autocorrelation of a walk's differences lies between these.
        lags, explained: an autoregression on so many differences and the level explains at most this share of a walk's
            differences (adjusted for their number); of averages of a walk it explains 0.07 (Working 1960).
        drift: a mean of the differences of more standard errors than this is a trend, if it is worth something.
        worth: variance that the trend explains of what comes in a horizon, from which on it is.
        season, again: an autocorrelation of differences one season apart of more standard errors than the former, and
            larger than the latter, is a season.
        strength, repeats: so is one that explains more of what a series does, and repeats by more standard errors.
        strays: the least variance ratio over one horizon.
        share: a panel behaves like walks where at least so many of its series do.
    """

    steps: int = 500
    least: int = 24
    horizons: float = 2.0
    undone: float = -0.2
    going_on: float = 0.8
    lags: int = 3
    explained: float = 0.3
    drift: float = 2.2
    worth: float = 0.5
    season: float = 2.0
    again: float = 0.15
    strength: float = 0.1
    repeats: float = 0.5
    strays: float = 0.3
    share: float = 0.5


RULE = WalkRule()
SETTINGS = ClassicalSettings()
"""By which seasons are told here: it is settled before a model is trained, and never again for it."""


def behaves_like_walk(panel: Panel, horizon: int, season: int, rule: WalkRule = RULE) -> bool:
    """Returns whether most series of a panel, which ends at the origin, behave like random walks.

    Args:
        panel: gaps are filled.
        horizon: steps to forecast.
        season: of the plan; those of the frequency are looked for too.
        rule: what speaks against it.
    """
    return bool(walks(panel, horizon, season, rule).mean() >= rule.share) if len(panel) else False


def walks(panel: Panel, horizon: int, season: int, rule: WalkRule = RULE) -> NDArray[np.bool_]:
    """Returns which series behave like random walks, (S,); see ``behaves_like_walk``."""
    seasons = sorted({season, *panel.frequency.seasons} - {1})
    found = [_looks(values, horizon, seasons, rule) for values in right_aligned(panel, rule.steps, BLOCK)]
    are = np.concatenate([look.is_walk for look in found]) if found else np.zeros(0, dtype=bool)
    if season > 1 and are.any():
        repeats = np.concatenate([look.repeats[season] for look in found]) > rule.repeats
        steps = SETTINGS.theta.steps_used(season)
        are &= ~(repeats & (season_strength(panel, season, steps, SETTINGS.seasonality) > rule.strength))
    return are


@dataclass(frozen=True, eq=False)
class _Look:
    """What the differences of some series say."""

    is_walk: NDArray[np.bool_]  # (S,), the strength of their season aside
    repeats: dict[int, FloatArray]  # by season, (S,): how far they repeat, in standard errors


def _looks(values: FloatArray, horizon: int, seasons: list[int], rule: WalkRule) -> _Look:
    """Returns what the differences of series (S, T) say."""
    levels = _levels(values)
    changes = np.diff(levels, axis=1)
    known = ~np.isnan(changes)
    count = known.sum(axis=1)
    some = np.maximum(count, 1)
    mean = np.where(known, changes, 0.0).sum(axis=1) / some
    centred = np.where(known, changes - mean[:, None], 0.0)
    squares = (centred**2).sum(axis=1)
    varies = squares > NEGLIGIBLE * some * mean**2
    squares = np.where(varies, squares, 1.0)
    drift = mean**2 * some / (squares / some)  # squares of standard errors
    following = _products(centred, 1) / squares
    apart = {lag: np.where(count >= 2 * lag, _products(centred, lag) / squares, 0.0) for lag in seasons}
    is_season = [(each > rule.again) & (each * some**0.5 > rule.season) for each in apart.values()]
    are = varies & (count >= max(rule.least, rule.horizons * horizon))
    are &= (drift <= rule.drift**2) | (drift * horizon / some <= rule.worth)
    are &= (following >= rule.undone) & (following <= rule.going_on)
    are &= _explained(levels, rule.lags) <= rule.explained
    are &= _variance_ratio(centred, count, horizon) >= rule.strays
    for found in is_season:
        are &= ~found
    return _Look(are, {lag: each * some**0.5 for lag, each in apart.items()})


def _levels(values: FloatArray) -> FloatArray:
    """Returns series, or their logarithms where all values are positive, (S, T)."""
    positive = ~(values <= 0).any(axis=1, keepdims=True)
    return np.where(positive, np.log(np.where(positive, values, 1.0)), values)


def _explained(levels: FloatArray, lags: int) -> FloatArray:
    """Returns the share of the differences of series that those before them and the level explain, (S, T) -> (S,).

    Adjusted for the number of coefficients; 0 of a series that is too short, or whose differences are all the same.
    """
    steps, width = levels.shape[1], lags + 2
    if steps < 2 * width + 1:
        return np.zeros(len(levels))
    changes = np.diff(levels, axis=1)
    known = ~np.isnan(changes[:, : steps - 1 - lags])  # the oldest difference that is looked at
    count = known.sum(axis=1)

    def unit(each: FloatArray) -> FloatArray:
        """Returns values less their mean, over their size."""
        own = np.where(known, each, 0.0)
        own = np.where(known, own - own.sum(axis=1, keepdims=True) / np.maximum(count, 1)[:, None], 0.0)
        size = np.sqrt((own**2).sum(axis=1, keepdims=True))
        return np.asarray(own / np.where(size > 0, size, 1.0))

    before = [changes[:, lags - back : steps - 1 - back] for back in range(1, lags + 1)]
    inputs, target = np.stack([unit(each) for each in (*before, levels[:, lags:-1])], axis=2), unit(changes[:, lags:])
    products = inputs.transpose(0, 2, 1) @ inputs + NEGLIGIBLE**0.5 * np.eye(lags + 1)
    towards = (inputs * target[..., None]).sum(axis=1)
    told = (towards * np.linalg.solve(products, towards[..., None])[..., 0]).sum(axis=1)
    left = np.clip((target**2).sum(axis=1) - told, 0, None) * (count - 1) / np.maximum(count - width, 1)
    return np.where((count > 2 * width) & target.any(axis=1), 1 - left, 0.0)


def _products(centred: FloatArray, lag: int) -> FloatArray:
    """Returns the sums of products of what lies ``lag`` apart, (S,)."""
    return np.asarray((centred[:, lag:] * centred[:, :-lag]).sum(axis=1))


def _variance_ratio(centred: FloatArray, count: NDArray[np.int64], steps: int) -> FloatArray:
    """Returns how far series stray in so many steps, as a share of what a random walk would, in squares: (S,).

    Args:
        centred: (S, T), differences less their mean, right-aligned, 0 before the first.
        count: (S,), how many there are.
        steps: fewer than T.
    """
    if steps >= centred.shape[1]:
        return np.zeros(len(centred))
    sums = np.cumsum(np.pad(centred, ((0, 0), (1, 0))), axis=1)
    begins = np.arange(sums.shape[1] - steps) >= (centred.shape[1] - count)[:, None]
    strayed = np.where(begins, sums[:, steps:] - sums[:, :-steps], 0.0)
    whole = np.maximum(count + 1 - steps, 1) * (1 - steps / np.maximum(count, steps + 1))  # takes out the bias
    variance = (centred**2).sum(axis=1) / np.maximum(count, 1)
    return np.asarray((strayed**2).sum(axis=1) / whole / (steps * np.where(variance > 0, variance, 1.0)))
