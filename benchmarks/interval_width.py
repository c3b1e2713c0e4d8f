"""How the width of the next intervals is best learned from issued ones: forecast/evaluation/live/width.py.

    python benchmarks/interval_width.py [--quick]

Nights of simulated forecasts: errors of one horizon have much in common, each night issues one, and the truths of
earlier nights have come. At a night the errors change their size, or a version was too narrow all along, or nothing
happens. Compared by the interval score of the 80 % interval (Gneiting & Raftery 2007), by coverage, and by how often a
factor lies beyond ±10 % where nothing happened.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecast.evaluation.live import width as live_width
from forecast.evaluation.live.width import Tracker

PROMISED, HALF = 0.8, 1.2815515655446004
NIGHTS, CHANGE, AFTER = 320, 160, 40
FloatArray = np.ndarray


@dataclass(frozen=True)
class World:
    """What happens, and how often a new version takes over; its width is that of the errors of its last folds."""

    horizon: int
    series: int = 1
    change: float = 1.0
    until: int = NIGHTS * 2
    optimism: float = 1.0
    succession: int = 0


WORLDS = {
    "nothing, 1 step": World(1),
    "nothing, 7 steps": World(7),
    "nothing, 28 steps": World(28),
    "doubled, 1 step": World(1, change=2.0),
    "doubled, 7 steps": World(7, change=2.0),
    "doubled, 28 steps": World(28, change=2.0),
    "by 1.4, 7 steps": World(7, change=1.4),
    "to 0.6, 7 steps": World(7, change=0.6),
    "doubled, 20 series": World(7, 20, change=2.0),
    "nothing, new versions": World(7, succession=28),
    "too narrow, new versions": World(7, optimism=0.75, succession=28),
    "too narrow, each night a version": World(7, optimism=0.75, succession=1),
    "doubled, new versions": World(7, change=2.0, succession=28),
    "doubled for 40 nights, new versions": World(7, change=2.0, until=CHANGE + 40, succession=28),
}


def errors(world: World, seed: int) -> FloatArray:
    """Returns errors of variance 1, but for what happens, (nights, horizon, series)."""
    rng = np.random.default_rng(seed)
    horizon = world.horizon
    shares = [0.9 ** np.arange(step)[::-1] for step in range(1, horizon + 1)]

    def one() -> FloatArray:
        shocks = rng.standard_normal(NIGHTS + horizon)
        steps = [np.convolve(shocks, own[::-1] / np.linalg.norm(own), "valid")[:NIGHTS] for own in shares]
        return np.stack(steps, axis=1)

    common = one() if world.series > 1 else 0.0
    share = 0.1 if world.series > 1 else 0.0
    made = np.stack([np.sqrt(share) * common + np.sqrt(1 - share) * one() for _ in range(world.series)], axis=2)
    times = np.arange(NIGHTS)[:, None] + np.arange(1, horizon + 1)
    changed = (times > CHANGE) & (times <= world.until)
    return made * np.where(changed, world.change, 1.0)[..., None]


def own_halves(world: World, made: FloatArray) -> tuple[FloatArray, np.ndarray]:
    """Returns half widths of each night's own version, and the number of that version, (nights,)."""
    halves, versions = np.full(NIGHTS, HALF * world.optimism), np.ones(NIGHTS, dtype=int)
    if not world.succession:
        return halves, versions
    horizon, size = world.horizon, HALF
    for night in range(NIGHTS):
        if night % world.succession == 0 and night >= 8 * horizon:
            folds = np.abs(made[night - 8 * horizon : night - horizon + 1 : horizon])
            size = np.sqrt(np.quantile(folds, PROMISED) * HALF)  # drawn half way to what is usual
        halves[night], versions[night] = size * world.optimism, 1 + night // world.succession
    return halves, versions


Learn = Callable[[int], Tracker]


class Never(Tracker):
    """Never learns."""

    def believed(self) -> float:
        """Returns 0."""
        return 0.0


class Plain(Tracker):
    """The tracker as it is, chance or not."""

    def believed(self) -> float:
        """Returns what is tracked."""
        return self._quick.log


class Forgetful(Tracker):
    """Forgets half of what is tracked where a version takes over."""

    def forget(self) -> None:
        """Halves what is tracked."""
        self._quick.log /= 2
        self._steady.log /= 2


class Discounted(Tracker):
    """The quantile of all sizes, older ones discounted, drawn to 1 as if by ten updates that say so."""

    def update(self, sizes: FloatArray) -> None:
        """Keeps the sizes."""
        self._sizes = [*getattr(self, "_sizes", []), sizes]

    def believed(self) -> float:
        """Returns the quantile."""
        kept = self._sizes[-150:]
        weights = np.exp(-np.arange(len(kept))[::-1] / 30)
        each = np.concatenate([np.full(len(own), w / len(own)) for own, w in zip(kept, weights, strict=True)])
        values, count = np.concatenate(kept), weights.sum() / self._quick._times
        order = np.argsort(values)
        at = (np.cumsum(each[order]) - each[order] / 2) / each.sum()
        return float(np.clip(count / (count + 10) * np.interp(PROMISED, at, values[order]), np.log(0.5), np.log(3)))


