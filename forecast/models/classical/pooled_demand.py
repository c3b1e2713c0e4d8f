"""Pooled demand: the mean of what comes now and then, of which each series says little and all together much.

    rate  = Σ c·smoothed                 c ≥ 0, common to all series: averages at several half-lives, and what is
                                         usual of a demand of this size, for a series that has few steps
    level = rate · (1 − share + share · trees(what the series did)) · factor
    mean  = level · season               the season of all series together, shrunk by how much of it may be chance

Rate and trees are fitted to what came within a horizon, from many origins of all series. Squared errors count over the
size of what a series does, as the variance of counts grows with their mean, and a window's by a power of them, so that
few windows don't decide (iteratively reweighted least squares). Since that draws forecasts to what is usual of most, a
factor makes most of that up, by what came in the newer windows: forecasts are right on average, not near zero.

Shapes: ``S`` series, ``T`` steps, ``H`` horizon, ``K`` averages, ``B`` windows, ``F`` inputs of the trees.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forecast.data.panel import IntArray, Panel, even_choice
from forecast.data.windows import by_length, right_aligned
from forecast.models.trees import Forest

FloatArray = NDArray[np.float64]

TREES, TREE_RATE, LEAVES, LEAST_ROWS = 60, 0.08, 8, 100  # measured by benchmarks/tuning/intermittent.py
"""Trees that are grown, how far each is followed, the leaves of one, and windows that a leaf stands on at least."""
MANY_ROWS = 2000  # measured by benchmarks/tuning/intermittent.py
"""Windows from which on trees are grown at all."""
MOST_SERIES, MOST_ORIGINS = 3000, 24  # measured by benchmarks/tuning/intermittent.py
"""Series and origins that are learned from, evenly chosen where there are more."""
INPUTS_BESIDE = 7
"""What the trees look at beside the rate and the averages."""
LEAST_KNOWN = 4
"""Steps that are known at an origin, at least, if there are so many before a horizon."""
USUAL_SHARES = (0.5, 0.0, 0.1, 0.2, 0.2, 0.3)  # measured by benchmarks/tuning/intermittent.py
USUAL_WINDOWS = 20.0  # measured by benchmarks/tuning/intermittent.py
"""Weights of the averages before anything is known, and windows of the usual size for which they count."""
POWER, ROUNDS, LEAST_ERROR = 1.5, 4, 0.1  # measured by benchmarks/tuning/intermittent.py
"""The power of a window's root mean squared error that counts, rounds of weighing, and the least error that is told."""
LEAST_SEASONS = 3  # measured by benchmarks/tuning/intermittent.py
"""Of the means of all series, whose season is looked for."""
MADE_UP = 0.75  # measured by benchmarks/tuning/intermittent.py
"""Of what windows say that forecasts are too low by: new ones are less so than those that were learned from."""
SEASON_PROOF = 2.0  # measured by benchmarks/tuning/intermittent.py
"""So many times the variance of a season's means by chance are taken off the variance that they have."""


@dataclass(frozen=True)
class PooledSettings:
    """The numbers by which a series is described at each forecast; chosen by ``benchmarks/tuning/intermittent.py``.

    Attributes:
        history: steps that are looked at.
        half_lives: of the averages; the last is as good as none.
        belief: steps for which what is usual counts in each average,
        size_belief: demands for which the usual size of one does,
        scale_belief: and differences for which a usual one does.
        share: of the trees in the level.
        floor: no rate is below this share of a demand,
        season_floor: and no season below this share of the mean.
        most_steps: a longer history is as good as one of so many.
        block: values that are looked at at a time.
    """

    history: int = 400
    half_lives: tuple[float, ...] = (1.0, 3.0, 8.0, 20.0, 1e6)
    belief: float = 0.5
    size_belief: float = 1.0
    scale_belief: float = 2.0
    share: float = 0.75
    floor: float = 1e-4
    season_floor: float = 0.1
    most_steps: int = 60
    block: int = 2_000_000


