"""Wide tables: their dates are columns, where a row should be a date.

product  Jan-20  Feb-20          Year  Jan  Feb                date        product  value
chair        12      15          2020   12   15    should be   2020-01-01  chair       12
table         3       4          2021   14   18                2020-02-01  chair       15
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from forecast.data.dates.date_columns import named_part
from forecast.data.dates.date_forms import FORMS, parse
from forecast.data.files.table import INDEX, Table
from forecast.errors import DataError
from forecast.wording import python_line, quoted

LEAST = 3  # columns called like dates that are no accident
UNNAMED = "Unnamed: 0"  # as pandas calls a first column without a name
MONTHS, QUARTERS = 12, 4


def columns_of_dates(names: Sequence[str]) -> list[str]:
    """Returns the names that are dates in one form, one after the other; none where they are not at least half."""
    readings = [parse(pa.array(names), form) for form in FORMS]
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


def dates_are_columns(table: Table, dated: Sequence[str], name: str) -> DataError:
    """Returns the error about such a table, with the line of pandas that turns it.

    Args:
        table: The file.
        dated: Its columns of dates, or of months beside a year.
        name: What to call them together: ``date``, ``year``, ``quarter`` or ``month``.
    """
    ends = f"from {quoted(dated[0])} to {quoted(dated[-1])}"
    message = f"The {name}s of {table.source.name} are columns, {ends}, where each row should be one."
    kept = [UNNAMED if other == INDEX else other for other in table.names if other not in dated]
    read = f"pandas.{_reader(table)}.melt({kept!r}, var_name={name!r})"
    turn = python_line(f"import pandas; {read}.to_csv('long.csv', index=False)")
    return DataError(message, f"{turn} turns it; then use long.csv")


def _reader(table: Table) -> str:
    """Returns the call by which pandas reads the file."""
    file, dialect = repr(str(table.source.path or table.source.name)), table.dialect
    if dialect is None:
        return f"read_parquet({file})"
    words = [file, f"sep={dialect.delimiter!r}" * (dialect.delimiter != ","), "decimal=','" * (dialect.decimal == ",")]
    return f"read_csv({', '.join(filter(None, words))})"
