"""Initial weights of the linear highway: a ridge regression of what a view's base gets wrong on the window.

A few hundred training steps settle the highway of a short window, but not the tens of thousands of weights of a
long one, nor anything where windows are few. Least squares finds them at once, and the training goes on from there.

Shapes: ``B`` windows, ``L`` lookback, ``H`` horizon.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import even_choice
from forecast.data.windows import Windows
from forecast.models.networks.recurrent import SeriesStatistics
from forecast.models.views import CLIP, ViewSettings, see, to_unit, view_maps
from forecast.specs import View

Floats = NDArray[np.float32]

MOST_WINDOWS = 15_000  # measured by benchmarks/tuning/views.py
BLOCK = 1 << 11
"""Windows that are normalised at a time, in double precision: all of a long lookback would take a gigabyte."""
PENALTIES = 10.0 ** np.arange(-5, 3.1, 0.5)  # measured by benchmarks/tuning/views.py
"""Ridge penalties that are tried, in units of the mean squared input."""
ROUNDS = 2  # measured by benchmarks/tuning/views.py
"""Times the windows are weighed anew by the inverse of their error: least absolute rather than least squared errors."""
EARLY, LATE = 0.7, 0.8  # measured by benchmarks/tuning/views.py
"""The penalty is chosen by the windows of each series after ``LATE`` of them, fitted to those before ``EARLY``."""
EDGE = 30.0  # measured by benchmarks/tuning/views.py
"""Inputs beyond so many scales are clipped."""


@dataclass(frozen=True, eq=False)
class _WindowSample:
    """Normalised windows and what is to be learned from them."""

    inputs: Floats  # (B, L)
    targets: Floats  # (B, H), 0 where nothing was observed
    known: NDArray[np.bool_]  # (B, H)
    place: NDArray[np.float64]  # (B,), from 0 to 1, where in its series a window lies
    weights: NDArray[np.float64] | None  # (B,), how much a window counts; None for 1

    @property
    def counts(self) -> bool:
        """Whether any window is there that counts."""
        return len(self.inputs) > 0 and (self.weights is None or bool(self.weights.sum() > 0))

    def some(self, which: NDArray[np.bool_]) -> "_WindowSample":
        """Returns some of the windows."""
        weights = None if self.weights is None else self.weights[which]
        return _WindowSample(self.inputs[which], self.targets[which], self.known[which], self.place[which], weights)

    def mean_error(self, kernel: Floats) -> float:
        """Returns the mean of the windows' errors, each as far as it counts."""
        errors = self.errors(kernel)
        return float(errors.mean() if self.weights is None else (errors * self.weights).sum() / self.weights.sum())

    def errors(self, kernel: Floats) -> Floats:
        """Returns each window's mean absolute error, (B,)."""
        size = np.where(self.known, np.abs(self.inputs @ kernel - self.targets), 0)
        return np.asarray(size.sum(axis=1) / np.maximum(self.known.sum(axis=1), 1), dtype=np.float32)


def fit_linear_init(
    windows: Windows, view: View, statistics: SeriesStatistics, settings: ViewSettings
) -> Floats | None:
    """Returns the (L, H) weights that the highway starts from; None where it starts at zero.

    It does so where the view doesn't ask for more, and where no regression forecasts the later windows of each
    series better than the base alone.
    """
    if not view.ridge:
        return None
    sample = _window_sample(windows, view, statistics, settings)
    early, late = sample.some(sample.place < EARLY), sample.some(sample.place > LATE)
    if not (early.counts and late.counts):
        return None
    kernel = np.zeros((windows.lookback, windows.horizon), dtype=np.float32)
    least = late.mean_error(kernel)
    for _ in range(ROUNDS):
        tried = _ridge(early, kernel, PENALTIES)
        errors = [late.mean_error(candidate) for candidate in tried]
        best = int(np.argmin(errors))
        kernel = _ridge(sample, kernel, PENALTIES[best : best + 1])[0]
    return kernel if errors[best] < least else None


def _window_sample(windows: Windows, view: View, statistics: SeriesStatistics, settings: ViewSettings) -> _WindowSample:
    """Returns a sample of the windows, evenly from all series, as the view sees them."""
    total = len(windows)
    some = even_choice(total, MOST_WINDOWS)
    first = np.searchsorted(windows.series, windows.series[some])
    count = np.searchsorted(windows.series, windows.series[some], side="right") - first
    maps = view_maps(view, windows.lookback, windows.horizon, settings, statistics.base)
    inputs = np.empty((len(some), windows.lookback), dtype=np.float32)
    targets = np.empty((len(some), windows.horizon), dtype=np.float32)
    known = np.empty(targets.shape, dtype=bool)
    for start in range(0, len(some), BLOCK):
        own = slice(start, start + BLOCK)
        series = windows.series[some[own]]
        seen = see(windows.lookbacks(some[own]), maps, statistics.level[series], statistics.scale[series])
        future = to_unit(windows.horizons(some[own]), seen.mean, maps)
        missed = np.clip((future - seen.base) / seen.scale, -CLIP, CLIP)
        known[own] = ~np.isnan(missed)
        inputs[own] = np.clip(seen.inputs, -EDGE, EDGE, out=seen.inputs)
        targets[own] = np.where(known[own], missed, 0)
    weights = windows.target_weights(some)
    if weights is not None:
        weights = (weights * known).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return _WindowSample(inputs, targets, known, (some - first + 0.5) / count, weights)


def _ridge(sample: _WindowSample, kernel: Floats, penalties: NDArray[np.float64]) -> list[Floats]:
    """Returns the ridge solution for each penalty, windows weighed by the inverse of their error with ``kernel``.

    (X' W X + p u I)⁻¹ X' W Y, where u is the mean diagonal of X' W X, by one eigendecomposition for all penalties.
    """
    errors = sample.errors(kernel)
    weights = 1 / np.maximum(errors, 0.1 * np.median(errors) + 1e-9)
    if sample.weights is not None:
        weights = weights * sample.weights.astype(np.float32)
    weighed = sample.inputs * weights[:, None]
    gram = (weighed.T @ sample.inputs).astype(np.float64)
    values, vectors = np.linalg.eigh(gram)
    rotated = vectors.T @ (weighed.T @ sample.targets)
    unit = max(np.trace(gram) / len(gram), 1e-12)
    return [(vectors @ (rotated / (values[:, None] + p * unit))).astype(np.float32) for p in penalties]