@dataclass(frozen=True, eq=False)
class PooledDemand:
    """What all series of a panel together taught.

    Attributes:
        usual: the share of steps with a demand, and the size of one.
        weights: (K,), of the averages.
        season: (P,), by the phase of the ordinal of a step; of mean 1.
        factor: by which forecasts of the newer windows add up to what came.
        trees: what corrects the rate; None where windows were few.
        settings: by which series are described.
    """

    usual: tuple[float, float]
    weights: FloatArray
    season: FloatArray
    trees: Forest | None
    settings: PooledSettings
    factor: float = 1.0

    def predict(self, panel: Panel, horizon: int) -> FloatArray:
        """Returns the mean of each of the next steps of each series, (S, H)."""
        level = np.zeros(len(panel))
        for which, values in by_length(panel):  # a row as it is by itself
            recent = values[:, -self.settings.history :]
            if recent.shape[1]:
                told = _describe(self.unseasoned(recent, panel.last[which]), self.usual, self.settings)
                level[which] = self.level(told)
        ahead = self.season[(panel.last[:, None] + np.arange(1, horizon + 1)) % len(self.season)]
        return np.asarray(level[:, None] * ahead)

    def unseasoned(self, values: FloatArray, last: IntArray) -> FloatArray:
        """Returns values over their season, (S, T), by the ordinals of their last steps."""
        return np.asarray(values / self.season[(last[:, None] + np.arange(1 - values.shape[1], 1)) % len(self.season)])

    def rate(self, told: "_Described") -> FloatArray:
        """Returns the weighted averages, (S,)."""
        averages = (told.averages * self.weights).sum(axis=1)
        return np.asarray(np.maximum(averages, self.settings.floor * told.sizes))

    def level(self, told: "_Described") -> FloatArray:
        """Returns the rate, corrected by the trees: (S,)."""
        rate = self.rate(told)
        if self.trees is None:
            return self.factor * rate
        more = np.maximum(self.trees.predict(told.inputs(rate)), 0) - 1
        return self.factor * rate * (1 + self.settings.share * more)


@dataclass(frozen=True, eq=False)
class _Described:
    """What series did until an origin."""

    averages: FloatArray  # (S, K)
    sizes: FloatArray  # (S,), of a demand
    scales: FloatArray  # (S,), root mean square of the differences
    traits: FloatArray  # (S, F − K), what trees look at besides

    def some(self, which: NDArray[np.bool_]) -> "_Described":
        """Returns what some of the series did."""
        return _Described(self.averages[which], self.sizes[which], self.scales[which], self.traits[which])

    def inputs(self, rate: FloatArray) -> FloatArray:
        """Returns what the trees look at, (S, F): nothing of it changes with the unit of the values."""
        return np.column_stack([np.log(rate / self.sizes), self.averages[:, 1:] / rate[:, None], self.traits])


def fit_pooled_demand(
    panel: Panel, horizon: int, season: int, settings: PooledSettings, share_of_rows: float = 1.0
) -> PooledDemand:
    """Returns what a panel, which ends at the origin, teaches of means.

    Args:
        panel: gaps are filled; nothing is below zero.
        horizon: steps whose mean is learned.
        season: of the panel; 1 for none.
        settings: by which series are described.
        share_of_rows: of the usual number of windows; fewer are quicker.
    """
    learner = panel.select(even_choice(len(panel), round(MOST_SERIES * share_of_rows)))
    blank = PooledDemand(_usual(learner, settings), np.array(USUAL_SHARES), np.ones(1), None, settings)
    blank = replace(blank, season=_pooled_season(learner, season, blank))
    pieces = [piece for values, _ in _histories(learner, blank) for piece in _windows(values, horizon, blank)]
    told, middle = [one for one, *_ in pieces], np.median([end for *_, end in pieces]) if pieces else 0
    if not told:
        return blank
    averages, sizes, scales, traits = (
        np.concatenate([getattr(one, name) for one in told]) for name in ("averages", "sizes", "scales", "traits")
    )
    every = _Described(averages, sizes, scales, traits)
    came, squares = (np.concatenate([piece[which] for piece in pieces]) for which in (1, 2))
    counted, fitted = 1 / scales, blank
    for _ in range(ROUNDS):
        fitted = replace(blank, weights=_fit_weights(every, came, counted))
        rate = fitted.rate(every)
        errors = np.maximum(squares - 2 * rate * came + rate**2, 0) / scales**2
        counted = np.maximum(errors, LEAST_ERROR**2) ** (POWER / 2 - 1) / scales
    if len(came) >= MANY_ROWS:
        fitted = replace(fitted, trees=_grow(every.inputs(rate), came / rate, counted * rate**2))
    newer = np.concatenate([np.full(len(own), end >= middle) for _, own, _, end in pieces])
    total, sold = fitted.level(every)[newer].sum(), came[newer].sum()
    return replace(fitted, factor=float((sold / total) ** MADE_UP) if total > 0 and sold > 0 else 1.0)


