"""Dates off the grid of their frequency → onto it, where it is plain which step is meant.

    the last trading day of a month → the last day          a shop that counts on Mondays, among Fridays → its week
    midnight in summer time, 22:00 → midnight               a Friday's value on Thursday, for a holiday → Friday

Shapes: ``R`` rows.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.columns.roles import SeriesKeys, count_doubles
from forecast.data.dates.date_forms import DAY
from forecast.data.dates.dates import Dates
from forecast.data.dates.infer_frequency import infer_frequency
from forecast.data.files.table import Table, first_row
from forecast.data.findings import Finding
from forecast.data.frequency import EPOCH_WEEKDAY, MONTHS, SECONDS, Frequency, readable
from forecast.data.panel import FloatArray, IntArray, even_choice
from forecast.data.reading.gridding import Observations
from forecast.errors import DataError
from forecast.wording import counted

SERIES = 20  # of a panel that are looked at one by one
AGREE = 0.8  # share of them that must have the same step
FEWEST_SPOILED = 8  # distances between dates that tell that one date spoils them
MOST_SPOILERS = 20  # dates, nearest to another, that are looked at
FEW_DOUBLES = 0.01  # share of the rows that may come to a step of another, where the clock is fast
NEAR = 0.25  # of a step: how far from one dates may lie, or how unlike the distances between them may be
SCATTERED = 0.05  # share of the dates for which that need not hold
HOUR = 3600
NIGHT = 4 * HOUR  # clocks are turned before this time of day

BoolArray = NDArray[np.bool_]


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


def infer_of_rows(table: Table, dates: Dates, keys: SeriesKeys, valued: BoolArray) -> Frequency:
    """Returns the frequency of all dates, or where they have none, of the rows that have a value.

    Raises:
        DataError: There is no common step; the one date that spoils it is named.
    """
    try:
        return infer_of_panel(dates, keys)
    except DataError:
        if not valued[dates.codes >= 0].all():
            with suppress(DataError):
                return infer_of_panel(dates.of_rows(valued), keys)
        if len(keys.names) == 1:
            _refuse_spoiler(table, dates)
        raise


def _refuse_spoiler(table: Table, dates: Dates) -> None:
    """Refuses the one date without which all others have a common step.

    Raises:
        DataError: There is one; its line is named.
    """
    distances = np.diff(dates.stamps.astype(np.int64))
    if distances.size < FEWEST_SPOILED:
        return
    nearest = np.minimum(np.append(distances, distances.max()), np.insert(distances, 0, distances.max()))
    for place in np.argsort(nearest, kind="stable")[:MOST_SPOILERS].tolist():
        rest = np.delete(dates.stamps, place)
        try:
            frequency = infer_frequency(rest)
        except DataError:
            continue
        steps = frequency.periods(rest)
        if rest.size < AGREE * (steps[-1] - steps[0] + 1):
            continue
        row = first_row(dates.codes, np.arange(dates.stamps.size) == place)
        message = f"{table.place(row)}: {readable(dates.stamps[place])} is none of the {frequency.name} steps that all "
        message += "other dates lie on."
        raise DataError(message, f"correct the date, or delete {table.line(row)}")


def align(
    table: Table,
    dates: Dates,
    frequency: Frequency,
    keys: SeriesKeys,
    *,
    is_asked: bool,
    valued: BoolArray | None = None,
) -> Aligned:
    """Returns the dates on the steps of a frequency.

    Args:
        table: The file.
        dates: Of the rows, (R,).
        frequency: Of the steps.
        keys: The series of the rows, (R,).
        is_asked: The frequency was asked for.
        valued: Which rows have a value, (R,): those without that lie beside the steps are left out where need be.

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
    moved = _onto_steps(dates, frequency, keys)
    if moved is not None:
        first = int(off.argmax())
        step = readable(moved.stamps[moved.codes[first_row(dates.codes, np.arange(off.size) == first)]])
        what = f"{counted(rows, 'date')} beside the {frequency.name} steps"
        text = f"{what} counted as the step they belong to, such as {readable(dates.stamps[first])} as {step}"
        return Aligned(moved, (Finding("note", "moved", text, "--freq"),))
    is_off = np.append(off, False)[dates.codes]
    if valued is not None and (is_off & ~valued).any():
        lost = np.flatnonzero(is_off & ~valued)
        rest = align(table, dates.of_rows(~is_off | valued), frequency, keys, is_asked=is_asked)
        text = f"{counted(lost.size, 'row')} without a value beside the {frequency.name} steps left out"
        return replace(
            rest, findings=(Finding("note", "beside", f"{text} ({table.line(int(lost[0]))})"), *rest.findings)
        )
    _refuse_second(table, dates, frequency, keys)
    row = first_row(dates.codes, off)
    message = f"{table.place(row)}: {stamp} is not one of the {frequency.name} steps ({frequency.code})"
    hint = f"correct the date, or give another step with --freq; --aggregate sum --freq {frequency.code} adds rows up"
    hint += "" if is_asked else "; --no-dates if each row is one step"
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
    for series in even_choice(len(keys.names), SERIES).tolist():
        codes = dates.codes[keys.codes == series]
        stamps = dates.stamps[np.unique(codes[codes >= 0])]
        with suppress(DataError):
            alone.append(infer_frequency(stamps))
    return alone


