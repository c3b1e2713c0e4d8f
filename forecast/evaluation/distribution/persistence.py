"""How long shocks last in a series, and so how errors of a horizon belong together where few were seen.

A series that takes up the share ``a`` of a shock ε, of which ``φ`` is left after each step more, errs h steps ahead by

    e(h) = ε(h) + Σ a φ^(i − 1) ε(h − i),  i = 1 … h − 1       psi weights of an ARMA(1, 1) (Box & Jenkins 1970, ch. 5)

With φ = 1 this is exponential smoothing of a level, with a = 0 noise, with both 1 a random walk, whose errors at the
steps h < k have a correlation of √(h / k). Beside it stands what all steps of a forecast err alike, a level that was
misjudged, of a variance of ``shared`` shocks. Which of these kinds a series is, both its own history (the likelihood of
its one-step errors, its season taken out) and the errors of its folds tell; a correlation is the mean over all kinds by
their probabilities.

Shapes: ``V`` vectors of errors, ``H`` horizon, ``n`` steps, ``G`` kinds, ``D`` memories, ``S`` series, ``T`` history.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import right_aligned
from forecast.models.classical.seasonality import SeasonalitySettings, find_pattern, sizes

FloatArray = NDArray[np.float64]

TAKEN = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)  # measured by benchmarks/tuning/single_totals.py
"""Shares ``a`` of a shock that a series may take up."""
LEFT = (1.0, 0.95, 0.85, 0.6)  # measured by benchmarks/tuning/single_totals.py
"""What may be left of it after each step more, ``φ``."""
SHARED = (0.01, 0.05, 0.2, 0.6)  # measured by benchmarks/tuning/single_totals.py
"""Variances that all steps of a forecast may have in common, in shocks."""
STEADY_PRIOR = 1.3  # measured by benchmarks/tuning/single_totals.py
"""Where a level hardly moves, a variance k times the least of these is, before anything is known, less likely by k to
this power; elsewhere they are alike."""
STEADY = 0.05  # measured by benchmarks/tuning/single_totals.py
"""A series that takes up no more of a shock has such a level."""
HISTORY_TRUST = 1.0  # measured by benchmarks/tuning/single_totals.py
"""The likelihood of a history counts to this power."""
FEW = 12
"""The histories of at most so many series are looked at; of more, folds tell enough."""
HISTORY = 500
"""At most so many steps of them."""
MOST_STEPS = 48
"""Steps of a horizon that tell the kind, evenly chosen where there are more."""
MOST_VECTORS = 400
"""Vectors of errors that are looked at, evenly chosen where there are more."""
NEGLIGIBLE = 1e-3
"""Kinds of a smaller probability are left out."""
TINY = 1e-12
"""So small a share of the squares of its values is no variation of a series."""


def memories() -> list[tuple[float, float]]:
    """Returns what a series may take up of a shock, and what may be left of it after each step more, (D,)."""
    return [(taken, left) for taken in TAKEN for left in (LEFT if taken else LEFT[:1])]


def kinds() -> list[tuple[float, float, float]]:
    """Returns the memories, each with what all steps may have in common, (G,)."""
    return [(*memory, shared) for memory, shared in product(memories(), SHARED)]


def kind_priors() -> FloatArray:
    """Returns the logarithm of how likely each kind is before anything is known, (G,)."""
    return np.array(
        [-STEADY_PRIOR * np.log(shared / min(SHARED)) if taken <= STEADY else 0.0 for taken, _, shared in kinds()]
    )


def correlation(steps: NDArray[np.int64], taken: float, left: float, shared: float) -> FloatArray:
    """Returns the correlation of the errors of some steps, counted from 1, of a series of a kind: (n,) -> (n, n)."""
    apart = np.abs(np.subtract.outer(steps, steps))
    before = np.minimum.outer(steps, steps) - 1.0  # shocks that both steps have behind them
    sums = before if left == 1 else (1 - left ** (2 * before)) / (1 - left**2)
    one = np.where(apart == 0, 1.0, taken * left ** np.maximum(apart - 1.0, 0.0))
    covariance = one + taken**2 * left**apart * sums + shared
    size = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(size, size))


def usual_correlation(errors: FloatArray, pieces: float, remembered: FloatArray | None) -> FloatArray:
    """Returns how the errors of a horizon belong together as far as a few of them and their series' past tell, (H, H).

    Args:
        errors: (V, H), NaN where nothing is known.
        pieces: how many independent horizons they are.
        remembered: (D,), see ``memory_likelihoods``; None where the past is not known.
    """
    horizon = errors.shape[1]
    every = np.arange(1, horizon + 1)
    chosen = np.unique(np.linspace(0, horizon - 1, min(horizon, MOST_STEPS)).astype(int))
    some = errors[:: max(1, -(-len(errors) // MOST_VECTORS))]
    told = kind_priors() + fold_likelihoods(some[:, chosen], every[chosen], pieces)
    if remembered is not None:
        told += HISTORY_TRUST * np.repeat(remembered, len(SHARED))
    likely = np.exp(told - told.max())
    likely /= likely.sum()
    likely[likely < NEGLIGIBLE] = 0.0
    mixed = sum(share * correlation(every, *kind) for share, kind in zip(likely, kinds(), strict=True) if share)
    return np.asarray(mixed / likely.sum())


def fold_likelihoods(errors: FloatArray, steps: NDArray[np.int64], pieces: float) -> FloatArray:
    """Returns the logarithm of the likelihood of errors of some steps by kind, whatever their size is, (G,).

    They are normal, and a vector is known up to a step. Those of overlapping horizons count for fewer.
    """
    known = ~np.isnan(errors)
    count, vectors, values = known.sum(), known.any(axis=1).sum(), np.where(known, errors, 0.0)
    if not values.any():
        return np.zeros(len(kinds()))
    roots = np.linalg.cholesky(np.stack([correlation(steps, *kind) for kind in kinds()]))
    logs = np.log(np.diagonal(roots, axis1=1, axis2=2)) @ known.sum(axis=0)
    white = np.linalg.solve(roots, values.T)  # (G, n, V)
    squares = (white**2 * known.T).sum(axis=(1, 2))
    return np.asarray(-(logs + count / 2 * np.log(squares)) * pieces / vectors)


def memory_likelihoods(panel: Panel, season: int, settings: SeasonalitySettings) -> FloatArray | None:
    """Returns the logarithm of the likelihood of a usual one of some histories by what it keeps of shocks, (D,).

    None of many series, of regressors, and of rows that are ignored: their memory is not that of what a model leaves.

    Args:
        panel: ends at the origin; gaps are filled.
        season: of the series; 1 for none.
        settings: by which it is taken out.
    """
    if len(panel) > FEW or panel.covariates or panel.has_ignored:
        return None
    told = np.zeros(len(memories()))
    for block in right_aligned(panel, HISTORY, settings.block):
        values = block / sizes(block)
        told += _history_likelihoods(find_pattern(values, season, settings).remove(values)).sum(axis=0)
    return told / max(len(panel), 1)


def _history_likelihoods(values: FloatArray) -> FloatArray:
    """Returns the logarithm of the likelihood of each series by memory, wherever its level began: (S, T) -> (S, D)."""
    taken, left = np.array(memories()).T
    known = ~np.isnan(values)
    inputs = np.stack([np.where(known, values, 0.0), known.astype(float)])  # (2, S, T), the level a regressor of ones
    state = np.zeros((*inputs.shape[:2], len(memories())))
    products = np.zeros((3, len(values), len(memories())))  # of errors, of errors and ones, of ones
    for now, here in zip(np.moveaxis(inputs, 2, 0), known.T, strict=True):
        missed = np.where(here[:, None], now[..., None] - state, 0.0)
        products += np.stack([missed[0] ** 2, missed[0] * missed[1], missed[1] ** 2])
        state = np.where(here[:, None], left * state + taken * missed, 0.0)
    count = known.sum(axis=1)[:, None]
    squares = products[0] - products[1] ** 2 / np.maximum(products[2], TINY)
    floor = TINY * np.maximum((inputs[0] ** 2).sum(axis=1), TINY)[:, None]
    return np.asarray(-np.maximum(count - 1, 0) / 2 * np.log(np.maximum(squares, floor)))
