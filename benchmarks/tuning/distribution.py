"""The predictive distribution: how errors are explained and pooled, and what stands for few folds and few rows.

    python benchmarks/tuning/distribution.py [--quick]

Measured on folds that did not calibrate it: the pinball loss of the deciles, twice its mean as in WQL, and an eighth of
the score of the 95 % intervals (width and misses together; Gneiting & Raftery 2007), which of normal errors is about as
much; both over each series' scale. The forecasts are those of exponential smoothing beside a seasonal repetition. Of
few rows it is the score of 80 % intervals. How errors belong together is judged by the pinball loss of totals: of each
series over the horizon, and, counted as one series more, of all series. ``USUAL_BODY``, ``USUAL_BODY_PLAIN`` and
``USUAL_TAIL`` are judged as the wholes, ``USUAL`` and ``USUAL_PLAIN``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from held_back import CLIPPED, Case, chosen, filled, pieces, smoothed, summed, training_part
from study import Constant, FloatArray, Study, main

HOME, STANDARDS = "forecast.evaluation.distribution", "forecast.evaluation.scales"
WHOLE, SPREAD, SHAPE = f"{HOME}.distribution", f"{HOME}.spread", f"{HOME}.shape"
DIFFICULTY, PATHS = f"{HOME}.difficulty", f"{HOME}.paths"
FOLDS, DRAWN = 5, 200
NORMAL = np.linspace(-4, 4, 39)  # quantiles of no shape in particular: too wide in the middle, no tail
NO_SLOPES = (0.2,) + 9 * (0.0,)
SHORT = ("one", "five", "twelve")
BETWEEN = (0.20, 0.18, 0.41, -0.50, 0.45, 0.0, 0.0, 0.05, 0.10, 0.0)  # what tells series apart
PLAIN_BETWEEN = (0.31, *BETWEEN[1:])
WITHIN = (0.28, 0.30, -0.10, -0.30, 0.60, 0.04, 0.05, 0.02, -0.02, 0.0)
STEEP = (0.45, *WITHIN[1:])
SLOPES = tuple(
    (*WITHIN[:place], value, *WITHIN[place + 1 :]) for place, value in ((1, 0.0), (2, 0.2), (3, 0.0), (4, 0.0))
)
CONSTANTS = (
    Constant(SHAPE, "USUAL", (NORMAL,), cases=SHORT),
    Constant(SHAPE, "USUAL_PLAIN", (NORMAL,), cases=("years",)),
    Constant(WHOLE, "USUAL_FOLDS", (0.5, 1.0, 2.0, 4.0, 16.0)),
    Constant(WHOLE, "PROOF", (0.0, 1.0, 4.0, 16.0, 1e9)),
    Constant(WHOLE, "CLEARLY", (0.0, 0.97, 1.0)),
    Constant(WHOLE, "MANY", (0, 10**9)),
    Constant(WHOLE, "PHASE_BELIEF", (0.5, 3.0, 30.0, 1e9), cases=("nn5", "m4_hourly")),
    Constant(SPREAD, "PRIOR", (BETWEEN, NO_SLOPES, STEEP, *SLOPES), cases=SHORT),
    Constant(SPREAD, "PRIOR_PLAIN", (PLAIN_BETWEEN, NO_SLOPES), cases=("years",)),
    Constant(SPREAD, "PRIOR_BETWEEN", (NO_SLOPES,)),
    Constant(SPREAD, "PRIOR_GROWTH_PLAIN", (0.0, 0.6), cases=("panel of years",)),
    Constant(SPREAD, "FEW", (0.5, 3.0, 50.0, 1e9)),
    Constant(SPREAD, "PRIOR_MEANS", (10 * (0.0,),)),
    Constant(SPREAD, "PRIOR_SIZE", (-1.0, 0.0, 0.5), cases=SHORT),
    Constant(SPREAD, "PRIOR_SIZE_PLAIN", (-0.215, 0.0, 0.3, 1.0), cases=("years",)),
    Constant(SPREAD, "BELIEF", (1.0, 20.0, 80.0, 1e6)),
    Constant(SPREAD, "GROWTH_BELIEF", (0.1, 0.3, 3.0, 1e9), cases=SHORT),
    Constant(SPREAD, "SIZE_BELIEF", (0.1, 0.5, 8.0, 100.0), cases=SHORT),
    Constant(SPREAD, "SIZE_BELIEF_PLAIN", (0.1, 0.5, 2.0, 8.0), cases=("years",)),
    Constant(SPREAD, "FADING", (0.0, 0.5, 2.0, 4.0), cases=SHORT),
    Constant(SPREAD, "SPREAD_DOUBT", (0.0, 0.3, 1.2, 2.4), cases=SHORT),
    Constant(SPREAD, "STEP_BELIEF", (1.0, 5.0, 80.0, 1e6)),
    Constant(SPREAD, "OWN_FOLDS", (0.5, 2.0, 4.0, 12.0, 1e6)),
    Constant(SPREAD, "PLAIN", (0.5, 1.0, 0.1)),
    Constant(SPREAD, "WILD", (2.0, 5.0, 100.0)),
    Constant(SPREAD, "REACH", (0, 1, 10)),
    Constant(DIFFICULTY, "DifficultySettings.floor", (0.001, 0.2)),
    Constant(DIFFICULTY, "DifficultySettings.seasons", (1, 4)),
    Constant(DIFFICULTY, "DifficultySettings.least", (2, 24)),
    Constant("forecast.evaluation.backtest", "ENOUGH_ERRORS", (1, 10, 20, 80), cases=SHORT),
    Constant(STANDARDS, "ScaleSettings.negligible", (1e-9, 0.01, 0.1)),
)
FEW = (
    Constant(STANDARDS, "ScaleSettings.few_differences", (1, 3, 9)),
    Constant(STANDARDS, "ScaleSettings.belief", (0.0, 1.0, 2.0, 8.0, 32.0)),
)
TOGETHER = (
    Constant(PATHS, "LASTING", (0.0, 0.15, 0.6)),
    Constant(PATHS, "FADING", (0.0, 0.15, 0.6)),
    Constant(PATHS, "FADES", (0.5, 0.95)),
    Constant(PATHS, "BELIEF", (1.0, 5.0, 80.0, 1e6)),
    Constant(PATHS, "COMMON_BELIEF", (0.5, 16.0, 1e6)),
    Constant(PATHS, "USUAL_SHARE", (0.0, 0.2, 0.8)),
)


def cases(quick: bool) -> dict[str, Case | tuple[Case, ...]]:
    """Returns panels, and one, five and twelve series: pieces of months, quarters, years."""
    most = 20 if quick else 300
    names = ("m3_monthly", "tourism_monthly", "m4_monthly_sub200", "nn5_daily", "m4_hourly", "tourism_regions")
    names = (*names, *(() if quick else ("walmart_weekly_sub200",)))
    cases = {name: shorter(training_part(name, most)) for name in names}
    months = replace(shorter(training_part("m4_monthly_sub200", 200)), horizon=12, folds=FOLDS)
    quarters = shorter(summed(training_part("m3_monthly", 60 if quick else 400), 3, "QS", 6, 4))
    for number, count in (("one", 1), ("five", 5), ("twelve", 12)):
        copies = range(-(-6 // count) if quick else 40)
        cases[f"{number} of m4"] = tuple(pieces(months, 40, count, copy) for copy in copies)
        cases[f"{number} of quarters"] = tuple(some(quarters, 34, count, copy) for copy in copies)
    years = replace(summed(training_part("tourism_monthly", 300), 12, "YS", 2, 1), folds=FOLDS)
    cases["panel of years"] = replace(years, panel=chosen(years.panel, 3 * most))
    long = np.flatnonzero(years.panel.lengths >= 18)[: 6 if quick else 40]
    cases["years"] = tuple(replace(years, panel=years.panel.select([int(i)])) for i in long)
    return cases


def some(case: Case, least: int, most: int, seed: int) -> Case:
    """Returns so many series of a case, of those of at least so many steps."""
    long = np.random.default_rng(seed).permutation(np.flatnonzero(case.panel.lengths >= least))
    return replace(case, panel=case.panel.select([int(i) for i in long[:most]]))


def shorter(case: Case) -> Case:
    """Returns a case with a horizon that leaves room for all folds."""
    room = int(np.median(case.panel.lengths)) - 2 * case.season
    return replace(case, horizon=max(2, min(case.horizon, room // (FOLDS + 2))), folds=FOLDS)


@dataclass(frozen=True, eq=False)
class Made:
    """What is forecast after the end of a panel, and of which members."""

    point: FloatArray  # (S, H)
    members: Any  # forecast.models.forecaster.Members
    used: Any  # (M,)


def made(panel: Any, horizon: int, season: int) -> Made:
    """Returns a forecast as of two networks beside anchors: smoothing, and with some of the season's repetition."""
    from forecast.models.classical.baselines import baseline
    from forecast.models.forecaster import Members
    from forecast.models.method_settings import CURRENT

    anchors = {
        name: baseline(name, panel, horizon, (season,), CURRENT.classical) for name in ("naive", "seasonal-naive")
    }
    anchors["smoothing"] = smoothed(panel, horizon, season)
    values = np.stack([anchors["smoothing"], 0.8 * anchors["smoothing"] + 0.2 * anchors["seasonal-naive"]])
    used = np.ones(2, dtype=bool)
    return Made(values.mean(axis=0), Members(("level", "season"), (0, 0), values, anchors), used)


