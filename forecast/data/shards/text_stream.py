"""The rows of a text that is too large to be read whole: it has to be plain, and comes block by block.

UTF-8, one line of names, rows of as many fields. Its columns have the types of a sample from its start, its middle and
its end; a cell that does not fit widens its column, and the stream begins anew.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv
from pyarrow import types

from forecast.data.files.delimited import MISSING
from forecast.data.files.dialect.dialect import Dialect, detect_dialect
from forecast.data.files.intake import LONGEST_LINE
from forecast.data.files.source import Source, is_utf8
from forecast.data.files.table import Table
from forecast.data.files.unpacking import Packing
from forecast.data.read_options import KEEP_ALL, ReadOptions
from forecast.data.shards.stream_roles import Roles, long_roles, needs_words, plain_text, table_of
from forecast.errors import DataError

SAMPLE = 1 << 22
"""Bytes of three places of a text that are looked at to tell the columns."""
BOM = b"\xef\xbb\xbf"
COLUMN = re.compile(r"In CSV column #(\d+)")
PACKED = 8
"""How many times larger than it is a text is taken to be that is packed."""
STREAMED = {"gzip": "gzip", "bzip2": "bz2", "Zstandard": "zstd"}
"""What Arrow calls the ways to pack that it unpacks."""


class WidenError(Exception):
    """A cell does not fit the type that its column had so far."""

    def __init__(self, column: str) -> None:
        """Takes the column."""
        self.column = column
        super().__init__(column)


@dataclass(frozen=True, eq=False)
class TextRows:
    """A large text, which has to be plain."""

    name: str
    path: Path
    packing: Packing | None
    dialect: Dialect
    skip: int  # bytes before the first row
    rows: int  # about
    columns: dict[str, Any] = field(default_factory=dict)  # kept, with their types
    roles: Roles = field(default_factory=lambda: Roles((), (), None))
    missing: tuple[str, ...] = MISSING

    def tables(self) -> Iterator[Any]:
        """Yields the rows block by block."""
        parse = pacsv.ParseOptions(delimiter=self.dialect.delimiter, newlines_in_values=False)
        convert = pacsv.ConvertOptions(
            column_types=self.columns,
            include_columns=list(self.columns),
            null_values=list(self.missing),
            strings_can_be_null=False,
            decimal_point=self.dialect.decimal,
        )
        read = pacsv.ReadOptions(block_size=2 * LONGEST_LINE, column_names=list(self.dialect.header))
        with _opened(self.path, self.packing) as stream:
            _skip(stream, self.skip)
            try:
                for batch in pacsv.open_csv(stream, read, parse, convert):
                    yield self._without_missing(pa.Table.from_batches([batch]))
            except pa.ArrowInvalid as error:
                raise self._told(error) from error

    def _without_missing(self, table: Any) -> Any:
        """Returns a table in which the words that mean an empty cell are none in columns of text, ids left alone."""
        for place, name in enumerate(table.column_names):
            if types.is_string(table.column(name).type) and name not in self.roles.ids:
                column = table.column(name)
                empty = pc.is_in(column, value_set=pa.array(list(self.missing)))
                table = table.set_column(place, name, pc.if_else(empty, pa.scalar(None, pa.string()), column))
        return table

    def _told(self, error: Exception) -> Exception:
        """Returns what an error of Arrow's means: a column to be widened, or a row that is none."""
        text = str(error)
        found = COLUMN.search(text)
        if found and "invalid UTF8" not in text:
            name = self.dialect.header[int(found[1])]
            if name in self.columns and not types.is_string(self.columns[name]):
                return WidenError(name)
        if "invalid UTF8" in text:
            return _not_utf8(self.name, "CP1252")
        message = f"{self.name} can't be read as a table: {text.splitlines()[0][:200]}"
        return DataError(message, "correct that line; text with a separator in it needs quotes")

    def widened(self, error: WidenError) -> Self:
        """Returns the stream with a column as decimals where it was of whole numbers, else as text."""
        wider = pa.float64() if types.is_integer(self.columns[error.column]) else pa.string()
        return replace(self, columns={**self.columns, error.column: wider})


def _not_utf8(name: str, likely: str) -> DataError:
    message = f"{name} is not in UTF-8, and too large to be read whole."
    return DataError(message, f"iconv -f {likely} -t UTF-8 {name} > utf8.csv, and use that")


def text_rows(path: Path, packing: Packing | None, options: ReadOptions, today: int | None) -> TextRows:
    """Returns the rows of a large text.

    Args:
        path: the file.
        packing: how it is compressed, if it is.
        options: how it is read, where the file does not tell.
        today: the year that it is, which two digits don't go far beyond.

    Raises:
        DataError: it is not plain, or has no column that tells series apart.
    """
    sample = _sample(path, packing)
    if b"\0" in sample or not is_utf8(sample):
        raise _not_utf8(path.name, "UTF-16" if b"\0" in sample else "CP1252")
    bom = len(BOM) if sample.startswith(BOM) else 0
    text = sample[bom:]
    dialect = detect_dialect(text, path.name)
    if dialect.stack is not None:
        message = f"{path.name} has several lines of column names, and is too large to be read whole."
        raise DataError(message, "write one line of names above its rows")
    if options.decimal and options.decimal != dialect.delimiter:
        dialect = replace(dialect, decimal=options.decimal)
    table = table_of(Source(path.name, path.stem, None, text, "", "UTF-8"), options)
    roles = long_roles(table, options, today)
    header = list(dialect.header)
    if header and not header[0] and table.names and table.names[0] not in header:
        header[0] = table.names[0]
    columns = {name: _type_of(table, name, roles) for name in table.names}
    words = [word for word in options.missing if options.missing != KEEP_ALL]
    dialect = replace(dialect, header=tuple(header))
    rows = int(path.stat().st_size * (PACKED if packing else 1) * table.rows / len(text))
    skip = dialect.body + bom
    return TextRows(path.name, path, packing, dialect, skip, rows, columns, roles, (*MISSING, *words))


def _type_of(table: Table, name: str, roles: Roles) -> Any:
    """Returns the type that a column of a stream has, as far as a sample tells."""
    kind = plain_text(table.stored(name)).type
    return pa.string() if name in roles.ids or needs_words(table, name, roles) else kind


def _sample(path: Path, packing: Packing | None) -> bytes:
    """Returns whole lines from the beginning of a text, and of one that is not packed from its middle and its end."""
    with _opened(path, packing) as stream:
        head = bytes(stream.read(SAMPLE))
    pieces = [head[: head.rfind(b"\n") + 1]]
    if packing is None and b'"' not in head:
        size = path.stat().st_size
        with path.open("rb") as file:
            for start in (size // 2, size - SAMPLE // 2):
                if start < len(head):
                    continue
                file.seek(start)
                piece = file.read(SAMPLE // 2)
                pieces.append(piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1])
    return b"".join(pieces)


def _opened(path: Path, packing: Packing | None) -> Any:
    return pa.input_stream(str(path), compression=STREAMED[packing.name] if packing else None)


def _skip(stream: Any, count: int) -> None:
    while count > 0 and (piece := stream.read(min(count, SAMPLE))):
        count -= len(piece)
