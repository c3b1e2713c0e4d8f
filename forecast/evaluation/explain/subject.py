"""The networks of one cell, with real windows as each of them sees them: what is explained.

Shapes: ``S`` series, ``B`` windows, ``L`` lookback, ``H`` horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel, even_choice
from forecast.data.windows import extend_left, last_lookbacks
from forecast.models.covariates.covariate_model import NetworkCovariates
from forecast.models.networks.backprop import ForwardPass, run_forward
from forecast.models.networks.initial_weights import initial_weights
from forecast.models.networks.recurrent import Network, RecurrentModel, Weights
from forecast.models.views import SeenWindows, ViewMaps, see
from forecast.specs import ModelSpec, View

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_WINDOWS = 48
"""Windows that gradients are averaged over."""


@dataclass(frozen=True, eq=False)
class WindowEnds:
    """Where windows end."""

    series: IntArray  # (B,)
    steps: IntArray  # (B,) of the series that the window has seen


@dataclass(frozen=True, eq=False)
class Probe:
    """One network and windows as it sees them."""

    spec: ModelSpec
    network: Network
    maps: ViewMaps
    seen: SeenWindows
    covariates: NetworkCovariates | None = None

    @property
    def weights(self) -> Weights:
        """The network's."""
        return self.network.weights

    def run(self, most: int | None = None) -> ForwardPass:
        """Returns the run of the windows through the network, of up to ``most`` of them, evenly chosen."""
        inputs, base = self.seen.inputs, self.seen.normalised_base
        chosen = np.arange(len(inputs)) if most is None else self.some(most)
        return run_forward(self.spec, self.weights, inputs[chosen], taken(self.covariates, chosen), base[chosen])

    def some(self, most: int) -> IntArray:
        """Returns the positions of up to ``most`` windows, evenly from all."""
        return even_choice(len(self.seen.inputs), most)


@dataclass(frozen=True, eq=False)
class Subject:
    """All networks of one cell, and what they are looked into with.

    Attributes:
        model: the networks; those that its combination leaves out are not among them.
        panel: of the windows, with the columns that the model knows.
    """

    model: RecurrentModel
    panel: Panel

    @property
    def cell(self) -> str:
        """The name by which its lines are drawn."""
        return self.model.spec.cell

    @property
    def spec(self) -> ModelSpec:
        """That all networks were trained by."""
        return self.model.spec

    @cached_property
    def rest(self) -> Panel:
        """The panel without the effects of dates and covariates: what the networks see."""
        return self.model.covariate_model.remove(self.panel) if self.model.covariate_model else self.panel

    @cached_property
    def probes(self) -> tuple[Probe, ...]:
        """Every network with the windows of a sample."""
        return tuple(self.probe(network) for network in self.model.networks)

    @cached_property
    def untrained(self) -> tuple[Probe, ...]:
        """A network of each view as it may have begun, with the same windows."""
        first = {network.view: network for network in self.model.networks}
        fresh = [Network(view, i, initial_weights(self.spec, i)) for i, view in enumerate(first)]
        return tuple(self.probe(network) for network in fresh)

    def probe(self, network: Network, ends: WindowEnds | None = None) -> Probe:
        """Returns one network with windows that end where told, by default those that all are averaged over."""
        where = ends or sample_ends(self.panel, self.spec.window)
        rest, told = cut_at(self.rest, where), cut_at(self.panel, where)
        own = self.model.statistics_of(rest, network.view)
        maps = self.model.maps_of(network.view, own)
        seen = see(last_lookbacks(rest, self.spec.window, network.view.season), maps, own.level, own.scale)
        return Probe(self.spec, network, maps, seen, self.covariates(told, network.view))

    def covariates(self, told: Panel, view: View) -> NetworkCovariates | None:
        """Returns what networks are given beside the windows that end with a panel's series."""
        if self.model.covariate_model is None or not self.spec.takes_covariates:
            return None
        return self.model.covariate_model.at_end(told, self.spec.window, self.spec.horizon, view.season)

    def of_series(self, series: int) -> Self:
        """Returns the subject with one series as its panel."""
        return type(self)(self.model, self.panel.select([series]))


def sample_ends(panel: Panel, lookback: int, most: int = MOST_WINDOWS) -> WindowEnds:
    """Returns up to ``most`` windows, as many of each of evenly chosen series; the last ends with its series."""
    filled = np.flatnonzero(panel.lengths)
    chosen = filled[even_choice(len(filled), most)]
    each = max(1, most // len(chosen))
    series: list[int] = []
    ends: list[int] = []
    for i in chosen:
        length = int(panel.lengths[i])
        own = np.unique(np.linspace(length, min(lookback, length), each).astype(np.int64))
        series += [int(i)] * len(own)
        ends += own.tolist()
    return WindowEnds(np.array(series), np.array(ends))


def cut_at(panel: Panel, where: WindowEnds) -> Panel:
    """Returns a panel of as many series as there are windows, each cut where its window ends."""
    return panel.select(where.series).until(where.steps)


def taken(covariates: NetworkCovariates | None, rows: IntArray) -> NetworkCovariates | None:
    """Returns some rows of what is given beside windows, in any order and any number of times."""
    if covariates is None:
        return None
    return NetworkCovariates(covariates.observed[rows], covariates.ahead[rows], covariates.static[rows])


def typical_series(panel: Panel, lookback: int, season: int) -> int:
    """Returns the position of the series whose last window looks most like the others', each about its own mean.

    Distance is measured from the median over all series of the standardised windows; short series come last.
    """
    rows = []
    for i in range(len(panel)):
        values = panel.filled[panel.offsets[i] : panel.offsets[i + 1]][-lookback:]
        values = extend_left(values, lookback - len(values), season)
        rows.append((values - values.mean()) / (values.std() + 1e-12))
    shapes = np.stack(rows)  # (S, L)
    distance = np.abs(shapes - np.median(shapes, axis=0)).mean(axis=1)
    distance[(panel.lengths < lookback) | ~shapes.any(axis=1)] += 100
    return int(np.argmin(distance))


def mean_curve(curves: Sequence[FloatArray]) -> FloatArray:
    """Returns the mean of curves of one length."""
    return np.asarray(np.mean(np.stack(curves), axis=0), dtype=np.float64)
