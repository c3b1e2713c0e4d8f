"""What dates say, counted again day by day with the standard library."""

import sys
from datetime import date, timedelta

import numpy as np
import pytest
from dateutil.easter import easter as easter_of_dateutil

from forecast.data.dates.calendar_features import UNSURE, calendar_features, easter, holiday_names
from forecast.data.frequency import parse_frequency
from forecast.errors import DependencyError, UsageError
from forecast.wording import DAYS

CODES = ["15min", "h", "6h", "D", "2D", "B", "W-SUN", "W-FRI", "2W-MON", "MS", "ME", "M-15", "2MS", "QS", "QE"]
GROUPS = {
    "h": {"year", "month", "week", "day"},
    "D": {"year", "month", "week"},
    "B": {"year", "month", "week"},
    "W": {"year", "month"},
    "MS": {"length", "easter"},
    "QE": {"length", "easter"},
    "Y": set(),
    "row": set(),
}


def ordinal(code, day):
    return int(parse_frequency(code).periods(np.array([day], dtype="datetime64[s]"))[0])


def days_of(code, begin, end):
    """Returns the dates from one to another, the latter not included, and the calendar feature of each name."""
    first, last = (ordinal(code, day) for day in (begin, end))
    book = columns(code, first, last - first)
    return [date.fromisoformat(begin) + timedelta(days=i) for i in range(last - first)], book


def columns(code, first, steps, country=None):
    frequency = parse_frequency(code) if code != "row" else parse_frequency("D").__class__("row")
    book = calendar_features(frequency, first, steps, country)
    assert book.values.shape == (steps, len(book.names))
    assert len(set(zip(book.groups, book.names, strict=True))) == len(book.names)
    return dict(zip(book.names, book.values.T, strict=True))


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(1598, 3, 22), (1818, 3, 22), (1886, 4, 25), (1943, 4, 25), (1961, 4, 2), (2000, 4, 23), (2008, 3, 23),
     (2023, 4, 9), (2024, 3, 31), (2025, 4, 20), (2038, 4, 25), (2285, 3, 22)],
)  # fmt: skip
def test_easter_is_that_of_the_tables(year, month, day):
    assert easter(year) == date(year, month, day)


def test_easter_is_that_of_another_program_in_every_year():
    assert [easter(year) for year in range(1583, 4100)] == [easter_of_dateutil(year) for year in range(1583, 4100)]


@pytest.mark.parametrize("code", GROUPS)
def test_frequency_has_the_groups_that_mean_something_to_it(code):
    frequency = parse_frequency(code) if code != "row" else parse_frequency("D").__class__("row")
    assert set(calendar_features(frequency, 18_000, 20).groups) == GROUPS[code]


@pytest.mark.parametrize(
    "country", [None, "NP"]
)  # New Year's Eve is a holiday there in some years, New Year's Day none
@pytest.mark.parametrize("code", CODES)
@pytest.mark.slow
def test_step_has_the_same_numbers_whatever_range_is_asked_for(code, country):
    first = ordinal(code, "2019-11-20")
    whole = columns(code, first, 120, country)
    new_year = ordinal(code, "2020-01-01") - first
    for start, steps in ((0, 1), (17, 40), (min(new_year, 100), 5), (119, 1)):
        part = columns(code, first + start, steps, country)
        for name, column in whole.items():
            expected = part.get(name, np.zeros(steps))  # a holiday that a range doesn't hold has no column
            np.testing.assert_array_equal(column[start : start + steps], expected, err_msg=name)
        assert part.keys() <= whole.keys()


@pytest.mark.parametrize("code", ["D", "W-SUN", "MS"])
def test_years_counted_from_one_are_no_calendar(code):
    assert columns(code, ordinal(code, "0001-01-01"), 24) == {}


def test_months_up_to_the_last_year_that_python_knows_have_a_calendar():
    assert columns("MS", ordinal("MS", "9998-01-01"), 23)["days"].shape == (23,)


