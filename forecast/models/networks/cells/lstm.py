"""Long short-term memory: a cell state beside the hidden state, which gates write, keep and show.

Hochreiter & Schmidhuber 1997; the forget gate: Gers et al. 2000, its bias of 1: Jozefowicz et al. 2015.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from forecast.models.model_style import ModelStyle
from forecast.models.networks.cells.cell import (
    CELL_STATE,
    RATES,
    STATES,
    USUAL,
    Array,
    CellWeights,
    Gates,
    KeepGate,
    Moment,
    RecurrentCell,
    StackedStep,
    StepGradients,
    Tensor,
    sigmoid,
    turned,
)


def forward(projected: Array, hidden: Array, state: Array, weights: CellWeights) -> tuple[Array, Array, Gates]:
    """Returns the next hidden and cell state.

    i, f, o = σ(W x + U h + b), each with its own; c̃ = tanh(W_c x + U_c h + b_c);
    c' = f ⊙ c + i ⊙ c̃; h' = o ⊙ tanh(c').

    Args:
        projected: (B, 4·U), W x + b, packed i, f, c, o.
        hidden: (B, U), h.
        state: (B, U), c.
        weights: of the layer.
    """
    packed, units = projected + hidden @ weights["recurrent"], hidden.shape[-1]
    i, f, c, o = (packed[..., gate * units : (gate + 1) * units] for gate in range(4))
    i, f, o, c = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(c)
    new_state = f * state + i * c
    return o * np.tanh(new_state), new_state, {"input": i, "forget": f, "candidate": c, "output": o}


def backward(hidden: Array, state: Array, moment: Moment, weights: CellWeights) -> StepGradients:
    """Returns the gradients on c_t, on what enters the gates, and on h_{t−1} and c_{t−1}."""
    assert moment.state is not None
    assert moment.state_before is not None
    i, f, g, o = (moment.gates[name] for name in ("input", "forget", "candidate", "output"))
    shown = np.tanh(moment.state)
    state = state + hidden * o * (1 - shown**2)
    entering = np.concatenate(
        [
            state * g * i * (1 - i),
            state * moment.state_before * f * (1 - f),
            state * i * (1 - g**2),
            hidden * shown * o * (1 - o),
        ],
        axis=-1,
    )
    return StepGradients(entering, entering, entering @ turned(weights["recurrent"]), state, state * f)


def layer(units: int, **settings: Any) -> Tensor:
    """Returns the Keras layer."""
    from forecast.models.networks.tensorflow import keras  # imports TensorFlow

    return keras.layers.LSTM(units, **settings)


def stacked_step(tf: Any, weights: Mapping[str, Tensor]) -> StackedStep:
    """Returns the step of stacked networks; one product is faster than a product of each side."""
    joint, bias = tf.concat([weights["kernel"], weights["recurrent"]], axis=1), weights["bias"]  # (R, F + U, 4·U)

    def step(inputs: Tensor, hidden: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        seen = tf.broadcast_to(inputs, (hidden.shape[0], *inputs.shape))
        entering = tf.matmul(tf.concat([seen, hidden], axis=2), joint) + bias
        i, f, c, o = tf.split(entering, 4, axis=2)
        state = tf.sigmoid(f) * state + tf.sigmoid(i) * tf.tanh(c)
        return tf.sigmoid(o) * tf.tanh(state), state

    return step


RECORD = RecurrentCell(
    name="lstm",
    gates=("input", "forget", "candidate", "output"),
    forward=forward,
    backward=backward,
    layer=layer,
    stacked_step=stacked_step,
    symbols={
        "input": "i, what is let in",
        "forget": "f, what is kept",
        "candidate": "c̃ or h̃, what is proposed",
        "output": "o, what is shown",
    },
    equations=(
        "i_t, f_t, o_t = σ(W x_t + U h_{t−1} + b), each with its own W, U, b",
        "c̃_t = tanh(W_c x_t + U_c h_{t−1} + b_c)",
        "c_t = f_t ⊙ c_{t−1} + i_t ⊙ c̃_t",
        "h_t = o_t ⊙ tanh(c_t)",
        "source: Hochreiter & Schmidhuber 1997; the forget gate f: Gers et al. 2000",
        "back: ∂c_t/∂c_{t−1} = diag(f_t) + what goes through h: with f near 1 it stays",
    ),
    shown={
        "forget": "forget gate f: share of the cell state that is kept",
        "input": "input gate i: share of the new candidate that is let in",
        "output": "output gate o: share of the cell state that is shown",
        CELL_STATE: STATES[CELL_STATE],
    },
    candidate="candidate",
    formula="4 U (U + F + 1)",
    step_formula="4 U (U + F)",
    style=ModelStyle("#0072B2", "o"),
    keep_gate=KeepGate("forget"),
    entry_gate="input",
    has_cell_state=True,
    start={"forget": 1.0},
    memory_setups={  # biases of 4 and −4: what Tallec & Ollivier (2018) would give to a memory of about 50 steps
        USUAL: {},
        "forget bias 0": {"keep_bias": 0.0},
        "forget bias 4": {"keep_bias": 4.0},
        "forget bias 4, input bias −4": {"keep_bias": 4.0, "entry_bias": -4.0},
        **RATES,
    },
)
