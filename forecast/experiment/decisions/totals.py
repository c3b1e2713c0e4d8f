"""`--total month`, `--total-by region`: sums over steps and series, with intervals of the sums.

The errors of a horizon and of all series belong together, so that bounds can't be added up: joint paths are, and the
quantiles of their sums are those of the total. The forecast of a total is the sum of the forecasts.

Sums over series begin after the newest step of any of them: what a series that ended earlier is forecast before that
has no part in them, and one that ended a whole forecast earlier has none at all.

    north   observed │1 2 3 4 5
    south   obs. │1 2│3 4 5           two steps of south are in no sum, and the last two of north are not whole
    east    │1 2 3 4 5│               nothing of east is in any sum

Shapes: ``S`` series, ``H`` horizon, ``R`` totals, ``N`` paths, ``Q`` probabilities.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray

from forecast.data.files.free_memory import free_memory, short_of_memory
from forecast.data.frequency import Timestamps
from forecast.data.panel import TARGET, IdParts, Panel
from forecast.errors import UsageError, did_you_mean
from forecast.evaluation.distribution.coherent_paths import path_quantiles
from forecast.evaluation.distribution.probabilistic_forecast import ProbabilisticForecast
from forecast.experiment.decisions.periods import (
    HORIZON,
    Period,
    check_period,
    edges_of,
    numbered,
    span_of,
    steps_ahead,
    whole_steps,
)
from forecast.experiment.decisions.series_selection import leaves_alone
from forecast.interval_levels import bounds_of, quantile_column
from forecast.models.forecaster import Forecasts, Quantiles, ends_of
from forecast.name_lists import flag_value
from forecast.report.tables import ResultTable, numbers_of, timestamp_texts
from forecast.wording import counted, joined, quoted

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

ALL = "all"
KEYS = ("series_id", "period_start", "period_end", "steps", "is_whole", "forecast")


@dataclass(frozen=True)
class AskedTotals:
    """What is added up.

    Attributes:
        period: steps of the same one; None for each step by itself.
        by: the part of the id that series have in common, ``ALL`` for all of them; None for each series by itself.
    """

    period: Period | None = None
    by: str | None = None


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums of forecasts.

    Attributes:
        asked: what was added up.
        names: (R,) of the series, or of what they have in common.
        starts: (R,) first day of the period, or the step's own time.
        ends: (R,) last day of it, likewise.
        origins: (R,) the last step that was observed of any of the series.
        steps: (R,) of time that are in it.
        is_whole: (R,) whether each step of the period, and each series, is.
        forecasts: (R,), in the target's unit.
        levels: of the intervals, in per cent.
        quantiles: (Q, R), the ends of all levels, and those that were asked for; NaN where nothing is known.
        probabilities: that were asked for.
        late: series that end before others of their sums, which they reach in part.
        ended: series that end a whole forecast before others of their sums, and have no part in them.
    """

    asked: AskedTotals
    names: tuple[str, ...]
    starts: Timestamps
    ends: Timestamps
    origins: Timestamps
    steps: IntArray
    is_whole: BoolArray
    forecasts: FloatArray
    levels: tuple[float, ...]
    quantiles: Quantiles
    probabilities: tuple[float, ...]
    late: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()

    def table(self, model: str, version: str) -> ResultTable:
        """Returns them as a row a total."""
        made = self.quantiles
        columns = {
            name: made.at(end)
            for level in self.levels
            for name, end in zip(bounds_of(level), ends_of(level), strict=True)
        }
        columns |= {quantile_column(probability): made.at(probability) for probability in self.probabilities}
        starts, ends = timestamp_texts(np.stack([self.starts, self.ends])).tolist()
        origins = timestamp_texts(self.origins).tolist()
        keys = (self.names, starts, ends, self.steps.tolist(), self.is_whole.tolist())
        numbers = map(numbers_of, (self.forecasts, *columns.values()))
        rows = zip(*keys, *numbers, repeat(model), repeat(version), origins, strict=False)
        return ResultTable((*KEYS, *columns, "model", "version", "origin"), tuple(rows))


def read_totals(total: str | None, by: str | None) -> AskedTotals | None:
    """Returns what is to be added up; None where nothing is.

    Raises:
        UsageError: there is no such period.
    """
    if total is None and by is None:
        return None
    periods = get_args(Period)
    if total is not None and total not in periods:
        message = f"--total {quoted(total)} is no period.{did_you_mean(total, periods)}"
        raise UsageError(message, f"--total {joined(periods, 'or')}")
    return AskedTotals(cast(Period | None, total), by)


