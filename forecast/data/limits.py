"""Limits that a person sets to forecasts: numbers, or columns of the file, such as a capacity that changes.

    --min 0 --max capacity        capacity  100 100 120 120 |  ·   ·  150        told ahead where rows tell of it,
                                                              120 120 150        else carried on

They hold for forecasts, quantiles and paths alike, since all of these are kept by ``keep``.

Shapes: ``S`` series, ``H`` steps to come.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import Covariates

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Within:
    """Between what the forecasts of some series and steps are to lie.

    Attributes:
        lowest: (S,), for all steps.
        low: (S, H), −inf for none.
        high: (S, H), inf for none.
    """

    lowest: FloatArray
    low: FloatArray
    high: FloatArray

    def steps(self, begin: int, count: int) -> Self:
        """Returns that of some of the steps."""
        return replace(self, low=self.low[:, begin : begin + count], high=self.high[:, begin : begin + count])

    def keep(self, values: FloatArray) -> FloatArray:
        """Returns values of the first steps, (…, S, h), as far as they may go; NaN stays NaN."""
        count = values.shape[-1]
        low = np.maximum(self.low[:, :count], self.lowest[:, None])
        return np.asarray(np.minimum(np.maximum(values, np.minimum(low, self.high[:, :count])), self.high[:, :count]))


Lowest = FloatArray | Within
"""(S,) the lowest value that each series may have, or all that a person set beside it."""


def as_limit(text: str | None) -> float | None:
    """Returns the number that a text is; None where it is the name of a column, or nothing."""
    try:
        number = float(text or "nan")
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def keep(values: FloatArray, lowest: Lowest) -> FloatArray:
    """Returns values (…, S, H) no lower than a series may be, and within the limits that were set."""
    if isinstance(lowest, Within):
        return lowest.keep(values)
    return np.asarray(np.maximum(values, lowest[:, None]))


def keep_one(values: FloatArray, lowest: Lowest, series: int) -> FloatArray:
    """Returns values (N, H) of one of the series likewise."""
    if isinstance(lowest, Within):
        own = slice(series, series + 1)
        one = Within(lowest.lowest[own], lowest.low[own], lowest.high[own])
        return one.keep(values[:, None])[:, 0]
    return np.asarray(np.maximum(values, lowest[series]))


def steps_within(lowest: Lowest, begin: int, count: int) -> Lowest:
    """Returns the limits of some of the steps."""
    return lowest.steps(begin, count) if isinstance(lowest, Within) else lowest


def is_never_negative(lowest: Lowest) -> bool:
    """Returns whether no series may be below zero."""
    return bool(((lowest.lowest if isinstance(lowest, Within) else lowest) >= 0).all())


@dataclass(frozen=True, eq=False)
class Limits:
    """What was set for the series of a panel.

    Attributes:
        low: no forecast lies below, where that is a number.
        high: no forecast lies above, where that is a number.
        told: columns of limits, as known ahead; None where there is none.
        low_column: the name of the column that says so instead.
        high_column: likewise.
    """

    low: float | None = None
    high: float | None = None
    told: Covariates | None = None
    low_column: str | None = None
    high_column: str | None = None

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """Returns what a version keeps of columns of limits, by name; numbers are among its options."""
        if self.told is None:
            return {}
        told = self.told
        return {"known": told.known, "known_offsets": told.known_offsets, "known_first": told.known_first}

    def of(self, chosen: IntArray) -> Self:
        """Returns those of the series at some positions."""
        return replace(self, told=self.told.cut(np.empty(0, np.int64), chosen)) if self.told else self

    def within(self, lowest: FloatArray, last: IntArray, steps: int) -> Within:
        """Returns between what the steps after the last one of each series are to lie; see ``Within``."""
        return Within(
            lowest,
            self._ahead(self.low, self.low_column, last, steps, -np.inf),
            self._ahead(self.high, self.high_column, last, steps, np.inf),
        )

    def on_steps(self, offsets: IntArray, first: IntArray, *, is_high: bool) -> FloatArray | float:
        """Returns the lower or the upper limit of the steps of series that lie and begin so, (N,) or one for all.

        Where a column tells of no limit there is none: NaN.
        """
        number, name = (self.high, self.high_column) if is_high else (self.low, self.low_column)
        if name is None or self.told is None:
            return np.nan if number is None else number
        return self.told.known_on(offsets, first)[:, self._place(name)]

    def cross(self, last: IntArray) -> bool:
        """Returns whether a lower limit is above an upper one on any step to come of which the columns tell."""
        if self.told is None:
            return False
        steps = max(int((self.told.known_last - last).max(initial=0)), 1)
        found = self.within(np.full(len(last), -np.inf), last, steps)
        return bool((found.low > found.high).any())

    def untold(self, last: IntArray, steps: int) -> tuple[str, ...]:
        """Returns the columns that don't tell of all steps after the last one of each series."""
        if self.told is None:
            return ()
        dark = np.isnan(self.told.known_between(last + 1, steps))
        return tuple(column.name for place, column in enumerate(self.told.columns) if dark[..., place].any())

    def _ahead(self, number: float | None, name: str | None, last: IntArray, steps: int, none: float) -> FloatArray:
        if name is None or self.told is None:
            return np.full((len(last), steps), none if number is None else number)
        told, place = self.told, self._place(name)
        wanted = last[:, None] + np.arange(1, steps + 1)
        inside = np.clip(wanted, told.known_first[:, None], told.known_last[:, None])
        position = told.known_offsets[:-1, None] + inside - told.known_first[:, None]
        is_told = np.repeat((np.diff(told.known_offsets) > 0)[:, None], steps, axis=1)
        values = np.full(wanted.shape, np.nan)
        values[is_told] = self._carried[position[is_told], place]
        return np.where(np.isnan(values), none, values)

    def _place(self, name: str) -> int:
        """Returns where a column of limits stands among those that are told."""
        return [column.name for column in self.told.columns].index(name) if self.told else 0

    @cached_property
    def _carried(self) -> FloatArray:
        """The columns with each gap filled by the value before it, at the start by the first, (K, C)."""
        assert self.told is not None
        known, offsets = self.told.known, self.told.known_offsets
        series = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        filled = known.copy()
        for column in range(known.shape[1]):
            valid = np.flatnonzero(~np.isnan(known[:, column]))
            if not valid.size:
                continue
            rank = np.searchsorted(valid, np.arange(len(known)), side="right") - 1
            before, after = valid[np.maximum(rank, 0)], valid[np.minimum(rank + 1, valid.size - 1)]
            is_before = (rank >= 0) & (series[before] == series)
            is_after = series[after] == series
            either = np.where(is_before, known[before, column], known[after, column])
            filled[:, column] = np.where(is_before | is_after, either, np.nan)
        return filled
