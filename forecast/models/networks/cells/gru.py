"""The gated recurrent unit (Cho et al. 2014), in either of its forms.

One whose bias is (2, 3·U) applies the reset gate after the recurrent product (Keras' ``reset_after``, the form of
cuDNN and of the first version of Cho et al. 2014); one whose bias is (3·U,) applies it before, as the last.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.models.model_style import ModelStyle
from forecast.models.networks.cells.cell import (
    RATES,
    USUAL,
    Array,
    CellWeights,
    Gates,
    KeepGate,
    LayerGradients,
    Moment,
    RecurrentCell,
    StackedStep,
    StepGradients,
    Tensor,
    Trace,
    flat,
    outer,
    sigmoid,
    turned,
    weight_gradients_of,
)


def forward(projected: Array, hidden: Array, state: Array, weights: CellWeights) -> tuple[Array, Array, Gates]:
    """Returns the next hidden state.

    z, r = σ(W x + U h + b), each with its own; h' = z ⊙ h + (1 − z) ⊙ h̃, where
    h̃ = tanh(W x + U (r ⊙ h) + b) with reset before, and tanh(W x + b + r ⊙ (U h + b')) with reset after.
    z is the *kept* share, as Cho et al. (arXiv 1406.1078), Keras and PyTorch have it; Chung et al. 2014
    (arXiv 1412.3555) write h' = (1 − z) ⊙ h + z ⊙ h̃, so that their z is the share *renewed*.

    Args:
        projected: (B, 3·U), W x + b, packed z, r, h.
        hidden: (B, U), h.
        state: handed on.
        weights: of the layer.
    """
    units, recurrent, bias = hidden.shape[-1], weights["recurrent"], weights["bias"]
    if is_reset_after(weights):
        inner = hidden @ recurrent + bias[..., 1:, :]
        both = sigmoid(projected[..., : 2 * units] + inner[..., : 2 * units])
        z, r = both[..., :units], both[..., units:]
        candidate = np.tanh(projected[..., 2 * units :] + r * inner[..., 2 * units :])
    else:
        inner = hidden @ recurrent[:, : 2 * units]
        both = sigmoid(projected[:, : 2 * units] + inner)
        z, r = both[:, :units], both[:, units:]
        candidate = np.tanh(projected[:, 2 * units :] + (r * hidden) @ recurrent[:, 2 * units :])
    new = z * hidden + (1 - z) * candidate
    return new, state, {"update": z, "reset": r, "candidate": candidate}


def backward(hidden: Array, _: Array, moment: Moment, weights: CellWeights) -> StepGradients:
    """Returns the gradients on what enters the gates, from either side, and on h_{t−1}."""
    z, r, g = (moment.gates[name] for name in ("update", "reset", "candidate"))
    before, matrix, bias = moment.before, weights["recurrent"], weights["bias"]
    gated = 2 * before.shape[-1]  # columns of z and r
    candidate = hidden * (1 - z) * (1 - g**2)
    update = hidden * (before - g) * z * (1 - z)
    earlier: NDArray[np.floating]
    if is_reset_after(weights):
        inner = before @ matrix[..., gated:] + bias[..., 1:, gated:]
        reset = candidate * inner * r * (1 - r)
        projected = np.concatenate([update, reset, candidate], axis=-1)
        recurrent = np.concatenate([update, reset, candidate * r], axis=-1)
        earlier = hidden * z + recurrent @ turned(matrix)
    else:
        through = candidate @ matrix[:, gated:].T  # on r ⊙ h
        reset = through * before * r * (1 - r)
        projected = recurrent = np.concatenate([update, reset, candidate], axis=-1)
        earlier = hidden * z + through * r + np.matmul(recurrent[..., :gated], matrix[:, :gated].T)
    return StepGradients(projected, recurrent, np.asarray(earlier, dtype=hidden.dtype))


def is_reset_after(weights: CellWeights) -> bool:
    """Tells whether the reset gate stands after the recurrent product, which then has a bias of its own."""
    return weights["bias"].ndim == weights["recurrent"].ndim


def weight_gradients(inputs: Array, trace: Trace, own: LayerGradients, weights: CellWeights) -> dict[str, Array]:
    """Returns the gradients on the weights: the reset gate stands between the two sides of the candidate."""
    found = weight_gradients_of(inputs, trace, own, weights)
    if is_reset_after(weights):
        return found | {"bias": np.stack([found["bias"], flat(own.recurrent).sum(axis=0)])}
    gated = 2 * trace.hidden.shape[-1]
    found["recurrent"][:, gated:] = outer(trace.gates["reset"] * trace.before, own.recurrent[..., gated:])
    return found


def layer(units: int, **settings: Any) -> Tensor:
    """Returns the Keras layer, with its reset gate after the recurrent product."""
    from forecast.models.networks.tensorflow import keras  # imports TensorFlow

    return keras.layers.GRU(units, **settings)


def stacked_step(tf: Any, weights: Mapping[str, Tensor]) -> StackedStep:
    """Returns the step of stacked networks; the reset gate stands between the two products."""
    kernel, recurrent, bias = (weights[name] for name in ("kernel", "recurrent", "bias"))
    units = recurrent.shape[1]

    def step(inputs: Tensor, hidden: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        projected = tf.matmul(inputs, kernel) + bias[:, :1]  # (B, F) @ (R, F, 3·U) -> (R, B, 3·U)
        inner = tf.matmul(hidden, recurrent) + bias[:, 1:]
        z, r = tf.split(tf.sigmoid((projected + inner)[:, :, : 2 * units]), 2, axis=2)
        candidate = tf.tanh(projected[:, :, 2 * units :] + r * inner[:, :, 2 * units :])
        return z * hidden + (1 - z) * candidate, state

    return step


RECORD = RecurrentCell(
    name="gru",
    gates=("update", "reset", "candidate"),
    forward=forward,
    backward=backward,
    layer=layer,
    stacked_step=stacked_step,
    symbols={
        "update": "z, what is kept",
        "reset": "r, what the proposal sees",
        "candidate": "c̃ or h̃, what is proposed",
    },
    equations=(
        "z_t, r_t = σ(W x_t + U h_{t−1} + b), each with its own W, U, b",
        "h̃_t = tanh(W x_t + b + r_t ⊙ (U h_{t−1} + b'))   (reset after the product)",
        "h_t = z_t ⊙ h_{t−1} + (1 − z_t) ⊙ h̃_t",
        "source: Cho et al. 2014 (1406.1078), Keras and PyTorch: z is the share kept;",
        "        Chung et al. 2014 (1412.3555), most textbooks: z is the share renewed",
        "back: ∂h_t/∂h_{t−1} = diag(z_t) + what goes through the gates",
    ),
    shown={
        "update": "update gate z: share that is kept (Cho et al., Keras; Chung et al.: 1 − z)",
        "reset": "reset gate r: share of the state that the candidate sees",
    },
    candidate="candidate",
    formula="3 U (U + F + 2)",
    step_formula="3 U (U + F)",
    style=ModelStyle("#D55E00", "s"),
    keep_gate=KeepGate("update"),
    biases=2,
    weight_gradients=weight_gradients,
    memory_setups={  # a bias of 4: what Tallec & Ollivier (2018) would give to a memory of about 50 steps
        USUAL: {},
        "Glorot recurrent matrix": {"recurrent": "glorot"},
        "update bias 1": {"keep_bias": 1.0},
        "update bias 4": {"keep_bias": 4.0},
        **RATES,
    },
)
