from dataclasses import replace

import numpy as np
import pytest

from forecast.data.frequency import ROW
from forecast.data.future.scenario import apply_scenario, doubts, read_scenario, steps_of
from forecast.errors import UsageError
from told import told

STEPS, H = 30, 6
FLAGS = {"promo": (0.0, 1.0)}
USUAL = np.array([[np.nan, 4.0, np.nan], [np.nan, 5.0, np.nan]])


def panel_of(ahead=H, freq="D", first=(0, 10)):
    """Two series that end together or not, with a flag, a number and a text that go on after them."""
    rng, n = np.random.default_rng(0), STEPS + ahead
    promo = [(np.arange(n) % 7 == 0) * 1.0 for _ in range(2)]
    price = [4 + rng.random(n), 5 + rng.random(n)]
    sky = [np.arange(n) % 2 * 1.0] * 2
    return told(
        [np.arange(STEPS) + 1.0, np.arange(STEPS) + 9.0],
        {"promo": promo, "price": price, "sky": sky},
        {"temp": [np.zeros(STEPS)] * 2},
        {"region": [1.0, 2.0]},
        freq=freq,
        first=list(first),
        series_ids=["a", "b"],
        levels={"sky": ("rain", "sun")},
    )


def ahead_of(panel):
    return panel.covariates.known_between(panel.last + 1, H)


def changed(panel, *texts, at=None):
    steps = steps_of(at, panel, H)
    return apply_scenario(panel, read_scenario(texts, panel, FLAGS), steps, USUAL), steps


# What is set


def test_only_the_columns_and_steps_that_are_named_become_otherwise():
    panel = panel_of(first=(0, 0))
    before = ahead_of(panel)
    other, steps = changed(panel, "promo=1,price=2.5", "sky=sun", at="1970-02-01..1970-02-03")
    after = ahead_of(other)
    assert steps.tolist() == [[False, True, True, True, False, False]] * 2
    np.testing.assert_array_equal(after[steps], [[1, 2.5, 1]] * 6)
    np.testing.assert_array_equal(after[~steps], before[~steps])
    rows = panel.offsets, panel.first
    np.testing.assert_array_equal(other.covariates.known_on(*rows), panel.covariates.known_on(*rows))
    np.testing.assert_array_equal(ahead_of(panel), before)


def test_share_is_taken_of_what_is_told_and_else_of_what_is_usual():
    panel = panel_of(ahead=4)
    before = ahead_of(panel)[..., 1]
    base = np.where(np.isnan(before), USUAL[:, 1:2], before)
    for text, factor in (("price=-10%", 0.9), ("price=+5 %", 1.05), ("price=*1.2", 1.2), ("price = * .5", 0.5)):
        np.testing.assert_allclose(ahead_of(changed(panel, text)[0])[..., 1], factor * base)
    assert (ahead_of(changed(panel, "price=-10")[0])[..., 1] == -10).all()


def test_values_are_told_where_no_row_told_anything():
    panel = panel_of(ahead=0)
    after = ahead_of(changed(panel, "promo=yes")[0])
    assert (after[..., 0] == 1).all()
    assert np.isnan(after[..., 1:]).all()


def test_names_and_texts_may_be_in_other_letters():
    panel = panel_of()
    assert [one.value for one in read_scenario(["PROMO=no,Sky=Rain"], panel, FLAGS)] == [0, 0]


def test_text_that_never_was_is_no_level_and_is_said():
    panel = panel_of()
    changes = read_scenario(["sky=sunn"], panel, FLAGS)
    other = apply_scenario(panel, changes, steps_of(None, panel, H), USUAL)
    assert not np.isin(ahead_of(other)[..., 2], [0, 1]).any()
    [note] = doubts(other, changes, H, FLAGS)
    assert note == "sky never was 'sunn', so it is taken as none of 'rain', 'sun'. Did you mean 'sun'?"


