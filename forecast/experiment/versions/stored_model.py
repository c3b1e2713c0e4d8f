"""A trained model as the files of a version, and back.

manifest.json    what it is: model, settings, plan, data, library versions
weights.npz      networks, statistics of the series, which members count, and the series: intervals hang on all of them
metrics.json     the account of the backtest that it was chosen by
forecast.csv     the forecast that was issued with it
record.npz       what the data was, so that a later run notices when its past is rewritten
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from typing import Any

import numpy as np

from forecast.data.covariates import Column
from forecast.data.panel import Panel
from forecast.data.reading.reader import Reading, ReadOptions
from forecast.decoding import Document, MayLack, decode, encode
from forecast.errors import DataError
from forecast.evaluation.distribution.distribution import Distribution
from forecast.evaluation.intervals import Calibration
from forecast.evaluation.scales import usual_spread
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.versions.data_entry import data_of, decode_data
from forecast.experiment.versions.forecast_settings import (
    ForecastSettings,
    read_forecast_settings,
    write_forecast_settings,
)
from forecast.experiment.versions.own_code import CodeEntry, check_code, code_entries
from forecast.experiment.versions.stored_context import context_arrays, load_context
from forecast.experiment.versions.stored_distribution import (
    DistributionEntry,
    load_calibration,
    load_distribution,
    pack_calibration,
    pack_distribution,
)
from forecast.experiment.versions.stored_hierarchy import (
    HierarchyEntry,
    hierarchy_arrays,
    load_hierarchy,
    load_reconciliation,
    pack_hierarchy,
)
from forecast.interval_levels import LEVELS
from forecast.models.combination import NAIVE, Combination
from forecast.models.covariates.covariate_settings import CovariateSettings
from forecast.models.covariates.usual_values import Measure, UsualValues
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Issuable
from forecast.models.networks.serialization import Arrays, pack_arrays, unpack_arrays
from forecast.models.serialization import dump_fitted, load_fitted
from forecast.production.store.json_document import NewerStoreError
from forecast.production.store.manifest import MANIFEST, Manifest, ManifestData
from forecast.production.store.version import WEIGHTS, Version, unreadable
from forecast.specs import MOST_STORED_STEPS, Anchor, Settings
from forecast.widening import USUAL, Widening, widening_sentence

MOST_TRUST = 10.0
LIBRARIES = ("numpy", "pandas", "tensorflow", "keras")
package_version = cache(metadata.version)


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A version, loaded: the model, where its data was, and the data it was trained on.

    Attributes:
        context: that data; of long series in versions of early programs, the end.
        widening: how the intervals of the model differ from the version's own.
    """

    version: Version
    trained: TrainedModel
    source: str
    options: ReadOptions
    fingerprint: str
    context: Panel
    widening: Widening = USUAL

    @property
    def width_notes(self) -> tuple[str, ...]:
        """What is to be said of intervals that are not the version's own."""
        told = widening_sentence(self.version.label, self.widening)
        return (told,) if told else ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The covariates of its data."""
        return self.context.covariates.columns if self.context.covariates else ()


def pack_version(
    trained: TrainedModel, reading: Reading, options: ReadOptions, settings: Settings, repeats: int | None = None
) -> tuple[bytes, "ModelEntry"]:
    """Returns the weights file and the manifest entry of a version.

    Args:
        trained: the model.
        reading: what it was trained on.
        options: how that was asked to be read.
        settings: that it was trained with.
        repeats: season of the seasonal naive that it is compared with; None for the model's own.
    """
    panel = reading.panel
    documents, arrays = dump_fitted(trained.model)
    arrays |= {f"context/{name}": array for name, array in context_arrays(panel).items()}
    combination = trained.combination
    if combination:
        arrays["members/used"] = combination.used
    widths, distribution, of_errors = _pack_errors(trained, panel.series_ids)
    arrays |= of_errors
    arrays |= hierarchy_arrays(panel.hierarchy, trained.reconciliation)
    usual = trained.learned
    if usual:
        arrays |= {"usual/own": usual.own, "usual/common": usual.common}
    entry = ModelEntry(
        kind="recurrent" if isinstance(trained.model, EnsembleModel) else "plain",
        model=trained.name,
        parts=documents,
        series_ids=panel.series_ids,
        trust=combination.trust if combination else None,
        anchor=combination.anchor if combination else None,
        is_mean=combination.is_mean if combination else None,
        season=trained.season,
        naive_season=repeats or trained.season,
        widths=widths,
        distribution=distribution,
        usual=dict(zip(usual.columns, usual.measures, strict=True)) if usual else {},
        spread=trained.spread,
        forecast_settings=write_forecast_settings(
            ForecastSettings(trained.settings, trained.scales, trained.difficulty)
        ),
        settings=encode(settings),
        data=_describe_data(reading, options),
        libraries={name: package_version(name) for name in LIBRARIES},
        code=code_entries(trained.model) or None,
        hierarchy=pack_hierarchy(panel.hierarchy, trained.reconciliation),
    )
    return pack_arrays(arrays), entry


def _pack_errors(
    trained: TrainedModel, series_ids: tuple[str, ...]
) -> tuple[dict[str, float], DistributionEntry | None, dict[str, Any]]:
    """Returns what is known of a model's errors: the widths of an early program or a distribution, and its arrays."""
    if isinstance(trained.distribution, Calibration):
        widths, arrays = pack_calibration(trained.distribution, series_ids)
        return widths, None, arrays
    return {}, *(pack_distribution(trained.distribution, trained.levels) if trained.distribution else (None, {}))


