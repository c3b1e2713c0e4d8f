"""A trained model as JSON and arrays, and back. No pickle: a stored model can execute nothing."""

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import KINDS, Column, Kind
from forecast.decoding import LARGEST, decode
from forecast.errors import DataError
from forecast.models.classical.demand_traits import PooledSettings
from forecast.models.classical.pooled_demand import PooledDemand
from forecast.models.covariates.covariate_model import CovariateModel
from forecast.models.covariates.covariate_settings import CovariateSettings
from forecast.models.covariates.effects import Effects
from forecast.models.covariates.encoding import Encoding, Input
from forecast.models.covariates.regressors import COVARIATES, Regressor, Regressors
from forecast.models.method_settings import MethodSettings
from forecast.models.networks.cells import CELLS
from forecast.models.networks.recurrent import Network, RecurrentModel, SeriesStatistics, weight_shapes
from forecast.models.trees import Forest
from forecast.specs import MOST_STORED_STEPS, ModelSpec

COVARIATE_MODEL = "knowledge/"
POOLED, TREES = "pooled/", "trees/"
RETRAIN = "forecast train DATA, to train it anew"
DAMAGE = (
    *(ValueError, OSError, EOFError, TypeError, RuntimeError, MemoryError, LookupError, ArithmeticError, SyntaxError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
"""What numpy and zipfile raise at bytes that are no archive of arrays."""
LARGEST_ITEM = 8  # bytes of a number
MOST_DIMENSIONS = 4


@dataclass(frozen=True)
class NetworkEntry:
    """One network of a stored model: which view it has, by position, and its seed."""

    view: int
    seed: int


@dataclass(frozen=True)
class Country:
    """Whose holidays count."""

    code: str | None


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
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if any(one.compress_type != zipfile.ZIP_STORED or one.file_size != one.compress_size for one in members):
                raise ValueError("it is packed, as no weights are")
            if sum(one.file_size for one in members) > len(content):
                raise ValueError("it declares more than it holds")
            if len({one.filename for one in members}) < len(members):
                raise ValueError("it holds an array twice")
            return {one.filename.removesuffix(".npy"): _array(archive.read(one)) for one in members}
    except DAMAGE as error:
        raise DataError(f"The stored weights can't be read: {error}", RETRAIN) from error


def _array(content: bytes) -> NDArray[Any]:
    """Returns the numbers of an ``.npy`` file, whose header must declare just what follows it.

    Raises:
        ValueError: it does not, or declares something else than numbers.
    """
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array is of another kind than this program writes")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    start = stream.tell()
    if dtype.kind not in "biuf" or dtype.itemsize > LARGEST_ITEM or len(shape) > MOST_DIMENSIONS:
        raise ValueError("an array holds something else than numbers")
    if math.prod(shape) * dtype.itemsize != len(content) - start:
        raise ValueError("an array declares more or less than it holds")
    return np.frombuffer(content, dtype, offset=start).reshape(shape, order="F" if is_fortran else "C").copy()


class Arrays(Mapping[str, NDArray[Any]]):
    """Arrays of a file by name, checked as they are taken; what nobody takes is known at the end."""

    def __init__(
        self, arrays: Mapping[str, NDArray[Any]], prefix: str = "", left: dict[str, None] | None = None
    ) -> None:
        self._arrays, self._prefix = arrays, prefix
        self._left = dict.fromkeys(arrays) if left is None else left

    def __getitem__(self, name: str) -> NDArray[Any]:
        self._left.pop(self._prefix + name, None)
        return self._arrays[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix(self._prefix) for name in self._arrays if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return f"{self._prefix}{name}" in self._arrays

    def under(self, prefix: str) -> "Arrays":
        """Returns the arrays whose names begin with a prefix, by the rest of their names."""
        return Arrays(self._arrays, self._prefix + prefix, self._left)

    @property
    def unread(self) -> tuple[str, ...]:
        """The names of all arrays of the file that nobody has taken."""
        return tuple(self._left)

    def read(self, name: str, kind: str, shape: tuple[int, ...], *, can_miss: bool = False) -> NDArray[Any]:
        """Returns an array of a shape: floats (``f``), whole numbers (``i``) or truths (``b``); NaN if it ``can_miss``.

        Raises:
            KeyError: there is none of that name.
            ValueError: it is something else.
        """
        array = self[name]
        if array.dtype.kind != kind or array.shape != shape:
            raise ValueError(f"the array '{name}' is not of the shape that it should have")
        if kind == "f" and (np.isinf(array) if can_miss else ~np.isfinite(array)).any():
            raise ValueError(f"the array '{name}' holds what is no number")
        if kind == "i" and array.size and max(abs(int(array.min())), abs(int(array.max()))) > LARGEST:
            raise ValueError(f"the array '{name}' holds numbers that are too large")
        wide = {"f": np.float64, "i": np.int64, "b": np.bool_}[kind]
        return array.astype(wide, copy=False)


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
    if model.covariate_model:
        document["knowledge"], told = dump_covariate_model(model.covariate_model)
        arrays |= {f"{COVARIATE_MODEL}{name}": array for name, array in told.items()}
    if model.pooled:
        arrays |= {f"{POOLED}{name}": array for name, array in _dump_pooled(model.pooled).items()}
    return document, arrays


def _dump_pooled(pooled: PooledDemand) -> dict[str, NDArray[Any]]:
    """Returns the arrays of what all series together taught, by name."""
    trees = pooled.trees.to_arrays() if pooled.trees else {}
    own = {"usual": np.array([*pooled.usual, pooled.factor]), "weights": pooled.weights, "season": pooled.season}
    return own | {f"{TREES}{name}": array for name, array in trees.items()}


def _load_pooled(arrays: Mapping[str, NDArray[Any]], settings: PooledSettings) -> PooledDemand:
    """Rebuilds what all series together taught.

    Raises:
        KeyError, ValueError: a part is missing, or does not fit the others.
    """
    usual, weights, season = arrays["usual"], arrays["weights"], arrays["season"]
    averages = 1 + len(settings.half_lives)
    is_sound = usual.shape == (3,) and weights.shape == (averages,) and 1 <= season.size <= MOST_STORED_STEPS
    if not is_sound or season.ndim != 1 or not _are_numbers([(each, each.shape) for each in (usual, weights, season)]):
        raise ValueError("its pooled demand is none")
    if (usual <= 0).any() or (weights < 0).any() or (season <= 0).any():
        raise ValueError("its pooled demand is below zero")
    trees = dict(_under(TREES, arrays))
    inputs = averages + settings.traits + (settings.stretches > 1)
    forest = Forest.from_arrays(trees, inputs) if trees else None
    return PooledDemand((float(usual[0]), float(usual[1])), weights, season, forest, settings, float(usual[2]))


def load_model(
    document: dict[str, Any], arrays: Mapping[str, NDArray[Any]], settings: MethodSettings
) -> RecurrentModel:
    """Rebuilds a model from ``dump_model``'s parts, and the numbers of the methods that it was trained with.

    Raises:
        DataError: a part is missing or does not fit the others.
    """
    try:
        spec = ModelSpec.from_json(document["spec"], (*CELLS, *CELLS.unlisted))
        statistics = {
            view: SeriesStatistics(
                arrays[f"view{number}/level"],
                arrays[f"view{number}/scale"],
                arrays[f"view{number}/base"] if view.base == "smoothed" else None,
            )
            for number, view in enumerate(spec.views)
        }
        entries = decode(tuple[NetworkEntry, ...], document["networks"], "networks")
        if not all(0 <= entry.view < len(spec.views) for entry in entries):
            raise ValueError("a network has a view that there is not")
        networks = tuple(
            Network(spec.views[entry.view], entry.seed, _weights_of(number, arrays))
            for number, entry in enumerate(entries)
        )
        series_ids, covariate_model = decode(tuple[str, ...], document["series_ids"], "series_ids"), None
        if document.get("knowledge"):
            covariate_model = load_covariate_model(
                document["knowledge"], _under(COVARIATE_MODEL, arrays), series_ids, settings.covariates
            )
        pooled = _load_pooled(_under(POOLED, arrays), settings.classical.pooled) if "pooled" in spec.anchors else None
        model = RecurrentModel(
            spec, networks, series_ids, statistics, settings, covariate_model=covariate_model, pooled=pooled
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DataError(f"The stored model is incomplete: {error}.", RETRAIN) from error
    if not _fits(model) or not covariate_model_fits(
        covariate_model or CovariateModel(None, None), spec, len(series_ids)
    ):
        raise DataError("The stored weights do not fit the stored settings.", RETRAIN)
    return model


def _fits(model: RecurrentModel) -> bool:
    """Tells whether every array is there, of numbers, and of the shape that the spec demands."""
    spec, series = model.spec, (len(model.series_ids),)
    shapes = weight_shapes(spec, model.settings.decoder_units)
    base = (spec.window, 1 if spec.rolled else spec.horizon)
    pairs: list[tuple[NDArray[Any], tuple[int, ...]]]
    pairs = [(array, series) for own in model.statistics.values() for array in (own.level, own.scale)]
    pairs += [(own.base, base) for own in model.statistics.values() if own.base is not None]
    for network in model.networks:
        pairs += [(array, shapes.get(name, ())) for name, array in network.weights.items()]
    complete = all(network.weights.keys() == shapes.keys() for network in model.networks)
    return len(model.networks) > 0 and complete and _are_numbers(pairs)


def _are_numbers(pairs: list[tuple[NDArray[Any], tuple[int, ...]]], *, can_miss: bool = False) -> bool:
    """Tells whether each array has its shape and holds numbers: NaN only where a value may be missing."""
    fitting = all(array.shape == shape and array.dtype.kind == "f" for array, shape in pairs)
    return fitting and not any((np.isinf(array) if can_miss else ~np.isfinite(array)).any() for array, _ in pairs)


def dump_covariate_model(covariate_model: CovariateModel) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Returns what was learned of covariates and dates, JSON-ready, and its arrays by name."""
    encoding, effects = covariate_model.encoding, covariate_model.effects
    document: dict[str, Any] = {}
    arrays: dict[str, NDArray[Any]] = {}
    if encoding:
        document |= {"columns": list(map(asdict, encoding.columns)), "inputs": list(map(asdict, encoding.inputs))}
        arrays |= {f"centers/{kind}": centers for kind, centers in encoding.centers.items()}
    if effects:
        regressors = effects.regressors
        document["causes"] = list(map(asdict, regressors.used))
        document |= {"events": list(regressors.events), "country": regressors.country}
        arrays |= {"effects/common": effects.common, "effects/own": effects.own, "effects/sizes": effects.sizes}
    return document, arrays


def load_covariate_model(
    document: dict[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    series_ids: tuple[str, ...],
    settings: CovariateSettings,
) -> CovariateModel:
    """Rebuilds what was learned of covariates, with the numbers that it was learned with.

    Raises:
        KeyError, TypeError, ValueError: a part is missing, or does not fit the others.
    """
    encoding, effects = None, None
    if "columns" in document:
        columns = decode(tuple[Column, ...], document["columns"], "columns")
        centers: dict[Kind, NDArray[np.float64]] = {kind: arrays[f"centers/{kind}"] for kind in KINDS}
        inputs = decode(tuple[Input, ...], document["inputs"], "inputs")
        encoding = Encoding(columns, inputs, centers, series_ids, settings)
    if "causes" in document:
        used = decode(tuple[Regressor, ...], document["causes"], "causes")
        events = decode(tuple[int, ...], document["events"], "events")
        country = decode(Country, {"code": document["country"]}).code
        regressors = Regressors(used, encoding, events, country, settings)
        common, own, sizes = (arrays[f"effects/{name}"] for name in ("common", "own", "sizes"))
        effects = Effects(regressors, common, own, sizes, series_ids)
    return CovariateModel(encoding, effects)


def covariate_model_fits(covariate_model: CovariateModel, spec: ModelSpec, series: int) -> bool:
    """Tells whether every array has the shape that columns, inputs and causes demand, and the networks take them."""
    encoding, effects = covariate_model.encoding, covariate_model.effects
    pairs: list[tuple[NDArray[Any], tuple[int, ...]]] = []
    means: list[tuple[NDArray[Any], tuple[int, ...]]] = []
    known = 0
    if encoding:
        counts = {kind: sum(column.kind == kind for column in encoding.columns) for kind in KINDS}
        means += [(centers, (series, counts[kind])) for kind, centers in encoding.centers.items()]
        if not all(0 <= one.place < counts.get(one.kind, 0) and one.unit for one in encoding.inputs):
            return False
        known = len(encoding.of("known"))
    if effects:
        used, events = effects.regressors.used, effects.regressors.events
        pairs += [(effects.common, (len(used),)), (effects.own, (series, len(used))), (effects.sizes, (series,))]
        places, most = (
            [regressor.place for regressor in used if regressor.group == COVARIATES],
            known + effects.regressors.settings.most_made * len(events),
        )
        if not all(0 <= place < most for place in places) or not all(0 <= one < known for one in events):
            return False
    fitting = _are_numbers(pairs) and _are_numbers(means, can_miss=True)
    return fitting and covariate_model.sized(spec.with_(**dict.fromkeys(KINDS, 0))) == spec


def _weights_of(number: int, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    return dict(_under(f"network{number}/", arrays))


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
    """Returns the arrays whose names begin with a prefix, by the rest of their names."""
    if isinstance(arrays, Arrays):
        return arrays.under(prefix)
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
