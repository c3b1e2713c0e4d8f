"""Every step of a panel scored: how rare it is as a point, as the begin of a level, as a burst and as part of a shape.

Each scorer has its own calibration, so that their scores are probabilities; the combined score is the rarest of them,
calibrated once more. No label takes part.

Shapes: ``S`` series, ``N`` steps of all series together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.evaluation.anomalies.calibration import SMALLEST, calibrate, extremal_index
from forecast.evaluation.anomalies.level import burst_scores, level_scores, spread_forward
from forecast.evaluation.anomalies.residuals import Residuals
from forecast.evaluation.anomalies.settings import SETTINGS, AnomalySettings
from forecast.evaluation.anomalies.subsequence import over_steps, shape_distances, windows_of

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
AnomalyKind = Literal["auto", "point", "level", "shape"]
Scorer = Literal["point", "level", "variance", "shape"]
SCORERS: Mapping[AnomalyKind, tuple[Scorer, ...]] = {
    "auto": ("point", "level", "variance", "shape"),
    "point": ("point",),
    "level": ("level", "variance"),
    "shape": ("shape",),
}
WINDOWS_A_STEP = 20
"""A series learns its own shapes from at least so many windows for each of their steps; others share theirs."""
LEARNED_FROM = 50_000
"""Windows of short series that the shapes of all are learned from."""


@dataclass(frozen=True, eq=False)
class Scores:
    """How unexpected each step is.

    Attributes:
        residuals: what was expected.
        by_scorer: (N,) each, the probability by chance of what each scorer saw; NaN where it saw nothing.
        rarity: (N,) the probability by chance of all of them together; NaN where nothing was observed or expected.
        clusters: episodes for each rare step.
        gap: steps apart that two steps of one episode may be.
        signs: (N,) how far each step begins a new level, signed, in standard deviations.
        settings: the numbers of the method.
    """

    residuals: Residuals
    by_scorer: Mapping[Scorer, FloatArray]
    rarity: FloatArray
    clusters: float
    gap: int
    signs: FloatArray
    settings: AnomalySettings = SETTINGS

    def leading(self, step: int) -> Scorer:
        """Returns the scorer to which a step is least expected."""
        seen = {
            scorer: _evidence(scorer, own[step : step + 1], self.settings) for scorer, own in self.by_scorer.items()
        }
        return max(seen, key=lambda scorer: float(np.nan_to_num(seen[scorer][0])))

    @cached_property
    def score(self) -> FloatArray:
        """The larger, the less expected: minus the decimal logarithm of the probability, (N,)."""
        return np.asarray(-np.log10(np.maximum(self.rarity, SMALLEST)))


def score_steps(
    panel: Panel,
    residuals: Residuals,
    season: int,
    kind: AnomalyKind = "auto",
    past: BoolArray | None = None,
    settings: AnomalySettings = SETTINGS,
) -> Scores:
    """Returns how unexpected each step of a panel is.

    Args:
        panel: that the residuals are of.
        residuals: see ``residuals_of``.
        season: in steps, 1 for none; shapes are as long as two of them.
        kind: which scorers take part.
        past: (N,) the steps by which scores are calibrated; None for all.
        settings: the numbers of the method.
    """
    past = np.ones(len(panel.values), dtype=bool) if past is None else past
    past = past & _settled(panel, settings)
    makers: Mapping[Scorer, Callable[[], FloatArray]] = {
        "point": lambda: _points(residuals, past, settings),
        "level": lambda: _levels(panel, residuals, past, settings),
        "variance": lambda: _bursts(panel, residuals, season, past, settings),
        "shape": lambda: _shapes(panel, residuals, season, past, settings),
    }
    found = {scorer: makers[scorer]() for scorer in SCORERS[kind]}
    known = ~np.isnan(residuals.both)
    evidence = np.where(known, np.fmax.reduce([_evidence(each, own, settings) for each, own in found.items()]), np.nan)
    rarity = next(iter(found.values()))
    if len(found) > 1:
        rarity = calibrate(np.where(past, evidence, np.nan), settings.of_windows).rarity(evidence)
    rarity = np.where(known, rarity, np.nan)
    gap = 1 if kind == "point" else max(settings.burst, min(season, settings.longest))
    starts = np.zeros(len(rarity), dtype=bool)
    starts[panel.offsets[:-1][panel.lengths > 0]] = True
    clusters = extremal_index(np.where(past, rarity, np.nan), starts, gap)
    return Scores(residuals, found, rarity, clusters, gap, _signs(panel, residuals, settings), settings)


def _settled(panel: Panel, settings: AnomalySettings) -> BoolArray:
    """Returns the steps whose forecasts from either side had time to settle: others err more than what comes, (N,)."""
    lengths = np.repeat(panel.lengths, panel.lengths)
    places = np.arange(len(panel.values)) - np.repeat(panel.offsets[:-1], panel.lengths)
    room = np.minimum(settings.settling, lengths // 3)
    return np.asarray((places >= room) & (lengths - 1 - places >= room // 2))


def _evidence(scorer: Scorer, rarity: FloatArray, settings: AnomalySettings) -> FloatArray:
    """Returns how much the rarity that a scorer saw counts beside the others', in decimal orders, (N,)."""
    weight = settings.change_weight if scorer in ("level", "variance") else 1.0
    return np.asarray(-weight * np.log10(np.maximum(rarity, SMALLEST)))


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


