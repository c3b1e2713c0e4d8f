"""The columns of numbers beside the target, laid out on its steps: what they tell of it can be compared.

Shapes: ``R`` rows, ``N`` steps of all series together, ``M`` the first of them, as many as are kept.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from forecast.data.observations import Observations
from forecast.data.panel import FloatArray, IntArray
from forecast.data.table import Table

MOST_COLUMNS = 40
MOST_VALUES = 8_000_000  # of all columns together; of a longer file the first steps are kept


def columns_beside(
    table: Table, taken: Sequence[str], series: IntArray, steps: IntArray, laid: Observations
) -> Mapping[str, FloatArray]:
    """Returns the other columns of numbers by name, (M,), at the first steps of the target; NaN where empty.

    Args:
        table: The file.
        taken: The columns that are used already.
        series: Which series each row belongs to, (R,); -1 for none.
        steps: Ordinal of each row's time, (R,).
        laid: The target.
    """
    names = [name for name in table.names if name not in taken and table.kind(name) == "numbers"][:MOST_COLUMNS]
    kept = min(laid.values.size, MOST_VALUES // max(len(names), 1))
    ends = np.diff(laid.offsets, append=laid.offsets[-1])
    after = steps - laid.first[series]
    rows = np.flatnonzero((series >= 0) & (after >= 0) & (after < ends[series]))
    places = laid.offsets[series[rows]] + after[rows]
    rows, places = rows[places < kept], places[places < kept]
    beside = {}
    for name in names:
        values = np.full(kept, np.nan)
        values[places] = table.numbers(name)[rows]
        beside[name] = values
    return beside
