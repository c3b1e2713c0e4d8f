"""The table in a sheet: below titles, right of a margin, above notes; and the CSV that says the same.

    A               B        C       D                 E
    Sales report                                                   title    ╮ blank lines
    Period          2024                                           settings ╯
                    North            South                         upper line of names, its cells merged
    Date            Units    Price   Units    Price                names
    2024-01-01      5        9.99    3        12.5                 rows
    …
    Source: ERP                                                    note, a comment of the CSV

Line ``n`` of the CSV is row ``n`` of the sheet, so that whoever reads it can name the row. All the rest, from two lines
of names to totals, is read as in any CSV.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any, Literal, TypeAlias

from forecast.data.column_names import TIME_NAMES
from forecast.data.files.dialect.dialect import COMMENT, DATA, DATED

Cell: TypeAlias = str | float | bool | date | datetime | time | timedelta
Merged: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""The row and column of the first and the last cell that are one."""
SAMPLE = 300  # rows in which the table is looked for
LEAST_ROWS = 3
MOST_UPPER = 2  # lines of names above the last
APART = 3  # blank rows that may lie between the names and the rows
SHORT = 0.5  # of the rows of the table: what stands beside it in fewer, from the top, is another one
HALF = timedelta(milliseconds=500)
LARGEST = 1e15  # whole numbers up to which all digits are there
SERIALS = range(20_000, 60_000)
FROM_1904 = date(1904, 1, 1)
MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DAY = re.compile(
    rf"\d{{1,4}}[-/. ]+\w{{1,9}}[-/. ]+\d{{1,4}}(\W.*)?|\d*\W*{MONTH}\W*\d+|\d{{4}}[-_ ]?[wq]\d+", re.IGNORECASE
)
"""Stricter than what may be a date once it is known where the table is: ``Sales 2024`` is a title."""


@dataclass(frozen=True)
class TablePlace:
    """Where a table stands in a sheet: rows and columns from 0, the right one not included.

    Attributes:
        top: the first line of names.
        body: the first row below them.
        left, right: the columns.
        kind: what its columns hold: ``dated`` numbers, ``numbers``, or anything else.
    """

    top: int
    body: int
    left: int
    right: int
    kind: Literal["dated", "numbers", "other"]


def find_table(rows: Sequence[Sequence[Cell]]) -> TablePlace | None:
    """Returns where the table stands among the rows of a sheet; None where no row has a number or a date."""
    filled = [_filled(row) for row in rows[:SAMPLE]]
    has_data = [any(is_data(row[i]) for i in own) for row, own in zip(rows[:SAMPLE], filled, strict=True)]
    run = _run(filled, has_data)
    if run is None:
        return None
    names = _names_above(run, filled)
    if names is None:
        names, top, body = run[0], run[0], run[0] + 1
    else:
        top, body = _top(rows, filled, has_data, names), names + 1
    named = sorted({i for row in range(top, names + 1) for i in filled[row]})
    left, right = named[0], named[-1] + 1
    inside = [row for row in run if row >= body]
    while left > 0 and sum(left - 1 in filled[row] for row in inside) > len(inside) / 2:
        left -= 1  # an index whose column has no name
    right = _right(rows, top, body, left, right)
    kind = _kind([rows[row][left:right] for row in inside])
    return TablePlace(top, body, left, right, kind)


def table_text(
    rows: Sequence[Sequence[Cell]], place: TablePlace, merged: Sequence[Merged] = (), *, from_1904: bool
) -> str:
    """Returns the table as CSV with commas; what is above it as blank lines, notes below it as comments.

    Args:
        rows: of the sheet.
        place: of the table.
        merged: cells that are one; those within a column say the same in each of its rows.
        from_1904: days without a format of dates are counted from 1904.
    """
    filled_down = dict(_filled_down(rows, place, merged))
    serials = _serials(rows, place) if from_1904 else set()
    last = _last_of_table(rows, place)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    for i, row in enumerate(rows):
        cells = [filled_down.get((i, column), row[column]) for column in range(place.left, min(place.right, len(row)))]
        texts = [cell_text(cell) for cell in cells]
        if i >= place.body and serials:
            texts = [_day_of_1904(text) if j in serials else text for j, text in enumerate(texts)]
        texts += [""] * (place.right - place.left - len(texts))
        if i < place.top or not any(text.strip() for text in texts):
            written.write('""\n' if place.right - place.left == 1 and place.body <= i < last else "\n")
        elif i >= last:
            note = " ".join(text for text in texts if text)
            writer.writerow([note if note.startswith(COMMENT) else f"{COMMENT} {note}"])
        else:
            writer.writerow(texts)
    return written.getvalue()


