"""Unequal panels: shops that begin late, end early, are new, close or seldom sell, and none harms the others."""

import numpy as np
import pytest

from forecast.models.forecaster import Watcher
from forecast.models.networks.fitting import RecurrentForecaster
from forecast.specs import View
from marks import slow_but
from runs import QUIET
from tiny import tiny_spec
from told import season, told

STEPS, HORIZON, WEEK = 140, 7, 7
PROMO = 0.6
SPEC = tiny_spec(
    "gru",
    window=28,
    horizon=HORIZON,
    season=WEEK,
    segment=7,
    units=8,
    batch_size=32,
    steps=60,
    views=(View("mean-season", WEEK, scale="series"),),
)
HARM = 0.03
"""Share by which one more series may move the forecasts of the others, on average."""


class Shop:
    """One series of sales, with a promotion, and closed where nothing is sold and everybody knows it."""

    def __init__(self, seed, steps=STEPS, *, first=0, level=40.0, closed=(), promo=0.3, values=None):
        rng = np.random.default_rng(seed)
        total = STEPS - first + HORIZON
        self.first = first
        self.promo = (rng.random(total) < promo).astype(float)
        self.promo[STEPS - first :] = np.arange(HORIZON) % 2
        self.open = np.ones(total)
        self.open[[at - first for at in closed if at >= first]] = 0
        if values is None:
            wave = season(STEPS)[first : first + steps] if first else season(steps)
            values = level * wave * np.exp(PROMO * self.promo[:steps] + rng.normal(0, 0.1, steps)) * self.open[:steps]
        self.values = values


def panel_of(*shops):
    ids = ["a", "b", "c", "d", "e", "odd"][: len(shops)]
    known = {"promo": [shop.promo for shop in shops], "open": [shop.open for shop in shops]}
    return told([shop.values for shop in shops], known, first=[shop.first for shop in shops], series_ids=ids)


CLOSED = (13, 48, 76, 104, 118, 121, 144)  # the last one is the fifth day of the horizon
USUAL = [Shop(seed, level=30.0 + 10 * seed, closed=CLOSED) for seed in range(5)]
SELDOM = np.random.default_rng(9).poisson(0.25, STEPS).astype(float)
ODD = {
    "begins late": Shop(7, 50, first=90, closed=CLOSED),
    "ended early": Shop(7, 100, closed=CLOSED),
    "new": Shop(7, 14, first=STEPS - 14, promo=0.0),
    "newer than its first week": Shop(7, 4, first=STEPS - 4),
    "closed on Sundays": Shop(7, closed=[*range(3, STEPS + HORIZON, 7)]),
    "closed for months": Shop(7, closed=range(30, 90)),
    "seldom sells": Shop(7, values=SELDOM),
    "never sells": Shop(7, values=np.zeros(STEPS)),
    "large": Shop(7, level=1e6, closed=CLOSED),
    "tiny": Shop(7, level=1e-6, closed=CLOSED),
    "nothing": Shop(7, values=np.full(STEPS, np.nan)),
}


def forecasts(panel):
    model = RecurrentForecaster("gru", SPEC, QUIET).fit(panel, Watcher())
    return np.median(model.predict_members(panel).values, axis=0)


@pytest.fixture(scope="module")
def usual():
    return forecasts(panel_of(*USUAL))


@pytest.fixture(scope="module")
def beside():
    """Returns the forecasts of the usual shops and an odd one that was trained with them, by what is odd."""
    found = {}

    def forecast(odd):
        if odd not in found:
            found[odd] = forecasts(panel_of(*USUAL, ODD[odd]))
        return found[odd]

    return forecast


def expected(shop, level):
    steps = np.arange(STEPS, STEPS + HORIZON)
    return level * season(STEPS + HORIZON)[steps] * np.exp(PROMO * shop.promo[-HORIZON:]) * shop.open[-HORIZON:]


@pytest.mark.slow
@pytest.mark.parametrize("odd", slow_but(["begins late", "never sells"], ODD))
def test_odd_shop_harms_no_other(odd, usual, beside):
    among = beside(odd)[:5]
    assert np.isfinite(beside(odd)).all()
    assert np.abs(among - usual).mean() < HARM * usual.mean()


@pytest.mark.slow
def test_usual_shops_are_forecast_well(usual):
    truth = np.array([expected(shop, 30.0 + 10 * seed) for seed, shop in enumerate(USUAL)])
    assert np.abs(usual - truth).mean() < 0.12 * truth.mean()


def test_closing_day_is_forecast_as_nearly_nothing(usual):
    assert (usual[:, 4] < 0.05 * usual.mean()).all()


LITTLE = ["begins late", "new", "newer than its first week", "closed for months"]


@pytest.mark.parametrize("odd", slow_but(LITTLE[:1], LITTLE))
def test_shop_with_little_history_is_forecast_like_the_others(odd, beside):
    shop, truth = ODD[odd], expected(ODD[odd], 40.0)
    is_open = truth > 0
    assert np.abs(beside(odd)[5] - truth)[is_open].mean() < 0.25 * truth[is_open].mean(), shop


def test_new_shop_borrows_the_effect_of_a_promotion_that_it_never_had(beside):
    shop, own = ODD["new"], beside("new")[5] / season(STEPS + HORIZON)[STEPS:]
    assert not shop.promo[:14].any()
    on, off = own[shop.promo[-HORIZON:] > 0].mean(), own[shop.promo[-HORIZON:] == 0].mean()
    assert np.log(on / off) == pytest.approx(PROMO, abs=0.15)


def test_weekly_closing_day_is_forecast_as_nearly_nothing(beside):
    own, is_open = beside("closed on Sundays")[5], ODD["closed on Sundays"].open[-HORIZON:] > 0
    assert (own[~is_open] < 0.05 * own[is_open].mean()).all()
    truth = expected(ODD["closed on Sundays"], 40.0)
    assert np.abs(own - truth)[is_open].mean() < 0.15 * truth.mean()


def test_shop_that_seldom_sells_is_forecast_between_nothing_and_its_most(beside):
    own = beside("seldom sells")[5]
    assert (own > -0.1).all()
    assert own.max() < SELDOM.max()


def test_shop_that_never_sold_is_forecast_to_sell_nothing(beside):
    np.testing.assert_allclose(beside("never sells")[5], 0, atol=1e-6)
