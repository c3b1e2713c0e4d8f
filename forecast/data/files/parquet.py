"""Parquet files: their columns as an Arrow table, without those that no table of text could hold.

Tables of other libraries, such as polars, become such a file. Three ways in, the newest first: the Arrow PyCapsule
interface (``__arrow_c_stream__``), a method ``to_arrow``, and the data frame interchange protocol (``__dataframe__``).
None of those libraries is imported here.
"""

import io
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from forecast.data.files.dialect.dialect import check_width
from forecast.data.files.free_memory import free_memory, size_text
from forecast.data.files.intake import BOMB, HARMLESS, TABLE, too_many
from forecast.data.files.source import Source
from forecast.errors import DataError, UsageError
from forecast.wording import type_name

ROW, CELL = 60, 12
"""Memory that is taken for each row and each cell of it while a table becomes series, in bytes."""
ROW_LABELS, YEARS = re.compile(r"__index_level_\d+__"), (1500, 2200)
"""What pandas calls an index without a name; one of such whole numbers may be dates."""
WAYS = ("__arrow_c_stream__", "to_arrow", "__dataframe__")


@dataclass(frozen=True, eq=False)
class ParquetColumns:
    """The columns of a Parquet file that a CSV file could hold too."""

    table: Any  # an Arrow table
    left_out: dict[str, str]  # what the others hold, by their names: ``lists``


def read_parquet(source: Source) -> ParquetColumns:
    """Returns the columns of a Parquet file that can be dates, numbers or text.

    Raises:
        DataError: The file is damaged, has no rows, two columns of one name or text that is none.
    """
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415 only Parquet files pay the 0.1 s

    damaged = DataError(f"{source.name} is a damaged or cut-off Parquet file.", "fetch it again")
    try:
        file = ParquetFile(pa.BufferReader(source.data))
        names = list(file.schema_arrow.names)
        left_out = {field.name: what for field in file.schema_arrow if (what := strange_type(field.type))}
        check_width(len(names) - len(left_out), source.name)
        _check_memory(file.metadata, len(names) - len(left_out), source)
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            raise DataError(f"{source.name} has more than one column called {twice}.", "rename one where it is written")
        table = file.read(columns=[name for name in names if name not in left_out])
    except MemoryError:  # Arrow's is one of its exceptions, too
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        raise damaged from None
    if table.num_rows == 0:
        raise DataError(f"{source.name} has columns but no rows.", "a forecast needs rows to learn from")
    plain = {}
    for name in table.column_names:
        if _are_row_labels(name, table.column(name)):
            left_out[name] = "labels of rows, by pandas"
            continue
        try:
            plain[name] = plain_column(table.column(name))
        except pa.ArrowException:
            if _is_bytes(table.column(name).type):
                left_out[name] = "bytes"
                continue
            message = f"Column {name} of {source.name} holds text that is not UTF-8."
            raise DataError(message, "write it anew as UTF-8, or leave that column out") from None
    return ParquetColumns(pa.table(plain), left_out)


def _check_memory(metadata: Any, columns: int, source: Source) -> None:
    """Refuses a table that would not fit into the memory, before a row of it is read: repeated rows pack to nothing.

    Raises:
        DataError: It would not.
    """
    rows = metadata.num_rows
    if 8 * rows * columns > max(HARMLESS, BOMB * len(source.data)):
        message = f"{source.name} holds {rows:,} rows in {size_text(len(source.data))}: the same ones over and over."
        raise DataError(message, "if it is no mistake, save it as CSV and use that")
    unpacked = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    needed = max(rows * (ROW + CELL * columns), TABLE * unpacked)
    if needed > free_memory():
        raise too_many(source.name, f"{rows:,} rows of {columns:,} columns", needed)


def _are_row_labels(name: str, column: Any) -> bool:
    """Tells whether a column is an index without a name that pandas wrote: whole numbers, but for years."""
    if not ROW_LABELS.fullmatch(name) or not types.is_integer(column.type):
        return False
    ends = pc.min_max(column).as_py()
    return ends["min"] is None or not (YEARS[0] <= ends["min"] and ends["max"] <= YEARS[1])


