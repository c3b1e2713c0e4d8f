"""Pooled demand: the mean of what comes now and then, of which each series says little and all together much.

    rate  = Σ c·smoothed                 c ≥ 0, common to all series: averages at several half-lives, and what is
                                         usual of a demand of this size, for a series that has few steps
    level = rate · (1 − share + share · trees(what the series did)) · factor
    mean  = level · season               the season of all series together, shrunk by how much of it may be chance

The rate is fitted to what came within a horizon, from many origins of all series. Squared errors count over the size of
what a series does, as the variance of counts grows with their mean, and a window's by a power of them, so that few
windows don't decide (iteratively reweighted least squares). Trees are grown by Poisson's deviance, as means are wanted;
each tells a stretch of the horizon, so that they learn of the newest steps, too, after which no whole horizon is known:

    origin ──┬ stretch 1 ┬ stretch 2 ┬ stretch 3 ┬ stretch 4 ┐
    ........ │ known     │ known     │ known     │ not yet   │      three windows of this origin

Since the rate is drawn to what is usual of most, a factor makes most of that up, by what came in the newer windows:
forecasts are right on average, not near zero.

Shapes: ``S`` series, ``T`` steps, ``H`` horizon, ``K`` averages, ``B`` windows, ``F`` inputs of the trees.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forecast.data.panel import IntArray, Panel, even_choice
from forecast.data.windows import by_length, right_aligned
from forecast.models.classical.demand_traits import Described, PooledSettings, describe, joined, usual_demand
from forecast.models.trees import Forest

FloatArray = NDArray[np.float64]
Loss = Literal["squared_error", "poisson"]

TREES, TREE_RATE, LEAVES, LEAST_ROWS, SEEN = 100, 0.08, 8, 100, 0.5  # measured by benchmarks/tuning/intermittent.py
"""Trees that are grown, how far each is followed, the leaves of one, windows that a leaf stands on at least, and
the share of the inputs that each looks at."""
MOST_CAME, MOST_MISSED = 5.0, 20.0  # measured by benchmarks/tuning/intermittent.py
"""So many scales of a series above its rate are all that trees learn from, and the factor: none wild is usual."""
WILD_SCALE = 30.0  # measured by benchmarks/tuning/intermittent.py
"""Of the usual scale of series: what varies more than so many of it counts ever less in what all have in common."""
ROOM = 0.3  # measured by benchmarks/tuning/intermittent.py
"""Of the mean of all windows times the root of their number: by so much one may miss its rate in the factor."""
MANY_ROWS = 2000  # measured by benchmarks/tuning/intermittent.py
"""Windows from which on trees are grown at all."""
MOST_SERIES, MOST_ORIGINS = 3000, 24  # measured by benchmarks/tuning/intermittent.py
"""Series and origins that are learned from, evenly chosen where there are more."""
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
        means = np.zeros((len(panel), horizon))
        for which, values in by_length(panel):  # a row as it is by itself
            recent = values[:, -self.settings.history :]
            if recent.shape[1]:
                told = describe(self.unseasoned(recent, panel.last[which]), self.usual, self.settings)
                means[which] = self.levels(told, horizon)
        ahead = self.season[(panel.last[:, None] + np.arange(1, horizon + 1)) % len(self.season)]
        return np.asarray(means * ahead)

    def unseasoned(self, values: FloatArray, last: IntArray) -> FloatArray:
        """Returns values over their season, (S, T), by the ordinals of their last steps."""
        return np.asarray(values / self.season[(last[:, None] + np.arange(1 - values.shape[1], 1)) % len(self.season)])

    def rate(self, told: "Described") -> FloatArray:
        """Returns the weighted averages, (S,)."""
        averages = (told.averages * self.weights).sum(axis=1)
        return np.asarray(np.maximum(averages, self.settings.floor * told.sizes))

    def levels(self, told: Described, horizon: int) -> FloatArray:
        """Returns the level of each step, (S, H): trees tell apart few stretches of them."""
        if self.trees is None or self.settings.stretches == 1:
            return np.repeat(self.level(told)[:, None], horizon, axis=1)
        beside = len(self.weights) + self.settings.traits
        cuts = np.unique(self.trees.threshold[~self.trees.is_leaf & (self.trees.feature == beside)])
        stretch = np.searchsorted(cuts, np.arange(1.0, horizon + 1))
        found, first, place = np.unique(stretch, return_index=True, return_inverse=True)
        own = [self.level(told, np.full(len(told.sizes), 1.0 + first[number])) for number in range(len(found))]
        return np.stack(own, axis=1)[:, place]

    def level(self, told: Described, steps: FloatArray | None = None) -> FloatArray:
        """Returns the rate, corrected by the trees: (S,).

        Args:
            told: what series did.
            steps: (S,), of the horizon, where trees tell stretches of it.
        """
        rate = self.rate(told)
        if self.trees is None:
            return self.factor * rate
        inputs, share = told.inputs(rate), self.settings.share
        if steps is None:
            return self.factor * rate * (1 + share * (np.maximum(self.trees.predict(inputs), 0) - 1))
        times = np.exp(self.trees.predict(np.column_stack([inputs, steps])))
        return self.factor * rate * (1 + share * (times - 1))


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
    blank = PooledDemand(usual_demand(learner, settings), np.array(USUAL_SHARES), np.ones(1), None, settings)
    blank = replace(blank, season=_pooled_season(learner, season, blank))
    histories = [values for values, _ in _histories(learner, blank)]
    whole = _Windows.of(histories, horizon, 1, blank)
    if whole is None:
        return blank
    counted, fitted = whole.worth / whole.told.scales, blank
    for _ in range(ROUNDS):
        fitted = replace(blank, weights=_fit_weights(whole.told, whole.came, counted))
        counted = whole.counted(fitted.rate(whole.told))
    if len(whole.came) < MANY_ROWS or not whole.came.any():
        return _made_up(fitted, whole, None)
    if settings.stretches == 1:
        rate = fitted.rate(whole.told)
        trees = _grow(whole.told.inputs(rate), whole.came / rate, counted * rate**2, "squared_error")
        return _made_up(replace(fitted, trees=trees), whole, None)
    cut = _Windows.of(histories, horizon, settings.stretches, blank)
    assert cut is not None  # there are whole ones
    rate = fitted.rate(cut.told)
    inputs = np.column_stack([cut.told.inputs(rate), cut.steps])
    trees = _grow(inputs, cut.until(MOST_CAME, rate) / rate, cut.worth * rate / cut.told.scales, "poisson")
    return _made_up(replace(fitted, trees=trees), cut, cut.steps)


def _made_up(model: PooledDemand, windows: "_Windows", steps: FloatArray | None) -> PooledDemand:
    """Returns the model whose forecasts of the newer windows add up to what came, mostly."""
    newer = windows.ends >= np.median(windows.ends)
    told, worth = windows.told.some(newer), windows.worth[newer]
    each, rate = windows.until(MOST_MISSED, model.rate(windows.told))[newer], model.rate(told)
    came = worth @ np.minimum(each, rate + ROOM * each.mean() * np.sqrt(len(each)))
    total = worth @ model.level(told, None if steps is None else steps[newer])
    return replace(model, factor=float((came / total) ** MADE_UP) if total > 0 and came > 0 else 1.0)


def _fit_weights(told: Described, came: FloatArray, counted: FloatArray) -> FloatArray:
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


def _grow(inputs: FloatArray, targets: FloatArray, weights: FloatArray, loss: Loss) -> Forest:
    """Returns the trees that tell by how many times more came than the averages say; its logarithm by Poisson's."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - it costs a second to import

    trees = HistGradientBoostingRegressor(
        loss=loss,
        max_iter=TREES,
        learning_rate=TREE_RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=LEAST_ROWS,
        max_features=SEEN,
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


@dataclass(frozen=True, eq=False)
class _Windows:
    """What series did until many origins, and what came in a stretch of the horizon after them."""

    told: Described  # (B,) each
    came: FloatArray  # (B,), the mean
    squares: FloatArray  # (B,), the mean of them
    steps: FloatArray  # (B,), the middle of the stretch
    ends: IntArray  # (B,), how many steps before the end of its series the origin lies, as a negative number

    @classmethod
    def of(cls, histories: list[FloatArray], horizon: int, stretches: int, model: PooledDemand) -> "_Windows | None":
        """Returns the windows of many origins of all series; None where there are none."""
        pieces = [piece for values in histories for piece in _windows(values, horizon, stretches, model)]
        if not pieces:
            return None
        told, *columns = zip(*pieces, strict=True)
        return cls(joined(told), *(np.concatenate(column) for column in columns))

    def until(self, most: float, rate: FloatArray) -> FloatArray:
        """Returns what came, at most so many scales of its series above a rate, (B,)."""
        return np.minimum(self.came, rate + most * self.told.scales)

    @property
    def worth(self) -> FloatArray:
        """Returns what a window counts beside others, (B,): less than 1 after a wild demand, which lifts averages."""
        sells = self.squares > 0
        usual = np.median(self.told.scales[sells]) if sells.any() else np.inf
        return np.asarray(np.minimum(1.0, WILD_SCALE * usual / self.told.scales))

    def counted(self, rate: FloatArray) -> FloatArray:
        """Returns how much the squared error of each window counts, (B,)."""
        errors = np.maximum(self.squares - 2 * rate * self.came + rate**2, 0) / self.told.scales**2
        return np.asarray(np.maximum(errors, LEAST_ERROR**2) ** (POWER / 2 - 1) * self.worth / self.told.scales)


def _windows(
    values: FloatArray, horizon: int, stretches: int, model: PooledDemand
) -> Iterator[tuple[Described, FloatArray, FloatArray, FloatArray, IntArray]]:
    """Yields what series did until an origin, and the columns of ``_Windows``, for each stretch after it."""
    length = values.shape[1]
    cuts = [(int(own[0]), int(own[-1]) + 1) for own in np.array_split(np.arange(horizon), min(stretches, horizon))]
    least = max(min(LEAST_KNOWN, length - horizon), 1)
    ends = np.arange(least, length - cuts[0][1] + 1)
    for end in ends[even_choice(len(ends), MOST_ORIGINS)].tolist() if len(ends) else ():
        before = values[:, :end]
        usable = (~np.isnan(before)).sum(axis=1) >= least
        told = describe(before[usable], model.usual, model.settings) if usable.any() else None
        for begin, stop in cuts:
            if told is not None and end + stop <= length:
                after = values[usable, end + begin : end + stop]
                middle, away = np.full(len(after), (begin + 1 + stop) / 2), np.full(len(after), end - length)
                yield told, after.mean(axis=1), (after**2).mean(axis=1), middle, away


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
        told = describe(values, blank.usual, blank.settings)
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
