"""Sums of series as series of their own: what a hierarchy makes of a panel.

    leaf a     3 4 5 6 7          total     3 6 8 9 7 0 0      added up before anything is learned
    leaf b       2 3 3 · 0 0      a         3 4 5 6 7 …        a gap counts the value before it, never one after it
                                  b           2 3 3 · 0 0      a leaf that has ended counts 0 from there on

Shapes: ``L`` leaves, ``A`` sums, ``N`` steps of all series together, ``C`` columns of a covariate's kind.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.columns.roles import MissingColumnError
from forecast.data.covariates import KINDS, Covariates
from forecast.data.files.source import Source
from forecast.data.findings import Finding
from forecast.data.frequency import readable
from forecast.data.hierarchy import Hierarchy, HierarchySpec, is_rest, parse_hierarchy
from forecast.data.panel import IdParts, Panel
from forecast.data.placed_steps import PlacedSteps, in_common, placed_steps, told_at
from forecast.data.read_options import ReadOptions
from forecast.data.reading.hierarchies.hierarchy_ids import (
    LevelNodes,
    TreeLevel,
    check_nesting,
    levels_of,
    nodes_of,
    seen_findings,
    seen_levels,
    spelled_as,
    with_traits,
)
from forecast.data.reading.hierarchies.hierarchy_parents import without_parents
from forecast.data.reading.reader import Reading, read_panel
from forecast.errors import DataError, UsageError
from forecast.name_lists import pieces_of
from forecast.wording import counted, listed

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

OBSERVED = 0.5
"""Where fewer of the leaves below it have a value, a sum has none."""


class LoneSeriesError(UsageError):
    """A hierarchy is asked for of one series."""


def read_nodes(source: str | Path | Source, options: ReadOptions, *, now: datetime | None, **more: Any) -> Reading:
    """Returns what a file holds, as ``read_panel`` does, with the sums of a hierarchy where one is asked for.

    Raises:
        UsageError: the hierarchy names no parts of the id, or there is nothing to add up.
        DataError: the ids don't nest, or sums in the file aren't those of their children.
        ForecastError: see ``read_panel``.
    """
    if options.hierarchy is None:
        return with_seen_hierarchy(read_panel(source, options, now=now, **more))
    return with_sums(read_leaves(source, options, now=now, **more), options)


def with_seen_hierarchy(reading: Reading) -> Reading:
    """Returns a reading that says which hierarchy its ids have, with what stands above a part of them."""
    ids = with_traits(reading.ids)
    traits = [name for name in ids.names if name not in reading.ids.names]
    return replace(reading, findings=(*reading.findings, *seen_findings(ids, traits)))


def read_leaves(source: str | Path | Source, options: ReadOptions, *, now: datetime | None, **more: Any) -> Reading:
    """Returns what a file holds before anything is added up: the columns of the hierarchy tell series apart.

    Raises:
        UsageError: a column of the hierarchy is not there.
        DataError: a series is called as leaves are that are not read one by one; not of newer data of a model.
        ForecastError: see ``read_panel``.
    """
    spec = parse_hierarchy(options.hierarchy or "")
    folded = set(pieces_of(options.ids))
    ids = (*options.ids, *(name for name in spec.columns if name.casefold() not in folded))
    check_alone(options)
    try:
        reading = read_panel(source, replace(options, ids=ids), now=now, **more)
    except MissingColumnError as error:
        if error.column not in spec.columns or error.column in options.ids:
            raise
        raise UsageError(error.message, error.hint.replace("--id ", "--hierarchy ")) from None
    taken = next((name for name in reading.panel.series_ids if is_rest(name)), None)
    if taken is not None and "prior" not in more:
        message = f"{taken} is what leaves are called together that are not read one by one (--sample)."
        raise DataError(message, "another name in the data, such as other")
    return reading


def check_hierarchy(reading: Reading, options: ReadOptions) -> tuple[Reading, tuple[LevelNodes, ...]]:
    """Returns a reading of the leaves that says what is wrong with its hierarchy, and the levels of that.

    Raises:
        UsageError: the hierarchy that is asked for names no parts of the id.
    """
    if options.hierarchy is None:
        reading = with_seen_hierarchy(reading)
        seen = seen_levels(with_traits(reading.ids))
        return reading, nodes_of(seen[1]) if seen else ()
    spec = spelled_as(parse_hierarchy(options.hierarchy), reading.ids.names)
    try:
        whole = with_sums(reading, options)
    except DataError as error:
        finding = Finding("error", "hierarchy", error.message.rstrip("."), error.hint)
        return replace(reading, findings=(*reading.findings, finding)), ()
    leaves, _ = without_parents(reading, spec, check=options.parents != "ignore")
    findings = tuple(each for each in whole.findings if each.topic != "hierarchy")
    return replace(leaves, findings=findings, settled=whole.settled), nodes_of(levels_of(spec, leaves.ids))


def check_alone(options: ReadOptions) -> None:
    """Refuses what can't hold for series and for their sums.

    Raises:
        UsageError: there is such an option.
    """
    for flag, value in (("--min", options.min), ("--max", options.max)):
        if value is not None:
            message = f"{flag} can't be used with --hierarchy: a limit of each series is none of their sums."
            raise UsageError(message, f"leave out {flag}; what never was negative is not forecast below 0 anyway")
    if len(options.target) > 1:
        message = "--hierarchy adds up one target, and several are asked for."
        raise UsageError(message, f"--target {options.target[0]}")


def with_sums(reading: Reading, options: ReadOptions) -> Reading:
    """Returns a reading whose panel has all nodes of a hierarchy, the sums first.

    Raises:
        UsageError, DataError: see ``read_nodes``.
    """
    spec = spelled_as(parse_hierarchy(options.hierarchy or ""), reading.ids.names)
    reading, found = without_parents(reading, spec, check=options.parents != "ignore")
    panel, ids = reading.panel, reading.ids
    if len(panel) < 2:
        raise LoneSeriesError(
            f"--hierarchy {spec.text}: {reading.source} has one series, so there is nothing to add up.",
            "leave out --hierarchy, or --id with the columns that tell series apart",
        )
    check_nesting(spec, ids)
    levels = levels_of(spec, ids)
    leaves, more = ended_at_zero(panel, options)
    nodes = _with_nodes(leaves, levels, spec)
    names = [*found, *more, *_negative_findings(panel), *_covariate_findings(panel)]
    sums = len(nodes) - len(panel)
    told = ", ".join(f"{level.name} {len(level.nodes):,}" for level in levels)
    text = f"{len(nodes):,} series: {counted(sums, 'sum')} of {len(panel):,}; {told}"
    summed = ("",) * len(ids.names)
    parts = (
        *(_parts(level, ids, node, summed) for level in levels[:-1] for node in range(len(level.nodes))),
        *ids.values,
    )
    return replace(
        reading,
        panel=nodes,
        ids=replace(ids, values=parts, traits={}),
        findings=(*_unsaid(reading, more), Finding("note", "hierarchy", text, f"--hierarchy '{spec.text}'"), *names),
        settled=replace(reading.settled, hierarchy=spec.text, parents=options.parents, ids=ids.names),
    )


def _unsaid(reading: Reading, ended: Sequence[Finding]) -> tuple[Finding, ...]:
    """Returns the findings of a reading, but for one that says that ended series are forecast from their end."""
    return tuple(finding for finding in reading.findings if not (ended and finding.topic == "ends"))


def _parts(level: TreeLevel, ids: IdParts, node: int, summed: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the parts of a sum's id, empty where it is the sum over them."""
    first = ids.values[int(np.flatnonzero(level.group == node)[0])]
    return tuple(
        part if name in level.columns else none for name, part, none in zip(ids.names, first, summed, strict=True)
    )


