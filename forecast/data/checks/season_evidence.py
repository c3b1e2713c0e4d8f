"""Evidence of a season: a regression on waves and its F test, for each series.

    log y or y  =  a + b t + c t²  +  waves of the season  +  level that may wander  +  noise

The rest is a local level: noise, a random walk, or any mixture, by the ratio of their variances (A. Harvey 1989,
Forecasting, Structural Time Series Models and the Kalman Filter, section 4.1). Waves fitted to a walk look like a
season where one takes its steps for independent; here they are judged by one-step errors. Both ratios, without waves
and with them, are chosen by (restricted) likelihood, and the ratio of these likelihoods is read as an F statistic. Of
noise, walks, mixtures and prices of 2 to 50 seasons it calls 0 to 2 % a season at a level of 1 % (3 % of two years of
weeks, 5 % of wild prices by the minute), next to none a strong one: ``benchmarks/tuning/season_rule.py``.

Shapes: ``S`` series of ``N`` steps each, ``P`` steps of a season, ``C`` columns of the regression, ``Q`` ratios.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from forecast.data.panel import FloatArray

RATIOS = np.array([0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 30.0])  # measured by benchmarks/tuning/season_rule.py
"""Variances of the level's steps over the noise's, that are tried."""
WAVES = 12  # measured by benchmarks/tuning/season_rule.py
"""A season is described by at most so many waves; that of weeks or days is smooth but for its feasts."""
MOST_STEPS, SHARE = 6_000, 4  # measured by benchmarks/tuning/season_rule.py
"""Of a longer series every so many steps are looked at, each with the first quarter of those up to the next as its
mean: means of whole blocks of a walk would move more smoothly than a walk (H. Working 1960)."""
MOST_SEASONS = 30  # measured by benchmarks/tuning/season_rule.py
"""The newest so many are looked at."""
TREND = 2  # measured by benchmarks/tuning/season_rule.py
"""Degree of the polynomial that is no season."""
LEAST_LEFT = 3  # measured by benchmarks/tuning/season_rule.py
"""Observations beyond the columns, without which noise can't be told."""
SIDE = 0.05  # measured by benchmarks/tuning/season_rule.py
"""Chance that what is true lies below an interval, and above it."""
HALVINGS = 40
TINY = 1e-12
"""Share of the squares that is rounding."""
LIBRARIES = ThreadpoolController()
"""Those that numpy calculates with; to look for them each time would take longer than a small regression."""


@dataclass(frozen=True)
class SeasonEvidence:
    """What one series says of one season.

    Attributes:
        p_value: chance of as much repetition where there is no season; 1 where nothing can be said.
        strength: share of the movement around the trend that the season explains, from 0 to 1.
        low: of that share, where it begins to be likely.
        high: and where it ends; 1 where nothing can be said.
    """

    p_value: float
    strength: float
    low: float
    high: float


UNKNOWN = SeasonEvidence(1.0, 0.0, 0.0, 1.0)
STILL = SeasonEvidence(1.0, 0.0, 0.0, 0.0)
"""Of a series that never changes."""


def season_evidence(series: Sequence[FloatArray], season: int) -> list[SeasonEvidence]:
    """Returns what each of some series says of a season.

    Args:
        series: each (n,), without NaN; one of less than two seasons says nothing.
        season: in steps.
    """
    found = [UNKNOWN] * len(series)
    groups: dict[int, list[int]] = {}
    for place, values in enumerate(series):
        if season > 1 and values.size >= 2 * season:
            groups.setdefault(min(values.size, MOST_SEASONS * season), []).append(place)
    with LIBRARIES.limit(limits=1, user_api="blas"):  # such small regressions wait for each other on several cores
        for length, places in groups.items():
            values = np.stack([series[place][-length:] for place in places])
            for place, one in zip(places, _judge_all(values, season), strict=True):
                found[place] = one
    return found


