"""What a run says of what it used beside the target, against what its effects do."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.decoding import encode
from forecast.evaluation.summary import CovariateEffect, UsualChange
from forecast.experiment.covariate_effects import CovariateUse, calendar_words, covariate_use
from forecast.models.covariates.covariate_model import fit_covariate_model
from told import shops, told, told_spec


def experiment_of(panel, spec):
    """What an experiment knows of covariates once its networks are trained; None of them without a spec."""
    model = SimpleNamespace(covariate_model=fit_covariate_model(panel, spec)) if spec else None
    memory = {(spec, b""): model} if spec else {}
    covariate_model = model.covariate_model if model else None
    return SimpleNamespace(reading=SimpleNamespace(panel=panel), covariate_model=covariate_model, memory=memory)


def with_known(panel, name, value):
    """The same panel with one known column that is always so."""
    place = [column.name for column in panel.covariates.of("known")].index(name)
    known = panel.covariates.known.copy()
    known[:, place] = value
    return replace(panel, covariates=replace(panel.covariates, known=known))


def test_shares_are_what_the_effects_do_to_a_forecast():
    panel = shops(4, 120)
    experiment = experiment_of(panel, told_spec("gru"))
    used, effects = covariate_use(experiment), experiment.covariate_model.effects
    ones = np.ones((len(panel), 1))
    without, having = (effects.restore(ones, with_known(panel, "promo", value))[:, 0] for value in (0, 1))
    shares = having / without - 1
    effect = used.effects["promo"]
    assert effect.share == pytest.approx(shares.mean())
    assert (effect.low, effect.high) == pytest.approx(np.quantile(shares, [0.05, 0.95]))
    assert effect.share == pytest.approx(np.expm1(0.5), abs=0.1)
    assert effect.per == "set"
    price = used.effects["price"]
    spread = np.concatenate([panel.covariates.known[:, 3]]).std()
    assert price.share == pytest.approx(np.expm1(-0.3 * spread), abs=0.05)
    assert price.per == "deviation"
    mean = panel.covariates.known[:, 3].mean()
    assert (price.change.size, price.change.is_share) == (-0.1, True)
    assert price.change.share == pytest.approx(np.expm1(0.3 * 0.1 * mean), abs=0.02)
    assert price.words == f"10 % lower: +{round(100 * price.change.share)} %"


def test_event_is_told_of_as_a_whole_whatever_its_month():
    panel = shops(3, 200)
    feast = np.isin(np.arange(206), (5, 47, 91, 133, 177)).astype(float)
    known = panel.covariates.known.copy()
    known[:, 1] = np.tile(feast, 3)
    values = panel.values * np.exp(-1.2 * np.tile(feast[:200], 3))
    panel = replace(panel, values=values, covariates=replace(panel.covariates, known=known))
    used = covariate_use(experiment_of(panel, told_spec("lstm")))
    assert used.effects["feast"].share == pytest.approx(np.expm1(-1.2), abs=0.15)
    assert not [name for name in used.effects if "month" in name or "before" in name]


def test_columns_without_effects_enter_the_networks_or_are_not_used():
    panel = shops()
    used = covariate_use(experiment_of(panel, told_spec("gru")))
    assert used.seen == ("guests", "region", "size")
    alone = covariate_use(experiment_of(panel, told_spec("linear")))
    assert (alone.seen, alone.idle) == ((), ("guests", "region", "size"))
    nothing = covariate_use(experiment_of(panel, None))
    assert (nothing.effects, nothing.seen, nothing.idle, nothing.sentence) == ({}, (), (), "")
    assert [column.name for column in nothing.columns] == ["promo", "feast", "sky", "price", "guests", "region", "size"]


def test_effects_are_added_to_series_that_are_negative_at_times():
    rng = np.random.default_rng(0)
    flag = (rng.random(130) < 0.4).astype(float)
    values = rng.normal(0, 0.1, 120) + np.tile([-3.0, 3.0], 60) + 2 * flag[:120]
    used = covariate_use(experiment_of(told([values], {"flag": [flag]}), told_spec("gru", season=2)))
    assert used.effects["flag"].share == pytest.approx(2 / np.abs(values).mean(), rel=0.1)


def test_change_of_a_number_that_may_be_negative_is_told_in_its_own_unit():
    rng = np.random.default_rng(3)
    heat = rng.normal(0, 4, 206)
    values = np.exp(0.03 * heat[:200] + rng.normal(0, 0.02, 200))
    effect = covariate_use(experiment_of(told([values], {"heat": [heat]}), told_spec("gru"))).effects["heat"]
    assert (effect.change.size, effect.change.is_share) == (1.0, False)
    assert effect.change.share == pytest.approx(np.expm1(0.03), abs=0.005)


def test_change_is_no_larger_than_what_was_seen():
    rng = np.random.default_rng(3)
    price = 50 + rng.normal(0, 0.5, 206)  # by one per cent
    values = np.exp(-2 * (price[:200] / 50 - 1) + rng.normal(0, 0.002, 200))
    effect = covariate_use(experiment_of(told([values], {"price": [price]}), told_spec("gru"))).effects["price"]
    assert (effect.change.size, effect.change.is_share) == (-0.01, True)
    assert effect.change.share == pytest.approx(np.expm1(0.02), abs=0.003)


def test_sentence_names_the_largest_and_says_where_series_differ():
    def effect(share, low, high, per="set"):
        return CovariateEffect("c", share, low, high, per)

    effects = {
        "promo": effect(0.47, 0.4, 0.55),
        "holiday": effect(-0.8, -0.98, -0.41),
        "price": effect(-0.1, -0.11, -0.09, "deviation"),
        "cost": CovariateEffect("c", -0.05, -0.06, -0.04, "deviation", UsualChange(-0.1, True, 0.08, 0.07, 0.09)),
        "heat": CovariateEffect("c", 0.05, -0.1, 0.2, "deviation", UsualChange(1.0, False, 0.021, -0.1, 0.2)),
        "fog": CovariateEffect("c", 0.01, 0.01, 0.01, "deviation", UsualChange(-10.0, False, 0.004, 0.004, 0.004)),
    }
    used = CovariateUse((), effects, ("year", "holiday"), ("region",), ("fuel",), "DE")
    assert used.sentence == (
        "promo +47 %, holiday -80 % (-98 to -41), price -10 % per standard deviation, "
        "cost 10 % lower: +8 %, heat +1: +2 % (-10 to +20), fog -10: +0.4 %; region as the networks see fit; "
        "calendar: time of year, holidays of DE; not used: fuel"
    )
    many = replace(used, effects={f"e{i}": effect(i / 100, 0, 0) for i in range(9)}, calendar=(), seen=(), idle=())
    assert many.sentence == "e3 +3 %, e4 +4 %, e5 +5 %, e6 +6 %, e7 +7 %, e8 +8 % and 3 smaller ones"
    assert calendar_words(["week"], None) == ["weekday"]


def test_document_is_plain_and_whole():
    document = encode(covariate_use(experiment_of(shops(), told_spec("gru"))).summary())
    assert document["known"] == ["promo", "feast", "sky", "price"]
    assert document["levels"] == {"sky": 3}
    assert set(document["effects"]["promo"]) == {"column", "share", "low", "high", "per"}
    assert set(document["effects"]["price"]["change"]) == {"size", "is_share", "share", "low", "high"}
