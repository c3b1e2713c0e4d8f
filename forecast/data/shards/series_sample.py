"""Some whole series of a folder of Parquet files: like all of them in length and volume, and few enough to learn from.

    files, evenly from the first to the last, until they hold a pool of several times as many series
    ──▶ the pool by class of length, then by volume ──▶ every so many-th series ──▶ their rows, as one source

Sorted so, neighbours are alike, and series at even distances are as long and as large as all of them are: strata
without bounds between them. Memory holds one file, and the rows that are chosen.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

from forecast.data.arrow import coded, flags, masked, memory
from forecast.data.files.parquet_folder import (
    FolderPart,
    ParquetFolder,
    find_parquet_folder,
    source_of_folder,
)
from forecast.data.files.source import Source
from forecast.data.panel import IntArray, even_choice
from forecast.data.read_options import ReadOptions
from forecast.data.shards.row_stream import open_stream
from forecast.data.shards.shard_manifest import read_manifest
from forecast.data.shards.split_series import find_split_series
from forecast.data.shards.stable_hash import joined_ids, stable_hash
from forecast.errors import DataError

MOST_SERIES, MOST_ROWS = 10_000, 5_000_000
"""Of a folder with more, a sample is learned from: one network knows as much from it, in a bounded time."""
SAMPLE = 5_000
"""Series of a sample where nobody says how many."""
POOL, FILES = 4, 8
"""So many times the series of the sample are looked at, in so many files at least."""
CLASSES = 5
"""Of length; a folder of equal lengths has one."""


@dataclass(frozen=True, eq=False)
class SeriesSample:
    """The rows of some series.

    Attributes:
        source: of them.
        series: that were chosen.
        of: in the whole folder, as far as files that were looked at tell.
        is_counted: ``of`` is a count, and no estimate.
    """

    source: Source
    series: int
    of: int
    is_counted: bool


def sample_of_folder(
    root: str | Path, options: ReadOptions, today: int | None = None, asked: int | None = None
) -> SeriesSample | None:
    """Returns a sample of the series of a folder; None where all of them are few enough.

    Args:
        root: the folder.
        options: how its rows are read.
        today: the year that it is; see ``open_stream``.
        asked: for how many series; None for as many as a network needs.

    Raises:
        ForecastError: see ``open_stream``; or a series lies in two files, so that one file has half of it.
    """
    folder, manifest = find_parquet_folder(root), read_manifest(root)
    if asked is None and folder.rows <= MOST_ROWS and (manifest is None or manifest.series <= MOST_SERIES):
        return None
    ids, target = _columns(root, options, today)
    if manifest is None and (split := find_split_series(folder, ids)):
        message = (
            f"Series {split.name} lies in {split.parts[0]} and in {split.parts[1]}, and a sample takes whole ones."
        )
        raise DataError(message, f"forecast shard {root} DIR puts each series into one file")
    size = SAMPLE if asked is None else asked
    pool = _Pool(folder, ids, target, POOL * size)
    of = manifest.series if manifest else round(pool.series * folder.rows / max(pool.rows, 1))
    wanted = pool.evenly(min(size, pool.series))
    source = _source(folder, pool.parts, ids, wanted, f"sample {wanted.size}")
    return SeriesSample(source, wanted.size, of, manifest is not None or len(pool.parts) == len(folder.parts))


def source_of_series(
    root: str | Path, options: ReadOptions, series: Sequence[Sequence[str]], today: int | None = None
) -> Source:
    """Returns the rows of certain series of a folder.

    Args:
        root: the folder.
        options: how its rows are read.
        series: the parts of each id.
        today: the year that it is; see ``open_stream``.

    Raises:
        ForecastError: see ``open_stream``.
    """
    folder, (ids, _) = find_parquet_folder(root), _columns(root, options, today)
    texts = [pa.chunked_array([pa.array(column, pa.string())]) for column in zip(*series, strict=True)]
    wanted = np.unique(stable_hash(pc.unique(joined_ids(texts).combine_chunks())))
    return _source(folder, folder.parts, ids, wanted, f"series {wanted.size}")


def is_large(root: str | Path) -> bool:
    """Returns whether a folder holds more than is learned from at once."""
    manifest = read_manifest(root)
    return find_parquet_folder(root).rows > MOST_ROWS or (manifest is not None and manifest.series > MOST_SERIES)


def _columns(root: str | Path, options: ReadOptions, today: int | None) -> tuple[tuple[str, ...], str]:
    """Returns the columns that tell series apart, and the first that is forecast."""
    roles = open_stream(str(root), options, today).roles
    return roles.ids, roles.target


class _Pool:
    """Series that the sample is taken from, with how long and how large they are."""

    def __init__(self, folder: ParquetFolder, ids: tuple[str, ...], target: str, most: int) -> None:
        self.parts: list[FolderPart] = []
        self.rows, found = 0, []
        for place in _spread(len(folder.parts)):
            part = folder.parts[place]
            found.append(_measured(folder, part, ids, target))
            self.parts.append(part)
            self.rows += int(part.footer.num_rows)
            if len(found) >= FILES and sum(hashes.size for hashes, _, _ in found) >= most:
                break
        self._hashes, self._lengths, self._volumes = (np.concatenate(each) for each in zip(*found, strict=True))

    @property
    def series(self) -> int:
        """In all files of the pool."""
        return int(self._hashes.size)

    def _in_strata(self) -> IntArray:
        """Returns the series by length, a few classes of them, and within a class by volume, up and down in turn."""
        edges = np.quantile(self._lengths, np.arange(1, CLASSES) / CLASSES)
        classes = np.searchsorted(edges, self._lengths, side="right")
        return np.lexsort((self._hashes, np.where(classes % 2, -self._volumes, self._volumes), classes))

    def evenly(self, size: int) -> NDArray[np.uint64]:
        """Returns the hashes of so many series, fewer where their rows are too many."""
        order = self._in_strata()
        chosen = order[even_choice(self.series, size)]
        rows = int(self._lengths[chosen].sum())
        if rows > MOST_ROWS and size > 1:
            chosen = order[even_choice(self.series, max(1, size * MOST_ROWS // rows))]
        return np.unique(self._hashes[chosen])


def _spread(count: int) -> Iterator[int]:
    """Yields all positions, those that come first being spread over all: the first, the last, the middle."""
    seen: set[int] = set()
    most = 1
    while len(seen) < count:
        most = min(2 * most, count)
        for place in even_choice(count, most).tolist():
            if place not in seen:
                seen.add(place)
                yield place


def _measured(
    folder: ParquetFolder, part: FolderPart, ids: tuple[str, ...], target: str
) -> tuple[NDArray[np.uint64], IntArray, NDArray[np.float64]]:
    """Returns the hash, the rows and the volume of each series in a file, (S,) each."""
    table = _read(folder, part, [*ids, target])
    codes, names = coded(joined_ids([table.column(name) for name in ids]))
    lengths = np.bincount(codes, minlength=len(names))
    column = table.column(target)
    volumes = lengths.astype(np.float64)
    if types.is_integer(column.type) or types.is_floating(column.type):
        values = column.cast(pa.float64(), safe=False).combine_chunks()
        known = memory(values, np.float64)
        known = np.where(flags(values.is_valid()), known, 0.0) if values.null_count else known
        volumes = np.bincount(codes, weights=np.abs(np.nan_to_num(known)), minlength=len(names)) / np.maximum(
            lengths, 1
        )
    return stable_hash(names), lengths.astype(np.int64), volumes


def _source(
    folder: ParquetFolder, parts: Sequence[FolderPart], ids: tuple[str, ...], wanted: NDArray[np.uint64], what: str
) -> Source:
    """Returns the rows of certain series, by the hashes of their ids, as the bytes of a Parquet file."""
    from pyarrow.parquet import write_table  # noqa: PLC0415 only Parquet files pay the 0.1 s

    kept = []
    for part in sorted(parts, key=lambda part: part.name):
        table = _read(folder, part, None)
        codes, names = coded(joined_ids([table.column(name) for name in ids]))
        kept.append(table.filter(masked(np.isin(stable_hash(names), wanted)[codes])))
    buffer = io.BytesIO()
    write_table(pa.concat_tables(kept), buffer, compression="lz4", write_statistics=False)
    digest = hashlib.sha256("\n".join([what, *(part.fingerprint for part in folder.parts)]).encode()).hexdigest()
    return source_of_folder(folder, buffer.getvalue(), digest)


def _read(folder: ParquetFolder, part: FolderPart, columns: list[str] | None) -> Any:
    """Returns columns of a file in the types of the folder; all of them where none are named."""
    with part.opened() as file:
        stored = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
        return folder.table(part, file.read(columns=stored), columns)
