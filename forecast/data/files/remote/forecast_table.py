"""Forecasts as rows of a table in a database: all of them in one transaction, or none.

A row takes the place of the one with the same name, model, version, series, timestamp and origin.
"""

import os
import re
from collections.abc import Sequence
from typing import Any

from forecast.addresses import is_database, table_of
from forecast.data.files.remote.database import complaining, driver_of
from forecast.data.files.remote.driver import Driver
from forecast.data.files.remote.place import DatabasePlace, place_of, settled
from forecast.errors import DataError, ForecastError, NotFoundError, UsageError
from forecast.wording import counted, listed

NAME = "name"
"""The column of the model's name in the store, which a table that somebody else made may lack."""
KEY = ("model", "version", "series_id", "timestamp", "origin")
INSTANTS, WHOLE = ("timestamp", "origin"), ("step",)
_INSTANT = re.compile(r"\d{4,}-\d\d-\d\d(T\d\d:\d\d:\d\d)?")

Cell = str | int | float | None


def check_forecast_table(address: str) -> None:
    """Refuses an address that forecasts can't be written to, before any work is done for it.

    Raises:
        UsageError: it is no table of a database.
    """
    if not is_database(address):
        raise UsageError(f"Forecasts can't be written to {address}.", "-o FILE.csv, or -o postgresql://HOST/DB#TABLE")
    if not table_of(address):
        raise UsageError(f"{address} names no table.", f"-o '{address}#forecasts'")
    settled(address)


def write_forecasts(
    address: str, name: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, create: bool = False
) -> None:
    """Writes forecasts into a table: all of them, or, if anything fails, none.

    Args:
        address: of the table, see ``forecast.addresses``.
        name: of the model in the store.
        columns: of the forecasts, as in a file of them.
        rows: a value a column.
        create: make the table where it is not there.

    Raises:
        UsageError: these are no forecasts of single steps.
        NotFoundError: there is no such table, and none is to be made; or no such database.
        DataError: the table lacks a column or a key, the user may not write, or the connection was lost.
        LockedError: somebody else holds a lock on it.
    """
    check_forecast_table(address)
    if not {*KEY} <= {*columns}:
        raise UsageError("Only a forecast of each step is written into a database.", "-o FILE.csv for this one")
    named = settled(address)
    place, table = place_of(named, os.environ), table_of(named)
    driver = driver_of(place.kind)
    kept: tuple[str, ...] = ()
    columns, rows = (NAME, *columns), [(name, *row) for row in rows]
    try:
        with complaining(driver, place, "" if create else table), driver.connect(place, True) as connection:
            driver.begin(connection)
            if create:
                _run(driver, connection, _create(driver, table, columns, rows))
            used = _columns(driver, connection, table)
            kept = _kept(columns, used, place, driver, table)
            places = [columns.index(each) for each in kept]
            told = [[_plain(row[i]) for i in places] for row in rows]
            _run_many(driver, connection, _upsert(driver, table, kept), told)
            connection.commit()
    except NotFoundError as error:
        if "no table" in error.message and not create:
            raise NotFoundError(error.message, "--create-table makes it") from None
        raise
    except ForecastError as error:
        if "without a key" in error.message:
            raise _lacks_key(place, driver, table, kept) from None
        error.add(f"None of the {counted(len(rows), 'forecast')} was written.")
        raise


def holds_forecast(address: str, name: str, version: str) -> bool:
    """Returns whether a table has a forecast of a version of a model; one that is not there has none.

    Raises:
        ForecastError: the database can't be reached or read.
    """
    named = settled(address)
    place, table = place_of(named, os.environ), table_of(named)
    driver = driver_of(place.kind)
    try:
        with complaining(driver, place, table), driver.connect(place, False) as connection:
            asked = {NAME: name, "version": version}
            asked = {column: value for column, value in asked.items() if column in _columns(driver, connection, table)}
            wanted = " and ".join(f"{driver.quoted(column)} = {driver.mark}" for column in asked)
            with driver.cursor(connection) as cursor:
                cursor.execute(
                    f"select 1 from {driver.table(table)} where {wanted or '1 = 0'} limit 1", list(asked.values())
                )
                return bool(cursor.fetchall())
    except NotFoundError:
        return False


