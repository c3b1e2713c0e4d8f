"""What a version's manifest says of the data that it was trained on, as a record that can be relied upon."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from forecast.data.covariates import Column
from forecast.data.frequency import DAY, MONTHS, SECONDS, Frequency, Timestamps
from forecast.data.read_options import ADDED, ReadOptions
from forecast.decoding import Document, decode, encode
from forecast.production.store.manifest import MANIFEST, ManifestData
from forecast.production.store.version import Version, unreadable
from forecast.specs import Fill

STAMP = re.compile(r"-?\d{4,6}-\d\d-\d\d(T\d\d:\d\d:\d\d)?")
LATEST_SECOND = 10_000 * 366 * DAY
"""No step of any data lies so far from 1970."""
LONGEST_STEP = 1_000 * 366 * DAY
"""Of data of longer steps, less than ten would lie between the years 0 and 9999."""
LATEST_ROW = 10**12


@dataclass(frozen=True)
class _Told(Document):
    """What no program has left out of it."""

    source: str
    fingerprint: str
    frequency: Frequency
    target: str
    fill: Fill
    training_end: str


@dataclass(frozen=True)
class DataEntry:
    """One of them.

    Attributes:
        source: path of the file, or what it was called.
        fingerprint: of its bytes.
        training_end: (1,) when the last series ended.
        options: how it was read, what was inferred settled.
        covariates: its columns beside the target.
    """

    source: str
    fingerprint: str
    frequency: Frequency
    target: str
    fill: Fill
    training_end: Timestamps
    options: ReadOptions
    covariates: tuple[Column, ...]


def data_of(version: Version) -> DataEntry:
    """Returns what a version was trained on.

    Raises:
        DamagedError: its manifest says nothing of the kind.
    """
    try:
        return decode_data(version.manifest.data)
    except ValueError as error:
        raise unreadable(version.name, version.label, MANIFEST, error) from error


def options_of(version: Version) -> ReadOptions:
    """Returns how the file that a version was trained on was read, what was inferred of it settled.

    Raises:
        DamagedError: its manifest does not say so.
    """
    try:
        return decode_options(version.manifest.data)
    except ValueError as error:
        raise unreadable(version.name, version.label, MANIFEST, error) from error


def decode_data(data: ManifestData) -> DataEntry:
    """Returns a manifest's ``data`` entry, its texts read.

    Raises:
        ValueError: it is none; the text says why.
    """
    document = encode(data)
    entry = decode(_Told, document, "data")
    check_frequency(entry.frequency)
    try:
        if not STAMP.fullmatch(entry.training_end):
            raise ValueError
        end = np.array([entry.training_end], dtype="datetime64[s]")
    except ValueError:
        raise ValueError("data.training_end is no date") from None
    return DataEntry(
        source=entry.source,
        fingerprint=entry.fingerprint,
        frequency=entry.frequency,
        target=entry.target,
        fill=entry.fill,
        training_end=end,
        options=decode_options(data),
        covariates=decode(tuple[Column, ...], document.get("covariates", []), "data.covariates"),
    )


def decode_options(data: ManifestData) -> ReadOptions:
    """Returns how the file of a ``data`` entry was read, what was inferred of it settled.

    Raises:
        ValueError: it does not say so.
    """
    options = _asked(encode(data))
    if options.aggregate in ADDED and not data.get("fills_sums"):
        return replace(options, fill="zero")  # earlier programs counted a step without a row as 0, whatever --fill said
    return options


def _asked(data: Mapping[str, Any]) -> ReadOptions:
    if "settled" in data:
        return decode(ReadOptions, data["settled"], "data.settled")
    known = {field.name for field in fields(ReadOptions)}
    columns = decode(dict[str, Any], data.get("columns"), "data.columns")
    given = decode(dict[str, Any], data.get("options"), "data.options")
    return decode(ReadOptions, {**given, **{key: columns[key] for key in columns if key in known}}, "data.options")


def check_frequency(frequency: Frequency) -> None:
    """Refuses a frequency that no data can have.

    Raises:
        ValueError: it is one.
    """
    is_sane = 1 <= frequency.day <= 31 and 0 <= frequency.second < DAY and frequency.every >= 1
    is_sane = is_sane and _longest(frequency) * frequency.every <= LONGEST_STEP
    if not is_sane or abs(frequency.phase) > 1_000_000 * SECONDS["week"]:
        raise ValueError("data.frequency is none that data can have")


def _longest(frequency: Frequency) -> int:
    """Returns the most seconds that one of its units takes."""
    months = MONTHS.get(frequency.unit)
    return months * 31 * DAY if months else SECONDS.get(frequency.unit, 2 * DAY)


def check_steps(frequency: Frequency, first: int, last: int) -> None:
    """Refuses steps that lie beyond any calendar.

    Raises:
        ValueError: they do.
    """
    if frequency.unit == "row":
        is_sane = abs(first) <= LATEST_ROW and abs(last) <= LATEST_ROW
    else:
        is_sane = max(abs(first), abs(last)) * _longest(frequency) * frequency.every <= LATEST_SECOND
    if not is_sane:
        raise ValueError("its data lies beyond the calendar")
