"""The rules of the book, and what is remembered of those that take a while; these have tests of their own."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecast.data.panel import panel_from_series
from forecast.models.classical import baselines
from forecast.models.classical.autoregression import seasonal_autoregression
from forecast.models.classical.baselines import Baseline, baseline, drift, naive, seasonal_naive
from forecast.models.classical.local_ridge import local_ridge
from forecast.models.classical.similar_days import similar_days
from forecast.models.classical.theta import exponential_smoothing
from forecast.models.forecaster import Watcher
from forecast.models.method_settings import CURRENT
from forecast.run import SILENT, Cache, Run
from runs import QUIET
from tiny import awkward_panel, with_values

NAN = np.nan
OTHER = replace(
    CURRENT.classical,
    theta=replace(CURRENT.classical.theta, theta=0.9, levels=(0.9,), level_priors=(1.0,)),
    local_ridge=replace(CURRENT.classical.local_ridge, prior=5.0),
)
NAMES = ["naive", "seasonal-naive", "drift"]
REPEATABLE = settings(deadline=None, derandomize=True)
VALUES = st.one_of(st.just(NAN), st.integers(-50, 50).map(float))
SERIES = st.lists(arrays(np.float64, st.integers(0, 15), elements=VALUES), min_size=1, max_size=5)


def forecast(name, panel, horizon=5, season=3):
    model = Baseline(name, horizon, season, CURRENT.classical).fit(panel, Watcher())
    members = model.predict_members(panel)
    assert (members.views, members.seeds) == ((name,), (0,))
    assert (model.parameters, model.curve) == (None, None)
    return members.values[0]


def slowly(name, values, step, season):
    if not values:
        return 0.0
    if name == "seasonal-naive" and len(values) >= season:
        return values[len(values) - season + (step - 1) % season]
    if name == "drift" and len(values) > 1:
        return values[-1] + step * (values[-1] - values[0]) / (len(values) - 1)
    return values[-1]


@REPEATABLE
@given(SERIES, st.integers(1, 6), st.sampled_from(NAMES))
def test_rules_are_those_of_the_book_series_by_series(series, season, name):
    panel = panel_from_series(series, "D")
    values = forecast(name, panel, season=season)
    for i in range(len(panel)):
        filled = list(panel.filled[panel.offsets[i] : panel.offsets[i + 1]])
        expected = [slowly(name, filled, step, season) for step in range(1, 6)]
        np.testing.assert_allclose(values[i], expected, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_gap_at_the_origin_carries_the_last_value_on(name):
    panel = panel_from_series([[4, 4, 4, 4, NAN, NAN]], "D")
    np.testing.assert_allclose(forecast(name, panel), 4)


@pytest.mark.parametrize("name", NAMES)
def test_empty_series_has_no_say_in_its_neighbours_forecasts(name):
    line = np.arange(1.0, 11)
    alone = forecast(name, panel_from_series([line], "D"))
    values = forecast(name, panel_from_series([[], line, []], "D"))
    np.testing.assert_array_equal(values[1], alone[0])
    np.testing.assert_array_equal(values[[0, 2]], 0)


def test_each_rule_continues_what_it_is_for():
    np.testing.assert_array_equal(naive(panel_from_series([[7.0] * 5], "D"), 3), [[7, 7, 7]])
    np.testing.assert_array_equal(seasonal_naive(panel_from_series([[1, 2, 3] * 3], "D"), 4, 3), [[1, 2, 3, 1]])
    np.testing.assert_array_equal(drift(panel_from_series([np.arange(5.0)], "D"), 3), [[5, 6, 7]])


def test_fit_is_done_at_once():
    shares = []
    Baseline("naive", 3, 1, CURRENT.classical).fit(panel_from_series([[1.0]], "D"), Watcher(shares.append))
    assert shares == [1.0]


def test_slow_rules_are_asked_for_with_the_seasons_they_are_for(awkward):
    def ask(name, longer=()):
        return Baseline(name, 6, 4, CURRENT.classical, longer).predict_members(awkward).values[0]

    now = CURRENT.classical
    smoothed = exponential_smoothing(awkward, 6, 4, now.theta, now.seasonality)
    alike = similar_days(awkward, 6, (4,), 500, replace(now.similar_days, power=now.beside_smoothing.power))
    stepwise = seasonal_autoregression(awkward, 6, (4,), 500, now.autoregression, now.seasonality)
    lived = np.minimum(awkward.lengths, 500)[:, None] / 4
    each = now.beside_smoothing.share * lived / (lived + now.beside_smoothing.few)
    known = ~np.isnan(alike)
    assert 0 < known.sum() < known.size
    together = (1 - 2 * each) * smoothed + each * stepwise + each * alike
    assert np.abs(together - smoothed)[known].max() > 0.01
    for longer in [(), (8,)]:
        np.testing.assert_allclose(ask("smoothing", longer)[known], together[known], rtol=1e-12)
    for longer in [(), (8,)]:
        regressed = local_ridge(awkward, 6, (4, *longer), CURRENT.classical.local_ridge)
        assert not np.isnan(regressed[0]).any()
        known = ~np.isnan(regressed)
        stepwise = seasonal_autoregression(awkward, 6, (4, *longer), 1200, now.autoregression, now.seasonality)
        both = (1 - now.autoregression.share) * regressed + now.autoregression.share * stepwise
        if longer:
            alike, share = similar_days(awkward, 6, (4, *longer), 1200, now.similar_days), now.similar_days.share
            both = np.where(np.isnan(alike), both, (1 - share) * both + share * alike)
        np.testing.assert_array_equal(ask("local-ridge", longer)[known], both[known])


def test_series_too_short_for_a_regression_repeat_their_season():
    panel = panel_from_series([[4.0, 7.0, 5.0, 6.0, 8.0], [3.0], [], np.arange(60.0)], "D")
    forecasts = baseline("local-ridge", panel, 6, (4,), CURRENT.classical)
    np.testing.assert_array_equal(forecasts[:3], seasonal_naive(panel, 6, 4)[:3])
    np.testing.assert_array_equal(
        np.isnan(local_ridge(panel, 6, (4,), CURRENT.classical.local_ridge)).all(axis=1), [True, True, True, False]
    )


@pytest.mark.parametrize("name", ["smoothing", "local-ridge"])
def test_forecasts_are_remembered_by_all_they_depend_on_and_no_more_than_so_many(name, awkward, monkeypatch):
    counted = []
    rule = {"smoothing": "_smoothing", "local-ridge": "_local_ridge"}[name]
    compute = getattr(baselines, rule)
    monkeypatch.setattr(baselines, "KEPT_BASELINES", 3)
    monkeypatch.setattr(baselines, rule, lambda *given: counted.append(1) or compute(*given))
    run = Run(QUIET.machine, SILENT, QUIET.clock, Cache())
    first = baseline(name, awkward, 6, (4,), CURRENT.classical, run)
    baseline(name, awkward, 6, (4,), CURRENT.classical, run)[:] = 0  # what a caller does to its own copy
    np.testing.assert_array_equal(
        baseline(name, awkward.select([0, 1, 2, 3, 4, 5]), 6, (4,), CURRENT.classical, run), first
    )
    assert len(counted) == 1
    others = [(awkward, 5, (4,)), (awkward, 6, (3,)), (awkward, 6, (4, 8)), (awkward.select([0, 1]), 6, (4,))]
    for panel, horizon, seasons in others:
        assert baseline(name, panel, horizon, seasons, CURRENT.classical, run).shape == (len(panel), horizon)
    assert len(counted) == 5
    np.testing.assert_array_equal(baseline(name, awkward, 6, (4,), CURRENT.classical, run), first)
    assert len(counted) == 6  # the oldest had gone
    baseline(name, awkward, 6, (4,), CURRENT.classical)
    assert len(counted) == 7  # without a cache that was handed in, nothing is remembered


@pytest.mark.parametrize("name", ["smoothing", "local-ridge"])
@pytest.mark.parametrize("differs", ["values", "bounds", "fill", "settings"])
def test_what_is_remembered_of_one_panel_is_no_forecast_of_another(name, differs):
    run = Run(QUIET.machine, SILENT, QUIET.clock, Cache())
    panel = awkward_panel()
    one, other, rules = panel, panel, CURRENT.classical
    if differs == "values":
        other = with_values(panel, panel.values[::-1].copy())
    elif differs == "bounds":
        values = panel.filled[:40]
        one, other = (panel_from_series([values[:cut], values[cut:]], "D") for cut in (15, 25))
    elif differs == "fill":
        other = awkward_panel("zero")
    else:
        rules = OTHER
    first = baseline(name, one, 6, (4,), CURRENT.classical, run)
    expected = baseline(name, other, 6, (4,), rules)
    assert not np.array_equal(first, expected, equal_nan=True)
    np.testing.assert_array_equal(baseline(name, other, 6, (4,), rules, run), expected)
