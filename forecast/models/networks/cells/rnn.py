"""Elman's network: h' = tanh(W x + U h + b), which has no gates (Elman 1990)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from forecast.models.model_style import ModelStyle
from forecast.models.networks.cells.cell import (
    HIDDEN,
    RATES,
    STATES,
    USUAL,
    Array,
    CellWeights,
    Gates,
    Moment,
    RecurrentCell,
    StackedStep,
    StepGradients,
    Tensor,
    turned,
)


def forward(projected: Array, hidden: Array, state: Array, weights: CellWeights) -> tuple[Array, Array, Gates]:
    """Returns the next hidden state: h' = tanh(W x + U h + b).

    Args:
        projected: (B, U), W x + b.
        hidden: (B, U), h.
        state: handed on.
        weights: of the layer.
    """
    new = np.tanh(projected + hidden @ weights["recurrent"])
    return new, state, {HIDDEN: new}


def backward(hidden: Array, _: Array, moment: Moment, weights: CellWeights) -> StepGradients:
    """Returns the gradients on what enters the tanh, and on h_{t−1}."""
    entering = np.asarray(hidden * (1 - moment.gates[HIDDEN] ** 2), dtype=hidden.dtype)
    return StepGradients(entering, entering, entering @ turned(weights["recurrent"]))


def layer(units: int, **settings: Any) -> Tensor:
    """Returns the Keras layer."""
    from forecast.models.networks.tensorflow import keras  # imports TensorFlow

    return keras.layers.SimpleRNN(units, **settings)


def stacked_step(tf: Any, weights: Mapping[str, Tensor]) -> StackedStep:
    """Returns the step of stacked networks; one product is faster than a product of each side."""
    joint, bias = tf.concat([weights["kernel"], weights["recurrent"]], axis=1), weights["bias"]  # (R, F + U, U)

    def step(inputs: Tensor, hidden: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        seen = tf.broadcast_to(inputs, (hidden.shape[0], *inputs.shape))
        return tf.tanh(tf.matmul(tf.concat([seen, hidden], axis=2), joint) + bias), state

    return step


RECORD = RecurrentCell(
    name="rnn",
    gates=(HIDDEN,),
    forward=forward,
    backward=backward,
    layer=layer,
    stacked_step=stacked_step,
    symbols={HIDDEN: "h"},
    equations=(
        "h_t = tanh(W x_t + U h_{t−1} + b)",
        "source: Elman, Finding structure in time, 1990",
        "back: ∂h_t/∂h_{t−1} = diag(1 − h_t²) U; T steps back multiply T such matrices,",
        "      so the gradient vanishes or explodes (Bengio et al. 1994)",
    ),
    shown={HIDDEN: STATES[HIDDEN]},
    candidate=HIDDEN,
    formula="U (U + F + 1)",
    step_formula="U (U + F)",
    style=ModelStyle("#009E73", "^"),
    without_cudnn="cuDNN is not used for Keras' SimpleRNN",
    memory_setups={
        USUAL: {},
        "Glorot recurrent matrix": {"recurrent": "glorot"},
        "identity recurrent matrix": {"recurrent": "identity"},  # Le et al. (2015)
        "learning rate 0.001": {"learning_rate": 0.001},
        **RATES,
    },
)
