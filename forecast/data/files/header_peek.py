"""The column names of a file from its beginning alone: enough for a shell that completes a word."""

import gzip
from pathlib import Path

from forecast.data.files.dialect import SAMPLE_BYTES, detect_dialect
from forecast.data.files.encodings import decoded
from forecast.data.files.intake import GZIP_MAGIC, PARQUET_MAGIC
from forecast.data.files.source import UTF16_MARKS


def column_names(path: Path) -> tuple[str, ...]:
    """Returns the names of a CSV, gzipped CSV or Parquet file's columns, those without a name left out.

    Raises:
        OSError: it can't be read.
        DataError: it has no header.
    """
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    if head.startswith(PARQUET_MAGIC):
        from pyarrow.parquet import read_schema  # noqa: PLC0415 - few files are

        return tuple(read_schema(path).names)
    if head.startswith(GZIP_MAGIC):
        with gzip.open(path) as packed:
            head = packed.read(SAMPLE_BYTES)
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
