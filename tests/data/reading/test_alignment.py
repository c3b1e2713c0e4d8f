import numpy as np
import pytest

from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError


@pytest.fixture
def read(tmp_path):
    def read_rows(rows, header="date,value", **options):
        path = tmp_path / "sales.csv"
        path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
        return read_panel(path, ReadOptions(**options))

    return read_rows


def found(reading, topic):
    return [finding for finding in reading.findings if finding.topic == topic]


def days(first, last, step=1):
    return np.arange(np.datetime64(first), np.datetime64(last) + 1, step)


def last_trading_days(first, months):
    starts = np.datetime64(first, "M") + np.arange(1, months + 1)
    return np.busday_offset(starts.astype("datetime64[D]"), -1, roll="forward")


def test_the_last_trading_days_of_months_are_month_ends(read):
    stamps = last_trading_days("2022-01", 30)
    reading = read([(day, i * i % 17) for i, day in enumerate(stamps)])
    assert reading.panel.frequency.code == "ME"
    assert reading.panel.observed.all()
    assert reading.panel.values.tolist() == [i * i % 17 for i in range(30)]
    [finding] = found(reading, "moved")
    assert finding.flag == "--freq"
    assert "counted as the step they belong to, such as 2022-04-29 as 2022-04-30" in finding.text


def test_the_first_trading_days_and_third_fridays_are_months_too(read):
    starts = np.datetime64("2022-01", "M") + np.arange(24)
    first = np.busday_offset(starts.astype("datetime64[D]"), 0, roll="forward")
    assert read([(day, i % 5) for i, day in enumerate(first)]).panel.frequency.code == "MS"
    third = np.busday_offset(starts.astype("datetime64[D]"), 2, roll="forward", weekmask="Fri")
    reading = read([(day, i % 5) for i, day in enumerate(third)])
    assert (reading.panel.frequency.unit, reading.panel.values.size) == ("month", 24)


def test_weekly_series_on_different_weekdays_share_their_weeks(read):
    rows = [
        (shop, day, i + 10 * k)
        for k, (shop, first) in enumerate([("a", "2024-01-05"), ("b", "2024-01-08"), ("c", "2024-01-05")])
        for i, day in enumerate(days(first, "2024-06-30", 7))
    ]
    reading = read(rows, "shop,date,sales")
    panel = reading.panel
    assert (panel.frequency.code, len(panel)) == ("W-FRI", 3)
    assert panel.observed.all()
    assert panel.series(1).tolist() == [i + 10 for i in range(25)]
    assert str(panel.timestamps(1)[0])[:10] == "2024-01-12"  # the Friday of that Monday's week
    assert "such as 2024-01-08 as 2024-01-12" in found(reading, "moved")[0].text


def test_a_weekly_value_on_thursday_for_a_holiday_is_that_of_friday(read):
    stamps = days("2024-01-05", "2024-12-27", 7)
    stamps[20] -= 1
    stamps[30] += 3  # Monday of the next week
    reading = read([(day, i % 9) for i, day in enumerate(stamps)])
    assert reading.panel.frequency.code == "W-FRI"
    assert reading.panel.values.tolist() == [i % 9 for i in range(stamps.size)]


def test_dates_that_share_a_step_are_not_moved(read):
    stamps = [*days("2024-01-05", "2024-12-27", 7), np.datetime64("2024-03-06")]
    with pytest.raises(DataError, match="2024-03-06 is not one of the weekly steps") as error:
        read([(day, i % 9) for i, day in enumerate(stamps)])
    assert "--aggregate sum --freq W-FRI adds rows up" in error.value.hint


def test_midnights_of_summer_and_winter_time_are_days(read):
    wall = days("2024-03-01", "2024-11-30").astype("datetime64[s]")
    summer = (wall >= np.datetime64("2024-04-01")) & (wall <= np.datetime64("2024-10-27"))
    utc = wall - np.where(summer, 7200, 3600)
    reading = read([(f"{stamp}Z", i % 11) for i, stamp in enumerate(utc)])
    assert reading.panel.frequency.code == "D"
    assert reading.panel.values.tolist() == [i % 11 for i in range(wall.size)]


@pytest.mark.parametrize("hour", [5, 21])
def test_business_days_stamped_in_utc_are_business_days_in_summer_and_winter(read, hour):
    trading = days("2024-01-01", "2024-12-31")
    trading = trading[np.is_busday(trading)]
    summer = (trading >= np.datetime64("2024-03-11")) & (trading < np.datetime64("2024-11-04"))
    stamps = trading.astype("datetime64[s]") + (hour - summer) * 3600
    panel = read([(f"{stamp}Z", i % 7) for i, stamp in enumerate(stamps)]).panel
    assert (panel.frequency.code, panel.values.tolist()) == ("B", [i % 7 for i in range(trading.size)])
    late = [*stamps[:-2], stamps[-2] + 7200, stamps[-1]]
    assert read([(f"{stamp}Z", i % 7) for i, stamp in enumerate(late)]).panel.values.tolist() == panel.values.tolist()
    twice = [*stamps[:-2], stamps[-2], stamps[-2] + 7200, stamps[-1]]
    with pytest.raises(DataError, match="is not one of the business-daily steps"):
        read([(f"{stamp}Z", i % 7) for i, stamp in enumerate(twice)])


def clock(first, last, skipped=(), doubled=()):
    """Hours as a clock on the wall shows them."""
    hours = np.arange(np.datetime64(first), np.datetime64(last), np.timedelta64(1, "h"))
    return [hour for hour in hours for _ in range(0 if str(hour) in skipped else 2 if str(hour) in doubled else 1)]


def test_days_of_23_and_25_hours_keep_the_hours_of_the_wall(read):
    stamps = clock("2024-03-01T00", "2024-11-30T00", ["2024-03-31T02"], ["2024-10-27T02"])
    reading = read([(str(stamp).replace("T", " ") + ":00", float(i)) for i, stamp in enumerate(stamps)])
    panel = reading.panel
    assert panel.frequency.code == "h"
    assert found(reading, "duplicates") == []
    assert (
        "came twice when clocks were turned back (2024-10-27 02:00:00) is averaged"
        in found(reading, "clock-change")[0].text
    )
    at = int(np.flatnonzero(panel.timestamps(0) == np.datetime64("2024-10-27T02"))[0])
    first = [str(stamp) for stamp in stamps].index("2024-10-27T02")
    assert panel.values[at] == first + 0.5
    gap = panel.timestamps(0)[np.isnan(panel.values)]
    assert gap.astype(str).tolist() == ["2024-03-31T02:00:00"]


def test_an_hour_that_comes_twice_on_other_days_is_a_mistake(read):
    stamps = clock("2024-03-01T00", "2024-05-01T00", [], ["2024-04-10T14"])
    reading = read([(f"{stamp}:00", i) for i, stamp in enumerate(stamps)])
    assert found(reading, "clock-change") == []
    assert found(reading, "duplicates")


def test_exchange_holidays_do_not_invent_weekends(read):
    holidays = ["2024-01-01", "2024-01-15", "2024-02-19", "2024-03-29", "2024-05-27"]
    stamps = [day for day in days("2024-01-01", "2024-06-28") if np.is_busday(day) and str(day) not in holidays]
    panel = read([(day, i) for i, day in enumerate(stamps)]).panel
    assert panel.frequency.code == "B"
    assert np.is_busday(panel.timestamps(0).astype("datetime64[D]")).all()
    missing = panel.timestamps(0)[np.isnan(panel.values)].astype("datetime64[D]").astype(str)
    assert missing.tolist() == holidays[1:]
