"""The future file: known columns continued by a second file, which tells of the steps to come.

    data      ... sales promo        --future   day  promo        known columns of the panel
              ...     5     0                   Wed      1        ... 0 1 1 0
    Tue       ...     7     1           +       Thu      0   ──▶          └ end of the target: Tue

Shapes: ``S`` series of the panel.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from forecast.data.columns.roles import Columns, SeriesKeys, series_keys
from forecast.data.covariates import Covariates
from forecast.data.dates.date_columns import number_rows, read_times, split_columns
from forecast.data.files.source import Source, naming, read_source
from forecast.data.files.table import Table
from forecast.data.findings import Finding
from forecast.data.panel import IntArray, Panel, places_of
from forecast.data.read_options import KEEP_ALL, ReadOptions
from forecast.data.reading.alignment import align
from forecast.data.reading.covariates.layout import Placing, lay_known
from forecast.data.reading.covariates.values import Cells, read_cells, unseen_findings
from forecast.data.reading.future_coverage import Known, continued
from forecast.data.reading.missing_codes import numbers_among
from forecast.data.reading.row_findings import empty_row_findings
from forecast.errors import DataError, did_you_mean
from forecast.name_lists import join_names
from forecast.wording import counted, listed, quoted

AHEAD = 10
"""Years that a second file may go on."""


def read_future(source: str | Path | Source, options: ReadOptions, panel: Panel) -> tuple[Covariates, list[Finding]]:
    """Returns a panel's covariates with its known columns as a second file continues them, and what is to be said.

    Where the file has a value it goes before what the panel had. It needs no target.

    Args:
        source: The file.
        options: How the panel was read, what was inferred then settled.
        panel: Has known columns.

    Raises:
        NotFoundError: There is no such file.
        DataError: A column is missing (but for some of the known ones), a cell can't be read, or none of the panel's
            series is there.
    """
    words = [word for word in options.missing if options.missing != KEEP_ALL]
    table = Table(
        read_source(source, options.encoding, options.sheet, may_lack=True), decimal=options.decimal, missing=words
    )
    covariates = panel.covariates
    assert covariates is not None
    columns, lacking = _columns(table, options, covariates, panel)
    numbers = numbers_among(options.missing)
    known = covariates.of("known")
    like = [column for column in known if column.name not in lacking]
    cells = [
        read_cells(table, name, "known", numbers, column) for name, column in zip(columns.target, like, strict=True)
    ]
    unseen = unseen_findings(cells)
    cells = [_seen(one) for one in cells]
    keys = series_keys(table, columns.ids) if columns.ids else _lone(table)
    owners = _owners(keys, columns, options, panel)
    strangers = [keys.names[i] for i in np.setdiff1d(np.arange(len(keys.names)), owners)]
    if (owners < 0).all():
        message = f"{table.source.name} has none of the series of the data, such as {panel.series_ids[0]}."
        raise DataError(message, f"column {' or '.join(columns.ids)} must name them as the data does")
    with naming(table.source):
        rows, findings = _placed(table, columns, options, panel, cells, (keys, owners))
        laid = _among(Known(*lay_known(cells, rows)), [known.index(column) for column in like], len(known))
        merged = continued(covariates, _of_series(laid, owners))
    if strangers:
        text = f"{counted(len(strangers), 'series')} of {table.source.name} not in the data left out"
        findings.append(Finding("note", "series", f"{text}, such as {strangers[0]}"))
    texts = [f"{table.source.name} has no column {quoted(name)}.{did_you_mean(name, table.names)}" for name in lacking]
    return merged, [*(Finding("note", "future", text) for text in texts), *findings, *unseen]


def _columns(
    table: Table, options: ReadOptions, covariates: Covariates, panel: Panel
) -> tuple[Columns, tuple[str, ...]]:
    """Returns the columns that are used, as the file spells them, and the known ones of which it doesn't tell.

    Raises:
        DataError: Those of the time or of the series are missing, or all known ones.
    """
    spelled = {name.lower(): name for name in reversed(table.names)} | {name: name for name in table.names}
    times, ids = split_columns(table, options.time), list(options.ids)
    known = [column.name for column in covariates.of("known")]
    are_there = all(name in spelled or name.lower() in spelled for name in ids)
    if not are_there and len({_entity(series_id, options) for series_id in panel.series_ids}) == 1:
        ids = []  # there is only one whose rows they can be
    wanted = [*times, *ids, *known]
    missing = [name for name in wanted if name not in spelled and name.lower() not in spelled]
    lacking = [name for name in known if name in missing]
    if missing != lacking or len(lacking) == len(known):
        message = f"{table.source.name} has no column {listed([quoted(name) for name in missing])}."
        raise DataError(message, f"--future FILE takes the columns {', '.join(wanted)}, written as in the data")
    found = [spelled.get(name) or spelled[name.lower()] for name in wanted if name not in lacking]
    own = len(times) + len(ids)
    columns = Columns(join_names(found[: len(times)]), tuple(found[own:]), tuple(found[len(times) : own]))
    return columns, tuple(lacking)


def _entity(series_id: str, options: ReadOptions) -> str:
    """Returns what a series is of: its name without that of its target, where there are several."""
    if not options.ids:
        return ""
    endings = [f"/{name}" for name in options.target if series_id.endswith(f"/{name}")] if options.target[1:] else []
    return series_id.removesuffix(max(endings, key=len)) if endings else series_id


def _lone(table: Table) -> SeriesKeys:
    return SeriesKeys(np.zeros(table.rows, np.int64), ("",))


def _owners(keys: SeriesKeys, columns: Columns, options: ReadOptions, panel: Panel) -> IntArray:
    """Returns which series of the file each of the panel's is, (S,); -1 for none."""
    if not columns.ids:
        return np.zeros(len(panel), dtype=np.int64)
    return places_of([_entity(series_id, options) for series_id in panel.series_ids], keys.names)