def ended_at_zero(panel: Panel, options: ReadOptions, end: int | None = None) -> tuple[Panel, list[Finding]]:
    """Returns leaves that all end together: one that ended counts 0 from there on, or as ``--fill previous`` says.

    A sum knows no forecast of what is not there any more. They end at an ordinal, or at the last of their own.
    """
    behind = (panel.last.max() if end is None else end) - panel.last
    ended = np.flatnonzero(behind)
    if not ended.size:
        return panel, []
    carried = options.fill == "previous"  # settled options say interpolate where nobody asked
    filler = np.nan if carried else 0.0
    ends = np.repeat(panel.offsets[1:], behind)
    values = np.insert(panel.values, ends, filler)
    covariates = panel.covariates
    if covariates:
        covariates = replace(covariates, past=np.insert(covariates.past, ends, np.nan, axis=0))
    weights = None if panel.weights is None else np.insert(panel.weights, ends, 1.0)
    offsets = panel.offsets + np.concatenate([[0], np.cumsum(behind)])
    whole = replace(panel, values=values, offsets=offsets, covariates=covariates, weights=weights)
    whole = replace(whole, own_last=None if carried else panel.last)
    whole = replace(whole, values=np.where(whole.is_ignored, np.nan, values))
    first = int(ended[0])
    names = listed([panel.series_ids[i] for i in ended], 3)
    when = readable(panel.frequency.timestamps(panel.last[first : first + 1])[0])
    how = "their last value counts on" if carried else "they count 0 from there on"
    text = f"{counted(ended.size, 'series')} of {len(panel):,} ended before the others ({names}, the first on {when})"
    text += f": {how}"
    return whole, [Finding("warning", "ended", text, "--fill zero" if carried else "--fill previous")]


