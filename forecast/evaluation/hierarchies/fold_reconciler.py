"""The reconciliation of a backtest: what each fold's forecasts are moved by, learned from earlier folds alone.

    fold 0    errors known: none          the usual method
    fold 1    errors of fold 0            likewise
    fold 2    errors of folds 0 and 1     the method that erred least on fold 1
    …
    issued    errors of all folds         the method that erred least on all scored folds

Shapes: ``K`` scored folds, ``S`` series, ``H`` horizon, ``T`` vectors of errors.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.data.limits import Lowest
from forecast.data.panel import Panel
from forecast.models.forecaster import Members
from forecast.models.reconciliation.methods import METHODS, USUAL
from forecast.models.reconciliation.reconciler import FittedReconciliation, Reconciliation, learned

FloatArray = NDArray[np.float64]
Known = Sequence[tuple[FloatArray, FloatArray]]
"""Forecasts of earlier origins as they were before they were moved, and what came, (S, H) each."""

BASE = "unreconciled"
"""What forecasts of each series by itself are called beside the methods."""
UNSAMPLED = "bottom-up"
"""What a sample of leaves tells nothing of: their rests are sums, which err less than what leaves come to."""
FOLD_FUTURES = 400
"""Joint futures of each fold by which the quantiles of series that add up are told."""
LOST = 1.01
"""A level lost by a method where its RMSE is more than so many times that of the unmoved."""
CLEARLY = 0.002
"""A method that errs less by no more than this share is no better than the one before it in the list."""


@dataclass(frozen=True, eq=False)
class ReconciledFolds:
    """What a backtest teaches of reconciliation.

    Attributes:
        tree: the hierarchy.
        reconciliation: as it is issued.
        forecasts: by method, ``BASE`` among them, (K, S, H) each; a fold that a method had no errors for is NaN.
        losses: by method, mean over levels of its RMSE over that of ``BASE``.
        errors: (T, S), of forecasts before they were moved, of all folds.
    """

    tree: Hierarchy
    reconciliation: Reconciliation
    forecasts: Mapping[str, FloatArray]
    losses: Mapping[str, float]
    errors: FloatArray


class FoldReconciler:
    """The state of a reconciliation between two folds."""

    def __init__(self, tree: Hierarchy, series_ids: tuple[str, ...]) -> None:
        self.tree, self.series_ids = tree, series_ids
        self.folds: list[int] = []
        self.made: list[dict[str, FloatArray]] = []
        self.truths: list[FloatArray] = []

    def begin(
        self,
        number: int,
        train: Panel,
        members: Members,
        joined: Callable[[Members], FloatArray],
        truth: FloatArray,
        known: Known,
        lowest: Lowest,
    ) -> FittedReconciliation:
        """Returns what moves the forecasts of a fold.

        Args:
            number: of the fold.
            train: what is known at its origin.
            members: that forecast each series by itself.
            joined: gives the joint forecast of members, (S, H).
            truth: (S, H), to score by once the fold is over.
            known: of earlier origins.
            lowest: (S,), 0 where no forecast may be negative.
        """
        errors = errors_of(known, len(self.series_ids))
        found = {
            name: learned(name, self.series_ids, errors).of(train)
            for name, method in METHODS.items()
            if (len(errors) or not method.learns) and not (self.tree.has_rests and name == UNSAMPLED)
        }
        chosen = self.choice()
        self.folds.append(number)
        self.truths.append(truth)
        made = {name: each.coherent(joined(each.lifted(members)), lowest) for name, each in found.items()}
        self.made.append({BASE: joined(members)} | made)
        return found[chosen]

    def choice(self) -> str:
        """Returns the method that erred least so far, of those by which no level lost; the usual one if nothing tells.

        Those that are as good but for ``CLEARLY`` give way to the usual one, and then to the first.
        """
        ratios = self.ratios()
        if not ratios:
            return USUAL
        safe = {name: own for name, own in ratios.items() if own.max() <= LOST} or ratios
        losses = {name: float(own.mean()) for name, own in safe.items()}
        order = sorted(losses, key=lambda name: (name != USUAL, list(METHODS).index(name)))
        return next(name for name in order if losses[name] <= min(losses.values()) + CLEARLY)

    def losses(self) -> dict[str, float]:
        """Returns how much each method erred on scored folds: its RMSE over that of the unmoved, mean over levels."""
        return {name: float(own.mean()) for name, own in self.ratios().items()}

    def ratios(self) -> dict[str, FloatArray]:
        """Returns the RMSE of each method over that of the unmoved on scored folds, one for each level that tells."""
        scored = [place for place, number in enumerate(self.folds) if number > 0]
        if not scored:
            return {}
        truths = np.stack([self.truths[place] for place in scored])
        base = level_rmse(self.tree, truths, np.stack([self.made[place][BASE] for place in scored]))
        ratios = dict[str, FloatArray]()
        for name in METHODS:
            if all(name in self.made[place] for place in scored):
                own = level_rmse(self.tree, truths, np.stack([self.made[place][name] for place in scored]))
                tells = ~np.isnan(own) & (base > 0)
                ratios[name] = own[tells] / base[tells] if tells.any() else np.ones(1)
        return ratios

    def result(self, known: Known) -> ReconciledFolds:
        """Returns what all folds taught.

        Args:
            known: of all origins.
        """
        scored = [place for place, number in enumerate(self.folds) if number > 0]
        nothing = np.full_like(self.truths[-1], np.nan)
        forecasts = {
            name: np.stack([self.made[place].get(name, nothing) for place in scored]) for name in (BASE, *METHODS)
        }
        errors = errors_of(known, len(self.series_ids))
        method = self.choice()
        issued = learned(method, self.series_ids, errors)
        return ReconciledFolds(self.tree, issued, forecasts, self.losses(), errors)


def errors_of(known: Known, series: int) -> FloatArray:
    """Returns the errors of forecasts as vectors of all series, (T, S), without steps of which nothing is known."""
    each = [(truth - base).T for base, truth in known]
    errors = np.concatenate(each) if each else np.empty((0, series))
    return np.asarray(errors[~np.isnan(errors).all(axis=1)])


def level_rmse(tree: Hierarchy, truths: FloatArray, forecasts: FloatArray) -> FloatArray:
    """Returns the RMSE of each level, pooled over its series, (…, S, H) -> (levels,); NaN where nothing is scored.

    Of rests of leaves there is none: they are of no level that anybody asks for.
    """
    squares = (truths - forecasts) ** 2
    found = [squares[..., tree.places(level), :] for level in range(len(tree.levels))]
    if tree.has_rests:
        found[-2] = np.empty(0)
    return np.array([np.sqrt(np.nanmean(own)) if (~np.isnan(own)).any() else np.nan for own in found])
