"""Exponential smoothing as standard Keras operations: the arithmetic of ``classical.theta``, nothing looped over time.

Shapes: ``B`` windows, ``N`` steps, right-aligned (0 before a start), ``H`` horizon, ``K`` settings.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.models.classical.baselines import ClassicalSettings
from forecast.models.classical.pretrained import moved, read_weights, with_others
from forecast.models.classical.seasonality import SeasonalitySettings
from forecast.models.classical.theta import FloatArray, ThetaSettings, smooth
from forecast.models.keras_export.autoregression import autoregression_of, stepwise
from forecast.models.keras_export.past import PastWindow, Tensor
from forecast.models.keras_export.seasonality import pattern_of
from forecast.models.keras_export.similar_days import beside_similar_days
from forecast.models.networks.tensorflow import keras


def smoothing_of(past: PastWindow, horizon: int, season: int, settings: ClassicalSettings) -> Tensor:
    """Returns the forecasts of the steps after each window, as ``smoothing`` makes them: (B, H)."""
    past, own, beside = past.tail(settings.theta.steps_used(season)), (season,), settings.beside_smoothing
    if season == 1 and settings.pretrained.share:
        return _seasonless(past, horizon, settings)
    forecast = _smoothing(past, horizon, season, settings.theta, settings.seasonality)
    if season == 1:
        if share := settings.seasonless.share:
            other = autoregression_of(past, horizon, own, settings.seasonless, settings.seasonality)
            forecast = (1 - share) * forecast + share * other
        return forecast
    if not beside.share:
        return forecast
    shares = beside.share_of(past.count / season)
    other = autoregression_of(past, horizon, own, settings.autoregression, settings.seasonality)
    rest = ((1 - 2 * shares) * forecast + shares * other) / (1 - shares)
    return beside_similar_days(rest, shares, past, own, settings.similar_seasons)


def _seasonless(past: PastWindow, horizon: int, settings: ClassicalSettings) -> Tensor:
    """Returns the forecasts of exponential smoothing, moved by what the pretrained network makes of it: (B, H)."""
    ops, own, theta, seasonless = keras.ops, settings.pretrained, settings.theta, settings.seasonless
    size = ops.max(ops.abs(past.values), axis=1, keepdims=True)
    size = ops.where(size > 0, size, 1.0)
    values, steps, loose = past.values / size, max(horizon, own.horizon), own.loose(seasonless)
    near, reverting = (stepwise(values, past, steps, how.lags(1), how) for how in (seasonless, loose))
    found = with_others(_TensorHistory(values, past), steps, near, reverting, theta, seasonless.share)
    return size * moved(found, horizon, read_weights(own), theta, own)


def _smoothing(
    past: PastWindow, horizon: int, season: int, settings: ThetaSettings, seasonality: SeasonalitySettings
) -> Tensor:
    """Returns the forecasts of exponential smoothing alone, (B, H)."""
    ops = keras.ops
    size = ops.max(ops.abs(past.values), axis=1, keepdims=True)
    size = ops.where(size > 0, size, 1.0)
    values = past.values / size
    if season == 1:
        return size * smooth(_TensorHistory(values, past), horizon, settings)
    pattern = pattern_of(values, past, season, seasonality)
    rest = _TensorHistory(pattern.remove(values) * past.known, past)
    return size * pattern.restore(smooth(rest, horizon, settings))


@dataclass(frozen=True, eq=False)
class _TensorHistory:
    """Windows without their season: the ``History`` that ``classical.theta`` counts with, nothing looped over time."""

    values: Tensor  # (B, N), 0 before a start
    past: PastWindow

    @property
    def xp(self) -> Any:
        """The operations of Keras."""
        return keras.ops

    @property
    def place(self) -> Tensor:
        """1, 2, … from the start on, (B, N)."""
        return self.past.place

    @property
    def count(self) -> Tensor:
        """Steps of the series, (B, 1)."""
        return self.past.count

    @property
    def last(self) -> Tensor:
        """The last value, (B, 1)."""
        return self.values[:, -1:]

    def within(self, steps: int) -> Tensor:
        """Returns which are the first so many steps of a series, (B, N)."""
        return keras.ops.logical_and(self.past.known > 0, self.past.place <= steps)

    def follow(
        self, tried: FloatArray, level: Tensor, trend: Tensor, settings: ThetaSettings
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Returns levels, trends and squared errors, (B, K): see ``History``."""
        return _follow(self.values, self.past, tried, (level, trend), settings)


def _follow(
    values: Tensor, past: PastWindow, tried: FloatArray, start: tuple[Tensor, Tensor], settings: ThetaSettings
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns level and trend after the last step by each setting, and its squared errors, (B, K) each."""
    ops, size, leads = keras.ops, len(tried), settings.leads
    after = _states(values, past, tried, start)  # (B, N, 2 K)
    first = ops.concatenate([ops.repeat(own, size, axis=1) for own in start], axis=1)
    states = ops.concatenate([*[first[:, None]] * leads, after], axis=1)
    errors = 0.0  # (B, K)
    for lead in range(1, leads + 1):
        before = states[:, leads - lead : -lead]
        growth = (tried[:, 2:] ** np.arange(1, lead + 1)).sum(axis=1)
        expected = before[:, :, :size] + before[:, :, size:] * growth
        is_due = ops.logical_and(past.place >= lead, past.count >= (lead > 1) * lead * settings.steps_a_lead)
        is_due = ops.cast(is_due, "float64")[:, :, None]
        errors = errors + ops.sum(is_due * ops.square(values[:, :, None] - expected), axis=1)
    levels, trends = ops.split(after[:, -1], 2, axis=1)
    return levels, trends, errors


def _states(values: Tensor, past: PastWindow, tried: FloatArray, start: tuple[Tensor, Tensor]) -> Tensor:
    """Returns level and trend after each step by each setting, (B, N) -> (B, N, 2 K).

    One step is linear in both and in the value, so written out they are the sum of all values so far, each weighted
    by its age, a causal convolution; and of what is left of the start, by the number of steps.
    """
    fast, faster, left = tried.T
    step = np.array([[1 - fast, (1 - fast) * left], [-fast * faster, left * (1 - fast * faster)]])  # (2, 2, K)
    powers = [np.broadcast_to(np.eye(2)[..., None], step.shape)]
    for _ in range(values.shape[1]):
        powers.append(np.einsum("ijk,jlk->ilk", step, powers[-1]))
    left_of_start = np.array(powers)  # (N + 1, 2, 2, K), by the number of steps
    by_age = np.einsum("nijk,jk->nik", left_of_start[:-1], np.array([fast, fast * faster]))
    width = 2 * len(tried)
    summed = keras.layers.Conv1D(width, len(by_age), padding="causal", use_bias=False, dtype="float64", trainable=False)
    summed.build((None, len(by_age), 1))
    summed.set_weights([by_age[::-1].reshape(-1, 1, width)])
    states, places = summed(values[:, :, None]), keras.ops.cast(past.place, "int32")
    for own, table in zip(start, np.moveaxis(left_of_start, 2, 0), strict=True):
        looked_up = keras.layers.Embedding(len(table), width, dtype="float64", trainable=False)
        looked_up.build(())
        looked_up.set_weights([table.reshape(-1, width)])
        states = states + own[:, None] * looked_up(places)
    return states
