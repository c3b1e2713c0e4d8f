"""Prediction intervals from the errors of earlier forecasts (split conformal prediction), never from a formula.

Errors are measured on each series' own scale and pooled; the spread follows the step of the horizon, and the
width is the finite-sample conformal quantile of the errors over that spread (Vovk et al. 2005; Lei et al. 2018). Some
series are harder than their scale tells: their intervals are wider, by what their errors on the folds say.

Shapes: ``R`` records, ``S`` series, ``H`` horizon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from forecast.interval_levels import LEVELS
from forecast.models.forecaster import Interval

FloatArray = NDArray[np.float64]

SMOOTHING = 40  # measured by benchmarks/tuning/intervals.py
"""Errors that the spread of one step should rest on; neighbouring steps lend theirs where there are fewer."""
WILD = 20.0  # measured by benchmarks/tuning/intervals.py
"""An error of more medians than this counts as so many in the spread: one series must not widen all the others."""
OWN_FOLDS = 4.0  # measured by benchmarks/tuning/intervals.py
"""A series that erred like all others in so many folds is what each is taken for, beside its own folds."""
EASIEST = 1 / 3  # measured by benchmarks/tuning/intervals.py
"""No series counts for easier than by this factor, nor for harder than by its inverse."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What earlier errors say about later ones, in units of a series' scale."""

    spread: FloatArray  # (H,) mean absolute error by step
    widths: dict[int, float]  # half width of each level, in spreads
    own: Mapping[str, float] = field(default_factory=dict)  # by series: how many times as much it errs as others

    def own_of(self, series_ids: Sequence[str]) -> FloatArray:
        """Returns how many times as much as others each of these series errs, (S,); 1 where that isn't known."""
        return np.array([self.own.get(series_id, 1.0) for series_id in series_ids])

    def intervals(
        self, point: FloatArray, series_ids: Sequence[str], scales: FloatArray, lowest: FloatArray
    ) -> tuple[Interval, ...]:
        """Returns an interval a level around point forecasts.

        Args:
            point: (S, H), in the target's unit.
            series_ids: (S,).
            scales: (S,), each series' scale; one that never varied has none (0 or NaN), and no interval: NaN.
            lowest: (S,), no bound lies below: 0 for a series that never was negative, else −inf.
        """
        half = np.where(scales > 0, scales * self.own_of(series_ids), np.nan)[:, None] * self.spread
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


def calibrate_series(errors: FloatArray, folds: NDArray[np.int64], series_ids: Sequence[str]) -> Calibration | None:
    """Returns the calibration of a panel, or None where errors are too few for the widest interval.

    What a series errs more than others is learned from all folds. The widths are those of each fold's errors over what
    the other folds say of their series: no error calibrates itself.

    Args:
        errors: (R, S, H), see ``calibrate``.
        folds: (R,), which fold a record is from; with one only there is nothing to tell series apart by.
        series_ids: (S,).
    """
    numbers = np.unique(folds)
    if len(numbers) < 2:
        return calibrate(errors)
    apart = errors.copy()
    for number in numbers:
        others = folds != number
        apart[~others] /= _hardness(errors[others], folds[others])[:, None]
    calibration = calibrate(apart)
    own = dict(zip(series_ids, _hardness(errors, folds).tolist(), strict=True))
    return calibration and replace(calibration, own=own)


def _hardness(errors: FloatArray, folds: NDArray[np.int64]) -> FloatArray:
    """Returns how many times as much each series errs as all do, drawn to 1, (S,); 1 where nothing is known of it."""
    size = np.abs(errors)
    known = ~np.isnan(size)
    if not known.any():
        return np.ones(errors.shape[1])
    tame = np.where(known, np.minimum(size, WILD * np.median(size[known])), 0.0)
    usual = tame.sum(axis=(0, 1)) / np.maximum(known.sum(axis=(0, 1)), 1)  # (H,)
    known &= usual > 0
    ratios = np.divide(tame, usual, out=np.zeros_like(tame), where=known)
    mean = ratios.sum(axis=(0, 2)) / np.maximum(known.sum(axis=(0, 2)), 1)
    seen = np.sum([known[folds == number].any(axis=(0, 2)) for number in np.unique(folds)], axis=0)
    return np.asarray(np.exp(seen / (seen + OWN_FOLDS) * np.log(np.clip(mean, EASIEST, 1 / EASIEST))))


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
