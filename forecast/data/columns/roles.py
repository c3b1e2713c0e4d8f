"""Which column is the time, which the target, and which tell the series apart: asked for, or inferred.

Names propose and values decide: a column called Date whose cells are no dates is no time column, and a Store that
leaves two rows for one day does not tell series apart.

Shapes: ``R`` rows.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from forecast.data.column_names import (
    CLOCK_NAMES,
    ID_NAMES,
    SURE_IDS,
    TARGET_NAMES,
    TIME_NAMES,
    is_named,
    part_of,
    rank,
)
from forecast.data.columns.target import examples, sounds_forecast
from forecast.data.columns.wide_tables import DatesAcrossError, dates_across
from forecast.data.covariates import KINDS
from forecast.data.dates.clock_times import has_ranges
from forecast.data.dates.date_columns import is_year, split_columns
from forecast.data.dates.dates import NUMBERED, Dates, looks_like_dates, numbered_form, read_dates
from forecast.data.dates.infer_frequency import SECONDS_HINT, infer_frequency
from forecast.data.files.table import YEARS, Table
from forecast.data.findings import Finding
from forecast.data.frequency import readable
from forecast.data.panel import IntArray
from forecast.decoding import MayLack
from forecast.errors import DataError, UsageError, did_you_mean
from forecast.name_lists import UnknownNameError, among_others, find_names, flag_value
from forecast.wording import listed

# Where the column is called a date, 202401312359 is a minute, 2024013123 an hour, 20240131 a day, 202401 a month.
NUMBERED_SECONDS = (19000101000000, 22001231235959)
NUMBERED_MINUTES = (190001010000, 220012312359)
NUMBERED_HOURS = (1900010100, 2200123123)
NUMBERED_DAYS = (15000101, 22001231)
NUMBERED_WEEKS = (150001, 220053)
NUMBERED_SPANS = (NUMBERED_SECONDS, NUMBERED_MINUTES, NUMBERED_HOURS, NUMBERED_DAYS, YEARS)
MOST_EXAMPLES = 5
MOST_IDS = 3  # columns that tell the series apart together
MOST_CANDIDATES = 8
MOST_SERIES = 50  # of a column that is recommended as an id
FEW = 20  # one row in so many may have the series and time of another: a mistake rather than a panel


@dataclass(frozen=True)
class Columns:
    """The user's names of the columns that are used."""

    time: str  # several with commas, as --time takes them; empty without dates
    target: tuple[str, ...]
    ids: tuple[str, ...]
    known: tuple[str, ...] = ()  # covariates, of the three kinds
    past: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    weight: MayLack[str] = None  # how much each row counts
    low: MayLack[str] = None  # below which no forecast lies
    high: MayLack[str] = None  # above which none does

    @property
    def covariates(self) -> tuple[str, ...]:
        """All covariates, in the order of their kinds."""
        return tuple(name for kind in KINDS for name in getattr(self, kind))

    @property
    def limits(self) -> tuple[str, ...]:
        """The columns of limits that are no covariates, too."""
        return tuple(name for name in dict.fromkeys((self.low, self.high)) if name and name not in self.covariates)

    @property
    def beside(self) -> tuple[str, ...]:
        """What stands beside time, target and ids: covariates, the weight, and limits that are none of these."""
        weight = (self.weight,) if self.weight else ()
        return (*self.covariates, *weight, *(name for name in self.limits if name not in weight))


def left_columns(table: Table, columns: Columns) -> tuple[str, ...]:
    """Returns the columns that neither tell the time or the series, nor are forecast."""
    taken = {*split_columns(table, columns.time), *columns.ids, *columns.target}
    return tuple(name for name in table.names if name not in taken)


