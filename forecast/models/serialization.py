"""Any fitted model as JSON and arrays, and back: networks, regressions, and rules that learn from the data itself.

No pickle: a stored model can execute nothing. What a rule stands on is in the data that it is shown.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast, get_args

from numpy.typing import NDArray

from forecast.decoding import decode
from forecast.errors import DataError
from forecast.models.classical.baselines import Baseline, BaselineName
from forecast.models.classical.statsforecast import ClassicalForecaster, ClassicalName, make_classical
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Issuable
from forecast.models.method_settings import MethodSettings
from forecast.models.networks.cells import CELLS
from forecast.models.networks.serialization import (
    COVARIATE_MODEL,
    RETRAIN,
    Arrays,
    covariate_model_fits,
    dump_covariate_model,
    dump_model,
    load_covariate_model,
    load_model,
)
from forecast.models.regression import (
    FittedRegression,
    LinearMap,
    RegressionForecaster,
    RegressionName,
    inputs_of,
)
from forecast.models.trees import Forest
from forecast.models.views import view_maps
from forecast.specs import MOST_STORED_STEPS, ModelSpec, View

Document = dict[str, Any]
ESTIMATOR = "estimator/"


def dump_fitted(model: Issuable) -> tuple[list[Document], dict[str, NDArray[Any]]]:
    """Returns the documents of a model's parts, JSON-ready, and the arrays of all by name."""
    if isinstance(model, EnsembleModel):
        dumped = [dump_model(part) for part in model.parts]
    elif isinstance(model, FittedRegression):
        dumped = [_dump_regression(model)]
    elif isinstance(model, Baseline | ClassicalForecaster):
        told: Document = {"rule": model.name, "horizon": model.horizon, "seasons": list(model.seasons)}
        counts = {"demand": True} if isinstance(model, Baseline) and model.is_demand else {}
        dumped = [(told | counts, {})]
    else:
        raise TypeError(f"a {type(model).__name__} can't be stored")
    arrays = {f"part{i}/{name}": array for i, (_, own) in enumerate(dumped) for name, array in own.items()}
    return [document for document, _ in dumped], arrays


def load_fitted(
    documents: Sequence[dict[str, Any]], arrays: Arrays, series_ids: tuple[str, ...], settings: MethodSettings
) -> Issuable:
    """Rebuilds a model from ``dump_fitted``'s parts, and the numbers of the methods that it was trained with.

    Raises:
        DataError: a part of it can't be read.
        ValueError: parts do not fit the others.
        DependencyError: the method is of a library that is not installed.
    """
    first, own = documents[0], arrays.under("part0/")
    if "rule" in first or "regression" in first:
        if len(documents) > 1:
            raise ValueError("it has parts beside one that forecasts alone")
        try:
            if "rule" in first:
                return _load_rule(first, settings)
            return _load_regression(first, own, series_ids, settings)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise DataError(f"The stored model is incomplete: {error}.", RETRAIN) from error
    named = [{**document, "series_ids": list(series_ids)} for document in documents]
    parts = tuple(load_model(document, arrays.under(f"part{i}/"), settings) for i, document in enumerate(named))
    if len({(part.spec.horizon, part.spec.anchors, part.spec.rolled) for part in parts}) > 1:
        raise ValueError("its parts forecast other steps, or stand against other anchors")
    return EnsembleModel(parts)


@dataclass(frozen=True)
class RuleEntry:
    """A rule that learns from the data it is shown.

    Attributes:
        seasons: the season, 1 for none, and longer ones.
        demand: of demand that comes now and then it forecasts the mean, around which counts lie.
    """

    rule: str
    horizon: int
    seasons: tuple[int, ...]
    demand: bool = False


@dataclass(frozen=True)
class RegressionEntry:
    """A fitted regression; its numbers are arrays."""

    regression: RegressionName
    view: View
    seed: int


def _dump_regression(model: FittedRegression) -> tuple[Document, dict[str, NDArray[Any]]]:
    recipe = model.recipe
    document = asdict(RegressionEntry(recipe.name, recipe.view, recipe.seed)) | {"spec": recipe.spec.to_json()}
    arrays = {f"{ESTIMATOR}{name}": array for name, array in model.estimator.to_arrays().items()}
    if model.covariate_model:
        document["knowledge"], told = dump_covariate_model(model.covariate_model)
        arrays |= {f"{COVARIATE_MODEL}{name}": array for name, array in told.items()}
    return document, arrays


def _load_regression(
    document: Document, arrays: Arrays, series_ids: tuple[str, ...], settings: MethodSettings
) -> FittedRegression:
    """Rebuilds a regression.

    Raises:
        KeyError, TypeError, ValueError: a part is missing, or does not fit the others.
    """
    own = {name: value for name, value in document.items() if name not in {"spec", "knowledge"}}
    entry, spec = decode(RegressionEntry, own), ModelSpec.from_json(document["spec"], CELLS)
    recipe = RegressionForecaster(entry.regression, spec, entry.view, settings, entry.seed)
    covariate_model = None
    if document.get("knowledge"):
        covariate_model = load_covariate_model(
            document["knowledge"], arrays.under(COVARIATE_MODEL), series_ids, settings.covariates
        )
        if not covariate_model_fits(covariate_model, covariate_model.sized(spec), len(series_ids)):
            raise ValueError("what was learned of covariates does not fit")
    maps, fitted = view_maps(entry.view, spec.window, spec.horizon, settings.views), arrays.under(ESTIMATOR)
    if entry.regression == "boosting":
        return FittedRegression(
            recipe, Forest.from_arrays(dict(fitted), inputs_of(spec, covariate_model)), maps, covariate_model
        )
    weights = fitted.read("weights", "f", (spec.horizon, spec.window))
    return FittedRegression(
        recipe, LinearMap(weights, fitted.read("constant", "f", (spec.horizon,))), maps, covariate_model
    )


def _load_rule(document: Document, settings: MethodSettings) -> Issuable:
    """Rebuilds a rule.

    Raises:
        KeyError, TypeError, ValueError: a part is missing, or the rule is unknown.
        DependencyError: it is a method of a library that is not installed.
    """
    entry = decode(RuleEntry, document)
    name, horizon, (season, *longer) = entry.rule, entry.horizon, entry.seasons
    if not all(1 <= each <= MOST_STORED_STEPS for each in (horizon, *entry.seasons)):
        raise ValueError("a horizon or a season is out of range")
    if name in get_args(ClassicalName):
        return make_classical(cast(ClassicalName, name), horizon, season)
    if name not in get_args(BaselineName):
        raise ValueError(f"there is no rule {name!r}")
    return Baseline(cast(BaselineName, name), horizon, season, settings.classical, tuple(longer), entry.demand)
