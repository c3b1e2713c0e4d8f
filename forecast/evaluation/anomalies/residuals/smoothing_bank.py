"""One-step forecasts of every step of many series at once, each knowing the steps before it alone.

Some exponential smoothings, with a season and without, follow each series; their forecasts are mixed by how little
they erred of late (a discounted mixture of experts). What is not expected is clipped before anyone learns from it, so
neither the next forecast nor the scale of errors believes an outlier; several in a row on one side are a new level.

    A. Gelper, R. Fried & C. Croux 2010, Robust forecasting with exponential and Holt-Winters smoothing.

Shapes: ``S`` series, ``T`` steps, NaN where nothing was observed, ``K`` smoothings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.anomalies.settings import AnomalySettings

FloatArray = NDArray[np.float64]
TO_DEVIATION = 1.25
"""From a mean absolute error to the standard deviation of normal ones."""
FIRST = 8
"""Steps during which nothing is clipped: no scale is known yet."""
LEAST_SCALE = 1e-3


@dataclass(frozen=True, eq=False)
class StepForecasts:
    """The forecast of each step from the steps before it, and the scale of its error, (S, T) each."""

    expected: FloatArray
    scale: FloatArray


def step_forecasts(values: FloatArray, seasons: Sequence[int], settings: AnomalySettings) -> StepForecasts:
    """Returns the mixture's one-step forecasts of each series, (S, T)."""
    centre, unit = _begin(values, settings.least)
    bank = _Bank(len(values), seasons, settings)
    scaled = np.ascontiguousarray(((values - centre[:, None]) / unit[:, None]).T)
    expected, scale = np.empty_like(scaled), np.empty_like(scaled)
    for t, value in enumerate(scaled):
        expected[t], scale[t] = bank.step(value, t)
    return StepForecasts(expected.T * unit[:, None] + centre[:, None], scale.T * unit[:, None])


def _begin(values: FloatArray, least: int) -> tuple[FloatArray, FloatArray]:
    """Returns the median and the usual size of a change of the first values of each series, (S,) each.

    Later ones are not known yet. 0 and 1 where there is none.
    """
    known = ~np.isnan(values)
    places = np.argsort(~known[:, : 1 + int(known.argmax(axis=1).max(initial=0)) + least], axis=1, kind="stable")
    first = np.take_along_axis(values, places[:, :least], axis=1)
    short = np.isnan(first).any(axis=1)
    for row in np.flatnonzero(short).tolist():
        own = values[row, known[row]][:least]
        first[row] = np.nan
        first[row, : len(own)] = own
    return _middle(first, 0.0), _middle(np.abs(np.diff(first, axis=1)), 1.0, above=0.0)


def _middle(values: FloatArray, otherwise: float, above: float = -np.inf) -> FloatArray:
    """Returns the median of the values of each row that lie above something, (S,)."""
    if not values.shape[1]:
        return np.full(len(values), otherwise)
    counted = np.sort(np.where(values > above, values, np.inf), axis=1)  # NaN does not
    counts = np.isfinite(counted).sum(axis=1)
    low, high = (
        np.take_along_axis(counted, np.clip(place, 0, values.shape[1] - 1)[:, None], axis=1)[:, 0]
        for place in ((counts - 1) // 2, counts // 2)
    )
    return np.where(counts > 0, (low + np.where(counts > 0, high, 0.0)) / 2, otherwise)


class _Bank:
    """The state of all smoothings between two steps."""

    def __init__(self, series: int, seasons: Sequence[int], settings: AnomalySettings) -> None:
        self.settings = settings
        speeds = [*settings.levels, *(level for _ in seasons for level, _ in settings.seasonal)]
        self.alpha = np.array(speeds)[:, None]
        self.gamma = np.array([gamma for _, gamma in settings.seasonal])[:, None]
        self.seasons, count = tuple(seasons), len(settings.seasonal)
        starts = [len(settings.levels) + place * count for place in range(len(seasons))]
        self.rows = [slice(start, start + count) for start in starts]
        self.patterns = [np.zeros((season, count, series)) for season in seasons]
        self.level = np.zeros((len(speeds), series))
        self.loss = np.zeros((len(speeds), series))
        self.seen, self.run, self.total = np.zeros(series), np.zeros(series), np.zeros(series)
        self.scale = np.ones(series)

    def step(self, value: FloatArray, t: int) -> tuple[FloatArray, FloatArray]:
        """Returns forecasts and scales of a step, (S,) each, and then learns from what came."""
        each = self.level.copy()
        for pattern, rows, season in zip(self.patterns, self.rows, self.seasons, strict=True):
            each[rows] += pattern[t % season]
        weights = np.exp(self.loss.min(axis=0) - self.loss)
        expected = np.einsum("ks,ks->s", weights, each) / weights.sum(axis=0)
        scale = np.maximum(self.scale, self.settings.floor * self.total / np.maximum(self.seen, 1))
        self._learn(value, each, expected, scale, t)
        return expected, scale

    def _learn(self, value: FloatArray, each: FloatArray, expected: FloatArray, scale: FloatArray, t: int) -> None:
        known, settings, seen = ~np.isnan(value), self.settings, self.seen
        is_all = bool(known.all())
        error = np.where(known, value - expected, 0.0)
        limit = np.where(seen < FIRST, np.inf, settings.clip * scale)
        side = np.where(np.abs(error) > limit, np.sign(error), 0.0)
        self.run = np.where(known, np.where(self.run * side > 0, self.run + side, side), self.run)
        is_new = np.abs(self.run) >= settings.accept
        believed = expected + np.where(is_new, error, np.clip(error, -limit, limit))
        errors = np.subtract(believed, each, out=each)  # nobody needs each any more
        if not is_all:
            errors[:, ~known] = 0.0
        self._follow(errors, is_new, t)
        lost = np.abs(errors, out=errors)
        lost /= scale
        np.minimum(lost, 2 * settings.clip, out=lost)
        lost *= settings.sharp
        lost += settings.forget * self.loss
        self.loss = lost if is_all else np.where(known, lost, self.loss)
        size = np.minimum(np.abs(error) * TO_DEVIATION, settings.clip * self.scale)
        counts = known & (seen > 0)
        memory = np.maximum(settings.memory, settings.recent / (seen + settings.recent + 1))
        self.scale = np.maximum(np.where(counts, self.scale + memory * (size - self.scale), self.scale), LEAST_SCALE)
        self.total = self.total + np.where(counts, size, 0.0)
        self.seen = seen + known

    def _follow(self, errors: FloatArray, is_new: NDArray[np.bool_], t: int) -> None:
        """Moves levels and seasons by the errors of each smoothing, (K, S)."""
        least, renews = float(self.seen.min(initial=np.inf)), bool(is_new.any())
        is_young = self.alpha.min() * (least + 1) < 1
        gain = np.maximum(self.alpha, 1 / (self.seen + 1)) if is_young or renews else self.alpha
        self.level += (np.where(is_new, np.maximum(gain, 0.9), gain) if renews else gain) * errors
        for pattern, rows, season in zip(self.patterns, self.rows, self.seasons, strict=True):
            is_young = self.gamma.min() * (least // season + 1.5) < 1
            learned = np.maximum(self.gamma, 1 / (self.seen // season + 1.5)) if is_young else self.gamma
            moves = learned * errors[rows]
            pattern[t % season] += np.where(is_new, 0.0, moves) if renews else moves
