"""The leaves of one shard of a hierarchy: what a worker does in each pass, told by paths, a version and a few numbers.

    look     members' forecasts of each leaf by itself, and what leaves come to    ▶ _leaves-part-00003.npz
    add      their joint paths, added up to what is above them                     ▶ _paths-part-00003.npy
             and in the end the quantiles of these                                 ▶ _bounds-part-00003.npy
    write    their forecasts with all that is asked of them                        ▶ part-00003.parquet

Between them whoever ordered it adds up, reconciles, and writes what leaves are to be, into ``_point-part-00003.npz``.

Shapes: ``M`` members, ``L`` leaves, ``A`` sums, ``N`` paths, ``H`` horizon.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import HierarchySpec, parse_hierarchy
from forecast.data.panel import IdParts, Panel, places_of
from forecast.data.reading.hierarchies.hierarchy_ids import PARENT_WORDS, TreeLevel, levels_of, spelled_as
from forecast.data.reading.hierarchies.hierarchy_parents import without_parents
from forecast.data.reading.hierarchies.hierarchy_sums import ended_at_zero
from forecast.data.reading.reader import Reading
from forecast.data.shards.parent_rows import parent_rows
from forecast.data.shards.partial_sums import nesting_pairs, partial_sums
from forecast.decoding import Document, decode
from forecast.errors import DataError
from forecast.evaluation.distribution.coherent_paths import added, moved
from forecast.evaluation.scales import lowest_values
from forecast.experiment.decisions.asked import Asked, asked_of, median_notes
from forecast.experiment.panels.shard_forecast import ShardSpec, forecast_bytes, read_shard
from forecast.experiment.panels.tree_bounds import asked_probabilities, bounded_forecasts, with_quantiles
from forecast.experiment.stored_forecast import check_numbers, check_promise, known_notes
from forecast.experiment.versions.stored_model import StoredModel
from forecast.models.forecaster import Members
from forecast.models.reconciliation.reconciler import mean_sizes
from forecast.production.store.disk import atomic_write
from forecast.run import Run

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]

HERE = "forecast.experiment.panels.shard_leaves"
UNEQUAL = "held against the leaves of all shards and"
LOOK, ADD, WRITE = f"{HERE}:look_at_leaves", f"{HERE}:add_paths", f"{HERE}:write_leaves"


@dataclass(frozen=True)
class LeafSpec(Document):
    """What a worker is told.

    Attributes:
        shard: which one, by which model; and the file to write.
        end: ordinal of the last step of all shards; None for that of this one.
        looked: the file of the first pass.
        point: of what leaves are to be.
        shift: of what paths of sums ask for; empty where nothing is known of it yet.
        bounds: of quantiles of the leaves' paths; empty where these are not final, or not asked for.
    """

    shard: ShardSpec
    end: int | None = None
    looked: str = ""
    point: str = ""
    shift: str = ""
    bounds: str = ""

    @property
    def asked(self) -> Asked:
        """What is asked of the forecast."""
        return Asked(self.shard.levels, self.shard.probabilities)


@dataclass(frozen=True, eq=False)
class ShardLeaves:
    """The leaves of a shard.

    Attributes:
        stored: the model.
        panel: that ends with all other shards.
        ids: what tells its series apart.
        levels: of these leaves.
        spec: of the hierarchy.
        parents: sums that stand in the shard, as arrays by name; see ``parent_rows``.
        notes: what is to be said.
    """

    stored: StoredModel
    panel: Panel
    ids: IdParts
    parents: Arrays
    levels: list[TreeLevel]
    spec: HierarchySpec
    notes: tuple[str, ...]

    @classmethod
    def read(cls, told: LeafSpec, run: Run) -> Self:
        """Returns the leaves of a shard.

        Raises:
            DataError: see ``read_shard``; or it holds nothing but sums.
        """
        stored, reading, panel, _ = read_shard(told.shard, run)
        if told.end is not None and int(panel.last.max()) < told.end and stored.options.aggregate:
            # its last period is over in other shards, so that it counts as it is
            stored, reading, panel, _ = read_shard(told.shard, run, keep_partial=True)
        spec = spelled_as(parse_hierarchy(stored.options.hierarchy or ""), reading.ids.names)
        _check_leaves(told, spec, reading)
        looks = stored.options.parents != "ignore"
        parents = parent_rows(panel, reading.ids, spec) if looks else {}
        reading, more = without_parents(replace(reading, panel=panel), spec, check=False)
        leaves, ended = ended_at_zero(reading.panel, stored.options, told.end)
        if told.end is not None and len(leaves) and int(leaves.last.max()) > told.end:
            raise DataError(f"{told.shard.shard} was changed while it was forecast.", "the same command again")
        notes = [each.text.replace("unlooked at,", UNEQUAL) if looks else each.text for each in more]
        notes += [each.text for each in ended]
        notes += [each.text for each in reading.findings if each.grade == "warning" and each.topic != "ends"]
        return cls(stored, leaves, reading.ids, parents, levels_of(spec, reading.ids), spec, tuple(notes))


def _check_leaves(told: LeafSpec, spec: HierarchySpec, reading: Reading) -> None:
    """Refuses a shard of sums alone, which nothing tells from leaves.

    Raises:
        DataError: it is one.
    """
    columns = [reading.ids.names.index(name) for name in spec.columns]
    if all(any(parts[c].strip().casefold() in PARENT_WORDS for c in columns) for parts in reading.ids.values):
        name = reading.panel.series_ids[0]
        message = f"{told.shard.shard} holds nothing but sums, such as {name}, which are made of the leaves anyway."
        raise DataError(message, "leave such rows out of the data, or cut it into fewer shards")


def look_at_leaves(spec: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Forecasts the leaves of a shard one by one, and adds up what they were, into a file.

    Raises:
        ForecastError: the shard is damaged, or can't be forecast.
    """
    told = decode(LeafSpec, dict(spec))
    own = ShardLeaves.read(told, run)
    trained, panel = own.stored.trained, own.panel
    check_promise(own.stored, panel)
    filled, states = trained.filled(panel, trained.horizon), trained.leaf_states(panel)
    members = trained.model.predict_members(filled, run)
    sums, groups = partial_sums(panel, own.levels, own.spec)
    assert states is not None
    reconciliation = trained.reconciliation
    assert reconciliation is not None
    arrays: dict[str, NDArray[Any]] = {
        "last": np.array([panel.last.max()]),
        "least": np.array([np.nanmin(panel.values, initial=np.inf)]),
        "places": places_of(panel.series_ids, reconciliation.series_ids),
        "sizes": mean_sizes(panel, reconciliation.settings.recent),
        "lowest": lowest_values(panel),
        "groups": groups,
        "ended": states.ended,
        "lost": states.lost(members, groups, len(sums.names)),
        **members_arrays(states.settled(members, filled, trained.settings.classical.intermittent)),
        **{f"sums/{name}": array for name, array in sums.arrays().items()},
        **nesting_pairs(own.spec, own.ids),
        **own.parents,
    }
    size, digest = write_arrays(told.shard.output, arrays)
    widths = set(own.stored.width_notes)
    notes = [*own.notes, *(note for note in known_notes(own.stored, panel, told.shard.horizon) if note not in widths)]
    return {"series": len(panel), "steps": 0, "size": size, "sha256": digest, "notes": list(dict.fromkeys(notes))}


