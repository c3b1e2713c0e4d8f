"""What is computed of many series or steps at once, or in pieces, is the same as of each by itself, or in one."""

from dataclasses import replace

import numpy as np
import pytest

from alone import series_statistics
from forecast.data.panel import panel_from_series
from forecast.data.windows import by_length
from forecast.evaluation.member_forecasts import SharedForecasts
from forecast.evaluation.metrics import naive_scale
from forecast.evaluation.scales import learning_scales, lowest_values, series_scales
from forecast.models.classical import theta
from forecast.models.classical.theta import exponential_smoothing
from forecast.models.covariates import regressors as causes_room
from forecast.models.covariates.effect_fit import fit_effects
from forecast.models.covariates.regressors import find_regressors
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Members
from forecast.models.method_settings import CURRENT
from forecast.models.networks import linear_init, recurrent
from forecast.models.networks.initial_weights import initial_weights
from forecast.models.networks.recurrent import Network, RecurrentModel, measure_series
from forecast.specs import ModelSpec, View
from runs import QUIET


@pytest.fixture
def uneven():
    rng = np.random.default_rng(0)
    lengths = [30] * 20 + rng.integers(1, 90, 20).tolist() + [0, 1, 2, 400]
    series = [rng.normal(3, 2, length) * (-1 if i % 4 == 0 else 1) for i, length in enumerate(lengths)]
    for values in series[::3]:
        values[rng.random(len(values)) < 0.1] = np.nan
    series[5][:] = 7.0
    return panel_from_series(series, "D")


def alone(panel):
    return [panel.filled[a:b] for a, b in zip(panel.offsets[:-1], panel.offsets[1:], strict=True)]


def test_every_series_comes_once_with_its_own_values(uneven):
    found = {int(i): row for which, rows in by_length(uneven) for i, row in zip(which, rows, strict=True)}
    assert sorted(found) == list(range(len(uneven)))
    assert all(np.array_equal(found[i], values) for i, values in enumerate(alone(uneven)))


@pytest.mark.parametrize("season", [1, 7])
@pytest.mark.parametrize("power", [1, 2])
def test_scales_of_many_series_are_those_of_each(uneven, season, power):
    each = np.array([naive_scale(values, season, power) for values in alone(uneven)])
    assert np.array_equal(series_scales(uneven, season, power), each, equal_nan=True)
    assert np.isnan(learning_scales(uneven, season, power)[5])  # never varies


def test_only_what_was_negative_may_be_forecast_below_zero(uneven):
    below = [bool((uneven.series(i) < 0).any()) for i in range(len(uneven))]
    assert np.array_equal(np.isneginf(lowest_values(uneven)), below)
    assert 0 < sum(below) < len(uneven)


@pytest.mark.parametrize("view", [View(season=7), View(season=7, log=True), View(scale="range")])
def test_statistics_of_many_series_are_those_of_each(uneven, view):
    found = measure_series(uneven, view, CURRENT.views)
    each = np.array([series_statistics(values, view) for values in alone(uneven)])
    assert np.array_equal(np.stack([found.level, found.scale], axis=1), each)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "linear"])
@pytest.mark.parametrize("rolled", [False, True])
def test_a_network_forecasts_the_same_in_blocks(cell, rolled):
    spec = ModelSpec(cell=cell, window=8, horizon=3, units=5, views=(View(season=4),), rolled=rolled, seeds=(0,))
    panel = panel_from_series(np.random.default_rng(1).normal(9, 2, (45, 20)), "D")
    statistics = {view: measure_series(panel, view, CURRENT.views) for view in spec.views}
    networks = (Network(spec.views[0], 0, initial_weights(spec, 0)),)
    model = RecurrentModel(spec, networks, panel.series_ids, statistics, CURRENT)
    whole = model.predict_members(panel).values
    assert [len(range(45)[own]) for own in recurrent._blocks(45, 10)] == [10, 10, 10, 15]
    model = replace(model, settings=replace(CURRENT, views=replace(CURRENT.views, block=10)))
    assert np.allclose(model.predict_members(panel).values, whole, rtol=1e-5)


