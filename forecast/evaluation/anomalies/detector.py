"""Every step of a panel scored: how rare it is as a point, as the begin of a level, as a burst and as part of a shape.

Each scorer has its own calibration, so that their scores are probabilities; the combined score is the rarest of them,
calibrated once more. No label takes part.

Shapes: ``S`` series, ``N`` steps of all series together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel, even_choice
from forecast.evaluation.anomalies.calibration import SMALLEST, calibrate, episode_scale
from forecast.evaluation.anomalies.cross_section import Together
from forecast.evaluation.anomalies.level import burst_scores, level_scores, spread_forward
from forecast.evaluation.anomalies.residuals import Residuals
from forecast.evaluation.anomalies.settings import SETTINGS, AnomalySettings
from forecast.evaluation.anomalies.subsequence import UsualShapes, over_steps, usual_shapes, windows_of
from forecast.models.parallel import side_by_side

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
WINDOWS_A_STEP = 20
"""A series learns its own shapes from at least so many windows for each of their steps; others share theirs."""
OWN_SHAPES, MOST_SHARING = 200, 500
"""Panels of more series share their shapes, which are learned from so many of them."""
CLEAR_SHIFT = 5.0
"""Standard deviations from which on a step that stands out begins a new level and is no spike."""
APART = 2.0
"""A spike is so many times as far off as the steps beside it; windows are judged without it."""
LEARNED_FROM = 50_000
"""Windows of short series that the shapes of all are learned from."""
LOOKS = 2.0
"""Points, and windows."""
MANY = 1 << 18
"""Values from which on the scorers look side by side."""
TOGETHER = 1 << 17
"""Values of series of one length that are scored at a time."""


@dataclass(frozen=True, eq=False)
class Scores:
    """How unexpected each step is.

    Attributes:
        residuals: what was expected.
        by_scorer: (N,) each, the probability by chance of what each scorer saw; NaN where it saw nothing.
        rarity: (N,) the probability by chance that an episode as rare begins at a step; NaN where nothing was observed
            or expected.
        gap: steps apart that two steps of one episode may be.
        signs: (N,) how far each step begins a new level, signed, in standard deviations.
        settings: the numbers of the method.
        evidence: (N,) what several scorers saw together, in decimal orders; None of one alone.
    """

    residuals: Residuals
    by_scorer: Mapping[Scorer, FloatArray]
    rarity: FloatArray
    gap: int
    signs: FloatArray
    settings: AnomalySettings = SETTINGS
    evidence: FloatArray | None = None

    def leading(self, step: int) -> Scorer:
        """Returns the scorer to which a step is least expected."""
        seen = {
            scorer: _evidence(scorer, own[step : step + 1], self.settings) for scorer, own in self.by_scorer.items()
        }
        return max(seen, key=lambda scorer: float(np.nan_to_num(seen[scorer][0])))

    def told_once(self, shared: Sequence[Together], alone: Residuals, panel: Panel) -> Self:
        """Returns the scores with what happened to most series at once, each on one step, as it is ``alone`` there."""
        signs = _signs_of(panel, alone, [each.place for each in shared], self)
        if "point" not in self.by_scorer:  # of these, new levels are looked for
            shared = [each for each in shared if np.abs(signs[each.place : each.place + 2]).max() > CLEAR_SHIFT]
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
            signs=signs,
            rarity=_with_least(self.rarity, at, rarity),
            evidence=evidence,
        )

    @cached_property
    def score(self) -> FloatArray:
        """The larger, the less expected: the evidence of all scorers, or of one its probability in orders, (N,)."""
        if self.evidence is not None:
            return np.where(np.isnan(self.rarity), np.nan, self.evidence)
        return np.asarray(-np.log10(np.maximum(self.rarity, SMALLEST)))


def _signs_of(panel: Panel, alone: Residuals, places: Sequence[int], scores: Scores) -> FloatArray:
    """Returns how far each step begins a new level, (N,), of the series of some places as they are alone."""
    result = scores.signs.copy()
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
    past = np.ones(len(panel.values), dtype=bool) if past is None else past
    past = past & _settled(panel, settings)
    signs = _signs(panel, residuals, settings)
    makers: Mapping[Scorer, Callable[[], FloatArray]] = {
        "point": lambda: _points(residuals, past, settings),
        "level": lambda: _levels(panel, residuals, signs, past, settings),
        "variance": lambda: _bursts(panel, residuals, season, past, settings),
        "shape": lambda: _shapes(panel, residuals, season, past, settings),
    }
    many = threads if len(panel.values) >= MANY else 1
    chosen = SCORERS[kind]
    found = dict(zip(chosen, side_by_side(lambda scorer: makers[scorer](), chosen, many), strict=True))
    known = ~np.isnan(residuals.both)
    gap = 1 if kind == "point" else max(settings.burst, min(season, settings.longest))
    starts = np.zeros(len(known), dtype=bool)
    starts[panel.offsets[:-1][panel.lengths > 0]] = True

    def by_episodes(rarity: FloatArray, looks: float = 1.0) -> FloatArray:
        return episode_scale(np.where(past & known, rarity, np.nan), starts, gap, looks).rarity(rarity)

    evidence: FloatArray | None = None
    if len(found) > 1:
        evidence, rarity = _together(
            found, np.abs(residuals.both), past & known, np.repeat(panel.lengths, panel.lengths), settings, by_episodes
        )
    else:
        rarity = by_episodes(next(iter(found.values())))
    rarity = np.where(known, rarity, np.nan)
    return Scores(residuals, found, rarity, gap, signs, settings, evidence)


def _settled(panel: Panel, settings: AnomalySettings) -> BoolArray:
    """Returns the steps whose forecasts from either side had time to settle: others err more than what comes, (N,)."""
    lengths = np.repeat(panel.lengths, panel.lengths)
    places = np.arange(len(panel.values)) - np.repeat(panel.offsets[:-1], panel.lengths)
    room = np.minimum(settings.settling, lengths // 3)
    return np.asarray((places >= room) & (lengths - 1 - places >= room // 2))


def _evidence(scorer: Scorer, rarity: FloatArray, settings: AnomalySettings) -> FloatArray:
    """Returns how much the rarity that a scorer saw counts beside the others', in decimal orders, (N,)."""
    weight = settings.change_weight if scorer in CHANGES else 1.0
    return np.asarray(-weight * np.log10(np.maximum(rarity, SMALLEST)))


