"""The theta method and a damped trend (exponential smoothing) of each series by itself, on what the season leaves.

Theta won the M3 competition; beside a damped trend it is hard to beat on short histories. Neither needs training.
Networks are trusted against their mean, as against the naive forecasts: it remembers a series' whole past and knows
how much of a season it has.

    V. Assimakopoulos & K. Nikolopoulos 2000, The theta model: a decomposition approach to forecasting.
    R. J. Hyndman & B. Billah 2003, Unmasking the theta method: it is smoothing with a drift.
    E. S. Gardner & E. McKenzie 1985, Forecasting trends in time series: the damped trend.
    I. Svetunkov, N. Kourentzes & R. Killick 2023, Multi-step estimators and shrinkage effect in time series models.

Shapes: ``S`` series, ``T`` steps of the longest history, right-aligned (NaN before a start), ``P`` steps of a season,
``H`` horizon, ``K`` settings.
"""

from collections import deque
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import right_aligned
from forecast.errors import UsageError
from forecast.models.classical.seasonality import SeasonalitySettings, find_pattern, sizes
from forecast.models.parallel import side_by_side

FloatArray = NDArray[np.float64]

TOGETHER = 1 << 15
"""Series times settings that are followed at a time: as much as fits into the processor's cache. Rounds nothing."""
AT_ONCE = 1 << 18
"""Errors of all steps, leads and settings that are worked out in one go, where there are so few. Rounds nothing."""


@dataclass(frozen=True)
class ThetaSettings:
    """The numbers of exponential smoothing; a version keeps those that it was trained with.

    Attributes:
        history, seasons: at most so many steps are looked at, or so many seasons where these are longer.
        speeds: how fast the level of the theta method follows: each series takes the one that errs least over
            ``leads``.
        levels, trends, dampings: how fast level and trend follow, and what is left of the trend after a step: of all
            combinations the weighted mean is taken.
        level_priors, trend_priors, damping_priors: how much each of these counts before there are errors: few series
            go on as steeply as they were of late.
        power_a_step: combinations count by their squared errors to the power of minus so much for each step of the
            history; 0 where the best alone counts.
        theta: the theta method's share of the forecast; the damped trend has the rest.
        power: that share is a prior; both count by their squared errors to the power of minus this.
        negligible: squared errors, of values of at most 1, that say nothing: rounding never decides.
        leads, steps_a_lead: settings are judged by their errors of one to so many steps ahead, noise that is followed
            being no help but for one; and of one step only where the history has not so many steps for each: errors of
            several overlap, so they say less.
        tie: settings whose errors differ by no larger a share are equally good; the first is taken: rounding never
            decides.
        first: the level of the theta method starts as the mean of so many steps.
        first_line: level and trend of the damped trend start from the straight line through so many steps.
        least: shorter series have no trend.
        block: values that are worked on at a time; sums of other blocks may round otherwise.
    """

    history: int = 500  # measured by benchmarks/tuning/smoothing.py
    seasons: int = 3
    speeds: tuple[float, ...] = (  # measured by benchmarks/tuning/smoothing.py
        *(0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.35),
        *(0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.0),
    )
    levels: tuple[float, ...] = (0.05, 0.2, 0.5, 1.0)  # measured by benchmarks/tuning/smoothing.py
    trends: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0)  # measured by benchmarks/tuning/smoothing.py
    dampings: tuple[float, ...] = (0.85, 0.98, 1.0)  # measured by benchmarks/tuning/smoothing.py
    level_priors: tuple[float, ...] = (1.0, 1.0, 1.0, 0.3)  # measured by benchmarks/tuning/smoothing.py
    trend_priors: tuple[float, ...] = (1.0, 1.0, 0.5, 0.1)  # measured by benchmarks/tuning/smoothing.py
    damping_priors: tuple[float, ...] = (1.0, 0.5, 0.1)  # measured by benchmarks/tuning/smoothing.py
    power_a_step: float = 0.2  # measured by benchmarks/tuning/smoothing.py
    theta: float = 0.5  # measured by benchmarks/tuning/smoothing.py
    power: float = 1.0  # measured by benchmarks/tuning/smoothing.py
    negligible: float = 1e-24
    leads: int = 4  # measured by benchmarks/tuning/smoothing.py
    steps_a_lead: int = 20  # measured by benchmarks/tuning/smoothing.py
    tie: float = 1e-9
    first: int = 6  # measured by benchmarks/tuning/smoothing.py
    first_line: int = 10  # measured by benchmarks/tuning/smoothing.py
    least: int = 3  # measured by benchmarks/tuning/smoothing.py
    block: int = 1_000_000

    def __post_init__(self) -> None:
        """Refuses priors that are not one each of what they are of.

        Raises:
            UsageError: they are not.
        """
        tried = (self.levels, self.trends, self.dampings)
        priors = (self.level_priors, self.trend_priors, self.damping_priors)
        if list(map(len, tried)) != list(map(len, priors)):
            raise UsageError("each speed of a level, trend or damping has one prior", "as many priors as speeds")

    def steps_used(self, season: int) -> int:
        """Returns how many steps of its history a forecast depends on."""
        return max(self.history, self.seasons * season)

    @property
    def drifts(self) -> FloatArray:
        """What the theta method tries, (K, 3): see ``_follow``; its level has no trend of its own."""
        speeds = np.array(self.speeds)
        return np.stack([speeds, np.zeros_like(speeds), np.zeros_like(speeds)], axis=1)

    @property
    def damped(self) -> FloatArray:
        """What the damped trend tries, (K, 3): see ``_follow``."""
        return np.array(list(product(self.levels, self.trends, self.dampings)))

    @property
    def priors(self) -> FloatArray:
        """How much each of these counts before there are errors, (K,)."""
        every = np.array(list(product(self.level_priors, self.trend_priors, self.damping_priors)))
        return np.asarray(every.prod(axis=1))


