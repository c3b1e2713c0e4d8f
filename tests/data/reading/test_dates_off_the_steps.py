"""Dates beside the steps of their frequency, and rows that spoil it: what is meant, or which line is to blame."""

import numpy as np
import pytest

from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError, UsageError

MIDNIGHT = np.datetime64("2023-01-01T00:00:00")


def spread(count, step, most, seed=1):
    """Returns so many dates a step apart, each up to so many seconds beside it."""
    return MIDNIGHT + np.arange(count) * step + np.random.default_rng(seed).integers(-most, most + 1, count)


@pytest.fixture
def read(tmp_path):
    def read_rows(stamps, values=None, **options):
        values = [f"5.{i}" for i in range(len(stamps))] if values is None else values
        rows = "".join(f"{stamp},{value}\n" for stamp, value in zip(stamps, values, strict=True))
        (tmp_path / "a.csv").write_text("time,value\n" + rows)
        return read_panel(tmp_path / "a.csv", ReadOptions(**options))

    return read_rows


@pytest.mark.parametrize(
    ("stamps", "code", "first"),
    [
        (spread(600, 300, 4), "5min", MIDNIGHT),
        (spread(600, 900, 20), "15min", MIDNIGHT),
        (spread(600, 3600, 300), "h", MIDNIGHT),
        (spread(600, 3600, 600) + 1800, "h", MIDNIGHT + 1800),
        (spread(200, 60, 3), "min", MIDNIGHT),
        (spread(200, 86400, 1200) + 7 * 3600, "D", MIDNIGHT + 7 * 3600),  # measured after breakfast
        (spread(200, 86400, 300), "D", MIDNIGHT),
        (MIDNIGHT + (np.arange(600) * 300.4).astype(int), "5min", MIDNIGHT),  # a clock that is slow
        (MIDNIGHT + (np.arange(600) * 299.7).astype(int), "5min", MIDNIGHT),
    ],
)
@pytest.mark.parametrize("is_asked", [False, True])
def test_dates_around_a_step_are_on_it_each_once(stamps, code, first, is_asked, read):
    panel = read(stamps, freq=code if is_asked else None).panel
    assert panel.frequency.code == code
    assert panel.timestamps(0)[0] == first
    assert (panel.values.size, panel.observed.all()) == (len(stamps), True)


def test_days_at_any_time_of_day_are_days_where_that_is_asked_for(read):
    panel = read(spread(200, 86400, 30000) + 40000, freq="D").panel
    assert (panel.values.size, panel.observed.all()) == (200, True)
    assert panel.timestamps(0)[0] == MIDNIGHT


@pytest.mark.parametrize("options", [{}, {"freq": "5min"}])
def test_what_is_added_up_around_a_step_is_of_that_step(options, read):
    stamps = spread(600, 300, 4)
    panel = read(stamps, range(600), aggregate="sum", **options).panel
    assert panel.values.tolist() == list(range(600))


def test_a_clock_that_is_slow_leaves_a_step_out_now_and_then(read):
    panel = read(MIDNIGHT + np.arange(3000) * 301).panel
    assert (panel.values.size, int((~panel.observed).sum())) == (3010, 10)


def test_single_events_are_beside_no_steps(read):
    events = np.sort(MIDNIGHT + np.random.default_rng(0).integers(0, 86400 * 60, 600))
    with pytest.raises(DataError, match="can't be inferred") as error:
        read(events)
    assert "--aggregate sum --freq D" in error.value.hint
    with pytest.raises(DataError, match="is not one of the hourly steps"):
        read(events, freq="h")


@pytest.mark.parametrize(("label", "moved"), [("2019-01-06", 1), ("2019-01-04", -2), ("2019-01-06", 3)])
def test_weeks_that_begin_on_another_day_from_some_date_on_lose_none(label, moved, read):
    stamps = np.datetime64(label) + 7 * np.arange(120) + np.where(np.arange(120) < 60, 0, moved)
    panel = read(stamps).panel
    assert panel.observed.all()
    assert panel.values.size == 120
    assert np.abs(panel.timestamps(0) - stamps).max() <= np.timedelta64(3, "D")


FIRST_BUSINESS_DAYS = [np.busday_offset(np.datetime64("2005-01", "M") + i, 0, roll="forward") for i in range(96)]
WEEKS = list(np.datetime64("2019-01-06") + 7 * np.arange(100))
QUARTERS = [(np.datetime64("2005-01", "M") + 3 * i).astype("datetime64[D]") for i in range(60)]
SPOILED = [
    (FIRST_BUSINESS_DAYS, 40, "2008-05-15", "MS"),
    (WEEKS, 30, "2019-08-01", "W-SUN"),
    (QUARTERS, 30, "2012-06-17", "QS"),
]


