"""Local ridge: a regression of each series on its own seasons, which networks that all series share can't know.

Long histories with two seasons (hours, with days and weeks) hold enough to learn some coefficients for each series
alone. Such local models err elsewhere than a global network does (Montero-Manso & Hyndman 2021, *Principles and
algorithms for forecasting groups of time series*), so the two together beat either.

    ───●──────────●──────────●──────────[═════●┊─────○──────    ● what is looked at, ═ whose mean is, ○ forecast
       ├─────────────── reach ────────────────┤origin

Shapes: ``S`` series, ``T`` steps of the longest history, right-aligned (NaN before a start), ``B`` steps of a block,
``F`` coefficients, ``H`` horizon.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import right_aligned
from forecast.models.normalisation import NUMPY, out_of_log

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class LocalRidgeSettings:
    """The numbers of the regressions by series; a version keeps those that it was trained with.

    Attributes:
        history, rounds: at most so many steps are looked at, or so many of the longest season where these are more.
        lags: so many past seasons enter, of the shortest season and of each longer one.
        sizes: so many regressions, each with one lag less of each season than the one before, but at least one: their
            mean is taken. Those with few coefficients know short histories, those with many know long ones.
        stride: steps between the origins that are learned from: all phases come up, as it divides no usual season.
        prior: the seasonal naive counts like so many origins: next to nothing, but for a series that is too short.
        clip: targets further from their level than so many mean deviations are left out.
        negligible: a mean deviation of no more, of values of about 1, is no variation.
        log_offset: keeps the logarithm of a zero finite: zero is taken as this share of a series' mean.
        largest_log: no forecast is a larger power of e, in means of a series.
        block: values that are worked on at a time, so that a large panel needs little memory; sums of other blocks may
            round otherwise.
    """

    history: int = 1200  # measured by benchmarks/tuning/local_ridge.py
    rounds: int = 4
    lags: tuple[int, int] = (3, 2)  # measured by benchmarks/tuning/local_ridge.py
    sizes: int = 2  # measured by benchmarks/tuning/local_ridge.py
    stride: int = 11  # measured by benchmarks/tuning/local_ridge.py
    prior: float = 0.05  # measured by benchmarks/tuning/local_ridge.py
    clip: float = 10.0  # measured by benchmarks/tuning/local_ridge.py
    negligible: float = 1e-9
    log_offset: float = 0.02  # measured by benchmarks/tuning/local_ridge.py
    largest_log: float = 8.0
    block: int = 1_000_000

    def steps_used(self, seasons: tuple[int, ...]) -> int:
        """Returns how many steps of its history a forecast depends on."""
        return max(self.history, self.rounds * seasons[-1])

    @property
    def each(self) -> tuple[Self, ...]:
        """The settings of each regression by itself."""
        shortest, longer = self.lags
        return tuple(
            replace(self, lags=(max(shortest - less, 1), max(longer - less, 1)), sizes=1) for less in range(self.sizes)
        )


def local_ridge(panel: Panel, horizon: int, seasons: tuple[int, ...], settings: LocalRidgeSettings) -> FloatArray:
    """Returns the forecasts of the steps after the end of each series, gaps filled: (S, H).

    For each shortest season of the horizon there is one linear regression, the same for its steps: on the same phase of
    past seasons of each length, on the last value and on the mean of the last shortest season, all less the mean of
    the last longest one; of logarithms where nothing is negative. It departs from the seasonal naive as far as the
    series has a history to learn from. The mean of several such regressions is taken, of larger and smaller ones. A
    series that is too short for the largest to look back so far gets NaN.

    Args:
        panel: ends at the origin.
        horizon: ``H``.
        seasons: ascending; 1 for none.
        settings: of the regressions.
    """
    blocks = right_aligned(panel, settings.steps_used(seasons), settings.block)
    parts = [np.mean([_forecast(values, horizon, seasons, own) for own in settings.each], axis=0) for values in blocks]
    return np.concatenate(parts) if parts else np.zeros((0, horizon))


@dataclass(frozen=True, eq=False)
class Block:
    """Steps of the horizon that share their coefficients: at most a shortest season."""

    steps: IntArray  # (B,)
    seasons: tuple[int, ...]
    settings: LocalRidgeSettings

    @cached_property
    def lags(self) -> IntArray:
        """How many steps before a forecast its inputs lie, as negative numbers, (lags,): the seasonal naive's first."""
        lags = []
        shortest, longer = self.settings.lags
        for season, count in zip(self.seasons, (shortest, *[longer] * len(self.seasons)), strict=False):
            nearest = -(-self.steps[-1] // season)
            lags += [-season * (nearest + more) for more in range(count)]
        return np.array(lags)

    @property
    def reach(self) -> int:
        """How many steps before an origin are looked at."""
        return int(max(self.seasons[-1] - 1, -(self.lags.min() + self.steps[0])))

    @property
    def prior(self) -> float:
        """How many rows of the regression the seasonal naive counts for."""
        return self.settings.prior * len(self.steps)


def blocks_of(horizon: int, seasons: tuple[int, ...], settings: LocalRidgeSettings) -> list[Block]:
    """Returns the steps of the horizon, those of each shortest season together."""
    starts = range(1, horizon + 1, seasons[0])
    return [Block(np.arange(start, min(start + seasons[0], horizon + 1)), seasons, settings) for start in starts]


def _forecast(values: FloatArray, horizon: int, seasons: tuple[int, ...], settings: LocalRidgeSettings) -> FloatArray:
    """Returns the forecasts of right-aligned series, (S, T) -> (S, H)."""
    size = np.nan_to_num(np.abs(values)).sum(axis=1, keepdims=True)
    size /= np.maximum((~np.isnan(values)).sum(axis=1, keepdims=True), 1)
    size[size == 0] = 1.0
    logs = ~(values < 0).any(axis=1, keepdims=True)
    unit = np.where(logs, np.log(np.maximum(values / size, 0) + settings.log_offset), values / size)
    past = _Past.of(unit, settings)
    forecast = np.hstack([past.forecast(block) for block in blocks_of(horizon, seasons, settings)])
    least, most = np.fmin.reduce(unit, axis=1)[:, None], np.fmax.reduce(unit, axis=1)[:, None]
    forecast = np.clip(forecast, 2 * least - most, 2 * most - least)  # what is learned from little must not run away
    return np.asarray(np.where(logs, out_of_log(NUMPY, forecast, settings), forecast) * size)


@dataclass(frozen=True, eq=False)
class _Past:
    """The histories of some series, and what regressions on them need."""

    values: FloatArray  # (S, T), right-aligned, NaN before a start
    sums: FloatArray  # (S, T + 1), whose differences are sums of values
    spread: FloatArray  # (S,), mean absolute deviation of the values; 1 where they are all the same
    settings: LocalRidgeSettings

    @classmethod
    def of(cls, values: FloatArray, settings: LocalRidgeSettings) -> Self:
        """Returns the past of right-aligned series."""
        sums = -np.pad(np.cumsum(values[:, ::-1], axis=1)[:, ::-1], ((0, 0), (0, 1)))  # NaN spreads to the front only
        count = np.maximum((~np.isnan(values)).sum(axis=1, keepdims=True), 1)
        deviation = values - np.nansum(values, axis=1, keepdims=True) / count
        spread = np.nansum(np.abs(deviation), axis=1) / count[:, 0]
        return cls(values, sums, np.where(spread > settings.negligible, spread, 1.0), settings)

    def forecast(self, block: Block) -> FloatArray:
        """Returns the forecasts of the steps of a block, (S, B)."""
        last = self.values.shape[1] - 1
        if block.reach > last:
            return np.full((len(self.values), len(block.steps)), np.nan)
        inputs, base = self._inputs(last, block)
        forecast = (inputs * self._coefficients(block)).sum(axis=2) + base[:, None]
        return np.where(self._known(last, block)[:, None], forecast, np.nan)

    def _known(self, origin: int, block: Block) -> NDArray[np.bool_]:
        """Returns which series reach back far enough before an origin, (S,)."""
        return ~np.isnan(self.values[:, origin - block.reach])

    def _inputs(self, origin: int, block: Block) -> tuple[FloatArray, FloatArray]:
        """Returns what is known of a block at an origin, (S, B, F), less its base, and the base, (S,)."""
        means = [(self.sums[:, origin + 1] - self.sums[:, origin + 1 - each]) / each for each in block.seasons]
        levels = np.stack([self.values[:, origin], *means[:-1]], axis=1)
        lagged = self.values[:, origin + block.steps[:, None] + block.lags]  # (S, B, lags)
        levels = np.broadcast_to(levels[:, None], (*lagged.shape[:2], levels.shape[1]))
        return np.concatenate([lagged, levels], axis=2) - means[-1][:, None, None], means[-1]

    def _coefficients(self, block: Block) -> FloatArray:
        """Returns each series' coefficients of a block, drawn a little to the seasonal naive: (S, 1, F)."""
        width = len(block.lags) + len(block.seasons)
        squares = np.tile(block.prior * np.eye(width), (len(self.values), 1, 1))
        products = np.tile(block.prior * np.eye(width)[0], (len(self.values), 1))
        newest = self.values.shape[1] - 1 - block.steps[-1]
        for origin in range(newest, block.reach - 1, -self.settings.stride):
            inputs, base = self._inputs(origin, block)
            targets = (self.values[:, origin + block.steps] - base[:, None]) / self.spread[:, None]
            inputs = inputs / self.spread[:, None, None]
            usable = self._known(origin, block)[:, None] & (np.abs(targets) < self.settings.clip)
            inputs, targets = np.where(usable[..., None], inputs, 0.0), np.where(usable, targets, 0.0)
            squares += inputs.transpose(0, 2, 1) @ inputs
            products += (inputs * targets[..., None]).sum(axis=1)
        return np.asarray(np.linalg.solve(squares, products[..., None])).transpose(0, 2, 1)
