"""A recurrent cell that a user wrote for Keras, as a record: trained like the others, and run by TensorFlow.

What is handed in makes a Keras layer, or a cell for ``keras.layers.RNN``, of so many units: a class such as
``class MyCell(keras.layers.Layer)`` with ``state_size`` and ``call(inputs, states)``, or a function ``units -> layer``.

Shapes: ``B`` windows, ``T`` recurrent steps, ``F`` features a step, ``U`` units.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from threading import RLock
from typing import Any

import numpy as np

from forecast.errors import UsageError
from forecast.models.model_style import ModelStyle
from forecast.models.networks.cells.cell import Array, CellWeights, OwnCode, RecurrentCell
from forecast.models.networks.keras_networks import weight_names
from forecast.models.networks.tensorflow import keras

HINT = "a Keras layer of so many units that maps (windows, steps, features) to (windows, steps, units)"
_SEEDED = RLock()
"""Keras draws the seeds of initial weights from the one generator of Python."""


class OwnLayer(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
    """What a user's layer gives: the states of all steps, or that of the last."""

    def __init__(self, inner: Any, *, name: str, return_sequences: bool) -> None:
        super().__init__(name=name)
        self.inner, self.return_sequences = inner, return_sequences

    def call(self, inputs: Any) -> Any:
        """Returns (B, T, U), or (B, U) of the last step."""
        states = self.inner(inputs)
        if len(states.shape) == 2 or self.return_sequences:
            return states
        return states[:, -1]


def own_cell(name: str, make: Callable[[int], Any], code: OwnCode) -> RecurrentCell:
    """Returns the record of a user's cell.

    Args:
        name: that models of it have.
        make: from the number of units to the layer.
        code: that it is.

    Raises:
        UsageError: what it makes is no layer, or gives something else than states.
    """

    def layer(
        units: int, *, name: str = "cell0", return_sequences: bool = False, seed: int = 0, **_: Any
    ) -> Callable[[Any], Any]:
        def apply(inputs: Any) -> Any:
            with _seeded(seed):
                return OwnLayer(_inner(make, units), name=name, return_sequences=return_sequences)(inputs)

        return apply

    @lru_cache(maxsize=8)
    def network(steps: int, features: int, units: int) -> Any:
        entry = keras.Input((steps, features))
        return keras.Model(entry, layer(units, return_sequences=True)(entry))

    def sizes(units: int, features: int) -> dict[str, tuple[int, ...]]:
        made = network(2, features, units)
        shapes = [tuple(variable.shape) for variable in made.trainable_variables]
        return dict(zip(_names(made), shapes, strict=True))

    def runs(inputs: Array, weights: CellWeights, units: int) -> Array:
        steps, _, features = inputs.shape
        made = network(steps, features, units)
        own = [keras.ops.convert_to_tensor(weights[name]) for name in _names(made)]
        others = [variable.value for variable in made.non_trainable_variables]
        states, _ = made.stateless_call(own, others, inputs.transpose(1, 0, 2), training=False)
        found = np.asarray(states, dtype=np.float32)
        return found[None] if found.ndim == 2 else found.transpose(1, 0, 2)

    _check(name, network)
    nothing: Any = _no_step
    return RecurrentCell(
        name=name,
        gates=(),
        forward=nothing,
        backward=nothing,
        layer=layer,
        stacked_step=nothing,
        symbols={},
        equations=(),
        shown={},
        candidate="",
        formula="",
        step_formula="",
        style=ModelStyle("#CC79A7", "X"),
        without_cudnn="cuDNN does not know the cell",
        own=code,
        runs=runs,
        sizes=sizes,
    )


def _check(name: str, network: Callable[[int, int, int], Any]) -> None:
    """Refuses what is no layer, or can't be trained, stored and run as one.

    Raises:
        UsageError: it is so.
    """
    try:
        made = network(3, 2, 5)
    except UsageError:
        raise
    except Exception as error:
        first = str(error).strip().partition("\n")[0][:200]
        raise UsageError(f"{name} can't be built: {type(error).__name__}: {first}", HINT) from error
    shape = tuple(made.output_shape)
    if shape not in {(None, 3, 5), (None, 5)}:
        raise UsageError(f"{name} of 5 units gives {shape} of (windows, 3, 2), not (windows, 3, 5).", HINT)
    if not made.trainable_variables:
        raise UsageError(f"{name} has no weights that could be trained.", HINT)
    kept = [each for each in made.non_trainable_variables if "float" in str(each.dtype)]
    if kept:
        raise UsageError(f"{name} keeps {kept[0].path}, which is not trained and would not be stored.", HINT)


def _inner(make: Callable[[int], Any], units: int) -> Any:
    """Returns the user's layer, its states of all steps."""
    made = make(units)
    if isinstance(made, keras.layers.RNN):
        made.return_sequences = True
        return made
    if hasattr(made, "state_size") and callable(made):
        return keras.layers.RNN(made, return_sequences=True)
    if not isinstance(made, keras.layers.Layer):
        raise UsageError(f"It makes {type(made).__name__}, which is no Keras layer.", HINT)
    return made


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Lets Keras draw initial weights by a seed, and leaves the generator as it was."""
    with _SEEDED:
        state = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)


def _names(network: Any) -> list[str]:
    return [name.partition("/")[2] for name in weight_names(network)]


def _no_step(*_: Any, **__: Mapping[str, Any]) -> Any:
    raise UsageError("A cell of your own has no steps in numpy that could be looked into.", "a RecurrentCell has")
