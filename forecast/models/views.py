"""Views of a window: level, scale and naive base as linear maps of the lookback.

A view is data, not code: its maps are passed to the compiled training loop as arguments, so that one
compilation serves every view; what is done with them is ``normalisation``.

Shapes: ``B`` windows, ``L`` lookback, ``H`` horizon.

    u = window, or log(window / its mean + 0.02)     z = (u − level) / scale      the network's input
    forecast in u = base + scale · network(z)        so an untrained network (zero) is the naive base
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.models.normalisation import NUMPY, in_unit, logged, measure, restored, sizes_of
from forecast.specs import View

FloatArray = NDArray[np.float64]

CLIP = 10.0  # measured by benchmarks/tuning/descent.py
"""Targets beyond this many scales are clipped in training: one outlier must not steer the network."""


@dataclass(frozen=True)
class ViewSettings:
    """The numbers by which windows are normalised; a version keeps those that it was trained with.

    Attributes:
        log_offset: keeps the logarithm of a zero finite: zero is taken as this share of the window's mean.
        largest_log: no forecast is a larger power of e, in means of the window.
        series_share: share of the series' own scale in that of a view whose scale is the ``series``'.
        series_floor: no scale is below this share of the series' own,
        size_floor: nor below this share of the window's mean size,
        floor: nor below this.
        block: series that a network forecasts at a time, where there are twice as many: their states fit into the
            processor's cache, and memory does not grow with the panel. Of fewer rows, BLAS might round otherwise.
    """

    log_offset: float = 0.02  # measured by benchmarks/tuning/descent.py
    largest_log: float = 8.0
    series_share: float = 0.5
    series_floor: float = 0.1
    size_floor: float = 1e-5
    floor: float = 1e-12
    block: int = 4096


@dataclass(frozen=True, eq=False)
class ViewMaps:
    """A view as arrays, for one lookback and horizon.

    Attributes:
        level: (L,) weights of the level.
        base: (L, H) the naive forecast as a linear map of the window.
        earlier: (L,) the position with which each step is compared; the mean absolute difference is the scale.
        compared: (L,) the weight of each comparison in that mean.
        to_mean: 1 where steps are compared with the window's mean instead, else 0.
        level_of_series: 1 where the series' own level is used, else 0.
        base_of_series: 1 where that level is the naive forecast too, else 0.
        scale_of_series: share of the series' own scale in the scale.
        log: 1 where the window is logged, else 0.
        settings: the numbers that are the same for all views.
    """

    level: FloatArray
    base: FloatArray
    earlier: NDArray[np.int32]
    compared: FloatArray
    to_mean: float
    level_of_series: float
    base_of_series: float
    scale_of_series: float
    log: float
    settings: ViewSettings


@dataclass(frozen=True, eq=False)
class SeenWindows:
    """Windows in the network's units, with all that is needed to come back."""

    inputs: FloatArray  # (B, L)
    base: FloatArray  # (B, H), in u
    scale: FloatArray  # (B, 1)
    mean: FloatArray  # (B, 1), what the window was divided by before the logarithm
    level: FloatArray  # (B, 1), in u

    @property
    def normalised_base(self) -> FloatArray:
        """The naive forecast in the network's units, (B, H)."""
        return (self.base - self.level) / self.scale


def view_maps(
    view: View, lookback: int, horizon: int, settings: ViewSettings, fitted_base: FloatArray | None = None
) -> ViewMaps:
    """Returns the maps of a view; a season longer than the lookback counts as none.

    Args:
        view: which representation.
        lookback: ``L``.
        horizon: ``H``.
        settings: the numbers that are the same for all views.
        fitted_base: (L, H), the base of a ``smoothed`` view, fitted to training windows.
    """
    season = view.season if view.season <= lookback else 1
    level = np.zeros(lookback)
    if view.level == "mean":
        level[:] = 1 / lookback
    elif view.level == "last":
        level[-season:] = 1 / season
    base = np.zeros((lookback, horizon)) if fitted_base is None else fitted_base
    steps = np.arange(horizon)
    if view.base == "last-value":
        base[-1] = 1
    elif view.base == "last-season":
        base[lookback - season + steps % season, steps] = 1
    elif view.base == "mean-season":
        for lag in range(1, lookback // season + 1):
            base[lookback - lag * season + steps % season, steps] = 1 / (lookback // season)
    elif view.base == "zero":
        base[:] = level[:, None]
    to_mean = view.scale == "deviation"
    lag = season if season < lookback else 1
    first = 0 if to_mean else lag
    earlier = np.maximum(np.arange(lookback, dtype=np.int32) - lag, 0, dtype=np.int32)
    compared = np.where(np.arange(lookback) >= first, 1 / max(lookback - first, 1), 0.0)
    return ViewMaps(
        level,
        base,
        earlier,
        compared,
        to_mean=float(to_mean),
        level_of_series=float(view.level == "series"),
        base_of_series=float(view.level == "series" and view.base == "zero"),
        scale_of_series={"window": 0.0, "deviation": 0.0, "series": settings.series_share, "range": 1.0}[view.scale],
        log=float(view.log),
        settings=settings,
    )


def to_unit(windows: FloatArray, mean: FloatArray, maps: ViewMaps) -> FloatArray:
    """Returns windows in the view's unit u: themselves, or their logarithm over the window's mean."""
    return np.asarray(in_unit(NUMPY, windows, mean, maps))


def see(windows: FloatArray, maps: ViewMaps, series_level: FloatArray, series_scale: FloatArray) -> SeenWindows:
    """Normalises lookbacks, each by itself.

    Args:
        windows: (B, L) in the target's unit.
        maps: of the view.
        series_level: (B,) of each window's series, from ``block_statistics``.
        series_scale: (B,) likewise.
    """
    mean = sizes_of(NUMPY, windows, maps.settings.floor)
    windows = to_unit(windows, mean, maps)
    level, scale, base = measure(NUMPY, windows, maps, series_level[:, None], series_scale[:, None])
    inputs = windows - level
    inputs /= scale
    return SeenWindows(inputs, base, scale, mean, level)


def restore(outputs: FloatArray, seen: SeenWindows, maps: ViewMaps) -> FloatArray:
    """Returns the network's outputs as forecasts in the target's unit, (B, H) -> (B, H)."""
    return np.asarray(restored(NUMPY, outputs, seen, maps))


def block_statistics(values: FloatArray, view: View, settings: ViewSettings) -> tuple[FloatArray, FloatArray]:
    """Returns the level and the scale of series of one length, (B, T) -> (B,), in the view's unit (logged or not).

    The scale is the mean absolute seasonal difference; for the textbook's min-max view the range.

    Args:
        values: the training part of each series.
        view: which representation.
        settings: the numbers that are the same for all views.
    """
    count, length = values.shape
    if length == 0:
        return np.zeros(count), np.zeros(count)
    if view.log:
        values = logged(NUMPY, values, sizes_of(NUMPY, values, settings.floor), settings.log_offset)
    lowest = values.min(axis=1)
    if view.scale == "range":
        return lowest, np.ptp(values, axis=1)
    lag = view.season if view.season < length else 1
    scale = np.abs(values[:, lag:] - values[:, :-lag]).mean(axis=1) if length > lag else np.zeros(count)
    return lowest, scale
