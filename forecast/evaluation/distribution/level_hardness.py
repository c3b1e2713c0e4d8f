"""How much harder the sums of a hierarchy are than series of which nothing is known but a few folds.

A panel's errors tell together how large errors are, and each series is drawn to that. Sums are few and of another kind:
what errs in all leaves alike is most of their error, and a fold is one draw of it. So those of a level are drawn to
each other, and errors to come are expected to be larger than those seen, as a new draw strays from a mean of few: their
square by a fifth for a total after three folds.

Shapes: ``R`` records, ``S`` series, ``H`` horizon.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.distribution.spread import OWN_FOLDS, PLAIN, WILD, Hardness, fit_hardness

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BELIEF = 1.0  # measured by benchmarks/tuning/hierarchies.py
"""Sums of a level that err like all series, in so many independent pieces, stand beside its own."""
DOUBT = 0.6  # measured by benchmarks/tuning/hierarchies.py
"""The square of a sum's errors to come is larger than that of few seen, by this over the independent pieces that its
level has."""


def fit_node_hardness(
    ratios: FloatArray,
    folds: IntArray,
    origins: IntArray,
    phases: int,
    belief: float,
    levels: IntArray | None,
) -> Hardness:
    """Returns the hardness of each series, as ``fit_hardness`` does of errors without their sign; of sums by level.

    Args:
        ratios: (R, S, H), errors over what was expected, with their sign; NaN where nothing is known.
        folds: (R,), which fold a record is from.
        origins: (R, S), the ordinals of the last steps before them.
        phases: of the season; 1 for none.
        belief: see ``fit_hardness``.
        levels: (S,), of a hierarchy; None where no series is a sum of others.
    """
    found = fit_hardness(np.abs(ratios), folds, origins, phases, belief)
    return found if levels is None else replace(found, own=found.own * level_factors(ratios, folds, levels))


def level_factors(ratios: FloatArray, folds: IntArray, levels: IntArray) -> FloatArray:
    """Returns by how much each series is harder than ``fit_hardness`` says, (S,): 1 for leaves.

    Args:
        ratios: (R, S, H), errors over what was expected, with their sign; NaN where nothing is known.
        folds: (R,), which fold a record is from.
        levels: (S,), of the hierarchy, that of the leaves last.
    """
    made = np.ones(ratios.shape[1])
    tame = np.clip(ratios, -WILD, WILD)
    for level in range(int(levels.max(initial=0))):
        places = np.flatnonzero((levels == level) & ~np.isnan(ratios).all(axis=(0, 2)))
        if places.size:
            own = tame[:, places]
            pieces, share = independent_pieces(own, folds), _seen(own, folds) / (_seen(own, folds) + OWN_FOLDS)
            sizes = np.log(np.clip(np.nanmean(np.abs(own), axis=(0, 2)), PLAIN, 1 / PLAIN))
            usual = pieces / (pieces + BELIEF) * sizes.mean()
            made[places] = np.exp((1 - share) * usual + 0.5 * np.log1p(DOUBT / pieces))
    return made


def independent_pieces(errors: FloatArray, folds: IntArray) -> float:
    """Returns how many independent pieces the errors of some series are: no fewer than folds, and one each at the most.

        folds · n / (1 + (n − 1) · ρ)    of n series whose errors at one time have a mean correlation of ρ

    Args:
        errors: (R, S, H), NaN where nothing is known.
        folds: (R,), which fold a record is from.
    """
    known = ~np.isnan(errors)
    count, each = known.sum(axis=1), np.where(known, errors, 0.0)
    squares = (each**2).sum(axis=1)
    together = (each.sum(axis=1) ** 2 - squares).sum() / max((count * (count - 1)).sum(), 1)
    alike = float(np.clip(together / max(squares.sum() / max(count.sum(), 1), 1e-300), 0.0, 1.0))
    many = errors.shape[1]
    return float(len(np.unique(folds)) * many / (1 + (many - 1) * alike))


def _seen(errors: FloatArray, folds: IntArray) -> IntArray:
    """Returns in how many folds something of each series is known, (S,)."""
    known = ~np.isnan(errors)
    return np.asarray(np.sum([known[folds == fold].any(axis=(0, 2)) for fold in np.unique(folds)], axis=0))
