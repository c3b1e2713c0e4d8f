"""The exact backward pass through the cells of ``cells``, in numpy: backpropagation through time (Werbos 1990).

It tells how the outputs of a trained network depend on each input, on each hidden state and on each weight. The
precision is that of the weights: float32 as they are stored, float64 where they are given so.

Shapes: ``K`` derived quantities at once, ``B`` windows, ``L`` lookback, ``T`` recurrent steps, ``F`` features a step,
``U`` units, ``G`` gates, ``H`` outputs.

    window (B, L) ─ embed ─ (T, B, F) ─▶ layer 0 ─▶ … ─▶ last layer ─ h_T ─ head ─▶ (B, H)
                            ◀── inputs ──       ◀── hidden ──              ◀── arriving (K, B, H)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.models.covariates.covariate_model import NetworkCovariates
from forecast.models.networks.cells import Array, CellWeights, Trace, trace_cell
from forecast.models.networks.recurrent import Weights, recurrent_inputs
from forecast.specs import Cell, ModelSpec


@dataclass(frozen=True, eq=False)
class LayerGradients:
    """How K quantities depend on all that happened inside one layer.

    Attributes:
        inputs: (K, T, B, F).
        hidden: (K, T, B, U), on h_t by every way that leads on from it.
        cell_state: (K, T, B, U), likewise on an LSTM's c_t; None for the other cells.
        projected: (K, T, B, G·U), on what enters the gates from the input's side.
        recurrent: (K, T, B, G·U), on what enters them from the hidden state's side.
    """

    inputs: Array
    hidden: Array
    cell_state: Array | None
    projected: Array
    recurrent: Array


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """One run forward through a network, kept for the way back: a tuple's entries are the layers'.

    Attributes:
        features: (T, B, F), what enters the embedding or the first cell; see ``recurrent_inputs``.
        inputs: what entered each layer.
        covariates: what is made of covariates, and ``base`` (B, H), the naive forecast; None where there are none.
    """

    window: Array  # (B, L)
    features: Array
    inputs: tuple[Array, ...]
    weights: tuple[CellWeights, ...]
    traces: tuple[Trace, ...]
    covariates: NetworkCovariates | None = None
    base: Array | None = None

    @property
    def last(self) -> Array:
        """The last hidden state of the last layer, (B, U)."""
        return np.asarray(self.traces[-1].hidden[-1])


def run_forward(
    spec: ModelSpec,
    weights: Weights,
    window: NDArray[np.floating],
    covariates: NetworkCovariates | None = None,
    base: NDArray[np.floating] | None = None,
) -> ForwardPass:
    """Runs normalised windows (B, L) through the recurrent path and keeps every gate of every layer.

    Args:
        spec: with a recurrent cell.
        weights: of one network; their precision is the result's.
        window: normalised, see ``views.see``.
        covariates: what is made of covariates, held as it is.
        base: (B, H) the naive forecast in the network's units, likewise; needed with ``covariates``.
    """
    window = window.astype(weights["head/kernel"].dtype)
    features = recurrent_inputs(spec, window, covariates)
    hidden = features
    if "embed/kernel" in weights:
        hidden = hidden @ weights["embed/kernel"] + weights["embed/bias"]
    inputs, cells, traces = [], [], []
    for layer in range(spec.layers):
        cell = CellWeights(*(weights[f"cell{layer}/{part}"] for part in ("kernel", "recurrent", "bias")))
        trace = trace_cell(spec.cell, hidden, cell)
        inputs.append(hidden)
        cells.append(cell)
        traces.append(trace)
        hidden = trace.hidden
    told = None if covariates is None or base is None else base.astype(window.dtype)
    return ForwardPass(window, features, tuple(inputs), tuple(cells), tuple(traces), covariates, told)


def last_step_only(arriving: Array, steps: int) -> Array:
    """Returns gradients that arrive at the last of ``steps`` steps and at no other, (K, B, U) -> (K, T, B, U)."""
    spread = np.zeros((arriving.shape[0], steps, *arriving.shape[1:]), dtype=arriving.dtype)
    spread[:, -1] = arriving
    return spread


def backpropagate(
    cell: Cell, weights: CellWeights, trace: Trace, arriving: Array, on_state: Array | None = None
) -> LayerGradients:
    """Goes back through one layer, from its last step to its first.

    Args:
        cell: of the layer.
        weights: of the layer.
        trace: of the run forward.
        arriving: (K, T, B, U), the quantities' dependence on each h_t from above, the way through time left out.
        on_state: (K, B, U), their dependence on an LSTM's last cell state by itself; none if left out.
    """
    steps = len(trace.hidden)
    before = np.concatenate([np.zeros_like(trace.hidden[:1]), trace.hidden[:-1]])  # h_{t-1}
    hidden = np.empty_like(arriving)
    states = np.empty_like(arriving) if cell == "lstm" else None
    projected = np.empty((*arriving.shape[:-1], weights.recurrent.shape[1]), dtype=arriving.dtype)
    recurrent = projected if cell != "gru" or weights.bias.ndim == 1 else np.empty_like(projected)
    from_later = np.zeros_like(arriving[:, 0])  # (K, B, U)
    state = from_later if on_state is None else on_state
    for t in reversed(range(steps)):
        hidden[:, t] = arriving[:, t] + from_later
        gates = {name: values[t] for name, values in trace.gates.items()}
        if states is not None and trace.cell_state is not None:
            earlier = trace.cell_state[t - 1] if t else np.zeros_like(trace.cell_state[0])
            states[:, t], projected[:, t] = _lstm_back(hidden[:, t], state, gates, trace.cell_state[t], earlier)
            state = states[:, t] * gates["forget"]
            from_later = projected[:, t] @ weights.recurrent.T
        elif cell == "gru":
            projected[:, t], recurrent[:, t], from_later = _gru_back(hidden[:, t], gates, before[t], weights)
        else:
            projected[:, t] = hidden[:, t] * (1 - gates["hidden"] ** 2)
            from_later = projected[:, t] @ weights.recurrent.T
    return LayerGradients(projected @ weights.kernel.T, hidden, states, projected, recurrent)


def _lstm_back(hidden: Array, state: Array, gates: dict[str, Array], now: Array, earlier: Array) -> tuple[Array, Array]:
    """Returns the gradients on c_t and on what enters the gates; see ``cells.lstm_step`` for the equations."""
    i, f, g, o = (gates[name] for name in ("input", "forget", "candidate", "output"))
    shown = np.tanh(now)
    state = state + hidden * o * (1 - shown**2)
    entering = [
        state * g * i * (1 - i),
        state * earlier * f * (1 - f),
        state * i * (1 - g**2),
        hidden * shown * o * (1 - o),
    ]
    return state, np.concatenate(entering, axis=-1)


def _gru_back(
    hidden: Array, gates: dict[str, Array], before: Array, weights: CellWeights
) -> tuple[Array, Array, Array]:
    """Returns the gradients on what enters the gates, from either side, and on h_{t-1}; see ``cells.gru_step``."""
    z, r, g = (gates[name] for name in ("update", "reset", "candidate"))
    gated = 2 * before.shape[1]  # columns of z and r
    candidate = hidden * (1 - z) * (1 - g**2)
    update = hidden * (before - g) * z * (1 - z)
    earlier: NDArray[np.floating]
    if weights.bias.ndim == 2:  # reset after the recurrent product
        inner = before @ weights.recurrent[:, gated:] + weights.bias[1, gated:]
        reset = candidate * inner * r * (1 - r)
        recurrent = np.concatenate([update, reset, candidate * r], axis=-1)
        earlier = hidden * z + recurrent @ weights.recurrent.T
    else:
        through = candidate @ weights.recurrent[:, gated:].T  # on r ⊙ h
        reset = through * before * r * (1 - r)
        recurrent = np.concatenate([update, reset, candidate], axis=-1)
        earlier = hidden * z + through * r + np.matmul(recurrent[..., :gated], weights.recurrent[:, :gated].T)
    return np.concatenate([update, reset, candidate], axis=-1), recurrent, np.asarray(earlier, dtype=hidden.dtype)


def backpropagate_network(
    spec: ModelSpec, weights: Weights, passage: ForwardPass, arriving: Array
) -> list[LayerGradients]:
    """Goes back from the outputs through the head and all layers; the first of the result is the lowest layer.

    Args:
        spec: of the network.
        weights: of the network.
        passage: the run forward.
        arriving: (K, B, H), the quantities' dependence on the outputs.
    """
    steps = len(passage.features)
    onto_last = arriving @ weights["head/kernel"].T  # (K, B, U)
    if passage.covariates is not None and passage.base is not None:
        _, onto_units = _decoder_back(weights, passage, arriving)
        onto_last = onto_last + onto_units.sum(axis=2) @ weights["context/kernel"][: spec.units].T
    above = last_step_only(onto_last, steps)
    layers: list[LayerGradients] = []
    for cell, trace in zip(reversed(passage.weights), reversed(passage.traces), strict=True):
        layers.append(backpropagate(spec.cell, cell, trace, above))
        above = layers[-1].inputs
    return layers[::-1]


def window_gradients(spec: ModelSpec, weights: Weights, passage: ForwardPass) -> Array:
    """Returns ∂ output / ∂ window through the recurrent path, (H, B, L); the highway adds its kernel to it."""
    outputs, batch = weights["head/kernel"].shape[1], len(passage.window)
    one = np.eye(outputs, dtype=passage.window.dtype)
    arriving = np.broadcast_to(one[:, None, :], (outputs, batch, outputs))
    onto = backpropagate_network(spec, weights, passage, arriving)[0].inputs  # (H, T, B, F)
    if "embed/kernel" in weights:
        onto = onto @ weights["embed/kernel"].T
    each = onto.reshape(*onto.shape[:3], spec.segment, -1)[..., 0]  # of an observation, the target comes first
    return np.ascontiguousarray(each.transpose(0, 2, 1, 3)).reshape(outputs, batch, -1)


def weight_gradients(spec: ModelSpec, weights: Weights, passage: ForwardPass, arriving: Array) -> Weights:
    """Returns the gradient of one number on every weight, by name.

    Args:
        spec: of the network.
        weights: of the network.
        passage: the run forward.
        arriving: (B, H), the number's dependence on the outputs.
    """
    layers = backpropagate_network(spec, weights, passage, arriving[None])
    found = {"head/kernel": passage.last.T @ arriving, "head/bias": arriving.sum(axis=0)}
    if passage.covariates is not None and passage.base is not None:
        found |= _decoder_gradients(weights, passage, arriving)
    if "highway/kernel" in weights:
        found["highway/kernel"] = passage.window.T @ arriving
    for layer, (own, trace, inputs) in enumerate(zip(layers, passage.traces, passage.inputs, strict=True)):
        before = np.concatenate([np.zeros_like(trace.hidden[:1]), trace.hidden[:-1]])
        recurrent = _outer(before, own.recurrent)
        bias = _flat(own.projected).sum(axis=0)
        if spec.cell == "gru":
            gated = 2 * spec.units
            if weights[f"cell{layer}/bias"].ndim == 2:
                bias = np.stack([bias, _flat(own.recurrent).sum(axis=0)])
            else:
                recurrent[:, gated:] = _outer(trace.gates["reset"] * before, own.recurrent[..., gated:])
        found |= {
            f"cell{layer}/kernel": _outer(inputs, own.projected),
            f"cell{layer}/recurrent": recurrent,
            f"cell{layer}/bias": bias,
        }
    if "embed/kernel" in weights:
        onto = layers[0].inputs
        found |= {"embed/kernel": _outer(passage.features, onto), "embed/bias": _flat(onto).sum(axis=0)}
    return found


def _decoder_back(weights: Weights, passage: ForwardPass, arriving: Array) -> tuple[Array, Array]:
    """Returns the decoder's units, (B, H, D), and the gradients on what enters them, (K, B, H, D)."""
    units = np.tanh(_each_step(passage) @ weights["ahead_units/kernel"] + _context(weights, passage)[:, None])
    return units, arriving[..., None] * weights["reply/kernel"][:, 0] * (1 - units**2)


