"""The memory test: its cells are those of the package, and what comes out is what it says."""

import numpy as np
import pytest

from forecast.evaluation.explain.memory_test import PARAMETERS, MemoryTestResult, verdict
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import USUAL, run_cell
from forecast.models.networks.memory_task import (
    BEFORE,
    FEATURES,
    TaskNetwork,
    _answers,
    _clipped,
    _sequences,
    accuracy_by_lag,
    accuracy_on_all_lags,
    initial_stack,
    units_for,
)
from forecast.models.networks.tensorflow import tf


@pytest.mark.parametrize("cell", CELLS)
def test_stacked_networks_are_the_cells_of_the_package(cell):
    rng = np.random.default_rng(0)
    stack = [
        rng.normal(0, 0.5, a.shape).astype(np.float32)
        for a in initial_stack(CELLS[cell], 4, [TaskNetwork(0), TaskNetwork(1)])
    ]
    inputs = rng.normal(size=(6, 5, FEATURES)).astype(np.float32)
    said = _answers(
        CELLS[cell], tuple(map(tf.constant, stack)), tf.constant(inputs), 2
    ).numpy()  # from the third step on
    for r, (*layer, head) in enumerate(zip(*stack, strict=True)):
        weights = {
            name: array.reshape(shape)  # a lone bias stands in a row of its own
            for (name, shape), array in zip(CELLS[cell].weight_shapes(4, FEATURES).items(), layer, strict=True)
        }
        last = run_cell(CELLS[cell], inputs[2:], weights)[-1]
        np.testing.assert_allclose(said[r], (last @ head)[:, 0], atol=1e-5)


def test_sequences_mark_one_step_amid_noise_and_ask_for_its_value():
    length = BEFORE + 1 + 20
    inputs, answers = (array.numpy() for array in _sequences(tf.constant([3, 7]), tf.fill((50,), 7), length))
    assert inputs.shape == (length, 50, 2)
    assert set(np.unique(inputs[..., 0])) == {-1.0, 1.0}
    np.testing.assert_array_equal(np.flatnonzero(inputs[:, 0, 1]), [length - 1 - 7])
    np.testing.assert_array_equal(inputs[length - 1 - 7, :, 0], answers)
    assert 0.2 < (inputs[0, :, 0] == answers).mean() < 0.8
    again, other = (_sequences(tf.constant([i, 7]), tf.fill((50,), 7), length)[0].numpy() for i in (3, 4))
    np.testing.assert_array_equal(inputs, again)
    assert (inputs != other).any()


def test_each_network_is_clipped_by_itself():
    long, short = np.full((1, 2, 2), 3.0, np.float32), np.full((1, 2, 2), 0.1, np.float32)
    (clipped,) = _clipped((tf.constant(np.concatenate([long, short])),))
    np.testing.assert_allclose(np.linalg.norm(clipped[0]), 1, rtol=1e-5)
    np.testing.assert_allclose(clipped[1], short[0])


def test_cells_have_equally_many_parameters():
    counts = [cell.parameters(units_for(cell, PARAMETERS), FEATURES) for cell in CELLS.values()]
    assert max(counts) / min(counts) < 1.11  # of a few units each, no closer is possible


def test_keep_bias_is_put_on_the_gate_that_keeps():
    lstm = initial_stack(CELLS["lstm"], 3, [TaskNetwork(0), TaskNetwork(0, keep_bias=4.0)])[2]
    np.testing.assert_array_equal(lstm[:, 0], [[0] * 3 + [1] * 3 + [0] * 6, [0] * 3 + [4] * 3 + [0] * 6])
    gru = initial_stack(CELLS["gru"], 3, [TaskNetwork(0, keep_bias=4.0)])[2]
    np.testing.assert_array_equal(gru[0], [[4] * 3 + [0] * 6, [0] * 9])
    shut = initial_stack(CELLS["lstm"], 3, [TaskNetwork(0, keep_bias=4.0, entry_bias=-4.0)])[2]
    np.testing.assert_array_equal(shut[0], [[-4] * 3 + [4] * 3 + [0] * 6])


