import numpy as np
import pytest

from forecast.models.networks.backprop import run_forward, weight_gradients
from forecast.models.networks.cells import CELLS
from forecast.models.networks.descent.stack import run_stack, stack_gradients
from forecast.models.networks.recurrent import run_network
from forecast.specs import LINEAR
from tiny import random_weights, tiny_spec

SHAPES = [(cell, segment, layers) for cell in CELLS for segment, layers in ((2, 1), (1, 1), (2, 2))]


def stacked(spec, count=3):
    each = [random_weights(spec, seed) for seed in range(count)]
    windows = np.random.default_rng(9).normal(size=(count, 5, spec.window)).astype(np.float32)
    return each, {name: np.stack([own[name] for own in each]) for name in each[0]}, windows


@pytest.mark.parametrize(("cell", "segment", "layers"), [*SHAPES, (LINEAR, 1, 1)])
def test_each_network_of_a_stack_says_what_it_says_alone(cell, segment, layers):
    spec = tiny_spec(cell, segment=segment, layers=layers)
    each, together, windows = stacked(spec)
    outputs = run_stack(spec, together, windows).outputs
    for weights, own, output in zip(each, windows, outputs, strict=True):
        np.testing.assert_allclose(output, run_network(spec, weights, own), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("cell", "segment", "layers"), SHAPES)
def test_gradients_of_a_stack_are_those_of_each_network(cell, segment, layers):
    spec = tiny_spec(cell, segment=segment, layers=layers)
    each, together, windows = stacked(spec)
    arriving = np.random.default_rng(8).normal(size=(3, 5, spec.horizon)).astype(np.float32)
    found = {name: np.full_like(array, np.nan) for name, array in together.items()}
    stack_gradients(spec, together, run_stack(spec, together, windows), arriving, found)
    for place, weights in enumerate(each):
        wide = {name: array.astype(np.float64) for name, array in weights.items()}
        known = weight_gradients(spec, wide, run_forward(spec, wide, windows[place]), arriving[place].astype(float))
        assert known.keys() == found.keys()
        for name, array in known.items():
            np.testing.assert_allclose(found[name][place], array, rtol=2e-4, atol=2e-5, err_msg=name)


def test_gradients_of_the_linear_highway_are_those_of_least_squares_on_the_windows():
    spec = tiny_spec(LINEAR)
    _, together, windows = stacked(spec)
    arriving = np.ones((3, 5, spec.horizon), np.float32)
    found = {name: np.full_like(array, np.nan) for name, array in together.items()}
    stack_gradients(spec, together, run_stack(spec, together, windows), arriving, found)
    np.testing.assert_allclose(found["highway/kernel"], np.repeat(windows.sum(axis=1)[..., None], 3, axis=2), rtol=1e-5)
    np.testing.assert_array_equal(found["highway/bias"], np.full((3, 3), 5.0))