@pytest.mark.parametrize(("stamps", "place", "stray", "code"), SPOILED)
def test_a_row_without_a_value_spoils_no_step(stamps, place, stray, code, read):
    values = ["" if i == place else f"5.{i}" for i in range(len(stamps) + 1)]
    reading = read([*stamps[:place], stray, *stamps[place:]], values)
    assert (reading.panel.frequency.code, reading.panel.values.size) == (code, len(stamps))
    [finding] = [one for one in reading.findings if one.topic == "beside"]
    assert finding.text.endswith(f"steps left out (line {place + 2})")


@pytest.mark.parametrize(("stamps", "place", "stray", "code"), SPOILED)
@pytest.mark.parametrize("is_asked", [False, True])
def test_a_row_with_a_value_that_spoils_the_steps_is_the_one_that_is_named(stamps, place, stray, code, is_asked, read):
    with pytest.raises(DataError, match=rf"a\.csv line {place + 2}: {stray}") as error:
        read([*stamps[:place], stray, *stamps[place:]], freq=code[0] if is_asked else None)
    assert "correct the date" in error.value.hint


@pytest.mark.parametrize(("days", "season"), [((0, 14), 24), ((0, 10, 20), 36)])
def test_several_dates_a_month_are_rows_of_a_season(days, season, read):
    months = np.datetime64("2018-01", "M") + np.arange(36)
    with pytest.raises(DataError, match="dates a month, such as 2018-02-01 and") as error:
        read([month.astype("datetime64[D]") + day for month in months for day in days])
    assert error.value.hint.startswith(f"--no-dates --season {season} ")


@pytest.mark.parametrize(("step", "words"), [(10, "10 seconds"), (30, "30 seconds"), (90, "1.5 minutes")])
def test_steps_below_a_minute_are_called_so(step, words, read):
    with pytest.raises(DataError, match=f"the dates are {words} apart") as error:
        read(MIDNIGHT + step * np.arange(300))
    assert error.value.hint.startswith("--aggregate mean --freq min")


@pytest.mark.parametrize(("code", "hint"), [("10s", "--aggregate mean --freq min"), ("SMS", "--no-dates --season 24")])
def test_codes_of_steps_that_there_are_not_are_answered_with_what_there_is(code, hint, read):
    with pytest.raises(UsageError) as error:
        read(WEEKS, freq=code)
    assert error.value.hint.startswith(hint)


@pytest.mark.parametrize(
    "lines",
    [
        ["Total: Account"], ["Grand Total (3 items)"], ["Sum:"], ["Gesamt:"], ["Total général"], ["Итого:"],
        ["Total: Search", "Total: Display", "Total: Account"],
    ],
)  # fmt: skip
def test_totals_below_the_rows_are_left_out_however_they_are_called(lines, read):
    reading = read([*WEEKS, *lines])
    assert reading.panel.values.size == 100
    assert [one.topic for one in reading.findings if one.grade == "warning"] == ["strays"]


def test_words_that_are_no_totals_are_still_no_dates(read):
    with pytest.raises(DataError, match="'Totally wrong' is not a date"):
        read([*WEEKS, "Totally wrong"])


@pytest.mark.parametrize(
    ("cell", "value"), [("<1", 0.5), ("< 0.1", 0.05), ("≤2", 1.0), (">100", 100), ("~5", 5), ("≈ 5", 5), ("ca. 5", 5)]
)
def test_a_bound_in_place_of_a_number_is_read_and_told(cell, value, read):
    reading = read(WEEKS, [cell, *range(1, 100)])
    assert reading.panel.values[0] == value
    [finding] = [one for one in reading.findings if one.topic == "bounds"]
    assert f"read '{cell}' as {value:g}" in finding.text
    with pytest.raises(DataError, match="'<b>' in column value is not a number"):
        read(WEEKS, ["<b>", *range(1, 100)])


def test_a_series_that_ended_is_told_by_the_reader(tmp_path):
    rows = [f"{day},{shop},{i}\n" for i, day in enumerate(WEEKS) for shop in "abc" if shop != "b" or i < 60]
    (tmp_path / "a.csv").write_text("week,shop,sales\n" + "".join(rows))
    [finding] = [one for one in read_panel(tmp_path / "a.csv").findings if one.grade == "warning"]
    assert finding.text == "1 of 3 series ends before 2020-11-29: b (forecast from there)"
