"""A small network that learned on made-up series alone which simple forecast to trust, for series without a season.

It sees traits of a series and what simple methods forecast of it, and returns their shares, which change over the
horizon: a forecast within what they say. It was trained once, by ``benchmarks/tuning/pretrain.py``, on series drawn
from a prior (levels, trends, cycles, noise, breaks; each with numbers of its own), towards what was to be expected of
them: an amortised Bayesian forecast. No observed series has a part in its weights. They are a file of this package,
one for each edition, which never changes: a version names its edition.

    S. Müller, N. Hollmann, S. Pineda, J. Grabocka & F. Hutter 2022, Transformers can do Bayesian inference.
    P. Montero-Manso, G. Athanasopoulos, R. J. Hyndman & T. S. Talagala 2020, FFORMA: feature-based forecast model
    averaging.

Shapes: ``S`` series, ``T`` steps, right-aligned (0 before a start), ``K`` simple forecasts, ``D`` traits, ``U`` units,
``H`` horizon, ``G`` steps ahead that it was trained for.
"""

from dataclasses import dataclass, replace
from pkgutil import get_data
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import right_aligned
from forecast.errors import UPGRADE, UsageError
from forecast.models.classical.autoregression import AutoregressionSettings, SeasonlessSettings, autoregression
from forecast.models.classical.seasonality import sizes
from forecast.models.classical.theta import History, ThetaSettings, history_of, mean_of_methods, methods
from forecast.models.parallel import side_by_side

FloatArray = NDArray[np.float64]
TRAITS, FORECASTS = 37, 8
"""``D`` and ``K``: another number of them needs weights of its own (``benchmarks/tuning/pretrain.py``)."""
PLACES = 3
"""Shares are told for the first step, half way and the last step, in a line between (as
``benchmarks/tuning/pretrain.py`` trained them)."""


