"""Objects in a bucket and files of a web server, opened by fsspec; its libraries are imported when one is named."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pyarrow import ArrowException

from forecast.addresses import scheme_of
from forecast.data.files.remote.driver import WAIT, lacking
from forecast.data.files.remote.place import object_url
from forecast.errors import DataError, ForecastError, NotFoundError

PACKAGES = {
    "s3": "s3fs>=2024.5",
    "gs": "gcsfs>=2024.5",
    "gcs": "gcsfs>=2024.5",
    "az": "adlfs>=2024.4",
    "abfs": "adlfs>=2024.4",
    "http": "aiohttp>=3.9",
    "https": "aiohttp>=3.9",
}
"""What opens the addresses of a scheme, beside fsspec."""
SILENCE = 60
"""Seconds without a byte, after which a server is gone."""
AHEAD = 1 << 20
"""Bytes that are asked for at a time."""


@contextmanager
def open_object(address: str) -> Iterator[tuple[IO[bytes], int | None]]:
    """Opens an object for reading, from its beginning to its end, and tells its size where that is known.

    Raises:
        NotFoundError: there is none.
        DependencyError: a library is not installed.
        DataError: it can't be reached or read.
    """
    with _telling(address):
        system, path = _opened(address)
        with system.open(path, "rb") as file:
            yield file, getattr(file, "size", None)


@dataclass(frozen=True)
class ObjectEntry:
    """An object below an address.

    Attributes:
        size: in bytes.
        mark: another one where what it holds is another; empty where the server tells none.
    """

    size: int
    mark: str


class ObjectReader:
    """Reads what lies below an address, by one connection.

    Attributes:
        is_whole: all that lies there was listed, and not a folder of it alone.
    """

    def __init__(self, address: str) -> None:
        """Opens the file system of the address.

        Raises:
            DependencyError: a library is not installed.
        """
        self._address, self.is_whole = address, False
        with _telling(address):
            self._system, path = _opened(address)
        self._path = path.rstrip("/")

    def list(self, folder: str = "") -> dict[str, ObjectEntry]:
        """Returns all objects below, or below a folder in it, by their path from there, in alphabetical order.

        Raises:
            ForecastError: see ``open_object``.
        """
        path = f"{self._path}/{folder}".rstrip("/")
        with _telling(self._address):
            found = self._system.find(path, detail=True)
        self.is_whole, below = not folder, f"{path}/"
        return {
            name.removeprefix(below): ObjectEntry(int(about.get("size") or 0), _mark(about))
            for name, about in sorted(found.items())
            if name.startswith(below) and about.get("type") != "directory" and is_plain(name.removeprefix(below))
        }

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        """Returns what objects hold, by their paths.

        Raises:
            ForecastError: see ``open_object``.
        """
        with _telling(self._address):
            return {name: self._system.cat_file(f"{self._path}/{name}") for name in names}


def list_objects(address: str) -> dict[str, ObjectEntry]:
    """Returns all objects below an address; see ``ObjectReader``.

    Raises:
        ForecastError: see ``open_object``.
    """
    return ObjectReader(address.rstrip("/")).list()


def is_plain(name: str) -> bool:
    """Returns whether a path leads nowhere but below the folder that it begins in."""
    return bool(name) and not any(part in {"", ".", ".."} for part in name.split("/"))


def _mark(about: Mapping[str, Any]) -> str:
    told = (about.get(key) for key in ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "updated", "mtime"))
    return next((str(value) for value in told if value), "")


@contextmanager
def open_parts(address: str) -> Iterator[Any]:
    """Opens an object of which parts are read, in any order: each read is asked of the server, and little is kept.

    What Arrow says of the bytes is not reworded.

    Raises:
        ForecastError: see ``open_object``.
    """
    with _telling(address, but=(ArrowException,)):
        system, path = _opened(address)
        with system.open(path, "rb", block_size=AHEAD, cache_type="readahead") as file:
            yield file


def fetch_object(address: str, path: Path) -> None:
    """Copies an object into a file, piece by piece.

    Raises:
        ForecastError: see ``open_object``.
        OSError: the disk refuses.
    """
    with path.open("wb") as file:
        for piece in _pieces(address):
            file.write(piece)


def _pieces(address: str) -> Iterator[bytes]:
    with open_object(address) as (file, _):
        while piece := file.read(AHEAD):
            yield piece


def _opened(address: str) -> tuple[Any, str]:
    """Returns the file system of an address, and the path in it.

    Raises:
        DependencyError: a library is not installed.
    """
    scheme = scheme_of(address)
    try:
        import fsspec  # only who names an object pays for it

        system, path = fsspec.url_to_fs(object_url(address, os.environ), **_options(scheme))
    except ImportError as error:
        package = "fsspec>=2024.5" if "fsspec" in str(error) and "fsspec." not in str(error) else PACKAGES[scheme]
        raise lacking(f"{scheme}://", package) from None
    return system, path


def _options(scheme: str) -> Mapping[str, Any]:
    """Returns how long is waited, and that nothing is remembered of what was there before."""
    if scheme == "s3":
        config = {"connect_timeout": WAIT, "read_timeout": SILENCE, "retries": {"max_attempts": 2}}
        return {"config_kwargs": config, "skip_instance_cache": True}
    if scheme in {"http", "https"}:
        import aiohttp  # likewise

        timeout = aiohttp.ClientTimeout(total=None, sock_connect=WAIT, sock_read=SILENCE)
        return {"client_kwargs": {"timeout": timeout}, "skip_instance_cache": True}
    return {"skip_instance_cache": True}


@contextmanager
def _telling(address: str, but: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Says in plain words what a library says in the block, but for some errors.

    Raises:
        ForecastError: see ``open_object``.
    """
    try:
        yield
    except (ForecastError, MemoryError):
        raise
    except but:
        raise
    except FileNotFoundError as error:
        cause = error.__cause__ or error.__context__  # of a web server, fsspec calls any failure so
        if (cause is not None and getattr(cause, "status", 404) != 404) or "Connector" in type(cause).__name__:
            raise _worded(address, cause or error) from None
        raise NotFoundError(f"There is no {address}.", "check the address") from None
    except PermissionError:
        hint = "the keys of the cloud, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role"
        raise DataError(f"{address} may not be read with these keys.", hint) from None
    except Exception as error:  # noqa: BLE001 - each cloud's library has errors of its own
        raise _worded(address, error) from None


def _worded(address: str, error: BaseException) -> DataError:
    kind = type(error).__name__
    if "Credentials" in kind or "Token" in kind:
        hint = "the keys of the cloud, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role"
        return DataError(f"There are no keys to read {address} with.", hint)
    status = getattr(error, "status", None)
    if status in {401, 403, 407}:
        return DataError(
            f"{address} may not be read without other credentials ({status}).", "https://USER:${VARIABLE}@…"
        )
    if status:
        return DataError(f"{address} can't be read: the server says {status}.", "try again later")
    return DataError(f"{address} can't be reached ({kind}).", "check the address and the network")
