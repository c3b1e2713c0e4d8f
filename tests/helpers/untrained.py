"""Training without TensorFlow: networks with random weights that depend on their seeds, made in no time."""

from dataclasses import dataclass, replace

import numpy as np

from forecast.models.covariates.covariate_model import fit_covariate_model
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Curve
from forecast.models.method_settings import CURRENT
from forecast.models.networks.cells import CELLS
from forecast.models.networks.recurrent import Network, RecurrentModel, measure_series
from forecast.models.networks.smoothed_base import Smoothing, maps_of
from forecast.models.registry import MODELS, make_forecaster
from forecast.specs import Machine, ModelSpec
from tiny import pooled_of, random_weights


@dataclass(frozen=True, eq=False)
class Untrained:
    """A forecaster that learns nothing but the level and scale of its series, and what covariates do to them."""

    name: str
    spec: ModelSpec
    size: float = 0.05

    def fit(self, panel, watcher):
        covariate_model = fit_covariate_model(panel, self.spec) if panel.covariates else None
        spec = covariate_model.sized(self.spec) if covariate_model else self.spec
        statistics = {view: measure_series(panel, view, CURRENT.views) for view in spec.views}
        for view, own in statistics.items():
            base = maps_of([Smoothing(0.4, 0.1, 0.2, 0.9)], spec.window, spec.horizon, view.season)[0]
            statistics[view] = replace(own, base=base if view.base == "smoothed" else None)
        watcher.progress(1.0)
        networks = tuple(
            Network(view, seed, {k: self.size * w for k, w in random_weights(spec, seed).items()})
            for view in spec.views
            for seed in spec.seeds
        )
        curve = None if watcher.truth is None else Curve(np.array([1, spec.steps]), np.array([0.1, 0.2]), np.ones(2))
        beside = {"covariate_model": covariate_model, "pooled": pooled_of(spec, panel)}
        return RecurrentModel(spec, networks, panel.series_ids, statistics, CURRENT, curve, **beside)


def train_nothing(monkeypatch, size=0.05):
    """Makes `train` and `retrain` take networks with random weights; returns the panels that they were handed.

    Boosting, beside which `compare` shows them, grows three trees; what few series err by is seen from few origins.
    """
    seen = []

    def make(name, specs, season, run, memory=None, *more, **named):
        if name not in (*MODELS.of("network"), *CELLS.unlisted):
            return make_forecaster(name, specs, season, run, memory, *more, **named)
        return ValidationSeries(Untrained(name, specs[name], size), seen, memory)

    def further(model, panel, run, watcher):
        seen.append(panel)
        parts = []
        for part in model.parts:
            fresh = Untrained(part.spec.cell, part.spec).fit(panel, watcher)
            own = [replace(n, weights={k: 0.5 * w for k, w in n.weights.items()}) for n in part.networks]
            parts.append(replace(fresh, networks=tuple(own)))
        return EnsembleModel(tuple(parts))

    monkeypatch.setattr("forecast.models.regression.TREES", 3)
    monkeypatch.setattr("forecast.evaluation.backtest.ENOUGH_ERRORS", 3)
    for place in ("experiment", "final_fit", "retraining.challenge", "ablation.cell_worth", "tuning.trial"):
        monkeypatch.setattr(f"forecast.experiment.{place}.make_forecaster", make)
    monkeypatch.setattr("forecast.experiment.retraining.challenge.train_on", further)
    monkeypatch.setattr("forecast.experiment.experiment.machine_for", lambda models, asked: Machine(jit=False))
    return seen


@dataclass(frozen=True, eq=False)
class ValidationSeries:
    """Keeps what a forecaster is fitted to, and what it became."""

    inner: Untrained
    seen: list
    memory: dict | None = None

    @property
    def name(self):
        return self.inner.name

    def fit(self, panel, watcher):
        self.seen.append(panel)
        model = self.inner.fit(panel, watcher)
        if self.memory is not None and panel.covariates:
            from forecast.models.networks.fitting import panel_digest  # imports TensorFlow

            self.memory[self.inner.spec, panel_digest(panel)] = model
        return model