def _judge_all(values: FloatArray, season: int) -> list[SeasonEvidence]:
    """Returns what series of one length say, (S, n): by logarithms where these repeat themselves more clearly."""
    step = -(-values.shape[1] // MOST_STEPS)
    kept = values.shape[1] // step * step
    values = values[:, -kept:].reshape(len(values), -1, step)[:, :, : -(-step // SHARE)].mean(axis=2)
    least = values.min(axis=1)
    positive = np.flatnonzero(least > 0)
    both = np.concatenate([values, np.log(values[positive])])
    found = _regress(both, season / step)
    best = found[: len(values)]
    for place, logged in zip(positive, found[len(values) :], strict=True):
        own = best[place]
        better = logged if logged.p_value < own.p_value else own
        best[place] = SeasonEvidence(min(1.0, 2 * better.p_value), better.strength, better.low, better.high)
    return best


def _regress(values: FloatArray, season: float) -> list[SeasonEvidence]:
    """Returns what the regressions of series say, (S, N)."""
    count, steps = values.shape
    columns = _columns(steps, season)  # (N, C), the trend's first
    trend, waves = TREND, columns.shape[1] - TREND
    left = steps - 1 - columns.shape[1]
    if left < LEAST_LEFT:
        return [UNKNOWN] * count
    white, scale = _one_step_errors(np.column_stack([columns, values.T]))  # (Q, N - 1, C + S), (Q,)
    best: list[tuple[FloatArray, ...]] = []
    for ratio in range(len(RATIOS)):
        inputs, targets = white[ratio, :, : columns.shape[1]], white[ratio, :, columns.shape[1] :]
        basis, triangle = np.linalg.qr(inputs)
        told = basis.T @ targets  # (C, S)
        whole = (targets**2).sum(axis=0)
        without = np.maximum(whole - (told[:trend] ** 2).sum(axis=0), TINY * whole)
        rest = np.maximum(without - (told[trend:] ** 2).sum(axis=0), TINY * whole)
        size = 2 * np.log(np.abs(np.diag(triangle))).sum()
        plain = -(steps - 1) * _log(without) - scale[ratio]
        full = -(steps - 1) * _log(rest) - scale[ratio]
        restricted = -left * _log(rest) - scale[ratio] - size
        shape = np.linalg.solve(triangle, told)[trend:]  # of the season, (waves, S)
        best.append((plain, full, restricted, shape))
    plain, full, restricted = (np.stack([each[i] for each in best]) for i in range(3))  # (Q, S)
    chosen = restricted.argmax(axis=0)
    every = np.arange(count)
    gain = np.clip((full[chosen, every] - plain.max(axis=0)) / (steps - 1), 0, 700)
    statistic = np.expm1(gain) * left / waves
    shapes = np.stack([each[3] for each in best])[chosen, :, every].T  # (waves, S)
    fitted = columns[:, trend:] @ shapes  # (N, S)
    moved, noise = fitted.var(axis=0), _without_trend(values - fitted.T, season).var(axis=1) * steps / (left + 1)
    still = np.ptp(values, axis=1) <= TINY**0.5 * np.abs(values).max(axis=1)
    return [
        STILL if still[i] else _described(float(statistic[i]), waves, left, float(moved[i]), float(noise[i]))
        for i in range(count)
    ]


def _described(statistic: float, waves: int, left: int, moved: float, noise: float) -> SeasonEvidence:
    """Returns an F statistic as evidence.

    Args:
        statistic: of the season.
        waves: its degrees of freedom.
        left: those of the noise.
        moved: variance of the fitted season.
        noise: variance of what is left around the trend.
    """
    from scipy.special import fdtrc  # noqa: PLC0415 - it costs a fifth of a second to import, and `predict` needs none

    true = moved * max(1 - 1 / statistic, 0.0) if statistic > 0 else 0.0  # the rest of it is fitted noise
    noise = max(noise, TINY * moved, np.finfo(float).tiny)
    sides = (_excess(statistic, waves, left, chance) for chance in (1 - SIDE, SIDE))
    over = np.array([statistic - 1, *sides])
    by_noise = waves / (left + waves)  # of one-step errors
    shares = over * (true / noise / over[0] if over[0] > 0 and true > 0 else by_noise)
    strength, low, high = (float(share / (1 + share)) for share in np.maximum(shares, 0.0))
    return SeasonEvidence(float(fdtrc(waves, left, statistic)), strength, low, high)


def _excess(statistic: float, waves: int, left: int, chance: float) -> float:
    """Returns by how much an F statistic is expected above 1 where the chance of a smaller one is as given.

    Noncentral F by Patnaik's approximation (1949): so many times a central one of other degrees of freedom.
    """
    from scipy.special import fdtr  # noqa: PLC0415 - likewise

    lower, upper = 0.0, 4 * max(statistic, 1.0) * waves + 100.0
    for _ in range(HALVINGS):
        middle = (lower + upper) / 2
        degrees = (waves + middle) ** 2 / (waves + 2 * middle)
        is_likelier = fdtr(degrees, left, statistic * waves / (waves + middle)) > chance
        lower, upper = (middle, upper) if is_likelier else (lower, middle)
    return (lower + upper) / 2 / waves


def _log(squares: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.maximum(squares, np.finfo(float).tiny)))


def _columns(steps: int, season: float) -> FloatArray:
    """Returns the trend's columns and the waves of a season, (N, C)."""
    place = np.arange(steps)
    time = 2 * place / max(steps - 1, 1) - 1
    columns = [time**degree for degree in range(1, TREND + 1)]
    for number in range(1, min(int(season / 2 + 1e-9), WAVES) + 1):
        phase = 2 * np.pi * number * place / season
        columns.append(np.cos(phase))
        if 2 * number < season - 1e-9:
            columns.append(np.sin(phase))
    return np.stack(columns, axis=1)


def _one_step_errors(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Returns by how much a local level misses each next value, over the deviation expected: (N, C) -> (Q, N - 1, C).

    Also the sum of the logarithms of these expected variances, (Q,).
    """
    steps, width = columns.shape
    variance, expected, shares = 1 + RATIOS, [], []
    for _ in range(1, steps):
        expected.append(variance + 1)
        shares.append(variance / expected[-1])
        variance = variance * (1 - shares[-1]) + RATIOS
    deviations, gains = np.sqrt(np.stack(expected, axis=1)), np.stack(shares)[:, :, None]
    level = np.repeat(columns[None, 0], len(RATIOS), axis=0)
    errors = np.empty((steps - 1, len(RATIOS), width))
    for step in range(1, steps):
        missed = np.subtract(columns[step], level, out=errors[step - 1])
        level += gains[step - 1] * missed
    return errors.transpose(1, 0, 2) / deviations[:, :, None], 2 * np.log(deviations).sum(axis=1)


def _without_trend(values: FloatArray, season: float) -> FloatArray:
    """Returns series less the mean of the season around each step, (S, N); at the ends, less that of the end."""
    around = max(round(season), 1)
    sums = np.cumsum(np.pad(values - values.mean(axis=1, keepdims=True), ((0, 0), (1, 0))), axis=1)
    inner = (sums[:, around:] - sums[:, :-around]) / around
    before = around // 2
    trend = np.pad(inner, ((0, 0), (before, around - 1 - before)), mode="edge")
    return np.asarray(values - values.mean(axis=1, keepdims=True) - trend)
