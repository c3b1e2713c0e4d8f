"""What packed bytes hold, piece by piece: gzip, bzip2, xz, Zstandard, and a zip archive of one file.

How a file is packed is told by its first bytes, whatever it is called. No more is unpacked at a time than is asked for,
so whoever takes the pieces says when it is too much.
"""

import bz2
import io
import lzma
import shlex
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from forecast.errors import DataError
from forecast.wording import listed

ZIP_MAGIC = b"PK\x03\x04"
GZIP_MAGIC = b"\x1f\x8b"
GZIP = 31  # what zlib calls this format
PIECE = 1 << 23  # bytes that are unpacked at a time
TESTS = {"gzip": "gzip --test", "bzip2": "bzip2 --test", "xz": "xz --test", "Zstandard": "zstd --test"}
NOT_DATA = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What programs put into archives beside what one wanted in them."""


class Unpacker(Protocol):
    """One packed stream, as bz2 and lzma unpack it."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether more of it is needed before anything comes out."""

    @property
    def unused_data(self) -> bytes:
        """What came after its end."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Returns what comes out, at most so many bytes."""


class _Gzip:
    """A stream of gzip as bz2 and lzma have theirs."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(GZIP)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data.lstrip(b"\0")  # tapes are filled up with zeros

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + data, max_length)


@dataclass(frozen=True)
class Packing:
    """A way to pack bytes.

    Attributes:
        name: of the format.
        magic: with which each such file begins.
        unpacker: of one stream; None where Arrow has it.
    """

    name: str
    magic: bytes
    unpacker: Callable[[], Unpacker] | None


PACKINGS = (
    Packing("gzip", GZIP_MAGIC, _Gzip),
    Packing("bzip2", b"BZh", bz2.BZ2Decompressor),
    Packing("xz", b"\xfd7zXZ\x00", lzma.LZMADecompressor),
    Packing("Zstandard", b"\x28\xb5\x2f\xfd", None),
)


def packing_of(head: bytes) -> Packing | None:
    """Returns how bytes are packed that begin so; None where they are not, or are an archive."""
    return next((one for one in PACKINGS if head.startswith(one.magic)), None)


def unpacked(packing: Packing, head: bytes, more: Callable[[], bytes], name: str) -> Iterator[bytes]:
    """Yields what is packed, at most ``PIECE`` bytes at a time; several packed files after one another are one.

    Args:
        packing: how.
        head: the first bytes.
        more: returns those that come next; nothing at the end.
        name: what messages call the file.

    Raises:
        DataError: it is damaged or cut off.
    """
    damaged = DataError(
        f"{name} is a damaged or cut-off {packing.name} file.",
        f"{TESTS[packing.name]} {shlex.quote(name)}; fetch it again",
    )
    try:
        streams = _zstandard(head, more) if packing.unpacker is None else _streams(packing, head, more)
        for piece in streams:
            if piece is None:
                raise damaged
            yield piece
    except (zlib.error, lzma.LZMAError, OSError, EOFError):
        raise damaged from None


def _streams(packing: Packing, head: bytes, more: Callable[[], bytes]) -> Iterator[bytes | None]:
    """Yields the content of streams after one another; None where the last one is cut off."""
    assert packing.unpacker is not None
    unpacker, packed = packing.unpacker(), head
    while True:
        piece = unpacker.decompress(packed, PIECE)
        packed = b""
        if piece:
            yield piece
        if unpacker.eof:
            packed = unpacker.unused_data
            while not packed and (fresh := more()):
                packed = fresh.lstrip(b"\0")
            if not packed:
                return
            unpacker = packing.unpacker()
        elif unpacker.needs_input and not piece:
            packed = more()
            if not packed:
                yield None
                return


class _Stored(io.RawIOBase):
    """Pieces as a file that Arrow reads."""

    def __init__(self, head: bytes, more: Callable[[], bytes]) -> None:
        self._left, self._more = head, more

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Returns at most so many bytes that come next."""
        if not self._left:
            self._left = self._more()
        wanted, self._left = self._left[:size], self._left[size:]
        return wanted


def _zstandard(head: bytes, more: Callable[[], bytes]) -> Iterator[bytes]:
    import pyarrow as pa  # noqa: PLC0415 - the one that has this format, for the few files that are in it

    with pa.CompressedInputStream(pa.PythonFile(_Stored(head, more), mode="r"), "zstd") as stream:
        while piece := stream.read(PIECE):
            yield piece


def lone_member(data: bytes, name: str) -> tuple[str, IO[bytes]] | None:
    """Returns the name and the stream of the one file in a zip archive; None where the bytes are no archive.

    Raises:
        DataError: it holds several files or none, is protected by a password, or packed in an unusual way.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = [one for one in archive.infolist() if not one.is_dir() and not _is_clutter(one.filename)]
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    called = shlex.quote(name)
    if len(members) != 1:
        if not members:
            raise DataError(f"{name} is an archive with no file in it.", f"unzip -l {called}; name a file with rows")
        names = [one.filename for one in members]
        if "[Content_Types].xml" in names:
            raise DataError(f"{name} is a document of Office, but not a workbook.", "name the workbook with the rows")
        if any(path.endswith(".iwa") for path in names):
            hint = "in Numbers: File, Export To, Excel or CSV; then use that"
            raise DataError(f"{name} is a document of Apple's iWork, which only that can read.", hint)
        hint = f"unzip {called}, and name one of its files"
        raise DataError(f"{name} is an archive of {len(members):,} files: {listed(names, 5)}.", hint)
    (member,) = members
    if member.flag_bits & 1:
        raise DataError(f"{name} is protected by a password.", f"unzip {called} asks for it; then use the file in it")
    try:
        return member.filename, archive.open(member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise _damaged_zip(name) from None


def _is_clutter(path: str) -> bool:
    return path.startswith(NOT_DATA) or path.rpartition("/")[2] in NOT_DATA


def _damaged_zip(name: str) -> DataError:
    return DataError(f"{name} is a damaged or cut-off zip archive.", f"unzip -t {shlex.quote(name)}; fetch it again")


class Member:
    """The stream of a file in an archive, which says what is wrong with it in a sentence."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name = stream, name

    def read(self, size: int) -> bytes:
        """Returns what comes next.

        Raises:
            DataError: the archive is damaged.
        """
        try:
            return self._stream.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, lzma.LZMAError):
            raise _damaged_zip(self._name) from None
