"""Which century two digits of a year mean: 48 … 99, 00 … 09 are 1948 to 2009, where one row goes on from the other.

    rows      48   49  …  99   00  …  09
    up to 2009: 1948 1949 … 1999 2000 … 2009     61 years from the first row to the last
    up to 2048: 2048 1949 … 1999 2000 … 2009    160, back and forth

Shapes: ``R`` rows.
"""

import numpy as np

from forecast.data.panel import IntArray

PLANS = 2
"""Years after today that a file may reach, as with promotions that are planned."""
FAR = 20
"""Years after today that no file of observations reaches; those in between are asked for."""


def last_year(short: IntArray, today: int | None, usual: int) -> tuple[int, ...]:
    """Returns the last year that two digits mean; two where either may be meant.

    Args:
        short: The two digits, row by row as they stand in the file, (R,).
        today: The year that it is; None where nobody told.
        usual: The last year where nothing is known.
    """
    pairs = np.bincount(short[:-1] * 100 + short[1:], minlength=10_000).reshape(100, 100)
    years = np.arange(100)
    present = np.unique(short)
    limit = usual if today is None else today + FAR
    lasts = np.sort(limit - (limit - present) % 100)[::-1]  # of several that fit, the latest
    moves = []
    for last in lasts.tolist():
        full = last - (last - years) % 100
        moves.append(int((pairs * np.abs(full[:, None] - full[None, :])).sum()))
    best = int(lasts[np.argmin(moves)])
    first = int((best - (best - present) % 100).min())
    if today is None or best <= today + PLANS:
        return (best,)
    return (best - 100,) if first > today else (best, best - 100)
