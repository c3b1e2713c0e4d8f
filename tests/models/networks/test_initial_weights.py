import numpy as np
import pytest

from forecast.models.networks.initial_weights import glorot_uniform, initial_weights, orthogonal
from forecast.models.networks.recurrent import weight_shapes
from tiny import tiny_spec


def test_orthogonal_rows_are_at_right_angles_and_of_length_one():
    matrix = orthogonal(np.random.default_rng(0), 5, 20)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(5), atol=1e-6)


def test_glorot_kernel_is_uniform_within_its_limit():
    kernel = glorot_uniform(np.random.default_rng(0), 100, 200)
    limit = np.sqrt(6 / 300)
    assert np.abs(kernel).max() <= limit
    np.testing.assert_allclose(kernel.std(), limit / np.sqrt(3), rtol=0.02)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_weights_have_the_names_and_shapes_of_a_network(cell):
    spec = tiny_spec(cell, layers=2)
    weights = initial_weights(spec, 3)
    assert {name: array.shape for name, array in weights.items()} == weight_shapes(spec)
    assert all(array.dtype == np.float32 for array in weights.values())
    again, other = initial_weights(spec, 3), initial_weights(spec, 4)
    np.testing.assert_array_equal(weights["head/kernel"], again["head/kernel"])
    assert np.abs(weights["head/kernel"] - other["head/kernel"]).max() > 0


def test_biases_are_those_of_keras():
    """The same layers built by Keras: zeros, save the LSTM's forget gate at one."""
    from forecast.models.networks.keras_networks import build_network, get_weights

    for cell in ("rnn", "lstm", "gru"):
        spec = tiny_spec(cell)
        theirs = get_weights(build_network(spec, seed=0))
        for name, array in initial_weights(spec, 0).items():
            if name.endswith("bias"):
                np.testing.assert_array_equal(array, theirs[name], err_msg=name)
            elif name.endswith(("kernel", "recurrent")) and not name.startswith(("head", "highway")):
                np.testing.assert_allclose(array.std(), theirs[name].std(), rtol=0.4)