def naive_season_of(manifest: Manifest) -> int:
    """Returns the season that the seasonal naive beside a version repeats; versions of early programs name none."""
    return max(manifest.season if manifest.naive_season is None else manifest.naive_season, 1)


def has_distribution(version: Version) -> bool:
    """Returns whether a version has a predictive distribution, and not the two widths that early programs kept."""
    return bool(version.document.get("distribution"))


def _describe_data(reading: Reading, options: ReadOptions) -> ManifestData:
    """Returns the manifest's entry ``data``."""
    panel = reading.panel
    return ManifestData(
        source=str(reading.path) if reading.path else reading.source,
        fingerprint=reading.fingerprint,
        rows=reading.rows,
        options=encode(options),
        settled=encode(reading.settled),
        columns=encode(reading.columns),
        covariates=encode(panel.covariates.columns) if panel.covariates else [],
        header=reading.header,
        series=len(panel),
        target=panel.target,
        fill=panel.fill,
        fills_sums=True,
        frequency=encode(panel.frequency),
        training_end=str(panel.frequency.timestamps(panel.last.max()[None])[0]),
        last_row=int(panel.last.max()) if panel.frequency.unit == "row" else None,
        values=int(panel.observed.sum()),
        steps=panel.lengths.tolist(),
        ranges=value_ranges(panel),
        closed=reading.is_closed,
    )


def load_version(version: Version) -> StoredModel:
    """Returns the model of a version, checked against its checksums.

    Raises:
        DataError: a file is damaged, or the version was made by another kind of program.
    """
    weights, data = version.read(WEIGHTS), data_of(version)
    check_code(version)
    try:
        trained, context = unpack_model(version.document, weights)
    except NewerStoreError:
        raise
    except (DataError, KeyError, TypeError, ValueError) as error:
        reason = error.message.rstrip(".") if isinstance(error, DataError) else str(error)
        raise DataError(
            f"{version.name} {version.label} can't be read by this program: {reason}.",
            f"forecast models rollback {version.name}, or train it anew",
        ) from error
    return StoredModel(version, trained, data.source, data.options, data.fingerprint, context)


def load_champion(version: Version, widening: Widening) -> StoredModel:
    """Returns the model of the version in use, its intervals as wide as issued forecasts have taught.

    Raises:
        DataError: as for ``load_version``.
    """
    stored = load_version(version)
    return replace(stored, trained=stored.trained.widened(widening.factor), widening=widening)


def unpack_model(manifest: Mapping[str, Any], weights: bytes) -> tuple[TrainedModel, Panel]:
    """Returns the model that ``pack_version`` packed, and the end of the data that it was trained on.

    Raises:
        DataError: the weights can't be read.
        KeyError, TypeError, ValueError: the manifest is that of another kind of program.
    """
    arrays = Arrays(unpack_arrays(weights))
    entry = decode(ModelEntry, manifest)
    data, series_ids = decode_data(entry.data), entry.series_ids
    settings = read_forecast_settings(entry.forecast_settings)
    if not entry.parts or len(set(series_ids)) != len(series_ids) or not 1 <= entry.season <= MOST_STORED_STEPS:
        raise ValueError("it has no parts, a series twice, or a season that none has")
    model = load_fitted(entry.parts, arrays, series_ids, settings.methods)
    combination = _load_combination(entry, arrays, model)
    widths = {int(level): width for level, width in entry.widths.items() if re.fullmatch("[1-9][0-9]?", level)}
    found: Distribution | Calibration | None = None
    if entry.distribution:
        found = load_distribution(entry.distribution, arrays, series_ids, model.horizon)
    elif widths:
        found = load_calibration(arrays, widths, series_ids, model.horizon)
    levels = entry.distribution.levels if entry.distribution else tuple(widths) or _asked_levels(entry)
    usual = _load_usual(entry.usual or {}, arrays, series_ids, settings.methods.covariates)
    trained = TrainedModel(entry.model, model, combination, found, entry.season, settings.methods, usual)
    context = load_context(data, series_ids, arrays)
    if entry.hierarchy is not None:
        context = replace(context, hierarchy=load_hierarchy(entry.hierarchy, arrays, len(series_ids)))
        trained = replace(trained, reconciliation=load_reconciliation(entry.hierarchy, arrays, series_ids))
    if arrays.unread:
        raise ValueError(f"{WEIGHTS} holds '{arrays.unread[0]}', which this program does not know")
    spread = entry.spread if "spread" in manifest else usual_spread(context, entry.season, settings.scales)
    trained = replace(trained, spread=None if spread is None else float(spread), scales=settings.scales, levels=levels)
    return replace(trained, difficulty=settings.difficulty), context


