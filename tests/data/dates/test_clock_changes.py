"""Days of 23 and 25 hours, as exchanges and grids write them."""

import datetime as dt

import numpy as np
import pytest

from forecast.errors import DataError
from marks import slow_but
from written_files import DAY, HOUR, read, summary, told

AUTUMN = (dt.datetime(2022, 9, 30, 22), dt.datetime(2022, 10, 30, 1), 2)  # from, clocks turned, hours ahead before
SPRING = (dt.datetime(2023, 2, 28, 23), dt.datetime(2023, 3, 26, 1), 1)
LONG = dt.date(2022, 10, 30)
WHOLE = ("h", "2022-10-01", "2022-11-20T23", 1224, 0)


def numbered(start=AUTUMN, every=HOUR, days=51):
    """Returns the wall clock of each step, in UTC without gaps, and its number within its day, from 1."""
    begin, change, ahead = start
    after = ahead - 1 if start is AUTUMN else ahead + 1
    rows, counts, moment = [], {}, begin
    while len(counts) <= days:
        wall = moment + (ahead if moment < change else after) * HOUR
        counts[wall.date()] = counts.get(wall.date(), 0) + 1
        if len(counts) <= days:
            rows.append((wall, counts[wall.date()]))
        moment += every
    return rows


def third(wall, number, first, second):
    """Returns what is written for the hour that comes twice, else None."""
    return {3: first, 4: second}.get(number) if wall.date() == LONG else None


WAYS = {
    "1 … 25": lambda wall, n: str(n),
    "0 … 24": lambda wall, n: str(n - 1),
    "3A, 3B": lambda wall, n: third(wall, n, "3A", "3B") or str(wall.hour + 1),
    "2a, 2b": lambda wall, n: third(wall, n, "2a", "2b") or str(wall.hour),
    "HE 3*": lambda wall, n: third(wall, n, "HE 3", "HE 3*") or f"HE {wall.hour + 1}",
    "02:00 DST": lambda wall, n: third(wall, n, "02:00 DST", "02:00") or f"{wall.hour:02}:00",
    "H25": lambda wall, n: f"H{n:02}",
    "24:00": lambda wall, n: f"{n - 1:02}:00",
    "24 - 25": lambda wall, n: f"{n - 1:02} - {n:02}",
    "2500": lambda wall, n: str(100 * n),
    "twice": lambda wall, n: str(wall.hour),
}


@pytest.mark.parametrize("name", WAYS)
def test_the_hour_that_comes_twice_is_averaged_however_hours_are_numbered(name):
    rows = numbered()
    reading = read("Date|Hour|Price", [f"{wall:%d/%m/%Y}|{WAYS[name](wall, n)}" for wall, n in rows])
    assert summary(reading) == WHOLE
    [note] = told(reading, "clock-change")
    assert "2022-10-30 02:00:00" in note
    place = 29 * 24 + 2
    raw = [100 + 9 * np.sin(i / 5) + i * 7919 % 13 for i in (place, place + 1)]
    assert reading.panel.values[place] == pytest.approx(np.mean(raw), abs=0.01)
    assert reading.columns.time == "Date,Hour"


@pytest.mark.parametrize("mark", ["", "A", " DST"])
def test_one_stamp_may_hold_the_25th_hour_or_a_mark(mark):
    rows = numbered()
    if mark:
        texts = [f"{wall:%Y-%m-%d %H:%M}{mark * (third(wall, n, 'x', '') == 'x')}" for wall, n in rows]
    else:
        texts = [f"{wall:%Y-%m-%d} {n - 1:02}:00" for wall, n in rows]
    assert summary(read("ts|price", texts)) == WHOLE


def test_stamps_from_1_to_25_keep_being_the_ends_of_hours():
    reading = read("ts|price", [f"{wall:%Y-%m-%d} {n:02}:00" for wall, n in numbered()])
    assert summary(reading) == ("h", "2022-10-01T01", "2022-11-21", 1224, 0)


@pytest.mark.parametrize(
    ("column", "minutes", "code"), [("Period", 15, "15min"), ("Quarter", 15, "15min"), ("SP", 30, "30min")]
)
def test_quarters_and_halves_of_hours_have_days_of_100_and_50(column, minutes, code):
    rows = numbered(every=dt.timedelta(minutes=minutes))
    reading = read(f"Date|{column}|Price", [f"{wall:%d/%m/%Y}|{n}" for wall, n in rows])
    assert summary(reading) == (code, "2022-10-01", f"2022-11-20T23:{60 - minutes}:00", 1224 * 60 // minutes, 0)
    assert told(reading, "clock-change")


@pytest.mark.parametrize("way", ["1 … 23", "0 … 22", "hour 3 is missing"])
def test_a_day_of_23_hours_lacks_one_hour_at_night_only(way):
    label = {"1 … 23": lambda w, n: n, "0 … 22": lambda w, n: n - 1, "hour 3 is missing": lambda w, n: w.hour + 1}[way]
    reading = read("Date|Hour|Price", [f"{wall:%d/%m/%Y}|{label(wall, n)}" for wall, n in numbered(SPRING, days=60)])
    assert summary(reading) == ("h", "2023-03-01", "2023-04-29T23", 1440, 1)
    assert np.flatnonzero(~reading.panel.observed).tolist() == [25 * 24 + 2]


def test_american_clocks_are_turned_an_hour_earlier():
    walls = [(dt.date(2022, 10, 20) + day * DAY, hour) for day in range(40) for hour in range(24)]
    rows = [f"{day:%m/%d/%Y}|{hour + 1 + (day == dt.date(2022, 11, 6) and hour > 1)}" for day, hour in walls]
    rows.insert(walls.index((dt.date(2022, 11, 6), 2)), "11/06/2022|3")
    [note] = told(read("Date|Hour|Price", rows), "clock-change")
    assert "2022-11-06 01:00:00" in note


def test_an_hour_25_of_another_day_is_named_with_its_line():
    rows = [f"{wall:%d/%m/%Y}|{n}" for wall, n in numbered()]
    wrong = rows.index("12/10/2022|24")
    rows[wrong] = "12/10/2022|25"
    with pytest.raises(DataError, match=f"line {wrong + 2}: Hour 25 is beyond the day, and 2022-10-12 is none of 25"):
        read("Date|Hour|Price", rows)


HOURS = ["{0:02} - {1:02}", "{0:02}-{1:02}", "{0:02}:00-{1:02}:00", "{0}h-{1}h", "{0:02}:00 to {1:02}:00", "{0}-{1}"]
HOURS += ["{0:02}:00-{0:02}:59", "{0:02}h00–{1:02}h00"]


HEADERS = ["Date|Hours|SYS", "Day|Time|SYS", "Datum|Zeit|SYS", "Date|Delivery Period|SYS"]


@pytest.mark.parametrize("header", slow_but(HEADERS[:1], HEADERS))
@pytest.mark.parametrize("form", HOURS)
def test_a_range_of_hours_beside_a_date_is_its_beginning(form, header):
    days = [dt.date(2022, 1, 1) + i * DAY for i in range(14)]
    rows = [f"{day:%d-%m-%Y}|{form.format(hour, hour + 1)}" for day in days for hour in range(24)]
    assert summary(read(header, rows)) == ("h", "2022-01-01", "2022-01-14T23", 336, 0)


def test_groups_that_look_like_hours_stay_series():
    days = [dt.date(2022, 1, 1) + i * DAY for i in range(30)]
    rows = [f"{day}|{group}" for day in days for group in ("0-4", "5-9", "10-14", "15-19", "20-24")]
    assert len(read("date|group|visits", rows).panel) == 5
