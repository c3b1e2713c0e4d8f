"""Effects estimated by empirical Bayes: least squares from sums, shrunk to what is common, judged by other rows.

    rows of a series   1 1 1 1 | 2 2 2 2 | 3 3 3 3 | 4 4 4 4     each block is forecast from the other three

One group of regressors after another is measured on what the ones before leave: the covariates, then what the calendar
says. A filter stands before each regression: see ``detrending``; what rows say little of is shrunk: see ``shrinkage``.

Shapes: ``S`` series, ``n`` steps of one series, ``F`` regressors of one group, ``K`` blocks.
"""

from collections.abc import Callable
from math import inf

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import Covariates
from forecast.data.dates.calendar_features import SLOW
from forecast.data.panel import Panel, even_choice
from forecast.models.covariates.detrending import LONG_SEASON, change_since, moving_mean, without_trend
from forecast.models.covariates.effects import Effects, added_size
from forecast.models.covariates.encoding import encoded_of
from forecast.models.covariates.regressors import COVARIATES, Regressors
from forecast.models.covariates.shrinkage import LEAST, Sums, solved

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Filter = Callable[[FloatArray], FloatArray]

BLOCKS = 4  # measured by benchmarks/tuning/calendar_effects.py
ASKED = (COVARIATES, "holiday")
"""What a person asked for is trusted as far as is likely; the rest of the calendar must prove itself."""
LEAST_LEFT = 0.05  # measured by benchmarks/tuning/calendar_effects.py
"""Share of a group's variance that the filter must leave: of weekdays, a season of a week leaves the ends alone."""
LEAST_WORTH, LEAST_ROWS_WORTH = 0.005, 2.0  # measured by benchmarks/tuning/calendar_effects.py
"""Share of the squared error on other blocks that a group of the calendar must take off, and rows' worth of it more."""
LEAST_HELP = 0.002  # measured by benchmarks/tuning/covariate_effects.py
"""Share of what is unknown of a level's change that a number must explain."""
MOST_SERIES = 1000  # measured by benchmarks/tuning/covariate_effects.py
"""Effects are measured on at most so many series; the others get what is common."""
LEAST_ROWS = 8  # measured by benchmarks/tuning/covariate_effects.py
LOG_OFFSET = 0.02  # measured by benchmarks/tuning/covariate_effects.py
"""Keeps the logarithm of a zero finite: zero is taken as this share of a series' level."""
LEVEL_STEPS = 61  # measured by benchmarks/tuning/covariate_effects.py
"""A series' level, by which zeros are told from small values, is the mean of so many steps around."""
# measured by benchmarks/tuning/calendar_effects.py
LEAST_DAYS = {"year": 2.2 * 365.25, "month": 4 * 30.44, "week": 4 * 7.0, "day": 4.0}
"""A group of the calendar matters where a series holds so many days: what came once or twice may be anything."""
# measured by benchmarks/tuning/calendar_effects.py
LEAST_STEPS = {("month", "length"): 48, ("month", "easter"): 60, ("quarter", "length"): 80, ("quarter", "easter"): 40}
"""And so many steps the longest series. With fewer, lengths are taken for an effect by chance in up to 98 % of monthly
series, Easter in up to 24 %, and forecasts are up to 37 % worse: ``benchmarks/tuning/calendar_of_short_series.py``."""


