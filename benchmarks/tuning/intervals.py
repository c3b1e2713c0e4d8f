"""Prediction intervals: how errors are pooled over steps, series and folds, and what stands for few rows.

    python benchmarks/tuning/intervals.py [--quick]

Measured: the score of the 80 % intervals (width and misses together; Gneiting & Raftery 2007) over each series' scale,
on folds that did not calibrate them; the forecasts are those of exponential smoothing.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from held_back import CLIPPED, Case, filled, pieces, smoothed, training_part
from study import Constant, FloatArray, Study, main

INTERVALS, STANDARDS = "forecast.evaluation.intervals", "forecast.evaluation.scales"
FOLDS = 5
CONSTANTS = (
    Constant(INTERVALS, "SMOOTHING", (1, 10, 160, 5000)),
    Constant(INTERVALS, "WILD", (1.0, 5.0, 100.0)),
    Constant(INTERVALS, "OWN_FOLDS", (0.5, 1.0, 2.0, 8.0, 1000.0)),
    Constant(INTERVALS, "EASIEST", (1.0, 1 / 2, 1 / 10)),
    Constant("forecast.evaluation.backtest", "ENOUGH_ERRORS", (1, 10, 20, 80), cases=("five", "one")),
    Constant(STANDARDS, "ScaleSettings.negligible", (1e-9, 0.01, 0.1)),
)
FEW = (
    Constant(STANDARDS, "ScaleSettings.few_differences", (1, 3, 9)),
    Constant(STANDARDS, "ScaleSettings.belief", (0.0, 1.0, 2.0, 8.0, 32.0)),
)


def cases(quick: bool) -> dict[str, Case | tuple[Case, ...]]:
    """Returns panels, and pieces of one and of five series."""
    most = 20 if quick else 300
    names = ("m3_monthly", "tourism_monthly", "m4_monthly_sub200", "nn5_daily", "m4_hourly", "tourism_regions")
    cases = {name: shorter(training_part(name, most)) for name in names}
    months = replace(shorter(training_part("m4_monthly_sub200", 200)), horizon=12, folds=FOLDS)
    for number, count in (("one", 1), ("five", 5)):
        cases[f"{number} of m4"] = tuple(pieces(months, 40, count, copy) for copy in range(6 if quick else 40))
    return cases


def shorter(case: Case) -> Case:
    """Returns a case with a horizon that leaves room for all folds."""
    room = int(np.median(case.panel.lengths)) - 2 * case.season
    return replace(case, horizon=max(2, min(case.horizon, room // (FOLDS + 2))), folds=FOLDS)


@cache
def forecast_from(case: Case, number: int, shift: int) -> tuple[FloatArray, FloatArray]:
    """Returns what smoothing forecasts so many steps after a fold's origin, and the truths: (S, H) each."""
    moved = folds_of(case)[number].moved(case.panel, shift)
    return smoothed(moved.train(case.panel), case.horizon, case.season), moved.truth(case.panel)


@cache
def folds_of(case: Case) -> tuple[Any, ...]:
    """Returns the folds of a case."""
    from forecast.evaluation.splits import rolling_origins

    return rolling_origins(case.panel, case.horizon, case.folds - 1, 3)


def errors(case: Case) -> FloatArray:
    """Returns the score of each series' intervals on the last two folds."""
    from forecast.evaluation.backtest import evidence_shifts
    from forecast.evaluation.intervals import calibrate_series
    from forecast.evaluation.scales import learning_scales, lowest_values

    panel, folds = case.panel, folds_of(case)
    usual = learning_scales(panel.until(folds[0].cuts), case.season)  # the same whatever the constants are
    records, numbers, shifts, found = [], [], [], []
    for number, fold in enumerate(folds):
        train = fold.train(panel)
        if number >= case.folds - 2:
            point, truth = forecast_from(case, number, 0)
            known = [_told(*each, number, case.horizon) for each in zip(records, numbers, shifts, strict=True)]
            calibration = calibrate_series(np.stack(known), np.array(numbers), panel.series_ids)
            scales = learning_scales(train, case.season)
            if calibration is None:
                return np.full(len(panel), np.nan)
            (interval, *_) = calibration.intervals(point, panel.series_ids, scales, lowest_values(train))
            found.append(scored(interval, truth, np.where(usual > 0, usual, np.nan)))
        for shift in evidence_shifts(fold):
            point, truth = forecast_from(case, number, shift)
            scales = learning_scales(fold.moved(panel, shift).train(panel), case.season)
            records.append((truth - point) / scales[:, None])
            numbers.append(number)
            shifts.append(shift)
    both = np.concatenate(found, axis=1)
    known = ~np.isnan(both)
    return np.where(known.any(axis=1), np.nansum(both, axis=1) / np.maximum(known.sum(axis=1), 1), np.nan)


def _told(missed: FloatArray, number: int, shift: int, fold: int, horizon: int) -> FloatArray:
    """Returns the errors that are known at a later fold, NaN elsewhere."""
    return np.where(np.arange(1, horizon + 1) + shift > (fold - number) * horizon, np.nan, missed)


def scored(interval: object, truth: FloatArray, scales: FloatArray) -> FloatArray:
    """Returns the interval score over scales, (S, H)."""
    below, above = np.maximum(interval.lower - truth, 0), np.maximum(truth - interval.upper, 0)
    size = interval.upper - interval.lower + 2 / (1 - interval.level / 100) * (below + above)
    return np.minimum(size / scales[:, None], 10 * CLIPPED)


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
    """Returns the scores of the series of few rows, widths being those of the long ones."""
    from forecast.evaluation.intervals import calibrate
    from forecast.evaluation.scales import SCALES, interval_scales, learning_scales, lowest_values, usual_spread

    train = case.panel.until(case.panel.lengths - case.horizon)
    truth = np.stack([case.panel.series(i)[-case.horizon :] for i in range(len(case.panel))])
    point, few = smoothed(train, case.horizon, 1), train.lengths < 20
    calibration = calibrate(((truth - point) / learning_scales(train, 1)[:, None])[None, ~few])
    scales = interval_scales(train, 1, usual_spread(train, 1), SCALES)
    (interval, *_) = calibration.intervals(point, train.series_ids, scales, lowest_values(train))
    sizes = np.abs(truth).mean(axis=1)
    return np.where(few, scored(interval, truth, 0.1 * sizes).mean(axis=1), np.nan)[few]


STUDIES = (Study(CONSTANTS, cases, errors), Study(FEW, few_rows, few_errors))

if __name__ == "__main__":
    main(__doc__, STUDIES)
