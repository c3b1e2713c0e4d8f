"""A folder of Parquet files, as Spark, DuckDB, Polars or ``forecast shard`` wrote it: one table in parts.

panel/part-00000.parquet
panel/region=north/store=5/data_0.parquet     Hive's way: two columns more, which stand in no file
"""

import hashlib
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import types

from forecast.addresses import is_address
from forecast.data.files.free_memory import free_memory
from forecast.data.files.intake import TABLE, too_many
from forecast.data.files.remote.folder_place import FolderPlace, folder_at, names_folder
from forecast.data.files.source import Source, read_source
from forecast.errors import DataError, NotFoundError, UsageError

ENDINGS = (".parquet", ".pq")
NOTHING = "__HIVE_DEFAULT_PARTITION__"
FOOTER = 8
"""Bytes at the end of a Parquet file: how long its footer is, and four signs."""


@dataclass(frozen=True, eq=False)
class FolderPart:
    """One file of the folder.

    Attributes:
        folder: in which it lies.
        name: its path within the folder.
        constants: the columns that the names of its folders tell, and their one value in it; None for none.
    """

    folder: FolderPlace
    name: str
    constants: Mapping[str, str | None]

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Opens the Parquet file, of which only those parts are read that are asked for.

        Raises:
            DataError: it, or what is read of it, is damaged or can't be read.
        """
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415 only Parquet files pay the 0.1 s

        try:
            with self.folder.open(self.name) as stream, ParquetFile(stream) as file:
                yield file
        except (pa.ArrowException, OSError) as error:
            message = f"{self.name} in {self.folder} is a damaged or cut-off Parquet file."
            raise DataError(message, "fetch or write it again") from error

    @cached_property
    def footer(self) -> Any:
        """What the file says of itself, opened for this and closed again.

        Raises:
            DataError: it is damaged, or can't be read.
        """
        with self.opened() as file:
            return file.metadata

    @property
    def fingerprint(self) -> str:
        """A digest of its size and footer, in which each column's extremes stand: cheap, and other where it changed."""
        with self.folder.open(self.name) as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(0, size - FOOTER))
            length = int.from_bytes(file.read(4), "little")
            file.seek(max(0, size - FOOTER - length))
            return hashlib.sha256(f"{self.name} {size} ".encode() + file.read()).hexdigest()


@dataclass(frozen=True, eq=False)
class ParquetFolder:
    """A folder of Parquet files that hold one table."""

    root: FolderPlace
    parts: tuple[FolderPart, ...]

    @cached_property
    def schema(self) -> Any:
        """The columns of every part, Hive's at the end, with the one type that holds them all.

        Raises:
            DataError: a part lacks a column of the first, has another, or holds something else in it.
        """
        first = self.parts[0]
        fields = {field.name: field for field in first.footer.schema.to_arrow_schema()}
        for part in self.parts[1:]:
            own = {field.name: field for field in part.footer.schema.to_arrow_schema()}
            if own.keys() != fields.keys():
                name = sorted(own.keys() ^ fields.keys())[0]
                lacks, has = (part, first) if name in fields else (first, part)
                message = f"{lacks.name} has no column {name}, which {has.name} has: they are not of one table."
                raise DataError(message, f"write {self.root} anew with the same columns in every file")
            for name, field in own.items():
                fields[name] = self._common(fields[name], field, part)
        constants = {name: self._constant_type(name) for name in first.constants if name not in fields}
        wanting = [part for part in self.parts if part.constants.keys() != first.constants.keys()]
        if wanting:
            message = f"{wanting[0].name} lies in other folders than {first.name}: they are not of one table."
            raise DataError(message, f"write {self.root} anew with the same folders for every file")
        return pa.schema([*fields.values(), *(pa.field(name, kind) for name, kind in constants.items())])

    def _common(self, one: Any, other: Any, part: FolderPart) -> Any:
        """Returns the column that holds the values of both."""
        a, b = (_value_type(field.type) for field in (one, other))
        if a == b:
            return pa.field(one.name, a)
        for kind, is_one in (
            (pa.int64(), types.is_integer),
            (pa.float64(), _is_number),
            (pa.timestamp("us"), _is_date),
        ):
            if is_one(a) and is_one(b):
                return pa.field(one.name, kind)
        if types.is_null(a) or types.is_null(b):
            return pa.field(one.name, b if types.is_null(a) else a)
        message = f"Column {one.name} holds {b} in {part.name} and {a} in files before it."
        raise DataError(message, f"write {self.root} anew with one type for it")

    def _constant_type(self, name: str) -> Any:
        """Returns what a column holds that only the names of folders tell: whole numbers, or text."""
        texts = [value for part in self.parts if (value := part.constants.get(name)) is not None]
        is_whole = texts and all(text.isascii() and text.isdecimal() and text == str(int(text)) for text in texts)
        return pa.int64() if is_whole else pa.string()

    @property
    def rows(self) -> int:
        """Of all parts."""
        return sum(int(part.footer.num_rows) for part in self.parts)

    def table(self, part: FolderPart, rows: Any, names: Collection[str] | None = None) -> Any:
        """Returns rows of a part as a table in the columns of all, or in some of them."""
        columns, schema = {}, self.schema
        if names is not None:
            schema = pa.schema([field for field in schema if field.name in names])
        for field in schema:
            if field.name in rows.schema.names:
                columns[field.name] = rows.column(field.name).cast(field.type, safe=False)
            else:
                value = part.constants[field.name]
                known = int(value) if value is not None and types.is_integer(field.type) else value
                columns[field.name] = pa.repeat(pa.scalar(known, field.type), rows.num_rows)
        return pa.table(columns, schema=schema)


