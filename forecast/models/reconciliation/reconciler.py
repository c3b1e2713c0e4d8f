"""A reconciliation as a version keeps it: a method and the errors of its backtest, for any panel like the one of then.

Shapes: ``M`` members, ``S`` series, ``H`` horizon, ``T`` vectors of errors.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.data.limits import Lowest, Within
from forecast.data.panel import Panel, places_of
from forecast.models.forecaster import Members
from forecast.models.reconciliation.errors import error_variances
from forecast.models.reconciliation.methods import METHODS
from forecast.models.reconciliation.projection import Projection, projection

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ReconciliationSettings:
    """The numbers that shape forecasts which add up; a version keeps its own. They are judgements, not measured.

    Attributes:
        firm: in paths, sums give way by so much of what their variance would ask for: each is to keep its distribution.
        rounds: of finding what paths are moved by; leaves that end at zero can't give way further.
        recent: steps at the end of a series that tell how large it is.
        lift: networks' forecasts of a level are raised, or lowered, by no larger a share to what they say of the total;
            0 where they stay as they are, which is so in versions that don't say.
    """

    firm: float = 0.05
    rounds: int = 2
    recent: int = 200
    lift: float = 0.0


CURRENT = ReconciliationSettings(lift=0.05)
"""Of versions to come."""


@dataclass(frozen=True, eq=False)
class Reconciliation:
    """How forecasts of the series of a hierarchy are made to add up.

    Attributes:
        method: its name.
        series_ids: (S,), whose errors are known.
        variances: (S,), of the errors of each series by itself; NaN where nothing is known.
        errors: (T, S) of them, where the method looks at more than variances; T may be 0.
    """

    method: str
    series_ids: tuple[str, ...]
    variances: FloatArray
    errors: FloatArray
    settings: ReconciliationSettings = CURRENT

    def of(self, panel: Panel) -> "FittedReconciliation":
        """Returns it for the series of a panel: a new one errs as others of its level do, for its size.

        Args:
            panel: ends at the origin, and has a hierarchy.
        """
        tree = panel.hierarchy
        assert tree is not None
        places = places_of(panel.series_ids, self.series_ids)
        padded = np.append(self.variances, np.nan)[places]
        variances = usual_variances(panel, tree, padded, self.settings.recent)
        errors = np.where(places >= 0, np.append(self.errors, np.zeros((len(self.errors), 1)), axis=1)[:, places], 0.0)
        method = METHODS[self.method]
        is_lifted = method.is_lifted and bool(np.nanmin(panel.values, initial=np.inf) >= 0)
        lift = self.settings.lift if is_lifted else 0.0
        if len(errors):
            spare = np.sqrt(variances * np.isnan(padded))  # what a series of no errors errs by itself
            covariance = method.covariance(tree, errors)
            assert covariance is not None
            made = projection(tree, type(covariance)(covariance.own + spare**2, covariance.shared))
        else:
            root = np.sqrt(variances)[None]
            made = projection(tree, method.covariance(tree, root))
        return FittedReconciliation(made, variances, self.settings, lift)


@dataclass(frozen=True, eq=False)
class FittedReconciliation:
    """A reconciliation of the series of one panel.

    Attributes:
        projection: that moves forecasts.
        variances: (S,), how large the errors of each series are expected to be.
        lift: by which share networks' forecasts of a level may be moved; see ``lifts``.
    """

    projection: Projection
    variances: FloatArray
    settings: ReconciliationSettings
    lift: float = 0.0

    def lifted(self, members: Members) -> Members:
        """Returns members as they are before they add up: networks are lifted, and what has no anchor is no network."""
        if not self.lift or not members.anchors:
            return members
        factors = lifts(self.projection.hierarchy, members.values, self.lift)
        return replace(members, values=members.values * factors[..., None])

    def coherent(self, values: FloatArray, lowest: Lowest) -> FloatArray:
        """Returns forecasts (S, H) that add up, none below zero where none may be, (S,)."""
        return self.projection.nonnegative(values, lowest.lowest if isinstance(lowest, Within) else lowest)


def lifts(tree: Hierarchy, values: FloatArray, most: float) -> FloatArray:
    """Returns by how much each series' forecasts are to be multiplied, the same number for all of a level: (M, S).

    Networks that are trained by absolute errors forecast medians. Those of many small, skewed series come to less than
    their total is forecast: by 1.5 % on tourism_regions, by 1.6 % on departments of walmart_weekly. What sums are made
    of should be means, so each level is moved by one factor to what the same network says of the total
    (``benchmarks/hierarchies.py --lift``). A level that has not all leaves below it stays as it is, and so do all
    levels where one comes to nothing.

    Args:
        tree: of the series.
        values: (M, S, H), forecasts.
        most: a factor is within 1 ± this on the scale of logarithms.
    """
    levels = len(tree.levels)
    comes_to = np.stack([values[:, tree.level == level].sum(axis=(1, 2)) for level in range(levels)], axis=1)
    is_whole = np.bincount(tree.level, tree.sizes, levels) == len(tree.leaves)
    tells = is_whole & (comes_to > 0).all(axis=1, keepdims=True)
    ratios = np.divide(comes_to[:, :1], comes_to, out=np.ones_like(comes_to), where=tells)
    return np.asarray(np.exp(np.clip(np.log(ratios), -most, most))[:, tree.level])


def learned(method: str, series_ids: tuple[str, ...], errors: FloatArray) -> Reconciliation:
    """Returns what a version keeps of the errors of its backtest, (T, S)."""
    kept = errors if method == "mint-shrink" else errors[:0]
    return Reconciliation(method, series_ids, error_variances(errors), np.nan_to_num(kept))


def usual_variances(panel: Panel, tree: Hierarchy, variances: FloatArray, recent: int) -> FloatArray:
    """Returns variances without NaN or zero: those of a level are as large for the size of a series, squared, (S,).

    Args:
        panel: whose newest values tell sizes.
        recent: so many of them.
        tree: of it.
        variances: (S,), NaN where nothing is known.
    """
    sizes = mean_sizes(panel, recent) ** 2
    is_known = ~np.isnan(variances) & (variances > 0)
    made = np.where(is_known, variances, np.nan)
    ratios = np.divide(made, sizes, out=np.full(len(sizes), np.nan), where=sizes > 0)
    usual = np.nanmedian(ratios) if (~np.isnan(ratios)).any() else 1.0
    for level in range(len(tree.levels)):
        places = tree.places(level)
        own = ratios[places][~np.isnan(ratios[places])]
        share = float(np.median(own)) if len(own) else float(usual)
        made[places] = np.where(is_known[places], made[places], share * sizes[places])
    least = made[made > 0].min(initial=np.inf)
    return np.where(made > 0, made, least if np.isfinite(least) else 1.0)


def mean_sizes(panel: Panel, recent: int) -> FloatArray:
    """Returns the mean size of so many newest values of each series, (S,); 0 for an empty one."""
    newest = panel.tail(recent)
    filled = np.abs(newest.filled)
    sums = np.bincount(newest.series_of(np.arange(len(filled))), filled, len(newest)) if len(filled) else 0.0
    return np.asarray(sums / np.maximum(newest.lengths, 1), dtype=np.float64) * np.ones(len(newest))
