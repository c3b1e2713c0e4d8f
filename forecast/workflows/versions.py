"""A trained model as the files of a version, and back.

manifest.json    what it is: model, settings, plan, data, library versions
weights.npz      networks, statistics of the series, which members count, and the end of each series
metrics.json     the account of the backtest that it was chosen by
forecast.csv     the forecast that was issued with it
record.npz       what the data was, so that a later run notices when its past is rewritten
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version as package_version
from typing import Any

import numpy as np

from forecast.data.covariates import Column, Covariates
from forecast.data.frequency import Frequency
from forecast.data.options import ADDED
from forecast.data.panel import Panel
from forecast.data.readers import Reading, ReadOptions
from forecast.errors import DataError
from forecast.evaluation.intervals import Calibration
from forecast.evaluation.standards import usual_spread
from forecast.evaluation.trained import TrainedModel
from forecast.models.combination import Combination
from forecast.models.ensemble import EnsembleModel
from forecast.models.persistence import dump_model, load_model, pack_arrays, unpack_arrays
from forecast.models.recurrent import RecurrentModel
from forecast.models.usual import UsualValues
from forecast.production.version import Version
from forecast.specs import Overrides, Settings

WEIGHTS = "weights.npz"
METRICS = "metrics.json"
CONTEXT_SEASONS = 5
"""So many seasons of each series' end are kept with a version, or the lookback where that is longer."""
COVARIATE_ARRAYS = ("known", "known_offsets", "known_first", "past", "static")
LIBRARIES = ("numpy", "pandas", "tensorflow", "keras")


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A version, loaded: the model, where its data was, and the end of the data it was trained on."""

    version: Version
    trained: TrainedModel
    source: str
    options: ReadOptions
    fingerprint: str
    context: Panel

    @property
    def columns(self) -> tuple[Column, ...]:
        """The covariates of its data."""
        return self.context.covariates.columns if self.context.covariates else ()


def pack_version(
    trained: TrainedModel, reading: Reading, options: ReadOptions, settings: Settings
) -> tuple[bytes, dict[str, Any]]:
    """Returns the weights file and the manifest entries of a version."""
    panel = reading.panel
    parts = trained.model.parts
    dumped = [dump_model(part) for part in parts]
    arrays = {f"part{i}/{name}": array for i, (_, own) in enumerate(dumped) for name, array in own.items()}
    context = panel.tail(max(trained.steps_used, CONTEXT_SEASONS * trained.season))
    arrays |= {f"context/{name}": array for name, array in _context_arrays(context).items()}
    combination = trained.combination
    if combination:
        arrays["members/used"] = combination.used
    calibration = trained.calibration
    if calibration:
        arrays["calibration/spread"] = calibration.spread
        arrays["calibration/own"] = calibration.own_of(panel.series_ids)
    usual = trained.learned
    if usual:
        arrays |= {"usual/own": usual.own, "usual/common": usual.common}
    manifest = {
        "kind": "recurrent",
        "model": trained.name,
        "parts": [document for document, _ in dumped],
        "series_ids": list(panel.series_ids),
        "trust": combination.trust if combination else None,
        "anchor": combination.anchor if combination else None,
        "season": trained.season,
        "widths": {str(level): width for level, width in calibration.widths.items()} if calibration else {},
        "usual": dict(zip(usual.columns, usual.measures, strict=True)) if usual else {},
        "spread": trained.spread,
        "settings": asdict(settings),
        "data": _describe_data(reading, options),
        "libraries": {name: package_version(name) for name in LIBRARIES},
    }
    return pack_arrays(arrays), manifest


def _describe_data(reading: Reading, options: ReadOptions) -> dict[str, Any]:
    """Returns the manifest's entry ``data``: where it was, how it was read, and what a sequel is compared with."""
    panel = reading.panel
    return {
        "source": str(reading.path) if reading.path else reading.source,
        "fingerprint": reading.fingerprint,
        "rows": reading.rows,
        "options": asdict(options),
        "settled": asdict(reading.settled),
        "columns": asdict(reading.columns),
        "covariates": [asdict(column) for column in panel.covariates.columns] if panel.covariates else [],
        "header": list(reading.header),
        "series": len(panel),
        "target": panel.target,
        "fill": panel.fill,
        "fills_sums": True,
        "frequency": asdict(panel.frequency),
        "training_end": str(panel.frequency.timestamps(panel.last.max()[None])[0]),
        "last_row": int(panel.last.max()) if panel.frequency.unit == "row" else None,
        "values": int(panel.observed.sum()),
        "steps": panel.lengths.tolist(),
        "ranges": value_ranges(panel),
        "closed": reading.is_closed,
    }


def load_version(version: Version) -> StoredModel:
    """Returns the model of a version, checked against its checksums.

    Raises:
        DataError: a file is damaged, or the version was made by another kind of program.
    """
    try:
        trained, context = unpack_model(version.manifest, version.read(WEIGHTS))
        data = version.manifest["data"]
        return StoredModel(version, trained, data["source"], read_data_options(data), data["fingerprint"], context)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{version.name} {version.label} can't be read by this program: {error}.",
            f"forecast models rollback {version.name}, or train it anew",
        ) from error


