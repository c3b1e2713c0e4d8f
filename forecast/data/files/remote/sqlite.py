"""SQLite, by Python's own library: read without a way to write, its columns typed by their values."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from forecast.data.files.remote.columns import tables_of_rows
from forecast.data.files.remote.driver import BATCH, WAIT, Driver, not_a_query, without_key
from forecast.data.files.remote.place import DatabasePlace
from forecast.errors import DataError, ForecastError, LockedError, NotFoundError


@contextmanager
def _connect(place: DatabasePlace, writes: bool) -> Iterator[Any]:
    path = Path(place.path)
    if not path.is_file():
        raise NotFoundError(f"There is no file {path}.", "check the path: four slashes before one from the root on")
    mode = "rw" if writes else "ro"
    connection = sqlite3.connect(f"file:{quote(place.path)}?mode={mode}", WAIT, uri=True, isolation_level=None)
    try:
        connection.set_authorizer(_allowed)
        connection.text_factory = _text
        yield connection
    finally:
        connection.close()


def _allowed(action: int, *_: object) -> int:
    """Lets a query have no other file than its own."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _stream(connection: Any, query: str) -> Iterator[Any]:
    yield from tables_of_rows(connection.execute(query), BATCH)


def _tables(connection: Any) -> list[str]:
    kinds = "type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\'"
    return [name for (name,) in connection.execute(f"select name from sqlite_master where {kinds} order by name")]


def _complaint(error: Exception, place: DatabasePlace) -> ForecastError | None:
    if not isinstance(error, sqlite3.Error | sqlite3.Warning):
        return None
    text = place.scrubbed(error)
    if "ON CONFLICT clause" in text:
        return without_key(place)
    if "locked" in text or "busy" in text:
        return LockedError(f"{place.address} is locked by another program for {WAIT} seconds.", "try again later")
    if text.startswith("no such table"):
        return NotFoundError(f"{place.address} has no table {text.partition(': ')[2]}.", "--table with one of its own")
    if "malformed" in text or "not a database" in text:
        return DataError(f"{place.path} is no SQLite database, or a damaged one.", f"file {place.path}")
    if isinstance(error, sqlite3.IntegrityError) or "unable to open" in text or "disk" in text:
        return DataError(f"{place.address} refused: {text}.", f"ls -l {place.path}")
    if "readonly" in text:
        reason = "it may not be written by this user" if "attempt" in text else text
        return DataError(f"{place.address} was not written: {reason}.", f"ls -l {place.path}")
    return not_a_query(place, text)


def _begin(connection: Any) -> None:
    connection.execute("begin immediate")


SQLITE = Driver(
    connect=_connect,
    stream=_stream,
    tables=_tables,
    complaint=_complaint,
    begin=_begin,
    types=("text", "text", "integer", "real"),
)
