"""Similar days as standard Keras operations: the arithmetic of ``classical.similar_days``.

Shapes: ``B`` windows, ``N`` steps, right-aligned (0 before a start), ``D`` days of the past, ``P`` steps of a day,
``H`` horizon.
"""

import numpy as np

from forecast.models.classical.similar_days import SimilarDaySettings, ends_of_days
from forecast.models.keras_export.past import PastWindow, Tensor
from forecast.models.networks.tensorflow import keras


def beside_similar_days(
    forecast: Tensor, share: Tensor, past: PastWindow, seasons: tuple[int, ...], settings: SimilarDaySettings
) -> Tensor:
    """Returns forecasts with their share of what came after similar days, where there are such: (B, H).

    Args:
        forecast: (B, H) of other methods.
        share: of similar days, (B, 1) or a number.
        past: the steps that are looked at.
        seasons: ascending; the first is a day.
        settings: of the days.
    """
    ops, horizon, day, steps = keras.ops, forecast.shape[1], seasons[0], past.values.shape[1]
    ends = ends_of_days(steps, horizon, day)
    if not len(ends):
        return forecast
    size = ops.max(ops.abs(past.values), axis=1, keepdims=True)
    values = past.values / ops.where(size > 0, size, 1.0)
    level = ops.mean(values[:, -day:], axis=1, keepdims=True)
    parts = ops.take(values, ends[:, None] + np.arange(-day, horizon), axis=1)  # (B, D, P + H)
    parts = parts - ops.mean(parts[:, :, :day], axis=2, keepdims=True)
    missed = parts[:, :, :day] - (values[:, None, -day:] - level[:, None])
    distances = ops.sqrt(ops.mean(ops.square(missed), axis=2)) * settings.factors(ends, steps, seasons[-1])
    distances = distances + settings.negligible
    known = past.count >= steps - ends + float(day)  # (B, D)
    least = ops.min(ops.where(known, distances, np.inf), axis=1, keepdims=True)
    weights = ops.where(known, ops.power(least / distances, settings.power), 0.0)
    total = ops.sum(weights, axis=1, keepdims=True)
    came = ops.sum(weights[..., None] * parts[:, :, day:], axis=1) / ops.where(total > 0, total, 1.0)
    both = (1 - share) * forecast + share * size * (level + came)
    return ops.where(total > 0, both, forecast)
