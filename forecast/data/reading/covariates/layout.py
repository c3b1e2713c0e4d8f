"""Covariates row by row → laid out by series and step, each kind in its way.

    row  series  step  target  promo  weather          target    5  7          steps 12 and 13
      1       0    12       5      0  sun              past      1  0          on the same steps
      2       0    13       7      1  rain      ──▶    known     0  1  1       on all steps of which a row tells
      3       0    14              1

Shapes: ``R`` rows, ``S`` series of the panel, ``E`` of the file, ``N`` steps of the target, ``K`` of the known columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.data.columns.roles import Columns
from forecast.data.covariates import KINDS, Covariates, Kind
from forecast.data.files.table import Table
from forecast.data.panel import FloatArray, IntArray
from forecast.data.read_options import ReadOptions
from forecast.data.reading.covariates.values import Cells
from forecast.data.reading.gridding import Observations, spans
from forecast.errors import DataError
from forecast.name_lists import flag_value


@dataclass(frozen=True, eq=False)
class Placing:
    """Where each row belongs.

    Attributes:
        series: Which series of the file it is of, (R,); -1 for a row that is left out.
        steps: Ordinal of its time, (R,).
        names: Of the series of the file.
        order: Of each row in time, (R,), where the rows of one step are made one; None where the last one counts.
    """

    series: IntArray
    steps: IntArray
    names: tuple[str, ...]
    order: IntArray | None = None


@dataclass(frozen=True, eq=False)
class PlacedRows:
    """The rows of a file, and what they became.

    Attributes:
        table: The file.
        columns: What its columns are for.
        options: What was asked for.
        placing: Where each row belongs.
        laid: The target columns, whose steps are those of the past columns.
        owners: The series of the file that each series of the panel is of, (S,).
    """

    table: Table
    columns: Columns
    options: ReadOptions
    placing: Placing
    laid: Sequence[Observations]
    owners: IntArray


def lay_covariates(rows: PlacedRows, cells: Sequence[Cells]) -> Covariates:
    """Returns the covariates of a panel.

    Args:
        rows: Of the file.
        cells: Of each covariate.

    Raises:
        DataError: A trait changes within a series, or the calendar is far longer than the data.
    """
    placing = rows.placing
    known, first, offsets = lay_known(_of(cells, "known"), placing)
    values = {"known": known}
    for kind, record in KINDS.items():
        own = _of(cells, kind)
        if record.rows == "observed":
            values[kind] = lay_beside(own, placing, rows.laid)
        elif record.rows == "series":
            values[kind] = _traits(rows.table, own, placing)
    columns = tuple(one.column for kind in KINDS for one in _of(cells, kind))
    covariates = Covariates(columns, known_offsets=offsets, known_first=first, **values)
    if np.array_equal(rows.owners, np.arange(len(placing.names))):
        return covariates
    return covariates.cut(np.arange(sum(int(one.offsets[-1]) for one in rows.laid)), rows.owners)


def lay_known(cells: Sequence[Cells], rows: Placing) -> tuple[FloatArray, IntArray, IntArray]:
    """Returns known columns on all steps of which a row tells, (K, C), their first steps, (E,), and offsets, (E + 1,).

    Raises:
        DataError: The calendar is far longer than the data.
    """
    told = np.zeros(len(rows.series), dtype=bool)
    for one in cells:
        told |= ~np.isnan(one.values)
    told &= rows.series >= 0
    first, last, offsets = spans(rows.series[told], rows.steps[told], len(rows.names))
    first = np.where(last < first, 0, first)
    return _laid(cells, rows, first, offsets), first, offsets


def lay_beside(cells: Sequence[Cells], rows: Placing, laid: Sequence[Observations]) -> FloatArray:
    """Returns columns on the steps of all targets, (N, C); NaN where no row tells."""
    return np.concatenate([_laid(cells, rows, one.first, one.offsets) for one in laid])


def _of(cells: Sequence[Cells], kind: Kind) -> list[Cells]:
    return [one for one in cells if one.column.kind == kind]


def _laid(cells: Sequence[Cells], rows: Placing, first: IntArray, offsets: IntArray) -> FloatArray:
    """Returns columns on the steps of series that begin and lie so, (offsets[-1], C); NaN where no row tells."""
    laid = np.full((int(offsets[-1]), len(cells)), np.nan)
    if not cells:
        return laid
    after = rows.steps - first[rows.series]
    inside = np.flatnonzero((rows.series >= 0) & (after >= 0) & (after < np.diff(offsets)[rows.series]))
    if rows.order is not None:
        inside = inside[np.argsort(rows.order[inside], kind="stable")]
    places = offsets[rows.series[inside]] + after[inside]
    for c, one in enumerate(cells):
        values = one.values[inside]
        told = ~np.isnan(values)
        if rows.order is None or one.column.levels is not None:
            laid[places[told], c] = values[told]  # of several for one place, the last stays
        else:
            counts = np.bincount(places[told], minlength=len(laid))
            sums = np.bincount(places[told], values[told], len(laid))
            laid[:, c] = np.divide(sums, counts, out=np.full(len(laid), np.nan), where=counts > 0)
    return laid


def _traits(table: Table, cells: Sequence[Cells], rows: Placing) -> FloatArray:
    """Returns one value for each series of the file, (E, C).

    Raises:
        DataError: A series has several; it and the lines of two are named.
    """
    traits = np.full((len(rows.names), len(cells)), np.nan)
    for c, one in enumerate(cells):
        told = np.flatnonzero((rows.series >= 0) & ~np.isnan(one.values))
        series, values = rows.series[told], one.values[told]
        traits[series, c] = values
        other = np.flatnonzero(traits[series, c] != values)
        if other.size:
            row = int(told[other[0]])
            same = told[(series == rows.series[row]) & (values != one.values[row])]
            raise _changing(table, one, rows.names[rows.series[row]], row, int(same[0]))
    return traits


def _changing(table: Table, cells: Cells, series: str, row: int, other: int) -> DataError:
    first, second = sorted((row, other))
    name = cells.column.name
    one, two = (_said(cells, line) for line in (first, second))
    message = f"{table.source.name}: {name} of series {series} is {one} on {table.line(first)}, but {two} on "
    message += f"{table.line(second)}; a trait has one value in each series."
    return DataError(message, f"--past {flag_value([name])}, or --known {flag_value([name])} if it is known in advance")


def _said(cells: Cells, row: int) -> str:
    """Returns a cell in words."""
    value = float(cells.values[row])
    levels = cells.column.levels
    return f"{value:.15g}" if levels is None else f"'{levels[int(value)]}'"