def test_identity_is_the_same_for_every_gate():
    recurrent = initial_stack(CELLS["gru"], 3, [TaskNetwork(0, recurrent="identity")])[1]
    np.testing.assert_array_equal(recurrent[0], np.hstack([np.eye(3)] * 3))


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_two_steps_back_are_learned_and_no_training_guesses(cell):
    networks = [TaskNetwork(0), TaskNetwork(1)]
    untrained = TaskNetwork(2, learning_rate=0.0)
    rates = accuracy_by_lag(CELLS[cell], 8, [*networks, untrained], longest=4, steps=120)(2)
    assert rates[:2].min() > 0.95
    assert rates[2] < 0.9


@pytest.mark.slow
def test_all_lags_are_learned_at_once_and_no_training_guesses():
    networks = [TaskNetwork(0), TaskNetwork(1), TaskNetwork(2, learning_rate=0.0)]
    right = accuracy_on_all_lags(CELLS["gru"], 8, networks, (1, 2, 4), steps=150)
    assert right.shape == (3, 3)
    assert right[:, :2].min() > 0.95
    assert right[:, 2].max() < 0.9


def test_a_batch_of_several_lags_marks_each_at_its_own_step():
    lags = np.repeat([1, 3, 6], 20)
    inputs, answers = (array.numpy() for array in _sequences(tf.constant([0, 6]), tf.constant(lags), 12))
    np.testing.assert_array_equal(inputs[..., 1].argmax(axis=0), 11 - lags)
    np.testing.assert_array_equal(inputs[..., 1].sum(axis=0), 1)
    np.testing.assert_array_equal(inputs[11 - lags, np.arange(60), 0], answers)


@pytest.mark.slow
def test_training_of_one_network_does_not_depend_on_the_others():
    alone = accuracy_by_lag(CELLS["gru"], 6, [TaskNetwork(5)], longest=5, steps=20)(5)
    beside = accuracy_by_lag(
        CELLS["gru"], 6, [TaskNetwork(0, learning_rate=0.03), TaskNetwork(5)], longest=9, steps=20
    )(5)
    assert beside[1] == pytest.approx(alone[0], abs=0.02)


def made_up(gru_at_best=1.0):
    usual = {"rnn": [1, 0.9, 0.5], "lstm": [1, 1, 0.8], "gru": [1, 0.6, 0.5]}
    rates = {cell: {USUAL: np.outer(each, [1, 1])} for cell, each in usual.items()}
    rates["gru"]["update bias 4"] = np.full((3, 2), gru_at_best)
    return MemoryTestResult((2, 20, 200), dict.fromkeys(CELLS, 5), rates, 10, 1.0)


def test_a_cell_gives_up_at_the_first_lag_below_the_mark():
    found = made_up()
    assert [found.gives_up(cell) for cell in CELLS] == [200, None, 20]
    assert [found.best(cell) for cell in CELLS] == [USUAL, USUAL, "update bias 4"]
    usual, best, gate, *_ = verdict(found)
    assert "the rnn gives up at 200 steps, the lstm remembers at every lag, the gru gives up at 20 steps" in usual
    assert "the gru remembers at every lag (update bias 4)" in best
    assert gate == "A gate that is told at the start to keep takes the lstm and the gru further than any rnn."


def test_verdict_says_what_came_out_and_not_what_was_hoped_for():
    found = made_up()
    worse = {cell: {setup: np.full((3, 2), 0.5) for setup in own} for cell, own in found.rates.items() if cell != "rnn"}
    lost = MemoryTestResult(found.lags, found.units, {"rnn": found.rates["rnn"], **worse}, 10, 1.0)
    assert "no gate got further than the plain rnn" in verdict(lost)[2]
    only_told = {**found.rates, "lstm": {USUAL: np.full((3, 2), 0.5)}}
    told = MemoryTestResult(found.lags, found.units, only_told, 10, 1.0)
    assert "takes the gru further than any rnn; with its usual start it gets no further" in verdict(told)[2]


def test_every_cell_has_equally_many_tries_and_a_usual_one():
    assert len({len(cell.memory_setups) for cell in CELLS.values()}) == 1
    assert all(cell.memory_setups[USUAL] == {} for cell in CELLS.values())


@pytest.mark.slow
def test_a_value_is_remembered_past_any_noise_only_by_a_gate_that_keeps():
    usual = accuracy_by_lag(CELLS["gru"], 14, [TaskNetwork(0), TaskNetwork(0, keep_bias=4.0)], longest=50, steps=180)(
        50
    )
    assert usual[0] < 0.65
    assert usual[1] > 0.95
