"""Some leaves of a hierarchy in shards, and all of its sums: what is learned from where a file would be too large.

    north/a  3 4 5   sampled    total                  9 12 15    sums of all leaves, as if each had been read
    north/b  2 3 4   ┐          north                  9 12 15
    north/c  4 5 6   ┘          north/a                3  4  5
                                north/(rest of north)  6  8 10    what is not in the sample, of each lowest group

One shard is in memory at a time, beside the sample and the rests, one a lowest group. A rest is of a level of its own:
it counts in sums, and nowhere among leaves.

Shapes: ``S`` series, ``L`` leaves of a shard.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.files.parquet_folder import find_parquet_folder, read_part
from forecast.data.findings import Finding
from forecast.data.hierarchy import REST, Hierarchy, HierarchySpec, is_rest, parse_hierarchy, rest_of
from forecast.data.panel import IdParts, Panel
from forecast.data.read_options import PriorReading, ReadOptions
from forecast.data.reading.hierarchies.hierarchy_ids import TreeLevel, levels_of, parent_places, spelled_as
from forecast.data.reading.hierarchies.hierarchy_parents import without_parents
from forecast.data.reading.hierarchies.hierarchy_sums import ended_at_zero, read_leaves, with_sums
from forecast.data.reading.reader import Reading, read_panel
from forecast.data.shards.parent_rows import check_parent_rows, parent_rows
from forecast.data.shards.partial_sums import PartialSums, check_nesting_of_all, nesting_pairs, partial_sums
from forecast.data.shards.series_sample import is_large, sample_of_folder, source_of_series
from forecast.errors import DataError
from forecast.name_lists import pieces_of
from forecast.wording import counted

Arrays = dict[str, NDArray[Any]]


def sampled_tree(
    root: str | Path,
    options: ReadOptions,
    *,
    now: datetime | None,
    asked: int | None = None,
    known: Sequence[str] = (),
    prior: PriorReading | None = None,
) -> Reading | None:
    """Returns all sums of a hierarchy with a sample of its leaves; None where all is to be read at once.

    That is where leaves are few and nobody asks for a sample, where no lowest group has several leaves (chains that
    cross down to the leaves), and where covariates,
    weights, spans that are ignored or rows to add up go with them.

    Args:
        root: the folder of the shards.
        options: how they are read.
        now: when it is.
        asked: for how many leaves; None for as many as a network needs.
        known: the series of a version that learned from a sample: its leaves are taken again.
        prior: how data before it was read.

    Raises:
        ForecastError: see ``read_nodes`` and ``sample_of_folder``.
    """
    spec = parse_hierarchy(options.hierarchy or "")
    if not (known or asked is not None or is_large(root)):
        return None
    if _has_more(options) or (len(spec.chains) > 1 and not set(pieces_of(options.ids)) - set(pieces_of(spec.columns))):
        return None
    own = set(pieces_of(options.ids))
    alone = replace(options, ids=(*options.ids, *(name for name in spec.columns if name.casefold() not in own)))
    if known:
        source = source_of_series(root, alone, _leaves_among(known, len(alone.ids)), now.year if now else None)
    else:
        found = sample_of_folder(root, alone, now.year if now else None, asked)
        if found is None:
            return None
        source = found.source
    reading = read_leaves(source, options, now=now, **({} if prior is None else {"prior": prior}))
    panel = reading.panel
    spec = spelled_as(spec, reading.ids.names)
    if panel.covariates is not None or panel.weights is not None or panel.has_ignored:
        return None
    reading, _ = without_parents(reading, spec, check=False)
    rests = _Rests(reading, spec, now)
    end = int(reading.panel.last.max())
    while (later := rests.read(root, end)) > end:  # no leaf of the sample lasts as long as others
        end = later
    return rests.nodes(options)


def _has_more(options: ReadOptions) -> bool:
    """Returns whether anything is asked for that a rest can't tell."""
    more = (options.known, options.past, options.static, options.ignore, options.weight, options.aggregate)
    return any(more)


def _leaves_among(series_ids: Sequence[str], parts: int) -> list[tuple[str, ...]]:
    """Returns the parts of the ids of leaves among the series of a version.

    Raises:
        DataError: names alone don't tell them.
    """
    split = [tuple(name.split("/")) for name in series_ids if not is_rest(name)]
    leaves = [own for own in split if len(own) == parts]
    if not leaves:
        message = "The names of the series that the model learned from don't tell the parts of their ids."
        raise DataError(message, "write ids without a slash; or forecast train DATA makes another model")
    return leaves


