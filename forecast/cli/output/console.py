"""What the user sees: notes and progress on stderr, JSON and tables, numbers a person can read."""

import csv
import io
import json
import math
import os
import re
import sys
import textwrap
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from forecast.cli.output.streams import Piece, Style, Styled, write_data, write_note
from forecast.errors import STEERING, printable, shortened
from forecast.specs import Form
from forecast.wording import percent

if TYPE_CHECKING:
    from forecast.report.tables import ResultTable

Cell = str | int | float | None

SCHEMA_VERSION = 1
LABEL_WIDTH = 10
QUIET_INTERVAL = 10.0
"""Seconds between two progress lines where there is no terminal."""
LONGEST_STAGE = 26
"""Signs of what a run does at the moment, so that the bar, its share and its times stand in 80 columns."""
LONGEST_NOTE, LONGEST_CELL = 2_000, 200
"""Signs of a note, and of a cell of a table that a person reads."""
_STEERING_IN_JSON = re.compile(f"(?!\\n){STEERING.pattern}")
"""Line feeds are the document's own: those in its texts are escaped already."""
_UNIT = re.compile(r"(?<=\d) (?=%)|(?<=\bp) (?==)|(?<==) (?=\d)")
"""Spaces at which no line ends: in ``31 %`` and in ``p = 0.42``."""
_GLUE = "\xa0"
_STANDS_OUT: dict[str, Style] = {"Warning": "caution", "Error": "bad", "Saved": "good", "Next": "strong"}
"""Labels of notes that a reader must not miss."""
_LABEL = re.compile(rf"^(?:{'|'.join(_STANDS_OUT)})(?= )|\(--[^()\n]*\)$", re.MULTILINE)
"""Such a label, and flags at the right edge, which are for whoever looks for them."""


def settle_form(form: Form) -> Form:
    """Returns the form that ``auto`` stands for: a table on a terminal, CSV elsewhere."""
    if form != "auto":
        return form
    return "table" if sys.stdout.isatty() else "csv"


def print_json(document: dict[str, Any]) -> None:
    """Writes one JSON document to stdout; numbers that are not finite become null."""
    write_data(_document_text(document))


def write_result(path: Path, ending: str, rows: "ResultTable", document: dict[str, Any]) -> None:
    """Writes a table, or the document that ``--json`` would print, into a file as its ending says.

    Raises:
        DataError: the disk refused.
    """
    from forecast.experiment.outputs import write_file, write_table  # numpy

    if ending == ".json":
        write_file(path, _document_text(document))
    else:
        write_table(path, ending, rows)


def _document_text(document: dict[str, Any]) -> str:
    return json_text({"schema_version": SCHEMA_VERSION, **_finite(document)}, indent=2) + "\n"


