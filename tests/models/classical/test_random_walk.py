"""What behaves like a random walk, whatever its calendar, and what does not."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.models.classical.random_walk import RULE, WalkRule, behaves_like_walk, walks

STEPS, H, WEEK = 400, 14, 7
EVERYTHING = WalkRule(
    least=2, horizons=0, undone=-9, going_on=9, explained=9, drift=99, season=99, strength=9, strays=0, share=RULE.share
)
"""Nothing speaks against a walk."""


def noise(seed, steps=STEPS):
    return np.random.default_rng(seed).standard_normal(steps)


def price(seed=0, steps=STEPS, size=0.02):
    return 50 * np.exp(np.cumsum(size * noise(seed, steps)))


def autoregression(shocks, share):
    values = np.zeros(len(shocks))
    for step in range(1, len(shocks)):
        values[step] = share * values[step - 1] + shocks[step]
    return values


def cycle(shocks):
    """Returns what goes round in about eleven steps, as sunspots and lynxes do."""
    values = np.zeros(len(shocks))
    for step in range(2, len(shocks)):
        values[step] = 1.62 * values[step - 1] - 0.92 * values[step - 2] + shocks[step]
    return values


WEEKLY = np.tile([0.0, 2.0, 1.0, -1.0, 3.0, 5.0, -4.0], 60)[:STEPS]
TEMPERATURE = 20 + autoregression(noise(3), 0.6)
OTHERS = {
    "undone": 100 + noise(1) + np.cumsum(0.5 * noise(2)),
    "strays": TEMPERATURE,
    "season": 100 + np.cumsum(0.5 * noise(4)) + WEEKLY,
    "drift": 100 + 0.5 * np.arange(STEPS) + np.cumsum(noise(5)),
    "explained": 50 + cycle(noise(7)),
    "going_on": 200 + 5 * np.cumsum(autoregression(0.1 * noise(6), 0.95)),
}
"""What is no walk, by the one thing that tells it."""


def is_walk(values, code="D", season=WEEK, rule=RULE, horizon=H):
    return bool(walks(panel_from_series([values], code), horizon, season, rule)[0])


@pytest.mark.parametrize("code", ["min", "h", "D", "B", "W", "MS", "QS", "YS"])
def test_a_walk_is_one_by_any_calendar(code):
    assert is_walk(price(), code, season=1)


@pytest.mark.parametrize("season", [1, 5, 12, 52])
def test_a_walk_is_one_by_any_season(season):
    assert is_walk(price(1), season=season)


@pytest.mark.parametrize(
    "values",
    [
        np.cumsum(noise(0)),  # below zero too
        50 * np.exp(np.cumsum(0.02 * np.random.default_rng(0).standard_t(3, STEPS))),
        50 * np.exp(autoregression(0.02 * noise(7), 0.99)),  # drawn back, but in more steps than the horizon has
        np.round(20 * np.exp(np.cumsum(np.where(noise(8) > 1.5, 0.05 * noise(9), 0))), 2),  # mostly as before
        price(0, 40),  # short
        price(10, 20 * STEPS, 0.005).reshape(STEPS, 20).mean(axis=1),  # what a month's days were on the mean
    ],
    ids=["raw", "wild", "slow", "sticky", "short", "averaged"],
)
def test_prices_of_many_kinds_are_walks(values):
    assert is_walk(values, season=1, horizon=12)


@pytest.mark.parametrize("told_by", OTHERS)
def test_each_thing_that_speaks_against_a_walk_is_enough(told_by):
    only = replace(EVERYTHING, **{told_by: getattr(RULE, told_by)})
    assert not is_walk(OTHERS[told_by], rule=only)
    assert not is_walk(OTHERS[told_by])
    assert is_walk(OTHERS[told_by], rule=EVERYTHING)
    assert is_walk(price(), rule=only)


@pytest.mark.parametrize("steps", [60, 120, STEPS])
def test_what_goes_round_is_no_walk_though_it_strays_as_far(steps):
    values = 50 + cycle(noise(7, steps))
    assert is_walk(values, season=1, horizon=5, rule=replace(RULE, explained=9))
    assert not is_walk(values, season=1, horizon=5)


@pytest.mark.parametrize(("code", "season"), [("D", 1), ("MS", 1)])
def test_the_seasons_of_the_frequency_are_looked_for_where_the_plan_has_none(code, season):
    frequency = panel_from_series([price()], code).frequency
    cycle = np.random.default_rng(0).standard_normal(frequency.seasons[0])
    values = 100 + np.resize(3 * cycle, STEPS) + np.cumsum(noise(4))
    assert not is_walk(values, code, season)


def test_a_significant_trend_that_is_worth_nothing_over_a_horizon_does_not_count():
    values = np.cumsum(noise(0) - noise(0).mean() + 0.13)  # more than two standard errors
    assert is_walk(values, season=1)
    assert not is_walk(values, season=1, rule=replace(RULE, worth=0.1))


def test_two_prices_differ_in_nothing_but_their_unit():
    for values in (price(), OTHERS["strays"]):
        assert is_walk(values) == is_walk(1e6 * values) == is_walk(1e-6 * values)


@pytest.mark.parametrize("values", [[], [3.0], np.full(100, 7.0), np.arange(100.0), [np.nan] * 60, price(0, 20)])
def test_what_tells_nothing_is_no_walk(values):
    assert not is_walk(np.asarray(values, float), season=1, horizon=3)


def test_most_series_decide():
    shop = OTHERS["season"]
    assert behaves_like_walk(panel_from_series([price(), shop], "D"), H, WEEK)
    assert not behaves_like_walk(panel_from_series([price(), shop, shop], "D"), H, WEEK)
    assert not behaves_like_walk(panel_from_series([], "D"), H, WEEK)


def test_each_series_is_looked_at_by_itself(monkeypatch):
    many = [price(0, 300), OTHERS["strays"], price(1, 60), np.full(50, 3.0), price(2)]
    together = walks(panel_from_series(many, "D"), H, WEEK)
    assert list(together) == [is_walk(values) for values in many]
    monkeypatch.setattr("forecast.models.classical.random_walk.BLOCK", 1)
    assert list(walks(panel_from_series(many, "D"), H, WEEK)) == list(together)


def test_only_the_newest_steps_count():
    values = np.concatenate([TEMPERATURE, TEMPERATURE[-1] * price(3, RULE.steps) / 50])
    assert is_walk(values, season=1)
    assert not is_walk(values[: -RULE.steps // 2], season=1)
