"""The distribution of counts that earlier forecasts of a model speak for: see ``counts``.

Shapes: ``R`` records, ``S`` series, ``H`` horizon, ``N`` values.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from forecast.data.checks.demand import INTERVAL
from forecast.data.panel import IntArray
from forecast.evaluation.distribution.counts import LEAST_RATE, MOST_RATE, CountShape
from forecast.evaluation.distribution.difficulty import FEATURES, Difficulty
from forecast.evaluation.distribution.distribution import Distribution, ErrorRecord, fit_distribution
from forecast.evaluation.distribution.paths import fit_dependence
from forecast.evaluation.distribution.shape import GRID, FloatArray, normal_scores, weighted_quantiles
from forecast.evaluation.distribution.spread import Hardness, Spread

USUAL_SIZES = (0.25, 0.5, 1.0, 2.25)  # measured by benchmarks/tuning/intermittent.py
"""Sizes of demands over their mean, before any is known."""
SIZES_BELIEF = 20.0  # measured by benchmarks/tuning/intermittent.py
"""Demands for which they count."""
CHANCE_BELIEF = 5.0  # measured by benchmarks/tuning/intermittent.py
"""Steps for which demands count that come as a Poisson process does."""
ROUNDS = 12
MOST_EVENTS = 60_000
WHOLE = 1e-9


def fit_count_distribution(
    records: Sequence[ErrorRecord], series_ids: tuple[str, ...], memories: FloatArray | None = None
) -> Distribution | None:
    """Returns the distribution of counts that earlier forecasts speak for; None where there are none.

    Args:
        records: forecasts of the same model at several origins, whose difficulty tells of demands.
        series_ids: (S,).
        memories: what the past of few series says of how long shocks last, see ``memory_likelihoods``.
    """
    if not records:
        return None
    points, truths = (np.stack([getattr(record, name) for record in records]) for name in ("point", "truth"))
    counts = fit_counts(points, truths, [record.difficulty for record in records])
    if counts is None:
        return None
    each = zip(records, points, truths, strict=True)
    scores = np.stack([counts.scores(mean, counts.size_of(own.difficulty)[:, None], came) for own, mean, came in each])
    folds = np.array([record.fold for record in records])
    series_folds = float(sum((~np.isnan(truths[folds == fold])).any(axis=(0, 2)).sum() for fold in set(folds.tolist())))
    return Distribution(
        "level",
        0.0,
        Spread(np.zeros(len(FEATURES)), np.zeros(len(FEATURES)), np.zeros(points.shape[2])),
        GRID,
        normal_scores(GRID),
        series_ids,
        Hardness(np.ones(len(series_ids)), np.ones((len(series_ids), 1))),
        fit_dependence(scores, folds, series_folds, memories),
        counts=counts,
    )


def fit_mixed_distribution(
    records: Sequence[ErrorRecord],
    series_ids: tuple[str, ...],
    season: int,
    *,
    nonnegative: bool,
    few: float | None = 0.0,
    levels: IntArray | None = None,
    memories: FloatArray | None = None,
) -> Distribution | None:
    """Returns the distribution of all series: counts of those that sell now and then, errors of all others.

    Args:
        records: forecasts at several origins, whose difficulty tells of the demands of the former alone.
        series_ids: (S,).
        season: by whose phases series may be harder.
        nonnegative: whether no series ever was below zero.
        few: pieces a step up to which series are among the former, see ``counted_series``; None where most are among
            the latter, see ``rare_series``.
        levels: (S,), of a hierarchy; None where no series is a sum of others.
        memories: what the past of few series says of how long shocks last, see ``memory_likelihoods``.
    """
    fit = partial(fit_distribution, nonnegative=nonnegative, levels=levels, memories=memories)
    if levels is None and all(own.difficulty.has_demands.all() for own in records):
        return fit_count_distribution(records, series_ids, memories)
    rare = fit_rare_leaves(records)
    if rare is None:
        return fit(records, series_ids, season)
    counted = np.stack([rare.scores_of(own.point, own.truth, own.difficulty) for own in records])
    which = [own.difficulty.has_demands[:, None] for own in records]
    pairs = list(zip(records, which, strict=True))
    others = [replace(own, truth=np.where(has, np.nan, own.truth)) for own, has in pairs]
    told = fit(others, series_ids, season, counted=counted)
    if told is None and levels is None:  # nothing came of the others
        rest = [replace(own, truth=np.where(has, own.truth, np.nan)) for own, has in pairs]
        return fit_count_distribution(rest, series_ids, memories)
    return told and replace(told, rare=replace(rare, interval=INTERVAL, few=few or 0.0, are_lone=few is None))


def fit_rare_leaves(records: Sequence[ErrorRecord]) -> CountShape | None:
    """Returns how what comes of series that have counts lies around its mean; None where none sold."""
    told = [own for own in records if (own.truth[own.difficulty.has_demands] > 0).any()]
    if not told:
        return None
    points = np.stack([np.where(own.difficulty.has_demands[:, None], own.point, np.nan) for own in told])
    return fit_counts(points, np.stack([own.truth for own in told]), [own.difficulty for own in told])


def fit_counts(points: FloatArray, truths: FloatArray, difficulties: Sequence[Difficulty]) -> CountShape | None:
    """Returns what earlier forecasts speak for; None where nothing has come true.

    Args:
        points: (R, S, H), of means.
        truths: (R, S, H); NaN where nothing is known.
        difficulties: R, of the origins.
    """
    known = ~np.isnan(truths) & ~np.isnan(points)
    if not known.any():
        return None
    told = np.stack([each.demands for each in difficulties if each.demands is not None])  # (R, 2, S)
    of_each = told[:, 1] / np.maximum(told[:, 0], 1)
    usual = float(np.median(of_each[told[:, 0] > 0])) if (told[:, 0] > 0).any() else 1.0
    size = np.broadcast_to(((told[:, 1] + usual) / (told[:, 0] + 1))[..., None], truths.shape)
    mean, size, came = points[known], size[known], truths[known]
    stride = max(1, len(came) // MOST_EVENTS)
    mean, size, came = mean[::stride], size[::stride], came[::stride]
    start, slope = _chance(np.log(np.clip(mean / size, LEAST_RATE, MOST_RATE))[mean > 0], came[mean > 0] > 0)
    blank = CountShape(usual, start, slope, np.ones(len(GRID)), is_whole=False)
    sells = (came > 0) & (mean > 0)
    ratios = came[sells] * (1 - blank.nothing(mean[sells], size[sells])) / mean[sells]
    whole = bool((np.abs(truths[known] - np.round(truths[known])) < WHOLE).all())
    values = np.concatenate([ratios, USUAL_SIZES])
    weights = np.concatenate([np.ones(len(ratios)), np.full(len(USUAL_SIZES), SIZES_BELIEF / len(USUAL_SIZES))])
    sizes = weighted_quantiles(values, weights, GRID)
    return CountShape(usual, start, slope, sizes / _mean_of(sizes), whole)


def _mean_of(sizes: FloatArray) -> float:
    """Returns the mean of a distribution that is kept at ``GRID`` and interpolated."""
    ends = np.concatenate([[0.0], GRID, [1.0]])
    values = np.concatenate([sizes[:1], sizes, sizes[-1:]])
    return float(np.maximum((np.diff(ends) * (values[1:] + values[:-1]) / 2).sum(), 1e-12))


def _chance(rates: FloatArray, sells: NDArray[np.bool_]) -> tuple[float, float]:
    """Returns the start and the slope of the chance of a demand, by Newton's steps of its likelihood, drawn to 0 and 1.

    Args:
        rates: (N,), logarithms of means over sizes.
        sells: (N,), where something came.
    """
    inputs, found, prior = np.column_stack([np.ones(len(rates)), rates]), np.array([0.0, 1.0]), np.array([0.0, 1.0])
    for _ in range(ROUNDS):
        pressure = np.exp(np.clip(inputs @ found, -30, 3.5))
        none = np.exp(-pressure)
        some = np.maximum(1 - none, 1e-12)
        gradient = inputs.T @ (pressure * (sells / some - 1)) - CHANCE_BELIEF * (found - prior)
        curve = (inputs * (pressure**2 * none / some)[:, None]).T @ inputs + CHANCE_BELIEF * np.eye(2)
        found = found + np.clip(np.linalg.solve(curve, gradient), -1, 1)
    return float(found[0]), float(max(found[1], 0.05))
