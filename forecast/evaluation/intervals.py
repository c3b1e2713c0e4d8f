"""Prediction intervals from the errors of earlier forecasts (split conformal prediction), never from a formula.

Errors are measured on each series' own scale and pooled; the spread follows the step of the horizon, and the
width is the finite-sample conformal quantile of the errors over that spread (Vovk et al. 2005; Lei et al. 2018).

Shapes: ``R`` records, ``S`` series, ``H`` horizon.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.models.forecaster import Interval

FloatArray = NDArray[np.float64]

LEVELS = (80, 95)
SMOOTHING = 40
"""Errors that the spread of one step should rest on; neighbouring steps lend theirs where there are fewer."""
WILD = 20.0
"""An error of more medians than this counts as so many in the spread: one series must not widen all the others."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What earlier errors say about later ones, in units of a series' scale."""

    spread: FloatArray  # (H,) mean absolute error by step
    widths: dict[int, float]  # half width of each level, in spreads

    def intervals(self, point: FloatArray, scales: FloatArray, lowest: FloatArray) -> tuple[Interval, ...]:
        """Returns an interval a level around point forecasts.

        Args:
            point: (S, H), in the target's unit.
            scales: (S,), each series' scale; one that never varied has none (0 or NaN), and no interval: NaN.
            lowest: (S,), no bound lies below: 0 for a series that never was negative, else −inf.
        """
        half = np.where(scales > 0, scales, np.nan)[:, None] * self.spread
        floor = lowest[:, None]
        return tuple(
            Interval(level, np.maximum(point - width * half, floor), np.maximum(point + width * half, floor))
            for level, width in self.widths.items()
        )


def calibrate(errors: FloatArray) -> Calibration | None:
    """Returns the calibration from scaled errors, or None where they are too few for the widest interval.

    Args:
        errors: (R, S, H), (truth − forecast) / scale; NaN where nothing was observed or known in time.
    """
    size = np.abs(errors).reshape(-1, errors.shape[-1])
    known = ~np.isnan(size)
    if known.sum() < 100 / (100 - max(LEVELS)):
        return None
    tame = np.minimum(size, WILD * np.median(size[known]))
    spread = _smooth(np.where(known, tame, 0.0).sum(axis=0), known.sum(axis=0))
    ratios = np.sort((size / spread)[known])
    widths = {}
    for level in LEVELS:
        rank = int(np.ceil((len(ratios) + 1) * level / 100))
        widths[level] = float(ratios[min(rank, len(ratios)) - 1])
    return Calibration(spread, widths)


def _smooth(sums: FloatArray, counts: NDArray[np.int64]) -> FloatArray:
    """Returns the mean by step, each over as many neighbours on both sides as give it enough errors."""
    horizon = len(sums)
    spread = np.empty(horizon)
    for step in range(horizon):
        for reach in range(horizon):
            near = slice(max(0, step - reach), step + reach + 1)
            if counts[near].sum() >= min(SMOOTHING, counts.sum()):
                break
        spread[step] = sums[near].sum() / counts[near].sum()
    return np.maximum(spread, 1e-12)