@cache
def forecast_from(case: Case, number: int, shift: int) -> tuple[Made, FloatArray]:
    """Returns what is forecast so many steps after a fold's origin, and the truths, (S, H)."""
    moved = folds_of(case)[number].moved(case.panel, shift)
    return made(moved.train(case.panel), case.horizon, case.season), moved.truth(case.panel)


@cache
def folds_of(case: Case) -> tuple[Any, ...]:
    """Returns the folds of a case."""
    from forecast.evaluation.splits import rolling_origins

    return rolling_origins(case.panel, case.horizon, case.folds - 1, 3)


def record_of(train: Any, season: int, number: int, forecast: Made, truth: FloatArray) -> Any:
    """Returns a forecast and its truth as the program keeps them."""
    from forecast.evaluation.distribution.difficulty import DifficultySettings, difficulty
    from forecast.evaluation.distribution.distribution import ErrorRecord
    from forecast.evaluation.scales import ScaleSettings, learning_scales

    scales = learning_scales(train, season, 1, ScaleSettings())
    known = difficulty(train, season, scales, forecast.point, forecast.members, forecast.used, DifficultySettings())
    return ErrorRecord(number, forecast.point, truth, known)


def distribution_of(records: list[Any], series_ids: tuple[str, ...], season: int, lowest: FloatArray) -> Any:
    """Returns what the program learns of some records; None where it learns nothing."""
    from forecast.evaluation.distribution.distribution import fit_distribution

    return fit_distribution(records, series_ids, season, nonnegative=bool((lowest >= 0).all())) if records else None