class _Rests:
    """The leaves that are not in a sample, added up by lowest group."""

    def __init__(self, sample: Reading, spec: HierarchySpec, now: datetime | None) -> None:
        self._sample, self._spec, self._now = sample, spec, now
        names, columns = sample.ids.names, spec.columns
        lowest = columns if set(columns) != set(names) else columns[:-1]
        self._columns = tuple(name for name in names if name in lowest)
        self._chosen = frozenset(sample.ids.values)
        self._options = replace(sample.settled, ids=names, hierarchy=None, parents=None)
        self._sums: PartialSums | None = None
        self._pairs: list[Arrays] = []
        self._parents: list[tuple[str, Arrays]] = []
        self._groups: dict[str, tuple[str, ...]] = {}
        self._leaves = 0

    def read(self, root: str | Path, end: int) -> int:
        """Adds up the leaves of all shards, one in memory at a time, and returns the ordinal that they end at.

        Nothing counts where that is later than they were to end at.

        Raises:
            DataError: a shard is damaged or holds nothing but sums, or its ids don't nest with those of others.
        """
        self._sums, self._pairs, self._parents, self._leaves = None, [], [], 0
        prior = PriorReading(frequency=self._sample.panel.frequency, is_settled=True)
        for part in find_parquet_folder(root).parts:
            reading = read_panel(read_part(part), self._options, prior=prior, now=self._now, may_ask=False)
            last = int(reading.panel.last.max())
            if last > end:
                return last
            self._add(part.name, reading, end)
        check_nesting_of_all(self._spec, lambda: self._pairs)
        return end

    def _add(self, shard: str, reading: Reading, end: int) -> None:
        places = parent_places(self._spec, reading.ids)
        if len(places) == len(reading.panel):
            message = f"{shard} holds nothing but sums, such as {reading.panel.series_ids[0]}, which are made anyway."
            raise DataError(message, "leave such rows out of the data, or cut it into fewer shards")
        if places:
            self._parents.append((shard, parent_rows(reading.panel, reading.ids, self._spec)))
        reading, _ = without_parents(reading, self._spec, check=False)
        self._leaves += len(reading.panel)
        self._pairs.append(nesting_pairs(self._spec, reading.ids))
        left = [place for place, parts in enumerate(reading.ids.values) if parts not in self._chosen]
        if not left:
            return
        ids = replace(reading.ids, values=tuple(reading.ids.values[place] for place in left))
        leaves, _ = ended_at_zero(reading.panel.select(left), self._options, end)
        parts, _ = partial_sums(leaves, self._levels(ids, leaves), self._spec)
        self._sums = parts if self._sums is None else self._sums.plus(parts)

    def _levels(self, ids: IdParts, leaves: Panel) -> list[TreeLevel]:
        """Returns the lowest groups of some leaves, and the leaves themselves."""
        names, last = list[str](), [ids.names.index(name) for name in self._columns][-1:]
        for parts in ids.values:
            rest = rest_of([parts[place] for place in last])
            given = zip(ids.names, parts, strict=True)
            shared = tuple(part if name in self._columns else rest for name, part in given)
            names.append("/".join(shared))
            self._groups[names[-1]] = shared
        nodes = tuple(dict.fromkeys(names))
        place = {node: number for number, node in enumerate(nodes)}
        group = np.array([place[name] for name in names], dtype=np.int64)
        own = np.arange(len(leaves))
        return [TreeLevel(REST, self._columns, nodes, group), TreeLevel("", ids.names, leaves.series_ids, own)]

    def nodes(self, options: ReadOptions) -> Reading:
        """Returns all sums, the rests and the sample.

        Raises:
            DataError: a sum that stands in the shards is not that of its children.
        """
        sample, rests = self._sample, 0
        if self._sums is not None:
            rests = len(self._sums.names)
            ids = replace(sample.ids, values=(*sample.ids.values, *(self._groups[name] for name in self._sums.names)))
            sample = replace(sample, panel=_beside(sample.panel, self._rest_panel(self._sums)), ids=ids)
        if self._parents and options.parents != "ignore":
            self._check_parents(sample)
        made = with_sums(sample, options)
        tree = made.panel.hierarchy
        assert tree is not None
        if rests:
            tree = _with_rests(tree, rests)
        chosen, sums = len(self._chosen), len(tree.sums)
        levels = [f"{name} {len(tree.places(number)):,}" for number, name in enumerate(tree.levels[: -1 - bool(rests)])]
        levels.append(f"{tree.levels[-1]} {self._leaves:,}")
        text = f"{counted(sums, 'sum')} of {self._leaves:,} series; {', '.join(levels)}"
        told = [
            Finding("note", "sample", self._told(chosen, rests), "--sample"),
            *(replace(each, text=text) if each.topic == "hierarchy" else each for each in made.findings),
        ]
        return replace(made, panel=replace(made.panel, hierarchy=tree), findings=tuple(told))

    def _told(self, chosen: int, rests: int) -> str:
        text = f"{chosen:,} of {self._leaves:,} series are learned from, as long and as large as all of them are"
        if rests:
            text += f", and all sums: the other series are in {counted(rests, 'rest')}, one a lowest group"
        return text

    def _rest_panel(self, sums: PartialSums) -> Panel:
        """Returns the rests as leaves, each up to its own end."""
        panel = sums.panel(self._sample.panel)
        assert panel.own_last is not None
        lengths = np.minimum(panel.lengths, panel.own_last - panel.first + 1)
        return replace(panel.until(lengths), own_last=None)

    def _check_parents(self, leaves: Reading) -> None:
        panel, _ = ended_at_zero(leaves.panel, self._options)
        sums, _ = partial_sums(panel, levels_of(self._spec, leaves.ids), self._spec)
        for shard, rows in self._parents:
            check_parent_rows(shard, rows, sums, panel.frequency)


def _beside(leaves: Panel, rests: Panel) -> Panel:
    """Returns the leaves of two panels that have values alone."""
    return replace(
        leaves,
        series_ids=(*leaves.series_ids, *rests.series_ids),
        values=np.concatenate([leaves.values, rests.values]),
        offsets=np.concatenate([leaves.offsets, leaves.offsets[-1] + rests.offsets[1:]]),
        first=np.concatenate([leaves.first, rests.first]),
    )


def _with_rests(tree: Hierarchy, rests: int) -> Hierarchy:
    """Returns a hierarchy whose last leaves are rests, of a level of their own."""
    level = tree.level.copy()
    level[tree.leaves[:-rests]] += 1
    return replace(tree, levels=(*tree.levels[:-1], REST, tree.levels[-1]), level=level)
