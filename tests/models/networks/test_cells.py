import math

import numpy as np
import pytest

from forecast.models.covariates.covariate_model import NetworkCovariates
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import run_cell, sigmoid, trace_cell
from forecast.models.networks.keras_networks import build_network, get_weights, set_weights
from forecast.models.networks.recurrent import run_network
from marks import slow
from tiny import tiny_spec

FORMS = ["rnn", "lstm", "gru", "gru-reset-before"]


def cell_of(form):
    return CELLS[form.removesuffix("-reset-before")]


def random_weights(form, *, units=4, features=3, seed=0):
    rng = np.random.default_rng(seed)
    gates = len(cell_of(form).gates)
    bias = (2, gates * units) if form == "gru" else (gates * units,)
    shapes = {"kernel": (features, gates * units), "recurrent": (units, gates * units), "bias": bias}
    return {name: rng.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}


def random_inputs(steps=6, batch=2, features=3, seed=1):
    return np.random.default_rng(seed).normal(0, 1, (steps, batch, features)).astype(np.float32)


def logistic(x):
    return 1 / (1 + math.exp(-x))


def product(weights, inputs, column):
    return sum(float(weights[row, column]) * inputs[row] for row in range(len(inputs)))


def textbook_rnn(w, x, h, units):
    """h' = tanh(W_x x + W_h h + b)."""
    return [math.tanh(product(w["kernel"], x, u) + product(w["recurrent"], h, u) + w["bias"][u]) for u in range(units)]


def textbook_lstm(w, x, h, c, units):
    """The gates of Gers et al. 2000, unit by unit; Keras packs them i, f, c, o."""
    hidden, state = [], []
    for u in range(units):
        i, f, g, o = (
            product(w["kernel"], x, gate * units + u)
            + product(w["recurrent"], h, gate * units + u)
            + w["bias"][gate * units + u]
            for gate in range(4)
        )
        state.append(logistic(f) * c[u] + logistic(i) * math.tanh(g))
        hidden.append(logistic(o) * math.tanh(state[u]))
    return hidden, state


def textbook_gru(w, x, h, units):
    """h' = (1 − z) h + z h̃ (Chung et al. 2014, 1412.3555): this z is 1 − Keras' z, its weights have the sign turned."""
    before = w["bias"].ndim == 1
    bias, inner_bias = (w["bias"], np.zeros(3 * units)) if before else w["bias"]

    def gate(column, sign=1):
        return logistic(
            sign
            * (product(w["kernel"], x, column) + bias[column] + product(w["recurrent"], h, column) + inner_bias[column])
        )

    z = [gate(u, sign=-1) for u in range(units)]
    r = [gate(units + u) for u in range(units)]
    reset = [r[u] * h[u] for u in range(units)]
    hidden = []
    for u in range(units):
        column = 2 * units + u
        if before:
            recurrent = product(w["recurrent"], reset, column)
        else:
            recurrent = r[u] * (product(w["recurrent"], h, column) + inner_bias[column])
        candidate = math.tanh(product(w["kernel"], x, column) + bias[column] + recurrent)
        hidden.append((1 - z[u]) * h[u] + z[u] * candidate)
    return hidden


def textbook_run(form, inputs, w):
    steps, batch, _ = inputs.shape
    units = w["recurrent"].shape[0]
    out = np.zeros((steps, batch, units))
    for b in range(batch):
        h, c = [0.0] * units, [0.0] * units
        for t in range(steps):
            x = [float(value) for value in inputs[t, b]]
            if form == "lstm":
                h, c = textbook_lstm(w, x, h, c, units)
            else:
                h = (textbook_rnn if form == "rnn" else textbook_gru)(w, x, h, units)
            out[t, b] = h
    return out


def randomised(network, seed=0):
    """The network with non-zero random numbers in every layer, the head included."""
    rng = np.random.default_rng(seed)
    weights = {name: rng.normal(0, 0.5, array.shape).astype(np.float32) for name, array in get_weights(network).items()}
    set_weights(network, weights)
    return weights


