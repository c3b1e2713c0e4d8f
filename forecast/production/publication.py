"""Folders that appear and disappear whole: one rename shows or hides what is made under a hidden name."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from forecast.production.store.disk import Disk, hidden, is_hidden


def place(disk: Disk, folder: Path, files: Mapping[str, bytes]) -> None:
    """Makes a folder with these files, at most one folder down; until the disk has all, nobody sees any.

    Raises:
        OSError: The disk refused; what was begun is removed, at the latest by the next ``sweep``.
    """
    staging = hidden(folder)
    try:
        disk.make_folder(staging)
        for name, data in files.items():
            disk.make_folder((staging / name).parent)
            disk.write_new(staging / name, data)
        for inner in sorted({(staging / name).parent for name in files}):
            disk.sync_folder(inner)
        disk.rename(staging, folder)
    except BaseException:
        withdraw(disk, folder)
        raise


def withdraw(disk: Disk, folder: Path) -> None:
    """Removes a folder that should not have been; what the disk won't let go is left to ``sweep``."""
    with suppress(OSError):
        if folder.exists():
            disk.rename(folder, hidden(folder))
    with suppress(OSError):
        disk.remove(hidden(folder))


def retire(disk: Disk, folder: Path) -> None:
    """Removes a folder: in one instant for readers, then for the disk.

    Raises:
        OSError: The disk refused.
    """
    disk.rename(folder, hidden(folder))
    disk.remove(hidden(folder))


def sweep(disk: Disk, folder: Path) -> None:
    """Removes the unfinished work that killed runs left in a folder, if it is there; the caller holds the lock."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if is_hidden(path.name):
            with suppress(OSError):  # junk is invisible, so a disk that keeps it does no harm
                disk.remove(path)
