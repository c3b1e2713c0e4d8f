"""A waterfall of a what-if: which part adds what to a forecast; the parts add up to the difference, to the last digit.

    as it is  ▇▇▇▇▇▇▇▇▇▇▇▇
    promo                 ▇▇▇▇▇
    price                      ▇▇
    what if   ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇

Several columns are told apart by their Shapley values: the mean of what a column adds over all orders in which they
could be set, so that none is favoured for coming last. Of one column, series are told apart, and of one series, dates.

    L. S. Shapley 1953, A value for n-person games.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from forecast.data.frequency import readable
from forecast.models.forecaster import Forecasts

FloatArray = NDArray[np.float64]
MOST_ORDERED = 4
"""Of more columns the forecasts of all their subsets would be too many: they are set one after the other."""
MOST_PARTS = 8


@dataclass(frozen=True)
class WaterfallPart:
    """One bar.

    Attributes:
        name: of the column, series or dates that it is of.
        value: what it adds, in the target's unit; below 0 where it takes away.
    """

    name: str
    value: float


@dataclass(frozen=True)
class Waterfall:
    """From a forecast as it is to what it would be.

    Attributes:
        start, end: both forecasts, each as one number.
        parts: add up to the difference.
        is_mean: they are means of all steps and series; sums otherwise.
        by: what the parts are: columns, series or dates.
    """

    start: float
    parts: tuple[WaterfallPart, ...]
    end: float
    is_mean: bool
    by: str


def shapley(names: Sequence[str], value: Callable[[frozenset[int]], float]) -> tuple[WaterfallPart, ...]:
    """Returns what each of several changes adds: its Shapley value; of many, what it adds in turn.

    Args:
        names: of the changes.
        value: of some of them made together, by their places; asked once for each set.
    """
    count, places = len(names), range(len(names))
    if count > MOST_ORDERED:
        steps = [value(frozenset(places[:k])) for k in range(count + 1)]
        return tuple(WaterfallPart(name, b - a) for name, a, b in zip(names, steps, steps[1:], strict=False))
    every = [frozenset(chosen) for size in range(count + 1) for chosen in combinations(places, size)]
    known = {chosen: value(chosen) for chosen in every}
    parts = []
    for place, name in enumerate(names):
        added = 0.0
        for chosen, base in known.items():
            if place not in chosen:
                weight = factorial(len(chosen)) * factorial(count - len(chosen) - 1) / factorial(count)
                added += weight * (known[chosen | {place}] - base)
        parts.append(WaterfallPart(name, added))
    return tuple(parts)


def waterfall_of(
    before: Forecasts,
    after: Forecasts,
    counts: NDArray[np.bool_],
    *,
    is_mean: bool,
    columns: tuple[WaterfallPart, ...] = (),
) -> Waterfall:
    """Returns the waterfall from one forecast to another.

    Args:
        before: the forecast as it is.
        after: what it would be, on the same steps.
        counts: which of them are added up, (S, H).
        is_mean: whether steps and series are averaged, as a sum would mean nothing.
        columns: what each of several columns adds; empty for one, of which series or dates are told apart.
    """
    change = np.where(counts, after.point - before.point, 0.0)
    share = 1 / counts.sum() if is_mean else 1.0
    start, end = (float(each.point[counts].sum() * share) for each in (before, after))
    if columns:
        return Waterfall(start, columns, end, is_mean, "column")
    if len(change) > 1:
        own = np.flatnonzero(counts.any(axis=1))
        names, sums, by = tuple(before.series_ids[i] for i in own), change[own].sum(axis=1) * share, "series"
    else:
        stretches = np.array_split(np.arange(change.shape[1]), min(MOST_PARTS, change.shape[1]))
        names = tuple(_span(before.timestamps[0][own]) for own in stretches)
        sums, by = np.array([change[0, own].sum() for own in stretches]) * share, "date"
    return Waterfall(start, _largest(names, sums, is_ordered=by == "date"), end, is_mean, by)


def _span(stamps: NDArray[np.datetime64]) -> str:
    first, last = readable(stamps[0]), readable(stamps[-1])
    return first if first == last else f"{first} to {last}"


def _largest(names: Sequence[str], sums: FloatArray, *, is_ordered: bool) -> tuple[WaterfallPart, ...]:
    """Returns the parts, of many the largest and the others as one."""
    if is_ordered or len(names) <= MOST_PARTS:
        return tuple(WaterfallPart(name, float(own)) for name, own in zip(names, sums, strict=True))
    order = np.argsort(-np.abs(sums), kind="stable")
    chosen = order[: MOST_PARTS - 1]
    parts = [WaterfallPart(names[place], float(sums[place])) for place in chosen]
    rest = order[MOST_PARTS - 1 :]
    return (*parts, WaterfallPart(f"{len(rest):,} other series", float(sums[rest].sum())))
