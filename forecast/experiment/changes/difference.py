"""The difference between two issued forecasts, point by point and in sums, and the parts that add up to it.

    before  a a a a a a a a                       issued first
    after         b b b b b b b b                 issued later
                  └ shared ┘                      only these are compared

    before ──▶ its weights, the later data, told of the steps to come what it had been told       data
           ──▶ its weights, the later data, told what the later forecast was told                 covariates
           ──▶ after: the later weights on the same                                               weights

The order of the steps is a choice: another one would give other parts, as each is measured on top of those before it.
This one is the order of events, and what an operator can change comes last: data arrives by itself, plans are told,
and a retrain is decided upon; so the weights' part is by how much the forecast would differ, had nobody retrained.
(Sequential, or waterfall, attribution. The mean over all orders, Shapley's, would need forecasts of the later weights
on the earlier data, which they were trained beyond.)

Shapes: ``P`` points, one a series and step; ``R`` sums.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.files.written.forecast_csv import ForecastTable
from forecast.data.frequency import Timestamps
from forecast.data.panel import FloatArray, IntArray
from forecast.errors import UsageError
from forecast.interval_levels import MAIN
from forecast.models.forecaster import Forecasts

BoolArray = NDArray[np.bool_]
PARTS = ("data", "covariates", "weights")
"""Of a difference, in the order in which they are found."""


@dataclass(frozen=True, eq=False)
class SharedPoints:
    """What two forecasts say of the same steps.

    Attributes:
        series_ids: as the later forecast calls them.
        series: (P,) place in ``series_ids``.
        timestamps: (P,)
        steps: (P,) of the later forecast, from 1.
        before: (P,) what was forecast first.
        after: (P,) what was forecast later.
        lower, upper: (P,) the ends of the first one's 80 % interval; NaN where it had none.
        only_before: points that only the first forecast has.
        only_after: that only the later one has.
    """

    series_ids: tuple[str, ...]
    series: IntArray
    timestamps: Timestamps
    steps: IntArray
    before: FloatArray
    after: FloatArray
    lower: FloatArray
    upper: FloatArray
    only_before: int = 0
    only_after: int = 0

    @property
    def difference(self) -> FloatArray:
        """By how much more is forecast later, (P,)."""
        return self.after - self.before

    def some(self, which: NDArray[np.bool_] | IntArray) -> Self:
        """Returns some of the points, by mask or place."""
        return replace(
            self,
            series=self.series[which],
            timestamps=self.timestamps[which],
            steps=self.steps[which],
            before=self.before[which],
            after=self.after[which],
            lower=self.lower[which],
            upper=self.upper[which],
        )


def shared_points(before: ForecastTable, after: ForecastTable) -> SharedPoints:
    """Returns the points that both forecasts speak of, in the order of the later one.

    A lone series fits another lone one whatever both are called: such a name comes from the file's.

    Raises:
        UsageError: their steps lie between each other, as those of days and months do, or they have none in common.
    """
    names = before.series_ids
    if len(names) == len(after.series_ids) == 1:
        names = after.series_ids
    place = {name: i for i, name in enumerate(after.series_ids)}
    own = np.array([place.get(name, -1) for name in names], dtype=np.int64)[before.series]
    first, later = (stamps.astype(np.int64) for stamps in (before.timestamps, after.timestamps))
    lowest = min(first.min(initial=0), later.min(initial=0))
    span = int(max(first.max(initial=0), later.max(initial=0)) - lowest) + 1
    keys = own * span + first - lowest, after.series * span + later - lowest
    told = (own >= 0) & ~np.isnan(before.point), ~np.isnan(after.point)
    places = tuple(np.flatnonzero(each) for each in told)
    _, *found = np.intersect1d(*(key[at] for key, at in zip(keys, places, strict=True)), return_indices=True)
    chosen = [at[which] for at, which in zip(places, found, strict=True)]
    order = np.argsort(chosen[1], kind="stable")
    old, new = chosen[0][order], chosen[1][order]
    _check_steps((own, first, keys[0]), (after.series, later, keys[1]), len(after.series_ids))
    lower, upper = before.bounds_of(MAIN)[:, old]
    points = SharedPoints(
        series_ids=after.series_ids,
        series=after.series[new],
        timestamps=after.timestamps[new],
        steps=after.steps[new],
        before=before.point[old],
        after=after.point[new],
        lower=lower,
        upper=upper,
    )
    return replace(points, only_before=len(before.point) - len(old), only_after=len(after.point) - len(new))


def _check_steps(
    before: tuple[IntArray, IntArray, IntArray], after: tuple[IntArray, IntArray, IntArray], series: int
) -> None:
    """Refuses forecasts whose steps lie between each other.

    Args:
        before: series, time and key of its points; −1 for a series that the other one lacks.
        after: likewise.
        series: how many.

    Raises:
        UsageError: they do.
    """
    for (own, stamps, keys), (others, times, known) in ((before, after), (after, before)):
        first, last = np.full(series, np.iinfo(np.int64).max), np.full(series, np.iinfo(np.int64).min)
        there = others >= 0
        np.minimum.at(first, others[there], times[there])
        np.maximum.at(last, others[there], times[there])
        between = (own >= 0) & (stamps > first[own]) & (stamps < last[own])
        if not np.isin(keys[between], known).all():
            message = "The steps of the two forecasts lie between each other: they are of different frequencies."
            raise UsageError(message, "two forecasts of one frequency; forecast models show NAME tells which there are")


def values_at(forecasts: Forecasts, points: SharedPoints) -> FloatArray:
    """Returns what a forecast says of some points, (P,); NaN where it does not reach them."""
    lone = len(forecasts.series_ids) == len(points.series_ids) == 1
    names = points.series_ids if lone else forecasts.series_ids
    place = {name: i for i, name in enumerate(names)}
    own = np.array([place.get(name, -1) for name in points.series_ids], dtype=np.int64)[points.series]
    stamps, wanted = forecasts.timestamps.astype(np.int64), points.timestamps.astype(np.int64)
    lowest = min(stamps.min(initial=0), wanted.min(initial=0))
    span = int(max(stamps.max(initial=0), wanted.max(initial=0)) - lowest) + 1
    keys = (np.arange(len(names))[:, None] * span + stamps - lowest).ravel()  # ascending: so are the steps of a series
    asked = own * span + wanted - lowest
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where((own >= 0) & (keys[at] == asked), forecasts.point.ravel()[at], np.nan)


@dataclass(frozen=True, eq=False)
class Reforecasts:
    """What can be forecast again from the data of the later forecast, (P,) each; None for what can't.

    Attributes:
        old_plan: by the earlier weights, told of the steps to come what the earlier forecast was told.
        old: by the earlier weights, told what the later one was told.
        new: by the later weights, told the same.
    """

    old_plan: FloatArray | None = None
    old: FloatArray | None = None
    new: FloatArray | None = None


def parts_of_difference(
    points: SharedPoints, remade: Reforecasts, *, is_same_version: bool
) -> dict[str, FloatArray] | None:
    """Returns the parts of a difference by name, (P,) each, which add up to it; None where they can't be told apart.

    Where a point can't be forecast again, all of its difference counts as data; so does what a forecast that was
    issued differs by from the same made again, which is that its data was corrected since.

    Args:
        points: that are compared.
        remade: what was forecast again.
        is_same_version: one version issued both.
    """
    if not is_same_version and remade.old is None:
        return None
    nothing = np.zeros_like(points.before)
    weights = covariates = nothing
    if not is_same_version and remade.old is not None:
        weights = _known((points.after if remade.new is None else remade.new) - remade.old)
    if remade.old_plan is not None and remade.old is not None:
        covariates = _known(remade.old - remade.old_plan)
    return {"data": points.difference - covariates - weights, "covariates": covariates, "weights": weights}


def _known(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, 0.0)


@dataclass(frozen=True, eq=False)
class DifferenceSums:
    """Sums of what is compared, (R,) each.

    Attributes:
        names: of the series, or of what they have in common.
        starts, ends: of the periods, or the steps' own time.
        steps: of time that are in them.
        is_whole: whether each step of the period is, for each series.
        before: what was forecast first.
        after: what was forecast later.
        parts: of the difference by name; None where they can't be told apart.
    """

    names: tuple[str, ...]
    starts: Timestamps
    ends: Timestamps
    steps: IntArray
    is_whole: BoolArray
    before: FloatArray
    after: FloatArray
    parts: dict[str, FloatArray] | None


@dataclass(frozen=True, eq=False)
class PeriodEdges:
    """The period of each point, and where periods begin and end.

    Attributes:
        numbers: (P,)
        is_whole: (P,) whether all steps of the period are compared.
        edges: of periods by their numbers.
    """

    numbers: IntArray
    is_whole: BoolArray
    edges: Callable[[IntArray], tuple[Timestamps, Timestamps]]


def summed(
    points: SharedPoints, parts: dict[str, FloatArray] | None, groups: Sequence[str], periods: PeriodEdges | None
) -> DifferenceSums:
    """Returns sums over the series of a group and the steps of a period.

    Args:
        points: that are compared.
        parts: of their differences.
        groups: the name of the group of each series.
        periods: of the points; None for each step by itself.
    """
    names = tuple(dict.fromkeys(groups))
    number = {name: i for i, name in enumerate(names)}
    own = np.array([number[name] for name in groups], dtype=np.int64)[points.series]
    stamps = points.timestamps.astype(np.int64)
    keys = np.stack([own, stamps if periods is None else periods.numbers])
    found, rows = np.unique(keys, axis=1, return_inverse=True)
    rows, count = rows.ravel(), found.shape[1]

    def total(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(rows, values, count), dtype=np.float64)

    steps = np.unique(np.stack([rows, stamps]), axis=1)[0]
    is_whole = np.ones(count, dtype=bool)
    if periods is None:
        starts = ends = found[1].astype("datetime64[s]")
    else:
        np.logical_and.at(is_whole, rows, periods.is_whole)
        starts, ends = periods.edges(found[1])
    return DifferenceSums(
        names=tuple(names[i] for i in found[0].tolist()),
        starts=starts,
        ends=ends,
        steps=np.bincount(steps, minlength=count),
        is_whole=is_whole,
        before=total(points.before),
        after=total(points.after),
        parts=None if parts is None else {name: total(values) for name, values in parts.items()},
    )
