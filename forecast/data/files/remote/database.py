"""A table or a query of a database as the bytes of a Parquet file, read in a stream of batches.

The rows are never held twice: a batch becomes Arrow columns, and these a compressed piece of the file. Where a later
batch needs another type for a column (NULLs first, then numbers), the pieces are put together anew at the end.
"""

import io
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from forecast.addresses import Database, table_of, with_table
from forecast.data.files.free_memory import free_memory
from forecast.data.files.intake import too_many
from forecast.data.files.remote.columns import WIDE, as_type, common_type
from forecast.data.files.remote.driver import Driver
from forecast.data.files.remote.place import DatabasePlace, place_of, settled
from forecast.data.files.remote.row_digest import RowDigest
from forecast.errors import DataError, ForecastError, NotFoundError, UsageError, closest, did_you_mean
from forecast.wording import listed

ROW, CELL = 60, 12
"""Memory that a row and a cell of it take while a table becomes series, in bytes."""


@dataclass(frozen=True, eq=False)
class QueryResult:
    """What a database returned.

    Attributes:
        name: what messages and the store call it: an address without a password.
        data: a Parquet file.
        digest: of the columns, the number of rows and what is in them, in whichever order they came.
    """

    name: str
    data: bytes
    rows: int
    digest: str


def read_database(address: str, query: str | None = None) -> QueryResult:
    """Returns a table of a database, or what a query returns.

    Args:
        address: of the database, with a table or without; its password is a reference, see ``hide_secrets``.
        query: in its SQL; None for all of the table.

    Raises:
        UsageError: both or neither are named, or the query can't be run.
        NotFoundError: there is no such file, database or table.
        DependencyError: the library that reads it is not installed.
        LockedError: somebody else holds a lock on it.
        DataError: it can't be reached or read, lets the user not in, or returns no rows or two columns of one name.
    """
    named = settled(address)
    place, table = place_of(named, os.environ), table_of(named)
    driver = driver_of(place.kind)
    if table and query:
        raise UsageError("--query says what is read, and so does the table.", "--query or --table, not both")
    with complaining(driver, place, table), driver.connect(place, False) as connection:
        if not query and not table:
            table = _only_table(driver.tables(connection), place)
            named = with_table(named, table)
        asked = query or f"select * from {driver.table(table)}"
        what = f"The query of {place.address}" if query else named
        return _packed(driver.stream(connection, asked.strip().rstrip(";")), named, what)


def driver_of(kind: Database) -> Driver:
    """Returns how a kind of database is read and written; its library is imported when it is connected to."""
    if kind == "postgresql":
        from forecast.data.files.remote.postgresql import POSTGRESQL as DRIVER  # one of them is wanted
    elif kind == "mysql":
        from forecast.data.files.remote.mysql import MYSQL as DRIVER
    elif kind == "sqlite":
        from forecast.data.files.remote.sqlite import SQLITE as DRIVER
    else:
        from forecast.data.files.remote.duckdb import DUCKDB as DRIVER
    return DRIVER


@contextmanager
def complaining(driver: Driver, place: DatabasePlace, table: str = "") -> Iterator[None]:
    """Says in plain words what the driver of a database says in the block; of a table that is not there, which are.

    Raises:
        ForecastError: see ``read_database``.
    """
    try:
        yield
    except ForecastError:  # of which the driver that is not installed is one
        raise
    except Exception as error:  # each driver has errors of its own; who is none of its is raised again
        complaint = driver.complaint(error, place)
        if complaint is None:
            raise
        if not isinstance(complaint, NotFoundError) or not table:
            raise complaint from None  # what the driver said may hold the password
    else:
        return
    with complaining(driver, place), driver.connect(place, False) as connection:
        names = driver.tables(connection)
    meant = did_you_mean(table, names)
    likely = closest(table, names) or next(iter(names), None)
    hint = f"--table {likely}" if likely else "a database with tables, or a user who may see them"
    there = f" It has {listed(names)}." if names and not meant else ""
    raise NotFoundError(f"{place.address} has no table {table}.{meant}{there}", hint)


