"""How levels of intervals and quantiles are asked for, on the command line and from Python alike.

80,99.5           levels, in per cent
0.1,0.5,0.9       quantiles, by their probabilities
"""

import math
import re
from collections.abc import Sequence
from typing import Any

from forecast.errors import UsageError
from forecast.interval_levels import LEVELS, level_text

PLACES = 9
"""Decimal places of a probability: 0.1 and 1 − 0.9 are the same."""
HIGHEST = 99.9999
LOWEST = 1
FARTHEST = 0.000001
"""No quantile is asked for nearer to 0 or 1: no errors tell of one."""


def read_levels(asked: Any, flag: str = "--levels") -> tuple[float, ...]:
    """Returns the levels that are asked for, ascending and each once; whole ones as such.

    Args:
        asked: a text such as ``50,80,95``, a number or several.
        flag: that asks for them.

    Raises:
        UsageError: one is no level.
    """
    usual = ",".join(map(level_text, LEVELS))
    numbers = _numbers(asked, flag, "a level in per cent", usual)
    if 0 < max(numbers) < LOWEST:
        meant = ",".join(level_text(round(100 * number, PLACES)) for number in numbers)
        raise UsageError(f"{flag} {_text(asked)}: levels are in per cent, not shares.", f"{flag} {meant}")
    for number in numbers:
        if not LOWEST <= number <= HIGHEST:
            rule = f"a level is from {LOWEST} to below 100 per cent"
            near = f" ({level_text(HIGHEST)} at most)" if HIGHEST < number < 100 else ""
            raise UsageError(f"{flag} {_text(asked)}: {number:.10g} is none; {rule}{near}.", f"{flag} {usual}")
    return tuple(sorted({int(number) if number.is_integer() else number for number in numbers}))


def read_quantiles(asked: Any, flag: str = "--quantiles") -> tuple[float, ...]:
    """Returns the probabilities of the quantiles that are asked for, ascending and each once.

    Args:
        asked: a text such as ``0.1,0.5,0.9``, a number or several.
        flag: that asks for them.

    Raises:
        UsageError: one is no probability.
    """
    numbers = _numbers(asked, flag, "a probability", "0.1,0.5,0.9")
    if min(numbers) >= LOWEST and 2 <= max(numbers) < 100:
        meant = ",".join(level_text(round(number / 100, PLACES)) for number in numbers)
        raise UsageError(f"{flag} {_text(asked)}: quantiles are shares, not per cent.", f"{flag} {meant}")
    for number in numbers:
        if not FARTHEST <= round(number, PLACES) <= 1 - FARTHEST:
            rule = f"a quantile lies between 0 and 1 (from {level_text(FARTHEST)} to {level_text(1 - FARTHEST)})"
            raise UsageError(f"{flag} {_text(asked)}: {number:.10g} is none; {rule}.", f"{flag} 0.1,0.5,0.9")
    return tuple(sorted({round(number, PLACES) for number in numbers}))


def _numbers(asked: Any, flag: str, what: str, example: str) -> list[float]:
    """Returns the numbers of a list.

    Raises:
        UsageError: there is none, or something that is no number.
    """
    several = re.split(r"[,;\s]+", asked.strip(" ,;")) if isinstance(asked, str) else asked
    words = list(several) if isinstance(several, Sequence) else [asked]
    if not words or words == [""]:
        raise UsageError(f"{flag} '{_text(asked)}' names nothing.", f"{flag} {example}")
    numbers = []
    for word in words:
        try:
            number = math.nan if isinstance(word, bool) else float(str(word).rstrip("%"))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise UsageError(f"{flag} {_text(asked)}: '{word}' is not {what}.", f"{flag} {example}")
        numbers.append(number)
    return numbers


def _text(asked: Any) -> str:
    return asked if isinstance(asked, str) else ",".join(map(str, asked)) if isinstance(asked, Sequence) else f"{asked}"
