"""How well the distributions of totals hold: of each series over the horizon, and of all series at each step.

Sums of joint paths are scored against sums of what came, on folds that did not calibrate them.

Shapes: ``K`` folds, ``N`` paths, ``S`` series, ``H`` horizon.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.distribution.probabilistic_forecast import ProbabilisticForecast
from forecast.evaluation.distribution.quantile_metrics import DECILES, wql
from forecast.evaluation.metrics import coverage
from forecast.evaluation.summary import Total, TotalRow
from forecast.models.forecaster import ends_of

FloatArray = NDArray[np.float64]

Scored = tuple[FloatArray, FloatArray]
PATHS = 200
"""Joint futures by which a total is scored."""


def total_rows(
    model: str, truths: FloatArray, forecasts: Sequence[ProbabilisticForecast | None], levels: Sequence[float]
) -> Iterator[TotalRow]:
    """Yields the rows of a model; none where no fold has a distribution.

    Args:
        model: its name.
        truths: (K, S, H); NaN is left out of truth and forecast alike.
        forecasts: (K,), the distribution of each fold.
        levels: of the intervals, in per cent.
    """
    wanted = tuple(sorted({*DECILES, *(end for level in levels for end in ends_of(level))}))
    folds = [_totals(truth, own) for truth, own in zip(truths, forecasts, strict=True) if own]
    if not folds:
        return
    kinds: tuple[Total, ...] = ("horizon", "all series") if truths.shape[1] > 1 else ("horizon",)
    for kind, parts in zip(kinds, zip(*folds, strict=True), strict=False):
        truth = np.concatenate([truth for truth, _ in parts])
        quantiles = np.concatenate([np.quantile(paths, wanted, axis=0) for _, paths in parts], axis=1)
        known = ~np.isnan(truth) & ~np.isnan(quantiles[0])
        loss = wql(truth[None, :, None], quantiles[:, None, :, None], wanted)
        for level in levels:
            lower, upper = (quantiles[wanted.index(end)] for end in ends_of(level))
            if known.any():
                yield TotalRow(model, kind, level, coverage(truth, lower, upper), int(known.sum()), loss)


def _totals(truth: FloatArray, forecast: ProbabilisticForecast) -> tuple[Scored, Scored]:
    """Returns the true total and those of the paths, of each series, (S,) and (N, S), and of all, (H,) and (N, H)."""
    known = ~np.isnan(truth)
    own, every = np.empty((PATHS, len(truth))), np.zeros((PATHS, truth.shape[1]))
    adds = forecast.sums.tree.is_leaf if forecast.sums else np.ones(len(truth), dtype=bool)
    for i, paths in enumerate(forecast.paths(PATHS)):
        counted = np.where(known[i], paths, 0.0)
        own[:, i] = counted.sum(axis=1)
        every += np.nan_to_num(counted) * adds[i]
    has_own, has_every = known.any(axis=1) & ~np.isnan(own[0]), known.any(axis=0)
    filled = np.where(known, truth, 0.0)
    everything = filled[~np.isnan(own[0]) & adds].sum(axis=0)
    return (
        (np.where(has_own, filled.sum(axis=1), np.nan), own),
        (np.where(has_every, everything, np.nan), every),
    )
