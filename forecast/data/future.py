"""What is known of the steps to come: how far, whether that is enough, and more of it from a second file.

    data      ... sales promo        --future   day  promo        known columns of the panel
              ...     5     0                   Wed      1        ... 0 1 1 0
    Tue       ...     7     1           +       Thu      0   ──▶          └ end of the target: Tue

Shapes: ``S`` series, ``R`` rows, ``E`` series of the file, ``K`` steps of the known columns, ``H`` horizon.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forecast.data.alignment import align
from forecast.data.calendar import number_rows, read_times, split_columns
from forecast.data.columns import Columns, SeriesKeys, series_keys
from forecast.data.covariate_cells import Cells, read_cells, unseen_findings
from forecast.data.covariate_layout import Placing, lay_known
from forecast.data.covariates import Covariates
from forecast.data.findings import Finding, counted, listed
from forecast.data.frequency import Frequency, readable
from forecast.data.notices import empty_row_findings
from forecast.data.observations import ALWAYS_FINE, NEVER, SPARSE
from forecast.data.options import KEEP_ALL, ReadOptions
from forecast.data.panel import FloatArray, IntArray, Panel
from forecast.data.sentinels import numbers_among
from forecast.data.source import Source, read_source
from forecast.data.table import Table
from forecast.errors import DataError


@dataclass(frozen=True, eq=False)
class Known:
    """Known columns of some series, laid out."""

    values: FloatArray  # (K, C)
    first: IntArray  # (S,)
    offsets: IntArray  # (S + 1,)

    @property
    def lengths(self) -> IntArray:
        """How many steps each series has, (S,)."""
        return np.diff(self.offsets)


def steps_counted(number: int, frequency: Frequency) -> str:
    """Returns a number of steps in the unit of the calendar: ``28 days``, ``1 step``."""
    noun = frequency.unit if frequency.every == 1 and frequency.unit not in {"row", "business-day"} else "step"
    return counted(number, noun)


def reach(panel: Panel) -> IntArray:
    """Returns how many steps after the end of each series all known columns have a value without a gap, (S,)."""
    covariates = panel.covariates
    if covariates is None or not covariates.of("known"):
        return np.zeros(len(panel), dtype=np.int64)
    ahead = np.where(np.diff(covariates.known_offsets) > 0, covariates.known_last - panel.last, 0)
    most = max(int(ahead.max(initial=0)), 0)
    told = ~np.isnan(covariates.known_between(panel.last + 1, most)).any(axis=2)  # (S, most)
    steps: IntArray = np.logical_and.accumulate(told, axis=1).sum(axis=1)
    return steps


def with_all_known(panel: Panel) -> Panel:
    """Returns the panel with steps, without values, wherever its known columns tell of any before or after it."""
    covariates = panel.covariates
    if covariates is None or not len(covariates.known):
        return panel
    is_told = np.diff(covariates.known_offsets) > 0
    first = np.where(is_told, np.minimum(panel.first, covariates.known_first), panel.first)
    last = np.where(is_told, np.maximum(panel.last, covariates.known_last), panel.last)
    offsets = np.concatenate([[0], np.cumsum(last - first + 1)])
    places = np.arange(panel.values.size) + np.repeat(
        offsets[:-1] + panel.first - first - panel.offsets[:-1], panel.lengths
    )
    values = np.full(offsets[-1], np.nan)
    values[places] = panel.values
    past = np.full((offsets[-1], covariates.past.shape[1]), np.nan)
    past[places] = covariates.past
    return replace(panel, values=values, offsets=offsets, first=first, covariates=replace(covariates, past=past))


def untold(
    panel: Panel, horizon: int, used: Collection[str] | None = None
) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
    """Returns known columns, and where they lack a value that a forecast needs, (S, H, C).

    A series that ends before the others needs no values before their end, and none at all where no row tells of it
    after that: a shop that has closed.

    Args:
        panel: To forecast from.
        horizon: Steps, ``H``.
        used: The columns that the model looks at; None for all.
    """
    covariates = panel.covariates
    columns = covariates.of("known") if covariates else ()
    chosen = [place for place, column in enumerate(columns) if used is None or column.name in used]
    if covariates is None or not chosen:
        return (), np.zeros((len(panel), horizon, 0), dtype=bool)
    ordinals = panel.last[:, None] + np.arange(1, horizon + 1)  # (S, H)
    missing = np.isnan(covariates.known_between(panel.last + 1, horizon)[..., chosen])
    has_closed = (panel.last < panel.last.max()) & (covariates.known_last <= panel.last.max())
    missing &= ((ordinals > panel.last.max()) & ~has_closed[:, None])[..., None]
    return tuple(columns[place].name for place in chosen), missing


def check_future(panel: Panel, horizon: int, used: Collection[str] | None = None) -> None:
    """Refuses to forecast where a known column has no value for a step to come: see ``untold``.

    Raises:
        DataError: A value is missing; the first one is named by its column, series and date.
    """
    columns, missing = untold(panel, horizon, used)
    if not missing.any():
        return
    names, end = list(columns), int(panel.last.max())
    first, last, before = (when(panel, step) for step in (end + 1, end + horizon, end))
    hint = f"--future FILE with {listed(names, 8)} from {first} to {last}"
    hint += f", or rows with an empty {panel.target} at the end of the data"
    if _is_all_dark(panel, horizon, columns):
        steps = steps_counted(horizon, panel.frequency)
        message = f"{listed(names, 8)} must be known for the {steps} after {before}, but no row tells them."
        raise DataError(message, hint)
    ordinals = panel.last[:, None, None] + np.arange(1, horizon + 1)[:, None]  # (S, H, 1)
    earliest = np.where(missing, ordinals, NEVER)
    series, step, column = np.unravel_index(int(earliest.argmin()), missing.shape)
    whose = f" of series {panel.series_ids[int(series)]}" if len(panel) > 1 else ""
    rest = int(missing.sum()) - 1
    more = f"; {rest:,} more {'is' if rest == 1 else 'are'} missing" if rest else ""
    date = when(panel, int(panel.last[series]) + 1 + int(step))
    raise DataError(f"{names[int(column)]}{whose} has no value for {date}, which the forecast needs{more}.", hint)


def _is_all_dark(panel: Panel, horizon: int, columns: Collection[str]) -> bool:
    """Returns whether no row tells any of some known columns after the end of the data."""
    covariates = panel.covariates
    assert covariates is not None
    chosen = [place for place, column in enumerate(covariates.of("known")) if column.name in columns]
    ahead = covariates.known_between(np.full(len(panel), panel.last.max() + 1), horizon)
    return bool(np.isnan(ahead[..., chosen]).all())


def read_future(source: str | Path | Source, options: ReadOptions, panel: Panel) -> tuple[Covariates, list[Finding]]:
    """Returns a panel's covariates with its known columns as a second file continues them, and what is to be said.

    Where the file has a value it goes before what the panel had. It needs no target.

    Args:
        source: The file.
        options: How the panel was read, what was inferred then settled.
        panel: Has known columns.

    Raises:
        NotFoundError: There is no such file.
        DataError: A column is missing, a cell can't be read, or none of the panel's series is there.
    """
    words = [word for word in options.missing if options.missing != KEEP_ALL]
    table = Table(read_source(source), decimal=options.decimal, missing=words)
    covariates = panel.covariates
    assert covariates is not None
    columns = _columns(table, options, covariates, panel)
    numbers = numbers_among(options.missing)
    like = covariates.of("known")
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
    try:
        rows, findings = _placed(table, columns, options, panel, cells, (keys, owners))
        merged = continued(covariates, _of_series(Known(*lay_known(cells, rows)), owners))
    except DataError as error:
        named = error.message.startswith(table.source.name)
        raise DataError(error.message if named else f"{table.source.name}: {error.message}", error.hint) from None
    if strangers:
        text = f"{counted(len(strangers), 'series')} of {table.source.name} not in the data left out"
        findings.append(Finding("note", "series", f"{text}, such as {strangers[0]}"))
    return merged, [*findings, *unseen]


def _columns(table: Table, options: ReadOptions, covariates: Covariates, panel: Panel) -> Columns:
    """Returns the columns that are used, as the file spells them.

    Raises:
        DataError: One is missing.
    """
    spelled = {name.lower(): name for name in reversed(table.names)} | {name: name for name in table.names}
    times, ids = split_columns(table, options.time), list(options.ids)
    known = [column.name for column in covariates.of("known")]
    are_there = all(name in spelled or name.lower() in spelled for name in ids)
    if not are_there and len({_entity(series_id, options) for series_id in panel.series_ids}) == 1:
        ids = []  # there is only one whose rows they can be
    wanted = [*times, *ids, *known]
    missing = [f"'{name}'" for name in wanted if name not in spelled and name.lower() not in spelled]
    if missing:
        message = f"{table.source.name} has no column {listed(missing)}."
        raise DataError(message, f"--future FILE takes the columns {', '.join(wanted)}, written as in the data")
    found = [spelled.get(name) or spelled[name.lower()] for name in wanted]
    own = len(times) + len(ids)
    return Columns(",".join(found[: len(times)]), tuple(found[own:]), tuple(found[len(times) : own]))


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
    places = {name: i for i, name in enumerate(keys.names)}
    return np.array([places.get(_entity(series_id, options), -1) for series_id in panel.series_ids], dtype=np.int64)


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
    dates = read_times(table, split_columns(table, columns.time), options.date_format)
    findings = empty_row_findings(table, columns, dates, keys, [one.values for one in cells])
    if options.aggregate:
        steps, order = frequency.periods(dates.stamps)[dates.codes], dates.codes
        return Placing(np.where(dates.codes < 0, -1, keys.codes), steps, keys.names, order), findings
    aligned = align(table, dates, frequency, keys, is_asked=True)
    dates = aligned.dates
    steps = frequency.ordinals(dates.stamps)[dates.codes]
    placing = Placing(np.where(dates.codes < 0, -1, keys.codes), steps, keys.names)
    return placing, [*findings, *aligned.findings]


def _of_series(known: Known, owners: IntArray) -> Known:
    """Returns the known columns of the file's series for those of the panel; none where the file has none, (S,)."""
    lengths = np.where(owners < 0, 0, known.lengths[owners])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(known.offsets[:-1][owners] - offsets[:-1], lengths)
    return Known(known.values[places], known.first[owners], offsets)


