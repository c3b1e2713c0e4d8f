"""The length of time that ``--time-limit`` names, and the deadline it makes."""

import re

import typer

from forecast.errors import UsageError
from forecast.specs import Deadline

_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(s|sec|m|min|h)?", re.ASCII)


def parse_duration(text: str) -> float:
    """Returns the seconds of a duration such as ``90``, ``60s``, ``2m`` or ``1.5h``.

    Raises:
        UsageError: it is none.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    seconds = float(found[1]) * {"m": 60, "h": 3600}.get((found[2] or "s")[0], 1) if found else 0.0
    if not seconds > 0:
        raise UsageError(f"--time-limit '{text}' is not a length of time.", "--time-limit 60s, 2m or 1.5h")
    return seconds


def settle_deadline(context: typer.Context, seconds: float | None) -> Deadline | None:
    """Returns the deadline of this command: the time since its start, which is in the context, counts."""
    return None if seconds is None else Deadline(seconds, context.obj.began)
