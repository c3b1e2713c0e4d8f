"""The hierarchy of a panel: which series are sums of which others, by the parts of their ids.

    state/region * purpose        nested with /, crossed with *; the total is always there

    total                         1
    state         purpose         8, 4          a node of a level is the sum of all leaves that share its parts
    region        state * purpose
    region * purpose              304           the leaves: the series of the file

Shapes: ``S`` series of a panel, all nodes; ``L`` leaves; ``E`` entries, a leaf below a node each; ``H`` steps.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from forecast.errors import UsageError, closest, did_you_mean
from forecast.wording import joined

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TOTAL = "total"
REST = "(rest)"
"""What leaves that were not read one by one are called, and their level: see ``shards.tree_sample``."""
LEAVES = ("bottom", "leaves", "leaf")
"""What the lowest level may be called as well."""


@dataclass(frozen=True)
class HierarchySpec:
    """What ``--hierarchy`` says: columns of the id, from the widest to the narrowest of each chain.

    Attributes:
        chains: that are crossed; the columns of each nest.
    """

    chains: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, as they stand."""
        return tuple(name for chain in self.chains for name in chain)

    @property
    def text(self) -> str:
        """The same as it is written, such as ``state/region * purpose``."""
        return " * ".join("/".join(map(_spelled, chain)) for chain in self.chains) or TOTAL

    def levels(self) -> list[tuple[tuple[str, ...], str]]:
        """Returns the columns that nodes of each level have in common, and its name; the total first."""
        made = []
        for depths in product(*(range(len(chain) + 1) for chain in self.chains)):
            pairs = list(zip(self.chains, depths, strict=True))
            columns = tuple(name for chain, depth in pairs for name in chain[:depth])
            name = " * ".join(chain[depth - 1] for chain, depth in pairs if depth) or TOTAL
            made.append((columns, name))
        return sorted(made, key=lambda level: len(level[0]))


def _spelled(name: str) -> str:
    return f'"{name}"' if re.search(r"[/*]", name) else name


def parse_hierarchy(text: str) -> HierarchySpec:
    """Returns what ``state/region * purpose`` says.

    Raises:
        UsageError: a level has no name, or a column stands there twice.
    """
    tokens = re.findall(r'"[^"]*"|[/*]|[^/*"]+', text)
    chains: list[list[str]] = [[]]
    is_open = True  # a name must come next
    for token in (token.strip() for token in tokens):
        if token in {"/", "*"}:
            if is_open:
                raise _nameless(text)
            is_open = True
            chains += [[]] if token == "*" else []
        elif token:
            chains[-1].append(token.strip('"').strip())
            is_open = not chains[-1][-1]
    if is_open:
        raise _nameless(text)
    named = [tuple(name for name in chain if name.casefold() != TOTAL) for chain in chains]
    spec = HierarchySpec(tuple(chain for chain in named if chain))
    folded = [name.casefold() for name in spec.columns]
    twice = next((name for name in spec.columns if folded.count(name.casefold()) > 1), None)
    if twice:
        raise UsageError(
            f"--hierarchy '{text}' names {twice} twice.", "each column once, such as 'state/region * item'"
        )
    return spec


