"""A trained model with what its backtest taught: how its members combine and how wide its intervals are.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.checks.demand import counted_series, rare_series
from forecast.data.limits import Lowest, steps_within
from forecast.data.panel import Panel
from forecast.errors import UsageError
from forecast.evaluation.distribution.difficulty import DIFFICULTY, DifficultySettings, difficulty, with_demands
from forecast.evaluation.distribution.distribution import Distribution
from forecast.evaluation.distribution.probabilistic_forecast import NodeSums, ProbabilisticForecast
from forecast.evaluation.intervals import Calibration
from forecast.evaluation.member_forecasts import forecast_points
from forecast.evaluation.scales import SCALES, ScaleSettings, interval_scales, lowest_values, lowest_within
from forecast.interval_levels import LEVELS
from forecast.models.combination import Combination
from forecast.models.covariates.usual_values import UsualValues, usual_of_encoding
from forecast.models.forecaster import Forecasts, Interval, Issuable, Members, Quantiles, ends_of
from forecast.models.method_settings import MethodSettings
from forecast.models.reconciliation.leaf_states import LeafStates
from forecast.models.reconciliation.reconciler import FittedReconciliation, Reconciliation
from forecast.run import ALONE, Run
from forecast.specs import Anchor

FloatArray = NDArray[np.float64]
ONLY_LEVELS = (
    "This version was trained by an earlier program, which kept two intervals and no distribution.",
    "forecast retrain NAME --force makes a version that can be asked for any quantile",
)


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """Ready to forecast from the end of any panel like the one it was trained on.

    Attributes:
        settings: the numbers of the methods that are recomputed at each forecast.
        learned: what stands for known values of steps to come that nobody tells; None where nothing is known ahead, or
            in a version of an earlier program.
        distribution: of the errors; that of a version of an earlier program is known at two levels only.
        levels: of the intervals that are given unasked, in per cent.
        scales: the numbers by which scales are measured.
        difficulty: the numbers by which is measured what tells of errors.
        spread: the usual scale of a series as a share of its size, by which one of few rows has its intervals.
        reconciliation: how forecasts of a hierarchy are made to add up; None where the series are no sums.
    """

    name: str
    model: Issuable
    combination: Combination | None
    distribution: Distribution | Calibration | None
    season: int
    settings: MethodSettings
    learned: UsualValues | None = None
    spread: float | None = None
    scales: ScaleSettings = SCALES
    levels: tuple[float, ...] = LEVELS
    difficulty: DifficultySettings = DIFFICULTY
    reconciliation: Reconciliation | None = None

    @property
    def usual(self) -> UsualValues | None:
        """What stands for known values of steps to come that nobody tells; None where nothing is known ahead."""
        encoding = self.model.covariate_model.encoding if self.model.covariate_model else None
        return self.learned or (usual_of_encoding(encoding) if encoding else None)

    @property
    def horizon(self) -> int:
        """Steps that one direct forecast reaches."""
        return self.model.horizon

    @property
    def steps_used(self) -> int | None:
        """Steps before a forecast that decide it, at most: the window, and what it is trusted against; None for all."""
        used = self.model.lookback
        if used is None:
            return None
        if self.mixture:
            used = max(used, self.settings.classical.steps_used(self.mixture[0], self.model.seasons))
        return used + self.season  # what lies before them fills their gaps

    @property
    def mixture(self) -> tuple[Anchor, float] | None:
        """What the networks are trusted against, and its share of each forecast; None where they stand alone."""
        if self.combination is None or self.combination.trust == 1 or not self.model.anchors:
            return None
        return self.combination.anchor, 1 - self.combination.trust

    @property
    def counts_some(self) -> bool:
        """Whether some series have a distribution of counts, such as leaves that sell now and then."""
        return isinstance(self.distribution, Distribution) and self.distribution.rare is not None

    def counted(self, panel: Panel) -> NDArray[np.bool_] | None:
        """Returns which series have a distribution of counts where not all have, (S,); None where none has."""
        known = self.distribution.rare if isinstance(self.distribution, Distribution) else None
        if known is None:
            return None
        return (
            rare_series(panel, known.interval) if known.are_lone else counted_series(panel, known.interval, known.few)
        )

    def can_tell(self, levels: Sequence[float], probabilities: Sequence[float] = ()) -> bool:
        """Returns whether it has these intervals and quantiles; a version of an earlier program has its own only."""
        if not isinstance(self.distribution, Calibration):
            return True
        return not probabilities and set(levels) <= set(self.distribution.widths)

    def giving(self, levels: Sequence[float]) -> Self:
        """Returns it with other intervals than its own; see ``can_tell``."""
        return replace(self, levels=tuple(levels))

    def widened(self, factor: float) -> Self:
        """Returns it with intervals, quantiles and paths so many times as wide as its own; its forecasts stay."""
        return replace(self, distribution=self.distribution and self.distribution.widened(factor))

    def forecast(
        self, panel: Panel, horizon: int, run: Run = ALONE, *, probabilities: Sequence[float] = ()
    ) -> Forecasts:
        """Returns the forecasts of the next steps of each series; see ``issue``."""
        return self.issue(panel, horizon, run, probabilities=probabilities)[0]

    def issue(
        self, panel: Panel, horizon: int, run: Run = ALONE, *, probabilities: Sequence[float] = ()
    ) -> tuple[Forecasts, ProbabilisticForecast | None]:
        """Returns the forecasts of the next steps of each series, and the distribution of the direct ones among them.

        A horizon longer than trained repeats the direct forecast from its own end; the steps that this adds
        have no intervals (NaN bounds): their errors were never measured. What nobody tells of the known columns is as
        usual, so that a step's forecast is the same number whatever the horizon. There is no distribution without
        errors, nor in a version that knows only the levels that it was trained with.

        Args:
            panel: to forecast from the end of.
            horizon: steps.
            run: what to work with.
            probabilities: of the quantiles that are wanted beside the intervals, ascending.

        Raises:
            UsageError: quantiles are wanted of a version that knows only the levels that it was trained with.
        """
        panel = self.filled(panel, horizon)
        lowest = lowest_within(panel, -(-horizon // self.horizon) * self.horizon)
        blocks: list[FloatArray] = []
        extended, distributed, moves = panel, None, self._moves(panel)
        states = self.leaf_states(panel) or self._lone_states(panel)
        while sum(block.shape[1] for block in blocks) < horizon:
            members = self.model.predict_members(extended, run)
            members = states.settled(members, extended, self.settings.classical.intermittent) if states else members
            own = steps_within(lowest, len(blocks) * self.horizon, self.horizon)
            lifted = moves.lifted(members) if moves else members
            points = forecast_points(lifted, self.combination, own, self.scales.rounding)
            blocks.append(moves.coherent(points, lowest_values(panel)) if moves else points)
            if len(blocks) == 1:
                distributed = self.distributed(panel, members, blocks[0], own, moves)
            if sum(block.shape[1] for block in blocks) < horizon:
                extended = _append(extended, blocks[-1])
        intervals, quantiles = self._bounds(panel, blocks[0], lowest, distributed, probabilities)
        forecasts = Forecasts(
            panel.series_ids,
            panel.future_timestamps(horizon),
            np.hstack(blocks)[:, :horizon],
            tuple(Interval(i.level, _stretch(i.lower, horizon), _stretch(i.upper, horizon)) for i in intervals),
            quantiles and replace(quantiles, values=np.stack([_stretch(each, horizon) for each in quantiles.values])),
            self.levels,
        )
        return forecasts, distributed

    @property
    def _are_lone(self) -> bool:
        known = self.distribution.rare if isinstance(self.distribution, Distribution) else None
        return known is not None and known.are_lone

    def _lone_states(self, panel: Panel) -> LeafStates | None:
        """Returns which series sell now and then where most don't; None where they are forecast as all others are."""
        rare = self.counted(panel) if self._are_lone else None
        return None if rare is None else LeafStates.rare(rare)

    def leaf_states(self, panel: Panel) -> LeafStates | None:
        """Returns what is known of the leaves at the end of a panel; None of a version without a hierarchy."""
        return LeafStates.of(panel, self.reconciliation.settings) if self.reconciliation else None

    def _moves(self, panel: Panel) -> FittedReconciliation | None:
        """Returns what makes forecasts from the end of a panel add up; None where nothing is a sum."""
        is_tree = self.reconciliation is not None and panel.hierarchy is not None
        return self.reconciliation.of(panel) if is_tree and self.reconciliation else None

    def distributed(
        self,
        panel: Panel,
        members: Members,
        point: FloatArray,
        lowest: Lowest,
        moves: FittedReconciliation | None = None,
        *,
        are_sums: bool = False,
    ) -> ProbabilisticForecast | None:
        """Returns a direct forecast with its distribution; None where none is known. Sums of shards have no counts."""
        if not isinstance(self.distribution, Distribution):
            return None
        scales = interval_scales(panel, self.season, self.spread, self.scales)
        if self.reconciliation and self.reconciliation.settings.ends:
            scales = np.where(panel.has_ended, np.nan, scales)  # what is 0 for sure has no interval around it
        used = self.combination.used if self.combination else np.ones(len(members.values), dtype=bool)
        known = difficulty(panel, self.season, scales, point, members, used, self.difficulty)
        rare = None if are_sums else self.counted(panel)
        if rare is not None:
            known = with_demands(known, panel, rare, self.difficulty, are_lone=self._are_lone)
        tree = panel.hierarchy
        sums = NodeSums(tree, moves.variances, moves.settings) if tree is not None and moves else None
        return ProbabilisticForecast(point, panel.series_ids, self.distribution, known, lowest, sums)

    def _bounds(
        self,
        panel: Panel,
        point: FloatArray,
        lowest: Lowest,
        distributed: ProbabilisticForecast | None,
        probabilities: Sequence[float],
    ) -> tuple[tuple[Interval, ...], Quantiles | None]:
        """Returns the intervals of the first direct forecast, and quantiles of it where they are wanted."""
        if isinstance(self.distribution, Calibration):
            if not self.can_tell(self.levels, probabilities):
                raise UsageError(*ONLY_LEVELS)
            scales = interval_scales(panel, self.season, self.spread, self.scales)
            own = self.distribution.intervals(point, panel.series_ids, scales, lowest)
            return tuple(interval for interval in own if interval.level in self.levels), None
        if distributed is None:
            nothing = np.full((len(probabilities), *point.shape), np.nan)
            return (), Quantiles(tuple(probabilities), nothing) if probabilities else None
        every = tuple(sorted({*probabilities, *chain.from_iterable(map(ends_of, self.levels))}))
        quantiles = distributed.quantiles(every)
        intervals = tuple(quantiles.interval(level) for level in self.levels)
        wanted = [every.index(probability) for probability in probabilities]
        return intervals, Quantiles(tuple(probabilities), quantiles.values[wanted]) if wanted else None

    def filled(self, panel: Panel, horizon: int) -> Panel:
        """Returns the panel whose known columns tell of all steps that a forecast of so many looks at."""
        blocks = -(-horizon // self.horizon)
        usual = self.usual
        return (
            usual.filled(panel, blocks * self.horizon + max(self.settings.covariates.around, default=0))
            if usual
            else panel
        )


def _append(panel: Panel, block: FloatArray) -> Panel:
    """Returns the panel with a forecast put after each series; of its past covariates nothing is known there."""
    ends, steps = np.repeat(panel.offsets[1:], block.shape[1]), block.shape[1]
    covariates = panel.covariates
    if covariates:
        covariates = replace(covariates, past=np.insert(covariates.past, ends, np.nan, axis=0))
    values = np.insert(panel.values, ends, block.ravel())
    weights = None if panel.weights is None else np.insert(panel.weights, ends, 1.0)
    left_out = None if panel.left_out is None else np.insert(panel.left_out, ends, False)
    offsets = panel.offsets + steps * np.arange(len(panel) + 1)
    return replace(panel, values=values, offsets=offsets, covariates=covariates, weights=weights, left_out=left_out)


def _stretch(bound: FloatArray, horizon: int) -> FloatArray:
    """Returns a bound cut to the horizon, or lengthened with NaN."""
    missing = max(0, horizon - bound.shape[1])
    return np.pad(bound[:, :horizon], ((0, 0), (0, missing)), constant_values=np.nan)
