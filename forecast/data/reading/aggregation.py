"""Several rows a step → one: transactions summed by week, readings averaged by hour.

    Mon 5  Mon 2  Wed 4 | Tue 1 ...   ──sum, weekly──▶   11 | 1 ...

Shapes: ``R`` rows, ``N`` steps of all series together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.dates.dates import Dates
from forecast.data.dates.infer_frequency import infer_frequency
from forecast.data.findings import Finding
from forecast.data.frequency import Frequency, parse_frequency, readable
from forecast.data.panel import FloatArray, IntArray
from forecast.data.read_options import ADDED
from forecast.data.reading.gridding import ALWAYS_FINE, SPARSE
from forecast.errors import DataError
from forecast.specs import Aggregate, Fill
from forecast.wording import counted

COMPARED = 12  # periods that tell how early the first and how late the last row of a period usually is
LEAST_PERIODS = 2
LONG = 4  # steps without a row, in a row, that may be an outage, where single ones are days without a sale


@dataclass(frozen=True, eq=False)
class Steps:
    """One value a step, from the first row of each series to the last of all."""

    series: IntArray  # (N,)
    steps: IntArray  # (N,) ordinals
    values: FloatArray  # (N,) NaN where nothing was observed
    absent: NDArray[np.bool_]  # (N,) whether a step has no row


def aggregated_frequency(dates: Dates, wanted: str | None) -> Frequency:
    """Returns the frequency to aggregate to: as asked for, else that of the dates, else daily."""
    if wanted is not None:
        frequency = parse_frequency(wanted)
        is_closing = frequency.unit == "week" and not frequency.on_step(dates.stamps).all()
        return replace(frequency, is_closing=True) if is_closing else frequency
    try:
        frequency = infer_frequency(dates.stamps)
    except DataError:
        return Frequency("day")
    if frequency.unit in {"minute", "hour", "day"} and not frequency.on_step(dates.stamps).all():
        return Frequency(frequency.unit, frequency.every)  # of dates around a step: the one that the clock shows
    return frequency


def unfinished(dates: Dates, frequency: Frequency, how: Aggregate) -> tuple[NDArray[np.bool_], list[Finding]]:
    """Returns which rows lie in a first or last period that is only partly there, (R,), and what to say of them.

    A period is partly there if its rows end clearly earlier (for the first: begin later) than those of the others.
    """
    periods = frequency.periods(dates.stamps)
    found, starts, places = np.unique(periods, return_index=True, return_inverse=True)
    drop = np.zeros(found.size, dtype=bool)
    findings: list[Finding] = []
    late = frequency.period_begins(found + 1) - dates.stamps[np.append(starts[1:], periods.size) - 1]
    early = dates.stamps[starts] - frequency.period_begins(found)
    for place, is_partial, which in (
        (found.size - 1, how != "mean" and _is_far(late[::-1]), "ends"),
        (0, how in ADDED and _is_far(early), "begins"),
    ):
        if is_partial:
            drop[place] = True
            edge, label = dates.stamps[-1 if place else 0], frequency.timestamps(found[place : place + 1])[0]
            text = f"the data {which} on {readable(edge)}, so the {_noun(frequency)} of {readable(label)} is not whole"
            findings.append(Finding("warning", "unfinished", f"{text} and left out", "--keep-partial"))
    return np.append(drop[places], False)[dates.codes], findings


def _is_far(gaps: NDArray[np.timedelta64]) -> bool:
    """Returns whether the first gap is clearly longer than each of those after it."""
    others = gaps[1 : 1 + COMPARED].astype("timedelta64[s]").astype(np.int64)
    if others.size < LEAST_PERIODS:
        return False
    return bool(gaps[0].astype("timedelta64[s]").astype(np.int64) > 1.5 * others.max() - 0.5 * others.min())


def aggregate(
    series: IntArray,
    steps: IntArray,
    values: FloatArray,
    count: int,
    *,
    how: Aggregate,
    fill: Fill = "zero",
    order: IntArray | None = None,
) -> Steps:
    """Returns one value for each step of each series.

    Args:
        series: Which of the ``count`` series each row belongs to, (R,); -1 for a row to leave out.
        steps: Ordinal of each row's step, (R,).
        values: (R,), NaN where a row has none; it does not count.
        count: How many series there are.
        how: What is done with the rows of one step.
        fill: What stands in a gap; ``zero`` makes sums and counts of steps without a row 0, up to the end of all.
        order: Of each row in time, (R,), for ``last``; by default as in the file.

    Raises:
        DataError: The calendar from the first to the last date is far longer than the data.
    """
    rows = np.flatnonzero((series >= 0) & ~np.isnan(values))
    if order is not None:
        rows = rows[np.argsort(order[rows], kind="stable")]
    if rows.size == 0:
        return Steps(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, bool))
    latest = steps[rows].max()
    first, last = np.full(count, latest + 1), np.full(count, steps[rows].min() - 1)
    np.minimum.at(first, series[rows], steps[rows])
    np.maximum.at(last, series[rows], steps[rows])
    is_zero = how in ADDED and fill == "zero"
    end = latest if is_zero else last
    lengths = np.maximum(end - first + 1, 0)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    total = int(offsets[-1])
    if total > SPARSE * rows.size + ALWAYS_FINE:
        message = f"from the first date to the last lie {total:,} steps, for {counted(rows.size, 'row')}."
        raise DataError(message, "look for a wrong date, or give a longer step with --freq")
    places = (offsets[:-1] - first)[series[rows]] + steps[rows]
    each = np.repeat(np.arange(count), lengths)
    ordinals = np.arange(total) - np.repeat(offsets[:-1] - first, lengths)
    combined = _combined(places, values[rows], total, how)
    absent = np.bincount(places, minlength=total) == 0
    if not is_zero:
        combined[absent] = np.nan
        absent[_without_value(series, steps, values, (first, end, offsets))] = False
    return Steps(each, ordinals, combined, absent)


def absence_findings(added: Steps, frequency: Frequency, names: Sequence[str], *, is_asked: bool) -> list[Finding]:
    """Returns how many steps without a row are counted as 0, and the longest gap among them.

    Args:
        added: One value a step; NaN where a step without a row is none.
        frequency: Of the steps.
        names: Of the series.
        is_asked: Somebody wants them to be 0.
    """
    absent = np.flatnonzero(added.absent & ~np.isnan(added.values))
    if absent.size == 0:
        return []
    is_next = (np.diff(absent, prepend=-2) == 1) & (np.diff(added.series[absent], prepend=-1) == 0)
    begins = np.flatnonzero(~is_next)
    lengths = np.diff(np.append(begins, absent.size))
    longest = int(lengths.max())
    first = absent[begins[lengths.argmax()]]
    ends = [readable(stamp) for stamp in frequency.timestamps(added.steps[[first, first + longest - 1]])]
    span = ends[0] if longest == 1 else f"{ends[0]} … {ends[1]}"
    whose = f" of {names[added.series[first]]}" if len(names) > 1 else ""
    noun = _noun(frequency)
    text = f"{counted(absent.size, noun)} without a row counted as 0"
    if begins.size == 1:
        text += f": {span}{whose}"
    else:
        text += f", the longest gap {counted(longest, noun)}{whose}: {span}"
    # By chance, gaps as frequent as the others make a run of about log(steps) / log(1 / share).
    others, steps = absent.size - longest, added.values.size - longest
    usual = np.log(max(steps, 2)) / np.log(max(steps, 2) / max(others, 1))
    is_outage = longest > LONG + 2 * (usual - 1) and not is_asked
    return [
        Finding("warning" if is_outage else "note", "gaps", text, "--fill zero" if is_asked else "--fill interpolate")
    ]


def _without_value(
    series: IntArray, steps: IntArray, values: FloatArray, spans: tuple[IntArray, IntArray, IntArray]
) -> IntArray:
    """Returns the places of rows without a value, within the first and the last step of each series and its offset."""
    first, end, offsets = spans
    rows = np.flatnonzero((series >= 0) & np.isnan(values))
    inside = (first[series[rows]] <= steps[rows]) & (steps[rows] <= end[series[rows]])
    rows = rows[inside]
    return np.asarray((offsets[:-1] - first)[series[rows]] + steps[rows])


def _combined(places: IntArray, values: FloatArray, total: int, how: Aggregate) -> FloatArray:
    """Returns the values of each place together, (N,)."""
    if how == "last":
        laid = np.full(total, np.nan)
        laid[places] = values
        return laid
    counts = np.bincount(places, minlength=total).astype(np.float64)
    if how == "count":
        return counts
    sums = np.bincount(places, weights=values, minlength=total).astype(np.float64)
    return sums if how == "sum" else np.divide(sums, counts, out=np.full(total, np.nan), where=counts > 0)


def _noun(frequency: Frequency) -> str:
    noun = {"business-day": "day"}.get(frequency.unit, frequency.unit)
    return f"{frequency.every}-{noun} period" if frequency.every > 1 else noun
