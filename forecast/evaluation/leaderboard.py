"""The leaderboard: all models scored on the same points, best first.

Shapes: ``K`` folds, ``S`` series, ``H`` horizon, ``R`` seeds.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from forecast.evaluation import metrics
from forecast.evaluation.backtest import Backtest, ModelBacktest
from forecast.evaluation.distribution.quantile_metrics import distribution_scores
from forecast.evaluation.significance import chance_words, diebold_mariano, gap_words, is_last_value, standing
from forecast.evaluation.verdict import NAIVE, REFERENCE, verdict
from forecast.interval_levels import LEVELS, MAIN
from forecast.metric_records import METRICS

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class LeaderboardRow:
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
    p_above: float | None  # Diebold-Mariano: that the difference to the row above is chance
    p_best: float | None = None  # Diebold-Mariano: that the difference to the best row is chance
    same: str = ""  # the baseline whose forecasts are these very numbers, so that it has no row of its own
    scores: tuple[tuple[str, float | None], ...] = ()  # by what has no field above; None is what can't be told

    def error(self, metric: str) -> float:
        """Returns the score by a metric of the list; infinite where it can't be told."""
        score: float | None = {**vars(self), **dict(self.scores)}[metric]
        return np.inf if score is None else float(score)


OWN_FIELDS = {own.name for own in fields(LeaderboardRow)}


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """The rows, best first, and what they stand on."""

    rows: tuple[LeaderboardRow, ...]
    folds: int
    seeds: int
    points: int
    horizon: int
    verdict: str
    by_step: dict[str, FloatArray]  # model -> RMSE of each step, (H,)
    is_demand: bool = False  # of demand that comes now and then, of which MASE and sMAPE mislead

    def row(self, model: str) -> LeaderboardRow:
        """Returns the row of a model that is in the table, or of the one that forecasts the same."""
        return next(row for row in self.rows if model in {row.model, row.same})


def leaderboard(backtest: Backtest, networks: tuple[str, ...], repeats: int | None = None) -> Leaderboard:
    """Returns the scored and ranked table of a backtest.

    Args:
        backtest: holds one of ``seasonal-naive``, the reference of ``skill``.
        networks: the models that the verdict is about.
        repeats: the season of the seasonal naive, where there are several to choose from.
    """
    reference = next((t for t in backtest.models if t.name == REFERENCE), None)
    base = metrics.rmse(backtest.truths, reference.forecasts, backtest.weights) if reference else None
    same = _same_baselines(backtest)
    shown = [tested for tested in backtest.models if tested.name not in same.values()]
    rows = sorted((_row(backtest, tested, base) for tested in shown), key=lambda row: row.rmse)
    ranked = tuple(
        replace(_judged(backtest, rows, place, repeats), same=same.get(rows[place].model, ""))
        for place in range(len(rows))
    )
    return Leaderboard(
        rows=ranked,
        folds=len(backtest.truths),
        seeds=max(len(tested.by_seed) for tested in backtest.models),
        points=int((~np.isnan(backtest.truths)).sum()),
        horizon=backtest.truths.shape[-1],
        verdict=verdict(ranked, networks, origins=origins(backtest)),
        by_step={
            tested.name: metrics.rmse_by_step(backtest.truths, tested.forecasts, backtest.weights)
            for tested in backtest.models
        },
    )


def origins(backtest: Backtest) -> int:
    """Returns how many independent origins the scores stand on: folds, one horizon apart, with anything scored."""
    return int((~np.isnan(backtest.truths)).any(axis=(1, 2)).sum())


def _same_baselines(backtest: Backtest) -> dict[str, str]:
    """Returns naive -> seasonal-naive where both forecast the same numbers, since nothing repeats; else nothing."""
    found = {tested.name: tested.forecasts for tested in backtest.models if tested.name in {"naive", REFERENCE}}
    if len(found) < 2 or not np.array_equal(found["naive"], found[REFERENCE], equal_nan=True):
        return {}
    return {"naive": REFERENCE}


