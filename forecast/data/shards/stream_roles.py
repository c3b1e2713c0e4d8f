"""Which columns of a panel that is read piece by piece tell series and time."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import types

from forecast.data.columns.selection import Selection, select
from forecast.data.columns.wide_tables import DatesAcrossError
from forecast.data.dates.date_columns import split_columns
from forecast.data.files.source import Source
from forecast.data.files.table import Table
from forecast.data.findings import Finding
from forecast.data.read_options import KEEP_ALL, ReadOptions
from forecast.errors import DataError

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


def table_of(source: Source, options: ReadOptions) -> Table:
    """Returns the columns of a source as its words."""
    words = [word for word in options.missing if options.missing != KEEP_ALL]
    return Table(source, decimal=options.decimal, missing=words)


def long_roles(table: Table, options: ReadOptions, today: int | None) -> Roles:
    """Returns which columns of rows that are read piece by piece tell series and time.

    Raises:
        DataError: none tells series apart, or the dates are columns.
    """
    selection = select(table, options, today)
    if selection.table.across is not None:
        raise DatesAcrossError(table, selection.table.across)
    return roles_of(selection, options)


def roles_of(selection: Selection, options: ReadOptions) -> Roles:
    """Returns which columns tell series and time.

    Raises:
        DataError: none tells series apart.
    """
    table = selection.table
    ids, time = selection.columns.ids, selection.columns.time
    if not ids:
        message = f"{table.source.name} holds one series, as far as its columns tell, and a series is never cut."
        raise DataError(message, "--id with the column that tells series apart, or forecast train without shards")
    form = options.date_format or selection.dates.form or None
    times = () if options.no_dates else tuple(split_columns(table, time))
    found = tuple(each for each in selection.findings if each.topic in {"ids", "time", "dates"})
    return Roles(ids, times, form, selection.columns.target[0], found)


def needs_words(table: Table, name: str, roles: Roles) -> bool:
    """Returns whether a column has to be kept as it is written: no type that Arrow gives it says as much."""
    kind = table.stored(name).type
    if types.is_integer(kind):
        return bool(table.texts(name).matching(LEADING_NOUGHT).any())
    return name in roles.times and not types.is_temporal(kind)


def plain_text(column: Any) -> Any:
    """Returns a column whose repeated texts are not coded; an empty one as text."""
    is_coded = types.is_dictionary(column.type) or types.is_null(column.type)
    return column.cast(pa.string()) if is_coded else column
