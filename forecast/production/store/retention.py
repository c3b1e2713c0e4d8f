"""What may go of a model's folder, and how it goes: old versions and old issued forecasts.

The champion always stays. What a version that goes once forecast is kept beside the issued forecasts, to be scored.
"""

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forecast.errors import UsageError
from forecast.production.store.disk import Disk, retire
from forecast.production.store.issued import FORECAST, issued_before, keep_forecast_of
from forecast.production.store.json_document import utc
from forecast.production.store.version import DamagedError, Version
from forecast.production.store.version_list import VersionList


@dataclass(frozen=True)
class Retention:
    """What is kept of a model: so many of the newest versions, forecasts that were issued since a time; None: all."""

    keep: int | None = None
    issued_since: datetime | None = None


KEEP_ALL = Retention()


@dataclass(frozen=True)
class Prunable:
    """What would go.

    Attributes:
        versions: whole ones.
        damaged: ids of versions whose manifest is damaged.
        issued: files of issued forecasts.
        size: of all of it, in bytes.
    """

    versions: tuple[Version, ...] = ()
    damaged: tuple[str, ...] = ()
    issued: tuple[Path, ...] = ()
    size: int = 0


def prunable_versions(found: VersionList, champion: Version, keep: int) -> tuple[tuple[Version, ...], tuple[str, ...]]:
    """Returns all but the newest ``keep`` versions and the champion, and the ids of those with a damaged manifest.

    Raises:
        UsageError: ``keep`` is below 1.
    """
    if keep < 1:
        raise UsageError(f"At least one version is kept beside the champion, not {keep}.", "--keep 1")
    damaged = tuple(version_id for version_id, error in found.damaged.items() if isinstance(error, DamagedError))
    return tuple(version for version in found.versions[:-keep] if version.id != champion.id), damaged


def old_issued(folder: Path, before: datetime) -> tuple[Path, ...]:
    """Returns the files of the folder ``issued`` whose forecasts were issued before a time, oldest first.

    Raises:
        DataError: the folder can't be read.
    """
    return issued_before(folder, f"{utc(before):%Y%m%dT%H%M%SZ}")


def remove_version(disk: Disk, version: Version, issued: Path) -> None:
    """Removes a version, its forecast kept; where the disk is full, its weights make room first.

    Raises:
        OSError, DataError: the disk refused.
    """
    try:
        keep_forecast_of(disk, issued, version)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        for filename in version.files:
            if filename != FORECAST:
                disk.remove(version.folder / filename)
        keep_forecast_of(disk, issued, version)
    retire(disk, version.folder)


def size_of(paths: Sequence[Path]) -> int:
    """Returns the bytes of files, and of all files in folders; what is gone meanwhile counts as none."""
    total = 0
    for path in paths:
        with suppress(OSError):
            total += _size_in(path) if path.is_dir() and not path.is_symlink() else path.lstat().st_size
    return total


def _size_in(folder: str | Path) -> int:
    total = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                total += _size_in(entry.path)
            else:
                with suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_size
    return total
