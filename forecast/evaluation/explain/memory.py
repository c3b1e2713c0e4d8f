"""Sensitivity of a forecast to each observation of its lookback, by exact gradients: how far back it looks.

Sensitivity at lag k is the mean over windows and steps ahead of |∂ forecast / ∂ value k steps before the first
forecast step|, in the view's unit, with the window's level and scale held as they are. It has no dimension: 0.1 means
that a value higher by 1 lifts the forecast by 0.1.

Shapes: ``B`` windows, ``L`` lookback, ``H`` horizon. Curves are (L,), lag 1, the newest value, first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.explain.subject import Probe, Subject, mean_curve, taken
from forecast.models.networks.backprop import window_gradients
from forecast.models.networks.recurrent import run_network

FloatArray = NDArray[np.float64]

ROOM_TO_SPARE = 0.75
"""A window is worth shortening where 90 % of the sensitivity lies in less than this share of it."""
OCCLUDED = 8
"""Windows in which each value in turn is hidden."""


@dataclass(frozen=True, eq=False)
class MemoryCurve:
    """The sensitivity of one cell's forecasts by lag, mean over its networks.

    Attributes:
        recurrent: through the cell alone: what it remembers.
        whole: with the linear highway and the naive base, which see the window without any cell.
        untrained: through cells with fresh weights.
        share: of all sensitivity, the part that goes through the cell; the rest is the highway's and the base's.
        each: (networks, L), the ``recurrent`` of each network.
    """

    cell: str
    segment: int
    recurrent: FloatArray
    whole: FloatArray
    untrained: FloatArray
    each: FloatArray
    windows: int
    share: float

    def reach(self, share: float) -> int:
        """Returns the lag up to which the newest values hold this share of the cell's sensitivity."""
        return reach(self.recurrent, share)

    def whole_reach(self, share: float) -> int:
        """Returns the same for highway, base and cell together."""
        return reach(self.whole, share)

    @property
    def representative(self) -> int:
        """Position of the network whose own curve is nearest to the mean: the one that is shown from inside."""
        return int(np.argmin(np.abs(self.each - self.recurrent).sum(axis=1)))


def memory_curve(subject: Subject) -> MemoryCurve:
    """Returns how far back the forecasts of one cell look."""
    trained = [_sensitivity(probe) for probe in subject.probes]
    untrained = [_sensitivity(probe)[0] for probe in subject.untrained]
    through, whole, straight = zip(*trained, strict=True)
    own = np.stack(through)
    return MemoryCurve(
        cell=subject.cell,
        segment=subject.spec.segment,
        recurrent=mean_curve(through),
        whole=mean_curve(whole),
        untrained=mean_curve(untrained),
        each=own,
        windows=len(subject.probes[0].seen.inputs),
        share=float(own.sum() / max(own.sum() + np.sum(straight), 1e-300)),
    )


def _sensitivity(probe: Probe) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Returns the curve of one network through its cell, with highway and base, and through those two alone."""
    through_cell = window_gradients(probe.spec, probe.weights, probe.run()).astype(np.float64)  # (H, B, L)
    straight = probe.maps.base.T  # (H, L)
    if "highway/kernel" in probe.weights:
        straight = straight + probe.weights["highway/kernel"].T
    ways = (through_cell, through_cell + straight[:, None], straight[:, None])
    recurrent, whole, alone = (np.abs(way).mean(axis=(0, 1))[::-1] for way in ways)
    return recurrent, whole, alone


def reach(curve: FloatArray, share: float) -> int:
    """Returns the lag up to which the newest values hold this share of a curve's sum; 0 where all of it is 0."""
    mass = np.cumsum(curve)
    return int(np.searchsorted(mass, share * mass[-1] * (1 - 1e-12)) + 1) if mass[-1] > 0 else 0


def advised_window(curve: MemoryCurve, seasons: Sequence[int]) -> int | None:
    """Returns the shorter window that would hold 90 % of the whole sensitivity, in whole seasons; None for no change.

    Args:
        curve: of the cell; highway and base count too, since they would see the shorter window as well.
        seasons: in use, the shortest first: a window that did not hold the longest could not show it.
    """
    window, season = len(curve.whole), min(seasons, default=1)
    needed = max(curve.whole_reach(0.9), curve.reach(0.9), *seasons, 1)
    wanted = -(-needed // season) * season
    return wanted if wanted < ROOM_TO_SPARE * window else None


def occlusion_curve(subject: Subject) -> FloatArray:
    """Returns how much the cell's outputs change where the value at each lag is hidden, (L,), in the curves' unit.

    Hidden means: put at the window's level, the network's zero; the change is that over the size of what was hidden.
    No gradient is used, so this is a check of one.
    """
    curves = []
    for probe in subject.probes:
        chosen = probe.some(OCCLUDED)
        inputs, base = probe.seen.inputs[chosen], probe.seen.normalised_base[chosen]
        weights = {name: array for name, array in probe.weights.items() if not name.startswith("highway")}
        plain = run_network(probe.spec, weights, inputs, taken(probe.covariates, chosen), base)  # (B, H)
        length = inputs.shape[1]
        hidden = np.repeat(inputs[:, None], length, axis=1)  # (B, L, L), value l hidden in row l
        hidden[:, np.arange(length), np.arange(length)] = 0
        rows = np.repeat(np.arange(len(inputs)), length)
        covariates = taken(probe.covariates, chosen[rows])
        moved = run_network(probe.spec, weights, hidden.reshape(-1, length), covariates, base[rows])
        moved = moved.reshape(len(inputs), length, -1)
        change = np.abs(moved - plain[:, None]).mean(axis=(0, 2))
        curves.append((change / np.maximum(np.abs(inputs).mean(axis=0), 1e-9))[::-1])
    return mean_curve(curves)


def rank_correlation(first: FloatArray, second: FloatArray) -> float:
    """Returns Spearman's correlation of two curves; NaN where one of them is constant."""
    one, other = (np.argsort(np.argsort(curve)).astype(np.float64) for curve in (first, second))
    if min(np.ptp(first), np.ptp(second)) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
