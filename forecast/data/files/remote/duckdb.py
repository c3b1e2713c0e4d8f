"""DuckDB, read without a way to write or to other files; it hands its columns on as Arrow's."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import types

from forecast.data.files.remote.columns import plain_array
from forecast.data.files.remote.driver import BATCH, Driver, lacking, not_a_query, without_key
from forecast.data.files.remote.place import DatabasePlace
from forecast.errors import DataError, ForecastError, LockedError, NotFoundError

SAFE = {"enable_external_access": "false", "python_enable_replacements": "false"}
"""A query reaches neither other files nor variables of this program."""


@contextmanager
def _connect(place: DatabasePlace, writes: bool) -> Iterator[Any]:
    try:
        import duckdb  # only who reads one pays for it
    except ImportError:
        raise lacking(place.address, "duckdb>=1.4") from None
    path = Path(place.path)
    if not path.is_file():
        raise NotFoundError(f"There is no file {path}.", "check the path: four slashes before one from the root on")
    connection = duckdb.connect(place.path, read_only=not writes, config=SAFE)
    try:
        yield connection
    finally:
        connection.close()


def _stream(connection: Any, query: str) -> Iterator[Any]:
    made = connection.sql(query)
    if made is None:  # not a query
        yield pa.table({})
        return
    reader = made.to_arrow_reader(BATCH) if hasattr(made, "to_arrow_reader") else made.fetch_arrow_reader(BATCH)
    yield pa.Table.from_batches([], _plain(pa.Table.from_batches([], reader.schema)).schema)
    for batch in reader:
        yield _plain(pa.Table.from_batches([batch]))


def _plain(table: Any) -> Any:
    """Returns a table in types that others have too; what has a zone stands in UTC, since this database keeps none."""
    arrays = []
    for column in table.columns:
        held = column.type
        if types.is_timestamp(held) and held.tz:
            arrays.append(column.cast(pa.timestamp("us", "UTC"), safe=False))
        elif types.is_nested(held) or types.is_interval(held) or types.is_duration(held):
            arrays.append(pa.chunked_array([pa.array([str(v) for v in column.to_pylist()], pa.string())]))
        else:
            arrays.append(plain_array(column))
    return pa.Table.from_arrays(arrays, names=table.column_names)


def _tables(connection: Any) -> list[str]:
    found = connection.execute("select table_schema, table_name from information_schema.tables order by 1, 2")
    return [name if schema == "main" else f"{schema}.{name}" for schema, name in found.fetchall()]


def _complaint(error: Exception, place: DatabasePlace) -> ForecastError | None:
    import duckdb  # its error is here

    if not isinstance(error, duckdb.Error):
        return None
    text = place.scrubbed(str(error).partition("\n")[0])
    if isinstance(error, duckdb.CatalogException) and "Table with name" in text:
        table = text.partition("Table with name ")[2].partition(" does not")[0]
        return NotFoundError(f"{place.address} has no table {table}.", "--table with one of its own")
    if "UNIQUE/PRIMARY KEY" in text:
        return without_key(place)
    if "lock" in text and isinstance(error, duckdb.IOException):
        return LockedError(f"{place.address} is in use by another program.", "try again when that has ended")
    if isinstance(error, duckdb.IOException | duckdb.InternalException | duckdb.FatalException):
        return DataError(f"{place.address} can't be read: {text}.", f"ls -l {place.path}")
    if isinstance(error, duckdb.ConstraintException | duckdb.TransactionException):
        return DataError(f"{place.address} refused: {text}.", "try again")
    return not_a_query(place, text)


def _begin(connection: Any) -> None:
    connection.begin()


DUCKDB = Driver(
    connect=_connect,
    stream=_stream,
    tables=_tables,
    complaint=_complaint,
    begin=_begin,
    cursor=nullcontext,  # its cursors are connections of their own, outside of the transaction
    types=("varchar", "timestamp", "integer", "double"),
)
