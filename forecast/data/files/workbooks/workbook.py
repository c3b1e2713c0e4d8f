"""A workbook of Excel or LibreOffice as the CSV of the one sheet that holds a table.

.xlsx, .xlsm, .xlsb and .ods are zip archives, .xls is a compound file. python-calamine reads all of them; it is a
megabyte, needs no other library, and is imported in a thousandth of a second, for workbooks alone.
"""

import io
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from forecast.data.files.free_memory import free_memory
from forecast.data.files.intake import too_many
from forecast.data.files.workbooks.archive import HiddenParts, open_archive
from forecast.data.files.workbooks.sheet_table import (
    Cell,
    Merged,
    TablePlace,
    cell_text,
    find_table,
    is_empty,
    table_text,
)
from forecast.errors import DataError, DependencyError, QuestionError, UsageError, did_you_mean
from forecast.wording import counted, joined, listed, quoted

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook, SheetMetadata

COMPOUND_MAGIC = b"\xd0\xcf\x11\xe0"
"""With which .xls begins, and so does what Office protected by a password."""
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
STREAMS = ("Workbook".encode("utf-16-le"), "Book\0".encode("utf-16-le"))
GLOBALS, FILE_PASS = b"\x09\x08\x10\x00\x00\x06\x05\x00", b"\x2f\x00"
"""How the first record of .xls begins, and the next one where a password protects it."""
CELL = 120
"""Memory that a cell takes while a sheet is read, in bytes."""
INSTALL = "pip install 'python-calamine>=0.5'"
SAVE = "open it, and save the sheet as .xlsx or CSV"
SHOWN = HiddenParts()
"""Nothing is hidden."""
T = TypeVar("T")
S = TypeVar("S", bound="Sheet")
LIKELY = [
    *((kind, hidden) for hidden in (False, True) for kind in ("dated", "numbers")),
    ("other", False),
    ("other", True),
]
"""What sheets hold, and whether they are hidden: those of the first kind that there is may be meant."""


@dataclass(frozen=True)
class SheetText:
    """The table of a sheet.

    Attributes:
        data: it as CSV in UTF-8, of which line ``n`` is row ``n`` of the sheet.
        sheet: its name.
        notes: in words, what is read and not shown.
    """

    data: bytes
    sheet: str
    notes: tuple[str, ...] = ()


def is_workbook(data: bytes) -> bool:
    """Returns whether bytes are a workbook, as far as their beginning and, of an archive, its members tell."""
    return data.startswith(COMPOUND_MAGIC) or open_archive(data) is not None


