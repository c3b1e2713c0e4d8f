"""A recurrent forecaster: windows, a network for each view and seed, and their weights as plain arrays.

Fitting imports TensorFlow; predicting does not: the weights run through the numpy cells.

Shapes: ``S`` series, ``L`` lookback, ``T`` recurrent steps, ``H`` horizon, ``M`` members (views × seeds).
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel, places_of
from forecast.data.windows import by_length, last_lookbacks
from forecast.models.classical.baselines import baseline
from forecast.models.classical.pooled_demand import PooledDemand
from forecast.models.covariates.covariate_model import CovariateModel, NetworkCovariates, check_columns
from forecast.models.forecaster import Curve, Members
from forecast.models.method_settings import DECODER_UNITS, MethodSettings
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import CellWeights, run_cell
from forecast.models.parallel import side_by_side
from forecast.models.views import ViewMaps, ViewSettings, block_statistics, restore, see, view_maps
from forecast.run import ALONE, Run
from forecast.specs import Anchor, ModelSpec, View

FloatArray = NDArray[np.float64]
Floats = NDArray[np.float32]
Weights = dict[str, Floats]

MANY_SERIES = 100
"""From so many series on, networks forecast side by side; fewer are done before a thread has begun."""


@dataclass(frozen=True, eq=False)
class SeriesStatistics:
    """What a view learned from the training panel, in its own unit: see ``views.block_statistics``."""

    level: FloatArray  # (S,)
    scale: FloatArray  # (S,)
    base: FloatArray | None = None  # (L, H), of a ``smoothed`` view

    def of(self, some: slice) -> "SeriesStatistics":
        """Returns those of some series."""
        return SeriesStatistics(self.level[some], self.scale[some], self.base)


@dataclass(frozen=True, eq=False)
class Network:
    """One trained member: the view it sees through, the seed it began from, and its weights by name."""

    view: View
    seed: int
    weights: Weights


@dataclass(frozen=True, eq=False)
class RecurrentModel:
    """A trained spec. Predicts with numpy alone.

    Attributes:
        networks: one for each view and seed.
        series_ids: of the training panel; ``statistics`` are theirs, view by view.
        settings: the numbers of the methods that are recomputed at each forecast.
        covariate_model: what was learned of covariates; None where there were none.
        pooled: what all series together taught of demand that comes now and then; None of other data.
    """

    spec: ModelSpec
    networks: tuple[Network, ...]
    series_ids: tuple[str, ...]
    statistics: dict[View, SeriesStatistics]
    settings: MethodSettings
    curve: Curve | None = None
    train_seconds: float = 0.0
    covariate_model: CovariateModel | None = None
    pooled: PooledDemand | None = None

    @property
    def parameters(self) -> int:
        """Trainable numbers in one network."""
        return sum(array.size for array in self.networks[0].weights.values())

    def predict_members(self, panel: Panel, run: Run = ALONE) -> Members:
        """Returns each network's forecast of the steps after the end of each series.

        Raises:
            DataError: the panel lacks a covariate.
        """
        panel = check_columns(self.covariate_model, panel)
        if self.covariate_model is None:
            return self._members(panel, panel, run)
        members = self._members(self.covariate_model.remove(panel), panel, run)
        if members.anchors is None:
            return replace(members, values=self.covariate_model.restore(members.values, panel))
        names, count = tuple(members.anchors), len(members.values)
        both = self.covariate_model.restore(np.stack([*members.values, *members.anchors.values()]), panel)
        return replace(members, values=both[:count], anchors=dict(zip(names, both[count:], strict=True)))

    def _members(self, panel: Panel, told: Panel, run: Run) -> Members:
        """Returns the forecasts of a panel without effects; what is beside the target is told by another."""
        seasons = {view.season for view in self.spec.views}
        covariates = {season: self._network_covariates(told, season) for season in seasons}
        lookbacks = {season: last_lookbacks(panel, self.spec.window, season) for season in seasons}
        statistics = {view: self.statistics_of(panel, view) for view in self.spec.views}

        def forecast(network: Network) -> FloatArray:
            view, season = network.view, network.view.season
            maps = self.maps_of(view, statistics[view])
            return run_view(self.spec, network.weights, maps, lookbacks[season], statistics[view], covariates[season])

        threads = run.machine.threads if len(panel) >= MANY_SERIES else 1
        values = np.stack(side_by_side(forecast, self.networks, threads))
        labels = tuple(network.view.label for network in self.networks)
        seeds = tuple(network.seed for network in self.networks)
        stands_alone = self.spec.rolled or not self.spec.anchors
        anchors = None if stands_alone else self._anchors(panel, run)
        return Members(labels, seeds, values, anchors, is_demand=anchors is not None and "pooled" in anchors)

    def _network_covariates(self, panel: Panel, season: int) -> NetworkCovariates | None:
        spec = self.spec
        if self.covariate_model is None or not spec.takes_covariates:
            return None
        return self.covariate_model.at_end(panel, spec.window, spec.horizon, season)

    def _anchors(self, panel: Panel, run: Run) -> dict[Anchor, FloatArray]:
        spec, own = self.spec, self.settings.classical
        found: dict[Anchor, FloatArray] = {}
        for name in spec.anchors:
            if name == "pooled":
                assert self.pooled is not None
                found[name] = self.pooled.predict(panel, spec.horizon)
            else:
                found[name] = baseline(name, panel, spec.horizon, spec.seasons, own, run)
        return found

    def maps_of(self, view: View, statistics: SeriesStatistics) -> ViewMaps:
        """Returns how networks of a view see windows."""
        horizon = 1 if self.spec.rolled else self.spec.horizon
        return view_maps(view, self.spec.window, horizon, self.settings.views, statistics.base)

    def statistics_of(self, panel: Panel, view: View) -> SeriesStatistics:
        """Returns the stored statistics in the panel's order.

        A series never trained on gives its own; so does one that had no variation then, or no values yet.
        """
        known = self.statistics[view]
        is_same = panel.series_ids == self.series_ids
        index = np.arange(len(panel)) if is_same else places_of(panel.series_ids, self.series_ids)
        level, scale = known.level[index], known.scale[index]  # (S,)
        new = np.flatnonzero((index < 0) | (scale == 0))
        fresh = measure_series(panel.select(new), view, self.settings.views)
        level[new], scale[new] = fresh.level, fresh.scale
        return SeriesStatistics(level, scale, known.base)


Memory = dict[tuple[ModelSpec, bytes], RecurrentModel]
"""Networks trained before, by spec and data."""


def measure_series(panel: Panel, view: View, settings: ViewSettings) -> SeriesStatistics:
    """Returns each series' level and scale from all of the panel, which ends at the origin."""
    level, scale = np.zeros(len(panel)), np.zeros(len(panel))
    for which, values in by_length(panel):
        level[which], scale[which] = block_statistics(values, view, settings)
    return SeriesStatistics(level, scale)


