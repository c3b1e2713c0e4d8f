"""Every forecast that was ever issued for a model, kept to be scored when the truth has arrived.

    NAME/versions/…/forecast.csv                          the forecast that a champion was published with
    NAME/issued/20260109T031500Z-v1-4f2a91c0.csv          one that a champion issued later, or that a prune kept
                UTC time         number, digest of the bytes

What a version issued last is not kept again: hourly runs on unchanged data add nothing. The digest in the name shows
what was cut off or edited. Readers take no lock.
"""

import errno
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from forecast.errors import DataError
from forecast.production.store.disk import Disk, is_hidden, plain_words, read_regular, telling
from forecast.production.store.json_document import utc
from forecast.production.store.manifest import sha256
from forecast.production.store.version import DamagedError, Version

ISSUED = "issued"
FORECAST = "forecast.csv"
_NAME = re.compile(r"(?P<moment>\d{8}T\d{6}Z)-v(?P<number>[1-9]\d{0,6})-(?P<digest>[0-9a-f]{8})\.csv", re.ASCII)


@dataclass(frozen=True)
class IssuedTable:
    """One forecast as it was issued: a CSV in the columns of every forecast."""

    name: str  # what a note calls it
    moment: str  # when it was issued, such as 20260109T031500Z: later texts are later
    data: bytes


