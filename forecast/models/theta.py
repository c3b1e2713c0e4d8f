"""The standard theta method: a season where a test finds one, smoothing, and half of the trend.

It won the M3 competition and is hard to beat on monthly data. It needs no training: each series is forecast from its
own history, all at once. Networks are trusted against it, as against the naive forecasts.

    V. Assimakopoulos & K. Nikolopoulos 2000, The theta model: a decomposition approach to forecasting.
    R. J. Hyndman & B. Billah 2003, Unmasking the theta method: it is smoothing with a drift.

Shapes: ``S`` series, ``T`` steps of the longest history, right-aligned (NaN before a start), ``P`` steps of a season,
``H`` horizon, ``K`` speeds.
"""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel

FloatArray = NDArray[np.float64]

HISTORY = 1000
"""At most so many steps are looked at, or three seasons where these are longer."""
SPEEDS = np.array([0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.0])
"""Smoothing parameters that are tried: each series takes the one whose errors of one step are least."""
TIE = 1e-9
"""Speeds whose errors differ by no larger a share are equally good; the slowest is taken: rounding never decides."""
NEGLIGIBLE = 1e-12
"""Squares that sum up to no more, of values up to 1, are rounding: such a series does not vary."""
CRITICAL = 1.645
"""A series has a season where its autocorrelation at that lag is not zero at the 90 % level."""
STEEPEST = 10.0
"""A season multiplies by no more than the exponential of this, and divides by no more."""
FIRST = 6
"""The level starts as the mean of so many steps."""
LEAST = 3
"""Shorter series have no trend."""
BLOCK = 2_000_000
"""Values that are worked on at a time."""
REMEMBERED = 128
"""Blocks whose forecasts are kept: each model of a comparison asks for the same ones."""

_remembered: dict[bytes, FloatArray] = {}


