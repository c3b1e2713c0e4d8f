"""Every model by the name a user types, and the one door to TensorFlow, scikit-learn and statsforecast."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from forecast.errors import UsageError, did_you_mean
from forecast.models.baselines import Baseline, BaselineName
from forecast.models.forecaster import Forecaster
from forecast.specs import CELLS, Machine, ModelSpec, View

if TYPE_CHECKING:
    from forecast.models.recurrent import RecurrentModel

NETWORKS = ("rnn", "lstm", "gru", "linear")
BASELINES = ("naive", "seasonal-naive", "drift")
REGRESSIONS = ("ridge", "boosting")
CLASSICAL = ("ets", "theta", "arima")
ENSEMBLE = "ensemble"
MODELS = (*NETWORKS, ENSEMBLE, *REGRESSIONS, *CLASSICAL, *BASELINES)

Memory = dict[tuple[ModelSpec, bytes], "RecurrentModel"]


def check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the names without repetition, in the order given.

    Raises:
        UsageError: a name is no model; the hint lists all.
    """
    for name in names:
        if name not in MODELS:
            raise UsageError(f"There is no model '{name}'.{did_you_mean(name, MODELS)}", f"--models {','.join(MODELS)}")
    return tuple(dict.fromkeys(names))


def spec_names(name: str) -> tuple[str, ...]:
    """Returns the cells whose specs a model is made from."""
    return CELLS if name == ENSEMBLE else (name,) if name in NETWORKS else ("linear",)


def make_forecaster(
    name: str, specs: Mapping[str, ModelSpec], season: int, machine: Machine, memory: Memory | None = None
) -> Forecaster:
    """Returns the forecaster of a name.

    Args:
        name: one of ``MODELS``.
        specs: of each cell in ``spec_names``; of other models only window and horizon are used.
        season: what the seasonal naive repeats and the classical methods model.
        machine: what to train on.
        memory: networks trained before in this run, not to be trained again.

    Raises:
        DependencyError: a classical method is asked for and statsforecast is not installed.
    """
    spec = specs[spec_names(name)[0]]
    if name in BASELINES:
        return Baseline(cast(BaselineName, name), spec.horizon, season)
    if name in REGRESSIONS:
        from forecast.models.regression import RegressionForecaster, RegressionName  # noqa: PLC0415

        return RegressionForecaster(
            cast(RegressionName, name), spec.window, spec.horizon, View("last-season", season), spec.seeds[0]
        )
    if name in CLASSICAL:
        from forecast.models.classical import ClassicalName, make_classical  # noqa: PLC0415 - imports statsforecast

        return make_classical(cast(ClassicalName, name), spec.horizon, season)
    from forecast.models.ensemble import EnsembleForecaster  # noqa: PLC0415
    from forecast.models.fitting import RecurrentForecaster  # noqa: PLC0415 - imports TensorFlow

    parts = tuple(
        RecurrentForecaster(cell, specs[cell], machine.jit, machine.threads, memory) for cell in spec_names(name)
    )
    return parts[0] if len(parts) == 1 else EnsembleForecaster(name, parts)
