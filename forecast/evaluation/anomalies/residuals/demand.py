"""Intermittent demand: how unexpected a sale is where most steps have none.

Of such a series, smoothing expects a little of each step, and is wrong by its usual error on none: each sale would be
an alarm. What is expected instead is a demand with some probability, of a size that the past tells; a step is as rare
as the probability of a demand times the share of demands that are as large:

    demand      ·  ·  3  ·  ·  ·  2  ·  ·  9        P(as large) = P(a demand) · P(as large | a demand)
                                        ▲

    R. H. Teunter, A. A. Syntetos & M. Z. Babai 2011: demand size and the probability of one, each followed by itself.

Shapes: ``B`` series, ``T`` steps, ``S`` series of a panel; NaN where nothing was observed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.evaluation.anomalies.calibration import FEWEST, calibrate
from forecast.evaluation.anomalies.settings import AnomalySettings

FloatArray = NDArray[np.float64]
LEAST_CYCLES = 4
"""Seasons of a series from which on it is known which of their steps are closed."""
RAREST = 1e-6
BELIEF = 5.0
"""Demands' worth of the belief that sizes are exponential, where fewer are known than a tail can be fitted to."""
LEAST = 0.05
"""No residual is nearer to nought than so many deviations, where a value is not what was expected."""
TABLE = np.geomspace(RAREST, 1.0, 400)
DEVIATIONS = np.array([-NormalDist().inv_cdf(share / 2) for share in TABLE])
"""How many standard deviations lie beyond so small a share of a normal distribution, on both sides."""


@dataclass(frozen=True, eq=False)
class Demand:
    """What the steps before each let expect, (B, T) each.

    Attributes:
        expected: the mean, sizes times chances.
        errors: how far off each step was, as if errors were normal, in standard deviations.
        chance: the probability of a demand.
    """

    expected: FloatArray
    errors: FloatArray
    chance: FloatArray


def beyond_normal(errors: FloatArray) -> FloatArray:
    """Returns the share of a normal distribution that lies as far off or farther, on both sides; NaN stays."""
    return np.asarray(np.exp(np.interp(np.abs(errors), DEVIATIONS[::-1], np.log(TABLE)[::-1])))


def is_intermittent(panel: Panel, seasons: Sequence[int], settings: AnomalySettings) -> NDArray[np.bool_]:
    """Returns which series are often 0 on steps that no season tells, (S,)."""
    result = np.zeros(len(panel), dtype=bool)
    if not panel.observed.any() or np.nanmin(panel.values) < 0:
        return result
    nought = np.concatenate([[0], np.cumsum(panel.values == 0)])[panel.offsets]
    known = np.concatenate([[0], np.cumsum(panel.observed)])[panel.offsets]
    shares = np.diff(nought) / np.maximum(np.diff(known), 1)
    for i in np.flatnonzero((shares >= settings.often_nought) & (shares < 1)).tolist():
        result[i] = _left_open(panel.series(i), seasons) >= settings.left_open * shares[i] * (1 - shares[i])
    return result


def _left_open(values: FloatArray, seasons: Sequence[int]) -> float:
    """Returns the variance of being 0 that the shortest season leaves open."""
    season = next((season for season in seasons if season > 1 and len(values) >= LEAST_CYCLES * season), 1)
    whole = values[len(values) % season :].reshape(-1, season)
    counts = np.maximum((~np.isnan(whole)).sum(axis=0), 1)
    shares = (whole == 0).sum(axis=0) / counts
    return float((counts * shares * (1 - shares)).sum() / counts.sum())


def demand_of(values: FloatArray, settings: AnomalySettings) -> Demand:
    """Returns what was expected of series of intermittent demand, how large ones are pooled over all, (B, T)."""
    chance, size = _followed(values, settings)
    expected = chance * np.nan_to_num(size)
    with np.errstate(invalid="ignore"):
        ratios = np.where(values > 0, values / size, np.nan)  # of the first demand, nothing is known
    tail = chance * np.where(np.isnan(ratios), 1.0, _as_large(ratios, settings))
    above = np.interp(np.log(np.maximum(tail, RAREST)), np.log(TABLE), DEVIATIONS)
    with np.errstate(invalid="ignore", divide="ignore"):
        below = np.sqrt(chance) * np.where(expected > 0, (expected - values) / expected, 0.0)
    errors = np.where(values > expected, np.maximum(above, LEAST), -np.maximum(below, 0.0))
    return Demand(expected, np.where(np.isnan(values), np.nan, errors), chance)


def _as_large(ratios: FloatArray, settings: AnomalySettings) -> FloatArray:
    """Returns the share of demands that are as large, beside the mean before each, (B, T); NaN stays.

    Few are held against one another and some more, whose sizes fall off as an exponential distribution's.
    """
    known = np.sort(ratios[~np.isnan(ratios)])
    if len(known) >= FEWEST:
        return calibrate(known, settings).rarity(ratios.ravel()).reshape(ratios.shape)
    others = len(known) - np.searchsorted(known, ratios, side="left") - 1
    return (others + BELIEF * np.exp(-np.maximum(ratios - 1, 0.0))) / (len(known) - 1 + BELIEF)


def _followed(values: FloatArray, settings: AnomalySettings) -> tuple[FloatArray, FloatArray]:
    """Returns the probability of a demand and its mean size as the steps before each tell them, (B, T); NaN before."""
    chance, size = np.full(len(values), 0.5), np.full(len(values), np.nan)
    seen, sold = np.zeros(len(values)), np.zeros(len(values))
    chances, sizes = np.empty(values.T.shape), np.empty(values.T.shape)
    for t, value in enumerate(np.ascontiguousarray(values.T)):
        chances[t], sizes[t] = chance, size
        known, sale = ~np.isnan(value), value > 0
        speed = np.maximum(settings.chance_speed, 1 / (seen + 3))  # at first the mean, beside one of two steps with one
        chance = np.where(known, chance + speed * (sale - chance), chance)
        believed = np.minimum(value, settings.clip * size)
        speed = np.maximum(settings.size_speed, 1 / (sold + 1))
        size = np.where(sale, np.where(sold > 0, size + speed * (believed - size), value), size)
        seen, sold = seen + known, sold + sale
    return chances.T, sizes.T
