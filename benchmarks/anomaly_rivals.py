"""What `forecast anomalies` is measured beside: detectors as they are usually set up, each a score a step.

Shapes: ``N`` steps of one series without gaps, ``w`` of a window.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
LOOKBACK, UNITS, EPOCHS, MOST_WINDOWS = 32, 32, 4, 6_000


def spread(scores: FloatArray, width: int) -> FloatArray:
    """Returns the scores of windows at their middle steps, (N,)."""
    return np.pad(scores, (width // 2, width - 1 - width // 2), mode="edge")


def isolation_forest(values: FloatArray, width: int, _season: int) -> FloatArray:
    """Returns the scores of windows in a forest of 100 trees."""
    from sklearn.ensemble import IsolationForest

    windows = sliding_window_view(values, width)
    return spread(-IsolationForest(n_estimators=100, random_state=0).fit(windows).score_samples(windows), width)


def local_outlier_factor(values: FloatArray, width: int, _season: int) -> FloatArray:
    """Returns the local outlier factor of windows among 30 neighbours."""
    from sklearn.neighbors import LocalOutlierFactor

    found = LocalOutlierFactor(n_neighbors=30).fit(sliding_window_view(values, width))
    return spread(-found.negative_outlier_factor_, width)


def seasonal_z(values: FloatArray, _width: int, season: int) -> FloatArray:
    """Returns how many standard deviations each step is from the mean of its phase."""
    scores = np.zeros(len(values))
    for phase in range(max(season, 1)):
        own = values[phase :: max(season, 1)]
        scores[phase :: max(season, 1)] = np.abs(own - own.mean()) / (own.std() + 1e-9)
    return scores


def sub_pca(values: FloatArray, width: int, _season: int) -> FloatArray:
    """Returns the weighted distances of standardised windows from all principal components (PyOD's, as in TSB-AD)."""
    windows = sliding_window_view(values, width)
    windows = (windows - windows.mean(axis=1, keepdims=True)) / (windows.std(axis=1, ddof=1, keepdims=True) + 1e-12)
    windows = (windows - windows.mean(axis=0)) / (windows.std(axis=0) + 1e-12)
    variances, axes = np.linalg.eigh(np.cov(windows.T))
    shares = np.maximum(variances / variances.sum(), 1e-6)
    squares = (windows**2).sum(axis=1, keepdims=True) + 1 - 2 * windows @ axes
    return spread((np.sqrt(np.maximum(squares, 0)) / shares).sum(axis=1), width)


def lstm(series: Sequence[FloatArray]) -> list[FloatArray]:
    """Returns the absolute errors of one LSTM that learned to forecast the next step of all these series."""
    import keras

    scaled = [(values - values.mean()) / (values.std() + 1e-9) for values in series]
    windows = [sliding_window_view(values, LOOKBACK + 1) for values in scaled]
    together = np.concatenate(windows).astype("float32")
    rng = np.random.default_rng(0)
    some = together[rng.permutation(len(together))[:MOST_WINDOWS]]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((LOOKBACK, 1)), keras.layers.LSTM(UNITS), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(some[:, :-1, None], some[:, -1], epochs=EPOCHS, batch_size=64, verbose=0)
    result = []
    for own in windows:
        told = model.predict(own[:, :-1, None].astype("float32"), batch_size=2048, verbose=0)[:, 0]
        result.append(np.concatenate([np.zeros(LOOKBACK), np.abs(own[:, -1] - told)]))
    return result


RIVALS: dict[str, Callable[[FloatArray, int, int], FloatArray]] = {
    "Isolation Forest": isolation_forest,
    "LOF": local_outlier_factor,
    "seasonal z-score": seasonal_z,
    "Sub-PCA": sub_pca,
}
