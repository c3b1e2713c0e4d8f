"""Dates as people and programs write them, read from whole files: what is meant is known, since it was written here."""

import datetime as dt

import pytest

from forecast.errors import DataError, QuestionError
from marks import slow_but
from written_files import DAY, HOUR, read, summary, told

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def months(first, count):
    return [(first + i // 12, i % 12 + 1) for i in range(count)]


SHORT = {  # 1948-01 … 2009-12, with two digits for the year
    "m/1/yy": lambda year, month: f"{month}/1/{year:02}",
    "1-mon-yy": lambda year, month: f"1-{MONTHS[month - 1]}-{year:02}",
    "mon-yy": lambda year, month: f"{MONTHS[month - 1]}-{year:02}",
    "mon 'yy": lambda year, month: f"{MONTHS[month - 1]} '{year:02}",
    "yy/mm/dd": lambda year, month: f"{year:02}/{month:02}/01",
    "dd.mm.yy": lambda year, month: f"01.{month:02}.{year:02}",
    "mm/yy": lambda year, month: f"{month:02}/{year:02}",
    "mm-yy": lambda year, month: f"{month:02}-{year:02}",
    "yy-mm": lambda year, month: f"{year:02}-{month:02}",
    "two columns": lambda year, month: f"{year:02}|{month}",
}


@pytest.mark.parametrize("back", slow_but([False], [False, True]))
@pytest.mark.parametrize("name", SHORT)
def test_two_digits_of_a_year_go_on_from_row_to_row(name, back):
    rows = [SHORT[name](year % 100, month) for year, month in months(1948, 744)][:: -1 if back else 1]
    reading = read("year|month|rate" if name == "two columns" else "date|rate", rows)
    assert summary(reading) == ("MS", "1948-01-01", "2009-12-01", 744, 0)


@pytest.mark.parametrize(
    "form", ["{1:02}Q{2}", "{2}Q{1:02}", "Q{2} {1:02}", "Q{2}-{1:02}", "Q{2}/{1:02}", "{1:02}-Q{2}", "Q{2} '{1:02}"]
)
def test_quarters_of_years_in_two_digits_too(form):
    rows = [form.format("", (1948 + i // 4) % 100, i % 4 + 1) for i in range(240)]
    assert summary(read("date|rate", rows)) == ("QS", "1948-01-01", "2007-10-01", 240, 0)


def test_weeks_and_years_in_two_digits_too():
    weeks = [(dt.date(1990, 1, 1) + 7 * i * DAY).isocalendar() for i in range(700)]
    reading = read("week|rate", [f"{week[0] % 100:02}-W{week[1]:02}" for week in weeks])
    assert summary(reading) == ("W-MON", "1990-01-01", "2003-05-26", 700, 0)
    for form in ("'{:02}", "{:02}", "{}", "FY{:02}"):
        reading = read("year|rate", [form.format((1948 + i) % 100) for i in range(60)])
        assert summary(reading) == ("YS", "1948-01-01", "2007-01-01", 60, 0)


@pytest.mark.parametrize("order", ["by series", "by date"])
def test_each_series_of_a_panel_begins_anew(order):
    dates = [f"{month}/1/{year % 100:02}" for year, month in months(1990, 240)]
    pairs = [(shop, date) for shop in "abc" for date in dates]
    pairs = pairs if order == "by series" else sorted(pairs, key=lambda pair: dates.index(pair[1]))
    reading = read("shop|date|rate", [f"{shop}|{date}" for shop, date in pairs])
    assert summary(reading) == ("MS", "1990-01-01", "2009-12-01", 720, 0)


@pytest.mark.parametrize("first", [1930, 1932, 1955, 1995, 2016, 2017])
def test_no_year_lies_long_after_today(first):
    reading = read(
        "date|rate", [f"{month}/1/{year % 100:02}" for year, month in months(first, 84 + 45 * (first > 1990))]
    )
    assert summary(reading)[1] == f"{first}-01-01"


def test_two_centuries_that_may_both_be_meant_are_a_question_with_both_answers():
    rows = [f"{month}/1/{year % 100:02}" for year, month in months(2025, 130)]
    with pytest.raises(QuestionError, match=r"can be 2025 … 2035 or 1925 … 1935") as error:
        read("date|rate", rows)
    assert error.value.hint == "--date-format %m/%d/20%y for 2025 … 2035, --date-format %m/%d/19%y for 1925 … 1935"
    assert error.value.answers == {"--date-format %m/%d/20%y": "2025 … 2035", "--date-format %m/%d/19%y": "1925 … 1935"}
    for form, first in (("%m/%d/20%y", "2025-01-01"), ("%m/%d/19%y", "1925-01-01")):
        assert summary(read("date|rate", rows, date_format=form))[1] == first


PAIRS = ["{0}-{2:02}", "{0}/{2:02}", "{0}-{3}", "{0}/{3}", "FY{0}-{2:02}", "{0} - {2:02}", "{0}–{2:02}", "{0} to {3}"]
PAIRS += ["FY{1:02}-{2:02}", "{1:02}/{2:02}", "{1:02}-{2:02}", "FY {0}/{2:02}"]


@pytest.mark.parametrize("first", slow_but([1998], [1998, 2000, 2013]))
@pytest.mark.parametrize("form", PAIRS)
def test_a_pair_of_years_is_the_first(form, first):
    years = range(first, first + 11)
    rows = [form.format(year, year % 100, (year + 1) % 100, year + 1) for year in years]
    for each in (rows, rows[::-1]):
        assert summary(read("year|revenue", each)) == ("YS", f"{first}-01-01", f"{first + 10}-01-01", 11, 0)


@pytest.mark.parametrize("form", ["{0}-{1:02}", "{2:02}-{1:02}", "{0}/{1:02}"])
def test_months_that_look_like_pairs_of_years_stay_months(form):
    rows = [form.format(year, month, year % 100) for year, month in months(2000, 140)]
    assert summary(read("month|revenue", rows)) == ("MS", "2000-01-01", "2011-08-01", 140, 0)


QUARTERS = [
    "Q{2} FY{1:02}",
    "FY{0} Q{2}",
    "FY{1:02}Q{2}",
    "{2}QFY{1:02}",
    "Q{2}FY{1:02}",
    "Q{2}-FY{0}",
    "Q{2} {0}-{3:02}",
]
QUARTERS += [
    "{0}:Q{2}",
    "{0}.Q{2}",
    "{0}-{3:02} Q{2}",
    "Q{2}, {0}",
    "{0} Quarter {2}",
    "{2}. Quartal {0}",
    "T{2} {0}",
    "{4} {0}",
    "{0} {4}",
]


@pytest.mark.parametrize("form", QUARTERS)
def test_quarters_of_fiscal_years_and_by_their_months(form):
    spans = ["Jan-Mar", "Apr - Jun", "July to September", "Oct–Dec"]
    years = [(2010 + i // 4, i % 4) for i in range(40)]
    rows = [form.format(year, year % 100, q + 1, (year + 1) % 100, spans[q]) for year, q in years]
    reading = read("quarter|revenue", rows)
    assert summary(reading) == ("QS", "2010-01-01", "2019-10-01", 40, 0)
    note = f"{rows[0]} is counted as if the year began in January"
    assert (note in told(reading, "dates")) is ("FY" in form or "{3" in form)


@pytest.mark.parametrize("form", ["FY{1:02} H{2}", "H{2} {0}", "{0}-H{2}", "{2}H{1:02}"])
def test_halves_of_years(form):
    rows = [form.format(2000 + i // 2, i // 2, i % 2 + 1) for i in range(40)]
    assert summary(read("half|revenue", rows)) == ("2QS", "2000-01-01", "2019-07-01", 40, 0)


POLISH = ["styczeń", "luty", "marzec", "kwiecień", "maj", "czerwiec", "lipiec", "sierpień"]
POLISH += ["wrzesień", "październik", "listopad", "grudzień"]
RUSSIAN = ["янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"]
TURKISH = ["ocak", "şubat", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos", "eylül", "ekim"]
TURKISH += ["kasım", "aralık"]


@pytest.mark.parametrize(
    "write",
    [
        lambda year, month: f"{POLISH[month - 1]} {year}",
        lambda year, month: f"{RUSSIAN[month - 1]}. {year}",
        lambda year, month: f"{TURKISH[month - 1].title()} {year}",
        lambda year, month: f"{year}년 {month}월",
        lambda year, month: f"{year}년{month}월1일",
        lambda year, month: f"{MONTHS[month - 1]}, {year}",
        lambda year, month: f"{year}P{month:02}",
        lambda year, month: f"0{month:02}/{year}",
        lambda year, month: f"0{month:02}.{year}",
    ],
    ids=["Polish", "Russian", "Turkish", "Korean", "Korean days", "comma", "period", "SAP", "SAP, points"],
)
def test_months_of_other_languages_and_programs(write):
    rows = [write(year, month) for year, month in months(2018, 48)]
    assert summary(read("period|v", rows)) == ("MS", "2018-01-01", "2021-12-01", 48, 0)


STAMPS = ["%a %b %d %H:%M:%S UTC %Y", "%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S CST %Y", "%d/%b/%Y:%H:%M:%S +0000"]
STAMPS += ["%a %b %d %H:%M:%S GMT+00:00 %Y", "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)"]
STAMPS += [
    "%a %d %b %Y %I:%M:%S %p UTC",
    "%m/%d/%Y, %I:%M:%S %p",
    "%d.%m.%Y, %H:%M",
    "%d/%m/%Y %Hh%M",
    "%Y-%m-%d_%H:%M",
]
STAMPS += ["%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%dT%H%M%SZ", "%Y%m%d_%H%M%S", "%d%b%Y:%H:%M:%S", "%d.%m.%Y %H.%M"]
STAMPS += ["%d-%b-%y %I.%M.%S.000000 %p", "%d.%m.%Y, %H:%M Uhr"]


@pytest.mark.parametrize("form", STAMPS)
def test_stamps_of_programs(form):
    moments = [dt.datetime(2023, 1, 1) + i * HOUR for i in range(240)]
    reading = read("ts|v", [moment.strftime(form) for moment in moments])
    assert summary(reading) == ("h", "2023-01-01", "2023-01-10T23", 240, 0)


def test_parts_of_a_second_are_no_repeated_rows():
    rows = [f"2023-01-01T00:00:{i // 10:02}.{i % 10}" for i in range(1, 300)]
    with pytest.raises(DataError, match="fractions of a second apart") as error:
        read("t|v", rows)
    assert "--aggregate mean --freq min" in error.value.hint


@pytest.mark.parametrize("form", ["%a %b %d %H:%M:%S %Z %Y", "%A %b %d %H:%M:%S UTC %Y"])
def test_days_of_the_week_and_names_of_zones_can_be_given(form):
    moments = [dt.datetime(2023, 1, 1) + i * HOUR for i in range(240)]
    rows = [moment.strftime("%a %b %d %H:%M:%S UTC %Y") for moment in moments]
    assert summary(read("ts|v", rows, date_format=form)) == ("h", "2023-01-01", "2023-01-10T23", 240, 0)


@pytest.mark.parametrize(
    ("begin", "steps", "shift"),
    [(dt.date(2061, 1, 1), 90, 0), (dt.date(2022, 1, 1), 90, 543), (dt.date(2026, 11, 1), 35, 0)],
)
def test_dates_still_to_come_are_told_and_buddhist_years_named(begin, steps, shift):
    days = [begin + i * DAY for i in range(steps)]
    [text] = told(read("date|v", [f"{day.year + shift}-{day:%m-%d}" for day in days]), "ahead")
    assert "which is still to come: today is 2026-11-29" in text
    assert ("2565 is 2022" in text) is bool(shift)


def test_today_and_the_step_that_begins_are_not_to_come():
    days = [dt.date(2026, 9, 1) + i * DAY for i in range(90)]
    assert not told(read("date|v", [day.isoformat() for day in days]), "ahead")
    assert not told(read("date|v", [f"{year}-12-31" for year in range(2000, 2027)]), "ahead")


RANGES = {
    "d.m.Y - d.m.Y": lambda a, b: f"{a:%d.%m.%Y %H:%M} - {b:%d.%m.%Y %H:%M}",
    "iso/iso": lambda a, b: f"{a:%Y-%m-%dT%H:%M}/{b:%Y-%m-%dT%H:%M}",
    "iso/duration": lambda a, b: f"{a:%Y-%m-%dT%H:%M}/PT1H",
    "day time - time": lambda a, b: f"{a:%d/%m/%Y %H:%M} - {b:%H:%M}",
    "day time-time": lambda a, b: f"{a:%Y-%m-%d %H:%M}-{b:%H:%M}",
    "to": lambda a, b: f"{a:%Y-%m-%d %H:%M} to {b:%Y-%m-%d %H:%M}",
    "interval": lambda a, b: f"({a:%Y-%m-%d %H:%M:%S}, {b:%Y-%m-%d %H:%M:%S}]",
    "no blanks": lambda a, b: f"{a:%d.%m.%Y %H:%M}-{b:%d.%m.%Y %H:%M}",
}


@pytest.mark.parametrize("name", RANGES)
def test_a_range_of_times_is_its_beginning(name):
    moments = [dt.datetime(2023, 10, 15) + i * HOUR for i in range(300)]
    reading = read("MTU|price", [RANGES[name](moment, moment + HOUR) for moment in moments])
    assert summary(reading) == ("h", "2023-10-15", "2023-10-27T11", 300, 0)
    assert any("the beginning of each counts" in text for text in told(reading, "dates"))


WEEKS = {
    "iso": lambda a, b: f"{a} - {b}",
    "slash": lambda a, b: f"{a}/{b}",
    "d/m/Y": lambda a, b: f"{a:%d/%m/%Y}-{b:%d/%m/%Y}",
    "year at the end": lambda a, b: f"{a:%b %d} - {b:%b %d, %Y}",
    "German": lambda a, b: f"{a:%d.%m.} - {b:%d.%m.%Y}",
}


@pytest.mark.parametrize("name", WEEKS)
def test_a_range_of_days_is_its_beginning_also_across_a_new_year(name):
    days = [dt.date(2021, 1, 3) + 7 * i * DAY for i in range(120)]
    rows = [WEEKS[name](day, day + 6 * DAY) for day in days]
    assert summary(read("week|visits", rows)) == ("W-SUN", "2021-01-03", "2023-04-16", 120, 0)


def test_times_with_their_zone_are_no_ranges():
    moments = [dt.datetime(2023, 10, 15) + i * HOUR for i in range(300)]
    reading = read("ts|v", [f"{moment:%Y-%m-%d %H:%M}-05:00" for moment in moments])
    assert summary(reading)[1] == "2023-10-15T05"


def test_zones_that_only_the_night_of_the_clock_change_has_are_marks():
    moments = [dt.datetime(2023, 10, 14, 22) + i * HOUR for i in range(601)]
    change = dt.datetime(2023, 10, 29, 1)
    rows = []
    for moment in moments:
        wall = moment + (2 if moment < change else 1) * HOUR
        mark = f" ({'CEST' if moment < change else 'CET'})" if wall.date() == dt.date(2023, 10, 29) else ""
        rows.append(f"{wall:%d/%m/%Y %H:%M:%S}{mark}")
    reading = read("MTU|price", rows)
    assert summary(reading) == ("h", "2023-10-15", "2023-11-08T23", 600, 0)
    assert told(reading, "clock-change")
    [note] = told(reading, "zone")
    assert note == "the time zone CEST or CET is left out; the times are as written"
