"""The season of each window as standard Keras operations: the arithmetic of ``classical.seasonality``.

Shapes: ``B`` windows, ``N`` steps, right-aligned (0 before a start), ``P`` steps of a season, ``R`` rounds of it,
``H`` horizon.
"""

from dataclasses import dataclass

import numpy as np

from forecast.models.classical.seasonality import SeasonalitySettings
from forecast.models.keras_export.past import PastWindow, Tensor
from forecast.models.networks.tensorflow import keras


@dataclass(frozen=True, eq=False)
class SeasonTensors:
    """What the season adds, and multiplies by, at each phase: the last of them is that of the last step."""

    summand: Tensor  # (B, P)
    factor: Tensor  # (B, P)

    def remove(self, values: Tensor) -> Tensor:
        """Returns past values without their season, (B, N)."""
        summand, factor = (_in_the_past(phases, values.shape[1]) for phases in (self.summand, self.factor))
        return values / factor - summand

    def restore(self, forecasts: Tensor) -> Tensor:
        """Returns forecasts with their season, (B, H)."""
        steps = forecasts.shape[1]
        summand, factor = (_repeated(phases, steps)[:, :steps] for phases in (self.summand, self.factor))
        return forecasts * factor + summand


def pattern_of(values: Tensor, past: PastWindow, season: int, settings: SeasonalitySettings) -> SeasonTensors:
    """Returns the season of each window, as ``find_pattern`` finds it: none without two seasons of history."""
    ops = keras.ops
    is_positive = ops.min(ops.where(past.known > 0, values, 1.0), axis=1, keepdims=True) > 0
    logged = ops.log(ops.where(ops.logical_and(is_positive, past.known > 0), values, 1.0))
    sums, factors = (_decompose(own, past, season, settings) for own in (values, logged))
    missed, by_sums = (
        ops.sum(decomposed.is_whole * ops.square(values - expected), axis=1, keepdims=True)
        for decomposed, expected in ((factors, ops.exp(factors.expected)), (sums, sums.expected))
    )
    least = (1 + settings.tie) * by_sums + settings.negligible * ops.sum(ops.square(values), axis=1, keepdims=True)
    multiplies = ops.logical_and(is_positive, missed <= least)
    is_long = past.count >= 2 * season
    summand = ops.where(ops.logical_and(is_long, ops.logical_not(multiplies)), sums.added, 0.0)
    exponent = ops.where(ops.logical_and(is_long, multiplies), factors.added, 0.0)
    return SeasonTensors(summand, ops.exp(ops.clip(exponent, -settings.steepest, settings.steepest)))


@dataclass(frozen=True, eq=False)
class _TensorDecomposition:
    """A season as summands."""

    added: Tensor  # (B, P)
    expected: Tensor  # (B, N), the mean around each step and what the season adds
    is_whole: Tensor  # (B, N), 1.0 where the season around a step is whole, else 0.0


def _decompose(values: Tensor, past: PastWindow, season: int, settings: SeasonalitySettings) -> _TensorDecomposition:
    """Returns the season of windows of at least two."""
    ops, steps = keras.ops, values.shape[1]
    around, is_whole = _moving_mean(values, past, season)
    deviations = (values - around) * is_whole
    means = _phase_means(deviations, is_whole, season, settings.kept)
    expected = _in_the_past(means, steps)
    noise = ops.sum(is_whole * ops.square(deviations - expected), axis=1, keepdims=True)
    count = ops.sum(is_whole, axis=1, keepdims=True)
    lent = settings.differences
    noise = (noise + lent * _changes(values, past, season)) / ops.maximum(count - season + lent, 1.0)
    spread = ops.sum(ops.square(means), axis=1, keepdims=True) / (season - 1)
    by_chance = noise * season / (settings.worth * ops.maximum(count, 1.0)) * (max(season - 3, 1) / (season - 1))
    kept = ops.clip(1 - by_chance / ops.where(spread > 0, spread, np.inf), 0.0, 1.0)
    return _TensorDecomposition(means * kept, around + expected * kept, is_whole)


def _changes(values: Tensor, past: PastWindow, season: int) -> Tensor:
    """Returns half the variance of the differences from one season to the next, (B, N) -> (B, 1)."""
    ops, is_known = keras.ops, past.known[:, :-season]
    change = (values[:, season:] - values[:, :-season]) * is_known
    count = past.count - season
    mean = ops.sum(change, axis=1, keepdims=True) / ops.maximum(count, 1.0)
    squares = ops.sum(is_known * ops.square(change - mean), axis=1, keepdims=True)
    return squares / ops.maximum(count - 1, 1.0) / 2


def _moving_mean(values: Tensor, past: PastWindow, season: int) -> tuple[Tensor, Tensor]:
    """Returns the mean of the season around each step, and 1.0 where it is whole, else 0.0 for both: (B, N)."""
    ops, steps = keras.ops, values.shape[1]
    sums = ops.cumsum(ops.pad(values, ((0, 0), (1, 0))), axis=1)
    whole = (sums[:, season:] - sums[:, :-season]) / season  # of the season that begins at each step
    if season % 2 == 0:
        whole = (whole[:, 1:] + whole[:, :-1]) / 2
    width = whole.shape[1]
    sides = ((0, 0), (season // 2, steps - season // 2 - width))
    is_whole = past.known[:, :width]
    return ops.pad(whole * is_whole, sides), ops.pad(is_whole, sides)


def _phase_means(deviations: Tensor, is_whole: Tensor, season: int, shares: tuple[float, ...]) -> Tensor:
    """Returns the mean of each phase, less the mean of all: (B, N) -> (B, P)."""
    ops, steps = keras.ops, deviations.shape[1]
    rounds = -(-steps // season)
    by_round = [
        ops.reshape(ops.pad(each, ((0, 0), (-steps % season, 0))), (-1, rounds, season))
        for each in (deviations, is_whole)
    ]
    means = 0.0
    for kept in shares:
        weights = kept ** np.arange(rounds - 1.0, -1, -1)[:, None]  # the last season counts most
        total, counted = (ops.sum(each * weights, axis=1) for each in by_round)
        means = means + total / ops.where(counted > 0, counted, 1.0) / len(shares)
    return means - ops.mean(means, axis=1, keepdims=True)


def _in_the_past(phases: Tensor, steps: int) -> Tensor:
    """Returns the phases of the last so many steps, (B, P) -> (B, N)."""
    return _repeated(phases, steps)[:, -steps:]


def _repeated(phases: Tensor, steps: int) -> Tensor:
    return keras.ops.tile(phases, (1, -(-steps // phases.shape[1])))
