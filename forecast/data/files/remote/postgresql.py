"""PostgreSQL by psycopg 3: a server-side cursor in a transaction that only reads, types as the server names them.

libpq finds a password that the address does not tell: in PGPASSWORD, ~/.pgpass (PGPASSFILE) or a service file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from forecast.data.files.remote.columns import NUMERIC, STAMP, table_of_rows
from forecast.data.files.remote.driver import BATCH, WAIT, Driver, lacking, not_a_query, without_key
from forecast.data.files.remote.place import DatabasePlace
from forecast.errors import DataError, ForecastError, LockedError, NotFoundError, UsageError

TYPES = {
    "int2": pa.int64(),
    "int4": pa.int64(),
    "int8": pa.int64(),
    "float4": pa.float64(),
    "float8": pa.float64(),
    "numeric": NUMERIC,
    "date": pa.date32(),
    "timestamp": STAMP,
}
"""By the server's names; what has none of these is text, as the server writes it."""
AS_TEXT = ("numeric", "uuid", "json", "jsonb", "time", "timetz", "interval", "inet", "cidr")
ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
"""After a minute or so without a sign of life, a server is gone."""


@contextmanager
def _connect(place: DatabasePlace, writes: bool) -> Iterator[Any]:
    try:
        import psycopg  # only who reads one pays for it
        from psycopg.types.string import TextLoader
    except ImportError:
        raise lacking(place.address, "psycopg[binary]>=3.3") from None
    named: dict[str, Any] = {"host": place.host, "port": place.port, "user": place.user, "dbname": place.path}
    named |= {"password": place.password} | dict(place.options)
    told: dict[str, Any] = {"connect_timeout": WAIT, "application_name": "forecast"} | ALIVE
    told |= {key: value for key, value in named.items() if value not in ("", None)}
    try:
        connection = psycopg.connect(**told)
    except psycopg.ProgrammingError as error:
        raise UsageError(f"{place.address} can't be used: {place.scrubbed(error)}.", "correct its options") from None
    try:
        connection.execute(
            "select set_config('lock_timeout', %s, false) where current_setting('lock_timeout') = '0'", (f"{WAIT}s",)
        )
        connection.commit()
        connection.read_only = not writes
        for name in AS_TEXT:
            connection.adapters.register_loader(name, TextLoader)
        yield connection
    finally:
        connection.close()


def _stream(connection: Any, query: str) -> Iterator[Any]:
    with connection.cursor(name="forecast") as cursor:
        cursor.execute(query)
        names = [column.name for column in cursor.description]
        kinds = [_kind(connection, column.type_code) for column in cursor.description]
        rows = cursor.fetchmany(BATCH)
        yield table_of_rows(names, kinds, rows)
        while rows := cursor.fetchmany(BATCH):
            yield table_of_rows(names, kinds, rows)


def _kind(connection: Any, code: int) -> Any:
    """Returns the Arrow type of a column; of an instant with its zone, the session's."""
    info = connection.adapters.types.get(code)
    name = info.name if info and info.oid == code else ""
    if name == "timestamptz":
        zone = connection.info.timezone
        return pa.timestamp("us", zone.key if isinstance(zone, ZoneInfo) else "UTC")
    return TYPES.get(name, pa.string())


def _tables(connection: Any) -> list[str]:
    found = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2"
    )
    return [name if schema == "public" else f"{schema}.{name}" for schema, name in found.fetchall()]


def _complaint(error: Exception, place: DatabasePlace) -> ForecastError | None:
    """Returns what an error means: by its SQLSTATE, else, of a connection that failed, by its words."""
    import psycopg  # its error is here

    if not isinstance(error, psycopg.Error):
        return None
    state, text, where = error.sqlstate or "", place.scrubbed(str(error).partition("\n")[0]), place.address
    again = f"psql {where.partition('#')[0]} says whether it is there"
    if state == "42P01":
        return NotFoundError(f"{where} has no table {text.partition('relation ')[2].partition(' does')[0]}.", "")
    if state == "42501":
        return DataError(
            f"{where} may not be used so by {_user(place)}: {text}.", "grant it to that user, or use another"
        )
    if state in {"55P03", "40P01"}:
        return LockedError(f"{where} has a table that another session locked for {WAIT} seconds.", "try again later")
    if state in {"25006", "0A000"} or (state.startswith("42") and state != "42P10"):
        return not_a_query(place, text)
    if state == "42P10":
        return without_key(place)
    if state[:2] in {"22", "23"} or (not state and isinstance(error, psycopg.DataError)):
        return DataError(f"{where} holds, or is given, what can't be: {text}.", "--query 'select …' leaves it out")
    if not state:
        return _unconnected(place, str(error)) or DataError(f"The connection to {where} was lost: {text}.", again)
    return DataError(f"{where} ended it: {text}.", again)


def _user(place: DatabasePlace) -> str:
    return place.user or "this user"


def _unconnected(place: DatabasePlace, text: str) -> ForecastError | None:
    """Returns why there is no connection, as far as words tell."""
    where, line = place.address.partition("#")[0], place.scrubbed(text)
    port, waited = f":{place.port}" if place.port else "", dict(place.options).get("connect_timeout", WAIT)
    if "authentication failed" in line or "no password supplied" in line:
        wrong = "no password was found" if "no password" in line else "the password is wrong, or the user"
        kept = "a line in ~/.pgpass: HOST:PORT:DATABASE:USER:PASSWORD"
        hint = f"{place.unset}export {place.variable or 'PGPASSWORD'}=…, or {kept}"
        return DataError(f"{where} lets {_user(place)} not in: {wrong}.", hint)
    if "timeout" in line or "timed out" in line:
        return DataError(f"{place.host}{port} did not answer within {waited} seconds.", "check host, port and network")
    if "Connection refused" in line:
        return DataError(f"No database listens at {place.host or 'this machine'}{port}.", "check host and port")
    if "resolve" in line or "translate host" in line or "Name or service" in line:
        return DataError(f"There is no host {place.host}.", "check its name")
    if 'database "' in line and "does not exist" in line:
        return NotFoundError(
            f"There is no database {place.path} at {place.host or 'this machine'}{port}.", "psql --list"
        )
    if "connection failed" in line or "connection to server" in line:
        return DataError(f"{where} can't be reached: {line.rpartition('failed: ')[2]}.", f"psql {where}")
    return None


def _begin(connection: Any) -> None:
    del connection  # psycopg begins one by itself


POSTGRESQL = Driver(connect=_connect, stream=_stream, tables=_tables, complaint=_complaint, begin=_begin, mark="%s")
