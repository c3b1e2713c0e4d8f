from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.data.frequency import parse_frequency
from forecast.experiment.changes.comparison import ForecastComparison, Since
from forecast.experiment.changes.difference import SharedPoints
from forecast.experiment.changes.issued_forecast import IssuedForecast
from forecast.experiment.changes.sentences import change_sentence, change_sentences, left_out_words, total_change
from forecast.production.store.issued import IssuedMark

NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)


def side(number, day, origin, model=""):
    table = SimpleNamespace(origins=np.array([origin], dtype="datetime64[s]"))
    stored = SimpleNamespace(trained=SimpleNamespace(name=model)) if model else None
    return IssuedForecast(IssuedMark(NOW.replace(day=day), number, Path("x")), table, stored)


def compared(said, now, parts=None, *, first="2026-12-01", manner="total", series=1, **more):
    """Forecasts of days of as many series, one after the other; parts by what they come to at each step."""
    before, after = np.array(said, dtype=float), np.array(now, dtype=float)
    steps = len(before) // series
    stamps = np.datetime64(first, "s") + np.arange(steps) * np.timedelta64(1, "D")
    points = SharedPoints(
        series_ids=tuple("abcdef"[:series]),
        series=np.repeat(np.arange(series), steps),
        timestamps=np.tile(stamps, series),
        steps=np.tile(np.arange(1, steps + 1), series),
        before=before,
        after=after,
        lower=np.full(len(before), np.nan),
        upper=np.full(len(before), np.nan),
    )
    told = ForecastComparison(
        name="sales",
        target="sales",
        before=side(3, 1, "2026-10-31"),
        after=side(4, 30, "2026-11-29"),
        points=points,
        parts=None if parts is None else {name: np.full(len(before), float(own)) for name, own in parts.items()},
        columns=("promo",),
        manner=manner,
        leaves=np.ones(len(before), dtype=bool),
        since=None,
        history=None,
        frequency=parse_frequency("D"),
    )
    return replace(told, **more)


def sentence(comparison):
    return change_sentence(comparison, total_change(comparison))


def parts(data=0.0, covariates=0.0, weights=0.0):
    return {"data": data, "covariates": covariates, "weights": weights}


def test_a_planner_reads_how_much_and_why():
    told = compared([100] * 31, [95.9] * 31, parts(-5, 0, 0.9))
    assert sentence(told) == (
        "sales, December 2026: 4.1 % less than was said on 2026-11-01 (2,970 instead of 3,100): "
        "−5.0 % from the data since and +0.9 % from new weights (v4 instead of v3)."
    )
    total = total_change(told)
    assert (total.before, total.after, total.share) == pytest.approx((3100, 2972.9, -0.041))
    assert sum(total.parts.values()) == pytest.approx(total.after - total.before, abs=1e-9)


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (compared([100] * 30, [110] * 30, parts(10)), "sales, 2026-12-01 to 2026-12-30: 10 % more than"),
        (compared([100], [110], parts(10)), "sales, 2026-12-01: 10 % more than was said on 2026-11-01 (110 instead"),
        (compared([100], [110], parts(10)), ": all of it from the data since."),
        (compared([100], [110], parts(0, 10)), ": all of it from what is now planned (promo)."),
        (compared([100], [110], parts(0, 0, 10)), ": all of it from new weights (v4 instead of v3)."),
        (compared([100], [110], parts(10.001, 0, -0.001)), ": all of it from the data since."),
        (compared([100], [110], parts(4, 5, 1)), "+4.0 % from the data since, +5.0 % from what is now planned (promo) "
         "and +1.0 % from new weights"),
        (compared([100], [110]), "(110 instead of 100); what comes from what can't be told."),
        (compared([100], [110], parts(10), is_folded=True), "all of it from data and plans since."),
        (compared([100], [110], parts(10), after=side(4, 30, "2026-10-31")), "all of it from values corrected since."),
        (compared([100], [110], parts(10), after=side(2, 30, "2026-10-01")), "all of it from the data of then."),
        (compared([100], [110], parts(0, 0, 10), before=side(3, 1, "2026-10-31", "lstm"),
                  after=side(4, 30, "2026-11-29", "gru")), "from new weights (v4, gru, instead of v3, lstm)."),
        (compared([100, 50], [100, 50], parts()), "as was said on 2026-11-01, 150."),
        (compared([100, 50], [110, 40], parts()), "as was said on 2026-11-01, 150, though single steps moved."),
        (compared([0, 0], [6, 6], parts(6)), "12 more than was said on 2026-11-01 (12 instead of 0): all of it from"),
        (compared([0.0], [0.0], parts()), "as was said on 2026-11-01, 0."),
        (compared([1e-9], [50], parts(30, 0, 20)), "50 more than was said on 2026-11-01 (50 instead of 1e-09): "
         "+30 from the data since and +20 from"),
        (compared([20, 22], [19, 21], parts(-1), manner="mean"), "1 lower than was said on 2026-11-01 (20 instead of "
         "21 on average): all of it"),
        (compared([-2.0], [3.0], parts(4, 0, 1), manner="mean"), "5 higher than was said on 2026-11-01 (3 instead of "
         "-2 on average): +4 from the data since and +1 from new"),
        (compared([182, 184], [181, 182], parts(-2), manner="standing"), "sales, 2026-12-02: 1.1 % lower than was said "
         "on 2026-11-01 (182 instead of 184): all"),
        (compared([1000.4], [1000.2], parts(-0.2)), "less than 0.1 % less than was said on 2026-11-01 (1,000.2 instead "
         "of 1,000.4)"),
        (compared([100] * 4, [110] * 4, parts(10), series=2), "sales of all 2 series, 2026-12-01 to 2026-12-02: 10 %"),
        (compared([100], [110], parts(10), after=side(4, 1, "2026-11-29")), "10 % more than v3 said (110 instead"),
        (compared([100], [110], parts(10), after=side(3, 1, "2026-11-29")), "than was said at 03:15:00 UTC that day"),
    ],
)  # fmt: skip
def test_each_case_is_said_in_its_own_words(comparison, words):
    assert words in sentence(comparison)


