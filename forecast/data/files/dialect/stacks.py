"""Columns that stand beside each other and belong below one another: of several things, or of several dates.

Price,Close,Close    Date        Ticker  Close        product,Jan-20,Feb-20    product  date    value
Ticker,ABC,XYZ       2024-01-02  ABC         9        chair,12,15              chair    Jan-20     12
Date,,           →   2024-01-02  XYZ         5        table,3,4           →    table    Jan-20      3
2024-01-02,9,5                                                                 chair    Feb-20     15
                                                                               table    Feb-20      4
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

BESIDE = "\x1f"
"""Between a column and whose it is, in the names of columns that are stacked."""


@dataclass(frozen=True)
class Stack:
    """Columns of several things, one of which each series is.

    Attributes:
        entity: what the things are called together: ``Ticker``.
        entities: the things.
        shared: columns of all of them.
        fields: columns of each, or of some.
    """

    entity: str
    entities: tuple[str, ...]
    shared: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns once they are stacked."""
        return (*self.shared, self.entity, *self.fields)

    @property
    def are_years(self) -> bool:
        """Whether the things are years, which are numbers where a column of them is read."""
        return False

    def sources(self, name: str) -> list[str]:
        """Returns the columns of the file that a stacked one is made of: itself, or one for each thing."""
        if name == self.entity:
            return []
        return [name] if name in self.shared else [f"{name}{BESIDE}{entity}" for entity in self.entities]


@dataclass(frozen=True)
class DatesAcross(Stack):
    """Columns that are called like dates, each a row of every series.

    Attributes:
        columns: as the file spells them; ``entities`` are without blanks around them.
    """

    columns: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """The column in which their cells stand."""
        return self.fields[0]

    @property
    def are_years(self) -> bool:
        """Whether the columns are called by years alone."""
        return all(entity.isascii() and entity.isdigit() for entity in self.entities)

    def sources(self, name: str) -> list[str]:
        """Returns the columns of the file that a stacked one is made of."""
        return list(self.columns) if name == self.value else super().sources(name)


def stacked(table: Any, stack: Stack, texts: Callable[[Sequence[str]], Any]) -> Any:
    """Returns an Arrow table whose columns of several things are one below another.

    Args:
        table: of the file.
        stack: what is stacked.
        texts: returns a table of some of the file's columns as it spells their cells, for those of several types.
    """
    columns = {}
    for name in stack.names:
        parts = [each for each in stack.sources(name) if each in table.column_names]
        columns[name] = column = stacked_column(stack, name, table)
        if len(parts) > 1 and types.is_string(column.type):
            words = stacked_column(stack, name, texts(parts))
            columns[name] = pc.if_else(pc.is_valid(column), words, pa.scalar(None, pa.string()))
    return pa.table(columns)


def stacked_column(stack: Stack, name: str, table: Any) -> Any:
    """Returns one column of the stacked table; cells of things without the column are empty.

    Args:
        stack: what is stacked.
        name: the column.
        table: an Arrow table of the file with the columns that it is made of.
    """
    rows, many = table.num_rows, len(stack.entities)
    if name == stack.entity:
        codes = np.repeat(np.arange(many, dtype=np.int32), rows)
        if stack.are_years:
            return pa.chunked_array([pa.array(np.array(stack.entities, np.int64)[codes])])
        return pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(stack.entities)))])
    sources = stack.sources(name) * (many if name in stack.shared else 1)
    empty = pa.chunked_array([pa.nulls(rows)])
    parts = [table.column(each) if each in table.column_names else empty for each in sources]
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
