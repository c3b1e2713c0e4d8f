"""The rows of a panel as a stream of Arrow tables, with the columns that tell series and time: memory holds a piece.

A text file that fits into the memory easily is read whole, by the reader that knows every form of it. A larger one has
to be plain: UTF-8, one line of names, rows of as many fields. Its columns have the types of a sample from its start,
its middle and its end; a cell that does not fit widens its column, and the stream begins anew.
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv
from pyarrow import types
from pyarrow.parquet import ParquetFile, write_table

from forecast.data.columns.selection import Selection, select
from forecast.data.dates.date_columns import split_columns
from forecast.data.files.delimited import MISSING
from forecast.data.files.dialect import Dialect, detect_dialect
from forecast.data.files.intake import LONGEST_LINE, PARQUET_MAGIC, WORKBOOK_MAGICS
from forecast.data.files.parquet import plain_column, strange_type
from forecast.data.files.parquet_folder import FolderPart, ParquetFolder, find_parquet_folder
from forecast.data.files.source import Source, is_utf8, read_source
from forecast.data.files.table import Table
from forecast.data.files.unpacking import Packing, packing_of
from forecast.data.findings import Finding
from forecast.data.read_options import KEEP_ALL, ReadOptions
from forecast.errors import DataError

WHOLE = 1 << 28
"""Bytes of a text file up to which it is read whole."""
ROWS = 1 << 19
"""In a piece of the stream."""
SAMPLE_ROWS, SAMPLE_FILES, SAMPLE = 1 << 17, 256, 1 << 22
"""What is looked at to tell the columns: rows of so many Parquet files at most, bytes of three places of a text."""
BOM = b"\xef\xbb\xbf"
COLUMN = re.compile(r"In CSV column #(\d+)")
PACKED = 8
"""How many times larger than it is a text is taken to be that is packed."""
STREAMED = {"gzip": "gzip", "bzip2": "bz2", "Zstandard": "zstd"}
"""What Arrow calls the ways to pack that it unpacks."""
LEADING_NOUGHT = r"^\s*[-+]?0\d"


@dataclass(frozen=True)
class Roles:
    """Which columns tell series and time.

    Attributes:
        ids: of the series, at least one.
        times: of the time; empty without dates.
        form: how dates are written, where text has to be read as dates.
        target: the first column that is forecast.
    """

    ids: tuple[str, ...]
    times: tuple[str, ...]
    form: str | None
    target: str = ""
    findings: tuple[Finding, ...] = ()


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


class WidenError(Exception):
    """A cell does not fit the type that its column had so far."""

    def __init__(self, column: str) -> None:
        """Takes the column."""
        self.column = column
        super().__init__(column)


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
    if source != "-" and path.is_dir():
        return _parquet_rows(find_parquet_folder(path), path.name, options, today)
    if source != "-" and path.is_file():
        with path.open("rb") as file:
            magic = file.read(8)
        if magic.startswith(PARQUET_MAGIC):
            part = FolderPart(path, path.name, {})
            return _parquet_rows(ParquetFolder(path.parent, (part,)), path.name, options, today)
        packing = packing_of(magic)
        is_streamed = packing.name in STREAMED if packing else not magic.startswith(WORKBOOK_MAGICS)
        if is_streamed and path.stat().st_size > whole // (PACKED if packing else 1):
            return _text_rows(path, packing, options, today)
    read = read_source(source, options.encoding, options.sheet, query=options.query)
    table = _table(read, options)
    return _WholeRows(read.name, table, _roles(table, select(table, options, today), options))


def _table(source: Source, options: ReadOptions) -> Table:
    words = [word for word in options.missing if options.missing != KEEP_ALL]
    return Table(source, decimal=options.decimal, missing=words)


def _roles(table: Table, selection: Selection, options: ReadOptions) -> Roles:
    """Returns which columns tell series and time.

    Raises:
        DataError: none tells series apart.
    """
    ids, time = selection.columns.ids, selection.columns.time
    if not ids:
        message = f"{table.source.name} holds one series, as far as its columns tell, and a series is never cut."
        raise DataError(message, "--id with the column that tells series apart, or forecast train without shards")
    form = options.date_format or selection.dates.form or None
    times = () if options.no_dates else tuple(split_columns(table, time))
    found = tuple(each for each in selection.findings if each.topic in {"ids", "time", "dates"})
    return Roles(ids, times, form, selection.columns.target[0], found)


@dataclass(frozen=True, eq=False)
class _WholeRows:
    """A text that is read whole."""

    name: str
    table: Table
    roles: Roles

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.table.rows

    def tables(self) -> Iterator[Any]:
        """Yields its rows at once."""
        yield pa.table({name: _stored(self.table, name, self.roles) for name in self.table.names})

    def widened(self, error: WidenError) -> Self:
        """Returns itself: all rows told the types."""
        del error
        return self


def _stored(table: Table, name: str, roles: Roles) -> Any:
    """Returns a column as shards hold it: ids, dates in words and numbers with noughts before them as they stand."""
    held = _plain_text(table.stored(name))
    if name in roles.ids or _needs_words(table, name, roles):
        return _plain_text(table.stored(name, verbatim=True)).cast(pa.string())
    return held


def _needs_words(table: Table, name: str, roles: Roles) -> bool:
    """Returns whether a column has to be kept as it is written: no type that Arrow gives it says as much."""
    kind = table.stored(name).type
    if types.is_integer(kind):
        return bool(table.texts(name).matching(LEADING_NOUGHT).any())
    return name in roles.times and not types.is_temporal(kind)


def _plain_text(column: Any) -> Any:
    """Returns a column whose repeated texts are not coded; an empty one as text."""
    is_coded = types.is_dictionary(column.type) or types.is_null(column.type)
    return column.cast(pa.string()) if is_coded else column


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
            try:
                with ParquetFile(part.path) as file:
                    for batch in file.iter_batches(ROWS):
                        yield _plain_table(self.folder.table(part, pa.Table.from_batches([batch])), self.left_out)
            except (pa.ArrowException, OSError) as error:
                message = f"{part.name} can't be read: {str(error).splitlines()[0]}"
                raise DataError(message, "fetch or write it again") from error

    def widened(self, error: WidenError) -> Self:
        """Returns itself: its columns have the types that they have."""
        del error
        return self


def _plain_table(table: Any, left_out: Sequence[str]) -> Any:
    """Returns a table in the few types that shards hold."""
    kept = [name for name in table.column_names if name not in left_out]
    return pa.table({name: _plain_text(plain_column(table.column(name))) for name in kept})


def _parquet_rows(folder: ParquetFolder, name: str, options: ReadOptions, today: int | None) -> _ParquetRows:
    left_out = tuple(field.name for field in folder.schema if strange_type(field.type))
    samples = list(_samples(folder))
    if not samples:
        raise DataError(f"{name} has columns but no rows.", "a forecast needs rows to learn from")
    buffer = io.BytesIO()
    write_table(pa.concat_tables(samples).drop_columns(list(left_out)), buffer)
    table = _table(Source(name, Path(name).stem, None, buffer.getvalue(), "", "UTF-8"), options)
    return _ParquetRows(name, folder, _roles(table, select(table, options, today), options), left_out)


def _samples(folder: ParquetFolder) -> Iterator[Any]:
    """Yields rows of the first files until they are enough, and some of the last row group; no row twice."""
    rows, read = 0, 0  # of all files, and of the last that was begun
    for part in folder.parts[:SAMPLE_FILES]:
        read = 0
        with ParquetFile(part.path) as file:
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
        with ParquetFile(last.path) as file:
            for batch in file.iter_batches(SAMPLE_ROWS, row_groups=[groups - 1]):
                if place + batch.num_rows > read:
                    yield folder.table(last, pa.Table.from_batches([batch.slice(max(0, read - place))]))
                    break
                place += batch.num_rows


@dataclass(frozen=True, eq=False)
class _TextRows:
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


def _text_rows(path: Path, packing: Packing | None, options: ReadOptions, today: int | None) -> _TextRows:
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
    table = _table(Source(path.name, path.stem, None, text, "", "UTF-8"), options)
    roles = _roles(table, select(table, options, today), options)
    header = list(dialect.header)
    if header and not header[0] and table.names and table.names[0] not in header:
        header[0] = table.names[0]
    columns = {name: _type_of(table, name, roles) for name in table.names}
    words = [word for word in options.missing if options.missing != KEEP_ALL]
    dialect = replace(dialect, header=tuple(header))
    rows = int(path.stat().st_size * (PACKED if packing else 1) * table.rows / len(text))
    skip = dialect.body + bom
    return _TextRows(path.name, path, packing, dialect, skip, rows, columns, roles, (*MISSING, *words))


def _type_of(table: Table, name: str, roles: Roles) -> Any:
    """Returns the type that a column of a stream has, as far as a sample tells."""
    kind = _plain_text(table.stored(name)).type
    return pa.string() if name in roles.ids or _needs_words(table, name, roles) else kind


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
