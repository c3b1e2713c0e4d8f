"""How much memory the program may plan with: what machine, container and shell leave it, or what it is told.

``FORECAST_MEMORY=16GB`` is for those who know better, such as whose machine swaps to a fast disk.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path

from forecast.errors import UsageError

VARIABLE = "FORECAST_MEMORY"
UNITS = {"": 1, "k": 10, "m": 20, "g": 30, "t": 40}  # powers of two
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
UNKNOWN = 8 << 30
"""Where nothing tells: what a laptop has."""


def free_memory() -> int:
    """Returns the bytes that the process may still take.

    Raises:
        UsageError: FORECAST_MEMORY is no size.
    """
    asked = os.environ.get(VARIABLE)
    if asked:
        return parse_size(asked)
    return max(0, min(_limits(), default=UNKNOWN))


def parse_size(text: str) -> int:
    """Returns the bytes that a text such as ``16GB`` or ``1.5 GiB`` means; units are powers of two.

    Raises:
        UsageError: It means none.
    """
    match = SIZE.fullmatch(text.strip())
    if match is None or float(match[1]) == 0:
        raise UsageError(f"{VARIABLE} is '{text}', which is no size of memory.", f"{VARIABLE}=16GB")
    number, unit = float(match[1]), match[2].lower()
    return int(number * (1 if not unit else 1 << UNITS[unit]))


def size_text(count: float) -> str:
    """Returns bytes as a person reads them: ``3.5 GB``, ``240 MB``; never 0."""
    if count >= 1 << 30:
        return f"{count / (1 << 30):,.1f} GB"
    return f"{max(1, round(count / (1 << 20))):,} MB"


def short_of_memory(needs: str, needed: float, free: float, hint: str) -> UsageError:
    """Returns that something takes more bytes than are free; ``needs`` names it and ends with the verb."""
    return UsageError(f"{needs} {size_text(needed)} of memory, and {size_text(free)} is free.", hint)


def more_memory(count: float) -> str:
    """Returns how to go on where there are so many bytes: the setting that says so, rounded up to be enough."""
    parts, unit = (10 * count / (1 << 30), "GB") if count >= 1 << 30 else (count / (1 << 20), "MB")
    number = f"{ceil(parts) / 10:.1f}" if unit == "GB" else f"{ceil(parts)}"
    return f"if there is more memory: {VARIABLE}={number}{unit}"


def _limits() -> Iterator[int]:
    """Yields what each of those who may refuse memory leaves."""
    if available := _fields("/proc/meminfo").get("MemAvailable"):
        yield available
    else:
        with suppress(ValueError, OSError, AttributeError):
            yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 Windows has none

        for kind, taken in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
            most, _ = resource.getrlimit(kind)
            if most != resource.RLIM_INFINITY:
                yield most - _fields("/proc/self/status").get(taken, 0)
    yield from _container()


def _container() -> Iterator[int]:
    """Yields what the container leaves: version 2 of Linux's control groups, and version 1."""
    for folder, most, used, cache in (
        ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        with suppress(OSError, ValueError):
            limit, taken = (int((Path(folder) / name).read_text()) for name in (most, used))
            if limit < 1 << 60:
                yield limit - taken + _fields(f"{folder}/memory.stat", unit=1).get(cache, 0)


def _fields(path: str, unit: int = 1024) -> dict[str, int]:
    """Returns the numbers that the kernel tells in a file of lines such as ``MemAvailable: 123 kB``, in bytes."""
    fields = {}
    with suppress(OSError, ValueError):
        for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
            name, *words = line.replace(":", " ").split()
            if words and words[0].isdigit():
                fields[name] = int(words[0]) * unit
    return fields
