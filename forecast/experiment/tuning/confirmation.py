"""The confirmation: the best settings of a search meet the default on a span that no trial saw, with fresh seeds.

Shapes: ``R`` seeds, ``K`` folds, ``S`` series, ``H`` horizon.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.decoding import Document
from forecast.evaluation.significance import LEVEL, chance_words, doubt
from forecast.metric_records import METRICS
from forecast.models.networks.presets import SEEDS
from forecast.specs import Settings
from forecast.wording import counted, gap_percent

FloatArray = NDArray[np.float64]

FRESH = 1000
"""Seeds of the confirmation begin so many after those of the search."""
LEAST_SEEDS = 2
ORIGINS_APART = 0.012  # measured by benchmarks/tune.py
"""By what share of the error settings gain or lose from one origin to the next (standard deviation over three folds of
six panels, other cells in place of the default's): all series of an origin have its weather in common."""
DEVIATIONS = 1.96
"""So many of these say that a difference is no matter of the origin; as ``LEVEL`` does, from both sides."""
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
    def least_gain(self) -> float:
        """What is asked for: less may be turned round at the next origin, however many series agree at these."""
        return float(DEVIATIONS * ORIGINS_APART / np.sqrt(max(self.folds, 1)))

    @property
    def words(self) -> str:
        """What came out, in sentences."""
        folds = f"{counted(self.folds, 'fold')} × " if self.folds > 1 else ""
        span = f"the last {folds}{counted(self.horizon, 'step')}, which no trial saw"
        told = f"{METRICS[self.metric].label} {self.error:.4g}, and the default's {self.default_error:.4g}"
        share = gap_percent(abs(self.gain))
        if self.is_better:
            return (
                f"On {span}, the best settings err {share} less than the default: {told} ({self._evidence}). They win."
            )
        if self.gain <= 0:
            how = f"err {share} more than the default" if self.gain < 0 else "err as the default does"
            return f"On {span}, the best settings of the search {how}: {told}. The default stays."
        if self.gain < self.least_gain:
            return (
                f"On {span}, the best settings of the search err {share} less than the default: {told} "
                f"({self._evidence}). The next origin may turn that round: at least {gap_percent(self.least_gain)} is "
                "asked for. That is a tie, and the default stays."
            )
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


def judge(default: Contestant, best: Contestant, metric: str, looks: int) -> Confirmation:
    """Returns whether the best settings of a search are better than the default: where all of these say so.

    Their mean scaled error is lower; chance would make such a difference less often than ``LEVEL`` by the steps in
    time and by the series, as far as these tell; by more than settings gain or lose from one origin to the next; and
    with most of the fresh seeds, each by itself, it is lower too.
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
    found = Confirmation(
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
    return replace(found, is_better=found.is_better and found.gain >= found.least_gain)


def _sizes(default: Contestant, truths: FloatArray) -> FloatArray:
    """Returns what errors of each series are divided by, (1, S, 1), so that large ones do not speak for all."""
    wrong = np.where(np.isnan(truths), 0.0, truths - default.forecasts) ** 2
    count = (~np.isnan(truths)).sum(axis=(0, 2))
    size = np.sqrt(wrong.sum(axis=(0, 2)) / np.maximum(count, 1))
    result: FloatArray = np.where(size > 0, size, 1.0)[None, :, None]
    return result


def _rmse(truths: FloatArray, forecasts: FloatArray) -> float:
    return float(np.sqrt(np.nanmean((truths - forecasts) ** 2)))
