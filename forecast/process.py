"""What is true of this process: its clock, its machine and what it keeps. Only ``cli`` and ``api`` look here."""

import os
import time
from contextlib import suppress
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


def keep_memory() -> None:
    """Keeps memory that is free again for the next array, in a process that ends soon.

    Else the system (glibc) takes that of each large array back and hands out new pages for the next: of a panel of ten
    million values that is a quarter of the processor time.
    """
    import ctypes  # noqa: PLC0415 - most commands need none

    with suppress(OSError, AttributeError):  # another system's library has no such function
        system = ctypes.CDLL(None)
        system.mallopt(NO_MAPPING, 0)
        system.mallopt(NO_TRIMMING, 2**31 - 1)


NO_MAPPING, NO_TRIMMING = -4, -1
"""What glibc calls M_MMAP_MAX and M_TRIM_THRESHOLD."""


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