def _onto_steps(dates: Dates, frequency: Frequency, keys: SeriesKeys) -> Dates | None:
    """Returns the dates on the steps that they mean, with the fewest gaps between them; None where two mean one."""
    before = count_doubles(keys.codes, dates)
    fitting: list[tuple[int, int, Dates]] = []
    for ordinals in _steps_meant(frequency, dates.stamps):
        moved = _moved(dates, frequency.timestamps(ordinals))
        if count_doubles(keys.codes, moved) == before:
            fitting.append((int(np.ptp(ordinals)) - np.unique(ordinals).size, len(fitting), moved))
    if fitting:
        return min(fitting)[2]
    if frequency.unit in {"minute", "hour"}:  # a clock that is fast comes round to a step twice now and then
        for ordinals in _steps_meant(frequency, dates.stamps)[:1]:
            moved = _moved(dates, frequency.timestamps(ordinals))
            if count_doubles(keys.codes, moved) - before <= FEW_DOUBLES * keys.codes.size:
                return moved
    return None


def around_steps(dates: Dates, frequency: Frequency, keys: SeriesKeys) -> Dates:
    """Returns dates that lie around steps of minutes or hours, each around one of its own, on them; others as they are.

    Cut at the steps, 11:59:58 would be of another one than 12:05:03, and 12:00:02 of the same.
    """
    if frequency.unit not in {"minute", "hour"} or frequency.on_step(dates.stamps).all():
        return dates
    return _onto_steps(dates, frequency, keys) or dates


def _refuse_second(table: Table, dates: Dates, frequency: Frequency, keys: SeriesKeys) -> None:
    """Refuses two dates of one series in one month, quarter or year, of which the second lies where no other does.

    Raises:
        DataError: There are such; the line of the one that is apart is named.
    """
    if frequency.unit not in MONTHS:
        return
    rows = np.flatnonzero((dates.codes >= 0) & (keys.codes >= 0))
    stamps, periods = dates.stamps[dates.codes[rows]], frequency.periods(dates.stamps)[dates.codes[rows]]
    order = np.lexsort((stamps, periods, keys.codes[rows]))
    same = (np.diff(periods[order]) == 0) & (np.diff(keys.codes[rows][order]) == 0)
    twice = np.flatnonzero(same & (np.diff(stamps[order]).astype(np.int64) > 0))
    if twice.size == 0:
        return
    away = (stamps - frequency.period_begins(periods)).astype("timedelta64[s]").astype(np.int64)
    pair = order[twice[0] : twice[0] + 2]
    apart = np.abs(away[pair] - np.median(away))
    row, other = (int(rows[place]) for place in pair[np.argsort(-apart)])
    period = str(dates.stamps[dates.codes[row]])[: 4 if frequency.unit == "year" else 7]
    message = (
        f"{table.place(row)}: {readable(dates.stamps[dates.codes[row]])} is a second date in {period}, beside that "
    )
    message += f"of {table.line(other)}, where the steps are {frequency.name} ({frequency.code})."
    hint = f"correct the date or delete {table.line(row)}; --aggregate sum --freq {frequency.code} adds rows up"
    raise DataError(message, hint)


