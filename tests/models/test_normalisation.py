"""The arithmetic that numpy, TensorFlow and Keras share."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from forecast.models.normalisation import NUMPY, in_unit, logged, measure, out_of_log, restored, sizes_of
from forecast.models.views import SeenWindows, ViewSettings, view_maps
from forecast.specs import View
from tiny import wave

LOOKBACK, HORIZON = 10, 3
SETTINGS = ViewSettings()
VIEWS = [
    View(base, 4, level, scale, log)
    for base, (level, scale), log in product(
        ["last-season", "zero"], [("last", "window"), ("mean", "deviation"), ("series", "series")], [False, True]
    )
]
WINDOWS = np.stack([wave(LOOKBACK), np.zeros(LOOKBACK), 1e6 * wave(LOOKBACK, seed=2)])
LEVEL, SCALE = np.array([[3.0], [0.0], [1.5]]), np.array([[2.0], [1.0], [0.0]])


def numbers(xp, maps, windows, level, scale, outputs):
    """Returns level, scale, base and the forecasts of a network that gives ``outputs``."""
    size = sizes_of(xp, windows, maps.settings.floor)
    level, scale, base = measure(xp, in_unit(xp, windows, size, maps), maps, level, scale)
    seen = SeenWindows(windows, base, scale, size, level)
    return [np.asarray(each) for each in (level, scale, base, restored(xp, outputs, seen, maps))]


def maps_of(view):
    return view_maps(view, LOOKBACK, HORIZON, SETTINGS)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.label}-{view.level}-{view.scale}")
def test_keras_counts_as_numpy_does(view):
    from forecast.models.keras_export.model import _linear
    from forecast.models.keras_export.past import KERAS

    maps, outputs = maps_of(view), np.full((3, HORIZON), 0.25)
    level, base, compared = map(_linear, (maps.level[:, None], maps.base, maps.compared[:, None]))
    layers = replace(maps, level=level, base=base, compared=compared)
    ours = numbers(NUMPY, maps, WINDOWS, LEVEL, SCALE, outputs)
    theirs = numbers(KERAS, layers, WINDOWS, LEVEL, SCALE, outputs)
    for own, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(other, own, rtol=1e-12)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.label}-{view.level}-{view.scale}")
def test_tensorflow_counts_as_numpy_does(view):
    from forecast.models.networks.tensorflow import tf
    from forecast.models.networks.training import TENSORFLOW, VIEW_NUMBERS

    maps = maps_of(view)
    size = sizes_of(NUMPY, WINDOWS, SETTINGS.floor)
    ours = measure(NUMPY, in_unit(NUMPY, WINDOWS, size, maps), maps, LEVEL, SCALE)
    tensors = replace(maps, **{name: tf.constant(np.asarray(getattr(maps, name))) for name in VIEW_NUMBERS})
    windows = in_unit(TENSORFLOW, tf.constant(WINDOWS), tf.constant(size), tensors)
    theirs = measure(TENSORFLOW, windows, tensors, tf.constant(LEVEL), tf.constant(SCALE))
    for own, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(other.numpy(), own, rtol=1e-12)


def test_what_is_logged_comes_back():
    values = np.array([[0.0, 1.0, 8.0], [2.0, 2.0, 2.0]])
    size = sizes_of(NUMPY, values, SETTINGS.floor)
    np.testing.assert_allclose(size[:, 0], [3.0, 2.0])
    unit = logged(NUMPY, values, size, SETTINGS.log_offset)
    np.testing.assert_allclose(out_of_log(NUMPY, unit, SETTINGS) * size, values, atol=1e-12)


def test_no_forecast_runs_away_or_falls_below_nothing():
    least, most = out_of_log(NUMPY, np.array([-50.0, 1e3]), SETTINGS)
    assert least == 0
    assert most == np.exp(SETTINGS.largest_log) - SETTINGS.log_offset


def test_of_two_ways_one_is_gone():
    assert NUMPY.either(1.0, lambda: "first", lambda: pytest.fail("was called")) == "first"
    assert NUMPY.either(0.0, lambda: pytest.fail("was called"), lambda: "second") == "second"