def _with_nodes(leaves: Panel, levels: list[TreeLevel], spec: HierarchySpec) -> Panel:
    """Returns the panel of all nodes, sums first."""
    placed = placed_steps(levels, leaves.first, leaves.lengths)
    counted_values = carried(leaves)
    present = placed.added(np.ones(len(leaves.values)))
    share = placed.added(leaves.observed.astype(np.float64)) / np.maximum(present, 1)
    sums = np.where(share >= OBSERVED, placed.added(counted_values), np.nan)
    weights = None
    if leaves.weights is not None:
        weights = np.concatenate([placed.added(leaves.weights) / np.maximum(present, 1), leaves.weights])
    count = len(placed.first)
    tree, own_last = _tree(levels, spec, count), leaves.own_last
    if own_last is not None:
        own_last = np.maximum.reduceat(own_last[tree.below - count], tree.starts[:-1])
    names = tuple(node for level in levels[:-1] for node in level.nodes)
    nodes = replace(
        leaves,
        series_ids=(*names, *leaves.series_ids),
        values=np.concatenate([sums, leaves.values]),
        offsets=np.concatenate([placed.offsets, placed.offsets[-1] + leaves.offsets[1:]]),
        first=np.concatenate([placed.first, leaves.first]),
        covariates=_covariates(leaves, levels, placed, present) if leaves.covariates else None,
        weights=weights,
        hierarchy=tree,
        own_last=own_last,
    )
    return replace(nodes, values=np.where(nodes.is_ignored, np.nan, nodes.values)) if nodes.ignored else nodes


def _tree(levels: list[TreeLevel], spec: HierarchySpec, count: int) -> Hierarchy:
    leaves = len(levels[-1].nodes)
    below, sizes = [], []
    for level in levels[:-1]:
        below.append(count + np.argsort(level.group, kind="stable"))
        sizes.append(np.bincount(level.group, minlength=len(level.nodes)))
    below.append(count + np.arange(leaves))
    sizes.append(np.ones(leaves, dtype=np.int64))
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    numbers = np.repeat(np.arange(len(levels)), [len(level.nodes) for level in levels])
    return Hierarchy(spec.text, tuple(level.name for level in levels), numbers, starts, np.concatenate(below))


def carried(panel: Panel) -> FloatArray:
    """Returns values as sums count them, (N,): in a gap the one before it, or 0 where gaps are zero, as at the start.

    What comes after a gap tells nothing of it, so that a panel cut there has the same sums.
    """
    if panel.fill == "zero":
        return np.nan_to_num(panel.values)
    starts = np.repeat(panel.offsets[:-1], panel.lengths)
    newest = np.maximum.accumulate(np.where(panel.observed, np.arange(len(panel.values)), -1))
    return np.where(newest >= starts, panel.values[np.maximum(newest, 0)], 0.0)


