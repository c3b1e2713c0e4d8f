"""Significance of a difference between two models (Diebold & Mariano), and forecasts that are but the last value.

Shapes: ``K`` folds one horizon apart, ``S`` series, ``H`` horizon.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast.wording import gap_percent

Standing = Literal["tie", "unproven", "untold", "behind"]
FloatArray = NDArray[np.float64]

LEVEL = 0.05
"""A difference with a p-value above this may be chance."""
LEAST_BLOCKS = 8
"""Series and folds from which on they tell more of chance than the steps in time do."""
TIE_WITHIN = 0.05
"""Two models whose RMSE differ by more than this share are no tie, however little the data can prove of it."""
DISGUISE = 0.1
"""A forecast nearer to the last value than this share of the last value's own error adds nothing to it."""


def diebold_mariano(truths: FloatArray, first: FloatArray, second: FloatArray) -> float:
    """Returns the two-sided p-value that two models' squared errors have the same mean.

    The difference of losses is averaged over series at each step in time; its variance counts autocorrelation up
    to one horizon (Bartlett weights), and the statistic has the small-sample correction of Harvey, Leybourne &
    Newbold 1997 to Diebold & Mariano 1995, eq. 9, with a t distribution.

    Args:
        truths: (K, S, H); NaN is not scored.
        first: (K, S, H) forecasts of one model.
        second: (K, S, H) forecasts of the other.

    Returns:
        1 where the models agree everywhere; NaN where fewer than four steps are scored, or no more than one horizon:
        errors of one origin come and go together, and say nothing of another.
    """
    differences = (truths - first) ** 2 - (truths - second) ** 2
    known = ~np.isnan(differences)
    counts = known.sum(axis=1)  # (K, S, H) -> (K, H)
    sums = np.where(known, differences, 0.0).sum(axis=1)
    series = (sums[counts > 0] / counts[counts > 0]).ravel()  # in the order of time
    n = len(series)
    if n < 4:
        return float("nan")
    mean, centred = series.mean(), series - series.mean()
    horizon = truths.shape[-1]
    shrunk = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    if shrunk <= 0:
        return float("nan")
    reach = max(1, min(horizon - 1, n // 3))
    weights = 1 - np.arange(1, reach + 1) / (reach + 1)
    covariances = np.array([(centred[lag:] * centred[:-lag]).sum() / n for lag in range(1, reach + 1)])
    variance = ((centred**2).mean() + 2 * (weights * covariances).sum()) / n
    if variance <= 0:
        return 1.0 if mean == 0 else 0.0
    statistic = abs(mean) / np.sqrt(variance) * np.sqrt(shrunk)
    return _two_sided(n - 1, statistic)


def paired_blocks(truths: FloatArray, first: FloatArray, second: FloatArray) -> float:
    """Returns the two-sided p-value that two models err alike, from the errors of each series in each fold.

    Student's t test of the logarithms of the ratios of their RMSE, one a block (K, S): for the same model with and
    without something, where steps in time are few and series tell more.

    Args:
        truths: (K, S, H); NaN is not scored.
        first: (K, S, H) forecasts of one model.
        second: (K, S, H) forecasts of the other.

    Returns:
        1 where the models agree everywhere; NaN where fewer than ``LEAST_BLOCKS`` are scored.
    """
    known = ~np.isnan(truths)
    scored = known.any(axis=2)
    squares = [np.where(known, (truths - each) ** 2, 0.0).sum(axis=2)[scored] for each in (first, second)]
    n = int(scored.sum())
    if n < LEAST_BLOCKS:
        return float("nan")
    tiny = 1e-12 * max(float(np.max(squares)), 1e-300)
    ratios = 0.5 * (np.log(squares[0] + tiny) - np.log(squares[1] + tiny))
    error = ratios.std(ddof=1) / np.sqrt(n)
    if error == 0:
        return 1.0 if ratios.mean() == 0 else 0.0
    return _two_sided(n - 1, abs(ratios.mean()) / error)


def doubt(truths: FloatArray, first: FloatArray, second: FloatArray) -> float:
    """Returns the larger p-value of ``paired_blocks`` and ``diebold_mariano``; NaN where neither can tell.

    Series that share what moves them are not many witnesses, and few steps in time may miss what all series show.

    Args:
        truths: (K, S, H); NaN is not scored.
        first: (K, S, H) forecasts of one model.
        second: (K, S, H) forecasts of the other.
    """
    ps = [test(truths, first, second) for test in (paired_blocks, diebold_mariano)]
    return max((p for p in ps if not np.isnan(p)), default=float("nan"))


def gap_below(best: float, other: float) -> float:
    """Returns by what share the lower of two RMSE is below the other: 0 for equal ones, less than 1."""
    return 1 - best / other if other > best else 0.0


def gap_words(best: float, other: float) -> str:
    """Returns the same in words, for the verdict and the notes of a table alike: ``9.9 % below``."""
    share = gap_below(best, other)
    return f"{gap_percent(share)} below" if share else "level with"


def chance_words(p: float) -> str:
    """Returns a p-value, for the verdict and the notes of a table alike: ``p = 0.10``."""
    return f"p = {p:.2f}" if p >= 0.01 else f"p = {p:.2g}"


def standing(best: float, other: float, spread: float, p: float | None) -> Standing:
    """Returns how a model stands to the best one.

    Args:
        best: RMSE of the best model.
        other: RMSE of the model.
        spread: the larger standard deviation over seeds of the two.
        p: that the difference is chance; None or NaN where too few points tell.

    Returns:
        ``tie`` where the gap is no larger than the spread between seeds, or small (``TIE_WITHIN``) and perhaps chance;
        ``unproven`` where it is larger and perhaps chance; ``untold`` where nothing tells; else ``behind``.
    """
    if spread and other - best <= spread:
        return "tie"
    if p is None or np.isnan(p):
        return "untold"
    if p <= LEVEL:
        return "behind"
    return "tie" if gap_below(best, other) <= TIE_WITHIN else "unproven"


def is_last_value(truths: FloatArray, forecasts: FloatArray, naive: FloatArray) -> bool:
    """Tells whether forecasts hardly differ from the last value repeated, next to how far that is from the truth."""
    scored = ~np.isnan(truths)
    distance = ((forecasts - naive)[scored] ** 2).mean()
    error = ((truths - naive)[scored] ** 2).mean()
    return bool(distance <= DISGUISE**2 * error)


def _two_sided(degrees: int, statistic: float) -> float:
    """Returns how likely a t statistic at least so large, in either direction, is by chance."""
    from scipy.special import stdtr  # noqa: PLC0415 - it costs a fifth of a second to import, and `predict` needs none

    return float(2 * stdtr(degrees, -statistic))
