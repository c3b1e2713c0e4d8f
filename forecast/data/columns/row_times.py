"""The timestamp of each row: by the columns asked for, or by those that say it best.

Shapes: ``R`` rows.
"""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from forecast.data.columns.roles import choose_time, columns_of_dates_beside, count_doubles
from forecast.data.dates.date_columns import columns_of_time, is_even, read_times
from forecast.data.dates.date_forms import DAY
from forecast.data.dates.dates import MOST_STRAYS, Dates, read_dates
from forecast.data.dates.infer_frequency import duration
from forecast.data.dates.swapped_days import Swapped, day_and_month, find_swapped
from forecast.data.files.table import Table
from forecast.data.findings import Finding
from forecast.data.panel import IntArray
from forecast.data.read_options import ReadOptions
from forecast.errors import DataError
from forecast.name_lists import flag_value
from forecast.wording import quoted

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


def choose_times(
    table: Table, times: tuple[str, ...], taken: Sequence[str], options: ReadOptions, today: int | None
) -> tuple[tuple[str, ...], Dates, list[Finding]]:
    """Returns the time columns, their dates, and what to say of them.

    A column of days is taken together with one of hours where that leads to even steps; the times of single sales do
    not. A column that holds days and hours at once goes before both.

    Raises:
        DataError: No column holds dates, a cell is none, or days and months changed places.
    """
    findings: list[Finding] = []
    if times:
        dates = read_times(table, times, options.date_format, today)
    else:
        times, dates, findings = _infer(table, taken, options, today)
    if dates.note:
        findings.append(Finding("note", "zone", dates.note))
    if dates.reason:
        findings.append(Finding("note", "dates", dates.reason, f"--date-format {dates.form}"))
    findings += [Finding("note", "dates", text, "--date-format") for text in dates.remarks]
    if dates.strays:
        row = dates.strays[0]
        text = f"{quoted(table.texts(times[0]).value(row))} is no date"
        findings.append(_left_out(table, dates.strays, text))
    if swapped := find_swapped(dates):
        text = _swapped_text(table, times[0], dates, swapped)
        if options.date_format is None:
            form = dates.form or "%Y-%m-%d"
            hint = (
                f"write all dates in one way, such as 2024-01-31; --date-format {shlex.quote(form)} if they are right"
            )
            raise DataError(f"{table.source.name}: {text}", hint)
        findings.append(Finding("warning", "swapped", text, "--date-format"))
    dates, lone = without_lone(dates)
    if lone.size:
        text = f"{quoted(table.texts(times[0]).value(int(lone[0])))} lies a decade or more from all other dates"
        findings.append(_left_out(table, lone.tolist(), text))
    return times, dates, findings


def _infer(
    table: Table, taken: Sequence[str], options: ReadOptions, today: int | None
) -> tuple[tuple[str, ...], Dates, list[Finding]]:
    """Returns the time columns that nobody asked for, their dates, and what to say of them."""
    time, findings = choose_time(table, taken, options.date_format)
    times: tuple[str, ...] = (time,)
    dates = read_times(table, times, options.date_format, today)
    if not count_doubles(np.zeros(table.rows, np.int64), dates):
        return times, dates, findings
    several = columns_of_time(table, time, taken)
    together = dates
    if len(several) > 1:
        finer = read_times(table, several, options.date_format, today)
        sure = dates.form in {"%Y", "%y"} or options.aggregate or options.freq
        if finer.stamps.size > dates.stamps.size and (sure or is_even(finer)):
            times, together = several, finer
            findings = [Finding("note", "time", f"{' and '.join(times)} together", "--time")]
    whole = _whole(table, dates, together, [*several, *taken], (options.date_format, today))
    if whole:
        return (whole[0],), whole[1], [_hours_finding(times, together, *whole)]
    return times, together, findings


def _whole(
    table: Table, days: Dates, together: Dates, taken: Sequence[str], form: tuple[str | None, int | None]
) -> tuple[str, Dates] | None:
    """Returns the column that holds the days and, beside what other columns say together, hours at even steps."""
    for name in columns_of_dates_beside(table, taken, form[0]):
        with suppress(DataError):
            dates = read_dates(table, name, *form)
            distances = _distances(dates, together)
            is_near = distances.size == table.rows and bool((np.abs(distances) <= DAY).all())
            is_finer = dates.stamps.size > days.stamps.size and dates.stamps.size >= together.stamps.size - 1
            if is_near and is_finer and is_even(dates):
                return name, dates
    return None


def _hours_finding(times: Sequence[str], together: Dates, name: str, dates: Dates) -> Finding:
    """Returns what was taken, and how far the other columns are from it."""
    others = " and ".join(times) + (" together" if times[1:] else "")
    distances = np.unique(_distances(together, dates))
    verb = "are" if times[1:] else "is"
    shift = f"tell{'' if times[1:] else 's'} it less precisely" if not times[1:] else "don't always agree"
    if distances.size == 1 and times[1:]:
        distance = int(distances[0])
        when = "earlier" if distance < 0 else "later"
        shift = f"{verb} {duration(abs(distance))} {when}" if distance else "say the same"
    return Finding("note", "time", f"{name}; {others} {shift}", f"--time {flag_value(times)}")


def _distances(dates: Dates, others: Dates) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Returns the seconds from others to dates in the rows that have both."""
    both = (dates.codes >= 0) & (others.codes >= 0)
    stamps = [one.stamps.astype(np.int64)[one.codes[both]] for one in (dates, others)]
    return stamps[0] - stamps[1]


def _swapped_text(table: Table, time: str, dates: Dates, swapped: Swapped) -> str:
    """Returns which two lines tell that days and months changed places."""
    texts = table.texts(time)
    rows = (swapped.row, swapped.other)
    cells = [f"{texts.value(row)} in {table.line(row)}" for row in rows]
    stamps = [dates.stamps[dates.codes[row]] for row in rows]
    span = f"{swapped.first.astype('datetime64[D]')} to {swapped.last.astype('datetime64[D]')}"
    order = f"row by row the dates go from {span} in order if {cells[0]} is {day_and_month(stamps[0], swapped=True)}"
    return f"days and months changed places: {order} and {cells[1]} is {day_and_month(stamps[1])}"


def _left_out(table: Table, rows: Sequence[int], reason: str) -> Finding:
    count = f"{len(rows)} rows left out, the first is" if len(rows) > 1 else "left out:"
    return Finding("warning", "strays", f"{count} {table.line(rows[0])}, since {reason}")