def read_workbook(data: bytes, name: str, sheet: str | None = None, *, may_lack: bool = False) -> SheetText:
    """Returns the table of the sheet that is asked for, else of the only one that holds any.

    Args:
        data: of the file.
        name: what messages call it.
        sheet: by its name or its number from 1.
        may_lack: where there is no such sheet, take the only one that holds a table.

    Raises:
        DependencyError: python-calamine is not there.
        UsageError: there is no such sheet.
        QuestionError: several sheets hold a table, and none is asked for.
        DataError: it is encrypted or damaged, has no sheet with a cell, or needs more memory than is free.
    """
    archive = open_archive(data)
    if archive is None:
        _check_compound(data, name)
    elif archive.is_encrypted:
        raise _protected(name)
    else:
        archive.check(name, most=free_memory() // CELL)
    book = _opened(data, name)
    sheets = [_Sheet(book, one, name) for one in book.sheets_metadata if _holds_cells(one)]
    wanted = asked_sheet(sheets, sheet, name, may_lack=may_lack) or only_sheet(sheets, name)
    hidden = archive.hidden(wanted.name) if archive else SHOWN
    return text_of_sheet(wanted, hidden, from_1904=archive is not None and archive.counts_from_1904)


def text_of_sheet(wanted: "Sheet", hidden: HiddenParts = SHOWN, *, from_1904: bool = False) -> SheetText:
    """Returns the table of a sheet.

    Args:
        wanted: the sheet.
        hidden: what is not shown of it.
        from_1904: see ``table_text``.
    """
    rows = wanted.rows()
    place = find_table(rows) or TablePlace(0, 1, *_extent(rows), "other")
    text = table_text(rows, place, wanted.merged, from_1904=from_1904)
    return SheetText(text.encode(errors="replace"), wanted.name, tuple(_hidden_notes(hidden, rows, place)))


def _hidden_notes(hidden: HiddenParts, rows: Sequence[Sequence[Cell]], place: TablePlace) -> Iterator[str]:
    """Yields what of a table is hidden: a filter in Excel is for the eyes, and sums there count hidden rows too."""
    columns = [i for i in sorted(hidden.columns) if place.left <= i < place.right]
    header = rows[place.body - 1] if rows else ()
    named = ((i, header[i] if i < len(header) else "") for i in columns)
    names = [f"column {i + 1}" if is_empty(cell) else cell_text(cell) for i, cell in named]
    if names:
        are = "is" if len(names) == 1 else "are"
        yield f"{listed(names)} {are} hidden in the workbook, and read as other columns are"
    count = sum(place.body <= row < len(rows) and not all(map(is_empty, rows[row])) for row in hidden.rows)
    if count:
        by = " by a filter" if hidden.is_filtered else ""
        are = "is" if count == 1 else "are"
        yield f"{counted(count, 'row')} that {are} hidden in the workbook{by} {are} read as others are"


class Sheet(Protocol):
    """A sheet of a workbook, or what is read as one."""

    @property
    def name(self) -> str:
        """By which it is asked for."""
        ...

    @property
    def is_hidden(self) -> bool:
        """Whether its user does not see it."""
        ...

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        ...

    @property
    def merged(self) -> list[Merged]:
        """The cells that are one."""
        ...

    def rows(self) -> list[list[Cell]]:
        """Returns all rows from the first row and column on."""
        ...

    def kind(self) -> str:
        """Returns what its table holds, as ``TablePlace`` says it; empty where no cell does."""
        ...


class _Sheet:
    """A sheet, read when it is asked for."""

    def __init__(self, book: "CalamineWorkbook", about: "SheetMetadata", file: str) -> None:
        self.name, self._book, self._file = about.name, book, file
        self.is_hidden = not str(about.visible).endswith(".Visible")
        self._sheet: CalamineSheet | None = None

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return self._opened().start is None

    @property
    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """The cells that are one."""
        return self._opened().merged_cell_ranges or []

    def rows(self) -> list[list[Cell]]:
        """Returns all rows from the first row and column of the sheet on."""
        sheet = self._opened()
        needed = CELL * sheet.total_height * sheet.total_width
        if needed > free_memory():
            raise too_many(self._file, f"{sheet.total_height:,} rows of {sheet.total_width:,} columns", needed)
        return _guarded(lambda: sheet.to_python(skip_empty_area=False), self._file)

    def kind(self) -> str:
        """Returns what its table holds by the first rows, as ``TablePlace`` says it; empty where no cell does."""
        if self.is_blank:
            return ""
        sheet = self._opened()
        place = find_table(_guarded(lambda: sheet.to_python(skip_empty_area=False, nrows=SAMPLED), self._file))
        return place.kind if place else "other"

    def _opened(self) -> "CalamineSheet":
        if self._sheet is None:
            self._sheet = _guarded(lambda: self._book.get_sheet_by_name(self.name), self._file)
        return self._sheet


SAMPLED = 400  # rows by which a sheet is judged


def _opened(data: bytes, name: str) -> "CalamineWorkbook":
    try:
        from python_calamine import load_workbook  # noqa: PLC0415 - for workbooks alone
    except ImportError:
        raise DependencyError(f"{name} is a workbook, which python-calamine reads; it is not there.", INSTALL) from None
    return _guarded(lambda: load_workbook(io.BytesIO(data)), name)


def _guarded(read: Callable[[], T], name: str) -> T:
    """Returns what a call of the library returns.

    Raises:
        DataError: the workbook is encrypted, damaged or no workbook.
    """
    from python_calamine import CalamineError, PasswordError  # noqa: PLC0415

    try:
        return read()
    except PasswordError:
        raise _protected(name) from None
    except CalamineError:
        raise _damaged(name) from None
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Rust is none of Python's exceptions
        if type(error).__name__ != "PanicException" and not isinstance(error, (OSError, ValueError)):
            raise
        raise _damaged(name) from None


def _check_compound(data: bytes, name: str) -> None:
    """Refuses a compound file that is no workbook, or one that is protected: the library tells neither.

    Raises:
        DataError: it is.
    """
    at = data.find(GLOBALS)
    if ENCRYPTED in data or (at >= 0 and data[at + 20 : at + 22] == FILE_PASS):
        raise _protected(name)
    if not any(stream in data for stream in STREAMS):
        raise DataError(
            f"{name} is a document of Office, but not a workbook.", "name the workbook or CSV with the rows"
        )


def _protected(name: str) -> DataError:
    hint = "open it with the password, and save it without: File, Info, Protect Workbook; then use that"
    return DataError(f"{name} is protected by a password.", hint)


def _damaged(name: str) -> DataError:
    return DataError(f"{name} is a damaged or cut-off workbook.", f"fetch it again, or {SAVE}")


def _holds_cells(about: "SheetMetadata") -> bool:
    return str(about.typ).endswith("WorkSheet")


def asked_sheet(sheets: Sequence[S], asked: str | None, name: str, *, may_lack: bool) -> S | None:
    """Returns the sheet that is asked for by its name or number; None where none is, or it may lack and does.

    Raises:
        UsageError: there is none.
        DataError: it is empty.
    """
    if asked is None:
        return None
    names = [one.name for one in sheets]
    found = next((one for one in sheets if one.name == asked), None)
    found = found or next((one for one in sheets if one.name.strip().lower() == asked.strip().lower()), None)
    if found is None and asked.isdigit() and 1 <= int(asked) <= len(sheets):
        found = sheets[int(asked) - 1]
    if found is None:
        if may_lack:
            return None
        message = f"{name} has no sheet {quoted(asked)}.{did_you_mean(asked, names)}"
        raise UsageError(message, f"--sheet with one of: {listed(names, 12)}")
    if found.is_blank:
        raise DataError(f"Sheet {found.name} of {name} is empty.", _other_sheets(sheets))
    return found


def only_sheet(sheets: Sequence[S], name: str) -> S:
    """Returns the one sheet that holds a table: of those that are seen, or else of those that are hidden.

    Raises:
        QuestionError: several do.
        DataError: none has a cell.
    """
    kinds = {one: one.kind() for one in sheets}
    for best, is_hidden in LIKELY:
        found = [one for one, kind in kinds.items() if kind == best and one.is_hidden == is_hidden]
        if len(found) == 1:
            return found[0]
        if found:
            tables = "a table" if best != "other" else "cells, none a table of numbers"
            message = f"{name} has {len(found)} sheets with {tables}: {listed([one.name for one in found], 8)}."
            raise QuestionError(message, {shlex.quote(one.name): one.name for one in found}, flag="--sheet")
    what = f"no cell of its {counted(len(sheets), 'sheet')} holds anything" if sheets else "it has no sheet of cells"
    raise DataError(
        f"{name} holds no table: {what}.", "pictures and charts are not read; type or paste the rows into a sheet"
    )


def _other_sheets(sheets: Sequence[Sheet]) -> str:
    names = [shlex.quote(one.name) for one in sheets if not one.is_blank]
    return f"--sheet {joined(names[:8], 'or')}" if names else "name a workbook with rows"


def _extent(rows: Sequence[Sequence[Cell]]) -> tuple[int, int]:
    """Returns the first column with anything in it, and the one after the last."""
    filled = [i for row in rows for i, cell in enumerate(row) if not is_empty(cell)]
    return (min(filled), max(filled) + 1) if filled else (0, 1)
