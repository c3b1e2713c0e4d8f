"""Every model by the name a user types, a record each; the one door to TensorFlow, scikit-learn and statsforecast.

To add a model, write what makes its forecaster and add a record to ``MODELS``; networks come from ``cells.CELLS``.
Names, groups and styles cost no import beyond the standard library.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal, cast

from forecast.errors import UsageError, did_you_mean
from forecast.models.model_style import ModelStyle
from forecast.models.networks.cells import CELLS, REFERENCE
from forecast.run import Run
from forecast.specs import LINEAR, ModelSpec, Overrides, Settings, View
from forecast.wording import joined

if TYPE_CHECKING:
    from forecast.data.panel import Panel
    from forecast.models.classical.baselines import BaselineName
    from forecast.models.classical.statsforecast import ClassicalName
    from forecast.models.ensemble import EnsembleModel
    from forecast.models.forecaster import Forecaster, Issuable, Watcher
    from forecast.models.method_settings import MethodSettings
    from forecast.models.networks.recurrent import Memory
    from forecast.models.networks.time_budget import Pacer
    from forecast.models.regression import RegressionName

Group = Literal["network", "ensemble", "regression", "classical", "by series", "intermittent", "baseline"]
RIVAL_GROUPS: tuple[Group, ...] = ("regression", "by series", "baseline")
"""What every comparison shows beside the models that were asked for."""


@dataclass(frozen=True)
class Ingredients:
    """What forecasters are made of.

    Attributes:
        specs: of each cell in ``spec_names``; of other models only window and horizon are used.
        season: what the seasonal naive repeats and the classical methods model.
        run: what to train with.
        settings: the numbers of the methods.
        memory: networks trained before in this run, not to be trained again.
        pacers: of each cell, where training is to keep to a time.
    """

    specs: Mapping[str, ModelSpec]
    season: int
    run: Run
    settings: "MethodSettings"
    memory: "Memory | None" = None
    pacers: "Mapping[str, Pacer] | None" = None


@dataclass(frozen=True)
class ModelRecord:
    """One model.

    Attributes:
        name: that a user types.
        group: what kind of model it is.
        style: how it is drawn.
        make: its forecaster, from its name, the spec of its first network or of ``LINEAR``, and the rest.
    """

    name: str
    group: Group
    style: ModelStyle
    make: "Callable[[str, ModelSpec, Ingredients], Forecaster]"


LEARNED_GROUPS: tuple[Group, ...] = ("network", "ensemble")
OF_NETWORKS = (*(field.name for field in fields(Overrides)), "seeds")
"""Settings that only networks have."""
OF_CELLS = ("segment", "units", "layers", "dropout", "recurrent_dropout")
"""Those of them that only a recurrent cell has."""
OF_OUR_CELLS = ("dropout", "recurrent_dropout")
"""And those that a Keras layer which a user wrote is not told."""


def _networks(name: str, _: ModelSpec, given: Ingredients) -> "Forecaster":
    from forecast.models.ensemble import EnsembleForecaster
    from forecast.models.networks.fitting import RecurrentForecaster  # imports TensorFlow

    parts = tuple(
        RecurrentForecaster(
            cell,
            given.specs[cell],
            given.run,
            given.memory,
            pacer=(given.pacers or {}).get(cell),
            settings=given.settings,
        )
        for cell in spec_names(name)
    )
    return parts[0] if len(parts) == 1 else EnsembleForecaster(name, parts)


def _regression(name: str, spec: ModelSpec, given: Ingredients) -> "Forecaster":
    from forecast.models.regression import RegressionForecaster

    view = View("last-season", given.season)
    return RegressionForecaster(cast("RegressionName", name), spec, view, given.settings, spec.seeds[0])


def _classical(name: str, spec: ModelSpec, given: Ingredients) -> "Forecaster":
    from forecast.models.classical.statsforecast import make_classical  # imports statsforecast

    return make_classical(cast("ClassicalName", name), spec.horizon, given.season)


def _baseline(name: str, spec: ModelSpec, given: Ingredients) -> "Forecaster":
    from forecast.models.classical.baselines import Baseline

    is_demand = name in (*demand_rivals(), "smoothing") and "pooled" in spec.anchors
    own = given.settings.classical
    return Baseline(cast("BaselineName", name), spec.horizon, given.season, own, spec.seasons[1:], is_demand)


class ModelList(Mapping[str, ModelRecord]):
    """All models by name: the networks of all cells, and the others."""

    def __init__(self, *others: ModelRecord) -> None:
        self._others = {record.name: record for record in others}

    def __iter__(self) -> Iterator[str]:
        yield from CELLS
        yield from self._others

    def __len__(self) -> int:
        return len(CELLS) + len(self._others)

    def __contains__(self, name: object) -> bool:
        return name in CELLS or name in self._others

    def __getitem__(self, name: str) -> ModelRecord:
        if name in CELLS:
            return ModelRecord(name, "network", CELLS[name].style, _networks)
        return self._others[name]

    def of(self, *groups: Group) -> tuple[str, ...]:
        """Returns the names of some groups, group by group."""
        named = {name: "network" if name in CELLS else self._others[name].group for name in self}
        return tuple(name for group in groups for name, own in named.items() if own == group)


def _grey(colour: str, marker: str, *dashes: float) -> ModelStyle:
    """Returns the style of a baseline: a dashed line in grey."""
    return ModelStyle(colour, marker, (0, dashes), is_baseline=True)


ENSEMBLE = "ensemble"
MODELS = ModelList(
    ModelRecord(LINEAR, "network", ModelStyle("#56B4E9", "D"), _networks),
    ModelRecord(ENSEMBLE, "ensemble", ModelStyle("#CC79A7", "P"), _networks),
    ModelRecord("ridge", "regression", _grey("#8A7A66", ">", 3, 1.5), _regression),
    ModelRecord("boosting", "regression", _grey("#A0917B", "p", 7, 2, 1, 2, 1, 2), _regression),
    ModelRecord("ets", "classical", _grey("#66788C", "h", 3, 1, 1, 1), _classical),
    ModelRecord("theta", "classical", _grey("#7F93A8", "d", 2, 2), _classical),
    ModelRecord("arima", "classical", _grey("#56657A", "*", 8, 2), _classical),
    ModelRecord("smoothing", "by series", _grey("#6B7F5E", "1", 1, 1, 4, 1), _baseline),
    ModelRecord("local-ridge", "by series", _grey("#5E7F7A", "2", 4, 1), _baseline),
    ModelRecord("sba", "intermittent", _grey("#7D6F8A", "3", 2, 1), _baseline),
    ModelRecord("tsb", "intermittent", _grey("#8A6F7D", "4", 2, 1, 1, 1), _baseline),
    ModelRecord("adida", "intermittent", _grey("#6F7D8A", "8", 6, 1), _baseline),
    ModelRecord("imapa", "intermittent", _grey("#8A7D6F", "H", 6, 1, 1, 1), _baseline),
    ModelRecord("naive", "baseline", _grey("#7A7A7A", "v", 1, 1.4), _baseline),
    ModelRecord("seasonal-naive", "baseline", _grey("#404040", "x", 5, 2), _baseline),
    ModelRecord("drift", "baseline", _grey("#9E9E9E", "<", 5, 2, 1, 2), _baseline),
)


def is_learned(name: str) -> bool:
    """Tells whether a model is made of networks, which TensorFlow trains."""
    return name in learned_models()


def learned_models() -> tuple[str, ...]:
    """Returns the models that are made of networks."""
    return (*MODELS.of(*LEARNED_GROUPS), *CELLS.unlisted)


def rivals() -> tuple[str, ...]:
    """Returns what every comparison shows beside the models that were asked for."""
    return MODELS.of(*RIVAL_GROUPS)


def demand_rivals() -> tuple[str, ...]:
    """Returns what stands beside the models that are scored on demand that comes now and then."""
    return MODELS.of("intermittent")


def check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the names without repetition, in the order given.

    Raises:
        UsageError: a name is no model; the hint lists all.
    """
    for name in names:
        if name not in MODELS:
            hint = f"--models {name}:MyCell" if name.endswith(".py") else f"--models {','.join(MODELS)}"
            raise UsageError(f"There is no model '{name}'.{did_you_mean(name, MODELS)}", hint)
    return tuple(dict.fromkeys(names))


