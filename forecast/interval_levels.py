"""The levels of prediction intervals, in per cent, and the columns that tell of them (standard library only).

Another level is one more number here: every table, picture and score goes through ``LEVELS``.
"""

from collections.abc import Callable, Iterable

LEVELS = (80, 95)
MAIN = 80
"""The level that leaderboard, promotion gate and drift judge intervals by; ``coverage_80`` is its column."""
FIRST_LEVELS = (80, 95)
"""Those whose columns stand among the others of a table; those of levels that came later are its last."""


def bounds_of(level: float) -> tuple[str, str]:
    """Returns the columns that hold the lower and upper bound of a level."""
    return f"lower_{level:g}", f"upper_{level:g}"


def coverage_of(level: float) -> tuple[str]:
    """Returns the column that holds the share of truths inside the intervals of a level."""
    return (f"coverage_{level:g}",)


def with_levels(
    before: Iterable[str], columns_of: Callable[[float], tuple[str, ...]], after: Iterable[str]
) -> tuple[str, ...]:
    """Returns the columns of a table with those of each level between two parts: new ones at the end, as ever."""
    first = [name for level in LEVELS if level in FIRST_LEVELS for name in columns_of(level)]
    later = [name for level in LEVELS if level not in FIRST_LEVELS for name in columns_of(level)]
    return (*before, *first, *after, *later)


BOUNDS = tuple(name for level in LEVELS for name in bounds_of(level))
"""The columns of all bounds, level by level."""
