"""Atomic writes: the few disk operations that they need, each announced first, and their failures in plain words.

    write beside ──▶ fsync ──▶ rename ──▶ fsync the folder

A reader sees the old bytes or the new ones, never a part, and a power cut can't undo what a caller was told
is done. Names that begin with ``.`` and end in ``.tmp`` are unfinished work: no reader looks at them.
"""

import errno
import os
import shutil
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Literal

from forecast.errors import DataError
from forecast.production.store.links import check_links

LONGEST_NAME = 255  # bytes, on all disks that are in use
CHUNK = 64 * 1024  # bytes between two announcements of the same file

_PLAIN_WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EEXIST: "a file stands in the way",
    errno.ENOTDIR: "a file stands in the way of a folder",
    errno.EISDIR: "a folder stands in the way of a file",
    errno.ELOOP: "it is a link, and links are not followed here",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENXIO: "it is a pipe that nobody reads",
    errno.EAGAIN: "it is a pipe that nobody empties",
    errno.EIO: "the disk reports a hardware error",
}
_REMEDIES = {
    errno.ENOSPC: "free some space, or ",
    errno.EDQUOT: "free some space, or ",
    errno.EACCES: "run it as the user who owns the folder, or ",
    errno.EPERM: "run it as the user who owns the folder, or ",
}


def plain_words(error: OSError) -> str:
    """Returns why the disk refused, for a person who never saw an errno."""
    return _PLAIN_WORDS.get(error.errno or 0, error.strerror or str(error))


@contextmanager
def telling(action: str, flag: str = "--store DIR") -> Iterator[None]:
    """Turns an error of the disk into a DataError: ``action`` failed, ``flag`` would choose another place."""
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "")
        raise DataError(
            f"Can't {action}: {plain_words(error)}.", f"{remedy}choose another place with {flag}"
        ) from error


PathKind = Literal["file", "folder", "device"]  # a pipe is a device, too


def kind_of(path: Path, flag: str = "-o FILE") -> PathKind | None:
    """Returns what is at a path, links followed; None where nothing is.

    Raises:
        DataError: It can't be known: the folder may not be entered, or the name is too long. The hint names ``flag``.
    """
    with telling(f"look at {path}", flag):
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError:  # a name with a zero byte
            raise DataError(f"{str(path)!r} can't be the name of a file.", f"another name with {flag}") from None
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "device"


def check_file(path: Path, flag: str = "-o FILE") -> None:
    """Refuses a path at which something else than a file stands.

    Raises:
        DataError: There does, or it can't be known.
    """
    kind = kind_of(path, flag)
    if kind not in {None, "file"}:
        what = "a folder" if kind == "folder" else "a pipe or a device"
        raise DataError(f"{path} is {what}, not a file.", f"remove it, or choose another place with {flag}")


def check_writable(folder: Path, flag: str = "-o FILE") -> None:
    """Refuses a folder in which nothing can be made, or the nearest one above it that is there.

    Raises:
        DataError: Nothing can be made there.
    """
    there = next((path for path in (folder, *folder.absolute().parents) if kind_of(path, flag)), folder)
    with telling(f"write into {there}", flag):
        if os.statvfs(there).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if not there.is_dir():
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(there, os.W_OK | os.X_OK, effective_ids=True):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def check_length(path: Path, flag: str = "-o FILE") -> None:
    """Refuses a file's name that has more bytes than names have.

    Raises:
        DataError: It does.
    """
    size = len(os.fsencode(path.name))
    if size > LONGEST_NAME:
        raise DataError(
            f"The file {path.name} would have a name of {size} bytes, and {LONGEST_NAME} is the most.",
            "--name with fewer letters" if "DIR" in flag else f"a shorter name with {flag}",
        )


def is_file(path: Path) -> bool:
    """Returns whether there is such a file, as far as this user may know."""
    with suppress(OSError, ValueError):
        return path.is_file()
    return False


def is_folder(path: Path) -> bool:
    """Returns whether there is such a folder, as far as this user may know."""
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False


def hidden(path: Path) -> Path:
    """Returns the name beside ``path`` under which unfinished work goes unseen."""
    return path.with_name(f".{path.name}.tmp")


def is_hidden(name: str) -> bool:
    """Returns whether a file name marks unfinished work."""
    return name.startswith(".") and name.endswith(".tmp")


def unused_name_near(path: Path) -> Path:
    """Returns a hidden name in the same folder that nobody uses."""
    # The thread's number keeps writers apart; counting steps over what killed runs of the same number left.
    own = f".{path.name[:40]}.{threading.get_native_id()}"
    names = (path.with_name(f"{own}-{attempt}.tmp") for attempt in count())
    return next(name for name in names if not os.path.lexists(name))


