"""Sums that stand in a file beside what they are sums of: held against their children, then left out.

state     purpose   trips
Victoria  Holiday     400
Victoria  Business    150
Victoria  total       550      what the two come to: a sum is made of them anyway
"""

from dataclasses import replace

import numpy as np

from forecast.data.findings import Finding
from forecast.data.frequency import readable
from forecast.data.hierarchy import HierarchySpec
from forecast.data.panel import Panel
from forecast.data.reading.hierarchies.hierarchy_ids import children_of, parent_places
from forecast.data.reading.reader import Reading
from forecast.data.reading.row_findings import series_findings
from forecast.errors import DataError
from forecast.wording import counted, digits

ROUNDED = 1e-3
"""A sum in the file that is no further from its children's, as a share of it, is the same but for rounding."""

COUNTED = ("constant", "ends")
"""What is said of how many series, of which sums are none."""


def without_parents(reading: Reading, spec: HierarchySpec, *, check: bool) -> tuple[Reading, list[Finding]]:
    """Returns a reading without the sums that stand in the file, and what is to be said of them.

    Raises:
        DataError: one is not the sum of its children.
    """
    places = parent_places(spec, reading.ids)
    if not places:
        return reading, []
    kept = np.setdiff1d(np.arange(len(reading.panel)), places)
    leaves = reading.panel.select(kept)
    ids = reading.ids.some(reading.panel.series_ids, leaves.series_ids)
    if check:
        columns = [ids.names.index(name) for name in spec.columns]
        for place in places:
            _check_parent(reading, place, children_of(reading.ids.values[place], columns, ids), leaves)
    equal = "equal to what they are sums of, and" if check else "unlooked at,"
    text = f"{counted(len(places), 'sum')} in the file, such as {reading.panel.series_ids[places[0]]}, {equal} left out"
    said = [finding for finding in reading.findings if finding.topic not in COUNTED]
    left = replace(reading, panel=leaves, ids=ids, findings=(*said, *series_findings(leaves)))
    return left, [Finding("note", "parents", text, "--parents check" if not check else "--parents ignore")]


def _check_parent(reading: Reading, place: int, children: list[int], leaves: Panel) -> None:
    panel, values = reading.panel, reading.panel.series(place)
    sums, known = np.zeros(len(values)), np.ones(len(values), dtype=bool)
    for child in children:
        shift = int(leaves.first[child] - panel.first[place])
        own = np.full(len(values), 0.0)
        begin, end = max(shift, 0), min(shift + int(leaves.lengths[child]), len(values))
        if begin < end:
            own[begin:end] = leaves.series(child)[begin - shift : end - shift]
        known &= ~np.isnan(own)
        sums += np.nan_to_num(own)
    off = np.abs(values - sums) > ROUNDED * np.maximum(np.abs(sums), np.abs(values)) + 1e-9
    wrong = np.flatnonzero(off & known & ~np.isnan(values))
    if not wrong.size and children:
        return
    name = panel.series_ids[place]
    if not children:
        message = f"{reading.source}: '{name}' looks like a sum, and the file has nothing that it could be the sum of."
        raise DataError(message, "--parents ignore leaves it out; or write another word in its id")
    at = int(wrong[0])
    when = readable(panel.timestamps(place)[at])
    more = f", and so are {wrong.size - 1:,} more of its values" if wrong.size > 1 else ""
    raise DataError(
        f"{reading.source}: '{name}' is {digits(float(values[at]))} on {when}, and its {len(children):,} children add "
        f"up to {digits(float(sums[at]))}{more}.",
        "mend the file, or --parents ignore, which adds up the children and leaves such rows out",
    )
