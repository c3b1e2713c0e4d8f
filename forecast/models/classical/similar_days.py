"""Similar days: what came after those days of a series' own past that were most like its last one.

Regressions and autoregressions are the same function of the past on each day; what is found here is not, so that it
errs elsewhere, and a little of it beside them makes them better. (E. N. Lorenz 1969, *Atmospheric predictability as
revealed by naturally occurring analogues*; F. Martínez et al. 2019, *A methodology for applying k-nearest neighbor to
time series forecasting*.) A day is the shortest season.

    ─────[══ day ══]── what came ──────────[══ day ══]── what came ─────[═ last ═]┊─ forecast ─
                                                                                  origin

Shapes: ``S`` series, ``T`` steps of the longest history, right-aligned (NaN before a start), ``D`` days of the past,
``P`` steps of a day, ``H`` horizon.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import right_aligned
from forecast.models.classical.seasonality import sizes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class SimilarDaySettings:
    """The numbers by which days are found alike; a version keeps those that it was trained with.

    Attributes:
        share: of the forecast; regressions and autoregressions have the rest. 0 for none.
        power: a day counts by its distance from the last one to the power of minus this.
        other_day: a day at another place of the longest season (a Sunday, where the last one was a Monday) is taken for
            so many times as far.
        negligible: a distance of no more, of values of at most 1, is none.
        block: values that are worked on at a time. Rounds nothing.
    """

    share: float = 0.15  # measured by benchmarks/tuning/local_ridge.py
    power: float = 4.0  # measured by benchmarks/tuning/local_ridge.py
    other_day: float = 2.0  # measured by benchmarks/tuning/local_ridge.py
    negligible: float = 1e-9
    block: int = 100_000

    def factors(self, ends: NDArray[np.int64], steps: int, longest: int) -> FloatArray:
        """Returns by how much the distance of each day is multiplied, (D,)."""
        return np.where((steps - ends) % longest == 0, 1.0, self.other_day)


def similar_days(
    panel: Panel, horizon: int, seasons: tuple[int, ...], steps: int, settings: SimilarDaySettings
) -> FloatArray:
    """Returns the forecasts of the steps after the end of each series, gaps filled: (S, H).

    The mean of what came after each day, both less the mean of that day, is put upon the mean of the last day. A series
    without a day of which a whole horizon is known afterwards gets NaN.

    Args:
        panel: ends at the origin.
        horizon: ``H``.
        seasons: ascending; the first is a day.
        steps: the newest so many are looked at.
        settings: of the days.
    """
    parts = []
    for values in right_aligned(panel, steps, settings.block):
        size = sizes(values)
        parts.append(_forecast(values / size, horizon, seasons, settings) * size)
    return np.concatenate(parts) if parts else np.zeros((0, horizon))


def ends_of_days(steps: int, horizon: int, day: int) -> NDArray[np.int64]:
    """Returns where in so many steps the days end that are looked at, as slices do, the newest first: (D,)."""
    return np.arange(steps - day * -(-horizon // day), day - 1, -day)


def _forecast(values: FloatArray, horizon: int, seasons: tuple[int, ...], settings: SimilarDaySettings) -> FloatArray:
    """Returns the forecasts of right-aligned series, (S, T) -> (S, H)."""
    day, steps = seasons[0], values.shape[1]
    ends = ends_of_days(steps, horizon, day)
    if not len(ends):
        return np.full((len(values), horizon), np.nan)
    last = values[:, -day:]
    level = last.mean(axis=1, keepdims=True)
    levels = np.stack([values[:, end - day : end].mean(axis=1) for end in ends], axis=1)  # (S, D), NaN before a start
    missed = [
        values[:, end - day : end] - own[:, None] - (last - level) for end, own in zip(ends, levels.T, strict=True)
    ]
    distances = np.sqrt(np.stack([np.square(own).mean(axis=1) for own in missed], axis=1))
    distances = distances * settings.factors(ends, steps, seasons[-1]) + settings.negligible
    known = ~np.isnan(distances)
    least = np.where(known, distances, np.inf).min(axis=1, keepdims=True)
    weights = np.where(known, np.where(known, least / distances, 0.0) ** settings.power, 0.0)
    came = np.zeros((len(values), horizon))
    for end, own, weight in zip(ends, levels.T, weights.T, strict=True):
        after = values[:, end : end + horizon] - own[:, None]
        came += np.where(weight[:, None] > 0, weight[:, None] * after, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, level + came / np.where(total > 0, total, 1.0), np.nan))
