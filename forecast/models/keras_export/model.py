"""A trained model as one Keras model that opens without this package: standard layers and operations only.

Normalisation, networks, median, trust and the floor at zero are all inside, so what goes in and what comes out are
plain values in the target's unit. The arithmetic is that of ``views`` and ``combination``, in the same order and in
float64 but for the networks. A series that is shorter than what goes in has NaN before its start, and is extended to
the left as in ``windows``. (Keras' own ``predict`` rounds what it is given to float32; calling the model does not.)

Shapes: ``B`` windows, ``L`` lookback, ``H`` horizon, ``S`` series, ``M`` members.

    window (B, lookback) ─┬─ see ─ network ─ restore ─┐
                          ├─ …                        ├─ median ─ trust against an anchor ─▶ forecast (B, H)
    series (B,) ─ table ──┴─ see ─ network ─ restore ─┘         several series only
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.models.combination import Combination
from forecast.models.ensemble import EnsembleModel
from forecast.models.keras_export.local_ridge import local_ridge_of
from forecast.models.keras_export.past import KERAS, PastWindow, Tensor
from forecast.models.keras_export.theta import smoothing_of
from forecast.models.networks.keras_networks import build_network, set_weights
from forecast.models.networks.recurrent import Network, RecurrentModel
from forecast.models.networks.tensorflow import keras
from forecast.models.normalisation import in_unit, measure, restored, sizes_of
from forecast.specs import Anchor, ModelSpec, View

FloatArray = NDArray[np.float64]


def lookback_of(model: EnsembleModel, combination: Combination | None) -> int:
    """Returns how many observed steps the exported model is given.

    The window, or a season where that is longer; where members are trusted against exponential smoothing or local
    regressions, all that these look at, whatever the length of the series now: the file then stays right as they grow.
    """
    needed = max(max(part.spec.window, part.spec.season) for part in model.parts)
    spec = model.parts[0].spec
    anchor = _anchor_in_use(spec, combination)
    if anchor in {"smoothing", "local-ridge"}:
        return max(needed, model.parts[0].settings.classical.steps_used(anchor, spec.seasons))
    return needed


def export_model(model: EnsembleModel, combination: Combination | None, lowest: FloatArray) -> "keras.Model":
    """Returns the Keras model.

    It takes the last observed values, oldest first, NaN before the start of a shorter series: (B, lookback). Where it
    was trained on several series, it takes by name: these as ``window``, and as ``series`` (B,) their positions in its
    list of series. It gives (B, H).

    Args:
        model: the members.
        combination: how they become one forecast; None for their median.
        lowest: (S,) 0 for series whose forecasts stay at or above zero where the window does, −inf for others.
    """
    table = _SeriesTable(len(model.parts[0].series_ids))
    window = keras.Input((lookback_of(model, combination),), dtype="float64", name="window")
    past = PastWindow(window)
    used = np.ones(sum(len(part.networks) for part in model.parts), bool) if combination is None else combination.used
    forecasts = list(_members(model, used, past, table))
    point = forecasts[0] if len(forecasts) == 1 else keras.ops.median(keras.ops.stack(forecasts), axis=0)
    first = model.parts[0].spec
    name = _anchor_in_use(first, combination)
    if combination is not None and name is not None:
        anchor = _anchor(name, model.parts[0], past)
        point = anchor + combination.trust * (point - anchor)
    is_negative = keras.ops.min(past.values, axis=1, keepdims=True) < 0
    may_fall = keras.ops.logical_or(is_negative, table.column(np.where(lowest < 0, 1.0, 0.0)))
    point = keras.ops.where(may_fall, point, keras.ops.maximum(point, 0.0))
    output = keras.layers.Identity(dtype="float64", name="forecast")(point)
    exported = keras.Model(table.inputs(window), output, name="forecaster")
    table.fill()
    return exported


class _SeriesTable:
    """Numbers that differ from series to series: constants where there is one, else looked up by its position."""

    def __init__(self, series: int) -> None:
        self._columns: list[tuple[Any, FloatArray]] = []
        self._input = keras.Input((), dtype="int32", name="series") if series > 1 else None

    def column(self, values: FloatArray) -> Tensor:
        """Returns each window's own of the values, (S,) -> (B, 1)."""
        if self._input is None:
            return float(values[0])
        layer = keras.layers.Embedding(len(values), 1, dtype="float64", trainable=False)
        self._columns.append((layer, values))
        return layer(self._input)

    def inputs(self, window: Tensor) -> Tensor | dict[str, Tensor]:
        """Returns the model's inputs: the window alone, or by name with the series."""
        return window if self._input is None else {"window": window, "series": self._input}

    def fill(self) -> None:
        """Puts the numbers into the layers, which are built by now."""
        for layer, values in self._columns:
            layer.set_weights([values[:, None]])


