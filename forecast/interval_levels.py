"""The levels of prediction intervals, in per cent, and the columns that tell of them (standard library only).

Which levels a forecast has is asked for; tables, pictures and scores go by the levels that are there.
"""

import re
from collections.abc import Callable, Iterable

LEVELS: tuple[float, ...] = (80, 95)
"""Those of whoever asks for none."""
MAIN = 80
"""The level that leaderboard, promotion gate and drift judge intervals by; ``coverage_80`` is its column."""
_BOUND = re.compile(r"(?:lower|upper)_(\d{1,2}(?:\.\d{1,10})?)")
_NUMBER = re.compile(rf"{_BOUND.pattern}|q0\.\d{{1,10}}")


def level_text(level: float) -> str:
    """Returns a level, or a probability, as columns and sentences name it: ``80``, ``99.5``."""
    return f"{level:.10f}".rstrip("0").rstrip(".")


def bounds_of(level: float) -> tuple[str, str]:
    """Returns the columns that hold the lower and upper bound of a level."""
    return f"lower_{level_text(level)}", f"upper_{level_text(level)}"


def coverage_of(level: float) -> tuple[str]:
    """Returns the column that holds the share of truths inside the intervals of a level."""
    return (f"coverage_{level_text(level)}",)


def quantile_column(probability: float) -> str:
    """Returns the column that holds the quantile at a probability."""
    return f"q{level_text(probability)}"


def levels_in(columns: Iterable[str]) -> tuple[float, ...]:
    """Returns the levels that columns hold both bounds of, in their order."""
    names = list(columns)
    found = [_whole(float(match[1])) for name in names if (match := _BOUND.fullmatch(name))]
    return tuple(level for level in dict.fromkeys(found) if level > 0 and set(bounds_of(level)) <= set(names))


def is_number_column(name: str) -> bool:
    """Returns whether a column holds bounds or quantiles."""
    return _NUMBER.fullmatch(name) is not None


def with_levels(
    before: Iterable[str],
    columns_of: Callable[[float], tuple[str, ...]],
    after: Iterable[str],
    levels: Iterable[float] = LEVELS,
) -> tuple[str, ...]:
    """Returns the columns of a table with the usual levels between two parts, and those of all others at the end."""
    usual = [name for level in LEVELS for name in columns_of(level)]
    others = [name for level in levels if level not in LEVELS for name in columns_of(level)]
    return (*before, *usual, *after, *others)


def _whole(number: float) -> float:
    return int(number) if number.is_integer() else number
