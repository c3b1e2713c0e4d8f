"""A file → a panel, with what was inferred on the way: the one door through which data comes in.

    bytes ──source──▶ text ──table──▶ columns ──dates, columns──▶ rows ──observations──▶ Panel

Whatever is wrong with a file is said here, in the words of the file: its name, its columns, its lines.

Shapes: ``R`` rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forecast.data.columns import (
    FEW,
    Columns,
    SeriesKeys,
    check_names,
    choose_ids,
    choose_target,
    choose_time,
    series_keys,
)
from forecast.data.dates import Dates, read_dates
from forecast.data.findings import Finding, Grade, counted, listed
from forecast.data.frequency import Frequency, infer_frequency, parse_frequency, readable
from forecast.data.observations import Observations, lay_out
from forecast.data.panel import Fill, FloatArray, Panel
from forecast.data.source import read_source
from forecast.data.table import Table, first_row
from forecast.errors import DataError, UsageError

MANY = 10  # one step in so many may be missing without a warning
FILLED = {"interpolate": "interpolated", "previous": "filled with the value before", "zero": "filled with 0"}
__all__ = ["Columns", "Finding", "ReadOptions", "Reading", "read_panel"]


@dataclass(frozen=True)
class ReadOptions:
    """What a person asks for; what is left out is inferred."""

    time: str | None = None
    target: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    freq: str | None = None
    date_format: str | None = None
    fill: Fill = "interpolate"


@dataclass(frozen=True, eq=False)
class Reading:
    """What a file holds."""

    source: str  # as messages call it
    path: Path | None  # absolute; None for standard input
    rows: int
    columns: Columns
    panel: Panel
    findings: tuple[Finding, ...]
    fingerprint: str  # SHA-256 of the bytes


def read_panel(source: str | Path, options: ReadOptions = ReadOptions()) -> Reading:
    """Returns the panel that a CSV, TSV or Parquet file, or standard input (``-``), holds.

    Raises:
        NotFoundError: There is no such file.
        UsageError: An option names a column, frequency or date format that does not fit.
        DataError: The file can't be read as series; message and hint say what to do.
    """
    table = Table(read_source(source))
    columns, dates, findings = _choose(table, options)
    single = SeriesKeys(np.zeros(table.rows, np.int64), (table.source.stem,))
    keys = series_keys(table, columns.ids) if columns.ids else single
    panel, more = _panel(table, columns, dates, keys, options)
    return Reading(
        source=table.source.name,
        path=table.source.path,
        rows=table.rows,
        columns=columns,
        panel=panel,
        findings=(*_dialect_findings(table), *findings, *more),
        fingerprint=table.source.fingerprint,
    )


def _choose(table: Table, options: ReadOptions) -> tuple[Columns, Dates, list[Finding]]:
    """Returns which columns are used, and the dates; what was not asked for is inferred."""
    targets = check_names(table, "--target", options.target)
    ids = check_names(table, "--id", options.ids)
    asked = check_names(table, "--time", [options.time] if options.time else [])
    named = [*targets, *ids, *asked]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice:
        raise UsageError(f"column {twice} is asked for twice.", "--time, --target and --id take different columns")
    findings: list[Finding] = []
    if asked:
        time = asked[0]
    else:
        time, findings = choose_time(table, named, options.date_format)
    dates = read_dates(table, time, options.date_format)
    if dates.note:
        findings.append(Finding("note", "zone", dates.note))
    if not ids:
        ids, more = choose_ids(table, dates, [*targets, time], time)
        findings += more
    if not targets:
        target, more = choose_target(table, [*ids, time])
        targets, findings = (target,), findings + more
    return Columns(time, targets, ids), dates, findings


def _panel(
    table: Table, columns: Columns, dates: Dates, keys: SeriesKeys, options: ReadOptions
) -> tuple[Panel, list[Finding]]:
    """Returns the rows as series, and what was found in them."""
    values = [_finite(table, name) for name in columns.target]
    findings = _empty_row_findings(table, columns, dates, keys, values)
    frequency = _frequency(table, dates, options.freq)
    dates, weekends = _on_steps(table, dates, frequency, is_asked=options.freq is not None)
    findings += weekends
    series = np.where(dates.codes < 0, -1, keys.codes)
    steps = frequency.ordinals(dates.stamps)[dates.codes]
    try:
        laid = [lay_out(series, steps, numbers, len(keys.names)) for numbers in values]
    except DataError as error:
        raise DataError(f"{table.source.name}: {error.message}", error.hint) from None
    findings += _repeat_findings(table, laid)
    panel = _assembled(columns, keys, laid, frequency, options.fill)
    if len(panel) == 0:
        raise DataError(f"column {panel.target} of {table.source.name} is empty.", "--target names another column")
    empty = len(laid) * len(keys.names) - len(panel)
    if empty:
        findings.append(Finding("warning", "empty", f"{empty:,} series without a value left out", "--id"))
    findings += _gap_findings(table, laid, panel)
    findings += _constant_findings(table, panel)
    return panel, findings


def _finite(table: Table, name: str) -> FloatArray:
    """Returns a column of numbers, (R,), after a look for infinite ones."""
    numbers = table.numbers(name)
    infinite = np.isinf(numbers)
    if infinite.any():
        message = f"{table.place(int(infinite.argmax()))}: column {name} holds an infinite number"
        raise DataError(message, "correct it, or leave it empty if it is not known")
    return numbers


def _empty_row_findings(
    table: Table, columns: Columns, dates: Dates, keys: SeriesKeys, values: Sequence[FloatArray]
) -> list[Finding]:
    """Returns how many rows are empty.

    Raises:
        DataError: A row has a value, but no date or no series.
    """
    lost = (dates.codes < 0) | (keys.codes < 0)
    if not lost.any():
        return []
    valued = lost & ~np.logical_and.reduce([np.isnan(numbers) for numbers in values])
    if valued.any():
        row = int(valued.argmax())
        column = columns.time if dates.codes[row] < 0 else " or ".join(columns.ids)
        raise DataError(f"{table.place(row)} has a value but no {column}.", "fill it in, or delete the line")
    return [Finding("note", "empty-rows", f"{counted(int(lost.sum()), 'row')} without date and value left out")]


def _frequency(table: Table, dates: Dates, wanted: str | None) -> Frequency:
    if wanted is not None:
        return parse_frequency(wanted, dates.stamps)
    try:
        return infer_frequency(dates.stamps)
    except DataError as error:
        raise DataError(f"{table.source.name}: {error.message}", error.hint) from None


def _on_steps(table: Table, dates: Dates, frequency: Frequency, *, is_asked: bool) -> tuple[Dates, list[Finding]]:
    """Returns the dates that lie on a step: all of them, but for weekends among inferred business days.

    Raises:
        DataError: Another date lies beside the steps.
    """
    off = ~frequency.on_step(dates.stamps)
    if not off.any():
        return dates, []
    row = first_row(dates.codes, off)
    stamp = readable(dates.stamps[dates.codes[row]])
    days = dates.stamps[off].astype("datetime64[D]")
    if is_asked or frequency.unit != "business-day" or np.is_busday(days).any():
        message = f"{table.place(row)}: {stamp} is not one of the {frequency.name} steps ({frequency.code})"
        raise DataError(message, "correct the date, or give another step with --freq")
    text = f"{counted(int(off[dates.codes].sum()), 'row')} on weekends left out, the first on {stamp}"
    return dates.without(off), [Finding("warning", "weekends", text, "--freq")]


def _assembled(
    columns: Columns, keys: SeriesKeys, laid: Sequence[Observations], frequency: Frequency, fill: Fill
) -> Panel:
    """Returns one panel of all target columns; series without a value are left out."""
    ids, first, lengths = [], [], []
    for target, observations in zip(columns.target, laid, strict=True):
        steps = np.diff(observations.offsets)
        kept = np.flatnonzero(steps)
        names = [keys.names[i] for i in kept]
        if len(laid) > 1:
            names = [f"{name}/{target}" if columns.ids else target for name in names]
        ids += names
        first.append(observations.first[kept])
        lengths.append(steps[kept])
    return Panel(
        series_ids=tuple(ids),
        values=laid[0].values if len(laid) == 1 else np.concatenate([one.values for one in laid]),
        offsets=np.concatenate([[0], np.cumsum(np.concatenate(lengths))]),
        first=np.concatenate(first),
        frequency=frequency,
        target=listed(list(columns.target), 3),
        fill=fill,
    )


def _repeat_findings(table: Table, laid: Sequence[Observations]) -> list[Finding]:
    """Returns what was done about rows with the same series and time.

    Raises:
        DataError: They differ in value, and are more than a mistake.
    """
    repeats = np.concatenate([one.repeats for one in laid])
    conflicts = np.concatenate([one.conflicts for one in laid])
    findings = []
    for differ, what, outcome in (
        (False, "repeated", "dropped"),
        (True, "with the time of another, but another value", "the last one is kept"),
    ):
        rows = repeats[conflicts == differ]
        if rows.size == 0:
            continue
        count = counted(np.unique(rows[:, 0]).size, "row")
        later, earlier = rows[rows[:, 0].argmin()].tolist()
        first = f"{table.line(earlier)} and {table.line(later)}"
        if differ and len(rows) > max(1, len(laid) * table.rows // FEW):
            message = f"{table.source.name} has {count} {what}; the first are {first}."
            raise DataError(message, "--id COLUMN if they are of several series; else sum them to one row a step")
        text = f"{count} {what} (first: {first}); {outcome}"
        findings.append(Finding("warning" if differ else "note", "duplicates", text, "--id"))
    return findings


def _gap_findings(table: Table, laid: Sequence[Observations], panel: Panel) -> list[Finding]:
    """Returns how many steps have no value, and how they are filled.

    Raises:
        DataError: There are some, and none are wanted.
    """
    findings = []
    trailing = sum(one.trailing for one in laid)
    if trailing:
        text = f"{counted(trailing, 'row')} without a value at the end left out"
        findings.append(Finding("note", "trailing", text))
    missing = np.flatnonzero(~panel.observed)
    if missing.size == 0:
        return findings
    empty = sum(one.empty for one in laid)
    parts = [(missing.size - empty, "date", "missing"), (empty, "value", "empty")]
    text = " and ".join(f"{counted(number, noun)} {how}" for number, noun, how in parts if number)
    series = int(np.searchsorted(panel.offsets, missing[0], side="right")) - 1
    stamp = panel.timestamps(series)[missing[0] - panel.offsets[series]]
    first = readable(stamp) + (f" of {panel.series_ids[series]}" if len(panel) > 1 else "")
    if panel.fill == "error":
        raise DataError(f"{table.source.name}: {text}, the first is {first}.", "--fill interpolate")
    grade: Grade = "warning" if missing.size > panel.values.size // MANY else "note"
    findings.append(Finding(grade, "gaps", f"{text}, {FILLED[panel.fill]}; the first is {first}", "--fill"))
    return findings


def _constant_findings(table: Table, panel: Panel) -> list[Finding]:
    """Returns how many series never change.

    Raises:
        DataError: None of them does.
    """
    starts = panel.offsets[:-1]
    constant = np.fmin.reduceat(panel.values, starts) == np.fmax.reduceat(panel.values, starts)
    if constant.all():
        value = f"every value is {panel.values[0]:.15g}" if len(panel) == 1 else "no series ever changes"
        message = f"column {panel.target} of {table.source.name} has nothing to learn from: {value}."
        raise DataError(message, "--target names another column")
    if not constant.any():
        return []
    text = f"{int(constant.sum()):,} of {len(panel):,} series never change"
    return [Finding("warning", "constant", f"{text}, such as {panel.series_ids[constant.argmax()]}")]


def _dialect_findings(table: Table) -> list[Finding]:
    """Returns how the text was read where that is out of the ordinary."""
    findings = []
    if table.source.encoding != "UTF-8":
        findings.append(Finding("note", "encoding", f"text is in {table.source.encoding}"))
    if table.dialect is not None and table.dialect.decimal == ",":
        findings.append(Finding("note", "decimals", "1,5 is read as one and a half"))
    return findings
