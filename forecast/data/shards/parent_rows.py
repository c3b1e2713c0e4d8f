"""Sums that stand in shards beside what they are sums of: held against what the leaves of all shards come to.

Shapes: ``P`` such series of a shard, ``N`` steps of all of them together.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.frequency import Frequency, readable
from forecast.data.hierarchy import TOTAL, HierarchySpec
from forecast.data.panel import IdParts, Panel
from forecast.data.reading.hierarchies.hierarchy_ids import PARENT_WORDS, parent_places
from forecast.data.reading.hierarchies.hierarchy_parents import ROUNDED
from forecast.data.shards.partial_sums import PartialSums
from forecast.errors import DataError
from forecast.wording import counted, digits

Arrays = Mapping[str, NDArray[Any]]
NO_LEVEL = -1


def parent_rows(panel: Panel, ids: IdParts, spec: HierarchySpec) -> dict[str, NDArray[Any]]:
    """Returns the series of a shard that are sums, as arrays by name: which they are, and their values."""
    places = parent_places(spec, ids)
    some = panel.select(places)
    columns = [frozenset(own) for own, _ in spec.levels()]
    levels, nodes = [], []
    for place in places:
        parts = dict(zip(ids.names, ids.values[place], strict=True))
        kept = [
            name for name in ids.names if not (name in spec.columns and parts[name].strip().casefold() in PARENT_WORDS)
        ]
        levels.append(columns.index(frozenset(kept)) if frozenset(kept) in columns else NO_LEVEL)
        nodes.append("/".join(parts[name] for name in kept) or TOTAL)
    return {
        "parents/series": np.array(some.series_ids, dtype=str),
        "parents/levels": np.array(levels, dtype=np.int64),
        "parents/nodes": np.array(nodes, dtype=str),
        "parents/first": some.first,
        "parents/offsets": some.offsets,
        "parents/values": some.values,
    }


def check_parent_rows(shard: str, rows: Arrays, sums: PartialSums, frequency: Frequency) -> None:
    """Refuses a sum that is not what the leaves below it come to; one of no level of the hierarchy is not looked at.

    Raises:
        DataError: there is one.
    """
    places = {key: place for place, key in enumerate(sums.keys)}
    for number, name in enumerate(rows["parents/series"].tolist()):
        key = (int(rows["parents/levels"][number]), str(rows["parents/nodes"][number]))
        if key[0] == NO_LEVEL:
            continue
        if key not in places:
            message = f"{shard}: '{name}' looks like a sum, and no shard has anything that it could be the sum of."
            raise DataError(message, "leave it out of the data, or write another word in its id")
        place = places[key]
        own = slice(*rows["parents/offsets"][number : number + 2].tolist())
        values, first = rows["parents/values"][own], int(rows["parents/first"][number])
        begin, steps = int(sums.steps.offsets[place]), int(np.diff(sums.steps.offsets)[place])
        at = first + np.arange(len(values)) - int(sums.steps.first[place])
        inside = (at >= 0) & (at < steps)
        made, present, observed = np.where(inside, sums.counts[:, begin + np.clip(at, 0, steps - 1)], 0.0)
        off = np.abs(values - made) > ROUNDED * np.maximum(np.abs(made), np.abs(values)) + 1e-9
        wrong = np.flatnonzero(off & (present == observed) & ~np.isnan(values))
        if wrong.size:
            step = int(wrong[0])
            when = readable(frequency.timestamps(np.array([first + step]))[0])
            more = f", and so are {wrong.size - 1:,} more of its values" if wrong.size > 1 else ""
            leaves = f"{counted(int(sums.leaves[place]), 'series')} below it in all shards"
            raise DataError(
                f"{shard}: '{name}' is {digits(float(values[step]))} on {when}, and {leaves} add up to "
                f"{digits(float(made[step]))}{more}.",
                "mend the data, or leave such rows out of it; forecast train DATA --parents ignore does not look",
            )
