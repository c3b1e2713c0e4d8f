"""The zip archive that a workbook is: whether it is one, and whether it would fit into the memory.

A sheet is laid out from its first cell to its last, so that two cells far apart need gigabytes, and what is packed may
be a thousand times as large. So all members are unpacked once, piece by piece, before the workbook is read: what a
header says of their size may be wrong.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

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
MANIFEST = "META-INF/manifest.xml"
STORED, DEFLATED = 0, 8


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
                sheet = _Extent() if _is_sheet(member.filename) else None
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
    """How far the cells of a sheet reach, seen piece by piece."""

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


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _is_sheet(path: str) -> bool:
    return path.startswith("xl/worksheets/") and path.endswith(".xml")


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