def _plain(value: Any) -> Any:
    return None if value == "" or value != value else value  # noqa: PLR0124 - NaN


def _run(driver: Driver, connection: Any, statement: str) -> None:
    """Runs a statement with a cursor, as all drivers have one; it is closed before its connection is."""
    with driver.cursor(connection) as cursor:
        cursor.execute(statement)


def _run_many(driver: Driver, connection: Any, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        with driver.cursor(connection) as cursor:
            cursor.executemany(statement, rows)


def _columns(driver: Driver, connection: Any, table: str) -> list[str]:
    """Returns the columns of a table that is there."""
    with driver.cursor(connection) as cursor:
        cursor.execute(f"select * from {driver.table(table)} where 1 = 0")
        names = [column[0] for column in cursor.description]
        cursor.fetchall()
        return names


def _kept(
    columns: Sequence[str], there: Sequence[str], place: DatabasePlace, driver: Driver, table: str
) -> tuple[str, ...]:
    """Returns the columns that are written.

    Raises:
        DataError: the table lacks one that it must have.
    """
    lacking = [name for name in columns if name not in there and name != NAME]
    if {*KEY} & {*lacking}:
        what = f"Table {table} of {place.address} has no column {listed(lacking)}"
        raise DataError(f"{what}: it is none of forecasts.", "another table, with --create-table")
    if lacking:
        added = f"alter table {driver.table(table)} add column {driver.quoted(lacking[0])} {driver.types[3]}"
        what = f"Table {table} of {place.address} has no column {listed(lacking)}"
        raise DataError(f"{what}, which the forecasts have.", f"{added}; or another table, with --create-table")
    return tuple(name for name in columns if name in there)


def _keys(columns: Sequence[str]) -> list[str]:
    return [name for name in (NAME, *KEY) if name in columns]


def _create(driver: Driver, table: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    text, instant, whole, number = driver.types
    kinds = []
    for i, name in enumerate(columns):
        values = [row[i] for row in rows if row[i] not in (None, "")]
        if name in INSTANTS and all(_INSTANT.fullmatch(str(value)) for value in values):
            kind = instant
        elif name in WHOLE:
            kind = whole
        else:
            is_text = name in {NAME, *KEY} or any(isinstance(value, str) for value in values)
            kind = text if is_text else number
        kinds.append(f"{driver.quoted(name)} {kind}")
    key = ", ".join(map(driver.quoted, _keys(columns)))
    return f"create table if not exists {driver.table(table)} ({', '.join(kinds)}, primary key ({key}))"


def _upsert(driver: Driver, table: str, columns: Sequence[str]) -> str:
    """Returns the statement that inserts a row, or replaces the one with its key."""
    names, marks = map(driver.quoted, columns), ", ".join([driver.mark] * len(columns))
    keys, rest = _keys(columns), [driver.quoted(name) for name in columns if name not in _keys(columns)]
    insert = f"insert into {driver.table(table)} ({', '.join(names)}) values ({marks})"
    if driver.replace == "duplicate":
        return f"{insert} on duplicate key update {', '.join(f'{name} = values({name})' for name in rest)}"
    sets = ", ".join(f"{name} = excluded.{name}" for name in rest)
    return f"{insert} on conflict ({', '.join(map(driver.quoted, keys))}) do update set {sets}"


def _lacks_key(place: DatabasePlace, driver: Driver, table: str, columns: Sequence[str]) -> DataError:
    key = ", ".join(map(driver.quoted, _keys(columns)))
    message = f"Table {table} of {place.address} has no key that tells forecasts apart, so none can be replaced."
    return DataError(message, f"create unique index on {driver.table(table)} ({key}), of those that it has")
