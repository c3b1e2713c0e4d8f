"""The time budget of training: what it costs here, how much of it fits into a time, and how it keeps to that time.

The number of steps shapes the learning rate from the first step on, so it is settled before a network's training
starts. What was planned from a measurement is corrected from network to network: one that starts late gets fewer
steps, in the proportion in which time is short of the work that is left.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil, inf
from threading import Lock
from typing import TypeVar

from forecast.data.panel import Panel
from forecast.models.forecaster import Fitted
from forecast.models.networks.descent.batches import OnChunk, Weights
from forecast.run import Clock
from forecast.specs import ModelSpec

Result = TypeVar("Result")

PROBE = 50
"""Training steps by which the cost of one is measured; more where they pass too fast to be timed."""
LEAST_PROBE = 0.15
DEAR = 0.2
"""Share of the time of a network with one step that a step takes at the very most; mostly it is far less."""
WANTED_SHARES = {1: 0.0, 2: 0.6, 3: 1.5, 4: 1.75}  # measured by benchmarks/tuning/time_budget.py
"""Share of the usual steps that so many seeds should get at least; for more seeds it is nearly the most there is."""
NEARLY = 0.8  # measured by benchmarks/tuning/time_budget.py
"""Share of the most steps that is as good as the most: rather one seed more than time left over."""
DOUBT = 0.003  # measured by benchmarks/tuning/time_budget.py
"""Share of the plan for which the measured pace is believed; beyond it, what training really took counts."""
MOST_MORE = 1.5
"""Where a time is to be used up, a network gets at most so many times the steps that were planned."""
LEAST_SHARE = 0.15  # measured by benchmarks/tuning/time_budget.py
"""Share of the usual steps below which views are left out, rather than all of them trained too little."""

WORTH = 0.1
"""Share of the steps that a network is to have, at the least: one that was hardly trained is none worth keeping."""


@dataclass(frozen=True)
class Pace:
    """What one cell costs here, in seconds.

    Attributes:
        fit: once a fit: windows are cut and smoothed bases fitted.
        network: once a network, its steps aside.
        step: one training step of one network, while others train beside it.
        forecast: one network's forecast of the panel.
    """

    fit: float
    network: float
    step: float
    forecast: float

    def fit_seconds(self, spec: ModelSpec) -> float:
        """Returns what one fit of the spec takes."""
        return self.fit + self.network_seconds(spec)

    def network_seconds(self, spec: ModelSpec) -> float:
        """Returns what training all networks of the spec once takes."""
        return _networks(spec) * (self.network + spec.steps * self.step)

    def forecast_seconds(self, spec: ModelSpec) -> float:
        """Returns what one forecast by all networks of the spec takes."""
        return _networks(spec) * self.forecast

    def steps_within(self, spec: ModelSpec, seconds: float) -> int:
        """Returns the steps by which one fit takes so many seconds; 1 where even that takes longer."""
        each = (seconds - self.fit) / _networks(spec) - self.network
        return max(1, round(each / self.step))


def _networks(spec: ModelSpec) -> int:
    return len(spec.views) * len(spec.seeds)


def measure_pace(
    train: Callable[[ModelSpec], Fitted],
    spec: ModelSpec,
    panel: Panel,
    fit: float,
    clock: Clock,
    is_short: Callable[[], bool] = lambda: False,
) -> Pace:
    """Returns the pace of a spec whose loop has been compiled and whose views have been prepared.

    Args:
        train: fits a spec to the panel, as the run will.
        spec: as it is planned; a few steps of it are trained.
        panel: what is forecast from.
        fit: seconds that preparing the views took.
        clock: by which it is measured.
        is_short: tells after the first fit whether time is too short for more; a step then counts as dear.
    """
    short = spec.with_(seeds=spec.seeds[:1], steps=1)
    views = len(spec.views)
    once, model = _timed(clock, lambda: train(short))
    if is_short():
        return Pace(fit, once / views, once / views * DEAR, once / views)
    twice, _ = _timed(clock, lambda: train(short.with_(seeds=(short.seeds[0], short.seeds[0] + 1))))
    steps, extra = PROBE, 0.0
    while extra < LEAST_PROBE and steps <= 64 * PROBE:
        seconds, _ = _timed(clock, partial(train, short.with_(steps=1 + steps)))
        extra, steps = seconds - once, 4 * steps
    forecast, _ = _timed(clock, lambda: model.predict_members(panel))
    step = max(extra, 1e-6) / (views * steps / 4)
    network = max((twice - once) / views - step, 0.0)
    return Pace(fit, network, step, forecast / views)


def _timed(clock: Clock, work: Callable[[], Result]) -> tuple[float, Result]:
    began = clock.seconds()
    result = work()
    return clock.seconds() - began, result


@dataclass(frozen=True)
class EffortLimits:
    """What a plan by the clock may change, and how far.

    Attributes:
        share: most steps, as a share of the usual ones; None where a person gave the steps.
        seeds: most seeds; None where a person gave them.
    """

    share: float | None
    seeds: int | None


def plan_effort(
    specs: Mapping[str, ModelSpec],
    seconds_of: Callable[[Mapping[str, ModelSpec]], float],
    seconds: float,
    limits: EffortLimits,
) -> dict[str, ModelSpec]:
    """Returns the specs with the steps, seeds and, where time is very short, views that a time allows.

    Args:
        specs: with the usual steps, views and seeds; all cells get the same share of their steps.
        seconds_of: what a run with some specs takes.
        seconds: what it may take.
        limits: what may change.
    """
    one = next(iter(specs.values()))
    counts = range(limits.seeds, 0, -1) if limits.seeds else (len(one.seeds),)
    share, chosen = 0.0, dict(specs)
    for count in counts:
        seeds = tuple(range(one.seeds[0], one.seeds[0] + count))
        chosen = {cell: spec.with_(seeds=seeds) for cell, spec in specs.items()}
        share = _largest_share(chosen, seconds_of, seconds, limits.share)
        if share >= min(WANTED_SHARES.get(count, inf), NEARLY * (limits.share or 1.0)):
            break
    while share < LEAST_SHARE and len(one.views) > 1:
        chosen = {cell: spec.with_(views=spec.views[:-1]) for cell, spec in chosen.items()}
        one = next(iter(chosen.values()))
        share = _largest_share(chosen, seconds_of, seconds, limits.share)
    if limits.share is None:
        return chosen
    return _with_share(chosen, share)


def _with_share(specs: Mapping[str, ModelSpec], share: float) -> dict[str, ModelSpec]:
    return {cell: spec.with_(steps=max(1, round(share * spec.steps))) for cell, spec in specs.items()}


def _largest_share(
    specs: Mapping[str, ModelSpec],
    seconds_of: Callable[[Mapping[str, ModelSpec]], float],
    seconds: float,
    most: float | None,
) -> float:
    """Returns the largest share of the specs' steps that fits; where the steps are given: 1 or, if too many, 0."""
    if most is None:
        return float(seconds_of(specs) <= seconds)
    if seconds_of(_with_share(specs, most)) <= seconds:
        return most
    low, high = 0.0, most
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if seconds_of(_with_share(specs, middle)) <= seconds else (low, middle)
    return low


