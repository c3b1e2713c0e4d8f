"""The zip archive that a workbook is: whether it is one, and whether it would fit into the memory.

A sheet is laid out from its first cell to its last, so that two cells far apart need gigabytes, and what is packed may
be a thousand times as large. So all members are unpacked once, piece by piece, before the workbook is read: what a
header says of their size may be wrong.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from forecast.data.files.intake import BOMB, HARMLESS, bomb, too_many
from forecast.data.files.unpacking import ZIP_MAGIC
from forecast.errors import DataError

PIECE = 1 << 20
LONGEST_TAG = 256
RAW = -15  # what zlib calls a stream without a header
CELL = 60
"""Memory that the library takes for each cell between the first and the last, in bytes."""
FROM_1904 = re.compile(rb"<workbookPr[^>]*date1904=\"(1|true)\"")
CELLS = re.compile(rb'<(?:\w+:)?c\b[^<>]*? r="([A-Z]{1,3})(\d{1,7})"[^<>/]*>')
"""Those that are not empty: ``<c r="B7"><v>5</v></c>``."""
TAGS = re.compile(rb"<(table:table|table:table-row|table:(?:covered-)?table-cell)(?=[\s/>])([^>]*)>")
REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="(\d{1,9})"')
DIMENSION = b"\x94\x01\x10"
"""The record of a binary sheet that says where its cells begin and end: its kind, and its 16 bytes."""
HIDEABLE = re.compile(rb'<(?:\w+:)?(col|row)\b([^<>]*?\bhidden="(?:1|true)"[^<>]*)>')
ROW, SPAN = re.compile(rb'\br="(\d{1,7})"'), re.compile(rb'\b(min|max)="(\d{1,5})"')
SHEET, LINK = re.compile(r"<(?:\w+:)?sheet\s[^<>]*>"), re.compile(r"<(?:\w+:)?Relationship\s[^<>]*>")
ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
MOST_COLUMNS = 16_384
MANIFEST = "META-INF/manifest.xml"
STORED, DEFLATED = 0, 8


@dataclass(frozen=True)
class HiddenParts:
    """What Excel does not show of a sheet.

    Attributes:
        columns, rows: of it, from 0.
        is_filtered: it has a filter, which hides rows.
    """

    columns: frozenset[int] = frozenset()
    rows: frozenset[int] = frozenset()
    is_filtered: bool = False


@dataclass(frozen=True, eq=False)
class Archive:
    """The members of a workbook."""

    data: bytes
    members: tuple[zipfile.ZipInfo, ...]

    @property
    def counts_from_1904(self) -> bool:
        """Whether days are counted from 1904, as Excel for the Mac did."""
        found = next((one for one in self.members if one.filename == "xl/workbook.xml"), None)
        return found is not None and any(FROM_1904.search(piece) for piece in self._pieces(found))

    @property
    def is_encrypted(self) -> bool:
        """Whether LibreOffice has protected it by a password."""
        found = next((one for one in self.members if one.filename == MANIFEST), None)
        return found is not None and any(b"encryption-data" in piece for piece in self._pieces(found))

    def hidden(self, sheet: str) -> HiddenParts:
        """Returns what is hidden in a sheet of an .xlsx, by its name; nothing of other kinds."""
        member = self._sheet_of(sheet)
        columns, rows, is_filtered, end = set[int](), set[int](), False, b""
        for piece in self._pieces(member) if member else ():
            text = end + piece
            is_filtered |= b"<autoFilter" in text
            for tag in HIDEABLE.finditer(text):
                if tag[1] == b"row" and (place := ROW.search(tag[2])):
                    rows.add(int(place[1]) - 1)
                elif span := SPAN.findall(tag[2]):
                    ends = {name: int(number) for name, number in span}
                    columns |= {*range(ends.get(b"min", 1) - 1, min(ends.get(b"max", 0), MOST_COLUMNS))}
            end = text[text.rfind(b"<") :] if b"<" in text else b""
            end = b"" if HIDEABLE.match(end) else end
        return HiddenParts(frozenset(columns), frozenset(rows), is_filtered)

    def _sheet_of(self, name: str) -> zipfile.ZipInfo | None:
        """Returns the member that holds a sheet of an .xlsx; None where there is no such."""
        files = {one.filename: one for one in self.members}
        if "xl/workbook.xml" not in files or "xl/_rels/workbook.xml.rels" not in files:
            return None
        book, links = (
            b"".join(self._pieces(files[path])).decode(errors="replace")
            for path in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
        )
        sheets, told = (
            [{key: unescape(value) for key, value in ATTRIBUTE.findall(tag)} for tag in tags]
            for tags in (SHEET.findall(book), LINK.findall(links))
        )
        targets = {own.get("Id"): own.get("Target", "") for own in told}
        target = next((targets.get(own.get("r:id"), "") for own in sheets if own.get("name") == name), "")
        return files.get(target.removeprefix("/") if target.startswith("/") else f"xl/{target}")

    def check(self, name: str, most: int) -> None:
        """Refuses a workbook that would unpack to far more than it is, or has cells too far apart.

        Args:
            name: what messages call it.
            most: cells for which there is memory.

        Raises:
            DataError: it would, or it is damaged.
        """
        total = 0
        try:
            for member in self.members:
                sheet = _extent_of(member.filename)
                for piece in self._pieces(member):
                    total += len(piece)
                    if total > max(HARMLESS, BOMB * len(self.data)):
                        raise bomb(name, len(self.data), total)
                    if sheet is not None:
                        sheet.see(piece)
                        if sheet.cells > most:
                            what = f"cells over {sheet.rows:,} rows and {sheet.columns:,} columns"
                            raise too_many(name, what, CELL * sheet.cells)
        except (zlib.error, zipfile.BadZipFile, IndexError):
            raise DataError(f"{name} is a damaged or cut-off workbook.", "fetch it again") from None

    def _pieces(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yields what a member unpacks to, whatever its header says of the size."""
        header = self.data[member.header_offset : member.header_offset + 30]
        start = member.header_offset + 30 + int.from_bytes(header[26:28], "little")
        start += int.from_bytes(header[28:30], "little")
        packed = memoryview(self.data)[start : start + member.compress_size]
        if member.compress_type == STORED:
            yield from (bytes(packed[at : at + PIECE]) for at in range(0, len(packed), PIECE))
            return
        if member.compress_type != DEFLATED:
            raise zipfile.BadZipFile
        unpacker, left = zlib.decompressobj(RAW), bytes(packed)
        while piece := unpacker.decompress(left, PIECE):
            yield piece
            left = unpacker.unconsumed_tail


