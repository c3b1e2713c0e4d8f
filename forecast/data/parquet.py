"""Parquet files: their columns as an Arrow table, without those that no table of text could hold."""

from typing import Any

import pyarrow as pa
from pyarrow import types

from forecast.data.free_memory import free_memory, size_text
from forecast.data.intake import BOMB, HARMLESS, TABLE, too_many
from forecast.data.source import Source
from forecast.errors import DataError

ROW, CELL = 60, 12
"""Memory that is taken for each row and each cell of it while a table becomes series, in bytes."""


def read_parquet(source: Source) -> Any:
    """Returns the columns of a Parquet file that a CSV file could hold too, as an Arrow table.

    Raises:
        DataError: The file is damaged, or has no rows.
    """
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415 only Parquet files pay the 0.1 s

    try:
        file = ParquetFile(pa.BufferReader(source.data))
        plain = [field.name for field in file.schema_arrow if _is_plain(field.type)]
        _check_memory(file.metadata, len(plain), source)
        table = file.read(columns=plain)
    except (pa.ArrowInvalid, OSError):
        raise DataError(f"{source.name} is a damaged or cut-off Parquet file.", "fetch it again") from None
    if table.num_rows == 0:
        raise DataError(f"{source.name} has columns but no rows.", "a forecast needs rows to learn from")
    return table.select(plain)


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


def _is_plain(held: Any) -> bool:
    """Returns whether a Parquet type is one that a CSV file could hold too."""
    if types.is_dictionary(held):
        return bool(types.is_string(held.value_type) or types.is_large_string(held.value_type))
    return not (
        types.is_nested(held) or types.is_binary(held) or types.is_large_binary(held) or types.is_duration(held)
    )