def test_days_know_their_weekday_and_the_ends_of_their_month():
    days, book = days_of("D", "2023-12-20", "2024-03-05")  # over a leap day
    for number, name in enumerate(DAYS):
        assert book[name].tolist() == [day.weekday() == number for day in days]
    assert book["first day of the month"].tolist() == [day.day == 1 for day in days]
    assert book["last day of the month"].tolist() == [(day + timedelta(days=1)).day == 1 for day in days]


def test_hours_know_the_hour_and_the_weekday():
    first = ordinal("h", "2024-02-29")
    book = columns("h", first, 48)
    np.testing.assert_allclose(book["sine 1 of the day"], np.sin(2 * np.pi * np.arange(48) / 24), atol=1e-12)
    assert book["Thursday"].tolist() == [1] * 24 + [0] * 24
    assert book["last day of the month"].tolist() == [1] * 24 + [0] * 24


def test_business_days_have_no_weekend():
    first = ordinal("B", "2024-05-02")  # a Thursday
    book = columns("B", first, 3)
    assert [book[name].tolist() for name in ("Thursday", "Friday", "Monday")] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert not any(book[name].any() for name in ("Saturday", "Sunday"))


def test_holiday_on_a_weekend_is_no_business_of_a_friday():
    book = columns("B", ordinal("B", "2022-04-28"), 6, "DE")  # Labour Day 2022 was a Sunday
    assert "Labor Day" not in book
    assert book["the day after a holiday"].tolist() == [0, 0, 1, 0, 0, 0]


@pytest.mark.parametrize("code", ["W-SUN", "W-WED"])
def test_week_knows_that_a_month_begins_in_it(code):
    first = ordinal(code, "2023-11-20")
    frequency = parse_frequency(code)
    begins = frequency.period_begins(np.arange(first, first + 30)).astype("datetime64[D]").tolist()
    expected = [any((begin + timedelta(days=i)).day == 1 for i in range(7)) for begin in begins]
    assert columns(code, first, 30)["a month begins"].tolist() == expected


@pytest.mark.parametrize("code", ["MS", "ME", "M-15"])
def test_months_count_their_days_weekdays_and_easter(code):
    book = columns(code, ordinal(code, "2024-01-15"), 5)
    lengths = [31, 29, 31, 30, 31]
    np.testing.assert_allclose(np.diff(book["days"]), np.diff(lengths))
    assert abs(book["days"].mean()) < 1  # about zero
    for number, name in enumerate(DAYS):
        held = [
            sum(date(2024, month, day).weekday() == number for day in range(1, length + 1))
            for month, length in enumerate(lengths, start=1)
        ]
        np.testing.assert_allclose(book[f"{name}s"], np.array(held) - np.array(lengths) / 7)
    assert book["Easter"].tolist() == [0, 0, 0.8, 0.2, 0]  # Sunday was 31 March


def test_cycles_run_once_through_their_period_and_join_its_ends():
    _, book = days_of("D", "2021-01-01", "2023-01-01")
    for name in ("year", "month"):
        angle = np.unwrap(np.arctan2(book[f"sine 1 of the {name}"], book[f"cosine 1 of the {name}"]))
        turns = (angle[-1] - angle[0]) / (2 * np.pi)
        assert turns == pytest.approx(2 if name == "year" else 24, abs=0.05)
        assert (np.diff(angle) > 0).all()
        assert np.diff(angle).max() < 1.3 * 2 * np.pi / (365 if name == "year" else 28)


# Holidays


@pytest.mark.parametrize("year", [2008, 2019, 2024, 2030])
def test_moving_feasts_of_germany_move_with_easter(year):
    names = holiday_names("DE", range(year, year + 1))
    for name, days in {"Good Friday": -2, "Easter Monday": 1, "Ascension Day": 39, "Pentecost Monday": 50}.items():
        assert name in names[easter(year) + timedelta(days=days)]


def test_holidays_of_a_part_are_those_of_the_country_and_its_own():
    whole, bavaria = (holiday_names(country, range(2024, 2025)) for country in ("DE", "de-by"))
    assert bavaria.keys() - whole.keys() == {date(2024, 1, 6), date(2024, 5, 30), date(2024, 11, 1)}
    assert whole.keys() < bavaria.keys()
    augsburg = holiday_names("de-augsburg", range(2024, 2025))
    assert augsburg.keys() - bavaria.keys() == {date(2024, 8, 8), date(2024, 8, 15)}