def exponential_smoothing(
    panel: Panel,
    horizon: int,
    season: int,
    settings: ThetaSettings,
    seasonality: SeasonalitySettings,
    threads: int = 1,
) -> FloatArray:
    """Returns the forecasts of the steps after the end of each series, gaps filled: (S, H).

    The season is taken out by classical decomposition (see ``seasonality``). What is left is forecast in two ways,
    whose weighted mean is returned: by simple exponential smoothing plus half the slope of its straight line a step
    (theta), and by smoothing with a damped trend. A series of less than three steps repeats its last value; one
    without any gives 0.
    """
    blocks = right_aligned(panel, settings.steps_used(season), settings.block)

    def forecast(values: FloatArray) -> FloatArray:
        size = sizes(values)
        values = values / size
        pattern = find_pattern(values, season, seasonality)
        return np.asarray(pattern.restore(_smooth(pattern.remove(values), horizon, settings)) * size)

    parts = side_by_side(forecast, blocks, threads)
    return np.concatenate(parts) if parts else np.zeros((0, horizon))


def _smooth(values: FloatArray, horizon: int, settings: ThetaSettings) -> FloatArray:
    """Returns the weighted mean of the theta method and of the damped trend, (S, T) -> (S, H)."""
    return np.asarray(smooth(history_of(values), horizon, settings))


