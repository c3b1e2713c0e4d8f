"""Several networks of one shape at once, forward and back, in numpy: one product for all of them.

Shapes: ``R`` networks, ``B`` windows, ``L`` lookback, ``T`` recurrent steps, ``F`` features a step, ``U`` units,
``G`` gates, ``H`` outputs. Steps and windows stand together: ``T·B`` rows, step by step.

    windows (R, B, L) ─ embed ─ (R, T·B, F) ─▶ layer 0 ─▶ … ─▶ last layer ─ h_T ─ head ─▶ (R, B, H)
                      └──────────────────────── highway ────────────────────────────────▶ (+)
"""

from dataclasses import dataclass

import numpy as np

from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import Array, CellWeights, Moment, RecurrentCell, turned
from forecast.models.networks.descent.batches import Weights
from forecast.specs import ModelSpec


@dataclass(frozen=True, eq=False)
class StackedLayer:
    """What one layer did, kept for the way back."""

    weights: CellWeights  # (R, …)
    inputs: Array  # (R, T·B, F)
    moments: tuple[Moment, ...]  # of each step
    hidden: Array  # (R, T, B, U)


@dataclass(frozen=True, eq=False)
class StackedPass:
    """One run forward through all networks."""

    windows: Array  # (R, B, L)
    features: Array  # (R, T·B, F), what enters the embedding or the first cell
    layers: tuple[StackedLayer, ...]
    outputs: Array  # (R, B, H)


def run_stack(spec: ModelSpec, weights: Weights, windows: Array) -> StackedPass:
    """Runs normalised windows, (R, B, L), each through its network.

    Args:
        spec: of the networks, without covariates.
        weights: (R, …) each.
        windows: of one batch.
    """
    networks, batch, lookback = windows.shape
    steps = lookback // spec.segment
    outputs: Array | None = None
    layers: list[StackedLayer] = []
    features = np.ascontiguousarray(windows.reshape(networks, batch, steps, spec.segment).swapaxes(1, 2))
    features = features.reshape(networks, steps * batch, spec.segment)
    if spec.is_recurrent:
        entering = features
        if "embed/kernel" in weights:
            entering = features @ weights["embed/kernel"] + weights["embed/bias"][:, None]
        for number in range(spec.layers):
            layers.append(_run_layer(CELLS[spec.cell], _own(weights, number), entering, steps))
            entering = layers[-1].hidden.reshape(networks, steps * batch, -1)
        outputs = layers[-1].hidden[:, -1] @ weights["head/kernel"] + weights["head/bias"][:, None]
    if "highway/kernel" in weights:
        straight = windows @ weights["highway/kernel"]
        outputs = straight if outputs is None else outputs + straight
        if "highway/bias" in weights:
            outputs = outputs + weights["highway/bias"][:, None]
    assert outputs is not None
    return StackedPass(windows, features, tuple(layers), outputs)


def _own(weights: Weights, layer: int) -> CellWeights:
    own = f"cell{layer}/"
    return {name.removeprefix(own): array for name, array in weights.items() if name.startswith(own)}


def _run_layer(cell: RecurrentCell, weights: CellWeights, inputs: Array, steps: int) -> StackedLayer:
    networks, rows, _ = inputs.shape
    batch, bias = rows // steps, weights["bias"]
    first = bias[:, :1] if cell.biases > 1 else bias[:, None]
    projected = (inputs @ weights["kernel"] + first).reshape(networks, steps, batch, -1)
    units = projected.shape[-1] // len(cell.gates)
    hidden = state = np.zeros((networks, batch, units), projected.dtype)
    every, moments = np.empty((networks, steps, batch, units), projected.dtype), []
    for t in range(steps):
        before, earlier = hidden, state
        hidden, state, gates = cell.forward(projected[:, t], hidden, state, weights)
        moments.append(Moment(gates, before, *((state, earlier) if cell.has_cell_state else ())))
        every[:, t] = hidden
    return StackedLayer(weights, inputs, tuple(moments), every)


def stack_gradients(spec: ModelSpec, weights: Weights, passage: StackedPass, arriving: Array, into: Weights) -> None:
    """Writes the gradient of each network's number on its weights.

    Args:
        spec: of the networks.
        weights: (R, …) each.
        passage: the run forward.
        arriving: (R, B, H), the numbers' dependence on the outputs.
        into: arrays of the weights' shapes; those that stand in no way to the outputs are left as they are.
    """
    if "highway/kernel" in weights:
        np.matmul(turned(passage.windows), arriving, out=into["highway/kernel"])
        if "highway/bias" in weights:
            arriving.sum(axis=1, out=into["highway/bias"])
    if not spec.is_recurrent:
        return
    np.matmul(turned(passage.layers[-1].hidden[:, -1]), arriving, out=into["head/kernel"])
    arriving.sum(axis=1, out=into["head/bias"])
    top = passage.layers[-1]
    onto = np.zeros_like(top.hidden)  # (R, T, B, U), from above
    onto[:, -1] = arriving @ turned(weights["head/kernel"])
    for number in reversed(range(spec.layers)):
        layer = passage.layers[number]
        onto = _layer_back(CELLS[spec.cell], layer, onto.reshape(layer.hidden.shape), _own(into, number))
    if "embed/kernel" in weights:
        np.matmul(turned(passage.features), onto, out=into["embed/kernel"])
        onto.sum(axis=1, out=into["embed/bias"])


def _layer_back(cell: RecurrentCell, layer: StackedLayer, above: Array, into: CellWeights) -> Array:
    """Writes the gradients on a layer's weights and returns those on its inputs, (R, T·B, F).

    Args:
        cell: of the layer.
        layer: what it did.
        above: (R, T, B, U), the gradient on each hidden state, the way through time left out.
        into: arrays of the weights' shapes.
    """
    networks, steps, batch, _ = layer.hidden.shape
    from_later = state = np.zeros_like(layer.hidden[:, 0])
    packed = np.empty((networks, steps, batch, layer.weights["kernel"].shape[-1]), layer.hidden.dtype)
    both = np.empty_like(packed) if cell.biases > 1 else packed
    for t in reversed(range(steps)):
        own = cell.backward(above[:, t] + from_later, state, layer.moments[t], layer.weights)
        packed[:, t], from_later = own.projected, own.earlier
        if both is not packed:
            both[:, t] = own.recurrent
        state = own.earlier_state if own.earlier_state is not None else state
    projected, recurrent = (each.reshape(networks, steps * batch, -1) for each in (packed, both))
    np.matmul(turned(layer.inputs), projected, out=into["kernel"])
    earlier = layer.hidden[:, :-1].reshape(networks, -1, layer.hidden.shape[-1])  # none before the first step
    np.matmul(turned(earlier), recurrent[:, batch:], out=into["recurrent"])
    if cell.biases > 1:
        projected.sum(axis=1, out=into["bias"][:, 0])
        recurrent.sum(axis=1, out=into["bias"][:, 1])
    else:
        projected.sum(axis=1, out=into["bias"])
    return projected @ turned(layer.weights["kernel"])
