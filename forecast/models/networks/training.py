"""The compiled training loop: gather, normalise, forward, loss, gradient, clip, Adam, schedule in one call.

Weights and optimizer state are arguments and results, so one compilation serves every seed, view, fold and
step count of a shape, and several networks train side by side on the threads of the machine.

Shapes: ``N`` steps in the buffer, ``B`` windows in a batch, ``L`` lookback, ``H`` horizon, ``C`` steps in a chunk.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from threading import Lock
from types import SimpleNamespace
from typing import Any

import numpy as np

from forecast.models.networks.descent.batches import (
    CHUNK,
    OnChunk,
    OnNumbers,
    TrainingData,
    Weights,
    diverged,
    orders,
    padded_size,
)
from forecast.models.networks.descent.steps import MOST_NORM, adam_step, decays, learning_rate
from forecast.models.networks.keras_networks import build_network, weight_names
from forecast.models.networks.own.own_losses import own_loss
from forecast.models.networks.tensorflow import tf
from forecast.models.normalisation import Operations, in_unit, measure, sizes_of
from forecast.models.views import CLIP, ViewMaps, ViewSettings
from forecast.run import ALONE, Cache, Run
from forecast.specs import OWN_LOSS, ModelSpec

Tensor = Any  # TensorFlow ships no types
Tensors = list[Tensor]


def mean_loss(kind: str, outputs: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """Returns the mean loss over the targets, (B, H) each, as far as each counts: filled ones weigh nothing."""
    error = outputs - targets
    size = tf.abs(error)
    if kind == "mse":
        each = error * error
    elif kind == "huber":
        each = tf.where(size < 1.0, 0.5 * error * error, size - 0.5)
    elif kind.startswith(OWN_LOSS):
        each = own_loss(kind)(targets, outputs)
    else:
        each = size
    return tf.reduce_sum(each * mask) / tf.maximum(tf.reduce_sum(mask), 1.0)


def decayed(weights: Tensors, names: Sequence[str], share: Tensor) -> Tensors:
    """Returns weights without a share of each, biases as they are (Loshchilov & Hutter 2019, decoupled)."""
    named = zip(names, weights, strict=True)
    return [weight - share * weight if decays(name, weight.shape) else weight for name, weight in named]


UNROLLED = 8
"""So few recurrent steps are compiled one after the other, not as a loop: training takes a tenth to a third less."""

VIEW_NUMBERS = tuple(field.name for field in fields(ViewMaps) if field.name != "settings")
"""What of a view is handed to the loop; the settings are compiled into it."""
TENSORFLOW: Operations = SimpleNamespace(
    abs=tf.abs,
    log=tf.math.log,
    maximum=tf.maximum,
    mean=tf.reduce_mean,
    weighed=lambda windows, weights: (
        windows @ weights if len(weights.shape) == 2 else tf.linalg.matvec(windows, weights)[:, None]
    ),
    distance=lambda windows, others: tf.abs(windows - others),
    taken=lambda windows, places: tf.gather(windows, places, axis=1),
    either=lambda flag, first, second: tf.where(flag > 0, first(), second()),
)
"""Of normalising, in the compiled loop: a view is an argument of it, so both ways are in it."""

_DRAWING = Lock()


class Loop:
    """A training loop and the order of its weights; compiled by the first thread that needs it."""

    def __init__(self, run: Callable[..., Any], names: tuple[str, ...]) -> None:
        self.run = run
        self.names = names
        self._lock = Lock()
        self._compiled = False

    def compile(self, *arguments: Any) -> None:
        """Compiles with arguments of the right shapes, unless that is done; other threads wait."""
        with self._lock:
            if not self._compiled:
                self.run(*arguments)
            self._compiled = True


def train_network(  # noqa: PLR0913, PLR0917 - what is trained, and two that listen
    spec: ModelSpec,
    maps: ViewMaps,
    data: TrainingData,
    seed: int,
    on_chunk: OnChunk | None = None,
    start: Weights | None = None,
    run: Run = ALONE,
    on_numbers: OnNumbers | None = None,
) -> Weights:
    """Trains one network and returns its weights.

    Args:
        spec: the model; its views are not read, ``maps`` is the one to train.
        maps: of the view.
        data: ends at the origin.
        seed: of the initial weights, the dropout and the order of the windows.
        on_chunk: see ``OnChunk``.
        start: weights to start from in place of fresh ones and the data's highway.
        run: whose machine it trains on, and whose cache holds the compiled loop.
        on_numbers: see ``OnNumbers``; heard where the run has a tracker.

    Raises:
        TrainingError: the loss or a weight became NaN or infinite.
    """
    windows = data.windows
    begin = start or ({} if data.highway is None else {"highway/kernel": data.highway})
    loop, state, arguments = _ready_loop(spec, maps, data, seed, begin, run)
    order = orders(spec, len(windows), seed)
    if on_chunk:
        on_chunk(0, partial(_named, loop, state[0]))
    for done in range(0, spec.steps, CHUNK):
        count = min(CHUNK, spec.steps - done)
        which = next(order)
        picks = np.stack([windows.starts[which], windows.series[which]], axis=-1).astype(np.int32)
        found = loop.run(tuple(state), tf.constant(done), tf.constant(count), tf.constant(picks), arguments)
        state, (loss, *sums) = found[:4], found[4:]
        if not np.isfinite(float(loss)):
            raise diverged(spec, done + count)
        if on_chunk:
            on_chunk(done + count, partial(_named, loop, state[0]))
        if on_numbers and sums:
            on_numbers(done + count, _numbers(sums, count, done + count, arguments["rate"]))
    trained = _named(loop, state[0])
    if not all(np.isfinite(array).all() for array in trained.values()):  # the last step's loss can't tell
        raise diverged(spec, spec.steps)
    return trained


def _numbers(sums: Tensors, count: int, now: int, rate: Tensor) -> dict[str, float]:
    """Returns what a tracker keeps of a chunk: means over its steps, and the learning rate of the last."""
    loss, norm = (float(each) / count for each in sums)
    return {
        "loss": loss,
        "gradient_norm": norm,
        "learning_rate": float(learning_rate(tf, rate, tf.constant(float(now)))),
    }


def compile_loop(spec: ModelSpec, maps: ViewMaps, data: TrainingData, seed: int, run: Run) -> None:
    """Compiles the loop that ``train_network`` would train with, unless that is done."""
    _ready_loop(spec, maps, data, seed, {}, run)


def _ready_loop(
    spec: ModelSpec, maps: ViewMaps, data: TrainingData, seed: int, begin: Weights, run: Run
) -> tuple[Loop, list[Any], dict[str, Any]]:
    """Returns the compiled loop, the state that a network begins with, and the arguments that stay the same."""
    loop = prepare_loop(spec, data, maps.settings, run)
    fresh, others = _initial_state(_shape_of(spec), seed, run.cache)
    weights = [tf.constant(begin[name]) if name in begin else own for name, own in zip(loop.names, fresh, strict=True)]
    zeros = [tf.zeros_like(weight) for weight in weights]
    state = [weights, zeros, zeros, others]
    arguments = _view_arguments(maps) | _data_arguments(data)
    rate = [spec.learning_rate, spec.steps, float(spec.schedule == "cosine")]
    arguments["rate"] = tf.constant([*rate, *([spec.weight_decay] if spec.weight_decay else [])], tf.float32)
    nowhere = tf.zeros((CHUNK, spec.batch_size, 2), tf.int32)
    loop.compile(tuple(state), tf.constant(0), tf.constant(0), nowhere, arguments)
    return loop, state, arguments


def _initial_state(shape: ModelSpec, seed: int, cache: Cache) -> tuple[Tensors, Tensors]:
    """Returns the weights that a seed gives networks of a shape, and their other state: constants, never changed.

    They are kept: Keras takes longer to draw them than a short training takes.
    """
    with _DRAWING:  # networks that start together draw once
        return cache.get("initial weights", (shape, seed), lambda: _draw(shape, seed), most=8)


def _draw(shape: ModelSpec, seed: int) -> tuple[Tensors, Tensors]:
    network = build_network(shape, seed)
    weights, others = network.trainable_variables, network.non_trainable_variables
    return [tf.constant(each) for each in weights], [tf.constant(each) for each in others]


def prepare_loop(spec: ModelSpec, data: TrainingData, settings: ViewSettings, run: Run) -> Loop:
    """Returns the loop that serves this spec and data; of one run, the same for every seed, view and fold of a shape.

    The lengths are part of its key, since TensorFlow compiles for the shapes of what it is first called with.
    """
    if spec.loss.startswith(OWN_LOSS):
        own_loss(spec.loss)  # refuses one that is not there, before anything is compiled
    shape, jit = _shape_of(spec), run.machine.jit
    is_tracked = run.tracker is not None
    key = (shape, data.buffer_size, padded_size(len(data.series_level)), jit, settings, is_tracked)
    make = partial(_loop, shape, settings, jit=jit, is_tracked=is_tracked)
    return run.cache.get("training loops", key, make, most=16)


def _named(loop: Loop, tensors: list[Any]) -> Weights:
    return {name: tensor.numpy() for name, tensor in zip(loop.names, tensors, strict=True)}


def _shape_of(spec: ModelSpec) -> ModelSpec:
    """Returns the spec with all that the compiled code doesn't depend on set to fixed values."""
    share = 1.0 if spec.weight_decay else None
    usual = spec.with_(views=(), season=1, steps=1, learning_rate=1.0, schedule="constant", seeds=(0,))
    return usual.with_(preset="balanced", weight_decay=share)


