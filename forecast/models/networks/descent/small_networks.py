"""Small networks trained all at once in numpy: what takes TensorFlow longer to import and compile than to train.

It is the loop of ``training`` in other words: the same windows in the same order, the same loss, gradient, clipping,
Adam and schedule, in single precision. What the two train differs by what summing in another order leaves.

Shapes: ``R`` networks, ``M`` windows of all views, ``B`` windows in a batch, ``L`` lookback, ``H`` horizon, ``C`` steps
in a chunk, ``P`` weights of a network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forecast.models.networks.cells import CELLS
from forecast.models.networks.descent.batches import CHUNK, OnChunk, OnNumbers, TrainingData, Weights, diverged, orders
from forecast.models.networks.descent.keras_draws import LARGEST_SEED, start_weights
from forecast.models.networks.descent.stack import run_stack, stack_gradients
from forecast.models.networks.descent.steps import MOST_NORM, adam_step, decays, learning_rate
from forecast.models.normalisation import NUMPY, in_unit, measure, sizes_of
from forecast.models.views import CLIP, ViewMaps
from forecast.specs import LINEAR, Machine, ModelSpec

Floats = NDArray[np.float32]
Shapes = Mapping[str, tuple[int, ...]]

NUMBERS = ("loss", "gradient_norm", "learning_rate")
"""What a tracker keeps of a chunk: means over its steps, and the rate of the last."""
LOSSES = ("mae", "mse", "huber")
"""Those whose gradient is written here."""
MOST_WORK = 8e9
"""Multiply-adds of one fit: with more of them, TensorFlow makes good what importing and compiling take."""
MOST_STEP = 1.5e7
"""Likewise of one step of one network, where the clock says how many are made: both take about as long for it."""
MOST_VALUES = 4_000_000
"""Values in the windows of all views: they are normalised beforehand and kept."""


@dataclass(frozen=True, eq=False)
class StackMember:
    """One network to train: the view it sees through, and what it begins from."""

    maps: ViewMaps
    data: TrainingData
    seed: int
    start: Weights  # in place of what the seed draws, by name
    on_chunk: OnChunk
    on_numbers: OnNumbers | None = None


@dataclass(frozen=True, eq=False)
class _Seen:
    """All windows of one view as its networks see them, in single precision."""

    inputs: Floats  # (M, L)
    targets: Floats  # (M, H)
    mask: Floats  # (M, H), how much each target counts


def is_small(spec: ModelSpec, windows: int, machine: Machine, *, is_timed: bool = False) -> bool:
    """Tells whether the networks of a spec are trained here: plain ones, and so few steps that it is soon done.

    Args:
        spec: of the networks, with the sizes of its covariates.
        windows: that they learn from.
        machine: one on whose GPU others are trained, or that is to do without XLA, is asked to train these likewise.
        is_timed: the clock says how many steps they make.
    """
    own = spec.cell == LINEAR or CELLS[spec.cell].own is None
    is_plain = spec.loss in LOSSES and not (spec.rolled or spec.dropout or spec.recurrent_dropout)
    blind = not (spec.is_recurrent and spec.takes_covariates)
    fits = windows * (spec.window + spec.horizon) * len(spec.views) <= MOST_VALUES
    one = spec.with_(steps=1, seeds=spec.seeds[:1], views=spec.views[:1])
    is_little = work_of(one) <= MOST_STEP if is_timed else work_of(spec) <= MOST_WORK
    is_here = machine.jit and machine.device != "gpu" and max(spec.seeds) < LARGEST_SEED
    return own and is_plain and blind and fits and is_little and is_here


def compiled_cells(
    specs: Mapping[str, ModelSpec], windows: int, machine: Machine, *, is_timed: bool, is_told: bool
) -> tuple[str, ...]:
    """Returns the cells whose networks TensorFlow trains, as far as that is known before.

    Args:
        specs: by cell, of what is trained.
        windows: see ``is_small``, as the next two.
        machine: likewise.
        is_timed: likewise.
        is_told: there are covariates, of which recurrent networks are given inputs.
    """
    sized = {cell: spec.with_(known=1) if is_told else spec for cell, spec in specs.items()}
    return tuple(cell for cell, spec in sized.items() if not is_small(spec, windows, machine, is_timed=is_timed))


def work_of(spec: ModelSpec) -> float:
    """Returns the multiply-adds of training all networks of a spec, forward and twice as many back."""
    each = spec.window * spec.horizon if spec.highway or not spec.is_recurrent else 0
    if spec.is_recurrent:
        features = spec.segment if spec.segment == 1 else spec.units
        inner = CELLS[spec.cell].multiplies(spec.units, features)
        inner += (spec.layers - 1) * CELLS[spec.cell].multiplies(spec.units, spec.units)
        inner += spec.segment * spec.units if spec.segment > 1 else 0
        each += spec.window // spec.segment * inner + spec.units * spec.horizon
    return 3.0 * each * spec.batch_size * spec.steps * len(spec.views) * len(spec.seeds)


def train_small(spec: ModelSpec, shapes: Shapes, members: Sequence[StackMember]) -> list[Weights]:
    """Trains the networks and returns the weights of each.

    Args:
        spec: of all of them; see ``is_small``.
        shapes: of the weights by name, see ``weight_shapes``.
        members: in their order.

    Raises:
        TrainingError: a loss or a weight became NaN or infinite.
    """
    with threadpool_limits(1, user_api="blas"), np.errstate(all="ignore"):
        stack = _Stack(spec, shapes, members)
        for member, weights in zip(members, stack.each, strict=True):
            member.on_chunk(0, weights)
        for done in range(0, spec.steps, CHUNK):
            count = min(CHUNK, spec.steps - done)
            numbers = stack.advance(done, count)
            if not np.isfinite(numbers["last loss"]).all():
                raise diverged(spec, done + count)
            for place, (member, weights) in enumerate(zip(members, stack.each, strict=True)):
                member.on_chunk(done + count, weights)
                if member.on_numbers:
                    member.on_numbers(done + count, {name: float(numbers[name][place]) for name in NUMBERS})
        if not np.isfinite(stack.weights).all():  # the last step's loss can't tell
            raise diverged(spec, spec.steps)
        return [weights() for weights in stack.each]


class _Stack:
    """The state of all networks between two chunks: each has its weights in a row."""

    def __init__(self, spec: ModelSpec, shapes: Shapes, members: Sequence[StackMember]) -> None:
        self.spec, self.shapes = spec, dict(shapes)
        drawn = {seed: start_weights(spec, self.shapes, seed) for seed in {member.seed for member in members}}
        begun = [{name: each.start.get(name, own) for name, own in drawn[each.seed].items()} for each in members]
        self.weights = np.stack([_row(weights, self.shapes) for weights in begun])
        self.mean, self.square = np.zeros_like(self.weights), np.zeros_like(self.weights)
        self.gradients = np.zeros_like(self.weights)
        self.into = _named(self.gradients, self.shapes)
        self.decays = np.concatenate(
            [np.full(prod(own), decays(name, own), np.float32) for name, own in shapes.items()]
        )
        views, self.first, ends = _views(members), [], 0
        seen = [_see(member.maps, member.data) for member, _ in views]
        for own, (_, count) in zip(seen, views, strict=True):
            self.first += [ends] * count
            ends += len(own.inputs)
        self.inputs = np.concatenate([own.inputs for own in seen])
        self.targets = np.concatenate([own.targets for own in seen])
        self.mask = np.concatenate([own.mask for own in seen])
        self.orders = [orders(spec, len(member.data.windows), member.seed) for member in members]
        self.rate = np.array([spec.learning_rate, spec.steps, float(spec.schedule == "cosine")], np.float32)
        self.each = [partial(self._weights_of, place) for place in range(len(members))]

    def _weights_of(self, place: int) -> Weights:
        own = _named(self.weights[place : place + 1], self.shapes)
        return {name: array[0].copy() for name, array in own.items()}

    def advance(self, done: int, count: int) -> dict[str, Floats]:
        """Trains so many steps more and returns numbers of each network, (R,): see ``NUMBERS``, and the last loss."""
        picks = np.stack([next(own) + first for own, first in zip(self.orders, self.first, strict=True)], axis=1)
        loss = total = lengths = np.zeros(len(self.first), np.float32)
        rate = np.float32(0)
        for number in range(count):
            now, which = np.float32(done + number + 1), picks[number]  # (R, B)
            weights = _named(self.weights, self.shapes)
            passage = run_stack(self.spec, weights, self.inputs[which])
            loss, arriving = loss_and_gradient(self.spec.loss, passage.outputs, self.targets[which], self.mask[which])
            stack_gradients(self.spec, weights, passage, arriving, self.into)
            gradients, length = clipped(self.gradients)
            total, lengths, rate = total + loss, lengths + length, learning_rate(np, self.rate, now)
            kept = self.weights
            if self.spec.weight_decay:  # as ``training.decayed``
                kept = kept - rate * np.float32(self.spec.weight_decay) * self.decays * kept
            (self.weights,), (self.mean,), (self.square,) = adam_step(
                np, [kept], [self.mean], [self.square], [gradients], now, rate
            )
        means: list[Floats] = [total / np.float32(count), lengths / np.float32(count), np.full_like(loss, rate)]
        return dict(zip(NUMBERS, means, strict=True)) | {"last loss": loss}


def loss_and_gradient(kind: str, outputs: Floats, targets: Floats, mask: Floats) -> tuple[Floats, Floats]:
    """Returns the mean loss of each network over the targets that count, (R,), and its gradient on the outputs.

    See ``training.mean_loss``.
    """
    error = outputs - targets
    size = np.abs(error)
    if kind == "mse":
        each, slope = error * error, 2 * error
    elif kind == "huber":
        each = np.where(size < 1, np.float32(0.5) * error * error, size - np.float32(0.5))
        slope = np.clip(error, -1, 1)
    else:
        each, slope = size, np.sign(error)
    counted = np.maximum(mask.sum(axis=(1, 2)), np.float32(1))
    return (each * mask).sum(axis=(1, 2)) / counted, slope * mask / counted[:, None, None]


def clipped(gradients: Floats) -> tuple[Floats, Floats]:
    """Returns the gradients of each network, (R, P), no longer than ``MOST_NORM``, and how long they were, (R,).

    They are NaN where their length is none.
    """
    length = np.sqrt(np.einsum("rp,rp->r", gradients, gradients))
    scale = 1 / np.maximum(length / np.float32(MOST_NORM), np.float32(1))
    return gradients * np.where(np.isfinite(length), scale, np.float32(np.nan))[:, None], length


def _views(members: Sequence[StackMember]) -> list[tuple[StackMember, int]]:
    """Returns the first of each run of members that see the same, and how many they are."""
    found: list[tuple[StackMember, int]] = []
    for member in members:
        if found and member.maps is found[-1][0].maps and member.data is found[-1][0].data:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((member, 1))
    return found


def _row(weights: Weights, shapes: Shapes) -> Floats:
    return np.concatenate([weights[name].reshape(-1) for name in shapes]).astype(np.float32)


def _named(rows: Floats, shapes: Shapes) -> Weights:
    """Returns the weights in the rows by name, (R, …) each: views, not copies."""
    found, first = {}, 0
    for name, shape in shapes.items():
        size = prod(shape)
        found[name] = rows[:, first : first + size].reshape(len(rows), *shape)
        first += size
    return found


def _see(maps: ViewMaps, data: TrainingData) -> _Seen:
    """Returns all windows in the units of a view: what ``training`` does to each batch."""
    windows, single = data.windows, _single(maps)
    counted = windows.observed if windows.weights is None else windows.observed * windows.weights
    index = windows.starts[:, None] + np.arange(windows.lookback + windows.horizon)
    both = windows.buffer.astype(np.float32)[index]
    level, scale = (of[windows.series].astype(np.float32)[:, None] for of in (data.series_level, data.series_scale))
    sizes = sizes_of(NUMPY, both[:, : windows.lookback], single.settings.floor)
    both = in_unit(NUMPY, both, sizes, single)
    window, future = both[:, : windows.lookback], both[:, windows.lookback :]
    level, scale, base = measure(NUMPY, window, single, level, scale)
    targets = np.clip((future - base) / scale, -CLIP, CLIP)
    mask = counted.astype(np.float32)[index[:, windows.lookback :]]
    return _Seen((window - level) / scale, targets, mask)


def _single(maps: ViewMaps) -> Any:
    """Returns the maps in single precision."""
    numbers = {each.name: getattr(maps, each.name) for each in fields(maps)}
    single = {
        name: np.asarray(number, number.dtype if name == "earlier" else np.float32)[()]
        for name, number in numbers.items()
        if name != "settings"
    }
    return SimpleNamespace(**single, settings=maps.settings)