def _fit_weights(told: _Described, came: FloatArray, counted: FloatArray) -> FloatArray:
    """Returns the weights of the averages, none below zero, drawn to the usual ones: (K,).

    Args:
        told: of each window.
        came: (B,), on average after it.
        counted: (B,), how much its squared error counts.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 - it costs a tenth of a second to import

    roots = np.sqrt(counted)
    rows, targets = told.averages * roots[:, None], came * roots
    strength = np.sqrt(USUAL_WINDOWS * (rows**2).mean())
    own = np.concatenate([rows, strength * np.eye(rows.shape[1])])
    weights, _ = nnls(own, np.concatenate([targets, strength * np.array(USUAL_SHARES)]))
    return np.asarray(weights)


def _grow(inputs: FloatArray, targets: FloatArray, weights: FloatArray) -> Forest:
    """Returns the trees that tell by how many times more came than the averages say."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - it costs a second to import

    trees = HistGradientBoostingRegressor(
        max_iter=TREES,
        learning_rate=TREE_RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=LEAST_ROWS,
        early_stopping=False,
        random_state=0,
    )
    with threadpool_limits(1, user_api="openmp"):  # threads that wait for a busy core cost more than they bring
        return Forest.of(trees.fit(inputs, targets, sample_weight=weights / weights.mean()))


def _histories(panel: Panel, model: PooledDemand) -> list[tuple[FloatArray, IntArray]]:
    """Returns the last steps of some series after others, less their season, and the ordinals of their last: (S, T).

    NaN stands before the start of a series.
    """
    found, start = [], 0
    for values in right_aligned(panel, model.settings.history, model.settings.block):
        last = panel.last[start : start + len(values)]
        start += len(values)
        found.append((model.unseasoned(values, last), last))
    return found


def _windows(
    values: FloatArray, horizon: int, model: PooledDemand
) -> list[tuple[_Described, FloatArray, FloatArray, int]]:
    """Returns what series did until each of many origins, and the means of what came after it, and of its squares.

    Beside these stands how many steps before the end of its series the origin lies, as a negative number.
    """
    length, found = values.shape[1], []
    least = max(min(LEAST_KNOWN, length - horizon), 1)
    ends = np.arange(least, length - horizon + 1)
    for end in ends[even_choice(len(ends), MOST_ORIGINS)].tolist() if len(ends) else ():
        before, after = values[:, :end], values[:, end : end + horizon]
        usable = (~np.isnan(before)).sum(axis=1) >= least
        if usable.any():
            told = _describe(before[usable], model.usual, model.settings)
            found.append((told, after[usable].mean(axis=1), (after[usable] ** 2).mean(axis=1), end - length))
    return found


def _usual(panel: Panel, settings: PooledSettings) -> tuple[float, float]:
    """Returns the share of all steps that have a demand, and the usual size of one."""
    counts = np.zeros(2)
    sizes = []
    for values in right_aligned(panel, settings.history, settings.block):
        sells = values > 0
        counts += sells.sum(), (~np.isnan(values)).sum()
        some = sells.any(axis=1)
        sizes.append(np.where(sells, values, 0.0)[some].sum(axis=1) / sells[some].sum(axis=1))
    every = np.concatenate(sizes) if sizes else np.zeros(0)
    return float(counts[0] / max(counts[1], 1)), float(np.median(every)) if every.size else 1.0


