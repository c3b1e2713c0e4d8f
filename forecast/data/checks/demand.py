"""Demand classes of series: smooth, erratic, intermittent or lumpy, and those that never sold, are new or have ended.

    ADI   mean interval between demands: steps per step with a value above 0
    CV²   square of the coefficient of variation of the demands alone

                     CV² < 0.49     CV² ≥ 0.49
    ADI < 1.32       smooth         erratic
    ADI ≥ 1.32       intermittent   lumpy

    A. A. Syntetos, J. E. Boylan & J. D. Croston 2005, On the categorization of demand patterns.

Zeros that come round with the season, such as a shop's Sundays or the winter of ice cream, are no intervals.

Shapes: ``S`` series, ``N`` steps of all series together.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import FloatArray, IntArray, Panel

INTERVAL, VARIATION = 1.32, 0.49
"""The cut-offs of Syntetos, Boylan & Croston."""
FEW = 5.0  # measured by benchmarks/tuning/rare_leaves.py
"""Pieces a step that are few: of more, single ones are not seen, and errors are like those of other series."""
MOSTLY = 0.5
"""A panel has intermittent demand where at least so many of the series that sell at all have."""
CLOSED = 0.95
"""A phase of the season in which so many steps are 0 is one in which nothing is sold."""
NEW = 12
"""A series that first sold within so many of the newest steps, or began within them, is newly listed."""
QUIET = 6.0
"""A series has ended whose last demand lies so many of its mean intervals back, and no less than ``NEW`` steps."""


@dataclass(frozen=True, eq=False)
class DemandClasses:
    """What kind of demand each series has.

    Attributes:
        interval: (S,), ADI; infinite for a series that never sold.
        variation: (S,), CV² of the demands; 0 of fewer than two.
        is_demand: (S,), no value is below zero, and some value is known.
        is_new: (S,), it sold first, or began, within the last steps; never of a panel of which all did.
        has_ended: (S,), it sold, and has not for very long, or its rows end long before the others'.
    """

    interval: FloatArray
    variation: FloatArray
    is_demand: NDArray[np.bool_]
    is_new: NDArray[np.bool_]
    has_ended: NDArray[np.bool_]

    @cached_property
    def never_sold(self) -> NDArray[np.bool_]:
        """All that is known of it is 0, (S,)."""
        return self.is_demand & ~np.isfinite(self.interval)

    @cached_property
    def is_sparse(self) -> NDArray[np.bool_]:
        """It is intermittent or lumpy, (S,)."""
        return self.is_demand & np.isfinite(self.interval) & (self.interval >= INTERVAL)

    @cached_property
    def is_lumpy(self) -> NDArray[np.bool_]:
        """It is lumpy, (S,)."""
        return self.is_sparse & (self.variation >= VARIATION)

    @property
    def is_mostly_sparse(self) -> bool:
        """Whether the panel as a whole is forecast as intermittent demand: nothing in it is below zero."""
        sells = np.isfinite(self.interval)
        return bool(self.is_demand.all() and sells.any() and self.is_sparse[sells].mean() >= MOSTLY)


def demand_classes(panel: Panel) -> DemandClasses:
    """Returns what kind of demand each series of a panel has; missing steps tell nothing, unless filled by 0."""
    values = panel.filled if panel.fill == "zero" else panel.values
    owner = np.repeat(np.arange(len(panel)), panel.lengths)
    known = ~(np.isnan(values) | panel.is_ignored)
    sells = known & (values > 0)
    count, demands = _sums(owner, known, len(panel)), _sums(owner, sells, len(panel))
    interval = np.where(demands > 0, count / np.maximum(demands, 1), np.inf)
    for season in panel.frequency.seasons:
        interval = np.minimum(interval, _open_interval(panel, owner, known, sells, season))
    size = np.where(sells, values, 0.0)
    mean = np.bincount(owner, size, len(panel)) / np.maximum(demands, 1)
    apart = np.where(sells, values - mean[owner], 0.0) if owner.size else size
    variance = np.bincount(owner, apart**2, len(panel)) / np.maximum(demands - 1, 1)
    variation = np.where(demands > 1, variance / np.where(mean > 0, mean, 1.0) ** 2, 0.0)
    below = _sums(owner, known & (values < 0), len(panel)) > 0
    return DemandClasses(interval, variation, ~below & (count > 0), *_ends(panel, owner, sells, demands))


def counted_series(panel: Panel, interval: float, few: float) -> NDArray[np.bool_]:
    """Returns of which series counts come, (S,): those that never sold, or sell now and then, or few whole pieces.

    Sums of a hierarchy are none of them, nor are leaves that have ended.

    Args:
        panel: ends at the origin.
        interval: series that sell every so many steps, or less often, do so now and then.
        few: pieces a step, at most.
    """
    return _counted(panel, demand_classes(panel), interval, few)


def rare_series(panel: Panel, interval: float) -> NDArray[np.bool_]:
    """Returns which series sell now and then, or never, among others that mostly don't, (S,): so they did lately, too.

    Args:
        panel: ends at the origin.
        interval: series that sell every so many steps, or less often, do so now and then.
    """
    demands = np.diff(np.concatenate([[0], np.cumsum(panel.values > 0)])[panel.offsets])
    places = np.flatnonzero(demands * interval <= panel.lengths)  # no others are, and they are mostly few
    few, rare = panel.select(places), np.zeros(len(panel), dtype=bool)
    if places.size:
        found, lately = demand_classes(few), demand_classes(few.tail((few.lengths + 1) // 2))
        rare[places] = found.is_demand & (found.interval >= interval) & (lately.interval >= interval)
    return rare


def few_pieces(panel: Panel) -> float:
    """Returns ``FEW`` where most series that sell no more than that sell now and then; else 0."""
    found = demand_classes(panel)
    rare, counts = (_counted(panel, found, INTERVAL, few) for few in (0.0, FEW))
    sells = np.isfinite(found.interval)
    return FEW if (rare & sells).sum() > MOSTLY * (counts & sells).sum() else 0.0


def _counted(panel: Panel, found: DemandClasses, interval: float, few: float) -> NDArray[np.bool_]:
    often = np.isfinite(found.interval) & (found.interval < interval)
    counts = ~often | (_mean_pieces(panel) <= few)
    is_leaf = panel.hierarchy.is_leaf if panel.hierarchy else True
    return np.asarray(counts & found.is_demand & ~panel.has_ended & is_leaf)


def _mean_pieces(panel: Panel) -> FloatArray:
    """Returns the mean of each series of whole numbers, (S,); infinite where there are others."""
    known = ~np.isnan(panel.values)
    owner, values = np.repeat(np.arange(len(panel)), panel.lengths)[known], panel.values[known]
    broken = np.bincount(owner[values != np.rint(values)], minlength=len(panel)) > 0
    mean = np.bincount(owner, values, len(panel)) / np.maximum(np.bincount(owner, minlength=len(panel)), 1)
    return np.where(broken, np.inf, mean)


def _sums(owner: IntArray, which: NDArray[np.bool_], count: int) -> IntArray:
    return np.bincount(owner[which], minlength=count)


def _open_interval(
    panel: Panel, owner: IntArray, known: NDArray[np.bool_], sells: NDArray[np.bool_], season: int
) -> FloatArray:
    """Returns the mean interval in the phases of a season in which anything is sold, where it is short; else infinite.

    Two seasons are needed to tell.
    """
    ordinals = np.arange(len(owner)) + np.repeat(panel.first - panel.offsets[:-1], panel.lengths)
    cell = owner * season + ordinals % season
    size = len(panel) * season
    steps, demands = (np.bincount(cell[which], minlength=size).reshape(-1, season) for which in (known, sells))
    is_open = demands > (1 - CLOSED) * steps
    interval = (steps * is_open).sum(axis=1) / np.maximum((demands * is_open).sum(axis=1), 1)
    tells = (steps.sum(axis=1) >= 2 * season) & ~is_open.all(axis=1) & is_open.any(axis=1) & (interval < INTERVAL)
    return np.where(tells, interval, np.inf)


def _ends(
    panel: Panel, owner: IntArray, sells: NDArray[np.bool_], demands: IntArray
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Returns which series are newly listed, and which have ended, (S,) each."""
    first, last = np.full(len(panel), -1), np.full(len(panel), -1)
    places = np.flatnonzero(sells)
    last[owner[places]] = places
    first[owner[places[::-1]]] = places[::-1]
    newest = int(panel.last.max(initial=0))
    quiet = newest - (panel.first + last - panel.offsets[:-1])
    usual = (last - first + 1) / np.maximum(demands, 1)  # while it sold
    ended = (demands > 0) & (quiet > np.maximum(NEW, QUIET * usual))
    begun = newest - (panel.first + np.maximum(first - panel.offsets[:-1], 0)) < NEW
    new = (demands > 0) & begun & ~ended
    return new & ~new.all(), ended
