"""Vanishing and exploding gradients (Bengio et al. 1994), measured step by step back through time.

Shapes: ``B`` windows, ``T`` recurrent steps, ``U`` units. Curves are (T,), 0 steps back first.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation.explain.subject import Probe, Subject
from forecast.models.networks.backprop import backpropagate, last_step_only
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import HIDDEN

FloatArray = NDArray[np.float64]

MOST_WINDOWS = 12
"""Windows over which the median is taken: each costs a singular value a step."""
MOST_NETWORKS = 6
EXPLODING = 10.0
"""A gradient that has grown by so much on its way back is called exploding."""


@dataclass(frozen=True, eq=False)
class Flow:
    """The largest stretch (spectral norm) of ∂h_T / ∂h_t, median over windows and networks, t going back from T.

    Attributes:
        path: ``hidden``, or ``cell state`` for ∂c_T / ∂c_t of a cell that has one.
        segment: observations in one recurrent step.
    """

    cell: str
    path: str
    segment: int
    trained: FloatArray
    untrained: FloatArray

    @property
    def name(self) -> str:
        """The cell, and which of its two states where it has two."""
        if len(CELLS[self.cell].paths) == 1:
            return self.cell
        return f"{self.cell}'s {'hidden state' if self.path == HIDDEN else self.path}"

    @property
    def explodes(self) -> bool:
        """Whether the trained network's gradient grows too large to learn from."""
        return bool(self.trained.max() > EXPLODING)


def gradient_flows(subject: Subject) -> tuple[Flow, ...]:
    """Returns how gradients pass the last recurrent layer of one cell: one path, or two with a cell state."""
    flows = []
    for path in CELLS[subject.cell].paths:
        trained, untrained = (
            np.median(np.concatenate([_stretches(probe, path) for probe in probes[:MOST_NETWORKS]], axis=1), axis=1)
            for probes in (subject.probes, subject.untrained)
        )
        flows.append(Flow(subject.cell, path, subject.spec.segment, trained, untrained))
    return tuple(flows)


def half_life(curve: FloatArray) -> float | None:
    """Returns the steps back at which a curve first falls to half its beginning; None where it never does.

    Between two steps the curve is taken as exponential.
    """
    share = np.log(np.maximum(curve / curve[0], 1e-300))
    below = np.flatnonzero(share <= np.log(0.5))
    if not below.size:
        return None
    k = int(below[0])
    return float(k - 1 + (share[k - 1] - np.log(0.5)) / (share[k - 1] - share[k]))


def _stretches(probe: Probe, path: str) -> FloatArray:
    """Returns the spectral norm of each window's Jacobian, (T, B), 0 steps back first."""
    passage = probe.run(MOST_WINDOWS)
    weights, trace = passage.weights[-1], passage.traces[-1]
    steps, batch, units = trace.hidden.shape
    seeds = np.broadcast_to(np.eye(units, dtype=np.float32)[:, None], (units, batch, units))
    cell = CELLS[probe.spec.cell]
    if path == HIDDEN:
        found = backpropagate(cell, weights, trace, last_step_only(seeds, steps)).hidden
    else:
        nothing = np.zeros((units, steps, batch, units), dtype=np.float32)
        state = backpropagate(cell, weights, trace, nothing, on_state=seeds).cell_state
        assert state is not None
        found = state
    jacobians = found.transpose(1, 2, 0, 3)  # (U, T, B, U) -> (T, B, U, U)
    return np.asarray(np.linalg.norm(jacobians, ord=2, axis=(2, 3)), dtype=np.float64)[::-1]
