"""The shards of a panel that a model is to forecast: each holds whole series, and the columns that the model knows."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forecast.data.files.parquet_folder import ParquetFolder, find_parquet_folder
from forecast.data.shards.shard_manifest import ShardManifest, read_manifest
from forecast.data.shards.split_series import find_split_series
from forecast.errors import DataError
from forecast.experiment.versions.stored_model import StoredModel


@dataclass(frozen=True)
class PanelShard:
    """One of them.

    Attributes:
        name: its path within the folder of the panel.
        file: what its forecasts are called.
        series: in it; None where no manifest says so.
        told: what a worker is told of it beside its name: see ``ShardSpec``.
    """

    name: str
    file: str
    series: int | None
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PanelShards:
    """All of them, in their order; the digest is another one where anything in them is."""

    shards: tuple[PanelShard, ...]
    digest: str


def shards_of_panel(folder: str, stored: StoredModel) -> PanelShards:
    """Returns the shards in a folder: those of its manifest, or every Parquet file where it has none.

    Raises:
        NotFoundError: there are none.
        DataError: they are not of one table, lack a column of the model's, or a series may lie in two of them.
    """
    files = find_parquet_folder(folder)
    manifest = read_manifest(folder)
    spelled = _spelled(folder, stored, tuple(manifest.columns) if manifest else tuple(files.schema.names))
    if manifest:
        return _of_manifest(folder, stored, manifest)
    _check_whole(files, tuple(spelled[name.casefold()] for name in stored.options.ids))
    digest = hashlib.sha256("".join(part.fingerprint for part in files.parts).encode()).hexdigest()
    parts = enumerate(files.parts)
    return PanelShards(tuple(PanelShard(part.name, f"part-{i:05d}.parquet", None) for i, part in parts), digest)


def _spelled(folder: str, stored: StoredModel, columns: tuple[str, ...]) -> dict[str, str]:
    """Returns how the shards spell each column.

    Raises:
        DataError: they lack one that the model was trained with.
    """
    spelled = {name.casefold(): name for name in columns}
    options = stored.options
    needed = (*options.ids, *options.target, *(column.name for column in stored.columns))
    lacking = [name for name in needed if name.casefold() not in spelled]
    if lacking:
        message = f"{folder} has no column {lacking[0]}, which {stored.version.name} was trained with."
        raise DataError(message, f"a folder with the columns that the model knows: {', '.join(needed)}")
    return spelled


def _of_manifest(folder: str, stored: StoredModel, manifest: ShardManifest) -> PanelShards:
    ids = stored.options.ids
    if not {name.casefold() for name in manifest.ids} <= {name.casefold() for name in ids}:
        message = (
            f"{folder} is cut by {', '.join(manifest.ids)}, and the series of {stored.version.name} are told apart by "
            f"{', '.join(ids) or 'nothing'}: one may lie in several shards."
        )
        raise DataError(message, f"forecast shard DATA {folder} --id {','.join(ids) or 'COLUMN'} --force")
    digest = hashlib.sha256("".join(shard.sha256 for shard in manifest.shards).encode()).hexdigest()
    cut = {"ids": list(manifest.ids), "modulus": manifest.modulus}
    shards = (
        PanelShard(one.file, one.file, one.series, {"sha256": one.sha256, "number": one.number, **cut})
        for one in manifest.shards
    )
    return PanelShards(tuple(shards), digest)


def _check_whole(files: ParquetFolder, ids: tuple[str, ...]) -> None:
    """Refuses files of which two hold rows of one series.

    Raises:
        DataError: two do.
    """
    split = find_split_series(files, ids) if ids else None
    if split:
        where = f"Series {split.name} lies in {split.parts[0]} and in {split.parts[1]}"
    elif not ids and len(files.parts) > 1:
        where = f"The one series lies in {len(files.parts):,} files"
    else:
        return
    hint = f"forecast shard {files.root} DIR puts each series into one file; then --data DIR"
    raise DataError(f"{where}: forecast from a part of its rows, it would be wrong.", hint)
