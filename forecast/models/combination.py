"""Combination of members: which count, and the weight of the networks against an anchor.

Shapes: ``E`` pieces of evidence, ``M`` members, ``S`` series, ``H`` horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.metric_records import METRICS
from forecast.models.forecaster import Members
from forecast.specs import Anchor, Metric

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TOLERANCE = 1.25  # measured by benchmarks/tuning/trust.py
"""A view whose past error is more than so many times the best view's is left out."""
CLIP = 10.0  # measured by benchmarks/tuning/trust.py
"""No single scaled error counts for more: one wild point must not decide."""

NAIVE: Anchor = "naive"
"""What a price and a random walk are measured from."""
SMOOTHING: Anchor = "smoothing"
"""What few short series are measured from; a price has no such anchor."""
BY_SERIES: tuple[Anchor, ...] = (SMOOTHING, "local-ridge")
"""Anchors that learn from each series by itself."""
LEAST_SEASONS = 2  # measured by benchmarks/tuning/young_folds.py
"""An origin at which series have fewer is young: what errs there for want of a season says nothing of later ones."""
FEW = 12  # measured by benchmarks/tuning/trust.py
"""So many series or fewer say too little of which views are worse, and of how far networks are to be trusted."""
SHORT = 500  # measured by benchmarks/tuning/trust.py
"""Series of at most so many steps are too short to say which anchor is best, either."""
USUAL_TRUST = 0.4  # measured by benchmarks/tuning/trust.py
"""How far networks are usually to be trusted against what knows each series."""
LEAST_TRUST, SEASONAL_TRUST = 0.05, 0.57  # measured by benchmarks/tuning/trust.py
"""How far on a few short series with a season, and how much further where it explains all that they do within a year:
it is the season of which networks know more than exponential smoothing."""
POOLED: Anchor = "pooled"
"""What demand that comes now and then is measured from, mostly: the mean that all series together taught."""
DEMAND_TRUST = 0.1  # measured by benchmarks/tuning/intermittent.py
"""How far networks are usually to be trusted against it; it counts like one more fold."""
DEMAND_MARGIN = 0.95  # measured by benchmarks/tuning/intermittent.py
"""No other anchor stands in its place unless its squared errors are so few times as large, or fewer."""
LONG_TRUST = 0.75  # measured by benchmarks/tuning/trust.py
"""How far on a few long ones: there is much that a network can learn from each."""
TRUST_VARIANCE = 1 / 3  # measured by benchmarks/tuning/trust.py
"""Of that trust, from one series to the next."""
MARGIN = 0.9  # measured by benchmarks/tuning/trust.py
"""No anchor replaces the last value of a price unless its squared errors are so few times as large, or fewer."""
DOUBT, PRICE_DOUBT = 2.0, 30.0  # measured by benchmarks/tuning/trust.py
"""So many folds that speak for no trust at all stand beside those of a few series whose last value is the best anchor,
and beside those of prices: what moved in one month says next to nothing of the month after. The latter was chosen by
``benchmarks/tuning/doubt.py``."""


@dataclass(frozen=True)
class FewSeriesPrior:
    """So few series that what is usual counts beside what they tell.

    Attributes:
        series: how many they are.
        length: steps of the longest.
        strength: the mean share of what they do within a season that repeats; None where there is no season, or not
            two to tell it.
    """

    series: int
    length: int = 0
    strength: float | None = None

    @property
    def is_short(self) -> bool:
        """Whether they are too short to choose among anchors."""
        return self.length <= SHORT

    @property
    def usual_trust(self) -> float:
        """How far networks are usually to be trusted here against what knows each series."""
        if not self.is_short:
            return LONG_TRUST
        return USUAL_TRUST if self.strength is None else LEAST_TRUST + SEASONAL_TRUST * self.strength