class History(Protocol):
    """Right-aligned series without their season, of numpy or of Keras: what ``smooth`` makes forecasts of."""

    @property
    def xp(self) -> Any:
        """Numpy, or the operations of Keras."""

    @property
    def values(self) -> Any:
        """The values, (S, T), 0 before a start."""

    @property
    def place(self) -> Any:
        """1, 2, … from each start, (S, T)."""

    @property
    def count(self) -> Any:
        """Steps of each series, (S, 1)."""

    @property
    def last(self) -> Any:
        """The last value, (S, 1), 0 of a series without any."""

    def within(self, steps: int) -> Any:
        """Returns which are the first so many steps of a series, (S, T)."""

    def follow(self, tried: FloatArray, level: Any, trend: Any, settings: ThetaSettings) -> tuple[Any, Any, Any]:
        """Returns level and trend after the last step by each setting, and its squared errors, (S, K) each.

        The errors are summed over all steps and some leads (the trace of the errors' covariance).

        Args:
            tried: (K, 3), how fast the level follows, how fast the trend, what is left of the trend after a step.
            level: (S, 1) before the first step.
            trend: (S, 1) likewise.
            settings: by which they are judged.
        """


def smooth(history: History, horizon: int, settings: ThetaSettings) -> Any:
    """Returns the weighted mean of the theta method and of the damped trend, (S, H); the last value of a short one."""
    theta, damped, share, _ = methods(history, horizon, settings)
    return mean_of_methods(history, theta, damped, share, settings)


def mean_of_methods(history: History, theta: Any, damped: Any, share: Any, settings: ThetaSettings) -> Any:
    """Returns the mean of both methods, (S, H); the last value of a short series."""
    return history.xp.where(history.count < settings.least, history.last, share * theta + (1 - share) * damped)


def methods(history: History, horizon: int, settings: ThetaSettings) -> tuple[Any, Any, Any, tuple[Any, Any]]:
    """Returns theta's forecasts and the damped trend's, (S, H), theta's share and both squared errors, (S, 1)."""
    xp = history.xp
    theta, of_theta = _theta(history, horizon, settings)
    damped, of_damped = _damped_trend(history, horizon, settings)
    share: Any = settings.theta
    if settings.power:
        ratio = (of_theta + settings.negligible) / (of_damped + settings.negligible)
        share = share / (share + (1 - share) * xp.power(ratio, settings.power))
    return theta, damped, share, (of_theta, of_damped)


def _line(history: History, steps: int) -> tuple[Any, Any]:
    """Returns the straight line through the first steps: its value just before them, and its slope, (S, 1)."""
    xp, count, is_early = history.xp, history.xp.clip(history.count, 1, steps), history.within(steps)
    centred = xp.where(is_early, history.place - (count + 1) / 2, 0.0)
    squares = xp.sum(xp.square(centred), axis=1, keepdims=True)
    slope = xp.sum(centred * history.values, axis=1, keepdims=True) / xp.maximum(squares, 1.0)
    mean = xp.sum(xp.where(is_early, history.values, 0.0), axis=1, keepdims=True) / count
    return mean - slope * (count + 1) / 2, slope


def _theta(history: History, horizon: int, settings: ThetaSettings) -> tuple[Any, Any]:
    """Returns the smoothed level with half the trend from there on, (S, H), and its squared errors, (S, 1)."""
    xp, first, tried = history.xp, settings.first, settings.drifts
    start, slope = _line(history, first)
    begin = start + slope * (xp.clip(history.count, 1, first) + 1) / 2
    levels, _, errors = history.follow(tried, begin, 0 * slope, settings)
    _, slope = _line(history, history.values.shape[1])
    best = _best(xp, errors, settings)
    level, speed = (xp.sum(best * each, axis=1, keepdims=True) for each in (levels, tried[:, 0]))
    lead = (1 - xp.power(1 - speed, history.count)) / speed  # the level lags behind the line by so many steps
    return level + slope / 2 * (lead + np.arange(float(horizon))), xp.min(errors, axis=1, keepdims=True)


