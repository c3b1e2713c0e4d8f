"""A trial: one set of settings, scored fold by fold on what lies before the confirmation span.

Shapes: ``K`` folds, ``S`` series, ``H`` horizon.

    ──────────────────────────────────────────────●                      what the search knows
         train ──●─ H ─┤                                                  its folds, all of them before the end
         train ────────●─ H ─┤
         train ──────────────●─ H ─┤
                                                  ├─ H ─┼─ H ─┼─ H ─┤     the confirmation span: no trial sees it
"""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel, even_choice
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import Reading
from forecast.decoding import decode, encode
from forecast.errors import DataError
from forecast.evaluation.backtest import Backtest, backtest
from forecast.evaluation.scales import learning_scales
from forecast.evaluation.splits import Fold
from forecast.experiment.experiment import Prepared, prepare
from forecast.experiment.final_fit import AUTO
from forecast.experiment.input_data import read_to_learn
from forecast.experiment.plan import make_plan
from forecast.experiment.time_limit import Terms
from forecast.experiment.tuning.confirmation_span import search_part
from forecast.experiment.tuning.search_space import WINDOW, changed_settings, trained_model
from forecast.experiment.tuning.trial_order import TrialOrder, located
from forecast.metric_records import METRICS, MetricRecord
from forecast.models.forecaster import Forecaster, Preparable
from forecast.models.networks.recurrent import Memory
from forecast.models.registry import make_forecaster
from forecast.run import Clock, News, Reporter, Run
from forecast.specs import Overrides, Plan, Settings

FloatArray = NDArray[np.float64]

MOST_BLOCKS = 200
"""Of each fold, errors of at most so many series are kept and compared; the error of a trial is over all."""


class _BehindError(Exception):
    """The trial is clearly behind the best one."""


class LateError(Exception):
    """The time of a job is up."""


def do_trial(spec: Mapping[str, Any], run: Run) -> Mapping[str, Any]:
    """Scores a trial: the job that a search orders.

    Args:
        spec: a ``TrialOrder`` as JSON.
        run: what to work with; the data that is read stays in its cache.

    Returns:
        state, error, blocks, seconds and those of them that a loop once compiled takes; see ``TriedSettings``.

    Raises:
        ForecastError: it can't be trained; or the data is another.
    """
    order, began = decode(TrialOrder, spec), run.clock.seconds()
    reading = known_reading(order, run)
    part = run.cache.get(
        "tuning part",
        (order.fingerprint, order.confirm),
        lambda: search_part(reading, order.settings, order.confirm),
        1,
    )
    return score_trial(order, part, with_room(run, reading), began)


def with_room(run: Run, reading: Reading) -> Run:
    """Returns a run whose loops have room for all the data: the confirmation, which knows it, finds them compiled."""
    return run.on(replace(run.machine, room=int(reading.panel.values.size)))


def score_trial(order: TrialOrder, part: Reading, run: Run, began: float | None = None) -> Mapping[str, Any]:
    """Scores a trial on what the search may know.

    Args:
        order: what is tried.
        part: of the data, before all that a trial may not see.
        run: what to work with.
        began: when somebody began to get that ready, on the clock of the run.

    Returns:
        see ``do_trial``.

    Raises:
        ForecastError: it can't be trained.
    """
    began = run.clock.seconds() if began is None else began
    settings, model = changed_settings(order.settings, order.model, order.changes)
    if order.rung is not None and model == AUTO:
        model = order.rung.cell
    plan = _plan_of(part, order, run)
    if order.ends is not None:
        run = run.with_reporter(Punctual(run, datetime.fromisoformat(order.ends)))
    found = _Blocks(part.panel, plan, METRICS[settings.metric], order, run.clock)
    found.cold = run.clock.seconds() - began
    way = TrainingWay(plan, order.rung.effort if order.rung else 1.0, found.prepared)
    try:
        score_settings(part, settings, model, run, found.hear, way)
    except _BehindError:
        return found.told("stopped", run.clock.seconds() - began)
    except LateError:
        return {"state": "late"}
    return found.told("whole", run.clock.seconds() - began)


