"""How rare a score is: ranks among scores of the same kind, pooled over series and dates, and a tail beyond them.

The largest scores are described by a generalised Pareto distribution (Pickands 1975), so that rates below one in the
number of scores mean something. Anomalies in the past would make the usual look unusual: the tail is first fitted
without the topmost scores, and those that it can't explain (Benjamini & Hochberg 1995) are left out of the ranks.

    I. Pickands 1975, Statistical inference using extreme order statistics.
    M. R. Leadbetter 1983, Extremes and local dependence in stationary sequences: the extremal index.

Shapes: ``N`` scores.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.anomalies.settings import SETTINGS, AnomalySettings

FloatArray = NDArray[np.float64]
MOST = 100_000
"""Scores that a tail is fitted to, with those below it; evenly chosen of more."""
RANKS = 10_000
"""Scores that a calibration remembers for ranks; evenly chosen of more."""
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
SMALLEST = 1e-300


@dataclass(frozen=True, eq=False)
class RarityScale:
    """How rare scores are.

    Attributes:
        usual: scores that nothing speaks against, ascending, (N,); evenly chosen of many.
        threshold: from which on the tail tells.
        share: of the usual scores that lie beyond it.
        shape, size: of the tail.
    """

    usual: FloatArray
    threshold: float
    share: float
    shape: float
    size: float

    def rarity(self, scores: FloatArray) -> FloatArray:
        """Returns the probability of a score as large or larger, by chance, of any shape; NaN stays."""
        count = len(self.usual)
        if not count:
            return np.where(np.isnan(scores), np.nan, 1.0)
        above = count - np.searchsorted(self.usual, scores, side="left")
        result = np.where(np.isnan(scores), np.nan, np.minimum((above + 1) / (count + 1), 1.0))
        beyond = scores > self.threshold
        result[beyond] = self.of_tail(scores[beyond])
        return np.asarray(result)

    def of_tail(self, scores: FloatArray) -> FloatArray:
        """Returns the probability of scores beyond the threshold."""
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
    """Returns how rare scores are, by scores of the past; NaN among them is none."""
    known = np.sort(scores[~np.isnan(scores)])
    known = _evenly(known, MOST)
    if len(known) < FEWEST:
        return _plain(known)
    kept = len(known) - int(settings.censored * settings.share * len(known))  # at first, none of the topmost
    for _ in range(ROUNDS):
        scale = _fit(known[:kept], kept < len(known), settings)
        tail = known[np.searchsorted(known, scale.threshold, side="right") :]
        now = len(known) - _discoveries(scale.of_tail(tail), len(known), settings.doubt)
        if now == kept:
            break
        kept = now
    scale = _fit(known[:kept], kept < len(known), settings)
    return replace(scale, usual=_evenly(scale.usual, RANKS))


def _evenly(scores: FloatArray, most: int) -> FloatArray:
    """Returns scores, evenly chosen of more."""
    return scores[np.unique(np.linspace(0, len(scores) - 1, most).astype(int))] if len(scores) > most else scores


def _plain(known: FloatArray) -> RarityScale:
    last = float(known[-1]) if len(known) else 0.0
    spread = float(known.std()) if len(known) > 1 else 1.0
    return RarityScale(known, last, 1 / (len(known) + 1), 0.0, max(spread, SMALLEST))


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
    return RarityScale(usual, threshold, share, shape, size)


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


def extremal_index(rare: FloatArray, starts: NDArray[np.bool_], gap: int) -> float:
    """Returns how many episodes there are for each rare step, between 0 and 1: rare steps come in clusters.

    Args:
        rare: (N,) probabilities of the steps of series after one another; NaN is none.
        starts: (N,) where a series begins.
        gap: steps apart that two rare steps of one episode may be.
    """
    known = rare[~np.isnan(rare)]
    if known.size < FEWEST:
        return 1.0
    level = max(float(np.quantile(known, min(0.5, 50 / known.size))), float(np.quantile(known, 0.002)))
    at = np.flatnonzero(rare <= level)
    series = np.cumsum(starts)[at]
    is_new = np.ones(len(at), dtype=bool)
    is_new[1:] = (np.diff(at) > gap) | (np.diff(series) != 0)
    return float((is_new.sum() + 2) / (len(at) + 2))
