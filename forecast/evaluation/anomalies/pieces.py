"""Arithmetic on long arrays piece by piece: what lies between their ends stays in the processor's cache.

An expression of several steps makes an array a step. Of ten million values each of them is fetched from memory and
brought back, and the system hands out new pages for it: that takes longer than the arithmetic.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from forecast.models.parallel import side_by_side

FloatArray = NDArray[np.float64]
PIECE = 1 << 14
"""Values of a piece: some arrays of as many fit into the cache of a core."""
RUN = 1 << 20
"""Values that one thread takes at a time."""


def in_pieces(work: Callable[..., FloatArray], *arrays: NDArray[np.generic], threads: int = 1) -> FloatArray:
    """Returns what an element-wise function makes of arrays, (N,) each, the same whatever the pieces.

    Args:
        work: of pieces of the arrays.
        arrays: at least one.
        threads: runs of pieces at a time.
    """
    count = len(arrays[0])
    if count <= PIECE:
        return work(*arrays)
    result = np.empty(count)

    def run(first: int) -> None:
        for begin in range(first, min(first + RUN, count), PIECE):
            own = slice(begin, min(begin + PIECE, first + RUN, count))
            result[own] = work(*(array[own] for array in arrays))

    side_by_side(run, range(0, count, RUN), threads)
    return result
