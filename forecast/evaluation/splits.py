"""Rolling origins: where the past ends and the scored future begins, the same for every model.

Shapes: ``S`` series, ``H`` horizon.

    fold 0      [----- train ----][- H -]                    chooses weights and calibrates intervals, unscored
    fold 1      [-------- train --------][- H -]
    fold 2      [----------- train ------------][- H -]      ends with the data
                                               ▲ origin: the last step the model may know

Where there are too few rows for it, fold 0 is that of fold 1 without truths: nothing is learned before the first score.
Where a span is ignored at the end of the data, the last fold ends before it; a fold of which more than half is ignored
is passed over for an earlier one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.errors import DataError
from forecast.wording import counted

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_IGNORED = 0.5
"""A fold of which a larger share is ignored would score too little, from an origin that has not seen what it should."""


@dataclass(frozen=True, eq=False)
class Fold:
    """One origin and the ``H`` steps after it.

    Attributes:
        number: 0 is the fold that only calibrates; the scored ones count from 1.
        cuts: (S,) steps of each series up to and including the origin.
        scored: (S,) series with enough history at the origin.
    """

    number: int
    cuts: IntArray
    scored: NDArray[np.bool_]
    horizon: int

    def train(self, panel: Panel) -> Panel:
        """Returns all that a model may know."""
        return panel.until(self.cuts)

    def truth(self, panel: Panel) -> FloatArray:
        """Returns what came, (S, H): NaN where nothing was observed or the series is not scored."""
        index = self.cuts[:, None] + np.arange(self.horizon)
        inside = (index < panel.lengths[:, None]) & self.scored[:, None]
        position = np.minimum(panel.offsets[:-1, None] + index, len(panel.values) - 1)
        if panel.weights is not None:
            inside &= panel.weights[position] > 0  # what counts for nothing is not scored
        return np.where(inside, panel.values[position], np.nan)

    def origin(self, panel: Panel) -> np.datetime64:
        """Returns the timestamp of the origin; where series end at different dates, the latest."""
        latest = (panel.first + self.cuts - 1)[self.cuts > 0].max()  # a series that begins later has no origin yet
        return np.datetime64(panel.frequency.timestamps(latest[None])[0])

    def moved(self, panel: Panel, steps: int) -> "Fold":
        """Returns the same fold with its origin so many steps later, never past the end of a series."""
        return Fold(self.number, np.minimum(self.cuts + steps, panel.lengths), self.scored, self.horizon)


def truth_weights(panel: Panel, folds: Sequence[Fold]) -> FloatArray | None:
    """Returns how much each truth of some folds counts, (K, S, H); None where all count alike."""
    if panel.weights is None:
        return None
    index = np.stack([fold.cuts for fold in folds])[..., None] + np.arange(folds[0].horizon)  # (K, S, H)
    position = np.minimum(panel.offsets[:-1, None] + index, len(panel.values) - 1)
    return np.where(index < panel.lengths[:, None], panel.weights[position], 0.0)


def ends_together(panel: Panel) -> bool:
    """Tells whether origins are dates: true when most series end at the panel's last step."""
    return panel.ends_together


def _horizons_back(panel: Panel, ends: IntArray, horizon: int, count: int) -> list[int]:
    """Returns how many horizons before the ends so many origins lie, the latest first: 1, 2, 3 if none is ignored."""
    if not panel.has_ignored:
        return list(range(1, count + 1))
    found, back = list[int](), 0
    longest = int(panel.lengths.max())
    while len(found) < count:
        back += 1
        cuts = np.clip(ends - back * horizon - panel.first + 1, 0, panel.lengths)
        index = cuts[:, None] + np.arange(horizon)
        inside = (index < panel.lengths[:, None]) & (back * horizon <= longest)
        hidden = panel.is_ignored[np.minimum(panel.offsets[:-1, None] + index, len(panel.values) - 1)]
        if hidden[inside].sum() <= MOST_IGNORED * inside.sum():
            found.append(back)
    return found


def rolling_origins(panel: Panel, horizon: int, folds: int, least: int, *, warms_up: bool = True) -> tuple[Fold, ...]:
    """Returns fold 0 and the scored folds, earliest origin first, one horizon apart.

    Where the series end together, each origin is one date for all; a series that ended earlier has only the
    truths that it has. Where they do not (independent histories), each series counts back from its own end.

    Args:
        panel: all the data.
        horizon: ``H``.
        folds: scored folds.
        least: steps a series must have at an origin to be scored there.
        warms_up: fold 0 lies before the others; otherwise, where rows are few, it has no truths and the first's origin.

    Raises:
        DataError: at the earliest origin no series has ``least`` steps.
    """
    ends = panel.counted_last.max() if ends_together(panel) else panel.counted_last
    numbers = range(0 if warms_up else 1, folds + 1)
    result = []
    for number, back in zip(numbers, reversed(_horizons_back(panel, ends, horizon, len(numbers))), strict=True):
        origin = ends - back * horizon
        cuts = np.clip(origin - panel.first + 1, 0, panel.lengths)
        result.append(Fold(number, cuts, (cuts >= least) & (cuts < panel.lengths), horizon))
    if not result[0].scored.any():
        longest = int(panel.lengths.max())
        needed = least + len(result) * horizon
        if panel.has_ignored:
            raise DataError(
                f"What is ignored leaves too few of {longest} rows for {counted(folds, 'fold')} of {horizon} steps.",
                f"a shorter span to --ignore, --horizon {max(1, horizon // 2)}, or --folds 1",
            )
        raise DataError(
            f"{longest} rows are too few for {counted(folds, 'fold')} of {horizon} steps: {needed} are needed.",
            f"--horizon {max(1, (longest - least) // len(result))}" + (", or --folds 1" if folds > 1 else ""),
        )
    if not warms_up:
        result.insert(0, Fold(0, result[0].cuts, np.zeros(len(panel), dtype=bool), horizon))
    return tuple(result)
