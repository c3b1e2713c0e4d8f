"""Dates that can't be right, since they lie a decade or more from all others: 9999-12-31, 1900-01-01, 2203 for 2023.

Shapes: ``R`` rows, ``D`` different timestamps.
"""

from dataclasses import replace

import numpy as np

from forecast.data.dates.dates import MOST_STRAYS, Dates
from forecast.data.panel import IntArray

YEAR = np.timedelta64(31_556_952, "s")
FAR = 10 * YEAR
TIMES_THE_SPAN = 2
"""A gap that is longer than so many times all that lies on its other side, and than ``FAR``, parts the two."""
ENOUGH = 20
"""So many different dates are needed to say that another is none of them."""


def without_lone(dates: Dates) -> tuple[Dates, IntArray]:
    """Returns the dates without those few that lie apart, whose rows are strays then, and these rows: (≤ R,)."""
    stamps, nothing = dates.stamps, (dates, np.empty(0, np.int64))
    if stamps.size <= ENOUGH:
        return nothing
    counts = np.bincount(dates.codes[dates.codes >= 0], minlength=stamps.size)
    most = max(1, int(MOST_STRAYS * counts.sum()))
    begin, end = 0, stamps.size
    cuts = (np.flatnonzero(np.diff(stamps) > FAR) + 1).tolist()
    for cut in [*cuts, *cuts]:  # twice, since what lies at one end makes all else look wide from the other
        gap = stamps[cut] - stamps[cut - 1]
        if counts[:cut].sum() <= most and gap > TIMES_THE_SPAN * (stamps[end - 1] - stamps[cut]):
            begin = max(begin, cut)
        if counts[cut:].sum() <= most and gap > TIMES_THE_SPAN * (stamps[cut - 1] - stamps[begin]):
            end = min(end, cut)
    lone = np.ones(stamps.size, dtype=bool)
    lone[begin:end] = False
    if not lone.any() or end - begin < ENOUGH:
        return nothing
    rows = np.flatnonzero(np.append(lone, False)[dates.codes])
    return replace(dates.without(lone), strays=(*dates.strays, *rows.tolist())), rows