def errors(case: Case) -> FloatArray:
    """Returns the loss of each series' distributions on the last two folds."""
    usual = usual_scales(case)
    found = [loss(*told, case.panel.series_ids, lowest, usual) for *told, lowest in distributions(case)]
    return mean_known(np.concatenate(found, axis=1)) if found else np.full(len(case.panel), np.nan)


def total_errors(case: Case) -> FloatArray:
    """Returns the loss of each series' total on the last two folds, and after them that of all series together."""
    usual, found = usual_scales(case) * case.horizon, []
    for distribution, now, lowest in distributions(case):
        drawn = distribution.paths(now.point, now.difficulty, case.panel.series_ids, DRAWN, lowest)
        known = ~np.isnan(now.truth) & ~np.isnan(usual)[:, None]
        sums = [np.where(own, each, 0.0).sum(axis=1) for own, each in zip(known, drawn, strict=True)]
        truth = np.where(known, now.truth, 0.0).sum(axis=1)
        every, size = np.append(truth, truth.sum()), np.append(usual, np.nansum(usual))
        found.append(pinball(every, np.vstack([*sums, np.nansum(sums, axis=0)]), size))
    return mean_known(np.stack(found, axis=1)) if found else np.full(len(case.panel) + 1, np.nan)


def pinball(truth: FloatArray, paths: FloatArray, scales: FloatArray) -> FloatArray:
    """Returns the mean pinball loss of the deciles of some paths over scales, (S,), (S, N) -> (S,)."""
    from forecast.evaluation.distribution.quantile_metrics import DECILES, pinball_losses

    losses = [pinball_losses(truth, np.quantile(paths, p, axis=1), p) for p in DECILES]
    return np.minimum(2 * np.mean(losses, axis=0) / scales, CLIPPED)


def usual_scales(case: Case) -> FloatArray:
    """Returns scales that are the same whatever the constants are, (S,)."""
    from forecast.evaluation.scales import learning_scales

    usual = learning_scales(case.panel.until(folds_of(case)[0].cuts), case.season)
    return np.where(usual > 0, usual, np.nan)


def distributions(case: Case) -> Iterator[tuple[Any, Any, FloatArray]]:
    """Yields what is known at each of the last two folds: distribution, record and lowest values; where anything is."""
    from forecast.evaluation.backtest import evidence_shifts
    from forecast.evaluation.scales import lowest_values

    panel, folds, records, shifts = case.panel, folds_of(case), [], []
    for number, fold in enumerate(folds):
        if number >= case.folds - 2:
            train, lowest = fold.train(panel), lowest_values(fold.train(panel))
            now = record_of(train, case.season, number, *forecast_from(case, number, 0))
            known = [_told(*each, number, case.horizon) for each in zip(records, shifts, strict=True)]
            distribution = distribution_of(known, panel.series_ids, case.season, lowest)
            if distribution is None:
                return
            yield distribution, now, lowest
        for shift in evidence_shifts(fold):
            train = fold.moved(panel, shift).train(panel)
            records.append(record_of(train, case.season, number, *forecast_from(case, number, shift)))
            shifts.append(shift)


