"""Columns of several things, side by side in a file, one below another in a table.

Date        Close␟ABC  Close␟XYZ          Date        Ticker  Close
2024-01-02  9          5           ──▶    2024-01-02  ABC     9
2024-01-02  XYZ     5
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from forecast.data.files.header_lines import BESIDE, Stack


def stacked(table: Any, stack: Stack) -> Any:
    """Returns an Arrow table whose columns of several things are one below another."""
    rows, names = table.num_rows, table.column_names
    return pa.table({name: stacked_column(stack, name, table.column, rows, names) for name in stack.names})


def stacked_column(
    stack: Stack, name: str, read: Callable[[str], Any], rows: int, names: list[str] | tuple[str, ...]
) -> Any:
    """Returns one column of the stacked table.

    Args:
        stack: What is stacked.
        name: The column.
        read: Returns a column of the file.
        rows: Of the file.
        names: All columns of the file.
    """
    many = len(stack.entities)
    if name == stack.entity:
        codes = pa.array(np.repeat(np.arange(many, dtype=np.int32), rows))
        return pa.chunked_array([pa.DictionaryArray.from_arrays(codes, pa.array(list(stack.entities)))])
    if name in stack.shared:
        parts = [read(name)] * many
    else:
        raw = [f"{name}{BESIDE}{entity}" for entity in stack.entities]
        parts = [read(each) if each in names else pa.chunked_array([pa.nulls(rows)]) for each in raw]
    kind = _common([part.type for part in parts])
    return pa.chunked_array([chunk for part in parts for chunk in part.cast(kind).chunks], kind)


def _common(kinds: list[Any]) -> Any:
    """Returns the type that can hold the values of all."""
    held = [kind for kind in kinds if not types.is_null(kind)]
    if not held:
        return pa.null()
    if all(kind == held[0] for kind in held) and not types.is_dictionary(held[0]):
        return held[0]
    if all(types.is_integer(kind) or types.is_floating(kind) for kind in held):
        return pa.float64()
    return pa.string()
