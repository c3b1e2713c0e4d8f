"""The column names of a file from its beginning alone: enough for a shell that completes a word."""

from pathlib import Path

from forecast.data.files.dialect.dialect import SAMPLE_BYTES, detect_dialect
from forecast.data.files.encodings import decoded
from forecast.data.files.intake import PARQUET_MAGIC, WORKBOOK_MAGICS
from forecast.data.files.source import UTF16_MARKS, read_source
from forecast.data.files.unpacking import packing_of, unpacked

SMALL = 1 << 22  # bytes of an archive or a workbook that a completion waits for


def column_names(path: Path) -> tuple[str, ...]:
    """Returns the names of a file's columns, those without a name left out; none of a large workbook.

    Raises:
        OSError: it can't be read.
        DataError: it has no header.
    """
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    if head.startswith(PARQUET_MAGIC):
        from pyarrow.parquet import read_schema  # noqa: PLC0415 - few files are

        return tuple(read_schema(path).names)
    if head.startswith(WORKBOOK_MAGICS):
        return detect_dialect(read_source(path).data, path.name).names if path.stat().st_size <= SMALL else ()
    if packing := packing_of(head):
        with path.open("rb") as file:
            head = next(unpacked(packing, file.read(SAMPLE_BYTES), lambda: file.read(SAMPLE_BYTES), path.name), b"")
        head = head[:SAMPLE_BYTES]
    return detect_dialect(_text(head).encode(), path.name).names


def _text(head: bytes) -> str:
    """Returns the beginning of a text file; a character that is cut in two at its end is left out."""
    if head.startswith(UTF16_MARKS):
        return head.decode("utf-16", errors="ignore")
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        is_cut = error.start > len(head) - 4
        found = None if is_cut else decoded(head)
        return found[0] if found else head[: error.start].decode("utf-8-sig")
