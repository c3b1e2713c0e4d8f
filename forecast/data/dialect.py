"""How a text file writes its table: what separates fields and decimals, and the names in its header."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from forecast.errors import DataError

SAMPLE_BYTES = 1 << 16
SAMPLE_ROWS = 200
DELIMITERS = (",", ";", "\t", "|")
DECIMAL_COMMA = re.compile(r"-?(0|\d{4,}),\d+|-?\d+,(\d{1,2}|\d{4,})")  # 1,234 may be a thousand: no proof
DECIMAL_POINT = re.compile(r"-?\d+\.\d+")
DATA = re.compile(r"[-+\d.,:/ T]*\d[-+\d.,:/ T]*")  # a number, a date or a time


@dataclass(frozen=True)
class Dialect:
    """What separates fields and decimals, and the column names as the header has them."""

    delimiter: str
    decimal: str
    header: tuple[str, ...]


def detect_dialect(data: bytes, name: str) -> Dialect:
    """Returns the dialect that the first rows agree on.

    Raises:
        DataError: There is no header, nothing below it, or a name in it twice.
    """
    begin = data if data[:SAMPLE_BYTES].strip() else data.lstrip()
    sample = begin[:SAMPLE_BYTES].decode(errors="ignore")
    if len(begin) > SAMPLE_BYTES:
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    tables = {delimiter: _rows(sample, delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda delimiter: _agreement(tables[delimiter]))
    header, rows = tables[delimiter][0], tables[delimiter][1:]
    names = [field.strip() for field in header]
    if all(DATA.fullmatch(field) for field in names if field):
        raise DataError(f"the first line of {name} holds data, not column names.", "put date,value above it")
    if not rows:
        raise DataError(f"{name} has a header but no rows.", f"each row needs {len(names)} fields: {', '.join(names)}")
    twice = [field for field, count in Counter(names).items() if field and count > 1]
    if twice:
        raise DataError(f"{name} has more than one column called {twice[0]}.", "rename one of them in line 1")
    fields = [field for row in rows for field in row]
    comma = delimiter != "," and any(DECIMAL_COMMA.fullmatch(field.strip()) for field in fields)
    point = any(DECIMAL_POINT.fullmatch(field.strip()) for field in fields)
    return Dialect(delimiter, "," if comma and not point else ".", tuple(names))


def records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yields the line on which each row begins and its fields, header included and blank lines left out."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a cell may be as long as the file
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    ended = 0
    for fields in reader:
        if fields:
            yield ended + 1, fields
        ended = reader.line_num


def _agreement(rows: list[list[str]]) -> tuple[float, int]:
    """Returns the share of rows with as many fields as the header, and that number; nothing for one field."""
    width = len(rows[0])
    if width == 1:
        return 0.0, 1
    return sum(len(row) == width for row in rows) / len(rows), width


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    return [fields for _, fields in islice(records(sample, delimiter), SAMPLE_ROWS)]
