"""How a text file writes its table: where it begins, what separates fields and decimals, and the names in its header.

Sales of the branch in Rome      title   ╮ left out: fewer fields than the rows below
# exported on 2024-05-01         comment ╯
date,value,                      header
2024-01-01,5,                    rows
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from forecast.data.column_names import TIME_NAMES, part_of
from forecast.data.files.dialect.header_lines import read_heading
from forecast.data.files.dialect.stacks import Stack
from forecast.errors import DataError

SAMPLE_BYTES = 1 << 16
SAMPLE_ROWS = 200
LEAST_LINES = 5  # even of a file with thousands of columns
DELIMITERS = (",", ";", "\t", "|")
BLANKS = b" \t\r\n"
COMMENT = "#"
MOST_COLUMNS = 100_000
MOST_TITLES = 30  # rows above the header
PROOF = r"-?(0|\d{{4,}}){mark}\d+|-?\d+{mark}(\d{{1,2}}|\d{{4,}})"  # 1,234 may be a thousand, and so may 1.234
DECIMAL_COMMA, DECIMAL_POINT = re.compile(PROOF.format(mark=",")), re.compile(PROOF.format(mark=r"\."))
MONTH = re.compile(r"(0?[1-9]|1[0-2])\.(19|20)\d\d|(19|20)\d\d\.(0[1-9]|1[0-2])")  # proves no decimal point
DATA = re.compile(r"[-+.,:/ T]*\d[-+\d.,:/ T]*")  # a number, a date or a time
DATED = re.compile(  # a year alone or with a month and a day, 1/2/2024, 1 May 2024, May 2024, 2024-W05
    r"(1[5-9]|2[01])\d\d((0\d|1[0-2])([0-3]\d)?)?|\d{1,4}([-/. ]\w+){1,2}([ T]\d.*)?|[A-Za-z]{3,9}\W+\d+|\d{4}[WQ]\d+"
)
WHOLE, DECIMALS = re.compile(r"-?\d+"), re.compile(r"\d{1,3}")
CLOCK = {"quarter": 4, "week": 53, "day": 7, "hour": 24, "minute": 59}  # what goes round within dates
SECONDS = 5 * 10**8  # since 1970: no number of sales with a comma in it

Record = tuple[int, list[str]]


@dataclass(frozen=True)
class Dialect:
    """What separates fields and decimals, where the rows begin, and the column names, one for each field of a row."""

    delimiter: str
    decimal: str
    header: tuple[str, ...]
    line: int = 1  # on which the header begins
    body: int = 0  # bytes before the first row
    index: str = ""  # an example of the first field, which has no name, where it does not look like an index
    is_proven: bool = False  # some number is written with decimals, in one way only
    below: int = 0  # lines of names below the first
    stack: Stack | None = None  # what several lines of names tell apart

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the table, those without a name left out."""
        return self.stack.names if self.stack else tuple(name for name in self.header if name)

    def leaves_open(self, mark: str) -> bool:
        """Returns whether a mark before three digits may mean thousands as well as decimals.

        Commas between fields leave no doubt that a point is before decimals; semicolons do, since where people use them
        the comma is.
        """
        return self.delimiter == ";" or (mark == "," and self.delimiter != ",")


