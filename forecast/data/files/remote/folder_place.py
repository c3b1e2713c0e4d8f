"""A folder of files, here or below an address: its names, and their bytes or those parts of them that are asked for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import pyarrow as pa

from forecast.addresses import is_address, is_object, scheme_of, stem_of_address
from forecast.data.files.remote.objects import list_objects, open_object, open_parts
from forecast.errors import DataError, NotFoundError


class FolderPlace(Protocol):
    """A folder, which its text names."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def stem(self) -> str:
        """What results are called by."""
        ...

    @property
    def path(self) -> Path | None:
        """Where it lies on this machine; None for an address."""
        ...

    def files(self) -> Mapping[str, int]:
        """Returns the files in it and below by their paths from there, in order, and how many bytes each has.

        Raises:
            OSError: it can't be read.
            ForecastError: an address can't be reached.
        """
        ...

    def open(self, name: str) -> Any:
        """Opens a file for reading, from any place in it on."""
        ...

    def read(self, name: str) -> bytes:
        """Returns what a file holds.

        Raises:
            NotFoundError: it is not there.
            DataError: it can't be read.
        """
        ...


@dataclass(frozen=True)
class LocalFolder:
    """A folder on this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.path.absolute().name

    @property
    def stem(self) -> str:
        """What results are called by."""
        return self.name.replace(".", "_")

    def files(self) -> Mapping[str, int]:
        """Returns the files in it and below; see ``FolderPlace``."""
        found = ((path, path.relative_to(self.path).as_posix()) for path in sorted(self.path.rglob("*")))
        return {name: path.stat().st_size for path, name in found if path.is_file()}

    def open(self, name: str) -> Any:
        """Opens a file."""
        return pa.OSFile(str(self.path / name))

    def read(self, name: str) -> bytes:
        """Returns what a file holds; see ``FolderPlace``."""
        path = self.path / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise NotFoundError(f"There is no {path}.", f"ls {path.parent}") from None
        except OSError as error:
            raise DataError(f"{path} can't be read: {error.strerror or error}.", f"ls -l {path}") from None


@dataclass(frozen=True)
class ObjectFolder:
    """The objects below an address, as they are when it is looked at first."""

    address: str
    path: None = None

    def __str__(self) -> str:
        return self.address

    @property
    def name(self) -> str:
        """What messages and the store call it."""
        return self.address

    @property
    def stem(self) -> str:
        """What results are called by."""
        return stem_of_address(self.address).replace(".", "_")

    @cached_property
    def _sizes(self) -> Mapping[str, int]:
        return {name: one.size for name, one in list_objects(self.address).items()}

    def files(self) -> Mapping[str, int]:
        """Returns the objects below; see ``FolderPlace``."""
        return self._sizes

    @contextmanager
    def open(self, name: str) -> Iterator[Any]:
        """Opens an object."""
        with open_parts(self._address_of(name)) as file:
            yield file

    def read(self, name: str) -> bytes:
        """Returns what an object holds; see ``FolderPlace``."""
        with open_object(self._address_of(name)) as (file, _):
            return file.read()

    def _address_of(self, name: str) -> str:
        return f"{self.address.rstrip('/')}/{name}"


def folder_at(place: str | Path) -> FolderPlace:
    """Returns a folder by its path or its address."""
    return ObjectFolder(str(place)) if is_address(str(place)) else LocalFolder(Path(place))


def names_folder(source: str) -> bool:
    """Returns whether an address may be that of a folder: it ends as that of no file.

    No web server tells what lies below an address.
    """
    if not is_object(source) or scheme_of(source) in {"http", "https"}:
        return False
    return source.endswith("/") or not PurePosixPath(stem_of_address(source)).suffix