def _together(
    found: Mapping[Scorer, FloatArray],
    sizes: FloatArray,
    past: BoolArray,
    lengths: IntArray,
    settings: AnomalySettings,
    by_episodes: Callable[..., FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Returns what all scorers together saw at each step, in decimal orders, and how probable an episode is, (N,).

    A point counts alone where few of its series are as rare by chance, or its residual (of these ``sizes``) is far
    beyond the usual ones, and little elsewhere: else the noise of all points would drown what windows tell. What
    windows tell counts together, their mean, and the most telling again as far as it stands out; of long series, whose
    shapes are well known, shapes count several times in the mean.
    That says which steps are odder than others. How rare a step is, is said by the rarer of both, windows by episodes,
    and then by how many episodes the past has at such rarities: so no tail of the one spoils the other.
    """
    windows = {scorer: np.nan_to_num(-np.log10(np.maximum(own, SMALLEST)))
               for scorer, own in found.items() if scorer != "point"}  # fmt: skip
    weights = {scorer: np.where((lengths >= settings.long) & (scorer == "shape"), settings.long_shape, 1.0)
               for scorer in windows}  # fmt: skip
    heard = np.sum([weights[scorer] * np.minimum(own, settings.heard) for scorer, own in windows.items()], axis=0)
    mean = heard / np.sum(list(weights.values()), axis=0)
    weighed = [settings.change_weight * own if scorer in CHANGES else own for scorer, own in windows.items()]
    told = mean + np.clip(np.maximum.reduce(weighed) - settings.beyond, 0, settings.beyond_most)
    scale = calibrate(np.where(past, told, np.nan), settings.of_windows)
    by_windows = by_episodes(scale.rarity(told))
    if "point" not in found:
        return told, by_windows
    point, far = np.nan_to_num(_evidence("point", found["point"], settings)), _beyond_usual(sizes, past)
    speaks = (point > np.log10(lengths / settings.speaks)) | (far > settings.loud)
    seen = np.maximum(np.where(speaks, np.maximum(point, far), settings.murmur * point), told)
    return seen, by_episodes(np.fmin(found["point"], by_windows), LOOKS)


def _beyond_usual(sizes: FloatArray, past: BoolArray) -> FloatArray:
    """Returns how rare sizes were, in decimal orders, if all fell off as the usual ones do, from 1/2 to 1/20 (N,).

    Where many are odd, ranks alone call none of them rare.
    """
    known = sizes[past & ~np.isnan(sizes)]
    if not known.size:
        return np.zeros(len(sizes))
    half, rare = np.quantile(known, [0.5, 0.95])
    return np.asarray(np.nan_to_num(np.log10(2) + (sizes - half) / max(rare - half, SMALLEST)))


def _points(residuals: Residuals, past: BoolArray, settings: AnomalySettings) -> FloatArray:
    """Returns how rare each residual is among those of as many sides, (N,)."""
    sides = (residuals.both, residuals.from_past, residuals.from_future)
    have = [~np.isnan(side) for side in sides[1:]]
    is_of = (have[0] & have[1], have[0] & ~have[1], have[1] & ~have[0])
    result = np.full(len(past), np.nan)
    for side, own in zip(sides, is_of, strict=True):
        if own.any():
            usual = own if side is sides[0] else ~np.isnan(side)
            sizes = np.abs(side)
            rarity = calibrate(np.where(past & usual, sizes, np.nan), settings).rarity(sizes[own])
            result[own] = np.maximum(rarity, np.exp(-(sizes[own] ** 2)))  # what is as near as usual is never rare
    return result


def _levels(
    panel: Panel, residuals: Residuals, signs: FloatArray, past: BoolArray, settings: AnomalySettings
) -> FloatArray:
    """Returns how rare the change of level is that each step may belong to, (N,)."""
    sizes = _each(panel, partial(spread_forward, steps=settings.widths[0]), signs)
    return calibrate(np.where(past & ~np.isnan(residuals.both), sizes, np.nan), settings.of_windows).rarity(sizes)


def _signs(panel: Panel, residuals: Residuals, settings: AnomalySettings) -> FloatArray:
    """Returns how far each step begins a new level, (N,)."""
    score = partial(level_scores, widths=settings.widths)
    return _each(panel, score, residuals.from_past, residuals.from_future)


def _bursts(panel: Panel, residuals: Residuals, season: int, past: BoolArray, settings: AnomalySettings) -> FloatArray:
    """Returns how rare the size of the residuals around each step is, (N,)."""
    width = max(settings.burst, min(season, settings.longest))
    sizes = _each(panel, partial(burst_scores, width=width), residuals.from_past, residuals.from_future)
    return calibrate(np.where(past & ~np.isnan(residuals.both), sizes, np.nan), settings.of_windows).rarity(sizes)


def _shapes(panel: Panel, residuals: Residuals, season: int, past: BoolArray, settings: AnomalySettings) -> FloatArray:
    """Returns how rare the shapes are that each step is part of, (N,)."""
    steps = 2 * season if season > 1 else settings.longest // 2
    far = np.nan_to_num(np.abs(residuals.both))
    spike = (far > settings.clip) & (far > APART * np.maximum(np.roll(far, 1), np.roll(far, -1)))
    if residuals.at_once is not None:
        spike |= residuals.at_once
    cleaned = np.where(np.isnan(residuals.values) | spike, residuals.expected, residuals.values)
    if residuals.shared is not None:
        cleaned = cleaned - np.nan_to_num(residuals.shared)
    sizes = np.full(len(cleaned), np.nan)
    usual = _shared_shapes(panel, cleaned, steps, settings)
    for i in range(len(panel)):
        own = slice(panel.offsets[i], panel.offsets[i + 1])
        windows = _windows(cleaned[own], steps, settings)
        if windows is None:
            continue
        if usual is None or (len(panel) <= OWN_SHAPES and len(windows) >= WINDOWS_A_STEP * windows.shape[1]):
            distances = usual_shapes(windows, settings).distances(windows)
        else:
            distances = usual.distances(_in_size(windows))
        sizes[own] = over_steps(distances / max(float(np.median(distances)), SMALLEST), own.stop - own.start)
    return calibrate(np.where(past, sizes, np.nan), settings.of_windows).rarity(sizes)


def _windows(values: FloatArray, steps: int, settings: AnomalySettings) -> FloatArray | None:
    """Returns the windows of one series, its gaps bridged, (M, w); None where it is too short."""
    if len(values) < 2 * steps:
        return None
    known = ~np.isnan(values)
    if not known.all():
        seen = np.flatnonzero(known)
        if not seen.size:
            return None
        values = np.interp(np.arange(len(values)), seen, values[seen])
    return windows_of(values, steps, settings)


def _in_size(windows: FloatArray) -> FloatArray:
    """Returns the windows of a series in units of how far it varies within one."""
    return windows / max(float(windows.std()), SMALLEST)


def _shared_shapes(panel: Panel, values: FloatArray, steps: int, settings: AnomalySettings) -> UsualShapes | None:
    """Returns the shapes of all series together, where there are several."""
    if len(panel) == 1:
        return None
    some = even_choice(len(panel), min(len(panel), MOST_SHARING)).tolist()
    parts = [_windows(values[panel.offsets[i] : panel.offsets[i + 1]], steps, settings) for i in some]
    each = max(1, LEARNED_FROM // len(some))
    found = [_in_size(part)[even_choice(len(part), min(each, len(part)))] for part in parts if part is not None]
    return usual_shapes(np.concatenate(found), settings) if found else None


def _each(panel: Panel, score: Callable[..., FloatArray], *parts: FloatArray) -> FloatArray:
    """Returns what is made of parts, (N,) each, of each series by itself, series of one length together, (N,)."""
    result = np.full(len(panel.values), np.nan)
    order = np.argsort(panel.lengths, kind="stable")
    order = order[panel.lengths[order] > 0]
    lengths = panel.lengths[order]
    for block in np.split(order, np.flatnonzero(np.diff(lengths)) + 1) if len(order) else []:
        length = int(panel.lengths[block[0]])
        size = max(1, TOGETHER // length)
        for begin in range(0, len(block), size):
            places = panel.offsets[:-1][block[begin : begin + size], None] + np.arange(length)
            result[places] = score(*(part[places] for part in parts))
    return result
