"""What a training step does with the outputs: loss, learning rate and Adam, as TensorFlow's arithmetic.

Shapes: ``B`` windows in a batch, ``H`` horizon.
"""

from typing import Any

import numpy as np

from forecast.models.networks.tensorflow import tf

WARM_UP = 30
"""Steps over which the learning rate rises to its peak."""
ADAM_BETAS = (0.9, 0.999)

Tensor = Any  # TensorFlow ships no types
Tensors = list[Tensor]


def mean_loss(kind: str, outputs: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """Returns the mean loss over the observed targets, (B, H) each: filled ones weigh nothing."""
    error = outputs - targets
    size = tf.abs(error)
    if kind == "mse":
        each = error * error
    elif kind == "huber":
        each = tf.where(size < 1.0, 0.5 * error * error, size - 0.5)
    else:
        each = size
    return tf.reduce_sum(each * mask) / tf.maximum(tf.reduce_sum(mask), 1.0)


def learning_rate(rate: Tensor, now: Tensor) -> Tensor:
    """Returns the learning rate at a step, from 1 on: linear warm-up, then half a cosine down to zero; or constant.

    Args:
        rate: its peak, the number of steps, and 1 where it decays.
        now: the step.
    """
    peak, total, decays = rate[0], rate[1], rate[2]
    warm = tf.minimum(now / tf.minimum(float(WARM_UP), total / 4 + 1), 1.0)
    cosine = 0.5 * (1 + tf.cos(np.pi * tf.minimum(now / total, 1.0)))
    return peak * (decays * warm * cosine + (1 - decays))


def adam_step(
    weights: Tensors, mean: Tensors, square: Tensors, gradients: Tensors, now: Tensor, rate: Tensor
) -> tuple[Tensors, Tensors, Tensors]:
    """Returns weights and moments after one step of Adam with bias correction (Kingma & Ba 2015, algorithm 1)."""
    first, second = ADAM_BETAS
    mean = [first * m + (1 - first) * g for m, g in zip(mean, gradients, strict=True)]
    square = [second * v + (1 - second) * g * g for v, g in zip(square, gradients, strict=True)]
    size = rate * tf.sqrt(1 - second**now) / (1 - first**now)
    weights = [w - size * m / (tf.sqrt(v) + 1e-7) for w, m, v in zip(weights, mean, square, strict=True)]
    return weights, mean, square
