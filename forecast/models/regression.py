"""Two models from scikit-learn on the same windows as the networks: the yardstick of a plain regression.

What is known beside the target they use each in its own way: the ridge regression as effects that are taken out and
put back, as the networks do; the trees as more inputs, those of the step that is forecast.

Shapes: ``B`` windows, ``S`` series, ``L`` lookback, ``H`` horizon, ``F`` inputs beside the window.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import Windows, cut_windows, last_lookbacks
from forecast.models.covariates.covariate_model import (
    CovariateModel,
    NetworkCovariates,
    check_columns,
    fit_covariate_model,
)
from forecast.models.forecaster import Members, Watcher
from forecast.models.method_settings import MethodSettings
from forecast.models.networks.recurrent import SeriesStatistics, measure_series
from forecast.models.trees import Forest
from forecast.models.views import CLIP, ViewMaps, restore, see, view_maps
from forecast.run import ALONE, Run
from forecast.specs import Anchor, ModelSpec, View

FloatArray = NDArray[np.float64]
RegressionName = Literal["ridge", "boosting"]

MOST_ROWS = 20_000  # measured by benchmarks/tuning/regression.py
"""Windows (ridge) or window-step pairs (boosting) that are drawn where there are more."""
TREES, TREE_RATE = 60, 0.15  # measured by benchmarks/tuning/regression.py
"""Trees that are grown one after the other, and how far each is followed."""
ALPHAS = np.logspace(-2, 5, 15)  # measured by benchmarks/tuning/regression.py


@dataclass(frozen=True, eq=False)
class RegressionForecaster:
    """Ridge regression, or gradient boosting with the step of the horizon as one more input."""

    name: RegressionName
    spec: ModelSpec  # of networks on the same data
    view: View
    settings: MethodSettings
    seed: int = 0

    def fit(self, panel: Panel, watcher: Watcher) -> "FittedRegression":
        """Fits the regression of normalised future on normalised past.

        Raises:
            DataError: no series is long enough for one window.
        """
        covariate_model = fit_covariate_model(panel, self.spec, settings=self.settings.covariates)
        if self.name == "boosting" and covariate_model:
            covariate_model = replace(covariate_model, effects=None)
        rest = covariate_model.remove(panel) if covariate_model else panel
        statistics = measure_series(rest, self.view, self.settings.views)
        maps = view_maps(self.view, self.spec.window, self.spec.horizon, self.settings.views)
        windows = cut_windows(rest, self.spec.window, self.spec.horizon, self.view.season)
        rng = np.random.default_rng(self.seed)
        which, inputs, targets = _normalised(windows, maps, statistics, rng)
        weights = windows.target_weights(which)
        if self.name == "ridge":
            estimator: LinearMap | Forest = _fit_ridge(inputs, targets, weights)
        else:
            covariates = None
            if covariate_model and covariate_model.encoding:
                season = min(self.view.season, self.spec.window)
                covariates = _step_covariates(covariate_model.in_windows(panel, windows, which), season)
            estimator = _fit_boosting(inputs, targets, covariates, weights, rng)
        watcher.progress(1.0)
        return FittedRegression(self, estimator, maps, covariate_model)


@dataclass(frozen=True, eq=False)
class LinearMap:
    """All steps of the horizon as weighted sums of the inputs."""

    weights: FloatArray  # (H, L)
    constant: FloatArray  # (H,)

    def predict(self, inputs: FloatArray) -> FloatArray:
        """Returns the outputs, (B, L) -> (B, H)."""
        return np.asarray(inputs @ self.weights.T + self.constant)

    def to_arrays(self) -> dict[str, FloatArray]:
        """Returns the arrays by name."""
        return {"weights": self.weights, "constant": self.constant}


@dataclass(frozen=True, eq=False)
class FittedRegression:
    """A fitted regression that speaks in the units of a view."""

    recipe: RegressionForecaster
    estimator: LinearMap | Forest
    maps: ViewMaps
    covariate_model: CovariateModel | None = None
    anchors: tuple[Anchor, ...] = ()
    curve: None = None
    train_seconds: float = 0.0

    @property
    def parameters(self) -> int | None:
        """Coefficients of the ridge; trees have no such number."""
        return self.estimator.weights.size if isinstance(self.estimator, LinearMap) else None

    @property
    def horizon(self) -> int:
        """Steps that one forecast reaches."""
        return self.recipe.spec.horizon

    @property
    def seasons(self) -> tuple[int, ...]:
        """Those of networks on the same data."""
        return self.recipe.spec.seasons

    @property
    def lookback(self) -> int:
        """Observed steps that decide a forecast."""
        return self.recipe.spec.window

    def predict_members(self, panel: Panel, run: Run = ALONE) -> Members:
        """Returns the regression's forecast as its only member.

        Raises:
            DataError: the panel lacks a covariate.
        """
        del run
        recipe, covariate_model = self.recipe, self.covariate_model
        window, horizon = recipe.spec.window, recipe.spec.horizon
        panel = check_columns(covariate_model, panel)
        rest = covariate_model.remove(panel) if covariate_model else panel
        statistics = measure_series(rest, recipe.view, recipe.settings.views)
        lookbacks = last_lookbacks(rest, window, recipe.view.season)
        seen = see(lookbacks, self.maps, statistics.level, statistics.scale)
        if isinstance(self.estimator, LinearMap):
            outputs = self.estimator.predict(seen.inputs)
        else:
            covariates = None
            if covariate_model and covariate_model.encoding:
                made = covariate_model.at_end(panel, window, horizon, recipe.view.season)
                covariates = _step_covariates(made, min(recipe.view.season, window))
            outputs = _grown(self.estimator, seen.inputs, covariates, horizon)
        values = restore(outputs, seen, self.maps)
        values = covariate_model.restore(values, panel) if covariate_model else values
        return Members((recipe.name,), (recipe.seed,), values[None])


def inputs_of(spec: ModelSpec, covariate_model: CovariateModel | None) -> int:
    """Returns how many inputs the trees have: the window, the step, and what is known beside it and its change."""
    encoding = covariate_model.encoding if covariate_model else None
    covariates = 2 * len(encoding.of("known")) + len(encoding.of("static")) if encoding else 0
    return spec.window + 1 + covariates


def _grown(trees: Forest, inputs: FloatArray, covariates: FloatArray | None, horizon: int) -> FloatArray:
    """Returns the trees' outputs, (S, H)."""
    rows = []
    for step in range(horizon):
        more = None if covariates is None else covariates[:, step]
        rows.append(_with_step(inputs, np.full(len(inputs), step), more))
    return np.asarray(trees.predict(np.concatenate(rows)).reshape(horizon, -1).T)


