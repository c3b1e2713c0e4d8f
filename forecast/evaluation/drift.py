"""Drift: three signals that the world has moved away from what a version learned, each with its numbers in a sentence.

Few live points lie close together and share their luck, so a signal is wrong now and then: seasonal naive, which
learns nothing that could age, fires the error signal at one random time in ten over 900 monthly, weekly, daily and
hourly series (at 1.5 times its backtest error, one in five). That is cheap: a signal only decides that training is
worth it, and whether the new model is better is then measured.

Shapes: ``N`` values of all series, ``S`` series.
"""

from dataclasses import dataclass

import numpy as np

from forecast.data.panel import IntArray, Panel
from forecast.wording import percent, score_text

MARGIN = 0.1  # measured by benchmarks/tuning/drift.py
"""So many training ranges beyond either end still count as inside: with a trend, each year is a little higher."""


@dataclass(frozen=True)
class DriftEvidence:
    """What is known of a version's life since it was trained; a count of 0 where nothing is."""

    version: str  # such as v3, for the sentences
    backtest_rmse: float | None  # that it was published with
    live_rmse: float | None  # of its forecasts that have come true
    live_points: int
    coverage_80: float | None  # share of truths inside its 80 % intervals
    covered_points: int  # that had an interval
    outside: int  # new values out of the range that it was trained on
    new_values: int


@dataclass(frozen=True)
class DriftLimits:
    """From where on a signal fires, and the fewest points it is judged by; measured by benchmarks/tuning/drift.py."""

    error_ratio: float = 2.0  # live RMSE over backtest RMSE
    least_coverage: float = 0.6  # of the 80 % intervals
    share_outside: float = 0.2
    fewest_points: int = 20
    fewest_values: int = 10


@dataclass(frozen=True)
class DriftSignal:
    """One signal that fired."""

    name: str  # error, coverage or range
    sentence: str


def detect_drift(evidence: DriftEvidence, limits: DriftLimits = DriftLimits()) -> tuple[DriftSignal, ...]:
    """Returns the signals that fired, the gravest first; none where all is well or too little is known."""
    found = (_error(evidence, limits), _coverage(evidence, limits), _range(evidence, limits))
    return tuple(signal for signal in found if signal is not None)


def values_outside(panel: Panel, trained: IntArray) -> tuple[int, int]:
    """Returns how many values after the training part lie out of its range, widened by MARGIN, and how many there are.

    Each series has its own range; one without a value in training is left out.

    Args:
        panel: All that is known now.
        trained: (S,), steps of each series that were there in training.
    """
    outside = new = 0
    for i, steps in enumerate(trained):
        known, later = (part[~np.isnan(part)] for part in np.split(panel.series(i), [steps]))
        if known.size:
            room = MARGIN * (known.max() - known.min())
            outside += int(((later < known.min() - room) | (later > known.max() + room)).sum())
            new += later.size
    return outside, new


def _error(evidence: DriftEvidence, limits: DriftLimits) -> DriftSignal | None:
    live, backtest = evidence.live_rmse, evidence.backtest_rmse
    if live is None or not backtest or evidence.live_points < limits.fewest_points:
        return None
    if live <= limits.error_ratio * backtest:
        return None
    return DriftSignal(
        "error",
        f"The last {evidence.live_points:,} forecasts of {evidence.version} that came true have an RMSE of "
        f"{score_text(live)}, {live / backtest:.1f} times the {score_text(backtest)} of its backtest "
        f"(limit: {limits.error_ratio:g} times).",
    )


def _coverage(evidence: DriftEvidence, limits: DriftLimits) -> DriftSignal | None:
    held = evidence.coverage_80
    if held is None or evidence.covered_points < limits.fewest_points or held >= limits.least_coverage:
        return None
    return DriftSignal(
        "coverage",
        f"The 80 % intervals of {evidence.version} held {percent(held)} of the last "
        f"{evidence.covered_points:,} truths (limit: {percent(limits.least_coverage)}).",
    )


def _range(evidence: DriftEvidence, limits: DriftLimits) -> DriftSignal | None:
    outside, new = evidence.outside, evidence.new_values
    if new < limits.fewest_values or outside <= limits.share_outside * new:
        return None
    return DriftSignal(
        "range",
        f"{outside:,} of {new:,} new values ({percent(outside / new)}) lie out of the range that "
        f"{evidence.version} was trained on (limit: {percent(limits.share_outside)}).",
    )
