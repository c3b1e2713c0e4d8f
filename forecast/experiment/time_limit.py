"""Training under a time limit: on what terms networks compete, and how much of their training fits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from forecast.data.panel import Panel
from forecast.errors import UsageError
from forecast.evaluation.backtest import evidence_shifts
from forecast.evaluation.splits import Fold
from forecast.models.forecaster import Fitted, Watcher
from forecast.models.method_settings import CURRENT
from forecast.models.networks.cells import CELLS, REFERENCE
from forecast.models.networks.presets import EFFORT, FEW_WINDOWS, SEEDS
from forecast.models.networks.time_budget import (
    WORTH,
    EffortLimits,
    Pace,
    Pacer,
    TrainingBudget,
    measure_pace,
    plan_effort,
)
from forecast.run import Clock, Run
from forecast.specs import Deadline, Match, ModelSpec, Settings
from forecast.wording import counted

LEAST_START = 8.0
"""Seconds that starting and ending a run takes at the least; every cell adds LEAST_CELL, mostly to be compiled."""
LEAST_CELL = 3.0
TAIL = 0.75
"""Drawing, saving and leaving take about this share of the time that starting took."""
LEARNING = 2.0
"""Forecasting a fold and learning from it, in forecasts of its networks alone."""
ENOUGH = 2.0
"""A cell is compiled while there is left this much of the time that the last one's compiling, or the import, took."""
MARGIN = 0.97  # measured by benchmarks/tuning/time_budget.py
"""Share of the time that is planned for; the rest is for what was not measured."""
MORE_SEEDS = 4
"""A last fit whose time was planned for all cells, and is left to one, trains at most so many times the seeds."""


@dataclass(frozen=True)
class Terms:
    """What the networks share beside data and folds.

    Attributes:
        match: the same recipe and ``steps``, as many ``params`` each, or as many ``seconds`` of training each.
        deadline: of the whole command; None where it takes what the preset takes.
        is_train: a last fit on all the data follows the backtest.
        is_bare: cells without highway, anchor and effects of dates, one recurrent step an observation.
    """

    match: Match = "steps"
    deadline: Deadline | None = None
    is_train: bool = False
    is_bare: bool = False

    @property
    def is_timed(self) -> bool:
        """Whether the training steps depend on how fast this machine is."""
        return self.deadline is not None or self.match == "seconds"


def check_terms(terms: Terms, settings: Settings, trained: Sequence[str]) -> None:
    """Refuses terms that the models can't meet, before any work is done.

    Args:
        terms: as asked for.
        settings: of the run.
        trained: cells that will be trained.

    Raises:
        UsageError: see above; the hint names the flag.
    """
    if terms.match != "steps" and len(set(CELLS).intersection(trained)) < 2:
        raise UsageError(
            f"--match {terms.match} needs at least two networks to compare.", f"--models {','.join(CELLS)}"
        )
    if terms.is_bare:
        _check_bare(terms, settings, trained)
    if terms.is_timed and settings.preset == "tutorial":
        raise UsageError(
            "--preset tutorial trains 50 epochs, however long they take.", "leave out --time-limit and --match seconds"
        )
    if terms.match == "seconds" and settings.overrides.steps:
        raise UsageError("--match seconds settles the steps by itself.", "leave out --steps")
    if terms.deadline is None:
        return
    if not trained:
        raise UsageError("--time-limit is for the training of networks, and none is asked for.", "leave it out")
    least = LEAST_START + LEAST_CELL * len(trained)
    if terms.deadline.limit < least:
        raise UsageError(
            f"--time-limit {terms.deadline.limit:g}s is too short: starting TensorFlow and compiling "
            f"{counted(len(trained), 'network')} takes most of {least:g} s.",
            f"--time-limit {least:g}s"
            + (f", or one network: --model {list(CELLS)[-1]}" if terms.is_train and len(trained) > 1 else ""),
        )


def _check_bare(terms: Terms, settings: Settings, trained: Sequence[str]) -> None:
    """Refuses bare cells where there are none, or where they are not alike.

    Raises:
        UsageError: see above.
    """
    if not set(CELLS).intersection(trained):
        raise UsageError("--bare compares recurrent cells, and none is named.", f"--models {','.join(CELLS)} --bare")
    if settings.preset == "tutorial":
        raise UsageError("--bare can't be used with --preset tutorial, a set-up of its own.", "leave one of them out")
    if terms.is_timed:
        raise UsageError("--bare can't be used with --time-limit or --match seconds.", "leave one of them out")


