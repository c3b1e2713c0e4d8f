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
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import (
    Array,
    CellWeights,
    LayerGradients,
    Moment,
    RecurrentCell,
    Trace,
    flat,
    outer,
    trace_cell,
)
from forecast.models.networks.recurrent import Weights, layer_weights, recurrent_inputs
from forecast.specs import ModelSpec


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
        cell = layer_weights(weights, layer)
        trace = trace_cell(CELLS[spec.cell], hidden, cell)
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
    cell: RecurrentCell, weights: CellWeights, trace: Trace, arriving: Array, on_state: Array | None = None
) -> LayerGradients:
    """Goes back through one layer, from its last step to its first.

    Args:
        cell: of the layer.
        weights: of the layer.
        trace: of the run forward.
        arriving: (K, T, B, U), the quantities' dependence on each h_t from above, the way through time left out.
        on_state: (K, B, U), their dependence on the last cell state by itself; none if left out.
    """
    before, hidden = trace.before, np.empty_like(arriving)
    states = None if trace.cell_state is None else np.empty_like(arriving)
    packed = (*arriving.shape[:-1], weights["kernel"].shape[1])
    projected = recurrent = np.empty(packed, dtype=arriving.dtype)
    from_later = np.zeros_like(arriving[:, 0])  # (K, B, U)
    state = from_later if on_state is None else on_state
    for t in reversed(range(len(before))):
        hidden[:, t] = arriving[:, t] + from_later
        own = cell.backward(hidden[:, t], state, _moment(trace, before, t), weights)
        if own.recurrent is not own.projected and recurrent is projected:
            recurrent = np.empty_like(projected)
        projected[:, t] = own.projected
        if recurrent is not projected:
            recurrent[:, t] = own.recurrent
        from_later = own.earlier
        if states is not None and own.state is not None and own.earlier_state is not None:
            states[:, t], state = own.state, own.earlier_state
    return LayerGradients(projected @ weights["kernel"].T, hidden, states, projected, recurrent)


def mean_transition(cell: RecurrentCell, weights: CellWeights, trace: Trace) -> NDArray[np.float64]:
    """Returns ∂h_t/∂h_{t−1} of one layer, the mean over windows and steps, (U, U): what is kept from step to step.

    All that stands between two steps is in it: of h' = tanh(W x + U h + b) it is the mean of 1 − h'², times U.

    Args:
        cell: of the layer.
        weights: of the layer.
        trace: of the run forward.
    """
    steps, batch, units = trace.hidden.shape
    before, total = trace.before, np.zeros((units, units))
    each = np.broadcast_to(np.eye(units, dtype=trace.hidden.dtype)[:, None], (units, batch, units))
    for t in range(steps):
        own = cell.backward(each, np.zeros_like(each), _moment(trace, before, t), weights)
        total += own.earlier.mean(axis=1, dtype=np.float64)
    return np.asarray(total / steps)


def _moment(trace: Trace, before: Array, t: int) -> Moment:
    gates = {name: values[t] for name, values in trace.gates.items()}
    if trace.cell_state is None:
        return Moment(gates, before[t])
    earlier = trace.cell_state[t - 1] if t else np.zeros_like(trace.cell_state[0])
    return Moment(gates, before[t], trace.cell_state[t], earlier)


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
        layers.append(backpropagate(CELLS[spec.cell], cell, trace, above))
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
        parts = CELLS[spec.cell].weight_gradients(inputs, trace, own, passage.weights[layer])
        found |= {f"cell{layer}/{part}": array for part, array in parts.items()}
    if "embed/kernel" in weights:
        onto = layers[0].inputs
        found |= {"embed/kernel": outer(passage.features, onto), "embed/bias": flat(onto).sum(axis=0)}
    return found


def _decoder_back(weights: Weights, passage: ForwardPass, arriving: Array) -> tuple[Array, Array]:
    """Returns the decoder's units, (B, H, D), and the gradients on what enters them, (K, B, H, D)."""
    units = np.tanh(_each_step(passage) @ weights["ahead_units/kernel"] + _context(weights, passage)[:, None])
    return units, arriving[..., None] * weights["reply/kernel"][:, 0] * (1 - units**2)


def _decoder_gradients(weights: Weights, passage: ForwardPass, arriving: Array) -> Weights:
    units, onto_units = _decoder_back(weights, passage, arriving[None])
    onto_context = onto_units[0].sum(axis=1)  # (B, D)
    return {
        "reply/kernel": flat(units).T @ arriving.reshape(-1, 1),
        "ahead_units/kernel": flat(_each_step(passage)).T @ flat(onto_units),
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