def _levels(panel: Panel, residuals: Residuals, past: BoolArray, settings: AnomalySettings) -> FloatArray:
    """Returns how rare the change of level is that each step may belong to, (N,)."""
    sizes = _each(panel, lambda own: spread_forward(_level_of(residuals, own, settings), settings.widths[0]))
    return calibrate(np.where(past & ~np.isnan(residuals.both), sizes, np.nan), settings.of_windows).rarity(sizes)


def _signs(panel: Panel, residuals: Residuals, settings: AnomalySettings) -> FloatArray:
    return _each(panel, lambda own: _level_of(residuals, own, settings))


def _level_of(residuals: Residuals, own: slice, settings: AnomalySettings) -> FloatArray:
    past, future = ((residuals.values[own] - made[own]) / scale[own] for made, scale in _sides(residuals))
    return level_scores(past, future, settings.widths)


def _sides(residuals: Residuals) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    return (residuals.forward, residuals.ahead), (residuals.backward, residuals.behind)


def _bursts(panel: Panel, residuals: Residuals, season: int, past: BoolArray, settings: AnomalySettings) -> FloatArray:
    """Returns how rare the size of the residuals around each step is, (N,)."""
    width = max(settings.burst, min(season, settings.longest))

    def of_series(own: slice) -> FloatArray:
        sides = [(residuals.values[own] - made[own]) / scale[own] for made, scale in _sides(residuals)]
        return burst_scores(sides[0], sides[1], width)

    sizes = _each(panel, of_series)
    return calibrate(np.where(past & ~np.isnan(residuals.both), sizes, np.nan), settings.of_windows).rarity(sizes)


def _shapes(panel: Panel, residuals: Residuals, season: int, past: BoolArray, settings: AnomalySettings) -> FloatArray:
    """Returns how rare the shapes are that each step is part of, (N,)."""
    steps = 2 * season if season > 1 else settings.longest // 2
    spike = np.abs(residuals.both) > settings.clip
    spike &= ~(np.roll(spike, 1) | np.roll(spike, -1))
    cleaned = np.where(np.isnan(residuals.values) | spike, residuals.expected, residuals.values)
    sizes = np.full(len(cleaned), np.nan)
    shared: list[tuple[slice, FloatArray]] = []
    for i in range(len(panel)):
        own = slice(panel.offsets[i], panel.offsets[i + 1])
        values = cleaned[own]
        if len(values) < 2 * steps or np.isnan(values).all():
            continue
        seen = np.flatnonzero(~np.isnan(values))
        windows = windows_of(np.interp(np.arange(len(values)), seen, values[seen]), steps, settings)
        if len(windows) >= WINDOWS_A_STEP * windows.shape[1]:
            sizes[own] = over_steps(shape_distances(windows, settings), len(values))
        else:
            shared.append((own, windows / max(float(windows.std()), 1e-300)))
    if shared:
        distances = shape_distances(np.concatenate([windows for _, windows in shared]), settings)
        parts = np.split(distances, np.cumsum([len(windows) for _, windows in shared])[:-1])
        for (own, _), part in zip(shared, parts, strict=True):
            sizes[own] = over_steps(part, own.stop - own.start)
    return calibrate(np.where(past, sizes, np.nan), settings.of_windows).rarity(sizes)


def _each(panel: Panel, score: Callable[[slice], FloatArray]) -> FloatArray:
    """Returns what is made of each series by itself, (N,)."""
    result = np.full(len(panel.values), np.nan)
    for begin, end in zip(panel.offsets[:-1].tolist(), panel.offsets[1:].tolist(), strict=True):
        if end > begin:
            result[begin:end] = score(slice(begin, end))
    return result
