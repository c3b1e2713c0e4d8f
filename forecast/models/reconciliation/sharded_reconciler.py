"""A reconciliation of a hierarchy whose leaves lie in several shards: what ``reconciler.py`` does, part by part.

What is usual of a level (how large errors are for the size of a series) is a median over all its series: of each leaf
two numbers are in memory at once for it. All else is sums over the leaves of one part after another.

Shapes: ``A`` sums, ``L`` leaves of a part, ``E`` entries, ``H`` horizon.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.models.reconciliation.errors import NO_ERROR, ErrorCovariance, error_sums
from forecast.models.reconciliation.reconciler import Reconciliation, likely_variances, usual_shares
from forecast.models.reconciliation.sharded_projection import (
    LeafMoves,
    LeafPart,
    leaf_moves,
    own_matrix,
    solved_sums,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SeriesFacts:
    """What a reconciliation asks of series.

    Attributes:
        places: (S,), where each stands among the series whose errors are known; −1 for a new one.
        sizes: (S,), mean sizes of their newest values; see ``mean_sizes``.
        values: (S, H), forecasts of each by itself.
    """

    places: IntArray
    sizes: FloatArray
    values: FloatArray


@dataclass(frozen=True, eq=False)
class SumFacts(SeriesFacts):
    """And of sums.

    Attributes:
        level: (A,), of each, the total 0; leaves are one level more.
        leaves: (A,), how many are below each.
    """

    level: IntArray
    leaves: IntArray


@dataclass(frozen=True, eq=False)
class LeafFacts(SeriesFacts):
    """And of the leaves of a part.

    Attributes:
        bounded: (L,), which are never negative.
        ended: (L,), which are known to be 0.
        above: (E,), places among the sums,
        below: (E,), and of the leaves that are below them.
    """

    bounded: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    above: IntArray
    below: IntArray


Facts = Callable[[], Iterator[LeafFacts]]
"""Gives all leaves, part by part and always in the same order."""


class ShardedReconciler:
    """A reconciliation of the series of one panel in several parts."""

    def __init__(self, own: Reconciliation, sums: SumFacts, parts: Facts) -> None:
        """Learns what is usual of the errors of all series."""
        self._own, self._sums, self._parts = own, sums, parts
        count = int(sums.level.max(initial=-1)) + 1
        known, _ = own.known(sums.places)
        levels = [(known[sums.level == level], sums.sizes[sums.level == level] ** 2) for level in range(count)]
        leaves = [(own.known(part.places)[0], part.sizes**2) for part in parts()]
        every = tuple(np.concatenate(each) for each in zip(*leaves, strict=True))
        *shares, self._share = usual_shares([*levels, (every[0], every[1])])
        likely = likely_variances(known, sums.sizes**2, np.array(shares)[sums.level])
        below = likely_variances(every[0], every[1], self._all(every[0]))
        least = min(float(each[each > 0].min(initial=np.inf)) for each in (likely, below))
        self._least = least if np.isfinite(least) else 1.0
        self.variances = np.where(likely > 0, likely, self._least)
        self._errors = error_sums(own.counted_errors(self.variances, own.known(sums.places)[1]))
        for part in parts():
            self._errors = self._errors + error_sums(own.counted_errors(self._likely(part), own.known(part.places)[1]))

    def _all(self, variances: FloatArray) -> FloatArray:
        return np.full(len(variances), self._share)

    def variances_of(self, part: LeafFacts) -> FloatArray:
        """Returns how large the errors of the leaves of a part are expected to be, (L,); 0 of one that has ended."""
        return np.where(part.ended, 0.0, self._likely(part))

    def _likely(self, part: LeafFacts) -> FloatArray:
        known, _ = self._own.known(part.places)
        likely = likely_variances(known, part.sizes**2, self._all(known))
        return np.where(likely > 0, likely, self._least)

    def moves(self) -> tuple[LeafMoves, FloatArray]:
        """Returns what leaves are moved by, and the sums of what they then are, (A, H)."""
        sums = self._sums
        covariance = self._covariance(sums, self.variances, sums.leaves)
        return leaf_moves(sums.values, covariance, lambda: map(self._leaf_part, self._parts()))

    def leaves(self, moves: LeafMoves, part: LeafFacts) -> FloatArray:
        """Returns the forecasts of the leaves of a part as they add up, (L, H)."""
        return moves.leaves(self._leaf_part(part), len(self._sums.level))

    def _leaf_part(self, part: LeafFacts) -> LeafPart:
        covariance = self._covariance(part, self._likely(part), np.ones(len(part.places), np.int64))
        covariance = covariance and covariance.known(part.ended)
        return LeafPart(part.values, covariance, part.bounded, part.above, part.below)

    def _covariance(self, facts: SeriesFacts, variances: FloatArray, sizes: IntArray) -> ErrorCovariance | None:
        known, errors = self._own.known(facts.places)
        return self._own.covariance(counted_tree(sizes), variances, errors, np.isnan(known), self._errors)

    def path_solver(self) -> Callable[[FloatArray], FloatArray]:
        """Returns what solves for what paths of sums are moved by, (A, n) -> (A, n); see ``NodePaths``."""
        firm = self.variances * self._own.settings.firm
        largest = max(float(firm.max(initial=0.0)), *(float(self.variances_of(p).max()) for p in self._parts()))
        least = NO_ERROR * largest

        def parts() -> Iterator[LeafPart]:
            for part in self._parts():
                own = np.maximum(self.variances_of(part), least)
                covariance = ErrorCovariance(own, np.empty((len(own), 0)))
                yield LeafPart(part.values, covariance, part.bounded, part.above, part.below)

        leaves: Any = own_matrix(parts, len(firm))
        return lambda vectors: solved_sums(leaves, np.maximum(firm, least), vectors)


def counted_tree(sizes: IntArray) -> Hierarchy:
    """Returns a hierarchy of which is only told how many leaves each series has."""
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Hierarchy("", ("",), np.zeros(len(sizes), np.int64), starts, np.empty(0, np.int64))
