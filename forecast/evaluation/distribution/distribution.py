"""A predictive distribution, from the errors of earlier forecasts alone.

An error is measured on the scale on which errors are most alike (level, square root or logarithm), and divided by its
``Spread``. What is left is pooled over series, steps and folds; its quantiles, tails apart, are the shape of every
forecast. This is split conformal prediction with a normalised score (Lei et al. 2018; Romano et al. 2019), where few
folds stand beside what many short series taught.

Shapes: ``R`` records, ``S`` series, ``H`` horizon, ``P`` probabilities.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.limits import Lowest, keep, keep_one
from forecast.data.panel import IntArray
from forecast.evaluation.distribution.counts import CountShape
from forecast.evaluation.distribution.difficulty import Difficulty, error_scale
from forecast.evaluation.distribution.level_hardness import fit_node_hardness
from forecast.evaluation.distribution.paths import FUTURES, Dependence, fit_dependence
from forecast.evaluation.distribution.quantile_metrics import DECILES, pinball_losses
from forecast.evaluation.distribution.shape import (
    GRID,
    MOST_STRETCH,
    SYMMETRIES,
    USUAL,
    USUAL_PLAIN,
    FloatArray,
    Symmetry,
    Transform,
    at_scores,
    interpolated,
    normal_scores,
    weighted_quantiles,
)
from forecast.evaluation.distribution.spread import Hardness, Spread, fit_spread, stride
from forecast.models.forecaster import Quantiles

USUAL_FOLDS = 8.0  # measured by benchmarks/tuning/distribution.py
"""Forecasts of a series for which the usual shape counts."""
PROOF = 8.0  # measured by benchmarks/tuning/distribution.py
"""The median is the forecast itself, unless folds agree on another: so many times their variance is doubted."""
CLEARLY = 0.995  # measured by benchmarks/tuning/distribution.py
"""Another scale, or spreads by phase, are taken where the pinball loss is at most this share of it."""
MANY = 40  # measured by benchmarks/tuning/distribution.py
"""Forecasts of a series from which on scales and phases are chosen."""
PHASE_BELIEF = 10.0  # measured by benchmarks/tuning/distribution.py
MOST_PHASES = 48
SHARES: dict[Symmetry, float] = {"level": 0.0, "sqrt": 0.02, "log": 0.1}
"""Of a series' level, added before a root or a logarithm, which zeros have none of."""
MOST_LOSS = 50.0
MOST_ERRORS = 60_000
"""By which a shape is told, evenly chosen where there are more."""


@dataclass(frozen=True, eq=False)
class ErrorRecord:
    """A forecast that has come true.

    Attributes:
        fold: that it is from.
        point: (S, H).
        truth: (S, H); NaN where nothing was observed or known in time.
        difficulty: what was known at its origin.
    """

    fold: int
    point: FloatArray
    truth: FloatArray
    difficulty: Difficulty


