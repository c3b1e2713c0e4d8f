"""Arrow columns as numpy arrays.

Arrow's own ``to_numpy`` imports pandas, which would cost ``predict`` a quarter of a second. Here its memory is
read instead.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray
from pyarrow import types

from forecast.data.panel import IntArray


def memory(array: Any, dtype: DTypeLike) -> NDArray[Any]:
    """Returns the values of an Arrow array of that width, without copying; where it is null, anything."""
    kind = np.dtype(dtype)
    if len(array) == 0:
        return np.empty(0, kind)
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def flags(array: Any) -> NDArray[np.bool_]:
    """Returns an Arrow array of true and false, which Arrow packs into bits."""
    return memory(array.cast(pa.uint8()), np.bool_)


def coded(column: Any) -> tuple[IntArray, Any]:
    """Returns the position of each row's value among the different values, -1 for none, and those values."""
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if not types.is_dictionary(chunked.type):
        chunked = chunked.dictionary_encode()
    array = chunked.unify_dictionaries().combine_chunks()
    codes = memory(array.indices.cast(pa.int64()), np.int64)
    return np.where(flags(array.is_valid()), codes, -1) if array.null_count else codes, array.dictionary
