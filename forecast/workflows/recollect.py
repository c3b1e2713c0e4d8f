"""`forecast explain --memory-test`: how long each cell remembers, as an experiment of its own."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np

from forecast.evaluation.insight.recollection import (
    FEWER_SEEDS,
    LAGS,
    PARAMETERS,
    SEEDS,
    SETUPS,
    STEPS,
    USUAL,
    Recollection,
    setups_of,
)
from forecast.specs import CELLS, Cell

THREADS = 2


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
    from forecast.models.recall import Pupil, recall_rates, units_for  # noqa: PLC0415 - imports TensorFlow

    began = time.perf_counter()
    units: dict[Cell, int] = {cell: units_for(cell, PARAMETERS) for cell in CELLS}
    counts = {setup: SEEDS if setup == USUAL else FEWER_SEEDS for setup in SETUPS}
    pupils = {
        cell: [Pupil(seed + i, **SETUPS[setup]) for setup in setups_of(cell) for i in range(counts[setup])]
        for cell in CELLS
    }
    rates: dict[Cell, np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = {
        cell: np.empty((len(lags), len(pupils[cell]))) for cell in CELLS
    }
    jobs = [(cell, place) for place in reversed(range(len(lags))) for cell in CELLS]  # the longest first
    total, done = sum(lags) * len(CELLS), 0

    def run(job: tuple[Cell, int]) -> tuple[Cell, int]:
        cell, place = job
        rates[cell][place] = recall_rates(cell, units[cell], pupils[cell], lags[place], steps)
        return job

    pool = ThreadPoolExecutor(THREADS)
    try:
        for future in as_completed([pool.submit(run, job) for job in jobs]):
            done += lags[future.result()[1]]
            progress(done / total)
    finally:
        pool.shutdown(cancel_futures=True)
    by_setup = {}
    for cell in CELLS:
        ends = np.cumsum([counts[setup] for setup in setups_of(cell)])
        by_setup[cell] = dict(zip(setups_of(cell), np.split(rates[cell], ends[:-1], axis=1), strict=True))
    return Recollection(lags, units, by_setup, steps, time.perf_counter() - began)