class TrainingBudget:
    """Seconds of training that are planned, and seconds that are left for it."""

    def __init__(self, planned: float, left: Callable[[], float], most: float = 1.0, fixed: float = 0.0) -> None:
        """Opens the book.

        Args:
            planned: seconds of networks' training.
            left: tells the seconds that are left, for training and all else.
            most: a network gets at most so many times the steps that were planned.
            fixed: seconds of all else that is planned and can't be cut short, such as forecasts.
        """
        self.planned, self.left, self.most, self.fixed = planned, left, most, fixed
        self.pending = 0.0  # of what is fixed, planned for after the running fit
        self._took = self._work = DOUBT * planned

    def share(self) -> float:
        """Returns how much of the planned training there is time for at the pace of late, from 0 up to ``most``."""
        slowness = self._took / self._work if self._work > 0 else 1.0
        left = self.left() - slowness * self.fixed
        return max(0.0, min(self.most, left / max(slowness * self.planned, 1e-9)))

    def book(self, planned: float, work: float, took: float) -> None:
        """Books what was planned, what was done of it and what that took, all in seconds."""
        self.planned -= planned
        self._work += work
        self._took += took


class NetworkBudget:
    """One network's share of the time: its steps, and the word that some of them are done."""

    def __init__(self, steps: int, planned: int, pace: Pace, pacer: "Pacer") -> None:
        self.steps, self._planned, self._pace, self._pacer = steps, planned, pace, pacer
        self._last: int | None = None

    def advance(self, step: int) -> None:
        """Books the work up to a step as done."""
        started, more = self._last is None, step - (self._last or 0)
        self._last = step
        network = self._pace.network if started else 0.0
        work = more * self._pace.step
        self._pacer.book(network + work * self._planned / self.steps, network + work)

    def booked(self, on_chunk: OnChunk) -> OnChunk:
        """Returns what listens to the network as another does, and books its steps."""

        def advance(step: int, weights: Callable[[], Weights]) -> None:
            on_chunk(step, weights)
            self.advance(step)

        return advance


