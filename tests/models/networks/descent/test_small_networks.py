from dataclasses import replace

import numpy as np
import pytest

from forecast.data.windows import cut_windows
from forecast.errors import TrainingError
from forecast.models.forecaster import Watcher
from forecast.models.method_settings import CURRENT
from forecast.models.networks.cells import CELLS
from forecast.models.networks.descent.batches import TrainingData
from forecast.models.networks.descent.keras_draws import LARGEST_SEED
from forecast.models.networks.descent.small_networks import (
    MOST_VALUES,
    MOST_WORK,
    StackMember,
    clipped,
    compiled_cells,
    is_small,
    loss_and_gradient,
    train_small,
    work_of,
)
from forecast.models.networks.fitting import RecurrentForecaster
from forecast.models.networks.recurrent import measure_series, weight_shapes
from forecast.models.views import view_maps
from forecast.run import ALONE
from forecast.specs import LINEAR, Machine
from marks import slow
from tiny import SEASON, VIEWS, awkward_panel, tiny_spec

NETWORKS = [*CELLS, LINEAR]


def ignored(step, weights):
    """Nobody looks on."""


def data_of(panel, spec, view):
    statistics = measure_series(panel, view, CURRENT.views)
    return TrainingData(cut_windows(panel, spec.window, spec.horizon, SEASON), statistics.level, statistics.scale)


def train(spec, panel=None, views=VIEWS[:2], seeds=(0,), start=None, on_chunk=ignored):
    """Returns the weights of each network by view and seed."""
    panel = panel or awkward_panel()
    members, jobs = [], [(view, seed) for view in views for seed in seeds]
    for view in views:
        maps, data = view_maps(view, spec.window, spec.horizon, CURRENT.views), data_of(panel, spec, view)
        members += [StackMember(maps, data, seed, start or {}, on_chunk) for seed in seeds]
    return dict(zip(jobs, train_small(spec, weight_shapes(spec), members), strict=True))


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_a_network_is_the_same_whoever_trains_beside_it(cell):
    spec = tiny_spec(cell)
    together = train(spec, seeds=(0, 1, 2))
    for (view, seed), weights in together.items():
        assert_same(weights, train(spec, views=(view,), seeds=(seed,))[view, seed])
    assert len({weights["head/kernel"].tobytes() for weights in together.values()}) == 6


@pytest.mark.parametrize(
    ("cell", "changes"),
    [
        *(slow(cell, {}) for cell in NETWORKS),
        slow("lstm", {"layers": 2, "weight_decay": 0.5}),
        slow("gru", {"segment": 1, "loss": "huber", "highway": True, "weight_decay": 0.5}),
        slow("rnn", {"loss": "mse", "schedule": "constant", "highway": False}),
    ],
)
def test_networks_are_those_of_the_compiled_loop(cell, changes):
    from forecast.models.networks.training import train_network

    spec, panel = tiny_spec(cell, **changes), awkward_panel()
    for (view, seed), weights in train(spec, seeds=(1,)).items():
        maps = view_maps(view, spec.window, spec.horizon, CURRENT.views)
        known = train_network(spec, maps, data_of(panel, spec, view), seed, run=ALONE.on(Machine(jit=False)))
        assert known.keys() == weights.keys()
        for name, array in known.items():
            np.testing.assert_allclose(weights[name], array, rtol=0, atol=2e-5, err_msg=name)


def test_weights_of_a_value_that_counts_for_nothing_and_padding_teach_nothing():
    spec, panel = tiny_spec(LINEAR), awkward_panel()
    data = data_of(panel, spec, VIEWS[0])
    blind = replace(data.windows, observed=np.zeros_like(data.windows.observed))
    maps = view_maps(VIEWS[0], spec.window, spec.horizon, CURRENT.views)
    member = StackMember(maps, replace(data, windows=blind), 0, {}, ignored)
    (weights,) = train_small(spec, weight_shapes(spec), [member])
    assert not any(array.any() for array in weights.values())


def test_networks_go_on_from_the_weights_that_they_are_given():
    spec = tiny_spec("gru", learning_rate=1e-12)
    shapes = weight_shapes(spec)
    start = {name: np.full(shape, 0.25, np.float32) for name, shape in shapes.items()}
    for weights in train(spec, start=start).values():
        for array in weights.values():
            np.testing.assert_allclose(array, 0.25, atol=1e-6)


