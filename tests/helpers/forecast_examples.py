"""A panel and forecasts of it, to be drawn."""

from itertools import pairwise

import numpy as np

from forecast.data.panel import panel_from_series
from forecast.models.forecaster import Forecasts, Interval

H = 12


def panel_of(series=1, steps=60, *, ids=None, target="passengers", scale=None):
    rng = np.random.default_rng(0)
    scales = np.arange(1, series + 1) if scale is None else scale
    season = 10 + 3 * np.sin(np.arange(steps) * 2 * np.pi / 12)
    values = [k * (season + rng.normal(0, 0.3, steps)) for k in scales]
    return panel_from_series(values, "MS", series_ids=ids, target=target)


def forecasts_for(panel, horizon=H, *, levels=(80, 95), factor=1.0):
    point = factor * np.array([np.resize(panel.filled[a:b][-12:], horizon) for a, b in pairwise(panel.offsets)])
    width = {80: 1.0, 95: 2.0}
    intervals = tuple(Interval(level, point - width[level], point + width[level]) for level in levels)
    return Forecasts(panel.series_ids, panel.future_timestamps(horizon), point, intervals)
