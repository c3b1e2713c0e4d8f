"""A digest of rows that does not hang on their order: a query without ``order by`` returns them in any.

Each row becomes 64 bits, twice, and the rows are added up. Numbers count by their value, whatever their type is.
"""

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import types

from forecast.data.arrow import coded, flags, memory

Words = NDArray[np.uint64]
ODD = np.uint64(0x9E3779B97F4A7C15)
NOTHING = np.uint64(0x5851F42D4C957F2D)
"""In place of a value that is not there."""


class RowDigest:
    """Adds up what it is told, table by table."""

    def __init__(self) -> None:
        """Begins without a row."""
        self.rows = 0
        self._sums = [0, 0]
        self._names: tuple[str, ...] = ()

    def add(self, table: Any) -> None:
        """Counts the rows of an Arrow table, whose columns are called as in those before."""
        self._names = tuple(table.column_names)
        self.rows += table.num_rows
        for salt in range(2):
            rows = np.full(table.num_rows, salt, np.uint64)
            for column in table.columns:
                rows = mixed(rows * ODD + hashed(column))
            self._sums[salt] = (self._sums[salt] + int(rows.sum(dtype=np.uint64))) % (1 << 64)

    def hexdigest(self) -> str:
        """Returns 64 signs that tell the columns, how many rows there are, and what is in them."""
        parts = [*self._names, self.rows, *self._sums]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def mixed(words: Words) -> Words:
    """Returns words of which each bit hangs on all bits of the word (the finalizer of SplitMix64)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def hashed(column: Any) -> Words:
    """Returns 64 bits for each value of an Arrow column."""
    held = column.type
    if types.is_null(held):
        return np.full(len(column), NOTHING)
    if types.is_integer(held) or types.is_floating(held) or types.is_decimal(held):
        text = types.is_decimal(held)  # which Arrow does not turn into floating numbers at all sizes
        array = (column.cast(pa.string()) if text else column).cast(pa.float64(), safe=False).combine_chunks()
        words = (memory(array, np.float64) + 0.0).view(np.uint64)  # -0.0 is 0.0
    elif types.is_date(held) or types.is_timestamp(held):
        tz = getattr(held, "tz", None)
        array = column.cast(pa.timestamp("us", tz), safe=False).combine_chunks()
        words = memory(array, np.int64).view(np.uint64)
    else:
        codes, values = coded(column if types.is_string(held) else column.cast(pa.string()))
        own = [hashlib.blake2b(str(value).encode(), digest_size=8).digest() for value in values.to_pylist()]
        return np.append(np.frombuffer(b"".join(own), np.uint64), NOTHING)[codes]
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    return np.where(flags(array.is_valid()), mixed(words + ODD), NOTHING) if array.null_count else mixed(words + ODD)