def _plan_of(part: Reading, order: TrialOrder, run: Run) -> Plan:
    """Returns the plan of a trial: that of all, which is made once since it looks at every series, and its window."""
    from forecast.models.networks.fitting import panel_digest  # TensorFlow, which the trial needs

    asked = replace(order.settings, overrides=Overrides())
    key = (panel_digest(part.panel), repr(encode(asked)))
    plan = run.cache.get("tuning plan", key, lambda: make_plan(part.panel, asked), 1)
    return replace(plan, window=int(order.changes.get(WINDOW, plan.window)))


Source = tuple[str, ReadOptions, str, int | None]
"""Of data: where it is, how it is read, its fingerprint, and how many series of a folder are learned from."""


def keep_reading(run: Run, reading: Reading, source: Source) -> None:
    """Keeps data that was read, so that trials in this process do not read it again."""
    run.cache.get("tuning data", _key(source), lambda: reading, most=1)


def known_reading(order: TrialOrder, run: Run) -> Reading:
    """Returns the data of a tuning, read once in each process.

    Raises:
        DataError: the file is another than when the tuning began.
    """

    def read() -> Reading:
        return read_to_learn(order.source, order.options, datetime.fromisoformat(order.now), order.sample)

    key = _key((order.source, order.options, order.fingerprint, order.sample))
    found = run.cache.get("tuning data", key, read, most=1)
    if found.fingerprint != order.fingerprint:
        raise DataError(
            f"{order.source} was changed while it was tuned.",
            f"forecast tune {shlex.quote(order.source)} --force begins anew",
        )
    return found


def _key(source: Source) -> tuple[str, str, str, int | None]:
    return located(source[0]), repr(encode(source[1])), source[2], source[3]


@dataclass(frozen=True)
class TrainingWay:
    """How settings are scored.

    Attributes:
        plan: of the data, made before; None to make it.
        effort: share of the training steps.
        prepared: hears of seconds that a loop once compiled does not take.
    """

    plan: Plan | None = None
    effort: float = 1.0
    prepared: Callable[[float], None] | None = None


def score_settings(
    reading: Reading,
    settings: Settings,
    model: str,
    run: Run,
    scored_by: Callable[[Fold, FloatArray], None] | None = None,
    way: TrainingWay = TrainingWay(),
) -> tuple[Prepared, Backtest]:
    """Returns the backtest of one model with settings, of points alone.

    Args:
        reading: of the data.
        settings: with all that is changed.
        model: a network, or ``auto`` for all cells together.
        run: what to work with; it hears how far the trial is, and nothing else.
        scored_by: see ``backtest``.
        way: how they are scored.

    Raises:
        ForecastError: see ``prepare``; or a network can't be trained.
    """
    name = trained_model(model)
    quiet = run.with_reporter(_OnlyProgress(run.reporter))
    prepared = prepare(reading, settings, (name,), quiet, Terms(), way.plan)
    plan, machine = prepared.plan, quiet.on(prepared.machine)
    specs = {cell: spec.with_(steps=max(1, round(spec.steps * way.effort))) for cell, spec in prepared.specs.items()}
    forecaster = make_forecaster(name, specs, plan.season_of(name), machine, Memory())
    if way.prepared is not None:
        way.prepared(_prepared(forecaster, prepared.folds[0].train(reading.panel), machine))
    found = backtest(
        reading.panel,
        prepared.folds,
        [forecaster],
        plan.season,
        refit=plan.refit,
        metric=settings.metric,
        progress=quiet.reporter.progress,
        run=machine,
        kind=plan.kind,
        levels=(),
        scored_by=scored_by,
    )
    return prepared, found


def _prepared(forecaster: Forecaster, first: Panel, run: Run) -> float:
    """Returns the seconds in which the loops of a forecaster were compiled for the data of a fold."""
    began = run.clock.seconds()
    for part in getattr(forecaster, "parts", (forecaster,)):
        if isinstance(part, Preparable):
            part.prepare(first)
    return run.clock.seconds() - began


@dataclass(frozen=True)
class _OnlyProgress:
    """A reporter that passes on how far a trial is."""

    inner: Reporter

    def tell(self, news: News) -> None:
        """Says nothing: each trial has a plan of its own."""

    def progress(self, label: str, share: float) -> None:
        """Passes it on."""
        self.inner.progress(label, share)


