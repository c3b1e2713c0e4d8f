"""What happens to most series on one step is told once, and hides nothing of one series."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.anomalies.reasons import reason_of
from forecast.evaluation.anomalies.residuals.cross_section import beside_others, cross_section
from forecast.evaluation.anomalies.search import AnomalyInput, search
from forecast.evaluation.anomalies.settings import SETTINGS

SERIES, STEPS, CLOSED, OWN = 12, 120, 70, 90


def shops(count=SERIES, spared=()):
    rng = np.random.default_rng(5)
    values = 100 + rng.normal(0, 3, (count, STEPS))
    values[[i for i in range(count) if i not in spared], CLOSED] -= 60
    values[3, OWN] += 40
    return panel_from_series(list(values), "D", target="sold")


def peaks(panel, kind="auto"):
    found = search(AnomalyInput(panel, ()), kind, 0.001)
    sure = [one for one in found.episodes if one.false_discoveries < 0.1]
    return sorted((one.peak - panel.offsets[one.series], one.others) for one in sure), sure


@pytest.mark.parametrize("kind", ["auto", "point"])
def test_what_happens_to_all_series_at_once_is_one_alarm_and_what_happens_to_one_another(kind):
    panel = shops()
    places, episodes = peaks(panel, kind)
    assert places == [(CLOSED, SERIES), (OWN, 0)]
    closed = next(one for one in episodes if one.others)
    assert reason_of(closed, panel).endswith("told once for 12 of 12 series that are lower than expected")
    assert closed.expected == pytest.approx(100, abs=5)


def test_the_series_that_did_not_go_along_is_told_too():
    panel = shops(spared=(7,))
    found = search(AnomalyInput(panel, ()), "auto", 0.001).episodes
    assert {one.series for one in found if one.peak - panel.offsets[one.series] == CLOSED and not one.others} == {7}
    assert [one.alike for one in found if one.others] == [SERIES - 1]


def test_a_day_on_which_all_close_is_no_alarm_of_those_that_had_more_or_less_to_lose():
    rng = np.random.default_rng(5)
    values = np.linspace(60, 240, SERIES)[:, None] + rng.normal(0, 3, (SERIES, STEPS))
    values[:, CLOSED] = 0
    panel = panel_from_series(list(values), "D", target="sold")
    assert peaks(panel)[0] == [(CLOSED, SERIES)]


@pytest.mark.parametrize("kind", ["auto", "point"])
def test_days_in_a_row_on_which_all_are_off_are_one_alarm(kind):
    rng = np.random.default_rng(7)
    values = 100 + rng.normal(0, 3, (SERIES, STEPS))
    values[:, CLOSED : CLOSED + 3] -= 60
    panel = panel_from_series(list(values), "D")
    sure = [one for one in search(AnomalyInput(panel, ()), kind, 0.001).episodes if one.false_discoveries < 0.1]
    assert [one.others for one in sure] == [SERIES]
    assert sure[0].onset - panel.offsets[sure[0].series] <= CLOSED
    assert sure[0].end - panel.offsets[sure[0].series] >= CLOSED + 2


@pytest.mark.parametrize("kind", ["auto", "level"])
def test_a_new_level_of_all_series_is_told_once_and_as_what_it_is(kind):
    rng = np.random.default_rng(6)
    values = 100 + rng.normal(0, 3, (SERIES, STEPS))
    values[:, CLOSED:] += 40
    panel = panel_from_series(list(values), "D")
    sure = [one for one in search(AnomalyInput(panel, ()), kind, 0.001).episodes if one.false_discoveries < 0.1]
    told = [one for one in sure if one.others]
    assert [(one.kind, one.onset - panel.offsets[one.series], one.others) for one in told] == [
        ("level shift", CLOSED, SERIES)
    ]
    assert told[0].size == pytest.approx(40, abs=5)
    assert reason_of(told[0], panel).endswith("told once for 12 of 12 series that are higher than expected")


@pytest.mark.parametrize("kind", ["auto", "shape"])
def test_a_day_on_which_all_close_makes_no_course_unusual(kind):
    rng, t = np.random.default_rng(4), np.arange(2 * STEPS)
    values = np.stack([100 + 20 * k + 10 * np.sin(2 * np.pi * t / 7) + rng.normal(0, 3, len(t)) for k in range(10)])
    values[:, 2 * CLOSED] = 0
    found = search(AnomalyInput(panel_from_series(list(values), "D"), (7,)), kind, 0.001).episodes
    assert [one.kind for one in found if one.false_discoveries < 0.1] == (["dip"] if kind == "auto" else [])


def test_few_series_say_nothing_of_one_another():
    panel = shops(SETTINGS.least_series - 1)
    residuals = search(AnomalyInput(panel, ()), "point", 0.001).scores.residuals
    assert beside_others(panel, residuals, SETTINGS) is residuals


def test_the_steps_of_series_that_begin_at_other_times_are_held_together_by_their_dates():
    first = np.arange(SERIES)
    panel = replace(shops(), first=first)
    errors = np.zeros(len(panel.values))
    errors[panel.offsets[:-1] + CLOSED - first] = -np.linspace(4, 5, SERIES)
    section = cross_section(panel, errors.take, SETTINGS)
    assert section.ordinals[section.median != 0].tolist() == [CLOSED]
    assert section.median.min() == pytest.approx(-4.5)
    assert -4.5 <= section.usual.min() < -4.3
    assert section.at(np.array([CLOSED - 1, CLOSED, 10_000]))[0].tolist() == [0, section.usual.min(), 0]


def test_a_median_that_may_be_chance_counts_nothing():
    panel = shops()
    section = cross_section(panel, np.random.default_rng(0).normal(size=len(panel.values)).take, SETTINGS)
    assert (section.median != 0).all()
    assert (section.usual == 0).mean() > 0.8
    assert np.abs(section.usual).mean() < np.abs(section.median).mean() / 4


def test_steps_on_which_some_series_are_off_and_calm_ones_are_known_as_far_as_they_are_sure():
    rng, steps = np.random.default_rng(4), 120
    errors = rng.normal(size=(100, steps))
    errors[:, ::6] *= rng.choice([1, 3], p=[0.7, 0.3], size=(100, 20))  # before a holiday some are off, not most
    errors[:, 3::6] *= 0.5
    panel = panel_from_series(list(errors), "D")
    section = cross_section(panel, errors.ravel().take, SETTINGS)
    some, calm = section.spread[::6], section.spread[3::6]
    assert (some > 1.15).mean() > 0.8
    assert (calm < 0.85).mean() > 0.8
    assert np.median(section.spread[1::6]) == pytest.approx(1, abs=0.05)
    assert section.spread.max() <= SETTINGS.apart_most + 1e-9
