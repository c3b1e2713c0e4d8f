"""Live scores: how good issued forecasts were, once the truth has arrived.

Shapes: ``P`` points.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import FloatArray, IntArray, Panel
from forecast.evaluation import metrics
from forecast.evaluation.distribution.quantile_metrics import MSIS_LEVEL, calibration_error, interval_scores, wql
from forecast.evaluation.live.points import LivePoints, with_naive
from forecast.models.forecaster import ends_of

ALL = "all"
RECENT_HORIZONS = 3
"""Drift and alarms are judged by the truths of so many horizons: as long as the backtest has folds by default."""
MOST_GROUPS = 4  # of steps


@dataclass(frozen=True)
class LiveScore:
    """The error of some issued forecasts; errors are in the target's unit, None where nothing can be said."""

    version: str  # such as v3, or all
    steps: str  # such as 1-3, or all
    issued: int
    points: int  # have come true: all numbers to the right stand on these
    origins: int
    rmse: float
    mae: float
    bias: float  # mean of forecast − truth: above zero where forecasts are too high
    coverage: Mapping[float, float | None]  # by level, share of truths inside the intervals
    naive_rmse: float | None  # of seasonal naive from the same origins
    skill: float | None  # 1 − rmse / naive_rmse, both on the points that seasonal naive could forecast
    wape: float | None
    relative_bias: float | None
    wql_of_bounds: float | None  # of the bounds of all levels, and the forecast as the median: all that was issued
    msis: float | None
    calibration_error_of_bounds: float | None


@dataclass(frozen=True, eq=False)
class OriginErrors:
    """The RMSE of each issued forecast over all series and the steps that have come true: ``K`` of them."""

    versions: IntArray  # (K,) numbers, ascending
    origins: IntArray  # (K,) ordinals, ascending within a version
    rmse: FloatArray  # (K,)
    naive_rmse: FloatArray  # (K,) of seasonal naive from the same origin; NaN where it knew nothing
    is_complete: NDArray[np.bool_]  # (K,) whether every point of it has come true


def score_live(points: LivePoints) -> tuple[LiveScore, ...]:
    """Returns the scores over all versions and of each version, over all steps and by group of steps.

    What has no point that came true has no score.
    """
    numbers = np.unique(points.versions[points.arrived])
    groups = step_groups(int(points.steps.max(initial=0)))
    chosen = [(ALL, np.ones(points.steps.shape, dtype=bool))]
    chosen += [(f"v{number}", points.versions == number) for number in numbers]
    scores = []
    for version, own in chosen:
        scores.append(_score(version, ALL, points.some(own)))
        for first, last in groups:
            name = f"{first}-{last}" if last > first else str(first)
            scores.append(_score(version, name, points.some(own & (points.steps >= first) & (points.steps <= last))))
    return tuple(score for score in scores if score is not None)


def score_recent(points: LivePoints, panel: Panel, season: int) -> LiveScore | None:
    """Returns the score of what came true of late, whichever version issued it; None where nothing has.

    Of late are the newest times that had a forecast, as many as three horizons have steps.
    """
    arrived = points.some(points.arrived)
    times = arrived.origins + arrived.steps
    newest = np.unique(times)[-RECENT_HORIZONS * int(points.steps.max(initial=1)) :]
    recent = arrived.some(np.isin(times, newest))
    return _score(ALL, ALL, with_naive(recent, panel, season)) if recent.steps.size else None


def errors_by_origin(points: LivePoints) -> OriginErrors:
    """Returns the error of each issued forecast of which a point has come true."""
    keys, group = np.unique([points.versions, points.origins], axis=1, return_inverse=True)
    arrived = points.arrived
    counts = np.bincount(group[arrived], minlength=keys.shape[1])
    some = counts > 0

    def rmse(forecasts: FloatArray) -> FloatArray:
        squared = np.bincount(group[arrived], ((points.truths - forecasts) ** 2)[arrived], minlength=keys.shape[1])
        return np.asarray(np.sqrt(squared[some] / counts[some]))

    is_complete = counts == np.bincount(group, minlength=keys.shape[1])
    versions, origins = keys[:, some]
    return OriginErrors(versions, origins, rmse(points.forecasts), rmse(points.naive), is_complete[some])


def step_groups(horizon: int) -> list[tuple[int, int]]:
    """Returns the first and last steps of up to four groups of about the same size."""
    groups = np.array_split(np.arange(1, horizon + 1), min(MOST_GROUPS, max(horizon, 1)))
    return [(int(group[0]), int(group[-1])) for group in groups if group.size]


def _msis(points: LivePoints) -> float:
    """Returns the mean over series of the mean interval score at 95 % over the naive scale; see ``msis``."""
    if MSIS_LEVEL not in points.levels:
        return float("nan")
    scores = interval_scores(points.truths, *points.bounds_of(MSIS_LEVEL))
    each = scores / np.where(points.scales > 0, points.scales, np.nan)
    known = ~np.isnan(each)
    counts = np.bincount(points.series[known])
    sums = np.bincount(points.series[known], each[known])
    return float((sums[counts > 0] / counts[counts > 0]).mean()) if known.any() else float("nan")


def _issued_quantiles(points: LivePoints) -> tuple[tuple[float, ...], FloatArray]:
    """Returns the probabilities and quantiles, (Q, P), of what was issued: bounds, and the forecast as the median.

    A level that most forecasts were issued without is left out, so that these are scored by the others.
    """
    found = {0.5: points.forecasts}
    many = {level: int((~np.isnan(points.bounds_of(level)[0])).sum()) for level in points.levels}
    for level, count in many.items():
        if 2 * count > max(many.values()):
            found |= dict(zip(ends_of(level), points.bounds_of(level), strict=True))
    if len(found) == 1:
        found |= {0.5: np.full_like(points.forecasts, np.nan)}  # no bounds at all, so no distribution
    return tuple(found), np.stack(list(found.values()))


def _score(version: str, steps: str, points: LivePoints) -> LiveScore | None:
    arrived = points.some(points.arrived)
    count = arrived.truths.size
    if count == 0:
        return None
    truths = arrived.truths
    probabilities, quantiles = _issued_quantiles(arrived)
    common = ~np.isnan(arrived.naive)
    naive_rmse = metrics.rmse(truths[common], arrived.naive[common])
    return LiveScore(
        version=version,
        steps=steps,
        issued=points.steps.size,
        points=count,
        origins=np.unique(arrived.origins).size,
        rmse=metrics.rmse(truths, arrived.forecasts),
        mae=metrics.mae(truths, arrived.forecasts),
        bias=metrics.bias(truths, arrived.forecasts),
        coverage={level: metrics.known(metrics.coverage(truths, *arrived.bounds_of(level))) for level in points.levels},
        naive_rmse=metrics.known(naive_rmse),
        skill=1 - metrics.rmse(truths[common], arrived.forecasts[common]) / naive_rmse if naive_rmse > 0 else None,
        wape=metrics.known(metrics.wape(truths, arrived.forecasts)),
        relative_bias=metrics.known(metrics.relative_bias(truths, arrived.forecasts)),
        wql_of_bounds=metrics.known(wql(truths, quantiles, probabilities)),
        msis=metrics.known(_msis(arrived)),
        calibration_error_of_bounds=metrics.known(calibration_error(truths, quantiles, probabilities)),
    )