def totals_of(
    panel: Panel,
    forecasts: Forecasts,
    distributed: ProbabilisticForecast | None,
    asked: AskedTotals,
    ids: IdParts,
) -> Totals:
    """Returns sums of forecasts with the intervals and quantiles that these have.

    Args:
        panel: that the forecasts go on from.
        forecasts: (S, H).
        distributed: the direct ones among them; None where no errors are known.
        asked: what is to be added up.
        ids: what the panel's series are told apart by.

    Raises:
        UsageError: the period is finer than the data, the series have no such part, or memory is short.
    """
    if asked.by is not None and panel.hierarchy is not None:
        ids = narrowed(ids, panel.series_ids, [panel.series_ids[i] for i in panel.summands])
        panel, forecasts, distributed = leaves_alone(panel, forecasts, distributed)
    groups, names = _groups(asked.by, panel, ids)
    cells = _cells(asked.period, panel, forecasts.point, groups)
    probabilities = forecasts.quantiles.probabilities if forecasts.quantiles else ()
    every = tuple(sorted({*probabilities, *chain.from_iterable(map(ends_of, forecasts.levels))}))
    is_part = cells.rows >= 0
    point: FloatArray = np.bincount(cells.rows[is_part], forecasts.point[is_part], cells.count).astype(np.float64)
    values = np.full((len(every), cells.count), np.nan)
    if every and distributed:
        known = _known(cells, distributed.point.shape[1])
        for chosen, sums in _summed(distributed, forecasts.point.shape[1], groups, cells):
            values[:, chosen] = path_quantiles(sums, every, are_counts=distributed.distribution.rare is not None)
        values[:, ~known] = np.nan
    _put_single(values, every, forecasts, cells)
    return Totals(
        asked=asked,
        names=tuple(names[group] for group in cells.groups),
        starts=cells.starts,
        ends=cells.ends,
        origins=cells.origins,
        steps=cells.steps,
        is_whole=cells.is_whole,
        forecasts=point,
        levels=forecasts.levels,
        quantiles=Quantiles(every, values),
        probabilities=probabilities,
        late=_named(panel, ~is_part[:, 0] & is_part[:, -1]),
        ended=_named(panel, ~is_part[:, -1]),
    )


def _named(panel: Panel, which: BoolArray) -> tuple[str, ...]:
    return tuple(panel.series_ids[i] for i in np.flatnonzero(which))


@dataclass(frozen=True, eq=False)
class _Cells:
    """Which total each step of each series is a part of.

    Attributes:
        rows: (S, H) places among the totals, which stand group by group; -1 for steps that are in none.
        groups: (R,) places of the groups that they are of.
        starts, ends, origins, steps, is_whole: see ``Totals``.
        sizes: (R,) steps of all series together.
    """

    rows: IntArray
    groups: IntArray
    starts: Timestamps
    ends: Timestamps
    origins: Timestamps
    steps: IntArray
    sizes: IntArray
    is_whole: BoolArray

    @property
    def count(self) -> int:
        """How many totals there are."""
        return len(self.groups)


def _groups(by: str | None, panel: Panel, ids: IdParts) -> tuple[IntArray, tuple[str, ...]]:
    """Returns the group of each series, (S,), and the groups' names.

    Raises:
        UsageError: the series have no such part.
    """
    if by is None:
        return np.arange(len(panel)), panel.series_ids
    names = {name.casefold(): name for name in reversed(ids.names)}
    name = by if by in ids.names else names.get(by.casefold())
    if name is None and by.casefold() == ALL:
        return np.zeros(len(panel), dtype=np.int64), (ALL,)
    if name is None and not ids.names and len(panel) > 1:
        message = f"--total-by {by}: the file that tells the parts of the id is gone, and names of series don't."
        raise UsageError(message, "--data FILE with newer rows, or --total-by all")
    if name is None:
        own = [each for each in ids.names if each != TARGET] or list(ids.names)
        what = f"the id, which is {joined(own)}" if own else "an id, since there is one series"
        ways = joined([f"--total-by {flag_value([each])}" for each in (*ids.names, ALL)], "or")
        column = next((other for other in ids.others if other.casefold() == by.casefold()), None)
        meant = "" if column else did_you_mean(by, (*ids.names, ALL))
        message = f"--total-by {by}: {by} is no part of {what}.{meant}"
        more = f"; forecast train DATA --id {flag_value([column, *own])} makes a model with it" if column else ""
        raise UsageError(message, f"{ways}{more}")
    own = [parts[ids.names.index(name)] for parts in ids.values]
    found = tuple(dict.fromkeys(own))
    places = {each: place for place, each in enumerate(found)}
    return np.array([places[each] for each in own]), found


def _cells(period: Period | None, panel: Panel, point: FloatArray, groups: IntArray) -> _Cells:
    frequency, (series, horizon) = panel.frequency, point.shape
    ordinals = panel.last[:, None] + np.arange(1, horizon + 1)
    latest = np.full(int(groups.max()) + 1, panel.last.min())
    np.maximum.at(latest, groups, panel.last)
    is_part = steps_ahead(panel.last, horizon, latest[groups])
    if period is not None:
        check_period(period, frequency)
    numbers = ordinals if period is None else numbered(period, frequency, ordinals)
    is_whole = (
        np.ones(point.shape, dtype=bool) if period is None else whole_steps(period, frequency, panel.last, numbers)
    )
    lowest = numbers.min()
    width = int(numbers.max() - lowest) + 1
    keys, flat = np.unique((groups[:, None] * width + numbers - lowest)[is_part], return_inverse=True)
    rows = np.full((series, horizon), -1, dtype=np.int64)
    rows[is_part] = flat.ravel()
    count, flat = len(keys), flat.ravel()
    own = keys // width
    first, last = np.full(count, ordinals.max()), np.full(count, ordinals.min())
    np.minimum.at(first, flat, ordinals[is_part])
    np.maximum.at(last, flat, ordinals[is_part])
    sizes, steps = np.bincount(flat, minlength=count), last - first + 1
    whole = np.bincount(flat, is_whole[is_part], count) == sizes  # each series has each step of the period
    whole &= sizes == np.bincount(groups[is_part[:, -1]])[own] * steps
    if period is None:
        starts, ends = frequency.timestamps(first), frequency.timestamps(last)
    elif period == HORIZON:
        starts, ends = span_of(frequency, first, last)
    else:
        starts, ends = edges_of(period, frequency, keys % width + lowest)
    return _Cells(rows, own, starts, ends, frequency.timestamps(latest[own]), steps, sizes, whole)


