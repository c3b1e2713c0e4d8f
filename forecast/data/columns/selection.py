"""What a file's columns are for: when, what, and of which series; as asked for, or inferred.

Shapes: ``R`` rows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.data.column_names import SURE_IDS
from forecast.data.columns.roles import (
    Columns,
    MissingColumnError,
    SeriesKeys,
    check_names,
    choose_ids,
    possible_ids,
    series_keys,
)
from forecast.data.columns.row_times import choose_times
from forecast.data.columns.target import choose_target
from forecast.data.columns.wide_tables import PARTS_OF_YEARS, DatesAcrossError, dates_across, ends_of, rows_of_sums
from forecast.data.covariates import KINDS
from forecast.data.dates.date_columns import number_rows, split_columns
from forecast.data.dates.dates import Dates
from forecast.data.files.dialect.stacks import DatesAcross
from forecast.data.files.table import Table
from forecast.data.findings import Finding
from forecast.data.frequency import ROW
from forecast.data.panel import IntArray
from forecast.data.read_options import ReadOptions
from forecast.errors import DataError, UsageError
from forecast.name_lists import flag_value, join_names
from forecast.wording import listed, quoted

ROWS = "rows"  # what is forecast where rows are counted


@dataclass(frozen=True, eq=False)
class Selection:
    """The columns that are used, and when and of which series each row is."""

    table: Table  # as it is read: with a row for each date where they are columns
    columns: Columns
    dates: Dates  # (R,) the numbers of the rows where there are no dates
    keys: SeriesKeys  # (R,)
    findings: tuple[Finding, ...]


def select(table: Table, options: ReadOptions, today: int | None = None) -> Selection:
    """Returns which columns are used; what was not asked for is inferred.

    Args:
        table: The file.
        options: What was asked for.
        today: The year that it is, which two digits don't go far beyond.

    Raises:
        UsageError: An option names no column, or options contradict each other.
        DataError: No column will do.
    """
    _check(options)
    try:
        return _selected(table, options, today)
    except DatesAcrossError as error:
        return _selected(table.turned(error.across), options, today)
    except MissingColumnError as error:
        across = dates_across(table)
        if across is None or error.column not in across.names:
            raise
        return _selected(table.turned(across), options, today)


def _selected(table: Table, options: ReadOptions, today: int | None) -> Selection:
    """Returns which columns of a table are used.

    Raises:
        DatesAcrossError: its dates are columns.
        UsageError, DataError: as ``select``.
    """
    asked, times = _named(table, options)
    targets, ids, beside = asked.target, asked.ids, asked.beside
    named = [*targets, *ids, *times, *beside]
    findings: list[Finding] = []
    if options.no_dates:
        ids = ids or tuple(name for name in table.names if name.lower() in SURE_IDS and name not in named)[:1]
        keys = _keys(table, ids)
        dates = number_rows(keys.codes, len(keys.names))
    else:
        times, dates, findings = choose_times(table, times, named, options, today)
        if not ids and options.aggregate:
            others = possible_ids(table, dates, [*targets, *times, *beside])
            findings += [Finding("note", "ids", f"none; possible: {listed(others)}", "--id")] if others else []
        elif not ids:
            ids, more = choose_ids(table, dates, [*targets, *times, *beside], ", ".join(times))
            findings += more
        keys = _keys(table, ids)
    findings += [
        Finding("note", "blanks", f"blanks around {listed([quoted(word) for word in merged], 3)} in {name} left out")
        for name in ids
        if (merged := table.merged(name))
    ]
    if table.across is not None:
        dates, keys, more = _without_sums(table, table.across, dates, keys)
        findings, targets = [*findings, *more], targets or (table.across.value,)
    if not targets and options.aggregate == "count":
        targets = (ROWS,)
    elif not targets:
        _check_long(table, times, named, dates)
        target, more = choose_target(table, [*ids, *times, *beside], lambda: _order(dates, keys))
        targets, findings = (target,), [*findings, *more]
    columns = replace(asked, time=join_names(times), target=targets, ids=ids)
    return Selection(table, columns, dates, keys, tuple(findings))


def _check_long(table: Table, times: Sequence[str], named: Sequence[str], dates: Dates) -> None:
    """Looks for months or quarters that are columns beside years.

    Raises:
        DatesAcrossError: they are.
    """
    if len(times) == 1 and (dates.stamps == dates.stamps.astype("datetime64[Y]")).all():
        across = dates_across(table, named)
        if across and across.entity in PARTS_OF_YEARS:
            raise DatesAcrossError(table, across)


def _without_sums(
    table: Table, across: DatesAcross, dates: Dates, keys: SeriesKeys
) -> tuple[Dates, SeriesKeys, list[Finding]]:
    """Returns a wide table's dates and series without a last one that adds up the others, and what to say of it."""
    text = f"the {across.entity}s are columns, {ends_of(across)}: each is a row of every series now"
    findings = [Finding("note", "wide", text)]
    if (rows := rows_of_sums(table, across)).size:
        codes = dates.codes.copy()
        codes[rows] = -1
        dates = replace(dates, codes=codes, strays=(*dates.strays, *rows.tolist()))
        keys = keys.without(rows)
        text = f"left out: {table.line(int(rows[0]))}, the sum of the rows above"
        findings.append(Finding("warning", "sums", text))
    return dates, keys, findings


def _named(table: Table, options: ReadOptions) -> tuple[Columns, tuple[str, ...]]:
    """Returns the columns that are asked for, as the file spells them, and one by one those of the time.

    Raises:
        UsageError: The file lacks one, one is asked for twice, or several where one is taken.
    """
    targets = check_names(table, "--target", options.target)
    ids = check_names(table, "--id", options.ids)
    times = check_names(table, "--time", split_columns(table, options.time))
    by_kind = {str(kind): check_names(table, f"--{kind}", getattr(options, kind)) for kind in KINDS}
    weight = _one(table, "--weight", options.weight, "one column of numbers")
    low, high = (
        _one(table, flag, name, "a number or one column of numbers")
        for flag, name in zip(("--min", "--max"), options.limit_columns, strict=True)
    )
    columns = Columns(join_names(times), targets, ids, **by_kind, weight=weight, low=low, high=high)
    named = [*targets, *ids, *times, *columns.beside]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice:
        flags = ["--time", "--target", *(f"--{kind}" for kind in KINDS if columns.beside)]
        flags += ["--weight"] if weight else []
        raise UsageError(f"Column {twice} is asked for twice.", f"{', '.join(flags)} and --id take different columns")
    return columns, times


def _one(table: Table, flag: str, name: str | None, what: str) -> str | None:
    """Returns the column of numbers that a flag names, as the file spells it.

    Raises:
        UsageError: The file has no such column, or several are named.
        DataError: It holds something else.
    """
    names = check_names(table, flag, [name] if name is not None else [])
    if len(names) > 1:
        raise UsageError(f"{flag} takes {what}.", f"{flag} {flag_value(names[:1])}")
    if names and table.kind(names[0]) not in {"numbers", "empty"} and not table.is_mostly_numbers(names[0]):
        held = table.labels(names[0])[1]  # it is told before the column is missed where it tells series apart
        message = (
            f"{table.source.name}: column {names[0]} holds {listed([quoted(word) for word in held], 2)}, no numbers."
        )
        raise DataError(message, f"{flag} with {what}")
    return names[0] if names else None


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
    if options.parents and not options.hierarchy:
        message = f"--parents {options.parents} says what becomes of sums in the file, and no --hierarchy says of what."
        raise UsageError(message, f"--hierarchy 'state/region * item' --parents {options.parents}")


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
