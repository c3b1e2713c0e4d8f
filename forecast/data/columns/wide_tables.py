"""Wide tables: their dates are columns, and each becomes a row of every series.

    product  Jan-20  Feb-20  Total          Year  Jan  Feb          date    product  value
    chair        12      15     27          2020   12   15    →     Jan-20  chair       12
    table         3       4      7          2021   14   18          Feb-20  chair       15
    Total        15      19     34                                  Jan-20  table        3

The sums of a row or a column that stand beside them are left out.
"""

import re
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pyarrow as pa

from forecast.data.dates.date_columns import named_part
from forecast.data.dates.date_forms import likely_forms, parse
from forecast.data.files.dialect.stacks import DatesAcross
from forecast.data.files.table import INDEX, Table
from forecast.data.panel import FloatArray, IntArray
from forecast.errors import DataError
from forecast.wording import python_line, quoted

LEAST = 3  # columns called like dates that are no accident
UNNAMED = "Unnamed: 0"  # as pandas calls a first column without a name
MONTHS, QUARTERS = 12, 4
PARTS_OF_YEARS = ("month", "quarter")
VALUE = "value"  # what the cells are called
CENT = 0.005  # by which a rounded number may be off


def columns_of_dates(names: Sequence[str]) -> list[str]:
    """Returns the names that are dates in one form, one after the other; none where they are not at least half."""
    texts = pa.array(names, pa.string())
    readings = [parse(texts, form) for form in likely_forms(texts)]
    if not readings:
        return []
    best = max(readings, key=lambda reading: int(reading.valid.sum()))
    steps = np.diff(best.wall[best.valid])
    in_turn = (steps > 0).all() or (steps < 0).all()
    enough = 2 * int(best.valid.sum()) >= len(names) and int(best.valid.sum()) >= LEAST
    return [name for name, valid in zip(names, best.valid, strict=True) if valid] if in_turn and enough else []


def columns_of_months(names: Sequence[str]) -> list[str]:
    """Returns the names that are the twelve months or four quarters of a year; none where they are not all there."""
    named = [name for name in names if not np.isnan(named_part(name))]
    count = len(named) if named and named[0].lower().startswith("q") else MONTHS
    in_turn = [named_part(name) for name in named] == list(range(1, count + 1))
    return named if in_turn and len(named) in {MONTHS, QUARTERS} else []


class DatesAcrossError(DataError):
    """The dates of a table are columns.

    Attributes:
        across: them, so that the table can be read with a row for each.
    """

    def __init__(self, table: Table, across: DatesAcross) -> None:
        """Takes the table; the hint has the line of pandas that turns it."""
        self.across = across
        message = (
            f"The {across.entity}s of {table.source.name} are columns, {ends_of(across)}, where each row should be one."
        )
        kept = [UNNAMED if name in {"", INDEX} else name for name in across.shared]
        read = f"pandas.{_reader(table)}.melt({kept!r}, var_name={across.entity!r})"
        turn = python_line(f"import pandas; {read}.to_csv('long.csv', index=False)")
        super().__init__(message, f"{turn} turns it; then use long.csv")


def dates_across(table: Table, taken: Sequence[str] = ()) -> DatesAcross | None:
    """Returns the columns of a table that are dates, or months or quarters beside a year; None where they are not.

    Args:
        table: the file.
        taken: columns that are something else.
    """
    names = [name for name in table.names if name not in taken]
    dated = columns_of_dates(names)
    name = "year" if dated and re.fullmatch(r"\d{4}", dated[0]) else "date"
    if not dated:
        dated = columns_of_months(names)
        name = PARTS_OF_YEARS[len(dated) != MONTHS]
    if not dated:
        return None
    kept = [other for other in table.names if other not in dated and not _adds_up(table, other, dated)]
    shared = tuple(map(table.spelled, kept))
    free = (word for word in (VALUE, f"{VALUE}s", f"{VALUE}_of_{name}") if word not in {each.lower() for each in kept})
    entity = name if name not in {each.lower() for each in kept} else f"{name}_of_column"
    return DatesAcross(entity, tuple(dated), shared, (next(free),), tuple(map(table.spelled, dated)))


def ends_of(across: DatesAcross) -> str:
    """Returns the first and the last date in words: ``from 'Jan-20' to 'Dec-21'``."""
    return f"from {quoted(across.entities[0])} to {quoted(across.entities[-1])}"


def rows_of_sums(table: Table, across: DatesAcross) -> IntArray:
    """Returns the rows, (≤ R,), of the last series where it is the sum of the others: none else."""
    with suppress(DataError):
        cells = table.numbers(across.value).reshape(len(across.entities), -1)  # (dates, series)
        if cells.shape[1] > 2 and _are_sums(cells[:, -1], cells[:, :-1].T):
            return np.arange(1, len(cells) + 1) * cells.shape[1] - 1
    return np.empty(0, np.int64)


def _adds_up(table: Table, name: str, dated: Sequence[str]) -> bool:
    """Returns whether a column holds the sums of each row."""
    if table.kind(name) != "numbers" and not table.is_mostly_numbers(name):
        return False
    with suppress(DataError):
        return _are_sums(table.numbers(name), np.stack([table.numbers(each) for each in dated]))
    return False


def _are_sums(sums: FloatArray, parts: FloatArray) -> bool:
    """Returns whether numbers, (n,), are the sums of others, (m, n), as far as these were rounded to cents."""
    found = np.nansum(parts, axis=0)
    return bool(found.any() and np.allclose(sums, found, rtol=1e-9, atol=CENT * len(parts)))


def _reader(table: Table) -> str:
    """Returns the call by which pandas reads the file."""
    file, dialect = repr(str(table.source.path or table.source.name)), table.dialect
    if dialect is None:
        return f"read_parquet({file})"
    words = [file, f"sep={dialect.delimiter!r}" * (dialect.delimiter != ","), "decimal=','" * (dialect.decimal == ",")]
    return f"read_csv({', '.join(filter(None, words))})"
