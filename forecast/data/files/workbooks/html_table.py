"""Tables of a web page as sheets: many programs export one under the name of a workbook.

<td rowspan=2>North</td>            stands in the first of its rows, as a merged cell of a workbook does
<td colspan=2>Units</td>            likewise in the first of its columns
<td x:num="1234.5">1.234,50</td>    the number that Excel wrote beside what it shows
"""

from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

from forecast.data.files.dialect.dialect import DATA
from forecast.data.files.free_memory import free_memory
from forecast.data.files.intake import too_many
from forecast.data.files.workbooks.sheet_table import Cell, Merged, find_table
from forecast.data.files.workbooks.workbook import SheetText, asked_sheet, only_sheet, text_of_sheet
from forecast.errors import DataError

CELL = 120
"""Memory that a cell takes, in bytes."""
WIDEST, LONGEST = 1000, 65_534
"""Columns and rows that one cell may be one over, as browsers have it."""
UNSEEN = frozenset({"script", "style", "head", "title", "template"})
BREAKS = frozenset({"br", "p", "div", "li"})


class HtmlTable:
    """A table of a page, as a sheet."""

    def __init__(self, name: str) -> None:
        """Begins without a row."""
        self.name, self.is_hidden = name, False
        self.merged: list[Merged] = []
        self._rows: list[list[Cell]] = []
        self._taken: dict[int, int] = {}  # columns in which a cell from above goes on, and for how many rows

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return not any(any(row) for row in self._rows)

    def rows(self) -> list[list[Cell]]:
        """Returns all rows, equally long."""
        width = max(map(len, self._rows), default=0)
        return [[*row, *[""] * (width - len(row))] for row in self._rows]

    def kind(self) -> str:
        """Returns what the table holds, see ``TablePlace``; nothing where no cell holds a number or a date."""
        place = find_table(self.rows())
        return place.kind if place else ""

    def begin_row(self) -> None:
        """Adds a row, in which cells from above go on."""
        if self._rows:
            self._taken = {column: left - 1 for column, left in self._taken.items() if left > 1}
        self._rows.append([])

    def add(self, text: str, columns: int, rows: int) -> int:
        """Adds a cell to the last row, behind those before and those that go on, and returns how many columns it has.

        Args:
            text: in it.
            columns: that it is one over.
            rows: likewise.
        """
        if not self._rows:
            self.begin_row()
        row = self._rows[-1]
        while len(row) in self._taken:
            row.append("")
        place = (len(self._rows) - 1, len(row))
        row += [text, *[""] * (columns - 1)]
        if rows > 1:
            for column in range(place[1], place[1] + columns):
                self._taken[column] = rows
            self.merged.append((place, (place[0] + rows - 1, place[1] + columns - 1)))
        return columns


class _Reader(HTMLParser):
    """Finds the tables of a page; one within a cell of another is one of its own."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[HtmlTable] = []
        self._name, self._most, self._cells = name, free_memory() // CELL, 0
        self._open: list[HtmlTable] = []
        self._cell: list[tuple[list[str], int, int, str]] = []  # of each open table: texts, spans, Excel's number
        self._depths: list[int] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins a table, a row or a cell."""
        if tag in UNSEEN:
            self._unseen += 1
        elif tag == "table":
            self.tables.append(HtmlTable(f"table {len(self.tables) + 1}"))
            self._open.append(self.tables[-1])
            self._depths.append(len(self._cell))
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].begin_row()
        elif tag in {"td", "th"} and self._open:
            self._end_cell()
            told = dict(attrs)
            spans = (_span(told.get("colspan"), WIDEST), _span(told.get("rowspan"), LONGEST))
            self._cell.append(([], *spans, told.get("x:num") or ""))
        elif tag in BREAKS:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        """Ends a table, a row or a cell."""
        if tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif self._open and tag in {"td", "th", "tr", "table"}:
            self._end_cell()
            if tag == "table":
                self._open.pop()
                del self._cell[self._depths.pop() :]
        elif tag in BREAKS:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        """Adds text to the cell that is open."""
        if self._is_in_cell() and not self._unseen:
            self._cell[-1][0].append(data)

    def _is_in_cell(self) -> bool:
        return bool(self._depths) and len(self._cell) > self._depths[-1]

    def _end_cell(self) -> None:
        """Puts the cell that is open into its table.

        Raises:
            DataError: there are more than the memory holds.
        """
        if not self._is_in_cell():
            return
        texts, columns, rows, number = self._cell.pop()
        text = " ".join("".join(texts).split())
        self._cells += self._open[-1].add(number if number and DATA.fullmatch(text) else text, columns, rows)
        if self._cells > self._most:
            raise too_many(self._name, f"{self._cells:,} cells and more", CELL * self._cells)


def tables_of_page(text: str, name: str) -> Sequence[HtmlTable]:
    """Returns the tables of a page that have a cell, from its beginning on.

    Args:
        text: of the page.
        name: what messages call it.

    Raises:
        DataError: they have more cells than the memory holds.
    """
    reader = _Reader(name)
    for piece in _pieces(text):
        reader.feed(piece)
    reader.close()
    return [table for table in reader.tables if not table.is_blank]


def read_page(text: str, name: str, sheet: str | None = None, *, may_lack: bool = False) -> SheetText:
    """Returns the table of a page that is asked for, else of the only one with numbers.

    Args:
        text: of the page.
        name: what messages call it.
        sheet: the table, by its name or its number from 1.
        may_lack: where there is no such table, take the only one with numbers.

    Raises:
        UsageError: there is no such table.
        QuestionError: several have numbers, and none is asked for.
        DataError: none has, or they need more memory than is free.
    """
    tables = tables_of_page(text, name)
    with_numbers = [table for table in tables if table.kind()]
    if not with_numbers:
        message = f"{name} is a web page (HTML) under the name of a workbook, and no table of numbers is in it."
        raise DataError(message, "open it to see what it says; a download that needs a login gives such a page")
    wanted = asked_sheet(tables, sheet, name, may_lack=may_lack) or only_sheet(with_numbers, name)
    return text_of_sheet(wanted)


def _pieces(text: str, size: int = 1 << 20) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


def _span(told: str | None, most: int) -> int:
    text = (told or "").strip()
    return min(max(int(text), 1), most) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
