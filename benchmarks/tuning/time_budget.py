"""What a time limit is spent on, and how training keeps to it: seeds or steps, how much is planned, when it is doubted.

    python benchmarks/tuning/time_budget.py [--quick]

Measured, of the plan: the scaled error of networks with the seeds, steps and views that a time allows, on monthly
panels, for times of a tenth to ten usual trainings. What any number of seeds and steps is worth is measured once, with
linear highways. Of keeping to the plan: the cost of runs whose pace is not what was measured (a clock that is made up
here): the share of the time that is left over, and ten times the share that it takes too long.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from descent import trained_errors
from held_back import Case, training_part
from study import Constant, FloatArray, Study, main

BUDGET, LIMIT = "forecast.models.networks.time_budget", "forecast.experiment.time_limit"
PLANS = (
    Constant(BUDGET, "WANTED_SHARES", (0.2, 1.0, 2.4), item=2),
    Constant(BUDGET, "WANTED_SHARES", (0.6, 1.0, 2.4), item=3),
    Constant(BUDGET, "WANTED_SHARES", (0.6, 1.2, 2.4), item=4),
    Constant(BUDGET, "NEARLY", (0.3, 0.6, 1.0)),
    Constant(BUDGET, "LEAST_SHARE", (0.0, 0.05, 0.4)),
)
PACES = (
    Constant(BUDGET, "DOUBT", (1e-6, 0.03, 0.3, 10.0)),
    Constant(LIMIT, "MARGIN", (0.5, 0.8, 0.9, 1.0)),
)
SHARES = (0.05, 0.15, 0.3, 0.6, 1.0, 1.5, 2.5)


@dataclass(frozen=True, eq=False)
class Limited:
    """A panel, and a time in usual trainings of one seed."""

    case: Case
    seconds: float


def cases(quick: bool) -> dict[str, Limited]:
    """Returns panels and times."""
    names = ("tourism_monthly",) if quick else ("tourism_monthly", "m3_monthly", "m4_monthly_sub200")
    return {
        f"{name}, {seconds:g} trainings": Limited(training_part(name, 15 if quick else 100), seconds)
        for name in names
        for seconds in (0.1, 0.4, 0.8, 1.5, 3.0, 6.0, 10.0)
    }


@cache
def worth(case: Case, seeds: int, share: float, views: int) -> FloatArray:
    """Returns the errors of so many seeds, trained for a share of the usual steps, of the first views."""
    from descent import spec_of

    spec = spec_of(case, "linear", case.panel)
    steps = max(1, round(share * spec.steps))
    return trained_errors(case, "linear", seeds=tuple(range(seeds)), steps=steps, views=spec.views[:views])


def plan_errors(limited: Limited) -> FloatArray:
    """Returns the errors of what is planned for the time."""
    from descent import spec_of

    from forecast.models.networks.time_budget import EffortLimits, plan_effort

    case = limited.case
    usual = spec_of(case, "linear", case.panel)
    whole = len(usual.views) * usual.steps

    def seconds(specs: dict[str, object]) -> float:
        (spec,) = specs.values()
        return len(spec.views) * len(spec.seeds) * (spec.steps + 0.02 * usual.steps) / whole

    (planned,) = plan_effort({"linear": usual}, seconds, limited.seconds, EffortLimits(2.5, 4)).values()
    share = planned.steps / usual.steps
    nearest = min(SHARES, key=lambda each: abs(np.log(each / share)))
    return worth(case, len(planned.seeds), nearest, len(planned.views))


@dataclass(frozen=True, eq=False)
class Paces:
    """Runs of so many networks, and how many times as long as measured each of them takes."""

    slowness: FloatArray  # (runs, networks)
    usual: float  # seconds left, as a share of what was planned before the margin


def paces(quick: bool) -> dict[str, Paces]:
    """Returns runs on machines that are as fast as measured, slower, faster, or slow down in the middle."""
    rng, runs = np.random.default_rng(4), 60 if quick else 2000
    found = {}
    for networks in (4, 16, 64):
        noise = np.exp(0.1 * rng.standard_normal((runs, networks)))
        late = np.where(np.arange(networks) > networks // 2, 1.3, 1.0)
        for what, slow in (("as measured", 1.0), ("slower", 1.15), ("faster", 0.9), ("slower later", late)):
            found[f"{networks} networks, {what}"] = Paces(slow * noise, 1.0)
    return found


def pace_costs(run: Paces) -> FloatArray:
    """Returns the cost of each run: what is left over of the time, and ten times what it takes too long."""
    from forecast.experiment.time_limit import MARGIN
    from forecast.models.networks.time_budget import TrainingBudget

    found = []
    for slowness in run.slowness:
        clock, each = [0.0], MARGIN / len(slowness)
        budget = TrainingBudget(MARGIN, lambda clock=clock: 1.0 - clock[0])
        for slow in slowness:
            share = budget.share()
            clock[0] += each * share * slow
            budget.book(each, each * share, each * share * slow)
        over = clock[0] - 1.0
        found.append(10 * over if over > 0 else -over)
    return np.array(found)


STUDIES = (Study(PLANS, cases, plan_errors), Study(PACES, paces, pace_costs, pooled=True))

if __name__ == "__main__":
    main(__doc__, STUDIES)
