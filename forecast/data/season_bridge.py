"""The season bridge: what stands in a span of a series that is ignored, made of what lies around it.

    values    5 9 5 9 5 9 ? ? ? ? 7 11 7      the level goes in a line from the one side to the other (beyond an end it
    bridge                5.5 9.8 6 10.3      stays), and the season that the series has elsewhere goes on upon it

A model that looks back over such a span sees the series as if it had gone on as usual, never what was ignored. A season
counts as far as it repeats beyond chance; a series that is always positive is bridged in logarithms, as its season
grows with its level.

Shapes: ``n`` steps of one series, ``P`` steps of a season, ``R`` rounds of it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LEAST_SEEN = 2
"""A season must be seen so often, on average over its phases, to be one."""
ROUNDS = 30
"""Times that the level is measured anew over what the last bridge put in the span."""


def bridged(values: FloatArray, hidden: BoolArray, seasons: Sequence[int]) -> FloatArray:
    """Returns the values with what is to stand in the hidden steps, (n,); zeros where nothing else is known.

    Args:
        values: (n,) no NaN, but for hidden steps.
        hidden: (n,) whose values are not looked at.
        seasons: that the series may have, in steps, shortest first.
    """
    shown = np.flatnonzero(~hidden)
    if not shown.size:
        return np.zeros(len(values))
    seen = values[shown]
    is_positive, is_never_negative = bool(seen.min() > 0), bool(seen.min() >= 0)
    rest = np.zeros(len(values))
    rest[shown] = np.log(seen) if is_positive else seen
    pattern = np.zeros(len(values))
    for season in seasons:
        pattern += _pattern(rest - pattern, hidden, season)
    places = np.flatnonzero(hidden)
    line = _over(rest, pattern, hidden)[places]
    if is_positive:
        line = np.exp(line)
    filled = values.copy()
    filled[places] = np.maximum(line, 0.0) if is_never_negative else line
    return filled


def _over(values: FloatArray, pattern: FloatArray, hidden: BoolArray) -> FloatArray:
    """Returns the values with a line, and the pattern upon it, in the hidden steps, (n,)."""
    shown, steps = np.flatnonzero(~hidden), np.arange(len(values))
    return np.where(hidden, np.interp(steps, shown, (values - pattern)[shown]) + pattern, values)


def _pattern(values: FloatArray, hidden: BoolArray, season: int) -> FloatArray:
    """Returns how each step differs from the level around it by its place in a season, (n,); zeros without evidence."""
    count, begin = len(values), season // 2
    nothing = np.zeros(count)
    looked_at = ~hidden
    looked_at[:begin] = looked_at[max(count - begin, 0) :] = False  # no whole season lies around them
    phases = np.arange(count) % season
    counts = np.bincount(phases[looked_at], minlength=season)
    if counts.min() < 1 or counts.mean() < LEAST_SEEN:
        return nothing
    pattern = nothing
    for _ in range(ROUNDS):
        apart = _over(values, pattern, hidden) - _level(_over(values, pattern, hidden), season)
        means = np.bincount(phases[looked_at], apart[looked_at], season) / counts
        noise = ((apart - means[phases])[looked_at] ** 2).sum() / max(looked_at.sum() - season, 1)
        spread = (means**2).sum() / max(season - 1, 1)
        share = max(1 - noise * (1 / counts).mean() / spread, 0.0) if spread > 0 else 0.0
        before, pattern = pattern, share * (means - means.mean())[phases]
        if np.abs(pattern - before).max() <= 1e-9 * np.abs(pattern).max():
            break
    return pattern


def _level(values: FloatArray, season: int) -> FloatArray:
    """Returns the mean of a season around each step, (n,): half of the step at either end of an even one."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    whole = (sums[season:] - sums[:-season]) / season
    if season % 2 == 0:
        whole = (whole[1:] + whole[:-1]) / 2
    level = np.zeros(len(values))  # where no season fits around, nobody looks
    level[season // 2 : season // 2 + len(whole)] = whole
    return level
