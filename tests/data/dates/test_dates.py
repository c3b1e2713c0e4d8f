import datetime as dt
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast.data.dates import month_names
from forecast.data.dates.date_forms import FORMS
from forecast.data.dates.dates import EXCEL_NOTE, looks_like_dates, read_dates
from forecast.data.dates.month_names import MONTH_OF
from forecast.data.files.source import Source
from forecast.data.files.table import Table, Texts
from forecast.errors import DataError, UsageError
from forecast.wording import MONTHS

# To the last of 2033, whose day, month and year no other order of fields can read.
DAYS = [dt.datetime(2033, 12, 31) - dt.timedelta(days=71 * i) for i in range(300)]


def table_of(texts):
    lines = "".join(f'"{text}",1\n' for text in texts)
    return Table(Source("sales.csv", "sales", None, f"date,v\n{lines}".encode(), "", "UTF-8"))


def read(texts, form=None):
    """The timestamps as text, row by row, and the note."""
    dates = read_dates(table_of(texts), "date", form)
    assert (np.diff(dates.stamps) > np.timedelta64(0)).all()
    stamps = [str(dates.stamps[code]) if code >= 0 else None for code in dates.codes]
    return [stamp and stamp.removesuffix("T00:00:00") for stamp in stamps], dates.note


@pytest.mark.parametrize("form", [form for form in FORMS if "%d" in form])
@pytest.mark.slow
def test_every_form_reads_what_python_writes(form):
    assert read([day.strftime(form) for day in DAYS])[0] == [day.strftime("%Y-%m-%d") for day in DAYS]


@pytest.mark.parametrize("form", ["%d.%m.%Y %H:%M:%S", "%m/%d/%y %I:%M:%S %p", "%Y%m%dT%H%M%S", "%H:%M:%S on %d %B %Y"])
def test_a_form_that_is_given_is_followed(form):
    moments = [day + dt.timedelta(seconds=minute * 61) for minute, day in enumerate(DAYS)]
    expected = [moment.isoformat().removesuffix("T00:00:00") for moment in moments]
    assert read([moment.strftime(form) for moment in moments], form)[0] == expected


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2024-02-29", "2024-02-29"),
        ("2024-02", "2024-02-01"),
        ("2024/02", "2024-02-01"),
        ("2/2024", "2024-02-01"),
        ("2024-2-9", "2024-02-09"),
        ("2024-02-09 07:05", "2024-02-09T07:05:00"),
        ("2024-02-09 24:00", "2024-02-10"),
        ("2024-02-09T07:05:59.999", "2024-02-09T07:05:59"),
        ("20240209", "2024-02-09"),
        ("202402", "2024-02-01"),
        ("2024", "2024-01-01"),
        ("9.2.2024", "2024-02-09"),
        ("31.12.69", "1969-12-31"),
        ("31.12.68 23:59", "2068-12-31T23:59:00"),
        ("01/31/2024 1:05 PM", "2024-01-31T13:05:00"),
        ("01/31/2024 12:00:01 am", "2024-01-31T00:00:01"),
        ("Jan 03, 2022", "2022-01-03"),
        ("January 3 2022", "2022-01-03"),
        ("03 SEPT. 2022", "2022-09-03"),
        ("3-Sep-22", "2022-09-03"),
        ("Feb 2022", "2022-02-01"),
        ("2022 March", "2022-03-01"),
        ("Jan-21", "2021-01-01"),
        ("2024-W05", "2024-01-29"),
        ("2020W53", "2020-12-28"),
        ("2024-W05-7", "2024-02-04"),
        ("W01/2021", "2021-01-04"),
        ("2024Q1", "2024-01-01"),
        ("2024-q4", "2024-10-01"),
        ("Q3 2021", "2021-07-01"),
        ("1-01", "0001-01-01"),
        ("2024020907", "2024-02-09T07:00:00"),
        ("202402090705", "2024-02-09T07:05:00"),
        ("20240209T070559", "2024-02-09T07:05:59"),
        ("Fri 9 Feb 2024", "2024-02-09"),
        ("Thursday. February 29 2024 7:05", "2024-02-29T07:05:00"),
        ("31. Dezember 2024", "2024-12-31"),
        ("1. Mär. 2024", "2024-03-01"),
        ("15 août 2024", "2024-08-15"),
        ("3 de enero de 2024", "2024-01-03"),
        ("9-dic-24", "2024-12-09"),
        ("ottobre 2024", "2024-10-01"),
        ("2024年2月9日", "2024-02-09"),
        ("2024年12月", "2024-12-01"),
        ("2024M02", "2024-02-01"),
        ("2024.10", "2024-10-01"),
        ("2024-M12", "2024-12-01"),
        ("4Q2024", "2024-10-01"),
        ("1Q09", "2009-01-01"),
        ("Q4 24", "2024-10-01"),
        ("Week 5 2024", "2024-01-29"),
        ("KW 5/2024", "2024-01-29"),
        ("45292", "2024-01-01"),
    ],
)
def test_forms_that_need_no_help(text, stamp):
    assert read([text])[0] == [stamp]


