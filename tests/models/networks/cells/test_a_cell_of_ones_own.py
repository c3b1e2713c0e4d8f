"""A cell is one record in one file: minGRU, added by one line, is trained, compared, stored, exported and explained."""

import json
import math
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import min_gru
from commands import QUICK, csv_bytes, run, visits
from forecast.evaluation.explain.cost import network_cost
from forecast.models.ensemble import EnsembleModel
from forecast.models.networks.backprop import run_forward, weight_gradients, window_gradients
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import run_cell, trace_cell
from forecast.models.networks.recurrent import run_network, weight_shapes
from forecast.models.registry import MODELS, spec_names
from forecast.specs import Machine
from min_gru import MIN_GRU
from tiny import tiny_spec

NAME = MIN_GRU.name
FAST = (*QUICK, "--horizon", "7", "--plots", "none")
ALONE = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from forecast.models.networks.cells import CELLS
from min_gru import MIN_GRU
CELLS.register(MIN_GRU)
from forecast.cli import main
try:
    main(sys.argv[1:])
finally:
    assert not {"tensorflow", "keras"} & set(sys.modules), "it needs numpy alone"
"""


@contextmanager
def registered():
    CELLS.register(MIN_GRU)
    try:
        yield
    finally:
        del CELLS._records[NAME]


@pytest.fixture(autouse=True)
def own_cell():
    with registered():
        yield


@pytest.fixture(scope="module", autouse=True)
def cheaply():
    """No XLA for loops of a moment, and three trees: boosting, which is compared too, is not what is asked here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecast.experiment.experiment.machine_for", lambda models, asked: Machine(jit=False))
        patch.setattr("forecast.models.regression.TREES", 3)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a store in which the cell was trained: once, and for real."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "visits.csv").write_bytes(csv_bytes(visits(80)))
    with registered():
        done = run("train", "visits.csv", "--model", NAME, "--name", "own", "--no-calendar", *FAST, folder=folder)
    assert done.code == 0, done.err
    return folder


def exact_weights(spec, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.5, shape) for name, shape in weight_shapes(spec).items()}


def windows(spec, seed=1):
    return np.random.default_rng(seed).normal(0, 1, (4, spec.window))


def outputs_of(spec, weights, window):
    passage = run_forward(spec, weights, window)
    output = passage.last @ weights["head/kernel"] + weights["head/bias"]
    return output + (window @ weights["highway/kernel"] if "highway/kernel" in weights else 0)


def difference(function, point, place, step=1e-6):
    moved = [point.copy(), point.copy()]
    moved[0][place] += step
    moved[1][place] -= step
    return (function(moved[0]) - function(moved[1])) / (2 * step)


def test_one_line_makes_it_a_model_a_part_of_the_ensemble_and_a_style():
    assert list(CELLS) == ["rnn", "lstm", "gru", NAME]
    assert MODELS[NAME].group == "network"
    assert MODELS[NAME].style.colour == MIN_GRU.style.colour
    assert spec_names("ensemble")[-1] == NAME


def test_step_is_the_paper_s_equation_element_by_element():
    rng = np.random.default_rng(0)
    shapes = MIN_GRU.weight_shapes(3, 2)
    assert shapes == {"kernel": (2, 6), "bias": (6,)}
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    inputs = rng.normal(size=(5, 1, 2)).astype(np.float32)
    hidden = [0.0] * 3
    for t in range(5):
        entering = [
            sum(float(weights["kernel"][f, column]) * float(inputs[t, 0, f]) for f in range(2))
            + float(weights["bias"][column])
            for column in range(6)
        ]
        z = [1 / (1 + math.exp(-entering[u])) for u in range(3)]
        hidden = [(1 - z[u]) * hidden[u] + z[u] * entering[3 + u] for u in range(3)]
        np.testing.assert_allclose(run_cell(MIN_GRU, inputs, weights)[t, 0], hidden, atol=1e-6)
    assert tuple(trace_cell(MIN_GRU, inputs, weights).gates) == MIN_GRU.gates


