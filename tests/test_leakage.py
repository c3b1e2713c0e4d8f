"""Whatever comes after an origin, not one bit of what was learned or said there may move."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest
from tiny import SEASON, VIEWS, awkward_panel, tiny_spec, with_values

from forecast.errors import DependencyError
from forecast.evaluation.backtest import backtest
from forecast.evaluation.splits import rolling_origins
from forecast.models.registry import CLASSICAL, ENSEMBLE, MODELS, make_forecaster, spec_names
from forecast.specs import Machine

H = 3
POISONS = {
    "huge": [1e9, -1e9],
    "gaps": [np.nan, -1e9, np.nan, np.nan],
    "flat": [-1.0],
    "gap at once": [np.nan, np.nan, -7.0],
}


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
    specs = {cell: tiny_spec(cell, views=views, steps=10) for cell in spec_names(name)}
    try:
        witness = Witness(make_forecaster(name, specs, SEASON, Machine(jit=False)))
    except DependencyError as missing:
        pytest.skip(missing.message)
    folds = rolling_origins(panel, H, 3, least=5)
    result = backtest(panel, folds, [witness], SEASON, refit=refit, metric="rmsse", progress=lambda name, share: None)
    return result, witness.models


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
        for network in getattr(part, "networks", ()):
            learned += [*network.weights.values(), *vars(part.statistics[network.view]).values()]
    return learned


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in CLASSICAL else []) for name in MODELS]
)
def test_future_moves_neither_weights_nor_forecasts_nor_intervals(name, refit, monkeypatch):
    if name == "boosting":
        import sklearn.ensemble as trees  # noqa: PLC0415

        small = partial(trees.HistGradientBoostingRegressor, max_iter=3)
        monkeypatch.setattr(trees, "HistGradientBoostingRegressor", small)
    panel = awkward_panel()
    clean, models = run(name, panel, refit)
    past = clean.folds[0].train(panel)
    for number, poison in zip((0, 1, 2, 3), POISONS.values(), strict=True):
        other, others = run(name, poisoned(panel, clean.folds[number].cuts, poison), refit)
        for j in range(number + 1 if refit else 1):
            assert_same(fingerprint(models[j], past), fingerprint(others[j], past))
        was, now = clean.trials[0], other.trials[0]
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
    clean, models = run("gru", panel, refit=True)
    other, others = run("gru", poisoned(panel, clean.folds[0].cuts - 1, POISONS["huge"]), refit=True)
    past = clean.folds[0].train(panel)
    assert any((a != b).any() for a, b in zip(fingerprint(models[0], past), fingerprint(others[0], past), strict=True))
    assert (clean.trials[0].forecasts[0] != other.trials[0].forecasts[0]).any()


def test_intervals_of_the_leakage_test_are_there_to_be_moved():
    result, _ = run("gru", awkward_panel(), refit=True)
    assert len(result.trials[0].intervals) == 2
    assert np.isfinite(result.trials[0].intervals[0].upper[1:, 0]).all()
    combination = result.trials[0].combination
    assert combination.trust < 1 or not combination.used.all()
