"""Seasonal decomposition of each series by itself, drawn to nothing as far as it may be chance.

Classical decomposition: the deviations from the mean of the season around each step, averaged by phase, as factors or
as summands. A mean of a few noisy deviations is too large, so it is shrunk by how much of its spread noise explains: a
series without a season keeps none.

    W. James & C. Stein 1961, Estimation with quadratic loss: the shrinkage.
    D. M. Miller & D. Williams 2003, Shrinkage estimators of time series seasonal factors and their effect on
    forecasting accuracy: why it helps.

Shapes: ``S`` series, ``T`` steps of the longest history, right-aligned (NaN before a start), ``P`` steps of a season,
``R`` rounds of it, ``H`` horizon.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import right_aligned

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class SeasonalitySettings:
    """The numbers by which seasons are found; a version keeps those that it was trained with.

    Attributes:
        kept: a season counts by these shares of the next one in means of all, whose mean is taken: seasons change.
        worth: as noisy as such a mean is one in which all seasons count alike, of so many times as many.
        steepest: a season multiplies by no more than the exponential of this, and divides by no more.
        differences: what is left unexplained tells the noise, but little of it where there are few seasons: the
            differences from one season to the next count covariates it like so many values.
        tie: factors are as good as summands up to this share: rounding never decides.
        negligible: so small a share of the values' squares is no variation.
        block: values that are worked on at a time: so many that threads seldom wait for each other. Sums of other
            blocks may round otherwise.
    """

    kept: tuple[float, ...] = (0.9, 0.5)  # measured by benchmarks/tuning/seasonality.py
    worth: float = 0.6  # measured by benchmarks/tuning/seasonality.py
    steepest: float = 10.0  # measured by benchmarks/tuning/seasonality.py
    differences: float = 4.0  # measured by benchmarks/tuning/seasonality.py
    tie: float = 1e-9
    negligible: float = 1e-18
    block: int = 1_000_000


@dataclass(frozen=True, eq=False)
class Pattern:
    """What the season adds to each series, or multiplies it by: by phase, counted back from the last step."""

    added: FloatArray  # (S, P); the logarithm of the factor where it multiplies
    multiplies: NDArray[np.bool_]  # (S,)
    strength: FloatArray  # (S,) from 0 to 1, the share of the deviations' variance that a season explains; or NaN
    steepest: float  # see ``SeasonalitySettings``

    def remove(self, values: FloatArray) -> FloatArray:
        """Returns past values without their season, (S, T)."""
        added = self._on(np.arange(values.shape[1])[::-1])
        return np.where(self.multiplies[:, None], values / np.exp(added), values - added)

    def restore(self, forecasts: FloatArray) -> FloatArray:
        """Returns forecasts with their season, (S, H)."""
        added = self._on(-1 - np.arange(forecasts.shape[1]))
        return np.where(self.multiplies[:, None], forecasts * np.exp(added), forecasts + added)

    def _on(self, steps_back: NDArray[np.int64]) -> FloatArray:
        added = self.added[:, steps_back % self.added.shape[1]]
        return np.where(self.multiplies[:, None], np.clip(added, -self.steepest, self.steepest), added)


def find_pattern(values: FloatArray, season: int, settings: SeasonalitySettings) -> Pattern:
    """Returns the season of each series, (S, T): none without two seasons of history, of which strength is unknown.

    It multiplies where all values are positive and factors leave no more unexplained, in squares, than summands.
    """
    added, strength = np.zeros((len(values), season)), np.full(len(values), np.nan)
    multiplies = np.zeros(len(values), dtype=bool)
    some = np.flatnonzero((~np.isnan(values)).sum(axis=1) >= 2 * season) if season > 1 else np.array([], dtype=int)
    if len(some):
        own = values[some]
        sums = _decompose(own, season, settings)
        added[some], strength[some] = sums.added, sums.strength
        least = np.nanmin(own, axis=1)
        positive = np.flatnonzero(least > 0)
        factors = _decompose(np.log(own[positive]), season, settings)
        missed = np.nansum((own[positive] - np.exp(factors.expected)) ** 2, axis=1)
        by_sums = np.nansum((own[positive] - sums.expected[positive]) ** 2, axis=1)
        better = missed <= (1 + settings.tie) * by_sums + settings.negligible * np.nansum(own[positive] ** 2, axis=1)
        chosen = some[positive[better]]
        multiplies[chosen] = True
        added[chosen], strength[chosen] = factors.added[better], factors.strength[better]
    return Pattern(added, multiplies, strength, settings.steepest)


def season_strength(panel: Panel, season: int, steps: int, settings: SeasonalitySettings) -> FloatArray:
    """Returns how much of what each series does within a season repeats, from 0 to 1: (S,); NaN without two seasons.

    Args:
        panel: ends at the origin; gaps are filled.
        season: steps after which it repeats, more than 1.
        steps: the newest so many are looked at.
        settings: of the decomposition.
    """
    blocks = right_aligned(panel, steps, settings.block)
    found = [find_pattern(values / sizes(values), season, settings).strength for values in blocks]
    return np.concatenate(found) if found else np.zeros(0)


def sizes(values: FloatArray) -> FloatArray:
    """Returns each series' largest absolute value, to count in: (S, T) -> (S, 1); 1 for one all zero, or empty."""
    largest = np.nan_to_num(np.abs(values)).max(axis=1, keepdims=True)
    return np.where(largest > 0, largest, 1.0)