def fit_effects(
    panel: Panel, regressors: Regressors, season: int, horizon: int, encoded: Covariates | None = None
) -> Effects | None:
    """Returns the effects of some regressors on a panel; None where none is worth anything.

    Args:
        panel: ends at the origin.
        regressors: what may matter.
        season: that is taken out before.
        horizon: over which slow regressors are judged.
        encoded: the panel's covariates, as ``Encoding.known_of`` returns them; None to encode them here.
    """
    if not regressors.used:
        return None
    some = even_choice(len(panel), MOST_SERIES)
    rows = _Rows(panel.select(some), regressors, encoded_of(encoded, panel, some))
    groups, days = (
        np.array([regressor.group for regressor in regressors.used]),
        panel.lengths[some] * panel.frequency.days,
    )
    common, own = np.zeros(len(groups)), np.zeros((len(some), len(groups)))

    def fast(columns: FloatArray) -> FloatArray:
        return without_trend(columns, season)

    def slow(columns: FloatArray) -> FloatArray:
        return change_since(columns, season, horizon)

    for group in dict.fromkeys(groups.tolist()):
        which, found = groups == group, None
        if group == COVARIATES:
            numbers = np.array([not regressor.is_binary for regressor in regressors.used])
            found = rows.measure_covariates(which, numbers[which], fast, slow)
        elif panel.lengths.max() < LEAST_STEPS.get((panel.frequency.unit, group), 0):
            continue
        elif group != SLOW or season <= LONG_SEASON:  # a season of a year is looked at anyway
            is_long = days >= LEAST_DAYS.get(group, 0.0)
            found = rows.measure(which, slow if group == SLOW else fast, group, is_long)
        if found:
            common[which], own[:, which] = found
            rows.take_out(which, own)
    used = (common != 0) | (own != 0).any(axis=0)
    if not used.any():
        return None
    every = np.repeat(common[None], len(panel), axis=0)
    every[some] = own
    sizes = np.array([added_size(panel.series(i)) for i in range(len(panel))])
    return Effects(regressors.some(used), common[used], every[:, used], sizes, panel.series_ids)