def _nameless(text: str) -> UsageError:
    return UsageError(
        f"--hierarchy '{text}' has a level without a name.",
        "columns of the id, nested with / and crossed with *, such as --hierarchy 'state/region * purpose'",
    )


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Which series of a panel are sums of which others.

    Attributes:
        text: of the spec.
        levels: their names, the total first, that of the leaves last.
        level: (S,), of each series; leaves that stand for several are of a level of their own, before the last.
        starts: (S + 1,), where the leaves below each series begin among ``below``.
        below: (E,), places of leaves in the panel; a leaf is below itself.
    """

    text: str
    levels: tuple[str, ...]
    level: IntArray
    starts: IntArray
    below: IntArray

    def __len__(self) -> int:
        return len(self.level)

    @cached_property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Which series are leaves, (S,): those of the last level, and rests of such."""
        is_last = np.asarray(self.level == len(self.levels) - 1)
        return is_last | (self.level == len(self.levels) - 2) if self.has_rests else is_last

    @property
    def has_rests(self) -> bool:
        """Whether some leaves stand for several that are not known one by one."""
        return REST in self.levels[-2:-1]

    @cached_property
    def leaves(self) -> IntArray:
        """Their places, (L,)."""
        return np.flatnonzero(self.is_leaf)

    @cached_property
    def sums(self) -> IntArray:
        """The places of all others, (S − L,)."""
        return np.flatnonzero(~self.is_leaf)

    @property
    def sizes(self) -> IntArray:
        """How many leaves are below each series, (S,)."""
        return np.diff(self.starts)

    def places(self, level: int) -> IntArray:
        """Returns the series of a level."""
        return np.flatnonzero(self.level == level)

    def leaves_of(self, place: int) -> IntArray:
        """Returns the leaves below a series; a leaf is below itself."""
        return self.below[self.starts[place] : self.starts[place + 1]]

    def added(self, values: FloatArray) -> FloatArray:
        """Returns values of all series of which those of the leaves count, added up: (S, …) -> (S, …)."""
        return np.asarray(np.add.reduceat(values[self.below], self.starts[:-1], axis=0))

    def incoherence(self, values: FloatArray) -> float:
        """Returns how far values (S, …) are from adding up at the most, as a share of the largest."""
        return float(
            np.abs(self.added(values) - values).max(initial=0.0) / max(np.abs(values).max(initial=0.0), 1e-300)
        )

    def of(self, chosen: IntArray) -> "Hierarchy":
        """Returns it for some of the series; of a series, the leaves that are not among them are gone."""
        place = np.full(len(self), -1)
        place[chosen] = np.arange(len(chosen))
        own = [place[self.leaves_of(i)] for i in chosen.tolist()]
        kept = [each[each >= 0] for each in own]
        starts = np.concatenate([[0], np.cumsum([each.size for each in kept])]).astype(np.int64)
        below = np.concatenate([*kept, np.empty(0, np.int64)])
        return Hierarchy(self.text, self.levels, self.level[chosen], starts, below)

    def level_named(self, asked: str) -> int:
        """Returns the level that a person means: ``state * purpose``, ``purpose*state``, ``state/region``, ``bottom``.

        Raises:
            UsageError: there is none.
        """
        if asked.strip().casefold() in LEAVES:
            return len(self.levels) - 1
        wanted = _words(asked)
        for number, name in enumerate(self.levels):
            if _words(name) == wanted:
                return number
        message = f"--level {asked}: the levels are {joined(list(self.levels))}.{did_you_mean(asked, self.levels)}"
        raise UsageError(
            message, f"--level '{closest(asked, self.levels) or self.levels[min(1, len(self.levels) - 1)]}'"
        )


def is_rest(series_id: str) -> bool:
    """Returns whether a series stands for several leaves."""
    return any(part == REST or part.startswith("(rest of ") for part in series_id.split("/"))


def rest_of(group: Sequence[str]) -> str:
    """Returns what stands in the place of the parts of an id that leaves of a group don't have in common."""
    return f"(rest of {group[0]})" if group else REST


def _words(level: str) -> frozenset[str]:
    """Returns the narrowest columns of a level, whatever their order."""
    return frozenset(piece.split("/")[-1].strip().casefold() for piece in level.split("*"))


def seen_hierarchy(names: Sequence[str], parts: Sequence[Sequence[str]]) -> HierarchySpec | None:
    """Returns the hierarchy that the parts of ids have: what nests in what, and what crosses; None for fewer than two.

    A column that says no more than another, as a number beside a name does, is left out.

    Args:
        names: of the columns.
        parts: of each series.
    """
    if len(names) < 2 or len(parts) < 2:
        return None
    columns = {name: [own[i] for own in parts] for i, name in enumerate(names)}
    count = {name: len(set(values)) for name, values in columns.items()}
    left = [name for name in names if count[name] > 1]
    for name in list(left):
        if any(
            other != name and other in left and count[other] == count[name] and _nests(columns[name], columns[other])
            for other in left[: left.index(name)]
        ):
            left.remove(name)
    chains: list[list[str]] = []
    for name in sorted(left, key=lambda each: count[each]):
        home = [chain for chain in chains if _nests(columns[name], columns[chain[-1]])]
        if home:
            home[0].append(name)
        else:
            chains.append([name])
    return HierarchySpec(tuple(map(tuple, chains))) if chains else None


def _nests(narrow: Sequence[str], wide: Sequence[str]) -> bool:
    """Returns whether each value of one column stands beside one of the other only."""
    return len(set(zip(narrow, wide, strict=True))) == len(set(narrow))
