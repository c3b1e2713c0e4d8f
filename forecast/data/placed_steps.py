"""Where the steps of leaves lie among those of sums, and what is told at each of these.

Shapes: ``S`` leaves, ``A`` sums, ``N`` steps of the leaves together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LATEST = np.iinfo(np.int64).max


class NodeGroups(Protocol):
    """A level of a hierarchy."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of its nodes."""

    @property
    def group(self) -> IntArray:
        """The node that each leaf is below, (S,)."""


@dataclass(frozen=True, eq=False)
class PlacedSteps:
    """Where each step of the leaves goes among those of the sums.

    Attributes:
        first: (A,) ordinals.
        offsets: (A + 1,).
        rows: for each level above the leaves, (N,) places of the leaves' steps among those of all sums.
    """

    first: IntArray
    offsets: IntArray
    rows: tuple[IntArray, ...]

    def added(self, values: FloatArray) -> FloatArray:
        """Returns values of the leaves' steps added up, (N,) -> (steps of the sums,)."""
        size = int(self.offsets[-1])
        made = np.zeros(size)
        for rows in self.rows:
            made += np.bincount(rows, values, size)
        return made


def placed_steps(levels: Sequence[NodeGroups], first: IntArray, lengths: IntArray) -> PlacedSteps:
    """Returns where steps go, of series that begin and last as told."""
    begins, ends = [], []
    for level in levels[:-1]:
        begin, end = np.full(len(level.nodes), LATEST), np.full(len(level.nodes), -LATEST)
        told = lengths > 0
        np.minimum.at(begin, level.group[told], first[told])
        np.maximum.at(end, level.group[told], (first + lengths)[told])
        none = begin > end  # a node of which nothing is told
        begins.append(np.where(none, 0, begin))
        ends.append(np.where(none, 0, end))
    start, stop = np.concatenate(begins), np.concatenate(ends)
    offsets = np.concatenate([[0], np.cumsum(stop - start)])
    series = np.repeat(np.arange(len(first)), lengths)
    within = np.arange(int(lengths.sum())) - np.repeat(np.concatenate([[0], np.cumsum(lengths)])[:-1], lengths)
    ordinals = within + first[series]
    rows, before = [], 0
    for level in levels[:-1]:
        node = before + level.group[series]
        rows.append(offsets[node] + ordinals - start[node])
        before += len(level.nodes)
    return PlacedSteps(start, offsets, tuple(rows))


def told_at(values: FloatArray, rows: Sequence[IntArray], size: int) -> FloatArray:
    """Returns the sum, the count, the lowest and the highest of what is told at each place, (4, size)."""
    told = ~np.isnan(values)
    made = np.repeat(np.array([0.0, 0.0, np.inf, -np.inf])[:, None], size, axis=1)
    for own in rows:
        made[0] += np.bincount(own[told], values[told], size)
        made[1] += np.bincount(own[told], minlength=size)
        np.minimum.at(made[2], own[told], values[told])
        np.maximum.at(made[3], own[told], values[told])
    return made


def in_common(told: FloatArray, *, is_text: bool) -> FloatArray:
    """Returns the mean of what is told, or the code that all have in common, (4, …) -> (…); NaN where there is none."""
    sums, counts, low, high = told
    made = np.where(low == high, low, np.nan if is_text else sums / np.maximum(counts, 1))
    return np.where(counts > 0, made, np.nan)