class _Rows:
    """Target and regressors of each series, step by step, before any filter."""

    def __init__(self, panel: Panel, regressors: Regressors, encoded: Covariates | None) -> None:
        told = regressors.of_covariates(panel, encoded)
        laid = np.nan_to_num(told.known_on(panel.offsets, panel.first)) if told else np.empty((len(panel.values), 0))
        self._begin, end = int(panel.first.min()), int(panel.last.max())
        self._first, self._lengths, self._covariates = panel.first, panel.lengths, laid.shape[1]

        def dated(which: BoolArray) -> FloatArray:
            return regressors.dated(panel.frequency, self._begin, end - self._begin + 1, which)

        self._dated, self._latest = dated, (b"", np.empty((0, 0)))
        self._targets: list[FloatArray] = []
        self._laid: list[FloatArray] = []
        self._observed: list[BoolArray] = []
        self._weights = panel.training_weights
        self._offsets = panel.offsets
        for i in range(len(panel)):
            steps = slice(panel.offsets[i], panel.offsets[i + 1])
            size = added_size(panel.values[steps])
            self._targets.append(panel.filled[steps] / size if size else _unit(panel.filled[steps]))
            self._laid.append(laid[steps])
            self._observed.append(panel.observed[steps])

    def take_out(self, which: BoolArray, own: FloatArray) -> None:
        """Takes known effects, (S, F), of some regressors out of the targets."""
        for i, target in enumerate(self._targets):
            self._targets[i] = target - self._columns(i, which) @ own[i, which]

    def _columns(self, i: int, which: BoolArray) -> FloatArray:
        """Returns some regressors of a series, column after column in memory, (n, F).

        Those of dates are made when they are asked for, a group after the other: all at once, they would take many
        times the memory of a long series.
        """
        count = self._covariates
        laid = self._laid[i][:, which[:count]]
        if not which[count:].any():
            return laid
        if self._latest[0] != which.tobytes():
            self._latest = which.tobytes(), self._dated(which[count:])
        start = self._first[i] - self._begin
        dated = np.asfortranarray(self._latest[1][start : start + self._lengths[i]])
        return np.asfortranarray(np.hstack([laid, dated])) if laid.shape[1] else dated

    def measure_covariates(
        self, which: BoolArray, numbers: BoolArray, fast: Filter, slow: Filter
    ) -> tuple[FloatArray, FloatArray] | None:
        """Returns what ``measure`` does, without the numbers that would not have told how a level changes.

        What a number does from day to day need not hold where it drifts for months to where it never was. So each
        must help to say how the level changed over one horizon.

        Args:
            which: the covariates among the regressors.
            numbers: of these, those that are no flags, (F,).
            fast: leaves what differs from the steps around.
            slow: leaves what changed since one horizon ago.
        """
        found = self.measure(which, fast, COVARIATES)
        if found is None or not numbers.any():
            return found
        changes, kept = self._summed(which, slow), ~numbers
        own = found[1]
        least = changes.left(own * kept)
        while not kept.all():
            left = [inf if is_kept else changes.left(own * _with(kept, at)) for at, is_kept in enumerate(kept)]
            if min(left) >= (1 - LEAST_HELP) * least:
                break
            least, kept = min(left), _with(kept, int(np.argmin(left)))
        some = which.copy()
        some[which] = kept
        again = self.measure(some, fast, COVARIATES) if kept.any() else None
        if again is None:
            return None
        joint, own = np.zeros(len(kept)), np.zeros_like(own)
        joint[kept], own[:, kept] = again
        return joint, own

    def measure(
        self, which: BoolArray, filtered: Filter, group: str, series: BoolArray | None = None
    ) -> tuple[FloatArray, FloatArray] | None:
        """Returns common (F,) and own (S, F) effects of some regressors; None where they are not worth it.

        Args:
            which: of the regressors.
            filtered: what is left of target and regressors.
            group: of the regressors.
            series: (S,) true for those that tell of them; None for all.
        """
        sums = self._summed(which, filtered, series)
        if not self._has_rows(sums) or (group not in (*ASKED, SLOW) and self._share_left(which, sums) < LEAST_LEFT):
            return None
        worth = LEAST_WORTH + LEAST_ROWS_WORTH / max(float(sums.rows.sum()), 1.0)
        if group not in ASKED and sums.error() > 1 - worth:
            return None
        joint, own, _ = solved(sums.gram.sum(axis=0), sums.moment.sum(axis=0), sums.beliefs())
        return joint, own

    @staticmethod
    def _has_rows(sums: Sums) -> bool:
        """Tells whether any regressor differs from what the filter takes out."""
        return bool((np.einsum("ksii->i", sums.gram) > 1e-6 * sums.rows.sum()).any())

    def _share_left(self, which: BoolArray, sums: Sums) -> float:
        """Returns the share of the variance of some regressors that is left in the sums of what a filter leaves."""
        whole = self._summed(which, _centred)
        return float(np.einsum("ksii->", sums.gram) / max(np.einsum("ksii->", whole.gram), LEAST))

    def _summed(self, which: BoolArray, filtered: Filter, series: BoolArray | None = None) -> Sums:
        shape, count = (BLOCKS, len(self._targets)), int(which.sum())
        sums = Sums(np.zeros((*shape, count, count)), np.zeros((*shape, count)), np.zeros(shape), np.zeros(shape))
        for i, (target, observed) in enumerate(zip(self._targets, self._observed, strict=True)):
            if len(target) < LEAST_ROWS or not observed.any() or not (series is None or series[i]):
                continue
            rest = filtered(_stacked(target, self._columns(i, which)))
            known = observed & ~np.isnan(rest[:, 0])
            for block, some in enumerate(np.array_split(np.arange(len(rest)), BLOCKS)):
                rows = rest[some][known[some]]
                inputs, values = rows[:, 1:], rows[:, 0]
                counted, number = inputs, float(len(values))
                if self._weights is not None:
                    weights = self._weights[self._offsets[i] :][: len(rest)][some][known[some]]
                    counted, values, number = inputs * weights[:, None], values * weights**0.5, float(weights.sum())
                sums.gram[block, i] = counted.T @ inputs
                sums.moment[block, i] = counted.T @ rows[:, 0]
                sums.square[block, i], sums.rows[block, i] = values @ values, number
        return sums


def _stacked(target: FloatArray, regressors: FloatArray) -> FloatArray:
    """Returns a target and its regressors as one array, row after row in memory, (n, 1 + F)."""
    columns = np.empty((len(target), 1 + regressors.shape[1]))
    columns[:, 0], columns[:, 1:] = target, regressors
    return columns


def _centred(columns: FloatArray) -> FloatArray:
    """Returns columns less their mean; the array is the caller's no longer."""
    return np.asarray(np.subtract(columns, columns.mean(axis=0), out=columns))


def _with(kept: BoolArray, at: int) -> BoolArray:
    return np.asarray(kept | (np.arange(len(kept)) == at))


def _unit(values: FloatArray) -> FloatArray:
    """Returns the logarithm of values over their level, (n,); a zero counts as 2 % of it."""
    if not len(values):
        return values
    level = moving_mean(np.abs(values)[:, None], LEVEL_STEPS)[:, 0]
    return np.asarray(np.log(np.maximum(values, 0) / (level + 1e-12) + LOG_OFFSET) + np.log(level + 1e-12))
