"""A file → a panel, with what was inferred on the way: the one door through which data comes in.

    bytes ──source──▶ text ──table──▶ columns ──selection──▶ when, what, of which series
                Panel ◀──observations── steps ◀──alignment, aggregation───╯

Whatever is wrong with a file is said here, in the words of the file: its name, its columns, its lines.

Shapes: ``R`` rows.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

import numpy as np

from forecast.data.columns.id_parts import id_parts
from forecast.data.columns.roles import Columns, SeriesKeys, left_columns
from forecast.data.columns.selection import ROWS, Selection, select
from forecast.data.dates.date_columns import split_columns
from forecast.data.files.parquet_folder import read_data
from forecast.data.files.source import Source, naming
from forecast.data.files.table import Table
from forecast.data.findings import Finding
from forecast.data.frequency import ROW, Frequency, is_row, parse_frequency, readable
from forecast.data.panel import Fill, FloatArray, IdParts, IntArray, Panel
from forecast.data.read_options import KEEP_ALL, PriorReading, ReadOptions
from forecast.data.reading.aggregation import absence_findings, aggregate, aggregated_frequency, unfinished
from forecast.data.reading.alignment import align, around_steps, average_doubled_hours, infer_of_rows
from forecast.data.reading.covariates.candidates import Candidate, find_candidates, number_columns, text_columns
from forecast.data.reading.covariates.findings import with_covariate_findings
from forecast.data.reading.covariates.layout import PlacedRows, Placing, lay_covariates
from forecast.data.reading.covariates.values import Cells, read_all_cells
from forecast.data.reading.gaps import ASKED, GapQuestion, gap_question
from forecast.data.reading.gridding import Observations, lay_out
from forecast.data.reading.ignored_spans import closed
from forecast.data.reading.row_findings import (
    ahead_findings,
    constant_findings,
    dialect_findings,
    empty_row_findings,
    formula_findings,
    gap_findings,
    order_findings,
    repeat_findings,
)
from forecast.data.reading.row_weights import as_asked
from forecast.data.reading.target_values import TargetValues, measure_findings, read_targets
from forecast.errors import DataError, QuestionError
from forecast.name_lists import flag_value
from forecast.specs import Aggregate, Decimal
from forecast.wording import listed

DEFAULTS, NEVER_READ = ReadOptions(), PriorReading()
__all__ = ["Columns", "Finding", "ReadOptions", "Reading", "read_panel"]


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
    encoding: str = "UTF-8"  # of the text as stored
    sheet: str | None = None  # of a workbook
    is_closed: bool = True  # the last line ends in a line break
    settled: ReadOptions = field(default_factory=ReadOptions)  # as asked for, what was inferred filled in
    header: tuple[str, ...] = ()  # all columns of the file
    other_numbers: Mapping[str, FloatArray] = field(
        default_factory=dict
    )  # see ``covariates.candidates``; empty if not asked for
    texts: Mapping[str, tuple[FloatArray, tuple[str, ...]]] = field(default_factory=dict)  # of few; likewise
    candidates: tuple[Candidate, ...] = ()  # to become covariates; likewise
    question: GapQuestion | None = None  # that only a person can answer
    whole: Panel | None = None  # with the values that are ignored; None where none are
    ids: IdParts = field(default_factory=IdParts)  # of the panel's series
    placed: PlacedRows | None = None  # the rows of the file; see ``other_numbers``

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last day of all series, or the numbers of the first and last row."""
        ends = self.panel.frequency.timestamps(np.array([self.panel.first.min(), self.panel.last.max()]))
        first, last = ends if is_row(ends[0]) else ends.astype("datetime64[D]")
        return readable(first), readable(last)


@dataclass(frozen=True, eq=False)
class Rows:
    """Where each row belongs, and the values at their places."""

    frequency: Frequency
    series: IntArray  # (R,) -1 for a row that is left out
    steps: IntArray  # (R,) ordinals
    order: IntArray | None  # of each row in time, (R,), where the rows of a step are added up
    laid: list[Observations]  # one a target column
    findings: list[Finding]


