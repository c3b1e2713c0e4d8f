"""The smoothed base: exponential smoothing as linear maps of the lookback, for a network to correct.

Holt and Winters' recursions are linear in the observations, so one run over the unit windows gives the map from
any window to its forecast. Many maps are tried on the training windows; their mean, weighted by how well each
did there, is one map again.

Shapes: ``B`` windows, ``L`` lookback, ``H`` horizon, ``K`` settings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.run import NO_CACHE, Cache

FloatArray = NDArray[np.float64]

SHARPNESS = 8.0  # measured by benchmarks/tuning/views.py
"""Power of the ratio to the best map's error by which a map loses weight."""


@dataclass(frozen=True)
class Smoothing:
    """How fast level, trend and season follow the data, each from 0 to 1.

    A damping of 0 means no trend; a season of 0 means one pattern, the mean over all seasons of the window.
    """

    level: float
    trend: float
    season: float
    damping: float


def smoothings(season: int) -> Iterator[Smoothing]:
    """Yields the settings that are tried."""
    for level in (0.03, 0.1, 0.2, 0.4, 0.6, 0.85):
        for seasonal in (0.0, 0.05, 0.15, 0.35, 0.6) if season > 1 else (0.0,):
            yield Smoothing(level, 0.0, seasonal, 0.0)
            for trend in (0.02, 0.1, 0.3):
                for damping in (0.9, 0.97):
                    yield Smoothing(level, trend, seasonal, damping)


def smoothing_maps(lookback: int, horizon: int, season: int) -> FloatArray:
    """Returns the maps of all ``smoothings``, in their order, (K, L, H)."""
    tried = list(smoothings(season))
    maps = np.empty((len(tried), lookback, horizon))
    for speed in {each.season for each in tried}:  # one at a time: a season of each map is large
        some = [number for number, each in enumerate(tried) if each.season == speed]
        maps[some] = maps_of([tried[number] for number in some], lookback, horizon, season)
    return maps


def maps_of(settings: Sequence[Smoothing], lookback: int, horizon: int, season: int) -> FloatArray:
    """Returns the maps (K, L, H) of the damped additive Holt-Winters method; all seasons must follow equally fast.

    l' = l + φb + α e;  b' = φb + α β e;  s' = s + γ (1 − α) e, where e = y − (l + φb + s)
    (Hyndman et al. 2008, *Forecasting with Exponential Smoothing*, section 2.5). Level, trend and season start
    from the first season of the window, or from its first two where it holds them.
    """
    window = np.eye(lookback)  # column t is the value at step t, as a combination of the window's values
    alpha, beta, phi = (
        np.array([getattr(each, name) for each in settings])[:, None] for name in ("level", "trend", "damping")
    )
    gamma = settings[0].season
    level, trend, pattern = _start(window, season)
    if gamma == 0 and season > 1:
        pattern = _mean_pattern(window, season)
    flat = window[:, : min(season, lookback)].mean(axis=1)
    level, trend = np.where(phi == 0, flat, level), np.where(phi == 0, 0.0, trend)  # (K, L)
    seasonal: list[FloatArray] = list(pattern)  # (L,) by phase at first, (K, L) once updated
    for t in range(lookback):
        expected = level + phi * trend
        error = window[:, t] - expected - seasonal[t % season]
        level = expected + alpha * error
        trend = phi * trend + alpha * beta * error
        if gamma > 0:
            seasonal[t % season] = seasonal[t % season] + gamma * (1 - alpha) * error
    growth = np.cumsum(phi ** np.arange(1, horizon + 1), axis=1)  # (K, H); 0 where there is no trend
    maps = np.empty((len(settings), lookback, horizon))
    for step in range(horizon):
        maps[:, :, step] = level + growth[:, step, None] * trend + seasonal[(lookback + step) % season]
    return maps


def _start(window: FloatArray, season: int) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
    """Returns the level just before the window, the trend a step, and the season's deviation by phase."""
    lookback = len(window)
    first = window[:, : min(season, lookback)]
    mean = first.mean(axis=1)
    if season == 1 or lookback < 2 * season:
        deviations = [first[:, p] - mean if p < first.shape[1] else np.zeros(lookback) for p in range(season)]
        return mean, np.zeros(lookback), deviations if season > 1 else [np.zeros(lookback)]
    second = window[:, season : 2 * season]
    trend = (second.mean(axis=1) - mean) / season
    deviations = [(first[:, p] - mean + second[:, p] - second.mean(axis=1)) / 2 for p in range(season)]
    return mean - trend * (season + 1) / 2, trend, deviations


def _mean_pattern(window: FloatArray, season: int) -> list[FloatArray]:
    """Returns each phase's mean deviation from its season's mean, over the whole seasons at the window's end."""
    lookback = len(window)
    seasons = max(1, lookback // season)
    if lookback < season:
        return [np.zeros(lookback)] * season
    recent = window[:, lookback - seasons * season :].reshape(lookback, seasons, season)
    deviations = (recent - recent.mean(axis=2, keepdims=True)).mean(axis=1)  # (L, season)
    shift = lookback % season
    return [deviations[:, (p - shift) % season] for p in range(season)]


def fit_smoothing(
    windows: FloatArray,
    futures: FloatArray,
    scales: FloatArray,
    season: int,
    cache: Cache = NO_CACHE,
    weights: FloatArray | None = None,
) -> FloatArray:
    """Returns the weighted mean of all maps, (L, H).

    Args:
        windows: (B, L) lookbacks of the training part.
        futures: (B, H) what came after each; NaN where nothing was observed.
        scales: (B, 1) what each window's errors are measured by.
        season: of the maps; 1 for none.
        cache: holds the maps that are tried.
        weights: (B, H) how much each value that came counts; None for 1.
    """
    known = ~np.isnan(futures)
    past, target = (windows / scales).astype(np.float32), (np.where(known, futures, 0.0) / scales).astype(np.float32)
    shape = (windows.shape[1], futures.shape[1], season)
    maps = cache.get("smoothing maps", shape, lambda: smoothing_maps(*shape), most=8)

    def loss(each: FloatArray) -> float:
        squares = np.where(known, past @ each.astype(np.float32) - target, 0) ** 2
        return float(squares.sum() if weights is None else (weights * squares).sum())

    losses = [loss(each) for each in maps]
    errors = np.sqrt(np.maximum(losses, 1e-12))
    shares = (errors.min() / errors) ** SHARPNESS
    return np.asarray(np.tensordot(shares / shares.sum(), maps, axes=1))