def detect_dialect(data: bytes, name: str) -> Dialect:
    """Returns the dialect that the first rows agree on.

    Raises:
        DataError: There is no header, nothing below it, or a name in it twice.
    """
    blank = 0 if data[:SAMPLE_BYTES].strip(BLANKS) else len(data) - len(data.lstrip(BLANKS))
    sample = _sample(data, blank)
    tables = {delimiter: list(islice(records(sample.encode(), delimiter), SAMPLE_ROWS)) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda delimiter: _agreement(tables[delimiter]))
    table = tables[delimiter]
    top = _header(table)
    names = [field.strip() for field in table[top][1]]
    rows = [fields for _, fields in table[top + 1 :]]
    check_width(len(names), name)
    if names[0].startswith(COMMENT):
        names[0] = names[0].lstrip(f"{COMMENT} ")
    if all(DATA.fullmatch(field) for field in names if field) and not _are_names(names, rows):
        raise DataError(f"The first line of {name} holds data, not column names.", "put date,value above it")
    if not rows:
        raise DataError(f"{name} has a header but no rows.", f"each row needs {len(names)} fields: {', '.join(names)}")
    line = table[top][0]
    heading = read_heading(names, rows, DATED)
    names, rows, table = heading.names, rows[heading.below :], [*table[: top + 1], *table[top + 1 + heading.below :]]
    _check_names(name, names, table[top], table[top + 1])
    if delimiter == ",":
        _check_decimals(name, names, table[top + 1 :])
    fields = [field for row in rows for field in row]
    comma = delimiter != "," and any(DECIMAL_COMMA.fullmatch(field.strip()) for field in fields)
    point = any(DECIMAL_POINT.fullmatch(field.strip()) and not MONTH.fullmatch(field.strip()) for field in fields)
    above = "".join(_lines(sample)[: table[top + 1][0] - 1])
    return Dialect(
        delimiter=delimiter,
        decimal="," if comma and not point else ".",
        header=_widened(names, rows),
        index=_doubtful_index(names, rows) if delimiter == "," else "",
        line=line + len(_lines(data[:blank].decode())),
        body=blank + len(above.encode()),
        is_proven=comma != point,
        below=heading.below,
        stack=heading.stack,
    )


def _sample(data: bytes, start: int) -> str:
    """Returns the first whole lines from a byte on."""
    size = SAMPLE_BYTES
    while start + size < len(data) and len(data[start : start + size].splitlines()) < LEAST_LINES:
        size *= 8
    sample = data[start : start + size].decode(errors="ignore")
    if len(data) - start > size:
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    return sample


def check_width(columns: int, name: str) -> None:
    """Refuses a table of more columns than can be looked at one by one.

    Raises:
        DataError: It has more.
    """
    if columns > MOST_COLUMNS:
        message = f"{name} has {columns:,} columns; {MOST_COLUMNS:,} are the most that are read."
        raise DataError(message, "put series below each other: a row a date and series, such as date,id,value")


def _check_names(name: str, names: Sequence[str], header: Record, below: Record) -> None:
    """Raises a ``DataError`` where two columns have one name."""
    twice = [field for field, count in Counter(names).items() if field and count > 1]
    if not twice:
        return
    hint = f"rename one of them in line {header[0]}"
    if not any(DATA.fullmatch(field.strip()) for field in below[1]):  # a second line of names
        hint = f"make one line of names of lines {header[0]} and {below[0]}, which hold no data"
    raise DataError(f"{name} has more than one column called {twice[0]}.", hint)


def _check_decimals(name: str, names: Sequence[str], table: Sequence[Record]) -> None:
    """Raises a ``DataError`` where commas between fields tear numbers with a decimal comma."""
    if _are_torn(names, [row for _, row in table]):
        shown = next(f"line {line}: {','.join(row)}" for line, row in table if len(row) > len(names))
        message = f"{name} has {len(names)} column names, but {len(names) + 1} fields in a row ({shown})."
        raise DataError(message, 'put numbers with a decimal comma in quotes, "1,5", or semicolons between the fields')


def records(data: bytes, delimiter: str) -> Iterator[Record]:
    """Yields the line on which each row of UTF-8 text begins and its fields; blank lines are left out."""
    csv.field_size_limit(max(csv.field_size_limit(), len(data)))  # a cell may be as long as the file
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""), delimiter=delimiter)
    ended = 0
    for fields in reader:
        if fields:
            yield ended + 1, fields
        ended = reader.line_num


def _agreement(table: Sequence[Record]) -> tuple[float, int]:
    """Returns the share of rows with the most common number of fields, and that number; nothing for one field."""
    width, count = _usual_width(table)
    return (0.0, 1) if width == 1 else (count / len(table), width)


def _usual_width(table: Sequence[Record]) -> tuple[int, int]:
    """Returns the most common number of fields, the larger of two as common, and how many rows have it."""
    counts = Counter(len(fields) for _, fields in table)
    return max(counts.items(), key=lambda item: (item[1], item[0]))


def _header(table: Sequence[Record]) -> int:
    """Returns the position of the header: below comments and titles, which have fewer fields than the rows."""
    width, _ = _usual_width(table)
    top = 0
    while top < min(len(table) - 1, MOST_TITLES) and _is_above(table[top][1], table[top + 1][1], width):
        top += 1
    return top


