"""How a window is brought into a network's units and back: written once, for numpy, TensorFlow and Keras.

What differs between them are the operations: ``xp`` has those of the array API that are used here (``abs``, ``exp``,
``log``, ``maximum``, ``mean``, ``minimum``), and four of its own:

    weighed(windows, weights)      (B, L) and (L,) or (L, H) -> (B, 1) or (B, H)
    distance(windows, others)      (B, L) and (B, L) or (B, 1) -> (B, L)
    taken(windows, places)         (B, L) and (L,) -> (B, L)
    either(flag, first, second)    what the first function returns where the flag is set, else the second

Shapes: ``B`` windows, ``L`` lookback, ``H`` horizon.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np

Array = Any
"""Of numpy, TensorFlow or Keras."""
Operations = Any
"""See the module."""


class UnitSettings(Protocol):
    """What the logarithm is told, of a window or of a whole series."""

    @property
    def log_offset(self) -> float:
        """Keeps the logarithm of a zero finite."""

    @property
    def largest_log(self) -> float:
        """No forecast is a larger power of e."""


def sizes_of(xp: Operations, windows: Array, floor: float) -> Array:
    """Returns the mean size of each window's values, and a little more, so never 0: (B, L) -> (B, 1)."""
    return xp.mean(xp.abs(windows), axis=1, keepdims=True) + floor


def logged(xp: Operations, values: Array, size: Array, offset: float) -> Array:
    """Returns the logarithm of values over the size of their window, and a little more: that of 0 is finite."""
    return xp.log(xp.maximum(values, 0.0) / size + offset)


def in_unit(xp: Operations, values: Array, size: Array, maps: Any) -> Array:
    """Returns values in the view's unit u: themselves, or their logarithm over the size of their window."""
    return xp.either(maps.log, lambda: logged(xp, values, size, maps.settings.log_offset), lambda: values)


def out_of_log(xp: Operations, values: Array, settings: UnitSettings) -> Array:
    """Returns what logarithms stand for: the power of e, less the offset, not below 0."""
    return xp.maximum(xp.exp(xp.minimum(values, settings.largest_log)) - settings.log_offset, 0.0)


def measure(
    xp: Operations, windows: Array, maps: Any, series_level: Array, series_scale: Array
) -> tuple[Array, Array, Array]:
    """Returns the level (B, 1), the scale (B, 1) and the naive forecast (B, H) of windows in the view's unit.

    Args:
        xp: see the module.
        windows: (B, L).
        maps: of the view, see ``ViewMaps``; in the numbers that ``xp`` counts with.
        series_level: (B, 1) of each window's series.
        series_scale: (B, 1) likewise.
    """
    settings, share = maps.settings, maps.scale_of_series
    level = xp.weighed(windows, maps.level) + maps.level_of_series * series_level
    own = xp.weighed(
        xp.distance(
            windows,
            xp.either(
                maps.to_mean,
                lambda: xp.mean(windows, axis=1, keepdims=True),
                lambda: xp.taken(windows, maps.earlier),
            ),
        ),
        maps.compared,
    )
    size = xp.mean(xp.abs(windows), axis=1, keepdims=True)
    floor = settings.series_floor * series_scale + settings.size_floor * size + settings.floor
    scale = xp.maximum((1 - share) * own + share * series_scale, floor)
    base = xp.weighed(windows, maps.base) + maps.base_of_series * series_level
    return level, scale, base


def restored(xp: Operations, outputs: Array, seen: Any, maps: Any) -> Array:
    """Returns a network's outputs as forecasts in the target's unit, (B, H) -> (B, H).

    Args:
        xp: see the module.
        outputs: of the network.
        seen: has the ``base``, ``scale`` and ``mean`` that the windows were seen with.
        maps: of the view.
    """
    forecast = seen.base + seen.scale * outputs
    return xp.either(maps.log, lambda: out_of_log(xp, forecast, maps.settings) * seen.mean, lambda: forecast)


def chosen(flag: float, first: Callable[[], Array], second: Callable[[], Array]) -> Array:
    """Returns what one of two functions does; the other is not called. See ``either``."""
    return first() if flag else second()


def _distance(windows: Array, others: Array) -> Array:
    apart = windows - others
    return np.abs(apart, out=apart)  # no third array of this size


def _weighed(windows: Array, weights: Array) -> Array:
    found = windows @ weights
    return found[:, None] if weights.ndim == 1 else found


NUMPY: Operations = SimpleNamespace(
    abs=np.abs,
    exp=np.exp,
    log=np.log,
    maximum=np.maximum,
    mean=np.mean,
    minimum=np.minimum,
    weighed=_weighed,
    distance=_distance,
    taken=lambda windows, places: windows[:, places],
    either=chosen,
)
