"""Losses that a user wrote: functions of truth and forecast, by the name that specs and stored settings say.

``own:pinball`` is the function ``pinball``. A version keeps that name and no code: it forecasts without the function,
and is trained anew only where the same name was handed in again.
"""

from collections.abc import Callable
from typing import Any

from forecast.errors import TrainingError, UsageError
from forecast.models.networks.tensorflow import tf
from forecast.specs import OWN_LOSS

LossFunction = Callable[[Any, Any], Any]
HINT = "a function of truth and forecast, tensors of one shape, that returns the cost of each: tf.abs(truth - forecast)"

_LOSSES: dict[str, LossFunction] = {}


def register_loss(function: LossFunction) -> str:
    """Returns the name of a function as a loss; another one of the same name gets a number.

    Raises:
        UsageError: it can't be computed, or is not the cost of each step.
    """
    called = getattr(function, "__name__", type(function).__name__)
    truth, made = tf.constant([[1.0, 2.0, 0.5]] * 2), tf.Variable([[0.5, 2.5, -1.0]] * 2)
    try:
        with tf.GradientTape() as tape:
            each = tf.convert_to_tensor(function(truth, made))
        slope = tape.gradient(each, made)
    except Exception as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise UsageError(f"The loss {called} fails: {type(error).__name__}: {reason}", HINT) from error
    if tuple(each.shape) != (2, 3):
        raise UsageError(f"The loss {called} gives {tuple(each.shape)} of (2, 3), not the cost of each.", HINT)
    if slope is None:
        raise UsageError(f"The loss {called} has no gradient by the forecast.", HINT)
    name, number = f"{OWN_LOSS}{called}", 1
    while _LOSSES.get(name, function) is not function:
        number += 1
        name = f"{OWN_LOSS}{called}-{number}"
    _LOSSES[name] = function
    return name


def own_loss(name: str) -> LossFunction:
    """Returns the function of a name.

    Raises:
        TrainingError: this program was not handed it.
    """
    if name not in _LOSSES:
        called = name.removeprefix(OWN_LOSS)
        raise TrainingError(
            f"The loss {called} is a function of your own, of which a version keeps the name only.",
            f"train(…, loss={called}, name=…) in Python makes the next version",
        )
    return _LOSSES[name]
