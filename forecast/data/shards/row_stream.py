"""The rows of a panel as a stream of Arrow tables, with the columns that tell series and time: memory holds a piece.

A text file that fits into the memory easily is read whole, by the reader that knows every form of it.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow.parquet import write_table

from forecast.data.columns.selection import select
from forecast.data.files.intake import PARQUET_MAGIC, WORKBOOK_MAGICS
from forecast.data.files.parquet import plain_column, strange_type
from forecast.data.files.parquet_folder import ParquetFolder, find_parquet_folder, is_folder, part_of
from forecast.data.files.remote.folder_place import LocalFolder
from forecast.data.files.source import Source, read_source
from forecast.data.files.table import Table
from forecast.data.files.unpacking import packing_of
from forecast.data.read_options import ReadOptions
from forecast.data.shards.stream_roles import Roles, long_roles, needs_words, plain_text, roles_of, table_of
from forecast.data.shards.text_stream import PACKED, STREAMED, WidenError, text_rows
from forecast.errors import DataError

WHOLE = 1 << 28
"""Bytes of a text file up to which it is read whole."""
ROWS = 1 << 19
"""In a piece of the stream."""
SAMPLE_ROWS, SAMPLE_FILES = 1 << 17, 256
"""Rows of so many Parquet files at most that are looked at to tell the columns."""


class RowStream(Protocol):
    """Rows of one panel, piece by piece."""

    @property
    def name(self) -> str:
        """What messages call the source."""
        ...

    @property
    def roles(self) -> Roles:
        """Which columns tell series and time."""
        ...

    @property
    def rows(self) -> int:
        """How many there are; of a large text, about."""
        ...

    def tables(self) -> Iterator[Any]:
        """Yields all rows as Arrow tables in the same columns.

        Raises:
            DataError: some can't be read.
            WidenError: a column needs another type; the stream is to be begun anew with ``widened``.
        """
        ...

    def widened(self, error: "WidenError") -> Self:
        """Returns the stream with a column of another type."""
        ...


def open_stream(source: str, options: ReadOptions, today: int | None = None, *, whole: int = WHOLE) -> RowStream:
    """Returns the rows of a file, or of a folder of Parquet files.

    Args:
        source: its path, or ``-``.
        options: how it is read, where the file does not tell.
        today: the year that it is, which two digits don't go far beyond.
        whole: bytes of a text up to which it is read whole.

    Raises:
        ForecastError: it is not there, can't be read, or has no column that tells series apart.
    """
    path = Path(source)
    if source != "-" and (path.is_dir() or is_folder(source)):
        folder = find_parquet_folder(source)
        return _parquet_rows(folder, folder.root.name, options, today)
    if source != "-" and path.is_file():
        with path.open("rb") as file:
            magic = file.read(8)
        if magic.startswith(PARQUET_MAGIC):
            place = LocalFolder(path.parent)
            return _parquet_rows(ParquetFolder(place, (part_of(place, path.name),)), path.name, options, today)
        packing = packing_of(magic)
        is_streamed = packing.name in STREAMED if packing else not magic.startswith(WORKBOOK_MAGICS)
        if is_streamed and path.stat().st_size > whole // (PACKED if packing else 1):
            return text_rows(path, packing, options, today)
    read = read_source(source, options.encoding, options.sheet, query=options.query)
    selection = select(table_of(read, options), options, today)
    kept = selection.dates.codes >= 0 if selection.table.across else None
    return _WholeRows(read.name, selection.table, roles_of(selection, options), kept)


@dataclass(frozen=True, eq=False)
class _WholeRows:
    """A text that is read whole."""

    name: str
    table: Table
    roles: Roles
    kept: NDArray[np.bool_] | None = None  # (R,) rows of a wide table that are no sums of others; None for all

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.table.rows if self.kept is None else int(self.kept.sum())

    def tables(self) -> Iterator[Any]:
        """Yields its rows at once."""
        table = pa.table({name: _stored(self.table, name, self.roles) for name in self.table.names})
        yield table if self.kept is None else table.filter(pa.array(self.kept))

    def widened(self, error: WidenError) -> Self:
        """Returns itself: all rows told the types."""
        del error
        return self


def _stored(table: Table, name: str, roles: Roles) -> Any:
    """Returns a column as shards hold it: ids, dates in words and numbers with noughts before them as they stand."""
    held = plain_text(table.stored(name))
    if name in roles.ids or needs_words(table, name, roles):
        return plain_text(table.stored(name, verbatim=True)).cast(pa.string())
    return held


@dataclass(frozen=True, eq=False)
class _ParquetRows:
    """One Parquet file, or a folder of them."""

    name: str
    folder: ParquetFolder
    roles: Roles
    left_out: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.folder.rows

    def tables(self) -> Iterator[Any]:
        """Yields the rows file by file, row group by row group."""
        for part in self.folder.parts:
            with part.opened() as file:
                for batch in file.iter_batches(ROWS):
                    yield _plain_table(self.folder.table(part, pa.Table.from_batches([batch])), self.left_out)

    def widened(self, error: WidenError) -> Self:
        """Returns itself: its columns have the types that they have."""
        del error
        return self


def _plain_table(table: Any, left_out: Sequence[str]) -> Any:
    """Returns a table in the few types that shards hold."""
    kept = [name for name in table.column_names if name not in left_out]
    return pa.table({name: plain_text(plain_column(table.column(name))) for name in kept})


def _parquet_rows(folder: ParquetFolder, name: str, options: ReadOptions, today: int | None) -> _ParquetRows:
    left_out = tuple(field.name for field in folder.schema if strange_type(field.type))
    samples = list(_samples(folder))
    if not samples:
        raise DataError(f"{name} has columns but no rows.", "a forecast needs rows to learn from")
    buffer = io.BytesIO()
    write_table(pa.concat_tables(samples).drop_columns(list(left_out)), buffer)
    table = table_of(Source(name, Path(name).stem, None, buffer.getvalue(), "", "UTF-8"), options)
    return _ParquetRows(name, folder, long_roles(table, options, today), left_out)


def _samples(folder: ParquetFolder) -> Iterator[Any]:
    """Yields rows of the first files until they are enough, and some of the last row group; no row twice."""
    rows, read = 0, 0  # of all files, and of the last that was begun
    for part in folder.parts[:SAMPLE_FILES]:
        read = 0
        with part.opened() as file:
            for batch in file.iter_batches(SAMPLE_ROWS):
                yield folder.table(part, pa.Table.from_batches([batch]))
                read += batch.num_rows
                if rows + read >= SAMPLE_ROWS:
                    break
        rows += read
        if rows >= SAMPLE_ROWS:
            break
    last = folder.parts[-1]
    groups = last.footer.num_row_groups
    if rows < folder.rows and groups:
        place = sum(last.footer.row_group(group).num_rows for group in range(groups - 1))
        read = read if part is last else 0
        with last.opened() as file:
            for batch in file.iter_batches(SAMPLE_ROWS, row_groups=[groups - 1]):
                if place + batch.num_rows > read:
                    yield folder.table(last, pa.Table.from_batches([batch.slice(max(0, read - place))]))
                    break
                place += batch.num_rows
