"""What ids say of a hierarchy: which nodes there are, what does not nest, and which sums stand in the file already.

    state     region      purpose
    Victoria  Melbourne   Holiday      a leaf
    Victoria  Melbourne   total        a sum in the file: looked at, and left out

Shapes: ``S`` series of the file, ``G`` nodes of a level.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forecast.data.findings import Finding
from forecast.data.hierarchy import TOTAL, HierarchySpec, seen_hierarchy
from forecast.data.panel import IdParts
from forecast.decoding import Document
from forecast.errors import DataError, UsageError, did_you_mean
from forecast.name_lists import flag_value
from forecast.wording import counted, joined, listed

IntArray = NDArray[np.int64]

PARENT_WORDS = frozenset({"total", "totals", "all", "*", "(all)", "sum", "overall", "<aggregated>", "grand total"})
"""What stands in the place of a part of the id where a row is the sum over it."""
MOST_SHOWN = 4


@dataclass(frozen=True, eq=False)
class TreeLevel:
    """One level of a hierarchy.

    Attributes:
        name: such as ``state * purpose``.
        columns: that its nodes have in common.
        nodes: (G,), their names.
        group: (S,), the node that each series is below.
    """

    name: str
    columns: tuple[str, ...]
    nodes: tuple[str, ...]
    group: IntArray


def spelled_as(spec: HierarchySpec, names: Sequence[str]) -> HierarchySpec:
    """Returns the spec with its columns as the file spells them.

    Raises:
        UsageError: one is no part of the id.
    """
    known = {name.casefold(): name for name in reversed(names)} | {name: name for name in names}
    for name in spec.columns:
        if name not in known and name.casefold() not in known:
            meant = did_you_mean(name, names)
            message = f"--hierarchy {spec.text}: {name} is no part of the id, which is {joined(list(names))}.{meant}"
            raise UsageError(message, f"--id {flag_value([*names, name])}, or --hierarchy with parts of the id")
    return HierarchySpec(
        tuple(tuple(known.get(name) or known[name.casefold()] for name in chain) for chain in spec.chains)
    )


def levels_of(spec: HierarchySpec, ids: IdParts) -> list[TreeLevel]:
    """Returns the levels, that with fewest nodes first, the series themselves last.

    Raises:
        DataError: two nodes would have one name.
    """
    made = []
    for columns, name in spec.levels():
        if set(columns) != set(ids.names):
            made.append(_level(columns, name, ids))
    made.sort(key=lambda level: (len(level.columns) > 0, len(level.nodes)))
    last = spec.levels()[-1]
    name = last[1] if set(last[0]) == set(ids.names) else " * ".join(ids.names)
    series = tuple("/".join(parts) for parts in ids.values)
    made.append(TreeLevel(name, tuple(ids.names), series, np.arange(len(series))))
    places: dict[str, str] = {}
    for level in made:
        for node in level.nodes:
            if node in places:
                message = f"A node of the level {level.name} and one of {places[node]} would both be called '{node}'."
                raise DataError(message, "write one of the two otherwise in the file")
            places[node] = level.name
    return made


def _level(columns: tuple[str, ...], name: str, ids: IdParts) -> TreeLevel:
    order = [place for place, each in enumerate(ids.names) if each in columns]
    names = ["/".join(parts[place] for place in order) or TOTAL for parts in ids.values]
    nodes = tuple(dict.fromkeys(names))
    place = {node: i for i, node in enumerate(nodes)}
    return TreeLevel(name, columns, nodes, np.array([place[each] for each in names], dtype=np.int64))


def check_nesting(spec: HierarchySpec, ids: IdParts) -> None:
    """Refuses a value of a nested column that stands below two of the one that it nests in.

    Raises:
        DataError: there is one; the text says which, and where.
    """
    for chain in spec.chains:
        for wide, narrow in pairwise(chain):
            homes = _homes(wide, narrow, ids)
            torn = {value: own for value, own in homes.items() if len(own) > 1}
            if not torn:
                continue
            value, own = next(iter(torn.items()))
            more = f"; so do {len(torn) - 1:,} more" if len(torn) > 2 else "; so does 1 more" if len(torn) > 1 else ""
            message = f"{narrow} '{value}' stands in {len(own)} of {wide}: {listed(own, MOST_SHOWN)}{more}."
            text = HierarchySpec(tuple(part for each in spec.chains for part in _split(each, narrow))).text
            raise DataError(
                f"{message} So {narrow} does not nest in {wide}.",
                f"--hierarchy '{text}' if they cross; else write the {narrow} apart in the file",
            )


def _split(chain: tuple[str, ...], narrow: str) -> list[tuple[str, ...]]:
    """Returns a chain cut before a column."""
    if narrow not in chain[1:]:
        return [chain]
    place = chain.index(narrow)
    return [chain[:place], chain[place:]]


def _homes(wide: str, narrow: str, ids: IdParts) -> dict[str, list[str]]:
    outer, inner = ids.names.index(wide), ids.names.index(narrow)
    homes: dict[str, dict[str, None]] = {}
    for parts in ids.values:
        homes.setdefault(parts[inner], {})[parts[outer]] = None
    return {value: list(own) for value, own in homes.items()}


def parent_places(spec: HierarchySpec, ids: IdParts) -> list[int]:
    """Returns the series that are sums of others: a word such as total stands in the place of a part of their id."""
    columns = [ids.names.index(name) for name in spec.columns]
    found = [
        i for i, parts in enumerate(ids.values) if any(parts[c].strip().casefold() in PARENT_WORDS for c in columns)
    ]
    return found if len(found) < len(ids.values) else []


def children_of(parent: Sequence[str], columns: Sequence[int], ids: IdParts) -> list[int]:
    """Returns the series that have all parts of a parent but those that it is the sum over."""
    summed = {c for c in columns if parent[c].strip().casefold() in PARENT_WORDS}
    kept = [c for c in range(len(parent)) if c not in summed]
    return [i for i, parts in enumerate(ids.values) if all(parts[c] == parent[c] for c in kept)]


@dataclass(frozen=True)
class LevelNodes(Document):
    """A level of a hierarchy, as it is shown.

    Attributes:
        level: its name.
        nodes: how many it has.
        such_as: the first few.
    """

    level: str
    nodes: int
    such_as: tuple[str, ...]


def nodes_of(levels: Sequence[TreeLevel]) -> tuple[LevelNodes, ...]:
    """Returns the levels as they are shown."""
    return tuple(LevelNodes(level.name, len(level.nodes), level.nodes[:MOST_SHOWN]) for level in levels)


def seen_levels(ids: IdParts) -> tuple[HierarchySpec, list[TreeLevel]] | None:
    """Returns what hierarchy the ids have, and its levels; sums in the file are none of its leaves. None for none."""
    parents = set(parent_places(HierarchySpec((ids.names,)), ids))
    left = IdParts(ids.names, tuple(parts for i, parts in enumerate(ids.values) if i not in parents))
    spec = seen_hierarchy(left.names, left.values)
    try:
        return None if spec is None else (spec, levels_of(spec, left))
    except DataError:
        return None


def with_traits(ids: IdParts) -> IdParts:
    """Returns the ids with those of their traits that stand above a part of them, as a region does above a shop."""
    names, values = list(ids.names), [list(own) for own in ids.values]
    for name, words in ids.traits.items():
        place = next((i for i in range(len(names)) if _is_above(words, [own[i] for own in values])), None)
        if place is not None:
            names.insert(place, name)
            for own, word in zip(values, words, strict=True):
                own.insert(place, word)
    return replace(ids, names=tuple(names), values=tuple(map(tuple, values)))


def _is_above(trait: Sequence[str], part: Sequence[str]) -> bool:
    """Returns whether each word of a part stands beside one of the trait's only, which has several, and fewer."""
    pairs = len(set(zip(part, trait, strict=True)))
    return pairs == len(set(part)) > len(set(trait)) > 1


def seen_findings(ids: IdParts, traits: Sequence[str] = ()) -> list[Finding]:
    """Returns what hierarchy the ids have, where nobody asked for one, and what it would give.

    Args:
        ids: of the series, with traits that stand above a part of them.
        traits: names of these.
    """
    seen = seen_levels(ids)
    if seen is None:
        return []
    spec, levels = seen
    used = [name for name in traits if name in spec.columns]
    what = joined(["the ids", *used])
    sums, leaves = sum(len(level.nodes) for level in levels[:-1]), len(levels[-1].nodes)
    text = f"{what} are a hierarchy, {spec.text}: {counted(sums, 'sum')} of {leaves:,} series"
    text += f", by {joined([level.name for level in levels[:-1]])}; with it each is forecast, and all add up"
    if leaves < len(ids.values):
        first = ids.values[parent_places(HierarchySpec((ids.names,)), ids)[0]]
        many = counted(len(ids.values) - leaves, "series")
        text += f"; {many} of the file, such as {'/'.join(first)}, are sums already, and would be held against them"
    return [Finding("note", "hierarchy", text, f"--hierarchy '{spec.text}'")]
