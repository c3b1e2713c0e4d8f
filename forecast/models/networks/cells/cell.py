"""What a recurrent cell is: the fields of its record, and how any cell runs over time in numpy.

The numpy cells predict, they explain, and they are the oracle that the Keras networks are tested against.

Shapes: ``B`` windows, ``T`` recurrent steps, ``F`` features a step, ``U`` units, ``G`` gates, ``K`` derived quantities
at once, ``R`` networks stacked along a first axis.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.models.model_style import ModelStyle

Array = NDArray[np.float32]
CellWeights = Mapping[str, Array]
"""The arrays of one layer by name: ``kernel`` (F, G·U), ``bias`` (G·U,) or (2, G·U), and mostly ``recurrent``
(U, G·U), packed gate by gate as Keras packs them."""
Gates = dict[str, Array]
"""What a step computed, by gate, (B, U) each."""
Tensor = Any  # TensorFlow ships no types

HIDDEN, CELL_STATE = "hidden", "cell state"
STATES = {HIDDEN: "hidden state h", CELL_STATE: "cell state c"}
"""What a cell carries from step to step, and how a picture calls it; only some have a cell state too."""
JACOBIAN = "Jacobian"
"""What the memory of a cell that has no gate for it is read from: ∂h_t/∂h_{t−1} along real windows."""

USUAL = "as usual"
Setups = Mapping[str, Mapping[str, Any]]
RATES: Setups = {
    "learning rate 0.003": {"learning_rate": 0.003},
    "learning rate 0.03": {"learning_rate": 0.03},
}
"""Setups of the memory test that every cell tries."""


@dataclass(frozen=True)
class KeepGate:
    """The gate that says which share of its memory a unit keeps.

    Attributes:
        is_renewed: it says which share is renewed: 1 minus it is kept.
    """

    name: str
    is_renewed: bool = False

    @property
    def label(self) -> str:
        """What the kept share is called."""
        return f"1 − {self.name} gate" if self.is_renewed else f"{self.name} gate"

    def kept(self, gates: Mapping[str, Array]) -> Array:
        """Returns the share that is kept, in the shape of the gates."""
        return 1 - gates[self.name] if self.is_renewed else gates[self.name]

    def bias(self, keep: float) -> float:
        """Returns the gate's bias that keeps what a bias of a gate for the kept share would."""
        return -keep if self.is_renewed else keep


@dataclass(frozen=True, eq=False)
class Moment:
    """All that a step back needs to know of one step of the run: (B, U) each."""

    gates: Mapping[str, Array]
    before: Array  # h_{t−1}
    state: Array | None = None  # c_t, of cells that have one
    state_before: Array | None = None  # c_{t−1}


@dataclass(frozen=True, eq=False)
class StepGradients:
    """How K quantities depend on what one step worked with.

    Attributes:
        projected: (K, B, G·U), on what enters the gates from the input's side.
        recurrent: likewise from the hidden state's side; the same object where the two are only added.
        earlier: (K, B, U), on h_{t−1}.
        state: (K, B, U), on c_t, by every way; None for a cell without one.
        earlier_state: (K, B, U), on c_{t−1}.
    """

    projected: Array
    recurrent: Array
    earlier: Array
    state: Array | None = None
    earlier_state: Array | None = None


@dataclass(frozen=True, eq=False)
class LayerGradients:
    """How K quantities depend on all that happened inside one layer.

    Attributes:
        inputs: (K, T, B, F).
        hidden: (K, T, B, U), on h_t by every way that leads on from it.
        cell_state: (K, T, B, U), likewise on c_t; None for cells without one.
        projected: (K, T, B, G·U), on what enters the gates from the input's side.
        recurrent: (K, T, B, G·U), on what enters them from the hidden state's side.
    """

    inputs: Array
    hidden: Array
    cell_state: Array | None
    projected: Array
    recurrent: Array


@dataclass(frozen=True, eq=False)
class Trace:
    """All that happened inside one layer: (T, B, U) each, in the order of time."""

    hidden: Array
    gates: dict[str, Array]
    cell_state: Array | None = None

    @property
    def before(self) -> Array:
        """The hidden state before each step, (T, B, U): zero before the first."""
        return np.concatenate([np.zeros_like(self.hidden[:1]), self.hidden[:-1]])


Forward = Callable[[Array, Array, Array, CellWeights], tuple[Array, Array, Gates]]
Backward = Callable[[Array, Array, Moment, CellWeights], StepGradients]
StackedStep = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def weight_gradients_of(inputs: Array, trace: Trace, own: LayerGradients, weights: CellWeights) -> dict[str, Array]:
    """Returns the gradients of one number on kernel, recurrent kernel and bias where all gates add both sides.

    Args:
        inputs: (T, B, F), what entered the layer.
        trace: of the run.
        own: with K of 1.
        weights: of the layer.
    """
    found = {"kernel": outer(inputs, own.projected)}
    if "recurrent" in weights:
        found["recurrent"] = outer(trace.before, own.recurrent)
    return found | {"bias": flat(own.projected).sum(axis=0)}


