import numpy as np
import pytest

from forecast.data.dates.date_columns import columns_of_time, number_rows, read_times, split_columns
from forecast.data.files.source import Source
from forecast.data.files.table import Table
from forecast.errors import DataError


def table_of(header, rows):
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    return Table(Source("sales.csv", "sales", None, "\n".join(lines).encode(), "", "UTF-8"))


def stamps(dates):
    return [str(dates.stamps[code]).removesuffix("T00:00:00") if code >= 0 else None for code in dates.codes]


@pytest.mark.parametrize(
    ("names", "rows", "expected"),
    [
        ("Year,Month", [(2007, 1), (2006, 12)], ["2007-01-01", "2006-12-01"]),
        ("year,mo,day", [(2024, 2, 29), (2024, 3, 1)], ["2024-02-29", "2024-03-01"]),
        ("YEAR,MONTH", [(2024, "January"), (2024, "Sept.")], ["2024-01-01", "2024-09-01"]),
        ("Year,Period", [(2024, "M01"), (2024, "M12")], ["2024-01-01", "2024-12-01"]),
        ("year,quarter", [(2024, 1), (2024, 4)], ["2024-01-01", "2024-10-01"]),
        ("year,Qtr", [(2024, "Q2"), (2024, "Q3")], ["2024-04-01", "2024-07-01"]),
        ("year,week", [(2024, 1), (2020, 53)], ["2024-01-01", "2020-12-28"]),
        ("Year,Month,Day,Hour", [(2024, 1, 2, 0), (2024, 1, 2, 23)], ["2024-01-02", "2024-01-02T23:00:00"]),
        ("Year,Month,Day,Hour", [(2024, 1, 2, 1), (2024, 1, 2, 24)], ["2024-01-02", "2024-01-02T23:00:00"]),
        ("y1,m1,d1,h1,n1", [(2024, 1, 2, 3, 4), (2024, 1, 2, 3, 5)], ["2024-01-02T03:04:00", "2024-01-02T03:05:00"]),
        ("Date,Time", [("31.12.2024", "18:00"), ("", "6:05 am")], ["2024-12-31T18:00:00", None]),
        ("Date,Time", [("2024-12-31", "18.00.30"), ("2024-12-30", "")], ["2024-12-31T18:00:30", None]),
        ("dteday,hr", [("2024-12-31", 5), ("2024-12-31", 6)], ["2024-12-31T05:00:00", "2024-12-31T06:00:00"]),
        ("Year,Month", [(2007, 1), ("", 2), (2007, "")], ["2007-01-01", None, None]),
        ("Jahr,Monat", [(2007, "Mai"), (2007, "März")], ["2007-05-01", "2007-03-01"]),
        ("Date,HE", [("2024-12-31", 1), ("2024-12-31", 24)], ["2024-12-31", "2024-12-31T23:00:00"]),
        ("Date,Hour", [("2024-12-31", 30), ("2024-12-31", 2330)], ["2024-12-31T00:30:00", "2024-12-31T23:30:00"]),
        ("Date,Hour", [("2024-12-31", 100), ("2024-12-31", 2400)], ["2024-12-31", "2024-12-31T23:00:00"]),
        ("Date,Time", [("2024-12-31", "0000"), ("2024-12-31", "1830")], ["2024-12-31", "2024-12-31T18:30:00"]),
        ("Date,Hour Ending", [("2024-12-31", "01:00"), ("2024-12-31", "24:00")], ["2024-12-31T01:00:00", "2025-01-01"]),
    ],
)  # fmt: skip
def test_times_in_several_columns_become_one(names, rows, expected):
    table = table_of(f"{names},v", [(*row, 1) for row in rows])
    assert stamps(read_times(table, names.split(","))) == expected


def test_a_day_that_is_none_is_named_with_its_line():
    table = table_of("year,month,day,v", [(2024, 2, 28, 1), (2024, 2, 30, 1)])
    with pytest.raises(DataError, match=r"sales.csv line 3: 2024-02-30 is not a date"):
        read_times(table, ["year", "month", "day"])


@pytest.mark.parametrize(("year", "week"), [(2019, 53), (2020, 0), (2021, 53)])
def test_a_week_that_the_year_lacks_is_named_with_its_line(year, week):
    table = table_of("year,week,v", [(2020, 53, 1), (year, week, 1)])
    with pytest.raises(DataError, match=rf"sales.csv line 3: {year} has no week {week} by ISO 8601"):
        read_times(table, ["year", "week"])


@pytest.mark.parametrize("names", [["month", "day"], ["year", "v"], ["year", "year2"]])
def test_columns_that_make_no_time_are_refused(names):
    table = table_of("year,year2,month,day,v", [(2024, 2023, 2, 28, 100), (2024, 2023, 2, 27, 900)])
    with pytest.raises(DataError, match=r"no part of a time|holds years or dates") as error:
        read_times(table, names)
    assert "--time takes one column" in error.value.hint


@pytest.mark.parametrize(
    ("header", "row", "time", "columns"),
    [
        ("Year,Month,v", (2024, 1, 5), "Year", ("Year", "Month")),
        ("Year,Month,Day,v", (2024, 1, 9, 5), "Year", ("Year", "Month", "Day")),
        ("Year,Month,Day,Hour,Minute,v", (2024, 1, 9, 5, 6, 7), "Year", ("Year", "Month", "Day", "Hour", "Minute")),
        ("YEAR,MO,DY,v", (2024, 1, 9, 5), "YEAR", ("YEAR", "MO", "DY")),
        ("Anio,Mes,Dia,Hora,v", (2024, 1, 9, 5, 6), "Anio", ("Anio", "Mes", "Dia", "Hora")),
        ("Jahr,KW,v", (2024, 5, 9), "Jahr", ("Jahr", "KW")),
        ("Année,Semaine,v", (2024, 5, 9), "Année", ("Année", "Semaine")),
        ("年,月,v", (2024, 5, 9), "年", ("年", "月")),
        ("Rok,Miesiąc,v", (2024, 5, 9), "Rok", ("Rok", "Miesiąc")),
        ("Year,Quarter,Hour,v", (2024, 1, 9, 5), "Year", ("Year", "Quarter")),
        ("Year,Month,v", (2024, 17, 5), "Year", ("Year",)),
        ("Date,Time,v", ("2024-01-01", "13:08", 1), "Date", ("Date", "Time")),
        ("Date,Hour,v", ("2024-01-01", 13, 1), "Date", ("Date", "Hour")),
        ("Date,Minute,v", ("2024-01-01", 13, 1), "Date", ("Date",)),
        ("Date,Time,v", ("2024-01-01", "noon", 1), "Date", ("Date",)),
    ],
)
def test_columns_that_belong_to_a_time_are_known_by_name_and_value(header, row, time, columns):
    assert columns_of_time(table_of(header, [row]), time, []) == columns


def test_a_name_with_a_comma_is_one_column():
    table = Table(Source("x.csv", "x", None, b'"Year,Month",v\n2024-01,1\n', "", "UTF-8"))
    assert split_columns(table, "year,month") == ["Year,Month"]
    assert split_columns(table, "Day, Month,") == ["Day", "Month"]
    assert split_columns(table, None) == []


def test_rows_are_numbered_within_their_series():
    dates = number_rows(np.array([0, 1, 0, -1, 1, 1]), 2)
    assert dates.codes.tolist() == [0, 0, 1, -1, 1, 2]
    assert dates.stamps.size == 3
