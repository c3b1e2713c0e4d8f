"""Ticks of axes as numbers and words: round numbers, whole numbers, and dates as short as they can be told apart.

A page draws its own axes, and takes their ticks from here, so that both drawings of a picture say the same.
"""

from collections.abc import Sequence

from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, num2date
from matplotlib.ticker import MaxNLocator


def round_values(low: float, high: float, most: int) -> Sequence[float]:
    """Returns about ``most`` round numbers around a range."""
    return _values(MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]), low, high)


def round_counts(low: float, high: float, most: int) -> Sequence[float]:
    """Returns about ``most`` round whole numbers around a range."""
    return _values(MaxNLocator(nbins=most, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1), low, high)


def row_numbers(low: float, high: float, most: int) -> Sequence[float]:
    """Returns about ``most`` numbers of rows around a range."""
    return _values(MaxNLocator(most, integer=True), low, high)


def dates_between(low: float, high: float) -> tuple[list[float], list[str], str]:
    """Returns dates in a range of days since 1970, how each is written, and the part that they all share."""
    locator = AutoDateLocator()
    days = locator.tick_values(num2date(low), num2date(high))
    found = [float(day) for day in days if low <= day <= high]
    formatter = ConciseDateFormatter(locator)
    texts = [str(text) for text in formatter.format_ticks(found)]
    return found, texts, str(formatter.get_offset())


def _values(locator: MaxNLocator, low: float, high: float) -> Sequence[float]:
    return [float(value) for value in locator.tick_values(low, high)]
