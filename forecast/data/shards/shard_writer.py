"""A stream of rows → shards: each row goes to the file of its series' hash, and each file is then sorted.

    rows ──hash of the id──▶ a spilled file a shard ──sort by id, then time──▶ part-00003.parquet, _manifest.json

Memory holds a piece of the stream, then one shard. The series of a shard stand in the order of their ids' letters.

Shapes: ``R`` rows.
"""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import types
from pyarrow.parquet import write_table

from forecast.data.arrow import coded, flags, memory
from forecast.data.dates.date_columns import read_times
from forecast.data.files.source import Source
from forecast.data.files.table import Table
from forecast.data.frequency import readable
from forecast.data.panel import IntArray
from forecast.data.shards.row_stream import RowStream
from forecast.data.shards.shard_manifest import MANIFEST, Shard, ShardManifest
from forecast.data.shards.stable_hash import NAME, joined_ids, shards_of
from forecast.data.shards.text_stream import WidenError
from forecast.errors import DataError

SPILL = ".spill"
ROW_GROUP = 1 << 18
LAST = np.iinfo(np.int64).max
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Sharding:
    """How a panel is to be cut.

    Attributes:
        count: of the shards; those without a series are left out.
        program: that does it, for the record.
        source: what is cut, for the record.
        rows: of the stream, about, for the progress.
        today: the year that it is, which two digits don't go far beyond.
    """

    count: int
    program: str
    source: str
    rows: int = 0
    today: int | None = None


def write_shards(stream: RowStream, folder: Path, sharding: Sharding, progress: Progress) -> ShardManifest:
    """Writes a panel as shards into a folder that is there and empty, and returns their manifest.

    Raises:
        DataError: the stream can't be read.
        OSError: the disk refuses.
    """
    while True:
        spilled = _Spilled(folder / SPILL, sharding.count)
        try:
            for table in stream.tables():
                spilled.add(table, stream.roles.ids)
                if sharding.rows:
                    progress("reading", min(0.5, 0.5 * spilled.rows / sharding.rows))
            break
        except WidenError as error:
            stream = stream.widened(error)
        finally:
            spilled.close()
    if spilled.rows == 0 or spilled.schema is None:
        raise DataError(f"{stream.name} has columns but no rows.", "a forecast needs rows to learn from")
    shards = []
    for number in spilled.numbers():
        shards.append(_write_shard(spilled.read(number), number, folder, stream, sharding.today))
        progress("sorting", 0.5 + 0.5 * (number + 1) / sharding.count)
    spilled.remove()
    manifest = ShardManifest(
        program=sharding.program,
        source=sharding.source,
        hash=NAME,
        modulus=sharding.count,
        ids=stream.roles.ids,
        time=",".join(stream.roles.times),
        columns={field.name: str(field.type) for field in spilled.schema},
        rows=sum(shard.rows for shard in shards),
        series=sum(shard.series for shard in shards),
        shards=tuple(shards),
    )
    _write(folder / MANIFEST, manifest.to_bytes())
    return manifest


class _Spilled:
    """The rows of each shard as they came, in files for the time being."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count, self._open = folder, count, ExitStack()
        self._writers: dict[int, Any] = {}
        self.rows, self.schema = 0, None
        folder.mkdir(exist_ok=True)
        self.remove(keep_folder=True)

    def add(self, table: Any, ids: tuple[str, ...]) -> None:
        """Takes a piece of the stream."""
        self.schema = table.schema if self.schema is None else self.schema
        numbers = shards_of(joined_ids([table.column(name) for name in ids]), self._count)
        order = np.argsort(numbers, kind="stable")
        ends = np.cumsum(np.bincount(numbers, minlength=self._count))
        ordered = table.take(_positions(order))
        for number in np.unique(numbers).tolist():
            start = int(ends[number - 1]) if number else 0
            self._writer(number).write_table(ordered.slice(start, int(ends[number]) - start))
        self.rows += table.num_rows

    def _writer(self, number: int) -> Any:
        if number not in self._writers:
            sink = self._open.enter_context(pa.OSFile(str(self._folder / str(number)), "wb"))
            how = pa.ipc.IpcWriteOptions(compression="lz4")
            self._writers[number] = self._open.enter_context(pa.ipc.new_stream(sink, self.schema, options=how))
        return self._writers[number]

    def close(self) -> None:
        """Closes the files."""
        self._open.close()

    def numbers(self) -> Iterator[int]:
        """Yields the shards that have a row."""
        yield from sorted(self._writers)

    def read(self, number: int) -> Any:
        """Returns the rows of a shard, as they came."""
        path = self._folder / str(number)
        with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
            table = reader.read_all()
        path.unlink()
        return table

    def remove(self, *, keep_folder: bool = False) -> None:
        """Removes the files."""
        for path in self._folder.iterdir():
            path.unlink()
        if not keep_folder:
            with suppress(OSError):
                self._folder.rmdir()


def _write_shard(table: Any, number: int, folder: Path, stream: RowStream, today: int | None) -> Shard:
    """Writes the rows of a shard in order, and returns what it is."""
    roles = stream.roles
    series, values = coded(joined_ids([table.column(name) for name in roles.ids]))
    names = values.to_pylist()
    ranks = np.empty(len(names), np.int64)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    times, first, last = _times(table, stream, today)
    table = table.take(_positions(np.lexsort((times, ranks[series]))))
    buffer = io.BytesIO()
    write_table(table, buffer, compression="zstd", row_group_size=ROW_GROUP)
    data = buffer.getbuffer()
    file = f"part-{number:05d}.parquet"
    _write(folder / file, data)
    count = sum(name != "" for name in names)  # rows without an id are of no series
    return Shard(file, number, table.num_rows, count, first, last, len(data), hashlib.sha256(data).hexdigest())


def _times(table: Any, stream: RowStream, today: int | None) -> tuple[IntArray, str, str]:
    """Returns when each row is, (R,), as numbers to sort by, rows without a time at the end; and the ends in words."""
    roles = stream.roles
    if not roles.times:
        return np.zeros(table.num_rows, np.int64), "", ""
    kind = table.schema.field(roles.times[0]).type
    if len(roles.times) == 1 and types.is_temporal(kind) and not types.is_time(kind):
        column = table.column(roles.times[0]).cast(pa.timestamp("us"), safe=False).combine_chunks()
        known = flags(column.is_valid()) if column.null_count else np.ones(len(column), dtype=bool)
        stamps = memory(column, "datetime64[us]")
        return _ends(np.where(known, stamps.astype(np.int64), LAST), stamps[known].astype("datetime64[s]"))
    buffer = io.BytesIO()
    write_table(table.select(list(roles.times)), buffer)
    words = Table(Source(stream.name, stream.name, None, buffer.getvalue(), "", "UTF-8"))
    dates = read_times(words, roles.times, roles.form if len(roles.times) == 1 else None, today)
    return _ends(np.append(dates.stamps.astype(np.int64), LAST)[dates.codes], dates.stamps)


def _ends(order: IntArray, stamps: NDArray[np.datetime64]) -> tuple[IntArray, str, str]:
    if stamps.size == 0:
        return order, "", ""
    return order, readable(stamps.min()), readable(stamps.max())


def _positions(order: IntArray) -> Any:
    """Returns positions as Arrow takes them."""
    return pa.Array.from_buffers(pa.int64(), len(order), [None, pa.py_buffer(order.astype(np.int64))])


def _write(path: Path, data: bytes | memoryview) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