@dataclass(frozen=True, kw_only=True)
class ModelEntry(Document):
    """What a manifest says of a version beside what the store itself says; early programs said less.

    Attributes:
        parts: the fitted models, as ``load_fitted`` takes them.
        trust: of the combination; None where there is none.
        anchor: of it, by its name; early programs wrote its place among those of the model.
        widths: of the intervals of a version that an early program trained, by level in per cent; else empty.
        distribution: of its errors; None where there is none, or in a version of an early program.
        is_mean: whether its members count by their mean; those of early programs do by their median.
        usual: how the usual value of each known column is measured.
        spread: how widely the series usually vary.
        forecast_settings: the numbers that it is recomputed by; see ``read_forecast_settings``.
        settings: that it was trained with, see ``read_settings``.
        libraries: their versions, for the record.
        code: of the user, that its cells are; see ``own_code``.
        retrain: the challenge that it came from; None where it was trained as such.
        hierarchy: which series are sums of which, and how forecasts are made to add up; None where they aren't.
    """

    kind: MayLack[object] = None
    model: str
    parts: list[dict[str, Any]]
    series_ids: tuple[str, ...]
    trust: float | None
    anchor: Anchor | int | None
    is_mean: MayLack[bool | None] = None
    season: int
    naive_season: MayLack[object] = None
    widths: dict[str, float]
    distribution: MayLack[DistributionEntry | None] = None
    usual: MayLack[dict[str, Measure]] = None
    spread: float | None = None
    forecast_settings: MayLack[dict[str, Any]] = None
    settings: MayLack[object] = None
    data: ManifestData
    libraries: MayLack[object] = None
    code: MayLack[tuple[CodeEntry, ...]] = None
    retrain: MayLack[object] = None
    hierarchy: MayLack[HierarchyEntry] = None


def _asked_levels(entry: ModelEntry) -> tuple[float, ...]:
    """Returns the levels that a version without any interval was asked for; its tables have their columns."""
    asked = entry.settings.get("levels", LEVELS) if isinstance(entry.settings, Mapping) else LEVELS
    return decode(tuple[float, ...], asked, "settings.levels")


def _load_usual(
    measures: dict[str, Measure], arrays: Arrays, series_ids: tuple[str, ...], settings: CovariateSettings
) -> UsualValues | None:
    """Returns the usual values of a version; None where it has none, as versions of earlier programs."""
    if not measures:
        return None
    own = arrays.read("usual/own", "f", (len(series_ids), len(measures)), can_miss=True)
    common = arrays.read("usual/common", "f", (len(measures),), can_miss=True)
    return UsualValues(tuple(measures), tuple(measures.values()), own, common, series_ids, settings)


def _load_combination(entry: ModelEntry, arrays: Arrays, model: Issuable) -> Combination | None:
    if entry.trust is None:
        return None
    members = sum(len(part.networks) for part in model.parts) if isinstance(model, EnsembleModel) else 1
    used, known = arrays.read("members/used", "b", (members,)), model.anchors or (NAIVE,)
    anchor = entry.anchor or NAIVE
    if isinstance(entry.anchor, int) and 0 <= entry.anchor < len(known):
        anchor = known[entry.anchor]
    if not used.any() or isinstance(anchor, int) or anchor not in known or abs(entry.trust) > MOST_TRUST:
        raise ValueError("it does not say which networks count, and against what")
    return Combination(used, float(entry.trust), anchor, bool(entry.is_mean))


def read_settings(version: Version) -> Settings:
    """Returns the settings that a version was trained with.

    Raises:
        DamagedError: it does not say so.
    """
    try:
        return decode(Settings, version.manifest.settings, "settings")
    except ValueError as error:
        raise unreadable(version.name, version.label, MANIFEST, error) from error


def value_ranges(panel: Panel) -> list[list[float] | None]:
    """Returns the lowest and the highest value of each series, to tell later which values are new to the model."""
    known = (own[~np.isnan(own)] for own in map(panel.series, range(len(panel))))
    return [[float(own.min()), float(own.max())] if own.size else None for own in known]
