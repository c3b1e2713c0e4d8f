"""Rows of a database as Arrow columns: types as the database tells them, or as the values do."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

WIDE = pa.decimal256(76, 0)
"""Whole numbers of more digits than 64 bits hold: kept to the last one, since they may name something."""
STAMP = pa.timestamp("us")
NUMERIC = "numeric"
"""In place of a type: numbers that come as text, and whose digits decide."""
DIGITS = 18


def tables_of_rows(cursor: Any, size: int) -> Iterator[Any]:
    """Yields the rows of a cursor of the DB-API as Arrow tables of so many, whose values tell their types.

    A query without rows gives one table of none, since its columns are known all the same.
    """
    names = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchmany(size)
    yield table_of_rows(names, [None] * len(names), rows)
    while rows := cursor.fetchmany(size):
        yield table_of_rows(names, [None] * len(names), rows)


def table_of_rows(names: Sequence[str], kinds: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Any:
    """Returns rows as an Arrow table.

    Args:
        names: of the columns.
        kinds: an Arrow type each, ``NUMERIC``, or None where the values tell.
        rows: a value a column.
    """
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    arrays = [array_of(values, kind) for values, kind in zip(columns, kinds, strict=True)]
    return pa.Table.from_arrays([plain_array(array) for array in arrays], names=list(names))


def array_of(values: Sequence[Any], kind: Any = None) -> Any:
    """Returns values as an Arrow array of a type; without one, of the type that holds them all."""
    if kind == NUMERIC:
        return numeric_array(pa.array(values, pa.string()))
    if kind is None:
        return _array_by_values(values, {type(value) for value in values} - {type(None)})
    return _texts(values) if types.is_string(kind) else pa.array(values, kind)


def _array_by_values(values: Sequence[Any], found: set[type]) -> Any:
    if not found:
        return pa.nulls(len(values))
    if found == {int}:
        with suppress(pa.ArrowException, OverflowError):
            return pa.array(values, pa.int64())
    if found <= {int, Decimal}:
        return numeric_array(
            pa.array(
                [None if value is None else str(value) if type(value) is int else f"{value:f}" for value in values],
                pa.string(),
            )
        )
    if found <= {int, float, Decimal}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if found == {date}:
        return pa.array(values, pa.date32())
    if found <= {datetime, date}:
        return pa.array([datetime(v.year, v.month, v.day) if type(v) is date else v for v in values], STAMP)
    return pa.array(values, pa.binary()) if found == {bytes} else _texts(values)


def _texts(values: Sequence[Any]) -> Any:
    with suppress(pa.ArrowException):
        return pa.array(values, pa.string())  # where all are
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    return value if isinstance(value, str) else str(value)


def numeric_array(texts: Any) -> Any:
    """Returns numbers that are written out: whole ones of any size to the last digit, others as floating ones."""
    if texts.null_count < len(texts):
        if pc.any(pc.match_substring_regex(texts, r"[^-0-9]")).as_py():
            with suppress(pa.ArrowException):
                return texts.cast(pa.float64())
            return pa.array([None if text is None else float(text) for text in texts.to_pylist()], pa.float64())
        if pc.max(pc.utf8_length(texts)).as_py() > DIGITS:
            with suppress(pa.ArrowException):
                return texts.cast(WIDE)
            return texts
    return texts.cast(pa.int64())


def plain_array(array: Any) -> Any:
    """Returns an array in a type that a table of text could be read into; decimals by their digits."""
    held = array.type
    if types.is_decimal(held):
        if held.scale > 0:
            return array.cast(pa.float64())
        with suppress(pa.ArrowException):
            return array.cast(pa.int64())
        return array.cast(WIDE)
    if types.is_boolean(held) or types.is_time(held) or types.is_uint64(held):
        return array.cast(WIDE if types.is_uint64(held) else pa.string())
    if types.is_timestamp(held) and held.unit != "us":
        return array.cast(pa.timestamp("us", held.tz), safe=False)
    return array


def common_type(one: Any, other: Any) -> Any:
    """Returns the type that holds the values of two columns."""
    if one == other or types.is_null(other):
        return one
    if types.is_null(one):
        return other
    if all(map(_is_number, (one, other))):
        kinds = (one, other)
        if any(map(types.is_floating, kinds)):
            return pa.float64()
        return WIDE if any(map(types.is_decimal, kinds)) else pa.int64()
    if all(types.is_date(each) or (types.is_timestamp(each) and each.tz is None) for each in (one, other)):
        return STAMP
    return pa.string()


def _is_number(kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def as_type(column: Any, kind: Any) -> Any:
    """Returns a column in a type that holds it; null columns are text."""
    if column.type == kind:
        return column
    if types.is_decimal(column.type) and types.is_floating(kind):
        return column.cast(pa.string()).cast(kind)
    return column.cast(kind, safe=False)