def continued(covariates: Covariates, newer: Known) -> Covariates:
    """Returns the covariates with known columns on all steps of which the old or the newer ones tell.

    Where both do, the newer ones go before.

    Raises:
        DataError: The newer ones are far away from the old.
    """
    older = Known(covariates.known, covariates.known_first, covariates.known_offsets)
    both = (older, newer)
    first = np.min([np.where(one.lengths > 0, one.first, NEVER) for one in both], axis=0)
    end = np.max([np.where(one.lengths > 0, one.first + one.lengths, -NEVER) for one in both], axis=0)
    lengths = np.maximum(end - first, 0)
    total, told = int(lengths.sum()), len(older.values) + len(newer.values)
    if total > SPARSE * told + ALWAYS_FINE:
        message = f"with the data, its dates span {total:,} steps, of which only {told:,} are there."
        raise DataError(message, "look for a wrong date")
    first = np.where(lengths > 0, first, 0)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = np.full((total, covariates.known.shape[1]), np.nan)
    for one in both:
        starts = offsets[:-1] + one.first - first - one.offsets[:-1]
        places = np.arange(len(one.values)) + np.repeat(starts, one.lengths)
        values[places] = np.where(np.isnan(one.values), values[places], one.values)
    return replace(covariates, known=values, known_offsets=offsets, known_first=first)


def when(panel: Panel, ordinal: int) -> str:
    """Returns the date of a step as a person writes it; of one that has none, ``row 12``."""
    stamp = readable(panel.frequency.timestamps(np.array([ordinal]))[0])
    return f"row {stamp}" if panel.frequency.unit == "row" else stamp
