import re
import subprocess
from datetime import date, datetime, timedelta
from shutil import which
from zoneinfo import ZoneInfo

import pytest

from forecast.errors import UsageError
from forecast.production.schedule.timetable import NICKNAMES, daily, read_cron, skipped_days, weekly
from marks import slow_but

EXPRESSIONS = [
    "15 3 * * *",
    "*/15 8-18/2 * jan,mar mon-fri",
    "0 0 13 * 5",
    "0 0 */2 * 5-7",
    "5,35 0-6 1-7,21 2-12/5 *",
    "* * * * *",
    "0 12 * * 7",
]


def test_times_become_the_fields_that_cron_reads():
    assert daily("03:15").cron == "15 3 * * *"
    assert daily("3:05").cron == "5 3 * * *"
    assert weekly("sun 03:15").cron == "15 3 * * 0"
    assert weekly("Mon, THURSDAY 23:59").cron == weekly("thu,mon 23:59").cron == "59 23 * * 1,4"
    assert read_cron(" 15  3 * * SUN ").cron == "15 3 * * sun"


@pytest.mark.parametrize("nickname", NICKNAMES)
def test_nicknames_are_five_fields(nickname):
    assert read_cron(nickname) == read_cron(NICKNAMES[nickname])


def test_values_are_those_of_an_independent_count():
    values = read_cron("*/20 1-9/4 5,7 feb,11 6-7").values
    assert values == ((0, 20, 40), (1, 5, 9), (5, 7), (2, 11), (0, 6))


def cron_starts(expression, moment):
    """Tells whether cron(8) starts the job then: days of month and week are *or* unless one begins with a star."""
    minutes, hours, days, months, weekdays = read_cron(expression).values
    _, _, day_text, _, weekday_text = expression.split()
    fits = moment.day in days, (moment.weekday() + 1) % 7 in weekdays
    day = all(fits) if "*" in (day_text[0], weekday_text[0]) else any(fits)
    return moment.minute in minutes and moment.hour in hours and moment.month in months and day


@pytest.mark.skipif(which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("expression", slow_but(EXPRESSIONS[:2], EXPRESSIONS))
def test_systemd_starts_it_at_the_same_minutes(expression):
    begin = datetime(2026, 1, 1)
    words = ["systemd-analyze", "calendar", "--base-time=2025-12-31 23:59:30 UTC", "--iterations=20"]
    elapses = set()
    for calendar in read_cron(expression).on_calendar():
        text = subprocess.run([*words, f"{calendar} UTC"], capture_output=True, text=True, check=True).stdout
        shown = [line.split(": ", 1)[1] for line in text.splitlines() if "Next elapse" in line or "Iter. #" in line]
        elapses |= {datetime.strptime(time, "%a %Y-%m-%d %H:%M:%S UTC") for time in shown}
    horizon = sorted(elapses)[19]  # two expressions give 20 each, of which the later may reach further
    minutes = (begin + timedelta(minutes=i) for i in range(int((horizon - begin) / timedelta(minutes=1)) + 1))
    assert [moment for moment in minutes if cron_starts(expression, moment)] == sorted(elapses)[:20]


@pytest.mark.parametrize(
    ("read", "text", "message", "hint"),
    [
        (daily, "25:10", "'25:10' is no time of day: hours go to 23", "--daily 23:10"),
        (daily, "03:60", "'03:60' is no time of day", "--daily 03:59"),
        (daily, "3", "'3' is no time of day", "--daily 03:15"),
        (daily, "12:15 am", "'12:15 am' is not on a clock of 24 hours", "--daily 00:15"),
        (daily, "3:15pm", "'3:15pm' is not on a clock of 24 hours", "--daily 15:15"),
        (weekly, "sun 3:15pm", "'3:15pm' is not on a clock of 24 hours", "--weekly 'sun 15:15'"),
        (weekly, "snu 03:15", "'snu' is no day of the week. Did you mean 'sun'?", "--weekly 'sun 03:15'"),
        (weekly, "wensday 03:15", "Did you mean 'wednesday'?", "mon, tue, wed"),
        (weekly, "sunday", "--weekly takes a day and a time, not 'sunday'", "--weekly 'sun 03:15'"),
        (read_cron, "15 3 * *", "has 5 fields; '15 3 * *' has 4", "minute, hour, day of the month"),
        (read_cron, "60 3 * * *", "60 is no minute: it goes from 0 to 59", "--cron"),
        (read_cron, "0 0 0 * *", "0 is no day of the month: it goes from 1 to 31", "--cron"),
        (read_cron, "0 0 * * mno", "'mno' is no day of the week. Did you mean 'mon'?", "--cron"),
        (read_cron, "0 0 * * mon-fro", "'fro' in 'mon-fro' is no day of the week. Did you mean 'fri'?", "--cron"),
        (read_cron, "1,,2 * * * *", "'' is no minute", "--cron"),
        (read_cron, "*/0 * * * *", "step in '*/0', the minute, must be a number above 0", "--cron"),
        (read_cron, "5/10 * * * *", "'5/10', the minute, has a step but no range", "'5-59/10'"),
        (read_cron, "0 22-3 * * *", "range '22-3', the hour, runs backwards", "'22-23,0-3'"),
        (read_cron, "0 0 30 2 *", "never comes: no such month has a day 30", "--cron"),
        (read_cron, "@dayly", "'@dayly' is no time. Did you mean '@daily'?", "@weekly"),
        (read_cron, "@reboot", "@reboot names no time", "--daily 03:15"),
        (read_cron, "²  3 * * *", "'²' is no minute", "--cron"),
    ],
)
def test_error_names_the_part_and_the_rule(read, text, message, hint):
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        read(text)
    assert hint in caught.value.hint


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("cron", "zone", "found"),
    [
        ("30 2 * * *", BERLIN, [date(2026, 3, 29)]),
        ("0,30 2 * * *", BERLIN, [date(2026, 3, 29)]),
        ("30 2,14 * * *", BERLIN, []),  # the afternoon's is there
        ("0 3 * * *", BERLIN, []),
        ("59 1 * * *", BERLIN, []),
        ("30 2 * * mon", BERLIN, []),  # the clock jumps on a Sunday
        ("30 2 * 10 sun", BERLIN, []),  # at its end a time comes twice
        ("30 2 29 3 *", BERLIN, [date(2026, 3, 29)]),
        ("30 2 * * *", ZoneInfo("America/New_York"), [date(2026, 3, 8)]),
        ("30 0 * * *", ZoneInfo("America/Santiago"), [date(2026, 9, 6)]),  # at midnight
        ("30 2 * * *", ZoneInfo("UTC"), []),
    ],
)
def test_days_on_which_the_clock_jumps_over_all_starts(cron, zone, found):
    skipped = list(skipped_days(read_cron(cron), zone, date(2026, 1, 1)))
    assert [each.day for each in skipped] == found


def test_first_minute_after_the_jump_is_offered():
    (skipped,) = skipped_days(read_cron("30 2 * * *"), BERLIN, date(2026, 1, 1))
    assert (skipped.times, f"{skipped.then:%H:%M}") == (((2, 30),), "03:00")