def unpack_model(manifest: Mapping[str, Any], weights: bytes) -> tuple[TrainedModel, Panel]:
    """Returns the model that ``pack_version`` packed, and the end of the data that it was trained on.

    Raises:
        DataError: the weights can't be read.
        KeyError, TypeError, ValueError: the manifest is that of another kind of program.
    """
    arrays = unpack_arrays(weights)
    data, season = manifest["data"], int(manifest["season"])
    parts = [_load_part(i, document, manifest, arrays) for i, document in enumerate(manifest["parts"])]
    combination = None
    if manifest["trust"] is not None:
        combination = Combination(arrays["members/used"], float(manifest["trust"]), int(manifest["anchor"]))
    widths = {int(level): float(width) for level, width in manifest["widths"].items()}
    calibration = _load_calibration(arrays, widths, parts[0].series_ids) if widths else None
    usual = _load_usual(manifest.get("usual") or {}, arrays, parts[0].series_ids)
    model = EnsembleModel(tuple(parts))
    trained = TrainedModel(str(manifest["model"]), model, combination, calibration, season, usual)
    context = Panel(
        parts[0].series_ids,
        arrays["context/values"],
        arrays["context/offsets"],
        arrays["context/first"],
        Frequency(**data["frequency"]),
        data["target"],
        data["fill"],
        _covariates(data, arrays),
    )
    spread = manifest["spread"] if "spread" in manifest else usual_spread(context, season)
    return replace(trained, spread=None if spread is None else float(spread)), context


def _load_calibration(arrays: Mapping[str, Any], widths: dict[int, float], series_ids: Sequence[str]) -> Calibration:
    own = arrays.get("calibration/own", np.ones(len(series_ids)))  # versions of earlier programs have none
    return Calibration(arrays["calibration/spread"], widths, dict(zip(series_ids, own.tolist(), strict=True)))


def _load_usual(
    measures: Mapping[str, Any], arrays: Mapping[str, Any], series_ids: tuple[str, ...]
) -> UsualValues | None:
    """Returns the usual values of a version; None where it has none, as versions of earlier programs."""
    if not measures:
        return None
    own, common = arrays["usual/own"], arrays["usual/common"]
    return UsualValues(tuple(measures), tuple(measures.values()), own, common, series_ids)


def covariate_columns(data: Mapping[str, Any]) -> tuple[Column, ...]:
    """Returns the covariates of the panel that a manifest's ``data`` entry is about; none of a version without."""
    return tuple(
        Column(one["name"], one["kind"], None if one["levels"] is None else tuple(one["levels"]))
        for one in data.get("covariates", ())
    )


def _context_arrays(context: Panel) -> dict[str, Any]:
    """Returns what the end of the data is kept as: known columns from before its first step on, and beyond its last."""
    arrays = {"values": context.values, "offsets": context.offsets, "first": context.first}
    if context.covariates is None:
        return arrays
    covariates = context.covariates.since(context.first - 1)  # what comes after an event tells of the first step
    return arrays | {name: getattr(covariates, name) for name in COVARIATE_ARRAYS}


def _covariates(data: Mapping[str, Any], arrays: Mapping[str, Any]) -> Covariates | None:
    columns = covariate_columns(data)
    if not columns:
        return None
    return Covariates(columns, **{name: arrays[f"context/{name}"] for name in COVARIATE_ARRAYS})


def read_settings(manifest: Mapping[str, Any]) -> Settings:
    """Returns the settings that a version was trained with."""
    given = dict(manifest["settings"])
    return Settings(**{**given, "overrides": Overrides(**given["overrides"])})


def value_ranges(panel: Panel) -> list[list[float] | None]:
    """Returns the lowest and the highest value of each series, to tell later which values are new to the model."""
    known = (own[~np.isnan(own)] for own in map(panel.series, range(len(panel))))
    return [[float(own.min()), float(own.max())] if own.size else None for own in known]


def read_data_options(data: Mapping[str, Any]) -> ReadOptions:
    """Returns how the file of a manifest's ``data`` entry was read, what was inferred of it settled."""
    options = _options(data["settled"] if "settled" in data else {**data["options"], **data["columns"]})
    if options.aggregate in ADDED and not data.get("fills_sums"):
        return replace(options, fill="zero")  # earlier programs counted a step without a row as 0, whatever --fill said
    return options


def _options(document: Mapping[str, Any]) -> ReadOptions:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    return ReadOptions(**values)


def _load_part(number: int, document: Any, manifest: Mapping[str, Any], arrays: dict[str, Any]) -> RecurrentModel:
    prefix = f"part{number}/"
    own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    return load_model({**document, "series_ids": manifest["series_ids"]}, own)
