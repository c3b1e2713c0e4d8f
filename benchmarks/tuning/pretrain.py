"""Trains the network that ``forecast/models/classical/pretrained.py`` forecasts by, on made-up series alone.

    python benchmarks/tuning/pretrain.py --write FILE [--windows 240000] [--seed 1]

Series are drawn from a prior, each with numbers of its own: level, trend, cycle, noise, breaks, outliers, as they are
or as a logarithm. What is learned towards is what was to be expected of each: the same series with no more shocks from
the origin on. So a window tells more than what came would, and no observed series has a part in it. How the prior
was chosen stands in ``docs/engine.md``; ``smoothing.py --only PretrainedSettings`` judges what comes of it. The same
seed and machine give the same file, in a minute and a half of one core.

Shapes: ``N`` series, ``T`` steps known, ``H`` horizon, ``B`` steps before, ``K`` simple forecasts, ``D`` traits.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BURN, HORIZON, MOST, LEAST, AT_ONCE = 40, 12, 200, 8, 5000
FARTHEST = 6.0
"""What is to be expected is at most so many errors from smoothing, times the root of the step."""


@dataclass(frozen=True)
class Prior:
    """How likely series have which parts, and how large: all beside noise of standard deviation 1.

    Attributes:
        logarithm, signed: of all series so many are exponentials, and so many lie around zero.
        rises, rises_plainly: trends point upwards in so many exponentials and in so many others.
        calm: so many have next to no noise.
        level, level_most: so many have a level that walks; by how much at most.
        drifts: its steps follow each other in so many.
        reverting: so many have a part that comes back to its mean.
        sloped, slope_most: so many have a slope; how steep at most.
        lasting, least_left: in so many it never fades; what is left of it after a step at least.
        fades_to_nothing: in so many it fades to nothing, not to a usual slope.
        moving: in so many it walks.
        breaking: in so many it may become another one at any step.
        smooth: so many are trends that walk, and little beside.
        cyclic: so many have a cycle.
        shifting, outlying: so many have levels that shift, or outliers, now and then.
    """

    logarithm: float = 0.5
    signed: float = 0.05
    rises: float = 0.9
    rises_plainly: float = 0.75
    calm: float = 0.5
    level: float = 0.9
    level_most: float = 3.0
    drifts: float = 0.5
    reverting: float = 0.35
    sloped: float = 0.95
    slope_most: float = 0.3
    lasting: float = 0.8
    least_left: float = 0.7
    fades_to_nothing: float = 0.1
    moving: float = 0.5
    breaking: float = 0.65
    smooth: float = 0.25
    cyclic: float = 0.2
    shifting: float = 0.2
    outlying: float = 0.2


class Draw:
    """Numbers for so many series, from one generator."""

    def __init__(self, rng: np.random.Generator, count: int) -> None:
        self.rng, self.count = rng, count

    def between(self, low: float, high: float) -> FloatArray:
        """Returns even ones, (N,)."""
        return self.rng.uniform(low, high, self.count)

    def log_between(self, low: float, high: float) -> FloatArray:
        """Returns ones whose logarithms are even, (N,)."""
        return np.exp(self.between(float(np.log(low)), float(np.log(high))))

    def are(self, share: float | FloatArray) -> NDArray[np.bool_]:
        """Returns yes for such a share, (N,)."""
        return self.rng.random(self.count) < share

    def some(self, share: float, values: FloatArray) -> FloatArray:
        """Returns the values of such a share, 0 of the others."""
        return np.where(self.are(share), values, 0.0)

    def normal(self, steps: int) -> FloatArray:
        """Returns standard normal ones, (N, steps)."""
        return self.rng.normal(size=(self.count, steps))

    def heavy(self, steps: int, freedom: FloatArray) -> FloatArray:
        """Returns ones of variance 1 with tails of so many degrees of freedom, (N,), none beyond 15."""
        tails = self.rng.chisquare(freedom[:, None], size=(self.count, steps)) / freedom[:, None]
        return np.clip(self.normal(steps) / np.sqrt(tails * (freedom / (freedom - 2))[:, None]), -15, 15)


@dataclass(frozen=True, eq=False)
class Parts:
    """Numbers of each series, (N,), and its shocks, (N, steps)."""

    slope: FloatArray
    usual_slope: FloatArray
    left: FloatArray
    breaks: FloatArray
    follows: FloatArray
    reverts: FloatArray
    start: FloatArray
    cycle: tuple[FloatArray, FloatArray]
    average: FloatArray
    noise: FloatArray
    of_level: FloatArray
    of_slope: FloatArray
    of_reverting: FloatArray
    of_cycle: FloatArray
    has_break: NDArray[np.bool_]
    new_slope: FloatArray


def drawn(draw: Draw, prior: Prior, up: FloatArray, steps: int) -> Parts:
    """Returns the parts of series whose trends mostly point as ``up``, 1 or -1, says."""
    is_smooth, rest = draw.are(prior.smooth), draw.log_between(0.005, 0.3)
    noise = np.where(draw.are(prior.calm), draw.log_between(0.01, 0.2), 1.0) * np.where(is_smooth, rest, 1.0)
    level = draw.some(prior.level, draw.log_between(0.03, prior.level_most)) * np.where(is_smooth, rest / 2, 1.0)
    follows = draw.some(1 - prior.drifts, np.where(draw.are(0.7), draw.between(0, 0.9), draw.between(-0.6, 0)))
    sizes = draw.some(prior.reverting, draw.log_between(0.3, 3.0)) * np.where(is_smooth, 0.3 * rest, 1.0)
    reverts = draw.between(0.3, 0.97)
    has_slope = draw.are(prior.sloped) | is_smooth
    steep = np.where(is_smooth, draw.log_between(0.1, 5.0), draw.log_between(0.005, prior.slope_most))
    slope = np.where(has_slope, up * np.abs(draw.normal(1)[:, 0]) * steep, 0.0)
    moves = draw.some(prior.moving, draw.log_between(0.003, 0.3))
    moves = np.where(has_slope, np.where(is_smooth, draw.log_between(0.01, 0.5), moves), 0.0)
    of_smooth = np.where(draw.are(0.4), 1.0, draw.between(0.85, 1))
    left = np.where(is_smooth, of_smooth, np.where(draw.are(prior.lasting), 1.0, draw.between(prior.least_left, 1)))
    usual = np.where(draw.are(np.where(is_smooth, 0.5, prior.fades_to_nothing)), 0.0, slope)
    breaks = np.where(has_slope, draw.some(prior.breaking, draw.log_between(0.01, 0.06)), 0.0)
    turned = 0.5 * up[:, None] * np.abs(draw.normal(steps)) + 0.85 * draw.normal(steps)
    cycle, of_cycle = cycles(draw, prior, np.where(is_smooth, 0.1, 1.0), steps)
    wild = volatility(draw, steps)
    freedom = draw.rng.choice([3.0, 5.0, 1e6], draw.count, p=[0.12, 0.25, 0.63])
    rare, largest = draw.some(prior.shifting, np.full(draw.count, 0.015)), 4 * np.maximum(noise, level)[:, None]
    shifts = np.where(draw.rng.random(wild.shape) < rare[:, None], largest * draw.normal(steps), 0.0)
    odd = draw.some(prior.outlying, np.full(draw.count, 0.02))
    outliers = np.where(draw.rng.random(wild.shape) < odd[:, None], 5 * noise[:, None] * draw.normal(steps), 0.0)
    return Parts(
        slope=slope,
        usual_slope=usual,
        left=left,
        breaks=breaks,
        follows=follows,
        reverts=reverts,
        start=sizes * draw.normal(1)[:, 0],
        cycle=cycle,
        of_cycle=of_cycle,
        average=draw.some(0.2, draw.between(-0.8, 0.8)),
        noise=draw.heavy(steps, freedom) * wild * noise[:, None] + outliers,
        of_level=draw.heavy(steps, freedom) * wild * (level * (1 - np.abs(follows)))[:, None] + shifts,
        of_slope=draw.normal(steps) * moves[:, None],
        of_reverting=draw.normal(steps) * wild * (sizes * np.sqrt(1 - reverts**2))[:, None],
        has_break=draw.rng.random(wild.shape) < breaks[:, None],
        new_slope=turned * np.maximum(np.abs(slope), draw.log_between(0.01, 0.4))[:, None],
    )


def cycles(draw: Draw, prior: Prior, share: FloatArray, steps: int) -> tuple[tuple[FloatArray, FloatArray], FloatArray]:
    """Returns the coefficients of autoregressions that go round in 3 to 40 steps, and their shocks."""
    size = draw.some(prior.cyclic, draw.log_between(0.3, 4.0)) * share
    period, kept = draw.log_between(3, 40), draw.between(0.7, 0.99)
    one, two = 2 * kept * np.cos(2 * np.pi / period), -(kept**2)
    shocks = size * np.sqrt(np.maximum((1 + two) * ((1 - two) ** 2 - one**2) / (1 - two), 1e-6))
    return (one, two), draw.normal(steps) * shocks[:, None]


def volatility(draw: Draw, steps: int) -> FloatArray:
    """Returns how wild each step is, 1 in most series, (N, steps)."""
    shocks = draw.normal(steps) * draw.some(0.25, draw.log_between(0.02, 0.25))[:, None]
    logs = np.zeros_like(shocks)
    for step in range(1, steps):
        logs[:, step] = 0.97 * logs[:, step - 1] + shocks[:, step]
    return np.exp(np.clip(logs, -2, 2))


def followed(parts: Parts, steps: int, quiet_from: int) -> FloatArray:
    """Returns the series of these parts, with no shock from a step on, (N, steps)."""
    found = np.zeros_like(parts.noise)
    slope, usual, reverting = parts.slope, parts.usual_slope, parts.start
    level, drift, wave, before, noise = (np.zeros_like(slope) for _ in range(5))
    for step in range(steps):
        told = float(step < quiet_from)
        slope = usual + parts.left * (slope - usual) + told * parts.of_slope[:, step]
        if told:
            broken = parts.has_break[:, step]
            slope = np.where(broken, parts.new_slope[:, step], slope)
            usual = np.where(broken & (usual != 0), parts.new_slope[:, step], usual)
        else:  # it may break at any step, and then is nothing to be expected
            slope, usual = slope * (1 - parts.breaks), usual * (1 - parts.breaks)
        drift = parts.follows * drift + told * parts.of_level[:, step]
        level = level + slope + drift
        reverting = parts.reverts * reverting + told * parts.of_reverting[:, step]
        wave, before = parts.cycle[0] * wave + parts.cycle[1] * before + told * parts.of_cycle[:, step], wave
        shock = told * parts.noise[:, step]
        found[:, step] = level + reverting + wave + shock + parts.average * noise
        noise = shock
    return found


def generated(seed: int, count: int, most: int, prior: Prior) -> tuple[FloatArray, FloatArray]:
    """Returns series, (N, T), NaN before a start, and what was to be expected of them, (N, H)."""
    draw = Draw(np.random.default_rng(seed), count)
    steps, kind = BURN + most + HORIZON, draw.rng.random(count)
    is_log, is_signed = kind < prior.logarithm, (kind > 1 - prior.signed)[:, None]
    rises = np.where(is_log, prior.rises, np.where(is_signed[:, 0], 0.5, prior.rises_plainly))
    parts = drawn(draw, prior, np.where(draw.are(rises), 1.0, -1.0), steps)
    came, expected = (followed(parts, steps, quiet) for quiet in (steps, BURN + most))
    lengths = np.round(draw.log_between(LEAST, most)).astype(int)
    is_before = np.arange(most) < (most - lengths)[:, None]
    seen = np.where(is_before, np.nan, came[:, BURN : BURN + most])
    middle, low, high = (of(seen, axis=1, keepdims=True) for of in (np.nanmedian, np.nanmin, np.nanmax))
    usual, reach = np.nanmean(np.abs(np.diff(seen, axis=1)), axis=1, keepdims=True) + 1e-9, np.maximum(high - low, 1e-9)
    scale = np.minimum(draw.log_between(0.004, 0.5)[:, None] / usual, 3.5 / reach)
    offset = draw.log_between(0.1, 30)[:, None] * reach

    def shown(values: FloatArray) -> FloatArray:
        plain = np.where(is_signed, (values - middle) / reach, (values - low + offset) / (offset + reach / 2))
        return 100 * np.where(is_log[:, None], np.exp(np.clip(scale * (values - middle), -8, 8)), plain)

    known = np.where(is_before, np.nan, shown(came[:, BURN : BURN + most]))
    grain = draw.log_between(0.05, 1.0)[:, None] * np.nanstd(np.diff(known, axis=1), axis=1, keepdims=True) + 1e-9
    is_whole = (draw.are(0.1) & ~is_log)[:, None]
    return np.where(is_whole, np.round(known / grain) * grain, known), shown(expected[:, BURN + most :])


def windows(seed: int, count: int, prior: Prior) -> tuple[FloatArray, ...]:
    """Returns traits, (N, D), simple forecasts, (N, K, H), and what was to be expected, (N, H), both over errors."""
    from forecast.models.classical.pretrained import simple_forecasts, traits, usual_error
    from forecast.models.classical.seasonality import sizes
    from forecast.models.method_settings import CURRENT

    theta, seasonless, settings = (getattr(CURRENT.classical, name) for name in ("theta", "seasonless", "pretrained"))
    found = []
    for number in range(-(-count // AT_ONCE)):
        known, expected = generated(seed * 100_000 + number, AT_ONCE, MOST if number % 3 else MOST // 2, prior)
        size = sizes(known)
        simple = simple_forecasts(known / size, HORIZON, theta, seasonless, settings)
        error = usual_error(simple, theta, settings)
        every = (np.stack(simple.every, axis=1) - simple.base[:, None]) / error[:, :, None]
        aim, far = (expected / size - simple.base) / error, FARTHEST * np.sqrt(1 + np.arange(HORIZON))
        found.append((traits(simple, theta, settings), np.clip(every, -60, 60), np.clip(aim, -far, far)))
    return tuple(np.concatenate(each)[:count].astype(np.float32) for each in zip(*found, strict=True))


class Descent:
    """A network of TensorFlow that learns by Adam, with weight decay and gradients of a norm of 1 at most."""

    def __init__(self, weights: list[FloatArray], batch: int) -> None:
        import tensorflow as tf

        from forecast.models.classical.pretrained import tents

        self.tf, self.batch, self.decay = tf, batch, 1e-3
        self.weights = [tf.Variable(each.astype(np.float32)) for each in weights]
        self.firsts, self.seconds = ([tf.Variable(tf.zeros_like(each)) for each in self.weights] for _ in range(2))
        ahead, self.tents = np.arange(HORIZON, dtype=np.float32), tents(HORIZON).astype(np.float32)
        self.width, self.counts = np.sqrt(1 + ahead / 6), 1 / np.sqrt(1 + ahead / 4)
        self.step = tf.function(self._step, jit_compile=True)

    def _loss(self, seen: Any, every: Any, aim: Any) -> Any:
        """Returns the mean pseudo-Huber loss, of later steps for less and with more of it in squares."""
        tf, weights, places = self.tf, self.weights, len(self.tents)
        hidden = self._swish(seen @ weights[0] + weights[1])
        hidden = hidden + self._swish(hidden @ weights[2] + weights[3])
        told = tf.reshape(hidden @ weights[4] + weights[5], (-1, every.shape[1] + 1, places))
        shares = tf.nn.softmax(tf.einsum("nkp,ph->nkh", told, self.tents), axis=1)
        missed = tf.reduce_sum(shares[:, :-1] * every, axis=1) - aim
        return tf.reduce_mean(self.counts * self.width**2 * (tf.sqrt(1 + tf.square(missed / self.width)) - 1))

    def _swish(self, values: Any) -> Any:
        return values * self.tf.sigmoid(1.702 * values)

    def _step(self, batch: tuple[Any, ...], rate: Any, number: Any) -> None:
        tf = self.tf
        with tf.GradientTape() as tape:
            missed = self._loss(*batch)
        slopes, _ = tf.clip_by_global_norm(tape.gradient(missed, self.weights), 1.0)
        for weight, slope, first, second in zip(self.weights, slopes, self.firsts, self.seconds, strict=True):
            first.assign(0.9 * first + 0.1 * slope)
            second.assign(0.99 * second + 0.01 * tf.square(slope))
            moved = (first / (1 - 0.9**number)) / (tf.sqrt(second / (1 - 0.99**number)) + 1e-8)
            weight.assign_sub(rate * (moved + (self.decay * weight if len(weight.shape) > 1 else 0.0)))

    def run(self, parts: tuple[FloatArray, ...], rng: np.random.Generator, epochs: int, rate: float) -> None:
        """Descends, at a rate that comes up over 200 steps and goes down by a cosine."""
        tf, count = self.tf, len(parts[0])
        number, steps = 0, epochs * (count // self.batch)
        for _ in range(epochs):
            order = rng.permutation(count)
            for at in range(0, count - self.batch + 1, self.batch):
                some, number = order[at : at + self.batch], number + 1
                now = rate * min(1, number / 200) * (0.5 + 0.5 * np.cos(np.pi * number / steps))
                batch = tuple(each[some] for each in parts)
                self.step(batch, tf.constant(now, tf.float32), tf.constant(number, tf.float32))


def learned(seen: FloatArray, every: FloatArray, aim: FloatArray, seed: int) -> list[FloatArray]:
    """Returns the weights, in the order of ``PretrainedSettings.shapes``."""
    from forecast.models.classical.pretrained import FORECASTS, PLACES, PretrainedSettings

    rng = np.random.default_rng(seed)
    mean, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-3
    shapes = PretrainedSettings().shapes[2:]
    start = [rng.normal(size=shape) * (2 / shape[0]) ** 0.5 * (len(shape) > 1) for shape in shapes]
    start[-2] *= 0
    start[-1].reshape(FORECASTS + 1, PLACES)[-1] = 2.0  # in the beginning nearly all is smoothing's
    descent = Descent(start, batch=512)
    descent.run(((seen - mean) / spread, every, aim), rng, epochs=6, rate=2e-3)
    return [mean, spread, *(each.numpy() for each in descent.weights)]


def main() -> None:
    """Writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, required=True, help="the file of weights, little-endian float32")
    parser.add_argument("--windows", type=int, default=240_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    began = time.process_time()
    weights = learned(*windows(given.seed, given.windows, Prior()), given.seed)
    given.write.write_bytes(b"".join(each.astype("<f4").tobytes() for each in weights))
    print(f"{sum(each.size for each in weights)} weights in {time.process_time() - began:.0f} s of one core")


if __name__ == "__main__":
    main()
