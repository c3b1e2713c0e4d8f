"""A reconciliation as a version keeps it: a method and the errors of its backtest, for any panel like the one of then.

Shapes: ``M`` members, ``S`` series, ``H`` horizon, ``T`` vectors of errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.data.limits import Lowest, Within
from forecast.data.panel import Panel, places_of
from forecast.models.forecaster import Members
from forecast.models.reconciliation.errors import ErrorCovariance, ErrorSums, error_variances
from forecast.models.reconciliation.methods import METHODS
from forecast.models.reconciliation.projection import Projection, projection

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class ReconciliationSettings:
    """The numbers that shape forecasts which add up; a version keeps its own. Most are judgements, not measured.

    Attributes:
        firm: in paths, sums give way by so much of what their variance would ask for: each is to keep its distribution.
        rounds: of finding what paths are moved by; leaves that end at zero can't give way further.
        recent: steps at the end of a series that tell how large it is.
        lift: networks' forecasts of a level are raised, or lowered, by no larger a share to what they say of the total;
            0 where they stay as they are, which is so in versions that don't say.
        sparse: leaves that sell every so many steps, or less often, are forecast by ``LEAF_RULE``; 0 where networks
            forecast them, which is so in versions that don't say.
        ends: leaves that have ended are forecast 0; not in versions that don't say.
        reach: counts of a leaf are moved by no more than so many times what is asked of a path, or by one piece; 0
            where nothing holds them, which is so in versions that don't say. By benchmarks/tuning/rare_leaves.py.
    """

    firm: float = 0.05
    rounds: int = 2
    recent: int = 200
    lift: float = 0.0
    sparse: float = 0.0
    ends: bool = False
    reach: float = 0.0


CURRENT = ReconciliationSettings(lift=0.05, sparse=1.32, ends=True, reach=6.0)
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
        padded, errors = self.known(places_of(panel.series_ids, self.series_ids))
        variances = usual_variances(panel, tree, padded, self.settings.recent)
        is_lifted = self.is_lifted and bool(np.nanmin(panel.values, initial=np.inf) >= 0)
        lift = self.settings.lift if is_lifted else 0.0
        covariance, ended = self.covariance(tree, variances, errors, np.isnan(padded)), self.ended(panel)
        if ended.any():
            covariance = covariance and covariance.known(ended)
            variances = np.where(ended, 0.0, variances)
        return FittedReconciliation(projection(tree, covariance), variances, self.settings, lift)

    def ended(self, panel: Panel) -> NDArray[np.bool_]:
        """Returns which leaves are known to be 0 from the end of a panel on, (S,); see ``leaf_states``."""
        is_leaf = panel.hierarchy.is_leaf if panel.hierarchy else True
        return np.asarray(panel.has_ended & is_leaf & self.settings.ends)

    @property
    def is_lifted(self) -> bool:
        """Whether networks' forecasts of levels that were never negative are lifted."""
        return METHODS[self.method].is_lifted and self.settings.lift > 0

    def known(self, places: IntArray) -> tuple[FloatArray, FloatArray]:
        """Returns the variances and errors, (S,) and (T, S), of series that stand at these places among its own.

        Args:
            places: −1 for a new series, of which no variance is known; its errors are zero.
        """
        errors = np.append(self.errors, np.zeros((len(self.errors), 1)), axis=1)[:, places]
        return np.append(self.variances, np.nan)[places], np.where(places >= 0, errors, 0.0)

    def covariance(
        self,
        tree: Hierarchy,
        variances: FloatArray,
        errors: FloatArray,
        is_new: NDArray[np.bool_],
        sums: ErrorSums | None = None,
    ) -> ErrorCovariance | None:
        """Returns the covariance of errors of some series; None for bottom-up.

        Args:
            tree: of these series; how many leaves each has.
            variances: (S,), without NaN or zero; see ``usual_variances``.
            errors: (T, S).
            is_new: (S,), of which no variance is known by itself.
            sums: what the errors of all series say, where these are some of them; see ``counted_errors``.
        """
        made = METHODS[self.method].covariance(tree, self.counted_errors(variances, errors), sums)
        if made is None or not len(errors):
            return made
        spare = np.sqrt(variances * is_new)  # what a series of no errors errs by itself
        return type(made)(made.own + spare**2, made.shared)

    def counted_errors(self, variances: FloatArray, errors: FloatArray) -> FloatArray:
        """Returns the errors that the method looks at: where none are kept, one of each series as large as usual."""
        return errors if len(errors) else np.sqrt(variances)[None]


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
    is_whole = np.bincount(tree.level, tree.sizes, len(tree.levels)) == len(tree.leaves)
    return lift_factors(level_totals(tree, values), is_whole, most)[:, tree.level]


def level_totals(tree: Hierarchy, values: FloatArray) -> FloatArray:
    """Returns what forecasts of each level come to, (M, S, H) -> (M, levels)."""
    return np.stack([values[:, tree.level == level].sum(axis=(1, 2)) for level in range(len(tree.levels))], axis=1)


def lift_factors(totals: FloatArray, is_whole: NDArray[np.bool_], most: float) -> FloatArray:
    """Returns the factor of each level, (M, levels); see ``lifts``.

    Args:
        totals: (M, levels).
        is_whole: (levels,), has all leaves below it.
        most: a factor is within 1 ± this on the scale of logarithms.
    """
    tells = is_whole & (totals > 0).all(axis=1, keepdims=True)
    ratios = np.divide(totals[:, :1], totals, out=np.ones_like(totals), where=tells)
    return np.asarray(np.exp(np.clip(np.log(ratios), -most, most)))


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
    shares = usual_shares([(variances[own], sizes[own]) for own in map(tree.places, range(len(tree.levels)))])
    made = likely_variances(variances, sizes, np.array(shares)[tree.level])
    least = made[made > 0].min(initial=np.inf)
    return np.where(made > 0, made, least if np.isfinite(least) else 1.0)


def usual_shares(levels: Sequence[tuple[FloatArray, FloatArray]]) -> list[float]:
    """Returns how large variances of each level usually are for the size of a series, squared; 1 where none tells.

    Args:
        levels: variances, NaN where nothing is known, and squared sizes of the series of each.
    """
    ratios = []
    for variances, sizes in levels:
        tells = ~np.isnan(variances) & (variances > 0) & (sizes > 0)
        ratios.append(variances[tells] / sizes[tells])
    every = np.concatenate(ratios)
    usual = float(np.median(every)) if len(every) else 1.0
    return [float(np.median(own)) if len(own) else usual for own in ratios]


def likely_variances(variances: FloatArray, sizes: FloatArray, shares: FloatArray) -> FloatArray:
    """Returns variances, and what is usual where none above zero is known; it may be zero, (S,)."""
    return np.where(~np.isnan(variances) & (variances > 0), variances, shares * sizes)


def mean_sizes(panel: Panel, recent: int) -> FloatArray:
    """Returns the mean size of so many newest values of each series, (S,); 0 for an empty one."""
    newest = panel.tail(recent)
    filled = np.abs(newest.filled)
    sums = np.bincount(newest.series_of(np.arange(len(filled))), filled, len(newest)) if len(filled) else 0.0
    return np.asarray(sums / np.maximum(newest.lengths, 1), dtype=np.float64) * np.ones(len(newest))