def theta(panel: Panel, horizon: int, season: int) -> FloatArray:
    """Returns the forecasts of the steps after the end of each series, gaps filled: (S, H).

    The season is taken out by classical decomposition, as factors where all values are positive, else as
    summands. What is left is forecast by simple exponential smoothing, plus half the slope of its straight line
    a step. A series of less than three steps repeats its last value; one without any gives 0.
    """
    most = steps_used(season)
    size = max(1, BLOCK // max(int(np.minimum(panel.lengths, most).max(initial=0)), 1))
    blocks = [np.arange(start, min(start + size, len(panel))) for start in range(0, len(panel), size)]
    parts = [_recall(_right_aligned(panel, some, most), horizon, season) for some in blocks]
    return np.concatenate(parts) if parts else np.zeros((0, horizon))


def steps_used(season: int) -> int:
    """Returns how many steps of its history a forecast depends on."""
    return max(HISTORY, 3 * season)


def _right_aligned(panel: Panel, some: NDArray[np.int64], most: int) -> FloatArray:
    """Returns the last steps of some series, NaN before their start: (S, T)."""
    lengths = np.minimum(panel.lengths[some], most)
    steps = np.arange(-max(int(lengths.max()), 1), 0)
    is_own = steps >= -lengths[:, None]
    places = np.where(is_own, panel.offsets[some + 1, None] + steps, 0)
    return np.where(is_own, panel.filled[places] if len(panel.filled) else np.nan, np.nan)


def _recall(values: FloatArray, horizon: int, season: int) -> FloatArray:
    """Returns the forecasts of right-aligned series, computed once: (S, T) -> (S, H)."""
    key = blake2b(values.tobytes() + repr((values.shape, horizon, season)).encode()).digest()
    if key not in _remembered:
        while len(_remembered) >= REMEMBERED:
            del _remembered[next(iter(_remembered))]
        _remembered[key] = _forecast(values, horizon, season)
    return _remembered[key]


def _forecast(values: FloatArray, horizon: int, season: int) -> FloatArray:
    """Returns the forecasts of right-aligned series, (S, T) -> (S, H)."""
    size = np.nan_to_num(np.abs(values)).max(axis=1, keepdims=True)
    size[size == 0] = 1.0  # of a series that is all zero, or empty
    values = values / size
    pattern = _find_pattern(values, season)
    return np.asarray(pattern.restore(_drift_on(pattern.remove(values), horizon)) * size)


@dataclass(frozen=True, eq=False)
class _Pattern:
    """What the season adds to each series, or multiplies it by: by phase, counted back from the last step."""

    added: FloatArray  # (S, P); the logarithm of the factor where it multiplies
    multiplies: NDArray[np.bool_]  # (S,)

    def remove(self, values: FloatArray) -> FloatArray:
        """Returns past values without their season, (S, T)."""
        added = self._on(np.arange(values.shape[1])[::-1])
        return np.where(self.multiplies[:, None], values / np.exp(added), values - added)

    def restore(self, forecasts: FloatArray) -> FloatArray:
        """Returns forecasts with their season, (S, H)."""
        added = self._on(-1 - np.arange(forecasts.shape[1]))
        return np.where(self.multiplies[:, None], forecasts * np.exp(added), forecasts + added)

    def _on(self, steps_back: NDArray[np.int64]) -> FloatArray:
        added = self.added[:, steps_back % self.added.shape[1]]
        return np.where(self.multiplies[:, None], np.clip(added, -STEEPEST, STEEPEST), added)


def _find_pattern(values: FloatArray, season: int) -> _Pattern:
    """Returns the season of each series: none without two seasons of history, or where the test finds none."""
    added, multiplies = np.zeros((len(values), season)), np.zeros(len(values), dtype=bool)
    long = np.flatnonzero((~np.isnan(values)).sum(axis=1) >= 2 * season) if season > 1 else np.array([], dtype=int)
    some = long[_has_season(values[long], season)] if len(long) else long
    if len(some):
        own = values[some]
        multiplies[some] = np.nanmin(own, axis=1) > 0
        own = np.where(multiplies[some, None], np.log(np.where(own > 0, own, np.nan)), own)
        added[some] = _phase_means(own - _moving_mean(own, season), season)
    return _Pattern(added, multiplies)


def _has_season(values: FloatArray, season: int) -> NDArray[np.bool_]:
    """Tests the autocorrelation at the lag of the season by Bartlett's standard error, (S, T) -> (S,)."""
    count = (~np.isnan(values)).sum(axis=1)
    varying = np.nan_to_num(values - np.nanmean(values, axis=1, keepdims=True))
    power = np.abs(np.fft.rfft(varying, n=values.shape[1] + season)) ** 2  # room for all lags without wrapping
    products = np.fft.irfft(power, n=values.shape[1] + season)[:, : season + 1]
    strength = products[:, :1]
    lags = np.divide(products[:, 1:], strength, out=np.zeros((len(values), season)), where=strength > NEGLIGIBLE)
    error = np.sqrt((1 + 2 * (lags[:, :-1] ** 2).sum(axis=1)) / count)
    return np.asarray(np.abs(lags[:, -1]) > CRITICAL * error)


def _moving_mean(values: FloatArray, season: int) -> FloatArray:
    """Returns the mean of the season around each step, NaN where it isn't whole: (S, T).

    A season of even length is centred by half of the step at either end.
    """
    sums = np.cumsum(np.pad(np.nan_to_num(values), ((0, 0), (1, 0))), axis=1)
    whole = (sums[:, season:] - sums[:, :-season]) / season  # of the season that begins at each step
    whole = np.where(np.isnan(values[:, : whole.shape[1]]), np.nan, whole)
    if season % 2 == 0:
        whole = (whole[:, 1:] + whole[:, :-1]) / 2
    mean = np.full_like(values, np.nan)
    mean[:, season // 2 : season // 2 + whole.shape[1]] = whole
    return mean


def _phase_means(deviations: FloatArray, season: int) -> FloatArray:
    """Returns the mean of each phase, counted back from the last step, less the mean of all: (S, P)."""
    back = deviations[:, ::-1]
    back = np.pad(back, ((0, 0), (0, -back.shape[1] % season)), constant_values=np.nan)
    rounds = back.reshape(len(back), -1, season)
    known = ~np.isnan(rounds)
    means = np.where(known, rounds, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(means - means.mean(axis=1, keepdims=True))


def _drift_on(values: FloatArray, horizon: int) -> FloatArray:
    """Returns the smoothed level with half the trend from there on, (S, T) -> (S, H)."""
    known = ~np.isnan(values)
    count, filled = known.sum(axis=1), np.where(known, values, 0.0)
    place = np.cumsum(known, axis=1)  # 1, 2, … from each start
    start = np.where(place <= FIRST, filled, 0).sum(axis=1) / np.clip(count, 1, FIRST)
    level, errors = np.tile(start, (len(SPEEDS), 1)), np.zeros((len(SPEEDS), len(values)))
    for step in range(values.shape[1]):
        error = np.where(known[:, step], filled[:, step] - level, 0.0)
        errors += error**2
        level = level + SPEEDS[:, None] * error
    best, every = (errors <= errors.min(axis=0) * (1 + TIE)).argmax(axis=0), np.arange(len(values))
    speed = SPEEDS[best]
    centred = np.where(known, place - (count[:, None] + 1) / 2, 0)
    slope = (centred * filled).sum(axis=1) / np.maximum((centred**2).sum(axis=1), 1)
    lead = (1 - (1 - speed) ** count) / speed  # the smoothed level lags behind the line by so many steps
    forecast = level[best, every][:, None] + slope[:, None] / 2 * (np.arange(horizon) + lead[:, None])
    last = np.where(known[:, -1:], values[:, -1:], 0.0)
    return np.where(count[:, None] < LEAST, last, forecast)