def _view_arguments(maps: ViewMaps) -> dict[str, Any]:
    arrays = {name: np.asarray(getattr(maps, name)) for name in VIEW_NUMBERS}
    return {
        name: tf.constant(array, tf.int32 if array.dtype == np.int32 else tf.float32) for name, array in arrays.items()
    }


def _data_arguments(data: TrainingData) -> dict[str, Any]:
    windows = data.windows
    steps, series = data.buffer_size, padded_size(len(data.series_level))
    pad = np.pad
    counted = windows.observed if windows.weights is None else windows.observed * windows.weights
    covariates = {}
    if data.covariates:
        observed, static = data.covariates.observed, data.covariates.static
        covariates["beside"] = tf.constant(pad(observed, ((0, steps - len(observed)), (0, 0))), tf.float32)
        covariates["drifting"] = tf.constant(data.covariates.drifting, tf.float32)
        covariates["static"] = tf.constant(pad(static, ((0, series - len(static)), (0, 0))), tf.float32)
    return covariates | {
        "buffer": tf.constant(pad(windows.buffer, (0, steps - len(windows.buffer))), tf.float32),
        "observed": tf.constant(pad(counted, (0, steps - len(counted))), tf.float32),
        "series_level": tf.constant(pad(data.series_level, (0, series - len(data.series_level))), tf.float32),
        "series_scale": tf.constant(pad(data.series_scale, (0, series - len(data.series_scale))), tf.float32),
    }


