"""The sums of a hierarchy in shards: added up, forecast as one small panel, and reconciled with leaves part by part.

One shard's leaves are in memory at a time, beside what all sums need.

Shapes: ``M`` members, ``A`` sums, ``L`` leaves of a shard, ``V`` levels above the leaves, ``N`` paths, ``H`` horizon.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import parse_hierarchy
from forecast.data.panel import Panel, places_of
from forecast.data.reading.hierarchies.hierarchy_ids import spelled_as
from forecast.data.shards.parent_rows import check_parent_rows
from forecast.data.shards.partial_sums import PartialSums, check_nesting_of_all, in_order
from forecast.errors import UsageError
from forecast.evaluation.distribution.coherent_paths import wanted_sums
from forecast.evaluation.distribution.probabilistic_forecast import ProbabilisticForecast
from forecast.evaluation.member_forecasts import forecast_points
from forecast.evaluation.scales import lowest_values
from forecast.experiment.panels.shard_leaves import Arrays, members_of, write_arrays
from forecast.experiment.stored_forecast import check_promise
from forecast.experiment.versions.stored_model import StoredModel
from forecast.models.forecaster import Members
from forecast.models.reconciliation.leaf_states import settled_sums
from forecast.models.reconciliation.reconciler import Reconciliation, lift_factors, mean_sizes
from forecast.models.reconciliation.sharded_reconciler import LeafFacts, ShardedReconciler, SumFacts
from forecast.run import Run

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FACTS = ("places", "sizes", "values", "bounded", "ended")
"""What is kept of ``LeafFacts``; the rest follows from the sums above each leaf."""


@dataclass(frozen=True)
class LeafFiles:
    """Where what is known of the leaves of a shard lies until all is written.

    Attributes:
        shard: its name.
        looked: members' forecasts of each by itself, and what it adds to sums.
        point: what they are to be.
    """

    shard: str
    looked: Path
    point: Path


@dataclass(frozen=True, eq=False)
class TreeSums:
    """The sums of all shards.

    Attributes:
        panel: of them, the total first.
        level: (A,), of each; the total 0.
        levels: their names.
        leaves: (A,), how many are below each.
        places: by level and name as shards have them, where each stands.
        count: of the leaves of all shards.
        is_lifted: whether forecasts of levels are lifted: no value was ever negative.
    """

    panel: Panel
    level: IntArray
    levels: tuple[str, ...]
    leaves: IntArray
    places: dict[tuple[int, str], int]
    count: int
    is_lifted: bool

    def places_of_level(self, name: str | None) -> IntArray:
        """Returns the sums of a level, or all of them."""
        return np.flatnonzero(self.level == self.levels.index(name)) if name else np.arange(len(self.level))

    def places_of(self, looked: Arrays) -> IntArray:
        """Returns where the sums of a shard stand."""
        keys = zip(looked["sums/levels"].tolist(), looked["sums/names"].tolist(), strict=True)
        return np.array([self.places[key] for key in keys], dtype=np.int64)

    def above(self, looked: Arrays) -> IntArray:
        """Returns the sums above each leaf of a shard, (V, L)."""
        return np.asarray(self.places_of(looked)[looked["groups"]])


def joined_sums(stored: StoredModel, files: Sequence[LeafFiles]) -> TreeSums:
    """Returns the sums of all shards as a panel.

    Raises:
        DataError: the ids of several shards don't nest, two sums have one name, or one that stands in the data is not
            that of its leaves.
        UsageError: all shards have one leaf.
    """
    context, count, least = stored.context, 0, np.inf
    columns = stored.columns or None
    sums: PartialSums | None = None
    for own in files:
        with _opened(own.looked) as looked:
            part = PartialSums.of_arrays(_below(looked, "sums/"), columns)
            count += len(looked["places"])
            least = min(least, float(looked["least"][0]))
        sums = part if sums is None else sums.plus(part)
    assert sums is not None
    assert stored.trained.reconciliation is not None
    if count < 2:
        message = f"The shards have one series, so there is nothing to add up for {stored.version.name}."
        raise UsageError(message, "--data with the shards of all series")
    spec = spelled_as(parse_hierarchy(stored.options.hierarchy or ""), stored.options.ids)
    check_nesting_of_all(spec, lambda: list(_pairs(files)))
    for own in files:
        with _opened(own.looked) as looked:
            if "parents/series" in looked:
                check_parent_rows(own.shard, looked, sums, context.frequency)
    sums = in_order(sums)
    numbers = {own: number for number, own in enumerate(dict.fromkeys(sums.levels.tolist()))}
    panel = sums.panel(context)
    level = np.array([numbers[own] for own in sums.levels.tolist()], dtype=np.int64)
    names = tuple(spec.levels()[own][1] for own in numbers)
    least = min(least, float(np.nanmin(panel.values, initial=np.inf)))
    lifts = stored.trained.reconciliation.is_lifted and least >= 0
    return TreeSums(panel, level, names, sums.leaves, {key: i for i, key in enumerate(sums.keys)}, count, lifts)


def _pairs(files: Sequence[LeafFiles]) -> Iterator[Arrays]:
    for own in files:
        with _opened(own.looked) as looked:
            yield {name: looked[name] for name in looked if name.startswith("pair")}


def last_of(files: LeafFiles) -> int:
    """Returns the ordinal of the last step of the leaves of a shard."""
    with _opened(files.looked) as looked:
        return int(looked["last"][0])


@dataclass(frozen=True, eq=False)
class ReconciledSums:
    """Forecasts of the sums that add up with those of the leaves, which are written beside.

    Attributes:
        point: (A, H).
        distributed: these with their distribution; None where none is known.
        reconciler: that moved them.
        rounds: of finding what paths are moved by.
    """

    point: FloatArray
    distributed: ProbabilisticForecast | None
    reconciler: ShardedReconciler

    rounds: int

    def path_solver(self) -> Callable[[FloatArray], FloatArray]:
        """Returns what solves for what paths ask for, (A, n) -> (A, n)."""
        return self.reconciler.path_solver()

    def wanted(self, total: FloatArray) -> FloatArray:
        """Returns the paths that sums would have by themselves where those of their leaves come to a total."""
        found = self.distributed
        assert found is not None
        known = (found.point, found.difficulty, found.series_ids, found.lowest, range(len(total)))
        return wanted_sums(total, lambda scores: found.distribution.at_scores(*known, scores))


def reconciled_sums(stored: StoredModel, tree: TreeSums, files: Sequence[LeafFiles], run: Run) -> ReconciledSums:
    """Returns what sums are forecast, and writes what the leaves of each shard are to be.

    Raises:
        DataError: a sum has values that the model's kind can't have.
    """
    trained, panel = stored.trained, tree.panel
    check_promise(stored, panel)
    filled = trained.filled(panel, trained.horizon)
    members = _settled(stored, tree, files, trained.model.predict_members(filled, run))
    factors = _factors(tree, members, files, trained.reconciliation)
    lifted = members if factors is None else _times(members, factors[:, tree.level])
    lowest = lowest_values(panel)
    base = forecast_points(lifted, trained.combination, lowest, trained.scales.rounding)
    for each in files:
        _write_base(stored, tree, each, factors)
    own = trained.reconciliation
    assert own is not None
    sizes = mean_sizes(panel, own.settings.recent)
    facts = SumFacts(places_of(panel.series_ids, own.series_ids), sizes, base, tree.level, tree.leaves)
    reconciler = ShardedReconciler(own, facts, lambda: map(_facts_of, files))
    moves, point = reconciler.moves()
    for each in files:
        part = _facts_of(each)
        with _opened(each.point) as known:
            more = {"groups": known["groups"], "sums": known["sums"]}
        made = {"point": reconciler.leaves(moves, part), "variances": reconciler.variances_of(part), **more}
        write_arrays(each.point, {**_arrays_of(part), **made})
    distributed = trained.distributed(filled, members, point, lowest, are_sums=True)
    return ReconciledSums(point, distributed, reconciler, own.settings.rounds)


def _settled(stored: StoredModel, tree: TreeSums, files: Sequence[LeafFiles], members: Members) -> Members:
    """Returns what members say of sums without the leaves that have ended."""
    own = stored.trained.reconciliation
    assert own is not None
    ended = tree.panel.has_ended & own.settings.ends
    lost = np.zeros((len(members.values) + len(members.anchors or {}), *members.values.shape[1:]))
    is_lost = False
    for each in files:
        with _opened(each.looked) as looked:
            if looked["ended"].any():
                is_lost = True
                lost[:, tree.places_of(looked)] += looked["lost"]
    return settled_sums(members, ended, lost) if is_lost or ended.any() else members


def _factors(
    tree: TreeSums, members: Members, files: Sequence[LeafFiles], own: Reconciliation | None
) -> FloatArray | None:
    """Returns by which factor forecasts of each level are lifted, the leaves' last, (M, V + 1); None for none."""
    if own is None or not tree.is_lifted or not members.anchors:
        return None
    sums = members.values.sum(axis=2)
    count = int(tree.level.max()) + 1
    totals = [sums[:, tree.level == level].sum(axis=1) for level in range(count)]
    leaves = np.zeros(len(sums))
    for each in files:
        with _opened(each.looked) as looked:
            leaves += looked["members"].sum(axis=(1, 2))
    is_whole = np.append(np.bincount(tree.level, tree.leaves, count) == tree.count, True)
    return lift_factors(np.stack([*totals, leaves], axis=1), is_whole, own.settings.lift)


