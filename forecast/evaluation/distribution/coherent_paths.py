"""Joint futures of the series of a hierarchy, in each of which they add up.

    leaves   ~ their distributions, with what all have in common  ─┐
    sums     ~ what the leaves come to, as a rank ──▶ the value that has this rank in the sum's own distribution
                                                                   ▼
    both are moved, as little as their variances ask for, until they add up

So a state is as uncertain as forecasts of states were, not as the errors of its towns would have it if nothing but the
common part joined them; and what is told of any level is told by the same futures (after Panagiotelis et al. 2023).

Shapes: ``N`` paths, ``S`` series, ``L`` leaves, ``A`` sums, ``H`` horizon.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.models.reconciliation.errors import diagonal
from forecast.models.reconciliation.projection import projection
from forecast.models.reconciliation.reconciler import ReconciliationSettings

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

KEPT = 2**28
"""Bytes of the leaves' paths that are kept; more are drawn again when they are asked for."""


@dataclass(frozen=True, eq=False)
class NodePaths:
    """What paths of all series of a hierarchy are made of.

    Attributes:
        tree: the hierarchy.
        variances: (S,), of the errors of each series.
        settings: of the reconciliation.
        lowest: (S,), no value lies below.
        leaves: draws so many paths of the leaves in turn, (N, H).
        sums: gives the paths of the sums in turn that have given normal scores, A of (N, H).
    """

    tree: Hierarchy
    variances: FloatArray
    settings: ReconciliationSettings
    lowest: FloatArray
    leaves: Callable[[int], Iterator[FloatArray]]
    sums: Callable[[Sequence[FloatArray]], Iterator[FloatArray]]

    def paths(self, count: int, which: Sequence[int]) -> Iterator[FloatArray]:
        """Yields the paths of some series in turn, (N, H)."""
        tree = self.tree
        above = _above(tree)
        first = list[FloatArray]()
        total = self._added(self._drawn(count, first), above)
        if total is None:
            return
        wanted = np.stack(list(self.sums(list(_scores_of(total)))))  # (A, N, H)
        wanted = np.where(np.isnan(wanted), total, wanted)
        shift = np.zeros_like(total)
        own = self.variances * np.where(tree.is_leaf, 1.0, self.settings.firm)
        solve = projection(tree, diagonal(own)).solve
        size = (len(total), -1)
        for _ in range(self.settings.rounds):
            shift += solve((wanted - total).reshape(size)).reshape(total.shape)
            found = self._added(self._moved(self._again(count, first), own, shift, above), above)
            assert found is not None
            total = found
        place = {int(node): i for i, node in enumerate(tree.sums)}
        leaves = self._moved(self._again(count, first), own, shift, above)
        yield from self._in_order(which, place, total, leaves)

    def _in_order(
        self, which: Sequence[int], place: dict[int, int], total: FloatArray, leaves: Iterator[FloatArray]
    ) -> Iterator[FloatArray]:
        """Yields sums and leaves as they are wanted; leaves that come out of turn wait."""
        at = {int(node): i for i, node in enumerate(self.tree.leaves)}
        waiting, reached, needed = dict[int, FloatArray](), -1, {at[i] for i in which if i not in place}
        for node in which:
            if node in place:
                yield total[place[node]]
                continue
            while reached < at[node]:
                reached, drawn = reached + 1, next(leaves)
                if reached in needed:
                    waiting[reached] = drawn
            yield waiting.pop(at[node])

    def _drawn(self, count: int, kept: list[FloatArray]) -> Iterator[FloatArray]:
        """Yields the leaves' own paths, and keeps them where there is room."""
        leaves = len(self.tree.leaves)
        for drawn in self.leaves(count):
            if leaves * drawn.nbytes <= KEPT:
                kept.append(drawn)
            yield drawn

    def _again(self, count: int, kept: list[FloatArray]) -> Iterator[FloatArray]:
        return iter(kept) if kept else self.leaves(count)

    def _moved(
        self, drawn: Iterator[FloatArray], own: FloatArray, shift: FloatArray, above: list[IntArray]
    ) -> Iterator[FloatArray]:
        """Yields the leaves' paths so far as sums ask for it, none below its lowest."""
        for leaf, sums, paths in zip(self.tree.leaves.tolist(), above, drawn, strict=True):
            yield np.maximum(paths + own[leaf] * shift[sums].sum(axis=0), self.lowest[leaf])

    def _added(self, drawn: Iterator[FloatArray], above: list[IntArray]) -> FloatArray | None:
        """Returns what the leaves' paths come to, (A, N, H)."""
        total: FloatArray | None = None
        for sums, paths in zip(above, drawn, strict=True):
            if total is None:
                total = np.zeros((len(self.tree.sums), *paths.shape))
            total[sums] += paths
        return total


def _above(tree: Hierarchy) -> list[IntArray]:
    """Returns the sums above each leaf, as places among the sums."""
    owners = np.repeat(np.arange(len(tree)), tree.sizes)
    are_sums = ~tree.is_leaf[owners]
    place = np.cumsum(~tree.is_leaf) - 1
    order = np.argsort(tree.below[are_sums], kind="stable")
    below, rows = tree.below[are_sums][order], place[owners[are_sums]][order]
    ends = np.searchsorted(below, tree.leaves, side="right")
    begins = np.searchsorted(below, tree.leaves, side="left")
    return [rows[begin:end] for begin, end in zip(begins, ends, strict=True)]


def _scores_of(total: FloatArray) -> Iterator[FloatArray]:
    """Yields the normal scores of the ranks of values among all paths, step by step, (N, H) for each sum."""
    count = total.shape[1]
    inverse = NormalDist().inv_cdf
    ladder = np.array([inverse((rank + 0.5) / count) for rank in range(count)])
    for own in total:
        ranks = np.argsort(np.argsort(own, axis=0, kind="stable"), axis=0)
        yield ladder[ranks]
