"""What the reader noticed in a file and did about it, each with the flag that changes it."""

import re
import shlex
from dataclasses import dataclass
from math import floor, log10
from typing import Literal

WHOLE, HUGE = 1e6, 1e12
Grade = Literal["note", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One thing noticed: a note tells of a choice, a warning of what may be wrong, an error forbids a forecast."""

    grade: Grade
    topic: str
    text: str
    flag: str = ""


def counted(number: int, noun: str) -> str:
    """Returns the number with its noun: ``1 date``, ``1,461 dates``; ``series`` is its own plural."""
    return f"{number:,} {noun}" + ("" if number == 1 or noun.endswith("s") else "s")


def digits(value: float, least: int = 6) -> str:
    """Returns a number as a person writes it, to so many digits at least and no power of ten: ``1,468,512``."""
    if not HUGE > abs(value) > 1 / HUGE:
        return f"{value:.{least}g}"
    if abs(value) >= WHOLE:
        return f"{value:,.0f}"
    text = f"{value:,.{max(0, least - 1 - floor(log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quoted(text: str, most: int = 40) -> str:
    """Returns what stands in a cell, in quotation marks; its beginning where it is long."""
    return f"'{text}'" if len(text) <= most else f"'{text[:most]}…'"


def python_line(code: str) -> str:
    """Returns a line for the shell that runs Python code."""
    return f"python -c {shlex.quote(code)}" if re.search(r'["$`\\!]', code) else f'python -c "{code}"'


def listed(names: list[str], most: int = 5) -> str:
    """Returns the names with commas, the first few of them when they are many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
