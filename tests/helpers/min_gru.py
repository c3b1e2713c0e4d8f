"""A cell that the package does not have, in one file: minGRU (Feng et al. 2024, Were RNNs All We Needed?)."""

import numpy as np

from forecast.models.model_style import ModelStyle
from forecast.models.networks.cells.cell import RATES, USUAL, KeepGate, RecurrentCell, StepGradients, sigmoid


def forward(projected, hidden, state, weights):
    """z = σ(W_z x + b), h̃ = W_h x + b, h' = (1 − z) ⊙ h + z ⊙ h̃: no gate sees the hidden state."""
    z, candidate = np.split(projected, 2, axis=1)
    z = sigmoid(z)
    return (1 - z) * hidden + z * candidate, state, {"update": z, "candidate": candidate}


def backward(hidden, _, moment, weights):
    z, candidate = moment.gates["update"], moment.gates["candidate"]
    entering = np.concatenate([hidden * (candidate - moment.before) * z * (1 - z), hidden * z], axis=-1)
    return StepGradients(entering, entering, hidden * (1 - z))


def layer(units, *, name, return_sequences, kernel_initializer, dropout=0.0, seed=None, **_):
    from forecast.models.networks.tensorflow import keras

    def run(steps):
        inputs = keras.layers.Dropout(dropout, seed=seed)(steps) if dropout else steps
        packed = keras.layers.Dense(2 * units, name=name, kernel_initializer=kernel_initializer)(inputs)
        z, candidate = keras.ops.split(packed, 2, axis=-1)
        z = keras.ops.sigmoid(z)
        states = [z[:, 0] * candidate[:, 0]]
        for t in range(1, steps.shape[1]):
            states.append((1 - z[:, t]) * states[-1] + z[:, t] * candidate[:, t])
        return keras.ops.stack(states, axis=1) if return_sequences else states[-1]

    return run


def stacked_step(tf, weights):
    def step(inputs, hidden, state):
        z, candidate = tf.split(tf.matmul(inputs, weights["kernel"]) + weights["bias"], 2, axis=2)
        z = tf.sigmoid(z)
        return (1 - z) * hidden + z * candidate, state

    return step


MIN_GRU = RecurrentCell(
    name="min-gru",
    gates=("update", "candidate"),
    forward=forward,
    backward=backward,
    layer=layer,
    stacked_step=stacked_step,
    symbols={"update": "z, what is renewed", "candidate": "h̃, what is proposed"},
    equations=(
        "z_t = σ(W_z x_t + b), h̃_t = W_h x_t + b",
        "h_t = (1 − z_t) ⊙ h_{t−1} + z_t ⊙ h̃_t",
        "source: Feng et al. 2024, Were RNNs All We Needed? (arXiv 2410.01201)",
        "back: ∂h_t/∂h_{t−1} = diag(1 − z_t), and nothing else",
    ),
    shown={"update": "update gate z: share of the state that is renewed"},
    candidate="candidate",
    formula="2 U (F + 1)",
    step_formula="2 U F",
    style=ModelStyle("#F0E442", "X"),
    keep_gate=KeepGate("update", is_renewed=True),
    is_recurrent=False,
    is_squashed=False,
    without_cudnn="cuDNN has no kernel of it",
    memory_setups={
        USUAL: {},
        "keep bias 1": {"keep_bias": 1.0},
        "keep bias 2": {"keep_bias": 2.0},
        "keep bias 4": {"keep_bias": 4.0},
        **RATES,
    },
)
