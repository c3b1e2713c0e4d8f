"""What each scorer sees: how rare a step is as a point, as the begin of a level, as part of a burst or of a shape.

Each scores every series by itself; how rare a score is, is counted among those of all. No label takes part.

Shapes: ``N`` steps of all series together, ``B`` series of one length, ``T`` steps of each.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel, even_choice
from forecast.evaluation.anomalies.calibration import SMALLEST, calibrate
from forecast.evaluation.anomalies.level import burst_scores, level_scores, spread_forward
from forecast.evaluation.anomalies.residuals.demand import beyond_normal
from forecast.evaluation.anomalies.residuals.residuals import Residuals
from forecast.evaluation.anomalies.settings import AnomalySettings
from forecast.evaluation.anomalies.subsequence import (
    UsualShapes,
    distances_in_size,
    in_size,
    over_steps,
    usual_shapes,
    windows_of,
)
from forecast.models.parallel import in_pieces, side_by_side

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
WINDOWS_A_STEP = 20
"""A series learns its own shapes from at least so many windows for each of their steps; others share theirs."""
OWN_SHAPES, MOST_SHARING = 200, 500
"""Panels of more series share their shapes, which are learned from so many of them."""
APART = 2.0
"""A spike is so many times as far off as the steps beside it; windows are judged without it."""
LEARNED_FROM = 50_000
"""Windows of short series that the shapes of all are learned from."""
TOGETHER = 1 << 15
"""Values of series of one length that are scored at a time: some arrays of as many fit into the cache of a core."""
BLOCKS = 16
"""Of these, that a thread takes at a time."""


def points(panel: Panel, residuals: Residuals, past: BoolArray, settings: AnomalySettings) -> FloatArray:
    """Returns how rare each residual is among those of as many sides, (N,); of intermittent demand, by itself."""
    by_chance = np.empty(0, dtype=np.int64)
    if residuals.intermittent is not None:
        own = np.repeat(residuals.intermittent, panel.lengths)
        by_chance, past = np.flatnonzero(own & ~np.isnan(residuals.values)), past & ~own
    has_past, has_future = ~np.isnan(residuals.forward), ~np.isnan(residuals.backward)
    result = np.full(len(past), np.nan)
    two = has_past & has_future
    if two.any():
        result = _rare_sizes(residuals.both, past & two, settings)(residuals.both)
    for own, side in ((has_past & ~has_future, "from_past"), (has_future & ~has_past, "from_future")):
        at = np.flatnonzero(own & ~np.isnan(residuals.values))
        if at.size:
            errors = getattr(residuals, side)
            result[at] = _rare_sizes(errors, past, settings)(errors[at])
    result[by_chance] = beyond_normal(residuals.both[by_chance])
    return result


def _rare_sizes(errors: FloatArray, past: BoolArray, settings: AnomalySettings) -> Callable[[FloatArray], FloatArray]:
    """Returns what says how rare errors are by their sizes among those of the past; as near as usual is never rare."""
    scale = calibrate(np.abs(errors[past]), settings)

    def rarity(errors: FloatArray) -> FloatArray:
        return np.maximum(scale.rarity(np.abs(errors)), np.exp(-(errors**2)))

    return partial(in_pieces, rarity)


def shifts_of(panel: Panel, residuals: Residuals, settings: AnomalySettings, threads: int = 1) -> FloatArray:
    """Returns how far each step begins a new level, signed, in standard deviations, (N,)."""
    score = partial(level_scores, widths=settings.widths)
    return each(panel, score, residuals.from_past, residuals.from_future, threads=threads)


def levels(
    panel: Panel, residuals: Residuals, shifts: FloatArray, past: BoolArray, settings: AnomalySettings
) -> FloatArray:
    """Returns how rare the change of level is that each step may belong to, of some that are known, (N,)."""
    sizes = each(panel, partial(spread_forward, steps=settings.widths[0]), shifts)
    return _rarity(panel, residuals, sizes, past, settings)


def bursts(panel: Panel, residuals: Residuals, season: int, past: BoolArray, settings: AnomalySettings) -> FloatArray:
    """Returns how rare the size of the residuals around each step is, (N,)."""
    width = max(settings.burst, min(season, settings.longest))
    sizes = each(panel, partial(burst_scores, width=width), residuals.from_past, residuals.from_future)
    return _rarity(panel, residuals, sizes, past, settings)


def shapes(panel: Panel, residuals: Residuals, season: int, past: BoolArray, settings: AnomalySettings) -> FloatArray:
    """Returns how rare the shapes are that each step is part of, (N,)."""
    steps = 2 * season if season > 1 else settings.longest // 2
    clean = partial(_cleaned, settings=settings)
    parts: list[NDArray[np.generic]] = [residuals.values, residuals.expected, residuals.both]
    parts += [part for part in (residuals.shared, residuals.at_once) if part is not None]
    cleaned = each(panel, clean, *parts)
    usual = _shared_shapes(panel, cleaned, steps, settings)
    if usual is not None and len(panel) > OWN_SHAPES:
        far = partial(distances_in_size, usual=usual, steps=steps, settings=settings)
        sizes = each(panel, far, cleaned, together=4 * TOGETHER // min(steps, settings.longest))
        return _rarity(panel, residuals, sizes, past, settings)
    sizes = np.full(len(cleaned), np.nan)
    for i in range(len(panel)):
        own = slice(panel.offsets[i], panel.offsets[i + 1])
        windows = _windows(cleaned[own], steps, settings)
        if windows is None:
            continue
        if usual is None or len(windows) >= WINDOWS_A_STEP * windows.shape[1]:
            distances = usual_shapes(windows, settings).distances(windows)
        else:
            distances = usual.distances(in_size(windows))
        sizes[own] = over_steps(distances / max(float(np.median(distances)), SMALLEST), own.stop - own.start)
    return _rarity(panel, residuals, sizes, past, settings)


def _rarity(
    panel: Panel, residuals: Residuals, sizes: FloatArray, past: BoolArray, settings: AnomalySettings
) -> FloatArray:
    """Returns how rare scores of windows are among those of the past, (N,).

    Of intermittent demand they fall into heaps, and what stands apart from most is a sale: such series are held against
    one another, and nothing of them is left out.
    """
    if residuals.intermittent is None:
        return calibrate(sizes[past], settings.of_windows).rarity(sizes)
    own = np.repeat(residuals.intermittent, panel.lengths)
    of_all = replace(settings.of_windows, doubt=0.0, window_censored=0.0, censored=0.0)
    result = np.full(len(sizes), np.nan)
    for which, how in ((~own, settings.of_windows), (own, of_all)):
        if which.any():
            result[which] = calibrate(sizes[past & which], how).rarity(sizes[which])
    return result


def _cleaned(
    values: FloatArray,
    expected: FloatArray,
    errors: FloatArray,
    shared: FloatArray | None = None,
    at_once: BoolArray | None = None,
    *,
    settings: AnomalySettings,
) -> FloatArray:
    """Returns what was expected where nothing was observed or a value stands alone, else the values, (…, T)."""
    far = np.nan_to_num(np.abs(errors))
    beside = np.zeros_like(far)
    beside[..., 1:] = far[..., :-1]
    np.maximum(beside[..., :-1], far[..., 1:], out=beside[..., :-1])
    spike = (far > settings.clip) & (far > APART * beside)
    if at_once is not None:
        spike |= at_once.astype(bool)
    cleaned = np.where(np.isnan(values) | spike, expected, values)
    return cleaned if shared is None else cleaned - np.nan_to_num(shared)


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


def _shared_shapes(panel: Panel, values: FloatArray, steps: int, settings: AnomalySettings) -> UsualShapes | None:
    """Returns the shapes of all series together, where there are several."""
    if len(panel) == 1:
        return None
    some = even_choice(len(panel), min(len(panel), MOST_SHARING)).tolist()
    parts = [_windows(values[panel.offsets[i] : panel.offsets[i + 1]], steps, settings) for i in some]
    most = max(1, LEARNED_FROM // len(some))
    found = [in_size(part)[even_choice(len(part), min(most, len(part)))] for part in parts if part is not None]
    return usual_shapes(np.concatenate(found), settings) if found else None


def each(
    panel: Panel,
    score: Callable[..., FloatArray],
    *parts: NDArray[np.generic],
    together: int = TOGETHER,
    threads: int = 1,
) -> FloatArray:
    """Returns what is made of parts, (N,) each, of each series by itself, series of one length together, (N,).

    Args:
        panel: whose series they are.
        score: of parts, (B, T) each.
        parts: of the same steps.
        together: values that are scored at a time.
        threads: blocks of series at a time.
    """
    result = np.full(len(panel.values), np.nan)

    def work(blocks: list[IntArray]) -> None:
        for block in blocks:
            begin, length = int(panel.offsets[block[0]]), int(panel.lengths[block[0]])
            end = begin + len(block) * length
            if panel.offsets[block[-1] + 1] == end:  # one after the other
                made = score(*(part[begin:end].reshape(-1, length) for part in parts))
                result[begin:end] = made.ravel()
            else:
                places = panel.offsets[:-1][block, None] + np.arange(length)
                result[places] = score(*(part[places] for part in parts))

    blocks = _blocks(panel, together)
    side_by_side(work, [blocks[begin : begin + BLOCKS] for begin in range(0, len(blocks), BLOCKS)], threads)
    return result


def _blocks(panel: Panel, together: int) -> list[IntArray]:
    """Returns the positions of series of one length, so many that they are scored at a time."""
    order = np.argsort(panel.lengths, kind="stable")
    order = order[panel.lengths[order] > 0]
    lengths, blocks = panel.lengths[order], []
    for alike in np.split(order, np.flatnonzero(np.diff(lengths)) + 1) if len(order) else []:
        size = max(1, together // int(panel.lengths[alike[0]]))
        blocks += [alike[begin : begin + size] for begin in range(0, len(alike), size)]
    return blocks
