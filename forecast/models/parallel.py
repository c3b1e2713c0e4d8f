"""Threads and pieces for work on arrays: numpy and BLAS let others run while they count, caches hold what is small."""

import ctypes
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

FloatArray = NDArray[np.float64]
Item = TypeVar("Item")
Result = TypeVar("Result")
PIECE = 1 << 14
"""Values of a piece: some arrays of as many fit into the cache of a core."""
RUN = 1 << 20
"""Values that one thread takes at a time."""


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> list[Result]:
    """Returns what the work makes of each item, in their order: an item a thread, so many threads at a time.

    A product of matrices keeps to its own thread meanwhile: on all of them, it would wait for the slowest.
    """
    items = list(items)
    threads = min(threads, len(items))
    if threads < 2:
        return [work(item) for item in items]
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(work, items))
    give_back()
    return results


def in_pieces(work: Callable[..., FloatArray], *arrays: NDArray[np.generic], threads: int = 1) -> FloatArray:
    """Returns what an element-wise function makes of arrays, (N,) each, the same whatever the pieces.

    An expression makes an array a step. Of ten million values each is fetched from memory and brought back, and the
    system hands out new pages for it: that takes longer than the arithmetic.

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


def give_back() -> None:
    """Gives memory that is free again back to the system, where its library (glibc's) would keep it for each thread."""
    with suppress(OSError, AttributeError):  # another system's library has no such function
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def beforehand(works: Sequence[Callable[[], object]], threads: int) -> Iterator[None]:
    """Does works in a thread of their own, one after the other, while the block runs; who needs them later finds them.

    An error of theirs is not told here: it comes again where the work is needed. None is begun after the block.

    Args:
        works: in the order in which they will be needed.
        threads: that count at once; of one alone, nothing is done beforehand.
    """
    if threads < 2 or not works:
        yield
        return
    pool = ThreadPoolExecutor(1)
    for work in works:
        pool.submit(work)
    try:
        yield
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