def _step_covariates(made: NetworkCovariates, season: int) -> FloatArray:
    """Returns what is known beside each step to forecast, (B, H, F): its inputs, their change, those of the series.

    The change is since the same step of the last season, which the trees' base repeats.
    """
    horizon, lookback = made.ahead.shape[1], made.observed.shape[1]
    before = made.observed[:, lookback - season + np.arange(horizon) % season, : made.ahead.shape[2]]
    static = np.repeat(made.static[:, None], horizon, axis=1)
    return np.concatenate([made.ahead, made.ahead - before, static], axis=2).astype(np.float64)


def _normalised(
    windows: Windows, maps: ViewMaps, statistics: SeriesStatistics, rng: np.random.Generator
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Returns at most MOST_ROWS windows (B,), their inputs (B, L) and targets (B, H), NaN where none was observed."""
    which = np.arange(len(windows))
    if len(which) > MOST_ROWS:
        which = np.sort(rng.choice(which, MOST_ROWS, replace=False))
    series = windows.series[which]
    seen = see(windows.lookbacks(which), maps, statistics.level[series], statistics.scale[series])
    targets = (windows.horizons(which) - seen.base) / seen.scale
    return which, seen.inputs, np.clip(targets, -CLIP, CLIP)


def _fit_ridge(inputs: FloatArray, targets: FloatArray, weights: FloatArray | None = None) -> LinearMap:
    """Fits all steps at once; its strength is chosen by leave-one-out on the training windows.

    Where values count differently, (B, H), a window counts as its values do on average.
    """
    from sklearn.linear_model import RidgeCV  # noqa: PLC0415 - scikit-learn costs a second to import

    whole = ~np.isnan(targets).any(axis=1)
    rows = whole if whole.any() else np.ones(len(targets), dtype=bool)
    of_rows = None if weights is None else weights[rows].mean(axis=1)
    fitted = RidgeCV(alphas=ALPHAS).fit(inputs[rows], np.nan_to_num(targets[rows]), sample_weight=of_rows)
    horizon = targets.shape[1]  # of one step, some releases of scikit-learn return vectors
    weights = np.ascontiguousarray(fitted.coef_.reshape(horizon, -1))  # as they come from a file: sums round alike
    return LinearMap(weights, np.broadcast_to(fitted.intercept_, horizon).astype(np.float64))


def _fit_boosting(
    inputs: FloatArray,
    targets: FloatArray,
    covariates: FloatArray | None,
    weights: FloatArray | None,
    rng: np.random.Generator,
) -> Forest:
    """Fits one ensemble of trees for all steps of the horizon; each step brings what is known beside it, (B, H, F)."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - the same
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only where it is fitted

    window, step = np.nonzero(~np.isnan(targets))
    if len(window) > MOST_ROWS:
        some = np.sort(rng.choice(len(window), MOST_ROWS, replace=False))
        window, step = window[some], step[some]
    trees = HistGradientBoostingRegressor(
        max_iter=TREES, learning_rate=TREE_RATE, early_stopping=False, random_state=int(rng.integers(2**31))
    )
    with threadpool_limits(1, user_api="openmp"):  # threads that wait for a busy core cost more than they bring
        rows = _with_step(inputs[window], step, None if covariates is None else covariates[window, step])
        of_rows = None if weights is None else weights[window, step]
        return Forest.of(trees.fit(rows, targets[window, step], sample_weight=of_rows))


def _with_step(inputs: FloatArray, step: NDArray[np.int64], covariates: FloatArray | None = None) -> FloatArray:
    """Returns the inputs with the step of the horizon, and what is known beside it, as last columns."""
    return np.column_stack([inputs, step] if covariates is None else [inputs, step, covariates])
