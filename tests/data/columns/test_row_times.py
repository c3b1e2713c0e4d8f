"""A column that holds days and hours at once beside columns that hold them apart."""

import datetime as dt

import pytest

from written_files import HOUR, read, told

MOMENTS = [dt.datetime(2023, 1, 1) + i * HOUR for i in range(480)]
WAYS = {
    "timestamp|date|hour": (lambda t: f"{t + HOUR:%Y-%m-%d %H:%M}|{t:%Y-%m-%d}|{t.hour + 1}", "1 hour earlier"),
    "date|hour|datetime": (lambda t: f"{t:%Y-%m-%d}|{t.hour}|{t:%Y-%m-%d %H:%M}", "say the same"),
    "Date|HE|interval_end": (lambda t: f"{t:%m/%d/%Y}|{t.hour + 1}|{t + HOUR:%Y-%m-%dT%H:%M:%S}", "1 hour earlier"),
    "date|hour|utc_timestamp": (lambda t: f"{t:%Y-%m-%d}|{t.hour}|{t - HOUR:%Y-%m-%dT%H:%M:%SZ}", "1 hour later"),
    "date|timestamp": (lambda t: f"{t:%Y-%m-%d}|{t:%Y-%m-%d %H:%M}", "less precisely"),
    "ts|year|month|day|hour": (lambda t: f"{t + HOUR:%Y-%m-%d %H:%M}|{t:%Y|%m|%d}|{t.hour + 1}", "1 hour earlier"),
}


@pytest.mark.parametrize("header", WAYS)
def test_whole_times_go_before_days_and_hours_and_the_shift_is_told(header):
    write, shift = WAYS[header]
    whole = next(
        name for name in header.split("|") if name not in {"date", "hour", "Date", "HE", "year", "month", "day"}
    )
    reading = read(f"{header}|price", [write(moment) for moment in MOMENTS])
    assert reading.columns.time == whole
    assert any(shift in text for text in told(reading, "time"))
    assert reading.panel.values.size == 480


def test_when_a_row_was_written_is_no_time_of_the_row():
    rows = [
        f"{t:%Y-%m-%d}|{t.hour}|{t + dt.timedelta(seconds=i * 7919 % 5000):%Y-%m-%d %H:%M:%S}"
        for i, t in enumerate(MOMENTS)
    ]
    assert read("date|hour|created_at|price", rows).columns.time == "date,hour"
