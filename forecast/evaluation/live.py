"""Live scores: how good issued forecasts were, once the truth has arrived.

     origin
        │ 1   2   3   4   step
  ──────┤ f   f   f   f          issued then
  ──────┼─────────┤              known now: steps 1 and 2 have come true, 3 and 4 are not scored yet

Shapes: ``P`` points, ``S`` series, ``H`` horizon.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.files.forecast_csv import ForecastTable
from forecast.data.panel import FloatArray, IntArray, Panel, places_of
from forecast.evaluation import metrics
from forecast.interval_levels import LEVELS
from forecast.models.classical.baselines import seasonal_naive

ALL = "all"
MOST_GROUPS = 4  # of steps


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
            self.levels,
        )


@dataclass(frozen=True)
class LiveScore:
    """The error of some issued forecasts; errors are in the target's unit, None where nothing can be said."""

    version: str  # such as v3, or all
    steps: str  # such as 1-3, or all
    issued: int
    points: int  # have come true: all numbers to the right stand on these
    origins: int
    rmse: float
    mae: float
    bias: float  # mean of forecast − truth: above zero where forecasts are too high
    coverage: Mapping[float, float | None]  # by level, share of truths inside the intervals
    naive_rmse: float | None  # of seasonal naive from the same origins
    skill: float | None  # 1 − rmse / naive_rmse, both on the points that seasonal naive could forecast


@dataclass(frozen=True, eq=False)
class OriginErrors:
    """The RMSE of each issued forecast over all series and the steps that have come true: ``K`` of them."""

    versions: IntArray  # (K,) numbers, ascending
    origins: IntArray  # (K,) ordinals, ascending within a version
    rmse: FloatArray  # (K,)
    naive_rmse: FloatArray  # (K,) of seasonal naive from the same origin; NaN where it knew nothing
    is_complete: NDArray[np.bool_]  # (K,) whether every point of it has come true


def join_live(panel: Panel, tables: Iterable[ForecastTable], season: int, *, lone: bool) -> tuple[LivePoints, int]:
    """Returns issued forecasts beside the truths of a panel, and how many rows fit nothing in it.

    A forecast that was issued again for the same series, version, origin and step counts once, as it was issued
    first: nobody can mend a forecast afterwards.

    Args:
        panel: What is known now.
        tables: As they were issued, oldest first.
        season: Of the seasonal naive, in steps.
        lone: The panel is one series without a name of its own: forecasts fit it whatever they call theirs.
    """
    tables, parts, lost = list(tables), [], 0
    levels = tuple(sorted({*LEVELS, *(level for table in tables for level in table.levels)}))
    for table in tables:
        part, fits = _placed(panel, table, levels, lone)
        parts.append(part[:, fits])
        lost += int((~fits).sum())
    columns = np.concatenate([np.empty((5 + 2 * len(levels), 0)), *parts], axis=1)
    keys = columns[:4].astype(np.int64)
    order = np.lexsort(keys[::-1])  # stable: of equal keys, the one issued first comes first
    is_new = np.ones(order.size, dtype=bool)
    is_new[1:] = (np.diff(keys[:, order], axis=1) != 0).any(axis=0)
    series, versions, origins, steps = keys[:, order[is_new]]
    values = columns[4:, order[is_new]]
    truths = _observed(panel, series, origins + steps)
    naive = np.full(truths.shape, np.nan)
    due = ~np.isnan(truths)
    naive[due] = _seasonal_naive(panel, series[due], origins[due], steps[due], season)
    return LivePoints(series, versions, origins, steps, values[0], values[1:], truths, naive, levels), lost


def score_live(points: LivePoints) -> tuple[LiveScore, ...]:
    """Returns the scores over all versions and of each version, over all steps and by group of steps.

    What has no point that came true has no score.
    """
    numbers = np.unique(points.versions[points.arrived])
    groups = step_groups(int(points.steps.max(initial=0)))
    chosen = [(ALL, np.ones(points.steps.shape, dtype=bool))]
    chosen += [(f"v{number}", points.versions == number) for number in numbers]
    scores = []
    for version, own in chosen:
        scores.append(_score(version, ALL, points.some(own)))
        for first, last in groups:
            name = f"{first}-{last}" if last > first else str(first)
            scores.append(_score(version, name, points.some(own & (points.steps >= first) & (points.steps <= last))))
    return tuple(score for score in scores if score is not None)


def errors_by_origin(points: LivePoints) -> OriginErrors:
    """Returns the error of each issued forecast of which a point has come true."""
    keys, group = np.unique([points.versions, points.origins], axis=1, return_inverse=True)
    arrived = points.arrived
    counts = np.bincount(group[arrived], minlength=keys.shape[1])
    some = counts > 0

    def rmse(forecasts: FloatArray) -> FloatArray:
        squared = np.bincount(group[arrived], ((points.truths - forecasts) ** 2)[arrived], minlength=keys.shape[1])
        return np.asarray(np.sqrt(squared[some] / counts[some]))

    is_complete = counts == np.bincount(group, minlength=keys.shape[1])
    versions, origins = keys[:, some]
    return OriginErrors(versions, origins, rmse(points.forecasts), rmse(points.naive), is_complete[some])


def step_groups(horizon: int) -> list[tuple[int, int]]:
    """Returns the first and last steps of up to four groups of about the same size."""
    groups = np.array_split(np.arange(1, horizon + 1), min(MOST_GROUPS, max(horizon, 1)))
    return [(int(group[0]), int(group[-1])) for group in groups if group.size]


def _placed(
    panel: Panel, table: ForecastTable, levels: Sequence[float], lone: bool
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Returns the rows of a table in places and ordinals of the panel, (5 + 2 · levels, P), and which fit it, (P,)."""
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
    return np.vstack([series, versions, origins, table.steps, table.point, *bounds]), fits


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


def _score(version: str, steps: str, points: LivePoints) -> LiveScore | None:
    arrived = points.some(points.arrived)
    count = arrived.truths.size
    if count == 0:
        return None
    truths = arrived.truths
    common = ~np.isnan(arrived.naive)
    naive_rmse = metrics.rmse(truths[common], arrived.naive[common])
    return LiveScore(
        version=version,
        steps=steps,
        issued=points.steps.size,
        points=count,
        origins=np.unique(arrived.origins).size,
        rmse=metrics.rmse(truths, arrived.forecasts),
        mae=metrics.mae(truths, arrived.forecasts),
        bias=metrics.bias(truths, arrived.forecasts),
        coverage={level: _known(metrics.coverage(truths, *arrived.bounds_of(level))) for level in points.levels},
        naive_rmse=_known(naive_rmse),
        skill=1 - metrics.rmse(truths[common], arrived.forecasts[common]) / naive_rmse if naive_rmse > 0 else None,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
