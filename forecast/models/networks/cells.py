"""The equations of the RNN, LSTM and GRU, once, in numpy.

They predict, they explain, and they are the oracle that the Keras networks are tested against.

Shapes: ``B`` windows, ``T`` recurrent steps, ``F`` features a step, ``U`` units, ``G`` gates (1, 4 or 3).
A cell's weights are ``kernel`` (F, G·U), ``recurrent`` (U, G·U) and ``bias`` (G·U,), packed as Keras packs them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.specs import Cell

Array = NDArray[np.float32]

GATES: dict[Cell, tuple[str, ...]] = {
    "rnn": ("hidden",),
    "lstm": ("input", "forget", "candidate", "output"),
    "gru": ("update", "reset", "candidate"),
}
"""The gates of each cell in the order in which Keras packs them. ``update`` is Keras' z, the share that is kept."""


@dataclass(frozen=True, eq=False)
class CellWeights:
    """The arrays of one recurrent layer.

    A GRU whose bias is (2, 3·U) applies the reset gate after the recurrent product (Keras' ``reset_after``, the
    form of cuDNN and of the first version of Cho et al. 2014); one whose bias is (3·U,) applies it before, as the last.
    """

    kernel: Array
    recurrent: Array
    bias: Array


@dataclass(frozen=True, eq=False)
class Trace:
    """All that happened inside one layer: (T, B, U) each, in the order of time."""

    hidden: Array
    gates: dict[str, Array]
    cell_state: Array | None = None


def sigmoid(x: Array) -> Array:
    """Returns 1 / (1 + e^−x), through tanh so that no large x overflows."""
    return np.asarray(np.float32(0.5) * (np.tanh(np.float32(0.5) * x) + np.float32(1)))


def rnn_step(projected: Array, hidden: Array, weights: CellWeights) -> tuple[Array, dict[str, Array]]:
    """Returns the next hidden state of Elman's network: h' = tanh(W_x x + W_h h + b) (Elman 1990).

    Args:
        projected: (B, U), W_x x + b.
        hidden: (B, U), h.
        weights: of the layer.
    """
    new = np.tanh(projected + hidden @ weights.recurrent)
    return new, {"hidden": new}


def lstm_step(
    projected: Array, hidden: Array, cell_state: Array, weights: CellWeights
) -> tuple[Array, Array, dict[str, Array]]:
    """Returns the next hidden and cell state (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000).

    i, f, o = σ(W x + U h + b), each with its own; c̃ = tanh(W_c x + U_c h + b_c);
    c' = f ⊙ c + i ⊙ c̃; h' = o ⊙ tanh(c').

    Args:
        projected: (B, 4·U), W x + b, packed i, f, c, o.
        hidden: (B, U), h.
        cell_state: (B, U), c.
        weights: of the layer.
    """
    i, f, c, o = np.split(projected + hidden @ weights.recurrent, 4, axis=1)
    i, f, o, c = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(c)
    new_state = f * cell_state + i * c
    return o * np.tanh(new_state), new_state, {"input": i, "forget": f, "candidate": c, "output": o}


def gru_step(projected: Array, hidden: Array, weights: CellWeights) -> tuple[Array, dict[str, Array]]:
    """Returns the next hidden state of the gated recurrent unit (Cho et al. 2014), in either of its forms.

    z, r = σ(W x + U h + b), each with its own; h' = z ⊙ h + (1 − z) ⊙ h̃, where
    h̃ = tanh(W x + U (r ⊙ h) + b) with reset before, and tanh(W x + b + r ⊙ (U h + b')) with reset after.
    z is the *kept* share, as Cho et al. (arXiv 1406.1078) and Keras have it; Chung et al. 2014 (arXiv 1412.3555) write
    h' = (1 − z) ⊙ h + z ⊙ h̃, so that their z is the share *renewed*.

    Args:
        projected: (B, 3·U), W x + b, packed z, r, h.
        hidden: (B, U), h.
        weights: of the layer.
    """
    units = hidden.shape[1]
    reset_after = weights.bias.ndim == 2
    if reset_after:
        inner = hidden @ weights.recurrent + weights.bias[1]
        z, r = np.split(sigmoid(projected[:, : 2 * units] + inner[:, : 2 * units]), 2, axis=1)
        candidate = np.tanh(projected[:, 2 * units :] + r * inner[:, 2 * units :])
    else:
        inner = hidden @ weights.recurrent[:, : 2 * units]
        z, r = np.split(sigmoid(projected[:, : 2 * units] + inner), 2, axis=1)
        candidate = np.tanh(projected[:, 2 * units :] + (r * hidden) @ weights.recurrent[:, 2 * units :])
    new = z * hidden + (1 - z) * candidate
    return new, {"update": z, "reset": r, "candidate": candidate}


def run_cell(cell: Cell, inputs: Array, weights: CellWeights) -> Array:
    """Runs a layer over time from a zero state and returns its hidden states, (T, B, F) -> (T, B, U)."""
    hidden = np.empty((*inputs.shape[:2], weights.recurrent.shape[0]), dtype=np.float32)
    for t, (state, _, _) in enumerate(_steps(cell, inputs, weights)):
        hidden[t] = state
    return hidden


def trace_cell(cell: Cell, inputs: Array, weights: CellWeights) -> Trace:
    """Runs a layer over time as ``run_cell`` does and keeps every gate of every step."""
    hidden, states, gates = zip(*_steps(cell, inputs, weights), strict=True)
    return Trace(
        hidden=np.stack(hidden),
        gates={name: np.stack([step[name] for step in gates]) for name in GATES[cell]},
        cell_state=np.stack(states) if cell == "lstm" else None,
    )


def _steps(cell: Cell, inputs: Array, weights: CellWeights) -> Iterator[tuple[Array, Array, dict[str, Array]]]:
    """Yields (hidden, cell state, gates) after each step; the input product of all steps is made in one go."""
    steps, batch, features = inputs.shape
    bias = weights.bias[0] if weights.bias.ndim == 2 else weights.bias
    projected = (inputs.reshape(-1, features) @ weights.kernel + bias).reshape(steps, batch, -1)
    hidden = np.zeros((batch, weights.recurrent.shape[0]), dtype=np.float32)
    state = hidden
    for t in range(steps):
        if cell == "lstm":
            hidden, state, gates = lstm_step(projected[t], hidden, state, weights)
        elif cell == "gru":
            hidden, gates = gru_step(projected[t], hidden, weights)
        else:
            hidden, gates = rnn_step(projected[t], hidden, weights)
        yield hidden, state, gates


def parameter_count(cell: Cell, units: int, features: int) -> int:
    """Returns the number of trainable weights of one layer: G·U·(U + F + 1), and one more bias for Keras' GRU."""
    gates = len(GATES[cell])
    return gates * units * (units + features + (2 if cell == "gru" else 1))
