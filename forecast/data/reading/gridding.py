"""Rows in any order → series without holes in their calendar, and what was found on the way.

    row  series  step  value          series  first step  values
      1       0    12      5               0          12   5  nan  7
      2       1    40      9     ──▶       1          40   9
      3       0    14      7

Rows are not sorted: each is put where it belongs, which takes one pass even for ten million.

Shapes: ``R`` rows, ``S`` series, ``N`` steps of all series together, ``K`` repeated rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import FloatArray, IntArray
from forecast.errors import DataError

SPARSE = 50  # steps for each row beyond which a date must be wrong
ALWAYS_FINE = 1_000_000  # steps
NEVER = np.iinfo(np.int64).max // 2


@dataclass(frozen=True, eq=False)
class Observations:
    """One column of values by series and step. A series without a value has no steps.

    Each series goes from its first observation to its last. What is empty before and after is not part of it.
    """

    values: FloatArray  # (N,) NaN where nothing was observed
    offsets: IntArray  # (S + 1,)
    first: IntArray  # (S,) ordinal of the first step
    repeats: IntArray  # (K, 2) rows that have the series and step of an earlier row, and that row
    conflicts: NDArray[np.bool_]  # (K,) whether the rows there differ in value; the last one is kept
    empty: int  # steps that have a row, but no value in it
    trailing: int  # rows without a value after the last observation of their series


def lay_out(series: IntArray, steps: IntArray, values: FloatArray, count: int) -> Observations:
    """Returns each row's value at its place.

    Args:
        series: Which of the ``count`` series each row belongs to, (R,); -1 for a row to leave out.
        steps: Ordinal of each row's time, (R,).
        values: (R,), NaN where a row has none.
        count: How many series there are, S.

    Raises:
        DataError: The calendar from the first to the last date is far longer than the data.
    """
    observed = np.flatnonzero(~np.isnan(values) & (series >= 0))
    first, last, offsets = spans(series[observed], steps[observed], count)
    places = (offsets[:-1] - first)[series[observed]] + steps[observed]
    laid = np.full(offsets[-1], np.nan)
    laid[places] = values[observed]  # of several for one place, the last stays
    repeats, conflicts = _repeats(places, values[observed], laid)
    gaps = np.flatnonzero(np.isnan(values) & (series >= 0))
    where, step = series[gaps], steps[gaps]
    inside = (first[where] < step) & (step < last[where])
    places = ((offsets[:-1] - first)[where] + step)[inside]
    return Observations(
        values=laid,
        offsets=offsets,
        first=first,
        repeats=observed[repeats],
        conflicts=conflicts,
        empty=np.unique(places[np.isnan(laid[places])]).size,
        trailing=int(((last[where] > -NEVER) & (step > last[where])).sum()),
    )


def spans(series: IntArray, steps: IntArray, count: int) -> tuple[IntArray, IntArray, IntArray]:
    """Returns the first and the last step of each series, (S,), and where its steps begin and end, (S + 1,).

    A series without a row begins at ``NEVER``, and has no steps.

    Args:
        series: Which of the ``count`` series each row belongs to, (R,).
        steps: Ordinal of each row's time, (R,).
        count: How many series there are, S.

    Raises:
        DataError: The calendar from the first to the last date is far longer than the data.
    """
    first, last = np.full(count, NEVER), np.full(count, -NEVER)
    np.minimum.at(first, series, steps)
    np.maximum.at(last, series, steps)
    offsets = np.concatenate([[0], np.cumsum(np.maximum(last - first + 1, 0))])
    if offsets[-1] > SPARSE * series.size + ALWAYS_FINE:
        message = f"from the first date to the last lie {offsets[-1]:,} steps, for {series.size:,} values."
        raise DataError(message, "look for a wrong date, or give a longer step with --freq")
    return first, last, offsets


def _repeats(places: IntArray, values: FloatArray, laid: FloatArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Returns the rows whose place an earlier row had, with that row, (K, 2), and whether values differ there."""
    taken = np.bincount(places, minlength=laid.size)
    several = np.flatnonzero(taken[places] > 1)
    groups, origins, members = np.unique(places[several], return_index=True, return_inverse=True)
    differs = np.zeros(groups.size, dtype=bool)
    differs[members[values[several] != laid[places[several]]]] = True
    later = origins[members] != np.arange(several.size)
    pairs = np.stack([several, several[origins[members]]], axis=1)[later]
    return pairs, differs[members][later]
