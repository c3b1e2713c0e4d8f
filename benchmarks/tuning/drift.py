"""When a version is taken to have aged, and when a challenger's intervals are no good: alarms that are false or late.

    python benchmarks/tuning/drift.py [--quick]

Measured: the cost of signals on pieces of training parts, forecast by the seasonal naive with intervals from its own
errors: half of one where nothing changed and a signal fired, one where sales grew by half, fell to a half or became
three times as wild and none did. And the cost of the gate's look at intervals: one where a challenger whose intervals
hold 35 % takes over, one where it is refused though they hold 80 %. Of ten, one has changed, or is no good.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from held_back import filled, training_part
from study import Constant, FloatArray, Study, main

MODULE, GATE = "forecast.evaluation.drift", "forecast.production.promotion"
SIGNALS = (
    Constant(MODULE, "DriftLimits.error_ratio", (1.2, 1.5, 3.0, 9.0)),
    Constant(MODULE, "DriftLimits.least_coverage", (0.0, 0.4, 0.7, 0.8)),
    Constant(MODULE, "DriftLimits.share_outside", (0.05, 0.1, 0.4, 1.0)),
    Constant(MODULE, "DriftLimits.fewest_points", (4, 10, 40)),
    Constant(MODULE, "DriftLimits.fewest_values", (2, 5, 20, 30)),
    Constant(MODULE, "MARGIN", (0.0, 0.05, 0.3, 1.0)),
)
INTERVALS = (
    Constant(GATE, "LEAST_COVERAGE", (0.2, 0.35, 0.65, 0.79)),
    Constant(GATE, "FEW_POINTS", (1, 5, 25, 60)),
)
RARE = 0.1
"""Share of versions whose world has changed, three ways alike, and of challengers whose intervals are no good."""
SIZES = {"m3_monthly": (12, 84), "tourism_monthly": (12, 84), "nn5_daily": (7, 180), "walmart_weekly_sub200": (52, 130)}


@dataclass(frozen=True, eq=False)
class Life:
    """Histories, what came afterwards and whether it had changed."""

    season: int
    before: FloatArray  # (S, N)
    after: FloatArray  # (S, n)
    changed: bool


def lives(quick: bool) -> dict[str, Life]:
    """Returns pieces of training parts, and the same with changes after two thirds."""
    found = {}
    for name, (season, steps) in SIZES.items():
        whole = [own[-steps:] for own in filled(training_part(name, 60 if quick else 1500)) if own.size >= steps]
        values = np.stack(whole)
        for new in (6, 12, 30):
            before, after = values[:, : steps - new], values[:, steps - new :]
            level = before[:, -2 * season :].mean(axis=1, keepdims=True)
            found[f"{name}, {new} steps: as before"] = Life(season, before, after, False)
            for what, changed in (
                ("more", 1.5 * after),
                ("less", 0.5 * after),
                ("wilder", level + 3 * (after - level)),
            ):
                found[f"{name}, {new} steps: {what}"] = Life(season, before, changed, True)
    return found


def signal_costs(life: Life) -> FloatArray:
    """Returns what signals, or their absence, cost each series."""
    from forecast.data.panel import panel_from_series
    from forecast.evaluation.drift import DriftEvidence, detect_drift, values_outside

    season, before, after = life.season, life.before, life.after
    found = []
    for past, new in zip(before, after, strict=True):
        errors = past[season:] - past[:-season]
        backtest, width = np.sqrt((errors[-36:] ** 2).mean()), np.quantile(np.abs(errors), 0.8)
        missed = new - np.resize(past[-season:], new.size)
        panel = panel_from_series([np.concatenate([past, new])], "D")
        outside, count = values_outside(panel, np.array([past.size]))
        held = float((np.abs(missed) <= width).mean())
        live = float(np.sqrt((missed**2).mean()))
        told = DriftEvidence("v1", float(backtest), live, new.size, held, new.size, outside, count)
        fired = bool(detect_drift(told))
        found.append((0.0 if fired else RARE / 3) if life.changed else 0.5 * fired * (1 - RARE))
    return np.array(found)


@dataclass(frozen=True, eq=False)
class Contest:
    """How many of so many points intervals held, again and again, and whether they are good."""

    held: FloatArray
    points: int
    good: bool


@cache
def contests(quick: bool) -> dict[str, Contest]:
    """Returns contests over few and many points; points of one horizon share their luck."""
    rng, count = np.random.default_rng(3), 300 if quick else 5000
    found = {}
    for points in (3, 6, 12, 24, 48):
        for share in (0.8, 0.35):
            luck = rng.beta(8 * share, 8 * (1 - share), count)
            found[f"{points} points, {share:.0%}"] = Contest(rng.binomial(points, luck) / points, points, share > 0.5)
    return found


def gate_costs(contest: Contest) -> FloatArray:
    """Returns what the gate's decisions cost, the challenger's error being lower."""
    from forecast.production.promotion import Gate, ModelScore, decide

    found = []
    for held in contest.held.tolist():
        decision = decide(ModelScore(10.0, 0.8), ModelScore(9.0, held), 12.0, contest.points, Gate())
        is_wrong = (decision.outcome == "promoted") != contest.good
        found.append(is_wrong * (1 - RARE if contest.good else RARE))
    return np.array(found)


STUDIES = (Study(SIGNALS, lives, signal_costs, pooled=True), Study(INTERVALS, contests, gate_costs, pooled=True))

if __name__ == "__main__":
    main(__doc__, STUDIES)