def assert_equals_keras(spec, **form):
    network = build_network(spec, seed=0, form=form)
    weights = randomised(network)
    rng = np.random.default_rng(2)
    inputs = rng.normal(0, 1, (5, spec.window))
    given, covariates, base = inputs.astype(np.float32), None, None
    if spec.takes_covariates:
        shapes = ((spec.window, spec.known + spec.past), (spec.horizon, spec.known), (spec.static,))
        arrays = [rng.normal(0, 1, (5, *shape)).astype(np.float32) for shape in shapes]
        covariates, base = NetworkCovariates(*arrays), rng.normal(0, 1, (5, spec.horizon))
        if spec.cell != "linear":
            given = [given, *(array for array in arrays if array.shape[-1]), base.astype(np.float32)]
    expected = network(given, training=False).numpy()
    ours = run_network(spec, weights, inputs, covariates, base)
    assert np.abs(ours - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("form", FORMS)
def test_step_is_the_textbook_equation_element_by_element(form):
    inputs, weights = random_inputs(), random_weights(form)
    np.testing.assert_allclose(run_cell(cell_of(form), inputs, weights), textbook_run(form, inputs, weights), atol=2e-6)


@pytest.mark.parametrize(("layers", "segment"), [(1, 1), (2, 4), slow(1, 4), slow(2, 1), slow(3, 1), slow(3, 4)])
@pytest.mark.parametrize("form", FORMS)
def test_numpy_network_equals_keras(form, layers, segment):
    spec = tiny_spec(cell_of(form).name, layers=layers, segment=segment, highway=layers != 2, units=5)
    assert_equals_keras(spec, **({"reset_after": False} if form == "gru-reset-before" else {}))


@pytest.mark.parametrize("changes", [{"highway": True}, {"highway": False}, {"rolled": True, "highway": False}])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.slow
def test_highway_and_rolled_networks_equal_keras(cell, changes):
    assert_equals_keras(tiny_spec(cell, **changes))


@pytest.mark.parametrize(
    "told",
    [
        {"known": 3, "past": 2, "static": 2, "layers": 2},
        {"known": 2, "segment": 1},
        {"past": 1, "highway": False},
        {"static": 3, "layers": 3, "segment": 1},
        {"known": 1, "static": 1, "horizon": 1},
    ],
)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.slow
def test_network_with_covariates_equals_keras(cell, told):
    assert_equals_keras(tiny_spec(cell, **told))


def test_linear_network_is_told_nothing_but_the_window():
    assert_equals_keras(tiny_spec("linear", known=3, past=2, static=2))


@pytest.mark.parametrize("horizon", [1, 3])
def test_linear_network_equals_keras(horizon):
    assert_equals_keras(tiny_spec("linear", horizon=horizon))


def test_dropout_is_off_when_predicting():
    assert_equals_keras(tiny_spec("lstm", dropout=0.5, recurrent_dropout=0.5))


@pytest.mark.parametrize("form", FORMS)
def test_trace_holds_what_the_run_computed(form):
    cell, inputs, weights = cell_of(form), random_inputs(), random_weights(form)
    trace = trace_cell(cell, inputs, weights)
    np.testing.assert_array_equal(trace.hidden, run_cell(cell, inputs, weights))
    assert tuple(trace.gates) == cell.gates
    assert all(gate.shape == trace.hidden.shape for gate in trace.gates.values())
    before = np.concatenate([np.zeros_like(trace.hidden[:1]), trace.hidden[:-1]])
    if form == "rnn":
        assert trace.cell_state is None
        np.testing.assert_array_equal(trace.gates["hidden"], trace.hidden)
    elif form.startswith("gru"):
        assert trace.cell_state is None
        kept = trace.gates["update"]
        np.testing.assert_allclose(kept * before + (1 - kept) * trace.gates["candidate"], trace.hidden, atol=1e-6)
    else:
        state = np.concatenate([np.zeros_like(trace.hidden[:1]), trace.cell_state[:-1]])
        state = trace.gates["forget"] * state + trace.gates["input"] * trace.gates["candidate"]
        np.testing.assert_allclose(state, trace.cell_state, atol=1e-6)
        np.testing.assert_allclose(trace.gates["output"] * np.tanh(state), trace.hidden, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_hidden_state_knows_nothing_of_later_steps_or_other_windows(form):
    cell, inputs, weights = cell_of(form), random_inputs(), random_weights(form)
    whole = run_cell(cell, inputs, weights)
    np.testing.assert_allclose(run_cell(cell, inputs[:4], weights), whole[:4], atol=1e-6)
    np.testing.assert_allclose(run_cell(cell, inputs[:, 1:], weights), whole[:, 1:], atol=1e-6)


def test_zero_bias_makes_both_gru_forms_differ_only_by_where_the_reset_is():
    after = random_weights("gru")
    after |= {"bias": np.zeros_like(after["bias"])}
    before = after | {"bias": after["bias"][0]}
    inputs = random_inputs()
    first, later = run_cell(CELLS["gru"], inputs, after), run_cell(CELLS["gru"], inputs, before)
    np.testing.assert_array_equal(first[0], later[0])  # from a zero state the reset has nothing to act on
    assert np.abs(first[1:] - later[1:]).max() > 1e-3


@pytest.mark.parametrize(("units", "segment"), [(1, 1), (7, 1), (5, 4)])
@pytest.mark.parametrize("cell", CELLS)
def test_parameter_count_is_that_of_the_keras_layer(cell, units, segment):
    network = build_network(tiny_spec(cell, units=units, segment=segment, layers=2), seed=0)
    features = units if segment > 1 else 1
    assert CELLS[cell].parameters(units, features) == network.get_layer("cell0").count_params()
    assert CELLS[cell].parameters(units, units) == network.get_layer("cell1").count_params()


def test_sigmoid_of_huge_numbers_is_silent():
    values = sigmoid(np.array([-1e30, -3, 0, 3, 1e30], dtype=np.float32))
    np.testing.assert_allclose(values, [0, logistic(-3), 0.5, logistic(3), 1], atol=1e-7)
    assert values.dtype == np.float32
