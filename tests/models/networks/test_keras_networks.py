import numpy as np
import pytest

from forecast.models.networks.cells import CELLS
from forecast.models.networks.keras_networks import build_network, get_weights, set_weights, weight_names
from forecast.models.networks.recurrent import weight_shapes
from forecast.specs import LINEAR, MOST
from tiny import tiny_spec

NETWORKS = [*CELLS, LINEAR]
SHAPES = [{}, {"segment": 1}, {"layers": 3}, {"highway": False}, {"rolled": True, "highway": False}, {"horizon": 1}]
TOLD = [
    {"known": 3, "past": 2, "static": 2},
    {"known": 2, "segment": 1, "horizon": 1},
    {"past": 1, "layers": 2, "highway": False},
]


def inputs_of(spec):
    rng = np.random.default_rng(0)
    window = rng.normal(0, 1, (5, spec.window)).astype(np.float32)
    if not spec.takes_covariates or spec.cell == "linear":
        return window
    shapes = ((spec.window, spec.known + spec.past), (spec.horizon, spec.known), (spec.static,), (spec.horizon,))
    return [window, *(rng.normal(0, 1, (5, *shape)).astype(np.float32) for shape in shapes if shape[-1])]


@pytest.mark.parametrize("changes", [*SHAPES, *TOLD])
@pytest.mark.parametrize("cell", NETWORKS)
@pytest.mark.slow
def test_weights_have_the_names_and_shapes_that_prediction_needs(cell, changes):
    spec = tiny_spec(cell, **changes)
    weights = get_weights(build_network(spec, 0))
    assert {name: array.shape for name, array in weights.items()} == weight_shapes(spec)
    assert all(array.dtype == np.float32 for array in weights.values())


def test_network_is_drawn_from_the_largest_seed_that_may_be_given():
    assert get_weights(build_network(tiny_spec("gru", layers=2), MOST["seed"] + 99))


@pytest.mark.parametrize("changes", [{}, TOLD[0]])
@pytest.mark.parametrize("cell", NETWORKS)
@pytest.mark.slow
def test_untrained_network_forecasts_zero_which_is_the_naive_base(cell, changes):
    spec = tiny_spec(cell, **{"layers": 2, **changes})
    assert not build_network(spec, 3)(inputs_of(spec)).numpy().any()


def test_rolled_textbook_network_starts_at_random():
    spec = tiny_spec("lstm", rolled=True, highway=False)
    outputs = build_network(spec, 3)(inputs_of(spec)).numpy()
    assert outputs.shape == (5, 1)
    assert outputs.all()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_initial_weights_are_the_seed_s(cell):
    spec = tiny_spec(cell)
    first, again, other = (get_weights(build_network(spec, seed)) for seed in (4, 4, 5))
    for name in ("embed/kernel", "cell0/kernel", "cell0/recurrent"):
        np.testing.assert_array_equal(first[name], again[name])
        assert np.abs(first[name] - other[name]).max() > 0.01


def test_layers_of_one_network_begin_differently():
    weights = get_weights(build_network(tiny_spec("gru", layers=2), 0))
    assert np.abs(weights["cell0/kernel"] - weights["cell1/kernel"]).max() > 0.01


def test_lstm_starts_by_remembering():
    bias = get_weights(build_network(tiny_spec("lstm", units=3), 0))["cell0/bias"]
    np.testing.assert_array_equal(bias, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])  # the forget gate's is one


def test_weights_put_in_are_the_weights_got_out():
    network = build_network(tiny_spec("gru"), 0)
    weights = {name: array + 0.25 for name, array in get_weights(network).items()}
    set_weights(network, dict(reversed(weights.items())))  # by name, not by order
    assert weight_names(network) == list(weights)
    for name, array in get_weights(network).items():
        np.testing.assert_array_equal(array, weights[name])


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_covariates_change_no_initial_weight_of_the_cells(cell):
    bare, told = (get_weights(build_network(tiny_spec(cell, segment=2, **more), 4)) for more in ({}, {"known": 2}))
    np.testing.assert_array_equal(told["cell0/kernel"], bare["cell0/kernel"])
    assert np.abs(told["context/kernel"]).max() > 0.01


def test_dropout_of_each_layer_and_seed_is_its_own():
    spec = tiny_spec("lstm", layers=2, dropout=0.5)
    states = [np.asarray(state) for seed in (0, 1) for state in build_network(spec, seed).non_trainable_variables]
    assert len({tuple(state) for state in states}) == len(states) == 4
