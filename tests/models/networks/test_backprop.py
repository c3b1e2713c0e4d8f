"""The backward pass against finite differences in float64, and against TensorFlow's own gradients."""

import numpy as np
import pytest

from forecast.models.covariates.covariate_model import NetworkCovariates
from forecast.models.networks.backprop import (
    backpropagate,
    last_step_only,
    run_forward,
    weight_gradients,
    window_gradients,
)
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import run_cell, trace_cell
from forecast.models.networks.recurrent import run_network, weight_shapes
from tiny import tiny_spec

FORMS = ["rnn", "lstm", "gru", "gru-reset-before"]
SHAPES = [(1, 1), (1, 2), (2, 1), (3, 4)]  # layers, segment


def cell_of(form):
    return form.partition("-")[0]


def exact_weights(spec, form, seed=0):
    """Random weights in float64, in which differences are finite and fine."""
    rng = np.random.default_rng(seed)
    weights = {name: rng.normal(0, 0.5, shape) for name, shape in weight_shapes(spec).items()}
    if form == "gru-reset-before":
        weights |= {name: array[0] for name, array in weights.items() if name.endswith("bias") and array.ndim == 2}
    return weights


def outputs_of(spec, weights, window):
    passage = run_forward(spec, weights, window)
    output = passage.traces[-1].hidden[-1] @ weights["head/kernel"] + weights["head/bias"]
    return output + (window @ weights["highway/kernel"] if "highway/kernel" in weights else 0)


def difference(function, point, place, step=1e-6):
    moved = [point.copy(), point.copy()]
    moved[0][place] += step
    moved[1][place] -= step
    return (function(moved[0]) - function(moved[1])) / (2 * step)


def windows(spec, batch=4, seed=1):
    return np.random.default_rng(seed).normal(0, 1, (batch, spec.window))