@dataclass(frozen=True, eq=False)
class Distribution:
    """The distribution of a model's forecasts.

    Attributes:
        symmetry: the scale on which errors are alike.
        share: of a series' level that is added before a root or a logarithm.
        spread: how large errors are expected to be.
        probabilities: (P,), at which it is kept.
        table: (P,), quantiles of errors over their spread at these.
        series_ids: (S,), whose hardness is known.
        hardness: of these series.
        dependence: how errors of several steps and series belong together.
        stretch: of the scale on which errors are alike, see ``Transform``.
        futures: joint paths by which totals are told.
        counts: of demand that comes now and then; ``table`` then holds normal scores, and its spread is of no use.
        rare: of some series, such as leaves that sell now and then: those of which a difficulty tells demands.
    """

    symmetry: Symmetry
    share: float
    spread: Spread
    probabilities: tuple[float, ...]
    table: FloatArray
    series_ids: tuple[str, ...]
    hardness: Hardness
    dependence: Dependence
    stretch: float = MOST_STRETCH
    futures: int = FUTURES
    counts: CountShape | None = None
    rare: CountShape | None = None

    def widened(self, factor: float) -> Self:
        """Returns it with all quantiles and paths so many times as far from the median, on the scale of its errors."""
        if factor == 1:
            return self
        median = interpolated(self.table, self.probabilities, (0.5,))
        rare = self.rare and self.rare.widened(factor)
        return replace(self, table=median + factor * (self.table - median), rare=rare)

    def quantiles(
        self,
        point: FloatArray,
        difficulty: Difficulty,
        series_ids: Sequence[str],
        probabilities: Sequence[float],
        lowest: Lowest,
    ) -> Quantiles:
        """Returns quantiles of forecasts.

        Args:
            point: (S, H), in the target's unit.
            difficulty: what is known at their origin.
            series_ids: (S,).
            probabilities: ascending, between 0 and 1.
            lowest: (S,), no quantile lies below: 0 for a series that never was negative, else −inf.
        """
        shape = interpolated(self.table, self.probabilities, probabilities)[:, None, None]
        if self.counts:
            scores = np.broadcast_to(shape, (len(probabilities), *point.shape))
            return Quantiles(tuple(probabilities), keep(self.counts.quantiles(point, difficulty, scores), lowest))
        transform, sizes = self._sizes(point, difficulty, series_ids)
        values = transform.moved(point, shape * sizes)
        if self.rare:
            values = self.rare.instead(values, point, difficulty, normal_scores(probabilities))
        return Quantiles(tuple(probabilities), keep(values, lowest))

    def paths(
        self,
        point: FloatArray,
        difficulty: Difficulty,
        series_ids: Sequence[str],
        count: int,
        lowest: Lowest,
        *,
        seed: int = 0,
        which: Sequence[int] | None = None,
    ) -> Iterator[FloatArray]:
        """Yields joint futures of each series in turn, (N, H), in the target's unit.

        The n-th path of all series is one future: what they have in common is the same in each.

        Args:
            point: (S, H), in the target's unit.
            difficulty: what is known at their origin.
            series_ids: (S,).
            count: paths, ``N``.
            lowest: (S,), no value lies below: 0 for a series that never was negative, else −inf.
            seed: of the draws.
            which: places of the series that are wanted, in their order; None for all.
        """
        which = range(len(series_ids)) if which is None else which
        draws = self.dependence.draws(count, [series_ids[i] for i in which], seed)
        yield from self.at_scores(point, difficulty, series_ids, lowest, which, draws)

    def at_scores(
        self,
        point: FloatArray,
        difficulty: Difficulty,
        series_ids: Sequence[str],
        lowest: Lowest,
        which: Sequence[int],
        scores_of: Iterable[FloatArray],
    ) -> Iterator[FloatArray]:
        """Yields the values of some series in turn that have given normal scores, (N, H), in the target's unit.

        Args:
            point: (S, H), in the target's unit.
            difficulty: what is known at their origin.
            series_ids: (S,).
            lowest: (S,), no value lies below.
            which: places of the series that are wanted, in their order.
            scores_of: these, (N, H) each.
        """
        grid = normal_scores(self.probabilities)
        if self.counts:
            each = self.counts.size_of(difficulty)
            for i, scores in zip(which, scores_of, strict=True):
                own = self.counts.at(point[i], each[i : i + 1], at_scores(self.table, grid, scores))
                yield keep_one(own, lowest, i)
            return
        transform, sizes = self._sizes(point, difficulty, series_ids)
        counts = self.rare.by_place(point, difficulty) if self.rare else {}
        for i, scores in zip(which, scores_of, strict=True):
            if i in counts:
                made = counts[i](scores)
            else:
                steps = at_scores(self.table, grid, scores) * sizes[i]
                made = replace(transform, offsets=transform.offsets[i]).moved(point[i], steps)
            yield keep_one(made, lowest, i)

    def _sizes(
        self, point: FloatArray, difficulty: Difficulty, series_ids: Sequence[str]
    ) -> tuple[Transform, FloatArray]:
        """Returns the scale on which errors are alike, and how large they are expected to be on it, (S, H)."""
        transform, units = error_scale(self.symmetry, self.share, point, difficulty, self.stretch)
        factors = self._factors(series_ids, difficulty.origins, point.shape[1])
        return transform, units * self.spread.of(difficulty.features) * factors

    def _factors(self, series_ids: Sequence[str], origins: IntArray, horizon: int) -> FloatArray:
        """Returns the hardness of some series by step, (S, H); 1 where nothing is known of one."""
        if tuple(series_ids) == self.series_ids:
            return self.hardness.of(origins, horizon)
        places = {name: i for i, name in enumerate(self.series_ids)}
        which = [places.get(name, len(places)) for name in series_ids]  # after the last: as hard as usual
        own = np.append(self.hardness.own, 1.0)[which]
        phases = np.concatenate([self.hardness.phases, np.ones((1, self.hardness.count))])[which]
        return Hardness(own, phases).of(origins, horizon)


