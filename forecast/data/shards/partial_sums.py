"""The sums of a hierarchy whose leaves lie in several shards: each shard's part of them, and all parts added up.

    part-00000   a/x 3 4 5 ─┐  a  3 4 5      ─┐
                 b/y   2 3  │  b    2 3       ├─▶  total  3 8 14      a  3 6 11      b    2 3
    part-00001   a/z   2 6 ─┘  a    2 6      ─┘

Of each step of a sum are known the number of leaves that have begun, how many of them have a value, and what they come
to: numbers that add up. So do the sum, the count, the least and the greatest of each covariate.

Shapes: ``A`` sums, ``L`` leaves of a shard, ``N`` steps of all sums together, ``K`` of what is known ahead.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from forecast.data.covariates import KINDS, Column, Covariates, Kind
from forecast.data.hierarchy import HierarchySpec
from forecast.data.panel import IdParts, Panel
from forecast.data.placed_steps import in_common, placed_steps, told_at
from forecast.data.reading.hierarchies.hierarchy_ids import TreeLevel, check_nesting
from forecast.data.reading.hierarchies.hierarchy_sums import OBSERVED, carried
from forecast.data.shards.stable_hash import BETWEEN, stable_hash
from forecast.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]

NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class Runs:
    """Steps of several sums, end to end.

    Attributes:
        first: (A,), the ordinal of the first step of each.
        offsets: (A + 1,), where each begins.
    """

    first: IntArray
    offsets: IntArray

    @property
    def ends(self) -> IntArray:
        """The ordinal after the last step of each, (A,)."""
        return self.first + np.diff(self.offsets)

    def joined(self, other: Self, places: IntArray, count: int) -> Self:
        """Returns runs that hold those of both.

        Args:
            other: that is added.
            places: (A of the other,), where each of its sums stands among all.
            count: of all.
        """
        lengths = np.diff(other.offsets)
        told = lengths > 0
        begin, end = np.full(count, np.iinfo(np.int64).max), np.full(count, -np.iinfo(np.int64).max)
        mine = np.flatnonzero(np.diff(self.offsets))
        begin[mine], end[mine] = self.first[mine], self.ends[mine]
        begin[places[told]] = np.minimum(begin[places[told]], other.first[told])
        end[places[told]] = np.maximum(end[places[told]], other.ends[told])
        none = begin > end
        begin[none], end[none] = 0, 0
        return type(self)(begin, np.concatenate([[0], np.cumsum(end - begin)]))

    def rows_of(self, other: Self, places: IntArray) -> IntArray:
        """Returns where each step of other runs lies among these, whose sums stand at these places."""
        lengths = np.diff(other.offsets)
        series = np.repeat(np.arange(len(lengths)), lengths)
        within = np.arange(int(lengths.sum())) - other.offsets[series]
        whose = places[series]
        return np.asarray(self.offsets[whose] + other.first[series] + within - self.first[whose])


NO_RUNS = Runs(np.empty(0, np.int64), np.zeros(1, np.int64))


@dataclass(frozen=True, eq=False)
class PartialSums:
    """What the leaves of some shards come to.

    Attributes:
        levels: (A,), the level of each sum, by its place among ``HierarchySpec.levels``.
        names: (A,).
        leaves: (A,), how many are below each.
        own_last: (A,), ordinal of the last step that any of these has itself.
        steps: of the sums.
        counts: (3, N), what the leaves come to, how many have begun, and how many of these have a value.
        ahead: steps of what is known ahead; no runs where nothing is.
        told: of each kind of covariate, ``told_at`` for each of its columns, (4, N, K or A, columns).
        columns: of the covariates; None where there are none.
    """

    levels: IntArray
    names: tuple[str, ...]
    leaves: IntArray
    own_last: IntArray
    steps: Runs
    counts: FloatArray
    ahead: Runs = NO_RUNS
    told: Mapping[Kind, FloatArray] | None = None
    columns: tuple[Column, ...] | None = None

    @property
    def keys(self) -> list[tuple[int, str]]:
        """What tells sums apart."""
        return list(zip(self.levels.tolist(), self.names, strict=True))

    def plus(self, other: "PartialSums") -> "PartialSums":
        """Returns what the leaves of both come to; the sums that only the other has stand at the end."""
        place = {key: i for i, key in enumerate(self.keys)}
        for key in other.keys:
            place.setdefault(key, len(place))
        count, own = len(place), np.arange(len(self.names))
        places = np.array([place[key] for key in other.keys], dtype=np.int64)

        def laid(mine: Runs, its: Runs) -> tuple[Runs, tuple[IntArray, IntArray]]:
            every = mine.joined(its, places, count)
            return every, (every.rows_of(mine, own), every.rows_of(its, places))

        steps, rows = laid(self.steps, other.steps)
        ahead, ahead_rows = laid(self.ahead, other.ahead)
        told = None
        if self.told is not None and other.told is not None:
            at = {"ahead": ahead_rows, "observed": rows, "series": (own, places)}
            sizes = {"ahead": int(ahead.offsets[-1]), "observed": int(steps.offsets[-1]), "series": count}
            told = {
                kind: _together(self.told[kind], other.told[kind], at[record.rows], sizes[record.rows])
                for kind, record in KINDS.items()
            }
        counts = np.zeros((3, int(steps.offsets[-1])))
        counts[:, rows[0]] += self.counts
        counts[:, rows[1]] += other.counts
        leaves = np.zeros(count, np.int64)
        leaves[own] += self.leaves
        leaves[places] += other.leaves
        last = np.full(count, NEVER)
        last[own] = self.own_last
        last[places] = np.maximum(last[places], other.own_last)
        keys = list(place)
        levels = np.array([level for level, _ in keys], dtype=np.int64)
        names = tuple(name for _, name in keys)
        return PartialSums(levels, names, leaves, last, steps, counts, ahead, told, self.columns)

    def of(self, order: IntArray) -> "PartialSums":
        """Returns the sums in another order."""
        nothing = replace(
            self,
            levels=self.levels[order],
            names=tuple(self.names[i] for i in order.tolist()),
            leaves=np.zeros(len(order), np.int64),
            own_last=np.full(len(order), NEVER),
            steps=Runs(np.zeros(len(order), np.int64), np.zeros(len(order) + 1, np.int64)),
            counts=np.zeros((3, 0)),
            ahead=NO_RUNS if self.told is None else Runs(np.zeros(len(order), np.int64), np.zeros(len(order) + 1, int)),
            told=self.told and {kind: _nothing(told, kind, len(order)) for kind, told in self.told.items()},
        )
        return nothing.plus(self)

    def panel(self, like: Panel) -> Panel:
        """Returns the sums as series.

        Args:
            like: a panel of leaves: of the same frequency, target and filling.
        """
        sums, present, observed = self.counts
        values = np.where(observed / np.maximum(present, 1) >= OBSERVED, sums, np.nan)
        covariates = None
        if self.told is not None and self.columns is not None:
            covariates = _covariates(self.told, self.columns, self.ahead)
        made = replace(
            like,
            series_ids=self.names,
            values=values,
            offsets=self.steps.offsets,
            first=self.steps.first,
            covariates=covariates,
            weights=None,
            left_out=None,
            hierarchy=None,
            own_last=self.own_last,
        )
        return replace(made, values=np.where(made.is_ignored, np.nan, made.values)) if made.ignored else made

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Returns all of it as arrays by name, but for the columns."""
        made: dict[str, NDArray[Any]] = {"levels": self.levels, "names": np.array(self.names, dtype=str)}
        made |= {
            "leaves": self.leaves,
            "own_last": self.own_last,
            "first": self.steps.first,
            "offsets": self.steps.offsets,
            "counts": self.counts,
        }
        made |= {"ahead_first": self.ahead.first, "ahead_offsets": self.ahead.offsets}
        return made | {f"told/{kind}": told for kind, told in (self.told or {}).items()}

    @classmethod
    def of_arrays(cls, arrays: Arrays, columns: tuple[Column, ...] | None) -> Self:
        """Returns what ``arrays`` made."""
        told = {kind: arrays[f"told/{kind}"] for kind in KINDS} if columns is not None else None
        steps, ahead = (Runs(arrays[f"{kind}first"], arrays[f"{kind}offsets"]) for kind in ("", "ahead_"))
        names = tuple(arrays["names"].tolist())
        return cls(
            arrays["levels"], names, arrays["leaves"], arrays["own_last"], steps, arrays["counts"], ahead, told, columns
        )