def live(world: World, seed: int, learn: Learn) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Returns factors, coverage and interval scores by night."""
    made = errors(world, seed)
    halves, versions = own_halves(world, made)
    sizes = np.log(np.abs(made) / halves[:, None, None])
    tracker, logs = learn(world.horizon), np.zeros(NIGHTS)
    for night in range(1, NIGHTS):
        origins = np.arange(max(0, night - world.horizon), night)
        if isinstance(tracker, Forgetful) and versions[night] != versions[night - 1]:
            tracker.forget()
        tracker.update(sizes[origins, night - origins - 1].ravel())
        logs[night] = tracker.believed()
    widths = (halves * np.exp(logs))[:, None, None]
    beyond = np.maximum(np.abs(made) - widths, 0)
    score = (2 * widths + 2 / (1 - PROMISED) * beyond).mean(axis=(1, 2))
    return np.exp(logs), (np.abs(made) <= widths).mean(axis=(1, 2)), score


def row(world: World, learn: Learn, seeds: int) -> str:
    """Returns what a way of learning comes to in a world."""
    factors, held, score = (np.array(each) for each in zip(*(live(world, s, learn) for s in range(seeds)), strict=True))
    still = np.mean(np.abs(np.log(factors[:, 10:CHANGE])) > np.log(1.1))
    span = slice(CHANGE, NIGHTS - world.horizon)
    late = slice(CHANGE + AFTER, CHANGE + AFTER + 60)
    return (
        f"score {score[:, 10:CHANGE].mean():6.3f} {score[:, span].mean():6.3f}  held {held[:, 10:CHANGE].mean():.3f} "
        f"{held[:, CHANGE : CHANGE + AFTER].mean():.3f} {held[:, late].mean():.3f}  beyond 10 % {still:.3f}"
    )


def tracker_with(**constants: float) -> Learn:
    """Returns the product's tracker with other numbers."""

    class Other(Tracker):
        """Sets the numbers whenever it works."""

        def __init__(self, promised: float, horizon: int) -> None:
            with_numbers(constants, lambda: Tracker.__init__(self, promised, horizon))

        def update(self, sizes: FloatArray) -> None:
            """Takes the points of one time."""
            with_numbers(constants, lambda: Tracker.update(self, sizes))

        def believed(self) -> float:
            """Returns the logarithm of the factor."""
            return with_numbers(constants, lambda: Tracker.believed(self))

    return lambda horizon: Other(PROMISED, horizon)


def with_numbers(constants: dict[str, float], work: Callable[[], float | None]) -> float:
    """Returns what some work comes to with other numbers in the module."""
    before = {name: getattr(live_width, name) for name in constants}
    for name, value in constants.items():
        setattr(live_width, name, value)
    try:
        return work() or 0.0
    finally:
        for name, value in before.items():
            setattr(live_width, name, value)


WAYS: dict[str, Learn] = {
    "never": lambda horizon: Never(PROMISED, horizon),
    "the product": lambda horizon: Tracker(PROMISED, horizon),
    "plain tracker": lambda horizon: Plain(PROMISED, horizon),
    "discounted quantile": lambda horizon: Discounted(PROMISED, horizon),
    "STEADY_STEP 0.1": tracker_with(STEADY_STEP=0.1),
    "STEADY_STEP 0.02": tracker_with(STEADY_STEP=0.02),
    "QUICK_STEP 0.05": tracker_with(QUICK_STEP=0.05),
    "QUICK_STEP 0.15": tracker_with(QUICK_STEP=0.15),
    "FIRST_STEP 0.5": tracker_with(FIRST_STEP=0.5),
    "CHANCE 1.5": tracker_with(CHANCE=1.5),
    "CHANCE 2.5": tracker_with(CHANCE=2.5),
    "NEWS 4": tracker_with(NEWS=4.0),
    "FEWEST 0": tracker_with(FEWEST=0),
    "FEWEST 16": tracker_with(FEWEST=16),
    "forgets half": lambda horizon: Forgetful(PROMISED, horizon),
}

if __name__ == "__main__":
    seeds = 4 if "--quick" in sys.argv else 40
    for name, world in WORLDS.items():
        print(f"{name}: interval score and coverage before and after the change (first {AFTER} nights, next 60)")
        for way, learn in WAYS.items():
            if world.succession or way != "forgets half":
                print(f"  {way:20s} {row(world, learn, 10 if world.series > 1 and seeds > 10 else seeds)}", flush=True)