def run_view(
    spec: ModelSpec,
    weights: Weights,
    maps: ViewMaps,
    lookbacks: FloatArray,
    statistics: SeriesStatistics,
    covariates: NetworkCovariates | None = None,
) -> FloatArray:
    """Returns one network's forecasts in the target's unit, (S, L) -> (S, H)."""
    blocks = [
        _run_block(spec, weights, maps, lookbacks[own], statistics.of(own), covariates.of(own) if covariates else None)
        for own in _blocks(len(lookbacks), maps.settings.block)
    ]
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _blocks(series: int, size: int) -> list[slice]:
    """Returns the series that are forecast together: so many, and in the last block what is left over besides."""
    starts = range(0, max(series - size, 0) + 1, size)
    return [slice(start, end) for start, end in pairwise([*starts, series])]


def _run_block(
    spec: ModelSpec,
    weights: Weights,
    maps: ViewMaps,
    lookbacks: FloatArray,
    statistics: SeriesStatistics,
    covariates: NetworkCovariates | None,
) -> FloatArray:
    if not spec.rolled:
        seen = see(lookbacks, maps, statistics.level, statistics.scale)
        return restore(run_network(spec, weights, seen.inputs, covariates, seen.normalised_base), seen, maps)
    path = lookbacks
    for _ in range(spec.horizon):
        seen = see(path[:, -spec.window :], maps, statistics.level, statistics.scale)
        path = np.hstack([path, restore(run_network(spec, weights, seen.inputs), seen, maps)])
    return path[:, -spec.horizon :]


