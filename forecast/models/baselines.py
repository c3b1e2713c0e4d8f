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
from forecast.models.theta import theta

FloatArray = NDArray[np.float64]
BaselineName = Literal["naive", "seasonal-naive", "drift", "simple-theta"]


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
        return Members((self.name,), (0,), baseline(self.name, panel, self.horizon, self.season)[None])


def baseline(name: BaselineName, panel: Panel, horizon: int, season: int) -> FloatArray:
    """Returns the forecasts of a rule by its name, (S, H)."""
    if name == "seasonal-naive":
        return seasonal_naive(panel, horizon, season)
    if name == "simple-theta":
        return theta(panel, horizon, season)
    return {"naive": naive, "drift": drift}[name](panel, horizon)


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
