"""Dates in whatever form a person wrote them, as timestamps without a time zone.

The form that reads the most values wins. Of two that read as many, but differently, the one that makes the dates
evenly spaced; where both do, only a person can say which.

Shapes: ``R`` rows, ``D`` different texts.
"""

import re
import shlex
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from forecast.data.arrow import flags
from forecast.data.dates.centuries import last_year
from forecast.data.dates.clock_changes import settle_days
from forecast.data.dates.date_forms import (
    COUNTED,
    DAY,
    FORMS,
    LAST_YEAR,
    TIMID,
    Parsed,
    has_open_century,
    parse,
    short_years,
)
from forecast.data.dates.date_ranges import beginnings
from forecast.data.dates.form_counts import counts_by_form, sample_of
from forecast.data.dates.spacing import most_even, only_in_order
from forecast.data.dates.unreadable import not_a_date
from forecast.data.files.table import Table, Texts
from forecast.data.panel import FloatArray, IntArray
from forecast.errors import DataError, QuestionError
from forecast.wording import MONTHS, quoted

Stamps = NDArray[np.datetime64]

UNIX = {"unix": 1, "unix-ms": 10**3, "unix-us": 10**6, "unix-ns": 10**9}  # parts of a second since 1970
UNIX_YEARS = (5e8, 4.2e9)  # seconds: from 1985 to 2103
EXCEL, EXCEL_YEARS = "excel", (20_000, 60_000)  # days since 1899-12-30: from 1954 to 2064
EXCEL_ZERO = 25_569  # 1970-01-01
EXCEL_NOTE = "the dates are numbers of days since 1899-12-30, as spreadsheets count them"
NUMBERED = (*UNIX, EXCEL)
TOTALS = (
    "total|totals|totale|totaal|sum|suma|somme|summe|average|mean|moyenne|promedio|media|durchschnitt|mittelwert",
    "gesamt|gesamtsumme|gesamtergebnis|gesamtwert|insgesamt|итого|всего|razem|yhteensä|合計|总计|总和|합계",
)
NO_DATE = (
    r"(?i)^\s*(\d{1,2}:\d{2}(:\d{2})?|"
    rf"((grand|sub|overall|report)[ -]?)?({'|'.join(TOTALS)})(\P{{L}}.{{0,80}})?)\s*$"
)
MOST_TOTALS = 10  # lines at the end of the rows that may be totals: of accounts, of campaigns …
MOST_STRAYS = 0.01  # share of rows that may have a time of day or a total in place of a date


@dataclass(frozen=True, eq=False)
class Dates:
    """A column of dates as positions in the sorted list of its different timestamps."""

    codes: IntArray  # (R,) -1 where the cell is empty
    stamps: Stamps  # sorted, each once, in seconds, without zone
    note: str = ""  # what was done about time zones
    form: str = ""  # as --date-format takes it; empty where there was nothing to read
    reason: str = ""  # why this form, where others read the dates too
    strays: tuple[int, ...] = ()  # rows whose date is none, and which are left out
    remarks: tuple[str, ...] = ()  # what else was done

    def without(self, unwanted: NDArray[np.bool_]) -> Self:
        """Returns the dates with some of the timestamps taken out, as if their cells were empty."""
        codes = np.where(unwanted, -1, np.cumsum(~unwanted) - 1)
        return replace(self, codes=np.append(codes, -1)[self.codes], stamps=self.stamps[~unwanted])

    def of_rows(self, wanted: NDArray[np.bool_]) -> Self:
        """Returns the dates of some of the rows; the cells of the others are as if empty, (R,)."""
        codes = np.where(wanted, self.codes, -1)
        present = np.zeros(self.stamps.size + 1, dtype=bool)
        present[codes] = True
        return replace(self, codes=codes).without(~present[:-1])