def read_panel(
    source: str | Path | Source,
    options: ReadOptions = DEFAULTS,
    *,
    other_numbers: bool = False,
    may_ask: bool = True,
    prior: PriorReading = NEVER_READ,
    now: datetime | None = None,
) -> Reading:
    """Returns the panel that a CSV, TSV or Parquet file, or standard input (``-``), holds.

    Args:
        source: The path, or ``-``.
        options: What is not to be inferred.
        other_numbers: Whether the other columns of numbers are wanted too; there are none where rows are added up.
        may_ask: Whether a question about very many gaps ends the reading; else it is a finding, and ``question``.
        prior: How data before it was read.
        now: When it is, which two digits of a year don't go far beyond, and no date without a warning.

    Raises:
        NotFoundError: There is no such file.
        UsageError: An option names a column, frequency or date format that does not fit.
        DataError: The file can't be read as series; message and hint say what to do.
        QuestionError: Very many steps have no row, and nobody said what stands there.
    """
    read = _table(source, options, may_lack=prior.is_settled)
    selection = select(read, options, now.year if now else None)
    table, columns = selection.table, selection.columns
    targets = read_targets(table, columns, options)
    cells = read_all_cells(table, columns, targets.missing, prior.covariates)
    with naming(table.source):
        rows = _rows(table, selection, targets.values, options, prior.frequency)
    is_sequel = prior.frequency is not None
    panel, more, question = _panel(table, selection, rows, options, is_sequel=is_sequel)
    if question and may_ask:
        raise QuestionError(f"{table.source.name}: {question.text}.", question.answers)
    filled = [np.flatnonzero(np.diff(observations.offsets)) for observations in rows.laid]
    parts = id_parts(table, columns, selection.keys, filled, panel.series_ids, has_traits=not is_sequel)
    placed = _placed(table, selection, options, rows)
    panel, more = _with_covariates(panel, placed, cells, more, is_new=not prior.covariates)
    wants_others = other_numbers and not options.aggregate
    numbers, texts, candidates = _others(table, columns, rows) if wants_others else ({}, {}, ())
    whole, panel, asked = as_asked(panel, placed, is_settled=prior.is_settled)
    if panel.values.size < whole.values.size:  # the other columns lie beside all steps
        numbers, texts = {}, {}
    return Reading(
        source=table.source.name,
        path=table.source.path,
        rows=table.rows,
        columns=columns,
        panel=panel,
        findings=(*_row_findings(table, selection, targets, rows), *ahead_findings(panel, now), *more, *asked),
        fingerprint=table.source.fingerprint,
        encoding=table.source.encoding,
        sheet=table.source.sheet,
        is_closed=table.source.is_closed,
        settled=_settled(options, selection, targets.missing, whole, table),
        header=tuple(table.names),
        other_numbers=numbers,
        texts=texts,
        candidates=candidates,
        question=question,
        whole=whole if panel.has_ignored else None,
        ids=parts.some(whole.series_ids, panel.series_ids),
        placed=placed if other_numbers else None,
    )


def _table(source: str | Path | Source, options: ReadOptions, *, may_lack: bool) -> Table:
    """Returns the columns of a file as its words; a sheet that newer data lacks is looked for anew."""
    read = read_data(source, options.encoding, options.sheet, may_lack=may_lack, query=options.query)
    return Table(read, decimal=options.decimal, missing=() if options.missing == KEEP_ALL else options.missing)


def _row_findings(table: Table, selection: Selection, targets: TargetValues, rows: Rows) -> list[Finding]:
    """Returns what is to be said of the file, its columns, its empty rows, and how the others were placed."""
    measures = chain.from_iterable(measure_findings(table, name) for name in selection.columns.covariates)
    empty = empty_row_findings(table, selection.columns, selection.dates, selection.keys, targets.values)
    placed = (*order_findings(rows.series, rows.steps), *rows.findings)
    return [*dialect_findings(table), *selection.findings, *targets.findings, *measures, *empty, *placed]


def _others(
    table: Table, columns: Columns, rows: Rows
) -> tuple[Mapping[str, FloatArray], Mapping[str, tuple[FloatArray, tuple[str, ...]]], tuple[Candidate, ...]]:
    """Returns the columns of numbers and text beside those that were read, and those that may become covariates."""
    taken = [name for name in table.names if name not in left_columns(table, columns)]
    taken += filter(None, (columns.weight, columns.low, columns.high))
    places = (rows.series, rows.steps, rows.laid[0])
    numbers = number_columns(table, taken, *places)
    texts = text_columns(table, taken, *places)
    return numbers, texts, find_candidates(table, [*taken, *columns.covariates], *places)


