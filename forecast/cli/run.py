"""What one run of the program knows of itself."""

import time
from dataclasses import dataclass, field


@dataclass
class Run:
    """One run: made at its start, filled in while its words are read.

    Attributes:
        began: on the clock of ``time.monotonic``; the start of the program counts.
        is_json: whether errors are JSON too; a file of settings may have asked for it.
    """

    began: float = field(default_factory=time.monotonic)
    is_json: bool = False
