"""What the reader has to say of the rows of a file: gaps, repetitions, empty and constant series.

What can't be a series is refused here, in the words of the file.
"""

import re
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from forecast.data.columns.roles import FEW, Columns, SeriesKeys
from forecast.data.dates.dates import Dates
from forecast.data.files.table import Table
from forecast.data.findings import Finding, Grade
from forecast.data.frequency import readable
from forecast.data.panel import FloatArray, IntArray, Panel
from forecast.data.reading.gaps import are_levels, closed_days
from forecast.data.reading.gridding import Observations
from forecast.errors import DataError
from forecast.wording import counted, listed, quoted

MOST_ENDED = 0.5  # share of the series that end before the others: so many are no accident
MANY = 10  # one step in so many may be missing without a warning
FILLED = {"interpolate": "interpolated", "previous": "filled with the value before", "zero": "filled with 0"}
BUDDHIST = 543  # years that the calendar of Thailand is ahead
EARLIEST = 1850  # year that a file with years of the Buddhist calendar begins in
REVERSED = 0.9  # share of the changes of date from row to row that go back
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula."""
NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?", re.IGNORECASE)


def empty_row_findings(
    table: Table, columns: Columns, dates: Dates, keys: SeriesKeys, values: Sequence[FloatArray]
) -> list[Finding]:
    """Returns how many rows are empty.

    Raises:
        DataError: A row has a value, but no date or no series.
    """
    lost = (dates.codes < 0) | (keys.codes < 0)
    lost[list(dates.strays)] = False
    if not lost.any():
        return []
    valued = lost & ~np.logical_and.reduce([np.isnan(numbers) for numbers in values])
    if valued.any():
        row = int(valued.argmax())
        column = columns.time if dates.codes[row] < 0 else " or ".join(columns.ids)
        raise DataError(f"{table.place(row)} has a value but no {column}.", "fill it in, or delete the line")
    return [Finding("note", "empty-rows", f"{counted(int(lost.sum()), 'row')} without date and value left out")]


def repeat_findings(table: Table, laid: Sequence[Observations]) -> list[Finding]:
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
            raise DataError(
                message, "--aggregate sum|mean|last makes one value of them; --id COLUMN if they are of several series"
            )
        text = f"{count} {what} (first: {first}); {outcome}"
        findings.append(Finding("warning" if differ else "note", "duplicates", text, "--id"))
    return findings


def gap_findings(table: Table, laid: Sequence[Observations], panel: Panel) -> list[Finding]:
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
    series = int(panel.series_of(missing[:1])[0])
    stamp = panel.timestamps(series)[missing[0] - panel.offsets[series]]
    first = readable(stamp) + (f" of {panel.series_ids[series]}" if len(panel) > 1 else "")
    if panel.fill == "error":
        raise DataError(f"{table.source.name}: {text}, the first is {first}.", "--fill interpolate")
    grade: Grade = "warning" if missing.size > panel.values.size // MANY else "note"
    text = f"{text}, {FILLED[panel.fill]}; the first is {first}{closed_words(panel)}"
    findings.append(Finding(grade, "gaps", text, "--fill"))
    return findings


def closed_words(panel: Panel) -> str:
    """Returns which days of the week of a daily panel have next to no value, as the end of a sentence on its gaps.

    Zeros say that nothing is sold then, where a line through Saturday and Monday would have a shop sell. Of prices,
    which stay, no zero is advised.
    """
    words, _ = closed_days(panel)
    if not words or panel.fill == "zero":
        return words
    if are_levels(panel.values):
        return words if panel.fill == "previous" else f"{words}: --fill previous if the value stays then"
    return f"{words}: --fill zero if nothing is sold then"


def end_findings(panel: Panel) -> list[Finding]:
    """Returns which series end before the others: they are forecast from there."""
    early = panel.last < panel.last.max()
    if not early.any():
        return []
    last = readable(panel.frequency.timestamps(panel.last.max()[None])[0])
    which = (": " if early.sum() == 1 else ", such as ") + panel.series_ids[int(early.argmax())]
    text = f"{int(early.sum()):,} of {len(panel):,} series {'ends' if early.sum() == 1 else 'end'} before {last}{which}"
    grade: Grade = "warning" if early.mean() < MOST_ENDED else "note"
    return [Finding(grade, "ends", f"{text} (forecast from there)")]


def formula_findings(panel: Panel) -> list[Finding]:
    """Returns a note on names that a spreadsheet takes for formulas, which CSV files keep to the last sign."""
    names = [name for name in panel.series_ids if name.startswith(FORMULA) and not NUMBER.fullmatch(name)]
    if not names:
        return []
    begin = "begins" if len(names) == 1 else "begin"
    text = f"{counted(len(names), 'series')} {begin} like a formula ({listed([quoted(name) for name in names], 3)})"
    return [Finding("note", "formulas", f"{text}; a spreadsheet must import the column as text, not open the CSV")]


def constant_findings(table: Table, panel: Panel, *, is_sequel: bool) -> list[Finding]:
    """Returns how many series never change, and which end before the others.

    Args:
        table: The file.
        panel: What it holds.
        is_sequel: It goes on where a model has learned already: a quiet stretch is worth forecasting from.

    Raises:
        DataError: None of them does, and there is nothing else to learn from.
    """
    if _never_change(panel).all() and not is_sequel:
        value = f"every value is {panel.values[0]:.15g}" if len(panel) == 1 else "no series ever changes"
        message = f"Column {panel.target} of {table.source.name} has nothing to learn from: {value}."
        raise DataError(message, "--target names another column")
    return series_findings(panel)


def series_findings(panel: Panel) -> list[Finding]:
    """Returns how many series never change, and which end before the others."""
    constant = _never_change(panel)
    if not constant.any():
        return end_findings(panel)
    text = f"{int(constant.sum()):,} of {len(panel):,} series never change"
    such_as = f", such as {panel.series_ids[constant.argmax()]}"
    return [Finding("warning", "constant", f"{text}{such_as}"), *end_findings(panel)]


def _never_change(panel: Panel) -> NDArray[np.bool_]:
    starts = panel.offsets[:-1]
    return np.asarray(np.fmin.reduceat(panel.values, starts) == np.fmax.reduceat(panel.values, starts))


def order_findings(series: IntArray, steps: IntArray) -> list[Finding]:
    """Returns that the rows go from the newest to the oldest, where they do.

    Args:
        series: Which series each row belongs to, (R,).
        steps: Ordinal of each row's time, (R,).
    """
    moves = np.diff(steps[series >= 0])
    moves = moves[moves != 0]
    is_reversed = moves.size > 0 and float((moves < 0).mean()) > REVERSED
    return [Finding("note", "order", "rows are newest first; put in order")] if is_reversed else []


def end_to_come(panel: Panel, now: datetime) -> np.datetime64 | None:
    """Returns the last date of all series where that is still to come; None where it is not.

    A day is no surprise, nor is one step: a month may be stamped with its end.
    """
    frequency, last = panel.frequency, panel.last.max()
    end, before = frequency.timestamps(np.array([last, last - 1]))
    slack = max(end - before, np.timedelta64(1, "D"))
    return end if end > np.datetime64(now.replace(tzinfo=None)) + slack else None


def ahead_findings(panel: Panel, now: datetime | None) -> list[Finding]:
    """Returns that dates are still to come, where they are."""
    end = end_to_come(panel, now) if now else None
    if end is None or now is None:
        return []
    begin = panel.frequency.timestamps(panel.first.min()[None])[0]
    text = f"the dates go on until {readable(end)}, which is still to come: today is {now:%Y-%m-%d}"
    year = int(str(begin.astype("datetime64[Y]")))
    if year - BUDDHIST > EARLIEST:
        text += f"; years of the Buddhist calendar are {BUDDHIST} too many: {year} is {year - BUDDHIST}"
    return [Finding("warning", "ahead", text, "--date-format")]


def dialect_findings(table: Table) -> list[Finding]:
    """Returns how the text was read where that is out of the ordinary."""
    findings, unit = [], "line" if table.source.sheet is None else "row"
    if table.source.encoding != "UTF-8":
        findings.append(Finding("note", "encoding", f"text is in {table.source.encoding}", "--encoding"))
    findings += [Finding("note", "hidden", text) for text in table.source.notes]
    if table.left_out:
        strange = [f"{name} ({what})" for name, what in table.left_out.items()]
        findings.append(Finding("note", "columns", f"{listed(strange)} left out"))
    if table.dialect is not None and table.dialect.line > 1:
        above = counted(table.dialect.line - 1, unit)
        findings.append(Finding("note", "title", f"{above} above the column names left out"))
    if table.dialect is not None and table.dialect.below:
        stack = table.dialect.stack
        below = counted(table.dialect.below, unit)
        text = f"a series each: {listed(list(stack.entities))}" if stack else "left out"
        findings.append(Finding("note", "header", f"{below} below the names {text}"))
    if table.dialect is not None and table.dialect.index:
        first = f"the first of each row, such as {table.dialect.index}, is taken for an index and left out"
        text = f"there is one field more than names: {first}; numbers with a decimal comma need quotes"
        findings.append(Finding("warning", "index", text))
    if table.headers:
        lines = counted(len(table.headers), unit)
        text = f"{lines} with the names of the columns once more left out ({unit} {table.headers[0]})"
        findings.append(Finding("warning", "headers", text))
    if table.strays:
        line, fields = table.strays[-1]
        note = fields[0] if unit == "line" else fields[0].removeprefix("# ")
        text = f"{counted(len(table.strays), unit)} of comment left out ({unit} {line}: '{note[:40]}')"
        findings.append(Finding("warning", "comments", text))
    if table.dialect is not None and table.dialect.decimal == ",":
        findings.append(Finding("note", "decimals", "1,5 is read as one and a half", "--decimal"))
    return findings
