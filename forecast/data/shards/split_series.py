"""Whether each series of a folder of Parquet files lies in one file: its ids are read, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from forecast.data.files.parquet_folder import FolderPart, ParquetFolder
from forecast.data.shards.stable_hash import BETWEEN, joined_ids, stable_hash

ROWS = 1 << 20
"""Ids that are looked at together."""


@dataclass(frozen=True)
class SplitSeries:
    """A series that lies in two files."""

    name: str
    parts: tuple[str, str]


def find_split_series(folder: ParquetFolder, ids: tuple[str, ...]) -> SplitSeries | None:
    """Returns a series that lies in two files of a folder; None where each lies in one.

    Args:
        folder: of the files.
        ids: the columns that tell series apart, as the files spell them.

    Raises:
        DataError: a file can't be read.
    """
    found = [np.unique(np.concatenate([*_hashes(folder, part, ids), np.empty(0, np.uint64)])) for part in folder.parts]
    hashes = np.concatenate(found)
    owners = np.repeat(np.arange(len(found)), [own.size for own in found])
    order = np.argsort(hashes, kind="stable")
    twice = np.flatnonzero(np.diff(hashes[order]) == 0)
    if twice.size == 0:
        return None
    pair = owners[order[twice[0] : twice[0] + 2]]
    first, second = (folder.parts[i] for i in pair.tolist())
    return SplitSeries(_named(folder, first, ids, hashes[order[twice[0]]]), (first.name, second.name))


def _hashes(folder: ParquetFolder, part: FolderPart, ids: tuple[str, ...]) -> Iterator[NDArray[np.uint64]]:
    for values in _values(folder, part, ids):
        yield stable_hash(values)


def _values(folder: ParquetFolder, part: FolderPart, ids: tuple[str, ...]) -> Iterator[Any]:
    """Yields the different ids of a part, piece by piece."""
    stored = [name for name in ids if name not in part.constants or name in part.footer.schema.names]
    with part.opened() as file:
        for batch in file.iter_batches(ROWS, columns=stored) if stored else iter([None]):
            columns = [_column(folder, part, batch, name) for name in ids]
            yield pc.unique(joined_ids(columns).combine_chunks())


def _column(folder: ParquetFolder, part: FolderPart, batch: Any, name: str) -> Any:
    kind = folder.schema.field(name).type
    if batch is not None and name in batch.schema.names:
        return pa.chunked_array([batch.column(name)]).cast(kind, safe=False)
    value, rows = part.constants[name], 1 if batch is None else batch.num_rows
    return pa.chunked_array([pa.repeat(pa.scalar(value, pa.string()), rows)]).cast(kind)


def _named(folder: ParquetFolder, part: FolderPart, ids: tuple[str, ...], wanted: np.uint64) -> str:
    """Returns the id that has a hash."""
    for values in _values(folder, part, ids):
        places = np.flatnonzero(stable_hash(values) == wanted)
        if places.size:
            return str(values[int(places[0])].as_py()).replace(BETWEEN, "/")
    return ""
