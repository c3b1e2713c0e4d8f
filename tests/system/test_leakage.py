"""Whatever comes after an origin, not one bit of what was learned or said there may move."""

import functools
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from forecast.errors import DependencyError
from forecast.evaluation.backtest import backtest
from forecast.evaluation.splits import rolling_origins
from forecast.models.forecaster import Watcher
from forecast.models.registry import ENSEMBLE, MODELS, make_forecaster, spec_names
from marks import slow_but
from runs import QUIET
from tiny import SEASON, VIEWS, awkward_panel, tiny_spec, with_values
from told import AHEAD, HORIZON, WEEK, shops, told_spec

H = 3
POISONS = {
    "huge": [1e9, -1e9],
    "gaps": [np.nan, -1e9, np.nan, np.nan],
    "flat": [-1.0],
    "gap at once": [np.nan, np.nan, -7.0],
}

DEMAND = {"sba", "adida", "imapa"}  # as tsb is made
SLOW = {*MODELS.of("classical"), "drift", "boosting", "rnn", "lstm", "gru", "ensemble"}


@dataclass(eq=False)
class Witness:
    """A forecaster that keeps every model it fitted."""

    inner: Any
    models: list = field(default_factory=list)

    @property
    def name(self):
        return self.inner.name

    def fit(self, panel, watcher):
        self.models.append(self.inner.fit(panel, watcher))
        return self.models[-1]


def run(name, panel, refit):
    views = VIEWS[-1:] if name == ENSEMBLE else VIEWS[1:]
    anchors = ("naive", "seasonal-naive", "smoothing")
    specs = {cell: tiny_spec(cell, views=views, steps=10, anchors=anchors) for cell in spec_names(name)}
    try:
        witness = Witness(make_forecaster(name, specs, SEASON, QUIET))
    except DependencyError as missing:
        pytest.skip(missing.message)
    folds = rolling_origins(panel, H, 3, least=5)
    result = backtest(panel, folds, [witness], SEASON, refit=refit, metric="rmsse", run=QUIET)
    return result, witness.models


@functools.cache
def clean_run():
    """Returns the run of a network on the panel as it is."""
    return run("linear", awkward_panel(), refit=True)


def poisoned(panel, cuts, poison):
    values = panel.values.copy()
    for i, cut in enumerate(cuts):
        future = slice(panel.offsets[i] + cut, panel.offsets[i + 1])
        values[future] = np.resize(poison, future.stop - future.start)
    return with_values(panel, values)


def fingerprint(model, panel):
    """All numbers that a model holds, as far as they can be seen, and what it makes of them on some data."""
    learned = [model.predict_members(panel).values]
    for part in getattr(model, "parts", [model]):
        covariate_model = getattr(part, "covariate_model", None)
        if covariate_model and covariate_model.effects:
            learned += [covariate_model.effects.own, covariate_model.effects.common, covariate_model.effects.sizes]
        if covariate_model and covariate_model.encoding:
            learned += [*covariate_model.encoding.centers.values()]
            learned += [np.array([[each.low, each.unit] for each in covariate_model.encoding.inputs])]
        for network in getattr(part, "networks", ()):
            learned += [*network.weights.values(), *vars(part.statistics[network.view]).values()]
    return learned


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def case_of(name, refit):
    """Returns a case; those of costly models, and not fitted anew but of one, are slow: others show the same."""
    is_quick = name not in SLOW | DEMAND and (refit or name == "ridge")
    return pytest.param(name, refit, marks=() if is_quick else pytest.mark.slow)


@pytest.mark.parametrize(("name", "refit"), [case_of(name, refit) for name in MODELS for refit in (True, False)])
def test_future_moves_neither_weights_nor_forecasts_nor_intervals(name, refit, monkeypatch):
    if name == "boosting":
        import sklearn.ensemble as trees

        small = functools.partial(trees.HistGradientBoostingRegressor, max_iter=3)
        monkeypatch.setattr(trees, "HistGradientBoostingRegressor", small)
    panel = awkward_panel()
    clean, models = clean_run() if (name, refit) == ("linear", True) else run(name, panel, refit)
    past = clean.folds[0].train(panel)
    for number, poison in zip((0, 1, 2, 3), POISONS.values(), strict=True):
        other, others = run(name, poisoned(panel, clean.folds[number].cuts, poison), refit)
        for j in range(number + 1 if refit else 1):
            assert_same(fingerprint(models[j], past), fingerprint(others[j], past))
        was, now = clean.models[0], other.models[0]
        assert_same(was.forecasts[:number], now.forecasts[:number])
        assert_same(was.by_seed[:, :number], now.by_seed[:, :number])
        assert_same(clean.scales[:number], other.scales[:number])
        for interval, moved in zip(was.intervals, now.intervals, strict=True):
            assert_same(interval.lower[:number], moved.lower[:number])
            assert_same(interval.upper[:number], moved.upper[:number])
    assert len(models) == (4 if refit else 1)


def test_poison_is_noticed_where_it_may_be():
    """The test above would see a leak: what lies before an origin does move what is learned there."""
    panel = awkward_panel()
    clean, models = clean_run()
    other, others = run("linear", poisoned(panel, clean.folds[0].cuts - 1, POISONS["huge"]), refit=True)
    past = clean.folds[0].train(panel)
    assert any((a != b).any() for a, b in zip(fingerprint(models[0], past), fingerprint(others[0], past), strict=True))
    assert (clean.models[0].forecasts[0] != other.models[0].forecasts[0]).any()