@dataclass(frozen=True)
class OwnCode:
    """The code of a user that a cell is.

    Attributes:
        file: its name, without folders.
        name: of the cell in it.
        content: of the file, with the line ends of Unix.
        path: as it was named on the command line; empty in Python.
    """

    file: str
    name: str
    content: bytes = field(repr=False)
    path: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 of the content."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True)
class RecurrentCell:
    """One recurrent cell, with all that differs from the others.

    Attributes:
        name: by which users and stored versions call it.
        gates: in the order in which the kernel packs them; the trace of a run holds each by its name.
        forward: the step in numpy: (B, G·U) the input's product and bias, (B, U) h, (B, U) c, the weights, to the next
            h and c and what the gates were. A cell without a cell state hands c on as it came. Those of this program
            take R networks at once as well: (R, …) all of these.
        backward: the step back: (K, B, U) the gradient on h_t and on c_t, see ``Moment``, the weights; likewise.
        layer: the Keras layer of so many units; takes what every Keras recurrent layer takes by keyword, and
            returns what maps (B, T, F) to (B, T, U), or to (B, U) without ``return_sequences``. It imports Keras when
            called. Its weights are in a layer of the name it is given, called as the record calls them. Made of Keras'
            own layers and operations, a network of it opens without this package.
        stacked_step: from TensorFlow and the weights of R networks, (R, …) each and the bias (R, 1 or 2, G·U), to the
            step of the memory test: (B, F), (R, B, U) h and (R, B, U) c, to the next h and c.
        symbols: of each gate in its equations, and what it does: ``f, what is kept``.
        equations: with their source and the gradient through time, a line each.
        shown: what of it is drawn along the calendar, and what that is called.
        candidate: the gate that proposes the new state; the others are shares from 0 to 1.
        formula: parameters of a layer.
        step_formula: multiply-adds of a layer a step; what is done to each unit alone is not counted.
        style: its colour and marker.
        keep_gate: None where no gate says what is kept.
        entry_gate: that says how much is let in, where that is not what isn't kept.
        has_cell_state: whether it carries a cell state beside the hidden state.
        is_recurrent: whether the gates see the hidden state: it has a recurrent kernel.
        is_squashed: whether the candidate goes through tanh.
        biases: rows of the bias: 2 where the recurrent product has one of its own.
        start: the bias that a gate starts with, where that isn't zero.
        without_cudnn: why cuDNN does not run it; empty where it does.
        weight_gradients: see ``weight_gradients_of``.
        own: the code of the user that it is; None for those of this program.
        runs: a whole layer over time in place of ``forward``, from (T, B, F), its weights and its units to (T, B, U),
            or to (1, B, U), of the last step alone; None for cells that are written as steps in numpy.
        sizes: name and shape of each array of a layer of so many units and features, where no gates are packed.
        memory_setups: what the memory test tries, equally many for each cell: what differs from the usual (orthogonal
            recurrent matrix, its own start, learning rate 0.01).
    """

    name: str
    gates: tuple[str, ...]
    forward: Forward
    backward: Backward
    layer: Callable[..., Callable[[Tensor], Tensor]]
    stacked_step: Callable[[Any, Mapping[str, Tensor]], StackedStep]
    symbols: Mapping[str, str]
    equations: tuple[str, ...]
    shown: Mapping[str, str]
    candidate: str
    formula: str
    step_formula: str
    style: ModelStyle
    keep_gate: KeepGate | None = None
    entry_gate: str | None = None
    has_cell_state: bool = False
    is_recurrent: bool = True
    is_squashed: bool = True
    biases: int = 1
    start: Mapping[str, float] = field(default_factory=dict)
    without_cudnn: str = ""
    weight_gradients: Callable[[Array, Trace, LayerGradients, CellWeights], dict[str, Array]] = weight_gradients_of
    memory_setups: Setups = field(default_factory=lambda: {USUAL: {}, **RATES})
    own: OwnCode | None = None
    runs: Callable[[Array, CellWeights, int], Array] | None = None
    sizes: Callable[[int, int], dict[str, tuple[int, ...]]] | None = None

    @property
    def switches(self) -> tuple[str, ...]:
        """The gates that are shares from 0 to 1."""
        return tuple(gate for gate in self.gates if gate != self.candidate)

    @property
    def paths(self) -> tuple[str, ...]:
        """The states through which a gradient goes back in time."""
        return (HIDDEN, CELL_STATE) if self.has_cell_state else (HIDDEN,)

    @property
    def memory(self) -> str:
        """The state that carries the memory: the cell state where there is one, which the hidden state only shows."""
        return self.paths[-1]

    def columns(self, gate: str, units: int) -> slice:
        """Returns where a gate's columns are in packed arrays."""
        first = self.gates.index(gate) * units
        return slice(first, first + units)

    def weight_shapes(self, units: int, features: int) -> dict[str, tuple[int, ...]]:
        """Returns the name and shape of each array of a layer."""
        if self.sizes:
            return self.sizes(units, features)
        packed = len(self.gates) * units
        recurrent = {"recurrent": (units, packed)} if self.is_recurrent else {}
        return {"kernel": (features, packed), **recurrent, "bias": (packed,) if self.biases == 1 else (2, packed)}

    def parameters(self, units: int, features: int) -> int:
        """Returns the number of trainable weights of one layer; the GRU of Keras has two biases."""
        return sum(prod(shape) for shape in self.weight_shapes(units, features).values())

    def multiplies(self, units: int, features: int) -> int:
        """Returns the multiply-adds of one layer in one step; what is done to each unit alone is not counted."""
        if self.sizes:
            return sum(prod(shape) for shape in self.sizes(units, features).values() if len(shape) > 1)
        return len(self.gates) * units * (features + (units if self.is_recurrent else 0))

    def start_bias(self, shape: tuple[int, ...], units: int) -> Array:
        """Returns the bias that a layer starts with."""
        bias = np.zeros(shape, dtype=np.float32)
        for gate, value in self.start.items():
            (bias if bias.ndim == 1 else bias[0])[self.columns(gate, units)] = value
        return bias


