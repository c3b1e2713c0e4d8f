"""The projection of ``projection.py`` where the leaves lie in several parts, of which one at a time is in memory.

Of a part only sums over its leaves are needed, one number a pair of sums above them. With ``C = [I, −B]``, sums less
leaves, and ``W`` as in ``errors.py``:

    C y     =  y_sums − Σ B y_part
    C W Cᵀ  =  diag(own_sums) + Σ B diag(own_part) Bᵀ + P Pᵀ        P = shared_sums − Σ B shared_part, of few columns
    z       =  (C W Cᵀ)⁻¹ C y                                       by Woodbury: matrices of sums by sums alone
    leaves  =  y_part + own_part · Bᵀ z − shared_part (Pᵀ z)        part by part again

A leaf that would be negative is held at zero in the next round: its own and shared errors are taken out of these sums.
What moves leaves is a pair of ``z`` and ``Pᵀ z`` a round, by which any part finds its forecasts, and which of them are
held.

Shapes: ``A`` sums, ``L`` leaves of a part, ``T`` columns of the shared part of ``W``, ``H`` steps, ``E`` entries.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.models.reconciliation.errors import ErrorCovariance
from forecast.models.reconciliation.projection import MOST_ROUNDS

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

DENSE_SUMS = 1_500
"""Sums up to which their matrix is written out."""


@dataclass(frozen=True, eq=False)
class LeafPart:
    """Some leaves of a hierarchy.

    Attributes:
        values: (L, H), forecasts of each by itself.
        covariance: of their errors; None for bottom-up.
        bounded: (L,), which are never negative.
        above: (E,), places among the sums,
        leaves: (E,), and of the leaves that are below them.
    """

    values: FloatArray
    covariance: ErrorCovariance | None
    bounded: BoolArray
    above: IntArray
    leaves: IntArray

    def matrix(self, sums: int) -> Any:
        """Returns which leaf is below which sum, as a sparse matrix, (A, L)."""
        from scipy.sparse import csr_matrix  # noqa: PLC0415 - hierarchies alone pay for it

        return csr_matrix((np.ones(len(self.above)), (self.above, self.leaves)), shape=(sums, len(self.values)))


Parts = Callable[[], Iterator[LeafPart]]
"""Gives all leaves, part by part and always in the same order."""


@dataclass(frozen=True, eq=False)
class LeafMoves:
    """What leaves are moved by.

    Attributes:
        rounds: of each, what the sums ask for (A, H), and what the shared errors make of it, (T, H).
    """

    rounds: tuple[tuple[FloatArray, FloatArray], ...] = ()

    def leaves(self, part: LeafPart, sums: int) -> FloatArray:
        """Returns the forecasts of a part as they add up, (L, H)."""
        made, _ = self.moved(part, part.matrix(sums))
        return np.where(part.bounded[:, None] & (made < 0), 0.0, made)

    def moved(self, part: LeafPart, below: Any) -> tuple[FloatArray, BoolArray]:
        """Returns the forecasts of a part after all rounds, and which leaves were held at zero, (L, H) each."""
        made, held = part.values, np.zeros(part.values.shape, dtype=bool)
        known = part.covariance
        for number, (asked, common) in enumerate(self.rounds if known else ()):
            assert known is not None
            if number:
                held |= part.bounded[:, None] & (made < 0)
            move = known.own[:, None] * (below.T @ asked) - known.shared @ common
            made = np.where(held, 0.0, part.values + move)
        return made, held


@dataclass(frozen=True, eq=False)
class _Added:
    """What all parts come to in a round.

    Attributes:
        forecasts: (A, H), sums of the leaves' forecasts where those that are held are zero.
        finals: (A, H), of those moved so far, none below zero.
        is_open: (H,), steps in which some leaf has to be held that was not before.
        own: the sums' matrix of what leaves err by themselves, of all steps or of an open one, by its number.
        shared: (A, T), likewise of what they share.
    """

    forecasts: FloatArray
    finals: FloatArray
    is_open: BoolArray
    own: dict[int, Any] = field(default_factory=dict)
    shared: dict[int, FloatArray] = field(default_factory=dict)


EVERY = -1
"""Stands for all steps."""


def leaf_moves(values: FloatArray, covariance: ErrorCovariance | None, parts: Parts) -> tuple[LeafMoves, FloatArray]:
    """Returns what leaves are moved by so that all adds up, none below zero that may not be, and the sums, (A, H).

    Args:
        values: (A, H), forecasts of the sums by themselves.
        covariance: of their errors; None for bottom-up.
        parts: the leaves.
    """
    moves = LeafMoves()
    added = _added(parts, moves, len(values), values.shape[1])
    if covariance is None or not len(values):
        return moves, added.finals
    own, shared = added.own[EVERY], covariance.shared - added.shared[EVERY]
    asked, common = _solved(own, covariance.own, shared, values - added.forecasts)
    for _ in range(MOST_ROUNDS + 1):
        moves = LeafMoves((*moves.rounds, (asked, common)))
        added = _added(parts, moves, len(values), values.shape[1])
        if not added.is_open.any() or len(moves.rounds) > MOST_ROUNDS:
            break
        asked, common = asked.copy(), common.copy()
        for step in np.flatnonzero(added.is_open).tolist():
            rest, less = own - added.own[step], shared + added.shared[step]
            missing = (values - added.forecasts)[:, step : step + 1]
            z, q = _solved(rest, covariance.own, less, missing)
            asked[:, step], common[:, step] = z[:, 0], q[:, 0]
    return moves, added.finals


def _added(parts: Parts, moves: LeafMoves, sums: int, steps: int) -> _Added:
    """Returns what all parts come to: before the first round their whole matrix, later what is to be held of it."""
    made = _Added(np.zeros((sums, steps)), np.zeros((sums, steps)), np.zeros(steps, dtype=bool))
    for part in parts():
        below = part.matrix(sums)
        moved, held = moves.moved(part, below)
        low = part.bounded[:, None] & (moved < 0)
        made.finals[:] += below @ np.where(low, 0.0, moved)
        if part.covariance is None:
            continue
        if not moves.rounds:
            made.forecasts[:] += below @ part.values
            _take(made, EVERY, below, part.covariance)
            continue
        made.is_open[:] |= (low & ~held).any(axis=0)
        made.forecasts[:] += below @ np.where(held | low, 0.0, part.values)
        for step in np.flatnonzero((held | low).any(axis=0)).tolist():
            some = np.flatnonzero((held | low)[:, step])
            known = part.covariance
            _take(made, step, below[:, some], ErrorCovariance(known.own[some], known.shared[some]))
    return made


def _take(made: _Added, step: int, below: Any, covariance: ErrorCovariance) -> None:
    """Adds what the errors of some leaves come to."""
    own, shared = below.multiply(covariance.own[None, :]) @ below.T, below @ covariance.shared
    made.own[step] = made.own[step] + own if step in made.own else own
    made.shared[step] = made.shared[step] + shared if step in made.shared else shared


def _solved(leaves: Any, own: FloatArray, shared: FloatArray, missing: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Returns ``(C W Cᵀ)⁻¹`` times what is missing (A, n), and what the shared errors make of it, (T, n)."""
    first, inner = np.hsplit(solved_sums(leaves, own, np.hstack([missing, shared])), [missing.shape[1]])
    if shared.shape[1]:
        middle = np.eye(shared.shape[1]) + shared.T @ inner
        first = first - inner @ np.linalg.solve(middle, shared.T @ first)
    return first, shared.T @ first


def solved_sums(leaves: Any, own: FloatArray, vectors: FloatArray) -> FloatArray:
    """Returns ``(diag(own) + leaves)⁻¹`` times vectors, (A, n) -> (A, n).

    Args:
        leaves: what leaves err by themselves, as a sparse matrix of sums by sums.
        own: (A,), what sums err.
        vectors: to solve for.
    """
    if len(own) <= DENSE_SUMS:
        return np.asarray(np.linalg.solve(leaves.toarray() + np.diag(own), vectors))
    from scipy.sparse import diags  # noqa: PLC0415 - few hierarchies have so many sums
    from scipy.sparse.linalg import splu  # noqa: PLC0415 - likewise

    return np.asarray(splu((leaves + diags(own)).tocsc()).solve(np.ascontiguousarray(vectors)))


def own_matrix(parts: Parts, sums: int) -> Any:
    """Returns what the leaves of all parts err by themselves, as a sparse matrix of sums by sums."""
    made: Any = None
    for part in parts():
        assert part.covariance is not None
        below = part.matrix(sums)
        own = below.multiply(part.covariance.own[None, :]) @ below.T
        made = own if made is None else made + own
    return made
