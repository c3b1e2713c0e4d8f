"""Spans of series: when they begin and end, how long they are, and what is missing between.

Shapes: ``S`` series, ``N`` steps of all series together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import IntArray, Panel


@dataclass(frozen=True, eq=False)
class Gaps:
    """Steps without a value, by series."""

    missing: IntArray  # (S,)
    longest: IntArray  # (S,) steps of the longest gap


def gaps(panel: Panel) -> Gaps:
    """Returns how much is missing between the first and the last observation of each series; what is ignored is not."""
    missing = np.flatnonzero(~(panel.observed | panel.is_ignored))
    series = panel.series_of(missing)
    begins = np.flatnonzero(np.diff(missing, prepend=-2) != 1)  # a series never ends with a gap
    lengths = np.diff(np.append(begins, missing.size))
    longest = np.zeros(len(panel), np.int64)
    np.maximum.at(longest, series[begins], lengths)
    return Gaps(np.bincount(series, minlength=len(panel)), longest)


def constant(panel: Panel) -> NDArray[np.bool_]:
    """Returns which series never change, (S,)."""
    starts = panel.offsets[:-1]
    return np.asarray(np.fmin.reduceat(panel.values, starts) == np.fmax.reduceat(panel.values, starts))


def share_of(panel: Panel, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Returns the share of each series' observed steps that are among the chosen ones, (S,); chosen is (N,)."""
    starts = panel.offsets[:-1]
    return np.asarray(np.add.reduceat(chosen, starts) / np.add.reduceat(panel.observed, starts, dtype=np.int64))


def unfinished(panel: Panel) -> IntArray:
    """Returns the positions of last steps that look cut off: far below all that was usual before them.

    Of the series that end at the panel's last step, those that fall to less than half of the smallest value of
    the season before, or of eight steps where a season is shorter; nothing may be zero or negative there.
    """
    season = min(panel.frequency.seasons, default=1)
    before = max(8, season)
    found = []
    for i in np.flatnonzero((panel.last == panel.last.max()) & (panel.lengths > before + 1)):
        recent = panel.series(int(i))[-before - 1 :]
        usual = recent[:-1][~np.isnan(recent[:-1])]
        if usual.size >= before // 2 and usual.min() > 0 and 0 <= recent[-1] < usual.min() / 2:
            found.append(panel.offsets[i + 1] - 1)
    return np.array(found, dtype=np.int64)
