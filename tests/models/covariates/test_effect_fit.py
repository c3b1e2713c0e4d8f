"""Effects measured on panels whose effects are known."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.dates.calendar_features import calendar_features
from forecast.data.frequency import parse_frequency
from forecast.data.panel import panel_from_series
from forecast.models.covariates.effect_fit import fit_effects
from forecast.models.covariates.encoding import learn_encoding
from forecast.models.covariates.regressors import find_regressors
from told import flags, season, told

STEPS, SEASON, HORIZON = 210, 7, 14


def measured(panel, *, calendar=False, country=None, horizon=HORIZON, seasons=SEASON):
    encoding = learn_encoding(panel) if panel.covariates else None
    return fit_effects(panel, find_regressors(panel, encoding, calendar=calendar, country=country), seasons, horizon)


def by_name(effects):
    """Returns the effects on each series by their cause."""
    return (
        dict(zip([regressor.name for regressor in effects.regressors.used], effects.own.T, strict=True))
        if effects
        else {}
    )


def common(effects):
    """Returns the effects on a series that is new by their cause."""
    return (
        dict(zip([regressor.name for regressor in effects.regressors.used], effects.common, strict=True))
        if effects
        else {}
    )


def shops_with(effect, count=5, steps=STEPS, *, noise=0.1, seed=0, level=50.0, promo=None):
    """Returns a panel of sales with a season, a trend and a promotion with an effect, (S,) or one for all."""
    rng = np.random.default_rng(seed)
    promo = promo or flags(rng, count, steps)
    effect = np.broadcast_to(effect, count)
    values = [
        level * (i + 1) * season(steps) * np.exp(0.002 * np.arange(steps) + effect[i] * promo[i])
        * np.exp(rng.normal(0, noise, steps))
        for i in range(count)
    ]  # fmt: skip
    return told(values, {"promo": promo})


# Known effects


@pytest.mark.parametrize("effect", [0.4, -0.6])
@pytest.mark.parametrize("count", [1, 5])
def test_effect_that_multiplies_is_found(effect, count):
    found = by_name(measured(shops_with(effect, count)))["promo"]
    np.testing.assert_allclose(found, effect, atol=0.08)


def test_effect_on_a_series_below_zero_is_found_in_its_size():
    rng = np.random.default_rng(0)
    promo = flags(rng, 4, STEPS)
    values = [20 * season(STEPS) * rng.choice([-1, 1]) + 9 * promo[i] + rng.normal(0, 5, STEPS) - 15 for i in range(4)]
    panel = told(values, {"promo": promo})
    effects = measured(panel)
    assert (effects.sizes > 0).all()
    np.testing.assert_allclose(effects.own[:, 0] * effects.sizes, 9, atol=2)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_unit_of_the_target_changes_no_effect(scale):
    panel = shops_with(0.4)
    scaled = replace(panel, values=scale * panel.values)
    rtol = 1e-2 if scale < 1 else 1e-6
    np.testing.assert_allclose(measured(scaled).own, measured(panel).own, rtol=rtol)
    below = replace(panel, values=panel.values - 100)
    effects, large = measured(below), measured(replace(below, values=scale * below.values))
    np.testing.assert_allclose(large.own, effects.own, rtol=1e-6)
    np.testing.assert_allclose(large.sizes, scale * effects.sizes)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_unit_of_a_covariate_changes_nothing(scale):
    rng = np.random.default_rng(0)
    price = [rng.uniform(2, 4, STEPS) for _ in range(3)]
    values = [50 * season(STEPS) * np.exp(-0.5 * price[i] + rng.normal(0, 0.1, STEPS)) for i in range(3)]
    once, again = (measured(told(values, {"price": [k * one for one in price]})) for k in (1, scale))
    np.testing.assert_allclose(once.own, again.own, rtol=1e-5)
    assert (once.own < -0.2).all()


def test_order_of_the_series_changes_nothing():
    panel = shops_with([0.2, 0.3, 0.4, 0.5, 0.6])
    order = [3, 0, 4, 1, 2]
    turned = measured(panel.select(order))
    np.testing.assert_allclose(turned.own, measured(panel).own[order], rtol=1e-6)


def test_series_differ_as_far_as_they_say_so_and_lean_on_each_other():
    truth = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    effects = measured(shops_with(truth, noise=0.1))
    found = by_name(effects)["promo"]
    assert (np.diff(found) > 0.05).all()  # each its own
    assert common(effects)["promo"] == pytest.approx(0.5, abs=0.1)
    alike = by_name(measured(shops_with(0.5, noise=0.5)))["promo"]
    alone = [by_name(measured(shops_with(0.5, noise=0.5).select([i])))["promo"][0] for i in range(5)]
    assert np.std(alike) < 0.5 * np.std(alone)


def test_event_seen_once_by_each_series_is_found_by_all_together():
    fair = [np.isin(np.arange(STEPS), [50 + 10 * i]).astype(float) for i in range(8)]
    panel = shops_with(0.7, 8, promo=fair, noise=0.15)
    total = np.log(panel.values / measured(panel).remove(panel).values)
    happened = np.concatenate(fair) > 0
    assert total[happened].mean() == pytest.approx(0.7, abs=0.15)
    assert np.abs(total[~happened]).mean() < 0.02


def test_what_comes_before_an_event_is_found_too():
    steps = 2 * STEPS
    feast = np.isin(np.arange(steps), np.arange(20, steps, 40)).astype(float)
    eve = np.append(feast[1:], 0.0)
    rng = np.random.default_rng(0)
    values = [50 * season(steps) * np.exp(0.6 * eve - 0.9 * feast + rng.normal(0, 0.1, steps)) for _ in range(3)]
    panel = told(values, {"feast": [feast] * 3})
    total = np.log(panel.series(0) / measured(panel).remove(panel).series(0))
    assert total[eve > 0].mean() == pytest.approx(0.6, abs=0.1)
    assert total[feast > 0].mean() == pytest.approx(-0.9, abs=0.1)


def test_price_with_an_effect_is_used_and_one_that_only_drifts_is_not():
    rng = np.random.default_rng(1)
    price = [2 + np.repeat(rng.uniform(0, 2, 1 + STEPS // 10), 10)[:STEPS] for _ in range(5)]
    drift = [np.linspace(1, 2, STEPS) + np.cumsum(rng.normal(0, 0.02, STEPS)) for _ in range(5)]
    values = [50 * season(STEPS) * np.exp(-0.4 * price[i] + rng.normal(0, 0.1, STEPS)) for i in range(5)]
    effects = measured(told(values, {"price": price, "index": drift}))
    assert [regressor.name for regressor in effects.regressors.used] == ["price"]
    assert (effects.own < -0.1).all()


def test_covariate_without_an_effect_gets_nearly_none():
    effects = by_name(measured(shops_with(0.0)))
    assert np.abs(effects.get("promo", np.zeros(1))).max() < 0.03


def test_closing_days_are_told_from_the_others():
    rng = np.random.default_rng(0)
    is_open = [1.0 - flag for flag in flags(rng, 3, STEPS, 0.1)]
    values = [np.round(50 * season(STEPS) * rng.lognormal(0, 0.1, STEPS)) * one for one in is_open]
    panel = told(values, {"open": is_open})
    rest = measured(panel).remove(panel)
    np.testing.assert_array_equal(np.isnan(rest.values), np.concatenate(is_open) == 0)


def test_gaps_are_no_zeros():
    panel = shops_with(0.4)
    values = panel.values.copy()
    values[np.random.default_rng(1).random(len(values)) < 0.2] = np.nan
    np.testing.assert_allclose(by_name(measured(replace(panel, values=values)))["promo"], 0.4, atol=0.1)


# The calendar


def dated(effect, steps, *, group="holiday", name="a holiday", code="D", begin="2021-01-01", country="DE", period=7):
    """Returns a panel on which the dates have an effect."""
    frequency = parse_frequency(code)
    first = int(frequency.periods(np.array([begin], dtype="datetime64[s]"))[0])
    book = calendar_features(frequency, first, steps, country)
    column = book.values[:, book.names.index(name)]
    rng = np.random.default_rng(0)
    values = [50 * season(steps, 0.3, period) * np.exp(effect * column + rng.normal(0, 0.1, steps)) for _ in range(4)]
    return panel_from_series(values, code, first=[first] * 4), column


@pytest.mark.parametrize("calendar", [False, True])
@pytest.mark.parametrize("steps", [500, 900])  # below two years the time of year is no cause, but holidays are
def test_holidays_have_effects_however_short_the_data(steps, calendar):
    panel, holiday = dated(-0.7, steps)
    effects = measured(panel, calendar=calendar, country="DE", horizon=28)
    total = np.log(panel.series(0) / effects.remove(panel).series(0))
    assert total[holiday > 0].mean() == pytest.approx(-0.7, abs=0.1)
    assert np.abs(total[holiday == 0]).mean() < 0.05


def test_end_of_the_month_has_an_effect_in_a_single_year():
    panel, last = dated(0.6, 300, name="last day of the month", country=None)
    effects = measured(panel, calendar=True)
    assert {regressor.group for regressor in effects.regressors.used} == {"month"}
    total = np.log(panel.series(0) / effects.remove(panel).series(0))
    assert total[last > 0].mean() == pytest.approx(0.6, abs=0.1)


def test_time_of_year_is_looked_at_only_where_it_came_twice():
    for steps, groups in ((500, set()), (1300, {"year"})):
        panel, _ = dated(0.5, steps, name="sine 1 of the year", country=None)
        effects = measured(panel, calendar=True, horizon=28)
        assert ({regressor.group for regressor in effects.regressors.used} if effects else set()) == groups


@pytest.mark.parametrize(("code", "steps", "period"), [("h", 700, 24), ("h", 100, 24), ("D", 300, 7), ("B", 300, 5)])
def test_season_is_not_measured_again_as_time_of_day_or_week(code, steps, period):
    """What the filter leaves of it at the ends of the data is no evidence."""
    rng = np.random.default_rng(0)
    values = [50 * season(steps, 0.6, period) * np.exp(rng.normal(0, 0.1, steps)) for _ in range(5)]
    effects = measured(panel_from_series(values, code), calendar=True, seasons=period, horizon=2 * period)
    groups = {regressor.group for regressor in effects.regressors.used} if effects else set()
    assert not groups & {"day"} if code == "h" else not groups & {"week"}


def test_month_that_came_once_teaches_nothing():
    steps = 24 * 40
    rng = np.random.default_rng(0)
    values = [50 * np.exp(0.02 * rng.normal(0, 1, steps).cumsum()) * season(steps, 0.5, 24) for _ in range(5)]
    effects = measured(panel_from_series(values, "h"), calendar=True, seasons=24, horizon=48)
    assert "month" not in ({regressor.group for regressor in effects.regressors.used} if effects else set())


def test_dates_that_do_nothing_are_not_used():
    panel, _ = dated(0.0, 500, country="DE")
    assert measured(panel, calendar=True) is None


def test_months_with_five_saturdays_have_an_effect():
    panel, _ = dated(0.15, 90, name="Saturdays", code="MS", begin="2015-01-01", country=None, period=12)
    effects = measured(panel, calendar=True, seasons=12, horizon=12)
    assert {regressor.group for regressor in effects.regressors.used} == {"length"}


# What is awkward


@pytest.mark.parametrize("steps", [0, 1, 2, 7, 8, 9, 15])
def test_short_panel_has_effects_or_none_but_is_no_error(steps):
    rng = np.random.default_rng(0)
    for panel in (
        told([rng.uniform(1, 2, steps)], {"promo": flags(rng, 1, steps + 5)}),
        told([rng.uniform(1, 2, steps), np.empty(0)], {"price": [rng.uniform(1, 2, steps), np.empty(0)]}),
    ):
        effects = measured(panel, calendar=True)
        assert effects is None or np.isfinite(effects.own).all()


def test_short_and_empty_series_get_what_is_common():
    panel = shops_with(0.5, 4)
    short = panel.until([STEPS, STEPS, 5, 0])
    effects = measured(short)
    np.testing.assert_allclose(effects.own[2:], effects.common[None].repeat(2, axis=0), rtol=1e-6)
    assert common(effects)["promo"] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    "values",
    [np.zeros(60), np.full(60, 5.0), np.full(60, np.nan), np.full(60, -3.0), np.where(np.arange(60) % 9, 0.0, 4.0)],
    ids=["zero", "constant", "nothing", "negative", "intermittent"],
)
def test_series_without_much_to_tell_harms_no_other(values):
    panel = shops_with(0.5, 3, steps=60)
    covariates = panel.covariates
    promo = [covariates.known[60 * i : 60 * i + 60, 0] for i in range(3)]
    together = told([*(panel.series(i) for i in range(3)), values], {"promo": [*promo, promo[0]]})
    own, before = by_name(measured(together))["promo"], by_name(measured(panel))["promo"]
    assert np.isfinite(own).all()
    np.testing.assert_allclose(own[:3], before, atol=0.05)


def test_two_columns_that_say_the_same_share_the_effect():
    rng = np.random.default_rng(0)
    promo = flags(rng, 3, STEPS)
    values = [50 * season(STEPS) * np.exp(0.4 * promo[i] + rng.normal(0, 0.1, STEPS)) for i in range(3)]
    effects = by_name(measured(told(values, {"promo": promo, "again": promo})))
    np.testing.assert_allclose(effects["promo"] + effects["again"], 0.4, atol=0.08)
    np.testing.assert_allclose(effects["promo"], effects["again"], atol=1e-6)


def test_many_series_are_measured_on_some_and_the_others_get_what_is_common(monkeypatch):
    monkeypatch.setattr("forecast.models.covariates.effect_fit.MOST_SERIES", 3)
    effects = measured(shops_with([0.2, 0.3, 0.4, 0.5, 0.6]))
    differs = (effects.own != effects.common).any(axis=1)
    assert differs.tolist() == [True, False, True, False, True]


def test_future_changes_no_effect():
    rng = np.random.default_rng(0)
    promo = flags(rng, 2, STEPS + 20)
    values = [50 * season(STEPS) * np.exp(0.4 * one[:STEPS] + rng.normal(0, 0.1, STEPS)) for one in promo]
    other = [np.concatenate([one[:STEPS], 1 - one[STEPS:]]) for one in promo]
    np.testing.assert_array_equal(
        measured(told(values, {"promo": promo})).own, measured(told(values, {"promo": other})).own
    )


@pytest.mark.parametrize(("code", "season", "steps"), [("MS", 12, 24), ("MS", 12, 37), ("QS", 4, 12), ("QS", 4, 28)])
def test_few_months_and_quarters_tell_neither_of_easter_nor_of_their_lengths(code, season, steps):
    rng = np.random.default_rng(11)
    cycle = 100 + 8.5 * np.sin(2 * np.pi * np.arange(steps) / season)
    for _ in range(10):
        panel = panel_from_series([cycle + rng.normal(0, 1, steps)], code)
        assert fit_effects(panel, find_regressors(panel, None, calendar=True, country=None), season, season) is None
