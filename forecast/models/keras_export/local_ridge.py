"""Local ridge as standard Keras operations: the arithmetic of ``classical.local_ridge``, with what stands beside it.

Shapes: ``B`` windows, ``N`` steps, right-aligned (0 before a start), ``O`` origins in the past, ``H`` horizon,
``J`` steps of a block, ``F`` coefficients.
"""

import numpy as np

from forecast.models.classical.baselines import ClassicalSettings
from forecast.models.classical.local_ridge import Block, LocalRidgeSettings, blocks_of
from forecast.models.keras_export.autoregression import autoregression_of
from forecast.models.keras_export.past import KERAS, PastWindow, Tensor
from forecast.models.keras_export.similar_days import beside_similar_days
from forecast.models.networks.tensorflow import keras
from forecast.models.normalisation import out_of_log


def local_ridge_of(past: PastWindow, horizon: int, seasons: tuple[int, ...], settings: ClassicalSettings) -> Tensor:
    """Returns the forecasts of the steps after each window, as ``local-ridge`` makes them: (B, H).

    Those of one that is too short are the seasonal naive's.
    """
    past, ops, own = past.tail(settings.local_ridge.steps_used(seasons)), keras.ops, settings.local_ridge
    forecast, share = _regressions(past, horizon, seasons, own), settings.autoregression.share
    if share:
        other = autoregression_of(past, horizon, seasons, settings.autoregression, settings.seasonality)
        forecast = (1 - share) * forecast + share * other
    if (share := settings.similar_days.share) and len(seasons) > 1:
        forecast = beside_similar_days(forecast, share, past, seasons, settings.similar_days)
    largest = blocks_of(horizon, seasons, own.each[0])
    reach = np.repeat([float(block.reach) for block in largest], [len(block.steps) for block in largest])
    return ops.where(past.count > reach, forecast, past.seasonal_naive(horizon, seasons[0]))


def _regressions(past: PastWindow, horizon: int, seasons: tuple[int, ...], settings: LocalRidgeSettings) -> Tensor:
    """Returns the mean forecast of several regressions, (B, H); anything of a window that is too short."""
    ops = keras.ops
    count = ops.maximum(past.count, 1.0)
    size = ops.sum(ops.abs(past.values), axis=1, keepdims=True) / count
    size = ops.where(size > 0, size, 1.0)
    logs, values = ops.min(past.values, axis=1, keepdims=True) >= 0, past.values / size
    unit = ops.where(logs, ops.log(ops.maximum(values, 0.0) + settings.log_offset), values) * past.known
    deviation = (unit - ops.sum(unit, axis=1, keepdims=True) / count) * past.known
    spread = ops.sum(ops.abs(deviation), axis=1, keepdims=True) / count
    spread = ops.where(spread > settings.negligible, spread, 1.0)
    least, most = (
        bound(ops.where(past.known > 0, unit, unit[:, -1:]), axis=1, keepdims=True) for bound in (ops.min, ops.max)
    )
    total = 0.0
    for own in settings.each:
        blocks = blocks_of(horizon, seasons, own)
        forecast = ops.concatenate([_regress(unit, spread, past, block) for block in blocks], axis=1)
        forecast = ops.minimum(ops.maximum(forecast, 2 * least - most), 2 * most - least)
        total = total + ops.where(logs, out_of_log(KERAS, forecast, settings), forecast)
    return size * total / len(settings.each)


def _regress(unit: Tensor, spread: Tensor, past: PastWindow, block: Block) -> Tensor:
    """Returns the forecasts of the steps of a block, (B, J)."""
    if block.reach >= unit.shape[1]:
        return past.naive(len(block.steps))  # anything: no window is long enough
    inputs, base = _inputs(unit[:, None, -(block.reach + 1) :], block)
    coefficients = _coefficients(unit, spread, past, block)
    return keras.ops.sum(inputs[:, 0] * coefficients, axis=2) + base[:, 0]


def _inputs(seen: Tensor, block: Block) -> tuple[Tensor, Tensor]:
    """Returns what is known of a block, (B, O, J, F), less its base, and the base, (B, O, 1).

    Args:
        seen: (B, O, steps) as many steps as are looked at up to each origin, and any after it.
        block: of the horizon.
    """
    ops, after = keras.ops, block.reach + 1
    means = [ops.mean(seen[:, :, after - season : after], axis=2, keepdims=True) for season in block.seasons]
    levels = ops.concatenate([seen[:, :, after - 1 : after], *means[:-1]], axis=2)
    lagged = ops.take(seen, after - 1 + block.steps[:, None] + block.lags, axis=2)  # (B, O, J, lags)
    levels = ops.repeat(levels[:, :, None], len(block.steps), axis=2)
    return ops.concatenate([lagged, levels], axis=3) - means[-1][..., None], means[-1]


def _coefficients(unit: Tensor, spread: Tensor, past: PastWindow, block: Block) -> Tensor:
    """Returns each window's coefficients of a block, (B, 1, F)."""
    ops, width = keras.ops, len(block.lags) + len(block.seasons)
    stride = block.settings.stride
    length = block.reach + 1 + int(block.steps[-1])
    older = stride * np.arange(max(0, 1 + (unit.shape[1] - length) // stride))[::-1]  # how long ago each part ends
    if not len(older):
        return np.eye(width)[:1]
    parts = ops.extract_sequences(unit[:, -(length + int(older[0])) :], length, stride) / spread[..., None]
    inputs, base = _inputs(parts, block)
    targets = parts[:, :, -len(block.steps) :] - base
    known = past.count >= (older + float(length))  # (B, O)
    usable = ops.logical_and(known[..., None], ops.abs(targets) < block.settings.clip)
    inputs = ops.reshape(ops.where(usable[..., None], inputs, 0.0), (-1, usable.shape[1] * usable.shape[2], width))
    targets = ops.reshape(ops.where(usable, targets, 0.0), (-1, inputs.shape[1], 1))
    turned = ops.transpose(inputs, (0, 2, 1))
    squares = ops.matmul(turned, inputs) + block.prior * np.eye(width)
    products = ops.matmul(turned, targets) + block.prior * np.eye(width)[:, :1]
    return ops.transpose(ops.solve(squares, products), (0, 2, 1))
