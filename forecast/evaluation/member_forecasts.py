"""Forecasts by networks that several models of a backtest have in common, made once; and what members say jointly.

Shapes: ``R`` seeds, ``S`` series, ``H`` horizon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from forecast.data.limits import Lowest, keep
from forecast.data.panel import Panel
from forecast.evaluation.scales import SCALES
from forecast.models.combination import Combination, plain_combination
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Fitted, Members, Quantiles
from forecast.models.networks.recurrent import RecurrentModel
from forecast.models.reconciliation.reconciler import FittedReconciliation
from forecast.run import Run
from forecast.specs import Anchor

FloatArray = NDArray[np.float64]


class SharedForecasts:
    """Forecasts by networks that several models have in common: an ensemble's parts compete by themselves, too."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._made: dict[tuple[Fitted, bytes], tuple[Members, float]] = {}

    def forget(self) -> None:
        """Frees the memory of all forecasts, where nobody will ask for them again."""
        self._made.clear()

    def members(self, fitted: Fitted, train: Panel) -> tuple[Members, float]:
        """Returns the members of a model that was fitted, and the seconds that they took when they were made.

        Args:
            fitted: the model.
            train: the panel of the backtest, cut at an origin.
        """
        origin = blake2b(train.offsets.tobytes()).digest()
        if not isinstance(fitted, EnsembleModel):
            return self._of(fitted, train, origin)
        each = [self._of(part, train, origin) for part in fitted.parts]
        for part in fitted.parts:
            del self._made[part, origin]  # an ensemble is the last to ask
        return fitted.joined([members for members, _ in each]), sum(seconds for _, seconds in each)

    def _of(self, fitted: Fitted, train: Panel, origin: bytes) -> tuple[Members, float]:
        known = self._made.get((fitted, origin))
        if known is None:
            began = self.run.clock.seconds()
            members = fitted.predict_members(train, self.run)
            seconds = self.run.clock.seconds() - began
            for (_, other), (before, _) in self._made.items():
                if other == origin and _are_same(before.anchors, members.anchors):
                    members = replace(members, anchors=before.anchors)  # once in memory
                    break
            known = members, seconds
            if isinstance(fitted, RecurrentModel):
                self._made[fitted, origin] = known
        return known


def _are_same(one: Mapping[Anchor, FloatArray] | None, other: Mapping[Anchor, FloatArray] | None) -> bool:
    if one is None or other is None or one.keys() != other.keys():
        return False
    return all(np.array_equal(values, other[name], equal_nan=True) for name, values in one.items())


def stacked_quantiles(
    folds: Sequence[Quantiles | None], points: Sequence[FloatArray], probabilities: tuple[float, ...]
) -> Quantiles:
    """Returns the quantiles of all folds, (Q, K, S, H); NaN on folds that had none."""
    fits = 1e-30 < max(float(np.abs(point).max(initial=0.0)) for point in points) < 1e30
    kind = np.float32 if fits else np.float64
    values = np.full((len(probabilities), len(points), *points[0].shape), np.nan, dtype=kind)
    for number, quantiles in enumerate(folds):
        if quantiles:
            values[:, number] = quantiles.values
    return Quantiles(probabilities, values)


def forecast_points(
    members: Members, combination: Combination | None, lowest: Lowest, rounding: float = SCALES.rounding
) -> FloatArray:
    """Returns the members' joint forecast, kept at or above zero where the history is: (S, H)."""
    point = (combination or plain_combination(members)).apply(members)
    return keep(np.where(np.abs(point) < rounding, 0.0, point), lowest)


def each_seed(
    members: Members, combination: Combination, lowest: Lowest, moves: FittedReconciliation | None
) -> FloatArray:
    """Returns the joint forecast of each seed's networks alone, (R, S, H)."""
    result = []
    for seed in dict.fromkeys(members.seeds):
        own = np.array(members.seeds) == seed
        result.append(moved_points(members.some(own), combination.of(own), lowest, moves)[1])
    return np.stack(result)


def moved_points(
    members: Members, combination: Combination, lowest: Lowest, moves: FittedReconciliation | None
) -> tuple[FloatArray, FloatArray]:
    """Returns the members' joint forecast, and what it is once it adds up where it is to, (S, H) each."""
    base = forecast_points(moves.lifted(members) if moves else members, combination, lowest)
    return base, moves.coherent(base, lowest) if moves else base
