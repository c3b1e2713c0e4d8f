import calendar
import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.data.dates.infer_frequency import infer_frequency
from forecast.data.frequency import Frequency, parse_frequency, readable
from forecast.errors import DataError, UsageError

REPEATABLE = settings(deadline=None, derandomize=True)
FIXED = st.builds(
    lambda unit, every, phase: Frequency(unit, every, phase % (every * {"minute": 60, "hour": 3600}.get(unit, 86_400))),
    st.sampled_from(["minute", "hour", "day"]),
    st.integers(1, 6),
    st.integers(0, 10**6),
)
WEEKS = st.builds(
    lambda every, day, week: Frequency("week", every, (day + 7 * (week % every)) * 86_400),
    st.integers(1, 4),
    st.integers(0, 6),
    st.integers(0, 3),
)
MONTHS = st.builds(
    lambda unit, every, phase, day, second: Frequency(
        unit, every, phase % (every * {"month": 1, "quarter": 3, "year": 12}[unit]), day, second
    ),
    st.sampled_from(["month", "quarter", "year"]),
    st.integers(1, 3),
    st.integers(0, 35),
    st.integers(1, 31),
    st.sampled_from([0, 3600, 86_399]),
)
BUSINESS = st.builds(lambda second: Frequency("business-day", second=second), st.integers(0, 86_399))
ANY = FIXED | WEEKS | MONTHS | BUSINESS


def stamps(*texts):
    return np.array(texts, dtype="datetime64[s]")


@REPEATABLE
@given(ANY, st.integers(-3000, 3000))
def test_ordinals_undo_timestamps(frequency, start):
    ordinals = start + np.arange(40)
    timestamps = frequency.timestamps(ordinals)
    assert (np.diff(timestamps) > np.timedelta64(0)).all()
    np.testing.assert_array_equal(frequency.ordinals(timestamps), ordinals)


@REPEATABLE
@given(FIXED | MONTHS | BUSINESS)
def test_a_second_beside_a_step_is_off(frequency):
    timestamps = frequency.timestamps(np.arange(3))
    timestamps[1] += 1
    np.testing.assert_array_equal(frequency.on_step(timestamps), [True, False, True])
    with pytest.raises(DataError, match=f"{readable(timestamps[1])} is not one of the .* steps"):
        frequency.ordinals(timestamps)


@REPEATABLE
@given(ANY)
def test_code_and_timestamps_give_the_frequency_back(frequency):
    assert (
        parse_frequency(frequency.code, frequency.timestamps(np.arange(30))).timestamps(np.arange(3)).tolist()
        == frequency.timestamps(np.arange(3)).tolist()
    )


def test_business_days_and_months_agree_with_the_calendar():
    day, business, ends = dt.date(1999, 1, 1), [], []
    while day < dt.date(2005, 1, 1):
        if day.weekday() < 5:
            business.append(day)
        if day.day == calendar.monthrange(day.year, day.month)[1]:
            ends.append(day)
        day += dt.timedelta(days=1)
    for days, frequency in ((business, Frequency("business-day")), (ends, Frequency("month", day=31))):
        ordinals = frequency.ordinals(np.array(days, dtype="datetime64[s]"))
        np.testing.assert_array_equal(np.diff(ordinals), 1)


def test_the_ordinals_of_the_module_text_are_right():
    month_ends = stamps("2024-01-31", "2024-02-29", "2024-03-31")
    assert Frequency("month", day=31).ordinals(month_ends).tolist() == [648, 649, 650]
    days = stamps("2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09")
    assert Frequency("business-day").ordinals(days).tolist() == [14093, 14094, 14095, 14096]


@pytest.mark.parametrize(
    ("code", "name", "seasons"),
    [
        ("min", "minutely", (1440, 10_080)),
        ("15min", "15-minutely", (96, 672)),
        ("7min", "7-minutely", (1440,)),
        ("h", "hourly", (24, 168)),
        ("2h", "2-hourly", (12, 84)),
        ("D", "daily", (7, 365)),
        ("2D", "2-daily", ()),
        ("B", "business-daily", (5,)),
        ("W-FRI", "weekly", (52,)),
        ("2W-TUE", "2-weekly", (26,)),
        ("MS", "monthly", (12,)),
        ("ME", "monthly", (12,)),
        ("M-15", "monthly", (12,)),
        ("2MS-FEB", "2-monthly", (6,)),
        ("QS", "quarterly", (4,)),
        ("QE-JAN", "quarterly", (4,)),
        ("YS", "yearly", ()),
        ("YE-JUN", "yearly", ()),
        ("Y-FEB-15", "yearly", ()),
    ],
)
def test_codes_names_and_seasons(code, name, seasons):
    frequency = parse_frequency(code)
    assert (frequency.code, frequency.name, frequency.seasons) == (code, name, seasons)


SPELLINGS = """monthly MS | M MS | m MS | H h | T min | Daily D | 15 minutes 15min | 60min h | 24h D | 7d W-SUN
    12M YS | 3m QS | A YS | w-fri W-FRI | business-days B | 15-minutely 15min | q QS | qe QE | annual YS | W W-SUN"""