def _describe(values: FloatArray, usual: tuple[float, float], settings: PooledSettings) -> _Described:
    """Returns what series did until their last step, (S, T)."""
    known = ~np.isnan(values)
    values = np.where(known, values, 0.0)
    count, sells = known.sum(axis=1), values > 0
    demands, total = sells.sum(axis=1), values.sum(axis=1)
    chance, size = usual
    sizes = (total + settings.size_belief * size) / (demands + settings.size_belief)
    back = np.arange(values.shape[1])[::-1]
    averages, belief = [chance * sizes], settings.belief
    for half_life in settings.half_lives:
        weights = 0.5 ** (back / half_life)
        own = (values * weights).sum(axis=1)
        averages.append((own + belief * averages[0]) / ((known * weights).sum(axis=1) + belief))
    both = known[:, 1:] & known[:, :-1]
    squares = np.where(both, np.diff(values, axis=1) ** 2, 0.0).sum(axis=1)
    likely = 2 * chance * sizes**2
    doubt = settings.scale_belief
    scales = np.sqrt((squares + doubt * likely) / (both.sum(axis=1) + doubt))
    return _Described(
        np.stack(averages, axis=1),
        sizes,
        np.maximum(scales, settings.floor * sizes),
        _traits(values, sells, count, sizes / size, sizes, settings),
    )


def _traits(
    values: FloatArray,
    sells: NDArray[np.bool_],
    count: IntArray,
    relative: FloatArray,
    sizes: FloatArray,
    settings: PooledSettings,
) -> FloatArray:
    """Returns what trees look at beside the averages: (S, F − K)."""
    demands = sells.sum(axis=1)
    some = np.maximum(demands, 1)
    since = np.where(demands > 0, np.argmax(sells[:, ::-1], axis=1), count)
    mean = values.sum(axis=1) / some
    spread = np.sqrt(np.maximum((values**2).sum(axis=1) / some - mean**2, 0))
    most = settings.most_steps
    return np.column_stack(
        [
            np.minimum(since, most),
            demands / np.maximum(count, 1),
            np.minimum(demands, most),
            np.minimum(count, most),
            np.where(demands > 1, spread / np.maximum(mean, 1e-300), -1.0),
            values.max(axis=1, initial=0.0) / sizes,
            np.log(relative),
        ]
    )


def _pooled_season(panel: Panel, season: int, blank: PooledDemand) -> FloatArray:
    """Returns the season of all series together, by the phase of a step's ordinal; 1 where none is beyond chance: (P,).

    Each series counts by its demands over their size; the level goes by a centred mean of one season.
    """
    if season <= 1 or not len(panel):
        return np.ones(1)
    first = int((panel.last - np.minimum(panel.lengths, blank.settings.history)).min()) + 1
    width = int(panel.last.max()) - first + 1
    sums, counts = np.zeros(width), np.zeros(width)
    for values, last in _histories(panel, blank):
        told = _describe(values, blank.usual, blank.settings)
        places = last[:, None] - first + np.arange(1 - values.shape[1], 1)
        known = ~np.isnan(values)
        sums += np.bincount(places[known], (values / told.sizes[:, None])[known], width)
        counts += np.bincount(places[known], minlength=width)
    return _season_of(sums / np.maximum(counts, 1), first, season, blank.settings.season_floor)


def _season_of(means: FloatArray, first: int, season: int, floor: float) -> FloatArray:
    """Returns the season of one series of means, (N,) -> (P,): shrunk by how much of it may be chance."""
    kernel = np.ones(season) if season % 2 else np.concatenate([[0.5], np.ones(season - 1), [0.5]])
    if len(means) < LEAST_SEASONS * season + len(kernel) - 1:
        return np.ones(1)
    smooth = np.convolve(means, kernel / season, mode="valid")
    begin = len(kernel) // 2
    if not (smooth > 0).all():
        return np.ones(1)
    ratios = means[begin : begin + len(smooth)] / smooth
    phases = (first + begin + np.arange(len(ratios))) % season
    count = np.maximum(np.bincount(phases, minlength=season), 1)
    pattern = np.bincount(phases, ratios, season) / count
    left = ((ratios - pattern[phases]) ** 2).sum() / max(len(ratios) - season, 1)
    shown = pattern.var(ddof=1)
    worth = max(0.0, 1 - SEASON_PROOF * left / count.mean() / shown) if shown > 0 else 0.0
    drawn = np.maximum(1 + worth * (pattern - pattern.mean()), floor)
    return np.asarray(drawn / drawn.mean()) if worth > 0 else np.ones(1)