@pytest.mark.parametrize(
    ("texts", "stamps", "note"),
    [
        (["45292", "45293.25"], ["2024-01-01", "2024-01-02T06:00:00"], EXCEL_NOTE),
        (["2033123123", "2034010100"], ["2033-12-31T23:00:00", "2034-01-01"], ""),
        (["2033123123", "2034010124"], ["2034-06-05T12:25:23", "2034-06-15T18:48:44"], ""),
        (["1704067200", "1704153600"], ["2024-01-01", "2024-01-02"], ""),
    ],
)
def test_numbers_are_days_of_a_spreadsheet_hours_of_the_calendar_or_seconds(texts, stamps, note):
    assert read(texts) == (stamps, note)
    assert read([*texts, ""])[0] == [*stamps, None]


def test_no_name_of_a_month_is_another_month_in_another_language():
    words = [word for words in month_names._SPELLINGS for word in set(words.split())]
    assert len(set(words)) == len(words)
    assert all(MONTH_OF[name.lower()] == MONTH_OF[name[:3].lower()] == month for month, name in enumerate(MONTHS))


def test_one_day_above_twelve_settles_the_order_for_the_column():
    assert read(["01/02/2024", "02/02/2024", "13/02/2024"])[0] == ["2024-02-01", "2024-02-02", "2024-02-13"]
    assert read(["01-02-2024", "02-13-2024"])[0] == ["2024-01-02", "2024-02-13"]
    assert read(["8/15/14", "1/2/14"])[0] == ["2014-08-15", "2014-01-02"]


def test_the_order_is_settled_by_all_rows_of_a_long_column():
    texts = [
        f"{month:02}/{day:02}/{year}" for year in range(1900, 2020) for month in range(1, 13) for day in range(1, 13)
    ]
    middle = len(texts) // 2
    assert read([*texts[:middle], "05/31/1960", *texts[middle:]])[0][0] == "1900-01-01"
    with pytest.raises(DataError, match="can be"):
        read(texts)


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        (
            ["01/02/2024", "01/03/2024"],
            "sales.csv: 01/02/2024 can be 1 February or 2 January, and no row of the file tells which.",
            "--date-format %d/%m/%Y for 1 February, --date-format %m/%d/%Y for 2 January",
        ),
        (["03-03-2024", "04-03-2024"], "sales.csv: 04-03-2024 can be 4 March or 3 April", "%d-%m-%Y for 4 March"),
        (
            ["05/02/10", "13/02/10"],
            "05/02/10 can be 5 February 2010 or 10 February 2005",
            "%d/%m/%y for 5 February 2010",
        ),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked(texts, message, hint):
    with pytest.raises(DataError) as error:
        read(texts)
    assert message in error.value.message
    assert hint in error.value.hint
    form = error.value.hint.split()[1]
    assert read(texts, form)[0][0] is not None


