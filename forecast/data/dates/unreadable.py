"""Cells of a column of dates that are none: what they are, and what mends it.

    2024-13-01   in all of the column, day and month change places     another form
    31/12/2024   among dates such as 2024-12-30                        two forms
    date         the line repeats the names of the columns             a line too many
    Total        most others are dates                                 likewise

Shapes: ``R`` rows, ``D`` different texts.
"""

import re

import numpy as np

from forecast.data.arrow import masked
from forecast.data.dates.date_forms import FORMS, TIMID, Parsed, parse
from forecast.data.files.table import Table, Texts, first_row
from forecast.errors import DataError
from forecast.wording import listed, quoted

SAMPLE = 200  # different texts that are tried in other forms
SHOWN = 3  # lines
BUDDHIST_YEARS = np.datetime64("2400-01-01")


def not_a_date(table: Table, name: str, texts: Texts, parsed: Parsed) -> DataError:
    """Returns the error about a column of which some texts are no dates in the form that reads the most."""
    row = first_row(texts.codes, ~parsed.valid)
    if texts.value(row).strip() == name:
        return DataError(f"{table.place(row)} repeats the names of the columns.", "delete that line")
    message = f"{table.place(row)}: {quoted(texts.value(row))} is not a date"
    unread = texts.values.filter(masked(~parsed.valid)).slice(0, SAMPLE)
    counts = {form: int(parse(unread, form).valid.sum()) for form in (*_swapped(parsed.form), *FORMS)}
    other = max((form for form in counts if form not in TIMID), key=lambda form: counts[form])
    if counts[other] and parse(texts.values, other).valid.all():
        return DataError(message, f"--date-format '{other}'")
    if not parsed.valid.any():
        return DataError(message, "correct it, or give the form: --date-format %d/%m/%Y")
    first = first_row(texts.codes, parsed.valid)
    like = f"{quoted(texts.value(first))} in {table.line(first)}"
    if 2 * counts[other] >= len(unread):
        return DataError(f"{message} like {like}", "two forms are mixed: write all dates in one, such as 2024-01-31")
    if (parsed.wall[parsed.valid].astype("datetime64[s]") >= BUDDHIST_YEARS).all():
        return DataError(
            message, "write years of the common calendar; those of the Buddhist one are 543 more: 2563 is 2020"
        )
    return DataError(message, f"correct it or delete {_lines(table, texts, parsed)}; other dates are like {like}")


def _swapped(form: str) -> list[str]:
    """Returns the form with day and month in each other's place, if it has both."""
    if not {"%d", "%m"} <= set(re.findall("%.", form)):
        return []
    return [form.replace("%m", "%\0").replace("%d", "%m").replace("%\0", "%d")]


def _lines(table: Table, texts: Texts, parsed: Parsed) -> str:
    """Returns the lines whose cell is no date."""
    rows = np.flatnonzero(np.append(~parsed.valid, False)[texts.codes])
    lines = [table.line(int(row)) for row in rows[:SHOWN]]
    return listed([*lines, *[""] * (rows.size - len(lines))], SHOWN)
