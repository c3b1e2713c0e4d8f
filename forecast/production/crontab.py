"""The user's crontab: one block a model between two marks; every other line stays byte for byte."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from forecast.errors import DataError, DependencyError


@dataclass(frozen=True)
class Marks:
    """The lines around the block of one model in one store."""

    first: bytes
    last: bytes


def marks_of(name: str, store: Path) -> Marks:
    """Returns the marks of a model, whose store is told by its absolute path."""
    whose = f"{name} in {store}"
    return Marks(
        f"# forecast: {whose} (written by forecast schedule: --remove takes it out)\n".encode(),
        f"# forecast: end of {whose}\n".encode(),
    )


def with_block(crontab: bytes, marks: Marks, line: str) -> bytes:
    """Returns the crontab with the line between the marks: in the old block's place, else at the end.

    Raises:
        DataError: a mark stands there alone.
    """
    block = [marks.first, line.encode() + b"\n", marks.last]
    lines = crontab.splitlines(keepends=True)
    place = _find(lines, marks)
    if place is None:
        gap = b"" if crontab.endswith(b"\n") or not crontab else b"\n"
        return crontab + gap + b"".join(block)
    return b"".join([*lines[: place.start], *block, *lines[place.stop :]])


def without_block(crontab: bytes, marks: Marks) -> bytes:
    """Returns the crontab without the block; unchanged where there is none.

    Raises:
        DataError: a mark stands there alone.
    """
    lines = crontab.splitlines(keepends=True)
    place = _find(lines, marks)
    return crontab if place is None else b"".join(lines[: place.start] + lines[place.stop :])


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


def _crontab(argument: str, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = which("crontab")
    if program is None:
        raise DependencyError(
            "The program crontab is not installed, so there is no crontab to edit.",
            "apt-get install cron, or --kind systemd",
        )
    # In English, so that "no crontab for" can be told from a refusal.
    return subprocess.run(
        [program, argument],
        input=content,
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )


def _refused(what: str, stderr: bytes) -> DataError:
    reason = " ".join(stderr.decode(errors="replace").split()) or "it gave no reason"
    return DataError(f"Your crontab can't be {what}: {reason}", "leave --install out, and put the line where you like")