def test_dates_that_are_the_same_in_both_orders_are_no_question():
    assert read(["01/01/2024", "02/02/2024"])[0] == ["2024-01-01", "2024-02-02"]


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        (["2024-12-01", "2024-13-01"], "sales.csv line 3: '2024-13-01' is not a date", "--date-format '%Y-%d-%m'"),
        (["2024-01-31", "2024-02-30"], "sales.csv line 3: '2024-02-30' is not a date", "correct it"),
        (["2024-01-31", "soon"], "sales.csv line 3: 'soon' is not a date", "correct it"),
        (["31.01.2024 25:00", "31.01.2024 23:00"], "line 2: '31.01.2024 25:00' is not a date", "correct it"),
        (
            ["31/12/2024", "12/31/2024", "30/12/2024"],
            "line 3: '12/31/2024' is not a date like '31/12/2024' in line 2",
            "two forms",
        ),
        (
            ["01/02/2024", "31/01/2024", "2024-03-31"],
            "line 4: '2024-03-31' is not a date like '01/02/2024'",
            "two forms",
        ),
        (["x"], "line 2: 'x' is not a date", "--date-format"),
        (
            ["2024-01-31", "date ", "2024-01-30"],
            "sales.csv line 3 repeats the names of the columns",
            "delete that line",
        ),
        (["yyyy-mm-dd", "2024-01-31", "2024-01-30"], "sales.csv line 2: 'yyyy-mm-dd' is not", "delete line 2; other"),
        (
            ["2024-01-30", "2024-01-31", "Total", "Mean"],
            "sales.csv line 4: 'Total' is not",
            "delete line 4, line 5; other",
        ),
    ],
)
@pytest.mark.slow
def test_what_is_no_date_is_named_with_its_line(texts, message, hint):
    with pytest.raises(DataError) as error:
        read(texts)
    assert message in error.value.message
    assert hint in error.value.hint


def test_every_week_is_the_week_that_python_counts():
    mondays = [dt.date(2015, 12, 28) + dt.timedelta(7 * i) for i in range(520)]
    assert read([day.strftime("%G-W%V") for day in mondays])[0] == [day.isoformat() for day in mondays]
    with pytest.raises(DataError, match="'2021-W53' is not a date"):
        read(["2020-W53", "2021-W01", "2021-W53"])


@pytest.mark.parametrize("parts", [1, 10**3, 10**6])
def test_seconds_since_1970_are_moments(parts):
    moments = [dt.datetime(2021, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=7 * i) for i in range(50)]
    lines = "".join(f"{int(moment.timestamp()) * parts},1\n" for moment in moments)
    table = Table(Source("x.csv", "x", None, f"timestamp,v\n{lines},1\n".encode(), "", "UTF-8"))
    dates = read_dates(table, "timestamp")
    assert dates.codes[-1] == -1
    expected = [moment.replace(tzinfo=None).isoformat() for moment in moments]
    assert [str(dates.stamps[code]) for code in dates.codes[:-1]] == expected
    assert read_dates(table, "timestamp", dates.form).stamps.tolist() == dates.stamps.tolist()
    with pytest.raises(DataError, match="column t is no unix-ms time") as error:
        read_dates(Table(Source("x.csv", "x", None, b"t,v\n99999999999999999,1\n", "", "UTF-8")), "t", "unix-ms")
    assert error.value.hint


def test_the_order_that_makes_dates_even_is_taken_and_told():
    fridays = [dt.date(2010, 2, 5) + dt.timedelta(7 * i) for i in range(143)]
    table = table_of([day.strftime("%d/%m/%y") for day in fridays])
    dates = read_dates(table, "date")
    assert dates.form == "%d/%m/%y"
    assert dates.reason == "05/02/10 is 5 February 2010: so the dates are evenly spaced, and otherwise scattered"
    assert dates.stamps.astype("datetime64[D]").tolist() == fridays
    months = [f"01/{month:02}/{year}" for year in range(1954, 1960) for month in range(1, 13)]
    assert read(months)[0][1] == "1954-02-01"


def test_a_time_or_a_total_among_dates_is_a_stray():
    days = [f"2018/10/{day:02}" for day in range(1, 31)]
    dates = read_dates(table_of(["11:34", *days]), "date")
    assert dates.strays == (0,)
    assert dates.codes[0] == -1
    assert read_dates(table_of([*days, "Grand total"]), "date").strays == (30,)
    with pytest.raises(DataError, match="'11:34' is not a date"):
        read(["11:34", "11:35", *days])


@pytest.mark.parametrize("back", [False, True])
def test_month_and_short_year_are_read_where_months_follow_each_other(back):
    months = [f"{month:02}/{year % 100:02}" for year in range(1998, 2003) for month in range(1, 13)]
    stamps = [f"{year}-{month:02}-01" for year in range(1998, 2003) for month in range(1, 13)]
    step = -1 if back else 1
    assert read(months[::step])[0] == stamps[::step]
    assert looks_like_dates(table_of(months).texts("date"), boldly=True)


