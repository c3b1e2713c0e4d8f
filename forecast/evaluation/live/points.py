"""Issued forecasts beside what came true.

     origin
        │ 1   2   3   4   step
  ──────┤ f   f   f   f          issued then
  ──────┼─────────┤              known now: steps 1 and 2 have come true, 3 and 4 are not scored yet

Shapes: ``P`` points, ``S`` series, ``H`` horizon.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.files.written.forecast_csv import ForecastTable
from forecast.data.panel import FloatArray, IntArray, Panel, places_of
from forecast.interval_levels import LEVELS
from forecast.models.classical.baselines import seasonal_naive


@dataclass(frozen=True, eq=False)
class LivePoints:
    """Issued forecasts beside what came true: one a series, version, origin and step."""

    series: IntArray  # (P,) place in the panel
    versions: IntArray  # (P,) numbers: 3 for v3
    origins: IntArray  # (P,) ordinals of the panel's frequency
    steps: IntArray  # (P,)
    forecasts: FloatArray  # (P,)
    bounds: FloatArray  # (2 · levels, P), lower and upper level by level; NaN where there is no interval
    truths: FloatArray  # (P,) NaN where nothing was observed, or not yet
    naive: FloatArray  # (P,) seasonal naive from the same origin; NaN where that had nothing to repeat
    scales: FloatArray  # (P,) ``naive_scale`` of the series up to the origin; NaN where that is not known
    widened: FloatArray  # (P,) how many times as wide as the version's own its bounds were issued
    levels: tuple[float, ...] = LEVELS  # that any of them has, and the usual ones

    @property
    def arrived(self) -> NDArray[np.bool_]:
        """Which have come true, (P,)."""
        return ~np.isnan(self.truths)

    def bounds_of(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Returns the lower and the upper bounds of a level, (P,) each."""
        place = 2 * self.levels.index(level)
        return self.bounds[place], self.bounds[place + 1]

    def some(self, which: NDArray[np.bool_]) -> Self:
        """Returns the points for which ``which`` (P,) is true."""
        return type(self)(
            self.series[which],
            self.versions[which],
            self.origins[which],
            self.steps[which],
            self.forecasts[which],
            self.bounds[:, which],
            self.truths[which],
            self.naive[which],
            self.scales[which],
            self.widened[which],
            self.levels,
        )

    def as_wide_as(self, factor: float) -> Self:
        """Returns the points with all bounds so many times as wide as the version's own."""
        scaled = self.forecasts + (self.bounds - self.forecasts) * (factor / self.widened)
        return replace(
            self,
            bounds=np.where(self.widened == factor, self.bounds, scaled),
            widened=np.full_like(self.widened, factor),
        )


def with_naive(points: LivePoints, panel: Panel, season: int) -> LivePoints:
    """Returns points that have come true with what the seasonal naive forecast from the same origins."""
    return replace(points, naive=_seasonal_naive(panel, points.series, points.origins, points.steps, season))


def join_live(
    panel: Panel, tables: Iterable[ForecastTable], season: int | None, *, lone: bool
) -> tuple[LivePoints, int]:
    """Returns issued forecasts beside the truths of a panel, and how many rows fit nothing in it.

    A forecast that was issued again for the same series, version, origin and step counts once, as it was issued
    first: nobody can mend a forecast afterwards.

    Args:
        panel: What is known now.
        tables: As they were issued, oldest first.
        season: Of the seasonal naive, in steps; None where nobody asks what that forecast.
        lone: The panel is one series without a name of its own: forecasts fit it whatever they call theirs.
    """
    tables, parts, lost = list(tables), [], 0
    levels = tuple(sorted({*LEVELS, *(level for table in tables for level in table.levels)}))
    for table in tables:
        part, fits = _placed(panel, table, levels, lone)
        parts.append(part[:, fits])
        lost += int((~fits).sum())
    columns = np.concatenate([np.empty((6 + 2 * len(levels), 0)), *parts], axis=1)
    keys = columns[:4].astype(np.int64)
    order = np.lexsort(keys[::-1])  # stable: of equal keys, the one issued first comes first
    is_new = np.ones(order.size, dtype=bool)
    is_new[1:] = (np.diff(keys[:, order], axis=1) != 0).any(axis=0)
    series, versions, origins, steps = keys[:, order[is_new]]
    values = columns[4:, order[is_new]]
    truths = _observed(panel, series, origins + steps)
    naive = np.full(truths.shape, np.nan)
    scales, due = naive, ~np.isnan(truths)
    if season is not None:
        naive[due] = _seasonal_naive(panel, series[due], origins[due], steps[due], season)
        scales = _naive_scales(panel, series, origins, season)
    known = (truths, naive, scales, values[1])
    return LivePoints(series, versions, origins, steps, values[0], values[2:], *known, levels), lost


