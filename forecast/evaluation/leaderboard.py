"""The table that all models stand in, scored on the same points, and the sentence that says who won.

Shapes: ``K`` folds, ``S`` series, ``H`` horizon, ``R`` seeds.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation import metrics
from forecast.evaluation.backtest import Backtest, Trial

FloatArray = NDArray[np.float64]

REFERENCE = "seasonal-naive"


@dataclass(frozen=True)
class Row:
    """One model's scores; errors are in the target's unit unless a name says otherwise."""

    rank: int
    model: str
    rmse: float  # pooled over all scored points
    rmse_std: float  # over seeds; 0 for a model without any
    mae: float
    mase: float
    smape: float  # per cent
    skill: float | None  # 1 − rmse / rmse of seasonal naive
    coverage_80: float | None  # share of truths inside, on folds later than those that calibrated
    params: int | None
    train_seconds: float  # all fits of the backtest
    predict_ms: float  # one forecast of the whole panel
    note: str
    rmse_fold_std: float  # over folds
    rmse_mean_series: float  # mean over series of each series' RMSE
    rmsse: float


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """The rows, best first, and what they stand on."""

    rows: tuple[Row, ...]
    folds: int
    seeds: int
    points: int
    horizon: int
    verdict: str
    by_step: dict[str, FloatArray]  # model -> RMSE of each step, (H,)

    def row(self, model: str) -> Row:
        """Returns the row of a model that is in the table."""
        return next(row for row in self.rows if row.model == model)


def leaderboard(backtest: Backtest, networks: tuple[str, ...]) -> Leaderboard:
    """Returns the scored and ranked table of a backtest.

    Args:
        backtest: holds a ``seasonal-naive`` trial, the reference of ``skill``.
        networks: the models that the verdict is about.
    """
    reference = next((t for t in backtest.trials if t.name == REFERENCE), None)
    base = metrics.rmse(backtest.truths, reference.forecasts) if reference else None
    rows = sorted((_row(backtest, trial, base) for trial in backtest.trials), key=lambda row: row.rmse)
    ranked = tuple(replace(row, rank=rank) for rank, row in enumerate(rows, start=1))
    return Leaderboard(
        rows=ranked,
        folds=len(backtest.truths),
        seeds=max(len(trial.by_seed) for trial in backtest.trials),
        points=int((~np.isnan(backtest.truths)).sum()),
        horizon=backtest.truths.shape[-1],
        verdict=verdict(ranked, networks),
        by_step={trial.name: metrics.rmse_by_step(backtest.truths, trial.forecasts) for trial in backtest.trials},
    )


def _row(backtest: Backtest, trial: Trial, base: float | None) -> Row:
    truths, forecasts = backtest.truths, trial.forecasts
    score = metrics.rmse(truths, forecasts)
    by_seed = [metrics.rmse(truths, own) for own in trial.by_seed]
    by_fold = [metrics.rmse(truths[k], forecasts[k]) for k in range(len(truths)) if not np.isnan(truths[k]).all()]
    inner = next((interval for interval in trial.intervals if interval.level == 80), None)
    covered = metrics.coverage(truths, inner.lower, inner.upper) if inner else float("nan")
    return Row(
        rank=0,
        model=trial.name,
        rmse=score,
        rmse_std=float(np.std(by_seed, ddof=1)) if len(by_seed) > 1 else 0.0,
        mae=metrics.mae(truths, forecasts),
        mase=metrics.mase(truths, forecasts, backtest.scales),
        smape=metrics.smape(truths, forecasts),
        skill=1 - score / base if base else None,
        coverage_80=None if np.isnan(covered) else covered,
        params=trial.parameters,
        train_seconds=trial.train_seconds,
        predict_ms=1000 * trial.predict_seconds,
        note="",
        rmse_fold_std=float(np.std(by_fold, ddof=1)) if len(by_fold) > 1 else 0.0,
        rmse_mean_series=float(np.mean(np.sqrt(metrics.mean_by_series((truths - forecasts) ** 2)))),
        rmsse=metrics.rmsse(truths, forecasts, backtest.rms_scales),
    )


def verdict(rows: tuple[Row, ...], networks: tuple[str, ...]) -> str:
    """Returns in plain words who won, by how much, and whether that is more than the spread between seeds."""
    best = rows[0]
    reference = next((row for row in rows if row.model == REFERENCE), None)
    nets = [row for row in rows if row.model in networks]
    if reference and nets and nets[0].rmse >= reference.rmse:
        return (
            f"No network beats the seasonal naive here: the best, {nets[0].model}, has RMSE {short(nets[0].rmse)} "
            f"against {short(reference.rmse)}."
            + (f" {best.model} leads with {short(best.rmse)}." if best.rmse < reference.rmse else "")
        )
    if len(rows) == 1:
        return f"{best.model} has RMSE {short(best.rmse)}; there is nothing to compare it with."
    second = rows[1]
    gap, spread = second.rmse - best.rmse, max(best.rmse_std, second.rmse_std)
    sentence = f"{best.model} has the lowest RMSE, {short(best.rmse)}"
    if best.skill is not None and best.model != REFERENCE:
        sentence += f", {100 * best.skill:.0f} % below seasonal naive"
    behind = f"{100 * gap / best.rmse:.1f} %" if best.rmse > 0 else short(gap)
    sentence += f". {second.model} is {behind} behind"
    if spread == 0:
        return f"{sentence}."
    if gap <= spread:
        return f"{sentence}, which is less than the spread between seeds (±{short(spread)}): call it a tie."
    return f"{sentence}, which is more than the spread between seeds (±{short(spread)})."


def short(value: float) -> str:
    """Returns a number with at most five significant digits and thousands separators."""
    if value == 0 or not np.isfinite(value) or abs(value) < 1e-3:
        return f"{value:.5g}"
    decimals = max(0, 4 - int(np.floor(np.log10(abs(value)))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
