"""An autoregression of each series on its own last steps, once its seasons are taken out.

Regressions on past seasons (``local_ridge``) tell each step by itself; this one goes from step to step, and the mean of
both errs less than either. Its coefficients have a prior (Litterman 1986, *Forecasting with Bayesian vector
autoregressions*): a random walk, the more so the longer ago, so that many lags do no harm to a short history, and their
number needs no choice.

Shapes: ``S`` series, ``T`` steps of the longest history, right-aligned (NaN before a start), ``L`` lags, ``H`` horizon.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import right_aligned
from forecast.models.classical.seasonality import SeasonalitySettings, find_pattern, sizes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class AutoregressionSettings:
    """The numbers of the autoregressions; a version keeps those that it was trained with.

    Attributes:
        share: of the forecast; regressions on past seasons, or exponential smoothing, have the rest. 0 for none.
        longest: such a share of that is forecast with the longest season alone taken out, which holds the shorter ones:
            it leaves more to lags, and errs elsewhere. 0 for none, as where there is one season.
        seasons: lags reach over so many of the shortest season, and one step more.
        most: but over no more steps than so many.
        spread: the standard deviation of the first coefficient's prior.
        fading: that of a later one is smaller by its lag to this power.
        drift: that of the constant, in usual differences from step to step.
        unit_root: the coefficients are drawn to a sum of one, as by so many usual differences squared: what goes on
            from where it is, and not back to a mean.
        negligible: such differences of values of at most 1 are none.
        block: values that are worked on at a time, each with its lags; sums of other blocks may round otherwise.
    """

    share: float = 0.7  # measured by benchmarks/tuning/local_ridge.py
    longest: float = 0.3  # measured by benchmarks/tuning/local_ridge.py
    seasons: int = 2  # measured by benchmarks/tuning/local_ridge.py
    most: int = 100  # measured by benchmarks/tuning/local_ridge.py
    spread: float = 0.5  # measured by benchmarks/tuning/local_ridge.py
    fading: float = 0.5  # measured by benchmarks/tuning/local_ridge.py
    drift: float = 0.1  # measured by benchmarks/tuning/local_ridge.py
    unit_root: float = 0.0  # measured by benchmarks/tuning/local_ridge.py
    negligible: float = 1e-9
    block: int = 100_000

    def ways(self, seasons: tuple[int, ...]) -> list[tuple[float, tuple[int, ...]]]:
        """Returns which seasons are taken out, in turn, and the share of the forecast that is made so."""
        if len(seasons) == 1 or not self.longest:
            return [(1.0, seasons)]
        return [(1 - self.longest, seasons), (self.longest, seasons[-1:])]

    def lags(self, season: int) -> int:
        """Returns how many steps are looked back over, ``L``."""
        return min(self.seasons * season + 1, self.most)

    def prior(self, lags: int) -> tuple[FloatArray, FloatArray]:
        """Returns what the prior adds to the sums of squares and of products, (L + 1, L + 1) and (L + 1,).

        Of each coefficient it is known as well as its lag says, of the constant, and of the sum of all coefficients.
        """
        of_lags = np.arange(1, lags + 1) ** (2 * self.fading) / self.spread**2
        together = self.unit_root * np.append(np.ones(lags), 0.0)
        squares = np.diag(np.append(of_lags, 1 / self.drift**2)) + np.outer(together, together)
        return squares, squares[:, 0]  # as of a walk, whose first coefficient is 1


@dataclass(frozen=True)
class SeasonlessSettings(AutoregressionSettings):
    """Those of series without a season: a part of exponential smoothing, from difference to difference."""

    share: float = 0.2  # measured by benchmarks/tuning/smoothing.py
    seasons: int = 11  # measured by benchmarks/tuning/smoothing.py
    spread: float = 0.3  # measured by benchmarks/tuning/smoothing.py
    unit_root: float = 100.0  # measured by benchmarks/tuning/smoothing.py


def seasonal_autoregression(
    panel: Panel,
    horizon: int,
    seasons: tuple[int, ...],
    steps: int,
    settings: AutoregressionSettings,
    seasonality: SeasonalitySettings,
) -> FloatArray:
    """Returns the forecasts of the steps after the end of each series, gaps filled: (S, H); 0 of an empty one.

    Args:
        panel: ends at the origin.
        horizon: ``H``.
        seasons: ascending; 1 for none.
        steps: the newest so many are looked at.
        settings: of the regressions.
        seasonality: of the seasons.
    """
    lags, parts = settings.lags(seasons[0]), []
    for values in right_aligned(panel, steps, settings.block):
        size = sizes(values)
        ways = [
            share * _without(values / size, horizon, taken_out, lags, settings, seasonality)
            for share, taken_out in settings.ways(seasons)
        ]
        parts.append(np.sum(ways, axis=0) * size)
    return np.concatenate(parts) if parts else np.zeros((0, horizon))


def _without(
    values: FloatArray,
    horizon: int,
    seasons: tuple[int, ...],
    lags: int,
    settings: AutoregressionSettings,
    seasonality: SeasonalitySettings,
) -> FloatArray:
    """Returns the forecasts of right-aligned series from which seasons are taken out in turn: (S, T) -> (S, H)."""
    patterns = []
    for season in seasons:
        patterns.append(find_pattern(values, season, seasonality))
        values = patterns[-1].remove(values)
    forecast = autoregression(values, horizon, lags, settings)
    for pattern in reversed(patterns):
        forecast = pattern.restore(forecast)
    return forecast


def autoregression(values: FloatArray, horizon: int, lags: int, settings: AutoregressionSettings) -> FloatArray:
    """Returns the forecasts of the steps after the end of right-aligned series, (S, T) -> (S, H).

    One without any value gives 0; none goes further beyond what the series has been than its range.

    Args:
        values: without their season.
        horizon: ``H``.
        lags: ``L``.
        settings: of the regressions.
    """
    known = ~np.isnan(values)
    count = known.sum(axis=1, keepdims=True)
    mean = np.nansum(values, axis=1, keepdims=True) / np.maximum(count, 1)
    unit = np.where(known, values - mean, 0.0)
    steps = np.where(known[:, :-1], np.diff(unit, axis=1), 0.0)
    size = np.sqrt((steps**2).sum(axis=1, keepdims=True) / np.maximum(count - 1, 1))
    size = np.where(size > settings.negligible, size, 1.0)
    unit = unit / size
    if unit.shape[1] < lags + 1:
        unit = np.pad(unit, ((0, 0), (lags + 1 - unit.shape[1], 0)))
    coefficients = _coefficients(unit, count[:, 0], lags, settings)
    path = np.concatenate([unit[:, -lags:], np.zeros((len(unit), horizon))], axis=1)
    backwards, constant = coefficients[:, :lags][:, ::-1], coefficients[:, lags]
    for step in range(horizon):
        path[:, lags + step] = (path[:, step : lags + step] * backwards).sum(axis=1) + constant
    least, most = unit.min(axis=1, keepdims=True), unit.max(axis=1, keepdims=True)
    return np.asarray(np.clip(path[:, lags:], 2 * least - most, 2 * most - least) * size + mean)


def _coefficients(
    unit: FloatArray, count: NDArray[np.int64], lags: int, settings: AutoregressionSettings
) -> FloatArray:
    """Returns each series' coefficients, by lag, and its constant: (S, L + 1)."""
    squares, products = _moments(unit, count, lags)
    prior, walk = settings.prior(lags)
    return np.asarray(np.linalg.solve(squares + prior, (products + walk)[..., None])[..., 0])


