"""Locks of a model: one run at a time trains, readers never wait, and the kernel frees a lock when its holder dies.

    NAME/lock             held by a run from its beginning to its end: hours, perhaps
    NAME/champion.lock    held for the moment in which the champion file or the history changes

So a rollback never waits for a training. What a run writes into its lock is still there if it was killed, and tells
the next one.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

from forecast.errors import DependencyError, LockedError, UsageError
from forecast.production.store.disk import read_regular, telling

LOCKS = Path("/proc/locks")
COPIED_FROM = "copied-from.json"
"""Beside ``models`` in what is a copy of a store at an address."""
_PAUSE = 0.05  # seconds between two tries; flock itself can't wait with a limit
_LONGEST_MARK = 4096  # bytes


@dataclass(frozen=True)
class RunMark:
    """What a run writes into the lock that it holds.

    Attributes:
        command: such as ``retrain``.
        run: its id.
        began: in ISO 8601.
        host: on which it runs.
        pid: of its process.
    """

    command: str
    run: str = ""
    began: str = ""
    host: str = ""
    pid: int = 0


class ModelLock:
    """A lock of one model, for one thread; taking it again while it is held costs nothing."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self.held = False

    @contextmanager
    def hold(
        self,
        timeout: float | None = None,
        mark: RunMark | None = None,
        tell_killed: Callable[[RunMark], None] = lambda _mark: None,
    ) -> Iterator[None]:
        """Holds the lock for the block, after waiting ``timeout`` seconds at most; None: no flag can say how long.

        A ``mark`` is what is to be known of the holder, if it is killed; that of one that was goes to ``tell_killed``,
        and stays in the file until that is done.

        Raises:
            LockedError: Another run holds it.
            UsageError: It is of a copy of a store, which is only read.
            DataError: The lock file can't be opened.
            DependencyError: This system has no such locks.
        """
        if self.held:
            yield
            return
        check_own(self._path)
        descriptor = self._take(timeout)
        try:
            if killed := _mark_of(os.pread(descriptor, _LONGEST_MARK, 0)):
                tell_killed(killed)
            _write_mark(descriptor, mark)
            self.held = True
            yield
        finally:
            self.held = False
            with suppress(OSError):
                os.ftruncate(descriptor, 0)  # so that nobody is named who is done
            os.close(descriptor)  # frees the lock; the file stays, for removing it would race with others

    def _take(self, timeout: float | None) -> int:
        file_locks()  # before there is a file
        with telling(f"lock {self._path}"):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            try:
                self._wait(descriptor, timeout)
            except BaseException:
                os.close(descriptor)
                raise
        return descriptor

    def _wait(self, descriptor: int, timeout: float | None) -> None:
        fcntl, deadline = file_locks(), time.monotonic() + (timeout or 0)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise LockedError(
                        f"{_holder(descriptor)} holds the lock of {self._name}.",
                        "try again when it is done" + ("" if timeout is None else ", or wait with --lock-timeout 10m"),
                    ) from None
            time.sleep(min(_PAUSE, left))


def copied_from(root: Path) -> str | None:
    """Returns the address that a store is a copy of; None of a store of its own."""
    with suppress(OSError, ValueError, AttributeError):
        address = json.loads((root / COPIED_FROM).read_bytes()).get("address")
        return address if isinstance(address, str) else ""
    return None


def shown(root: Path) -> str:
    """Returns what messages call a store: its path from the root on, or the address that it is a copy of."""
    return copied_from(root) or str(root.absolute())


def check_own(path: Path) -> None:
    """Refuses to change something in a copy of a store: the next command would not find it again.

    Raises:
        UsageError: it lies in one.
    """
    address = next((found for root in path.parents[:4] if (found := copied_from(root)) is not None), None)
    if address is not None:
        message = f"{address or 'The store'} is only read, from a copy: a version is published by a lock and a rename."
        raise UsageError(message, "--store DIR on the machine where the store lies; then copy it there again")


def file_locks() -> ModuleType:
    """Returns the module by which the kernel locks files.

    Raises:
        DependencyError: This system has none.
    """
    try:
        import fcntl  # noqa: PLC0415 - Windows has none, and what only reads needs none
    except ImportError:
        raise DependencyError(
            "Python has no module fcntl on this system, without which nothing that is written to can be locked.",
            "run forecast on Linux or macOS; on Windows within WSL: wsl --install",
        ) from None
    return fcntl


def _write_mark(descriptor: int, mark: RunMark | None) -> None:
    with suppress(OSError):  # who holds it is a courtesy; a full disk must not keep a run from its lock
        os.ftruncate(descriptor, 0)
        more = f"\n{json.dumps(asdict(mark))}\n" if mark else ""
        os.pwrite(descriptor, f"{os.getpid()}{more}".encode(), 0)


def read_mark(path: Path) -> RunMark | None:
    """Returns what the holder of a lock wrote into it, be it alive or dead; None where nothing is written."""
    with suppress(OSError, ValueError):
        return _mark_of(read_regular(path, _LONGEST_MARK))
    return None


def _mark_of(written: bytes) -> RunMark | None:
    """Returns the mark that is written below the number of a process."""
    with suppress(ValueError, TypeError, KeyError):
        document = json.loads(written.partition(b"\n")[2])
        words = {name: str(document[name]) for name in ("command", "run", "began", "host")}
        return RunMark(**words, pid=int(document["pid"]))
    return None


def held_locks() -> frozenset[int] | None:
    """Returns the numbers (inodes) of all files that some process has locked; None where the kernel does not tell."""
    with suppress(OSError), LOCKS.open(encoding="ascii") as lines:
        return frozenset(int(words[5].split(":")[2]) for words in map(str.split, lines) if words[1] == "FLOCK")
    return None


def _holder(descriptor: int) -> str:
    """Returns who holds a lock, as far as that can be known: the kernel knows, the text in the file may be old."""
    written = os.pread(descriptor, 20, 0).partition(b"\n")[0].decode("ascii", "replace").strip()
    locker = _kernels_word(os.fstat(descriptor).st_ino)
    if locker is None:
        return f"Another run (process {written})" if _is_alive(written) else "Another run or program"
    return f"Another run (process {locker})" if locker == written else f"Another program (process {locker})"


def _kernels_word(inode: int) -> str | None:
    """Returns the number of the process that holds the lock of a file; None where the kernel does not tell."""
    with suppress(OSError), LOCKS.open(encoding="ascii") as lines:
        for words in map(str.split, lines):  # 1: FLOCK ADVISORY WRITE 4711 08:01:131072 0 EOF
            if words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode) and words[4].isdecimal():
                return words[4] if words[4] != "0" else None
    return None


def _is_alive(text: str) -> bool:
    return text.isdecimal() and Path(f"/proc/{text}").exists()