def _damped_trend(history: History, horizon: int, settings: ThetaSettings) -> tuple[Any, Any]:
    """Returns smoothed levels and trends drawn on, the trends fading: their mean, (S, H); and its squared errors."""
    xp, tried = history.xp, settings.damped
    levels, trends, errors = history.follow(tried, *_line(history, settings.first_line), settings)
    growth = np.cumsum(tried[:, 2:] ** np.arange(1, horizon + 1), axis=1)
    if not settings.power_a_step:
        best = _best(xp, errors, settings)
        level, trend = (xp.sum(best * each, axis=1, keepdims=True) for each in (levels, trends))
        return level + trend * xp.matmul(best, growth), xp.min(errors, axis=1, keepdims=True)
    least = xp.min(errors, axis=1, keepdims=True) + settings.negligible
    power = settings.power_a_step * history.count
    shares = xp.power((errors + settings.negligible) / least, -power) * settings.priors
    shares = shares / xp.sum(shares, axis=1, keepdims=True)
    level = history.last + xp.sum(shares * (levels - history.last), axis=1, keepdims=True)
    return level + xp.matmul(shares * trends, growth), xp.sum(shares * errors, axis=1, keepdims=True)


def _best(xp: Any, errors: Any, settings: ThetaSettings) -> Any:
    """Returns 1 for the first setting of each series with the least errors, and 0 for the others, (S, K)."""
    ones = xp.ones_like(errors)
    is_least = xp.where(errors <= xp.min(errors, axis=1, keepdims=True) * (1 + settings.tie), ones, 0 * ones)
    return xp.where(xp.cumsum(is_least, axis=1) <= 1, is_least, 0 * ones)