@pytest.mark.parametrize(("layers", "segment"), [(1, 1), (3, 2)])
def test_step_back_is_what_small_changes_do(layers, segment):
    spec = tiny_spec(NAME, layers=layers, segment=segment)
    weights, window = exact_weights(spec), windows(spec)
    passage = run_forward(spec, weights, window)
    straight = weights["highway/kernel"].T[:, None]
    whole = window_gradients(spec, weights, passage) + straight
    for lag in range(spec.window):
        change = difference(lambda x: outputs_of(spec, weights, x), window, (slice(None), lag))
        np.testing.assert_allclose(whole[:, :, lag], change.T, rtol=1e-6, atol=1e-9)
    wanted = np.random.default_rng(2).normal(size=(len(window), spec.horizon))
    found = weight_gradients(spec, weights, passage, wanted)
    assert found.keys() == weights.keys()
    for name, array in weights.items():
        place = tuple(np.random.default_rng(len(name)).integers(array.shape))
        moved = difference(
            lambda w, name=name: (outputs_of(spec, {**weights, name: w}, window) * wanted).sum(), array, place
        )
        np.testing.assert_allclose(found[name][place], moved, rtol=1e-5, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("changes", [{"layers": 3}, {"segment": 1, "highway": False}, {"known": 2, "static": 1}])
def test_numpy_network_equals_its_keras_layers(changes):
    from forecast.models.covariates.covariate_model import NetworkCovariates
    from forecast.models.networks.keras_networks import build_network, get_weights, set_weights

    spec = tiny_spec(NAME, dropout=0.3, **changes)
    network, rng = build_network(spec, seed=0), np.random.default_rng(2)
    weights = {name: rng.normal(0, 0.5, array.shape).astype(np.float32) for name, array in get_weights(network).items()}
    assert {name: array.shape for name, array in weights.items()} == weight_shapes(spec)
    set_weights(network, weights)
    given = inputs = rng.normal(0, 1, (5, spec.window)).astype(np.float32)
    covariates = base = None
    if spec.takes_covariates:
        shapes = ((spec.window, spec.known), (spec.horizon, spec.known), (spec.static,))
        arrays = [rng.normal(0, 1, (5, *shape)).astype(np.float32) for shape in shapes]
        covariates, base = NetworkCovariates(*arrays), rng.normal(0, 1, (5, spec.horizon))
        given = [inputs, *arrays, base.astype(np.float32)]
    expected = network(given, training=False).numpy()
    ours = run_network(spec, weights, inputs.astype(np.float64), covariates, base)
    assert np.abs(ours - expected).max() <= 1e-5 * np.abs(expected).max()


def test_stacked_networks_of_the_memory_test_are_the_same_cell():
    from forecast.models.networks.memory_task import FEATURES, TaskNetwork, _answers, initial_stack
    from forecast.models.networks.tensorflow import tf

    kernel, bias, head = initial_stack(MIN_GRU, 4, [TaskNetwork(0), TaskNetwork(1, keep_bias=4.0)])
    np.testing.assert_array_equal(bias[:, 0], [[0] * 8, [-4] * 4 + [0] * 4])  # to keep is not to renew
    inputs = np.random.default_rng(0).normal(size=(6, 5, FEATURES)).astype(np.float32)
    said = _answers(MIN_GRU, tuple(map(tf.constant, (kernel, bias, head))), tf.constant(inputs), 2).numpy()
    for r in range(2):
        last = run_cell(MIN_GRU, inputs[2:], {"kernel": kernel[r], "bias": bias[r, 0]})[-1]
        np.testing.assert_allclose(said[r], (last @ head[r])[:, 0], atol=1e-5)


def test_cost_is_that_of_its_formulas():
    spec = tiny_spec(NAME, units=5, segment=1, highway=False)
    cost = network_cost(spec, 0.0, None, "")
    assert (cost.formula, cost.step_formula) == ("2 U (F + 1)", "2 U F")
    assert cost.step_multiplies == 2 * 5 * 1
    assert cost.parameters == 2 * 5 * (1 + 1) + 5 * spec.horizon + spec.horizon


@pytest.mark.slow
def test_it_is_trained_stored_and_predicts_without_tensorflow(trained):
    words = ("predict", "own", "--format", "csv")
    here = run(*words, folder=trained)
    assert here.code == 0, here.err
    assert len(here.rows) == 7
    assert all(math.isfinite(float(row["forecast"])) for row in here.rows)
    helpers = str(Path(min_gru.__file__).parent)
    alone = subprocess.run(
        [sys.executable, "-c", ALONE, helpers, *words], capture_output=True, text=True, check=False, cwd=trained
    )
    assert alone.returncode == 0, alone.stderr
    assert alone.stdout == here.out


def test_a_program_without_it_says_which_cells_it_knows(trained):
    del CELLS._records[NAME]
    done = run("predict", "own", folder=trained)
    CELLS.register(MIN_GRU)
    assert done.code != 0
    assert "cell is 'min-gru', not one of rnn, lstm, gru, linear" in " ".join(done.err.split())


@pytest.mark.slow
def test_it_is_compared_with_all_models(trained):
    done = run("compare", "visits.csv", "--models", NAME, "--no-calendar", *FAST, "--json", folder=trained)
    assert done.code == 0, done.err
    rows = {row["model"]: row for row in done.document["leaderboard"]}
    assert rows.keys() == {NAME, *MODELS.of("regression", "by series", "baseline")}
    assert rows[NAME]["params"] > 0


@pytest.mark.slow
def test_each_panel_that_explains_is_drawn_of_it(trained, tmp_path):
    done = run("explain", "own", "-o", tmp_path / "why", folder=trained)
    assert done.code == 0, done.err
    names = {path.name for path in (tmp_path / "why").iterdir()}
    panels = ("memory", "flow", f"gates-{NAME}", "constants", "saturation", "spike", "cost")
    assert names == {"explain.html", "explain.json", *(f"{name}.png" for name in panels)}


def test_it_is_explained_from_gates_to_cost(trained, tmp_path):
    words = ("explain", "own", "-o", tmp_path / "why", "--plots", "none", "--teach", "--json")
    done = run(*words, folder=trained)
    assert done.code == 0, done.err
    numbers = json.loads((tmp_path / "why/explain.json").read_text())["cells"][NAME]
    assert list(numbers["gates"]["rows"]) == ["update"]
    assert numbers["constants"]["source"] == "1 − update gate"
    assert numbers["saturation"]["flat"] is None  # nothing of it goes through tanh
    assert numbers["saturation"]["radius"] is None  # and no matrix from state to state
    assert max(numbers["flow"][0]["trained"]) <= 1 + 1e-6  # a share is kept at each step
    lesson = " ".join(done.document["lesson"])
    assert "Feng et al. 2024" in lesson
    assert "h̃, what is proposed" in lesson


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras, when it saves
def test_it_is_exported_as_a_file_that_keras_opens(trained, tmp_path):
    done = run("models", "export", "own", "champion", tmp_path / "own.keras", folder=trained)
    assert done.code == 0, done.err
    from forecast.models.networks.tensorflow import keras

    model = keras.models.load_model(tmp_path / "own.keras")
    values = np.full((1, model.input_shape[1]), np.nan)  # NaN before the series begins
    values[0, -80:] = [value for _, value in visits(80)]
    expected = [float(row["forecast"]) for row in run("predict", "own", "--format", "csv", folder=trained).rows]
    np.testing.assert_allclose(np.asarray(model(values))[0], expected, rtol=1e-5)


@pytest.mark.slow
def test_it_remembers_in_the_memory_test():
    from forecast.models.networks.memory_task import TaskNetwork, accuracy_by_lag

    rates = accuracy_by_lag(MIN_GRU, 8, [TaskNetwork(0), TaskNetwork(1, learning_rate=0.0)], longest=4, steps=200)(2)
    assert rates[0] > 0.6 > rates[1]


@pytest.mark.slow
def test_all_networks_together_hold_it(trained):
    done = run("train", "visits.csv", "--model", "ensemble", "--name", "all", *FAST, folder=trained)
    assert done.code == 0, done.err
    from forecast.experiment.versions.stored_model import load_version
    from forecast.production.store.store import Store

    model = Store(trained / ".forecast").model("all").with_champion(load_version).trained.model
    assert isinstance(model, EnsembleModel)
    assert [part.spec.cell for part in model.parts] == list(CELLS)
