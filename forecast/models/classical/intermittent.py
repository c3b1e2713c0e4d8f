"""Rules for demand that comes now and then: SBA, TSB, ADIDA and IMAPA, of all series of one length at once.

    J. D. Croston 1972; A. A. Syntetos & J. E. Boylan 2005: SBA, demand size over interval, less Croston's bias.
    R. H. Teunter, A. A. Syntetos & M. Z. Babai 2011: TSB, demand size times the probability of one, which decays.
    K. Nikolopoulos et al. 2011: ADIDA, smoothing of sums over as many steps as usually lie between two demands.
    F. Petropoulos & N. Kourentzes 2015: IMAPA, the mean of ADIDA over all sums of so many steps and fewer.

Each is one number for all steps of the horizon; a series without a demand has 0.

Shapes: ``B`` series of one length, ``T`` steps, ``S`` series, ``H`` horizon.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import by_length

FloatArray = NDArray[np.float64]
GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class IntermittentSettings:
    """The numbers of these rules, those of their papers and of statsforecast.

    Attributes:
        history: steps that are looked at.
        speed: by which SBA's sizes and intervals follow,
        size_speed, chance_speed: and TSB's sizes and probabilities.
        debias: SBA's factor, one minus half of its speed.
        slowest, fastest: between these lies the speed by which ADIDA's and IMAPA's sums follow, as erred least.
        rounds: of the search for it.
        tie: squared errors that differ by no larger a share of the values' squares are alike.
    """

    history: int = 1000
    speed: float = 0.1
    size_speed: float = 0.2
    chance_speed: float = 0.2
    debias: float = 0.95
    slowest: float = 0.1
    fastest: float = 0.3
    rounds: int = 20
    tie: float = 1e-12


def intermittent(rule: str, panel: Panel, horizon: int, settings: IntermittentSettings) -> FloatArray:
    """Returns the forecasts of a rule by its name, (S, H).

    Args:
        rule: ``sba``, ``tsb``, ``adida`` or ``imapa``.
        panel: ends at the origin; gaps are filled.
        horizon: ``H``.
        settings: of the rules.
    """
    rates = np.zeros(len(panel))
    for which, values in by_length(panel):
        if values.shape[1]:
            rates[which] = RULES[rule](values[:, -settings.history :], settings)
    return np.repeat(rates[:, None], horizon, axis=1)


def sba(values: FloatArray, settings: IntermittentSettings) -> FloatArray:
    """Returns what Croston's method forecasts, less its bias, (B, T) -> (B,)."""
    size, interval, since = np.zeros(len(values)), np.zeros(len(values)), np.zeros(len(values))
    for value in values.T:
        since, sells = since + 1, value > 0
        is_first = interval == 0
        size = np.where(sells, np.where(is_first, value, size + settings.speed * (value - size)), size)
        follows = interval + settings.speed * (since - interval)
        interval = np.where(sells, np.where(is_first, since, follows), interval)
        since = np.where(sells, 0, since)
    return settings.debias * size / np.maximum(interval, 1)


def tsb(values: FloatArray, settings: IntermittentSettings) -> FloatArray:
    """Returns the size of a demand times the probability of one, which every step updates, (B, T) -> (B,)."""
    size = np.zeros(len(values))
    chance = (values[:, 0] > 0).astype(float)
    for step, value in enumerate(values.T):
        sells = value > 0
        size = np.where(sells, np.where(size == 0, value, size + settings.size_speed * (value - size)), size)
        if step:
            chance = chance + settings.chance_speed * (sells - chance)
    return np.asarray(size * chance)


def adida(values: FloatArray, settings: IntermittentSettings) -> FloatArray:
    """Returns the smoothed sum over the usual interval between two demands, a step's share of it, (B, T) -> (B,)."""
    found, levels = np.zeros(len(values)), _usual_interval(values)
    for level in np.unique(levels[levels > 0]).tolist():
        own = levels == level
        found[own] = _smoothed_sums(values[own], level, settings)
    return found


def imapa(values: FloatArray, settings: IntermittentSettings) -> FloatArray:
    """Returns the mean over all sums of up to the usual interval of ``adida``'s forecasts, (B, T) -> (B,)."""
    found, levels = np.zeros(len(values)), _usual_interval(values)
    for level in range(1, int(levels.max(initial=0)) + 1):
        own = levels >= level
        found[own] += _smoothed_sums(values[own], level, settings)
    return found / np.maximum(levels, 1)


RULES: Mapping[str, Callable[[FloatArray, IntermittentSettings], FloatArray]] = {
    "sba": sba,
    "tsb": tsb,
    "adida": adida,
    "imapa": imapa,
}


def _usual_interval(values: FloatArray) -> NDArray[np.int64]:
    """Returns the mean interval between demands, a whole number of steps; 0 of a series without one, (B, T) -> (B,)."""
    sells = values > 0
    count, last = sells.sum(axis=1), values.shape[1] - np.argmax(sells[:, ::-1], axis=1)
    return np.where(count > 0, np.maximum(np.round(last / np.maximum(count, 1)), 1), 0).astype(np.int64)


def _smoothed_sums(values: FloatArray, level: int, settings: IntermittentSettings) -> FloatArray:
    """Returns the forecast of sums over so many steps by simple exponential smoothing, over as many, (B, T) -> (B,)."""
    whole = values.shape[1] // level
    sums = values[:, values.shape[1] - whole * level :].reshape(len(values), whole, level).sum(axis=2)
    low, high = np.full(len(values), settings.slowest), np.full(len(values), settings.fastest)
    for _ in range(settings.rounds):  # golden section, all series at once
        width = GOLDEN * (high - low)
        inner, outer = high - width, low + width
        gain = _smooth(sums, outer)[1] - _smooth(sums, inner)[1]
        is_tie = np.abs(gain) <= settings.tie * (sums**2).sum(axis=1)  # of one or two sums: from both sides
        low, high = np.where((gain > 0) & ~is_tie, low, inner), np.where((gain < 0) & ~is_tie, high, outer)
    return _smooth(sums, (low + high) / 2)[0] / level


def _smooth(sums: FloatArray, speed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Returns the level at the end and the sum of squared errors one step ahead, (B, T) and (B,) -> (B,) each."""
    level, squares = sums[:, 0], np.zeros(len(sums))
    for value in sums.T[1:]:
        error = value - level
        level, squares = level + speed * error, squares + error**2
    return level, squares
