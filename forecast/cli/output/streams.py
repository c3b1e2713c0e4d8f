"""Standard output and standard error as they may be: closed, full, a pipe that nobody reads, an old terminal."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from forecast.errors import DataError, printable_lines


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


def write_out(text: str) -> None:
    """Writes what a person reads to stdout: nothing in it but line feeds steers a terminal.

    Raises:
        DataError: the disk refused.
    """
    write_data(printable_lines(text))


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


def write_note(text: str, head: str = "") -> None:
    """Writes to stderr; where nobody listens any more, the work goes on: `forecast train sales.csv 2>&1 | head -3`.

    Args:
        text: nothing in it but line feeds steers a terminal.
        head: goes before it as it is, such as a word in red.
    """
    try:
        sys.stderr.write(head + printable_lines(text))
        sys.stderr.flush()
    except OSError:
        discard_output(sys.stderr)
