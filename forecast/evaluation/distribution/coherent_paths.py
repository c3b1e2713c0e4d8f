"""Joint futures of the series of a hierarchy, in each of which they add up.

    leaves   ~ their distributions, with what all have in common  ─┐
    sums     ~ what the leaves come to, as a rank ──▶ the value that has this rank in the sum's own distribution
                                                                   ▼
    both are moved, as little as their variances ask for, until they add up

A leaf that sells now and then is moved by its normal scores, so that what comes of it stays a count. By how much is
right on average; where demands are of sizes far apart, a path would be thrown many times as far as the sums ask for,
and is held.

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
from forecast.evaluation.distribution.shape import normal_scores
from forecast.models.reconciliation.errors import diagonal
from forecast.models.reconciliation.projection import projection
from forecast.models.reconciliation.reconciler import ReconciliationSettings

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LADDER = normal_scores((np.arange(200) + 0.5) / 200)[:, None]
"""Scores by which a mean over a normal distribution is told."""
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
        leaves: draws so many paths of the leaves in turn.
        sums: gives the paths of the sums in turn that have given normal scores, A of (N, H).
    """

    tree: Hierarchy
    variances: FloatArray
    settings: ReconciliationSettings
    lowest: FloatArray
    leaves: Callable[[int], "Iterator[LeafPaths]"]
    sums: Callable[[Sequence[FloatArray]], Iterator[FloatArray]]

    def paths(self, count: int, which: Sequence[int]) -> Iterator[FloatArray]:
        """Yields the paths of some series in turn, (N, H)."""
        tree = self.tree
        above = sums_above(tree)
        first = list[LeafPaths]()
        drawn = (own.values for own in self._drawn(count, first))
        total = added(drawn, above, len(tree.sums))
        if total is None:
            return
        wanted = wanted_sums(total, self.sums)
        shift = np.zeros_like(total)
        firm = self.variances * np.where(tree.is_leaf, 1.0, self.settings.firm)
        solve = projection(tree, diagonal(firm)).solve
        for _ in range(self.settings.rounds):
            shift += solve((wanted - total).reshape((len(total), -1))).reshape(total.shape)
            found = added(self._moved(count, first, shift), above, len(tree.sums))
            assert found is not None
            total = found
        place = {int(node): i for i, node in enumerate(tree.sums)}
        leaves = self._moved(count, first, shift)
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

    def _moved(self, count: int, kept: "list[LeafPaths]", shift: FloatArray) -> Iterator[FloatArray]:
        """Yields the leaves' paths as far as the sums ask for it."""
        leaves, reach = self.tree.leaves, self.settings.reach
        own, lowest = self.variances[leaves], self.lowest[leaves]
        return moved(self._again(count, kept), own, shift, sums_above(self.tree), lowest, reach)

    def _drawn(self, count: int, kept: "list[LeafPaths]") -> "Iterator[LeafPaths]":
        """Yields the leaves' own paths, and keeps them where there is room."""
        leaves = len(self.tree.leaves)
        for drawn in self.leaves(count):
            if leaves * drawn.values.nbytes <= KEPT:
                kept.append(drawn)
            yield drawn

    def _again(self, count: int, kept: "list[LeafPaths]") -> "Iterator[LeafPaths]":
        return iter(kept) if kept else self.leaves(count)


@dataclass(frozen=True, eq=False)
class LeafPaths:
    """The paths of one leaf by itself.

    Attributes:
        values: (N, H).
        scores: (N, H), their normal scores, where they are counts.
        at: gives the counts at other scores.
    """

    values: FloatArray
    scores: FloatArray | None = None
    at: Callable[[FloatArray], FloatArray] | None = None

    def moved(self, by: FloatArray, reach: float = 0.0) -> FloatArray:
        """Returns them moved so far, (N, H); counts only on average, by what raises them so far: E[z·y] a score.

        Args:
            by: (N, H).
            reach: counts are moved by no more than so many times that, or one piece; 0 where nothing holds them.
        """
        if self.at is None or self.scores is None:
            return self.values + by
        slope = (LADDER * self.at(LADDER)).mean(axis=0)
        made = self.at(self.scores + np.divide(by, slope, out=np.zeros_like(by), where=slope > 0))
        if not reach:
            return made
        most = reach * np.abs(by)
        if (self.values == np.rint(self.values)).all():
            most = np.floor(np.maximum(most, 1.0))
        return self.values + np.clip(made - self.values, -most, most)


