"""What the reader noticed in a file and did about it, each with the flag that changes it."""

from dataclasses import dataclass
from typing import Literal

from forecast.decoding import Document

Grade = Literal["note", "warning", "error"]


@dataclass(frozen=True)
class Finding(Document):
    """One thing noticed: a note tells of a choice, a warning of what may be wrong, an error forbids a forecast."""

    grade: Grade
    topic: str
    text: str
    flag: str = ""
