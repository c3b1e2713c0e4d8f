"""Permutation importance of covariates: how much larger the errors are where a column is shuffled.

The target stays as it is, and so does the model; only what it is told beside the target is torn from its dates
(permutation importance: Breiman 2001; Fisher, Rudin & Dominici 2019). Covariates that say the same can stand in for
each other, so each may look cheap; `compare --ablate` trains anew without one.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import KINDS, Column, Covariates
from forecast.data.panel import Panel, even_choice
from forecast.evaluation.member_forecasts import forecast_points
from forecast.evaluation.metrics import rmse
from forecast.evaluation.scales import lowest_within
from forecast.evaluation.splits import Fold
from forecast.models.combination import Combination
from forecast.models.forecaster import Fitted
from forecast.run import Run

FloatArray = NDArray[np.float64]

REPEATS = 3
MOST_SERIES = 100


@dataclass(frozen=True)
class Importance:
    """What one covariate is worth.

    Attributes:
        rise: of the RMSE when the column is shuffled, in the target's unit, mean over the shuffles.
        spread: standard deviation of that over the shuffles.
        share: the rise as a share of the RMSE with the column as it is.
        share_spread: the spread as a share of that RMSE.
    """

    covariate: str
    rise: float
    spread: float
    share: float
    share_spread: float


def measure_importance(
    panel: Panel, fitted: Sequence[tuple[Fold, Fitted]], combination: Combination | None, seed: int, run: Run
) -> tuple[Importance, ...]:
    """Returns what each covariate is worth, the dearest first.

    Args:
        panel: all the data.
        fitted: scored folds, each with the model that was trained before it.
        combination: how its members become one forecast.
        seed: of the shuffles.
        run: what to forecast with.
    """
    if panel.covariates is None:
        return ()
    some = even_choice(len(panel), MOST_SERIES)
    chosen = panel.select(some)
    truth = np.stack([fold.truth(panel)[some] for fold, _ in fitted])
    rng = np.random.default_rng(seed)

    def error(covariates: Covariates | None) -> float:
        points = []
        for fold, model in fitted:
            told = replace(chosen, covariates=covariates).until(fold.cuts[some])
            points.append(
                forecast_points(model.predict_members(told, run), combination, lowest_within(told, fold.horizon))
            )
        return rmse(truth, np.stack(points))

    covariates = chosen.covariates
    assert covariates is not None
    usual, found = error(covariates), []
    for column in covariates.columns:
        rises = [error(shuffled(covariates, column, chosen, rng)) - usual for _ in range(REPEATS)]
        mean, spread = float(np.mean(rises)), float(np.std(rises))
        shares = (mean / usual, spread / usual) if usual > 0 else (0.0, 0.0)
        found.append(Importance(column.name, mean, spread, *shares))
    return tuple(sorted(found, key=lambda one: -one.rise))


def shuffled(covariates: Covariates, column: Column, panel: Panel, rng: np.random.Generator) -> Covariates:
    """Returns the covariates with one column shuffled: over the steps of each series, or a trait over the series."""
    own = covariates.of(column.kind)
    place = own.index(column)
    values, rows = covariates.values_of(column.kind).copy(), KINDS[column.kind].rows
    if rows == "series":
        values[:, place] = rng.permutation(values[:, place])
    else:
        offsets = covariates.known_offsets if rows == "ahead" else panel.offsets
        for start, end in pairwise(offsets):
            values[start:end, place] = rng.permutation(values[start:end, place])
    return covariates.with_values({column.kind: values})
