"""The time zone of the machine's clock, and paths as a schedule has them."""

import os
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

LOCALTIME = Path("/etc/localtime")
ZONES = "zoneinfo/"
"""Before the name of a time zone in the path of its file."""


def plain_path(path: Path) -> Path:
    """Returns an absolute path without ``..``; links stay, as far as these allow it."""
    absolute = path.absolute()
    return absolute.resolve() if ".." in absolute.parts else absolute


def zone_of(text: str) -> str | None:
    """Returns the name of the time zone that a TZ means, which may be ``:Europe/Berlin`` or a path; None of others."""
    bare = text.removeprefix(":")
    name = bare.partition(ZONES)[2] or bare
    return name if _is_zone(name) else None


def machine_zone() -> str | None:
    """Returns the time zone of the machine's clock, such as ``Europe/Berlin``; None where it has no name."""
    _, found, zone = os.path.realpath(LOCALTIME).partition(ZONES)
    return zone if found and _is_zone(zone) else None


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: no such zone; the others: no name of a zone at all
        return False
    return True


def clock_zone() -> tzinfo:
    """Returns the time zone of the machine's clock, by which cron goes; UTC where it has no name."""
    name = machine_zone()
    return ZoneInfo(name) if name else UTC


def time_zone_asked() -> str:
    """Returns the TZ of this shell; empty where there is none."""
    return os.environ.get("TZ", "")
