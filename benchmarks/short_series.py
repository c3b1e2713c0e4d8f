"""How often 80 % intervals hold the truth where a series has few rows: by its own differences, and drawn to the usual.

    python benchmarks/short_series.py

Each of many made-up series is forecast from its last 2, 3, 4 … rows by exponential smoothing. The width is what long
series teach: the 80 % quantile of their errors in units of their own mean difference.
"""

import argparse
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
SERIES, STEPS, HORIZON, ORIGINS = 300, 120, 4, 4
ROWS, BELIEFS = (2, 3, 4, 5, 6, 8), (0.0, 2.0, 4.0, 8.0)


def made(rng: np.random.Generator) -> Iterator[tuple[str, FloatArray]]:
    """Yields panels of series that differ from row to row alike, wander, or differ unlike one another."""
    yield "noise of 12 %", np.exp(rng.normal(0, 0.12, (SERIES, STEPS)))
    yield "walk of 5 %", np.exp(rng.normal(0, 0.05, (SERIES, STEPS)).cumsum(axis=1))
    yield "noise of 2 to 40 %", np.exp(rng.choice([0.02, 0.1, 0.4], (SERIES, 1)) * rng.normal(0, 1, (SERIES, STEPS)))


def smoothed(values: FloatArray, share: float) -> FloatArray:
    """Returns the level of each series at its end, (S, n) -> (S,)."""
    level = values[:, 0]
    for step in range(1, values.shape[1]):
        level = share * values[:, step] + (1 - share) * level
    return level


def scale(values: FloatArray) -> FloatArray:
    """Returns each series' mean difference, (S, n) -> (S,)."""
    return np.asarray(np.abs(np.diff(values, axis=1)).mean(axis=1))


def main() -> None:
    """Prints a table: a row a panel and number of rows, a column a belief; 0 is each series by itself."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    print("| panel | rows | " + " | ".join(f"belief {belief:g}" for belief in BELIEFS) + " |")
    print("|---|---|" + "---|" * len(BELIEFS))
    for name, panel in made(np.random.default_rng(0)):
        origins = range(STEPS - (ORIGINS + 1) * HORIZON, STEPS - HORIZON, HORIZON)
        long = [
            np.abs(panel[:, o : o + HORIZON].T - smoothed(panel[:, :o], 0.3)) / scale(panel[:, :o]) for o in origins
        ]
        width, usual = np.quantile(long, 0.8), np.median(scale(panel) / panel.mean(axis=1))
        for rows in ROWS:
            held = dict.fromkeys(BELIEFS, 0.0)
            for o in origins:
                few = panel[:, o - rows : o]
                missed = np.abs(panel[:, o : o + HORIZON].T - smoothed(few, 0.5))
                for belief in BELIEFS:
                    squares = (rows - 1) * scale(few) ** 2 + belief * (usual * few.mean(axis=1)) ** 2
                    half = width * np.sqrt(squares / (rows - 1 + belief))
                    held[belief] += 100 * float((missed <= half).mean()) / ORIGINS
            print(f"| {name} | {rows} | " + " | ".join(f"{share:.0f} %" for share in held.values()) + " |")


if __name__ == "__main__":
    main()
