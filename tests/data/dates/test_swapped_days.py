"""Days and months that changed places: refused by two lines; rows in another order are not."""

import datetime as dt
import random

import pytest

from forecast.errors import DataError
from marks import slow_but
from written_files import DAY, HOUR, read, summary, told

DAYS = [dt.datetime(2022, 1, 1) + i * DAY for i in range(200)]


def written(moments, usual, other, swapped=lambda moment: moment.day <= 12):
    return [moment.strftime(other if swapped(moment) else usual) for moment in moments]


@pytest.mark.parametrize("time", slow_but([""], ["", " %H:%M"]))
@pytest.mark.parametrize(
    ("usual", "other"),
    [
        ("%d/%m/%Y", "%m/%d/%Y"),
        ("%m/%d/%Y", "%d/%m/%Y"),
        ("%d-%m-%Y", "%m-%d-%Y"),
        ("%d.%m.%Y", "%m.%d.%Y"),
        ("%d/%m/%y", "%m/%d/%y"),
        ("%Y-%m-%d", "%Y-%d-%m"),
    ],
)
def test_what_a_spreadsheet_of_another_country_leaves_is_refused(usual, other, time):
    moments = [dt.datetime(2022, 1, 1) + i * HOUR for i in range(24 * 100)] if time else DAYS
    for back in (1, -1):
        with pytest.raises(DataError, match="days and months changed places") as error:
            read("date|sales", written(moments, usual + time, other + time)[::back])
        assert "--date-format" in error.value.hint


def test_two_lines_and_what_they_mean_are_named():
    with pytest.raises(DataError) as error:
        read("date|sales", written(DAYS, "%d/%m/%Y", "%m/%d/%Y"))
    assert error.value.message == (
        "x.csv: days and months changed places: row by row the dates go from 2022-01-01 to 2022-07-19 in order "
        "if 01/02/2022 in line 3 is 2 January and 13/01/2022 in line 14 is 13 January"
    )


@pytest.mark.parametrize(
    ("moments", "swapped"),
    [
        (DAYS, lambda moment: moment.month == 3 and 4 < moment.day <= 10),
        ([day for day in DAYS if day.weekday() < 5], lambda moment: moment.day <= 12),
        ([dt.datetime(2020, 1, 1) + 7 * i * DAY for i in range(150)], lambda moment: moment.day <= 12),
        (DAYS[:40], lambda moment: moment.day <= 12),
    ],
    ids=["six days", "business days", "weeks", "forty days"],
)
def test_a_short_stretch_and_other_steps_are_enough(moments, swapped):
    with pytest.raises(DataError, match="changed places"):
        read("date|sales", written(moments, "%d/%m/%Y", "%m/%d/%Y", swapped))


@pytest.mark.parametrize("by_date", [True, False])
def test_each_series_of_a_panel_tells(by_date):
    dates = written(DAYS, "%d/%m/%Y", "%m/%d/%Y")
    rows = [f"{date}|{shop}" for date in dates for shop in "abc"] if by_date else []
    with pytest.raises(DataError, match="changed places"):
        read("date|shop|sales", rows or [f"{date}|{shop}" for shop in "abc" for date in dates])


def test_a_form_that_is_given_is_followed_with_a_warning():
    rows = written(DAYS, "%d/%m/%Y", "%m/%d/%Y")
    reading = read("date|sales", rows, date_format="%d/%m/%Y", fill="interpolate")
    assert told(reading, "swapped")
    assert summary(reading)[1:3] == ("2022-01-01", "2022-12-07")


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d.%m.%y", "%d/%m/%y"])
@pytest.mark.parametrize("order", ["as they are", "sorted as text", "shuffled"])
def test_rows_in_any_order_are_read_where_all_are_written_alike(form, order):
    rows = [day.strftime(form) for day in DAYS]
    if order == "sorted as text":
        rows.sort()
    if order == "shuffled":
        random.Random(1).shuffle(rows)
    if form == "%d/%m/%y" and order != "as they are":
        return
    assert summary(read("date|sales", rows)) == ("D", "2022-01-01", "2022-07-19", 200, 0)


@pytest.mark.parametrize(
    ("first", "count"), [((2023, 1, 2), 30), ((2023, 1, 2), 40), ((2023, 1, 1), 31), ((2023, 3, 5), 25)]
)
def test_a_panel_whose_series_begin_where_others_end_is_no_mistake(first, count):
    days = [dt.date(*first) + i * DAY for i in range(count)]
    rows = [f"s{shop}|{day:%d/%m/%Y}" for shop in range(30) for day in days]
    assert summary(read("shop|date|sales", rows))[1:3] == (str(days[0]), str(days[-1]))