def test_number_far_beyond_its_own_series_is_said():
    panel = panel_of()

    def said(text):
        changes = read_scenario([text], panel, FLAGS)
        return doubts(apply_scenario(panel, changes, steps_of(None, panel, H), USUAL), changes, H, FLAGS)

    assert said("promo=1") == []
    [both] = said("price=9")
    assert "price 9 is beyond 4.0" in both
    assert "all that it ever was in series a (1 more series likewise): so far out" in both
    [one] = said("price=5.5")
    assert "in series a: " in one
    assert said("price=*1") == []


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("promo", "--set promo does not say which column has which value", "--set promo=1"),
        ("=1", "does not say which column", "--set promo=1"),
        ("promo=1,promo=0", "gives promo two values", "--set promo=… once"),
        ("pormo=1", "pormo is no column that the model looks at. Did you mean 'promo'?", "with promo, price, sky"),
        ("target=1", "target is what is forecast", "with promo, price, sky"),
        ("temp=1", r"temp is known only up to the end of the data \(--past\)", "forecast train DATA --known temp"),
        ("region=1", r"region is a trait of the series \(--static\)", "forecast train DATA --known region"),
        ("promo=2", "promo is 0 or 1, never 2", "--set promo=1"),
        ("promo=+10%", r"promo is 0 or 1, which '\+10%' is not", "--set promo=1"),
        ("price=cheap", "price is a number, which 'cheap' is not", "--set price=2.5, or =-10% of what it is"),
        ("price=nan", "price is a number, which 'nan' is not", "--set price=2.5"),
        ("price=10%", "price is a number, which '10%' is not", "--set price=2.5, or =-10%"),
    ],
)
def test_what_can_not_be_set_is_said_with_what_can(text, message, hint):
    with pytest.raises(UsageError, match=message) as error:
        read_scenario([text], panel_of(), FLAGS)
    assert hint in error.value.hint


# When it holds


@pytest.mark.parametrize(
    ("freq", "at", "steps"),
    [
        ("D", None, [0, 1, 2, 3, 4, 5]),
        ("D", "1970-02-01", [1]),
        ("D", "1970-02", [1, 2, 3, 4, 5]),
        ("D", "1970-01-31..1970-02-01", [0, 1]),
        ("h", "1970-01-02 07:00..1970-01-02T08", [1, 2]),
        ("h", "1970-01-02", [0, 1, 2, 3, 4, 5]),
        ("W-SUN", "1970-08-05", [0]),  # within the week that ends on the 9th
        ("W-SUN", "1970-08-05..1970-08-17", [0, 1, 2]),
        ("W-MON", "1970-08-06", [0]),  # within the week that begins on the 3rd
        ("W-MON", "1970-08-10", [1]),
        ("MS", "1972-07-10..1972-08-02", [0, 1]),
        ("MS", "1972-09", [2]),
        (ROW, "30..31", [0, 1]),
    ],
)
def test_dates_mean_the_steps_that_they_lie_in(freq, at, steps):
    panel = panel_of(freq=freq, first=(0, 0))
    if str(freq).startswith("W-"):
        day = "1970-01-11" if freq == "W-SUN" else "1970-01-05"
        first = panel.frequency.ordinals(np.array([day], "datetime64[s]"))
        panel = replace(panel, first=np.repeat(first, 2))
    expected = np.isin(np.arange(H), steps)
    assert steps_of(at, panel, H).tolist() == [expected.tolist()] * 2


def test_dates_are_those_of_each_series_own():
    assert steps_of("1970-02-10", panel_of(), H).tolist() == [[False] * H, [True] + [False] * (H - 1)]


@pytest.mark.parametrize(
    ("at", "message", "hint"),
    [
        ("1970-01-30", "begins before the steps that are forecast, 1970-01-31 to 1970-02-05", "1970-01-31..1970-02-05"),
        ("1970-01-30..1970-02-02", "begins before the steps that are forecast", "or a part of it"),
        ("1970-02-04..1970-02-08", "goes on after the steps that are forecast", "--horizon 9 reaches it"),
        ("1970-02-04..1970-02-02", "ends before it begins", "--at 1970-02-02..1970-02-04"),
        ("4.2.1970", "is not a date", "--at 2024-12-20..2024-12-24"),
        ("1970-02-31", "is not a date", "--at 2024-12-20..2024-12-24"),
    ],
)
def test_dates_that_can_not_be_meant_are_refused(at, message, hint):
    with pytest.raises(UsageError, match=message) as error:
        steps_of(at, panel_of(first=(0, 0)), H)
    assert hint in error.value.hint


def test_rows_are_named_by_their_number():
    panel = panel_of(freq=ROW, first=(0, 0))
    with pytest.raises(UsageError, match="is not the number of a row"):
        steps_of("1970-02-01", panel, H)
    with pytest.raises(UsageError, match="goes on after the steps that are forecast, row 30 to row 35") as error:
        steps_of("36", panel, H)
    assert error.value.hint == "--horizon 7 reaches it"


def test_dates_between_the_horizons_of_two_series_hold_no_step():
    with pytest.raises(UsageError, match="--at 1970-02-07 holds no step that is forecast"):
        steps_of("1970-02-07", panel_of(), H)
