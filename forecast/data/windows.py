"""Sliding windows, kept as start positions in one flat buffer: memory grows with the observations only.

Shapes: ``S`` series, ``M`` windows, ``L`` lookback, ``H`` horizon, ``N`` steps in the buffer.

    series     p p | 1 2 3 4 5 6 7 8 9 |          p = padding, never scored
    window 0   [-----L-----][--H--]
    window 1     [-----L-----][--H--]
    …                                             the last window ends with the series
    lookback              [-----L-----]           what a forecast from the end of the series sees
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Number = TypeVar("Number", np.float64, np.int64)
BLOCK = 1 << 20
"""Values that are looked at together."""


@dataclass(frozen=True, eq=False)
class Windows:
    """All (lookback, horizon) samples of a panel.

    Attributes:
        buffer: (N,) the series after one another, gaps filled, short ones padded on the left.
        observed: (N,) true where a value was really observed: only these are scored or learned from.
        starts: (M,) position of each window's first lookback step.
        series: (M,) the series each window is cut from.
        padding: (S,) steps put before each series.
        places: (N,) the step of the panel that each one shows, padding repeats some; -1 for none.
    """

    buffer: FloatArray
    observed: NDArray[np.bool_]
    starts: IntArray
    series: IntArray
    padding: IntArray
    places: IntArray
    lookback: int
    horizon: int
    weights: FloatArray | None = None  # (N,) how much each value counts as a target; None for 1

    def __len__(self) -> int:
        """Returns the number of windows, ``M``."""
        return len(self.starts)

    def lookbacks(self, which: IntArray) -> FloatArray:
        """Returns the lookback part of some windows, (B,) -> (B, L)."""
        if not len(which):
            return np.empty((0, self.lookback))
        return np.asarray(sliding_window_view(self.buffer, self.lookback)[self.starts[which]])

    def horizons(self, which: IntArray) -> FloatArray:
        """Returns the horizon part of some windows, (B,) -> (B, H); NaN where nothing was observed."""
        index = self.starts[which, None] + self.lookback + np.arange(self.horizon)
        return np.where(self.observed[index], self.buffer[index], np.nan)

    def target_weights(self, which: IntArray) -> FloatArray | None:
        """Returns how much each value of the horizon part of some windows counts, (B,) -> (B, H); None for 1."""
        if self.weights is None:
            return None
        return np.asarray(self.weights[self.starts[which, None] + self.lookback + np.arange(self.horizon)])


def extend_left(values: NDArray[Number], steps: int, season: int) -> NDArray[Number]:
    """Returns the values with ``steps`` more before them: the first season again and again.

    A series shorter than one season repeats its first value. An empty one is zeros.
    """
    if steps <= 0:
        return values
    if len(values) == 0:
        return np.zeros(steps, dtype=values.dtype)
    period = season if len(values) >= season else 1
    phase = np.arange(-steps, 0) % period
    return np.concatenate([values[phase], values])


def cut_windows(panel: Panel, lookback: int, horizon: int, season: int = 1) -> Windows:
    """Cuts every window whose horizon lies inside its series and holds at least one observed value.

    A series too short for two horizons of windows is padded on the left, yet so that every lookback keeps at
    least one season (or an eighth of the lookback) of real steps. A series too short even for that gives none.

    Args:
        panel: ends at the origin; nothing after it may be in here.
        lookback: ``L``.
        horizon: ``H``.
        season: period of the padding.

    Raises:
        DataError: not one window can be cut.
    """
    lengths = panel.lengths
    least = min(lookback, max(season, lookback // 8, 1))
    padding = np.clip(lookback + 2 * horizon - lengths, 0, lookback - least)
    padding[lengths < least + horizon] = 0
    places, observed, offsets = _padded(panel, padding, season)
    weights = panel.training_weights
    if weights is not None:
        weights = np.where(places >= 0, weights[places], 0.0) if padding.any() else weights
        observed = observed & (weights > 0)  # what counts for nothing is no target
    counts = np.maximum(lengths + padding - lookback - horizon + 1, 0)
    series = np.repeat(np.arange(len(panel)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    starts = offsets[series] + within
    seen = np.concatenate([[0], np.cumsum(observed)])
    origin = starts + lookback
    scored = seen[origin + horizon] > seen[origin]
    if not scored.any():
        raise DataError(
            f"No series is long enough for one window of {lookback} steps and a horizon of {horizon}.",
            f"--window {max(1, lookback // 2)} --horizon {max(1, horizon // 2)}",
        )
    buffer = panel.filled if not padding.any() else _shown(panel.filled, places)
    return Windows(buffer, observed, starts[scored], series[scored], padding, places, lookback, horizon, weights)


def last_lookbacks(panel: Panel, lookback: int, season: int = 1) -> FloatArray:
    """Returns the last ``lookback`` steps of each series, gaps filled, short ones padded: (S, L)."""
    return _shown(panel.filled, last_places(panel, lookback, season))


def right_aligned(panel: Panel, most: int, block: int) -> Iterator[FloatArray]:
    """Yields the last ``most`` steps of some series after others, gaps filled, NaN before their start: (S, T).

    ``T`` is that of the longest of them, but 1 at least; at most ``block`` values come at a time, or one series.
    """
    lengths = np.minimum(panel.lengths, most)
    size = max(1, block // max(int(lengths.max(initial=0)), 1))
    for start in range(0, len(panel), size):
        own = lengths[start : start + size, None]
        steps = np.arange(-max(int(own.max()), 1), 0)
        is_own = steps >= -own
        places = np.where(is_own, panel.offsets[start + 1 : start + size + 1, None] + steps, 0)
        yield np.where(is_own, panel.filled[places] if len(panel.filled) else np.nan, np.nan)


def by_length(panel: Panel, *, filled: bool = True) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yields the positions of series of one length, and their values: (B,) and (B, T), a row as it is by itself.

    What is computed of many series at once is so the same, to the last digit, as of each by itself.

    Args:
        panel: the series.
        filled: whether gaps are filled; NaN stands in them otherwise.
    """
    values = panel.filled if filled else panel.values
    lengths = panel.lengths
    order = np.argsort(lengths, kind="stable")
    edges = np.flatnonzero(np.diff(lengths[order], prepend=-1, append=-1))
    for first, last in pairwise(edges.tolist()):
        length = int(lengths[order[first]])
        size = max(1, BLOCK // max(length, 1))
        for start in range(first, last, size):
            which = order[start : min(start + size, last)]
            if len(which) == 1:  # without a copy
                yield which, values[None, panel.offsets[which[0]] : panel.offsets[which[0] + 1]]
            else:
                yield which, values[panel.offsets[which, None] + np.arange(length)]


def last_places(panel: Panel, lookback: int, season: int = 1) -> IntArray:
    """Returns the steps of the panel that ``last_lookbacks`` shows, (S, L); -1 for none."""
    places = panel.offsets[1:, None] - lookback + np.arange(lookback)
    for i in np.flatnonzero(panel.lengths < lookback):
        places[i] = _extended(panel, int(i), int(lookback - panel.lengths[i]), season)
    return places


def _shown(values: FloatArray, places: IntArray) -> FloatArray:
    """Returns the values at some steps; 0 where there is none."""
    return np.where(places >= 0, values[places], 0.0) if len(values) else np.zeros(places.shape)


def _extended(panel: Panel, i: int, steps: int, season: int) -> IntArray:
    """Returns the steps of series i with so many more before them, as ``extend_left`` would put them."""
    own = np.arange(panel.offsets[i], panel.offsets[i + 1])
    return extend_left(own, steps, season) if len(own) else np.full(steps, -1)


def _padded(panel: Panel, padding: IntArray, season: int) -> tuple[IntArray, NDArray[np.bool_], IntArray]:
    """Returns the step of the panel at each place of a padded buffer, where it is observed, and each series' offset."""
    if not padding.any():
        return np.arange(len(panel.values)), panel.observed, panel.offsets[:-1]
    offsets = np.concatenate([[0], np.cumsum(panel.lengths + padding)])
    target = np.repeat(offsets[:-1] + padding - panel.offsets[:-1], panel.lengths) + np.arange(len(panel.values))
    places = np.empty(offsets[-1], dtype=np.int64)
    observed = np.zeros(offsets[-1], dtype=bool)
    places[target] = np.arange(len(panel.values))
    observed[target] = panel.observed
    for i in np.flatnonzero(padding):
        places[offsets[i] : offsets[i + 1]] = _extended(panel, int(i), int(padding[i]), season)
    return places, observed, offsets[:-1]