def json_text(document: dict[str, Any], indent: int | None = None) -> str:
    """Returns a document as JSON; signs that would steer a terminal are escaped, which changes nothing in the data."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    return text if text.isprintable() else _STEERING_IN_JSON.sub(_escaped, text)


def _escaped(sign: re.Match[str]) -> str:
    return json.dumps(sign[0])[1:-1]


def print_csv(text: str) -> None:
    """Writes CSV to stdout: to the last sign into a pipe or a file, without those that steer to a terminal."""
    if sys.stdout.isatty() and ('"' in text or not text.replace("\n", "").isprintable()):
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows(map(printable, row) for row in csv.reader(io.StringIO(text)))
        text = lines.getvalue()
    write_data(text)


def say(text: str, label: str = "") -> None:
    """Writes notes to stderr, after their label in a column of its own; wrapped on a terminal."""
    write_note(*emphasised(wrapped(text, label, sys.stderr.isatty())))


def emphasised(notes: str) -> list[Piece]:
    """Returns notes in their lines with labels standing out that matter, and flags standing back."""
    pieces: list[Piece] = []
    end = 0
    for found in _LABEL.finditer(notes):
        style = _STANDS_OUT.get(found[0], "faint")
        pieces += [notes[end : found.start()], Styled(found[0], style)]
        end = found.end()
    return [*pieces, notes[end:]]


def with_lines(text: str, styles: Mapping[int, Style]) -> list[Piece]:
    """Returns a table with some of its lines, by number from 0, standing out or back."""
    lines = text.splitlines(keepends=True)
    return [Styled(line, styles[number]) if number in styles else line for number, line in enumerate(lines)]


def say_notes(notes: Iterable[str]) -> None:
    """Writes notes to stderr, each once, however often it came up."""
    for note in dict.fromkeys(notes):
        say(note, "Note")


def say_commands(commands: Sequence[str], label: str) -> None:
    """Writes commands to stderr, each on a line of its own that can be copied whole."""
    for number, command in enumerate(commands):
        write_note(*emphasised(f"{'' if number else label:<{LABEL_WIDTH}}"), f"{printable(command)}\n")


def wrapped(text: str, label: str = "", on_terminal: bool = True, *, label_width: int = LABEL_WIDTH) -> str:
    """Returns the text with its label before it and, for a terminal, in lines that fit."""
    head, text = f"{printable(label):<{label_width}}" if label else "", printable(shortened(text, LONGEST_NOTE))
    if not on_terminal:
        return f"{head}{text}\n"
    indent, glued = " " * len(head), _UNIT.sub(_GLUE, text)
    lines = textwrap.fill(glued, width(), initial_indent=head, subsequent_indent=indent, break_on_hyphens=False)
    return lines.replace(_GLUE, " ") + "\n"


def width() -> int:
    """Returns the columns to write in: those of the terminal, but no wider than reads well."""
    return min(get_terminal_size((80, 24)).columns, 100)


def say_with_flags(text: str, flags: str, label: str = "") -> None:
    """Writes a note to stderr with the flags that change it at the right edge, or below where it does not fit."""
    write_note(*emphasised(with_flags(text, flags, label, sys.stderr.isatty())))


def with_flags(text: str, flags: str, label: str = "", on_terminal: bool = True) -> str:
    """Returns a note with the flags that change it at the right edge of its last line, or below it."""
    note = wrapped(text, label, on_terminal)
    if not flags:
        return note
    last = note.rstrip("\n").rpartition("\n")[2]
    if len(last) + len(flags) + 2 <= width():
        return f"{note.rstrip()}{flags:>{width() - len(last)}}\n"
    return f"{note}{flags:>{width()}}\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Returns aligned columns, the first ``left`` to the left and the others to the right."""
    header, *rows = [[printable(shortened(text, LONGEST_CELL)) for text in row] for row in [header, *rows]]
    widths = [max(len(row[c]) for row in [header, *rows]) for c in range(len(header))]
    lines = []
    for row in [header, *rows]:
        cells = [f"{t:<{w}}" if c < left else f"{t:>{w}}" for c, (t, w) in enumerate(zip(row, widths, strict=True))]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines) + "\n"


def fitted_table(
    rows: Sequence[Mapping[str, str]], columns: Sequence[str], first_to_go: Sequence[str], left: int = 1
) -> str:
    """Returns aligned columns; ``first_to_go`` leave one by one until the table fits the terminal."""
    shown, room = list(columns), get_terminal_size((80, 24)).columns
    for leaving in ("", *first_to_go):
        if leaving in shown:
            shown.remove(leaving)
        text = table(shown, [[row[name] for name in shown] for row in rows], left)
        if max(map(len, text.splitlines())) <= room:
            break
    return text


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


class ProgressLine:
    """A bar with the time left on a terminal, a line now and then elsewhere, nothing when quiet."""

    def __init__(self, label: str, *, quiet: bool) -> None:
        self._label = label
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def update(self, description: str, share: float) -> None:
        """Shows what is being done and the share that is done, from 0 to 1."""
        if self._quiet:
            return
        description = shortened(printable(description), LONGEST_STAGE)
        if self._bar is None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            self._bar = self._start_bar(description)
        if self._bar is not None:
            self._bar.update(self._task, completed=share, description=description)
        elif time.monotonic() - self._last > QUIET_INTERVAL:
            self._last = time.monotonic()
            say(f"{description}: {percent(share)}", self._label)

    def _start_bar(self, description: str) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        bar = Progress(
            TextColumn(f"{self._label:<{LABEL_WIDTH - 1}}"),
            BarColumn(bar_width=10),
            TextColumn("{task.percentage:>3.0f} %  {task.description} ·"),
            TimeElapsedColumn(),
            TextColumn("· left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = bar.add_task(description, total=1.0)
        bar.start()
        return bar

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
