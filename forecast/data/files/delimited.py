"""The rows of a text file as Arrow columns, and the line on which each stands.

Arrow reads the file with all cores. Where it stumbles over a row, Python's own reader says which line that is.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import pyarrow as pa
from pyarrow import csv as pacsv
from pyarrow import types

from forecast.data.files.dialect.dialect import COMMENT, DATA, Dialect, Record, detect_dialect, records
from forecast.data.files.dialect.stacks import Stack, stacked, stacked_column
from forecast.data.files.intake import LONGEST_LINE, too_long
from forecast.data.files.source import Source
from forecast.errors import DataError

REPEATED_TEXTS = 1 << 17  # a column of more different texts is read as plain text
MISSING = (
    *(
        "",
        "NA",
        "na",
        "N/A",
        "n/a",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "<NA>",
        "n.a.",
        "N.A.",
        "NaN",
        "nan",
        "NAN",
        "-nan",
        "-NaN",
    ),
    *("NULL", "null", "Null", "(null)", "None", "none", "NONE", "nil", "Nil", "\\N", "missing", "Missing", "MISSING"),
    *(
        "-",
        "--",
        "---",
        "–",
        "—",
        "?",
        ".",
        "..",
        "...",
        "*",
        "#DIV/0!",
        "#VALUE!",
        "#REF!",
        "#NUM!",
        "#NAME?",
        "#NULL!",
    ),
)
MOST_STRAYS = 20  # lines of comment or footer among and below the rows


@dataclass(frozen=True, eq=False)
class Delimited:
    """A text file whose dialect is known."""

    source: Source
    dialect: Dialect
    strays: tuple[Record, ...]  # lines below the header that are no rows: comments, and footers at the end
    headers: tuple[int, ...] = ()  # lines that repeat the header, as in files joined end to end; they are blank here

    def read(self, convert: Any) -> Any:
        """Returns the rows as an Arrow table, its values converted as asked for."""
        data = self.source.data
        skip = {"invalid_row_handler": _skip} if self.strays else {}
        return pacsv.read_csv(
            pa.BufferReader(pa.py_buffer(data).slice(self.dialect.body)),
            pacsv.ReadOptions(block_size=LONGEST_LINE, column_names=list(self.dialect.header)),
            pacsv.ParseOptions(delimiter=self.dialect.delimiter, newlines_in_values=b'"' in data, **skip),
            convert,
        )

    def table(self, convert: Any) -> Any:
        """Returns the rows as an Arrow table, columns of several things one below another."""
        read = self.read(convert)
        return stacked(read, self.dialect.stack, self._texts) if self.dialect.stack else read

    def column(self, name: str) -> Any:
        """Returns a column as text."""
        if self.dialect.stack is None:
            return self._texts([name]).column(0)
        stack, header = self.dialect.stack, self.dialect.header
        table = self._texts([each for each in stack.sources(name) if each in header] or [header[0]])
        column = stacked_column(stack, name, table)
        return column.cast(pa.string()) if types.is_integer(column.type) else column

    def _texts(self, names: Sequence[str]) -> Any:
        kinds = {name: pa.dictionary(pa.int32(), pa.string()) for name in names}
        return self.read(pacsv.ConvertOptions(include_columns=list(names), column_types=kinds))

    def line(self, row: int, rows: int) -> int:
        """Returns the line on which a row begins, of so many rows that there are."""
        if self.dialect.stack:
            rows //= len(self.dialect.stack.entities)
            row %= rows
        data, header = self.source.data, self.dialect.line
        ends = data.count(b"\n") or data.count(b"\r")
        lines = ends + (not data.endswith((b"\n", b"\r")))
        if lines == rows + header and not self.strays:
            return header + 1 + row
        strays = {line for line, _ in self.strays}
        below = (line for line, _ in self.records() if line not in strays)  # blank lines, or line ends within quotes
        return next(islice(below, row, None))

    def records(self) -> Iterator[Record]:
        """Yields the rows below the header as Python reads them, with their lines."""
        data, body = self.source.data, self.dialect.body
        above = sum(1 for _ in io.TextIOWrapper(io.BytesIO(data[:body]), "utf-8", newline=""))
        for line, fields in records(data[body:], self.dialect.delimiter):
            yield line + above, fields


def read_text(
    source: Source, decimal: str | None, missing: Sequence[str], stack: Stack | None = None
) -> tuple[Delimited, Any]:
    """Returns a text with its dialect, and its rows as an Arrow table.

    Args:
        source: What to read.
        decimal: What separates decimals, where that was asked for.
        missing: Words that mean an empty cell, beside the usual ones.
        stack: Columns that belong below one another, where the lines of names tell none.

    Raises:
        DataError: A row has another number of fields than the header, or is too long.
    """
    dialect = detect_dialect(source.data, source.name)
    if decimal and decimal != dialect.delimiter:
        dialect = replace(dialect, decimal=decimal, is_proven=True)
    dialect = replace(dialect, stack=stack or dialect.stack)
    convert = pacsv.ConvertOptions(
        null_values=[*MISSING, *missing],
        strings_can_be_null=True,
        auto_dict_encode=True,
        auto_dict_max_cardinality=REPEATED_TEXTS,
        decimal_point=dialect.decimal,
    )
    text = _without_headers(source, dialect)
    try:
        return text, text.table(convert)
    except pa.ArrowInvalid as error:
        if "straddling" in str(error):
            raise too_long(source.name) from None
        text = replace(text, strays=_find_strays(text))
        unreadable = DataError(f"{source.name} can't be read as a table: {error}", "save it as plain CSV")
        if not text.strays:
            raise unreadable from None
    try:
        return text, text.table(convert)
    except pa.ArrowInvalid:
        raise unreadable from None


def _without_headers(source: Source, dialect: Dialect) -> Delimited:
    """Returns a text in which the lines that repeat the header are blank."""
    data, body = source.data, dialect.body
    end = b"\n" if b"\n" in data else b"\r"
    header = data[:body].strip(b"\r\n").rpartition(end)[2]
    pieces, lines, kept, line = [], [], 0, 1
    at = data.find(end + header, body - 1)
    while at >= 0:
        start, after = at + 1, at + 1 + len(header)
        if data[after : after + 1] in {b"", b"\r", b"\n"}:
            line += data.count(end, kept, start)
            pieces.append(data[kept:start])
            lines.append(line)
            kept = after
        at = data.find(end + header, after)
    if not lines:
        return Delimited(source, dialect, ())
    return Delimited(replace(source, data=b"".join([*pieces, data[kept:]])), dialect, (), tuple(lines))


def _find_strays(text: Delimited) -> tuple[Record, ...]:
    """Returns the lines with too few or too many fields, all of which are comments or below the table.

    Raises:
        DataError: A row among the others has another number of fields.
    """
    width = len(text.dialect.header)
    strays: list[Record] = []
    for line, fields in text.records():
        if len(fields) != width:
            strays.append((line, fields))
        elif any(not _is_comment(stray) for _, stray in strays):
            break
    else:
        if len(strays) <= MOST_STRAYS and all(_is_comment(stray) or _is_footer(stray, width) for _, stray in strays):
            return tuple(strays)
    line, fields = next(((line, fields) for line, fields in strays if not _is_comment(fields)), strays[0])
    message = f"{text.source.name} line {line} has {len(fields)} fields, but the header has {width}."
    number = ", a number with a decimal comma too" if text.dialect.delimiter == "," else ""
    raise DataError(message, f"correct that line; text with a separator in it needs quotes{number}")


def _is_comment(fields: list[str]) -> bool:
    return fields[0].lstrip().startswith(COMMENT)


def _is_footer(fields: list[str], width: int) -> bool:
    """Returns whether a line is a sentence below the table, and not a row that was cut off."""
    return len(fields) < width and not DATA.match(fields[0].strip()) and bool({" ", ":"} & set(fields[0].strip()))


def _skip(row: Any) -> str:
    """Tells Arrow what to do with a row of another width; all of them were looked at before."""
    del row
    return "skip"
