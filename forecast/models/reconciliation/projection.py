"""The projection of forecasts onto those that add up: as near as can be by the covariance of their errors.

Forecasts ``y`` of all series add up where ``C y = 0``, each sum less its leaves. The nearest of these by ``W`` is

    y − W Cᵀ (C W Cᵀ)⁻¹ C y

(Wickramasuriya, Athanasopoulos & Hyndman 2019, in the form of Di Fonzo & Girolimetto 2023): one equation a sum, not
one a leaf. ``C W Cᵀ`` is dense where sums are few, else sparse.

Shapes: ``S`` series, ``A`` of them sums, ``L`` leaves, ``T`` columns of the shared part of ``W``, ``n`` vectors.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.models.reconciliation.errors import ErrorCovariance

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Solver = Callable[[FloatArray], FloatArray]

DENSE = 4_000_000
"""Sums times leaves, up to which the matrix of who is below whom is written out."""
MOST_ROUNDS = 50
"""Rounds by which forecasts are kept at or above zero; each puts more leaves at zero, and a handful is enough."""


@dataclass(frozen=True, eq=False)
class Projection:
    """What moves forecasts so that they add up.

    Attributes:
        hierarchy: of the series.
        covariance: of their errors; None for bottom-up: leaves stay, and sums are made of them.
        solve: what gives ``(C W Cᵀ)⁻¹`` times vectors (A, n).
    """

    hierarchy: Hierarchy
    covariance: ErrorCovariance | None
    solve: Solver

    def coherent(self, values: FloatArray) -> FloatArray:
        """Returns forecasts that add up, (S, n) -> (S, n): exactly, since sums are made of the leaves in the end."""
        tree = self.hierarchy
        if self.covariance is not None and len(tree.sums):
            values = values - self.covariance.times(spread(tree, self.solve(missing(tree, values))))
        return tree.added(values)

    def nonnegative(self, values: FloatArray, lowest: FloatArray) -> FloatArray:
        """Returns them with no leaf below zero where none may be: the others make up for it, (S, n) -> (S, n).

        Leaves that would be negative are known to be zero, and all is projected anew until none is: the active set of
        a quadratic programme, which never lets go of a leaf (Wickramasuriya, Turlach & Hyndman 2020 compare).

        Args:
            values: forecasts.
            lowest: (S,), 0 for a series that is never negative, else −inf.
        """
        made = self.coherent(values)
        tree, bounded = self.hierarchy, self.hierarchy.is_leaf & (lowest >= 0)
        if self.covariance is None:
            return tree.added(np.where(bounded[:, None], np.maximum(made, 0.0), made))
        for step in np.flatnonzero((bounded[:, None] & (made < 0)).any(axis=0)).tolist():
            made[:, step] = self._held(values[:, step], made[:, step], bounded)
        return made

    def _held(self, values: FloatArray, made: FloatArray, bounded: BoolArray) -> FloatArray:
        assert self.covariance is not None
        tree, zero = self.hierarchy, np.zeros(len(values), dtype=bool)
        for _ in range(MOST_ROUNDS):
            below = bounded & (made < 0) & ~zero
            if not below.any():
                break
            zero |= below
            held = projection(tree, self.covariance.known(zero))
            made = held.coherent(np.where(zero, 0.0, values)[:, None])[:, 0]
        return tree.added(np.where(bounded, np.maximum(made, 0.0), made))


def missing(tree: Hierarchy, values: FloatArray) -> FloatArray:
    """Returns by how much sums are more than their leaves, (S, n) -> (A, n)."""
    return np.asarray((values - tree.added(values))[tree.sums])


def spread(tree: Hierarchy, parts: FloatArray) -> FloatArray:
    """Returns numbers of sums as they are of the sums, and what all sums above a leaf come to, less: ``Cᵀ`` times."""
    made = np.zeros((len(tree), parts.shape[1]))
    made[tree.sums] = parts
    owners = np.repeat(np.arange(len(tree)), tree.sizes)
    are_sums = ~tree.is_leaf[owners]
    np.subtract.at(made, tree.below[are_sums], made[owners[are_sums]])
    return made


def projection(tree: Hierarchy, covariance: ErrorCovariance | None) -> Projection:
    """Returns the projection by a covariance of errors; None for bottom-up."""
    if covariance is None or not len(tree.sums):
        return Projection(tree, None, lambda vectors: vectors)
    own = _own_solver(tree, covariance.own)
    shared = missing(tree, covariance.shared)  # (A, T)
    if not shared.shape[1]:
        return Projection(tree, covariance, own)
    inner = own(shared)
    middle = np.eye(shared.shape[1]) + shared.T @ inner

    def solve(vectors: FloatArray) -> FloatArray:  # Woodbury: the shared part has few columns
        first = own(vectors)
        return np.asarray(first - inner @ np.linalg.solve(middle, shared.T @ first))

    return Projection(tree, covariance, solve)


def _own_solver(tree: Hierarchy, own: FloatArray) -> Solver:
    """Returns what gives ``(C diag(own) Cᵀ)⁻¹`` times vectors."""
    sums, leaves = tree.sums, tree.leaves
    rows = np.repeat(np.arange(len(tree)), tree.sizes)
    are_sums = ~tree.is_leaf[rows]
    row_of, column_of = np.full(len(tree), -1), np.full(len(tree), -1)
    row_of[sums], column_of[leaves] = np.arange(len(sums)), np.arange(len(leaves))
    rows, columns = row_of[rows[are_sums]], column_of[tree.below[are_sums]]
    if len(sums) * len(leaves) <= DENSE:
        who = np.zeros((len(sums), len(leaves)))
        who[rows, columns] = 1.0
        matrix = (who * own[leaves]) @ who.T + np.diag(own[sums])
        inverse = np.linalg.inv(matrix)
        return lambda vectors: np.asarray(inverse @ vectors)
    from scipy.sparse import csr_matrix, diags  # noqa: PLC0415 - few hierarchies are so large
    from scipy.sparse.linalg import splu  # noqa: PLC0415 - likewise

    below = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(sums), len(leaves)))
    matrix = (below.multiply(own[leaves][None, :]) @ below.T + diags(own[sums])).tocsc()
    factors = splu(matrix)
    return lambda vectors: np.asarray(factors.solve(np.ascontiguousarray(vectors)))
