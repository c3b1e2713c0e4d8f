"""How rare a score is: ranks among scores of the same kind, pooled over series and dates, and a tail beyond them.

The largest scores are described by a generalised Pareto distribution (Pickands 1975), so that rates below one in the
number of scores mean something. Anomalies in the past would make the usual look unusual: the tail is first fitted
without the topmost scores, and those that it can't explain (Benjamini & Hochberg 1995) are left out of the ranks.

    I. Pickands 1975, Statistical inference using extreme order statistics.
    M. R. Leadbetter 1983, Extremes and local dependence in stationary sequences: episodes for each rare step.

Shapes: ``N`` scores.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.anomalies.settings import SETTINGS, AnomalySettings
from forecast.models.parallel import in_pieces

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
MOST = 100_000
"""Scores that a tail is fitted to, with those below it; evenly chosen of more."""
RANKS = 10_000
"""Scores that a calibration remembers for ranks."""
TOP = 0.3
"""Share of many scores, at the top, whose order is known in full; below, that of some tells it."""
SOME = 400_000
"""Scores from which on only the topmost are put in order, and of the others about so many."""
BODY, CELLS, DENSE = 0.1, 4096, 0.01
"""More usual scores than this share are looked up in so many cells, unless one of them holds as much as the last."""
COUNTED = 50
"""The largest scores are too few to be counted: these are told by the tail."""
FEWEST = 20
"""Scores that a tail is fitted to, at least, as far as there are as many."""
ROUNDS = 10
SHAPES = np.linspace(-0.3, 1.2, 31)
SIZES = np.geomspace(0.3, 3.0, 25)
CENTRE, SHAPE_BELIEF = 0.15, 60.0
"""The usual shape of a tail, and how strongly few scores are drawn to it: a normal prior, half its precision."""
EXPONENTIAL = 1e-9
"""A shape so near zero is that of an exponential tail."""
THINNED = 500
"""Scores by which a tail is fitted, evenly chosen of more."""
OFTEN, LEVELS = 0.05, 8
"""Rarities of steps up to which episodes are counted, and at how many: beyond, they run into one another."""
BELIEF = 4.0
"""Rare steps' worth of the belief that each of them is an episode."""
SMALLEST = 1e-300


@dataclass(frozen=True, eq=False)
class RarityScale:
    """How rare scores are.

    Attributes:
        usual: scores that nothing speaks against, ascending, (M,): the largest, and evenly chosen of the others.
        ranks: (M,) probability of a usual score as large or larger.
        threshold: from which on the tail was fitted.
        share: of the usual scores that lie beyond it.
        shape, size: of the tail.
        edge: beyond this score too few are left to be counted, and the tail tells.
        edge_rank: how rare it is.
    """

    usual: FloatArray
    ranks: FloatArray
    threshold: float
    share: float
    shape: float
    size: float
    edge: float
    edge_rank: float

    def rarity(self, scores: FloatArray) -> FloatArray:
        """Returns the probability of a score as large or larger, by chance, of any shape; NaN stays."""
        return in_pieces(self._rarity, scores)

    def _rarity(self, scores: FloatArray) -> FloatArray:
        if not len(self.usual):
            return np.where(np.isnan(scores), np.nan, 1.0)
        if self._body is None:
            result = self._counted(scores)
        else:
            first, cells_a_unit, ranks = self._body
            cells = (scores - first) * cells_a_unit
            inside = np.fmax(np.fmin(cells, CELLS), -1).astype(np.int64)  # NaN is looked at below
            result = ranks[inside + 1]
            above = np.flatnonzero(~(cells < CELLS))
            result[above] = self._counted(scores[above])
        beyond = np.flatnonzero(scores > self.edge)
        result[beyond] = np.maximum(np.minimum(self.of_tail(scores[beyond]) * self._held, self.edge_rank), SMALLEST)
        return result

    def _counted(self, scores: FloatArray) -> FloatArray:
        """Returns the share of usual scores that are as large or larger."""
        places = np.searchsorted(self.usual, scores, side="left")
        return np.where(np.isnan(scores), np.nan, self.ranks[np.minimum(places, len(self.usual) - 1)])

    @cached_property
    def _held(self) -> float:
        """What the tail is multiplied by to go on where counting ends."""
        return self.edge_rank / float(self.of_tail(np.array([self.edge]))[0])

    @cached_property
    def _body(self) -> tuple[float, float, FloatArray] | None:
        """The lowest usual score, cells a unit, and the rank below, and of each cell's begin; None for no cells."""
        last = int((self.ranks >= BODY).sum()) - 1
        first, width = float(self.usual[0]), float(self.usual[max(last, 0)] - self.usual[0])
        if width <= 0:
            return None
        ranks = self._counted(np.linspace(first, first + width, CELLS + 1))
        if -np.diff(ranks).min() > DENSE:
            return None
        return first, CELLS / width, np.concatenate([self.ranks[:1], ranks])

    def of_tail(self, scores: FloatArray) -> FloatArray:
        """Returns what the tail says of scores beyond the threshold."""
        tail = self.share * survival((scores - self.threshold) / self.size, self.shape)
        return np.maximum(tail, SMALLEST)


