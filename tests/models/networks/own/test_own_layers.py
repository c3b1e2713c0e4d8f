"""A Keras layer of one's own: the same numbers in training and in a forecast, and what is no layer is refused."""

import numpy as np
import pytest

from forecast.errors import UsageError
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import OwnCode, run_cell
from forecast.models.networks.keras_networks import build_network, get_weights, set_weights
from forecast.models.networks.own.own_layers import own_cell
from forecast.models.networks.recurrent import run_network, weight_shapes
from forecast.models.networks.tensorflow import keras
from marks import slow
from tiny import tiny_spec

CODE = OwnCode("my_cells.py", "Leaky", b"")


class Leaky(keras.layers.Layer):
    """h_t = (1 - a) h_(t-1) + a tanh(W x_t + b), a cell for keras.layers.RNN."""

    def __init__(self, units, **settings):
        super().__init__(**settings)
        self.units = self.state_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), name="bias", initializer="zeros")
        self.leak = self.add_weight(shape=(self.units,), name="leak", initializer="zeros")

    def call(self, inputs, states):
        share = keras.ops.sigmoid(self.leak)
        new = keras.ops.tanh(keras.ops.matmul(inputs, self.kernel) + self.bias)
        hidden = (1 - share) * states[0] + share * new
        return hidden, [hidden]


def whole(units):
    return keras.layers.GRU(units)


def stacked(units):
    return keras.Sequential([keras.layers.Dense(units), keras.layers.GRU(units, return_sequences=True)])


def last(units):
    return keras.Sequential([keras.layers.LSTM(units), keras.layers.Dense(units)])


@pytest.fixture
def registered():
    yield lambda make: CELLS.add_unlisted(own_cell("mine", make, CODE))
    CELLS._unlisted.clear()


def test_cell_is_its_equation(registered):
    registered(Leaky)
    cell, rng = CELLS["mine"], np.random.default_rng(0)
    shapes = cell.weight_shapes(3, 2)
    assert shapes == {"kernel": (2, 3), "bias": (3,), "leak": (3,)}
    assert cell.parameters(3, 2) == 12
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    inputs = rng.normal(size=(4, 5, 2)).astype(np.float32)
    share, hidden = 1 / (1 + np.exp(-weights["leak"])), np.zeros((5, 3))
    found = run_cell(cell, inputs, weights, 3)
    for t in range(4):
        hidden = (1 - share) * hidden + share * np.tanh(inputs[t] @ weights["kernel"] + weights["bias"])
        np.testing.assert_allclose(found[t], hidden, atol=1e-6)


@pytest.mark.parametrize(("make", "layers"), [(Leaky, 2), slow(whole, 1), slow(stacked, 2), slow(last, 1)])
@pytest.mark.slow
def test_network_forecasts_what_it_was_trained_as(make, layers, registered):
    registered(make)
    spec = tiny_spec("mine", layers=layers)
    network, rng = build_network(spec, seed=0), np.random.default_rng(1)
    weights = {name: rng.normal(0, 0.5, array.shape).astype(np.float32) for name, array in get_weights(network).items()}
    assert {name: array.shape for name, array in weights.items()} == weight_shapes(spec)
    set_weights(network, weights)
    window = rng.normal(0, 1, (5, spec.window)).astype(np.float32)
    expected = network(window, training=False).numpy()
    np.testing.assert_allclose(run_network(spec, weights, window.astype(np.float64)), expected, rtol=1e-4, atol=1e-5)


def test_seed_decides_the_initial_weights_and_leaves_the_generator_of_python_alone(registered):
    import random

    registered(Leaky)
    random.seed(3)
    before = random.getstate()
    first, again, other = (get_weights(build_network(tiny_spec("mine"), seed=seed)) for seed in (0, 0, 1))
    assert random.getstate() == before
    np.testing.assert_array_equal(first["cell0/kernel"], again["cell0/kernel"])
    assert (first["cell0/kernel"] != other["cell0/kernel"]).any()


def failing(units):
    raise RuntimeError("no such thing")


def remembering(units):
    return keras.Sequential([keras.layers.GRU(units), keras.layers.BatchNormalization()])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (failing, "mine can't be built: RuntimeError: no such thing"),
        (lambda units: 3, "It makes int, which is no Keras layer"),
        (lambda units: keras.layers.GRU(2 * units), r"mine of 5 units gives \(None, 3, 10\)"),
        (lambda units: keras.layers.Activation("tanh"), r"gives \(None, 3, 2\)"),
        (lambda units: keras.layers.RepeatVector(5), "can't be built"),
        (remembering, "which is not trained and would not be stored"),
    ],
)
def test_what_is_no_layer_of_states_is_refused(make, message):
    with pytest.raises(UsageError, match=message) as caught:
        own_cell("mine", make, CODE)
    assert caught.value.hint
