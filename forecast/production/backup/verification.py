"""Verification: every byte of a model is read, and held against its checksum."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forecast.errors import DataError, NotFoundError
from forecast.production.backup.backup import read_if_there
from forecast.production.store.history_file import HISTORY
from forecast.production.store.json_document import parse_json
from forecast.production.store.model_store import ModelStore
from forecast.wording import counted


@dataclass(frozen=True)
class Verified:
    """What reading every byte of a model found.

    Attributes:
        problems: in words.
    """

    name: str
    versions: int
    files: int
    size: int
    problems: tuple[str, ...]


def verify(models: ModelStore) -> Verified:
    """Reads every byte of a model, and returns what is not as it was written."""
    problems: list[str] = [error.message for error in models.damaged().values()]
    files = size = 0
    versions = models.versions()
    for version in versions:
        for filename in version.files:
            try:
                size, files = size + len(version.read(filename)), files + 1
            except DataError as error:
                if version.folder.exists():  # else a prune took it away meanwhile
                    problems.append(error.message)
    try:
        models.champion()
    except (DataError, NotFoundError) as error:
        problems.append(error.message)
    issued = models.issued()
    problems += issued.notes
    files, size = files + len(issued.tables), size + sum(len(table.data) for table in issued.tables)
    lines = _bad_lines(models.folder / HISTORY)
    problems += [f"{models.folder / HISTORY}: {counted(lines, 'line')} can't be read."] if lines else []
    return Verified(models.name, len(versions), files, size, tuple(dict.fromkeys(problems)))


def _bad_lines(path: Path) -> int:
    """Returns how many lines of a history are none; the last may be torn, as a crash leaves it."""

    def is_bad(line: bytes) -> bool:
        try:
            found: Any = parse_json(line)
        except ValueError:
            return True
        return not isinstance(found, dict)

    return sum(is_bad(line) for line in (read_if_there(path) or b"").split(b"\n")[:-1])
