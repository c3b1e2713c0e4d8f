"""The weights that a network begins with, drawn in numpy: what an untrained cell does needs no TensorFlow either.

They follow the same distributions as Keras' initial weights, and are other numbers.
"""

import numpy as np
from numpy.typing import NDArray

from forecast.models.networks.cells import CELLS
from forecast.models.networks.recurrent import Weights, weight_shapes
from forecast.specs import ModelSpec

Floats = NDArray[np.float32]


def initial_weights(spec: ModelSpec, seed: int) -> Weights:
    """Returns fresh weights of a network.

    Kernels are uniform as Glorot & Bengio (2010) have it, recurrent kernels orthogonal (Saxe et al. 2014), biases
    zero save where the cell says otherwise. The head is drawn likewise, although training
    starts it at zero: an untrained forecast would show nothing of the cell beneath it.
    """
    rng = np.random.default_rng([seed, 7])
    weights = {}
    for name, shape in weight_shapes(spec).items():
        kind = name.rpartition("/")[2]
        if kind == "recurrent":
            weights[name] = orthogonal(rng, *shape)
        elif kind == "kernel" and not name.startswith("highway"):
            weights[name] = glorot_uniform(rng, *shape)
        elif kind == "bias" and name.startswith("cell"):
            weights[name] = CELLS[spec.cell].start_bias(shape, spec.units)
        else:
            weights[name] = np.zeros(shape, dtype=np.float32)
    return weights


def glorot_uniform(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    """Returns a kernel uniform within ± √(6 / (rows + columns))."""
    limit = np.sqrt(6 / (rows + columns))
    return rng.uniform(-limit, limit, (rows, columns)).astype(np.float32)


def orthogonal(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    """Returns a kernel whose rows are at right angles to each other and of length 1; it has no fewer columns."""
    square, triangle = np.linalg.qr(rng.normal(size=(columns, rows)))
    return np.ascontiguousarray((square * np.sign(np.diag(triangle))).T.astype(np.float32))
