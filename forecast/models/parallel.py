"""Threads for work on arrays: numpy and BLAS let others run while they count."""

import ctypes
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


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


def give_back() -> None:
    """Gives memory that is free again back to the system, where its library (glibc's) would keep it for each thread."""
    with suppress(OSError, AttributeError):  # another system's library has no such function
        ctypes.CDLL(None).malloc_trim(0)
