"""Episodes: rare steps that belong together, one alarm each, with what was expected and a reason in words.

    rarity   ·  ·  ·  ●  ·  ●  ●  ·  ·  ·  ·  ·  ●  ·
                     └───────────┘              └┘          steps at most ``gap`` apart are one episode

Shapes: ``N`` steps of all series together.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.data.panel import Panel
from forecast.evaluation.anomalies.calibration import false_discovery_rates
from forecast.evaluation.anomalies.detector import CLEAR_SHIFT, LEARNED_FROM, Scorer, Scores
from forecast.evaluation.anomalies.excursions import BACK, SIDE, Excursion, excursion_at, lasts_from, side_of
from forecast.evaluation.anomalies.residuals.cross_section import SharedStep
from forecast.models.parallel import in_pieces

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
EpisodeKind = Literal["spike", "dip", "level shift", "variance", "shape"]
EXPLAINED = 0.5
"""Of what a sum is off by: where series below it are off by as much at the time, that is why."""
SIGNED = ("spike", "dip", "level shift")
"""Kinds of which the size is in the target's unit."""
EXPECTED_SHARE = 0.95
"""Of the usual steps that lie in an expected range."""
NEAR, CLEAR = 2, 0.1
"""Odd points so many steps apart are of one episode; others beside the oddest are told that are so much rarer than
asked for."""
MOSTLY = 0.6
"""Of the rarity of a shape, in orders: where residuals alone tell so much, they are larger than usual."""
SURE = 0.1
"""A share of false discoveries at which an episode is said to be beyond chance."""


@dataclass(frozen=True)
class Episode:
    """One thing that was not expected.

    Attributes:
        series: its place in the panel.
        kind: what it looks like.
        onset, end: its first and last step, places in the panel's buffer.
        peak: the step that is least expected.
        value, expected, lower, upper: at the peak; NaN where nothing was observed.
        size: in the target's unit how far off the peak is; of a new level, by how much it differs from the one before;
            of a change of variance, how many times as large errors are.
        rarity: the probability of such an episode at any one step, by chance.
        false_discoveries: the share of false ones among this and all rarer ones.
        is_new: too few steps follow to tell whether it stays.
        alike, others: series that were off the same way on the peak, this among them, of how many; 0 where the episode
            is of this series alone.
    """

    series: int
    kind: EpisodeKind
    onset: int
    end: int
    peak: int
    value: float
    expected: float
    lower: float
    upper: float
    size: float
    rarity: float
    false_discoveries: float = 1.0
    is_new: bool = False
    alike: int = 0
    others: int = 0


@dataclass(frozen=True, eq=False)
class Expectation:
    """What was expected of each step, in the target's unit, (N,) each: NaN where nothing was."""

    expected: FloatArray
    lower: FloatArray
    upper: FloatArray