def _mark(table: Table, columns: Columns) -> Decimal | None:
    """Returns what separates decimals, where the file proves it and one that continues it may not: None elsewhere."""
    styles = [style[0] for name in (*columns.target, *columns.covariates) if (style := table.style(name))]
    dialect = table.dialect
    if dialect is not None and (dialect.decimal == "," or any(style.decimal == "," for style in styles)):
        return ","
    return "." if dialect is not None and dialect.is_proven and dialect.leaves_open(".") else None


def _settled(
    options: ReadOptions, selection: Selection, missing: tuple[str, ...], panel: Panel, table: Table
) -> ReadOptions:
    """Returns the options that read the file, and one that continues it, in the same way again.

    So are the order of day and month and the mark before decimals, to which a few new rows may be open; the sheet; and
    the end of a span to ignore.
    """
    columns, form = selection.columns, selection.dates.form
    is_open = {"%d", "%m"} <= set(re.findall("%.", form)) and not form.startswith("%Y")
    return replace(
        options,
        time=columns.time or None,
        target=() if columns.target == (ROWS,) and not options.target else columns.target,
        ids=columns.ids,
        date_format=options.date_format or (form if is_open else None),
        decimal=options.decimal or _mark(table, columns),
        missing=missing,
        fill=options.filled,
        freq=panel.frequency.code if options.aggregate else options.freq,
        known=columns.known,
        past=columns.past,
        static=columns.static,
        weight=columns.weight,
        ignore=closed(panel, options.ignore),
        sheet=table.source.sheet,
        min=columns.low or options.min,
        max=columns.high or options.max,
    )


def _rows(
    table: Table, selection: Selection, values: Sequence[FloatArray], options: ReadOptions, known: Frequency | None
) -> Rows:
    """Returns where the rows belong: those of a step together where they are added up, else each by itself."""
    if options.aggregate:
        return _add_up(selection, values, options, options.aggregate)
    return _place(table, selection, values, options, known)


def _place(
    table: Table, selection: Selection, values: Sequence[FloatArray], options: ReadOptions, known: Frequency | None
) -> Rows:
    """Returns each row at the step that its date names, of a frequency that is known from before or not."""
    dates, keys = selection.dates, selection.keys
    valued = ~np.logical_and.reduce([np.isnan(numbers) for numbers in values])
    if options.no_dates:
        frequency = ROW
    elif known is not None:
        frequency = known
    elif options.freq is not None:
        frequency = parse_frequency(options.freq, dates.stamps)
    else:
        frequency = infer_of_rows(table, dates, keys, valued)
    is_asked = (known or options.freq) is not None
    aligned = align(table, dates, frequency, keys, is_asked=is_asked, valued=valued)
    findings = list(aligned.findings)
    dates = aligned.dates
    series = np.where(dates.codes < 0, -1, keys.codes)
    steps = frequency.ordinals(dates.stamps)[dates.codes]
    laid = []
    for numbers in values:
        own = lay_out(series, steps, numbers, len(keys.names))
        own, more = average_doubled_hours(own, frequency, dates.stamps[dates.codes], (series, steps, numbers))
        laid.append(own)
        findings += more
    return Rows(frequency, series, steps, None, laid, [*findings, *repeat_findings(table, laid)])


def _add_up(selection: Selection, values: Sequence[FloatArray], options: ReadOptions, how: Aggregate) -> Rows:
    """Returns all rows of a step together, as ``--aggregate`` says."""
    dates, keys = selection.dates, selection.keys
    frequency = aggregated_frequency(dates, options.freq)
    dates = around_steps(dates, frequency, keys)
    text = {"sum": "added up", "mean": "averaged", "last": "reduced to the last one", "count": "counted"}[how]
    findings = [Finding("note", "aggregate", f"rows of one {frequency.name} step are {text}", "--aggregate, --freq")]
    series = np.where(dates.codes < 0, -1, keys.codes)
    kept = series
    if not options.keep_partial:
        measured = dates
        if selection.columns.known:  # the rows of the future don't make the last period whole
            measured = dates.of_rows(~np.logical_and.reduce([np.isnan(numbers) for numbers in values]))
        dropped, more = unfinished(measured, frequency, how)
        kept = np.where(dropped, -1, series)
        findings += more
    steps = frequency.periods(dates.stamps)[dates.codes]
    laid = []
    for numbers in values:
        added = aggregate(kept, steps, numbers, len(keys.names), how=how, fill=options.filled, order=dates.codes)
        whose = np.where(added.absent & np.isnan(added.values), -1, added.series)
        laid.append(lay_out(whose, added.steps, added.values, len(keys.names)))
        more = absence_findings(added, frequency, keys.names, is_asked=options.fill is not None)
        findings += [finding for finding in more if finding not in findings]
    return Rows(frequency, series, steps, dates.codes, laid, findings)


