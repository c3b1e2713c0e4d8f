"""Trials of a tuning to draw."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Trial:
    number: int
    error: float
    state: str = "whole"
    ended: float = 0.0
    values: dict = field(default_factory=dict)


TRIALS = [
    Trial(number, error, state, 10.0 * number, {"window": window, "learning-rate": rate, "cell": cell})
    for number, error, state, window, rate, cell in (
        (0, 1.0, "whole", 24, 1e-3, "auto"),
        (1, 0.8, "whole", 48, 2e-3, "gru"),
        (2, 1.4, "stopped", 12, 5e-3, "gru"),
        (3, 90.0, "whole", 96, 5e-4, "linear"),
    )
]