@dataclass(frozen=True)
class Work:
    """How often each cell is fitted and forecast from in a run."""

    folds: tuple[Fold, ...]
    refit: bool
    has_ensemble: bool  # which forecasts with the same networks once more
    is_train: bool

    @property
    def fits(self) -> int:
        """Fits of each cell, the last one on everything included."""
        return (len(self.folds) if self.refit else 1) + self.is_train

    @property
    def forecasts(self) -> float:
        """Forecasts of the whole panel by each cell, what is learned from them included."""
        return LEARNING * sum(len(evidence_shifts(fold)) for fold in self.folds) * (2 if self.has_ensemble else 1)

    def seconds(self, specs: Mapping[str, ModelSpec], paces: Mapping[str, Pace]) -> float:
        """Returns what training and forecasting take, all cells together."""
        return self.trained_seconds(specs, paces) + sum(
            self.fits * paces[cell].fit + self.forecasts * paces[cell].forecast_seconds(spec)
            for cell, spec in specs.items()
        )

    def trained_seconds(self, specs: Mapping[str, ModelSpec], paces: Mapping[str, Pace]) -> float:
        """Returns the part of it that is the networks' training, which can be cut short."""
        return sum(self.fits * paces[cell].network_seconds(spec) for cell, spec in specs.items())


@dataclass(frozen=True, eq=False)
class Timing:
    """What was measured, and who keeps the training to it."""

    paces: dict[str, Pace]
    pacers: dict[str, Pacer]
    deadline: Deadline | None
    clock: Clock
    tail: float = 0.0
    last: dict[str, Pacer] = field(default_factory=dict)  # of the last fit

    @property
    def shortened(self) -> int:
        """Networks that got fewer steps than planned, since the time ran short."""
        return sum(pacer.shortened for pacer in (*self.pacers.values(), *self.last.values()))

    def left(self) -> float:
        """Returns the seconds left for training: what follows it is taken off."""
        return self.deadline.left(self.clock.seconds()) - self.tail if self.deadline else inf

    def more_seeds(self, specs: Mapping[str, ModelSpec], settings: Settings) -> dict[str, ModelSpec]:
        """Returns the specs of a last fit with the seeds that the rest of the time allows, and keeps it to that."""
        if self.deadline is None:
            return dict(specs)
        seeds = next(iter(specs.values())).seeds
        wider = dict(specs)
        for count in range(MORE_SEEDS * len(seeds), len(seeds), -1):
            more = tuple(range(seeds[0], seeds[0] + count))
            tried = {cell: spec.with_(seeds=more) for cell, spec in specs.items()}
            if settings.seeds is None and self._fit_seconds(tried) <= MARGIN * self.left():
                wider = tried
                break
        planned = sum(self.paces[cell].network_seconds(spec) for cell, spec in wider.items())
        common = TrainingBudget(planned, self.left, fixed=self._fit_seconds(wider) - planned)
        for cell, pace in self.paces.items():
            self.last[cell] = Pacer(pace, self.clock, common)
        return wider

    def _fit_seconds(self, specs: Mapping[str, ModelSpec]) -> float:
        """Returns what the last fit of each spec takes, and a forecast from it."""
        return sum(
            pace.fit_seconds(spec) + pace.forecast_seconds(spec)
            for pace, spec in ((self.paces[cell], spec) for cell, spec in specs.items())
        )


