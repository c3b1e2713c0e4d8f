"""What the reader noticed in a file and did about it, each with the flag that changes it."""

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


def digits(value: float, least: int = 6) -> str:
    """Returns a number as a person writes it, to so many digits at least and no power of ten: ``1,468,512``."""
    if not HUGE > abs(value) > 1 / HUGE:
        return f"{value:.{least}g}"
    if abs(value) >= WHOLE:
        return f"{value:,.0f}"
    text = f"{value:,.{max(0, least - 1 - floor(log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
