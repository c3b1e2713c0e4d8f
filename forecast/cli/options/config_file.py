"""The file of settings: where it lies, what stands in it, and the one that is written to start from (stdlib only)."""

import os
import re
import shlex
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from forecast.errors import DataError, NotFoundError, UsageError
from forecast.experiment.destinations import SETTINGS, ending_of
from forecast.production.store.disk import atomic_write, is_file, kind_of
from forecast.production.store.links import ROOT, user_name

CONFIG = "forecast.toml"
PROJECT = "pyproject.toml"
SECTION = "tool.forecast"
MOST_BYTES = 1 << 20
_TABLE = re.compile(r"\s*\[")


@dataclass(frozen=True)
class ConfigFile:
    """What a file of settings says.

    Attributes:
        path: where it lies.
        name: what messages call it.
        table: its keys; the settings of one command are a table of their own.
        note: what is to be said of whose it is; empty where that goes without saying.
        owner: whose it is, where it is somebody else's and nobody named it.
    """

    path: Path
    name: str
    table: Mapping[str, Any]
    note: str = ""
    owner: str = ""

    def resolved(self, path: str) -> str:
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

    What others put into a folder above says nothing to whoever works below: their file is passed over, and said to be
    so. In the working directory itself it is used, and said whose it is.

    Raises:
        DataError: it is there and can't be read.
    """
    strangers = []
    for folder in (start, *start.parents):
        for path in (folder / CONFIG, folder / PROJECT):
            if not is_file(path) or (path.name == PROJECT and SECTION.encode() not in _bytes_of(path)):
                continue
            owner = _stranger(path)
            if owner and folder != start:
                name = os.path.relpath(path, start)
                strangers.append(
                    f"{name} belongs to {owner}, and is not heeded (--config {shlex.quote(name)} takes it)."
                )
                continue
            found = read_config(path)
            if found.table or path.name == CONFIG:
                told = [f"The settings in {found.name} are those of {owner}."] if owner else []
                return replace(found, note=" ".join([*strangers, *told]), owner=owner)
    return ConfigFile(start / CONFIG, "", {}, " ".join(strangers)) if strangers else None


def _stranger(path: Path) -> str:
    """Returns whose file it is; an empty string for one's own and root's."""
    owner = path.stat().st_uid
    return "" if owner in {ROOT, os.geteuid()} else user_name(owner)


def read_config(path: Path) -> ConfigFile:
    """Returns the settings in a file; of a pyproject.toml those in [tool.forecast].

    Raises:
        NotFoundError: there is no such file, or no working directory.
        DataError: it can't be read, or is no TOML.
    """
    name = os.path.relpath(path, working_folder())
    try:
        table = tomllib.loads(_bytes_of(path).decode())
    except (ValueError, RecursionError) as error:  # of a number of 5,000 digits, Python says ValueError
        why = "it is nested too deeply" if isinstance(error, RecursionError) else _reason(error)
        raise DataError(f"{name} can't be read: {why}.", f"mend {name}; forecast config init shows the form") from error
    if path.name == PROJECT:
        tools, name = table.get("tool"), f"{name} [{SECTION}]"
        table = tools.get("forecast", {}) if isinstance(tools, dict) else {}
        if not isinstance(table, dict):
            raise DataError(f"{name} is {table!r}; it must be a table.", f"[{SECTION}] on a line of its own")
    return ConfigFile(path, name, table)


def _reason(error: ValueError) -> str:
    is_about_text = isinstance(error, tomllib.TOMLDecodeError | UnicodeDecodeError)
    return str(error) if is_about_text else "it holds a number that is too long"


def write_config(path: Path, text: str, *, force: bool) -> None:
    """Writes a file of settings, whole or not at all.

    Raises:
        UsageError: it is there, and is not to be replaced.
        DataError: the disk refused.
    """
    ending_of(path, SETTINGS, "-o")
    kind = kind_of(path)
    if kind == "folder":
        raise UsageError(f"{path} is a folder, not a file.", f"-o {shlex.quote(f'{path}/{CONFIG}')}")
    if kind == "file" and not force:
        raise UsageError(f"{path} exists already.", "--force to replace it, or another name: -o other.toml")
    atomic_write(path, text.encode(), flag="-o FILE")


def write_settings(path: Path, table: str, lines: str) -> None:
    """Writes settings into one table of a file, which is made where there is none; all else in it stays as it is.

    Args:
        path: of the file.
        table: its name, a command's.
        lines: ``key = value``, one each.

    Raises:
        DataError: the file can't be read or written, or not be changed so.
    """
    before = ""
    if is_file(path):
        read_config(path)  # refuses one that is no TOML
        before = _bytes_of(path).decode()
    atomic_write(path, with_settings(before, table, lines).encode(), flag="--config FILE", only_file=True)


def with_settings(text: str, table: str, lines: str) -> str:
    """Returns a file of settings with these in a table: keys that it had are replaced, the others stay.

    Args:
        text: of the file, which is TOML; empty for a new one.
        table: its name.
        lines: ``key = value``, one each.

    Raises:
        DataError: the file is written in a way that this can't change, such as a table within a line.
    """
    new = {line.partition("=")[0].strip(): line for line in lines.splitlines()}
    old, result, is_inside, is_done = text.splitlines(), list[str](), False, False
    for line in old:
        if _TABLE.match(line):
            is_inside = re.fullmatch(rf"\s*\[\s*{re.escape(table)}\s*\]\s*(#.*)?", line) is not None
            result.append(line)
            if is_inside:
                result += new.values()
                is_done = True
        elif not (is_inside and line.partition("=")[0].strip() in new):
            result.append(line)
    if not is_done:
        result += [*([""] if result and result[-1].strip() else []), f"[{table}]", *new.values()]
    changed = "\n".join(result) + "\n"
    wanted = tomllib.loads(lines)
    try:
        found = tomllib.loads(changed).get(table)
    except tomllib.TOMLDecodeError:
        found = None
    if not isinstance(found, dict) or any(found.get(key) != value for key, value in wanted.items()):
        raise DataError(
            f"The settings of [{table}] can't be written into this file.", f"write them yourself: {lines!r}"
        )
    return changed


def _bytes_of(path: Path) -> bytes:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # else a pipe would be waited for
            if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
                raise DataError(f"{path} is a pipe, not a file of settings.", "--config with a file")
            return file.read(MOST_BYTES)
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {path}.", "forecast config init writes one") from None
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.", "--config with another file") from error