def expectation(panel: Panel, scores: Scores) -> Expectation:
    """Returns what was expected of each step, and the range that holds 95 of 100 usual ones."""
    residuals = scores.residuals
    some = residuals.both[:: -(-len(residuals.both) // LEARNED_FROM) or 1]
    known = np.abs(some[~np.isnan(some)])
    width = float(np.quantile(known, EXPECTED_SHARE)) if known.size else 0.0
    least = 0.0 if panel.observed.any() and np.nanmin(panel.values) >= 0 else -np.inf
    bounds = []
    for side in (0.0, -width, width):
        bound = in_pieces(partial(_aside, side), residuals.expected, residuals.scale)
        bound = residuals.back(panel, bound)
        bounds.append(np.maximum(bound, least, out=bound) if least == 0 else bound)
    return Expectation(*bounds)


def _aside(side: float, expected: FloatArray, scale: FloatArray) -> FloatArray:
    return expected + side * scale


def rare_steps(scores: Scores, rate: float) -> BoolArray:
    """Returns the steps whose episodes come by chance at most at this rate, (N,)."""
    return np.asarray(scores.rarity <= rate)


def find_episodes(
    panel: Panel, scores: Scores, told: Expectation, rate: float, season: int, judged: BoolArray
) -> tuple[Episode, ...]:
    """Returns the episodes among the judged steps, by their series and onset.

    Args:
        panel: that the scores are of.
        scores: of each step.
        told: what was expected.
        rate: of false alarms for each step.
        season: in steps; the sides of a new level are no shorter.
        judged: (N,) the steps that are looked at.
    """
    found: list[Episode] = []
    at = np.flatnonzero(rare_steps(scores, rate) & judged)
    series = panel.series_of(at)
    is_new = np.ones(len(at), dtype=bool)
    is_new[1:] = (np.diff(at) > scores.gap) | (np.diff(series) != 0)
    for group in np.split(at, np.flatnonzero(is_new)[1:]) if len(at) else []:
        whole = _episode(panel, scores, told, group, season)
        parts = _points_apart(scores, group, rate) if whole.kind in ("spike", "dip") else []
        found += [_episode(panel, scores, told, own, season, "point") for own in parts] or [whole]
    found = _apart(found)
    rates = false_discovery_rates(np.array([each.rarity for each in found]), int((judged & panel.observed).sum()))
    return tuple(replace(each, false_discoveries=rate) for each, rate in zip(found, rates.tolist(), strict=True))


def with_others(episodes: tuple[Episode, ...], shared: Sequence[SharedStep]) -> tuple[Episode, ...]:
    """Returns the episodes, those that happened to most series at once with how many these are."""
    by_place = {each.place: each for each in shared}
    at = [next((place for place in (one.peak, one.onset - 1) if place in by_place), None) for one in episodes]
    return tuple(
        one if place is None else replace(one, alike=by_place[place].alike, others=by_place[place].series)
        for one, place in zip(episodes, at, strict=True)
    )


def _points_apart(scores: Scores, steps: NDArray[np.int64], rate: float) -> list[NDArray[np.int64]]:
    """Returns the steps of an episode of odd points in as many parts as it has, none where no point is odd by itself.

    Windows that hold a spike are odd as a whole, so all between a spike and an outage a week later may be rare.
    """
    if "point" not in scores.by_scorer:
        return []
    point = scores.by_scorer["point"][steps]
    odd = steps[point <= rate]
    parts = np.split(odd, np.flatnonzero(np.diff(odd) > NEAR) + 1) if len(odd) else []
    oddest = steps[np.nanargmin(point)] if len(odd) else -1
    return [own for own in parts if oddest in own or (scores.by_scorer["point"][own] <= CLEAR * rate).any()]


def _apart(episodes: Sequence[Episode]) -> list[Episode]:
    """Returns the episodes, of those that overlap the rarest: an excursion may be seen from both ends."""
    kept: list[Episode] = []
    for one in episodes:
        if kept and kept[-1].series == one.series and one.onset <= kept[-1].end:
            kept[-1] = min(kept[-1], one, key=lambda each: each.rarity)
        else:
            kept.append(one)
    return kept


def _episode(
    panel: Panel,
    scores: Scores,
    told: Expectation,
    steps: NDArray[np.int64],
    season: int,
    leading: Scorer | None = None,
) -> Episode:
    rarest = int(steps[np.argmin(scores.rarity[steps])])
    i = int(panel.series_of(steps[:1])[0])
    leading = leading or scores.leading(rarest)
    kind, onset, gone = _kind(panel, scores, told, steps, rarest, leading, season)
    end = gone.stop - 1 if gone else int(steps[-1])
    peak = _peak(scores, rarest, onset, end)
    size = float(panel.values[peak] - told.expected[peak])
    if kind == "level shift":
        size = _shift(panel, onset, i, season)
    elif kind == "variance":
        size = float(np.nanmean(np.abs(scores.residuals.both[steps])) / scores.residuals.usual)
    return Episode(
        series=i,
        kind=kind,
        onset=onset,
        end=end,
        peak=peak,
        value=float(panel.values[peak]),
        expected=float(told.expected[peak]),
        lower=float(told.lower[peak]),
        upper=float(told.upper[peak]),
        size=size,
        rarity=float(scores.rarity[rarest]),
        is_new=gone is None and bool(panel.offsets[i + 1] - onset < SIDE),
    )


def _peak(scores: Scores, rarest: int, onset: int, end: int) -> int:
    """Returns the rarest step, or the rarest of those from an onset to an end where it is none of them."""
    if onset <= rarest <= end:
        return rarest
    return onset + int(np.argmin(np.nan_to_num(scores.rarity[onset : end + 1], nan=1.0)))


def _kind(
    panel: Panel,
    scores: Scores,
    told: Expectation,
    steps: NDArray[np.int64],
    peak: int,
    leading: Scorer,
    season: int,
) -> tuple[EpisodeKind, int, Excursion | None]:
    """Returns what an episode looks like, its first step, and the excursion that it is, if any."""
    i = int(panel.series_of(steps[:1])[0])
    begin, end = (
        max(int(panel.offsets[i]), int(steps[0]) - scores.gap),
        min(int(panel.offsets[i + 1]), int(steps[-1]) + 1),
    )
    shifts = np.abs(scores.shifts[begin:end])
    shift = begin + int(shifts.argmax())
    sides = (scores.residuals.from_past[peak], scores.residuals.from_future[peak])
    alone = np.nanmin(np.abs(sides)) > CLEAR_SHIFT / 2 and not sides[0] * sides[1] < 0
    stays = shifts.max() > CLEAR_SHIFT and _stays(panel, shift, i)
    lasts = stays and abs(_shift(panel, shift, i, season)) > BACK * abs(panel.values[peak] - told.expected[peak])
    is_level = leading == "level" or (stays and (leading != "point" or not alone or lasts))
    if is_level or (leading == "point" and len(steps) > 1):
        gone = excursion_at(panel, scores.shifts, shift, i, season)
        if gone:
            return ("spike" if gone.size > 0 else "dip"), gone.onset, gone
    if is_level and lasts_from(panel, shift, i, season):
        return "level shift", shift, None
    if leading == "point" or is_level:
        return ("spike" if scores.residuals.both[peak] > 0 else "dip"), int(steps[0]), None
    return ("variance" if _is_burst(scores, steps) else "shape"), int(steps[0]), None


def _is_burst(scores: Scores, steps: NDArray[np.int64]) -> bool:
    """Returns whether the size of residuals tells most of what the shape does, which is no shape then."""
    seen = [scores.by_scorer[scorer][steps] for scorer in ("variance", "shape") if scorer in scores.by_scorer]
    if len(seen) < 2:
        return "variance" in scores.by_scorer
    burst, shape = (float(np.log(np.nanmin(np.nan_to_num(own, nan=1.0)))) for own in seen)
    return burst <= MOSTLY * shape


def _stays(panel: Panel, onset: int, i: int) -> bool:
    return bool(panel.offsets[i + 1] - onset >= SIDE)


def _shift(panel: Panel, onset: int, i: int, season: int) -> float:
    """Returns the median of the steps from an onset on less that of those before, over whole seasons."""
    side = side_of(season)
    before = panel.values[max(int(panel.offsets[i]), onset - side) : onset]
    after = panel.values[onset : min(int(panel.offsets[i + 1]), onset + side)]
    known = [part[~np.isnan(part)] for part in (before, after)]
    return float(np.median(known[1]) - np.median(known[0])) if all(part.size for part in known) else float("nan")


def without_explained_sums(panel: Panel, episodes: Sequence[Episode]) -> tuple[Episode, ...]:
    """Returns the episodes without those of sums that are explained by episodes of series below them."""
    tree = panel.hierarchy
    if tree is None:
        return tuple(episodes)
    kept: dict[int, list[Episode]] = defaultdict(list)  # by a leaf below their series
    told: set[int] = set()
    for place in sorted(range(len(episodes)), key=lambda place: int(tree.sizes[episodes[place].series])):
        one = episodes[place]
        if tree.sizes[one.series] > 1 and _is_explained(panel, tree, one, kept):
            continue
        told.add(place)
        kept[int(tree.leaves_of(one.series)[0])].append(one)
    return tuple(one for place, one in enumerate(episodes) if place in told)


def _is_explained(panel: Panel, tree: Hierarchy, one: Episode, kept: dict[int, list[Episode]]) -> bool:
    """Returns whether series below are off at the same time, the same way, by most of what their sum is."""
    below = tree.leaves_of(one.series)
    first, last = _span(panel, one)
    beside = [
        other
        for leaf in below.tolist()
        for other in kept.get(leaf, ())
        if np.isin(tree.leaves_of(other.series), below).all()
        and _span(panel, other)[0] <= last + 1
        and _span(panel, other)[1] >= first - 1
    ]
    if one.kind not in SIGNED:
        return bool(beside)
    off = sum(other.size for other in beside if other.kind in SIGNED and other.size * one.size > 0)
    return abs(off) >= EXPLAINED * abs(one.size) > 0


def _span(panel: Panel, one: Episode) -> tuple[int, int]:
    """Returns the ordinals of the first and the last step."""
    back = int(panel.first[one.series] - panel.offsets[one.series])
    return one.onset + back, one.end + back
