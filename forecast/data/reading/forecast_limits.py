"""--min and --max → the limits of a panel: a number, or a column of numbers."""

from dataclasses import replace

import numpy as np

from forecast.data.covariates import Column
from forecast.data.findings import Finding
from forecast.data.frequency import readable
from forecast.data.limits import Limits, as_limit
from forecast.data.panel import FloatArray, Panel
from forecast.data.read_options import ReadOptions
from forecast.data.reading.covariates.layout import PlacedRows, lay_covariates
from forecast.data.reading.covariates.values import Cells
from forecast.data.reading.target_values import finite_numbers
from forecast.errors import DataError, UsageError
from forecast.wording import counted, digits

MIN, MAX = "--min", "--max"
WORDS = {MIN: ("below", "down to", np.min), MAX: ("above", "up to", np.max)}
"""Where values lie beyond a limit, and which of them lies farthest."""


def limited(panel: Panel, rows: PlacedRows, *, is_settled: bool) -> tuple[Panel, list[Finding]]:
    """Returns the panel with the limits that its forecasts are to keep, and what is to be said of them.

    Args:
        panel: As it was read.
        rows: Of the file.
        is_settled: A version has these limits already: it is known what lies beyond them.

    Raises:
        UsageError: The lower number is above the upper one.
        DataError: A cell is no number, a column is empty, or a lower limit is above the upper one.
    """
    table, columns, options = rows.table, rows.columns, rows.options
    if options.min is None and options.max is None:
        return panel, []
    low, high = (as_limit(text) for text in (options.min, options.max))
    if low is not None and high is not None and low > high:
        raise UsageError(
            f"{MIN} {options.min} is above {MAX} {options.max}.", f"{MIN} {options.max} {MAX} {options.min}"
        )
    cells = {name: finite_numbers(table, name) for name in (columns.low, columns.high) if name}
    for name, values in cells.items():
        if np.isnan(values).all():
            flag = MIN if name == columns.low else MAX
            raise DataError(f"{table.source.name}: column {name} is empty.", f"{flag} with a number or another column")
    _check_order(rows, *(_of(cells, *each) for each in ((columns.low, low), (columns.high, high))))
    told = None
    if cells:
        known = [Cells(Column(name, "known"), values) for name, values in cells.items()]
        told = lay_covariates(rows, known)
    limits = Limits(low, high, told, columns.low, columns.high)
    found = _beyond(panel, limits, options)
    return replace(panel, limits=limits), found[:1] if is_settled else found


def _of(cells: dict[str, FloatArray], name: str | None, number: float | None) -> FloatArray | float | None:
    return cells[name] if name else number


def _check_order(rows: PlacedRows, low: FloatArray | float | None, high: FloatArray | float | None) -> None:
    """Refuses a row in which the lower limit is above the upper one.

    Raises:
        DataError: There is one; its line is named.
    """
    if low is None or high is None:
        return
    table, columns, series = rows.table, rows.columns, rows.placing.series
    lows, highs = np.broadcast_to(low, series.shape), np.broadcast_to(high, series.shape)
    wrong = np.flatnonzero((series >= 0) & (lows > highs))
    if wrong.size:
        row = int(wrong[0])
        one, two = columns.low or MIN, columns.high or MAX
        raise DataError(
            f"{table.source.name}: {one} is {digits(float(lows[row]))} on {table.line(row)}, above {two}, which is "
            f"{digits(float(highs[row]))} there.",
            f"correct that line, or other limits for {MIN} and {MAX}",
        )


def _beyond(panel: Panel, limits: Limits, options: ReadOptions) -> list[Finding]:
    """Returns what limits there are, and a warning of values that lie beyond them."""
    parts = [f"{word} {text}" for word, text in (("below", options.min), ("above", options.max)) if text is not None]
    flags = ", ".join(flag for flag, text in ((MIN, options.min), (MAX, options.max)) if text is not None)
    findings = [Finding("note", "limits", f"no forecast, interval or quantile lies {' or '.join(parts)}", flags)]
    low, high = (limits.on_steps(panel.offsets, panel.first, is_high=is_high) for is_high in (False, True))
    for is_beyond, name, number, flag in (
        (panel.values < low, limits.low_column, limits.low, MIN),
        (panel.values > high, limits.high_column, limits.high, MAX),
    ):
        beyond = np.flatnonzero(is_beyond)
        if beyond.size:
            values, (word, far, how) = panel.values[beyond], WORDS[flag]
            place = int(beyond[0])
            series = int(panel.series_of(beyond[:1])[0])
            stamp = readable(panel.timestamps(series)[place - panel.offsets[series]])
            verb = "lies" if beyond.size == 1 else "lie"
            bound = name or digits(number or 0.0)
            text = f"{counted(beyond.size, 'value')} {verb} {word} {bound}, {far} {digits(float(how(values)))}"
            findings.append(Finding("warning", "beyond", f"{text}; the first on {stamp}; forecasts will not", flag))
    return findings