def _decoder_gradients(weights: Weights, passage: ForwardPass, arriving: Array) -> Weights:
    units, onto_units = _decoder_back(weights, passage, arriving[None])
    onto_context = onto_units[0].sum(axis=1)  # (B, D)
    return {
        "reply/kernel": _flat(units).T @ arriving.reshape(-1, 1),
        "ahead_units/kernel": _flat(_each_step(passage)).T @ _flat(onto_units),
        "context/kernel": _whole(passage).T @ onto_context,
        "context/bias": onto_context.sum(axis=0),
    }


def _each_step(passage: ForwardPass) -> Array:
    """Returns what the decoder is told of each step of the horizon, (B, H, F + 1)."""
    assert passage.covariates is not None
    assert passage.base is not None
    return np.concatenate([passage.covariates.ahead.astype(passage.base.dtype), passage.base[..., None]], axis=2)


def _whole(passage: ForwardPass) -> Array:
    """Returns what the decoder is told of the window and its series, (B, U + F)."""
    assert passage.covariates is not None
    return np.concatenate([passage.last, passage.covariates.static.astype(passage.last.dtype)], axis=1)


def _context(weights: Weights, passage: ForwardPass) -> Array:
    return np.asarray(_whole(passage) @ weights["context/kernel"] + weights["context/bias"])


def _outer(values: Array, gradients: Array) -> Array:
    """Returns the sum over steps and windows of value × gradient, (T, B, M), (1, T, B, N) -> (M, N)."""
    return values.reshape(-1, values.shape[-1]).T @ _flat(gradients)


def _flat(gradients: Array) -> Array:
    return gradients.reshape(-1, gradients.shape[-1])