@pytest.mark.parametrize(
    ("spelling", "code"), [pair.rsplit(maxsplit=1) for pair in SPELLINGS.replace("\n", "|").split("|")]
)
def test_frequency_is_known_by_each_of_its_spellings(spelling, code):
    assert parse_frequency(spelling).code == code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("montly", "'montly' is not a frequency. Did you mean 'monthly'?"),
        ("", "'' is not a frequency"),
        ("15", "'15' is not a frequency"),
        ("0D", "'0D' is not a frequency"),
        ("00h", "'00h' is not a frequency"),
        ("W-XXX", "The ending of the frequency 'W-XXX' is not known"),
        ("D-FRI", "The ending"),
        ("MS-15", "The ending"),
        ("M-32", "The ending"),
        ("2B", "There is no frequency of 2 business-days"),
    ],
)
def test_unknown_frequencies_are_refused(text, message):
    with pytest.raises(UsageError) as error:
        parse_frequency(text)
    assert message in error.value.message
    assert "--freq" in error.value.hint


@pytest.mark.parametrize(
    ("spelling", "dates", "code"),
    [
        ("weekly", ("2024-01-05", "2024-01-12", "2024-01-26"), "W-FRI"),
        ("M", ("2024-01-31", "2024-02-29", "2024-03-31"), "ME"),
        ("monthly", ("2024-01-15", "2024-02-15"), "M-15"),
        ("Q", ("2024-02-01", "2024-05-01"), "QS-FEB"),
        ("Y", ("2023-06-30", "2024-06-30"), "YE-JUN"),
    ],
)
def test_dates_tell_what_the_word_leaves_open(spelling, dates, code):
    frequency = parse_frequency(spelling, stamps(*dates))
    assert frequency.code == code
    assert frequency.on_step(stamps(*dates)).all()


@REPEATABLE
@given(ANY, st.integers(-500, 500), st.data())
def test_frequency_is_inferred_in_spite_of_gaps(frequency, start, data):
    ordinals = start + np.arange(60)
    gaps = data.draw(st.sets(st.integers(1, 58), max_size=15))
    kept = frequency.timestamps(np.delete(ordinals, sorted(gaps)))
    inferred = infer_frequency(kept)
    assert (np.diff(inferred.ordinals(kept)) == np.diff(frequency.ordinals(kept))).all()


STARTS = {
    "15min": "2024-01-01T00:05",
    "h": "2024-01-01",
    "D": "2024-02-20",
    "B": "2024-01-01T16:00",
    "W-TUE": "2024-01-02",
    "MS": "2024-01-01",
    "ME": "2024-01-31",
    "M-15": "2024-01-15",
    "M-30": "2023-11-30",
    "QS": "2024-01-01",
    "QE": "2023-12-31",
    "YE": "2020-12-31",
    "YS-JUL": "2020-07-01",
}


@pytest.mark.parametrize(("code", "start"), STARTS.items())
def test_frequency_is_inferred_through_gaps(code, start):
    frequency = parse_frequency(code, stamps(start))
    timestamps = frequency.timestamps(frequency.ordinals(stamps(start)) + np.delete(np.arange(24), [3, 4, 11]))
    assert infer_frequency(timestamps) == frequency
    assert infer_frequency(timestamps).code == code


def test_a_week_without_a_weekend_is_no_business_week_yet():
    assert infer_frequency(Frequency("day").timestamps(np.arange(4, 9))).code == "D"  # Monday to Friday


def test_business_days_may_have_an_odd_weekend_but_shops_closed_on_sundays_are_daily():
    days = Frequency("day").timestamps(np.arange(4, 4 + 7 * 30))
    weekday = np.arange(days.size) % 7
    exchange = days[(weekday < 5) | (np.arange(days.size) == 5)]
    assert infer_frequency(exchange).code == "B"
    with pytest.raises(DataError, match="1970-01-10 is not one of the business-daily steps"):
        infer_frequency(exchange).ordinals(exchange)
    assert infer_frequency(days[weekday < 6]).code == "D"


def test_a_stray_date_is_named_rather_than_followed():
    days = Frequency("week", phase=86_400).timestamps(np.arange(100))
    days[50] += 3600
    assert infer_frequency(days).code == "W-FRI"
    with pytest.raises(DataError, match=r"01:00:00 is not one of the weekly steps of the data \(W-FRI\)"):
        infer_frequency(days).ordinals(days)


def test_one_date_or_random_dates_have_no_frequency():
    with pytest.raises(DataError, match="from a single date"):
        infer_frequency(stamps("2024-01-01"))
    with pytest.raises(DataError, match=r"from 5 days to 1005\.4 days lie between two dates") as error:
        infer_frequency(stamps("2024-01-01", "2024-01-06", "2024-06-11T07:00", "2027-03-13T16:11"))
    assert "--freq" in error.value.hint
    with pytest.raises(DataError, match="the dates are 10 seconds apart"):
        infer_frequency(stamps("2024-01-01T00:00:00", "2024-01-01T00:00:10", "2024-01-01T00:01:10"))
    with pytest.raises(DataError, match="the dates are 1 second apart"):
        infer_frequency(stamps("2024-01-01T00:00:00", "2024-01-01T00:00:01", "2024-01-01T00:00:02"))


@pytest.mark.parametrize(("stamp", "text"), [("2024-01-01", "2024-01-01"), ("2024-01-01T05:00", "2024-01-01 05:00:00")])
def test_readable_leaves_midnight_out(stamp, text):
    assert readable(np.datetime64(stamp, "s")) == text


@pytest.mark.parametrize(
    ("code", "days"), [("h", 1 / 24), ("D", 1), ("B", 1.4), ("W", 7), ("MS", 30.437), ("YE", 365.24)]
)
def test_days_of_a_step_are_those_of_the_calendar(code, days):
    assert parse_frequency(code).days == pytest.approx(days, rel=1e-3)