def measure_paces(
    specs: Mapping[str, ModelSpec],
    panel: Panel,
    fold: Fold,
    run: Run,
    left: Callable[[], float],
    imported: float = 0.0,
) -> dict[str, Pace]:
    """Returns each cell's pace on this machine; its loop is compiled afterwards.

    A cell for whose compiling and training too little time would be left is not among them. The first is, unless
    importing TensorFlow, which takes about as long as compiling, has left too little.

    Args:
        specs: of the cells, the most wanted first.
        panel: all the data.
        fold: whose training part is trained on.
        run: what to train with.
        left: tells the seconds that are left; infinite where none must be left out.
        imported: seconds that importing TensorFlow took; 0 where nothing is to be compiled.
    """
    if imported and left() < ENOUGH * imported:
        return {}
    from forecast.models.networks.fitting import RecurrentForecaster, prepare_views  # imports TensorFlow

    train, truth = fold.train(panel), fold.truth(panel)

    def fit(spec: ModelSpec) -> Fitted:
        return RecurrentForecaster(spec.cell, spec, run, is_timed=True).fit(train, Watcher(truth=truth))

    paces: dict[str, Pace] = {}
    one = next(iter(specs.values()))
    started = run.clock.seconds()
    prepare_views(train, one.views, one.window, one.horizon, CURRENT.views, run)
    prepared = run.clock.seconds() - started
    for cell, spec in specs.items():
        began = left()
        fit(spec.with_(seeds=spec.seeds[:1], steps=1))  # compiles its loop

        def is_short(began: float = began) -> bool:
            return left() < ENOUGH * (began - left())

        paces[cell] = measure_pace(fit, spec, train, prepared, run.clock, is_short)
        if is_short():
            break
    return paces


def effort_limits(settings: Settings, windows: int) -> EffortLimits:
    """Returns how far a plan by the clock may go: up to the effort of `best`, or twice that where it is asked for.

    Where windows are few, more steps make a network worse: more seeds are trained in their place.
    """
    if settings.preset == "fast":
        share, seeds = EFFORT["fast"], SEEDS["fast"]
    else:
        share = 1.0 if windows < FEW_WINDOWS else EFFORT["best"]
        most = EFFORT["best"] * SEEDS["best"] * (2 if settings.preset == "best" else 1)
        seeds = round(most / share)
    return EffortLimits(None if settings.overrides.steps else share, None if settings.seeds else seeds)


def affordable(
    specs: Mapping[str, ModelSpec],
    paces: dict[str, Pace],
    plan: Callable[[dict[str, Pace]], tuple[dict[str, ModelSpec], Timing]],
) -> tuple[dict[str, ModelSpec], Timing]:
    """Returns the specs of as many cells as there is time for to train them enough, and what keeps them to it.

    Args:
        specs: with the usual steps and seeds.
        paces: of each cell, the most wanted first.
        plan: makes a plan for cells with their paces.

    Returns:
        No spec where there is no time for any.
    """
    settled, timing = plan(paces)
    while paces and any(settled[cell].steps < WORTH * specs[cell].steps for cell in paces):
        paces = dict(list(paces.items())[:-1])
        settled, timing = plan(paces) if paces else ({}, timing)
    return settled, timing


def settle(
    specs: Mapping[str, ModelSpec],
    paces: dict[str, Pace],
    work: Work,
    terms: Terms,
    limits: EffortLimits,
    clock: Clock,
    tail: float = 0.0,
) -> tuple[dict[str, ModelSpec], Timing]:
    """Returns the specs whose training takes the time that the terms give, and what keeps it to that.

    Args:
        specs: with the usual steps and seeds.
        paces: of each cell.
        work: how often they are fitted.
        terms: a deadline, equal seconds, or both.
        limits: what may change to meet a deadline.
        clock: of the run.
        tail: seconds that the run needs after its training.
    """
    settled, deadline = dict(specs), terms.deadline
    timing = Timing(paces, {}, deadline, clock, tail)
    if deadline is not None:
        settled = plan_effort(specs, lambda tried: work.seconds(tried, paces), MARGIN * timing.left(), limits)
    allotted = None
    if terms.match == "seconds":
        each = {cell: paces[cell].fit_seconds(spec) for cell, spec in settled.items()}
        allotted = sum(each.values()) / len(each) if deadline else each.get(REFERENCE, max(each.values()))
        settled = {c: spec.with_(steps=paces[c].steps_within(spec, allotted)) for c, spec in settled.items()}
    common, trained = None, work.trained_seconds(settled, paces)
    if deadline:
        common = TrainingBudget(trained, timing.left, fixed=work.seconds(settled, paces) - trained)
    for cell, spec in settled.items():
        after = work.forecasts * paces[cell].forecast_seconds(spec) / max(work.fits - work.is_train, 1)
        timing.pacers[cell] = Pacer(paces[cell], clock, common, allotted, after)
    return settled, timing
