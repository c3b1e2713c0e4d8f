"""Standard output and standard error as they may be: closed, full, a pipe that nobody reads, an old terminal."""

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple, TextIO, TypeAlias

from forecast.errors import DataError, printable_lines

Style = Literal["strong", "faint", "good", "caution", "bad"]
CODES: dict[Style, str] = {
    "strong": "\x1b[1m",
    "faint": "\x1b[2m",
    "good": "\x1b[1;32m",
    "caution": "\x1b[1;33m",
    "bad": "\x1b[31m",
}


class Styled(NamedTuple):
    """Text that stands out where there are colours, and is as any other where there are none."""

    text: str
    style: Style


Piece: TypeAlias = str | Styled


def prepare_streams() -> None:
    """Makes both streams ready for any text: what is closed goes nowhere, results in a pipe are UTF-8."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller: `forecast predict >&-`
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):
            is_result = name == "stdout" and not stream.isatty()
            stream.reconfigure(encoding="utf-8" if is_result else None, errors="replace")


def discard_output(stream: TextIO) -> None:
    """Sends all that is still to be written to nowhere, so that the end of the program is not an error too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_out(*pieces: Piece) -> None:
    """Writes what a person reads to stdout: nothing in it but line feeds and our own colours steers a terminal.

    Raises:
        DataError: the disk refused.
    """
    write_data(_painted(pieces, sys.stdout))


def write_data(text: str) -> None:
    """Writes what a program reads to stdout, to the last sign.

    Raises:
        DataError: the disk refused.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output(sys.stdout)
        raise DataError(
            f"The result can't be written: {error.strerror}.", "free some space, and run it again"
        ) from error


@contextmanager
def telling_of_stdout() -> Iterator[None]:
    """Turns an error of stdout into a DataError for those, too, who write to it by themselves: Typer its help."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        write_out("")  # fails again where it was stdout that did
        raise


def write_note(*pieces: Piece) -> None:
    """Writes to stderr as ``write_out`` does to stdout.

    Where nobody listens any more, the work goes on: `forecast train sales.csv 2>&1 | head -3`.
    """
    try:
        sys.stderr.write(_painted(pieces, sys.stderr))
        sys.stderr.flush()
    except OSError:
        discard_output(sys.stderr)


def has_colours(stream: TextIO) -> bool:
    """Tells whether a person sees colours there: see https://no-color.org and https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def _painted(pieces: Iterable[Piece], stream: TextIO) -> str:
    is_coloured = has_colours(stream)
    return "".join(_as_seen(piece, is_coloured=is_coloured) for piece in pieces)


def _as_seen(piece: Piece, *, is_coloured: bool) -> str:
    if isinstance(piece, str):
        return printable_lines(piece)
    text = printable_lines(piece.text)
    body = text.rstrip("\n")
    return f"{CODES[piece.style]}{body}\x1b[0m{text[len(body) :]}" if is_coloured and body else text