def usual_share(series_folds: float) -> float:
    """Returns the share of a distribution's shape that stands on other series, where so many folds were forecast.

    Args:
        series_folds: folds times series.
    """
    return USUAL_FOLDS / (USUAL_FOLDS + series_folds)


def fit_distribution(
    records: Sequence[ErrorRecord],
    series_ids: tuple[str, ...],
    season: int,
    *,
    nonnegative: bool,
    levels: IntArray | None = None,
    counted: FloatArray | None = None,
    memories: FloatArray | None = None,
) -> Distribution | None:
    """Returns the distribution that earlier errors speak for; None where there are none.

    Args:
        records: forecasts of the same model at several origins.
        series_ids: (S,).
        season: by whose phases series may be harder.
        nonnegative: whether no series ever was below zero, so that roots and logarithms may be tried.
        levels: (S,), of a hierarchy: the leaves tell how errors belong together; None where none is a sum of others.
        counted: (R, S, H), normal scores of what has a distribution of its own; NaN of all others.
        memories: what the past of few series says of it, see ``memory_likelihoods``.
    """
    fitter = _Fitter(records, series_ids, season, 0.0 if nonnegative else -np.inf, levels, counted)
    best = fitter.fitted("level", 1)
    if best is None:
        return None
    horizon, is_much = records[0].point.shape[1], fitter.series_folds >= MANY
    if is_much and nonnegative:
        best = fitter.better(best, [(symmetry, 1) for symmetry in SYMMETRIES[1:]])
    if is_much and 1 < season <= min(horizon, MOST_PHASES):
        best = fitter.better(best, [(best.symmetry, season)])
    return fitter.distribution(best, memories)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A distribution, as far as it is needed to compare it.

    Attributes:
        symmetry: the scale on which errors are alike.
        spread: how large errors are expected to be.
        hardness: of the series.
        table: quantiles of errors over their spread.
        errors: (R, S, H), these errors.
        loss: the pinball loss, in units of the scale of the series.
    """

    symmetry: Symmetry
    spread: Spread
    hardness: Hardness
    table: FloatArray
    errors: FloatArray
    loss: float


class _Fitter:
    """What several candidates have in common."""

    def __init__(
        self,
        records: Sequence[ErrorRecord],
        series_ids: tuple[str, ...],
        season: int,
        lowest: float,
        levels: IntArray | None = None,
        counted: FloatArray | None = None,
    ) -> None:
        self.records, self.series_ids, self.season = records, series_ids, season
        self.lowest, self.levels, self.counted = lowest, levels, counted
        self.folds = np.array([record.fold for record in records])
        self.features = np.stack([record.difficulty.features for record in records])
        self.origins = np.stack([record.difficulty.origins for record in records])
        truths = np.stack([record.truth for record in records])
        known = ~np.isnan(truths) & ~np.isnan(np.stack([r.difficulty.scales for r in records]))[..., None]
        self.series_folds = self._pieces(known)

    def _pieces(self, known: NDArray[np.bool_]) -> float:
        """Returns in how many folds something of a series is known, (R, S, H), all series together."""
        return float(sum(known[self.folds == fold].any(axis=(0, 2)).sum() for fold in set(self.folds)))

    def distribution(self, best: _Candidate, memories: FloatArray | None) -> Distribution:
        """Returns a candidate as a distribution, with how errors belong together."""
        scores = np.where(np.isnan(best.errors), np.nan, np.interp(best.errors, best.table, normal_scores(GRID)))
        pieces = self.series_folds
        if self.counted is not None:
            pieces += self._pieces(~np.isnan(self.counted))
            scores = np.where(np.isnan(self.counted), scores, self.counted)
        if self.levels is not None:
            scores = scores[:, self.levels == self.levels.max()]
        shown = (best.symmetry, SHARES[best.symmetry], best.spread, GRID, best.table, self.series_ids, best.hardness)
        return Distribution(*shown, fit_dependence(scores, self.folds, pieces, memories))

    def better(self, plain: _Candidate, others: Sequence[tuple[Symmetry, int]]) -> _Candidate:
        """Returns the best of some kinds of candidates where it is clearly better than a plain one, else that one."""
        found = [candidate for symmetry, phases in others if (candidate := self.fitted(symmetry, phases))]
        best = min(found, key=lambda candidate: candidate.loss, default=plain)
        return best if best.loss < CLEARLY * plain.loss else plain

    def fitted(self, symmetry: Symmetry, phases: int) -> _Candidate | None:
        """Returns the candidate of a kind; None where nothing is known."""
        share = SHARES[symmetry]
        scales = [error_scale(symmetry, share, own.point, own.difficulty, MOST_STRETCH) for own in self.records]
        signed = np.stack(
            [
                (transform.forth(record.truth) - transform.forth(record.point)) / units
                for record, (transform, units) in zip(self.records, scales, strict=True)
            ]
        )
        spread = fit_spread(np.abs(signed), self.features, self.folds, self.series_folds, self.season)
        if spread is None:
            return None
        expected = spread.of(np.swapaxes(self.features, 0, 1))
        ratios = signed / expected
        hardness = fit_node_hardness(ratios, self.folds, self.origins, phases, PHASE_BELIEF, self.levels)
        factors = self._others_say(ratios, phases)
        apart = ratios / factors
        table = self._table(apart)
        errors, loss, shapes = expected * factors, 0.0, interpolated(table, GRID, DECILES)
        for record, (transform, units), error in zip(self.records, scales, errors, strict=True):
            loss += _pinball(record, transform, units * error, shapes, self.lowest)
        return _Candidate(symmetry, spread, hardness, table, apart, loss)

    def _others_say(self, ratios: FloatArray, phases: int) -> FloatArray:
        """Returns the hardness that the other folds tell of, by step: no error calibrates itself, (R, S, H)."""
        factors = np.ones(ratios.shape)
        for fold in np.unique(self.folds):
            others = self.folds != fold
            if others.any():
                known = ratios[others], self.folds[others], self.origins[others]
                told = fit_node_hardness(*known, phases, PHASE_BELIEF, self.levels)
                for own in np.flatnonzero(~others):
                    factors[own] = told.of(self.origins[own], ratios.shape[2])
        return factors

    def _table(self, errors: FloatArray) -> FloatArray:
        """Returns the quantiles of standardised errors at ``GRID``.

        Errors of one fold have much in common, such as a year that was better than all before it. What a fold's
        errors have in common may as well have been the other way round, and counts half each way, but for what all
        folds agree on: that is the median.
        """
        folds = np.unique(self.folds)
        each = [own[~np.isnan(own)] for own in (errors[self.folds == fold] for fold in folds)]
        each = [own[:: stride(len(own), MOST_ERRORS // len(folds), errors.shape[2])] for own in each if len(own)]
        centres = np.array([np.median(own) for own in each])
        centre = centres.mean()
        if len(centres) > 1:
            doubt = PROOF * centres.var(ddof=1) / len(centres)
            centre *= max(0.0, 1 - doubt / max(centre**2, 1e-300))
        else:
            centre = 0.0
        usual = USUAL if self.season > 1 else USUAL_PLAIN
        parts = [usual, *each, *(own - 2 * (at - centre) for own, at in zip(each, centres, strict=True))]
        total = sum(map(len, each))
        weights = [np.gradient(np.array(GRID)) * USUAL_FOLDS]
        weights += [np.full(len(part), self.series_folds / total / 2) for part in parts[1:]]
        return weighted_quantiles(np.concatenate(parts), np.concatenate(weights), GRID)


def _pinball(record: ErrorRecord, transform: Transform, sizes: FloatArray, shapes: FloatArray, lowest: float) -> float:
    """Returns the sum of the pinball losses of all deciles as they are issued, in units of the scales of the series."""
    loss = 0.0
    for probability, shape in zip(DECILES, shapes, strict=True):
        quantile = np.maximum(transform.moved(record.point, shape * sizes), lowest)
        losses = pinball_losses(record.truth, quantile, probability) / record.difficulty.scales[:, None]
        loss += float(np.nansum(np.minimum(losses, MOST_LOSS)))
    return loss
