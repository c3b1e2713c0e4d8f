"""What a file's columns are for: when, what, and of which series; as asked for, or inferred.

Shapes: ``R`` rows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from forecast.data.calendar import columns_of_time, is_even, number_rows, read_times, split_columns
from forecast.data.columns import (
    Columns,
    SeriesKeys,
    check_names,
    choose_ids,
    choose_time,
    count_doubles,
    possible_ids,
    series_keys,
)
from forecast.data.covariates import KINDS
from forecast.data.dates import Dates
from forecast.data.findings import Finding, listed, quoted
from forecast.data.frequency import ROW
from forecast.data.lone_dates import without_lone
from forecast.data.names import SURE_IDS
from forecast.data.options import ReadOptions
from forecast.data.panel import IntArray
from forecast.data.table import Table
from forecast.data.target import choose_target
from forecast.data.wide import MONTHS, columns_of_months, dates_are_columns
from forecast.errors import DataError, UsageError
from forecast.name_lists import join_names

ROWS = "rows"  # what is forecast where rows are counted


@dataclass(frozen=True, eq=False)
class Selection:
    """The columns that are used, and when and of which series each row is."""

    columns: Columns
    dates: Dates  # (R,) the numbers of the rows where there are no dates
    keys: SeriesKeys  # (R,)
    findings: tuple[Finding, ...]


def select(table: Table, options: ReadOptions) -> Selection:
    """Returns which columns are used; what was not asked for is inferred.

    Raises:
        UsageError: An option names no column, or options contradict each other.
        DataError: No column will do.
    """
    _check(options)
    targets = check_names(table, "--target", options.target)
    ids = check_names(table, "--id", options.ids)
    times = check_names(table, "--time", split_columns(table, options.time))
    beside = [check_names(table, f"--{kind}", getattr(options, kind)) for kind in KINDS]
    covariates = list(chain(*beside))
    named = [*targets, *ids, *times, *covariates]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice:
        flags = ["--time", "--target", *(f"--{kind}" for kind in KINDS if covariates)]
        raise UsageError(f"Column {twice} is asked for twice.", f"{', '.join(flags)} and --id take different columns")
    findings: list[Finding] = []
    if options.no_dates:
        ids = ids or tuple(name for name in table.names if name.lower() in SURE_IDS and name not in named)[:1]
        keys = _keys(table, ids)
        dates = number_rows(keys.codes, len(keys.names))
    else:
        times, dates, findings = _times(table, times, named, options)
        if not ids and options.aggregate:
            others = possible_ids(table, dates, [*targets, *times, *covariates])
            findings += [Finding("note", "ids", f"none; possible: {listed(others)}", "--id")] if others else []
        elif not ids:
            ids, more = choose_ids(table, dates, [*targets, *times, *covariates], ", ".join(times))
            findings += more
        keys = _keys(table, ids)
    findings += [
        Finding("note", "blanks", f"blanks around {listed([quoted(word) for word in merged], 3)} in {name} left out")
        for name in ids
        if (merged := table.merged(name))
    ]
    if not targets and options.aggregate == "count":
        targets = (ROWS,)
    elif not targets:
        wide = columns_of_months([name for name in table.names if name not in named]) if len(times) == 1 else []
        if wide and (dates.stamps == dates.stamps.astype("datetime64[Y]")).all():
            raise dates_are_columns(table, wide, "month" if len(wide) == MONTHS else "quarter")
        target, more = choose_target(table, [*ids, *times, *covariates], lambda: _order(dates, keys))
        targets, findings = (target,), [*findings, *more]
    return Selection(Columns(join_names(times), targets, ids, *beside), dates, keys, tuple(findings))


def _check(options: ReadOptions) -> None:
    """Refuses options of which one would be left unheeded.

    Raises:
        UsageError: There are such.
    """
    given = {"--time": options.time, "--freq": options.freq, "--date-format": options.date_format}
    given["--aggregate"] = options.aggregate
    flag = next((flag for flag, value in given.items() if value and value != ROW.code), None)
    if options.no_dates and flag:
        raise UsageError(f"{flag} can't be used with --no-dates, which numbers the rows.", f"leave out {flag}")
    if options.keep_partial and not options.aggregate:
        message = "--keep-partial says what becomes of periods that rows are added up to, but none are."
        raise UsageError(message, "--aggregate sum --freq M --keep-partial")


def _keys(table: Table, ids: tuple[str, ...]) -> SeriesKeys:
    """Returns the series of each row; all rows are of one where no column tells them apart.

    Raises:
        DataError: Two series would have one name, such as those of x/y and z, and of x and y/z.
    """
    if ids:
        keys = series_keys(table, ids)
        twice = next((name for name, count in Counter(keys.names).items() if count > 1), None)
        if twice is not None:
            places = [code for code, name in enumerate(keys.names) if name == twice][:2]
            lines = " and ".join(table.line(int((keys.codes == place).argmax())) for place in places)
            message = f"{table.source.name} {lines} are of different series, both called {twice} by {', '.join(ids)}."
            raise DataError(message, f"write another sign in place of / in column {' or '.join(ids)}")
        return keys
    return SeriesKeys(np.zeros(table.rows, np.int64), (table.source.stem,))


def _order(dates: Dates, keys: SeriesKeys) -> IntArray:
    """Returns the rows by series and time, (R,)."""
    return np.lexsort((dates.codes, keys.codes))


def _times(
    table: Table, times: tuple[str, ...], taken: list[str], options: ReadOptions
) -> tuple[tuple[str, ...], Dates, list[Finding]]:
    """Returns the time columns, their dates, and what to say of them.

    A column of days is taken together with one of hours where that leads to even steps; the times of single sales do
    not.
    """
    findings: list[Finding] = []
    if times:
        dates = read_times(table, times, options.date_format)
    else:
        time, findings = choose_time(table, taken, options.date_format)
        times = (time,)
        dates = read_times(table, times, options.date_format)
        everything = np.zeros(table.rows, np.int64)
        several = columns_of_time(table, time, taken) if count_doubles(everything, dates) else times
        if len(several) > 1:
            together = read_times(table, several, options.date_format)
            sure = dates.form == "%Y" or options.aggregate or options.freq
            if together.stamps.size > dates.stamps.size and (sure or is_even(together)):
                times, dates, findings = several, together, []
                findings.append(Finding("note", "time", f"{' and '.join(times)} together", "--time"))
    if dates.note:
        findings.append(Finding("note", "zone", dates.note))
    if dates.reason:
        findings.append(Finding("note", "dates", dates.reason, f"--date-format {dates.form}"))
    if dates.strays:
        row = dates.strays[0]
        text = f"{quoted(table.texts(times[0]).value(row))} is no date"
        findings.append(_left_out(table, dates.strays, text))
    dates, lone = without_lone(dates)
    if lone.size:
        text = f"{quoted(table.texts(times[0]).value(int(lone[0])))} lies a decade or more from all other dates"
        findings.append(_left_out(table, lone.tolist(), text))
    return times, dates, findings


def _left_out(table: Table, rows: Sequence[int], reason: str) -> Finding:
    count = f"{len(rows)} rows left out, the first is" if len(rows) > 1 else "left out:"
    return Finding("warning", "strays", f"{count} {table.line(rows[0])}, since {reason}")