def test_what_is_a_sum_of_others_is_not_counted_twice():
    told = compared([150, 100, 50], [165, 120, 45], parts(5), series=3, leaves=np.array([False, True, True]))
    assert (total_change(told).before, total_change(told).after, total_change(told).series) == (150, 165, 2)
    alone = told.some(["a"])
    assert (total_change(alone).before, total_change(alone).after) == (150, 165)


@pytest.mark.parametrize(
    ("came", "said", "words"),
    [
        (910, 960, "From 2026-11-02 to 2026-11-29 came 910 where 960 had been forecast, 5.2 % less."),
        (960, 960, "From 2026-11-02 to 2026-11-29 came what had been forecast, 960."),
        (5, 0, "came 5 where 0 had been forecast, 5 more."),
    ],
)
def test_what_came_since_is_told_beside_what_was_said(came, said, words):
    days = np.datetime64("2026-11-02", "s"), np.datetime64("2026-11-29", "s")
    told = change_sentences(compared([100], [110], parts(10), since=Since(*days, came, said)))
    assert any(words in text for text in told)


@pytest.mark.parametrize(
    ("after", "words"),
    [([10, 10], "All 2 new forecasts lie within"), ([10, 99], "1 of 2 new forecasts"), ([0, 99], "None of the 2 new")],
)
def test_it_is_told_how_many_new_forecasts_the_old_intervals_hold(after, words):
    told = compared([10, 10], after, parts())
    points = replace(told.points, lower=np.array([9.0, 9.0]), upper=np.array([11.0, 11.0]))
    assert any(text.startswith(words) for text in change_sentences(replace(told, points=points)))


def test_of_several_series_those_that_changed_most_are_named():
    told = change_sentences(compared([10, 10, 10, 10], [11, 40, 5, 10], parts(), series=4))
    assert told[-1] == "Most of it: b +30, c −5 and a +1."


def test_what_is_left_out_is_counted():
    told = compared([1], [2], parts(1))
    assert left_out_words(told) == ""
    points = replace(told.points, only_before=3, only_after=1)
    words = "Not compared: 3 steps that only the earlier forecast has and 1 step that only the later forecast has."
    assert left_out_words(replace(told, points=points)) == words
