"""A test of memory: say at the end which of two values stood at the first of k + 1 steps, noise in between.

    value    +1 −1 −1 +1 … −1      every step is +1 or −1 at random
    marker    1  0  0  0 …  0      tells the step to remember
    answer                  +1     the marked value, k steps later (after Hochreiter & Schmidhuber 1997)

Several networks of one cell that differ in seed, initial weights and learning rate learn at once, in one compiled loop
of their own: they are stacked along a first axis.

Shapes: ``R`` networks, ``B`` sequences, ``U`` units, ``G`` gates; two features a step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from forecast.models.cells import GATES, parameter_count
from forecast.models.devices import tf
from forecast.models.initial import glorot_uniform, orthogonal
from forecast.specs import Cell

FEATURES = 2
BATCH = 24
EXAM = 512
"""Fresh sequences that a trained network is asked."""

Tensor = Any
Tensors = tuple[Tensor, ...]


@dataclass(frozen=True)
class Pupil:
    """How one network begins and learns; a bias of 4 keeps 98 % of the memory at each step, 0 keeps half."""

    seed: int
    recurrent: Literal["orthogonal", "glorot"] = "orthogonal"
    keep_bias: float | None = None  # of the LSTM's forget and the GRU's update gate; None for Keras' 1 and 0
    learning_rate: float = 0.01


def units_for(cell: Cell, parameters: int) -> int:
    """Returns the units with which a layer of the cell comes nearest to so many parameters."""
    return min(range(1, 400), key=lambda units: abs(parameter_count(cell, units, FEATURES) - parameters))


def recall_rates(cell: Cell, units: int, pupils: Sequence[Pupil], lag: int, steps: int) -> NDArray[np.float64]:
    """Trains the networks and returns the share of answers that each gets right, (R,); guessing gives 0.5.

    Args:
        cell: of all networks.
        units: of their one layer.
        pupils: the networks.
        lag: steps between the value and the answer.
        steps: of training; the sequences are the same for all cells and networks.
    """
    weights = tuple(tf.constant(array) for array in initial_stack(cell, units, pupils))
    rates = tf.constant([[[pupil.learning_rate]] for pupil in pupils], tf.float32)

    def run(weights: Tensors, rates: Tensor) -> Tensor:
        def step(i: Tensor, weights: Tensors, mean: Tensors, square: Tensors) -> tuple[Any, ...]:
            inputs, answers = _sequences(i, lag, BATCH)
            with tf.GradientTape() as tape:
                tape.watch(weights)
                logits = _answers(cell, weights, inputs)  # (R, B)
                loss = tf.reduce_sum(tf.reduce_mean(tf.nn.softplus(-answers * logits), axis=1))
            gradients = _clipped(tape.gradient(loss, weights))
            now = tf.cast(i + 1, tf.float32)
            rate = rates * tf.sqrt(1 - 0.999**now) / (1 - 0.9**now) * tf.minimum(2 * (1 - now / (steps + 1.0)), 1.0)
            mean = tuple(0.9 * m + 0.1 * g for m, g in zip(mean, gradients, strict=True))
            square = tuple(0.999 * v + 0.001 * g * g for v, g in zip(square, gradients, strict=True))
            weights = tuple(w - rate * m / (tf.sqrt(v) + 1e-7) for w, m, v in zip(weights, mean, square, strict=True))
            return i + 1, weights, mean, square

        zeros = tuple(tf.zeros_like(weight) for weight in weights)
        _, weights, _, _ = tf.while_loop(lambda i, *_: i < steps, step, (tf.constant(0), weights, zeros, zeros))
        inputs, answers = _sequences(tf.constant(-1), lag, EXAM)
        return tf.reduce_mean(tf.cast(_answers(cell, weights, inputs) * answers > 0, tf.float32), axis=1)

    # called directly, so that TensorFlow counts no retracing
    compiled = tf.function(run, jit_compile=True).get_concrete_function(weights, rates)
    return np.asarray(compiled(weights, rates), dtype=np.float64)


def initial_stack(cell: Cell, units: int, pupils: Sequence[Pupil]) -> list[NDArray[np.float32]]:
    """Returns kernel, recurrent kernel, bias and head of all networks, each with R first."""
    gates = len(GATES[cell])
    stacks: list[list[NDArray[np.float32]]] = [[], [], [], []]
    for pupil in pupils:
        rng = np.random.default_rng(pupil.seed)
        bias = np.zeros((2 if cell == "gru" else 1, gates * units), dtype=np.float32)
        if cell != "rnn":
            first = units if cell == "lstm" else 0  # packed i, f, c, o and z, r, h
            usual = 1.0 if cell == "lstm" else 0.0
            bias[0, first : first + units] = usual if pupil.keep_bias is None else pupil.keep_bias
        draw = orthogonal if pupil.recurrent == "orthogonal" else glorot_uniform
        own = [glorot_uniform(rng, FEATURES, gates * units), draw(rng, units, gates * units), bias]
        for stack, array in zip(stacks, [*own, glorot_uniform(rng, units, 1)], strict=True):
            stack.append(array)
    return [np.stack(stack) for stack in stacks]


def _sequences(number: Tensor, lag: int, batch: int) -> tuple[Tensor, Tensor]:
    """Returns the inputs (T, B, 2) and answers (B,) of a batch, which its number decides."""
    drawn = tf.random.stateless_uniform((lag + 1, batch), tf.stack([number, lag]))
    values = tf.where(drawn < 0.5, -1.0, 1.0)
    marker = tf.concat([tf.ones((1, batch)), tf.zeros((lag, batch))], axis=0)
    return tf.stack([values, marker], axis=2), values[0]


def _answers(cell: Cell, weights: Tensors, inputs: Tensor) -> Tensor:
    """Runs the stacked networks over the sequences and returns what they say at the end, (R, B)."""
    kernel, recurrent, bias, head = weights
    steps, batch, units = inputs.shape[0], inputs.shape[1], recurrent.shape[1]
    start = tf.zeros((kernel.shape[0], batch, units))

    def step(t: Tensor, hidden: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        projected = tf.matmul(inputs[t], kernel) + bias[:, :1]  # (B, 2) @ (R, 2, G·U) -> (R, B, G·U)
        inner = tf.matmul(hidden, recurrent)
        if cell == "lstm":
            i, f, c, o = tf.split(projected + inner, 4, axis=2)
            state = tf.sigmoid(f) * state + tf.sigmoid(i) * tf.tanh(c)
            return t + 1, tf.sigmoid(o) * tf.tanh(state), state
        if cell == "gru":
            inner += bias[:, 1:]
            z, r = tf.split(tf.sigmoid((projected + inner)[:, :, : 2 * units]), 2, axis=2)
            candidate = tf.tanh(projected[:, :, 2 * units :] + r * inner[:, :, 2 * units :])
            return t + 1, z * hidden + (1 - z) * candidate, state
        return t + 1, tf.tanh(projected + inner), state

    _, hidden, _ = tf.while_loop(
        lambda t, *_: t < steps, step, (tf.constant(0), start, start), maximum_iterations=steps
    )
    return tf.matmul(hidden, head)[:, :, 0]


def _clipped(gradients: Tensors) -> Tensors:
    """Returns each network's gradients scaled down to length 1 where they are longer."""
    squares = tf.add_n([tf.reduce_sum(gradient**2, axis=[1, 2], keepdims=True) for gradient in gradients])
    scale = 1 / tf.maximum(tf.sqrt(squares), 1.0)
    return tuple(gradient * scale for gradient in gradients)
