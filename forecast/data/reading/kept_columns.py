"""The columns of a file that nobody uses, as the clean table keeps them beside their rows.

    file      day  sales note        clean     day  sales note
              Mon      5 "rain"                Mon      5 "rain"
              Wed      7               ──▶     Tue                      no row: nothing stands there
                                               Wed      7

Shapes: ``R`` rows of the file, ``n`` rows of the clean table.
"""

from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forecast.data.dates.date_columns import split_columns
from forecast.data.panel import IntArray
from forecast.data.reading.reader import Reading
from forecast.errors import DataError

ROW_NUMBER = "row"
"""The column of the clean table that says which step of its series a row is, where there are no dates."""
CODE = r"^\s*[-+]?0\d"
"""A number whose noughts in front say that it is a name."""


class KeptColumns:
    """The columns of a file beside those that its panel was made of; none where rows of a step were made one."""

    def __init__(self, reading: Reading) -> None:
        """Takes a file that was read with its other columns; what was summed or left out since keeps none."""
        self.names: list[str] = []
        rows, panel = reading.placed, reading.whole or reading.panel
        if rows is None or rows.placing.order is not None or len(rows.owners) != len(panel):
            return
        self.owners = rows.owners
        columns, table = rows.columns, rows.table
        used = [*split_columns(table, columns.time), *columns.ids, *columns.target, *columns.covariates]
        used += filter(None, (columns.weight, columns.low, columns.high))
        used += [] if columns.time else [ROW_NUMBER]
        self.names = [name for name in table.names if name not in used]
        self._table, placing = table, rows.placing
        kept = np.flatnonzero(placing.series >= 0)
        self._first = int(placing.steps[kept].min(initial=0))
        self._span = int(placing.steps[kept].max(initial=0)) - self._first + 1
        places = placing.series[kept] * self._span + placing.steps[kept] - self._first
        order = np.argsort(places, kind="stable")  # of the rows of one step, the last one counts
        self._rows, self._places = kept[order], places[order]

    def at(self, owners: IntArray, ordinals: IntArray) -> list[Any]:
        """Returns each column as an Arrow array (n,), null where the file has no row.

        Args:
            owners: The series of the file, (n,).
            ordinals: The step, (n,).
        """
        if not self.names:
            return []
        wanted = owners * self._span + ordinals - self._first
        inside = (ordinals >= self._first) & (ordinals < self._first + self._span)
        at = np.searchsorted(self._places, wanted, side="right") - 1
        found = inside & (at >= 0) & (self._places[np.maximum(at, 0)] == wanted)
        rows = pa.array(self._rows[np.maximum(at, 0)], mask=~found)
        return [self._column(name).take(rows) for name in self.names]

    @property
    def texts(self) -> list[str]:
        """The names of those that are text, though all of it may be digits, such as 007."""
        return [name for name in self.names if pa.types.is_string(self._column(name).type)]

    def _column(self, name: str) -> Any:
        """Returns a column as numbers, or as it is written, (R,); null where its cell is empty or says so."""
        held = self._table.stored(name).combine_chunks()
        if pa.types.is_null(held.type):
            return held.cast(pa.string())
        written = self._table.stored(name, verbatim=True).cast(pa.string()).combine_chunks()
        is_code = pc.any(pc.match_substring_regex(written, CODE)).as_py()
        if self._table.kind(name) == "numbers" and not is_code:
            return held
        if self._table.is_mostly_numbers(name) and not is_code:
            with suppress(DataError):  # words among them, or a mark before thousands or decimals
                return pa.array(self._table.numbers(name), from_pandas=True)
        return pc.if_else(held.is_valid(), written, pa.scalar(None, pa.string()))
