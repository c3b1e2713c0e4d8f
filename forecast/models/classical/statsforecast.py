"""The classical methods that a network has to beat, from statsforecast (the extra ``classical``).

Shapes: ``S`` series, ``N`` steps of one series, ``H`` horizon.
"""

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.errors import DependencyError
from forecast.models.classical.baselines import naive
from forecast.models.forecaster import Members, Watcher
from forecast.run import ALONE, Run
from forecast.specs import Anchor

FloatArray = NDArray[np.float64]
ClassicalName = Literal["ets", "theta", "arima"]

SHORTEST = 7
"""Steps below which the methods refuse a series: even simple smoothing has two numbers to learn."""
MANY = 100
"""From so many series on, starting a process on each core costs less than it saves."""


@dataclass(frozen=True)
class ClassicalForecaster:
    """A method that chooses its own form for each series, by an information criterion.

    - ``ets``: exponential smoothing (Hyndman et al. 2002, "A state space framework for automatic forecasting").
    - ``theta``: standard, optimised and dynamic Theta (Fiorucci et al. 2016, "Models for optimising the theta method").
    - ``arima``: seasonal ARIMA (Hyndman & Khandakar 2008, "Automatic time series forecasting").

    It learns from the very series that it forecasts and from nothing else, so it is fitted anew whenever it
    forecasts. Where it can't take a series (fewer than ``SHORTEST`` steps, or it refuses or breaks down on the
    values), that series gets its last value repeated, the naive forecast.
    """

    name: ClassicalName
    horizon: int
    season: int
    parameters: None = None
    curve: None = None
    train_seconds: float = 0.0
    covariate_model: None = None
    anchors: tuple[Anchor, ...] = ()
    lookback: None = None  # all steps decide a forecast

    @property
    def seasons(self) -> tuple[int, ...]:
        """The season."""
        return (self.season,)

    def fit(self, panel: Panel, watcher: Watcher) -> "ClassicalForecaster":
        """Returns itself: what there is to learn is learned when a forecast is asked for."""
        del panel
        watcher.progress(1.0)
        return self

    def predict_members(self, panel: Panel, run: Run = ALONE) -> Members:
        """Returns the method's forecast as its only member."""
        from joblib import Parallel, delayed  # noqa: PLC0415 - only here

        values = naive(panel, self.horizon)
        able = np.flatnonzero(panel.lengths >= SHORTEST)
        # Processes, since the methods hold Python's lock; joblib's start afresh, which is safe beside TensorFlow.
        found = Parallel(n_jobs=run.machine.threads if len(able) >= MANY else 1)(
            delayed(_forecast)(self, panel.filled[panel.offsets[i] : panel.offsets[i + 1]]) for i in able
        )
        for i, forecast in zip(able, found, strict=True):
            if forecast is not None:
                values[i] = forecast
        return Members((self.name,), (0,), values[None])


def make_classical(name: ClassicalName, horizon: int, season: int) -> ClassicalForecaster:
    """Returns the forecaster of a classical method.

    Raises:
        DependencyError: statsforecast is not installed.
    """
    try:
        _method(name, season)
    except ImportError as error:
        raise DependencyError(
            f"The model '{name}' needs statsforecast, which is not installed.", "pip install 'statsforecast>=2.0'"
        ) from error
    return ClassicalForecaster(name, horizon, season)


def _method(name: ClassicalName, season: int) -> Any:
    from statsforecast import models  # noqa: PLC0415 - an extra, and it costs a second to import

    return {"ets": models.AutoETS, "theta": models.AutoTheta, "arima": models.AutoARIMA}[name](season_length=season)


def _forecast(recipe: ClassicalForecaster, history: FloatArray) -> FloatArray | None:
    """Returns the forecast of one series, (N,) -> (H,); None where the method can't make one."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # an optimiser's doubts about one candidate; the criterion decides
        try:
            forecast = np.asarray(_method(recipe.name, recipe.season).forecast(y=history, h=recipe.horizon)["mean"])
        except (TypeError, AttributeError, ImportError, MemoryError):  # never the series' fault
            raise
        except Exception:  # noqa: BLE001 - it refuses a series by anything from ValueError to a plain Exception
            return None
    return forecast if np.isfinite(forecast).all() else None
