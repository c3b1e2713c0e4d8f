from dataclasses import replace

import numpy as np
import pytest

from forecast.data.checks import seasons
from forecast.data.checks.seasons import seasons_of
from forecast.data.checks.survey import Unexpected, longer_step, measured, not_measured, survey
from forecast.data.frequency import parse_frequency
from forecast.data.panel import panel_from_series
from generated import CLEAN, growing_season


def calm(steps=60, seed=27):
    return np.random.default_rng(seed).normal(100, 5, steps)


def spots_of(panel):
    return {spot.finding.topic: spot for spot in survey(panel)}


def panel_with(*, at, values, others=3):
    """Returns a daily panel of which the second series has these values from a step on."""
    series = [calm(120, seed) for seed in range(others)]
    series[1][at : at + len(values)] = values
    return panel_from_series(series, "D", series_ids=[f"shop {i}" for i in range(others)])


@pytest.mark.parametrize("kind", CLEAN)
def test_clean_panel_gives_nothing(kind):
    rng = np.random.default_rng(28)
    assert survey(panel_from_series([kind(rng, 120) + 1000 for _ in range(5)], "MS")) == []


@pytest.mark.parametrize(
    ("topic", "at", "values", "grade", "words"),
    [
        (
            "gaps",
            20,
            [np.nan] * 3,
            "note",
            "1 of 3 series has gaps: 3 steps of 360 without a value (0.8 %), the longest",
        ),
        ("gaps", 20, [np.nan] * 40, "warning", "40 steps of 360"),
        ("constant", 0, [7.0] * 120, "warning", "1 of 3 series never changes: shop 1"),
        ("negative", 20, [-1.0], "warning", "1 value of 360 below 0 in 1 of 3 series, the lowest -1"),
        ("zeros", 0, [0.0, 0.0, 5.0] * 40, "note", "1 of 3 series is 0 in 30 % or more"),
        (
            "outliers",
            20,
            [5000.0],
            "warning",
            "1 value far from those around in 1 of 3 series: 1970-01-21 (5,000) of shop",
        ),
        ("outliers", 20, [150.0], "note", "1970-01-21 (150) of shop 1"),
        ("shifts", 60, [400.0 + i % 3 for i in range(60)], "warning", "stays in 1 of 3 series: 1970-03-02"),
    ],
)
def test_each_kind_is_one_finding_that_says_whose_it_is(topic, at, values, grade, words):
    spot = spots_of(panel_with(at=at, values=values))[topic]
    assert spot.finding.grade == grade
    assert words in spot.finding.text
    assert spot.series.tolist() == [1]
    assert all(120 + at <= step < 120 + at + len(values) for step in spot.steps)


def test_series_that_begin_late_and_end_early_are_named_once():
    panel = panel_from_series([calm(60), calm(50), calm(60)], "D", first=[0, 0, 5], series_ids=["a", "b", "c"])
    spots = spots_of(panel)
    assert spots["ends"].finding.text == "2 of 3 series end before 1970-03-06, such as a (forecast from there)"
    assert spots["starts"].finding.text == "1 of 3 series begins after 1970-01-01: c"


def test_last_step_is_named_when_most_series_fall_there():
    series = [np.append(calm(seed=seed), 8.0) for seed in range(3)]
    spot = spots_of(panel_from_series(series, "W"))["last"]
    assert "of 3 of 3 series" in spot.finding.text
    assert spot.steps.tolist() == [60, 121, 182]
    assert "last" not in spots_of(panel_from_series([series[0], calm(61), calm(61)], "W"))


def test_numbers_that_mean_not_measured_spoil_no_other_finding():
    series = growing_season(np.random.default_rng(29), 120)
    series[[30, 31, 50, 90]] = -9999
    panel = panel_from_series([series], "MS")
    assert not_measured(panel).tolist() == [30, 31, 50, 90]
    assert np.isnan(measured(panel).values).sum() == 4
    assert survey(panel) == []
    assert seasons_of(measured(panel))[0].strength > 0.9


def test_too_many_steps_are_looked_at_in_some_series_and_that_is_said(monkeypatch):
    monkeypatch.setattr(seasons, "MOST_STEPS", 240)
    panel = panel_with(at=20, values=[5000.0], others=10)
    assert spots_of(panel)["extent"].finding.text == (
        "outliers and jumps of the level were looked for in 2 of 10 series only"
    )


def test_what_a_model_did_not_expect_stands_in_for_the_quick_look():
    values = np.tile([10.0, 12.0, 11.0, 13.0], 30)
    values[50] = 500.0  # which the quick look would tell
    panel, one = panel_from_series([values, values + 5], "MS", series_ids=["a", "b"]), np.array([7])
    unexpected = Unexpected("shop v3", np.array([7, 130]), one, np.array([60]), np.array([20, 90]))
    told = {spot.finding.topic: spot.finding for spot in survey(panel, unexpected=unexpected)}
    assert told["outliers"].grade == "warning"
    assert told["outliers"].text == "2 values that shop v3 did not expect: 1970-08-01 (13) of a, 1970-11-01 (16) of b"
    assert told["shifts"].text.startswith("1 new level that shop v3 did not expect: 1975-01-01")
    assert told["courses"].text.startswith("2 stretches whose values together shop v3 did not expect: ")
    unsure = survey(panel, unexpected=replace(unexpected, sure=one[:0]))
    assert {spot.finding.topic: spot.finding.grade for spot in unsure}["outliers"] == "note"


@pytest.mark.parametrize(
    ("code", "longer"),
    [("15min", "D"), ("h", "D"), ("D", "W"), ("B", "W"), ("W-MON", "MS"), ("2W-MON", "MS"), ("MS", "QS"), ("QS", "YS")],
)
def test_longer_step_is_longer_than_that_of_the_data(code, longer):
    frequency = parse_frequency(code)
    assert longer_step(frequency) == f"--aggregate sum --freq {longer}"
    assert parse_frequency(longer).days > frequency.days


@pytest.mark.parametrize("code", ["YS", "row"])
def test_years_and_rows_have_no_longer_step(code):
    frequency = parse_frequency("D") if code == "row" else parse_frequency(code)
    assert longer_step(replace(frequency, unit="row") if code == "row" else frequency) == ""
