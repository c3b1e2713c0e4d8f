"""The input of an exported model, as standard Keras operations: the last values, NaN before the start of a series.

Shapes: ``B`` windows, ``N`` steps, ``L`` lookback, ``H`` horizon.
"""

from types import SimpleNamespace
from typing import Any

import numpy as np

from forecast.models.networks.tensorflow import keras
from forecast.models.normalisation import Operations, chosen

Tensor = Any
"""A symbolic float64 tensor of Keras, or a number that stands for one."""
KERAS: Operations = SimpleNamespace(
    **{name: getattr(keras.ops, name) for name in ("abs", "exp", "log", "maximum", "mean", "minimum")},
    weighed=lambda windows, layer: layer(windows),
    distance=lambda windows, others: keras.ops.abs(windows - others),
    taken=lambda windows, places: keras.ops.take(windows, places, axis=1),
    either=chosen,
)
"""Of normalising: what weighs is a layer, so that its weights are stored with the model."""


class PastWindow:
    """The values before each forecast, right-aligned; a series begins after the last NaN.

    Attributes:
        values: (B, N), 0 before the start.
        known: (B, N), 1.0 from the start on, 0.0 before it.
        count: (B, 1) steps of the series.
        place: (B, N) 1, 2, … from the start on, 0 before it.
    """

    def __init__(self, window: Tensor) -> None:
        ops = keras.ops
        self._window = window
        steps = np.arange(1.0, window.shape[1] + 1)
        start = ops.max(ops.where(ops.isnan(window), steps, 0.0), axis=1, keepdims=True)
        self.place = ops.maximum(ops.subtract(steps, start), 0.0)
        self.known = ops.minimum(self.place, 1.0)
        self.values = ops.where(ops.greater(self.place, 0.0), window, 0.0)
        self.count = window.shape[1] - start

    def tail(self, steps: int) -> "PastWindow":
        """Returns the newest steps alone."""
        return self if steps >= self._window.shape[1] else PastWindow(self._window[:, -steps:])

    def lookback(self, length: int, season: int) -> Tensor:
        """Returns the last steps, short series extended to the left as ``windows.extend_left`` does: (B, L)."""
        ops, places = keras.ops, np.arange(float(length))
        own = ops.minimum(self.count, float(length))
        period = ops.where(own >= season, float(season), 1.0)
        beyond = ops.subtract(places, length - own)  # below zero before the start
        shown = ops.where(beyond >= 0, places, length - own + ops.mod(beyond, period))
        shown = ops.cast(ops.minimum(shown, length - 1.0), "int32")  # the last step of a series without any is 0
        return ops.take_along_axis(self.values[:, -length:], shown, axis=1)

    def naive(self, horizon: int) -> Tensor:
        """Returns the last value, repeated: (B, H)."""
        return keras.ops.repeat(self.values[:, -1:], horizon, axis=1)

    def seasonal_naive(self, horizon: int, season: int) -> Tensor:
        """Returns the last season, repeated: (B, H); a series shorter than one season repeats its last value."""
        repeated = keras.ops.take(self.values[:, -season:], np.arange(horizon) % season, axis=1)
        return keras.ops.where(self.count >= season, repeated, self.naive(horizon))
