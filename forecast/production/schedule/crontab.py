"""The user's crontab: one block a model between two marks; every other line stays byte for byte."""

import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from forecast.errors import DataError, DependencyError, LockedError
from forecast.production.store.lock import file_locks

PATIENCE = 60.0
"""Seconds to wait for others who edit the same crontab: each needs a part of one."""
_PAUSE = 0.05
FIRST = re.compile(rb"# forecast: (\S+) in (.+) \(written by forecast schedule: --remove takes it out\)\n")


@dataclass(frozen=True)
class Marks:
    """The lines around the block of one model in one store.

    Attributes:
        signature: what stands in the line of the retrain.
    """

    first: bytes
    last: bytes
    signature: bytes


def marks_of(name: str, store: Path | str) -> Marks:
    """Returns the marks of a model, whose store is told by its absolute path."""
    whose = f"{name} in {store}"
    return Marks(
        f"# forecast: {whose} (written by forecast schedule: --remove takes it out)\n".encode(),
        f"# forecast: end of {whose}\n".encode(),
        f" retrain {shlex.quote(name)} -q --store ".encode(),
    )


def marks_in(crontab: bytes, name: str, store: Path) -> tuple[Marks, ...]:
    """Returns the marks of each block of a model, in whatever spelling they have its store's path."""
    found = {}
    for line in crontab.splitlines(keepends=True):
        match = FIRST.fullmatch(line)
        if match and match[1] == name.encode() and is_same_folder(match[2], store):
            found[line] = marks_of(name, match[2].decode())
    return tuple(found.values())


def with_block(crontab: bytes, marks: Marks, line: str) -> bytes:
    """Returns the crontab with the line between the marks: in the old block's place, else at the end.

    What the user wrote between the marks is kept, before or behind the block as it was before or behind the line.

    Raises:
        DataError: a mark stands there alone.
    """
    block = [marks.first, line.encode() + b"\n", marks.last]
    lines = crontab.splitlines(keepends=True)
    place = _find(lines, marks)
    if place is None:
        gap = b"" if crontab.endswith(b"\n") or not crontab else b"\n"
        return crontab + gap + b"".join(block)
    before, after = _own_lines(lines[place], marks)
    return b"".join([*lines[: place.start], *before, *block, *after, *lines[place.stop :]])


def without_block(crontab: bytes, marks: Marks) -> bytes:
    """Returns the crontab without the block, but with what the user wrote into it; unchanged where there is none.

    Raises:
        DataError: a mark stands there alone.
    """
    lines = crontab.splitlines(keepends=True)
    place = _find(lines, marks)
    if place is None:
        return crontab
    before, after = _own_lines(lines[place], marks)
    return b"".join([*lines[: place.start], *before, *after, *lines[place.stop :]])


def foreign_lines(crontab: bytes, marks: Marks) -> tuple[bytes, ...]:
    """Returns the lines that the user wrote into the block; none where there is no block.

    Raises:
        DataError: a mark stands there alone.
    """
    lines = crontab.splitlines(keepends=True)
    place = _find(lines, marks)
    before, after = _own_lines(lines[place], marks) if place else ([], [])
    return (*before, *after)


def _own_lines(block: list[bytes], marks: Marks) -> tuple[list[bytes], list[bytes]]:
    """Returns the user's lines in a block, those before the line of the retrain and those after it."""
    inner = block[1:-1]
    is_ours = (marks.signature in line and not line.lstrip().startswith(b"#") for line in inner)
    ours = next((i for i, found in enumerate(is_ours) if found), len(inner))
    return inner[:ours], inner[ours + 1 :]


def is_same_folder(written: bytes, store: Path) -> bool:
    """Returns whether a path, as it is written somewhere, is that of a folder."""
    try:
        return os.path.realpath(written.decode()) == os.path.realpath(store)
    except ValueError:  # no text, or with a zero byte
        return False


def _find(lines: list[bytes], marks: Marks) -> slice | None:
    firsts, lasts = ([i for i, line in enumerate(lines) if line == mark] for mark in (marks.first, marks.last))
    if not firsts and not lasts:
        return None
    if len(firsts) != 1 or len(lasts) != 1 or lasts[0] < firsts[0]:
        mark = (marks.first if firsts else marks.last).decode().strip()
        raise DataError(
            f"In your crontab the lines '{mark}' and the one that belongs to it are not a pair any more.",
            "crontab -e, and delete what is left of the block",
        )
    return slice(firsts[0], lasts[0] + 1)


@contextmanager
def editing() -> Iterator[None]:
    """Keeps other runs of this program from editing the user's crontab during the block.

    What is locked is the user's home, as the system knows it whatever the environment says, or the program crontab
    itself: both are there without being made, and the same for all who edit one crontab.

    Raises:
        DependencyError: cron is not installed.
        LockedError: another run edited it all the while.
    """
    descriptor = _lock()
    try:
        yield
    finally:
        os.close(descriptor)  # frees the lock


def _lock() -> int:
    fcntl, deadline = file_locks(), time.monotonic() + PATIENCE
    descriptor = _what_to_lock()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise LockedError(
                    f"Another run has been editing your crontab for {PATIENCE:g} s.", "try again when it is done"
                ) from None
            time.sleep(_PAUSE)
        else:
            return descriptor


def _what_to_lock() -> int:
    """Returns what stands for the user's crontab, opened: some file systems lock no folders, some users have none."""
    fcntl = file_locks()
    for path in (_home(), _program()):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return descriptor
        except OSError:
            os.close(descriptor)
            continue
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return descriptor
    raise DataError("Nothing can be locked while your crontab is edited.", "leave --install out, and put the line in")


def _home() -> str:
    try:
        import pwd  # noqa: PLC0415 - Windows has none

        return pwd.getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError):
        return ""


def read_crontab() -> bytes:
    """Returns the user's crontab, empty where there is none.

    Raises:
        DependencyError: cron is not installed.
        DataError: the user may not have one.
    """
    done = _crontab("-l")
    if done.returncode == 0:
        return done.stdout
    if b"no crontab for" in done.stderr:
        return b""
    raise _refused("read", done.stderr)


def write_crontab(content: bytes) -> None:
    """Replaces the user's crontab; an empty one is removed.

    Raises:
        DependencyError: cron is not installed.
        DataError: cron refused it; the old one is in use.
    """
    done = _crontab("-", content) if content else _crontab("-r")
    if done.returncode != 0:
        raise _refused("changed", done.stderr)


def _program() -> str:
    program = which("crontab")
    if program is None:
        raise DependencyError(
            "The program crontab is not installed, so there is no crontab to edit.",
            "apt-get install cron, or --kind systemd",
        )
    return program


def _crontab(argument: str, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    # In English, so that "no crontab for" can be told from a refusal.
    return subprocess.run(
        [_program(), argument],
        input=content,
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )


def _refused(what: str, stderr: bytes) -> DataError:
    reason = " ".join(stderr.decode(errors="replace").split()) or "it gave no reason"
    return DataError(f"Your crontab can't be {what}: {reason}", "leave --install out, and put the line where you like")
