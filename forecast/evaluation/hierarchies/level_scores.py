"""Errors by level of a hierarchy, of each way to make its forecasts add up.

Shapes: ``K`` scored folds, ``S`` series, ``H`` horizon.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.decoding import Document
from forecast.evaluation.hierarchies.fold_reconciler import BASE, ReconciledFolds
from forecast.evaluation.metrics import known, mase, rmse, rmsse

FloatArray = NDArray[np.float64]

ISSUED = "issued"
"""What is forecast on the folds: each by the method that the folds before it chose."""


@dataclass(frozen=True, kw_only=True)
class LevelScore(Document):
    """The errors of one level by one way to add up.

    Attributes:
        level: its name.
        series: that it has.
        method: of reconciliation, or ``unreconciled``, or ``issued``.
        rmse, mase, rmsse: pooled over the series of the level, None where they can't be told.
    """

    level: str
    series: int
    method: str
    rmse: float | None
    mase: float | None
    rmsse: float | None


@dataclass(frozen=True, kw_only=True)
class ReconciliationSummary(Document):
    """How the forecasts of a model were made to add up, and how well.

    Attributes:
        hierarchy: such as ``state/region * purpose``.
        model: whose forecasts.
        method: that is issued.
        losses: of each method, the mean over levels of its RMSE over that of the unreconciled; None without a fold.
        levels: errors of each level, by each method.
    """

    hierarchy: str
    model: str
    method: str
    losses: dict[str, float | None]
    levels: tuple[LevelScore, ...]

    @property
    def best(self) -> float | None:
        """The loss of the method that is issued."""
        return self.losses.get(self.method)


Scales = tuple[FloatArray, FloatArray]
"""(K, S) each: mean absolute seasonal differences, and their root mean square."""


def summary_of_levels(
    model: str, found: ReconciledFolds, issued: FloatArray, truths: FloatArray, scales: Scales
) -> ReconciliationSummary:
    """Returns how a model's forecasts on the folds were made to add up, and the errors of each level.

    Args:
        model: its name.
        found: every method's forecasts and losses.
        issued: (K, S, H), the forecasts that were scored: those of the method that earlier folds chose.
        truths: (K, S, H).
        scales: by which errors are divided.
    """
    losses = {name: known(float(loss)) for name, loss in found.losses.items()}
    return ReconciliationSummary(
        hierarchy=found.tree.text,
        model=model,
        method=found.reconciliation.method,
        losses=losses,
        levels=tuple(_scores(found, issued, truths, scales)),
    )


def _scores(found: ReconciledFolds, issued: FloatArray, truths: FloatArray, scales: Scales) -> Iterator[LevelScore]:
    tree = found.tree
    by_method = {**found.forecasts, ISSUED: issued}
    told = {name: own for name, own in by_method.items() if name in {BASE, ISSUED} or name in found.losses}
    for number, level in enumerate(tree.levels):
        places = tree.places(number)
        truth, (absolute, square) = truths[:, places], (each[:, places] for each in scales)
        for name, forecasts in told.items():
            own = forecasts[:, places]
            yield LevelScore(
                level=level,
                series=len(places),
                method=name,
                rmse=known(rmse(truth, own)),
                mase=known(mase(truth, own, absolute)),
                rmsse=known(rmsse(truth, own, square)),
            )
