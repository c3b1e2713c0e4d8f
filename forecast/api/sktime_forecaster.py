"""The forecaster as sktime has it, for its pipelines, tuning and checks; sktime is installed by whoever uses it."""

from typing import Any, ClassVar

import pandas as pd

from forecast.api.estimator import ForecastEstimator
from forecast.errors import DependencyError

try:
    from sktime.forecasting.base import BaseForecaster, ForecastingHorizon
except ImportError as error:
    raise DependencyError(f"sktime can't be imported: {error}.", "pip install 'sktime>=0.38'") from None


class SktimeForecaster(BaseForecaster):  # type: ignore[misc]  # sktime ships no types
    """``Forecaster`` with sktime's own ways around it: panels, hierarchies, ``fh`` in every form.

    ``from forecast.api.sktime_forecaster import SktimeForecaster``, then
    ``SktimeForecaster("gru").fit(y, fh=[1, 2, 3]).predict()``.

    Args:
        model: see ``Forecaster``.
        settings: its other parameters by name, such as ``{"preset": "fast", "seeds": 1}``.

    Examples:
        >>> import pandas as pd
        >>> from forecast.api.sktime_forecaster import SktimeForecaster
        >>> index = pd.period_range("2024-01", periods=36, freq="M")
        >>> y = pd.Series([float(month % 12) for month in range(36)], index)
        >>> SktimeForecaster("seasonal-naive").fit(y, fh=[1, 2, 3]).predict().tolist()
        [0.0, 1.0, 2.0]
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": ["forecast"],
        "y_inner_mtype": "pd.Series",
        "X_inner_mtype": "pd.DataFrame",
        "requires-fh-in-fit": False,
        "capability:exogenous": True,
        "capability:missing_values": True,
        "capability:insample": False,
        "capability:pred_int": True,
        "capability:pred_int:insample": False,
        "capability:multivariate": False,
        "python_dependencies": ["forecast"],
    }

    def __init__(self, model: str = "auto", settings: dict[str, Any] | None = None) -> None:
        self.model = model
        self.settings = settings
        super().__init__()

    def _fit(self, y: pd.Series, X: pd.DataFrame | None, fh: Any) -> "SktimeForecaster":
        steps = None if fh is None else fh.to_relative(self.cutoff).to_numpy()
        self.forecaster_ = ForecastEstimator(self.model, **(self.settings or {})).fit(y, X, steps)
        return self

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> Any:
        return self._at(self.forecaster_.predict(self._steps(fh), self._ahead(X)), fh)

    def _predict_quantiles(self, fh: Any, X: pd.DataFrame | None, alpha: list[float]) -> Any:
        found = self.forecaster_.predict_quantiles(self._steps(fh), self._ahead(X), alpha)
        found.columns = pd.MultiIndex.from_product([self._get_varnames(), alpha])
        return self._at(found, fh)

    def _steps(self, fh: Any) -> Any:
        return fh.to_relative(self.cutoff).to_numpy()

    def _at(self, found: Any, fh: Any) -> Any:
        """Returns forecasts at the index that sktime expects."""
        found.index = ForecastingHorizon.to_pandas(fh.to_absolute(self.cutoff))
        return found

    def _ahead(self, X: pd.DataFrame | None) -> pd.DataFrame | None:
        """Returns covariates, where it was fitted with any."""
        return X if X is not None and self.forecaster_._laid.known else None

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:  # noqa: ARG003 - sktime's
        """Returns parameters that sktime tests with: models that need no training."""
        return [{"model": "naive", "settings": {"folds": 1}}, {"model": "seasonal-naive", "settings": {"folds": 1}}]
