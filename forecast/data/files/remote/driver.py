"""What each kind of database does in its own way, as a record; the modules beside this one make one each."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Any, Literal

from forecast.data.files.remote.place import DatabasePlace
from forecast.errors import DataError, DependencyError, ForecastError, UsageError

WAIT = 10
"""Seconds that a host has to answer, and that somebody else's lock is waited for."""
BATCH = 50_000
"""Rows that are fetched at a time."""
_PART = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')


@dataclass(frozen=True)
class Driver:
    """One kind of database.

    Attributes:
        connect: opens a database for reading, or for writing too, and closes it again; what is not committed is undone.
        stream: the rows of a query as Arrow tables, so many at a time.
        tables: the names of its tables.
        complaint: what an error of the driver means; None for an error of somebody else.
        begin: begins a transaction.
        cursor: opens what runs statements in that transaction, and closes it again.
        quote: stands around names.
        mark: stands for a value.
        replace: how a row takes the place of one with the same key, in the words of the database.
        types: of the columns of a table that is made: texts, times, whole numbers and numbers.
    """

    connect: Callable[[DatabasePlace, bool], AbstractContextManager[Any]]
    stream: Callable[[Any, str], Iterator[Any]]
    tables: Callable[[Any], list[str]]
    complaint: Callable[[Exception, DatabasePlace], ForecastError | None]
    begin: Callable[[Any], None]
    cursor: Callable[[Any], AbstractContextManager[Any]] = lambda connection: closing(connection.cursor())
    quote: str = '"'
    mark: str = "?"
    replace: Literal["conflict", "duplicate"] = "conflict"
    types: tuple[str, str, str, str] = ("text", "timestamp", "integer", "double precision")

    def quoted(self, name: str) -> str:
        """Returns a name as it stands in a query, where it can be nothing but a name."""
        return f"{self.quote}{name.replace(self.quote, 2 * self.quote)}{self.quote}"

    def table(self, name: str) -> str:
        """Returns a table, with its schema or without, as it stands in a query.

        Raises:
            UsageError: it is no name.
        """
        parts = [(first or "").replace('""', '"') or second for first, second in _PART.findall(name)]
        if not parts or _PART.sub("", name).strip(".") or "\0" in name:
            raise UsageError(f"{name!r} can't name a table.", "--table NAME or SCHEMA.NAME")
        return ".".join(self.quoted(part) for part in parts)


def lacking(what: str, package: str) -> DependencyError:
    """Returns that a library is needed which is not installed."""
    name = package.partition("[")[0].partition(">")[0]
    return DependencyError(f"{what} needs {name}, which is not installed.", f"pip install '{package}'")


def without_key(place: DatabasePlace) -> DataError:
    """Returns that a table has no key by which a row could be replaced."""
    return DataError(f"{place.address} has a table without a key that tells forecasts apart.", "")


def not_a_query(place: DatabasePlace, reason: str) -> UsageError:
    """Returns that a database can't run a query, with its reason."""
    return UsageError(
        f"{place.address} can't run the query: {place.scrubbed(reason)}.", "--query 'select … from …', which only reads"
    )