@dataclass(frozen=True, eq=False)
class Evidence:
    """Members' forecasts of steps that have since come true."""

    members: Members
    truth: FloatArray  # (S, H); NaN where nothing is known
    scales: FloatArray  # (S,), each series' mean seasonal difference; NaN where it has none
    fold: int = 0  # pieces of one fold err alike
    is_young: bool = False  # what learns from each series by itself could not know its season there yet


@dataclass(frozen=True, eq=False)
class Combination:
    """How members become one forecast: anchor + trust · (median of the members in use − anchor).

    Attributes:
        used: (M,) true for the members that count.
        trust: from 0, the naive forecast alone, to 1, the members alone.
        anchor: the name of the forecast that stands against them.
        is_mean: the members in use count by their mean, not by their median: that of demand is mostly zero.
    """

    used: NDArray[np.bool_]
    trust: float = 1.0
    anchor: Anchor = NAIVE
    is_mean: bool = False

    def apply(self, members: Members) -> FloatArray:
        """Returns the joint forecast, (M, S, H) -> (S, H)."""
        middle = _middle(members, self.used, is_mean=self.is_mean)
        if members.anchors is None:
            return middle
        anchor = members.anchors[self.anchor]
        return np.asarray(anchor + self.trust * (middle - anchor))

    def widened(self, seeds: int, more: int) -> "Combination":
        """Returns the combination for the same views, each with ``more`` seeds in place of ``seeds``."""
        return replace(self, used=np.repeat(self.used[::seeds], more))

    def of(self, some: NDArray[np.bool_]) -> "Combination":
        """Returns the combination for some of the members; all of those where none of them is in use."""
        used = self.used[some]
        return replace(self, used=used if used.any() else np.ones_like(used))


def _middle(members: Members, used: NDArray[np.bool_], *, is_mean: bool) -> FloatArray:
    """Returns the median of the members in use, or their mean: (S, H)."""
    return np.asarray((np.mean if is_mean else np.median)(members.values[used], axis=0))


def plain_combination(members: Members, few: FewSeriesPrior | None = None) -> Combination:
    """Returns what stands before there is any evidence: the median of all members, on a few short series as usual."""
    used = np.ones(len(members.views), dtype=bool)
    if members.anchors is not None and POOLED in members.anchors:
        return Combination(used, DEMAND_TRUST, POOLED, is_mean=True)
    if few and few.is_short and members.anchors is not None and SMOOTHING in members.anchors:
        return Combination(used, few.usual_trust, SMOOTHING)
    return Combination(used)


def learn_combination(
    evidence: Sequence[Evidence],
    metric: Metric,
    *,
    few: FewSeriesPrior | None = None,
    is_price: bool = False,
    is_walk: bool = False,
) -> Combination | None:
    """Returns the combination that past forecasts speak for; None where there are none.

    Views that erred much more than the best are left out. Trust is the regression coefficient of what came on
    what the members said, both measured from the best anchor (Granger & Ramanathan 1984). Noisy truths pull such a
    slope b down, so it is raised to b (3 − b) / 2, which leaves 0 and 1 where they are; against smoothing and
    regressions by series, what is usual counts like one more fold. That of prices, whose last value is the best anchor,
    is drawn to 0 instead, and no other anchor replaces the last value unless it is clearly better; of random walks none
    does, whatever erred less in so few folds. A few series can't tell which views are worse, and short ones can't tell
    which anchor is best: theirs is smoothing. Their trust is what is usual, until several folds clearly say otherwise.
    Of many series, young folds say nothing beside others.

    Args:
        evidence: forecasts of the same members at several origins.
        metric: the error by which views are judged.
        few: the series, where they are few.
        is_price: of things that are traded.
        is_walk: they behave like random walks.
    """
    evidence = evidence if few or is_price or is_walk else _grown(evidence)
    each = [_member_errors(item, metric) for item in evidence]
    if np.isnan(each).all():  # or there are none
        return None
    errors = np.stack(each)  # (E, M)
    known = ~np.isnan(errors).all(axis=1)
    error = errors[known].mean(axis=0)
    views = np.array(evidence[0].members.views)
    pooled = np.array([error[views == view].mean() for view in views])
    used = (pooled <= TOLERANCE * pooled.min()) | (few is not None)
    if evidence[0].members.anchors is None:
        return Combination(used)
    anchors = tuple(evidence[0].members.anchors)
    if POOLED in anchors:
        return _of_demand(evidence, used, anchors, few)
    anchor = NAIVE if is_walk else _choose_anchor(evidence, anchors, few, is_price)
    departures = _Departures.of(evidence, used, anchor)
    folds = len({evidence[place].fold for place in np.flatnonzero(known).tolist()})
    if few and SMOOTHING in anchors and anchor != NAIVE:
        return Combination(used, departures.shrunk(few.usual_trust, few.series * (folds - 1)), anchor)
    if few and few.series == 1 and few.is_short:
        folds = 1  # of one short series, no number of them tells more
    if anchor == NAIVE and (is_price or is_walk or few):
        doubt = PRICE_DOUBT if is_price or is_walk else DOUBT
        return Combination(used, departures.share / (1 + doubt / folds), anchor)
    raised = departures.share * (3 - departures.share) / 2
    trust = (folds * raised + USUAL_TRUST) / (folds + 1) if anchor in BY_SERIES else raised
    return Combination(used, trust, anchor)