def read_dates(table: Table, name: str, form: str | None = None, today: int | None = None) -> Dates:
    """Returns a column as dates, in the form given or else in the one that fits.

    A few rows may have a time of day or the word ``total`` in place of a date; they are strays.

    Args:
        table: The file.
        name: The column.
        form: As ``--date-format`` takes it.
        today: The year that it is, which two digits don't go far beyond.

    Raises:
        DataError: A cell is not a date, or every date can be read in two ways.
        UsageError: The form is none.
    """
    if table.source.sheet is not None and table.kind(name) == "dates":  # real ones: no form says how they are written
        return _read_stamps(table, name)
    if form in NUMBERED or (form is None and numbered_form(table, name)):
        return _read_numbered(table, name, form or numbered_form(table, name))
    if form is None and table.kind(name) == "dates" and not (table.zone(name) and table.dialect):
        return _read_stamps(table, name)
    texts, told = _beginnings(table.texts(name), form)
    if len(texts.values) == 0:
        raise DataError(f"Column {name} of {table.source.name} is empty.", "--time names another column")
    parsed, reason = (_parse(texts, form, today), "") if form else _best(texts, table.source.name, today)
    told += _century(table, texts, parsed.form, today)
    parsed = _with_long_days(parsed)
    no_dates = texts.matching(NO_DATE) & ~parsed.valid
    strays = np.flatnonzero(np.append(no_dates, False)[texts.codes])
    is_tail = strays.size <= MOST_TOTALS and bool((strays >= table.rows - strays.size).all())
    too_many = strays.size > max(1, MOST_STRAYS * table.rows) and not (is_tail and 2 * strays.size < table.rows)
    if not (parsed.valid | no_dates).all() or too_many or no_dates.all():
        raise not_a_date(table, name, texts, parsed)
    codes = np.where(np.append(parsed.valid, True)[texts.codes], texts.codes, -1)
    wall = np.where(parsed.valid, parsed.wall, parsed.wall[parsed.valid][0]).astype("datetime64[s]")
    dates = (
        _without_zone((codes, wall), (codes, wall - parsed.offset.astype("timedelta64[s]")))
        if parsed.zoned
        else _dates(codes, wall, parsed.zone_left_out)
    )
    told += _fiscal(texts, parsed.form)
    return replace(dates, form=parsed.form, reason=reason, strays=tuple(strays.tolist()), remarks=told)


def _beginnings(texts: Texts, form: str | None) -> tuple[Texts, tuple[str, ...]]:
    """Returns a column with the beginning of each range in its place, and what is to be said of that."""
    sample = sample_of(texts.values)

    begun = beginnings(texts.values, sample, partial(_read_most, form=form))
    if begun is None:
        return texts, ()
    text = f"the dates are ranges, such as {quoted(str(sample[0].as_py()), 60)}: the beginning of each counts"
    return Texts(texts.codes, begun), (text,)


def _read_most(values: Any, form: str | None) -> Parsed:
    """Returns texts in the form given, or in that which reads the most of them."""
    if form is None:
        counts = counts_by_form(values)
        form = max(FORMS, key=lambda each: counts[each])
    return parse(values, form)


def _parse(texts: Texts, form: str, today: int | None) -> Parsed:
    """Returns the texts read by one form, two digits of a year as they go on from row to row."""
    if not has_open_century(form):
        return parse(texts.values, form, long_days=True)
    return parse(texts.values, form, _last_years(texts, form, today)[0], long_days=True)


def _last_years(texts: Texts, form: str, today: int | None) -> tuple[int, ...]:
    """Returns the last year that two digits mean; two where either may be meant."""
    short = np.append(short_years(texts.values, form), -1)[texts.codes]
    return last_year(short[short >= 0], today, LAST_YEAR) if (short >= 0).any() else (LAST_YEAR,)


def _century(table: Table, texts: Texts, form: str, today: int | None) -> tuple[str, ...]:
    """Returns which years two digits mean, where that is out of the ordinary.

    Raises:
        QuestionError: Those of two centuries may be meant.
    """
    if not has_open_century(form):
        return ()
    lasts = _last_years(texts, form, today)
    parsed = parse(texts.values, form, lasts[0])
    if not parsed.valid.any():
        return ()
    if len(lasts) > 1:
        text = str(texts.values[int(parsed.valid.argmax())])
        years = [_years(parse(texts.values, form, last)) for last in lasts]
        message = f"{table.source.name}: the years of dates such as {text} can be {years[0]} or {years[1]}."
        forms = [re.sub("(%[yg])", rf"{last_two // 100}\1", form) for last_two in lasts]
        answers = {f"--date-format {shlex.quote(form)}": span for form, span in zip(forms, years, strict=True)}
        raise QuestionError(message, answers, hint=", ".join(f"{flags} for {span}" for flags, span in answers.items()))
    if (parsed.wall == parse(texts.values, form).wall)[parsed.valid].all():
        return ()
    return (f"two digits of a year mean one of {_years(parsed)}",)