def _only_table(names: Sequence[str], place: DatabasePlace) -> str:
    """Returns the one table that there is.

    Raises:
        NotFoundError: there is none.
        UsageError: there are several.
    """
    if len(names) == 1:
        return names[0]
    if not names:
        raise NotFoundError(f"{place.address} has no tables that this user sees.", "--query 'select …'")
    message = f"Which table of {place.address}? It has {listed(list(names))}."
    raise UsageError(message, f"--table {names[0]}, or --query 'select …'")


def _packed(tables: Iterator[Any], name: str, what: str) -> QueryResult:
    """Returns a stream of Arrow tables as one file.

    Raises:
        DataError: there are no rows or columns, two columns of one name, or more than the memory holds.
    """
    digest, packer, most = RowDigest(), Packer(), free_memory()
    for table in tables:
        if not digest.rows and not packer.schema:
            _check_names(table.column_names, what)
        digest.add(table)
        packer.add(table)
        needed = digest.rows * (ROW + CELL * table.num_columns)
        if needed > most:
            raise too_many(what, f"{digest.rows:,} rows and more", needed)
    if not digest.rows:
        raise DataError(f"{what} returns no rows.", "a forecast needs rows to learn from")
    return QueryResult(name, packer.finished(), digest.rows, digest.hexdigest())


def _check_names(names: Sequence[str], what: str) -> None:
    if not names:
        raise UsageError(f"{what} returns no table.", "--query 'select … from …'")
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise DataError(f"{what} returns two columns called {twice}.", f"--query with a name for one: {twice} as other")


@dataclass(eq=False)
class Packer:
    """Arrow tables, one after the other, as a Parquet file in the types that hold them all."""

    schema: Any = None
    _pieces: list[tuple[Any, Any]] = field(default_factory=list)  # a buffer and its writer

    def add(self, table: Any) -> None:
        """Adds a table with the columns of those before."""
        if self.schema is None or not table.schema.equals(self.schema):
            common = [
                pa.field(own.name, common_type(before.type, own.type) if self.schema else own.type)
                for before, own in zip(self.schema or table.schema, table.schema, strict=True)
            ]
            if self.schema is None or not pa.schema(common).equals(self.schema):
                self.schema = pa.schema(common)
                self._begin()
            table = _cast(table, self.schema)
        self._pieces[-1][1].write_table(table)

    def finished(self) -> bytes:
        """Returns the file."""
        for _, writer in self._pieces:
            writer.close()
        final = pa.schema([pa.field(each.name, _final(each.type)) for each in self.schema])
        if len(self._pieces) == 1 and final.equals(self.schema):
            return bytes(self._pieces[0][0].getbuffer())
        from pyarrow.parquet import ParquetFile  # only Parquet files pay the 0.1 s

        pieces, self.schema = self._pieces, final
        self._pieces = []
        self._begin()
        while pieces:
            buffer, _ = pieces.pop(0)
            for batch in ParquetFile(buffer).iter_batches():
                self._pieces[0][1].write_table(_cast(pa.Table.from_batches([batch]), final))
        self._pieces[0][1].close()
        return bytes(self._pieces[0][0].getbuffer())

    def _begin(self) -> None:
        from pyarrow.parquet import ParquetWriter  # likewise

        if self._pieces:
            self._pieces[-1][1].close()
        buffer = io.BytesIO()
        self._pieces.append((buffer, ParquetWriter(buffer, self.schema, compression="lz4", write_statistics=False)))


def _final(kind: Any) -> Any:
    """Returns the type in the finished file: wide numbers are text, what nobody told the type of is text too."""
    return pa.string() if kind == WIDE or pa.types.is_null(kind) else kind


def _cast(table: Any, schema: Any) -> Any:
    columns = [as_type(column, each.type) for column, each in zip(table.columns, schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)
