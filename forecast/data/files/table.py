"""A table as the file holds it: named columns of dates, numbers or text, and the line of each row.

Arrow reads the file with all cores and keeps repeated text once.

Shapes: ``R`` rows.
"""

import re
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

from forecast.data.arrow import coded, coded_stamps, flags, masked, memory
from forecast.data.files.delimited import Delimited, read_text
from forecast.data.files.dialect.dialect import Dialect, Record
from forecast.data.files.dialect.stacks import DatesAcross, stacked
from forecast.data.files.parquet import read_parquet
from forecast.data.files.source import Source
from forecast.data.numbers import Numbers, are_numbers, read_numbers, thousand_or_decimals
from forecast.data.panel import FloatArray, IntArray
from forecast.errors import DataError
from forecast.wording import quoted

Kind = Literal["dates", "numbers", "text", "empty", "other"]
UNNAMED = re.compile(r"Unnamed: \d+|\.\.\.\d+")  # as pandas and R call a column without a name
INDEX, YEAR_INDEX = "column 1", "year"
YEARS = (1500, 2200)  # whole numbers between these can be years
DIGITS = r"^[-+\d.,'’\s\x{a0}\x{202f}]+$"
BLANK = r"^\s*$"


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of text as positions in the list of its different values."""

    codes: IntArray  # (R,) -1 where the cell is empty
    values: Any  # Arrow array of the different texts

    def value(self, row: int) -> str:
        """Returns the text of one row."""
        return str(self.values[int(self.codes[row])].as_py())

    def matching(self, pattern: str) -> NDArray[np.bool_]:
        """Returns which of the different texts a regular expression (RE2) finds."""
        return flags(pc.match_substring_regex(self.values, pattern))


class Table:
    """The columns of one file by name. Those without a name, such as saved row numbers, are left out.

    Not so the first one where it holds text, dates or, beside numbers alone, years: it is the saved index of a table,
    and called ``column 1``, or ``year``.
    """

    def __init__(
        self,
        source: Source,
        *,
        decimal: str | None = None,
        missing: Sequence[str] = (),
        across: DatesAcross | None = None,
    ) -> None:
        """Reads the source.

        Args:
            source: What to read.
            decimal: What separates decimals, where that was asked for.
            missing: Words that mean an empty cell, beside the usual ones.
            across: Columns that are called like dates, each of which becomes a row of every series.
        """
        self.source, self.across = source, across
        self._decimal, self._missing = decimal, missing
        self._numbers: dict[str, Numbers] = {}
        self._merged: dict[str, list[str]] = {}
        self._text: Delimited | None = None
        self.left_out: dict[str, str] = {}  # what columns hold that no table of text could, by their names
        if source.is_parquet:
            read = read_parquet(source)
            self._arrow, self.left_out = read.table, read.left_out
            if across is not None:
                self._arrow = stacked(read.table, across, lambda names: _as_text(read.table.select(names)))
        else:
            self._text, self._arrow = read_text(source, decimal, missing, across)
        names = [name.strip() for name in self._arrow.column_names]
        self._positions = {name: i for i, name in enumerate(names) if name and not UNNAMED.fullmatch(name)}
        if names and 0 not in self._positions.values():
            self._add_index(names[0] or INDEX)

    def _add_index(self, name: str) -> None:
        """Adds the first column, which the file gives no name, where it holds text, dates or years."""
        named = self._positions
        if name not in named:
            self._positions = {name: 0} | named
            if self.kind(name) not in {"dates", "text"}:
                is_index = self._are_years(name) and {self.kind(other) for other in named} == {"numbers"}
                self._positions = ({YEAR_INDEX: 0} if is_index else {}) | named

    def _are_years(self, name: str) -> bool:
        """Returns whether the column holds years, one after the other; the numbers of rows begin lower."""
        if self.kind(name) != "numbers":
            return False
        numbers = self.numbers(name)
        first, last = YEARS
        in_range = self.is_whole(name) and len(numbers) > 0 and first <= numbers[0] and numbers[-1] <= last
        return bool(in_range and (np.diff(numbers) == 1).all())

    @property
    def dialect(self) -> Dialect | None:
        """How the text is written; None for Parquet."""
        return self._text.dialect if self._text else None

    @property
    def strays(self) -> tuple[Record, ...]:
        """The lines below the header that are no rows: comments, and footers at the end."""
        return self._text.strays if self._text else ()

    @property
    def headers(self) -> tuple[int, ...]:
        """The lines below the header that repeat it; they are no rows."""
        return self._text.headers if self._text else ()

    @property
    def names(self) -> list[str]:
        """The column names, in the order of the file."""
        return list(self._positions)

    @property
    def rows(self) -> int:
        """The number of rows, R."""
        return int(self._arrow.num_rows)

    @property
    def _rows_of_file(self) -> int:
        return self.rows // len(self.across.entities) if self.across else self.rows

    def turned(self, across: DatesAcross) -> "Table":
        """Returns the table with a row of each series for each of its columns that are dates."""
        return Table(self.source, decimal=self._decimal, missing=self._missing, across=across)

    def spelled(self, name: str) -> str:
        """Returns a column's name with the blanks that the file has around it."""
        return str(self._arrow.column_names[self._positions[name]])

    @property
    def is_decimal_asked(self) -> bool:
        """Whether somebody said what separates decimals."""
        return self._decimal is not None

    def kind(self, name: str) -> Kind:
        """Returns what the column holds, judged by all of its rows."""
        held = self._column(name).type
        if types.is_null(held):
            return "empty"
        if types.is_date(held) or types.is_timestamp(held):
            return "dates"
        if types.is_integer(held) or types.is_floating(held) or types.is_decimal(held):
            return "numbers"
        text = types.is_dictionary(held) or types.is_string(held) or types.is_large_string(held)
        return "text" if text else "other"

    def is_whole(self, name: str) -> bool:
        """Returns whether the column holds whole numbers only."""
        return bool(types.is_integer(self._column(name).type))

    def is_mostly_numbers(self, name: str) -> bool:
        """Returns whether a column that was read as text has more numbers than other words."""
        if self.kind(name) != "text":
            return False
        values = self.texts(name).values
        return len(values) > 0 and are_numbers(values)

    def is_of_digits(self, name: str) -> bool:
        """Returns whether a column of numbers has nothing in it but digits and the marks between them."""
        return self.kind(name) == "numbers" or bool(self.texts(name).matching(DIGITS).all())

    def numbers(self, name: str) -> FloatArray:
        """Returns the column as numbers, (R,), NaN where a cell is empty.

        Raises:
            DataError: A cell holds something else; the first one is named.
        """
        if self.kind(name) == "empty":
            return np.full(self.rows, np.nan)
        if self.kind(name) != "numbers":
            return self._written_numbers(name)
        column = self._column(name).cast(pa.float64(), safe=False).combine_chunks()
        numbers = memory(column, np.float64)
        return np.where(flags(column.is_valid()), numbers, np.nan) if column.null_count else numbers

    def style(self, name: str) -> tuple[Numbers, str] | None:
        """Returns how a column of numbers is written, with an example, where it is not in plain digits."""
        if name not in self._numbers:
            return None
        numbers = self._numbers[name]
        return numbers, str(self.texts(name).values[numbers.example].as_py())

    def distinct(self, name: str) -> int:
        """Returns how many different values the column has."""
        return len(coded(self._column(name))[1])

    def texts(self, name: str) -> Texts:
        """Returns the column as text; words such as NA are empty cells."""
        held = self._column(name)
        if self.kind(name) == "text":
            codes, values = coded(held)
        else:
            codes, values = coded(self._verbatim(name))
            codes = np.where(flags(held.is_valid().combine_chunks()), codes, -1) if held.null_count else codes
        texts = Texts(codes, values)
        used = np.zeros(len(values) + 1, dtype=bool)
        used[codes] = True
        wanted = used[:-1] & ~texts.matching(BLANK)
        if wanted.all():
            return texts
        kept = np.append(np.where(wanted, np.cumsum(wanted) - 1, -1), -1)
        return Texts(kept[codes], values.filter(masked(wanted)))

    def labels(self, name: str) -> tuple[IntArray, list[str]]:
        """Returns the column as names that stay as they are, 007 and NA: codes, (R,), -1 for none, and names.

        Only blanks around them go; ``merged`` tells then which names came with and without.
        """
        exact = self.kind(name) == "text" and not self._column(name).null_count
        codes, values = coded(self._column(name) if exact else self._verbatim(name))
        places: dict[str, int] = {}
        labels = values.to_pylist()
        own = np.array([places.setdefault(label.strip(), len(places)) for label in labels] + [-1])
        if len(places) < len(labels):
            self._merged[name] = [label for label in labels if label != label.strip() and label.strip()]
        own[own == places.get("", -1)] = -1
        return own[codes], list(places)

    def merged(self, name: str) -> list[str]:
        """Returns the names of the column, once read, that are others with blanks around them."""
        return self._merged.get(name, [])

    def stamps(self, name: str, *, local: bool = False) -> tuple[IntArray, NDArray[np.datetime64]]:
        """Returns a column of dates as codes, (R,), -1 for none, and their different timestamps.

        Args:
            name: The column.
            local: Of a column with a time zone, return the wall clock there instead of UTC.
        """
        column = self._column(name)
        zone = self.zone(name)
        if local and zone:
            with suppress(pa.ArrowInvalid):  # a zone that this machine does not know stays UTC
                column = pc.local_timestamp(column)
        return coded_stamps(column.cast(pa.timestamp("s", column.type.tz if zone else None), safe=False))

    def zone(self, name: str) -> str:
        """Returns the time zone of a column of dates, empty when it names none."""
        return getattr(self._column(name).type, "tz", None) or ""

    def place(self, row: int) -> str:
        """Returns the file and line of a row: ``sales.csv line 48``."""
        return f"{self.source.name} {self.line(row)}"

    def line(self, row: int) -> str:
        """Returns where a row stands in the file: ``line 48``; the header is line 1."""
        if self._text is None:
            return f"row {row % self._rows_of_file + 1}"
        return f"{'line' if self.source.sheet is None else 'row'} {self._text.line(row, self.rows)}"

    def stored(self, name: str, *, verbatim: bool = False) -> Any:
        """Returns the column as Arrow has it; ``verbatim`` as text, letter by letter what the file says."""
        return self._verbatim(name) if verbatim else self._column(name)

    def _column(self, name: str) -> Any:
        return self._arrow.column(self._positions[name])

    def _verbatim(self, name: str) -> Any:
        """Returns the column as text, read again from the file where Arrow took it for something else."""
        if self._text is None:
            return self._column(name).cast(pa.string())
        raw = self._arrow.column_names[self._positions[name]]
        return self._text.column(raw)

    def _written_numbers(self, name: str) -> FloatArray:
        """Returns a column of text as numbers, (R,).

        Raises:
            DataError: A cell holds something else, or a comma that may stand before thousands or decimals.
        """
        texts = self.texts(name)
        if name not in self._numbers:
            numbers = read_numbers(texts.values, self._decimal)
            if numbers.is_unsure and self.dialect is not None and self.dialect.decimal == ",":
                numbers = read_numbers(texts.values, ",")
            if numbers.is_unsure and self.dialect is not None and self.dialect.leaves_open(numbers.thousands or "."):
                raise thousand_or_decimals(self.source.name, name, str(texts.values[numbers.example].as_py()))
            if not numbers.valid.all():
                raise self._not_a_number(name, texts, numbers.valid)
            self._numbers[name] = numbers
        return np.append(self._numbers[name].values, np.nan)[texts.codes]

    def _not_a_number(self, name: str, texts: Texts, valid: NDArray[np.bool_]) -> DataError:
        row = first_row(texts.codes, ~valid)
        word = texts.value(row)
        if word.strip() == name:
            return DataError(f"{self.place(row)} repeats the names of the columns.", "delete that line")
        hint = f"correct it, or delete {self.line(row)}"
        if "," not in word and len(word) < 20:
            hint += f"; if it means that nothing was measured: --missing {shlex.quote(word)}"
        other = "." if self._decimal == "," else ","
        if self._decimal and read_numbers(texts.values, other).valid.all():
            hint = f"--decimal {other}"
        decimal = f" with decimals after '{self._decimal}'" if self._decimal and hint.startswith("--") else ""
        across = self.across
        column = across.entities[row // self._rows_of_file] if across and name == across.value else name
        return DataError(f"{self.place(row)}: {quoted(word)} in column {column} is not a number{decimal}", hint)


def _as_text(table: Any) -> Any:
    """Returns an Arrow table with all of its columns as text."""
    return pa.table({name: table.column(name).cast(pa.string()) for name in table.column_names})


def first_row(codes: IntArray, wanted: NDArray[np.bool_]) -> int:
    """Returns the first row whose code is among the wanted ones; there must be one."""
    return int(np.append(wanted, False)[codes].argmax())
