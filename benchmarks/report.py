"""Markdown: tables, and the machine and versions that a result stands on."""

import math
import os
import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "pandas", "tensorflow", "keras", "torch", "neuralforecast", "darts", "statsforecast")


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a Markdown table; the first column and a last one called note are words, the others numbers."""
    sides = ["---" if place == 0 or name == "note" else "---:" for place, name in enumerate(headers)]
    lines = [list(headers), sides, *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def number(value: float | None, digits: int = 3) -> str:
    """Returns a number with so many decimals, ``–`` where there is none, fewer decimals where it is large."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,.{max(0, digits - 2) if abs(value) >= 100 else digits}f}"


def describe_machine() -> str:
    """Returns one line on the day, the machine and the versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    day = datetime.now().astimezone().date().isoformat()
    versions = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))
    return f"{day}; {_processor()}, {cores} cores, {memory:.0f} GB; Python {platform.python_version()}, {versions}."


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
