"""`forecast shard`: a panel as Parquet files of whole series, whatever size it has."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import forecast
from forecast.addresses import is_address, is_object, stem_of_address
from forecast.data.files.parquet_folder import is_folder
from forecast.data.files.remote.objects import fetch_object
from forecast.data.read_options import ReadOptions
from forecast.data.shards.row_stream import WHOLE, open_stream
from forecast.data.shards.shard_manifest import MANIFEST, ShardManifest
from forecast.data.shards.shard_writer import Sharding, write_shards
from forecast.data.shards.stream_roles import Roles
from forecast.errors import UsageError
from forecast.experiment.destinations import check_folder
from forecast.production.store.disk import Disk, hidden, kind_of, telling
from forecast.run import Run

ROWS_EACH = 1_000_000
"""Rows of a shard where nobody says how many shards there are to be."""
MOST_SHARDS = 1000
"""A file each is open while rows are spread over them, and systems allow 1,024."""


@dataclass(frozen=True)
class ShardRequest:
    """What `shard` was asked for.

    Attributes:
        source: a file, a folder of Parquet files, either by an address too, or ``-``.
        folder: for the shards.
        count: of them; None for one a million rows.
        force: replace shards that are there.
        whole: bytes of a text up to which it is read whole.
    """

    source: str
    folder: Path
    options: ReadOptions
    now: datetime
    count: int | None = None
    force: bool = False
    whole: int = WHOLE


@dataclass(frozen=True)
class ShardResult:
    """The shards that were written."""

    folder: Path
    manifest: ShardManifest
    roles: Roles


def shard(request: ShardRequest, run: Run) -> ShardResult:
    """Cuts a panel into shards; until all are there, none is.

    Raises:
        ForecastError: the data can't be read, holds one series, or the folder can't be written or holds other files.
    """
    folder = request.folder
    check_folder(folder, "DIR")
    _check_place(request)
    with _near(request.source) as near:
        return _cut(request, near, run)


def _cut(request: ShardRequest, near: str, run: Run) -> ShardResult:
    folder = request.folder
    stream = open_stream(near, request.options, request.now.year, whole=request.whole)
    count = request.count or min(MOST_SHARDS, max(2, math.ceil(stream.rows / ROWS_EACH)))
    is_path = request.source != "-" and not is_address(request.source)
    source = str(Path(request.source).absolute()) if is_path else request.source
    sharding = Sharding(count, forecast.__version__, source, stream.rows, request.now.year)
    disk, staged = Disk(), hidden(folder.absolute())
    with telling(f"write {folder}", "another DIR"):
        if staged.exists():
            disk.remove(staged)
        disk.make_folder(staged)
        try:
            manifest = write_shards(stream, staged, sharding, run.reporter.progress)
            disk.sync_folder(staged)
            if folder.exists() and any(folder.iterdir()):
                disk.remove(folder)
            disk.rename(staged, folder)
        finally:
            if staged.exists():
                disk.remove(staged)
    return ShardResult(folder, manifest, stream.roles)


@contextmanager
def _near(source: str) -> Iterator[str]:
    """Yields a source that is read in a stream: of one object, a copy on this machine, which goes after the block.

    Raises:
        ForecastError: it can't be fetched.
    """
    if not is_object(source) or is_folder(source):
        yield source
        return
    with TemporaryDirectory(prefix="forecast-") as folder:
        path = Path(folder) / (stem_of_address(source).replace("/", "_") or "data")
        with telling(f"fetch {source}", "a disk with more room: TMPDIR=DIR"):
            fetch_object(source, path)
        yield str(path)


def _check_place(request: ShardRequest) -> None:
    """Refuses a folder with anything in it but shards that may be replaced, or which is the data itself.

    Raises:
        UsageError: it is such a folder.
    """
    folder = request.folder
    if kind_of(folder, "DIR") is None:
        return
    if (
        request.source != "-"
        and not is_address(request.source)
        and folder.resolve()
        in {
            Path(request.source).resolve(),
            *Path(request.source).resolve().parents,
        }
    ):
        raise UsageError(f"{request.source} lies in {folder}, which is to be written.", "DIR with another folder")
    with telling(f"read {folder}", "another DIR"):
        names = {path.name for path in folder.iterdir()}
        if not names:
            return
        if MANIFEST not in names:
            raise UsageError(f"{folder} holds other files already.", "DIR with another folder")
    if not request.force:
        raise UsageError(f"{folder} holds shards already.", "--force to replace them, or DIR with another folder")