def settings_of(name: str) -> frozenset[str]:
    """Returns the names of the settings of networks that a model has, too; none of what is no network."""
    if not is_learned(name):
        return frozenset()
    is_own_layer = name in CELLS.unlisted and CELLS[name].runs is not None
    return frozenset(OF_NETWORKS).difference(OF_CELLS if name == LINEAR else OF_OUR_CELLS if is_own_layer else ())


def without_effect(given: Iterable[str], models: Iterable[str]) -> tuple[str, ...]:
    """Returns those of some settings that networks have, and none of the models has."""
    had = frozenset[str]().union(*map(settings_of, models))
    return tuple(name for name in given if name in OF_NETWORKS and name not in had)


def check_settings(settings: Settings, models: tuple[str, ...]) -> None:
    """Refuses a setting that no model which was asked for has: it would be ignored.

    Raises:
        UsageError: there is one.
    """
    given = [name for name, value in settings.flat().items() if value is not None]
    lacks = without_effect(given, models)
    if not lacks:
        return
    flag = f"--{lacks[0].replace('_', '-')}"
    what = "recurrent cells" if lacks[0] in OF_CELLS else "networks"
    lack = f"{models[0]} has" if len(models) == 1 else f"{joined(models)} have"
    raise UsageError(
        f"{flag} is a setting of {what}; {lack} no such setting.", f"leave out {flag}, or a network such as {REFERENCE}"
    )