def is_empty(cell: Cell) -> bool:
    """Returns whether a cell has nothing in it."""
    return isinstance(cell, str) and not cell.strip()


def is_data(cell: Cell) -> bool:
    """Returns whether a cell holds a number or a date, be it as text."""
    if isinstance(cell, str):
        text = cell.strip()
        return bool(DATA.fullmatch(text) or DAY.fullmatch(text))
    return True


def cell_text(cell: Cell) -> str:
    """Returns a cell as a CSV says it: numbers in full, days and instants as ISO 8601, to the second."""
    return _TEXTS[type(cell)](cell)


def _number_text(cell: float) -> str:
    return str(int(cell)) if cell.is_integer() and abs(cell) < LARGEST else repr(cell)


def _instant_text(cell: datetime) -> str:
    return (cell + HALF).replace(microsecond=0).isoformat(" ")


def _span_text(cell: timedelta) -> str:
    seconds = round(cell.total_seconds())
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


_TEXTS: Mapping[type, Callable[[Any], str]] = {
    str: lambda cell: " ".join(cell.splitlines()) if "\n" in cell or "\r" in cell else cell,
    bool: lambda cell: str(cell).upper(),
    int: str,
    float: _number_text,
    date: date.isoformat,
    datetime: _instant_text,
    time: lambda cell: _instant_text(datetime.combine(FROM_1904, cell))[11:],
    timedelta: _span_text,
}


def _filled(row: Sequence[Cell]) -> list[int]:
    return [i for i, cell in enumerate(row) if not is_empty(cell)]


def _run(filled: Sequence[list[int]], has_data: Sequence[bool]) -> list[int] | None:
    """Returns the rows of the first stretch with data that is as wide as the table and long enough, else the longest.

    Blank rows don't end it, a row of words alone does.
    """
    runs: list[list[int]] = [[]]
    for row, own in enumerate(filled):
        if own and has_data[row]:
            runs[-1].append(row)
        elif own and runs[-1]:
            runs.append([])
    runs = [run for run in runs if run]
    if not runs:
        return None
    widest = max(len(filled[row]) for run in runs for row in run)
    wide = [run for run in runs if median(len(filled[row]) for row in run) >= widest / 2]
    long = [run for run in wide if len(run) >= LEAST_ROWS]
    return long[0] if long else max(wide or runs, key=len)


def _names_above(run: list[int], filled: Sequence[list[int]]) -> int | None:
    """Returns the row with the names of the columns above a stretch of rows; None where there is none."""
    above = [row for row in range(max(run[0] - 1 - APART, 0), run[0]) if filled[row]]
    typical = median(len(filled[row]) for row in run)
    if not above or len(filled[above[-1]]) < typical / 2:
        return None
    is_over_index = above[-1] == run[0] - 1 and filled[above[-1]][0] > filled[run[0]][0]
    return above[-1] if len(filled[above[-1]]) >= min(2, typical) or is_over_index else None


def _top(rows: Sequence[Sequence[Cell]], filled: Sequence[list[int]], has_data: Sequence[bool], names: int) -> int:
    """Returns the first line of names: above one that has a name twice, or none where the line above has one."""
    top = names
    while top > 0 and names - top < MOST_UPPER and filled[top - 1] and not has_data[top - 1]:
        texts = [cell_text(rows[top][i]).strip() for i in filled[top]]
        is_told = len(set(texts)) < len(texts) and len(filled[top - 1]) > 1
        if not is_told and not (len(filled[top - 1]) > 1 and set(filled[top - 1]) - set(filled[top])):
            break
        top -= 1
    return top


