"""How long cells remember when nothing but memory is asked: the settings of the test, and what came out.

Shapes: ``K`` lags, ``R`` seeds.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import USUAL
from forecast.run import Run
from forecast.wording import spelled

FloatArray = NDArray[np.float64]

LAGS = (2, 5, 10, 20, 50, 100, 200)
PARAMETERS = 800
STEPS = 180
SEEDS, FEWER_SEEDS = 3, 2
"""Networks of the usual setup, and of each that differs from it."""
PASS = 0.75
"""Half way between guessing and always right: below it a cell is said to have given up."""


@dataclass(frozen=True, eq=False)
class MemoryTestResult:
    """What the test found.

    Attributes:
        units: by cell, for equally many parameters.
        rates: by cell and setup, (K, R), the share of right answers; guessing gives 0.5.
        seconds: that all took.
    """

    lags: tuple[int, ...]
    units: dict[str, int]
    rates: dict[str, dict[str, FloatArray]]
    steps: int
    seconds: float

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells tested, in their usual order."""
        return tuple(cell for cell in CELLS if cell in self.rates)

    def gives_up(self, cell: str, setup: str = USUAL) -> int | None:
        """Returns the first lag whose mean over seeds is below the pass mark; None where there is none."""
        failed = np.flatnonzero(self.rates[cell][setup].mean(axis=1) < PASS)
        return self.lags[failed[0]] if failed.size else None

    def best(self, cell: str) -> str:
        """Returns the setup with the most right answers over all lags; the usual one where none has more."""
        return max(self.rates[cell], key=lambda setup: float(self.rates[cell][setup].mean()))


def verdict(found: MemoryTestResult) -> tuple[str, ...]:
    """Returns in sentences how far each cell remembers, as usual and at its best, and what makes the difference."""
    usual = ", ".join(f"the {cell} {_until(found.gives_up(cell))}" for cell in found.cells)
    best = []
    for cell in found.cells:
        setup = found.best(cell)
        best.append(f"the {cell} {_until(found.gives_up(cell, setup))} ({setup})")
    tries = max(len(setups) for setups in found.rates.values())
    return (
        f"As usual, {usual}.",
        f"Each at the best of its {tries} setups: {', '.join(best)}.",
        *_gate(found),
        "Before anything is learned, a keep bias of 0 leaves half of a memory, and of its gradient, after one step, 1 "
        "leaves 73 %, 4 leaves 98 %: of what lies 50 steps back 10⁻¹⁵, 10⁻⁷ or 40 %. An orthogonal matrix would keep "
        f"all, but tanh shrinks it at each step, and noise is let in like the value. {found.steps} training steps "
        "are few; more of them may carry a cell further.",
    )


def _gate(found: MemoryTestResult) -> tuple[str, ...]:
    """Returns whether the cells with a gate that keeps went further than the first without one."""
    plain = next((cell for cell in found.cells if CELLS[cell].keep_gate is None), None)
    if plain is None or len(found.cells) == 1:
        return ()
    best = _reached(found, plain, found.best(plain))
    further = [c for c in found.cells if c != plain and _reached(found, c, found.best(c)) > best]
    if not further:
        return (f"In this run, no gate got further than the plain {plain}.",)
    usual = [c for c in further if _reached(found, c, USUAL) > best]
    text = f"A gate that is told at the start to keep takes the {' and the '.join(further)} further than any {plain}"
    they = "their usual start they get" if len(further) > 1 else "its usual start it gets"
    return (f"{text}." if usual else f"{text}; with {they} no further than that.",)


def _reached(found: MemoryTestResult, cell: str, setup: str) -> int:
    """Returns the longest lag before the first that was too long."""
    given_up = found.gives_up(cell, setup)
    return max((lag for lag in found.lags if given_up is None or lag < given_up), default=0)


def _until(lag: int | None) -> str:
    return "remembers at every lag" if lag is None else f"gives up at {lag} steps"


THREADS = 2


EDGES = (0, 20, 100, 10_000)
"""Lags from one to the next share a compiled loop: it is as dear for all as for the longest of them."""


def run_memory_test(
    seed: int,
    run: Run,
    *,
    lags: tuple[int, ...] = LAGS,
    steps: int = STEPS,
) -> MemoryTestResult:
    """Trains all cells in all setups at all lags and asks them what they remember.

    Args:
        seed: the first seed of the networks.
        run: what to train with.
        lags: steps between the value and the question.
        steps: of training.
    """
    from forecast.models.networks.memory_task import TaskNetwork, accuracy_by_lag, units_for  # imports TensorFlow

    began = run.clock.seconds()
    units: dict[str, int] = {cell: units_for(CELLS[cell], PARAMETERS) for cell in CELLS}
    counts = {cell: [SEEDS if setup == USUAL else FEWER_SEEDS for setup in CELLS[cell].memory_setups] for cell in CELLS}
    rates = {cell: np.empty((len(lags), sum(counts[cell]))) for cell in CELLS}
    groups = [[lag for lag in lags if low < lag <= high] for low, high in pairwise(EDGES)]
    finished: list[int] = []

    def train(cell: str, group: list[int]) -> None:
        setups = zip(CELLS[cell].memory_setups.values(), counts[cell], strict=True)
        networks = [TaskNetwork(seed + i, **setup) for setup, count in setups for i in range(count)]
        accuracy = accuracy_by_lag(CELLS[cell], units[cell], networks, max(group), steps)
        for lag in group:
            rates[cell][lags.index(lag)] = accuracy(lag)
            finished.append(lag)
            run.reporter.progress(f"{spelled(len(CELLS))} cells, all lags", sum(finished) / (sum(lags) * len(CELLS)))

    pool = ThreadPoolExecutor(min(THREADS, run.machine.threads))
    try:  # the longest first
        for future in [pool.submit(train, cell, group) for group in reversed(groups) if group for cell in CELLS]:
            future.result()
    finally:
        pool.shutdown(cancel_futures=True)
    by_setup = {}
    for cell in CELLS:
        ends = np.cumsum(counts[cell])[:-1]
        by_setup[cell] = dict(zip(CELLS[cell].memory_setups, np.split(rates[cell], ends, axis=1), strict=True))
    return MemoryTestResult(lags, units, by_setup, steps, run.clock.seconds() - began)
