"""Continuity of newer data with the old: what a version remembers of its data, and what makes a file suspicious.

A version keeps one byte for each value that it was trained on: not the value, but enough to see that it changed.

Shapes: ``S`` series, ``N`` steps of all series together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.frequency import readable
from forecast.data.panel import Panel
from forecast.data.reading.reader import Reading
from forecast.data.reading.row_findings import end_to_come
from forecast.errors import DataError
from forecast.models.networks.serialization import Arrays, pack_arrays, unpack_arrays
from forecast.production.store.manifest import ManifestData
from forecast.production.triggers import Tolerance
from forecast.wording import counted, percent

RECORD = "record.npz"
"""The file of a version that holds ``pack_record``'s bytes."""


class SuspiciousError(DataError):
    """The file does not look like a sequel to the one that the champion was trained on."""


@dataclass(frozen=True)
class Continuation:
    """What is new in a file since the champion was trained."""

    new_rows: int  # observed values after each series' old end, and of series that are new
    revised: int  # old values that are different now
    remembered: int  # old values that could be compared


@dataclass(frozen=True)
class EarlierData:
    """What is known of earlier files: the champion's, and of the newest run that accepted one."""

    data: ManifestData  # of the champion's manifest
    rows: int  # of the newest accepted file
    created: datetime  # of the champion


def pack_record(panel: Panel) -> bytes:
    """Returns what a version remembers of the data that it was trained on."""
    return pack_arrays({"marks": _marks(panel.values), "offsets": panel.offsets, "first": panel.first})


def compare_with_record(panel: Panel, series_ids: Sequence[str], record: bytes) -> Continuation:
    """Returns what is new in a panel.

    Raises:
        DataError: the record can't be read.
    """
    arrays = _record(record, len(series_ids))
    place = {series_id: i for i, series_id in enumerate(series_ids)}
    if len(series_ids) == len(panel) == 1:  # a lone series may be called after another file
        place = {panel.series_ids[0]: 0}
    new_rows = revised = remembered = 0
    for i, series_id in enumerate(panel.series_ids):
        values, old = panel.series(i), place.get(series_id)
        if old is None:
            new_rows += int((~np.isnan(values)).sum())
            continue
        marks = arrays["marks"][arrays["offsets"][old] : arrays["offsets"][old + 1]]
        shift = int(panel.first[i] - arrays["first"][old])  # steps that the new file begins later
        new_rows += int((~np.isnan(values[max(len(marks) - shift, 0) :])).sum())
        before, now = marks[max(shift, 0) :], _marks(values[max(-shift, 0) :])
        shared = min(len(before), len(now))
        start = int(panel.offsets[i]) + max(-shift, 0)
        known = (before[:shared] > 0) & ~panel.is_ignored[start : start + shared]  # that is no change of the past
        remembered += int(known.sum())
        revised += int((before[:shared] != now[:shared])[known].sum())
    return Continuation(new_rows, revised, remembered)


def _record(record: bytes, count: int) -> Mapping[str, Any]:
    """Returns the arrays of a record of so many series.

    Raises:
        DataError: it is none.
    """
    arrays = Arrays(unpack_arrays(record))
    try:
        offsets, first = arrays.read("offsets", "i", (count + 1,)), arrays.read("first", "i", (count,))
        marks = arrays["marks"]
        if marks.dtype != np.uint8 or marks.ndim != 1 or offsets[0] != 0 or offsets[-1] != len(marks):
            raise ValueError("its parts don't fit")
        if (np.diff(offsets) < 0).any():
            raise ValueError("its series overlap")
    except (KeyError, ValueError) as error:
        raise DataError(
            f"{RECORD} of the version in use is damaged: {error}.", "forecast models rollback NAME"
        ) from error
    return {"marks": marks, "offsets": offsets, "first": first}


def check_whole(reading: Reading, before: EarlierData, now: datetime, allowed: Tolerance) -> None:
    """Refuses a file that has lost rows, ends in the middle of one, or knows the future.

    Raises:
        SuspiciousError: it does, and that is not allowed; the hint is the flag that allows it.
    """
    if reading.rows < before.rows and not allowed.shorter:
        raise SuspiciousError(
            f"{reading.source} has {counted(reading.rows, 'row')}, but had {before.rows:,} last time.",
            "--allow-shorter if that is right",
        )
    if not reading.is_closed and before.data.closed and not allowed.cut_off:
        raise SuspiciousError(
            f"The last line of {reading.source} has no line break, but had one last time: it may be cut off.",
            "wait until the file is written, or --allow-cut-off if it is whole",
        )
    end = end_to_come(reading.panel, now)
    trained_end = np.datetime64(before.data.training_end)  # of data without dates, before the year 0
    is_fictitious = trained_end > np.datetime64(before.created.replace(tzinfo=None))
    if end is not None and not is_fictitious and not allowed.future:
        raise SuspiciousError(
            f"{reading.source} ends on {readable(end)}, which is still to come: today is {now:%Y-%m-%d}.",
            "--allow-future if these are not mistakes or plans",
        )


def check_revision(reading: Reading, sequel: Continuation, allowed: Tolerance) -> None:
    """Refuses a file whose past is not what it was.

    Raises:
        SuspiciousError: more of it changed than is allowed; the hint is the flag that allows it.
    """
    share = sequel.revised / max(sequel.remembered, 1)
    if share > allowed.max_revision:
        raise SuspiciousError(
            f"{reading.source} rewrites the past: {sequel.revised:,} of {counted(sequel.remembered, 'old value')} "
            f"({percent(share)}) changed, and {100 * allowed.max_revision:g} % may (--max-revision).",
            f"--max-revision {np.ceil(100 * share) / 100:g} if that is right",
        )


def _marks(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Returns a byte from 1 to 255 for each value, and 0 for NaN; (N,) -> (N,).

    Values that differ in their first seven digits have the same byte once in 255 times.
    """
    with np.errstate(over="ignore"):  # what is too large for 32 bits is infinite, and as good as any other value
        bits = (values + 0.0).astype(np.float32).view(np.uint32).astype(np.uint64)  # −0 is 0
    mixed = ((bits * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)) % np.uint64(255) + np.uint64(1)
    return np.where(np.isnan(values), 0, mixed).astype(np.uint8)
