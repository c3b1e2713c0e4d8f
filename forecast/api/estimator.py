"""A forecaster as scikit-learn and sktime know it: ``fit(y, X).predict(fh, X)``, parameters that can be searched.

y   pandas Series, a column a series, or a panel (rows by series and time); dates, periods or numbers as its index
X   what is known ahead, at the same index; its rows after the end of y are handed to ``predict``
fh  how far: a number of steps, the steps themselves such as [1, 7], or dates after the end of y
"""

import inspect
import warnings
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.api.model import Model
from forecast.api.target_layout import Steps, Target, lay_out, steps_of
from forecast.api.verbs import train
from forecast.errors import UsageError, did_you_mean
from forecast.specs import Device, Kind, Loss, Metric, Preset, ViewSet

APART = ("time_limit", "device")
FIT = "Forecaster().fit(y)"


class NotFittedError(UsageError, ValueError, AttributeError):
    """A forecaster is asked for something before it was fitted; scikit-learn's own is of these kinds, too."""


class ForecastEstimator:
    """The models of ``train`` in the manner of scikit-learn and sktime; ``from forecast import Forecaster``.

    ``Forecaster("gru", horizon=12).fit(y).predict()``; in scikit-learn's
    ``cross_validate(Forecaster(horizon=12), y, cv=TimeSeriesSplit(3, test_size=12))`` the target takes the place of X,
    and the score is minus the RMSE; covariates go by ``params={"X": X}``. sktime's own form is
    ``forecast.api.sktime_forecaster.SktimeForecaster``.

    Args:
        model: any model of ``compare``, or ``auto`` for the best network in the backtest.
        horizon: steps that it is trained for; inferred if left out, or as many as ``fit`` is told.
        time_limit: seconds that ``fit`` may take, or a text such as ``"2m"``.
        device: what networks are trained on.

    All others mean what they mean to ``train``; None is as if left out.

    Attributes:
        model_: the ``Model``, once it is fitted.
    """

    def __init__(  # noqa: PLR0913 - scikit-learn reads the parameters off the signature
        self,
        model: str = "auto",
        *,
        horizon: int | None = None,
        window: int | None = None,
        season: int | None = None,
        folds: int | None = None,
        levels: Sequence[float] | None = None,
        kind: Kind | None = None,
        calendar: bool | None = None,
        country: str | None = None,
        preset: Preset | None = None,
        seed: int | None = None,
        seeds: int | None = None,
        metric: Metric | None = None,
        segment: int | None = None,
        units: int | None = None,
        layers: int | None = None,
        dropout: float | None = None,
        recurrent_dropout: float | None = None,
        loss: Loss | Callable[[Any, Any], Any] | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        weight_decay: float | None = None,
        views: ViewSet | None = None,
        time_limit: float | str | None = None,
        device: Device = "auto",
    ) -> None:
        given = dict(locals())
        for name in self._names():
            setattr(self, name, given[name])

    # Parameters, as scikit-learn has them

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(ForecastEstimator.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - there is nothing below
        """Returns the parameters by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Self:
        """Changes some parameters, and returns itself.

        Raises:
            UsageError: there is no such parameter.
        """
        for name, value in params.items():
            if name not in self._names():
                meant = did_you_mean(name, self._names())
                raise UsageError(f"Forecaster has no parameter '{name}'.{meant}", f"one of {', '.join(self._names())}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        usual = inspect.signature(ForecastEstimator.__init__).parameters
        given = {name: value for name, value in self.get_params().items() if value != usual[name].default}
        fitted = repr(self.model_).partition("\n")[0] if hasattr(self, "model_") else "not fitted"
        words = ", ".join(f"{name}={value!r}" for name, value in given.items())
        return f"Forecaster({words})\n  {fitted}\n  .fit(y, X)  .predict(fh, X)  .predict_interval(fh, X)  .score(y, X)"

    def __sklearn_tags__(self) -> Any:
        """Returns what scikit-learn is to know: neither a classifier nor a regressor, and ``y`` is what comes first."""
        from sklearn.utils import Tags, TargetTags  # noqa: PLC0415 - who cross-validates has it

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    # Forecasting

    def fit(self, y: Target, X: "pd.DataFrame | pd.Series | None" = None, fh: Steps = None) -> Self:
        """Trains on a target and what is known beside it, and returns itself.

        Args:
            y: its last row is the origin.
            X: covariates that are known ahead, at the index of ``y``.
            fh: steps that will be asked for, where ``horizon`` is left out.

        Raises:
            ForecastError: a parameter or the data can't be used; training failed.
        """
        laid = lay_out(y, X)
        given = self.get_params()
        model, apart = given.pop("model"), {name: given.pop(name) for name in APART}
        settings = {name: value for name, value in given.items() if value is not None}
        if fh is not None and "horizon" not in settings:
            settings["horizon"] = int(steps_of(fh, laid, None).max())
        self.model_: Model = train(laid.table, model, name="forecaster", **apart, **laid.settings, **settings)
        self._laid = laid
        return self

    def predict(self, fh: Steps = None, X: "pd.DataFrame | pd.Series | None" = None) -> "pd.Series | pd.DataFrame":
        """Returns the forecasts in the form of ``y``, at the index that goes on after its end.

        Args:
            fh: a number of steps, a list of steps, or dates; as many as it was trained for if left out.
            X: covariates of the steps to come; usual values are taken of what it does not tell.

        Raises:
            ForecastError: it is not fitted, or can't be asked so.
        """
        steps, table = self._asked(fh, X)
        return self._laid.result(table["forecast"], steps, self.model_)

    def predict_quantiles(
        self,
        fh: Steps = None,
        X: "pd.DataFrame | pd.Series | None" = None,
        alpha: float | Sequence[float] = (0.1, 0.5, 0.9),
    ) -> pd.DataFrame:
        """Returns quantiles, a column each under the name of its series, at the index that goes on after the end.

        Args:
            fh: see ``predict``.
            X: likewise.
            alpha: their probabilities.

        Raises:
            ForecastError: likewise, or there is no such quantile.
        """
        wanted = _shares("alpha", alpha)
        steps, table = self._asked(fh, X, quantiles=wanted)
        return self._laid.columns({q: table[f"q{q:g}"] for q in wanted}, steps, self.model_)

    def predict_interval(
        self,
        fh: Steps = None,
        X: "pd.DataFrame | pd.Series | None" = None,
        coverage: float | Sequence[float] = 0.9,
    ) -> pd.DataFrame:
        """Returns intervals, columns ``(series, coverage, "lower" or "upper")``, as sktime names them.

        Args:
            fh: see ``predict``.
            X: likewise.
            coverage: the shares of the truths that they should hold.

        Raises:
            ForecastError: likewise, or there is no such interval.
        """
        shares = _shares("coverage", coverage)
        levels = {share: round(100 * share, 6) for share in shares}
        steps, table = self._asked(fh, X, levels=list(levels.values()))
        bounds = {
            (share, side): table[f"{side}_{level:g}"] for share, level in levels.items() for side in ("lower", "upper")
        }
        return self._laid.columns(bounds, steps, self.model_)

    def score(self, y: Target, X: "pd.DataFrame | pd.Series | None" = None) -> float:
        """Returns minus the RMSE of the forecasts of ``y``, which begins after the data that it was fitted to.

        More is better, as scikit-learn has it. Gaps in ``y`` are not scored.

        Raises:
            ForecastError: see ``predict``; or ``y`` does not go on where the other ended.
        """
        _fitted(self)
        truth = lay_out(y, None)
        if not self._laid.has_dates:
            fh: Any = np.arange(1, truth.rows + 1)
        else:
            fh = truth.index
        made = self.predict(fh, X)
        errors = np.asarray(made, dtype=float) - np.asarray(y, dtype=float).reshape(np.asarray(made).shape)
        return -float(np.sqrt(np.nanmean(errors**2)))

    def _asked(
        self, fh: Steps, X: "pd.DataFrame | pd.Series | None", **asked: Any
    ) -> tuple[NDArray[np.int64], pd.DataFrame]:
        """Returns the steps that are asked for, and the table that holds them."""
        _fitted(self)
        laid = self._laid
        steps = steps_of(fh, laid, self.model_)
        future = None if X is None else laid.future(X)
        most = int(steps.max()) + int(laid.late(self.model_).max())
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            table = self.model_.predict(most, future=future, **asked)
        for warning in said:
            warnings.warn(str(warning.message), stacklevel=3)
        return steps, table


def _fitted(forecaster: ForecastEstimator) -> None:
    if not hasattr(forecaster, "model_"):
        raise NotFittedError("The forecaster was not fitted yet.", FIT)


def _shares(name: str, value: object) -> list[float]:
    """Returns numbers between 0 and 1.

    Raises:
        UsageError: one is none.
    """
    several: list[Any] = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    if not several or not all(isinstance(each, Real) and 0 < float(each) < 1 for each in several):
        raise UsageError(f"{name} is {value!r}; it must be between 0 and 1.", f"{name}=0.9")
    return [float(each) for each in several]
