"""Threads for work on arrays: numpy and BLAS let others run while they count."""

import ctypes
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_cpus() -> int:
    """Returns the number of CPU threads that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Returns what the work makes of each item, in their order: an item a thread, as many at a time as there are CPUs.

    A product of matrices keeps to its own thread meanwhile: on all of them, it would wait for the slowest.
    """
    items = list(items)
    threads = min(available_cpus(), len(items))
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