def test_month_and_day_without_a_year_are_no_month_and_short_year():
    days = [f"{day.month}/{day.day}" for day in reversed(DAYS)]
    assert not looks_like_dates(table_of(days).texts("date"), boldly=True)
    with pytest.raises(DataError, match="is not a date"):
        read(days)


def test_a_form_that_does_not_fit_names_the_first_value():
    with pytest.raises(DataError, match=r"sales.csv line 2: '2024-01-31' is not a date") as error:
        read(["2024-01-31"], "%Y-%d-%m")
    assert error.value.hint == "--date-format '%Y-%m-%d'"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("%d/%m/%Q", "%Q is not known"),
        ("%d/%m", "it needs a year"),
        ("%Y-%m-%m", "each field once"),
        ("%Y%", "% is not known"),
    ],
)
def test_a_form_that_is_none_is_refused(form, reason):
    with pytest.raises(UsageError, match=reason):
        read(["2024-01-31"], form)


def test_empty_cells_are_no_dates_and_spellings_of_one_day_are_one():
    assert read(["2024-01-02", "", "NA", "2024-1-2"])[0] == ["2024-01-02", None, None, "2024-01-02"]


def test_days_keep_the_calendar_of_their_zone():
    stamps, note = read(["2024-03-30T00:00+01:00", "2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00"])
    assert stamps == ["2024-03-30", "2024-03-31", "2024-04-01"]
    assert "time zone of the dates is left out" in note


@pytest.mark.parametrize("mark", [("-0500", "-0400"), ("-05:00", "-04:00"), ("-05", "-04")])
def test_times_with_a_zone_become_utc(mark):
    stamps, note = read([f"2024-03-10T01:30{mark[0]}", f"2024-03-10T03:30{mark[1]}"])
    assert stamps == ["2024-03-10T06:30:00", "2024-03-10T07:30:00"]
    assert "UTC" in note


def test_other_forms_can_have_a_zone_too():
    assert read(["31.12.2024 23:00 UTC", "31.12.2024 23:30 +05:30"])[0] == [
        "2024-12-31T23:00:00",
        "2024-12-31T18:00:00",
    ]


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        (["2024-03-30T23:00", "2024-03-31T22:00"], ["2024-03-31", "2024-04-01"]),  # midnights of Berlin
        (["2024-03-31T01:00", "2024-03-31T02:00"], ["2024-03-31T01:00:00", "2024-03-31T02:00:00"]),
    ],
)
def test_parquet_moments_follow_the_same_rule(utc, expected):
    moments = pa.array(np.array(utc, "datetime64[us]"), pa.timestamp("us", "Europe/Berlin"))
    buffer = io.BytesIO()
    pq.write_table(pa.table({"date": moments}), buffer)
    table = Table(Source("x.parquet", "x", None, buffer.getvalue(), "", "UTF-8"))
    stamps = [str(stamp).removesuffix("T00:00:00") for stamp in read_dates(table, "date").stamps]
    assert stamps == expected


def test_a_zone_that_nobody_knows_is_taken_as_utc():
    moments = pa.array(np.array(["2024-03-30T23:00", "2024-03-31T22:00"], "datetime64[us]"), pa.timestamp("us", "X/Y"))
    buffer = io.BytesIO()
    pq.write_table(pa.table({"date": moments}), buffer)
    table = Table(Source("x.parquet", "x", None, buffer.getvalue(), "", "UTF-8"))
    assert read_dates(table, "date").stamps.astype(str).tolist() == ["2024-03-30T23:00:00", "2024-03-31T22:00:00"]


def test_unwanted_dates_leave_empty_cells():
    dates = read_dates(table_of(["2024-01-02", "2024-01-01", "2024-01-02", "2024-01-03"]), "date")
    kept = dates.without(np.array([False, True, False]))
    assert kept.codes.tolist() == [-1, 0, -1, 1]
    assert kept.stamps.astype("datetime64[D]").astype(str).tolist() == ["2024-01-01", "2024-01-03"]


@pytest.mark.parametrize(
    ("texts", "is_date"),
    [(["Mon", "Tue"], False), (["2024-01-01", "x", "2024-01-03"], True), (["1-01", "1-02"], False), ([], False)],
)
def test_dates_are_told_from_other_text(texts, is_date):
    column = Texts(np.arange(len(texts)), pa.array(texts, pa.string()))
    assert looks_like_dates(column) is is_date