def _moments(unit: FloatArray, count: NDArray[np.int64], lags: int) -> tuple[FloatArray, FloatArray]:
    """Returns the sums of squares of what a step is regressed on, (S, L + 1, L + 1), and with it, (S, L + 1).

    Sums over the same steps, both a step earlier, differ by what comes first and last, so that only those of one row
    are sums over all steps.
    """
    series, steps = unit.shape
    rows = np.maximum(count - lags, 0)  # steps with all lags before them
    targets = np.where(np.arange(steps) >= (steps - rows)[:, None], unit, 0.0)
    sums = np.zeros((series, lags + 2, lags + 2))  # of the step, its lags, and a constant
    for lag in range(lags + 1):
        sums[:, 0, lag] = (targets[:, lags:] * unit[:, lags - lag : steps - lag]).sum(axis=1)
    sums[:, 0, -1] = targets.sum(axis=1)
    earliest = (steps - rows)[:, None] - 1 - np.arange(lags)  # the steps just before the first target
    before = np.where(rows[:, None] > 0, np.take_along_axis(unit, np.maximum(earliest, 0), axis=1), 0.0)
    after = np.where(rows[:, None] > 0, unit[:, -1 : -lags - 1 : -1], 0.0)
    for lag in range(lags):
        new = sums[:, lag, lag:lags] + before[:, lag, None] * before[:, lag:] - after[:, lag, None] * after[:, lag:]
        sums[:, lag + 1, lag + 1 : -1] = new
        sums[:, lag + 1, -1] = sums[:, lag, -1] + before[:, lag] - after[:, lag]
    sums[:, -1, -1] = rows
    inputs = sums[:, 1:, 1:]
    inputs = inputs + np.triu(inputs, 1).transpose(0, 2, 1)
    return inputs, sums[:, 0, 1:]
