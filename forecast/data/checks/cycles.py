"""What a series does at the same place of every season, and how much of its movement that explains.

Shapes: ``N`` steps of one series, ``C`` whole seasonal cycles, ``P`` steps of one season.
"""

from collections.abc import Sequence

import numpy as np

from forecast.data.panel import FloatArray

LEAST_CYCLES = 4  # a median over fewer would be the noise itself
SIGNIFICANT = 1.645  # of the autocorrelation at the season, as in the M4 competition's test for seasonality


def without_cycles(values: FloatArray, seasons: Sequence[int]) -> FloatArray:
    """Returns the series with its seasons taken out, shortest first, (N,): by ratios where all values are above zero.

    The season is the median of each of its places around a moving mean, so single outliers don't touch it.

    Args:
        values: (N,), without NaN.
        seasons: In steps; those of which there are fewer than four whole cycles are left in.
    """
    positive = bool(values.min() > 0)
    for season in sorted(seasons):
        cycles = values.size // season
        if season < 2 or cycles < LEAST_CYCLES:
            continue
        moving = _around_trend(values, season, positive)
        typical = np.median(moving[: cycles * season].reshape(cycles, season), axis=0)  # (C, P) -> (P,)
        typical = typical / typical.mean() if positive else typical - typical.mean()
        repeated = np.resize(typical, values.size)
        values = values / repeated if positive else values - repeated
    return values


def seasonal_strength(values: FloatArray, season: int) -> float:
    """Returns the share of the movement around the trend that the season explains, from 0 to 1.

    It is 0 where the autocorrelation at the season is not significant. Strength: Hyndman and Athanasopoulos,
    Forecasting: Principles and Practice, section 4.3; test: Makridakis et al., The M4 Competition (2020).

    Args:
        values: (N,), without NaN; of fewer than two and a half cycles nothing can be said.
        season: In steps.
    """
    cycles = values.size // season
    if season < 2 or values.size < 2.5 * season:
        return 0.0
    moving = _around_trend(values, season, bool(values.min() > 0))
    if not _is_significant(moving, season):
        return 0.0
    whole = moving[: cycles * season].reshape(cycles, season)
    rest = whole - whole.mean(axis=0)
    freedom = cycles / (cycles - 1)  # so that noise seen twice is no season
    return float(np.clip(1 - freedom * rest.var() / max(whole.var(), np.finfo(float).tiny), 0, 1))


def _around_trend(values: FloatArray, season: int, positive: bool) -> FloatArray:
    """Returns the series over its trend where all is positive, else less it, (N,); trend: the mean of a season."""
    totals = np.concatenate([[0.0], np.cumsum(values - values.mean())])
    inner = (totals[season:] - totals[:-season]) / season + values.mean()
    before = season // 2
    trend = np.pad(inner, (before, season - 1 - before), mode="edge")
    return np.asarray(values / trend if positive else values - trend)


def _is_significant(moving: FloatArray, season: int) -> bool:
    centred = moving - moving.mean()
    power = np.abs(np.fft.rfft(centred, 2 * centred.size)) ** 2
    correlations = np.fft.irfft(power)[: season + 1]
    if correlations[0] <= np.finfo(float).eps * max(float((moving**2).sum()), np.finfo(float).tiny):
        return False
    correlations = correlations / correlations[0]
    limit = SIGNIFICANT * np.sqrt((1 + 2 * (correlations[1:season] ** 2).sum()) / centred.size)
    return bool(season < centred.size and correlations[season] > limit)