@pytest.mark.parametrize("series", [0, 1, 9, 10, 19, 20, 21, 30])
def test_blocks_hold_every_series_once_and_none_is_small(series):
    blocks = [range(series)[own] for own in recurrent._blocks(series, 10)]
    assert [i for block in blocks for i in block] == list(range(series))
    assert len(blocks) == 1 or min(map(len, blocks)) >= 10


def test_smoothing_is_the_same_however_many_series_are_followed_together(uneven, monkeypatch):
    whole = exponential_smoothing(uneven, 5, 7, CURRENT.classical.theta, CURRENT.classical.seasonality)
    monkeypatch.setattr(theta, "TOGETHER", 100)
    assert np.array_equal(
        exponential_smoothing(uneven, 5, 7, CURRENT.classical.theta, CURRENT.classical.seasonality), whole
    )


def test_dates_are_causes_likewise_when_they_are_looked_at_in_pieces(monkeypatch):
    steps, rng = np.arange(900), np.random.default_rng(2)
    series = [50 * np.exp(0.8 * (steps % 7 == k) + rng.normal(0, 0.05, 900)) for k in (2, 3)]
    panel = panel_from_series(series, "D", first=[100, 0])

    def effects():
        return fit_effects(panel, find_regressors(panel, None, calendar=True, country=None), 1, 12)

    whole = effects()
    assert whole is not None
    monkeypatch.setattr(causes_room, "TOGETHER", 130)
    parts = effects()
    assert parts.regressors.used == whole.regressors.used
    assert np.array_equal(parts.own, whole.own)
    assert np.array_equal(parts.remove(panel).values, whole.remove(panel).values)


def test_a_highway_starts_alike_from_windows_in_blocks(monkeypatch):
    from forecast.data.windows import cut_windows

    steps = np.arange(900)
    panel = panel_from_series([50 + 9 * np.sin(steps * 2 * np.pi / 24) + steps % 5], "h")
    windows, view = cut_windows(panel, 100, 24, 24), View("mean-season", 24, ridge=True)
    statistics = measure_series(panel, view, CURRENT.views)
    whole = linear_init.fit_linear_init(windows, view, statistics, CURRENT.views)
    assert whole is not None
    monkeypatch.setattr(linear_init, "BLOCK", 64)
    assert np.allclose(linear_init.fit_linear_init(windows, view, statistics, CURRENT.views), whole, atol=1e-5)


class Counting(RecurrentModel):
    def predict_members(self, panel, run=None):
        asked.append(self.spec.cell)
        return Members(
            ("v",), (0,), np.full((1, len(panel), 2), float(len(asked))), {"naive": np.zeros((len(panel), 2))}
        )


asked: list[str] = []


def test_an_ensemble_takes_what_its_parts_forecast_before_it(uneven):
    asked.clear()
    parts = tuple(Counting(ModelSpec(cell=cell, window=4, horizon=2), (), (), {}, CURRENT) for cell in ("rnn", "gru"))
    earlier, made = uneven.until(np.maximum(uneven.lengths - 1, 0)), SharedForecasts(QUIET)
    for panel in (earlier, uneven):
        alone = [made.members(part, replace(panel))[0] for part in parts]  # a panel that was cut anew is the same
        assert alone[0].anchors is alone[1].anchors
    for number, panel in enumerate((earlier, uneven)):
        joint, _ = made.members(EnsembleModel(parts), panel)
        assert joint.values[:, 0, 0].tolist() == [2 * number + 1, 2 * number + 2]
    assert asked == ["rnn", "gru"] * 2
    made.members(EnsembleModel(parts), uneven)  # nothing is kept for longer
    assert len(asked) == 6
