"""The forecast of one shard: what a worker does, told by paths, a version and a few numbers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from forecast.addresses import is_address
from forecast.data.files.parquet_folder import part_of, read_part
from forecast.data.files.remote.folder_place import folder_at
from forecast.data.files.written.forecast_parquet import ForecastColumns, forecast_parquet, has_dates_only
from forecast.data.panel import TARGET, Panel
from forecast.data.reading.reader import Reading
from forecast.data.shards.stable_hash import shards_of_names
from forecast.decoding import Document, decode
from forecast.errors import DataError
from forecast.experiment.decisions.asked import Asked
from forecast.experiment.stored_forecast import data_of_shard, forecast_from
from forecast.experiment.versions.stored_model import StoredModel, load_champion, load_version
from forecast.interval_levels import bounds_of, quantile_column
from forecast.models.forecaster import Forecasts
from forecast.production.store.disk import atomic_write
from forecast.production.store.store import Store
from forecast.report.tables import columns_of
from forecast.run import Run
from forecast.widening import Widening

FUNCTION = "forecast.experiment.panels.shard_forecast:forecast_shard"


@dataclass(frozen=True)
class ShardSpec(Document):
    """What a worker is told.

    Attributes:
        store: folder of the models.
        version: its id.
        widening: of the champion's intervals; None for the version's own.
        panel: the folder of the shards, by its path or its address.
        shard: name of one in it.
        sha256: that its bytes have; empty where no manifest says so.
        ids: by which the panel was cut; empty where no manifest says so.
        number: of the shard among ``modulus``, by the hash of its series.
        output: the file to write.
        now: in ISO 8601: no two digits of a year go far beyond.
    """

    store: str
    name: str
    version: str
    widening: Widening | None
    panel: str
    shard: str
    output: str
    horizon: int
    levels: tuple[float, ...] | None
    probabilities: tuple[float, ...]
    now: str
    sha256: str = ""
    ids: tuple[str, ...] = ()
    number: int = 0
    modulus: int = 1


def panel_spec(stored: StoredModel, store: Path, panel: str, now: datetime, *, version_asked: bool) -> ShardSpec:
    """Returns what workers are told of all shards of a panel: the model, and forecasts as it makes them unasked.

    Args:
        stored: the model.
        store: the folder that it is in.
        panel: the folder of the shards, by its path or its address.
        now: aware time.
        version_asked: a version was asked for, so that its intervals are its own.
    """
    return ShardSpec(
        store=str(store.absolute()),
        name=stored.version.name,
        version=stored.version.id,
        widening=None if version_asked else stored.widening,
        panel=panel if is_address(panel) else str(Path(panel).absolute()),
        shard="",
        output="",
        horizon=stored.trained.horizon,
        levels=None,
        probabilities=(),
        now=now.isoformat(),
    )


def forecast_shard(spec: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Forecasts the series of a shard into a file, whole or not at all, and returns what is in it.

    Raises:
        ForecastError: the shard is damaged, another one than the manifest says, or can't be forecast.
    """
    told = decode(ShardSpec, dict(spec))
    stored, reading, panel, notes = read_shard(told, run)
    asked = Asked(told.levels, told.probabilities)
    result = forecast_from(stored, panel, notes, told.horizon, run, asked)
    data = forecast_bytes(stored, result.forecasts, result.panel)
    atomic_write(Path(told.output), data)
    series, steps = result.forecasts.point.shape
    return {
        "series": series,
        "steps": steps,
        "rows": reading.rows,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "notes": list(dict.fromkeys(result.notes)),
    }


def read_shard(
    told: ShardSpec, run: Run, *, keep_partial: bool = False
) -> tuple[StoredModel, Reading, Panel, tuple[str, ...]]:
    """Returns the model that a worker is told of, and what its shard holds: read, as a panel, and what is to be said.

    Args:
        told: which ones.
        run: what to work with.
        keep_partial: the last period counts though it is not over in this shard.

    Raises:
        DataError: the shard is damaged, or another one than the manifest says.
    """
    key = (told.store, told.name, told.version, told.widening and told.widening.factor)
    stored = run.cache.get("versions", key, lambda: _load(told), most=1)
    source = read_part(part_of(folder_at(told.panel), told.shard))
    if told.sha256 and source.fingerprint != told.sha256:
        message = f"{told.shard} is not the one that the manifest of {told.panel} tells of: it was changed."
        raise DataError(message, f"forecast shard DATA {told.panel} --force makes the shards anew")
    reading, panel, notes = data_of_shard(stored, source, datetime.fromisoformat(told.now), keep_partial=keep_partial)
    _check_whose(told, reading)
    return stored, reading, panel, notes


def _load(told: ShardSpec) -> StoredModel:
    version = Store(Path(told.store)).model(told.name).version(told.version)
    return load_version(version) if told.widening is None else load_champion(version, told.widening)


def _check_whose(told: ShardSpec, reading: Reading) -> None:
    """Refuses a shard with a series of another one.

    Raises:
        DataError: there is such a series, which would be forecast twice from half of its rows.
    """
    names = [name for name in reading.ids.names if name != TARGET]
    if not told.ids or not names:
        return
    places = [names.index(name) for name in told.ids if name in names]
    parts = [[values[place] for place in places] for values in reading.ids.values]
    wrong = shards_of_names(parts, told.modulus) != told.number
    if wrong.any():
        series = reading.panel.series_ids[int(wrong.argmax())]
        message = f"Series {series} does not belong into {told.shard}, by the hash of its id."
        raise DataError(message, f"forecast shard DATA {told.panel} --force makes the shards anew")


def forecast_bytes(stored: StoredModel, forecasts: Forecasts, panel: Panel) -> bytes:
    """Returns a forecast from the end of a panel as a Parquet file."""
    numbers = {"forecast": forecasts.point}
    for pair in forecasts.intervals:
        numbers |= dict(zip(bounds_of(pair.level), (pair.lower, pair.upper), strict=True))
    if made := forecasts.quantiles:
        numbers |= {quantile_column(p): own for p, own in zip(made.probabilities, made.values, strict=True)}
    columns = ForecastColumns(
        series_ids=forecasts.series_ids,
        timestamps=forecasts.timestamps,
        numbers=numbers,
        texts={"model": stored.trained.name, "version": stored.version.label},
        origins=panel.frequency.timestamps(panel.last),
        is_dated=has_dates_only(stored.context.frequency),
    )
    return forecast_parquet(columns, columns_of(forecasts))