def _panel(
    table: Table, selection: Selection, rows: Rows, options: ReadOptions, *, is_sequel: bool
) -> tuple[Panel, list[Finding], GapQuestion | None]:
    """Returns the series, and what is to be said of them.

    Raises:
        DataError: No series has a value, or none ever changes.
    """
    keys = selection.keys
    panel = _assembled(selection.columns, keys, rows.laid, rows.frequency, options.filled)
    if len(panel) == 0:
        raise DataError(f"Column {panel.target} of {table.source.name} is empty.", "--target names another column")
    empty = len(rows.laid) * len(keys.names) - len(panel)
    findings = [Finding("warning", "empty", f"{empty:,} series without a value left out", "--id")] if empty else []
    findings += gap_findings(table, rows.laid, panel)
    findings += constant_findings(table, panel, is_sequel=is_sequel)
    findings += [] if is_sequel else formula_findings(panel)
    question = None if is_sequel else _question(table, panel, rows, options, selection.columns)
    if question:
        findings = [question.finding if finding.topic == "gaps" else finding for finding in findings]
    return panel, findings, question


def _question(table: Table, panel: Panel, rows: Rows, options: ReadOptions, columns: Columns) -> GapQuestion | None:
    """Returns what is to be asked about the steps without a row."""
    absent = int((~panel.observed).sum()) - sum(one.empty for one in rows.laid)
    if absent <= ASKED * panel.values.size:
        return None
    order = np.argsort(rows.series, kind="stable")
    within = np.diff(rows.series[order]) == 0
    in_order = bool((np.diff(rows.steps[order])[within] >= 0).all())
    named = f" --id {flag_value(columns.ids)}" if columns.ids and not options.ids else ""
    if not options.target and any(table.kind(name) == "numbers" for name in split_columns(table, columns.time)):
        named += f" --target {flag_value(columns.target)}"  # without dates, that column would be one of numbers
    return gap_question(panel, absent, options, named, in_order=in_order)


def _placed(table: Table, selection: Selection, options: ReadOptions, rows: Rows) -> PlacedRows:
    """Returns the rows with where they belong."""
    owners = np.concatenate([np.flatnonzero(np.diff(one.offsets)) for one in rows.laid])
    placing = Placing(rows.series, rows.steps, selection.keys.names, rows.order)
    return PlacedRows(table, selection.columns, options, placing, rows.laid, owners)


def _with_covariates(
    panel: Panel, rows: PlacedRows, cells: Sequence[Cells], findings: list[Finding], *, is_new: bool
) -> tuple[Panel, list[Finding]]:
    """Returns a panel with its covariates, where it has any, and what is to be said of both.

    Raises:
        DataError: see ``lay_covariates``.
    """
    if not cells:
        return panel, findings
    panel = replace(panel, covariates=lay_covariates(rows, cells))
    averaged = bool(rows.options.aggregate)
    return panel, with_covariate_findings(findings, panel, cells, is_averaged=averaged, is_new=is_new)


def _assembled(
    columns: Columns, keys: SeriesKeys, laid: Sequence[Observations], frequency: Frequency, fill: Fill
) -> Panel:
    """Returns one panel of all target columns; series without a value are left out."""
    ids, first, lengths = [], [], []
    for target, observations in zip(columns.target, laid, strict=True):
        steps = np.diff(observations.offsets)
        kept = np.flatnonzero(steps)
        names = [keys.names[i] for i in kept]
        ids += [f"{name}/{target}" if columns.ids else target for name in names] if len(laid) > 1 else names
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