def _together(mine: FloatArray, its: FloatArray, rows: tuple[IntArray, IntArray], size: int) -> FloatArray:
    made = np.empty((4, size, mine.shape[2]))
    made[:2], made[2], made[3] = 0.0, np.inf, -np.inf
    for told, own in zip((mine, its), rows, strict=True):
        made[:2, own] += told[:2]
        made[2, own] = np.minimum(made[2, own], told[2])
        made[3, own] = np.maximum(made[3, own], told[3])
    return made


def _nothing(told: FloatArray, kind: Kind, sums: int) -> FloatArray:
    made = np.zeros((4, sums if KINDS[kind].rows == "series" else 0, told.shape[2]))
    made[2], made[3] = np.inf, -np.inf
    return made


def _covariates(told: Mapping[Kind, FloatArray], columns: tuple[Column, ...], ahead: Runs) -> Covariates:
    values = {}
    for kind, own in told.items():
        some = [column for column in columns if column.kind == kind]
        each = [in_common(own[:, :, c], is_text=column.levels is not None) for c, column in enumerate(some)]
        values[kind] = np.stack(each, axis=1) if each else np.empty((own.shape[1], 0))
    return Covariates(columns, values["known"], ahead.offsets, ahead.first, values["past"], values["static"])


def partial_sums(leaves: Panel, levels: Sequence[TreeLevel], spec: HierarchySpec) -> tuple[PartialSums, IntArray]:
    """Returns what the leaves of a shard come to, and the sums that each is below, (levels above, L).

    Args:
        leaves: of the shard, which end together with all others.
        levels: of these leaves.
        spec: by which levels of several shards are the same.
    """
    columns = [frozenset(own) for own, _ in spec.levels()]
    upper = levels[:-1]
    before = np.concatenate([[0], np.cumsum([len(level.nodes) for level in upper])])
    groups = np.stack([level.group + start for level, start in zip(upper, before, strict=False)])
    placed = placed_steps(levels, leaves.first, leaves.lengths)
    ones = np.ones(len(leaves.values))
    counts = np.stack([placed.added(own) for own in (carried(leaves), ones, leaves.observed.astype(np.float64))])
    own_last = np.full(int(before[-1]), NEVER)
    for group in groups:
        np.maximum.at(own_last, group, leaves.last if leaves.own_last is None else leaves.own_last)
    made = PartialSums(
        np.repeat([columns.index(frozenset(level.columns)) for level in upper], np.diff(before)),
        tuple(node for level in upper for node in level.nodes),
        np.bincount(groups.ravel(), minlength=int(before[-1])),
        own_last,
        Runs(placed.first, placed.offsets),
        counts,
    )
    own = leaves.covariates
    if own is None:
        return made, groups
    ahead = placed_steps(levels, own.known_first, np.diff(own.known_offsets))
    rows: dict[str, Sequence[IntArray]] = {"ahead": ahead.rows, "observed": placed.rows, "series": list(groups)}
    sizes = {"ahead": int(ahead.offsets[-1]), "observed": counts.shape[1], "series": int(before[-1])}
    told: dict[Kind, FloatArray] = {}
    for kind, record in KINDS.items():
        given, size = own.values_of(kind), sizes[record.rows]
        each = [told_at(given[:, c], rows[record.rows], size) for c in range(given.shape[1])]
        told[kind] = np.stack(each, axis=2) if each else np.empty((4, size, 0))
    return replace(made, ahead=Runs(ahead.first, ahead.offsets), told=told, columns=own.columns), groups