def is_young(lengths: IntArray, season: int) -> bool:
    """Returns whether most series know too few seasons for what learns from each by itself; none are asked for without.

    Args:
        lengths: of the series up to an origin, (S,); those of 0 have not begun.
        season: the usual one; 1 for none.
    """
    begun = lengths[lengths > 0]
    return bool(season > 1 and begun.size and np.median(begun) < LEAST_SEASONS * season)


def _grown(evidence: Sequence[Evidence]) -> Sequence[Evidence]:
    """Returns the evidence of origins that are not young, where there is any; of demand, all."""
    if any(POOLED in (item.members.anchors or ()) for item in evidence):
        return evidence
    return [item for item in evidence if not item.is_young and not np.isnan(item.truth).all()] or evidence


def _of_demand(
    evidence: Sequence[Evidence],
    used: NDArray[np.bool_],
    anchors: tuple[Anchor, ...],
    few: FewSeriesPrior | None,
) -> Combination:
    """Returns the combination for demand that comes now and then: means, of what squares speak for.

    What a series does is known of a few demands only, and of many of none: its scale is drawn to those of all series,
    and by its root the variance grows with the mean, as that of counts does.
    """
    evidence = [replace(item, scales=_count_scales(item.scales)) for item in evidence]
    best = anchors[int(np.argmin([_anchor_error(evidence, which) for which in anchors]))]
    is_clear = _anchor_error(evidence, best) <= DEMAND_MARGIN * _anchor_error(evidence, POOLED)
    anchor = best if is_clear and few is None else POOLED
    folds = len({item.fold for item in evidence})
    share = _Departures.of(evidence, used, anchor, is_mean=True).share if few is None else DEMAND_TRUST
    return Combination(used, (folds * share + DEMAND_TRUST) / (folds + 1), anchor, is_mean=True)


def _count_scales(scales: FloatArray) -> FloatArray:
    """Returns scales of counts, (S,): none is missing, or far below what is usual."""
    usual = float(np.nanmean(scales)) if not np.isnan(scales).all() else 1.0
    return np.asarray(np.sqrt(usual * np.hypot(np.nan_to_num(scales), usual)))


