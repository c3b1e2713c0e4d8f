"""Every model by the name a user types, and the one door to TensorFlow and scikit-learn."""

from typing import cast

from forecast.errors import UsageError, did_you_mean
from forecast.models.baselines import Baseline, BaselineName
from forecast.models.forecaster import Forecaster
from forecast.specs import Machine, ModelSpec

NETWORKS = ("rnn", "lstm", "gru", "linear")
BASELINES = ("naive", "seasonal-naive", "drift")
REGRESSIONS = ("ridge", "boosting")
MODELS = (*NETWORKS, *REGRESSIONS, *BASELINES)


def check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the names without repetition, in the order given.

    Raises:
        UsageError: a name is no model; the hint lists all.
    """
    for name in names:
        if name not in MODELS:
            raise UsageError(f"There is no model '{name}'.{did_you_mean(name, MODELS)}", f"--models {','.join(MODELS)}")
    return tuple(dict.fromkeys(names))


def make_forecaster(name: str, spec: ModelSpec, season: int, machine: Machine) -> Forecaster:
    """Returns the forecaster of a name.

    Args:
        name: one of ``MODELS``.
        spec: a network's settings; of the others only window, horizon and the first view are used.
        season: what the seasonal naive repeats.
        machine: what to train on.
    """
    if name in BASELINES:
        return Baseline(cast(BaselineName, name), spec.horizon, season)
    if name in REGRESSIONS:
        from forecast.models.regression import RegressionForecaster, RegressionName  # noqa: PLC0415

        return RegressionForecaster(cast(RegressionName, name), spec.window, spec.horizon, spec.views[0], spec.seeds[0])
    from forecast.models.fitting import RecurrentForecaster  # noqa: PLC0415 - imports TensorFlow

    return RecurrentForecaster(name, spec, jit=machine.jit, threads=machine.threads)