def _years(parsed: Parsed) -> str:
    """Returns the first and the last year of what was read."""
    years = parsed.wall[parsed.valid].astype("datetime64[s]").astype("datetime64[Y]")
    return f"{years.min()} … {years.max()}"


def _with_long_days(parsed: Parsed) -> Parsed:
    """Returns texts with the hours of days of 25 hours in their places; a time beyond its day is no date."""
    if parsed.time is None or not (parsed.time[parsed.valid] >= DAY).any():
        return parsed
    days = (parsed.wall - parsed.time) // DAY
    time = parsed.time.astype(np.float64)
    time[parsed.valid] = settle_days(days[parsed.valid], time[parsed.valid])
    return replace(parsed, wall=days * DAY + time.astype(np.int64), valid=parsed.valid & (time <= DAY))


def _fiscal(texts: Texts, form: str) -> tuple[str, ...]:
    """Returns what is to be said of parts of years that may not begin in January."""
    is_part = "%q" in form or "%h" in form
    if not is_part or not (texts.matching(r"(?i)fy ?'?\d").any() or "%Y-%y" in form or "%y-%y" in form):
        return ()
    return (f"{texts.values[0]} is counted as if the year began in January",)


def numbered_form(table: Table, name: str) -> str:
    """Returns the form of a column that counts days since 1899-12-30, seconds since 1970 or parts of them; or empty."""
    if table.kind(name) != "numbers":
        return ""
    numbers = table.numbers(name)
    if np.isnan(numbers).all():
        return ""
    low, high = np.nanmin(numbers), np.nanmax(numbers)
    if EXCEL_YEARS[0] <= low and high <= EXCEL_YEARS[1]:
        return EXCEL
    first, last = UNIX_YEARS
    form = next((form for form, parts in UNIX.items() if first * parts <= low and high <= last * parts), "")
    return "" if form == "unix" and _are_hours(numbers) else form


def _are_hours(numbers: FloatArray) -> bool:
    """Returns whether numbers that could be seconds since 1970 are written as hours of days, such as 2024013123."""
    known = numbers[~np.isnan(numbers)]
    years, months, days, hours = known // 10**6, known // 10**4 % 100, known // 100 % 100, known % 100
    fits = (years >= 1900) & (months >= 1) & (months <= 12) & (days >= 1) & (days <= 31) & (hours < 24)
    return bool(fits.all())


def _read_numbered(table: Table, name: str, form: str) -> Dates:
    numbers = table.numbers(name)
    limit = EXCEL_YEARS[1] if form == EXCEL else UNIX_YEARS[1] * UNIX[form]
    wrong = ~np.isnan(numbers) & ~(np.abs(numbers) <= limit)
    if wrong.any():
        raise DataError(f"{table.place(int(wrong.argmax()))}: column {name} is no {form} time", "--date-format")
    seconds = np.round((numbers - EXCEL_ZERO) * DAY) if form == EXCEL else numbers // UNIX[form]
    distinct, codes = np.unique(np.nan_to_num(seconds), return_inverse=True)
    stamps = distinct.astype(np.int64).astype("datetime64[s]")
    dates = Dates(codes.astype(np.int64), stamps, EXCEL_NOTE if form == EXCEL else "", form=form)
    return dates.of_rows(~np.isnan(numbers))


