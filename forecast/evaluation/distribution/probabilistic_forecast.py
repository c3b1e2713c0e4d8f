"""A forecast with its distribution: what any quantile, path and total is asked of.

Shapes: ``N`` paths, ``S`` series, ``H`` horizon, ``Q`` probabilities.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import tee
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.data.limits import Lowest, keep
from forecast.evaluation.distribution.coherent_paths import LeafPaths, NodePaths, path_quantiles
from forecast.evaluation.distribution.difficulty import Difficulty
from forecast.evaluation.distribution.distribution import Distribution
from forecast.models.forecaster import Quantiles
from forecast.models.reconciliation.reconciler import ReconciliationSettings

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NodeSums:
    """Which series of a forecast add up to which, so that their paths do.

    Attributes:
        tree: the hierarchy.
        variances: (S,), of the errors of each series by itself.
        settings: of the reconciliation.
    """

    tree: Hierarchy
    variances: FloatArray
    settings: ReconciliationSettings


@dataclass(frozen=True, eq=False)
class ProbabilisticForecast:
    """A forecast from one origin, and what is known there of its errors.

    Attributes:
        point: (S, H), in the target's unit.
        series_ids: (S,).
        distribution: of the model.
        difficulty: at the origin.
        lowest: no value lies below: 0 for a series that never was negative, else −inf; or all limits that were set.
        sums: where the series add up; None where they don't.
        which: some of the series, where only these are wanted, but all add up; then ``point`` and ``series_ids`` are
            theirs.
        whole: of all series, then.
    """

    point: FloatArray
    series_ids: tuple[str, ...]
    distribution: Distribution
    difficulty: Difficulty
    lowest: Lowest
    sums: NodeSums | None = None
    which: tuple[int, ...] = ()
    whole: "ProbabilisticForecast | None" = None

    def some(self, which: Sequence[int]) -> Self:
        """Returns that of some of the series, whose paths are the same as among all of them."""
        names = tuple(self.series_ids[i] for i in which)
        return replace(self, point=self.point[list(which)], series_ids=names, which=tuple(which), whole=self)

    def quantiles(self, probabilities: Sequence[float]) -> Quantiles:
        """Returns quantiles of the forecast, (Q, S, H): of a hierarchy, those of paths that add up."""
        if self.whole is not None or self.sums is not None:
            made = np.empty((len(probabilities), *self.point.shape))
            for i, paths in enumerate(self.paths(self.distribution.futures)):
                made[:, i] = path_quantiles(paths, probabilities, are_counts=self.distribution.rare is not None)
            return Quantiles(tuple(probabilities), made)
        return self.distribution.quantiles(self.point, self.difficulty, self.series_ids, probabilities, self.lowest)

    def paths(self, count: int, *, seed: int = 0, which: Sequence[int] | None = None) -> Iterator[FloatArray]:
        """Yields joint futures of each series in turn, (N, H); see ``Distribution.paths``."""
        if self.whole is not None:
            wanted = self.which if which is None else [self.which[i] for i in which]
            yield from self.whole.paths(count, seed=seed, which=wanted)
        elif self.sums is not None:
            chosen = range(len(self.series_ids)) if which is None else which
            yield from self._nodes(self.sums, seed).paths(count, list(chosen))
        else:
            known = (self.point, self.difficulty, self.series_ids)
            yield from self.distribution.paths(*known, count, self.lowest, seed=seed, which=which)

    def leaf_paths(self, count: int, which: Sequence[int], *, seed: int = 0) -> Iterator[LeafPaths]:
        """Yields the paths of some series by themselves; one of no known errors is as it is forecast."""
        known = (self.point, self.difficulty, self.series_ids)
        names, rare = [self.series_ids[i] for i in which], self.distribution.rare
        counts = rare.by_place(self.point, self.difficulty) if rare else {}
        one, other = tee(self.distribution.dependence.draws(count, names, seed))
        made = self.distribution.at_scores(*known, self.lowest, which, one)
        for i, paths, scores in zip(which, made, other, strict=True):
            values = np.where(np.isnan(paths), self.point[i], paths)
            yield LeafPaths(values, scores, counts[i]) if i in counts else LeafPaths(values)

    def _nodes(self, sums: NodeSums, seed: int) -> NodePaths:
        known, tree = (self.point, self.difficulty, self.series_ids), sums.tree
        leaves, rest = tree.leaves.tolist(), tree.sums.tolist()
        zero = keep(np.full((len(tree), 1), -np.inf), self.lowest)[:, 0]

        def drawn(count: int) -> Iterator[LeafPaths]:
            return self.leaf_paths(count, leaves, seed=seed)

        def at_scores(scores: Sequence[FloatArray]) -> Iterator[FloatArray]:
            return self.distribution.at_scores(*known, self.lowest, rest, scores)

        return NodePaths(tree, sums.variances, sums.settings, zero, drawn, at_scores)