@dataclass(frozen=True, eq=False)
class _History:
    """Right-aligned series without their season; see ``History``."""

    values: FloatArray  # (S, T), 0 before a start
    known: NDArray[np.bool_]  # (S, T)
    place: NDArray[np.int64]  # (S, T) 1, 2, … from each start
    count: NDArray[np.int64]  # (S, 1)

    @property
    def xp(self) -> Any:
        """Numpy."""
        return np

    @property
    def last(self) -> FloatArray:
        """The last value, 0 of a series without any, (S, 1)."""
        return self.values[:, -1:] if self.values.shape[1] else np.zeros((len(self.values), 1))

    def of(self, some: slice) -> "_History":
        """Returns that of some series."""
        return _History(self.values[some], self.known[some], self.place[some], self.count[some])

    def within(self, steps: int) -> NDArray[np.bool_]:
        """Returns which are the first so many steps of a series, (S, T)."""
        return self.known & (self.place <= steps)

    def follow(
        self, tried: FloatArray, level: FloatArray, trend: FloatArray, settings: ThetaSettings
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Returns levels, trends and squared errors, (S, K): see ``History``."""
        size = max(1, TOGETHER // len(tried))
        parts = [
            _follow(self.of(slice(at, at + size)), tried, level[at : at + size, 0], trend[at : at + size, 0], settings)
            for at in range(0, max(len(level), 1), size)
        ]
        levels, trends, errors = (np.concatenate(each, axis=1).T for each in zip(*parts, strict=True))
        return levels, trends, errors


def history_of(values: FloatArray) -> History:
    """Returns right-aligned series without their season, (S, T), NaN before a start, as what ``smooth`` needs."""
    known = ~np.isnan(values)
    place, count = np.cumsum(known, axis=1), known.sum(axis=1, keepdims=True)
    return _History(np.where(known, values, 0.0), known, place, count)


def _follow(
    history: _History, tried: FloatArray, level: FloatArray, trend: FloatArray, settings: ThetaSettings
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Returns levels, trends and errors, (K, S), of as many series as fit into the processor's cache."""
    fast, faster, left = tried.T[..., None]
    levels, trends = np.tile(level, (len(tried), 1)), np.tile(trend, (len(tried), 1))
    growth = np.cumsum(left ** np.arange(1, settings.leads + 1)[:, None, None], axis=0)  # of the trend, by lead
    reach = np.clip(history.count[:, 0] // settings.steps_a_lead, 1, settings.leads)
    has_trend, due = bool(left.any()), _due(history, reach, settings.leads)
    if 1 < levels.size <= AT_ONCE // max(due.shape[0] * due.shape[1], 1):
        return _follow_few(history, (fast, faster, left), levels, trends, growth if has_trend else None, due)
    are_all, are_any = np.asarray(due.all(axis=2)).tolist(), np.asarray(due.any(axis=2)).tolist()
    knows_all = np.asarray(history.known.all(axis=0)).tolist()
    errors, states = np.zeros(levels.shape), deque[tuple[FloatArray, FloatArray]](maxlen=settings.leads)
    for step in range(history.values.shape[1]):
        value = history.values[:, step]
        states.appendleft((levels, trends))
        for lead, (its_levels, its_trends) in enumerate(states):
            if not are_any[lead][step]:
                continue
            missed = value - its_levels
            if has_trend:
                missed -= growth[lead] * its_trends
            if not are_all[lead][step]:
                missed *= due[lead, step]
            errors += np.square(missed, out=missed)
        before, kept = (levels, trends), left * trends
        error = value - levels - kept
        levels, trends = levels + kept + fast * error, kept + fast * faster * error
        if not knows_all[step]:
            is_known = history.known[:, step]
            levels, trends = np.where(is_known, levels, before[0]), np.where(is_known, trends, before[1])
    return levels, trends, errors


def _follow_few(
    history: _History,
    tried: tuple[FloatArray, FloatArray, FloatArray],
    levels: FloatArray,
    trends: FloatArray,
    growth: FloatArray | None,
    due: NDArray[np.bool_],
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Returns what ``_follow`` does, to the last bit, of few series: their errors are worked out when all is known."""
    leads, steps, _ = due.shape
    every = np.zeros((2, steps + 1, *levels.shape))  # level and trend before each step, and after the last one
    every[0, 0], every[1, 0] = levels, trends
    _walk(history, every, tried, is_steady=growth is None and not trends.any() and not tried[1].any())
    values = history.values.T
    missed = np.zeros((steps, leads, *levels.shape))
    for lead in range(min(leads, steps)):
        own = missed[lead:, lead]
        np.subtract(values[lead:, None], every[0, : steps - lead], out=own)
        if growth is not None:
            own -= growth[lead] * every[1, : steps - lead]
        own *= due[lead, lead:, None]
    errors = np.add.reduce(np.square(missed, out=missed).reshape(steps * leads, levels.size), axis=0)  # in turn
    return every[0, -1], every[1, -1], errors.reshape(levels.shape)


def _walk(
    history: _History, every: FloatArray, tried: tuple[FloatArray, FloatArray, FloatArray], *, is_steady: bool
) -> None:
    """Writes level and trend of each setting and series after each step, in place; steady ones have no trend at all."""
    levels, trends = (list(own.reshape(len(own), -1)) for own in every)
    fast, faster, left = (np.broadcast_to(each, every.shape[2:]).ravel() for each in tried)
    both, knows_all = fast * faster, np.asarray(history.known.all(axis=0)).tolist()
    values = np.tile(history.values.T, (1, len(tried[0])))
    for step, value in enumerate(values):
        level, trend, after, then = levels[step], trends[step], levels[step + 1], trends[step + 1]
        error = value - level
        if is_steady:
            np.add(level, fast * error, out=after)
        else:
            kept = left * trend
            error -= kept
            np.add(level, kept, out=after)
            after += fast * error
            np.add(kept, both * error, out=then)
        if not knows_all[step]:
            unknown = np.tile(~history.known[:, step], len(tried[0]))
            np.copyto(after, level, where=unknown)
            np.copyto(then, trend, where=unknown)


def _due(history: _History, reach: NDArray[np.int64], leads: int) -> NDArray[np.bool_]:
    """Returns whether a series' error of one of its steps counts, by lead less one: (leads, T, S)."""
    lead = np.arange(leads)[:, None, None]
    return np.asarray((lead < history.place.T) & (lead < reach))