def read_regular(path: Path, limit: int | None = None) -> bytes:
    """Returns the bytes of a regular file.

    Raises:
        ValueError: It is a link, device or folder, or has more than ``limit`` bytes.
        OSError: It is missing, or the disk can't read it.
    """
    with open(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if limit is not None and size > limit:
            raise ValueError(f"has {size:,} bytes, more than the {limit:,} it should have")
        return file.read()


def open_regular(path: Path) -> int:
    """Returns the descriptor of a regular file, opened for reading; whoever asks for it closes it.

    Raises:
        ValueError: It is a link, device or folder.
        OSError: It is missing, or the disk can't read it.
    """
    try:
        # Without O_NONBLOCK, opening a pipe that somebody put here would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ValueError("is a link") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("is not a regular file")
    return descriptor


def list_folders(path: Path) -> list[Path]:
    """Returns the folders in a folder, or none where it does not exist.

    Raises:
        DataError: It can't be read.
    """
    with telling(f"read {path}"):
        try:
            with os.scandir(path) as entries:
                return [Path(entry.path) for entry in entries if entry.is_dir()]
        except FileNotFoundError:
            return []


def unheard(_step: str) -> None:
    """Hears the steps of a normal run, and does nothing."""


class Disk:
    """Writes so that a crash at any instant leaves the old state or the new one.

    ``on_step`` hears the name of each operation just before it happens: tests kill the process or raise
    there. All methods raise OSError.
    """

    def __init__(self, on_step: Callable[[str], None] = unheard) -> None:
        self._on_step = on_step

    def make_folder(self, path: Path) -> None:
        """Makes a folder and the missing ones above it, all durable."""
        if path.is_dir():
            return
        self.make_folder(path.parent)
        self._on_step(f"make {path.name}")
        path.mkdir(exist_ok=True)
        self.sync_folder(path.parent)

    def write_new(self, path: Path, data: bytes, permissions: int | None = None) -> None:
        """Writes a file that does not exist yet and waits until the disk has it."""
        self._on_step(f"create {path.name}")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        try:
            if permissions is not None:
                os.fchmod(descriptor, permissions)
            for start in range(0, len(data), CHUNK):
                self._on_step(f"write {path.name}")
                _write_all(descriptor, data[start : start + CHUNK])
            self._on_step(f"sync {path.name}")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sync_folder(self, path: Path) -> None:
        """Waits until the disk has the names in a folder: what was made, renamed or removed there."""
        self._on_step(f"sync folder {path.name}")
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some network disks can't sync folders, and say it so
                raise
        finally:
            os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Renames within one folder, replacing a file of the target's name, all at once."""
        self._on_step(f"rename {source.name} to {target.name}")
        source.replace(target)
        self.sync_folder(target.parent)

    def replace(self, path: Path, data: bytes, permissions: int | None = None) -> None:
        """Gives a file new content, all at once; a failure leaves the old content and nothing else."""
        temporary = unused_name_near(path)
        try:
            self.write_new(temporary, data, permissions)
            self.rename(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise

    def link(self, source: Path, target: Path) -> bool:
        """Gives a file a second name, durably; returns whether this disk can, and the name was free."""
        self._on_step(f"link {source.name} as {target.name}")
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            return False
        self.sync_folder(target.parent)
        return True

    def append(self, path: Path, line: bytes) -> None:
        """Appends one whole line, for the holder of the lock; a line that a crash tore is closed first."""
        self._on_step(f"append to {path.name}")
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            whole = (b"\n" if torn else b"") + line + b"\n"
            if os.write(descriptor, whole) < len(whole):
                os.ftruncate(descriptor, size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._on_step(f"sync {path.name}")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if size == 0:
            self.sync_folder(path.parent)

    def remove(self, path: Path) -> None:
        """Removes a file, link or whole folder; links are removed, never followed."""
        self._on_step(f"remove {path.name}")
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def atomic_write(path: Path, data: bytes, *, flag: str = "-o FILE", only_file: bool = False) -> None:
    """Replaces a file as a whole, for results outside the store: forecasts, plots, reports.

    Missing folders are made. A file that is replaced hands on its permissions. A link stays, and the file it
    points to is replaced, unless it is somebody else's. A device or pipe (``/dev/stdout``) that was named itself is
    written straight; with ``only_file``, where a folder was named, it is refused.

    Raises:
        DataError: The disk refused; the old file is whole. The hint names ``flag`` to choose another place.
    """
    check_links(path, flag)
    if only_file:
        check_file(path, flag)
    with telling(f"write {path}", flag):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            mode = None
        if mode is not None and not stat.S_ISREG(mode):
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)  # else a pipe that nobody reads is waited for
            try:
                os.set_blocking(descriptor, True)
                _write_all(descriptor, data)
            finally:
                os.close(descriptor)
            return
        path = path.resolve()
        disk = Disk()
        disk.make_folder(path.parent)
        disk.replace(path, data, None if mode is None else stat.S_IMODE(mode))


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


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