def _told(record: Any, shift: int, fold: int, horizon: int) -> Any:
    """Returns a record with the truths that are known at a later fold, NaN elsewhere."""
    late = np.arange(1, horizon + 1) + shift > (fold - record.fold) * horizon
    return replace(record, truth=np.where(late, np.nan, record.truth))


def loss(
    distribution: Any, now: Any, series_ids: tuple[str, ...], lowest: FloatArray, scales: FloatArray
) -> FloatArray:
    """Returns the loss of the distribution of a forecast by what came, over scales, (S, H)."""
    from forecast.evaluation.distribution.quantile_metrics import DECILES
    from forecast.models.forecaster import ends_of

    every = tuple(sorted({*DECILES, *ends_of(95)}))
    quantiles = distribution.quantiles(now.point, now.difficulty, series_ids, every, lowest)
    total = scored(quantiles.interval(95), now.truth, scales) / 8
    for probability in DECILES:
        missed = (now.truth - quantiles.at(probability)) / scales[:, None]
        total += 2 / len(DECILES) * np.minimum(np.maximum(probability * missed, (probability - 1) * missed), CLIPPED)
    return total


def scored(interval: Any, truth: FloatArray, scales: FloatArray) -> FloatArray:
    """Returns the interval score over scales, (S, H)."""
    below, above = np.maximum(interval.lower - truth, 0), np.maximum(truth - interval.upper, 0)
    size = interval.upper - interval.lower + 2 / (1 - interval.level / 100) * (below + above)
    return np.minimum(size / scales[:, None], 10 * CLIPPED)


def mean_known(scores: FloatArray) -> FloatArray:
    """Returns the mean of each row without what is NaN, (S, N) -> (S,); NaN for a row of nothing else."""
    known = ~np.isnan(scores)
    return np.where(known.any(axis=1), np.nansum(scores, axis=1) / np.maximum(known.sum(axis=1), 1), np.nan)


def few_rows(quick: bool) -> dict[str, Case]:
    """Returns panels most of whose series have a few rows: years, quarters of a year each."""
    from forecast.data.panel import panel_from_series

    whole = filled(training_part("m3_monthly", 200 if quick else 1400))
    found = {}
    for rows in (2, 3, 4, 5, 6, 8):
        cut = [own[-rows - 4 :] if i % 2 else own[-60:] for i, own in enumerate(own_.copy() for own_ in whole)]
        found[f"{rows} rows"] = Case(panel_from_series(cut, "YS"), 4, (1,))
    return found


def few_errors(case: Case) -> FloatArray:
    """Returns the scores of the series of few rows, the distribution being that of the long ones."""
    from forecast.evaluation.scales import SCALES, interval_scales, lowest_values, usual_spread

    train = case.panel.until(case.panel.lengths - case.horizon)
    truth = np.stack([case.panel.series(i)[-case.horizon :] for i in range(len(case.panel))])
    few, lowest, forecast = train.lengths < 20, lowest_values(train), made(train, case.horizon, 1)
    now = record_of(train, 1, 0, forecast, truth)
    taught = replace(now, truth=np.where(few[:, None], np.nan, truth))
    distribution = distribution_of([taught], train.series_ids, 1, lowest)
    scales = interval_scales(train, 1, usual_spread(train, 1), SCALES)
    now = record_with(now, train, scales, forecast)
    quantiles = distribution.quantiles(now.point, now.difficulty, train.series_ids, (0.1, 0.9), lowest)
    scores = scored(quantiles.interval(80), truth, 0.1 * np.abs(truth).mean(axis=1))
    return np.where(few, scores.mean(axis=1), np.nan)[few]


def record_with(record: Any, train: Any, scales: FloatArray, forecast: Made) -> Any:
    """Returns a record with other scales, as forecasts that are issued have them."""
    from forecast.evaluation.distribution.difficulty import DifficultySettings, difficulty

    known = difficulty(train, 1, scales, forecast.point, forecast.members, forecast.used, DifficultySettings())
    return replace(record, difficulty=known)


STUDIES = (Study(CONSTANTS, cases, errors), Study(FEW, few_rows, few_errors), Study(TOGETHER, cases, total_errors))

if __name__ == "__main__":
    main(__doc__, STUDIES)
