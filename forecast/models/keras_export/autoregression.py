"""The autoregression as standard Keras operations: the arithmetic of ``classical.autoregression``.

Shapes: ``B`` windows, ``N`` steps, right-aligned (0 before a start), ``L`` lags, ``H`` horizon.
"""

from forecast.models.classical.autoregression import AutoregressionSettings
from forecast.models.classical.seasonality import SeasonalitySettings
from forecast.models.keras_export.past import PastWindow, Tensor
from forecast.models.keras_export.seasonality import pattern_of
from forecast.models.networks.tensorflow import keras


def autoregression_of(
    past: PastWindow,
    horizon: int,
    seasons: tuple[int, ...],
    settings: AutoregressionSettings,
    seasonality: SeasonalitySettings,
) -> Tensor:
    """Returns the forecasts of the steps after each window, as ``seasonal_autoregression`` makes them: (B, H).

    Args:
        past: the steps that are looked at.
        horizon: ``H``.
        seasons: ascending; 1 for none.
        settings: of the regressions.
        seasonality: of the seasons.
    """
    ops = keras.ops
    size = ops.max(ops.abs(past.values), axis=1, keepdims=True)
    size = ops.where(size > 0, size, 1.0)
    total = 0.0
    for share, taken_out in settings.ways(seasons):
        rest, patterns = past.values / size, []
        for season in taken_out:
            if 1 < season <= rest.shape[1] // 2:
                patterns.append(pattern_of(rest, past, season, seasonality))
                rest = patterns[-1].remove(rest) * past.known
        forecast = stepwise(rest, past, horizon, settings.lags(seasons[0]), settings)
        for pattern in reversed(patterns):
            forecast = pattern.restore(forecast)
        total = total + share * forecast
    return total * size


def stepwise(values: Tensor, past: PastWindow, horizon: int, lags: int, settings: AutoregressionSettings) -> Tensor:
    """Returns the forecasts of windows without their season, (B, N) -> (B, H)."""
    ops = keras.ops
    mean = ops.sum(values, axis=1, keepdims=True) / ops.maximum(past.count, 1.0)
    unit = (values - mean) * past.known
    steps = (unit[:, 1:] - unit[:, :-1]) * past.known[:, :-1]
    size = ops.sqrt(ops.sum(ops.square(steps), axis=1, keepdims=True) / ops.maximum(past.count - 1, 1.0))
    size = ops.where(size > settings.negligible, size, 1.0)
    unit = ops.pad(unit / size, ((0, 0), (max(lags + 1 - unit.shape[1], 0), 0)))
    place = ops.pad(past.place, ((0, 0), (unit.shape[1] - past.place.shape[1], 0)))
    parts = ops.extract_sequences(unit, lags + 1, 1)  # (B, N - L, L + 1), the step itself last
    inputs = ops.concatenate([ops.flip(parts[:, :, :-1], axis=2), ops.ones_like(parts[:, :, :1])], axis=2)
    inputs = ops.where(place[:, lags:, None] > lags, inputs, 0.0)
    (prior, walk), turned = settings.prior(lags), ops.transpose(inputs, (0, 2, 1))
    squares = ops.matmul(turned, inputs) + prior
    products = ops.matmul(turned, parts[:, :, -1:]) + walk[:, None]
    coefficients = ops.solve(squares, products)[:, :, 0]
    path = unit[:, -lags:]
    for _ in range(horizon):
        step = ops.sum(ops.flip(path[:, -lags:], axis=1) * coefficients[:, :lags], axis=1) + coefficients[:, lags]
        path = ops.concatenate([path, step[:, None]], axis=1)
    least, most = (bound(unit, axis=1, keepdims=True) for bound in (ops.min, ops.max))
    return ops.minimum(ops.maximum(path[:, lags:], 2 * least - most), 2 * most - least) * size + mean