def _placed(
    panel: Panel, table: ForecastTable, levels: Sequence[float], lone: bool
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Returns the rows of a table in places and ordinals of the panel, (6 + 2 · levels, P), and which fit it, (P,)."""
    frequency = panel.frequency
    ids = table.series_ids
    places = np.zeros(len(ids), dtype=np.int64) if lone else places_of(ids, panel.series_ids)
    numbers = np.array([_number(label) for label in table.versions], dtype=np.int64)
    fits = frequency.on_step(table.timestamps) & frequency.on_step(table.origins) & ~np.isnan(table.point)
    origins = np.zeros(fits.shape, dtype=np.int64)
    origins[fits] = frequency.ordinals(table.origins[fits])
    # Of another frequency: the first of the next month is a day too, but not the next one.
    fits[fits] = frequency.ordinals(table.timestamps[fits]) - origins[fits] == table.steps[fits]
    series, versions = places[table.series], numbers[table.version]
    fits &= (series >= 0) & (versions >= 0)
    bounds = [table.bounds_of(level) for level in levels]
    return np.vstack([series, versions, origins, table.steps, table.point, table.widened, *bounds]), fits


def _number(label: str) -> int:
    digits = label.removeprefix("v")
    return int(digits) if digits.isdecimal() and digits.isascii() else -1


def _observed(panel: Panel, series: IntArray, ordinals: IntArray) -> FloatArray:
    """Returns what was observed of each series at each ordinal, NaN where nothing was: (P,)."""
    position = ordinals - panel.first[series]
    inside = (position >= 0) & (position < panel.lengths[series])
    observed = np.full(series.shape, np.nan)
    observed[inside] = panel.values[panel.offsets[series[inside]] + position[inside]]
    return observed


def _seasonal_naive(panel: Panel, series: IntArray, origins: IntArray, steps: IntArray, season: int) -> FloatArray:
    """Returns the seasonal naive forecast of each point from what its origin knew, gaps filled from that alone."""
    forecasts = np.full(series.shape, np.nan)
    order = np.argsort(origins, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(origins[order])) + 1):
        if rows.size == 0:
            continue
        places, which = np.unique(series[rows], return_inverse=True)
        some = panel.select(places)
        known = some.until(np.clip(origins[rows[0]] - some.first + 1, 0, some.lengths))
        repeated = seasonal_naive(known, int(steps[rows].max()), season)  # (S, H)
        forecasts[rows] = np.where(known.lengths[which] > 0, repeated[which, steps[rows] - 1], np.nan)
    return forecasts


def _naive_scales(panel: Panel, series: IntArray, origins: IntArray, season: int) -> FloatArray:
    """Returns the ``naive_scale`` of each point's series up to its origin, (P,)."""
    known = np.clip(origins - panel.first[series] + 1, 0, panel.lengths[series])
    pairs, point = np.unique(np.stack([series, known]), axis=1, return_inverse=True)
    own, steps = pairs
    scales = np.full(own.shape, np.nan)
    for lag, which in ((season, steps > season), (1, (steps <= season) & (steps > 1))):
        if not which.any():
            continue
        differences = np.zeros(panel.values.size + 1)  # one more, at which a sum may end
        differences[lag:-1] = np.abs(panel.values[lag:] - panel.values[:-lag])
        begin = panel.offsets[own[which]]
        spans = np.stack([begin + lag, begin + steps[which]], axis=1).ravel()  # each series is summed by itself
        sums, counts = (
            np.add.reduceat(each, spans)[::2]
            for each in (np.nan_to_num(differences), (~np.isnan(differences)).astype(np.float64))
        )
        scales[which] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return np.asarray(scales[point])
