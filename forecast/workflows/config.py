"""The file of settings: where it lies, what stands in it, and the one that is written to start from (stdlib only)."""

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forecast.errors import DataError, NotFoundError, UsageError
from forecast.production.disk import atomic_write

CONFIG = "forecast.toml"
PROJECT = "pyproject.toml"
SECTION = "tool.forecast"
MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class ConfigFile:
    """What a file of settings says.

    Attributes:
        path: where it lies.
        name: what messages call it.
        table: its keys; the settings of one command are a table of their own.
    """

    path: Path
    name: str
    table: Mapping[str, Any]

    def beside(self, path: str) -> str:
        """Returns a path that is written in the file, as seen from the working directory."""
        here = working_folder()
        folder = (here / self.path).parent
        if path == "-" or Path(path).is_absolute() or folder == here:
            return path
        return os.path.relpath(folder / path, here)


def working_folder() -> Path:
    """Returns the working directory, from which all relative paths count.

    Raises:
        NotFoundError: it was removed while the shell stood in it.
    """
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise NotFoundError(
            "The working directory was removed.", "cd to a folder that is there, and run it again"
        ) from None


def find_config(start: Path) -> ConfigFile | None:
    """Returns the nearest forecast.toml, or pyproject.toml with [tool.forecast], in a folder or one above it.

    Raises:
        DataError: it is there and can't be read.
    """
    for folder in (start, *start.parents):
        if _is_file(folder / CONFIG):
            return read_config(folder / CONFIG)
        project = folder / PROJECT
        if _is_file(project) and SECTION.encode() in _bytes_of(project):
            found = read_config(project)
            if found.table:
                return found
    return None


def read_config(path: Path) -> ConfigFile:
    """Returns the settings in a file; of a pyproject.toml those in [tool.forecast].

    Raises:
        NotFoundError: there is no such file, or no working directory.
        DataError: it can't be read, or is no TOML.
    """
    name = os.path.relpath(path, working_folder())
    try:
        table = tomllib.loads(_bytes_of(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"{name} can't be read: {error}.", f"mend {name}; forecast config init shows the form"
        ) from error
    if path.name == PROJECT:
        tools, name = table.get("tool"), f"{name} [{SECTION}]"
        table = tools.get("forecast", {}) if isinstance(tools, dict) else {}
        if not isinstance(table, dict):
            raise DataError(f"{name} is {table!r}; it must be a table.", f"[{SECTION}] on a line of its own")
    return ConfigFile(path, name, table)


def write_config(path: Path, text: str, *, force: bool) -> None:
    """Writes a file of settings, whole or not at all.

    Raises:
        UsageError: it is there, and is not to be replaced.
        DataError: the disk refused.
    """
    if path.exists() and not force:
        raise UsageError(f"{path} exists already.", "--force to replace it, or another name: -o other.toml")
    atomic_write(path, text.encode(), flag="-o FILE")


def _is_file(path: Path) -> bool:
    """Returns whether there is such a file, as far as this user may know: `sudo -u www forecast …` in /root."""
    with suppress(PermissionError):
        return path.is_file()
    return False


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {path}.", "forecast config init writes one") from None
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.", "--config with another file") from error