def test_intervals_of_the_leakage_test_are_there_to_be_moved():
    result, _ = clean_run()
    assert len(result.models[0].intervals) == 2
    assert np.isfinite(result.models[0].intervals[0].upper[1:, 0]).all()
    combination = result.models[0].combination
    assert combination.trust < 1 or not combination.used.all()


# With covariates: only what is known may be seen beyond the origin, and no farther than the horizon

TOLD = ["rnn", "lstm", "gru", "linear", "ridge", "boosting"]
PROMO, FEAST, SKY, PRICE = range(4)  # the known columns of a shop


@pytest.fixture(scope="module")
def told_models():
    """Returns a model trained on shops up to their end, by its name."""
    models = {}

    def model(name):
        if name not in models:
            models[name] = told_forecaster(name).fit(shops(), Watcher())
        return models[name]

    return model


def told_forecaster(name, **changes):
    specs = {cell: told_spec(cell, **changes) for cell in spec_names(name)}
    return make_forecaster(name, specs, WEEK, QUIET)


def with_covariates(panel, **changes):
    return replace(panel, covariates=replace(panel.covariates, **changes))


def run_told(name, panel):
    """Returns the models of two folds, the second of which is scored, and the latter's forecasts."""
    folds = rolling_origins(panel, HORIZON, 1, least=20)
    witness = Witness(told_forecaster(name, steps=10))
    result = backtest(panel, folds, [witness], WEEK, refit=True, metric="rmsse", run=QUIET)
    return result.models[0].forecasts[0], witness.models, folds


def told_lies(panel, cuts):
    """Returns the panel with other targets and past covariates after the origin, and known ones after the horizon."""
    values, past, known = panel.values.copy(), panel.covariates.past.copy(), panel.covariates.known.copy()
    for i, cut in enumerate(cuts):
        values[panel.offsets[i] + cut : panel.offsets[i + 1]] = -1e9
        past[panel.offsets[i] + cut : panel.offsets[i + 1]] = np.nan if i else 1e9
        beyond = panel.covariates.known_offsets[i] + cut + HORIZON
        known[beyond : panel.covariates.known_offsets[i + 1]] = [7, 0, 2, 1e9]
    return replace(with_covariates(panel, past=past, known=known), values=values)


@pytest.mark.parametrize("name", slow_but(["ridge"], TOLD))
def test_only_known_covariates_are_seen_beyond_the_origin(name):
    panel = shops()
    forecasts, models, folds = run_told(name, panel)
    others, learned, _ = run_told(name, told_lies(panel, folds[1].cuts))
    assert_same(forecasts, others)
    for number in (0, 1):
        past = folds[number].train(panel)
        assert_same(fingerprint(models[number], past), fingerprint(learned[number], past))
    early, _, _ = run_told(name, told_lies(panel, folds[0].cuts))
    assert (forecasts != early).any()  # the test would see a leak: the second fold may see what the first may not


def moved_steps(model, column, step, value):
    """Returns at which steps the forecasts of the first shop move where a known column is otherwise at one step."""
    panel = shops()
    known = panel.covariates.known.copy()
    at = panel.covariates.known_offsets[1] - AHEAD + step
    assert known[at, column] != value
    known[at, column] = value
    before = model.predict_members(panel).values
    after = model.predict_members(with_covariates(panel, known=known)).values
    assert_same(before[:, 1:], after[:, 1:])  # the other shops stay
    return np.flatnonzero((before != after)[:, 0].any(axis=0)).tolist()


@pytest.mark.parametrize("name", slow_but(["ridge"], TOLD))
def test_what_is_known_of_a_step_moves_that_step_alone(name, told_models):
    known = shops().covariates.known[: shops().covariates.known_offsets[1]][-AHEAD:]
    for step in range(AHEAD):
        for column, value in ((PROMO, 1 - known[step, PROMO]), (PRICE, 5.5), (SKY, (known[step, SKY] + 1) % 3)):
            moved = moved_steps(told_models(name), column, step, value)
            assert moved == [step] if column != SKY and step < HORIZON else set(moved) <= {step} - {HORIZON}


@pytest.mark.parametrize("name", slow_but(["ridge"], TOLD[:-1]))  # boosting learns no effects
def test_event_moves_its_own_step_and_those_around_it(name, told_models):
    assert moved_steps(told_models(name), FEAST, 3, 1) == [1, 2, 3, 4]


@pytest.mark.parametrize("name", slow_but(["gru"], ["rnn", "lstm", "gru"]))
@pytest.mark.parametrize("kind", ["past", "static"])
def test_past_covariates_and_traits_move_forecasts(name, kind, told_models):
    panel = shops()
    array = getattr(panel.covariates, kind).copy()
    array[panel.lengths[0] - 1 if kind == "past" else 0] += 1.0  # of the first shop
    before, after = (
        told_models(name).predict_members(one).values for one in (panel, with_covariates(panel, **{kind: array}))
    )
    assert np.abs(before - after)[:, 0].max() > 0
    assert_same(before[:, 1:], after[:, 1:])
