"""Joint futures: how errors of neighbouring steps, and of all series at one origin, belong together.

Errors become normal scores by the quantiles of their distribution. What all series have in common at an origin is one
part of each, its own the rest; both follow the horizon by a correlation matrix: a Gaussian copula with one factor
(Sklar 1959). Of the vectors of errors, a horizon of all series each, two matrices of H × H and one number are kept,
whatever the number of series: their second moments. A path drawn so has the quantiles of each step.

Shapes: ``R`` records, ``N`` paths, ``S`` series, ``H`` horizon.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.distribution.persistence import usual_correlation

FloatArray = NDArray[np.float64]

LASTING, FADING, FADES = 0.35, 0.35, 0.85  # measured by benchmarks/tuning/distribution.py
"""What series have in common, so many steps apart, usually has a correlation of LASTING + FADING · FADES^steps."""
BELIEF = 20.0  # measured by benchmarks/tuning/distribution.py
"""Forecasts of a series for which the correlation of the likely kinds of series counts beside that of errors."""
COMMON_BELIEF = 4.0  # measured by benchmarks/tuning/distribution.py
"""Origins for which it counts in what all series have in common."""
USUAL_SHARE = 0.05  # measured by benchmarks/tuning/distribution.py
"""Share of the variance that series usually have in common; it counts like one origin."""
FUTURES = 1000
"""Joint paths by which a total is told."""
MOST_SHARE = 0.95
MOST_SCORE = 4.0
"""No error counts for more in a correlation."""


@dataclass(frozen=True, eq=False)
class Dependence:
    """How errors belong together.

    Attributes:
        share: of the variance of each step that all series have in common, from 0 to 1.
        common: (H, H), a root of the correlation of what they have in common: draws are standard normals times it.
        own: (H, H), likewise of what each has alone.
    """

    share: float
    common: FloatArray
    own: FloatArray

    def draws(self, count: int, series_ids: Sequence[str], seed: int) -> Iterator[FloatArray]:
        """Yields normal scores of each series in turn, (N, H): the same ones whichever series are asked for.

        Args:
            count: paths, ``N``.
            series_ids: (S,).
            seed: of the draws.
        """
        shared = _normals(count, self.common * np.sqrt(self.share), seed)
        alone = self.own * np.sqrt(1 - self.share)
        for name in series_ids:
            yield shared + _normals(count, alone, seed, crc32(name.encode()))


def _normals(count: int, root: FloatArray, *seed: int) -> FloatArray:
    """Returns normals with a root of their covariance, (N, H).

    Each stands with its opposite: their mean is 0, their quantiles are steadier, and half of the work is done.
    """
    half = np.random.default_rng(seed).standard_normal((-(-count // 2), len(root))) @ root.T
    return np.concatenate([half, -half])[:count]


def fit_dependence(
    scores: FloatArray, folds: NDArray[np.int64], series_folds: float, memories: FloatArray | None = None
) -> Dependence:
    """Returns how errors belong together.

    Args:
        scores: (R, S, H), normal scores of errors; NaN where nothing is known.
        folds: (R,), which fold a record is from.
        series_folds: how many independent pieces the errors are: folds that a series was forecast in.
        memories: what the past of the series says of how long shocks last, see ``memory_likelihoods``.
    """
    horizon = scores.shape[2]
    known = ~np.isnan(scores)
    tame = np.where(known, np.clip(scores, -MOST_SCORE, MOST_SCORE), 0.0)
    count = known.sum(axis=1)  # (R, H)
    pairs = np.maximum(count * (count - 1), 1)
    together = (tame.sum(axis=1) ** 2 - (tame**2).sum(axis=1)) / pairs
    origins, has_pairs = len(np.unique(folds)), count > 1
    share, common = 0.0, np.eye(horizon)
    if has_pairs.any():
        by_fold = [together[folds == fold][has_pairs[folds == fold]] for fold in np.unique(folds)]
        means = [float(each.mean()) for each in by_fold if each.size]
        share = float(np.clip((sum(means) + USUAL_SHARE) / (len(means) + 1), 0.0, MOST_SHARE))
        mean = tame.sum(axis=1) / np.maximum(count, 1)
        apart = np.abs(np.subtract.outer(np.arange(horizon), np.arange(horizon)))
        usual = np.where(apart == 0, 1.0, LASTING + FADING * FADES**apart)
        common = _drawn(mean.T @ mean, np.sum(has_pairs), usual, origins / (origins + COMMON_BELIEF))
        tame = np.where(known, tame - mean[:, None], 0.0)
    flat = tame.reshape(-1, horizon)
    usual = usual_correlation(np.where(known, tame, np.nan).reshape(-1, horizon), series_folds, memories)
    own = _drawn(flat.T @ flat, known.sum(), usual, series_folds / (series_folds + BELIEF))
    return Dependence(share, _root(common), _root(own))


def _drawn(moments: FloatArray, count: int, usual: FloatArray, share: float) -> FloatArray:
    """Returns the correlation of second moments, drawn to what is usual; that alone where there are none."""
    sizes = np.sqrt(np.diag(moments))
    if not count or (sizes <= 0).any():
        return usual
    return np.asarray(share * moments / np.outer(sizes, sizes) + (1 - share) * usual)


def _root(correlation: FloatArray) -> FloatArray:
    """Returns a root of a correlation matrix, whose rows are of length 1."""
    sizes, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(sizes, 0.0))
    return np.asarray(root / np.linalg.norm(root, axis=1, keepdims=True))
