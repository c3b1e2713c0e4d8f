"""Pooled demand: right on average, whatever the unit and the company; series that say nothing get what is usual."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from forecast.data.panel import Panel, panel_from_series
from forecast.models.classical import pooled_demand
from forecast.models.classical.demand_traits import PooledSettings
from forecast.models.classical.pooled_demand import PooledDemand, fit_pooled_demand
from forecast.models.trees import Forest

FloatArray = NDArray[np.float64]
HORIZON, SETTINGS = 6, PooledSettings()


def _sold(series: int = 60, steps: int = 40, season: FloatArray | float = 1.0) -> FloatArray:
    rng = np.random.default_rng(7)
    return rng.poisson(rng.gamma(0.8, 0.6, (series, 1)) * season, (series, steps)).astype(float)


def _panel(values: FloatArray) -> Panel:
    return panel_from_series(list(values), "MS")


@pytest.fixture(scope="module")
def known() -> Panel:
    return _panel(_sold())


def test_forecasts_add_up_to_what_is_sold_and_lie_between_the_own_mean_and_that_of_all(known: Panel) -> None:
    found = fit_pooled_demand(known, HORIZON, 1, SETTINGS).predict(known, HORIZON)
    own = known.values.reshape(60, 40).mean(axis=1)
    assert found.mean() == pytest.approx(own.mean(), rel=0.08)
    assert np.corrcoef(found[:, 0], own)[0, 1] > 0.95
    assert found[:, 0].std() < own.std()


@pytest.mark.slow
def test_trees_correct_the_averages_where_windows_are_many(known: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooled_demand, "MANY_ROWS", 500)
    grown = fit_pooled_demand(known, HORIZON, 1, SETTINGS)
    assert grown.trees is not None
    plain = replace(grown, trees=None).predict(known, HORIZON)
    found = grown.predict(known, HORIZON)
    assert not np.allclose(found, plain)
    assert found.mean() == pytest.approx(known.values.mean(), rel=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("step", [-1, -12])
def test_one_wild_demand_lifts_neither_what_never_sold_nor_all_others(
    known: Panel, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(pooled_demand, "MANY_ROWS", 500)
    values = known.values.reshape(60, 40).copy()
    values[:2] = 0
    plain = fit_pooled_demand(_panel(values), HORIZON, 1, SETTINGS).predict(_panel(values), HORIZON)
    values[1, step] = 1000
    found = fit_pooled_demand(_panel(values), HORIZON, 1, SETTINGS).predict(_panel(values), HORIZON)
    assert found[0].mean() < 0.3 * values[2:].mean()
    assert found[2:].mean() < 1.15 * plain[2:].mean()


@pytest.mark.parametrize("step", [-6, -20, -30])
def test_one_wild_demand_long_ago_lowers_no_other(known: Panel, step: int) -> None:
    plain = fit_pooled_demand(known, HORIZON, 1, SETTINGS).predict(known, HORIZON)
    values = known.values.reshape(60, 40).copy()
    values[0, step] = 1000
    found = fit_pooled_demand(_panel(values), HORIZON, 1, SETTINGS).predict(_panel(values), HORIZON)
    assert found[1:].mean() == pytest.approx(plain[1:].mean(), rel=0.1)


def _with_a_tree(settings: PooledSettings, feature: int) -> PooledDemand:
    """Steps until the third have a leaf of 0.5, later ones one of 1.5, where the tree looks at steps."""
    tree = {
        "first": np.array([0]),
        "feature": np.array([feature, 0, 0]),
        "threshold": np.array([3.5, 0.0, 0.0]),
        "missing_left": np.zeros(3, dtype=bool),
        "left": np.array([1, 0, 0]),
        "right": np.array([2, 0, 0]),
        "is_leaf": np.array([False, True, True]),
        "value": np.array([0.0, 0.5, 1.5]),
    }
    weights = np.array([0.1, 0.0, 0.2, 0.2, 0.2, 0.3])
    return PooledDemand((0.3, 1.0), weights, np.ones(1), Forest(0.0, **tree), settings)


def test_trees_tell_a_stretch_of_the_horizon_by_its_logarithm(known: Panel) -> None:
    model = _with_a_tree(SETTINGS, 6 + SETTINGS.traits)
    plain = replace(model, trees=None).predict(known, HORIZON)
    share, times = SETTINGS.share, np.exp([0.5, 0.5, 0.5, 1.5, 1.5, 1.5])
    assert model.predict(known, HORIZON) == pytest.approx(plain * (1 + share * (times - 1)))


def test_trees_of_early_versions_tell_the_whole_horizon_as_it_is(known: Panel) -> None:
    early = PooledSettings(traits=7, stretches=1)
    model = _with_a_tree(early, 7)  # what series sold of steps, always below 3.5
    plain = replace(model, trees=None).predict(known, HORIZON)
    assert model.predict(known, HORIZON) == pytest.approx(plain * (1 + early.share * (0.5 - 1)))


@pytest.mark.parametrize("unit", [0.001, 12.0])
def test_another_unit_gives_the_same_forecasts_in_it(known: Panel, unit: float) -> None:
    other = replace(known, values=known.values * unit)
    plain = fit_pooled_demand(known, HORIZON, 1, SETTINGS).predict(known, HORIZON)
    assert fit_pooled_demand(other, HORIZON, 1, SETTINGS).predict(other, HORIZON) == pytest.approx(unit * plain)


def test_a_series_is_forecast_alone_as_it_is_among_others(known: Panel) -> None:
    model = fit_pooled_demand(known, HORIZON, 1, SETTINGS)
    found = model.predict(known, HORIZON)
    for place in (0, 17):
        assert (model.predict(known.select([place]), HORIZON) == found[place]).all()


def test_what_never_sold_is_near_zero_and_what_has_ended_fades_and_no_row_is_no_error(known: Panel) -> None:
    ended = np.concatenate([np.full(10, 2.0), np.zeros(30)])
    mixed = panel_from_series([*known.values.reshape(60, 40), np.zeros(40), ended, np.zeros(0), [1.0]], "MS")
    found = fit_pooled_demand(mixed, HORIZON, 1, SETTINGS).predict(mixed, HORIZON)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert found[60].max() < 0.2 * known.values.mean()
    assert found[61].max() < 0.5  # its own mean
    assert (found[62] == 0).all()


def test_a_season_of_all_together_is_drawn_on_by_the_date_and_chance_is_none() -> None:
    wave = 1 + 0.7 * np.sin(2 * np.pi * np.arange(60) / 12)
    panel = _panel(_sold(80, 60, wave))
    model = fit_pooled_demand(panel, 12, 12, SETTINGS)
    ahead = model.predict(panel, 12).mean(axis=0)
    assert np.corrcoef(ahead, wave[:12])[0, 1] > 0.98  # 60 steps are five whole seasons
    assert fit_pooled_demand(_panel(_sold(80, 60)), 12, 12, SETTINGS).season.std() < 0.05


@pytest.mark.parametrize(
    "values", [np.zeros((3, 30)), np.zeros((1, 2)), np.ones((1, 8))], ids=["nothing sells", "two rows", "one series"]
)
def test_a_panel_that_teaches_next_to_nothing_is_forecast_all_the_same(values: FloatArray) -> None:
    panel = _panel(values)
    found = fit_pooled_demand(panel, HORIZON, 12, SETTINGS).predict(panel, HORIZON)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
