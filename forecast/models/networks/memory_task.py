"""The memory task: say at the end which of two values was marked k steps ago, with noise before it and after it.

    value    −1 +1 +1 −1 −1 +1 … −1      every step is +1 or −1 at random
    marker    0  0  1  0  0  0 …  0      tells the step to remember
    answer                        +1     the marked value, k steps later (after Hochreiter & Schmidhuber 1997)

The steps before the mark matter: without them, all that a cell has to do is to fall to the side of the first value
that it sees and to stay there, which any cell that is stable on two sides does without looking at the mark.

Several networks of one cell that differ in seed, initial weights and learning rate learn at once, in one compiled loop
of their own: they are stacked along a first axis. It is compiled once for all lags, because compiling takes longer
than most of the lags: of a sequence as long as the longest needs, a shorter one sees the end.

Shapes: ``R`` networks, ``B`` sequences, ``T`` steps of the longest sequence, ``U`` units, ``G`` gates; two features a
step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from forecast.models.networks.cells.cell import RecurrentCell
from forecast.models.networks.initial_weights import glorot_uniform, orthogonal
from forecast.models.networks.tensorflow import tf

FEATURES = 2
BATCH = 24
EXAM = 256
"""Fresh sequences that a trained network is asked."""
OF_EACH_LAG = 6
"""Sequences of each lag in a batch of all of them."""
BEFORE = 5
"""Steps of noise before the marked one."""

DRAWS: dict[str, Callable[[np.random.Generator, int, int], NDArray[np.float32]]] = {
    "orthogonal": orthogonal,
    "glorot": glorot_uniform,
    "identity": lambda _rng, rows, columns: np.tile(np.eye(rows, dtype=np.float32), columns // rows),
}
"""Recurrent matrices to begin with."""

Tensor = Any
Tensors = tuple[Tensor, ...]


@dataclass(frozen=True)
class TaskNetwork:
    """How one network begins and learns; a bias of 4 keeps 98 % of the memory at each step, 0 keeps half.

    Attributes:
        keep_bias: of the gate that keeps; None for the one that the cell starts with.
        entry_bias: of the gate that lets in: −4 lets in 2 % of what comes.
    """

    seed: int
    recurrent: Literal["orthogonal", "glorot", "identity"] = "orthogonal"
    keep_bias: float | None = None
    entry_bias: float = 0.0
    learning_rate: float = 0.01


def units_for(cell: RecurrentCell, parameters: int) -> int:
    """Returns the units with which a layer of the cell comes nearest to so many parameters."""
    return min(range(1, 400), key=lambda units: abs(cell.parameters(units, FEATURES) - parameters))


def accuracy_by_lag(
    cell: RecurrentCell, units: int, networks: Sequence[TaskNetwork], longest: int, steps: int
) -> Callable[[int], NDArray[np.float64]]:
    """Returns what trains the networks at a lag and returns the share of answers that each then gets right, (R,).

    Guessing gives 0.5. The training starts anew at every lag; lags may be learned in several threads at once.

    Args:
        cell: of all networks.
        units: of their one layer.
        networks: how each begins and learns.
        longest: lag that will be asked for.
        steps: of training; the sequences are the same for all cells and networks.
    """
    weights, rates = _start(cell, units, networks)
    length = BEFORE + 1 + longest

    def run(weights: Tensors, rates: Tensor, lag: Tensor) -> Tensor:
        first = length - lag - 1 - BEFORE

        def examples(number: Tensor, batch: int) -> tuple[Tensor, Tensor]:
            return _sequences(tf.stack([number, lag]), tf.fill((batch,), lag), length)

        weights = _learned(cell, weights, rates, lambda i: examples(i, BATCH), first, steps)
        inputs, answers = examples(tf.constant(-1), EXAM)
        return tf.reduce_mean(tf.cast(_answers(cell, weights, inputs, first) * answers > 0, tf.float32), axis=1)

    # called directly, so that TensorFlow counts no retracing
    compiled = tf.function(run, jit_compile=True).get_concrete_function(weights, rates, tf.TensorSpec((), tf.int32))
    return lambda lag: np.asarray(compiled(weights, rates, tf.constant(lag)), dtype=np.float64)


def accuracy_on_all_lags(
    cell: RecurrentCell, units: int, networks: Sequence[TaskNetwork], lags: Sequence[int], steps: int
) -> NDArray[np.float64]:
    """Returns the share of right answers at each lag of networks that learned all lags at once, (K, R).

    It takes one training in place of one a lag, and teaches more: what short lags taught is a start for long ones.

    Args:
        cell: of all networks.
        units: of their one layer.
        networks: how each begins and learns.
        lags: of which each batch holds as many as of the others.
        steps: of training; the sequences are the same for all cells and networks.
    """
    weights, rates = _start(cell, units, networks)
    length, first, each = BEFORE + 1 + max(lags), tf.constant(0), tf.constant(lags)

    def run(weights: Tensors, rates: Tensor) -> Tensor:
        def examples(number: Tensor, of_each: int) -> tuple[Tensor, Tensor]:
            return _sequences(tf.stack([number, max(lags)]), tf.repeat(each, of_each), length)

        weights = _learned(cell, weights, rates, lambda i: examples(i, OF_EACH_LAG), first, steps)
        inputs, answers = examples(tf.constant(-1), EXAM)
        right = tf.cast(_answers(cell, weights, inputs, first) * answers > 0, tf.float32)
        return tf.reduce_mean(tf.reshape(right, (len(networks), len(lags), EXAM)), axis=2)

    compiled = tf.function(run, jit_compile=True).get_concrete_function(weights, rates)
    return np.asarray(compiled(weights, rates), dtype=np.float64).T


def _start(cell: RecurrentCell, units: int, networks: Sequence[TaskNetwork]) -> tuple[Tensors, Tensor]:
    """Returns the weights that stacked networks begin with, and their learning rates, (R, 1, 1)."""
    weights = tuple(tf.constant(array) for array in initial_stack(cell, units, networks))
    return weights, tf.constant([[[network.learning_rate]] for network in networks], tf.float32)


def _learned(
    cell: RecurrentCell,
    weights: Tensors,
    rates: Tensor,
    examples: Callable[[Tensor], tuple[Tensor, Tensor]],
    first: Tensor,
    steps: int,
) -> Tensors:
    """Returns the weights after so many steps of Adam, each network's gradients clipped on their own.

    Args:
        cell: of all networks.
        weights: to begin with.
        rates: (R, 1, 1), falling to 0 in the second half.
        examples: the sequences and answers of the batch of a number.
        first: step of the sequences from which on they are shown.
        steps: of training.
    """

    def step(i: Tensor, weights: Tensors, mean: Tensors, square: Tensors) -> tuple[Any, ...]:
        inputs, answers = examples(i)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            logits = _answers(cell, weights, inputs, first)  # (R, B)
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
    return weights


def initial_stack(cell: RecurrentCell, units: int, networks: Sequence[TaskNetwork]) -> list[NDArray[np.float32]]:
    """Returns the arrays of the layer, in the order of ``weight_shapes``, and the head of all networks, R first."""
    shapes = cell.weight_shapes(units, FEATURES)
    stacks: list[list[NDArray[np.float32]]] = [[] for _ in (*shapes, "head")]
    for network in networks:
        rng = np.random.default_rng(network.seed)
        drawn = {"kernel": glorot_uniform, "recurrent": DRAWS[network.recurrent]}
        bias = _bias(cell, units, network)
        own = [drawn[name](rng, *shape) if name in drawn else bias for name, shape in shapes.items()]
        for stack, array in zip(stacks, [*own, glorot_uniform(rng, units, 1)], strict=True):
            stack.append(array)
    return [np.stack(stack) for stack in stacks]


def _bias(cell: RecurrentCell, units: int, network: TaskNetwork) -> NDArray[np.float32]:
    """Returns the bias that a network begins with, (1 or 2, G·U)."""
    bias = cell.start_bias((cell.biases, len(cell.gates) * units), units)
    keep = cell.keep_gate
    if keep and network.keep_bias is not None:
        bias[0, cell.columns(keep.name, units)] = keep.bias(network.keep_bias)
    if cell.entry_gate:
        bias[0, cell.columns(cell.entry_gate, units)] = network.entry_bias
    return bias


def _sequences(seed: Tensor, lags: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Returns the inputs (T, B, 2) and answers (B,) of a batch, which its seed (2,) and its lags (B,) decide."""
    drawn = tf.random.stateless_uniform((length, lags.shape[0]), seed)
    values = tf.where(drawn < 0.5, -1.0, 1.0)
    marker = tf.one_hot(length - 1 - lags, length, axis=0)  # (T, B)
    return tf.stack([values, marker], axis=2), tf.reduce_sum(values * marker, axis=0)


def _answers(cell: RecurrentCell, weights: Tensors, inputs: Tensor, first: Tensor) -> Tensor:
    """Runs the stacked networks over the sequences from a step on and returns what they say at the end, (R, B)."""
    *layer, head = weights
    networks, units, steps, batch = head.shape[0], head.shape[1], inputs.shape[0], inputs.shape[1]
    step = cell.stacked_step(tf, dict(zip(cell.weight_shapes(units, FEATURES), layer, strict=True)))
    start = tf.zeros((networks, batch, units))
    _, hidden, _ = tf.while_loop(
        lambda t, *_: t < steps,
        lambda t, hidden, state: (t + 1, *step(inputs[t], hidden, state)),
        (tf.convert_to_tensor(first), start, start),
        maximum_iterations=steps,
    )
    return tf.matmul(hidden, head)[:, :, 0]


def _clipped(gradients: Tensors) -> Tensors:
    """Returns each network's gradients scaled down to length 1 where they are longer."""
    squares = tf.add_n([tf.reduce_sum(gradient**2, axis=[1, 2], keepdims=True) for gradient in gradients])
    scale = 1 / tf.maximum(tf.sqrt(squares), 1.0)
    return tuple(gradient * scale for gradient in gradients)