def add_paths(spec: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Adds the joint paths of the leaves of a shard up to all sums, into a file.

    Raises:
        ForecastError: see ``look_at_leaves``.
    """
    told = decode(LeafSpec, dict(spec))
    leaves = _Leaves(told, run)
    paths, bounds = leaves.paths(), list[FloatArray]()
    if told.bounds:
        trained = asked_of(leaves.own.stored, told.asked)
        asked = asked_probabilities(trained, told.shard.probabilities)
        paths = with_quantiles(paths, asked, bounds, are_counts=trained.counts_some)
    total = added(paths, leaves.above, leaves.sums)
    assert total is not None
    write_array(told.shard.output, total)
    if told.bounds:
        write_array(told.bounds, np.stack(bounds))
    return {"series": len(leaves.own.panel), "steps": 0}


def write_leaves(spec: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Writes the forecasts of the leaves of a shard, which add up with those of all others.

    Raises:
        ForecastError: see ``look_at_leaves``.
    """
    told = decode(LeafSpec, dict(spec))
    leaves = _Leaves(told, run)
    stored, panel, steps = leaves.own.stored, leaves.own.panel, told.shard.horizon
    bounds = np.load(told.bounds, allow_pickle=False) if told.bounds else None
    trained, probabilities = asked_of(stored, told.asked), told.shard.probabilities
    made = bounded_forecasts(trained, panel, leaves.point, bounds, probabilities, steps)
    check_numbers(stored, made)
    data = forecast_bytes(stored, made, panel)
    atomic_write(Path(told.shard.output), data)
    digest = hashlib.sha256(data).hexdigest()
    return {"series": len(panel), "steps": steps, "size": len(data), "sha256": digest, "notes": [*median_notes(made)]}


class _Leaves:
    """The leaves of a shard once it is known what they are to be."""

    def __init__(self, told: LeafSpec, run: Run) -> None:
        self.own = ShardLeaves.read(told, run)
        with np.load(told.looked, allow_pickle=False) as looked:
            self._members = members_of(looked)
        with np.load(told.point, allow_pickle=False) as point:
            self.point, self._variances = point["point"], point["variances"]
            self.sums, self.above = int(point["sums"][0]), list(point["groups"].T)
        self._shift: FloatArray | None = np.load(told.shift, mmap_mode="r", allow_pickle=False) if told.shift else None

    def paths(self) -> Iterator[FloatArray]:
        """Yields the paths of each leaf as far as sums ask for it, (N, H)."""
        trained, panel = self.own.stored.trained, self.own.panel
        filled, lowest = trained.filled(panel, trained.horizon), lowest_values(panel)
        found = trained.distributed(filled, self._members, self.point, lowest)
        assert found is not None
        drawn = found.leaf_paths(found.distribution.futures, range(len(panel)))
        if self._shift is None:
            return (own.values for own in drawn)
        reach = trained.reconciliation.settings.reach if trained.reconciliation else 0.0
        return moved(drawn, self._variances, np.asarray(self._shift), self.above, lowest, reach)


def members_arrays(members: Members) -> dict[str, NDArray[Any]]:
    """Returns members as arrays by name."""
    made: dict[str, NDArray[Any]] = {"members": members.values, "seeds": np.array(members.seeds, dtype=np.int64)}
    made["views"] = np.array(members.views, dtype=str)
    return made | {f"anchor/{name}": values for name, values in (members.anchors or {}).items()}


def members_of(arrays: Any) -> Members:
    """Returns what ``members_arrays`` made."""
    anchors: dict[Any, FloatArray] = {
        name.partition("/")[2]: arrays[name] for name in arrays if name.startswith("anchor/")
    }
    return Members(tuple(arrays["views"].tolist()), tuple(arrays["seeds"].tolist()), arrays["members"], anchors or None)


def write_array(path: str | Path, array: FloatArray) -> None:
    """Writes an array into a file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    atomic_write(Path(path), buffer.getvalue())


def write_arrays(path: str | Path, arrays: Arrays) -> tuple[int, str]:
    """Writes arrays into a file, and returns its size and checksum."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # none is named allow_pickle
    data = buffer.getvalue()
    atomic_write(Path(path), data)
    return len(data), hashlib.sha256(data).hexdigest()