def spec_names(name: str) -> tuple[str, ...]:
    """Returns the cells whose specs a model is made from."""
    if name == ENSEMBLE:
        return tuple(CELLS)
    return (name,) if name in CELLS else (LINEAR,)


def make_forecaster(
    name: str,
    specs: Mapping[str, ModelSpec],
    season: int,
    run: Run,
    memory: "Memory | None" = None,
    pacers: "Mapping[str, Pacer] | None" = None,
    settings: "MethodSettings | None" = None,
) -> "Forecaster":
    """Returns the forecaster of a name; see ``Ingredients``, and None for the settings that hold now.

    Raises:
        DependencyError: a classical method is asked for and statsforecast is not installed.
    """
    from forecast.models.method_settings import CURRENT

    given = Ingredients(specs, season, run, settings or CURRENT, memory, pacers)
    return MODELS[name].make(name, specs[spec_names(name)[0]], given)


def train_on(
    model: "EnsembleModel", panel: "Panel", run: Run, watcher: "Watcher", effort: float = 1.0
) -> "EnsembleModel":
    """Returns the model trained further: its networks begin from its own weights (a warm start).

    Args:
        model: what to start from; its specs stay.
        panel: ends at the origin.
        run: what to train with.
        watcher: looks on.
        effort: share of the specs' steps that are trained.

    Raises:
        TrainingError, DataError: see ``RecurrentForecaster.fit``.
    """
    from forecast.models.ensemble import EnsembleModel
    from forecast.models.networks.fitting import RecurrentForecaster  # imports TensorFlow

    parts = []
    for number, part in enumerate(model.parts):
        spec = part.spec.with_(steps=max(1, round(part.spec.steps * effort)))
        forecaster = RecurrentForecaster(spec.cell, spec, run, start=part, settings=part.settings)
        parts.append(replace(forecaster.fit(panel, watcher.during(number, len(model.parts))), spec=part.spec))
    return EnsembleModel(tuple(parts))


def is_same_recipe(model: "Issuable", asked: "Forecaster", specs: Mapping[str, ModelSpec]) -> bool:
    """Tells whether a model was fitted as a forecaster of the same name would be; ``specs`` are those of its cells."""
    from forecast.models.ensemble import EnsembleModel
    from forecast.models.method_settings import CURRENT
    from forecast.models.regression import FittedRegression, RegressionForecaster

    if isinstance(model, EnsembleModel):
        own = {part.spec.cell: part.spec.with_(known=0, past=0, static=0) for part in model.parts}  # the data size them
        is_alike = all(part.settings == CURRENT for part in model.parts)
        return is_alike and all(specs[cell] == spec for cell, spec in own.items())
    if isinstance(model, FittedRegression) and isinstance(asked, RegressionForecaster):
        recipe = model.recipe
        settled = (recipe.spec, recipe.view, recipe.seed, recipe.settings)
        return settled == (asked.spec, asked.view, asked.seed, asked.settings)
    return cast(object, model) == asked