def run_network(
    spec: ModelSpec,
    weights: Weights,
    inputs: FloatArray,
    covariates: NetworkCovariates | None = None,
    base: FloatArray | None = None,
) -> FloatArray:
    """Runs normalised windows through a trained network in numpy, (S, L) -> (S, H), or (S, 1) where rolled.

    Args:
        spec: of the network.
        weights: by name.
        inputs: (S, L) normalised windows.
        covariates: what is made of covariates; needed where the spec takes any.
        base: (S, H) the naive forecast in the network's units; likewise.
    """
    window = inputs.astype(np.float32)
    output = np.zeros((len(window), 1), dtype=np.float32)
    if spec.is_recurrent:
        hidden = recurrent_inputs(spec, window, covariates)
        if "embed/kernel" in weights:
            hidden = hidden @ weights["embed/kernel"] + weights["embed/bias"]
        for layer in range(spec.layers):
            hidden = run_cell(CELLS[spec.cell], hidden, layer_weights(weights, layer), spec.units)
        output = output + hidden[-1] @ weights["head/kernel"] + weights["head/bias"]
        if covariates is not None and base is not None:
            output = output + _decode(weights, hidden[-1], covariates, base.astype(np.float32))
    if "highway/kernel" in weights:
        output = output + window @ weights["highway/kernel"] + weights.get("highway/bias", np.float32(0))
    return output.astype(np.float64)


def layer_weights(weights: Weights, layer: int) -> CellWeights:
    """Returns the arrays of one recurrent layer, by the names that its cell gives them."""
    own = f"cell{layer}/"
    return {name.removeprefix(own): array for name, array in weights.items() if name.startswith(own)}


def recurrent_inputs(spec: ModelSpec, window: Floats, covariates: NetworkCovariates | None = None) -> Floats:
    """Returns what enters each recurrent step: a segment of the window and of what is observed beside it.

    (S, L) and (S, L, F) -> (T, S, segment · (1 + F)).
    """
    steps = (
        window[..., None] if covariates is None else np.concatenate([window[..., None], covariates.observed], axis=2)
    )
    return steps.reshape(len(window), spec.window // spec.segment, -1).transpose(1, 0, 2)


def _decode(weights: Weights, hidden: Floats, covariates: NetworkCovariates, base: Floats) -> Floats:
    """Returns what the covariates of each step of the horizon add to its forecast, (S, H)."""
    each = np.concatenate([covariates.ahead, base[..., None]], axis=2)  # (S, H, F + 1)
    whole = np.concatenate([hidden, covariates.static], axis=1)  # (S, U + F)
    context = whole @ weights["context/kernel"] + weights["context/bias"]  # (S, D)
    units = np.tanh(each @ weights["ahead_units/kernel"] + context[:, None])
    return np.asarray((units @ weights["reply/kernel"])[..., 0])


def weight_shapes(spec: ModelSpec, decoder: int = DECODER_UNITS) -> dict[str, tuple[int, ...]]:
    """Returns the name and shape of each array of a trained network."""
    units, horizon = spec.units, 1 if spec.rolled else spec.horizon
    shapes: dict[str, tuple[int, ...]] = {}
    if spec.is_recurrent:
        width = spec.segment * (1 + spec.known + spec.past)
        if spec.segment > 1:
            shapes |= {"embed/kernel": (width, units), "embed/bias": (units,)}
        for layer in range(spec.layers):
            parts = CELLS[spec.cell].weight_shapes(units, units if layer or spec.segment > 1 else width)
            shapes |= {f"cell{layer}/{part}": shape for part, shape in parts.items()}
        shapes |= {"head/kernel": (units, horizon), "head/bias": (horizon,)}
        if spec.takes_covariates:
            shapes |= {"context/kernel": (units + spec.static, decoder), "context/bias": (decoder,)}
            shapes |= {"ahead_units/kernel": (spec.known + 1, decoder), "reply/kernel": (decoder, 1)}
    if spec.highway or not spec.is_recurrent:
        shapes["highway/kernel"] = (spec.window, horizon)
    if not spec.is_recurrent:
        shapes["highway/bias"] = (horizon,)
    return shapes