@dataclass(frozen=True)
class Punctual:
    """A reporter that ends a job when its time is up."""

    run: Run
    ends: datetime

    def tell(self, news: News) -> None:
        """Passes it on."""
        self.run.reporter.tell(news)

    def progress(self, label: str, share: float) -> None:
        """Passes it on.

        Raises:
            LateError: the time is up.
        """
        if self.run.clock.now() > self.ends:
            raise LateError
        self.run.reporter.progress(label, share)


class _Blocks:
    """The errors of a trial so far, each of a fold and a series, beside those of the best one."""

    def __init__(self, panel: Panel, plan: Plan, metric: MetricRecord, order: TrialOrder, clock: Clock) -> None:
        self._panel, self._metric = panel, metric
        self._plan, self._clock, self._times = plan, clock, list[float]()
        self._some = even_choice(len(panel), MOST_BLOCKS)
        self._best = np.array([np.nan if one is None else one for one in order.best])
        self._best_error = order.best_error
        self._errors: list[FloatArray] = []
        self.cold = 0.0
        """Seconds of reading, importing and compiling, which the next trial of these shapes does not take."""

    def prepared(self, seconds: float) -> None:
        """Takes seconds that were spent on compiling."""
        self.cold += seconds

    def hear(self, fold: Fold, point: FloatArray) -> None:
        """Takes the forecast of a fold, (S, H).

        Raises:
            _BehindError: the trial is clearly behind.
        """
        self._times.append(self._clock.seconds())
        self._errors.append(block_errors(self._panel, fold, point, self._plan.season, self._metric))
        mine = self._kept()
        if not 0 < mine.size < self._best.size:
            return
        best = self._best[: mine.size]
        both = np.isfinite(mine) & np.isfinite(best)
        if both.sum() < 2:
            return
        from forecast.experiment.tuning.optuna_study import is_behind

        rest = self._best[mine.size :]
        if is_behind([*best[both], *rest[np.isfinite(rest)]], mine[both].tolist()):
            raise _BehindError

    def _kept(self) -> FloatArray:
        return np.concatenate([errors[self._some] for errors in self._errors])

    def told(self, state: str, seconds: float) -> dict[str, Any]:
        """Returns what became of the trial, as JSON."""
        mine = self._kept()
        error = float(np.nanmean(np.concatenate(self._errors)))
        if state == "stopped":
            gap = np.nanmean(mine - self._best[: mine.size])
            error = float(self._best_error or 0.0) + float(gap)
        blocks = [float(one) if np.isfinite(one) else None for one in mine]
        told = {"state": state, "error": error if np.isfinite(error) else None, "blocks": blocks, "seconds": seconds}
        warm = max(seconds - self.cold, 0.0)
        return {**told, "warm": min(self._warm_seconds() or warm, warm)}

    def _warm_seconds(self) -> float:
        """Returns what all folds take where nothing is to be compiled, by those after the first; 0 where none tells."""
        later = len(self._times) - 1
        if later < 1 or not self._plan.refit:
            return 0.0
        return (self._times[-1] - self._times[0]) / later * (self._plan.folds + self._plan.warms_up)


def block_errors(panel: Panel, fold: Fold, point: FloatArray, season: int, metric: MetricRecord) -> FloatArray:
    """Returns the error of each series in a fold, (S,): scaled by its own movement before, or by that of all together.

    NaN where nothing was scored, or nothing had moved. A metric in the target's unit counts each series by its size;
    one of quantiles is taken as that of their middle.
    """
    truth = fold.truth(panel)
    wrong = np.abs(truth - point) ** metric.power
    known = ~np.isnan(wrong)
    count = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, wrong, 0.0).sum(axis=1) / np.where(count, count, np.nan)
        scale = learning_scales(fold.train(panel), season, metric.power)
        scale = np.where(scale > 0, scale, np.nan)
        if metric.unit == "target":
            scale = np.full_like(scale, np.nanmean(scale)) if np.isfinite(scale).any() else scale
        errors: FloatArray = mean ** (1 / metric.power) / scale
    return errors
