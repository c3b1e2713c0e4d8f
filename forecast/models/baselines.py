"""The forecasts that need no training, and that every network must beat.

Shapes: ``S`` series, ``H`` horizon.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import last_lookbacks
from forecast.models.forecaster import Members, Watcher

FloatArray = NDArray[np.float64]
BaselineName = Literal["naive", "seasonal-naive", "drift"]


@dataclass(frozen=True)
class Baseline:
    """A rule from Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, section 5.2."""

    name: BaselineName
    horizon: int
    season: int
    parameters: None = None
    curve: None = None
    train_seconds: float = 0.0

    def fit(self, panel: Panel, watcher: Watcher) -> "Baseline":
        """Returns itself: there is nothing to learn."""
        del panel
        watcher.progress(1.0)
        return self

    def predict_members(self, panel: Panel) -> Members:
        """Returns the rule's forecast as its only member."""
        forecast = {"naive": naive, "drift": drift}.get(self.name)
        values = forecast(panel, self.horizon) if forecast else seasonal_naive(panel, self.horizon, self.season)
        return Members((self.name,), (0,), values[None])


def naive(panel: Panel, horizon: int) -> FloatArray:
    """Returns the last value, repeated: (S, H)."""
    return np.repeat(last_lookbacks(panel, 1), horizon, axis=1)


def seasonal_naive(panel: Panel, horizon: int, season: int) -> FloatArray:
    """Returns the last season, repeated: (S, H); a series shorter than one season repeats its last value."""
    repeated = last_lookbacks(panel, season)[:, np.arange(horizon) % season]
    short = panel.lengths < season
    repeated[short] = naive(panel, horizon)[short]
    return repeated


def drift(panel: Panel, horizon: int) -> FloatArray:
    """Returns the straight line through the first and the last value, drawn on: (S, H)."""
    last, some = last_lookbacks(panel, 1), panel.lengths > 0
    slope = np.zeros_like(last)  # (S, 1)
    rise = last[some, 0] - panel.filled[panel.offsets[:-1][some]]
    slope[some, 0] = rise / np.maximum(panel.lengths[some] - 1, 1)
    return last + slope * np.arange(1, horizon + 1)
