"""The clean table of a file: long, sorted, regular, with ISO dates and the user's names of the columns.

    day,store,sales,note      one row a step of each series, from its first value to its last;
    2024-01-01,1,12.5,rain    an empty cell is a step without a value: nothing is filled in;
    2024-01-02,1,,            the columns that nobody uses stand last, as they were

Shapes: ``S`` series.
"""

import csv
import io
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from forecast.data.columns.selection import select
from forecast.data.covariates import KINDS, Covariates
from forecast.data.dates.infer_frequency import infer_frequency
from forecast.data.files.source import written_source
from forecast.data.files.table import Table
from forecast.data.frequency import is_row, row_of
from forecast.data.panel import FloatArray, IntArray, Panel, places_of
from forecast.data.read_options import KEEP_ALL
from forecast.data.reading.future_coverage import with_all_known
from forecast.data.reading.kept_columns import ROW_NUMBER, KeptColumns
from forecast.data.reading.reader import Reading, ReadOptions
from forecast.errors import DataError, UsageError
from forecast.name_lists import flag_value, join_names

SPECIAL = re.compile(r'[",\r\n]')  # what text must be quoted for
PIECE = 1 << 20  # steps written at a time


@dataclass(frozen=True, eq=False)
class CleanRows:
    """Some rows of the table."""

    entities: IntArray  # whose row it is, by its position among all
    ordinals: IntArray
    values: list[FloatArray]  # one column a target, then one a covariate


def clean_csv(reading: Reading) -> bytes:
    """Returns the table as UTF-8 CSV; read again, it gives the same panel.

    Raises:
        UsageError: There are other columns beside several targets, whose series have steps of their own.
    """
    reading = replace(reading, panel=reading.whole or reading.panel)
    columns = reading.columns
    if columns.beside and len(columns.target) > 1:
        what = "covariates" if columns.covariates else "weights and limits"
        flags = "--known, --past and --static" if columns.covariates else "--weight, and columns for --min and --max"
        text = f"The clean table has room for {what} beside one target only."
        raise UsageError(text, f"--target {flag_value(columns.target[:1])}, or leave out {flags}")
    panel, limits = reading.panel, columns.limits if len(columns.target) == 1 else ()
    if limits and panel.covariates is None:  # they are written as known ahead
        panel = replace(panel, covariates=_on_steps_of(panel))
    panel = with_all_known(panel)
    entities, owners = _entities(reading)
    names, parts = _id_columns(columns.ids, entities)
    kept, buffer, head = KeptColumns(reading), pa.BufferOutputStream(), io.StringIO()
    weight = [columns.weight] if columns.weight and len(columns.target) == 1 else []
    csv.writer(head, lineterminator="\n").writerow(
        [_time_name(reading), *names, *columns.target, *columns.covariates, *limits, *weight, *kept.names]
    )
    buffer.write(head.getvalue().encode())
    levels: list[tuple[str, ...] | None] = [None] * len(columns.target)
    levels += [column.levels for column in panel.covariates.columns] if panel.covariates else []
    levels += [None for _ in (*weight, *(limits if columns.covariates else ()))]
    plain = not kept.names and not SPECIAL.search("".join(chain(*parts, *(one or () for one in levels))))
    options = pacsv.WriteOptions(include_header=False, quoting_style="none" if plain else "needed")
    dates = _are_dates(panel)
    whole_of = kept.owners[np.unique(owners, return_index=True)[1]] if kept.names else owners
    for rows in _side_by_side(reading, owners) if len(columns.target) > 1 else _one_below_another(panel):
        stamps = panel.frequency.timestamps(rows.ordinals)
        whose = [pa.array(part).take(pa.array(rows.entities)) for part in parts]
        times = pa.array(row_of(stamps) if is_row(stamps[0]) else stamps.astype("datetime64[D]") if dates else stamps)
        arrays = [times, *whose, *map(_written, rows.values, levels)]
        arrays += kept.at(whole_of[rows.entities], rows.ordinals)
        pacsv.write_csv(pa.Table.from_arrays(arrays, [str(i) for i in range(len(arrays))]), buffer, options)
    return bytes(buffer.getvalue())


def _on_steps_of(panel: Panel) -> Covariates:
    """Returns the limits as covariates of a panel that has no others."""
    assert panel.limits
    assert panel.limits.told
    return replace(panel.limits.told, past=np.empty((len(panel.values), 0)))


def extra_flags(reading: Reading, options: ReadOptions) -> str:
    """Returns the flags that reading the clean table still needs, each after a blank; empty where none is."""
    panel, columns, words = reading.panel, reading.columns, list[str]()
    if panel.frequency.unit == "row":
        words.append("--no-dates")
    if len(columns.target) > 1 or panel.frequency.unit == "row":
        words += ["--target", join_names(columns.target)]
    if options.ids:
        words += ["--id", join_names(_id_columns(columns.ids, _entities(reading)[0])[0])]
    if panel.frequency.unit != "row" and not _is_inferred(panel):
        words += ["--freq", panel.frequency.code]
    if options.missing == KEEP_ALL:
        words += ["--missing", *KEEP_ALL]
    for kind in KINDS:
        if names := getattr(columns, kind):
            words += [f"--{kind}", join_names(names)]
    for span in options.ignore or ():
        words += ["--ignore", span]
    words += ["--weight", columns.weight] if columns.weight else []
    words += ["--half-life", options.half_life] if options.half_life else []
    for flag, column, text in (("--min", columns.low, options.min), ("--max", columns.high, options.max)):
        words += [flag, column or text] if text is not None else []
    return "".join(f" {shlex.quote(word)}" for word in words)


