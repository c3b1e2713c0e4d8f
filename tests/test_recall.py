"""The memory test: its cells are those of the package, and what comes out is what it says."""

import numpy as np
import pytest

from forecast.evaluation.insight.recollection import PARAMETERS, SETUPS, USUAL, Recollection, setups_of, verdict
from forecast.models.cells import CellWeights, parameter_count, run_cell
from forecast.models.devices import tf
from forecast.models.recall import (
    FEATURES,
    Pupil,
    _answers,
    _clipped,
    _sequences,
    initial_stack,
    recall_rates,
    units_for,
)
from forecast.specs import CELLS


@pytest.mark.parametrize("cell", CELLS)
def test_stacked_networks_are_the_cells_of_the_package(cell):
    rng = np.random.default_rng(0)
    stack = [rng.normal(0, 0.5, a.shape).astype(np.float32) for a in initial_stack(cell, 4, [Pupil(0), Pupil(1)])]
    inputs = rng.normal(size=(6, 5, FEATURES)).astype(np.float32)
    said = _answers(cell, tuple(map(tf.constant, stack)), tf.constant(inputs)).numpy()
    for r, (kernel, recurrent, bias, head) in enumerate(zip(*stack, strict=True)):
        weights = CellWeights(kernel, recurrent, bias if cell == "gru" else bias[0])
        np.testing.assert_allclose(said[r], (run_cell(cell, inputs, weights)[-1] @ head)[:, 0], atol=1e-5)


def test_sequences_mark_the_first_step_and_ask_for_its_value():
    inputs, answers = (array.numpy() for array in _sequences(tf.constant(3), 7, 50))
    assert inputs.shape == (8, 50, 2)
    assert set(np.unique(inputs[..., 0])) == {-1.0, 1.0}
    np.testing.assert_array_equal(inputs[:, :, 1], np.eye(8)[:1].T @ np.ones((1, 50)))
    np.testing.assert_array_equal(inputs[0, :, 0], answers)
    again, other = _sequences(tf.constant(3), 7, 50)[0].numpy(), _sequences(tf.constant(4), 7, 50)[0].numpy()
    np.testing.assert_array_equal(inputs, again)
    assert (inputs != other).any()


def test_each_network_is_clipped_by_itself():
    long, short = np.full((1, 2, 2), 3.0, np.float32), np.full((1, 2, 2), 0.1, np.float32)
    (clipped,) = _clipped((tf.constant(np.concatenate([long, short])),))
    np.testing.assert_allclose(np.linalg.norm(clipped[0]), 1, rtol=1e-5)
    np.testing.assert_allclose(clipped[1], short[0])


def test_cells_have_equally_many_parameters():
    counts = [parameter_count(cell, units_for(cell, PARAMETERS), FEATURES) for cell in CELLS]
    assert max(counts) / min(counts) < 1.11  # of a few units each, no closer is possible


def test_keep_bias_is_put_on_the_gate_that_keeps():
    lstm = initial_stack("lstm", 3, [Pupil(0), Pupil(0, keep_bias=4.0)])[2]
    np.testing.assert_array_equal(lstm[:, 0], [[0] * 3 + [1] * 3 + [0] * 6, [0] * 3 + [4] * 3 + [0] * 6])
    gru = initial_stack("gru", 3, [Pupil(0, keep_bias=4.0)])[2]
    np.testing.assert_array_equal(gru[0], [[4] * 3 + [0] * 6, [0] * 9])


@pytest.mark.parametrize(
    "cell", ["rnn", pytest.param("lstm", marks=pytest.mark.slow), pytest.param("gru", marks=pytest.mark.slow)]
)
def test_two_steps_back_are_learned_and_no_training_guesses(cell):
    pupils = [Pupil(0), Pupil(1)]
    untaught = Pupil(2, learning_rate=0.0)
    rates = recall_rates(cell, 8, [*pupils, untaught], lag=2, steps=80)
    assert rates[:2].min() > 0.95
    assert rates[2] < 0.9


@pytest.mark.slow
def test_training_of_one_network_does_not_depend_on_the_others():
    alone = recall_rates("gru", 6, [Pupil(5)], lag=5, steps=20)
    beside = recall_rates("gru", 6, [Pupil(0, learning_rate=0.03), Pupil(5)], lag=5, steps=20)
    assert beside[1] == pytest.approx(alone[0], abs=0.02)


def made_up():
    usual = {"rnn": [1, 0.9, 0.5], "lstm": [1, 1, 0.8], "gru": [1, 0.6, 0.5]}
    rates = {cell: {USUAL: np.outer(each, [1, 1])} for cell, each in usual.items()}
    rates["gru"]["keep bias 4"] = np.ones((3, 2))
    return Recollection((2, 20, 200), dict.fromkeys(CELLS, 5), rates, 10, 1.0)


def test_a_cell_gives_up_at_the_first_lag_below_the_mark():
    found = made_up()
    assert [found.gives_up(cell) for cell in CELLS] == [200, None, 20]
    text = verdict(found)
    assert "rnn gives up at 200 steps, lstm remembers at every lag, gru gives up at 20 steps" in text
    assert "'keep bias 4'" in text


def test_setups_are_those_that_mean_something():
    assert setups_of("lstm") == tuple(SETUPS)
    assert all("keep" not in setup for setup in setups_of("rnn"))
