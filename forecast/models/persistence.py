"""A trained model as JSON and arrays, and back. No pickle: a stored model can execute nothing."""

import io
import zipfile
import zlib
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import KINDS, Column, Kind
from forecast.errors import DataError
from forecast.models.causes import COVARIATES, MOST_MADE, Cause, Causes
from forecast.models.effects import Effects
from forecast.models.encoding import Encoding, Input
from forecast.models.knowledge import Knowledge
from forecast.models.recurrent import Network, RecurrentModel, SeriesStatistics, weight_shapes
from forecast.specs import ModelSpec

KNOWLEDGE = "knowledge/"
RETRAIN = "forecast train DATA, to train it anew"
DAMAGE = (ValueError, OSError, EOFError, TypeError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)
"""What numpy and zipfile raise at bytes that are no archive of arrays."""


def pack_arrays(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Returns the arrays as the bytes of an ``.npz`` file; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # none is named allow_pickle
    return buffer.getvalue()


def unpack_arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """Returns the arrays of an ``.npz`` file.

    Raises:
        DataError: the bytes are no such file, or hold objects instead of numbers.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: np.asarray(archive[name]) for name in archive.files}
    except DAMAGE as error:
        raise DataError(f"The stored weights can't be read: {error}", RETRAIN) from error


def dump_model(model: RecurrentModel) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Returns the model's settings, JSON-ready, and its arrays by name."""
    views = list(model.spec.views)
    arrays: dict[str, NDArray[Any]] = {}
    for number, network in enumerate(model.networks):
        for name, array in network.weights.items():
            arrays[f"network{number}/{name}"] = array
    for number, view in enumerate(views):
        arrays[f"view{number}/level"] = model.statistics[view].level
        arrays[f"view{number}/scale"] = model.statistics[view].scale
        base = model.statistics[view].base
        if base is not None:
            arrays[f"view{number}/base"] = base
    networks = [{"view": views.index(network.view), "seed": network.seed} for network in model.networks]
    document: dict[str, Any] = {"spec": model.spec.to_json(), "networks": networks}
    if model.knowledge:
        document["knowledge"], told = _dump_knowledge(model.knowledge)
        arrays |= {f"{KNOWLEDGE}{name}": array for name, array in told.items()}
    return document, arrays


def load_model(settings: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> RecurrentModel:
    """Rebuilds a model from ``dump_model``'s parts.

    Raises:
        DataError: a part is missing or does not fit the others.
    """
    try:
        spec = ModelSpec.from_json(settings["spec"])
        statistics = {
            view: SeriesStatistics(
                arrays[f"view{number}/level"],
                arrays[f"view{number}/scale"],
                arrays[f"view{number}/base"] if view.base == "smoothed" else None,
            )
            for number, view in enumerate(spec.views)
        }
        networks = tuple(
            Network(spec.views[entry["view"]], int(entry["seed"]), _weights_of(number, arrays))
            for number, entry in enumerate(settings["networks"])
        )
        series_ids, knowledge = tuple(settings["series_ids"]), None
        if settings.get("knowledge"):
            own = {name.removeprefix(KNOWLEDGE): array for name, array in arrays.items() if name.startswith(KNOWLEDGE)}
            knowledge = _load_knowledge(settings["knowledge"], own, series_ids)
        model = RecurrentModel(spec, networks, series_ids, statistics, knowledge=knowledge)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DataError(f"The stored model is incomplete: {error}.", RETRAIN) from error
    if not _fits(model) or not _knowledge_fits(knowledge or Knowledge(None, None), spec, len(series_ids)):
        raise DataError("The stored weights do not fit the stored settings.", RETRAIN)
    return model


def _fits(model: RecurrentModel) -> bool:
    """Tells whether every array is there, of numbers, and of the shape that the spec demands."""
    spec, series = model.spec, (len(model.series_ids),)
    base = (spec.window, 1 if spec.rolled else spec.horizon)
    pairs: list[tuple[NDArray[Any], tuple[int, ...]]]
    pairs = [(array, series) for own in model.statistics.values() for array in (own.level, own.scale)]
    pairs += [(own.base, base) for own in model.statistics.values() if own.base is not None]
    for network in model.networks:
        pairs += [(array, weight_shapes(spec).get(name, ())) for name, array in network.weights.items()]
    complete = all(network.weights.keys() == weight_shapes(spec).keys() for network in model.networks)
    fitting = all(array.shape == shape and array.dtype.kind == "f" for array, shape in pairs)
    return len(model.networks) > 0 and complete and fitting


def _dump_knowledge(knowledge: Knowledge) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    encoding, effects = knowledge.encoding, knowledge.effects
    document: dict[str, Any] = {}
    arrays: dict[str, NDArray[Any]] = {}
    if encoding:
        document |= {"columns": list(map(asdict, encoding.columns)), "inputs": list(map(asdict, encoding.inputs))}
        arrays |= {f"centers/{kind}": centers for kind, centers in encoding.centers.items()}
    if effects:
        causes = effects.causes
        document["causes"] = list(map(asdict, causes.used))
        document |= {"events": list(causes.events), "country": causes.country}
        arrays |= {"effects/common": effects.common, "effects/own": effects.own, "effects/sizes": effects.sizes}
    return document, arrays


def _load_knowledge(
    document: dict[str, Any], arrays: dict[str, NDArray[Any]], series_ids: tuple[str, ...]
) -> Knowledge:
    """Rebuilds what was learned of covariates.

    Raises:
        KeyError, TypeError, ValueError: a part is missing, or does not fit the others.
    """
    encoding, effects = None, None
    if "columns" in document:
        columns = tuple(
            Column(one["name"], one["kind"], one["levels"] and tuple(one["levels"])) for one in document["columns"]
        )
        centers: dict[Kind, NDArray[np.float64]] = {kind: arrays[f"centers/{kind}"] for kind in KINDS}
        encoding = Encoding(columns, tuple(Input(**one) for one in document["inputs"]), centers, series_ids)
    if "causes" in document:
        used = tuple(Cause(**one) for one in document["causes"])
        causes = Causes(used, encoding, tuple(document["events"]), document["country"])
        common, own, sizes = (arrays[f"effects/{name}"] for name in ("common", "own", "sizes"))
        effects = Effects(causes, common, own, sizes, series_ids)
    return Knowledge(encoding, effects)


def _knowledge_fits(knowledge: Knowledge, spec: ModelSpec, series: int) -> bool:
    """Tells whether every array has the shape that columns, inputs and causes demand, and the networks take them."""
    encoding, effects = knowledge.encoding, knowledge.effects
    pairs: list[tuple[NDArray[Any], tuple[int, ...]]] = []
    known = 0
    if encoding:
        counts = {kind: sum(column.kind == kind for column in encoding.columns) for kind in KINDS}
        pairs += [(centers, (series, counts[kind])) for kind, centers in encoding.centers.items()]
        if not all(0 <= one.place < counts.get(one.kind, 0) for one in encoding.inputs):
            return False
        known = len(encoding.of("known"))
    if effects:
        used, events = effects.causes.used, effects.causes.events
        pairs += [(effects.common, (len(used),)), (effects.own, (series, len(used))), (effects.sizes, (series,))]
        places = [cause.place for cause in used if cause.group == COVARIATES]
        if not all(0 <= place < MOST_MADE * known for place in places) or not all(0 <= one < known for one in events):
            return False
    fitting = all(array.shape == shape and array.dtype.kind == "f" for array, shape in pairs)
    return fitting and knowledge.sized(spec.with_(known=0, past=0, static=0)) == spec


def _weights_of(number: int, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    prefix = f"network{number}/"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