def _times(members: Members, factors: FloatArray) -> Members:
    """Returns members times a factor of each series, (M, S)."""
    return replace(members, values=members.values * factors[..., None])


def _write_base(stored: StoredModel, tree: TreeSums, files: LeafFiles, factors: FloatArray | None) -> None:
    """Writes forecasts of the leaves of a shard by themselves, with what reconciliation asks of them."""
    trained = stored.trained
    with _opened(files.looked) as looked:
        members, lowest = members_of(looked), looked["lowest"]
        groups = tree.above(looked)
        arrays: dict[str, NDArray[Any]] = {name: looked[name] for name in ("places", "sizes", "ended")}
    if factors is not None:
        members = _times(members, np.repeat(factors[:, -1:], len(lowest), axis=1))
    arrays["values"] = forecast_points(members, trained.combination, lowest, trained.scales.rounding)
    arrays |= {"bounded": lowest >= 0, "groups": groups, "sums": np.array([len(tree.level)])}
    write_arrays(files.point, arrays)


def _facts_of(files: LeafFiles) -> LeafFacts:
    with _opened(files.point) as known:
        groups = known["groups"]
        below = np.tile(np.arange(groups.shape[1]), len(groups))
        facts = {name: known[name] for name in FACTS}
    return LeafFacts(**facts, above=groups.ravel(), below=below)


def _arrays_of(facts: LeafFacts) -> dict[str, NDArray[Any]]:
    return {name: getattr(facts, name) for name in FACTS}


def _opened(path: Path) -> Any:
    return np.load(path, allow_pickle=False)


def _below(arrays: Any, prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}