class _Extent:
    """How far the cells of a sheet of Excel reach, seen piece by piece."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self._end = b""

    @property
    def cells(self) -> int:
        """How many there are between the first of all and the last, with those that are empty."""
        return self.rows * self.columns

    def see(self, piece: bytes) -> None:
        """Takes the next piece."""
        text = self._end + piece
        places = CELLS.findall(text)
        if places:
            self.rows = max(self.rows, *(int(row) for row in {row for _, row in places}))
            self.columns = max(self.columns, *(_column(letters) for letters in {letters for letters, _ in places}))
        self._end = text[-LONGEST_TAG:]


class _BinaryExtent(_Extent):
    """Likewise of a binary sheet, which says it in its beginning."""

    def see(self, piece: bytes) -> None:
        """Takes the next piece."""
        at = -1 if self.rows else piece.find(DIMENSION)
        if at >= 0 and len(piece) >= at + 19:
            _, last_row, _, last_column = struct.unpack_from("<4I", piece, at + len(DIMENSION))
            self.rows, self.columns = last_row + 1, last_column + 1


class _OpenExtent(_Extent):
    """Likewise of the sheets of LibreOffice, where a cell or a row may stand for a million alike."""

    def __init__(self) -> None:
        super().__init__()
        self._row = self._column = self._filled = 0
        self._times = 1

    def see(self, piece: bytes) -> None:
        """Takes the next piece."""
        text = self._end + piece
        for tag in TAGS.finditer(text):
            times = REPEATED.search(tag[2])
            count = int(times[1]) if times else 1
            if tag[1].endswith(b"cell"):
                self._column += count
                if b"value-type" in tag[2]:
                    self._filled = self._column
                continue
            self._end_row()
            self._times = count if tag[1].endswith(b"row") else 0
            self._row = self._row if self._times else 0
        self._end = text[text.rfind(b"<") :] if b"<" in text else text[-LONGEST_TAG:]
        if TAGS.match(self._end):
            self._end = b""
        self._seen(self._row + self._times)

    def _end_row(self) -> None:
        self._row += self._times
        self._seen(self._row)
        self._column = self._filled = 0

    def _seen(self, rows: int) -> None:
        if self._filled:
            self.rows, self.columns = max(self.rows, rows), max(self.columns, self._filled)


def _extent_of(path: str) -> _Extent | None:
    """Returns what sees how far the cells of a member reach; None for one that is no sheet."""
    if path == "content.xml":
        return _OpenExtent()
    if not path.startswith("xl/worksheets/"):
        return None
    return _Extent() if path.endswith(".xml") else _BinaryExtent() if path.endswith(".bin") else None


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def open_archive(data: bytes) -> Archive | None:
    """Returns the archive that bytes are where it is a workbook of Excel or LibreOffice; None where it is not."""
    if not data.startswith(ZIP_MAGIC):
        return None
    try:
        members = tuple(zipfile.ZipFile(io.BytesIO(data)).infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    names = {one.filename for one in members}
    is_excel = any(name.lower().startswith("xl/workbook") for name in names)
    return Archive(data, members) if is_excel or {"content.xml", MANIFEST} <= names else None