@pytest.mark.parametrize(("layers", "segment"), SHAPES)
@pytest.mark.parametrize("form", FORMS)
def test_window_gradient_is_what_a_small_change_does(form, layers, segment):
    spec = tiny_spec(cell_of(form), layers=layers, segment=segment, highway=False)
    weights, window = exact_weights(spec, form), windows(spec)
    found = window_gradients(spec, weights, run_forward(spec, weights, window))
    assert found.shape == (spec.horizon, len(window), spec.window)
    for lag in range(spec.window):
        change = difference(lambda x: outputs_of(spec, weights, x), window, (slice(None), lag))  # (B, H)
        np.testing.assert_allclose(found[:, :, lag], change.T, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("layers", "segment"), SHAPES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.slow
def test_weight_gradient_is_what_a_small_change_does(form, layers, segment):
    spec = tiny_spec(cell_of(form), layers=layers, segment=segment, window=4 * segment)
    weights, window = exact_weights(spec, form), windows(spec)
    wanted = np.random.default_rng(2).normal(size=(len(window), spec.horizon))
    found = weight_gradients(spec, weights, run_forward(spec, weights, window), wanted)
    assert found.keys() == weights.keys()
    for name, array in weights.items():
        assert found[name].shape == array.shape
        rng = np.random.default_rng(len(name))
        for place in {tuple(rng.integers(array.shape)) for _ in range(5)}:
            moved = difference(
                lambda w, name=name: (outputs_of(spec, {**weights, name: w}, window) * wanted).sum(), array, place
            )
            np.testing.assert_allclose(found[name][place], moved, rtol=1e-5, atol=1e-8, err_msg=f"{name}{place}")


@pytest.mark.parametrize("form", FORMS)
def test_hidden_gradient_is_what_a_change_of_that_state_does(form):
    """The run goes on from a state that was moved: as an input that adds to h_t, which no cell has, but a test can."""
    spec = tiny_spec(cell_of(form), layers=1, segment=1, units=4)
    weights, window = exact_weights(spec, form), windows(spec, batch=2)
    passage = run_forward(spec, weights, window)
    cell, trace = passage.weights[0], passage.traces[0]
    seeds = np.broadcast_to(np.eye(4)[:, None], (4, 2, 4))
    found = backpropagate(CELLS[spec.cell], cell, trace, last_step_only(seeds, spec.window))
    np.testing.assert_array_equal(found.hidden[:, -1], seeds)
    for t in (0, 3, spec.window - 2):
        for unit in range(4):
            change = np.zeros((2, 4))
            change[:, unit] = 1e-6
            ends = [
                continue_from(CELLS[spec.cell], cell, trace, passage.inputs[0], t, sign * change)[0] for sign in (1, -1)
            ]
            np.testing.assert_allclose(
                found.hidden[:, t, :, unit], ((ends[0] - ends[1]) / 2e-6).T, rtol=1e-5, atol=1e-9
            )


def test_cell_state_gradient_is_what_a_change_of_that_state_does():
    spec = tiny_spec("lstm", layers=1, segment=1, units=4)
    weights, window = exact_weights(spec, "lstm"), windows(spec, batch=2)
    passage = run_forward(spec, weights, window)
    cell, trace = passage.weights[0], passage.traces[0]
    seeds = np.broadcast_to(np.eye(4)[:, None], (4, 2, 4))
    nothing = np.zeros((4, spec.window, 2, 4))
    found = backpropagate(CELLS["lstm"], cell, trace, nothing, on_state=seeds)
    for unit in range(4):
        change = np.zeros((2, 4))
        change[:, unit] = 1e-6
        # c_t also acts through h_t = o ⊙ tanh(c_t), so h_t moves with it
        ends = []
        for sign in (1, -1):
            state = trace.cell_state[2] + sign * change
            hidden = trace.gates["output"][2] * np.tanh(state)
            moved = continue_from(CELLS["lstm"], cell, trace, passage.inputs[0], 2, hidden - trace.hidden[2], state)
            ends.append(moved[1])
        np.testing.assert_allclose(
            found.cell_state[:, 2, :, unit], ((ends[0] - ends[1]) / 2e-6).T, rtol=1e-5, atol=1e-9
        )


def continue_from(cell, weights, trace, inputs, t, change, state=None):
    """Runs on after step t from a hidden state that was moved; returns the last hidden and cell state."""
    hidden = trace.hidden[t] + change
    if state is None:
        state = np.zeros_like(hidden) if trace.cell_state is None else trace.cell_state[t]
    bias = weights["bias"][0] if weights["bias"].ndim == 2 else weights["bias"]
    for later in range(t + 1, len(inputs)):
        hidden, state, _ = cell.forward(inputs[later] @ weights["kernel"] + bias, hidden, state, weights)
    return hidden, state


@pytest.mark.parametrize("form", FORMS)
def test_forward_pass_is_the_one_that_predicts(form):
    spec = tiny_spec(cell_of(form), layers=2)
    weights, window = exact_weights(spec, form), windows(spec)
    np.testing.assert_allclose(outputs_of(spec, weights, window), run_network(spec, weights, window), atol=1e-4)


@pytest.mark.parametrize("segment", [1, 2])
def test_covariates_are_held_at_their_values(segment):
    spec = tiny_spec("gru", segment=segment, highway=False)
    weights, window = exact_weights(spec, "gru"), windows(spec)
    rng = np.random.default_rng(5)
    first = "embed/kernel" if segment > 1 else "cell0/kernel"
    weights[first] = rng.normal(0, 0.5, (3 * segment, weights[first].shape[1]))
    observed = rng.normal(size=(*window.shape, 2))
    covariates = NetworkCovariates(observed, np.empty((4, 3, 0)), np.empty((4, 0)))

    def outputs(x):
        return run_forward(spec, weights, x, covariates).traces[-1].hidden[-1] @ weights["head/kernel"]

    found = window_gradients(spec, weights, run_forward(spec, weights, window, covariates))
    for lag in range(spec.window):
        change = difference(outputs, window, (slice(None), lag))
        np.testing.assert_allclose(found[:, :, lag], change.T, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("layers", "segment"), [(1, 1), (2, 2)])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.slow
def test_gradients_equal_those_of_tensorflow(form, layers, segment):
    from forecast.models.networks.keras_networks import build_network, get_weights, set_weights, weight_names
    from forecast.models.networks.tensorflow import tf

    spec = tiny_spec(cell_of(form), layers=layers, segment=segment)
    network = build_network(spec, seed=0, form={"reset_after": False} if form == "gru-reset-before" else None)
    rng = np.random.default_rng(0)
    weights = {n: rng.normal(0, 0.5, a.shape).astype(np.float32) for n, a in get_weights(network).items()}
    set_weights(network, weights)
    window = tf.constant(windows(spec), tf.float32)
    wanted = rng.normal(size=(4, spec.horizon)).astype(np.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(window)
        loss = tf.reduce_sum(network(window, training=False) * wanted)
    passage = run_forward(spec, weights, window.numpy())
    theirs = tape.gradient(loss, window).numpy()
    ours = np.einsum("hbl,bh->bl", window_gradients(spec, weights, passage), wanted)
    np.testing.assert_allclose(ours + wanted @ weights["highway/kernel"].T, theirs, rtol=1e-4, atol=1e-5)
    found = weight_gradients(spec, weights, passage, wanted)
    for name, gradient in zip(weight_names(network), tape.gradient(loss, network.trainable_variables), strict=True):
        np.testing.assert_allclose(found[name], gradient.numpy(), rtol=1e-4, atol=1e-5, err_msg=name)


def test_no_state_depends_on_what_comes_later():
    spec = tiny_spec("lstm", segment=1)
    weights, window = exact_weights(spec, "lstm"), windows(spec)
    passage = run_forward(spec, weights, window)
    cell = passage.weights[0]
    arriving = np.zeros((1, spec.window, len(window), spec.units))
    arriving[0, 3] = 1.0
    found = backpropagate(CELLS["lstm"], cell, trace_cell(CELLS["lstm"], passage.inputs[0], cell), arriving)
    assert not found.inputs[:, 4:].any()
    assert found.inputs[:, :4].all()
    assert run_cell(CELLS["lstm"], passage.inputs[0], cell).shape == found.hidden.shape[1:]


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.slow
def test_gradients_through_the_decoder_equal_those_of_tensorflow(cell):
    from forecast.models.networks.keras_networks import build_network, get_weights, set_weights, weight_names
    from forecast.models.networks.tensorflow import tf

    spec = tiny_spec(cell, known=2, past=1, static=1)
    network = build_network(spec, seed=0)
    rng = np.random.default_rng(0)
    weights = {n: rng.normal(0, 0.5, a.shape).astype(np.float32) for n, a in get_weights(network).items()}
    set_weights(network, weights)
    shapes = ((4, 8, 3), (4, 3, 2), (4, 1))
    covariates = NetworkCovariates(*(rng.normal(size=shape).astype(np.float32) for shape in shapes))
    window, base = windows(spec).astype(np.float32), rng.normal(size=(4, 3)).astype(np.float32)
    wanted = rng.normal(size=(4, 3)).astype(np.float32)
    given = tf.constant(window)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(given)
        told = [tf.constant(array) for array in (covariates.observed, covariates.ahead, covariates.static, base)]
        said = network([given, *told], training=False)
        loss = tf.reduce_sum(said * wanted)
    passage = run_forward(spec, weights, window, covariates, base)
    found = weight_gradients(spec, weights, passage, wanted)
    assert found.keys() == weights.keys()
    for name, gradient in zip(weight_names(network), tape.gradient(loss, network.trainable_variables), strict=True):
        np.testing.assert_allclose(found[name], gradient.numpy(), rtol=1e-4, atol=1e-5, err_msg=name)
    ours = np.einsum("hbl,bh->bl", window_gradients(spec, weights, passage), wanted)
    theirs = tape.gradient(loss, given).numpy()
    np.testing.assert_allclose(ours + wanted @ weights["highway/kernel"].T, theirs, rtol=1e-4, atol=1e-5)
