"""Every step of a panel scored: how rare it is as a point, as the begin of a level, as a burst and as part of a shape.

Each scorer has its own calibration, so that their scores are probabilities; the combined score is the rarest of them,
calibrated once more. No label takes part.

Shapes: ``S`` series, ``N`` steps of all series together.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.evaluation.anomalies.calibration import SMALLEST, calibrate, episode_scale
from forecast.evaluation.anomalies.level import level_scores
from forecast.evaluation.anomalies.residuals.cross_section import SharedStep
from forecast.evaluation.anomalies.residuals.residuals import Residuals
from forecast.evaluation.anomalies.scorers import bursts, levels, points, shapes, shifts_of
from forecast.evaluation.anomalies.settings import SETTINGS, AnomalySettings
from forecast.models.parallel import in_pieces, side_by_side

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
AnomalyKind = Literal["auto", "point", "level", "shape"]
Scorer = Literal["point", "level", "variance", "shape"]
SCORERS: Mapping[AnomalyKind, tuple[Scorer, ...]] = {
    "auto": ("point", "level", "variance", "shape"),
    "point": ("point",),
    "level": ("level", "variance"),
    "shape": ("shape",),
}
CHANGES: tuple[Scorer, ...] = ("level", "variance")
CLEAR_SHIFT = 5.0
"""Standard deviations from which on a step that stands out begins a new level and is no spike."""
LEARNED_FROM = 1 << 20
"""Residuals that say what is usual, at most, evenly chosen of more."""
LOOKS = 2.0
"""Points, and windows."""
MANY = 1 << 18
"""Values from which on the scorers look side by side."""


@dataclass(frozen=True, eq=False)
class Scores:
    """How unexpected each step is.

    Attributes:
        residuals: what was expected.
        by_scorer: (N,) each, the probability by chance of what each scorer saw; NaN where it saw nothing.
        rarity: (N,) the probability by chance that an episode as rare begins at a step; NaN where nothing was observed
            or expected.
        gap: steps apart that two steps of one episode may be.
        shifts: (N,) how far each step begins a new level, signed, in standard deviations.
        settings: the numbers of the method.
        evidence: (N,) what several scorers saw together, in decimal orders; None of one alone.
    """

    residuals: Residuals
    by_scorer: Mapping[Scorer, FloatArray]
    rarity: FloatArray
    gap: int
    shifts: FloatArray
    settings: AnomalySettings = SETTINGS
    evidence: FloatArray | None = None

    def leading(self, step: int) -> Scorer:
        """Returns the scorer to which a step is least expected."""
        return min(self.by_scorer, key=lambda scorer: self._surprise(scorer, step))

    def _surprise(self, scorer: Scorer, step: int) -> float:
        """Returns how rare a step is to a scorer as far as that counts beside others, in negative decimal orders."""
        rarity = float(self.by_scorer[scorer][step])
        weight = self.settings.change_weight if scorer in CHANGES else 1.0
        return 0.0 if math.isnan(rarity) else weight * math.log10(max(rarity, SMALLEST))

    def with_shared_steps(self, shared: Sequence[SharedStep], alone: Residuals, panel: Panel) -> Self:
        """Returns the scores with what happened to most series at once, each on one step, as it is ``alone`` there."""
        shifts = _shifts_of(panel, alone, [each.place for each in shared], self)
        if "point" not in self.by_scorer:  # of these, new levels are looked for
            shared = [each for each in shared if np.abs(shifts[each.place : each.place + 2]).max() > CLEAR_SHIFT]
        if not shared:
            return self
        at, rarity = np.array([each.place for each in shared]), np.array([each.rarity for each in shared])
        found = {scorer: np.where(np.isin(np.arange(len(own)), at), 1.0, own) for scorer, own in self.by_scorer.items()}
        scorer: Scorer = "point" if "point" in found else "level"
        found[scorer] = _with_least(self.by_scorer[scorer], at, rarity)
        evidence = self.evidence if self.evidence is None else -_with_least(-self.evidence, at, np.log10(rarity))
        return replace(
            self,
            residuals=self.residuals.taking(alone, at),
            by_scorer=found,
            shifts=shifts,
            rarity=_with_least(self.rarity, at, rarity),
            evidence=evidence,
        )

    @cached_property
    def score(self) -> FloatArray:
        """The larger, the less expected: the evidence of all scorers, or of one its probability in orders, (N,)."""
        if self.evidence is not None:
            return np.where(np.isnan(self.rarity), np.nan, self.evidence)
        return in_pieces(lambda rarity: -np.log10(np.maximum(rarity, SMALLEST)), self.rarity)


def _shifts_of(panel: Panel, alone: Residuals, places: Sequence[int], scores: Scores) -> FloatArray:
    """Returns how far each step begins a new level, (N,), of the series of some places as they are alone."""
    result = scores.shifts.copy()
    for i in np.unique(panel.series_of(np.array(places, dtype=np.int64))).tolist():
        own = slice(panel.offsets[i], panel.offsets[i + 1])
        result[own] = level_scores(alone.from_past[own], alone.from_future[own], scores.settings.widths)
    return result


def _with_least(values: FloatArray, at: IntArray, others: FloatArray) -> FloatArray:
    result = values.copy()
    result[at] = np.fmin(values[at], others)
    return result


def score_steps(
    panel: Panel,
    residuals: Residuals,
    season: int,
    kind: AnomalyKind = "auto",
    past: BoolArray | None = None,
    settings: AnomalySettings = SETTINGS,
    threads: int = 1,
) -> Scores:
    """Returns how unexpected each step of a panel is.

    Args:
        panel: that the residuals are of.
        residuals: see ``residuals_of``.
        season: in steps, 1 for none; shapes are as long as two of them.
        kind: which scorers take part.
        past: (N,) the steps by which scores are calibrated; None for all.
        settings: the numbers of the method.
        threads: scorers that look at a time.
    """
    known = ~np.isnan(residuals.both)
    span = _span(panel, past)
    past = known if past is None else known & past
    past = past & _settled(panel, settings)
    shifts = shifts_of(panel, residuals, settings, threads)
    makers: Mapping[Scorer, Callable[[], FloatArray]] = {
        "point": lambda: points(panel, residuals, past, settings),
        "level": lambda: levels(panel, residuals, shifts, past, settings),
        "variance": lambda: bursts(panel, residuals, season, past, settings),
        "shape": lambda: shapes(panel, residuals, season, past, settings),
    }
    many = threads if len(panel.values) >= MANY else 1
    chosen = SCORERS[kind]
    found = dict(zip(chosen, side_by_side(lambda scorer: makers[scorer](), chosen, many), strict=True))
    gap = 1 if kind == "point" else max(settings.burst, min(season, settings.longest))
    starts = np.zeros(len(known), dtype=bool)
    starts[panel.offsets[:-1][panel.lengths > 0]] = True

    def by_episodes(rarity: FloatArray, looks: float = 1.0) -> FloatArray:
        return episode_scale(np.where(past, rarity, np.nan), starts, gap, looks, span).rarity(rarity)

    evidence: FloatArray | None = None
    if len(found) > 1:
        lengths = np.repeat(panel.lengths, panel.lengths)
        evidence, rarity = _combined(found, residuals.both, past, lengths, settings, by_episodes, many)
    else:
        rarity = by_episodes(next(iter(found.values())))
    rarity[~known] = np.nan
    return Scores(residuals, found, rarity, gap, shifts, settings, evidence)


def _span(panel: Panel, past: BoolArray | None) -> float:
    """Returns how many steps of a series are judged, the mean of those of which any is; no end where all are."""
    if past is None:
        return np.inf
    judged = np.diff(np.concatenate([[0], np.cumsum(~past)])[panel.offsets])
    return float(judged[judged > 0].mean()) if judged.any() else np.inf


def _settled(panel: Panel, settings: AnomalySettings) -> BoolArray:
    """Returns the steps whose forecasts from either side had time to settle: others err more than what comes, (N,)."""
    room = np.minimum(settings.settling, panel.lengths // 3)
    edges = np.zeros(len(panel.values) + 1, dtype=np.int8)
    np.add.at(edges, panel.offsets[:-1] + room, 1)
    np.add.at(edges, panel.offsets[1:] - room // 2, -1)
    return np.asarray(np.cumsum(edges[:-1], dtype=np.int8) > 0)


def _combined(
    found: Mapping[Scorer, FloatArray],
    errors: FloatArray,
    past: BoolArray,
    lengths: IntArray,
    settings: AnomalySettings,
    by_episodes: Callable[..., FloatArray],
    threads: int,
) -> tuple[FloatArray, FloatArray]:
    """Returns what all scorers together saw at each step, in decimal orders, and how probable an episode is, (N,).

    A point counts alone where few of its series are as rare by chance, or its residual (of these ``errors``) is far
    beyond the usual ones, and little elsewhere: else the noise of all points would drown what windows tell. What
    windows tell counts together, their mean, and the most telling again as far as it stands out; of long series, whose
    shapes are well known, shapes count several times in the mean.
    That says which steps are odder than others. How rare a step is, is said by the rarer of both, windows by episodes,
    and then by how many episodes the past has at such rarities: so no tail of the one spoils the other.
    """
    names = [scorer for scorer in found if scorer != "point"]

    def by_window_scorers(lengths: IntArray, *seen: FloatArray) -> FloatArray:
        total, weight, most = np.zeros(len(lengths)), np.zeros(len(lengths)), np.zeros(len(lengths))
        for scorer, rarity in zip(names, seen, strict=True):
            own = _orders(rarity)
            is_long = (lengths >= settings.long) & (scorer == "shape")
            counts = np.where(is_long, settings.long_shape, 1.0)
            total += counts * np.minimum(own, settings.most_orders)
            weight += counts
            np.maximum(most, settings.change_weight * own if scorer in CHANGES else own, out=most)
        return total / weight + np.clip(most - settings.beyond, 0, settings.beyond_most)

    told = in_pieces(by_window_scorers, lengths, *(found[scorer] for scorer in names), threads=threads)
    by_windows = by_episodes(calibrate(told[past], settings.of_windows).rarity(told))
    if "point" not in found:
        return told, by_windows
    half, orders = _beyond_usual(errors, past)

    def of_all_scorers(lengths: IntArray, errors: FloatArray, point: FloatArray, told: FloatArray) -> FloatArray:
        point, far = _orders(point), np.nan_to_num(np.log10(2) + (np.abs(errors) - half) / orders)
        counts_alone = (point > np.log10(lengths / settings.alike)) | (far > settings.far)
        return np.maximum(np.where(counts_alone, np.maximum(point, far), settings.weak * point), told)

    evidence = in_pieces(of_all_scorers, lengths, errors, found["point"], told, threads=threads)
    return evidence, by_episodes(np.fmin(found["point"], by_windows), LOOKS)


def _orders(rarity: FloatArray) -> FloatArray:
    """Returns probabilities in decimal orders of rarity, 0 where none is known."""
    return np.nan_to_num(-np.log10(np.maximum(rarity, SMALLEST)))


def _beyond_usual(sizes: FloatArray, past: BoolArray) -> tuple[float, float]:
    """Returns the middle of the usual sizes, and how far a tenth as many lie beyond it: from 1/2 to 1/20.

    Where many are odd, ranks alone call none of them rare; so sizes count as if all fell off as the usual ones do.
    """
    known = sizes[past]
    known = known[:: -(-len(known) // LEARNED_FROM)] if len(known) else np.zeros(1)
    half, rare = np.quantile(np.abs(known[~np.isnan(known)]), [0.5, 0.95])
    return float(half), float(max(rare - half, SMALLEST))