def _seen(cells: Cells) -> Cells:
    """Returns cells of text in which all that is new to the column has one code, that of none of its values."""
    if not cells.unseen or cells.column.levels is None:
        return cells
    least = len(cells.column.levels) - len(cells.unseen)
    return replace(cells, values=np.where(cells.values >= least, float(least), cells.values))


def _placed(
    table: Table,
    columns: Columns,
    options: ReadOptions,
    panel: Panel,
    cells: list[Cells],
    whose: tuple[SeriesKeys, IntArray],
) -> tuple[Placing, list[Finding]]:
    """Returns where each row belongs; rows without dates go on where their series ends.

    Raises:
        DataError: A row has a value but no date, or a date beside the steps.
    """
    (keys, owners), frequency = whose, panel.frequency
    if frequency.unit == "row":
        dates = number_rows(keys.codes, len(keys.names))
        ends = np.zeros(len(keys.names), np.int64)
        np.maximum.at(ends, owners[owners >= 0], panel.last[owners >= 0])
        steps = ends[keys.codes] + 1 + dates.codes
        return Placing(np.where(dates.codes < 0, -1, keys.codes), steps, keys.names), []
    begins = frequency.timestamps(panel.last.max()[None]).astype("datetime64[Y]").astype(np.int64)[0] + 1970
    times = split_columns(table, columns.time)
    dates = read_times(table, times, options.date_format, int(begins) + AHEAD)
    findings = empty_row_findings(table, columns, dates, keys, [one.values for one in cells])
    if options.aggregate:
        steps, order = frequency.periods(dates.stamps)[dates.codes], dates.codes
        return Placing(np.where(dates.codes < 0, -1, keys.codes), steps, keys.names, order), findings
    aligned = align(table, dates, frequency, keys, is_asked=True)
    dates = aligned.dates
    steps = frequency.ordinals(dates.stamps)[dates.codes]
    placing = Placing(np.where(dates.codes < 0, -1, keys.codes), steps, keys.names)
    return placing, [*findings, *aligned.findings]


def _among(known: Known, places: list[int], count: int) -> Known:
    """Returns known columns at their places among so many; nothing is told of the others."""
    values = np.full((len(known.values), count), np.nan)
    values[:, places] = known.values
    return replace(known, values=values)


def _of_series(known: Known, owners: IntArray) -> Known:
    """Returns the known columns of the file's series for those of the panel; none where the file has none, (S,)."""
    lengths = np.where(owners < 0, 0, known.lengths[owners])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(known.offsets[:-1][owners] - offsets[:-1], lengths)
    return Known(known.values[places], known.first[owners], offsets)
