"""The columns that nobody uses and that could serve as covariates, and as which kind.

    region   the same in all rows of a series, another in other series    a trait
    promo    has values where the target has none yet                     known in advance, as it shows
    price    called like what is planned, or has few different values     known in advance, perhaps
    temp     any other column that changes                                seen up to the forecast

Shapes: ``R`` rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.data.column_names import CLOCK_NAMES, is_named
from forecast.data.files.table import Table
from forecast.data.findings import Finding
from forecast.data.panel import FloatArray, IntArray
from forecast.data.reading.covariates.values import read_cells
from forecast.data.reading.gridding import Observations
from forecast.errors import DataError, UsageError
from forecast.name_lists import flag_value
from forecast.wording import listed

MOST_COLUMNS = 40
MOST_TEXTS = 13  # different ones, an empty one among them, of a column that says what kind of a day it is
MOST_VALUES = 8_000_000  # of all columns together; of a longer file the first steps are kept


def number_columns(
    table: Table, taken: Sequence[str], series: IntArray, steps: IntArray, laid: Observations
) -> Mapping[str, FloatArray]:
    """Returns the other columns of numbers by name, (M,), at the first steps of the target; NaN where empty.

    Args:
        table: The file.
        taken: The columns that are used already.
        series: Which series each row belongs to, (R,); -1 for none.
        steps: Ordinal of each row's time, (R,).
        laid: The target.
    """
    names = [name for name in table.names if name not in taken and table.kind(name) == "numbers"][:MOST_COLUMNS]
    kept = min(laid.values.size, MOST_VALUES // max(len(names), 1))
    rows, places = _places(series, steps, laid, kept)
    other_numbers = {}
    for name in names:
        values = np.full(kept, np.nan)
        values[places] = table.numbers(name)[rows]
        other_numbers[name] = values
    return other_numbers


def text_columns(
    table: Table, taken: Sequence[str], series: IntArray, steps: IntArray, laid: Observations
) -> Mapping[str, tuple[FloatArray, tuple[str, ...]]]:
    """Returns the other columns of few different texts by name: the code of each step, (M,), NaN where empty; texts.

    Args:
        table: The file.
        taken: See ``number_columns``.
        series: Likewise.
        steps: Likewise.
        laid: Likewise.
    """
    names = [name for name in table.names if name not in taken and table.kind(name) == "text"][:MOST_COLUMNS]
    names = [name for name in names if table.distinct(name) <= MOST_TEXTS]
    kept = min(laid.values.size, MOST_VALUES // max(len(names), 1))
    rows, places = _places(series, steps, laid, kept)
    found = {}
    for name in names:
        texts, codes = table.texts(name), np.full(kept, np.nan)
        own = texts.codes[rows]
        codes[places] = np.where(own < 0, np.nan, own)
        found[name] = codes, tuple(str(text).strip() for text in texts.values.to_pylist())
    return found


def _places(series: IntArray, steps: IntArray, laid: Observations, kept: int) -> tuple[IntArray, IntArray]:
    """Returns the rows that lie within the first ``kept`` steps of the target, and the step of each."""
    ends = np.diff(laid.offsets, append=laid.offsets[-1])
    after = steps - laid.first[series]
    rows = np.flatnonzero((series >= 0) & (after >= 0) & (after < ends[series]))
    places = laid.offsets[series[rows]] + after[rows]
    return rows[places < kept], places[places < kept]


Use = Literal["static", "known", "planned", "past"]

MOST_COLUMNS = 40
FEW_VALUES = 12
MOST_NAMED = 8
ROOM = 60  # signs of a flag that fits into a line
PLANNED = (
    *("holiday", "holidays", "promo", "promotion", "event", "price", "discount", "campaign", "open", "closed"),
    *("feiertag", "ferien", "aktion", "preis", "rabatt", "festivo", "precio", "ferie", "prix", "isholiday"),
    *("schoolholiday", "stateholiday", "onpromotion", "workingday", "weekend", "action", "sale", "launch"),
)
"""Words in the names of what shops know before it happens."""


@dataclass(frozen=True)
class Candidate:
    """A column that could serve."""

    name: str
    use: Use


def find_candidates(
    table: Table, taken: Sequence[str], series: IntArray, steps: IntArray, laid: Observations
) -> tuple[Candidate, ...]:
    """Returns the columns that could serve as covariates, in the order of the file.

    Args:
        table: The file.
        taken: The columns that are used already.
        series: Which series each row belongs to, (R,); -1 for none.
        steps: Ordinal of each row's time, (R,).
        laid: The target.
    """
    lengths = np.diff(laid.offsets)
    ahead = (series >= 0) & (lengths[series] > 0) & (steps >= laid.first[series] + lengths[series])
    found = []
    for name in [name for name in table.names if name not in taken and name.lower() not in CLOCK_NAMES][:MOST_COLUMNS]:
        try:
            cells = read_cells(table, name, "past")
        except (UsageError, DataError):  # dates, notes, or numbers among words
            continue
        told = (series >= 0) & ~np.isnan(cells.values)
        use = _use(name, cells.values[told], series[told], len(lengths), is_text=cells.column.levels is not None)
        if use and use != "static" and bool((told & ahead).any()):
            use = "known"
        found += [Candidate(name, use)] if use else []
    return tuple(found)


def _use(name: str, values: FloatArray, series: IntArray, count: int, *, is_text: bool) -> Use | None:
    """Returns what a column could serve as; None where it never changes.

    Args:
        name: Of the column.
        values: Of the rows that have one.
        series: Which of the ``count`` series each is of.
        count: How many series there are.
        is_text: The values are codes.
    """
    if values.size == 0 or values.min() == values.max():
        return None
    traits = np.full(count, np.nan)
    traits[series] = values
    if (traits[series] == values).all():
        return "static"
    few = is_text or np.unique(values[: 1 << 20]).size <= FEW_VALUES
    return "planned" if few or is_named(name, PLANNED) else "past"


def candidate_findings(candidates: Sequence[Candidate]) -> list[Finding]:
    """Returns the columns of each kind with the flag that makes them covariates."""
    findings = []
    for use, flag, one, several in (
        ("static", "--static", "is a trait of the series", "are traits of the series"),
        ("known", "--known", "goes on after the target: known in advance", "go on after the target: known in advance"),
        ("planned", "--known", "may help if it is known ahead; else --past", "may help if known ahead; else --past"),
        ("past", "--past", "may help; known ahead: --known", "may help; what is known ahead: --known"),
    ):
        names = [candidate.name for candidate in candidates if candidate.use == use]
        if names:
            text = f"{listed(names, MOST_NAMED)} {one if len(names) == 1 else several}"
            values = flag_value(names)
            findings.append(Finding("note", "candidates", text, f"{flag} {values}" if len(values) < ROOM else flag))
    return findings
