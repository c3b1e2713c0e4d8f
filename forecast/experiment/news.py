"""What a run tells while it goes on, to whoever looks on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecast.run import News
from forecast.specs import ModelSpec, Plan

if TYPE_CHECKING:  # so that who hears of it needs no numpy
    from forecast.data.reading.reader import Reading


@dataclass(frozen=True, eq=False)
class DataRead(News):
    """The data has been read."""

    reading: "Reading"


@dataclass(frozen=True, eq=False)
class Planned(News):
    """It is settled which networks will be trained, by their cell, and how all will be scored."""

    plan: Plan
    specs: dict[str, ModelSpec]


@dataclass(frozen=True)
class LongRun(News):
    """It will take hours."""

    about: str  # how many


@dataclass(frozen=True)
class Remark(News):
    """Something in words, with the flags that change it."""

    label: str
    text: str
    flags: tuple[str, ...] = ()
