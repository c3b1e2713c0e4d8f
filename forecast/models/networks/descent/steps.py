"""One step of gradient descent, written once for TensorFlow and numpy: ``xp`` is either, as far as it is used here."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = Any
"""Of numpy or TensorFlow."""
Operations = Any
"""``cos``, ``minimum``, ``sqrt``."""

WARM_UP = 30  # measured by benchmarks/tuning/descent.py
"""Steps over which the learning rate rises to its peak."""
ADAM_BETAS = (0.9, 0.999)  # measured by benchmarks/tuning/descent.py
MOST_NORM = 1.0
"""Gradients that are longer are cut to this length."""


def learning_rate(xp: Operations, rate: Array, now: Array) -> Array:
    """Returns the learning rate at a step, from 1 on: linear warm-up, then half a cosine down to zero; or constant.

    Args:
        xp: see the module.
        rate: its peak, the number of steps, and 1 where it decays.
        now: the step.
    """
    peak, total, decays = rate[0], rate[1], rate[2]
    warm = xp.minimum(now / xp.minimum(float(WARM_UP), total / 4 + 1), 1.0)
    cosine = 0.5 * (1 + xp.cos(np.pi * xp.minimum(now / total, 1.0)))
    return peak * (decays * warm * cosine + (1 - decays))


def decays(name: str, shape: Sequence[int]) -> bool:
    """Returns whether weight decay draws a weight to 0: a matrix is drawn, a bias stays, in however many rows it is."""
    return len(shape) > 1 and not name.rpartition("/")[2].startswith("bias")


def adam_step(
    xp: Operations,
    weights: list[Array],
    mean: list[Array],
    square: list[Array],
    gradients: list[Array],
    now: Array,
    rate: Array,
) -> tuple[list[Array], list[Array], list[Array]]:
    """Returns weights and moments after one step of Adam with bias correction (Kingma & Ba 2015, algorithm 1)."""
    first, second = ADAM_BETAS
    mean = [first * m + (1 - first) * g for m, g in zip(mean, gradients, strict=True)]
    square = [second * v + (1 - second) * g * g for v, g in zip(square, gradients, strict=True)]
    size = rate * xp.sqrt(1 - second**now) / (1 - first**now)
    weights = [w - size * m / (xp.sqrt(v) + 1e-7) for w, m, v in zip(weights, mean, square, strict=True)]
    return weights, mean, square