def _scores(backtest: Backtest, tested: ModelBacktest) -> dict[str, float]:
    """Returns the scores of a model by name; NaN is what can't be told."""
    truths, forecasts, weights = backtest.truths, tested.forecasts, backtest.weights
    scales = {"scales": backtest.scales, "rms_scales": backtest.rms_scales}
    scores = {
        name: metrics.score(metric, truths, forecasts, scales, weights)
        for name, metric in METRICS.items()
        if metric.reads == "point"
    }
    return scores | {
        "bias": metrics.bias(truths, forecasts, weights),
        "relative_bias": metrics.relative_bias(truths, forecasts, weights),
        **distribution_scores(truths, tested.quantiles, backtest.scales, _levels(backtest), weights),
    }


def _row(backtest: Backtest, tested: ModelBacktest, base: float | None) -> LeaderboardRow:
    truths, forecasts, weights = backtest.truths, tested.forecasts, backtest.weights
    scores = _scores(backtest, tested)
    score = metrics.rmse(truths, forecasts, weights)
    by_seed = [metrics.rmse(truths, own, weights) for own in tested.by_seed]
    by_fold = [
        metrics.rmse(truths[k], forecasts[k], None if weights is None else weights[k])
        for k in range(len(truths))
        if not np.isnan(truths[k]).all()
    ]
    inner = tested.interval(MAIN)
    covered = metrics.coverage(truths, inner.lower, inner.upper) if inner else float("nan")
    return LeaderboardRow(
        rank=0,
        model=tested.name,
        rmse=score,
        rmse_std=float(np.std(by_seed, ddof=1)) if len(by_seed) > 1 else 0.0,
        mae=scores["mae"],
        mase=scores["mase"],
        smape=scores["smape"],
        skill=1 - score / base if base else None,
        coverage_80=metrics.known(covered),
        params=tested.parameters,
        train_seconds=tested.train_seconds,
        predict_ms=1000 * tested.predict_seconds,
        note="",
        rmse_fold_std=float(np.std(by_fold, ddof=1)) if len(by_fold) > 1 else 0.0,
        rmse_mean_series=float(np.mean(np.sqrt(metrics.mean_by_series((truths - forecasts) ** 2, weights)))),
        rmsse=scores["rmsse"],
        p_above=None,
        scores=tuple((name, metrics.known(value)) for name, value in scores.items() if name not in OWN_FIELDS),
    )


def _levels(backtest: Backtest) -> tuple[float, ...]:
    """Returns the levels of the intervals of any model, ascending; the usual ones where no model has any."""
    return tuple(sorted({level for tested in backtest.models for level in tested.levels} or LEVELS))


def _judged(backtest: Backtest, rows: list[LeaderboardRow], place: int, repeats: int | None) -> LeaderboardRow:
    """Returns a row with its rank, how it stands to the best row, and what is to be noted."""
    row, best, truths = rows[place], rows[0], backtest.truths
    forecasts = {tested.name: metrics.weighed(truths, tested.forecasts, backtest.weights) for tested in backtest.models}
    notes, p_above, p_best = [], None, None
    if repeats and row.model == REFERENCE:
        notes.append(f"repeats the last {repeats:,} steps" if repeats > 1 else "repeats the last step")
    if place > 0:
        p_above, p_best = (
            metrics.known(diebold_mariano(truths, forecasts[other.model], forecasts[row.model]))
            for other in (rows[place - 1], best)
        )
        notes += _standing_note(best, row, p_best, origins(backtest))
    naive = forecasts.get("naive")
    if naive is not None and row.model not in NAIVE and is_last_value(truths, forecasts[row.model], naive):
        notes.append("hardly differs from the last value repeated")
    return replace(row, rank=place + 1, p_above=p_above, p_best=p_best, note="; ".join(notes))


def _standing_note(best: LeaderboardRow, row: LeaderboardRow, p: float | None, many: int) -> list[str]:
    """Returns the note on a row that may be as good as the best one, or none."""
    stands = standing(best.rmse, row.rmse, max(best.rmse_std, row.rmse_std), p)
    basis = "" if p is None else f" ({chance_words(p)}, {many} origins)"
    if stands == "tie":
        return [f"tie with {best.model}{basis}"]
    if stands == "unproven":
        return [f"{best.model} is {gap_words(best.rmse, row.rmse)} it, but that may be chance{basis}"]
    return []