def _is_above(fields: list[str], below: list[str], width: int) -> bool:
    """Returns whether a row is empty, a comment or a title, and what comes below it may be the header."""
    filled, filled_below = (sum(bool(field.strip()) for field in row) for row in (fields, below))
    below_is_data = filled_below > 0 and all(DATA.fullmatch(field.strip()) for field in below if field.strip())
    if fields[0].lstrip().startswith(COMMENT):
        return not (len(fields) == width and below_is_data)  # '#date,value' is the header itself
    if width == 1 or below_is_data:
        return False
    is_short = len(fields) < width - 1 or (len(fields) == 1 and len(below) >= width - 1)
    return is_short or filled == 0 or (filled == 1 and filled_below != 1)


def _are_names(names: Sequence[str], rows: Sequence[list[str]]) -> bool:
    """Returns whether names that look like data are names all the same.

    So are those that pandas saves for columns that have none, ``,0,1`` above a row index, and dates above rows that
    begin with the name of a series.
    """
    counted = names == ["", *map(str, range(len(names) - 1))] and all(row[0].strip() for row in rows)
    return counted or (
        names[0] == "" and all(re.search(r"[^\W\d]", row[0]) and not DATED.fullmatch(row[0].strip()) for row in rows)
    )


def _widened(names: list[str], rows: Sequence[list[str]]) -> tuple[str, ...]:
    """Returns a name for each field where rows have more fields than the header: an empty one.

    Rows may end with separators that the header has not. One more field at the start is a row index without a name.
    """
    width = max(Counter(len(row) for row in rows).most_common(1)[0][0], len(names))
    more = width - len(names)
    full = [row for row in rows if len(row) == width]
    if more == 1 and any(row[-1].strip() for row in full) and len({row[0] for row in full}) == len(full):
        return ("", *names)
    if any(field.strip() for row in full for field in row[len(names) :]):
        return tuple(names)
    return (*names, *[""] * more)


def _are_torn(names: Sequence[str], rows: Sequence[list[str]]) -> bool:
    """Returns whether a decimal comma without quotes makes one field more than there are names.

        date     sales            and not    (row)    date  sales
        2018-01  1000,5                      2018-01  1000  5

    So it is where dates would have no name, and the name of the time numbers that tell none, with decimals behind.
    """
    full = [row for row in rows if len(row) == len(names) + 1]
    if 2 * len(full) <= len(rows) or not (names[0].lower() in TIME_NAMES or part_of(names[0])):
        return False
    dates, named, *others = ([cell.strip() for cell in column] for column in zip(*full, strict=True))
    if not all(map(DATED.fullmatch, dates)) or not all(map(WHOLE.fullmatch, named)):
        return False
    are_decimals = any(all(map(DECIMALS.fullmatch, column)) for column in others)
    return are_decimals and not _tell_time(names[0], [int(cell) for cell in named], dates)


def _doubtful_index(names: list[str], rows: Sequence[list[str]]) -> str:
    """Returns the first of the fields that are taken for an index, where they are numbers that are not counted on."""
    if _widened(names, rows) != ("", *names):
        return ""
    first = [row[0].strip() for row in rows if len(row) > len(names)]
    if not all(map(WHOLE.fullmatch, first)) or sorted(steps := list(map(int, first))) == steps:
        return ""
    return "" if max(steps) - min(steps) < 2 * len(steps) else first[0]


def _tell_time(name: str, numbers: Sequence[int], dates: Sequence[str]) -> bool:
    """Returns whether numbers count on, are dates or parts of those beside them, or weekdays, weeks and the like."""
    count_on = all(later - earlier == 1 for earlier, later in pairwise(numbers))
    are_dates = all(number >= SECONDS or (number > 9999 and DATED.fullmatch(str(number))) for number in numbers)
    are_parts = all(number in map(int, re.findall(r"\d+", date)) for number, date in zip(numbers, dates, strict=True))
    are_clock = set(numbers) <= set(range(CLOCK.get(part_of(name) or "", -1) + 1))
    return count_on or are_dates or are_parts or are_clock


def _lines(text: str) -> list[str]:
    """Returns the lines as the csv module counts them, with their ends."""
    return list(io.StringIO(text, newline=""))
