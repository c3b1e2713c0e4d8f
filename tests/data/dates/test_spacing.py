import numpy as np
import pytest

from forecast.data.dates.spacing import evenness, most_even


def swapped(days):
    """The dates that dd/mm/yyyy become when month and day are exchanged; those that can't be are left out."""
    parts = [day.item() for day in days]
    return np.unique(np.array([f"{d.year:04}-{d.day:02}-{d.month:02}" for d in parts if d.day <= 12], "datetime64[s]"))


def days(first, last, step=1):
    return np.arange(np.datetime64(first), np.datetime64(last), step)


@pytest.mark.parametrize(
    ("stamps", "share"),
    [
        (days("2024-01-05", "2024-12-31", 7), 1.0),
        (days("2024-01", "2026-01").astype("datetime64[s]"), 1.0),
        (days("2024-01-01", "2024-03-01"), 1.0),
        (np.array([day for day in days("2024-01-01", "2024-03-01") if np.is_busday(day)]), 1.0),
        (days("2024-01-01", "2024-01-11")[[0, 1, 5, 9]], 0.4),
        (np.array(["2024-01-31", "2024-02-29", "2024-04-30"], "datetime64[D]"), 0.75),
        (days("2024-01-01", "2024-01-02"), 0.0),
    ],
)
def test_evenness_is_the_share_of_steps_that_are_there(stamps, share):
    assert evenness(stamps.astype("datetime64[s]")) == pytest.approx(share)


def test_the_order_in_which_dates_are_even_is_taken():
    fridays = np.array([day for day in days("2018-01-05", "2024-12-31", 7) if day.item().day <= 12])
    months = days("1990-01", "2010-01").astype("datetime64[D]")
    for stamps in (fridays, months):
        assert most_even([swapped(stamps), stamps.astype("datetime64[s]")]) == 1


def test_what_is_as_even_both_ways_or_short_stays_open():
    fortnight = days("2024-02-01", "2024-02-13")
    assert most_even([fortnight.astype("datetime64[s]"), swapped(fortnight)]) is None
    four = days("2024-02-02", "2024-02-28", 7)
    assert most_even([four.astype("datetime64[s]"), swapped(four)]) is None