@dataclass(frozen=True, eq=False)
class _Departures:
    """How far from an anchor the members said that it would go, and how far it went: ``D`` steps, over scales."""

    said: FloatArray  # (D,)
    came: FloatArray  # (D,)

    @classmethod
    def of(
        cls, evidence: Sequence[Evidence], used: NDArray[np.bool_], anchor: Anchor, *, is_mean: bool = False
    ) -> "_Departures":
        """Returns the departures of the members in use, where they are known."""
        said, came = [], []
        for item in evidence:
            assert item.members.anchors is not None
            naive = item.members.anchors[anchor]
            middle = _middle(item.members, used, is_mean=is_mean)
            said.append(_scaled(middle - naive, item.scales).ravel())
            came.append(_scaled(item.truth - naive, item.scales).ravel())
        pairs = np.stack([np.concatenate(said), np.concatenate(came)])
        return cls(*pairs[:, ~np.isnan(pairs).any(axis=0)])

    @property
    def agreement(self) -> float:
        """Returns the sum of products of what was said and what came."""
        return float((self.said * self.came).sum())

    @property
    def strength(self) -> float:
        """Returns the sum of squares of what was said."""
        return float((self.said**2).sum())

    @property
    def share(self) -> float:
        """Returns what share of what was said came, from 0 to 1; 1 where nothing was said."""
        return min(max(self.agreement / self.strength, 0.0), 1.0) if self.strength > 0 else 1.0

    def shrunk(self, usual: float, pieces: int) -> float:
        """Returns the share drawn to what is usual as far as its own variance demands: the mean of the posterior.

        Args:
            usual: the mean of the prior, whose variance is ``TRUST_VARIANCE``.
            pieces: so many independent ones the departures are, but for the one that goes into their variance.
        """
        if pieces == 0 or self.strength == 0:
            return usual
        left = float((self.came**2).sum()) - self.agreement**2 / self.strength  # squares that no share explains
        weight = TRUST_VARIANCE / (TRUST_VARIANCE + max(left, 0.0) / (pieces * self.strength))
        return usual + weight * (self.share - usual)


def _choose_anchor(
    evidence: Sequence[Evidence], anchors: tuple[Anchor, ...], few: FewSeriesPrior | None, is_price: bool
) -> Anchor:
    """Returns the one of the anchors that the networks are trusted against."""
    if few and few.is_short and SMOOTHING in anchors:
        anchor = SMOOTHING
    else:
        anchor = anchors[int(np.argmin([_anchor_error(evidence, which) for which in anchors]))]
    is_clear = _anchor_error(evidence, anchor) <= MARGIN * _anchor_error(evidence, NAIVE)
    return anchor if is_clear or not is_price else NAIVE


def _anchor_error(evidence: Sequence[Evidence], which: Anchor) -> float:
    anchors = [(item, item.members.anchors) for item in evidence]
    each = [_scaled(item.truth - naive[which], item.scales) for item, naive in anchors if naive is not None]
    known = np.concatenate([errors[~np.isnan(errors)] for errors in each])
    return float((known**2).mean()) if len(known) else np.inf


def _member_errors(evidence: Evidence, metric: Metric) -> FloatArray:
    """Returns each member's mean error by the metric, (M,); NaN where nothing is known."""
    record = METRICS[metric]
    errors = evidence.members.values - evidence.truth  # (M, S, H)
    if record.unit == "naive scale":
        errors = _scaled(errors, evidence.scales)
    if record.unit == "size":
        size = np.abs(evidence.members.values) + np.abs(evidence.truth)
        errors = errors / np.where(size > 0, size, 1)  # zero forecast as zero is no error
    known = ~np.isnan(errors)
    counts = known.sum(axis=(1, 2))
    sums = (np.where(known, np.abs(errors), 0.0) ** record.power).sum(axis=(1, 2))
    mean = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return np.asarray(mean ** (1 / record.power))


def _scaled(errors: FloatArray, scales: FloatArray) -> FloatArray:
    """Returns errors (…, S, H) over each series' scale, clipped; NaN for a series without a scale."""
    return np.clip(errors / np.where(scales > 0, scales, np.nan)[:, None], -CLIP, CLIP)