class Pacer:
    """Keeps the fits of one cell to their time: each network is told, as it starts, how many steps there is time for.

    Attributes:
        shortened: networks that got fewer steps than planned.
    """

    def __init__(
        self,
        pace: Pace,
        clock: Clock,
        common: TrainingBudget | None = None,
        allotted: float | None = None,
        after: float = 0.0,
    ) -> None:
        """Keeps to one time or two.

        Args:
            pace: of the cell.
            clock: of the run.
            common: work and time of the whole run, shared with other cells.
            allotted: seconds that each fit of this cell is to take, neither more nor fewer.
            after: seconds of the run that are planned after each fit, until the next.
        """
        self.pace, self._clock = pace, clock
        self._common, self._allotted, self._after = common, allotted, after
        self._budgets: tuple[TrainingBudget, ...] = (common,) if common else ()
        self._is_fresh = True
        self._own: TrainingBudget | None = None
        self._rest = self._ends = self._began = self._booked_at = 0.0
        self._lock = Lock()
        self.shortened = 0

    def begin(self, spec: ModelSpec, seconds: float) -> None:
        """Starts one fit, so many seconds after its windows began to be cut."""
        now = self._clock.seconds()
        self._budgets = (self._common,) if self._common else ()
        if self._common:
            self._common.fixed -= self.pace.fit + self._common.pending
            self._common.pending = self._after
        if self._allotted is not None:
            self._rest += self._allotted - (self._booked_at - self._began)  # what earlier fits took too much or little
            self._ends = now - seconds + self._rest
            planned = self.pace.network_seconds(spec)
            self._own = self._own or TrainingBudget(planned, self._allotted_left, most=MOST_MORE)
            self._own.planned = planned
            self._budgets += (self._own,)
        self._began, self._booked_at, self._is_fresh = now - seconds, now, True

    def _allotted_left(self) -> float:
        return self._ends - self._clock.seconds()

    def network_budget(self, spec: ModelSpec) -> NetworkBudget:
        """Returns the turn of the network whose training starts now."""
        with self._lock:
            share = min((budget.share() for budget in self._budgets), default=1.0)
            cost = self.pace.network + spec.steps * self.pace.step
            least = max(1, ceil(WORTH * spec.steps))  # rather a little late than for nothing
            steps = spec.steps if share == 1 else max(least, round((share * cost - self.pace.network) / self.pace.step))
            self.shortened += steps < spec.steps
        return NetworkBudget(steps, spec.steps, self.pace, self)

    def equal_budgets(self, spec: ModelSpec, count: int) -> list[NetworkBudget]:
        """Returns the turns of so many networks that start together, of equally many steps."""
        budgets = [self.network_budget(spec) for _ in range(count)]
        for budget in budgets:
            budget.steps = min(each.steps for each in budgets)
        return budgets

    def book(self, planned: float, work: float) -> None:
        """Books what was planned and what was done of it; other networks may have trained meanwhile."""
        with self._lock:
            now = self._clock.seconds()
            took = now - self._booked_at
            if self._is_fresh:  # the first network may have waited for its loop to be compiled: that is no slowness
                took = work = 0.0
                self._is_fresh = False
            for budget in self._budgets:
                budget.book(planned, work, took)
            self._booked_at = now
