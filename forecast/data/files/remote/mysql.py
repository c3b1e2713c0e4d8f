"""MySQL and MariaDB by PyMySQL: rows as they come over the wire, in a transaction that only reads."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from forecast.data.files.remote.columns import tables_of_rows
from forecast.data.files.remote.driver import BATCH, WAIT, Driver, lacking, not_a_query
from forecast.data.files.remote.place import DatabasePlace
from forecast.errors import DataError, ForecastError, LockedError, NotFoundError, UsageError

_COMMENT = r"--[^\n]*\n|#[^\n]*\n|/\*(?!!).*?\*/"
_READS = re.compile(rf"(?is)(\s|\(|{_COMMENT})*(select|with|values|table|show)\b")
_WRITES_A_FILE = re.compile(r"\binto\s+(outfile|dumpfile)\b", re.IGNORECASE)
OPTIONS = ("charset", "unix_socket", "ssl_ca", "ssl_cert", "ssl_key", "read_default_file")
"""Of an address, as PyMySQL takes them."""
SILENCE = 600
"""Seconds without a sign of life, after which a server is gone."""


@contextmanager
def _connect(place: DatabasePlace, writes: bool) -> Iterator[Any]:
    try:
        import pymysql  # only who reads one pays for it
        from pymysql.cursors import SSCursor
    except ImportError:
        raise lacking(place.address, "pymysql>=1.1") from None
    strange = next((name for name, _ in place.options if name not in OPTIONS), None)
    if strange:
        raise UsageError(f"{place.address} has an option {strange}, which is none.", f"one of {', '.join(OPTIONS)}")
    connection = pymysql.connect(
        host=place.host or "localhost",
        user=place.user or None,
        database=place.path or None,
        password=place.password or os.environ.get("MYSQL_PWD", ""),
        port=place.port or 0,
        connect_timeout=WAIT,
        read_timeout=SILENCE,
        write_timeout=SILENCE,
        cursorclass=SSCursor,
        local_infile=False,
        **dict(place.options),
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"set session lock_wait_timeout = {WAIT}, innodb_lock_wait_timeout = {WAIT}")
            if not writes:
                cursor.execute("set session transaction read only")
                cursor.execute("start transaction read only")
        yield connection
    finally:
        connection.close()


def _stream(connection: Any, query: str) -> Iterator[Any]:
    import pymysql

    if not _READS.match(query) or _WRITES_A_FILE.search(query):  # others end a transaction that only reads
        raise pymysql.ProgrammingError(1064, "it does not begin with select, or writes a file")
    with connection.cursor() as cursor:
        cursor.execute(query)
        yield from tables_of_rows(cursor, BATCH)


def _tables(connection: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("show tables")
        return [name for (name, *_) in cursor.fetchall()]


def _complaint(error: Exception, place: DatabasePlace) -> ForecastError | None:
    """Returns what an error means, by its number."""
    import pymysql  # its error is here

    if isinstance(error, RuntimeError) and "cryptography" in str(error):
        return lacking(place.address, "cryptography>=42")  # for the way in which MySQL 8 asks for passwords
    if not isinstance(error, pymysql.Error):
        return None
    number, where = error.args[0] if error.args else 0, place.address
    text = place.scrubbed(error.args[1] if len(error.args) > 1 else error)
    at = f"{place.host or 'localhost'}{f':{place.port}' if place.port else ''}"
    if number in {1045, 1698}:
        hint = f"{place.unset}export {place.variable or 'MYSQL_PWD'}=…"
        return DataError(f"{where} lets {place.user or 'this user'} not in: the password is wrong, or the user.", hint)
    if number == 2003:
        return DataError(f"No database answers at {at} within {WAIT} seconds: {text}.", "check host, port and network")
    if number in {1049, 1146}:
        return NotFoundError(f"{where}: {text}.", "")
    if number in {1044, 1142, 1143, 1227}:
        return DataError(f"{where} may not be used so: {text}.", "grant it to that user, or use another")
    if number in {1205, 1213}:
        return LockedError(f"{where} has a table that another session locked for {WAIT} seconds.", "try again later")
    if number in {2006, 2013, 1053}:
        return DataError(f"The connection to {where} was lost: {text}.", "see whether the server is there")
    if isinstance(error, pymysql.ProgrammingError) or number in {1054, 1792}:
        return not_a_query(place, text)
    return DataError(f"{where}: {text}.", "see the manual of the database for what that means")


def _begin(connection: Any) -> None:
    connection.begin()


MYSQL = Driver(
    connect=_connect,
    stream=_stream,
    tables=_tables,
    complaint=_complaint,
    begin=_begin,
    quote="`",
    mark="%s",
    replace="duplicate",
    types=("varchar(190)", "datetime", "integer", "double"),
)