def test_listeners_hear_of_each_chunk_with_the_weights_of_then():
    spec, heard = tiny_spec("rnn", steps=30), []
    trained = train(spec, views=VIEWS[:1], on_chunk=lambda step, weights: heard.append((step, weights())))
    assert [step for step, _ in heard] == [0, 25, 30]
    assert not heard[0][1]["head/kernel"].any()
    assert (heard[1][1]["head/kernel"] != heard[2][1]["head/kernel"]).any()
    assert_same(heard[2][1], trained[VIEWS[0], 0])


def test_what_diverges_is_told_with_a_smaller_rate():
    with pytest.raises(TrainingError, match="The rnn diverged"):
        train(tiny_spec("rnn", loss="mse", learning_rate=1e30))


@pytest.mark.parametrize("kind", ["mae", "mse", "huber"])
def test_gradient_of_a_loss_is_its_slope(kind):
    rng = np.random.default_rng(4)
    outputs, targets = rng.normal(0, 2, (2, 2, 4, 3))
    mask = rng.integers(0, 2, (2, 4, 3)) * 1.0
    _, slope = loss_and_gradient(kind, outputs, targets, mask)
    for place in np.ndindex(outputs.shape):
        moved = outputs.copy()
        moved[place] += 1e-6
        more, less = (loss_and_gradient(kind, each, targets, mask)[0][place[0]] for each in (moved, outputs))
        assert abs((more - less) / 1e-6 - slope[place]) < 1e-4


def test_long_gradients_are_cut_to_length_and_short_ones_left():
    long, short, none, broken = [3.0, 4.0], [0.3, 0.4], [0.0, 0.0], [np.inf, 1.0]
    found, lengths = clipped(np.array([long, short, none, broken], np.float32))
    np.testing.assert_allclose(lengths, [5, 0.5, 0, np.inf])
    np.testing.assert_allclose(found[:3], [[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]], rtol=1e-6)
    assert np.isnan(found[3]).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"dropout": 0.1},
        {"recurrent_dropout": 0.1},
        {"rolled": True},
        {"known": 1},
        {"loss": "own_loss"},
        {"units": 2000},
        {"steps": 10**7},
        {"seeds": (0, LARGEST_SEED)},
    ],
)
def test_what_numpy_does_not_train_is_not_small(changes):
    assert is_small(tiny_spec("gru"), 100, Machine())
    assert not is_small(tiny_spec("gru", **changes), 100, Machine())


def test_by_the_clock_a_step_of_one_network_is_what_counts():
    small, large = tiny_spec("gru", steps=10**7), tiny_spec("gru", units=600)
    assert is_small(small, 100, Machine(), is_timed=True)
    assert not is_small(large, 100, Machine(), is_timed=True)
    assert is_small(large.with_(steps=1), 100, Machine())


@pytest.mark.parametrize("machine", [Machine("gpu"), Machine(jit=False)])
def test_where_others_are_not_compiled_with_xla_small_ones_are_no_exception(machine):
    assert not is_small(tiny_spec("gru"), 100, machine)


def test_cells_that_are_told_of_covariates_are_compiled_and_highways_are_not():
    specs = {"gru": tiny_spec("gru"), LINEAR: tiny_spec(LINEAR)}
    assert compiled_cells(specs, 100, Machine("auto"), is_timed=False, is_told=False) == ()
    assert compiled_cells(specs, 100, Machine("auto"), is_timed=False, is_told=True) == ("gru",)


def test_many_windows_and_much_work_are_not_small():
    spec = tiny_spec("lstm")
    assert not is_small(spec, MOST_VALUES, Machine())
    steps = int(MOST_WORK / work_of(spec.with_(steps=1)))
    assert is_small(spec.with_(steps=steps), 100, Machine())
    assert not is_small(spec.with_(steps=steps + 2), 100, Machine())


def test_a_fit_of_small_networks_asks_for_no_tensorflow(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "forecast.models.networks.training", None)
    spec = tiny_spec("gru", views=VIEWS, seeds=(0, 1))
    model = RecurrentForecaster("gru", spec, ALONE.on(Machine("auto"))).fit(awkward_panel(), Watcher())
    assert [(own.view, own.seed) for own in model.networks] == [(view, seed) for view in VIEWS for seed in (0, 1)]
    with pytest.raises(ImportError):
        RecurrentForecaster("gru", spec.with_(dropout=0.1), ALONE).fit(awkward_panel(), Watcher())
