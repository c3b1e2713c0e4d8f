"""The theta method as standard Keras operations: the arithmetic of ``theta``, with nothing looped over time.

Shapes: ``B`` windows, ``N`` steps, right-aligned (0 before a start), ``P`` steps of a season, ``H`` horizon,
``K`` speeds.
"""

from dataclasses import dataclass

import numpy as np

from forecast.models.devices import keras
from forecast.models.exported_past import Past, Tensor
from forecast.models.theta import CRITICAL, FIRST, LEAST, NEGLIGIBLE, SPEEDS, STEEPEST, TIE, steps_used


def theta_of(past: Past, horizon: int, season: int) -> Tensor:
    """Returns the forecasts of the steps after each window, as ``theta`` makes them: (B, H)."""
    past, ops = past.tail(steps_used(season)), keras.ops
    size = ops.max(ops.abs(past.values), axis=1, keepdims=True)
    size = ops.where(size > 0, size, 1.0)
    values = past.values / size
    if season == 1:
        return size * _drift_on(values, past, horizon)
    pattern = _find_pattern(values, past, season)
    return size * pattern.restore(_drift_on(pattern.remove(values) * past.known, past, horizon))


@dataclass(frozen=True, eq=False)
class _Pattern:
    """What the season adds, and multiplies by, at each phase: the last of them is that of the last step."""

    summand: Tensor  # (B, P)
    factor: Tensor  # (B, P)

    def remove(self, values: Tensor) -> Tensor:
        """Returns past values without their season, (B, N)."""
        steps = values.shape[1]
        summand, factor = (self._repeated(phases, steps)[:, -steps:] for phases in (self.summand, self.factor))
        return values / factor - summand

    def restore(self, forecasts: Tensor) -> Tensor:
        """Returns forecasts with their season, (B, H)."""
        steps = forecasts.shape[1]
        summand, factor = (self._repeated(phases, steps)[:, :steps] for phases in (self.summand, self.factor))
        return forecasts * factor + summand

    def _repeated(self, phases: Tensor, steps: int) -> Tensor:
        return keras.ops.tile(phases, (1, -(-steps // phases.shape[1])))


def _find_pattern(values: Tensor, past: Past, season: int) -> _Pattern:
    """Returns the season of each window: none without two seasons of history, or where the test finds none."""
    ops = keras.ops
    found = ops.logical_and(past.count >= 2 * season, _has_season(values, past, season))
    is_positive = ops.min(ops.where(past.known > 0, values, 1.0), axis=1, keepdims=True) > 0
    logged = ops.log(ops.where(ops.logical_and(is_positive, past.known > 0), values, 1.0))
    own = ops.where(is_positive, logged, values)
    added = ops.where(found, _phase_means(own, past, season), 0.0)
    exponent = ops.where(is_positive, ops.clip(added, -STEEPEST, STEEPEST), 0.0)
    return _Pattern(ops.where(is_positive, 0.0, added), ops.exp(exponent))


def _has_season(values: Tensor, past: Past, season: int) -> Tensor:
    """Tests the autocorrelation at the lag of the season by Bartlett's standard error, (B, N) -> (B, 1)."""
    ops, room = keras.ops, values.shape[1] + season  # for all lags without wrapping
    count = ops.maximum(past.count, 1.0)
    varying = (values - ops.sum(values, axis=1, keepdims=True) / count) * past.known
    real, imaginary = ops.rfft(varying, fft_length=room)
    power = ops.square(real) + ops.square(imaginary)
    products = ops.irfft((power, ops.zeros_like(power)), fft_length=room)
    strength = products[:, :1]
    lags = products[:, 1 : season + 1] / ops.where(strength > NEGLIGIBLE, strength, 1.0)
    error = ops.sqrt((1 + 2 * ops.sum(ops.square(lags[:, :-1]), axis=1, keepdims=True)) / count)
    return ops.logical_and(strength > NEGLIGIBLE, ops.abs(lags[:, -1:]) > CRITICAL * error)


def _phase_means(values: Tensor, past: Past, season: int) -> Tensor:
    """Returns the mean deviation of each phase from the season around it, less the mean of all: (B, N) -> (B, P)."""
    ops, steps = keras.ops, values.shape[1]
    sums = ops.cumsum(ops.pad(values, ((0, 0), (1, 0))), axis=1)
    whole = (sums[:, season:] - sums[:, :-season]) / season  # of the season that begins at each step
    if season % 2 == 0:
        whole = (whole[:, 1:] + whole[:, :-1]) / 2
    centre, width = season // 2, whole.shape[1]
    is_whole = past.known[:, :width]
    deviations = (values[:, centre : centre + width] - whole) * is_whole
    sides = ((0, 0), (centre + -steps % season, steps - centre - width))
    rounds, counted = (
        ops.sum(ops.reshape(ops.pad(each, sides), (-1, -(-steps // season), season)), axis=1)
        for each in (deviations, is_whole)
    )
    means = rounds / ops.maximum(counted, 1.0)
    return means - ops.mean(means, axis=1, keepdims=True)


def _drift_on(values: Tensor, past: Past, horizon: int) -> Tensor:
    """Returns the smoothed level with half the trend from there on, (B, N) -> (B, H)."""
    ops, count = keras.ops, past.count
    early = ops.where(past.place <= FIRST, values, 0.0)
    start = ops.sum(early, axis=1, keepdims=True) / ops.clip(count, 1.0, float(FIRST))
    levels = _smooth(values, past, start)
    before = ops.concatenate([ops.repeat(start[:, None], len(SPEEDS), axis=2), levels[:, :-1]], axis=1)
    errors = ops.sum(past.known[:, :, None] * ops.square(values[:, :, None] - before), axis=1)  # (B, K)
    is_best = errors <= ops.min(errors, axis=1, keepdims=True) * (1 + TIE)
    best = ops.one_hot(ops.argmax(ops.cast(is_best, "int32"), axis=1), len(SPEEDS), dtype="float64")
    level, speed = (ops.sum(best * each, axis=1, keepdims=True) for each in (levels[:, -1], SPEEDS))
    centred = (past.place - (count + 1) / 2) * past.known
    slope = ops.sum(centred * values, axis=1, keepdims=True)
    slope = slope / ops.maximum(ops.sum(ops.square(centred), axis=1, keepdims=True), 1.0)
    lead = (1 - ops.power(1 - speed, count)) / speed  # the smoothed level lags behind the line by so many steps
    forecast = level + slope / 2 * (lead + np.arange(float(horizon)))
    return ops.where(count < LEAST, values[:, -1:], forecast)


def _smooth(values: Tensor, past: Past, start: Tensor) -> Tensor:
    """Returns the level after each step at each speed, (B, N) -> (B, N, K).

    Written out, it is the sum of all values so far, each weighted less the older it is, and of what is left of the
    start: a causal convolution.
    """
    steps, kept = values.shape[1], 1 - SPEEDS
    layer = keras.layers.Conv1D(
        len(SPEEDS), steps, padding="causal", use_bias=False, dtype="float64", trainable=False, name="smoothing"
    )
    layer.build((None, steps, 1))
    ages = range(steps - 1, -1, -1)
    layer.set_weights([(SPEEDS * [kept**age for age in ages])[:, None]])
    return layer(values[:, :, None]) + start[:, None] * keras.ops.power(kept, past.place[:, :, None])