@dataclass(frozen=True, eq=False)
class SeriesKeys:
    """Which series each row belongs to."""

    codes: IntArray  # (R,) -1 where the row names none
    names: tuple[str, ...]  # of the series; the parts of a compound id are joined with a slash
    parts: tuple[tuple[str, ...], ...] = ()  # of each name, column by column; empty where nobody named columns

    def without(self, rows: IntArray) -> "SeriesKeys":
        """Returns the series once some rows are of none; a series that is left without rows is none."""
        codes = self.codes.copy()
        codes[rows] = -1
        gone = np.setdiff1d(self.codes[rows], [-1, *codes])
        kept = [code for code in range(len(self.names)) if code not in gone]
        places = np.full(len(self.names) + 1, -1)
        places[kept] = np.arange(len(kept))
        parts = tuple(self.parts[code] for code in kept) if self.parts else ()
        return SeriesKeys(places[codes], tuple(self.names[code] for code in kept), parts)


class MissingColumnError(UsageError):
    """A column that was asked for is not there."""

    def __init__(self, message: str, hint: str, column: str) -> None:
        super().__init__(message, hint)
        self.column = column


def check_names(table: Table, flag: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """Returns the columns asked for, one by one or as lists, as the file spells them; their case does not matter.

    Raises:
        MissingColumnError: The file has no such column.
    """
    try:
        return find_names(wanted, table.names)
    except UnknownNameError as error:
        if error.name in table.left_out:
            message = (
                f"Column {error.name} of {table.source.name} holds {table.left_out[error.name]}, which can't be used."
            )
            raise UsageError(message, f"{flag} with a column of numbers or text") from None
        message = f"{table.source.name} has no column '{error.name}'.{did_you_mean(error.name, table.names)}"
        raise MissingColumnError(
            message,
            f"{flag} takes one of: {listed(list(map(among_others, table.names)), 20)}",
            error.name,
        ) from None


def choose_time(table: Table, taken: Sequence[str], form: str | None) -> tuple[str, list[Finding]]:
    """Returns the column that holds dates, in the form given if there is one, when none was asked for.

    Raises:
        DataError: There is none.
        DatesAcrossError: There are many, since dates are columns.
    """
    ranked = sorted(table.names, key=lambda name: rank(name, TIME_NAMES))
    dated = [name for name in ranked if name not in taken and _could_be_dates(table, name, form)]
    dated.sort(key=lambda name: has_ranges(table, name))  # 00-01 is rather an hour than a year
    if not dated:
        if asked := [name for name in taken if _could_be_dates(table, name, form)]:
            message = f"{asked[0]} is the only column of {table.source.name} with dates, but was asked for as another."
            raise DataError(message, f"leave {asked[0]} to tell the time, or --no-dates if each row is one step")
        across = dates_across(table, taken)
        if across and not table.across:
            raise DatesAcrossError(table, across)
        message = f"No column of {table.source.name} holds dates: {examples(table, table.names)}."
        hint = "--no-dates if each row is one step in time, in order; or --time COLUMN, --date-format FORMAT"
        raise DataError(message, hint)
    return dated[0], _choice("time", dated[0], dated, "dates", "--time")


def columns_of_dates_beside(table: Table, taken: Sequence[str], form: str | None) -> list[str]:
    """Returns the other columns that hold dates."""
    return [name for name in table.names if name not in taken and _could_be_dates(table, name, form)]


def choose_ids(table: Table, dates: Dates, taken: Sequence[str], time: str) -> tuple[tuple[str, ...], list[Finding]]:
    """Returns the columns that tell the series apart, when none were asked for; none for a single series.

    They are the fewest that leave one row for each series and time. A few rows that are there twice are taken for
    the mistake that they are, unless columns that are named like ids explain them.

    Raises:
        DataError: Times come again and again, and no column says why.
    """
    doubles = count_doubles(np.zeros(table.rows, np.int64), dates)
    if doubles == 0:
        return tuple(name for name in table.names if name.lower() in SURE_IDS and name not in taken)[:1], []
    few = max(1, table.rows // FEW)
    candidates = _id_candidates(table, dates, taken)
    named = [name for name in candidates if is_named(name, ID_NAMES)]
    ids = _tell_apart(table, dates, named, 0)
    if ids is None:
        ids = () if doubles <= few else _tell_apart(table, dates, candidates, few)
    if ids is None:
        raise _repeats(table, dates, time, named, _regular_times(table, taken))
    others = [name for name in candidates if name not in ids and (name in named or _has_words(table, name))]
    is_sure = not ids or ids[0].lower() in SURE_IDS
    return ids, [] if is_sure else _choice("ids", ", ".join(ids), others, "possible", "--id")


def possible_ids(table: Table, dates: Dates, taken: Sequence[str]) -> list[str]:
    """Returns the columns that could tell series apart: named like ids, or of text, with few different values."""
    candidates = _id_candidates(table, dates, taken)
    few = [name for name in candidates if table.distinct(name) <= MOST_SERIES]
    return [name for name in few if is_named(name, ID_NAMES)] or [name for name in few if _has_words(table, name)]


def _has_words(table: Table, name: str) -> bool:
    """Tells whether a column holds text, and no numbers in some form of a person's."""
    return table.kind(name) == "text" and not table.is_mostly_numbers(name)


def series_keys(table: Table, ids: Sequence[str]) -> SeriesKeys:
    """Returns the series of each row by these columns, in natural order of the names: shop 2 before shop 10."""
    codes, found = np.zeros(table.rows, np.int64), list[tuple[str, ...]]([()])
    for column in ids:
        labels, values = table.labels(column)
        joined = np.where((codes < 0) | (labels < 0), -1, codes * len(values) + labels)
        present, codes = _compact(joined, len(found) * len(values))
        found = [(*found[pair // len(values)], values[pair % len(values)]) for pair in present.tolist()]
    names = ["/".join(parts) for parts in found]
    order = sorted(range(len(names)), key=lambda i: _natural(names[i]))
    ranks = np.empty(len(names) + 1, np.int64)
    ranks[order] = np.arange(len(names))
    ranks[-1] = -1
    return SeriesKeys(ranks[codes], tuple(names[i] for i in order), tuple(found[i] for i in order))


def _compact(codes: IntArray, count: int) -> tuple[IntArray, IntArray]:
    """Returns the codes that occur, of ``count`` possible ones, and each row's position among them; -1 stays -1."""
    if count <= 4 * codes.size:
        occurs = np.bincount(codes + 1, minlength=count + 1)[1:] > 0
        present = np.flatnonzero(occurs)
        return present, np.append(np.cumsum(occurs) - 1, -1)[codes]
    present, places = np.unique(codes, return_inverse=True)
    missing = int(present[0] < 0)
    return present[missing:], places - missing


def _tell_apart(table: Table, dates: Dates, candidates: list[str], allowed: int) -> tuple[str, ...] | None:
    """Returns the fewest columns that leave at most so many doubled rows."""
    for size in range(1, MOST_IDS + 1):
        doubles = {}
        for ids in combinations(candidates[:MOST_CANDIDATES], size):
            keys = series_keys(table, ids)
            if (size > 1 or allowed) and len(keys.names) * dates.stamps.size > 4 * table.rows:
                continue  # single transactions, cut so fine that few of them meet
            doubles[ids] = count_doubles(keys.codes, dates)
            if doubles[ids] == 0:
                return ids
        best = min(doubles, key=lambda ids: doubles[ids], default=None)
        if best is not None and doubles[best] <= allowed:
            return best
    return None


def count_doubles(series: IntArray, dates: Dates) -> int:
    """Returns how many rows have the series and time of an earlier one."""
    keys = (series * dates.stamps.size + dates.codes)[(series >= 0) & (dates.codes >= 0)]
    if keys.size == 0:
        return 0
    if keys.max() <= 4 * keys.size:
        return keys.size - int(np.count_nonzero(np.bincount(keys)))
    keys.sort()
    return int(np.count_nonzero(keys[1:] == keys[:-1]))


def _id_candidates(table: Table, dates: Dates, taken: Sequence[str]) -> list[str]:
    """Returns the columns of text or whole numbers whose values each come often enough to be a series."""
    at_once = int(np.bincount(dates.codes[dates.codes >= 0]).max())
    candidates = []
    for name in table.names:
        words = (*TARGET_NAMES, *CLOCK_NAMES, *TIME_NAMES)
        if (
            name in taken
            or is_named(name, words)
            or _is_amount(table, name)
            or not (table.kind(name) == "text" or table.is_whole(name))
        ):
            continue
        most = table.rows // 2 if table.kind(name) == "text" else min(table.rows // 2, 2 * at_once)
        if table.distinct(name) <= most and 1 < len(table.labels(name)[1]) <= most:
            candidates.append(name)
    return sorted(candidates, key=lambda name: rank(name, ID_NAMES))


def _is_amount(table: Table, name: str) -> bool:
    return table.kind(name) == "numbers" and sounds_forecast(name)


def _regular_times(table: Table, taken: Sequence[str]) -> list[str]:
    """Returns the other columns that hold dates, each of them once and with a common step."""
    regular = []
    for name in table.names:
        with suppress(DataError):
            if name not in taken and _could_be_dates(table, name, None):
                dates = read_dates(table, name)
                infer_frequency(dates.stamps)
                regular += [name] if count_doubles(np.zeros(table.rows, np.int64), dates) == 0 else []
    return regular


def _repeats(table: Table, dates: Dates, time: str, candidates: Sequence[str], times: Sequence[str]) -> DataError:
    if _has_fractions(table, time):
        message = f"the times in column {time} of {table.source.name} are fractions of a second apart, and no step but "
        message += "whole minutes can be forecast by dates."
        return DataError(message, f"{SECONDS_HINT}, or --no-dates if each row is one step")
    counts = np.bincount(dates.codes[dates.codes >= 0])
    most = int(counts.argmax())
    message = f"{table.source.name} has {counts[most]:,} rows for {readable(dates.stamps[most])} in column {time},"
    message += " and no other column tells them apart."
    few = [name for name in candidates if table.distinct(name) <= MOST_SERIES][:3]
    each = f", with --id {flag_value(few[:1])} for each {few[0]}" if few else ""
    others = f" ({', '.join(few[1:])} would do too)" if few[1:] else ""
    regular = f"--time {flag_value(times[:1])} takes the column whose dates come once each; " if times else ""
    return DataError(
        message, f"{regular}--aggregate sum adds them up to a value a day{each}{others}; --freq W for a week's, M …"
    )


def _has_fractions(table: Table, time: str) -> bool:
    """Returns whether times are written with parts of a second, in most of the first rows."""
    if time not in table.names:
        return False
    texts = table.texts(time)
    first = [texts.value(row) for row in np.flatnonzero(texts.codes[:FEW] >= 0).tolist()]
    return sum(re.search(r":\d{2}[.,]\d*[1-9]", text) is not None for text in first) > len(first) / 2


def _could_be_dates(table: Table, name: str, form: str | None) -> bool:
    if form not in NUMBERED and (form is not None or table.kind(name) == "text"):
        return looks_like_dates(table.texts(name), form, boldly=name.lower() in TIME_NAMES)
    if form in NUMBERED or (form is None and is_named(name, TIME_NAMES) and numbered_form(table, name)):
        return table.kind(name) == "numbers"
    if table.is_whole(name) and is_named(name, TIME_NAMES) and not (part_of(name) == "year" and is_year(table, name)):
        numbers = table.numbers(name)
        low, high = np.nanmin(numbers), np.nanmax(numbers)
        if NUMBERED_WEEKS[0] <= low and high <= NUMBERED_WEEKS[1]:
            return bool(((numbers - 1) % 100 < 53)[~np.isnan(numbers)].all())
        return any(first <= low and high <= last for first, last in NUMBERED_SPANS)
    if table.kind(name) == "numbers" and not table.is_whole(name) and (is_named(name, TIME_NAMES) or part_of(name)):
        return looks_like_dates(table.texts(name), form)  # 01.2024 is no number
    return table.kind(name) == "dates" or (part_of(name) == "year" and is_year(table, name))


def _choice(topic: str, chosen: str, possible: Sequence[str], what: str, flag: str) -> list[Finding]:
    """Returns what else could have been chosen, if anything."""
    others = [name for name in possible if name != chosen]
    return [Finding("note", topic, f"{chosen}; also {what}: {listed(others)}", flag)] if others else []


def _natural(name: str) -> list[tuple[int, str]]:
    """Returns a key that sorts the numbers within names by their size."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