def find_parquet_folder(folder: str | Path) -> ParquetFolder:
    """Returns the Parquet files in a folder and those below it; what begins with a dot or underscore is none.

    Raises:
        NotFoundError: There is none.
    """
    place = folder_at(folder)
    parts = [
        part_of(place, name)
        for name in place.files()
        if name.lower().endswith(ENDINGS) and not any(step[0] in "._" for step in name.split("/"))
    ]
    if not parts:
        message = f"{folder} is a directory without Parquet files."
        raise NotFoundError(message, "name a file, or a folder of Parquet files: forecast shard DATA DIR makes one")
    return ParquetFolder(place, tuple(parts))


def part_of(folder: FolderPlace, name: str) -> FolderPart:
    """Returns a file of a folder by its name in it."""
    pairs = [step.partition("=") for step in name.split("/")[:-1] if "=" in step]
    constants = {unquote(key): None if value == NOTHING else unquote(value) for key, _, value in pairs}
    return FolderPart(folder, name, constants)


def read_part(part: FolderPart) -> Source:
    """Returns one part as a source of its own; its fingerprint is that of the file as it is stored.

    Raises:
        NotFoundError: It is not there.
        DataError: It is damaged, or can't be read.
    """
    data = part.folder.read(part.name)
    fingerprint, path = hashlib.sha256(data).hexdigest(), part.folder.path
    if part.constants:
        data = _written(ParquetFolder(part.folder, (part,)), [part])
    return Source(part.name, Path(part.name).stem, path and (path / part.name).absolute(), data, fingerprint, "UTF-8")


def read_data(
    source: "str | Path | Source",
    encoding: str | None = None,
    sheet: str | None = None,
    *,
    may_lack: bool = False,
    query: str | None = None,
) -> Source:
    """Returns what a path, an address, or ``-``, holds; of a folder, all of its Parquet files together.

    Raises:
        ForecastError: see ``read_source`` and ``read_folder``.
    """
    if isinstance(source, Source) or str(source) == "-" or not is_folder(str(source)):
        return read_source(source, encoding, sheet, may_lack=may_lack, query=query)
    if sheet is not None and not may_lack:
        raise UsageError(f"{source} holds Parquet files, which have no sheets.", "leave out --sheet")
    if encoding is not None:
        raise UsageError(f"{source} holds Parquet files, whose texts have one encoding.", "leave out --encoding")
    return read_folder(source)


def is_folder(source: str) -> bool:
    """Returns whether a source of data is a folder with a Parquet file in it or below, as far as one may look.

    Raises:
        ForecastError: An address is called as a folder is, and can't be reached.
    """
    with suppress(OSError, ValueError):
        if is_address(source):
            return names_folder(source) and any(name.lower().endswith(ENDINGS) for name in folder_at(source).files())
        path = Path(source)
        return path.is_dir() and any(each.suffix.lower() in ENDINGS for each in path.rglob("*"))
    return False


def read_folder(root: str | Path) -> Source:
    """Returns all parts as one source, where they fit into the memory.

    Raises:
        NotFoundError: There are none.
        DataError: They are not of one table, one is damaged, or they need more memory than is free.
    """
    folder = find_parquet_folder(root)
    needed = TABLE * sum(
        part.footer.row_group(i).total_byte_size for part in folder.parts for i in range(part.footer.num_row_groups)
    )
    if needed > free_memory():
        raise too_many(folder.root.name, f"{folder.rows:,} rows in {len(folder.parts):,} files", needed)
    digest = hashlib.sha256("\n".join(part.fingerprint for part in folder.parts).encode()).hexdigest()
    return source_of_folder(folder, _written(folder, folder.parts), digest)


def source_of_folder(folder: ParquetFolder, data: bytes, fingerprint: str) -> Source:
    """Returns rows of a folder, as the bytes of a Parquet file, as what a reader takes."""
    place = folder.root
    return Source(place.name, place.stem, place.path and place.path.absolute(), data, fingerprint, "UTF-8")


def _written(folder: ParquetFolder, parts: Sequence[FolderPart]) -> bytes:
    """Returns parts as the bytes of one Parquet file in the columns of all."""
    from pyarrow.parquet import write_table  # noqa: PLC0415 likewise

    tables = []
    for part in parts:
        with part.opened() as file:
            tables.append(folder.table(part, file.read()))
    buffer = io.BytesIO()
    write_table(pa.concat_tables(tables), buffer, compression="lz4", write_statistics=False)
    return buffer.getvalue()


def _value_type(kind: Any) -> Any:
    """Returns the type of the values of a column, be they coded or not."""
    return kind.value_type if types.is_dictionary(kind) else kind


def _is_number(kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind))


def _is_date(kind: Any) -> bool:
    return bool(types.is_date(kind) or (types.is_timestamp(kind) and kind.tz is None))
