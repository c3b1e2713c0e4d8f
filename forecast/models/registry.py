"""Every model by the name a user types, and the one door to TensorFlow, scikit-learn and statsforecast."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from forecast.errors import UsageError, did_you_mean
from forecast.models.classical.baselines import Baseline, BaselineName
from forecast.models.ensemble import EnsembleForecaster, EnsembleModel
from forecast.models.forecaster import Forecaster, Issuable, Watcher
from forecast.models.method_settings import CURRENT, MethodSettings
from forecast.models.regression import FittedRegression, RegressionForecaster, RegressionName
from forecast.specs import CELLS, Machine, ModelSpec, View

if TYPE_CHECKING:
    from forecast.data.panel import Panel
    from forecast.models.networks.recurrent import RecurrentModel
    from forecast.models.networks.time_budget import Pacer

NETWORKS = ("rnn", "lstm", "gru", "linear")
BASELINES = ("naive", "seasonal-naive", "drift")
BY_SERIES = ("smoothing", "local-ridge")
REGRESSIONS = ("ridge", "boosting")
CLASSICAL = ("ets", "theta", "arima")
ENSEMBLE = "ensemble"
RIVALS = (*REGRESSIONS, *BY_SERIES, *BASELINES)
"""What every comparison shows beside the models that were asked for."""
MODELS = (*NETWORKS, ENSEMBLE, *REGRESSIONS, *CLASSICAL, *BY_SERIES, *BASELINES)

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
    name: str,
    specs: Mapping[str, ModelSpec],
    season: int,
    machine: Machine,
    memory: Memory | None = None,
    pacers: Mapping[str, "Pacer"] | None = None,
    settings: MethodSettings = CURRENT,
) -> Forecaster:
    """Returns the forecaster of a name.

    Args:
        name: one of ``MODELS``.
        specs: of each cell in ``spec_names``; of other models only window and horizon are used.
        season: what the seasonal naive repeats and the classical methods model.
        machine: what to train on.
        memory: networks trained before in this run, not to be trained again.
        pacers: of each cell, where training is to keep to a time.
        settings: the numbers of the methods.

    Raises:
        DependencyError: a classical method is asked for and statsforecast is not installed.
    """
    spec = specs[spec_names(name)[0]]
    if name in (*BASELINES, *BY_SERIES):
        return Baseline(cast(BaselineName, name), spec.horizon, season, settings.classical, spec.seasons[1:])
    if name in REGRESSIONS:
        view = View("last-season", season)
        return RegressionForecaster(cast(RegressionName, name), spec, view, settings, spec.seeds[0])
    if name in CLASSICAL:
        from forecast.models.classical.statsforecast import ClassicalName, make_classical  # noqa: PLC0415 - imports statsforecast

        return make_classical(cast(ClassicalName, name), spec.horizon, season)
    from forecast.models.networks.fitting import RecurrentForecaster  # noqa: PLC0415 - imports TensorFlow

    parts = tuple(
        RecurrentForecaster(cell, specs[cell], machine, memory, pacer=(pacers or {}).get(cell), settings=settings)
        for cell in spec_names(name)
    )
    return parts[0] if len(parts) == 1 else EnsembleForecaster(name, parts)


def train_on(
    model: EnsembleModel, panel: "Panel", machine: Machine, watcher: Watcher, effort: float = 1.0
) -> EnsembleModel:
    """Returns the model trained further: its networks begin from its own weights (a warm start).

    Args:
        model: what to start from; its specs stay.
        panel: ends at the origin.
        machine: what to train on.
        watcher: looks on.
        effort: share of the specs' steps that are trained.

    Raises:
        TrainingError, DataError: see ``RecurrentForecaster.fit``.
    """
    from forecast.models.networks.fitting import RecurrentForecaster  # noqa: PLC0415 - imports TensorFlow

    parts = []
    for number, part in enumerate(model.parts):
        spec = part.spec.with_(steps=max(1, round(part.spec.steps * effort)))
        forecaster = RecurrentForecaster(spec.cell, spec, machine, start=part, settings=part.settings)
        parts.append(replace(forecaster.fit(panel, watcher.during(number, len(model.parts))), spec=part.spec))
    return EnsembleModel(tuple(parts))


def is_same_recipe(model: Issuable, asked: Forecaster, specs: Mapping[str, ModelSpec]) -> bool:
    """Tells whether a model was fitted as a forecaster of the same name would be; ``specs`` are those of its cells."""
    if isinstance(model, EnsembleModel):
        own = {part.spec.cell: part.spec.with_(known=0, past=0, static=0) for part in model.parts}  # the data size them
        is_alike = all(part.settings == CURRENT for part in model.parts)
        return is_alike and all(specs[cell] == spec for cell, spec in own.items())
    if isinstance(model, FittedRegression) and isinstance(asked, RegressionForecaster):
        recipe = model.recipe
        settled = (recipe.spec, recipe.view, recipe.seed, recipe.settings)
        return settled == (asked.spec, asked.view, asked.seed, asked.settings)
    return cast(object, model) == asked
