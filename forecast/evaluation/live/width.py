"""The width of the next intervals, learned online from how issued ones held.

     truth at t ──▶ how far out, in half widths of the version's own interval     (whatever it was issued with)
                         │ beyond the tracked width: a miss
                         ▼
     tracked log width  +=  step · (share missed − share promised)                one update a time, pooled over series
                         │ more than chance?   ──▶ no: the version's own width
                         ▼
                     the factor

An adaptive conformal tracker (Gibbs & Candès 2021), not of the level but of the logarithm of the width, as a quantile
tracker of conformal PID is (Angelopoulos, Candès & Tibshirani 2023): levels leave (0, 1), widths don't, and a factor
moves all quantiles and paths. Steps fall as 1/√n to a floor, so that a tracker settles and still follows a change;
there are two floors, as small errors show in the long run only. Errors of one horizon have much in common: a time
counts for less than one update the longer the horizon. What is tracked wanders by chance alone, by a spread that is
known (the stationary variance of a stochastic approximation); less than that is no news, more is taken as it is (firm
shrinkage, Gao & Bruce 1997). A version's errors are measured by its own intervals, and its successor goes on where it
was: its folds know too little of a change, and from nightly versions nobody would learn. Measured beside what forgets,
plain trackers and discounted quantiles by benchmarks/interval_width.py.

Shapes: ``P`` points.
"""

import math

import numpy as np

from forecast.data.panel import FloatArray, IntArray
from forecast.evaluation.distribution.paths import FADES, FADING, LASTING
from forecast.evaluation.live.points import LivePoints
from forecast.interval_levels import MAIN
from forecast.widening import DECIMALS, LEAST, MOST, Widening

FIRST_STEP, QUICK_STEP, STEADY_STEP = 0.3, 0.1, 0.03  # measured by benchmarks/interval_width.py
"""Of the logarithm of the width, at the first update, from the ninth on, and from the hundredth: they fall as 1/√n."""
CHANCE, NEWS = 2.0, 3.0  # measured by benchmarks/interval_width.py
"""Standard deviations up to which nothing is believed, and from which on all is."""
DENSITY = 0.45
"""Of the logarithm of a normal error's size at its 80 % quantile: by it, misses become a spread of the width."""
FEWEST = 8  # measured by benchmarks/interval_width.py
"""Updates before which nothing is believed: of so few, a row of misses is soon chance."""
USUAL_UPDATES = 10
"""Updates for which the variance of one series' misses counts, beside what is seen."""


def next_width(points: LivePoints) -> Widening:
    """Returns how much wider than its own the next intervals of the version in use are to be.

    Args:
        points: that were issued by it and by the versions of its kind before it.
    """
    level = _level(points)
    lower, upper = points.bounds_of(level)
    known = points.some(points.arrived & ~np.isnan(lower) & ~np.isnan(upper))
    if known.steps.size == 0:
        return Widening(level=level)
    tracker = Tracker(level / 100, int(points.steps.max()))
    sizes, order, starts = own_sizes(known, level), *_by_time(known)
    for group in np.split(order, starts[1:]):
        tracker.update(sizes[group])
    newest = order[starts[-min(tracker.memory, len(starts))] :]
    factor = math.exp(tracker.believed())
    return Widening(
        factor=round(min(max(factor, LEAST), MOST), DECIMALS),
        level=level,
        held=float((sizes[newest] <= 0).mean()),
        points=len(newest),
        origins=len(np.unique(known.origins[newest])),
    )


class Tracker:
    """What is believed of the logarithm of the width after some truths.

    Attributes:
        memory: times after which a truth is mostly forgotten.
    """

    def __init__(self, promised: float, horizon: int) -> None:
        lags = np.arange(1, horizon)
        together = (LASTING + FADING * FADES**lags) ** 2  # of misses, about the square of that of errors
        times = 1 + 2 * float(((1 - lags / horizon) * together).sum())
        self._quick, self._steady = (_Follower(promised, times, least) for least in (QUICK_STEP, STEADY_STEP))
        self.memory = math.ceil(math.sqrt(times) / QUICK_STEP / DENSITY)

    def update(self, sizes: FloatArray) -> None:
        """Takes the points of one time, (P,); see ``own_sizes``."""
        self._quick.update(sizes)
        self._steady.update(sizes)

    def believed(self) -> float:
        """Returns the logarithm of the factor, 0 while what is tracked may be chance.

        Small errors of the width show only in the long run, large ones at once: who is surer of one is believed. Where
        both differ by more than chance, something has changed, which the quick one knows first.
        """
        quick, steady = self._quick, self._steady
        has_changed = abs(quick.log - steady.log) > CHANCE * quick.chance
        return quick.believed() if has_changed else max(quick.believed(), steady.believed(), key=abs)


class _Follower:
    """A log width that follows a quantile of sizes.

    Attributes:
        log: as it is now.
    """

    def __init__(self, promised: float, times: float, least: float) -> None:
        """Starts at the version's own width; so many times are one independent update."""
        self.log, self._missed, self._times, self._least = 0.0, 1 - promised, times, least
        self._count, self._squares, self._step = 0, 0.0, FIRST_STEP

    def update(self, sizes: FloatArray) -> None:
        """Takes the points of one time."""
        self._count += 1
        self._step = max(FIRST_STEP / math.sqrt(max(self._count / self._times, 1.0)), self._least)
        surprise = float((sizes > self.log).mean()) - self._missed
        self._squares += surprise**2
        moved = self.log + self._step / math.sqrt(self._times) * surprise
        self.log = min(max(moved, math.log(LEAST)), math.log(MOST))

    @property
    def chance(self) -> float:
        """The standard deviation by which it wanders where nothing is wrong."""
        usual = self._missed * (1 - self._missed)
        variance = (self._squares + USUAL_UPDATES * usual) / (self._count + USUAL_UPDATES)
        return math.sqrt(self._step * variance * math.sqrt(self._times) / (2 * DENSITY))

    def believed(self) -> float:
        """Returns what is more than chance."""
        if self._count < FEWEST * self._times:
            return 0.0
        far = abs(self.log) / self.chance
        return self.log * min(max(NEWS * (far - CHANCE) / (NEWS - CHANCE) / max(far, CHANCE), 0.0), 1.0)


def own_sizes(points: LivePoints, level: float) -> FloatArray:
    """Returns the logarithms of errors in half widths of the version's own intervals, upper and lower apart, (P,)."""
    lower, upper = points.bounds_of(level)
    middle = np.clip(points.forecasts, lower, upper)
    error = points.truths - middle
    half = np.where(error >= 0, upper - middle, middle - lower)
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = np.log(np.abs(error) / half) + np.log(points.widened)
    return np.where(error == 0, -np.inf, sizes)  # on the spot, however narrow the interval


def _level(points: LivePoints) -> float:
    """Returns the level that widths are judged by: the usual one, or of those that were issued the nearest to it."""
    issued = [level for level in points.levels if not np.isnan(points.bounds_of(level)[0]).all()]
    return min(issued, key=lambda level: abs(level - MAIN), default=MAIN)


def _by_time(points: LivePoints) -> tuple[IntArray, IntArray]:
    """Returns the points in the order of their time, (P,), and where in it each time begins."""
    times = points.origins + points.steps
    order = np.argsort(times, kind="stable")
    return order, np.unique(times[order], return_index=True)[1]
