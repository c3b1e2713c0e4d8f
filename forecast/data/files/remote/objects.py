"""Objects in a bucket and files of a web server, opened by fsspec; its libraries are imported when one is named."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

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


def copy_folder(address: str, folder: Path, endings: tuple[str, ...]) -> int:
    """Copies the objects below an address, by their endings, into a folder, and returns how many there are.

    Raises:
        ForecastError: see ``open_object``.
    """
    if scheme_of(address) in {"http", "https"}:
        return 0  # nobody tells there what lies below
    with _telling(address):
        system, path = _opened(address.rstrip("/"))
        names = [name for name in system.find(path) if name.lower().endswith(endings) and name != path]
        for name in names:
            to = folder / name.removeprefix(path).lstrip("/")
            if ".." in to.parts:
                continue
            to.parent.mkdir(parents=True, exist_ok=True)
            system.get_file(name, str(to))
    return len(names)


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
def _telling(address: str) -> Iterator[None]:
    """Says in plain words what a library says in the block.

    Raises:
        ForecastError: see ``open_object``.
    """
    try:
        yield
    except (ForecastError, MemoryError):
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