def survival(excess: FloatArray, shape: float) -> FloatArray:
    """Returns the share of a generalised Pareto distribution of size 1 that lies beyond some values."""
    excess = np.maximum(excess, 0.0)
    if abs(shape) < EXPONENTIAL:
        return np.asarray(np.exp(-excess))
    with np.errstate(over="ignore"):
        return np.asarray(np.maximum(1 + shape * excess, 0.0) ** (-1 / shape))


def calibrate(scores: FloatArray, settings: AnomalySettings = SETTINGS) -> RarityScale:
    """Returns how rare scores are, by scores of the past, one step after the other; NaN among them is none."""
    scores = scores[~np.isnan(scores)]
    known = _in_order(scores)
    if len(known) < FEWEST:
        return _plain(known)
    topmost = int(settings.censored * settings.share * len(known))
    kept = len(known) - max(topmost, _in_stretches(scores, known, settings))  # at first, none of these
    for _ in range(ROUNDS):
        scale = _fit(known[:kept], kept < len(known), settings)
        tail = known[np.searchsorted(known, scale.threshold, side="right") :]
        now = len(known) - _discoveries(scale.of_tail(tail), len(known), settings.doubt)
        if now == kept:
            break
        kept = now
    return _counted(_fit(known[:kept], kept < len(known), settings))


def _in_stretches(scores: FloatArray, known: FloatArray, settings: AnomalySettings) -> int:
    """Returns how many of the topmost of few scores are off and lie in some stretches; 0 where there are more.

    An outage of a week and a week of sales are a tenth of half a year: a tail that holds most of them explains them.

    Args:
        scores: (N,), one step after the other.
        known: the same, ascending.
        settings: the numbers of the method.
    """
    count = len(known)
    if count > settings.few_scores:
        return 0
    scale = _fit(known[: count - int(settings.stretched * settings.share * count)], True, settings)
    tail = known[np.searchsorted(known, scale.threshold, side="right") :]
    off = _discoveries(scale.of_tail(tail), count, settings.doubt)
    at = np.flatnonzero(scores >= known[count - off]) if off else np.empty(0, dtype=np.int64)
    return off if 1 + np.count_nonzero(np.diff(at) > settings.burst) <= settings.stretches else 0