def looks_like_dates(texts: Texts, form: str | None = None, *, boldly: bool = False) -> bool:
    """Returns whether at least half of a sample of the texts are dates, in the form given or in any.

    Args:
        texts: The column.
        form: The only form that counts.
        boldly: Try the forms, too, in which much is written that is no date.
    """
    sample = sample_of(texts.values)
    if 2 * int(flags(pc.match_substring_regex(sample, r"\d\d")).sum()) < len(sample):
        return False  # no year; most text is done with here
    counts = {form: int(parse(sample, form).valid.sum())} if form else counts_by_form(sample)
    if not max(counts.values()):
        begun = beginnings(sample, sample, partial(_read_most, form=form))
        counts = counts if begun is None else {form or "": int(_read_most(begun, form).valid.sum())}
    read = max(count for form, count in counts.items() if boldly or form not in TIMID or len(counts) == 1)
    return 0 < len(sample) <= 2 * read


def _read_stamps(table: Table, name: str) -> Dates:
    """Returns a column that Arrow knows for dates already."""
    if not table.zone(name):
        return _dates(*table.stamps(name))
    return _without_zone(table.stamps(name, local=True), table.stamps(name))


def _without_zone(wall: tuple[IntArray, Stamps], utc: tuple[IntArray, Stamps]) -> Dates:
    """Returns days as the wall calendar has them, but times in UTC, where no hour is missing or doubled."""
    hours = wall[1].astype(np.int64) % DAY
    if (hours == hours[0]).all():
        return _dates(*wall, "the time zone of the dates is left out; they are as written")
    return _dates(*utc, "times are converted to UTC and written without their zone")


def _dates(codes: IntArray, stamps: Stamps, note: str = "") -> Dates:
    """Returns dates whose different timestamps are sorted, and each there once."""
    if (stamps[1:] > stamps[:-1]).all():
        return Dates(codes, stamps, note)
    ordered, ranks = np.unique(stamps, return_inverse=True)
    return Dates(np.append(ranks, -1)[codes], ordered, note)


def _best(texts: Texts, file: str, today: int | None) -> tuple[Parsed, str]:
    """Returns the texts read by the form that fits most of them, and why it was taken where several do.

    Raises:
        DataError: Several forms fit as many, and read them differently but just as evenly.
    """
    counts = counts_by_form(sample_of(texts.values))
    enough = max(1.0, 0.9 * max(counts.values()))
    forms = [form for form in FORMS if counts[form] >= enough] or FORMS[:1]
    certain = [form for form in forms if not has_open_century(form) or len(_last_years(texts, form, today)) == 1]
    readings = [_parse(texts, form, today) for form in certain or forms]  # no form that reaches far beyond today
    fit = max(reading.valid.sum() for reading in readings)
    best, *others = (reading for reading in readings if reading.valid.sum() == fit)
    differ = [(other.wall != best.wall) & other.valid & best.valid for other in others if other.form != COUNTED]
    rivals = [other for other, difference in zip(others, differ, strict=False) if difference.any()]
    if not rivals:
        return best, ""
    position = int(np.logical_or.reduce(differ).argmax())
    text, readings = str(texts.values[position]), [best, *rivals]
    chosen = most_even([np.unique(reading.wall[reading.valid]).astype("datetime64[s]") for reading in readings])
    why = "so the dates are evenly spaced, and otherwise scattered"
    if chosen is None:
        codes = texts.codes[texts.codes >= 0]
        rows = [reading.wall[codes][reading.valid[codes]].astype("datetime64[s]") for reading in readings]
        chosen, why = only_in_order(rows), "so the dates go on from row to row, and otherwise back and forth"
    if chosen is None:
        raise _ambiguous(file, text, position, readings)
    day = readings[chosen].wall[position].astype("datetime64[s]").item()
    name = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return readings[chosen], f"{text} is {name}: {why}"


def _ambiguous(file: str, text: str, position: int, readings: list[Parsed]) -> DataError:
    """Returns the question that only a person can answer."""
    days = [reading.wall[position].astype("datetime64[s]").item() for reading in readings]
    same_year = len({day.year for day in days}) == 1
    names = [f"{day.day} {MONTHS[day.month - 1]}" + ("" if same_year else f" {day.year}") for day in days]
    choices = [f"--date-format {reading.form} for {name}" for reading, name in zip(readings, names, strict=True)]
    message = f"{file}: {text} can be {' or '.join(names)}, and no row of the file tells which."
    return DataError(message, ", ".join(choices))