def _steps_meant(frequency: Frequency, stamps: NDArray[np.datetime64]) -> list[IntArray]:
    """Returns the ordinals that each date may stand for, the likeliest first."""
    seconds = stamps.astype(np.int64)
    if frequency.unit in MONTHS:
        return [frequency.periods(stamps)]
    if frequency.unit in {"minute", "hour"}:
        return _around(seconds, frequency.phase, SECONDS[frequency.unit] * frequency.every)
    return _days_or_weeks_meant(frequency, seconds) if frequency.unit in {"day", "business-day", "week"} else []


def _days_or_weeks_meant(frequency: Frequency, seconds: IntArray) -> list[IntArray]:
    size = (7 * DAY if frequency.unit == "week" else DAY) * frequency.every
    phase = frequency.second if frequency.unit == "business-day" else frequency.phase
    nearest = (seconds - phase + size // 2) // size
    meant = (nearest * size + phase).astype("datetime64[s]")
    if (np.abs(seconds - meant.astype(np.int64)) <= HOUR).all():  # summer and winter time
        return [frequency.ordinals(meant)] if frequency.on_step(meant).all() else []
    if frequency.unit in {"day", "business-day"}:
        return _days_meant(frequency, seconds)
    if frequency.every > 1:
        return _around(seconds, frequency.phase, size)
    monday = (seconds // DAY + EPOCH_WEEKDAY) // 7
    label = int((frequency.phase // DAY + EPOCH_WEEKDAY) % 7)
    return [(((monday * 7 - EPOCH_WEEKDAY + label) * DAY) - frequency.phase // DAY * DAY) // size, nearest]


def _around(seconds: IntArray, phase: int, size: int) -> list[IntArray]:
    """Returns the nearest steps, and those that a clock which is slow or fast counts; none where few are near one."""
    nearest = (seconds - phase + size // 2) // size
    steps = np.diff(seconds) / size
    uneven = np.abs(steps - np.round(steps))
    is_near = np.quantile(np.abs(seconds - phase - nearest * size), 1 - SCATTERED) <= NEAR * size
    if size >= DAY or np.quantile(uneven, 1 - SCATTERED) > NEAR:
        return [nearest] if is_near else []
    in_turn = nearest[0] + np.concatenate([[0], np.cumsum(np.round(steps))]).astype(np.int64)
    drift = np.abs(seconds - phase - in_turn * size)
    return [nearest, in_turn] if (drift < size).all() else [nearest]


def _days_meant(frequency: Frequency, seconds: IntArray) -> list[IntArray]:
    """Returns the days of dates with a time of day that differs: as written, or the nearest where it is around one."""
    days = seconds // DAY
    if frequency.every > 1 or (
        frequency.unit == "business-day" and not np.is_busday(days.astype("datetime64[D]")).all()
    ):
        return []
    second = frequency.second if frequency.unit == "business-day" else frequency.phase
    own = (days * DAY + second).astype("datetime64[s]")
    around = [] if frequency.unit == "business-day" else _around(seconds, frequency.phase, DAY)[:1]
    return [frequency.ordinals(own), *around]


def _moved(dates: Dates, stamps: NDArray[np.datetime64]) -> Dates:
    """Returns the dates with other timestamps, several of which may be one."""
    ordered, ranks = np.unique(stamps, return_inverse=True)
    return replace(dates, codes=np.append(ranks, -1)[dates.codes], stamps=ordered)
