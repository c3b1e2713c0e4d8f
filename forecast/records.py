"""Lists of records, one a file: their names cost nothing, a record's file is imported when it is first asked for.

CELLS = Records[RecurrentCell]("forecast.models.networks.cells", ("rnn", "lstm", "gru"))
"gru" in CELLS, list(CELLS)     names alone: no import
CELLS["gru"].gates              imports cells/gru.py, which holds the record as RECORD
CELLS.register(MIN_GRU)         a record from anywhere else
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

    def __getitem__(self, name: str) -> T:
        record = self._records[name]
        if record is None:
            module = import_module(f"{self._package}.{name.replace('-', '_')}")
            record = self._records[name] = module.RECORD
        return record

    def __contains__(self, name: object) -> bool:
        return name in self._records

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def register(self, record: T) -> None:
        """Adds a record at the end of the list; one of the same name takes the place of the other."""
        self._records[record.name] = record