def _loop(shape: ModelSpec, settings: ViewSettings, *, jit: bool, is_tracked: bool = False) -> Loop:
    """Returns the training loop for one shape of network, batch and buffer, compiled at its first call.

    A tracked one adds up loss and length of the gradient besides; another computes nothing for it.
    """
    network = build_network(shape, seed=0, unroll=jit and shape.layers * (shape.window // shape.segment) <= UNROLLED)

    names = tuple(weight_names(network))

    def run(state: Tensors, done: Tensor, count: Tensor, picks: Tensor, arguments: dict[str, Tensor]) -> Tensors:
        def step(
            i: Tensor, weights: Tensors, mean: Tensors, square: Tensors, others: Tensors, _: Tensor, *sums: Tensor
        ) -> Tensors:
            inputs, targets, mask = _batch(shape, picks[i], arguments, settings)
            with tf.GradientTape() as tape:
                tape.watch(weights)
                outputs, others = network.stateless_call(weights, others, inputs, training=True)
                loss = mean_loss(shape.loss, outputs, targets, mask)
            gradients, norm = tf.clip_by_global_norm(tape.gradient(loss, weights), MOST_NORM)
            now = tf.cast(done + i + 1, tf.float32)
            rate = learning_rate(tf, arguments["rate"], now)
            if shape.weight_decay:
                weights = decayed(weights, names, rate * arguments["rate"][3])
            weights, mean, square = adam_step(tf, weights, mean, square, gradients, now, rate)
            both = (each + more for each, more in zip(sums, (loss, norm), strict=bool(sums)))
            return [i + 1, weights, mean, square, others, loss, *both]

        start = (tf.constant(0), *state, *[tf.constant(0.0)] * (3 if is_tracked else 1))
        result: Tensors = tf.while_loop(lambda i, *_: i < count, step, start)
        return result[1:]

    return Loop(tf.function(run, jit_compile=jit, autograph=False), names)


def _batch(
    shape: ModelSpec, picks: Tensor, arguments: dict[str, Tensor], settings: ViewSettings
) -> tuple[Any, Tensor, Tensor]:
    """Gathers and normalises a batch: picks (B, 2) -> inputs (B, L), targets (B, H), mask (B, H).

    What ``views.see`` does, and its inverse applied to the truth. With covariates, the inputs are a list: see
    ``networks.build_network``.
    """
    lookback, horizon = shape.window, 1 if shape.rolled else shape.horizon
    index = picks[:, :1] + tf.range(lookback + horizon)
    both = tf.gather(arguments["buffer"], index)  # (B, L + H)
    mask = tf.gather(arguments["observed"], index[:, lookback:])
    series_level = tf.gather(arguments["series_level"], picks[:, 1])[:, None]
    series_scale = tf.gather(arguments["series_scale"], picks[:, 1])[:, None]
    maps = ViewMaps(**{name: arguments[name] for name in VIEW_NUMBERS}, settings=settings)
    both = in_unit(TENSORFLOW, both, sizes_of(TENSORFLOW, both[:, :lookback], settings.floor), maps)
    window, future = both[:, :lookback], both[:, lookback:]
    level, scale, base = measure(TENSORFLOW, window, maps, series_level, series_scale)
    targets = tf.clip_by_value((future - base) / scale, -CLIP, CLIP)
    inputs = (window - level) / scale
    if not shape.takes_covariates or not shape.is_recurrent:
        return inputs, targets, mask
    covariates = tf.gather(arguments["beside"], index)  # (B, L + H, F)
    covariates -= arguments["drifting"] * tf.reduce_mean(covariates[:, :lookback], axis=1, keepdims=True)
    static = tf.gather(arguments["static"], picks[:, 1])
    given = (covariates[:, :lookback], covariates[:, lookback:, : shape.known], static, (base - level) / scale)
    return [inputs, *(each for each in given if each.shape[-1])], targets, mask
