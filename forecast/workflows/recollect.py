"""`forecast explain --memory-test`: how long each cell remembers, as an experiment of its own."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from forecast.evaluation.explain.memory_test import (
    FEWER_SEEDS,
    LAGS,
    PARAMETERS,
    SEEDS,
    SETUPS,
    STEPS,
    USUAL,
    Recollection,
)
from forecast.specs import CELLS, Cell

THREADS = 2
EDGES = (0, 20, 100, 10_000)
"""Lags from one to the next share a compiled loop: it is as dear for all as for the longest of them."""


def recollect(
    seed: int = 0,
    progress: Callable[[float], None] = lambda _share: None,
    *,
    lags: tuple[int, ...] = LAGS,
    steps: int = STEPS,
) -> Recollection:
    """Trains all cells in all setups at all lags and asks them what they remember.

    Args:
        seed: the first seed of the networks.
        progress: told the share that is done.
        lags: steps between the value and the question.
        steps: of training.
    """
    from forecast.models.networks.memory_task import Pupil, lessons, units_for  # imports TensorFlow

    began = time.perf_counter()
    units: dict[Cell, int] = {cell: units_for(cell, PARAMETERS) for cell in CELLS}
    counts = {cell: [SEEDS if setup == USUAL else FEWER_SEEDS for setup in SETUPS[cell]] for cell in CELLS}
    rates = {cell: np.empty((len(lags), sum(counts[cell]))) for cell in CELLS}
    groups = [[lag for lag in lags if low < lag <= high] for low, high in pairwise(EDGES)]
    finished: list[int] = []

    def run(cell: Cell, group: list[int]) -> None:
        setups = zip(SETUPS[cell].values(), counts[cell], strict=True)
        pupils = [Pupil(seed + i, **setup) for setup, count in setups for i in range(count)]
        lesson = lessons(cell, units[cell], pupils, max(group), steps)
        for lag in group:
            rates[cell][lags.index(lag)] = lesson(lag)
            finished.append(lag)
            progress(sum(finished) / (sum(lags) * len(CELLS)))

    pool = ThreadPoolExecutor(THREADS)
    try:  # the longest first
        for future in [pool.submit(run, cell, group) for group in reversed(groups) if group for cell in CELLS]:
            future.result()
    finally:
        pool.shutdown(cancel_futures=True)
    by_setup = {}
    for cell in CELLS:
        ends = np.cumsum(counts[cell])[:-1]
        by_setup[cell] = dict(zip(SETUPS[cell], np.split(rates[cell], ends, axis=1), strict=True))
    return Recollection(lags, units, by_setup, steps, time.perf_counter() - began)
