"""Lists of records, one a file: their names cost nothing, a record's file is imported when it is first asked for.

CELLS = Records[RecurrentCell]("forecast.models.networks.cells", ("rnn", "lstm", "gru"))
"gru" in CELLS, list(CELLS)     names alone: no import
CELLS["gru"].gates              imports cells/gru.py, which holds the record as RECORD
CELLS.register(MIN_GRU)         a record from anywhere else
CELLS.add_unlisted(MINE)        one that is found by its name, and never listed with the others
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Protocol, TypeVar


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """By which users and stored documents call it."""
        ...


T = TypeVar("T", bound=Named)


class Records(Mapping[str, T]):
    """Records by name, in the order of the list."""

    def __init__(self, package: str, names: tuple[str, ...]) -> None:
        """Takes the package that has a module for each name, in which the record is called ``RECORD``."""
        self._package = package
        self._records: dict[str, T | None] = dict.fromkeys(names)
        self._unlisted: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name in self._unlisted:
            return self._unlisted[name]
        record = self._records[name]
        if record is None:
            module = import_module(f"{self._package}.{name.replace('-', '_')}")
            record = self._records[name] = module.RECORD
        return record

    def __contains__(self, name: object) -> bool:
        return name in self._records or name in self._unlisted

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    @property
    def unlisted(self) -> tuple[str, ...]:
        """The names of what is found by its name alone."""
        return tuple(self._unlisted)

    def add_unlisted(self, record: T) -> None:
        """Adds a record that is found by its name, and never listed; one of the same name takes the other's place."""
        self._unlisted[record.name] = record

    def register(self, record: T) -> None:
        """Adds a record at the end of the list; one of the same name takes the place of the other."""
        self._records[record.name] = record