def test_thanksgiving_is_the_fourth_thursday_of_november():
    first = ordinal("D", "2023-01-01")
    book = columns("D", first, 3 * 365 + 1, "US")
    days = [date(2023, 1, 1) + timedelta(days=int(i)) for i in np.flatnonzero(book["Thanksgiving Day"])]
    assert days == [date(2023, 11, 23), date(2024, 11, 28), date(2025, 11, 27)]


def test_days_around_holidays_are_told_and_are_none_themselves():
    first = ordinal("D", "2024-12-20")
    book = columns("D", first, 15, "DE")

    def days(name):
        return [20 + int(i) for i in np.flatnonzero(book[name])]

    assert days("a holiday") == [25, 26, 32]  # 32 December is New Year's Day
    assert days("2 days before a holiday") == [23, 24, 30]
    assert days("the day before a holiday") == [24, 31]
    assert days("the day after a holiday") == [27, 33]
    assert days("Second Day of Christmas") == [26]


def test_longer_steps_count_their_holidays():
    assert columns("W-SUN", ordinal("W-SUN", "2024-12-25"), 2, "DE")["a holiday"].tolist() == [2, 1]
    assert columns("MS", ordinal("MS", "2024-12-01"), 1, "DE")["a holiday"].tolist() == [2]
    hours = columns("h", ordinal("h", "2024-12-24"), 72, "DE")
    assert hours["Christmas Day"].tolist() == [0] * 24 + [1] * 24 + [0] * 24


def test_two_holidays_on_one_day_are_both_there():
    assert set(holiday_names("DE", range(2008, 2009))[date(2008, 5, 1)]) == {"Ascension Day", "Labor Day"}
    book = columns("D", ordinal("D", "2008-04-30"), 3, "DE")
    assert book["Ascension Day"].tolist() == book["Labor Day"].tolist() == book["a holiday"].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("known", "bare"),
    [
        ("Eid al-Fitr (estimated)", "Eid al-Fitr"),
        ("Eid al-Fitr (observed, estimated)", "Eid al-Fitr (observed)"),
        ("Day off (substituted from 12/29/2018)", "Day off"),
        ("New Year (Spring Festival)", "New Year (Spring Festival)"),
    ],
)
def test_feast_whose_date_is_a_guess_is_the_same_feast(known, bare):
    assert UNSURE.sub("", known) == bare


@pytest.mark.parametrize("country", ["SA", "MY", "ID"])
def test_feasts_by_the_moon_have_one_name_in_all_years(country):
    years = {year: {n for names in holiday_names(country, range(year, year + 1)).values() for n in names}
             for year in (2015, 2035)}  # fmt: skip
    for names in years.values():
        assert any("Eid al-Fitr" in name for name in names)
        assert not any("estimated" in name for name in names)


@pytest.mark.slow
def test_every_country_and_every_part_is_told():
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    assert len(known) > 200
    without = [code for code in known if not holiday_names(code, range(2022, 2025))]
    assert set(without) <= {"BV", "HM", "IO"}  # nobody lives there
    for code, parts in known.items():
        for part in parts[-2:]:
            assert holiday_names(f"{code}-{part}".lower(), range(2024, 2025))


def test_unknown_country_or_part_is_named():
    with pytest.raises(UsageError, match="There are no holidays of 'Germany'") as error:
        calendar_features(parse_frequency("D"), 0, 3, "Germany")
    assert "such as DE, US or GB" in error.value.hint
    with pytest.raises(UsageError, match="US has no part 'XX'") as error:
        holiday_names("us-xx", range(2024, 2025))
    assert error.value.hint.startswith("--country US, or one of US-AK, US-AL")


def test_missing_package_is_named_and_only_where_holidays_are_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)  # any import of it fails
    assert columns("D", 0, 3)
    with pytest.raises(DependencyError, match="package 'holidays', which is not installed") as error:
        columns("D", 0, 3, "DE")
    assert error.value.hint == "pip install 'holidays>=0.60'"