@dataclass(frozen=True, eq=False)
class _Decomposition:
    """A season as summands."""

    added: FloatArray  # (S, P)
    strength: FloatArray  # (S,)
    expected: FloatArray  # (S, T), the mean around each step and what the season adds; NaN where it isn't whole


def _decompose(values: FloatArray, season: int, settings: SeasonalitySettings) -> _Decomposition:
    """Returns the season of series of at least two."""
    around = _moving_mean(values, season)
    rounds = _by_round(values - around, season)  # (S, R, P)
    is_known = ~np.isnan(rounds)
    means = _phase_means(np.where(is_known, rounds, 0.0), is_known, settings.kept)
    left = np.where(is_known, rounds - means[:, None], 0.0)
    count = is_known.sum(axis=(1, 2))
    changes = np.nanvar(values[:, season:] - values[:, :-season], axis=1, ddof=1) / 2  # of two values each
    noise = ((left**2).sum(axis=(1, 2)) + settings.differences * changes) / (count - season + settings.differences)
    variance = np.nanvar(rounds, axis=(1, 2))
    spread = (means**2).sum(axis=1) / (season - 1)
    by_chance = noise / (settings.worth * count / season) * max(season - 3, 1) / (season - 1)
    means *= np.clip(1 - by_chance / np.where(spread > 0, spread, np.inf), 0, 1)[:, None]
    phases = np.arange(values.shape[1])[::-1] % season
    varies = variance > settings.negligible * np.nanmean(values**2, axis=1)
    strength = np.where(varies, np.clip(1 - noise / np.where(varies, variance, 1.0), 0, 1), 0.0)
    return _Decomposition(means, strength, around + means[:, phases])


def _moving_mean(values: FloatArray, season: int) -> FloatArray:
    """Returns the mean of the season around each step, NaN where it isn't whole: (S, T).

    A season of even length is centred by half of the step at either end.
    """
    sums = np.cumsum(np.pad(np.nan_to_num(values), ((0, 0), (1, 0))), axis=1)
    whole = (sums[:, season:] - sums[:, :-season]) / season  # of the season that begins at each step
    whole = np.where(np.isnan(values[:, : whole.shape[1]]), np.nan, whole)
    if season % 2 == 0:
        whole = (whole[:, 1:] + whole[:, :-1]) / 2
    mean = np.full_like(values, np.nan)
    mean[:, season // 2 : season // 2 + whole.shape[1]] = whole
    return mean


def _by_round(values: FloatArray, season: int) -> FloatArray:
    """Returns the values by round and phase, both counted back from the last step: (S, T) -> (S, R, P)."""
    back = values[:, ::-1]
    back = np.pad(back, ((0, 0), (0, -back.shape[1] % season)), constant_values=np.nan)
    return back.reshape(len(back), back.shape[1] // season, season)


def _phase_means(rounds: FloatArray, is_known: NDArray[np.bool_], shares: tuple[float, ...]) -> FloatArray:
    """Returns the mean of each phase, less the mean of all: (S, R, P) -> (S, P).

    In each of several means, what was seen a season earlier counts one of the ``shares`` as much.
    """
    means = np.zeros((len(rounds), rounds.shape[2]))
    for kept in shares:
        weights = is_known * kept ** np.arange(rounds.shape[1])[:, None]
        means += (rounds * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), np.finfo(float).tiny) / len(shares)
    return np.asarray(means - means.mean(axis=1, keepdims=True))
