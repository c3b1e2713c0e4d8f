"""What is known of leaves beside what networks say: that they have ended, or sell now and then.

    ended     120 131 128 · · ·    0 from here on; what it would have been is taken off the sums above it
    sparse    0 0 3 0 0 0 1 0      its mean: a network that learns by absolute errors forecasts the median, which is 0

Shapes: ``M`` members, ``S`` series, ``A`` sums, ``V`` levels above the leaves, ``H`` horizon.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.checks.demand import demand_classes
from forecast.data.panel import Panel
from forecast.models.classical.intermittent import RULES, IntermittentSettings, intermittent
from forecast.models.forecaster import Members
from forecast.models.reconciliation.reconciler import ReconciliationSettings

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

LEAF_RULE = "imapa"  # measured by benchmarks/tuning/hierarchies.py
"""What forecasts leaves that sell now and then."""
MEANS = frozenset({"smoothing", *RULES})
"""Rules that forecast a mean by themselves."""


@dataclass(frozen=True, eq=False)
class LeafStates:
    """Which series are forecast otherwise than by the members.

    Attributes:
        ended: (S,), all that is below them has ended.
        sparse: (S,), leaves that sell now and then.
    """

    ended: BoolArray
    sparse: BoolArray

    @classmethod
    def of(cls, panel: Panel, settings: ReconciliationSettings) -> Self:
        """Returns those of a panel that ends at the origin; of one without a hierarchy all series are leaves."""
        ended, sparse = panel.has_ended & settings.ends, np.zeros(len(panel), dtype=bool)
        if settings.sparse:
            found, tree = demand_classes(panel), panel.hierarchy
            sells = found.is_demand & np.isfinite(found.interval) & (tree.is_leaf if tree else True)
            sparse = sells & (found.interval >= settings.sparse) & ~ended
        return cls(ended, sparse)

    @classmethod
    def rare(cls, sparse: BoolArray) -> Self:
        """Returns those of a panel without a hierarchy, of which some series sell now and then."""
        return cls(np.zeros(len(sparse), dtype=bool), sparse)

    def settled(self, members: Members, panel: Panel, rules: IntermittentSettings) -> Members:
        """Returns members that say what is known of these series; the rule is for networks, which have anchors."""
        if self.sparse.any() and members.anchors:
            told = intermittent(LEAF_RULE, panel.select(np.flatnonzero(self.sparse)), members.values.shape[2], rules)
            members = _each(members, lambda values: _put(values, self.sparse, told))
        if not self.ended.any():
            return members
        tree = panel.hierarchy
        gone = self.ended if tree is None else self.ended & tree.is_leaf

        def left(values: FloatArray) -> FloatArray:  # (S, H)
            lost = 0.0 if tree is None else tree.added(np.where(gone[:, None], values, 0.0))
            return np.where(self.ended[:, None], 0.0, values - lost)

        return _each(members, left)

    def lost(self, members: Members, above: IntArray, sums: int) -> FloatArray:
        """Returns what members and anchors say of leaves that have ended, added up to sums, (M + anchors, A, H).

        Args:
            members: of leaves alone, as they were before they are settled.
            above: (V, S), the sums above each of these.
            sums: how many there are, A.
        """
        every = np.concatenate([members.values, *(values[None] for values in (members.anchors or {}).values())])
        made = np.zeros((sums, len(every), every.shape[2]))
        gone = np.flatnonzero(self.ended)
        for own in above:
            np.add.at(made, own[gone], every[:, gone].swapaxes(0, 1))
        return made.swapaxes(0, 1)


def has_means(members: Members) -> bool:
    """Returns whether what leaves that sell now and then are forecast is their mean, around which counts lie."""
    return bool(members.anchors) or set(members.views) <= MEANS


def settled_sums(members: Members, ended: BoolArray, lost: FloatArray) -> Members:
    """Returns members of sums less what is lost with leaves that have ended; see ``LeafStates``.

    Args:
        members: of the sums alone.
        ended: (A,), all that is below them has ended.
        lost: (M + anchors, A, H), of all leaves.
    """
    count, names = len(members.values), tuple(members.anchors or {})
    every = np.concatenate([members.values, *(values[None] for values in (members.anchors or {}).values())])
    made = np.where(ended[:, None], 0.0, every - lost)
    anchors = dict(zip(names, made[count:], strict=True)) if members.anchors else members.anchors
    return replace(members, values=made[:count], anchors=anchors)


def _each(members: Members, change: Callable[[FloatArray], FloatArray]) -> Members:
    """Returns members of which each, and each anchor, has been changed."""
    anchors = {name: change(values) for name, values in members.anchors.items()} if members.anchors else members.anchors
    return replace(members, values=np.stack([change(own) for own in members.values]), anchors=anchors)


def _put(values: FloatArray, which: BoolArray, told: FloatArray) -> FloatArray:
    """Returns forecasts (S, H) with those of some series in their place."""
    made = values.copy()
    made[which] = told
    return made