def _known(cells: _Cells, horizon: int) -> BoolArray:
    """Returns of which totals all steps lie within the horizon that errors were measured for, (R,)."""
    beyond = np.zeros(cells.count + 1, dtype=bool)  # the last is of steps that are in none
    beyond[cells.rows[:, horizon:].ravel()] = True
    return ~beyond[:-1]


def _summed(
    distributed: ProbabilisticForecast, steps: int, groups: IntArray, cells: _Cells
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yields some of the totals at a time, each with the sums of its paths: places (r,), and (N, r).

    A series of which no errors are known counts by its forecast where others are known.
    """
    order, count = np.argsort(groups, kind="stable"), distributed.distribution.futures
    horizon = min(steps, distributed.point.shape[1])
    for chosen in _parts(groups[order], np.bincount(cells.groups), order, count):
        some = cells.rows[chosen, :horizon]
        places, local = np.unique(some, return_inverse=True)
        local = local.reshape(some.shape)
        sums, is_known = np.zeros((count, len(places))), np.zeros(len(places), dtype=bool)
        for i, paths in enumerate(distributed.paths(count, which=chosen.tolist())):
            rows, begins = np.unique(local[i], return_index=True)
            own = paths[:, :horizon]
            is_known[rows] |= ~np.isnan(own).any()
            own = np.where(np.isnan(own), distributed.point[chosen[i], :horizon], own)
            sums[:, rows] += np.add.reduceat(own, begins, axis=1)
        sums[:, ~is_known] = np.nan
        in_none = int(np.searchsorted(places, 0))
        yield places[in_none:], sums[:, in_none:]


def _parts(groups: IntArray, totals: IntArray, order: IntArray, count: int) -> Iterator[IntArray]:
    """Yields the series of some whole groups at a time, so that their sums fit into the memory.

    Args:
        groups: of the series, ascending.
        totals: of each group.
        order: the series.
        count: paths by which a total is told.

    Raises:
        UsageError: those of one group don't.
    """
    room = free_memory() // 4 // (8 * count)
    if totals.max(initial=0) > room:
        needs = f"{counted(int(totals.max()), 'total')} of {count:,} paths need"
        raise short_of_memory(needs, int(32 * count * totals.max()), free_memory(), "--horizon with fewer steps")
    ends = np.cumsum(totals)
    begin = 0
    while begin < len(totals):
        end = max(begin + 1, int(np.searchsorted(ends, (ends[begin - 1] if begin else 0) + room, side="right")))
        yield order[np.searchsorted(groups, begin) : np.searchsorted(groups, end)]
        begin = end


def _put_single(values: FloatArray, every: Sequence[float], forecasts: Forecasts, cells: _Cells) -> None:
    """Puts the quantiles of forecasts where a total is one step of one series: they are the same."""
    known = [*([forecasts.quantiles] if forecasts.quantiles else [])]
    known += [Quantiles(ends_of(i.level), np.stack([i.lower, i.upper])) for i in forecasts.intervals]
    single = (cells.sizes[cells.rows] == 1) & (cells.rows >= 0)
    for made in known:
        for probability, own in zip(made.probabilities, made.values, strict=True):
            values[every.index(probability), cells.rows[single]] = own[single]


def narrowed(ids: IdParts, names: Sequence[str], chosen: Sequence[str]) -> IdParts:
    """Returns what some series are told apart by.

    Args:
        ids: of all series.
        names: of these.
        chosen: of those that stay.
    """
    return ids.some(names, chosen)


def earlier_notes(totals: Totals) -> tuple[str, ...]:
    """Returns in sentences which series reach less far than others of their sums, and which have no part in them."""
    notes = []
    for names, then in (
        (totals.late, "sums begin after the newest step of all, and are not whole where {it} not forecast"),
        (totals.ended, "a whole forecast or more, and {it} in no sum"),
    ):
        if names:
            what = names[0] if len(names) == 1 else f"{counted(len(names), 'series')}, such as {names[0]},"
            verb, it = ("ends", "it is") if len(names) == 1 else ("end", "they are")
            joint = ": " if names is totals.late else " by "
            notes.append(f"{what} {verb} before the others{joint}{then.format(it=it)}.")
    return tuple(notes)
