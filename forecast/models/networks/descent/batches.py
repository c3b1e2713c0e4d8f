"""What a network learns from, and in which order: the same for the loop of TensorFlow and for that of numpy.

Shapes: ``N`` steps in the buffer, ``S`` series, ``B`` windows in a batch, ``L`` lookback, ``H`` horizon, ``C`` steps in
a chunk, ``F`` inputs made of covariates.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.windows import Windows
from forecast.errors import TrainingError
from forecast.specs import ModelSpec

Weights = dict[str, NDArray[np.float32]]

CHUNK = 25
"""Training steps in one compiled call; progress and Ctrl-C are handled between calls."""

OnChunk = Callable[[int, Callable[[], Weights]], None]
"""Called between chunks with the steps done and a function that returns the weights at that moment."""

OnNumbers = Callable[[int, dict[str, float]], None]
"""Called after each chunk with the steps done and numbers by name, where a tracker keeps them."""


@dataclass(frozen=True, eq=False)
class KnownInputs:
    """What is known beside the target at each step of the windows' buffer and of each series."""

    observed: NDArray[np.float32]  # (N, F), known inputs first
    static: NDArray[np.float32]  # (S, F)
    drifting: NDArray[np.float32]  # (F,), 1 for inputs of which only the difference from the lookback's mean is seen


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What one network learns from: the windows and each series' own level and scale in the view's unit."""

    windows: Windows
    series_level: NDArray[np.float64]  # (S,)
    series_scale: NDArray[np.float64]  # (S,)
    highway: NDArray[np.float32] | None = None  # (L, H), what the highway starts from; None for zero
    room: int = 0  # see ``Machine``
    covariates: KnownInputs | None = None  # what is made of covariates; None where there are none

    @property
    def buffer_size(self) -> int:
        """Steps in the buffer with the padding that lets data of other lengths share the compiled loop."""
        return padded_size(max(len(self.windows.buffer), self.room))


def padded_size(count: int) -> int:
    """Returns the count rounded up in steps of an eighth of its power of two, so that folds share a shape."""
    step = max(8192, 1 << max(int(count).bit_length() - 4, 0))
    return -(-count // step) * step


def orders(spec: ModelSpec, count: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yields the windows of each chunk, (C, B): every window once before any comes again.

    Where there are far more windows than training will ask for, they are drawn at random instead.
    """
    rng = np.random.default_rng([seed, count])
    size = CHUNK * spec.batch_size
    pool = np.empty(0, dtype=np.int64)
    while count > 10 * spec.steps * spec.batch_size:
        yield rng.integers(count, size=(CHUNK, spec.batch_size))
    while True:
        while len(pool) < size:
            pool = np.concatenate([pool, rng.permutation(count)])
        yield pool[:size].reshape(CHUNK, spec.batch_size)
        pool = pool[size:]


def diverged(spec: ModelSpec, step: int) -> TrainingError:
    """Returns the error of a network whose loss or weights are no numbers any more."""
    return TrainingError(
        f"The {spec.cell} diverged: its loss became NaN before step {step}.",
        f"--learning-rate {spec.learning_rate / 10:g}",
    )