def role_flags(reading: Reading, table: bytes, flags: str) -> str:
    """Returns the flags that say what the columns of the clean table are for, where it does not tell by itself.

    Args:
        reading: the file.
        table: its clean table.
        flags: that it needs anyway.
    """
    if not KeptColumns(reading).names:
        return ""
    columns = reading.columns
    names = {"--target": columns.target, "--id": tuple(_id_columns(columns.ids, _entities(reading)[0])[0])}
    time = _time_name(reading) if columns.time else ""
    try:
        found = select(Table(written_source(table, "the clean table")), ReadOptions()).columns
        if (found.time, found.target, found.ids) == (time, *names.values()):
            return ""
    except DataError:
        pass  # asked about, or not to be told
    words = ["--time", time] if columns.time and columns.time in time else []
    words += [word for flag, own in names.items() if own and flag not in flags for word in (flag, join_names(own))]
    return "".join(f" {shlex.quote(word)}" for word in words)


def _written(values: FloatArray, levels: tuple[str, ...] | None) -> Any:
    """Returns a column as numbers, or as the texts that they stand for; empty where there is none."""
    if levels is None:
        return pa.array(values + 0.0, from_pandas=True)  # no sign before a zero
    missing = np.isnan(values)
    return pa.array(levels).take(pa.array(np.where(missing, 0, values).astype(np.int64), mask=missing))


def _is_inferred(panel: Panel) -> bool:
    try:
        stamps = panel.frequency.timestamps(np.arange(panel.first.min(), panel.last.max() + 1))
        return infer_frequency(stamps) == panel.frequency
    except DataError:
        return False


def _time_name(reading: Reading) -> str:
    """Returns the name of the column of dates, of several together, or of the row numbers where there are none."""
    return reading.columns.time.replace(",", " ") or ROW_NUMBER


def _are_dates(panel: Panel) -> bool:
    """Returns whether dates alone say when the steps are."""
    stamps = panel.frequency.timestamps(np.concatenate([panel.first, panel.first + 1]))
    return bool((stamps == stamps.astype("datetime64[D]")).all())


def _entities(reading: Reading) -> tuple[list[str], IntArray]:
    """Returns the names of what the series are of, and which of them each series is of, (S,).

    Where several columns are forecast, an entity has a series for each; their names end in the column's.
    """
    names = list(reading.panel.series_ids)
    if len(reading.columns.target) > 1:
        names = [name[: -len(_target_of(name, reading.columns.target)) - 1] for name in names]
    entities = list(dict.fromkeys(names))
    return entities, places_of(names, entities)


def _target_of(series_id: str, targets: Sequence[str]) -> str:
    return max((name for name in targets if f"/{series_id}".endswith(f"/{name}")), key=len)


def _id_columns(ids: Sequence[str], entities: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Returns the names of the id columns, and each one's cells by entity; one column where names can't be cut."""
    if not ids:
        return [], []
    cut = [name.split("/") for name in entities]
    if len(ids) == 1 or any(len(parts) != len(ids) for parts in cut):
        return ["/".join(ids)], [list(entities)]
    return list(ids), [list(part) for part in zip(*cut, strict=True)]


def _one_below_another(panel: Panel) -> Iterator[CleanRows]:
    for start in range(0, panel.values.size, PIECE):
        places = np.arange(start, min(start + PIECE, panel.values.size))
        series = panel.series_of(places)
        ordinals = panel.first[series] + places - panel.offsets[series]
        values = [panel.values[places]]
        if panel.covariates:
            known = panel.covariates.known_at(series, ordinals)
            values += [*known.T, *panel.covariates.past[places].T, *panel.covariates.static[series].T]
        if panel.limits and panel.limits.told and panel.covariates is not panel.limits.told:
            known = panel.limits.told.known_at(series, ordinals)
            own = [column.name for column in panel.covariates.columns] if panel.covariates else []
            values += [known[:, i] for i, one in enumerate(panel.limits.told.columns) if one.name not in own]
        if panel.weights is not None:
            values.append(panel.weights[places])
        yield CleanRows(series, ordinals, values)


def _side_by_side(reading: Reading, owners: IntArray) -> Iterator[CleanRows]:
    """Yields all steps of one entity after the other, from the first of any of its series to the last."""
    panel, targets = reading.panel, reading.columns.target
    for entity in range(int(owners.max()) + 1):
        own = np.flatnonzero(owners == entity)
        first, last = int(panel.first[own].min()), int(panel.last[own].max())
        values = [np.full(last - first + 1, np.nan) for _ in targets]
        for i in own:
            column = values[targets.index(_target_of(panel.series_ids[i], targets))]
            column[panel.first[i] - first :][: panel.lengths[i]] = panel.series(int(i))
        yield CleanRows(np.full(last - first + 1, entity), np.arange(first, last + 1), values)