@dataclass(frozen=True)
class PretrainedSettings:
    """The numbers of the pretrained network; a version keeps those that it was trained with.

    The share is measured by ``benchmarks/tuning/smoothing.py``; the others are those for which
    ``benchmarks/tuning/pretrain.py`` made the weights.

    Attributes:
        share: of the way from exponential smoothing to what the network makes of it. 0 for none.
        edition: of its weights.
        units: ``U``, of each of its two layers.
        horizon: ``G``; further steps are moved as the last of these.
        window: traits are those of the newest so many steps.
        recent: and of so many of these, as far as they vary more or less than the others.
        least: shorter series are left to exponential smoothing.
        lags: of the autoregression that may come back to a mean.
        spread: of its coefficients, see ``AutoregressionSettings``.
        calm: errors are no smaller than this share of a usual difference.
        digits: shares are rounded to so many, so that no rounding of sums shows.
        least_error: errors are larger by this, of values of at most 1.
        negligible: a smaller number is none.
    """

    share: float = 0.4
    edition: int = 1
    units: int = 128
    horizon: int = 12
    window: int = 48
    recent: int = 12
    least: int = 8
    lags: int = 4
    spread: float = 0.7
    calm: float = 1e-3
    digits: int = 6
    least_error: float = 1e-7
    negligible: float = 1e-12

    def loose(self, seasonless: SeasonlessSettings) -> AutoregressionSettings:
        """Returns the numbers of the autoregression that may come back to a mean."""
        return replace(seasonless, seasons=self.lags - 1, spread=self.spread, unit_root=0.0)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of all weights: mean and spread of traits, two layers, and what shares are made of."""
        told = PLACES * (FORECASTS + 1)
        return (
            *((TRAITS,), (TRAITS,), (TRAITS, self.units), (self.units,)),
            *((self.units, self.units), (self.units,), (self.units, told), (told,)),
        )


Weights = tuple[FloatArray, ...]


def read_weights(settings: PretrainedSettings) -> Weights:
    """Returns the weights of an edition (see ``shapes``), a part of this package as its code is.

    Raises:
        UsageError: this program has no such edition.
    """
    try:
        content = get_data(__name__.rpartition(".")[0], f"pretrained_{settings.edition}.f32") or b""
    except OSError as error:
        raise UsageError(
            f"edition {settings.edition} of pretrained weights is none of this program's", UPGRADE
        ) from error
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in settings.shapes])
    parts = np.split(np.frombuffer(content, "<f4").astype(float), ends[:-1])
    return tuple(part.reshape(shape) for part, shape in zip(parts, settings.shapes, strict=True))


@dataclass(frozen=True, eq=False)
class SimpleForecasts:
    """What the network decides upon: of numpy or of Keras, in units of each series' largest value.

    Attributes:
        history: of the series.
        every: each forecast over the longer of ``H`` and ``G``, (S, max(H, G)).
        base: what they are measured from, smoothing with its autoregression, likewise.
        share: of the theta method in smoothing, (S, 1).
        errors: squared errors of the theta method and of the damped trend, (S, 1) each.
    """

    history: History
    every: list[Any]
    base: Any
    share: Any
    errors: tuple[Any, Any]


def seasonless_smoothing(
    panel: Panel,
    horizon: int,
    theta: ThetaSettings,
    seasonless: SeasonlessSettings,
    settings: PretrainedSettings,
    threads: int = 1,
) -> FloatArray:
    """Returns the forecasts of the steps after the end of each series, gaps filled: (S, H).

    Exponential smoothing with its autoregression, and so far as ``share`` says what the network makes of them.
    """
    weights = read_weights(settings)

    def forecast(values: FloatArray) -> FloatArray:
        size = sizes(values)
        found = simple_forecasts(values / size, horizon, theta, seasonless, settings)
        return np.asarray(moved(found, horizon, weights, theta, settings) * size)

    parts = side_by_side(forecast, right_aligned(panel, theta.steps_used(1), theta.block), threads)
    return np.concatenate(parts) if parts else np.zeros((0, horizon))


def simple_forecasts(
    values: FloatArray, horizon: int, theta: ThetaSettings, seasonless: SeasonlessSettings, settings: PretrainedSettings
) -> SimpleForecasts:
    """Returns the simple forecasts of right-aligned series, (S, T), NaN before a start."""
    steps, loose = max(horizon, settings.horizon), settings.loose(seasonless)
    stepwise = autoregression(values, steps, seasonless.lags(1), seasonless)
    reverting = autoregression(values, steps, loose.lags(1), loose)
    return with_others(history_of(values), steps, stepwise, reverting, theta, seasonless.share)


def with_others(
    history: History, steps: int, stepwise: Any, reverting: Any, theta: ThetaSettings, share_of_steps: float
) -> SimpleForecasts:
    """Returns the simple forecasts of so many steps, two of which are autoregressions."""
    xp = history.xp
    by_theta, damped, share, errors = methods(history, steps, theta)
    smoothed = mean_of_methods(history, by_theta, damped, share, theta)
    ahead, ones = np.arange(1.0, steps + 1), np.ones((1, steps))
    first = xp.sum(xp.where(xp.equal(history.place, 1), history.values, 0.0), axis=1, keepdims=True)
    slope = (history.last - first) / xp.maximum(history.count - 1.0, 1.0)
    every = [
        by_theta,
        damped,
        stepwise,
        history.last * ones,
        by_theta[:, :1] * ones,
        history.last + slope * ahead,
        damped[:, :1] + (damped[:, 1:2] - damped[:, :1]) * (ahead - 1),
        reverting,
    ]
    base = (1 - share_of_steps) * smoothed + share_of_steps * stepwise
    return SimpleForecasts(history, every, base, share + 0.0 * history.last, errors)


def moved(
    found: SimpleForecasts, horizon: int, weights: Weights, theta: ThetaSettings, settings: PretrainedSettings
) -> Any:
    """Returns smoothing moved towards what the network makes of the simple forecasts, (S, H)."""
    xp, reach = found.history.xp, settings.horizon
    shares = xp.round(shares_of(xp, traits(found, theta, settings), weights, reach), settings.digits)
    move = sum(shares[:, place] * (own[:, :reach] - found.base[:, :reach]) for place, own in enumerate(found.every))
    move = xp.where(found.history.count >= settings.least, move, 0.0 * move)
    if horizon > reach:
        move = xp.concatenate([move, move[:, -1:] * np.ones((1, horizon - reach))], axis=1)
    return found.base[:, :horizon] + settings.share * move[:, :horizon]


def shares_of(xp: Any, seen: Any, weights: Weights, steps: int) -> Any:
    """Returns the shares of the simple forecasts, and last of their base, step by step: (S, D) -> (S, K + 1, G)."""
    mean, spread, first, first_bias, second, second_bias, last, last_bias = weights
    hidden = _swish(xp, xp.matmul((seen - mean) / spread, first) + first_bias)
    hidden = hidden + _swish(xp, xp.matmul(hidden, second) + second_bias)
    told = xp.reshape(xp.matmul(hidden, last) + last_bias, (-1, FORECASTS + 1, PLACES))
    scores = xp.matmul(told, tents(steps))
    scores = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
    return scores / xp.sum(scores, axis=1, keepdims=True)


def tents(steps: int) -> FloatArray:
    """Returns how much each step hears of what is told for the first, the middle and the last one, (3, G)."""
    way = 2 * np.arange(steps) / (steps - 1)
    return np.stack([np.clip(1 - way, 0, 1), 1 - np.abs(way - 1), np.clip(way - 1, 0, 1)])


def _swish(xp: Any, values: Any) -> Any:
    return values / (1 + xp.exp(-1.702 * values))


def traits(found: SimpleForecasts, theta: ThetaSettings, settings: PretrainedSettings) -> Any:
    """Returns what the network is told of each series and of its simple forecasts, (S, D)."""
    history, xp, tiny = found.history, found.history.xp, settings.negligible
    window = settings.window
    values, place = history.values[:, -window:], history.place[:, -window:]
    known = xp.where(place >= 1, 1.0 + 0.0 * values, 0.0 * values)
    changes = xp.where(place[:, 1:] >= 2, values[:, 1:] - values[:, :-1], 0.0)
    is_change = xp.where(place[:, 1:] >= 2, 1.0 + 0.0 * changes, 0.0 * changes)

    def total(of: Any) -> Any:
        return xp.sum(of, axis=1, keepdims=True)

    count, changed = xp.maximum(total(known), 1.0), xp.maximum(total(is_change), 1.0)
    usual = _mean_change(history, settings)
    size = xp.sqrt(total(xp.square(changes)) / changed) + tiny
    error = usual_error(found, theta, settings)
    mean = total(values) / count
    spread = xp.sqrt(total(known * xp.square(values - mean)) / count)
    newest, newest_known = changes[:, -settings.recent :], is_change[:, -settings.recent :]
    recent = xp.sqrt(total(xp.square(newest)) / xp.maximum(total(newest_known), 1.0))
    unit = xp.clip(changes / size, -5.0, 5.0)

    def log(of: Any) -> Any:
        return xp.log(xp.maximum(of, 1e-6))

    def echo(lag: int) -> Any:
        both = total(is_change[:, lag:] * is_change[:, :-lag])
        return total(unit[:, lag:] * unit[:, :-lag]) / xp.maximum(both, 5.0)

    last = settings.horizon - 1
    seen = [
        log(1.0 * history.count),
        *(log(error / xp.maximum(usual, tiny)), log(spread / error), log(error), found.share),
        log(xp.sqrt(found.errors[0] / xp.maximum(found.errors[1], 1e-24))),
        *(log(recent / size), total(changes) / changed / size),
        xp.arcsinh((found.base[:, last : last + 1] - found.base[:, :1]) / error),
        *(echo(lag) for lag in (1, 2, 3, 4)),
    ]
    for own in found.every:
        away = [own[:, step : step + 1] - found.base[:, step : step + 1] for step in (0, settings.horizon // 3, last)]
        seen += [xp.arcsinh(each / error) for each in away]
    return xp.concatenate(seen, axis=1)


def usual_error(found: SimpleForecasts, theta: ThetaSettings, settings: PretrainedSettings) -> Any:
    """Returns what the damped trend missed on the history, of all leads that count, as a root mean square: (S, 1)."""
    history, xp, count = found.history, found.history.xp, 1.0 * found.history.count
    leads = xp.clip(xp.floor(count / theta.steps_a_lead), 1.0, float(theta.leads))
    missed = xp.sqrt(found.errors[1] / xp.maximum(leads * count - leads * (leads - 1) / 2, 1.0))
    return xp.maximum(missed, settings.calm * _mean_change(history, settings)) + settings.least_error


def _mean_change(history: History, settings: PretrainedSettings) -> Any:
    """Returns the mean absolute difference of the newest steps, (S, 1)."""
    xp, values, place = history.xp, history.values[:, -settings.window :], history.place[:, -settings.window :]
    changes = xp.where(place[:, 1:] >= 2, xp.abs(values[:, 1:] - values[:, :-1]), 0.0)
    return xp.sum(changes, axis=1, keepdims=True) / xp.clip(1.0 * history.count - 1, 1.0, settings.window - 1.0)
