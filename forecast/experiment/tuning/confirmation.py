"""The confirmation: the best settings of a search meet the default on a span that no trial saw, with fresh seeds.

Shapes: ``R`` seeds, ``K`` folds, ``S`` series, ``H`` horizon.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.reading.reader import Reading
from forecast.decoding import Document
from forecast.evaluation.backtest import Backtest
from forecast.evaluation.significance import LEVEL, chance_words, doubt
from forecast.evaluation.splits import Fold
from forecast.experiment.tuning.search_space import Changes, changed_settings, trained_model
from forecast.experiment.tuning.trial import block_errors, score_settings
from forecast.metric_records import METRICS
from forecast.models.networks.presets import SEEDS
from forecast.run import News, Run
from forecast.specs import Deadline, Settings
from forecast.wording import counted, gap_percent

FloatArray = NDArray[np.float64]

FRESH = 1000
"""Seeds of the confirmation begin so many after those of the search."""
LEAST_SEEDS = 2
LATE = 1.06
"""A confirmation that is not done after so many times the limit is given up: the default stays."""
TAIL = 4.0
"""Seconds that drawing, saving and leaving take."""


@dataclass(frozen=True)
class Confirmation(Document):
    """How the best settings did beside the default on the confirmation span.

    Attributes:
        error: of the tuned settings, mean over the blocks of the metric scaled by series.
        default_error: of the default on the same blocks.
        rmse: in the target's unit; the default's likewise.
        p: that a difference like theirs is chance; None where too few points tell.
        level: below which it is believed: a span that was looked at before asks for more.
        seeds: of which each settings' networks were trained; in ``seeds_won`` the tuned ones erred less.
        blocks: of a fold and a series; in ``blocks_won`` the tuned settings erred less.
        folds: that were scored, of ``horizon`` steps each, the first from ``first`` on.
        looks: how often this span was looked at, this time included.
        is_better: whether the tuned settings are taken.
    """

    metric: str
    error: float
    default_error: float
    rmse: float
    default_rmse: float
    p: float | None
    level: float
    seeds: int
    seeds_won: int
    blocks: int
    blocks_won: int
    folds: int
    horizon: int
    first: str
    looks: int
    is_better: bool

    @property
    def gain(self) -> float:
        """The share by which the tuned settings err less; below zero where they err more."""
        return 1 - self.error / self.default_error if self.default_error else 0.0

    @property
    def words(self) -> str:
        """What came out, in sentences."""
        span = f"the last {counted(self.folds, 'fold')} × {counted(self.horizon, 'step')}, which no trial saw"
        told = f"{METRICS[self.metric].label} {self.error:.4g}, and the default's {self.default_error:.4g}"
        share = gap_percent(abs(self.gain))
        if self.is_better:
            return (
                f"On {span}, the best settings err {share} less than the default: {told} ({self._evidence}). They win."
            )
        if self.gain <= 0:
            how = f"err {share} more than the default" if self.gain < 0 else "err as the default does"
            return f"On {span}, the best settings of the search {how}: {told}. The default stays."
        return (
            f"On {span}, the best settings of the search err {share} less than the default, which may be chance: "
            f"{told} ({self._evidence}). That is a tie, and the default stays."
        )

    @property
    def _evidence(self) -> str:
        p = "too few points to say how likely that is chance" if self.p is None else chance_words(self.p)
        looks = f"; looked at {self.looks} times, so p below {self.level:.3g} is asked for" if self.looks > 1 else ""
        blocks = f", {self.blocks_won} of {counted(self.blocks, 'block')}" if self.blocks > 1 else ""
        return f"{p}, lower with {self.seeds_won} of {counted(self.seeds, 'fresh seed')}{blocks}{looks}"


@dataclass(frozen=True, eq=False)
class Contestant:
    """What settings forecast on the confirmation span."""

    truths: FloatArray  # (K, S, H); NaN is not scored
    forecasts: FloatArray  # (K, S, H)
    by_seed: FloatArray  # (R, K, S, H)
    errors: FloatArray  # (K, S), scaled
    errors_by_seed: FloatArray  # (R, K, S)
    first: str = ""


def fresh_seeds(settings: Settings) -> Settings:
    """Returns settings whose networks have seeds that the search did not use, and at least two."""
    seeds = max(LEAST_SEEDS, settings.seeds or SEEDS[settings.preset])
    return replace(settings, seed=settings.seed + FRESH, seeds=seeds)


@dataclass(frozen=True)
class Match:
    """Who meets on the confirmation span.

    Attributes:
        settings: of the run, as the user gave them.
        model: that is tuned.
        changes: of the recipe.
        folds: of the confirmation.
        looks: how often the span was looked at, this time included.
    """

    settings: Settings
    model: str
    changes: Changes
    folds: int
    looks: int


def confirm(reading: Reading, match: Match, run: Run) -> Confirmation:
    """Returns how changed settings do beside the default at the end of the data.

    Args:
        reading: of all the data.
        match: who meets.
        run: what to work with.

    Raises:
        ForecastError: see ``score_settings``.
    """
    usual = fresh_seeds(replace(match.settings, folds=match.folds))
    default = _contestant(reading, usual, match.model, run.stage(0.0, 0.5))
    tuned, cell = changed_settings(usual, match.model, match.changes)
    best = _contestant(reading, tuned, cell, run.stage(0.5, 1.0))
    return judge(default, best, usual.metric, match.looks)


def _contestant(reading: Reading, settings: Settings, model: str, run: Run) -> Contestant:
    prepared, found = score_settings(reading, settings, model, run)
    trial, season, metric = found.trial(trained_model(model)), prepared.plan.season, METRICS[settings.metric]

    def errors(forecasts: FloatArray) -> FloatArray:
        pairs = zip(_scored(found), forecasts, strict=True)
        return np.stack([block_errors(reading.panel, fold, point, season, metric) for fold, point in pairs])

    by_seed = np.stack([errors(each) for each in trial.by_seed])
    first = str(found.folds[1].origin(reading.panel)).removesuffix("T00:00:00")
    return Contestant(found.truths, trial.forecasts, trial.by_seed, errors(trial.forecasts), by_seed, first)


def _scored(found: Backtest) -> tuple[Fold, ...]:
    return found.folds[1:]


def judge(default: Contestant, best: Contestant, metric: str, looks: int) -> Confirmation:
    """Returns whether the best settings of a search are better than the default: where all of these say so.

    Their mean scaled error is lower; chance would make such a difference less often than ``LEVEL`` by the steps in
    time and by the series, as far as these tell; and with most of the fresh seeds, each by itself, it is lower too.
    """
    both = np.isfinite(default.errors) & np.isfinite(best.errors)
    error, usual = float(best.errors[both].mean()), float(default.errors[both].mean())
    truths = np.where(np.isnan(best.truths), np.nan, default.truths)
    scales = _sizes(default, truths)
    p = doubt(truths / scales, best.forecasts / scales, default.forecasts / scales)
    by_seed = [
        (mine[both].mean(), its[both].mean())
        for mine, its in zip(best.errors_by_seed, default.errors_by_seed, strict=False)
    ]
    won = sum(bool(mine < its) for mine, its in by_seed)
    level = LEVEL / looks
    is_told = not np.isnan(p) and p <= level
    return Confirmation(
        metric=metric,
        error=error,
        default_error=usual,
        rmse=_rmse(truths, best.forecasts),
        default_rmse=_rmse(truths, default.forecasts),
        p=None if np.isnan(p) else float(p),
        level=level,
        seeds=len(by_seed),
        seeds_won=won,
        blocks=int(both.sum()),
        blocks_won=int((best.errors[both] < default.errors[both]).sum()),
        folds=truths.shape[0],
        horizon=truths.shape[2],
        first=default.first,
        looks=looks,
        is_better=bool(error < usual and is_told and won > len(by_seed) / 2),
    )


def _sizes(default: Contestant, truths: FloatArray) -> FloatArray:
    """Returns what errors of each series are divided by, (1, S, 1), so that large ones do not speak for all."""
    wrong = np.where(np.isnan(truths), 0.0, truths - default.forecasts) ** 2
    count = (~np.isnan(truths)).sum(axis=(0, 2))
    size = np.sqrt(wrong.sum(axis=(0, 2)) / np.maximum(count, 1))
    result: FloatArray = np.where(size > 0, size, 1.0)[None, :, None]
    return result


def _rmse(truths: FloatArray, forecasts: FloatArray) -> float:
    return float(np.sqrt(np.nanmean((truths - forecasts) ** 2)))


class OverdueError(Exception):
    """The time of a confirmation is up."""


@dataclass(frozen=True)
class _Overdue:
    """A reporter that ends a confirmation when its time is up."""

    run: Run
    deadline: Deadline

    def tell(self, news: News) -> None:
        """Passes it on."""
        self.run.reporter.tell(news)

    def progress(self, label: str, share: float) -> None:
        """Passes it on.

        Raises:
            OverdueError: the time is up.
        """
        if self.deadline.spent(self.run.clock.seconds()) > LATE * self.deadline.limit - TAIL:
            raise OverdueError
        self.run.reporter.progress(f"confirming, {label}", share)


def timed_confirmation(run: Run, deadline: Deadline | None) -> Run:
    """Returns a run that a confirmation is given up in when its time is up."""
    return run if deadline is None else run.with_reporter(_Overdue(run, deadline))