def sigmoid(x: Array) -> Array:
    """Returns 1 / (1 + e^−x), through tanh so that no large x overflows."""
    return np.asarray(np.float32(0.5) * (np.tanh(np.float32(0.5) * x) + np.float32(1)))


def run_cell(cell: RecurrentCell, inputs: Array, weights: CellWeights, units: int = 0) -> Array:
    """Runs a layer over time from a zero state and returns its hidden states, (T, B, F) -> (T, B, U).

    Args:
        cell: of the layer.
        inputs: of all steps.
        weights: of the layer.
        units: of the layer, where the shapes of its weights don't tell.
    """
    if cell.runs:
        return cell.runs(inputs, weights, units)
    hidden = np.empty((*inputs.shape[:2], _units(cell, weights)), dtype=np.float32)
    for t, (state, _, _) in enumerate(_steps(cell, inputs, weights)):
        hidden[t] = state
    return hidden


def trace_cell(cell: RecurrentCell, inputs: Array, weights: CellWeights) -> Trace:
    """Runs a layer over time as ``run_cell`` does and keeps every gate of every step."""
    hidden, states, gates = zip(*_steps(cell, inputs, weights), strict=True)
    return Trace(
        hidden=np.stack(hidden),
        gates={name: np.stack([step[name] for step in gates]) for name in cell.gates},
        cell_state=np.stack(states) if cell.has_cell_state else None,
    )


def _steps(cell: RecurrentCell, inputs: Array, weights: CellWeights) -> Iterator[tuple[Array, Array, Gates]]:
    """Yields (hidden, cell state, gates) after each step; the input product of all steps is made in one go."""
    steps, batch, features = inputs.shape
    bias = weights["bias"]
    own = bias[0] if bias.ndim == 2 else bias
    projected = (inputs.reshape(-1, features) @ weights["kernel"] + own).reshape(steps, batch, -1)
    hidden = state = np.zeros((batch, _units(cell, weights)), dtype=np.float32)
    for t in range(steps):
        hidden, state, gates = cell.forward(projected[t], hidden, state, weights)
        yield hidden, state, gates


def _units(cell: RecurrentCell, weights: CellWeights) -> int:
    return int(weights["kernel"].shape[1]) // len(cell.gates)


def turned(matrix: Array) -> Array:
    """Returns a matrix with rows for columns, or each of R that are stacked: (…, M, N) -> (…, N, M)."""
    return np.swapaxes(matrix, -1, -2)


def outer(values: Array, gradients: Array) -> Array:
    """Returns the sum over steps and windows of value × gradient, (T, B, M), (1, T, B, N) -> (M, N)."""
    return values.reshape(-1, values.shape[-1]).T @ flat(gradients)


def flat(gradients: Array) -> Array:
    """Returns gradients with their last axis alone kept apart."""
    return gradients.reshape(-1, gradients.shape[-1])