def _covariates(leaves: Panel, levels: list[TreeLevel], placed: PlacedSteps, present: FloatArray) -> Covariates:
    """Returns covariates of all nodes: of a sum the mean of those below it, or the text that they have in common."""
    own = leaves.covariates
    assert own is not None
    ahead = placed_steps(levels, own.known_first, np.diff(own.known_offsets))
    groups = np.concatenate([level.group + before for level, before in zip(levels[:-1], _before(levels), strict=True)])
    many = len(levels) - 1
    count = len(placed.first)
    rows = {"ahead": ahead.rows, "observed": placed.rows, "series": (groups,)}
    sizes = {"ahead": int(ahead.offsets[-1]), "observed": len(present), "series": count}
    values = {}
    for kind, record in KINDS.items():
        columns = own.of(kind)
        given = own.values_of(kind)
        made = np.empty((sizes[record.rows], len(columns)))
        for place, column in enumerate(columns):
            told = np.tile(given[:, place], many) if record.rows == "series" else given[:, place]
            made[:, place] = _together(told, rows[record.rows], sizes[record.rows], is_text=column.levels is not None)
        values[kind] = np.concatenate([made, given])
    return replace(
        own.with_values(values),
        known_offsets=np.concatenate([ahead.offsets, ahead.offsets[-1] + own.known_offsets[1:]]),
        known_first=np.concatenate([ahead.first, own.known_first]),
    )


def with_told_leaves(panel: Panel, told: Covariates) -> Panel:
    """Returns a panel with what is told of its leaves, of which its sums have the mean; see ``_covariates``.

    Args:
        panel: of all nodes, or one without a hierarchy.
        told: of its leaves; of all series, where it has none.
    """
    tree = panel.hierarchy
    if tree is None:
        return replace(panel, covariates=told)
    place = np.cumsum(tree.is_leaf) - 1
    levels = []
    for number, name in enumerate(tree.levels[:-1]):
        nodes = tree.places(number)
        group = np.zeros(len(tree.leaves), dtype=np.int64)
        for node, at in enumerate(nodes.tolist()):
            group[place[tree.below[tree.starts[at] : tree.starts[at + 1]]]] = node
        levels.append(TreeLevel(name, (), tuple(panel.series_ids[at] for at in nodes), group))
    leaves = panel.select(tree.leaves)
    levels.append(TreeLevel(tree.levels[-1], (), leaves.series_ids, np.arange(len(leaves))))
    leaves = replace(leaves, covariates=told)
    placed = placed_steps(levels, leaves.first, leaves.lengths)
    return replace(panel, covariates=_covariates(leaves, levels, placed, placed.added(np.ones(len(leaves.values)))))


def _before(levels: list[TreeLevel]) -> list[int]:
    """Returns how many nodes stand before those of each level above the leaves."""
    return [sum(len(level.nodes) for level in levels[:place]) for place in range(len(levels) - 1)]


def _together(values: FloatArray, rows: Sequence[IntArray], size: int, *, is_text: bool) -> FloatArray:
    """Returns the mean of what is told at each place, or the code that all have in common; NaN where there is none."""
    return in_common(told_at(values, rows, size), is_text=is_text)


def _negative_findings(panel: Panel) -> list[Finding]:
    """Returns that leaves are negative, where some are: their sums may cancel, and forecasts go below zero as well."""
    wrong = np.flatnonzero(panel.values < 0)
    if not wrong.size:
        return []
    series = panel.series_of(wrong)
    first = int(series[0])
    when = readable(panel.timestamps(first)[int(wrong[0] - panel.offsets[first])])
    verb = "is" if wrong.size == 1 else "are"
    text = (
        f"{counted(wrong.size, 'value')} of {counted(np.unique(series).size, 'series')} {verb} negative, the first of "
    )
    text += f"{panel.series_ids[first]} on {when}: forecasts of these, and of their sums, may be negative too"
    return [Finding("warning", "negative", text, "--kind sales refuses them")]


def _covariate_findings(panel: Panel) -> list[Finding]:
    if panel.covariates is None:
        return []
    text = "covariates of a sum are the mean of those below it, and of texts what all below it have in common"
    return [Finding("note", "covariates", text, "")]