def _in_order(known: FloatArray) -> FloatArray:
    """Returns scores in order, ``MOST`` of more, evenly chosen; below the topmost of very many, by every so many."""
    count = len(known)
    if count <= SOME:
        return _evenly(np.sort(known), MOST)
    cut = int((1 - TOP) * count)
    parted = np.partition(known, cut)
    top, some = np.sort(parted[cut:]), np.sort(known[:: count // SOME])
    places = np.linspace(0, count - 1, MOST).astype(int)
    below = int(np.searchsorted(places, cut))
    lower = some[: max(1, int(np.searchsorted(some, top[0])))]
    return np.concatenate([lower[np.linspace(0, len(lower) - 1, below).astype(int)], top[places[below:] - cut]])


def _counted(scale: RarityScale) -> RarityScale:
    """Returns a calibration that counts as far as there is something to be counted, and remembers no more than that."""
    usual, count = scale.usual, len(scale.usual)
    kept = np.unique(
        np.concatenate(
            [np.linspace(0, count - 1, RANKS // 2).astype(int), np.arange(max(0, count - RANKS // 2), count)]
        )
    )
    ranks = (count + 1 - np.searchsorted(usual, usual[kept], side="left")) / (count + 1)
    edge = max(float(usual[max(0, count - COUNTED)]), scale.threshold)
    rank = (count + 1 - int(np.searchsorted(usual, edge, side="right"))) / (count + 1)
    return replace(scale, usual=usual[kept], ranks=ranks, edge=edge, edge_rank=rank)


def _evenly(scores: FloatArray, most: int) -> FloatArray:
    """Returns scores, evenly chosen of more."""
    return scores[np.linspace(0, len(scores) - 1, most).astype(int)] if len(scores) > most else scores


def _plain(known: FloatArray) -> RarityScale:
    last = float(known[-1]) if len(known) else 0.0
    spread = float(known.std()) if len(known) > 1 else 1.0
    share = 1 / (len(known) + 1)
    ranks = (len(known) + 1 - np.searchsorted(known, known, side="left")) * share
    return RarityScale(known, np.minimum(ranks, 1.0), last, share, 0.0, max(spread, SMALLEST), last, share)


def _fit(usual: FloatArray, is_cut: bool, settings: AnomalySettings) -> RarityScale:
    """Returns the calibration of usual scores; where they are cut, nothing is known of those beyond the last.

    Cut ones are described by the likelihood of a truncated tail: what lies beyond may be anomalies or none.
    """
    count = len(usual)
    beyond = min(max(FEWEST, round(settings.share * count)), count // 2)
    threshold = float(usual[count - beyond - 1])
    excess = usual[count - beyond :] - threshold
    typical = float(excess.mean())
    if typical <= 0:
        return _plain(usual)
    thinned = _evenly(excess, THINNED)
    shape, size = _most_likely(thinned, beyond / len(thinned), typical, is_cut, settings.lightest)
    held = 1 - float(survival(excess[-1:] / size, shape)[0]) if is_cut else 1.0
    share = beyond / held / (count - beyond + beyond / held)
    return RarityScale(usual, usual, threshold, share, shape, size, threshold, share)


def _most_likely(
    excess: FloatArray, weight: float, typical: float, is_cut: bool, lightest: float
) -> tuple[float, float]:
    """Returns shape and size of the likeliest tail on a grid; each excess counts ``weight`` times."""
    tails = SHAPES[lightest - EXPONENTIAL <= SHAPES]
    shapes, sizes = (grid[..., None] for grid in np.meshgrid(tails, typical * SIZES, indexing="ij"))
    scaled = excess / sizes
    inner = 1 + shapes * scaled
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(np.abs(shapes) < EXPONENTIAL, scaled, np.log(inner) / shapes)
        likely = -(np.log(sizes[..., 0]) * excess.size + (1 + shapes[..., 0]) * logs.sum(axis=-1))
        if is_cut:
            likely -= excess.size * np.log(-np.expm1(-logs[..., -1]))
    likely = weight * likely - SHAPE_BELIEF * (shapes[..., 0] - CENTRE) ** 2
    likely = np.where((inner > 0).all(axis=-1) & ~np.isnan(likely), likely, -np.inf)
    place = np.unravel_index(int(likely.argmax()), likely.shape)
    return float(tails[place[0]]), float(typical * SIZES[place[1]])


def _discoveries(rare: FloatArray, count: int, doubt: float) -> int:
    """Returns how many of the topmost of some ascending scores chance doesn't explain (Benjamini & Hochberg)."""
    ordered = rare[::-1]
    passed = np.flatnonzero(ordered <= doubt * np.arange(1, len(ordered) + 1) / count)
    return int(passed[-1]) + 1 if passed.size else 0


def false_discovery_rates(rare: FloatArray, tests: int) -> FloatArray:
    """Returns for each probability the share of false discoveries if it and all smaller ones are told (N,).

    Args:
        rare: probabilities by chance, in any order.
        tests: of how many series times dates these are the rarest.
    """
    order = np.argsort(rare, kind="stable")
    rates = rare[order] * tests / np.arange(1, len(rare) + 1)
    result = np.empty(len(rare))
    result[order] = np.minimum(np.minimum.accumulate(rates[::-1])[::-1], 1.0)
    return result


@dataclass(frozen=True, eq=False)
class EpisodeScale:
    """How rare an episode is whose rarest step is so rare: steps come in clusters, and several looks find more.

    Attributes:
        steps: (M,) rarities of steps, ascending.
        episodes: (M,) episodes for each step of the past that are as rare or rarer, ascending.
    """

    steps: FloatArray
    episodes: FloatArray

    def rarity(self, rare: FloatArray) -> FloatArray:
        """Returns how probable an episode is for each step, (N,); as many times rarer as the step below the first."""
        steps, episodes = np.log(self.steps), np.log(self.episodes)

        def of_some(rare: FloatArray) -> FloatArray:
            found = np.exp(np.interp(np.log(np.maximum(rare, SMALLEST)), steps, episodes))
            result = np.where(rare < self.steps[0], rare * (self.episodes[0] / self.steps[0]), found)
            return np.clip(result, SMALLEST, 1.0)

        return in_pieces(of_some, rare)


def episode_scale(
    rare: FloatArray, starts: NDArray[np.bool_], gap: int, looks: float = 1.0, span: float = np.inf
) -> EpisodeScale:
    """Returns how many episodes of the past are told for each rare step, counted at some levels.

        past      ────●●────────●────●●●──────
        judged                     ├──────┤        one that began before is told as well

    Args:
        rare: (N,) probabilities of the steps of series after one another; NaN is none.
        starts: (N,) where a series begins.
        gap: steps apart that two rare steps of one episode may be.
        looks: of how many probabilities each is the least: episodes for each rare step where few say otherwise.
        span: steps of a series that are looked at; of few, more of the episodes that are told began before.
    """
    known = len(rare) - int(np.count_nonzero(np.isnan(rare)))
    levels = np.geomspace(min(COUNTED / max(known, 1), OFTEN / 2), OFTEN, LEVELS)
    at = np.flatnonzero(rare <= OFTEN)
    series, rare = np.searchsorted(np.flatnonzero(starts), at, side="right"), rare[at]
    counts = np.array([_episodes(at[rare <= level], series[rare <= level], gap, span) for level in levels])
    rates = np.maximum.accumulate((counts + BELIEF * looks) / (known + BELIEF / levels))
    return EpisodeScale(np.append(levels, 1.0), np.append(np.minimum(rates, 1.0), 1.0))


def _episodes(at: IntArray, series: IntArray, gap: int, span: float) -> float:
    """Returns how many episodes of rare steps are told in spans of so many steps, for each step that is looked at.

    An episode is told once in the span that it begins in, and once more in one that begins before it ends.
    """
    if not len(at):
        return 0.0
    goes_on = (np.diff(at) <= gap) & (np.diff(series) == 0)
    return len(at) - int(goes_on.sum()) + float(np.diff(at)[goes_on].sum()) / span
