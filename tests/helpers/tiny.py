"""Small networks and small panels that are awkward in every way, for several test modules."""

from dataclasses import replace

import numpy as np

from forecast.data.panel import panel_from_series
from forecast.models.classical.pooled_demand import fit_pooled_demand
from forecast.models.method_settings import CURRENT
from forecast.models.networks.recurrent import Network, RecurrentModel, measure_series, weight_shapes
from forecast.models.networks.smoothed_base import Smoothing, maps_of
from forecast.specs import ModelSpec, View

SEASON = 4
VIEWS = (
    View("last-season", SEASON),
    View("last-value", SEASON, level="mean", log=True),
    View("smoothed", SEASON, scale="series"),
)


def tiny_spec(cell, **changes):
    """All tests that keep to this shape share one compiled loop a cell."""
    settings = {
        "window": 8,
        "horizon": 3,
        "season": SEASON,
        "segment": 2,
        "units": 3,
        "batch_size": 4,
        "steps": 30,
        "views": VIEWS[:1],
        "seeds": (0,),
    }
    return ModelSpec(cell, **{**settings, **changes})


def random_weights(spec, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.4, shape).astype(np.float32) for name, shape in weight_shapes(spec).items()}


def random_model(spec, panel):
    """A model as if trained on the panel, without TensorFlow: its networks are random."""
    networks = tuple(Network(view, seed, random_weights(spec, seed)) for view in spec.views for seed in spec.seeds)
    statistics = {view: measure_series(panel, view, CURRENT.views) for view in spec.views}
    smoothing = maps_of([Smoothing(0.4, 0.1, 0.2, 0.9)], spec.window, spec.horizon, SEASON)[0]
    for view, own in statistics.items():
        statistics[view] = replace(own, base=smoothing if view.base == "smoothed" else None)
    return RecurrentModel(spec, networks, panel.series_ids, statistics, CURRENT, pooled=pooled_of(spec, panel))


def pooled_of(spec, panel):
    """The pooled demand of a spec that is trusted against it, from few windows; else None."""
    if "pooled" not in spec.anchors:
        return None
    return fit_pooled_demand(panel, spec.horizon, spec.season, CURRENT.classical.pooled, 0.02)


def wave(steps, *, level=20.0, trend=0.1, noise=0.5, seed=0):
    """A series with a season of 4, a trend and some noise, always positive."""
    rng = np.random.default_rng(seed)
    time = np.arange(steps)
    return level + trend * time + 3 * np.sin(2 * np.pi * time / SEASON) + rng.normal(0, noise, steps)


def awkward_panel(fill="interpolate"):
    """Six daily series: whole, with gaps, late, ended early, short, constant; steps are counted from day 0."""
    gaps = np.abs(wave(40, level=0.0, trend=0.0, seed=1))  # so low that an interval would reach below zero
    gaps[[4, 5, 17, 29, 30, 31, 36, 38]] = np.nan
    return panel_from_series(
        [wave(40), gaps, wave(25, seed=2), 100 * wave(30, seed=3), wave(7, seed=4), np.full(40, 5.0)],
        "D",
        series_ids=["whole", "gaps", "late", "early", "short", "constant"],
        first=[0, 0, 15, 0, 33, 0],
        fill=fill,
    )


def with_values(panel, values):
    """The same series and steps with other values in the flat buffer."""
    arrays = [values[a:b] for a, b in zip(panel.offsets[:-1], panel.offsets[1:], strict=True)]
    return panel_from_series(
        arrays, panel.frequency, series_ids=panel.series_ids, first=panel.first, target=panel.target, fill=panel.fill
    )


def assert_recomputed(panel, forecasts, slowly):
    """Compares forecasts, (S, H), with those that ``slowly`` makes of one series at a time, its gaps filled."""
    assert len(forecasts) == len(panel)
    for i, (start, end) in enumerate(zip(panel.offsets[:-1], panel.offsets[1:], strict=True)):
        own = panel.filled[start:end]
        expected = slowly(own)
        assert forecasts[i].shape == np.shape(expected)
        slack = 1e-9 * np.abs(own).max(initial=0)
        np.testing.assert_allclose(forecasts[i], expected, rtol=1e-7, atol=slack)