@dataclass(frozen=True, eq=False)
class _SeenWindow:
    """A window in a network's units, and the way back: see ``views.SeenWindows``."""

    inputs: Tensor
    base: Tensor
    scale: Tensor
    mean: Tensor


class _Lens:
    """One view as layers; a rolled network looks through it again and again."""

    def __init__(self, part: RecurrentModel, view: View, table: _SeriesTable) -> None:
        statistics = part.statistics[view]
        maps = part.maps_of(view, statistics)
        level, base, compared = map(_linear, (maps.level[:, None], maps.base, maps.compared[:, None]))
        self._maps = replace(maps, level=level, base=base, compared=compared)
        self._series_level, self._series_scale = table.column(statistics.level), table.column(statistics.scale)

    def see(self, window: Tensor) -> _SeenWindow:
        """Normalises windows, as ``views.see`` does."""
        mean = sizes_of(KERAS, window, self._maps.settings.floor)
        window = in_unit(KERAS, window, mean, self._maps)
        level, scale, base = measure(KERAS, window, self._maps, self._series_level, self._series_scale)
        return _SeenWindow((window - level) / scale, base, scale, mean)

    def restore(self, outputs: Tensor, seen: _SeenWindow) -> Tensor:
        """Returns forecasts in the target's unit, as ``views.restore`` does."""
        return restored(KERAS, outputs, seen, self._maps)


def _members(model: EnsembleModel, used: NDArray[np.bool_], past: PastWindow, table: _SeriesTable) -> Iterator[Tensor]:
    """Yields the forecast of each member in use, (B, H)."""
    number = count(1)
    ends = np.cumsum([len(part.networks) for part in model.parts])
    for part, own in zip(model.parts, np.split(used, ends[:-1]), strict=True):
        members = [network for network, is_used in zip(part.networks, own, strict=True) if is_used]
        lenses = {view: _Lens(part, view, table) for view in dict.fromkeys(network.view for network in members)}
        for network in members:
            layers = _network(part.spec, network, f"{part.spec.cell}{next(number)}")
            lookback = past.lookback(part.spec.window, network.view.season)
            yield _forecast(part.spec, layers, lenses[network.view], lookback)


def _forecast(spec: ModelSpec, layers: "keras.Model", lens: _Lens, path: Tensor) -> Tensor:
    for _ in range(spec.horizon if spec.rolled else 1):
        seen = lens.see(path if path.shape[1] == spec.window else path[:, -spec.window :])
        outputs = keras.ops.cast(layers(keras.ops.cast(seen.inputs, "float32")), "float64")
        path = keras.ops.concatenate([path, lens.restore(outputs, seen)], axis=1)
    return path[:, -spec.horizon :]


def _network(spec: ModelSpec, network: Network, name: str) -> "keras.Model":
    """Returns a member's network under a name of its own, which a Keras model demands of its parts."""
    layers = build_network(spec, network.seed)
    set_weights(layers, network.weights)
    return keras.Model(layers.inputs, layers.outputs[0], name=name)


def _anchor_in_use(spec: ModelSpec, combination: Combination | None) -> Anchor | None:
    """Returns what members are trusted against; None where they are trusted fully."""
    if combination is None or spec.rolled or combination.trust == 1:
        return None
    return combination.anchor


def _anchor(name: Anchor, part: RecurrentModel, past: PastWindow) -> Tensor:
    """Returns the forecast that members are trusted against, (B, H)."""
    spec, own = part.spec, part.settings.classical
    if name == "smoothing":
        return smoothing_of(past, spec.horizon, spec.season, own)
    if name == "local-ridge":
        return local_ridge_of(past, spec.horizon, spec.seasons, own)
    return past.naive(spec.horizon) if name == "naive" else past.seasonal_naive(spec.horizon, spec.season)


def _linear(weights: FloatArray) -> Any:
    """Returns a layer that multiplies by fixed weights."""
    layer = keras.layers.Dense(weights.shape[1], use_bias=False, dtype="float64", trainable=False)
    layer.build((None, weights.shape[0]))
    layer.set_weights([weights])
    return layer