def in_order(sums: PartialSums) -> PartialSums:
    """Returns the sums level by level, that with fewest first as in a panel that is read at once.

    Raises:
        DataError: two have one name.
    """
    twice = next((name for name, count in Counter(sums.names).items() if count > 1), None)
    if twice is not None:
        message = f"Nodes of two levels would both be called '{twice}'."
        raise DataError(message, "write one of the two otherwise in the data, and shard it anew")
    counts = np.bincount(sums.levels)
    return sums.of(np.lexsort((np.arange(len(sums.names)), sums.levels, counts[sums.levels], sums.levels > 0)))


def nesting_pairs(spec: HierarchySpec, ids: IdParts) -> dict[str, NDArray[Any]]:
    """Returns what nests in what, as arrays by name: of each pair of columns the values that stand side by side."""
    made: dict[str, NDArray[Any]] = {}
    for number, (wide, narrow) in enumerate(_pairs(spec)):
        at = ids.names.index(wide), ids.names.index(narrow)
        found = sorted({(parts[at[0]], parts[at[1]]) for parts in ids.values})
        made[f"pair{number}"] = np.array(found, dtype=str).reshape(-1, 2)
    return made


def check_nesting_of_all(spec: HierarchySpec, parts: Callable[[], Sequence[Arrays]]) -> None:
    """Refuses a value that stands below two others, of shards together; in memory are hashes of the values.

    Args:
        spec: of the hierarchy.
        parts: gives ``nesting_pairs`` of each shard; read twice where something does not nest.

    Raises:
        DataError: there is one; see ``check_nesting``.
    """
    for number, (wide, narrow) in enumerate(_pairs(spec)):
        found = [_hashed(own[f"pair{number}"]) for own in parts()]
        pairs = np.unique(np.concatenate(found), axis=0)
        inner, homes = np.unique(pairs[:, 1], return_counts=True)
        torn = inner[homes > 1]
        if not torn.size:
            continue
        told = set[tuple[str, str]]()
        for own in parts():
            texts = own[f"pair{number}"]
            told |= {(a, b) for a, b in texts[np.isin(_hashed(texts)[:, 1], torn)].tolist()}
        names = spec.columns
        values = [tuple({wide: a, narrow: b}.get(name, "") for name in names) for a, b in sorted(told)]
        check_nesting(spec, IdParts(names, tuple(values)))


def _pairs(spec: HierarchySpec) -> list[tuple[str, str]]:
    return [pair for chain in spec.chains for pair in pairwise(chain)]


def _hashed(texts: NDArray[Any]) -> NDArray[np.uint64]:
    """Returns the hashes of pairs of texts, (n, 2)."""
    flat = [text.replace(BETWEEN, " ") for text in texts.ravel().tolist()]
    return stable_hash(pa.array(flat, pa.string())).reshape(-1, 2)
