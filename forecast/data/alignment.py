"""Dates that lie beside the steps of their frequency → onto them, where it is plain which step is meant.

    the last trading day of a month → the last day          a shop that counts on Mondays, among Fridays → its week
    midnight in summer time, 22:00 → midnight               a Friday's value on Thursday, for a holiday → Friday

Shapes: ``R`` rows.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.columns import SeriesKeys, count_doubles
from forecast.data.date_forms import DAY
from forecast.data.dates import Dates
from forecast.data.findings import Finding, counted
from forecast.data.frequency import EPOCH_WEEKDAY, MONTHS, Frequency, readable
from forecast.data.inference import infer_frequency
from forecast.data.observations import Observations
from forecast.data.panel import FloatArray, IntArray
from forecast.data.table import Table, first_row
from forecast.errors import DataError

SERIES = 20  # of a panel that are looked at one by one
AGREE = 0.8  # share of them that must have the same step
HOUR = 3600
NIGHT = 4 * HOUR  # clocks are turned before this time of day


@dataclass(frozen=True, eq=False)
class Aligned:
    """Dates that all lie on a step, and what was done for it."""

    dates: Dates
    findings: tuple[Finding, ...] = ()


def infer_of_panel(dates: Dates, keys: SeriesKeys) -> Frequency:
    """Returns the frequency of all dates together, or that of each series where they have it on different days.

    Raises:
        DataError: There is no common step.
    """
    together = None
    with suppress(DataError):
        together = infer_frequency(dates.stamps)
    if len(keys.names) > 1 and (together is None or together.unit in {"day", "business-day"}):
        alone = _alone(dates, keys)
        counts = [sum((one.unit, one.every) == (other.unit, other.every) for other in alone) for one in alone]
        if alone and max(counts) >= AGREE * len(alone):
            usual = alone[int(np.argmax(counts))]
            if usual.unit == "week" or usual.unit in MONTHS:
                return max((one for one in alone if one.unit == usual.unit), key=alone.count)
    return together or infer_frequency(dates.stamps)


def align(table: Table, dates: Dates, frequency: Frequency, keys: SeriesKeys, *, is_asked: bool) -> Aligned:
    """Returns the dates on the steps of a frequency.

    Raises:
        DataError: A date lies beside the steps, and no single step is meant by it.
    """
    off = ~frequency.on_step(dates.stamps)
    if not off.any():
        return Aligned(dates)
    rows = int(off[dates.codes[dates.codes >= 0]].sum())
    stamp = readable(dates.stamps[dates.codes[first_row(dates.codes, off)]])
    days = dates.stamps[off].astype("datetime64[D]")
    if frequency.unit == "business-day" and not is_asked and not np.is_busday(days).any():
        text = f"{counted(rows, 'row')} on weekends left out, the first on {stamp}"
        return Aligned(dates.without(off), (Finding("warning", "weekends", text, "--freq"),))
    before = count_doubles(keys.codes, dates)
    for ordinals in _steps_meant(frequency, dates.stamps):
        moved = _moved(dates, frequency.timestamps(ordinals))
        if count_doubles(keys.codes, moved) == before:
            first = int(off.argmax())
            step = readable(frequency.timestamps(ordinals[first : first + 1])[0])
            what = f"{counted(rows, 'date')} beside the {frequency.name} steps"
            text = f"{what} counted as the step they belong to, such as {readable(dates.stamps[first])} as {step}"
            return Aligned(moved, (Finding("note", "moved", text, "--freq"),))
    row = first_row(dates.codes, off)
    message = f"{table.place(row)}: {stamp} is not one of the {frequency.name} steps ({frequency.code})"
    hint = f"correct the date, or give another step with --freq; --aggregate sum --freq {frequency.code} adds rows up"
    raise DataError(message, hint)


def average_doubled_hours(
    laid: Observations,
    frequency: Frequency,
    stamps: NDArray[np.datetime64],
    rows: tuple[IntArray, IntArray, FloatArray],
) -> tuple[Observations, list[Finding]]:
    """Returns the values with the hour that came twice, when clocks were turned back, as the mean of both.

    Args:
        laid: The values at their steps.
        frequency: Of the steps.
        stamps: Of each row, (R,).
        rows: Series, ordinal and value of each row, (R,).
    """
    doubled = laid.repeats[laid.conflicts]
    if frequency.unit not in {"minute", "hour"} or doubled.size == 0:
        return laid, []
    moments = np.unique(stamps[doubled[:, 0]])
    days, counts = np.unique(moments.astype("datetime64[D]"), return_counts=True)
    sundays = (days.astype(np.int64) + EPOCH_WEEKDAY) % 7 == 6
    nights = (moments.astype(np.int64) % DAY) < NIGHT
    step = int(np.diff(frequency.timestamps(np.arange(2))).astype(np.int64)[0])
    a_year = np.unique(days.astype("datetime64[Y]")).size == days.size
    if not (sundays.all() and nights.all() and a_year and (counts * step <= HOUR).all()):
        return laid, []
    series, steps, values = rows
    places = laid.offsets[series] + steps - laid.first[series]
    mean = laid.values.copy()
    members = np.unique(doubled)
    changed, group = np.unique(places[members], return_inverse=True)
    mean[changed] = np.bincount(group, values[members]) / np.bincount(group)
    text = f"the hour that came twice when clocks were turned back ({readable(moments[0])}) is averaged"
    kept = ~laid.conflicts
    settled = replace(laid, values=mean, repeats=laid.repeats[kept], conflicts=laid.conflicts[kept])
    return settled, [Finding("note", "clock-change", text)]


def _alone(dates: Dates, keys: SeriesKeys) -> list[Frequency]:
    """Returns the frequencies of some series, each by itself, as far as they have one."""
    alone = []
    for series in np.unique(np.linspace(0, len(keys.names) - 1, SERIES).astype(int)).tolist():
        codes = dates.codes[keys.codes == series]
        stamps = dates.stamps[np.unique(codes[codes >= 0])]
        with suppress(DataError):
            alone.append(infer_frequency(stamps))
    return alone


def _steps_meant(frequency: Frequency, stamps: NDArray[np.datetime64]) -> list[IntArray]:
    """Returns the ordinals that each date may stand for, the likeliest first."""
    seconds = stamps.astype(np.int64)
    if frequency.unit in MONTHS:
        return [frequency.periods(stamps)]
    if frequency.unit not in {"day", "business-day", "week"}:
        return []
    size = (7 * DAY if frequency.unit == "week" else DAY) * frequency.every
    phase = frequency.second if frequency.unit == "business-day" else frequency.phase
    nearest = (seconds - phase + size // 2) // size
    meant = (nearest * size + phase).astype("datetime64[s]")
    if (np.abs(seconds - meant.astype(np.int64)) <= HOUR).all():  # summer and winter time
        return [frequency.ordinals(meant)] if frequency.on_step(meant).all() else []
    if frequency.unit != "week" or frequency.every > 1:
        return []
    monday = (seconds // DAY + EPOCH_WEEKDAY) // 7
    label = int((frequency.phase // DAY + EPOCH_WEEKDAY) % 7)
    return [(((monday * 7 - EPOCH_WEEKDAY + label) * DAY) - frequency.phase // DAY * DAY) // size, nearest]


def _moved(dates: Dates, stamps: NDArray[np.datetime64]) -> Dates:
    """Returns the dates with other timestamps, several of which may be one."""
    ordered, ranks = np.unique(stamps, return_inverse=True)
    return replace(dates, codes=np.append(ranks, -1)[dates.codes], stamps=ordered)
