"""The backtest: all folds forecast by all models, each model knowing nothing after its origin.

What is learned from one fold (the weights of an ensemble's members, the width of the intervals) is used on
later folds only. Fold 0 is there to learn from and is never scored.

Shapes: ``K`` scored folds, ``S`` series, ``H`` horizon, ``M`` members, ``R`` seeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from forecast.data.checks.demand import INTERVAL, counted_series, few_pieces, rare_series
from forecast.data.limits import Lowest, is_never_negative
from forecast.data.panel import Panel
from forecast.errors import DataError
from forecast.evaluation.distribution.count_fit import fit_mixed_distribution
from forecast.evaluation.distribution.difficulty import difficulty, with_demands
from forecast.evaluation.distribution.distribution import Distribution, ErrorRecord
from forecast.evaluation.distribution.probabilistic_forecast import NodeSums, ProbabilisticForecast
from forecast.evaluation.distribution.quantile_metrics import DECILES
from forecast.evaluation.ended_series import ended, ended_records
from forecast.evaluation.hierarchies.fold_reconciler import FOLD_FUTURES, FoldReconciler, ReconciledFolds
from forecast.evaluation.member_forecasts import (
    SharedForecasts,
    each_seed,
    forecast_points,
    moved_points,
    stacked_quantiles,
)
from forecast.evaluation.scales import Scales, learning_scales, lowest_values
from forecast.evaluation.splits import Fold, truth_weights
from forecast.interval_levels import LEVELS
from forecast.models.combination import (
    FEW,
    Combination,
    Evidence,
    FewSeriesPrior,
    is_young,
    learn_combination,
    plain_combination,
)
from forecast.models.ensemble import EnsembleForecaster, EnsembleModel
from forecast.models.forecaster import (
    Curve,
    Fitted,
    Forecaster,
    Interval,
    Members,
    Preparable,
    Quantiles,
    Watcher,
    ends_of,
)
from forecast.models.method_settings import CURRENT as METHODS
from forecast.models.networks.recurrent import RecurrentModel
from forecast.models.parallel import beforehand
from forecast.models.reconciliation.leaf_states import LeafStates, has_means
from forecast.models.reconciliation.reconciler import CURRENT, FittedReconciliation
from forecast.run import SILENT, Run
from forecast.specs import Kind, Metric

FloatArray = NDArray[np.float64]

ENOUGH_ERRORS = 40  # measured by benchmarks/tuning/distribution.py
"""Few series forecast from more origins inside a fold, until their errors are about this many a step."""
MOST_KEPT = 400_000
"""Points of all folds whose distributions are kept, to score totals by."""


@dataclass(frozen=True, eq=False)
class ModelBacktest:
    """One model on all folds."""

    name: str
    forecasts: FloatArray  # (K, S, H)
    by_seed: FloatArray  # (R, K, S, H), each seed's networks alone
    quantiles: Quantiles  # (Q, K, S, H), mostly in single precision; NaN on folds that nothing calibrates
    levels: tuple[float, ...]  # of the intervals, in per cent; none where there is no distribution at all
    combination: Combination  # learned over all folds
    distribution: Distribution | None  # over all folds
    parameters: int | None
    train_seconds: float  # all fits of this model together
    predict_seconds: float  # one forecast of the whole panel
    curve: Curve | None
    distributed: tuple[ProbabilisticForecast | None, ...] = ()  # (K,); nothing where points are very many
    reconciled: ReconciledFolds | None = None  # where series are sums of others

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """The bounds of each level, (K, S, H)."""
        return tuple(self.quantiles.interval(level) for level in self.levels)

    def interval(self, level: float) -> Interval | None:
        """Returns the bounds of a usual level or one that was asked for, (K, S, H); None without a distribution."""
        return self.quantiles.interval(level) if self.levels else None


@dataclass(frozen=True, eq=False)
class Backtest:
    """Several models on the same folds, and the truths that they are scored by."""

    folds: tuple[Fold, ...]  # fold 0 and the K scored ones
    truths: FloatArray  # (K, S, H)
    scales: FloatArray  # (K, S), mean absolute seasonal difference before each origin
    rms_scales: FloatArray  # (K, S), its root mean square
    models: tuple[ModelBacktest, ...]
    refitted: bool
    weights: FloatArray | None = None  # (K, S, H), how much each truth counts in a score; None where all count alike

    def model(self, name: str) -> ModelBacktest:
        """Returns one of the models, by name."""
        return next(tested for tested in self.models if tested.name == name)


@dataclass(frozen=True, eq=False)
class _Record:
    """A forecast made inside a fold, for later folds to learn from once its truths are known there."""

    shift: int  # steps from the fold's origin to the forecast's
    evidence: Evidence
    errors: ErrorRecord  # of the joint forecast
    base: FloatArray  # (S, H), that forecast before it was moved to add up

    def known_at(self, fold: int) -> "_Record":
        """Returns the record with only the truths up to the origin of a later fold; the others are NaN."""
        horizon = self.errors.point.shape[-1]
        late = np.arange(1, horizon + 1) + self.shift > (fold - self.evidence.fold) * horizon
        truth = np.where(late, np.nan, self.evidence.truth)
        return replace(self, evidence=replace(self.evidence, truth=truth), errors=replace(self.errors, truth=truth))


def backtest(  # noqa: PLR0913 - data, models, and five choices that its callers make anyway
    panel: Panel,
    folds: Sequence[Fold],
    forecasters: Sequence[Forecaster],
    season: int,
    *,
    refit: bool,
    metric: Metric,
    run: Run,
    progress: Callable[[str, float], None] = SILENT.progress,
    kind: Kind = "auto",
    levels: Sequence[float] = LEVELS,
    scored_by: Callable[[Fold, FloatArray], None] | None = None,
) -> Backtest:
    """Runs every forecaster over the same folds.

    Args:
        panel: all the data; each model is handed only what lies before its origin.
        folds: from ``rolling_origins``.
        forecasters: networks and baselines alike.
        season: of the series' scale.
        refit: train anew at each origin; otherwise once, at the earliest, which knows the least.
        metric: the error by which past forecasts are judged.
        run: what to work with.
        progress: told the model's name and the share of its work that is done.
        kind: networks are doubted on prices, and on what behaves like random walks up to an origin; never on sales.
        levels: of the intervals, in per cent; none where points are all that is asked for: the last fold then teaches
            nothing.
        scored_by: hears each scored fold's forecast, (S, H), once it is made; what it raises ends the backtest.

    Raises:
        DataError: nothing was observed in any scored fold.
    """
    scored = folds[1:]
    truths = np.stack([fold.truth(panel) for fold in scored])
    if np.isnan(truths).all():
        raise DataError(
            f"Nothing was observed in the last {truths.shape[0] * truths.shape[-1]} steps, on which models are scored.",
            "cut the empty end off the data, or score further back: --folds or --horizon",
        )
    scales, rms_scales = (
        np.stack([learning_scales(fold.train(panel), season, power) for fold in scored]) for power in (1, 2)
    )
    first = folds[0].train(panel)  # one object, so that cells trained in turn share what is made of it
    models, panel_scales, made = [], Scales(season, folds[0].horizon, kind), SharedForecasts(run)
    waiting = [partial(later.prepare, first) for later in forecasters[1:] if isinstance(later, Preparable)]
    with beforehand(waiting, run.machine.networks):
        for place, forecaster in enumerate(forecasters, start=1):
            tested = _RunningBacktest(forecaster, panel, first, panel_scales, metric, made, tuple(levels))
            models.append(_run(tested, folds, refit, partial(progress, forecaster.name), scored_by))
            if not any(isinstance(later, EnsembleForecaster) for later in forecasters[place:]):
                made.forget()
    return Backtest(tuple(folds), truths, scales, rms_scales, tuple(models), refit, truth_weights(panel, scored))


def evidence_shifts(fold: Fold) -> list[int]:
    """Returns how many steps after its origin a fold is forecast from, to learn: 0, and more where series are few."""
    origins = int(np.clip(np.ceil(ENOUGH_ERRORS / max(fold.scored.sum(), 1)), 1, fold.horizon))
    return sorted({int(shift) for shift in np.linspace(0, fold.horizon, origins, endpoint=False)})


def curve_truth(fold: Fold, panel: Panel) -> FloatArray | None:
    """Returns the steps that a curve of learning is drawn against, (S, H): those after fold 0; None on other folds."""
    return fold.truth(panel) if fold.number == 0 and fold.scored.any() else None


def _run(
    tested: "_RunningBacktest",
    folds: Sequence[Fold],
    refit: bool,
    progress: Callable[[float], None],
    scored_by: Callable[[Fold, FloatArray], None] | None,
) -> ModelBacktest:
    """Takes one model over all folds, learning from each only what the next may know."""
    fits = len(folds) if refit else 1
    progress(0.0)
    for fold in folds:
        if tested.fitted is None or refit:
            tested.fit(fold, Watcher(progress).during(fold.number, fits, curve_truth(fold, tested.panel)))
        tested.forecast(fold, teaches=bool(tested.levels) or fold is not folds[-1])
        if scored_by is not None and fold.number > 0:
            scored_by(fold, tested.points[-1])
    progress(1.0)
    return tested.result(folds)


class _RunningBacktest:
    """The state of one model between two folds: what it was fitted to and what it has seen come true."""

    def __init__(
        self,
        forecaster: Forecaster,
        panel: Panel,
        first: Panel,
        scales: Scales,
        metric: Metric,
        made: SharedForecasts,
        levels: tuple[float, ...],
    ) -> None:
        self.forecaster, self.panel, self.first, self.metric = forecaster, panel, first, metric
        self.scales, self.made, self.levels = scales, made, levels
        self.fitted: Fitted | None = None
        self.members: Members | None = None  # the latest
        self.curve: Curve | None = None
        self.records: list[_Record] = []
        self.memories: FloatArray | None = None  # what the past of few series says at the latest fold
        self.points: list[FloatArray] = []
        self.by_seed: list[FloatArray] = []
        self.quantiles: list[Quantiles | None] = []
        self.distributed: list[ProbabilisticForecast | None] = []
        self.train_seconds = self.predict_seconds = 0.0
        self.reconciler = FoldReconciler(panel.hierarchy, panel.series_ids) if panel.hierarchy is not None else None
        self.moves: FittedReconciliation | None = None  # what makes the latest fold's forecasts add up
        self.few: float | None = None  # pieces a step up to which series have counts, by the first fold
        self.rare: NDArray[np.bool_] | None = None  # series that counts are expected of
        self.are_lone = False  # they are among others that mostly sell often

    def fit(self, fold: Fold, watcher: Watcher) -> None:
        """Trains on all that the fold's origin may know."""
        clock = self.made.run.clock
        began = clock.seconds()
        train = self.first if fold.number == 0 else fold.train(self.panel)
        self.fitted = self.forecaster.fit(train, watcher)
        self.train_seconds += max(clock.seconds() - began, self.fitted.train_seconds)
        self.curve = self.curve or self.fitted.curve

    def forecast(self, fold: Fold, *, teaches: bool) -> None:
        """Forecasts the fold with what earlier folds taught, then learns from it, where anything will ask for that."""
        known = [record.known_at(fold.number) for record in self.records]
        train = fold.train(self.panel)
        few = self._few(fold.number, train)
        members = self._members(train)
        combination = self._combination(known, few, members, self.scales.is_walk(fold.number, train))
        _, lowest = self.scales.of(fold, 0, train)
        self.memories = self.scales.memories(fold.number, train) if self.levels else None
        if self.reconciler is not None:
            joined = partial(forecast_points, combination=combination, lowest=lowest)
            past, truth = [(record.base, record.errors.truth) for record in known], fold.truth(self.panel)
            self.moves = self.reconciler.begin(fold.number, train, members, joined, truth, past, lowest)
        record = self._record(fold, 0, members, combination)
        if fold.number > 0:
            self.points.append(record.errors.point)
            self.by_seed.append(each_seed(members, combination, lowest, self.moves))
            made = self._with_distribution(record.errors, known, lowest)
            self.distributed.append(made)
            self.quantiles.append(made.quantiles(self.probabilities) if made else None)
        if teaches:
            self._learn(fold, record, combination)

    def _with_distribution(
        self, made: ErrorRecord, known: Sequence[_Record], lowest: Lowest
    ) -> ProbabilisticForecast | None:
        """Returns a forecast with the distribution that earlier folds taught; None where they taught none."""
        distribution = self._distribution(known, lowest)
        if distribution is None:
            return None
        tree, moves = self.panel.hierarchy, self.moves
        sums = NodeSums(tree, moves.variances, moves.settings) if tree is not None and moves is not None else None
        if sums is not None:
            distribution = replace(distribution, futures=FOLD_FUTURES)
        return ProbabilisticForecast(made.point, self.panel.series_ids, distribution, made.difficulty, lowest, sums)

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Those at which forecasts are scored: the deciles, and the ends of the levels, asked for or usual."""
        return tuple(sorted({*DECILES, *chain.from_iterable(map(ends_of, (*self.levels, *LEVELS)))}))

    def _few(self, fold: int, train: Panel) -> FewSeriesPrior | None:
        """Returns what is known at a fold of series that are few; None where they are many."""
        if len(self.panel) > FEW:
            return None
        length = int(self.panel.lengths.max(initial=0))  # of the whole panel: each fold scores the rule that is issued
        return FewSeriesPrior(len(self.panel), length, self.scales.strength(fold, train))

    def _combination(
        self, known: Sequence[_Record], few: FewSeriesPrior | None, members: Members, is_walk: bool
    ) -> Combination:
        """Returns what earlier folds taught of such members, or what is usual where they taught nothing."""
        evidence, is_price = [record.evidence for record in known], self.scales.kind == "price"
        learned = learn_combination(evidence, self.metric, few=few, is_price=is_price, is_walk=is_walk)
        return learned or plain_combination(members, few)

    def _distribution(
        self, known: Sequence[_Record], lowest: Lowest, more: Sequence[ErrorRecord] = ()
    ) -> Distribution | None:
        records = [*(record.errors for record in known), *more]
        if not records or not self.levels:
            return None
        ids, season, tree = self.panel.series_ids, self.scales.season, self.panel.hierarchy
        few = None if self.are_lone else self.few or 0.0
        fit = partial(fit_mixed_distribution, records, ids, season, nonnegative=is_never_negative(lowest), few=few)
        return fit(memories=self.memories) if tree is None else fit(levels=tree.level)

    def _members(self, train: Panel) -> Members:
        assert self.fitted is not None
        self.members, self.predict_seconds = self.made.members(self.fitted, train)
        states = LeafStates.of(train, CURRENT) if self.reconciler else None
        if self.members.is_demand or (self.reconciler and has_means(self.members)):
            self.few = few_pieces(self.first) if self.few is None else self.few
            self.rare = counted_series(train, INTERVAL, self.few)
        elif has_means(self.members):
            self.rare, self.are_lone = rare_series(train, INTERVAL), True
            states = LeafStates.rare(self.rare)
        if states:
            self.members = states.settled(self.members, train, METHODS.classical.intermittent)
        return self.members

    def _learn(self, fold: Fold, first: _Record, combination: Combination) -> None:
        """Keeps the fold's forecast, and where series are few, more from origins between it and the next."""
        if not fold.scored.any():
            return
        self.records.append(first)
        for shift in evidence_shifts(fold)[1:]:
            members = self._members(fold.moved(self.panel, shift).train(self.panel))
            self.records.append(self._record(fold, shift, members, combination))

    def _record(self, fold: Fold, shift: int, members: Members, combination: Combination) -> _Record:
        """Returns a forecast from so many steps after a fold's origin, with what came and what was known of errors."""
        moved = fold.moved(self.panel, shift)
        train, truth = moved.train(self.panel), moved.truth(self.panel)
        scales, lowest = self.scales.of(fold, shift, train)
        base, point = moved_points(members, combination, lowest, self.moves)
        scales = np.where(train.has_ended, np.nan, scales)
        told = difficulty(train, self.scales.season, scales, point, members, combination.used)
        told = told if self.rare is None else with_demands(told, train, self.rare, are_lone=self.are_lone)
        evidence = Evidence(members, truth, scales, fold.number, is_young(train.lengths, self.scales.season))
        return _Record(shift, evidence, ErrorRecord(fold.number, point, truth, told), base)

    def _ended(
        self, folds: Sequence[Fold], known: Sequence[_Record], combination: Combination
    ) -> Sequence[ErrorRecord]:
        """Returns the records of series that no fold scores; none where covariates take part in the forecasts."""
        which, evidence = ended(self.panel, folds), [record.evidence for record in known if record.shift == 0]
        if self.panel.covariates or not which.any() or not evidence or not evidence[0].members.anchors:
            return ()
        part = self.fitted.parts[0] if isinstance(self.fitted, EnsembleModel) else self.fitted
        if not isinstance(part, RecurrentModel):
            return ()
        return tuple(ended_records(self.panel, which, evidence, combination, part.spec.seasons, self.made.run))

    def result(self, folds: Sequence[Fold]) -> ModelBacktest:
        """Returns the model's backtest, with all that its folds taught."""
        assert self.fitted is not None
        assert self.members is not None
        known = [record.known_at(len(folds)) for record in self.records]
        few, is_walk = self._few(len(folds), self.panel), self.scales.is_walk(len(folds), self.panel)
        combination = self._combination(known, few, self.members, is_walk)
        more = self._ended(folds, known, combination) if self.levels else ()
        self.memories = self.scales.memories(len(folds), self.panel) if self.levels else None
        return ModelBacktest(
            name=self.forecaster.name,
            forecasts=np.stack(self.points),
            by_seed=np.stack(self.by_seed, axis=1),
            quantiles=stacked_quantiles(self.quantiles, self.points, self.probabilities),
            levels=self.levels if any(self.quantiles) else (),
            combination=combination,
            distribution=self._distribution(known, lowest_values(self.panel), more),
            parameters=self.fitted.parameters,
            train_seconds=self.train_seconds,
            predict_seconds=self.predict_seconds,
            curve=self.curve,
            distributed=tuple(self.distributed) if np.size(self.points) <= MOST_KEPT else (),
            reconciled=self.reconciler.result([(r.base, r.errors.truth) for r in known]) if self.reconciler else None,
        )
