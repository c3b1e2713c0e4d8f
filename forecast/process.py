"""What is true of this process: its clock, its machine and what it keeps. Only ``cli`` and ``api`` look here."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from forecast.run import SILENT, Cache, Reporter, Run
from forecast.specs import Device, Machine

_CACHE = Cache()
"""Compiled loops above all: whoever trains twice in one process compiles once."""


@dataclass(frozen=True)
class SystemClock:
    """The clock of the operating system."""

    def now(self) -> datetime:
        """Returns the date and time in UTC."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Returns the seconds since some moment."""
        return time.monotonic()


MOST_UNASKED = 4
"""Processes that are started where nobody asks for them."""


def available_cpus() -> int:
    """Returns the number of CPU threads that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def unasked_workers(count: int, many: int) -> int:
    """Returns how many processes share so many models where nobody says: one, and some where there are many."""
    return min(MOST_UNASKED, available_cpus()) if count >= many else 1


def has_graphics_card() -> bool:
    """Returns whether this machine has a graphics card that networks might be trained on."""
    return any(Path("/dev").glob("nvidia[0-9]*"))


def cache_folder() -> Path:
    """Returns the folder for copies of stores at an address, which need not be there."""
    told = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(told) if Path(told).is_absolute() else Path.home() / ".cache") / "forecast" / "stores"


def start_run(device: Device = "auto", reporter: Reporter = SILENT) -> Run:
    """Returns what this process works with.

    Args:
        device: what networks are to train on.
        reporter: who looks on.
    """
    return Run(Machine(device, threads=available_cpus()), reporter, SystemClock(), _CACHE)
