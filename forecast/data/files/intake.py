"""The bytes of a file or a stream, unpacked, piece by piece: what would not fit or never ends is refused early.

What a stranger sends may unpack to a thousand times its size, have rows of gigabytes, or go on for ever. So no more
is taken than the memory can hold as a table, and the memory that is free says how much that is.
"""

import io
from collections.abc import Iterator
from typing import IO, Any, Protocol

from forecast.data.files.free_memory import free_memory, more_memory, size_text
from forecast.data.files.unpacking import ZIP_MAGIC, packing_of, unpacked
from forecast.errors import DataError

PARQUET_MAGIC = b"PAR1"
WORKBOOK_MAGICS = (ZIP_MAGIC, b"\xd0\xcf\x11\xe0")  # .xlsx and .ods (zip archives), .xls
LONGEST_LINE = 1 << 23  # bytes; also what is read at a time
TABLE = 6
"""Memory that a table takes while it is read, in bytes of its text."""
BOMB = 200
"""Text that shrinks by so much repeats itself over and over; tables of numbers shrink by 3 to 20, zeros by 100."""
WAY_OUT = "read fewer rows or columns"
NO_TEXT = (PARQUET_MAGIC, *WORKBOOK_MAGICS)
HARMLESS = 1 << 28  # bytes, up to which nobody asks how much they shrank


class Stream(Protocol):
    """What bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Returns what comes next, nothing at the end."""


def take(file: Stream | IO[bytes], name: str, digest: Any = None, size: int | None = None, *, packed: int = 0) -> bytes:
    """Returns what a file or a stream holds, unpacked where it is packed by gzip, bzip2, xz or Zstandard.

    Args:
        file: Read from where it stands.
        name: What messages call it.
        digest: Of hashlib; it is told all bytes as stored.
        size: Of the file in bytes, where that is known.
        packed: Bytes that what the file gives was unpacked from; 0 where it is as stored.

    Raises:
        DataError: It is too large for the memory, unpacks to too much, has a row that is too long, or is damaged.
    """
    most = free_memory() // TABLE
    stored = _Stored(file, digest)
    head = stored.piece()
    packing = packing_of(head)
    is_packed = packing is not None or packed > 0
    pieces = unpacked(packing, head, stored.piece, name) if packing else _plain(head, stored)
    kept, ended, is_text = io.BytesIO(), 0, not head.startswith(NO_TEXT)
    for piece in pieces:
        if is_packed and not kept.tell():
            is_text = not piece.startswith(NO_TEXT)
        begun = kept.tell()
        total = begun + len(piece)
        if is_packed and total > max(HARMLESS, BOMB * (packed or stored.count)):
            raise bomb(name, packed or stored.count, total)
        kept.write(piece)
        end = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        ended = begun + end if end >= 0 else ended
        if is_text and total - ended >= LONGEST_LINE:
            raise too_long(name, holds_zeros=b"\0" in piece)
        if max(total, 0 if is_packed else size or 0) > most:
            raise _too_large(name, size if not is_packed else None, most)
    return kept.getvalue()


class _Stored:
    """The bytes as stored, a piece at a time, counted and told to the digest."""

    def __init__(self, file: Stream | IO[bytes], digest: Any) -> None:
        self._file, self._digest = file, digest
        self.count = 0

    def piece(self) -> bytes:
        """Returns what comes next; nothing at the end."""
        piece = self._file.read(LONGEST_LINE)
        if self._digest is not None:
            self._digest.update(piece)
        self.count += len(piece)
        return piece


def _plain(head: bytes, stored: _Stored) -> Iterator[bytes]:
    piece = head
    while piece:
        yield piece
        piece = stored.piece()


def too_long(name: str, *, holds_zeros: bool = False) -> DataError:
    """Returns the error about a file with a row that does not end within what is read at a time."""
    if holds_zeros:
        return DataError(f"{name} is not text: it holds zero bytes.", "save the table as CSV in UTF-8")
    message = f"{name} has a row longer than {LONGEST_LINE >> 20} MB."
    return DataError(message, "look for a quote that is never closed, or save it as plain CSV")


def too_many(name: str, what: str, needed: float) -> DataError:
    """Returns the error about a table that would not fit into the memory, by what it holds, such as ``9 rows``."""
    message = (
        f"{name} holds {what}, for which {size_text(needed)} of memory are needed; {size_text(free_memory())} is free."
    )
    return DataError(message, f"{WAY_OUT}; {more_memory(2 * needed)}")


def _too_large(name: str, size: int | None, most: int) -> DataError:
    much = f"has {size_text(size)} of text" if size else "goes on"
    message = f"{name} {much}; {size_text(most)} are what is read, a sixth of the memory that is free."
    return DataError(message, f"{WAY_OUT}; {more_memory(TABLE * (size or 2 * most))}")


def bomb(name: str, stored: int, total: int) -> DataError:
    """Returns the error about a packed file out of which far more comes than went in."""
    message = (
        f"{name} unpacks to more than {BOMB} times its size: {size_text(total)} from the first {size_text(stored)}."
    )
    return DataError(
        message, "if it is no mistake, unpack it (gunzip, bunzip2, unxz, unzstd, unzip) and use the file in it"
    )