@dataclass(frozen=True)
class IssuedTables:
    """All forecasts of a model, oldest first, and what could not be read."""

    tables: tuple[IssuedTable, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class IssuedMark:
    """One forecast that was issued, before it is read.

    Attributes:
        moment: when it was issued, aware, UTC.
        number: of the version that issued it.
        place: its file, or the version that was published with it.
    """

    moment: datetime
    number: int
    place: Path | Version

    @property
    def label(self) -> str:
        """The short name of the version, such as ``v3``."""
        return f"v{self.number}"

    def read(self) -> bytes:
        """Returns the table.

        Raises:
            DataError: it is damaged, or the disk can't read it.
        """
        if isinstance(self.place, Version):
            return self.place.read(FORECAST)
        try:
            return _read(self.place).data
        except (OSError, ValueError) as error:
            reason = plain_words(error) if isinstance(error, OSError) else str(error)
            raise DataError(f"{self.place} can't be compared: it {reason}.", "take another forecast") from error


def issued_marks(folder: Path, versions: Iterable[Version]) -> tuple[IssuedMark, ...]:
    """Returns which forecasts were issued, oldest first, without reading any; see ``read_issued``.

    Raises:
        DataError: the folder is there but can't be read.
    """
    found: dict[str, IssuedMark] = {}
    for version in versions:
        if version.manifest.published_as == "champion" and FORECAST in version.files:
            name = f"{_begin(version.number, version.created)}-{version.manifest.files[FORECAST].sha256[:8]}.csv"
            found[name] = IssuedMark(version.created, version.number, version)
    for name in _listed(folder):
        match = _NAME.fullmatch(name)
        if match is not None and name not in found:
            moment = datetime.strptime(match["moment"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            found[name] = IssuedMark(moment, int(match["number"]), folder / name)
    order = sorted(found, key=lambda name: (name.partition("-")[0], found[name].number))
    return tuple(found[name] for name in order)


def keep_issued(
    disk: Disk, folder: Path, table: bytes, number: int, moment: datetime, *, twin: Path | None = None
) -> Path:
    """Writes a forecast into the folder ``issued`` and returns its path; the same one twice running is one file.

    A ``twin`` on the same disk that holds the same bytes, and is never changed, gets a second name instead of a copy:
    on a disk that is full there is room for that.

    Raises:
        OSError: The disk refused; no half file can be seen.
    """
    path = folder / _name(table, number, moment)
    if folder.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    disk.make_folder(folder)
    last = next((name for name in reversed(_listed(folder)) if f"-v{number}-" in name), "")
    if last.endswith(path.name.rpartition("-")[2]):
        return folder / last
    if twin is None or not disk.link(twin, path):
        disk.replace(path, table)
    return path


def keep_forecast_of(disk: Disk, folder: Path, version: Version) -> None:
    """Writes the forecast that a version was published with into the folder ``issued``, before the version goes.

    Raises:
        OSError, DataError: The disk refused.
    """
    try:
        table = _forecast_of(version)
    except DamagedError:
        return  # nobody can tell any more what was issued
    if table is not None:
        keep_issued(disk, folder, table, version.number, version.created, twin=version.folder / FORECAST)


def read_issued(folder: Path, versions: Iterable[Version], most: int | None = None) -> IssuedTables:
    """Returns the forecasts in the folder ``issued`` and those of the versions, each once.

    Versions that were published as candidates issued none. What is damaged or of another program is left out
    and named in the notes.

    Args:
        folder: ``issued``.
        versions: That are there.
        most: Bytes, from which on older forecasts are left out.

    Raises:
        DataError: The folder is there but can't be read.
    """
    found: dict[str, IssuedTable] = {}
    of_versions, of_files = [], []
    taken = 0
    for version in sorted(versions, key=lambda version: version.created, reverse=True):
        if most is not None and taken > most:
            break
        try:
            table = _forecast_of(version)
        except DataError as error:
            if version.folder.exists():  # else a prune took it away since it was listed, and kept its forecast
                of_versions.append(error.message)
            continue
        if table is not None:
            name = _name(table, version.number, version.created)
            found[name] = IssuedTable(f"{FORECAST} of {version.label}", name.partition("-")[0], table)
            taken += len(table)
    # After the versions: a prune writes here first and removes then, so that nothing slips through.
    taken = 0
    for name in reversed(_listed(folder)):
        if most is not None and taken > most:
            break
        try:
            taken += len(found.setdefault(name, _read(folder / name)).data)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            reason = plain_words(error) if isinstance(error, OSError) else str(error)
            of_files.append(f"{folder / name} is left out: it {reason}.")
    tables = tuple(found[name] for name in sorted(found))
    return IssuedTables(_newest(tables, most), (*of_versions[::-1], *of_files[::-1]))


def issued_before(folder: Path, moment: str) -> tuple[Path, ...]:
    """Returns the files that this program wrote into the folder ``issued`` before a moment, oldest first.

    Raises:
        DataError: the folder can't be read.
    """
    found = ((_NAME.fullmatch(name), name) for name in _listed(folder))
    return tuple(folder / name for match, name in found if match and match["moment"] < moment)


def _newest(tables: tuple[IssuedTable, ...], most: int | None) -> tuple[IssuedTable, ...]:
    """Returns the newest tables, of so many bytes in all, but one at least."""
    if most is None:
        return tables
    first, left = len(tables), most
    while first > 0 and (left >= len(tables[first - 1].data) or first == len(tables)):
        first -= 1
        left -= len(tables[first].data)
    return tables[first:]


def _forecast_of(version: Version) -> bytes | None:
    """Returns the forecast that a version was published with, None where nobody was given one."""
    is_issued = version.manifest.published_as == "champion" and FORECAST in version.files
    return version.read(FORECAST) if is_issued else None


def _name(table: bytes, number: int, moment: datetime) -> str:
    return f"{_begin(number, moment)}-{sha256(table)[:8]}.csv"


def _begin(number: int, moment: datetime) -> str:
    return f"{utc(moment):%Y%m%dT%H%M%SZ}-v{number}"


def _listed(folder: Path) -> list[str]:
    with telling(f"read {folder}"):
        try:
            return sorted(path.name for path in folder.iterdir() if not is_hidden(path.name))
        except FileNotFoundError:
            return []


def _read(path: Path) -> IssuedTable:
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise ValueError("is not one of the files that forecast writes")
    data = read_regular(path)
    if not sha256(data).startswith(match["digest"]):
        raise ValueError("is cut off or was changed")
    return IssuedTable(f"{ISSUED}/{path.name}", match["moment"], data)
