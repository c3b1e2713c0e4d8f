"""Causes: which flags are events, what is made of them, and what dates say of the steps asked for."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.dates.calendar_features import calendar_features
from forecast.data.frequency import parse_frequency
from forecast.data.panel import panel_from_series
from forecast.models.covariates.covariate_settings import NEW
from forecast.models.covariates.encoding import learn_encoding
from forecast.models.covariates.regressors import COVARIATES, find_regressors, without_cycles
from told import AHEAD, shops, told

STEPS = 60


def flag_panel(*flags, steps=STEPS, **options):
    return told([np.ones(steps)] * len(flags), {"fair": list(flags)}, **options)


def at(*places, steps=STEPS):
    return np.isin(np.arange(steps), places).astype(float)


def causes_of(panel, calendar=False, country=None):
    encoding = learn_encoding(panel) if panel.covariates else None
    return find_regressors(panel, encoding, calendar=calendar, country=country)


def made(panel, regressors=None):
    """Returns the column of each cause of covariates by its name, and where each series begins in it."""
    regressors = regressors or causes_of(panel)
    laid = regressors.of_covariates(panel)
    names = [regressor.name for regressor in regressors.used if regressor.group == COVARIATES]
    return dict(zip(names, laid.known.T, strict=True))


@pytest.mark.parametrize(
    ("flag", "is_event"),
    [
        (at(10, 40), True),
        (at(10, 11, 12, 40, 41, 42), True),
        (at(10, 11, 12, 13), False),  # a week of promotion, not a day of something
        (at(*range(0, STEPS, 5)), False),  # every fifth day is no event
        (at(*range(0, STEPS, 7)), True),
    ],
)
def test_event_is_a_flag_that_is_rare_and_soon_over(flag, is_event):
    assert bool(causes_of(flag_panel(flag)).events) == is_event


def test_event_is_a_cause_before_and_after_and_month_by_month():
    panel = flag_panel(at(10, 40), first=[0])  # 11 January and 10 February 1970
    columns = made(panel)
    assert list(columns) == [
        "fair", "fair, 1 before", "fair, 2 before", "fair, 1 after", "fair in month 1", "fair in month 2"
    ]  # fmt: skip
    assert np.flatnonzero(columns["fair, 2 before"]).tolist() == [8, 38]
    assert np.flatnonzero(columns["fair, 1 before"]).tolist() == [9, 39]
    assert np.flatnonzero(columns["fair, 1 after"]).tolist() == [11, 41]
    assert np.flatnonzero(columns["fair in month 1"]).tolist() == [10]
    assert np.flatnonzero(columns["fair in month 2"]).tolist() == [40]


def test_what_comes_around_an_event_stays_in_its_series():
    columns = made(flag_panel(at(0, 30), at(29, 59)))
    for name, expected in {
        "fair, 1 before": [29, 88, 118],
        "fair, 2 before": [28, 87, 117],
        "fair, 1 after": [1, 31, 90],
    }.items():
        assert np.flatnonzero(columns[name]).tolist() == expected, name


def test_event_to_come_casts_its_shadow_on_the_last_steps_observed():
    flag = np.concatenate([at(10, 30), [1.0] + [0.0] * (AHEAD - 1)])
    columns = made(flag_panel(flag))
    assert np.flatnonzero(columns["fair, 1 before"]).tolist() == [9, 29, STEPS - 1]


def test_months_mean_nothing_to_monthly_data():
    names = [regressor.name for regressor in causes_of(flag_panel(at(10, 40), freq="MS")).used]
    assert names == ["fair", "fair, 1 before", "fair, 2 before", "fair, 1 after"]


def test_no_input_makes_more_causes_than_is_said():
    flag = at(*range(0, 400, 8), steps=400)
    assert len(made(flag_panel(flag, steps=400))) == NEW.most_made


def test_frequent_flag_moves_no_other_step():
    assert list(made(flag_panel(at(*range(0, STEPS, 3))))) == ["fair"]


def test_flag_that_is_not_set_before_the_end_is_no_cause():
    flag = np.concatenate([np.zeros(STEPS), np.ones(AHEAD)])
    assert causes_of(flag_panel(flag)).used == ()


def test_only_numbers_may_drift():
    drifting = [regressor.name for regressor in causes_of(shops()).used if not regressor.is_binary]
    assert drifting == ["price"]


@pytest.mark.parametrize(
    ("calendar", "country", "groups"),
    [
        (True, None, {"year", "month", "week"}),
        (False, "US", {"holiday"}),
        (True, "US", {"year", "month", "week", "holiday"}),
    ],
)
def test_dates_are_causes_as_far_as_they_are_asked_for(calendar, country, groups):
    panel = replace(shops(), covariates=None)
    regressors = causes_of(panel, calendar, country)
    assert {regressor.group for regressor in regressors.used} == groups
    assert regressors.of_covariates(panel) is None


def test_dates_say_the_same_of_a_step_whatever_is_asked_for():
    regressors = causes_of(shops(steps=400), calendar=True, country="US")
    frequency = parse_frequency("D")
    whole = regressors.dated(frequency, 0, 400)
    np.testing.assert_array_equal(regressors.dated(frequency, 100, 7), whole[100:107])
    book, names = calendar_features(frequency, 0, 400, "US"), [c.name for c in regressors.used if c.group != COVARIATES]
    np.testing.assert_array_equal(whole, book.values[:, [book.names.index(name) for name in names]])


def test_some_causes_are_told_as_they_were_among_all():
    panel = shops()
    regressors = causes_of(panel, calendar=True)
    which = np.arange(len(regressors.used)) % 3 == 0
    some = regressors.some(which)
    told_, count = regressors.of_covariates(panel).known, regressors.of_covariates(panel).known.shape[1]
    np.testing.assert_array_equal(some.of_covariates(panel).known, told_[:, which[:count]])
    dates = [regressors.dated(panel.frequency, 0, 30), some.dated(panel.frequency, 0, 30)]
    np.testing.assert_array_equal(dates[1], dates[0][:, which[count:]])
    assert (
        regressors.some(np.array([regressor.group != COVARIATES for regressor in regressors.used])).of_covariates(panel)
        is None
    )


def test_empty_panel_has_no_causes():
    assert causes_of(flag_panel(np.empty(0), steps=0), calendar=True).used == ()


@pytest.mark.parametrize(
    ("code", "seasons", "left"),
    [
        ("h", {24}, {"week", "month", "year"}),
        ("h", {24, 168}, {"month", "year"}),
        ("D", {7}, {"month", "year"}),
        ("D", {1}, {"week", "month", "year"}),
        ("B", {5}, {"month", "year"}),
        ("MS", {12}, {"length", "easter"}),
    ],
)
def test_a_cycle_that_is_a_season_is_no_cause(code, seasons, left):
    panel = panel_from_series([np.arange(5000.0)], code)
    regressors = find_regressors(panel, None, calendar=True, country=None)
    assert {regressor.group for regressor in without_cycles(regressors, panel.frequency, seasons).used} == left
