"""The scores of the benchmark, written from their definitions and sharing no code with the product they judge.

A NaN truth is not scored. Shapes: ``N`` steps before an origin, ``H`` steps after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

NAIVE2_ON_M4_HOURLY = (18.383, 2.395)
"""sMAPE and MASE of Naive2, as the M4 competition published them: what its OWA divides by."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was known of a series, what came, and what was forecast."""

    history: FloatArray  # N
    truth: FloatArray  # H
    forecast: FloatArray  # H


@dataclass(frozen=True)
class Scores:
    """The errors of one contender on one set; means are over outcomes, as the competitions take them."""

    smape: float
    mase: float
    rmse_pooled: float
    rmse_mean: float

    def owa(self, naive2: tuple[float, float]) -> float:
        """Returns M4's overall weighted average, 1 being as good as Naive2."""
        return (self.smape / naive2[0] + self.mase / naive2[1]) / 2


def score(outcomes: Sequence[Outcome], season: int) -> Scores:
    """Returns the scores over all outcomes.

    Raises:
        ValueError: a truth has no finite forecast.
    """
    lost = sum(int((~np.isnan(o.truth) & ~np.isfinite(o.forecast)).sum()) for o in outcomes)
    if lost:
        raise ValueError(f"{lost} of {sum(int((~np.isnan(o.truth)).sum()) for o in outcomes)} truths have no forecast")
    some = [outcome for outcome in outcomes if not np.isnan(outcome.truth).all()]
    squares = [_observed((o.truth - o.forecast) ** 2) for o in some]
    return Scores(
        smape=float(np.mean([_smape(o) for o in some])),
        mase=float(np.nanmean([_mase(o, season) for o in some])),
        rmse_pooled=float(np.sqrt(np.concatenate(squares).mean())),
        rmse_mean=float(np.mean([np.sqrt(own.mean()) for own in squares])),
    )


def _observed(values: FloatArray) -> FloatArray:
    return np.asarray(values[~np.isnan(values)])


def _smape(outcome: Outcome) -> float:
    """Returns the mean of 200·|y − f| / (|y| + |f|); two zeros are no error."""
    error, size = np.abs(outcome.truth - outcome.forecast), np.abs(outcome.truth) + np.abs(outcome.forecast)
    return float(_observed(200 * error / np.where(size == 0, 1, size)).mean())


def _mase(outcome: Outcome, season: int) -> float:
    """Returns the mean absolute error over the history's mean seasonal difference; NaN where that is zero."""
    history = outcome.history
    lag = season if len(history) > season else 1
    scale = _observed(np.abs(history[lag:] - history[:-lag]))
    if scale.size == 0 or scale.mean() == 0:
        return float("nan")
    return float(_observed(np.abs(outcome.truth - outcome.forecast)).mean() / scale.mean())


def seasonal_naive(history: FloatArray, horizon: int, season: int) -> FloatArray:
    """Returns the last season again and again, or the last value of a history shorter than one; no NaN in."""
    period = season if len(history) >= season else 1
    return history[len(history) - period + np.arange(horizon) % period]


def geometric_mean(ratios: Sequence[float]) -> float:
    """Returns the n-th root of the product of n ratios."""
    return float(np.exp(np.mean(np.log(ratios))))
