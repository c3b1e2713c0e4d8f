"""Column names that stand in two or three lines, as pandas, yfinance and spreadsheets write them.

    Price,Close,Close    Price,Close,Volume    date,load,price    ,North,,South,          names, the first line
    Ticker,ABC,XYZ       Ticker,ABC,ABC        ,MW,EUR            Day,Units,Price,Units,  ╮ lines below
    Date,,               Date,,                                                           ╯
    2024-01-02,9,5       2024-01-02,9,700      2024-01-02,9,5     2024-01-02,9,2,8,3      rows

Where the lines tell columns of several things apart, each is a series: its columns are stacked below those of the
others. Else the names are those of one line, and the other says nothing that a forecast needs.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from forecast.data.column_names import ID_NAMES, TIME_NAMES
from forecast.data.files.dialect.stacks import BESIDE, Stack
from forecast.data.target_names import UNKNOWN, role_in_market, score_name

MOST_BELOW = 2  # lines of names below the first
NUMBER = re.compile(r"[-+(]?[^\w\s]?\d[\d.,' ]*[%)]?[A-Za-z]?")  # also $1,200 and 168K
BEGINNING = 20  # rows that are looked at


@dataclass(frozen=True)
class Heading:
    """What several lines of names say together."""

    names: list[str]  # one for each field of a row
    below: int  # lines below the first
    stack: Stack | None = None


def read_heading(names: Sequence[str], rows: Sequence[Sequence[str]], dated: re.Pattern[str]) -> Heading:
    """Returns the names of the columns, where the first rows may be names too.

    Args:
        names: The first line of names.
        rows: What comes below it.
        dated: Matches what is a date.
    """
    below = _count_below(names, rows, dated)
    if below == 0:
        return Heading(list(names), 0)
    lines = [[cell.strip() for cell in line[: len(names)]] for line in (names, *rows[:below])]
    lines = [line + [""] * (len(names) - len(line)) for line in lines]
    index = _index_name([line[0] for line in lines])
    levels = [line for line in lines if any(line[1:])]
    if len(levels) == 1:
        return Heading([index, *levels[0][1:]], below)
    first, second = _filled(levels[0], levels[1]), levels[1]
    return Heading([index, *first[1:]], below) if _is_unique(first[1:]) else _combined(index, first, second, below)


def _count_below(names: Sequence[str], rows: Sequence[Sequence[str]], dated: re.Pattern[str]) -> int:
    """Returns how many of the first rows are names: all without a number or date, where numbers stand below."""
    for below in range(min(MOST_BELOW, len(rows) - 1), 0, -1):
        lines, data = (
            rows[:below],
            [row for row in rows[below : below + BEGINNING] if any(cell.strip() for cell in row)],
        )
        if not data or not all(_is_names(line, dated) for line in lines):
            continue
        numeric = {i for i in range(1, len(names)) if _is_numeric([row[i] for row in data if i < len(row)])}
        named = {i for line in lines for i, cell in enumerate(line) if i and cell.strip()}
        is_index = not any(cell.strip() for cell in lines[-1][1:])
        is_told = bool(named & numeric) or (is_index and bool(numeric) and _sounds_time(lines[-1][0]))
        if is_told and all(_is_data(row[0], dated) or not row[0].strip() for row in data[:1]):
            return below
    return 0


def _is_names(line: Sequence[str], dated: re.Pattern[str]) -> bool:
    cells = [cell.strip() for cell in line if cell.strip()]
    if not cells or _is_data(line[0], dated):
        return False
    if line[0].strip().lower() in ID_NAMES:  # Ticker, of which one may be 7203
        return True
    return not any(_is_data(cell, dated) for cell in cells) and not set(cells) <= {"-", "NA", "NaN", "nan"}


def _is_data(cell: str, dated: re.Pattern[str]) -> bool:
    cell = cell.strip()
    return bool(NUMBER.fullmatch(cell) or dated.fullmatch(cell) or re.match(r"\d{1,4}[-/.:]\d", cell))


def _is_numeric(cells: Sequence[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and sum(bool(NUMBER.fullmatch(cell)) for cell in filled) > len(filled) / 2


def _sounds_time(name: str) -> bool:
    return name.strip().lower() in TIME_NAMES


def _index_name(firsts: Sequence[str]) -> str:
    """Returns the name of the first column: that of a time, else the lowest that there is."""
    times = [name for name in firsts if _sounds_time(name)]
    return next(iter(times), next((name for name in reversed(firsts) if name), ""))


def _filled(upper: list[str], lower: list[str]) -> list[str]:
    """Returns a line in which a name goes on over the empty cells after it, as over cells that were one in a sheet."""
    filled, last = [], ""
    for place, cell in enumerate(upper):
        last = cell if cell else last
        filled.append(last if place and lower[place] else cell)
    return filled


def _is_unique(names: Sequence[str]) -> bool:
    return max(Counter(name for name in names if name).values(), default=1) == 1


def _combined(index: str, upper: list[str], lower: list[str], below: int) -> Heading:
    """Returns the names that two lines tell together, of which the upper one has names twice."""
    own = [place for place in range(1, len(upper)) if upper[place] and lower[place]]
    above, under = ([line[place] for place in own] for line in (upper, lower))
    is_double = not _is_unique([BESIDE.join(pair) for pair in zip(above, under, strict=True)])
    if is_double or len(set(above)) == len(set(under)) == 1:
        return Heading([index, *upper[1:]], below)  # as before: two columns of one name
    is_upper = _are_things(upper[0], above, lower[0], under)
    things, fields = (above, under) if is_upper else (under, above)
    if len(set(things)) == 1:
        return Heading(_named(index, upper, lower, fields, own), below)
    if len(set(fields)) == 1 and not _are_fields(fields):
        return Heading(_named(index, upper, lower, things, own), below)
    called = (upper if is_upper else lower)[0]
    entity = called if called and called != index else "series"
    pairs = [f"{field}{BESIDE}{thing}" for field, thing in zip(fields, things, strict=True)]
    names = _named(index, upper, lower, pairs, own)
    shared = tuple(name for place, name in enumerate(names) if place not in own and name)
    stack = Stack(entity, tuple(dict.fromkeys(things)), shared, tuple(dict.fromkeys(fields)))
    return Heading(names, below, stack)


def _named(index: str, upper: list[str], lower: list[str], pairs: Sequence[str], own: Sequence[int]) -> list[str]:
    names = [index, *(upper[place] or lower[place] for place in range(1, len(upper)))]
    for place, name in zip(own, pairs, strict=True):
        names[place] = name
    return names


def _are_things(upper_name: str, upper: Sequence[str], lower_name: str, lower: Sequence[str]) -> bool:
    """Returns whether the upper line names the things that are forecast, and the lower one what is known of each."""
    if (upper_name.lower() in ID_NAMES) != (lower_name.lower() in ID_NAMES):
        return upper_name.lower() in ID_NAMES
    return _are_fields(lower) and not _are_fields(upper)


def _are_fields(names: Sequence[str]) -> bool:
    return any(role_in_market(name) or score_name(name).score < UNKNOWN for name in names)
