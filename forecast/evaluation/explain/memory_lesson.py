"""The lesson on memory: the memory test in short, with all lags learned at once, and what it teaches.

Shapes: ``K`` lags, ``R`` seeds.
"""

from concurrent.futures import ThreadPoolExecutor

from forecast.evaluation.explain.memory_test import PARAMETERS, PASS, THREADS, MemoryTestResult
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import USUAL
from forecast.run import Run
from forecast.wording import joined, percent, spelled

LAGS = (2, 5, 10, 20, 40)
STEPS = 300
SEEDS = 4


def run_memory_lesson(seed: int, run: Run, *, lags: tuple[int, ...] = LAGS, steps: int = STEPS) -> MemoryTestResult:
    """Trains every cell as usual on all lags at once, and asks it at each of them.

    Args:
        seed: the first of the networks.
        run: what to train with.
        lags: steps between the value and the question.
        steps: of training.
    """
    from forecast.models.networks.memory_task import TaskNetwork, accuracy_on_all_lags, units_for  # imports TensorFlow

    began = run.clock.seconds()
    units: dict[str, int] = {cell: units_for(CELLS[cell], PARAMETERS) for cell in CELLS}
    networks = [TaskNetwork(seed + i) for i in range(SEEDS)]
    rates = {}
    run.reporter.progress(f"{spelled(len(CELLS))} cells", 0.0)
    pool = ThreadPoolExecutor(min(THREADS, run.machine.threads))
    try:
        jobs = {
            cell: pool.submit(accuracy_on_all_lags, CELLS[cell], units[cell], networks, lags, steps) for cell in CELLS
        }
        for number, (cell, job) in enumerate(jobs.items(), start=1):
            rates[cell] = {USUAL: job.result()}
            run.reporter.progress(f"{spelled(len(CELLS))} cells", number / len(CELLS))
    finally:
        pool.shutdown(cancel_futures=True)
    return MemoryTestResult(lags, units, rates, steps, run.clock.seconds() - began)


def knowing(found: MemoryTestResult, cell: str) -> tuple[int, int]:
    """Returns how many networks of a cell still know at the longest lag, as usual, and of how many."""
    last = found.rates[cell][USUAL][-1]
    return int((last >= PASS).sum()), last.size


def lesson_words(found: MemoryTestResult) -> tuple[str, ...]:
    """Returns in sentences who remembers how far, why, and what follows from it."""
    counts = {cell: knowing(found, cell) for cell in found.cells}
    each = [f"{some} of {all_} {cell} networks" for cell, (some, all_) in counts.items()]
    right = [f"the {cell} {percent(found.rates[cell][USUAL][-1].mean())}" for cell in found.cells]
    return (
        f"With equally many weights and the same training, {joined(each)} still know after {found.lags[-1]} steps "
        f"which value was marked (on average right: {', '.join(right)}; guessing gives 50 %).",
        *_reason(found),
        "So a gate is worth its weights where the answer lies further back than a few steps, in no fixed place; where "
        "it always lies one season back, a straight line from there does as well, and most sales are of that kind.",
    )


def _reason(found: MemoryTestResult) -> tuple[str, ...]:
    """Returns why some cells remember and others don't, where the cells with a gate did and those without did not."""
    shares = {cell: knowing(found, cell)[0] / knowing(found, cell)[1] for cell in found.cells}
    gated = [cell for cell in found.cells if CELLS[cell].keep_gate and shares[cell] == 1]
    plain = [cell for cell in found.cells if CELLS[cell].keep_gate is None and shares[cell] < 1]
    if not gated or not plain:
        return ()
    luck = " unless its start is lucky" if any(shares[cell] > 0 for cell in plain) else ""
    return (
        f"The {joined(plain)} makes its whole state anew at each step: noise and tanh wear a memory away{luck}, and "
        f"the gradient that should teach it fades on the same way; the {joined(gated)} can leave a state as it is: a "
        "gate near 1 carries value and gradient through.",
    )