def strange_type(held: Any) -> str:
    """Returns what a column holds that can be neither dates, numbers nor text; nothing for others."""
    if isinstance(held, pa.BaseExtensionType):
        return strange_type(held.storage_type)
    if types.is_dictionary(held):
        return strange_type(held.value_type)
    for is_one, what in (
        (types.is_map, "maps"),
        (types.is_struct, "structures"),
        (types.is_nested, "lists"),
        (types.is_fixed_size_binary, "bytes"),
        (types.is_duration, "durations"),
    ):
        if is_one(held):
            return what
    return ""


def plain_column(column: Any) -> Any:
    """Returns a column in one of the few types that tables of text are read into.

    Raises:
        ArrowException: Its text is not UTF-8.
    """
    held = column.type
    if isinstance(held, pa.BaseExtensionType):
        return plain_column(pa.chunked_array([chunk.storage for chunk in column.chunks], held.storage_type))
    if types.is_run_end_encoded(held):
        return plain_column(pc.run_end_decode(column))
    if types.is_dictionary(held) and not types.is_string(held.value_type):
        return plain_column(column.cast(held.value_type))
    if types.is_decimal(held):
        return _of_decimals(column)
    column.validate(full=True)
    if _is_bytes(held) or types.is_string_view(held) or types.is_large_string(held) or types.is_time(held):
        column = column.cast(pa.string())
    elif types.is_float16(held):
        column = column.cast(pa.float32())
    return column


def _of_decimals(column: Any) -> Any:
    """Returns decimals as whole numbers, where they have no decimals and are no larger, else as floating ones."""
    if column.type.scale <= 0:
        with suppress(pa.ArrowException):
            return column.cast(pa.int64())
    return column.cast(pa.float64())


def _is_bytes(held: Any) -> bool:
    return bool(types.is_binary(held) or types.is_large_binary(held) or types.is_binary_view(held))


def is_arrow_table(data: object) -> bool:
    """Returns whether something hands its columns on, in any of these ways."""
    return not isinstance(data, type) and any(hasattr(data, way) for way in WAYS)


def parquet_bytes(data: Any) -> bytes:
    """Returns a table as the bytes of a Parquet file.

    Raises:
        UsageError: it holds no columns with names, or what no file can hold.
    """
    from pyarrow.parquet import write_table  # noqa: PLC0415 - only who hands in such a table pays the 0.1 s

    try:
        table = _without_codes(_table(data))
        buffer = io.BytesIO()
        write_table(table, buffer)
    except (pa.ArrowException, ValueError, TypeError, NotImplementedError, RuntimeError) as error:
        reason = str(error).partition("\n")[0][:200]
        hint = "a table with a column of dates and one of numbers, such as a polars or pandas frame"
        if callable(getattr(data, "to_frame", None)):  # one column alone
            hint = "a frame of it with a column of dates beside it"
        raise UsageError(f"The {type_name(data)} can't be read: {reason}", hint) from None
    return buffer.getvalue()


def _without_codes(table: Any) -> Any:
    """Returns a table whose coded texts, as polars hands them on, are texts: Arrow writes no coded views."""
    for place, field in enumerate(table.schema):
        if types.is_dictionary(field.type) and types.is_string_view(field.type.value_type):
            chunks = [chunk.dictionary.cast(pa.string()).take(chunk.indices) for chunk in table.column(place).chunks]
            table = table.set_column(place, field.name, pa.chunked_array(chunks, pa.string()))
    return table


def _table(data: Any) -> Any:
    if hasattr(data, WAYS[0]):
        return pa.table(data)
    if hasattr(data, WAYS[1]):
        return pa.table(data.to_arrow())
    from pyarrow.interchange import from_dataframe  # noqa: PLC0415 - likewise

    return from_dataframe(data)
