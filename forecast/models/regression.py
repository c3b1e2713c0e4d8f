"""Two models from scikit-learn on the same windows as the networks: the yardstick of a plain regression.

Shapes: ``B`` windows, ``S`` series, ``L`` lookback, ``H`` horizon.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import Windows, cut_windows, last_lookbacks
from forecast.models.forecaster import Members, Watcher
from forecast.models.recurrent import SeriesStatistics, measure_series
from forecast.models.views import CLIP, ViewMaps, restore, see, view_maps
from forecast.specs import View

FloatArray = NDArray[np.float64]
RegressionName = Literal["ridge", "boosting"]

MOST_ROWS = 20_000
"""Windows (ridge) or window-step pairs (boosting) that are drawn where there are more."""
ALPHAS = np.logspace(-2, 5, 15)


@dataclass(frozen=True, eq=False)
class RegressionForecaster:
    """Ridge regression, or gradient boosting with the step of the horizon as one more input."""

    name: RegressionName
    window: int
    horizon: int
    view: View
    seed: int = 0

    def fit(self, panel: Panel, watcher: Watcher) -> "FittedRegression":
        """Fits the regression of normalised future on normalised past.

        Raises:
            DataError: no series is long enough for one window.
        """
        statistics = measure_series(panel, self.view)
        maps = view_maps(self.view, self.window, self.horizon)
        windows = cut_windows(panel, self.window, self.horizon, self.view.season)
        rng = np.random.default_rng(self.seed)
        fit = _fit_ridge if self.name == "ridge" else _fit_boosting
        estimator = fit(*_normalised(windows, maps, statistics, rng), rng)
        watcher.progress(1.0)
        return FittedRegression(self, estimator, maps)


@dataclass(frozen=True, eq=False)
class FittedRegression:
    """A fitted estimator that speaks in the units of a view."""

    recipe: RegressionForecaster
    estimator: Any
    maps: ViewMaps
    curve: None = None
    train_seconds: float = 0.0

    @property
    def parameters(self) -> int | None:
        """Coefficients of the ridge; trees have no such number."""
        return int(self.estimator.coef_.size) if self.recipe.name == "ridge" else None

    def predict_members(self, panel: Panel) -> Members:
        """Returns the regression's forecast as its only member."""
        recipe = self.recipe
        statistics = measure_series(panel, recipe.view)
        seen = see(
            last_lookbacks(panel, recipe.window, recipe.view.season),
            self.maps,
            statistics.level,
            statistics.scale,
        )
        if recipe.name == "ridge":
            outputs = self.estimator.predict(seen.inputs).reshape(len(panel), recipe.horizon)
        else:
            from threadpoolctl import threadpool_limits  # noqa: PLC0415

            steps = np.arange(recipe.horizon)
            rows = [_with_step(seen.inputs, np.full(len(panel), step)) for step in steps]
            with threadpool_limits(1, user_api="openmp"):
                outputs = self.estimator.predict(np.concatenate(rows)).reshape(recipe.horizon, -1).T
        return Members((recipe.name,), (recipe.seed,), restore(outputs, seen, self.maps)[None])


def _normalised(
    windows: Windows, maps: ViewMaps, statistics: SeriesStatistics, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Returns inputs (B, L) and targets (B, H), NaN where nothing was observed, of at most MOST_ROWS windows."""
    which = np.arange(len(windows))
    if len(which) > MOST_ROWS:
        which = np.sort(rng.choice(which, MOST_ROWS, replace=False))
    series = windows.series[which]
    seen = see(windows.lookbacks(which), maps, statistics.level[series], statistics.scale[series])
    targets = (windows.horizons(which) - seen.base) / seen.scale
    return seen.inputs, np.clip(targets, -CLIP, CLIP)


def _fit_ridge(inputs: FloatArray, targets: FloatArray, rng: np.random.Generator) -> Any:
    """Fits all steps at once; its strength is chosen by leave-one-out on the training windows."""
    from sklearn.linear_model import RidgeCV  # noqa: PLC0415 - scikit-learn costs a second to import

    del rng
    whole = ~np.isnan(targets).any(axis=1)
    rows = whole if whole.any() else np.ones(len(targets), dtype=bool)
    return RidgeCV(alphas=ALPHAS).fit(inputs[rows], np.nan_to_num(targets[rows]))


def _fit_boosting(inputs: FloatArray, targets: FloatArray, rng: np.random.Generator) -> Any:
    """Fits one ensemble of trees for all steps of the horizon."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    window, step = np.nonzero(~np.isnan(targets))
    if len(window) > MOST_ROWS:
        some = np.sort(rng.choice(len(window), MOST_ROWS, replace=False))
        window, step = window[some], step[some]
    trees = HistGradientBoostingRegressor(
        max_iter=60, learning_rate=0.15, early_stopping=False, random_state=int(rng.integers(2**31))
    )
    with threadpool_limits(1, user_api="openmp"):  # threads that wait for a busy core cost more than they bring
        return trees.fit(_with_step(inputs[window], step), targets[window, step])


def _with_step(inputs: FloatArray, step: NDArray[np.int64]) -> FloatArray:
    """Returns the inputs with the step of the horizon as a last column, (B, L) -> (B, L + 1)."""
    return np.column_stack([inputs, step])
