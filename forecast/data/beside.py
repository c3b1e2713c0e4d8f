"""The columns of numbers beside the target, laid out on its steps: what they tell of it can be compared.

Shapes: ``R`` rows, ``N`` steps of all series together, ``M`` the first of them, as many as are kept.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from forecast.data.files.table import Table
from forecast.data.panel import FloatArray, IntArray
from forecast.data.reading.gridding import Observations

MOST_COLUMNS = 40
MOST_TEXTS = 13  # different ones, an empty one among them, of a column that says what kind of a day it is
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
    rows, places = _places(series, steps, laid, kept)
    beside = {}
    for name in names:
        values = np.full(kept, np.nan)
        values[places] = table.numbers(name)[rows]
        beside[name] = values
    return beside


def texts_beside(
    table: Table, taken: Sequence[str], series: IntArray, steps: IntArray, laid: Observations
) -> Mapping[str, tuple[FloatArray, tuple[str, ...]]]:
    """Returns the other columns of few different texts by name: the code of each step, (M,), NaN where empty; texts.

    Args:
        table: The file.
        taken: See ``columns_beside``.
        series: Likewise.
        steps: Likewise.
        laid: Likewise.
    """
    names = [name for name in table.names if name not in taken and table.kind(name) == "text"][:MOST_COLUMNS]
    names = [name for name in names if table.distinct(name) <= MOST_TEXTS]
    kept = min(laid.values.size, MOST_VALUES // max(len(names), 1))
    rows, places = _places(series, steps, laid, kept)
    found = {}
    for name in names:
        texts, codes = table.texts(name), np.full(kept, np.nan)
        own = texts.codes[rows]
        codes[places] = np.where(own < 0, np.nan, own)
        found[name] = codes, tuple(str(text).strip() for text in texts.values.to_pylist())
    return found


def _places(series: IntArray, steps: IntArray, laid: Observations, kept: int) -> tuple[IntArray, IntArray]:
    """Returns the rows that lie within the first ``kept`` steps of the target, and the step of each."""
    ends = np.diff(laid.offsets, append=laid.offsets[-1])
    after = steps - laid.first[series]
    rows = np.flatnonzero((series >= 0) & (after >= 0) & (after < ends[series]))
    places = laid.offsets[series[rows]] + after[rows]
    return rows[places < kept], places[places < kept]
