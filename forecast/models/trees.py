"""Boosted regression trees as plain arrays: they forecast, and are stored, without the library that grew them.

Shapes: ``T`` trees, ``N`` nodes of all trees together, ``B`` rows, ``F`` inputs.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
FIELDS = {
    "feature": ("feature_idx", np.int64),
    "threshold": ("num_threshold", np.float64),
    "missing_left": ("missing_go_to_left", np.bool_),
    "left": ("left", np.int64),
    "right": ("right", np.int64),
    "is_leaf": ("is_leaf", np.bool_),
    "value": ("value", np.float64),
}
"""Our name of each array of nodes, its name in scikit-learn's trees, and its type."""


@dataclass(frozen=True, eq=False)
class Forest:
    """A sum of binary trees; a row goes left where its input is at most the threshold.

    Attributes:
        first: (T,) node at which each tree begins.
        start: what is forecast before any tree.
        feature: (N,) input that a node looks at.
        threshold: (N,)
        missing_left: (N,) a NaN goes left.
        left, right: (N,) the nodes below, counted over all trees; a leaf has none.
        is_leaf: (N,)
        value: (N,) what a leaf adds.
    """

    start: float
    first: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: FloatArray
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    is_leaf: NDArray[np.bool_]
    value: FloatArray

    @classmethod
    def of(cls, estimator: Any) -> Self:
        """Returns the trees of a fitted ``HistGradientBoostingRegressor`` without categories."""
        trees = [nodes.nodes for (nodes,) in estimator._predictors]  # scikit-learn has no public name for them
        first = np.concatenate([[0], np.cumsum([len(tree) for tree in trees])[:-1]]).astype(np.int64)
        arrays: dict[str, NDArray[Any]] = {
            name: np.concatenate([tree[own] for tree in trees]).astype(kind) for name, (own, kind) in FIELDS.items()
        }
        offset = np.repeat(first, [len(tree) for tree in trees])
        arrays["left"], arrays["right"] = arrays["left"] + offset, arrays["right"] + offset
        return cls(float(np.ravel(estimator._baseline_prediction)[0]), first, **arrays)

    def predict(self, inputs: FloatArray) -> FloatArray:
        """Returns the sum of the trees for each row, (B, F) -> (B,), the trees added in the order they grew in."""
        columns = np.ascontiguousarray(inputs.T)
        missing = np.isnan(columns)
        total = np.full(len(inputs), self.start)
        for root in self.first:
            waiting = [(int(root), np.arange(len(inputs)))]
            while waiting:
                node, rows = waiting.pop()
                if self.is_leaf[node]:
                    total[rows] += self.value[node]
                    continue
                feature = self.feature[node]
                goes_left = columns[feature, rows] <= self.threshold[node]
                if self.missing_left[node]:
                    goes_left |= missing[feature, rows]
                waiting += [(int(self.left[node]), rows[goes_left]), (int(self.right[node]), rows[~goes_left])]
        return total

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Returns the arrays by name."""
        return {"start": np.array([self.start]), "first": self.first, **{name: getattr(self, name) for name in FIELDS}}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], inputs: int) -> Self:
        """Rebuilds a forest whose rows have so many inputs.

        Raises:
            ValueError: an array is missing, or they make no trees.
        """
        if arrays.keys() != {"start", "first", *FIELDS}:
            raise ValueError("the trees lack an array, or have one too many")
        start, first = arrays["start"], arrays["first"]
        nodes = {name: arrays[name] for name in FIELDS}
        sizes = {array.shape for array in nodes.values()}
        count = len(nodes["value"])
        if start.shape != (1,) or first.ndim != 1 or sizes != {(count,)} or not count:
            raise ValueError("the arrays of the trees do not fit each other")
        if any(nodes[name].dtype != kind for name, (_, kind) in FIELDS.items()) or first.dtype != np.int64:
            raise ValueError("the arrays of the trees are of another type")
        inner, here = ~nodes["is_leaf"], np.arange(count)
        below = np.concatenate([nodes["left"][inner], nodes["right"][inner]])
        parents = np.concatenate([here[inner], here[inner]])
        is_sound = (
            np.isfinite(start).all()
            and np.isfinite(nodes["value"]).all()
            and ((first >= 0) & (first < count)).all()
            and ((below > parents) & (below < count)).all()  # so that every way ends at a leaf
            and ((nodes["feature"][inner] >= 0) & (nodes["feature"][inner] < inputs)).all()
        )
        if not is_sound:
            raise ValueError("the nodes make no trees")
        return cls(float(start[0]), first, **nodes)