def _right(rows: Sequence[Sequence[Cell]], top: int, body: int, left: int, right: int) -> int:
    """Returns the column where the table ends: before a short list that stands beside it, behind an empty column."""
    used = [any(column < len(row) and not is_empty(row[column]) for row in rows[top:]) for column in range(right)]
    gaps = [column for column in range(left, right) if not used[column]]
    for gap in gaps:
        depth, beside = (_depth(rows[body:], start, end) for start, end in ((left, gap), (gap + 1, right)))
        if gap - left >= 2 and 0 < beside < SHORT * depth:
            return gap
    return right


def _depth(rows: Sequence[Sequence[Cell]], start: int, end: int) -> int:
    """Returns how many rows there are up to the last that has anything in these columns."""
    own = [i for i, row in enumerate(rows) if any(not is_empty(cell) for cell in row[start:end])]
    return own[-1] + 1 if own else 0


def _kind(rows: Sequence[Sequence[Cell]]) -> Literal["dated", "numbers", "other"]:
    """Returns what most cells of the columns are."""
    if len(rows) < LEAST_ROWS - 1:
        return "other"
    kinds = [
        _column_kind([row[i] for row in rows if i < len(row) and not is_empty(row[i])]) for i in range(len(rows[0]))
    ]
    if "numbers" not in kinds:
        return "other"
    return "dated" if "dates" in kinds else "numbers"


def _column_kind(cells: Sequence[Cell]) -> Literal["dates", "numbers", "other"]:
    dates = sum(isinstance(cell, date) or (isinstance(cell, str) and _is_date(cell.strip())) for cell in cells)
    numbers = sum(
        (isinstance(cell, (int, float)) and not isinstance(cell, bool))
        or (isinstance(cell, str) and bool(DATA.fullmatch(cell.strip())))
        for cell in cells
    )
    if not cells or max(dates, numbers) <= len(cells) / 2:
        return "other"
    return "dates" if dates >= numbers else "numbers"


def _is_date(text: str) -> bool:
    return not text.isdigit() and bool(DAY.fullmatch(text) or (DATED.fullmatch(text) and text[0].isdigit()))


def _last_of_table(rows: Sequence[Sequence[Cell]], place: TablePlace) -> int:
    """Returns the row after the last that has a number or a date: what stands below it are notes."""
    cells = ((i, rows[i][place.left : place.right]) for i in range(len(rows) - 1, place.body - 1, -1))
    return next((i + 1 for i, own in cells if any(not is_empty(cell) and is_data(cell) for cell in own)), len(rows))


def _filled_down(
    rows: Sequence[Sequence[Cell]], place: TablePlace, merged: Sequence[Merged]
) -> Iterator[tuple[tuple[int, int], Cell]]:
    """Yields what stands in the cells of rows that are one with the cell above."""
    for (first, column), (last, end) in merged:
        if first >= place.body and last > first and column == end and first < len(rows) and column < len(rows[first]):
            yield from (((row, column), rows[first][column]) for row in range(first + 1, min(last + 1, len(rows))))


def _serials(rows: Sequence[Sequence[Cell]], place: TablePlace) -> set[int]:
    """Returns the columns, from the left one of the table, that are called as times are and count days."""
    found = set()
    for column in range(place.left, place.right):
        name = rows[place.body - 1][column] if column < len(rows[place.body - 1]) else ""
        cells = [row[column] for row in rows[place.body :] if column < len(row) and not is_empty(row[column])]
        days = [cell for cell in cells if isinstance(cell, float) and int(cell) in SERIALS]
        if isinstance(name, str) and name.strip().lower() in TIME_NAMES and cells and len(days) > len(cells) / 2:
            found.add(column - place.left)
    return found


def _day_of_1904(text: str) -> str:
    try:
        return cell_text(datetime.combine(FROM_1904, time()) + timedelta(days=float(text))).removesuffix(" 00:00:00")
    except (ValueError, OverflowError):
        return text