def moved(
    drawn: Iterator[LeafPaths],
    variances: FloatArray,
    shift: FloatArray,
    above: Sequence[IntArray],
    lowest: FloatArray,
    reach: float,
) -> Iterator[FloatArray]:
    """Yields leaves' paths as far as the sums ask for it, none below its lowest.

    Args:
        drawn: paths of some leaves in turn.
        variances: of their errors.
        shift: what the sums ask for, (A, N, H).
        above: the sums above each of these leaves, as places among the sums.
        lowest: no value lies below.
        reach: of the reconciliation.
    """
    for place, (sums, paths) in enumerate(zip(above, drawn, strict=True)):
        yield np.maximum(paths.moved(variances[place] * shift[sums].sum(axis=0), reach), lowest[place])


def added(drawn: Iterator[FloatArray], above: Sequence[IntArray], sums: int) -> FloatArray | None:
    """Returns what the paths of some leaves come to, (A, N, H); None without leaves.

    Args:
        drawn: the paths of each leaf, (N, H).
        above: of each, its sums, as places among all sums.
        sums: how many of them there are, ``A``.
    """
    total: FloatArray | None = None
    for own, paths in zip(above, drawn, strict=True):
        if total is None:
            total = np.zeros((sums, *paths.shape))
        total[own] += paths
    return total


def wanted_sums(total: FloatArray, sums: Callable[[Sequence[FloatArray]], Iterator[FloatArray]]) -> FloatArray:
    """Returns the values of the sums' own distributions at the ranks of what the leaves come to, (A, N, H)."""
    wanted = np.stack(list(sums(list(_scores_of(total)))))
    return np.where(np.isnan(wanted), total, wanted)


def sums_above(tree: Hierarchy) -> list[IntArray]:
    """Returns the sums above each leaf, as places among the sums: L arrays of whole numbers."""
    owners = np.repeat(np.arange(len(tree)), tree.sizes)
    are_sums = ~tree.is_leaf[owners]
    place = np.cumsum(~tree.is_leaf) - 1
    order = np.argsort(tree.below[are_sums], kind="stable")
    below, rows = tree.below[are_sums][order], place[owners[are_sums]][order]
    ends = np.searchsorted(below, tree.leaves, side="right")
    begins = np.searchsorted(below, tree.leaves, side="left")
    return [rows[begin:end] for begin, end in zip(begins, ends, strict=True)]


def path_quantiles(paths: FloatArray, probabilities: Sequence[float], *, are_counts: bool) -> FloatArray:
    """Returns quantiles of paths, (N, …) -> (Q, …); of counts, which may be among them, whole numbers."""
    made = np.asarray(np.quantile(paths, tuple(probabilities), axis=0))
    if are_counts:
        whole = (paths == np.rint(paths)).all(axis=0)
        made[:, whole] = np.quantile(paths[:, whole], tuple(probabilities), axis=0, method="inverted_cdf")
    return made


def _scores_of(total: FloatArray) -> Iterator[FloatArray]:
    """Yields the normal scores of the ranks of values among all paths, step by step, (N, H) for each sum."""
    count = total.shape[1]
    inverse = NormalDist().inv_cdf
    ladder = np.array([inverse((rank + 0.5) / count) for rank in range(count)])
    for own in total:
        ranks = np.argsort(np.argsort(own, axis=0, kind="stable"), axis=0)
        yield ladder[ranks]
