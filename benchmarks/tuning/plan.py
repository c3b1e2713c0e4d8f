"""What a run does where nobody said: how long a window is, how many folds there are, and which season is repeated.

    python benchmarks/tuning/plan.py [--quick]

Measured over the last two horizons of each series: of the window and of training anew, the scaled error of the views
before any training (``views.py``) with the window that the program would plan; of the folds, the loss of the
distribution that so many folds calibrate (``distribution.py``); of the season, the scaled error of the seasonal naive;
of the sizes of panels, what they hang on.
"""

from dataclasses import dataclass, replace

import numpy as np
from distribution import distribution_of, loss, made, mean_known, record_of
from held_back import Case, long_r_series, pieces, rolling_errors, training_part
from study import Constant, FloatArray, Study, main
from views import untrained

MODULE = "forecast.experiment.plan"
WINDOWS = (
    Constant(MODULE, "SEASONS_SEEN", (1, 2, 3, 6, 10)),
    Constant(MODULE, "MANY_SEASONS", (5, 1000), cases=("nn5", "one long")),
    Constant(MODULE, "LONGEST_WINDOW", (48, 200, 336), cases=("m4_hourly", "nn5", "one long")),
    Constant(MODULE, "LONG_SEASON", (10, 60), cases=("walmart", "m3", "tourism")),
    Constant(MODULE, "PANEL", (1, 1000)),
    Constant(MODULE, "SMALL", (0, 10**9)),
)
FOLDS = (
    Constant(MODULE, "FOLDS", (1, 2, 5)),
    Constant(MODULE, "ERRORS", (4, 10, 60), cases=("one of",)),
    Constant(MODULE, "ERRORS_OF_PANEL", (4, 30), cases=("panel",)),
    Constant("forecast.data.panel", "COMMON_END", (0.1, 1.0), cases=("ragged",)),
)
SEASONS = (Constant("forecast.models.classical.baselines", "JUDGES", (1, 10)),)


def cases(quick: bool) -> dict[str, Case | tuple[Case, ...]]:
    """Returns panels, and single series."""
    most = 12 if quick else 100
    found = {name: training_part(name, most) for name in ("m3_monthly", "tourism_monthly", "nn5_daily")}
    found["walmart_weekly_sub200"] = training_part("walmart_weekly_sub200", most)
    months, days = training_part("m4_monthly_sub200", 200), training_part("nn5_daily", 60)
    found["one of 80 months"] = tuple(pieces(months, 80, 1, copy) for copy in range(6 if quick else 60))
    ones = [pieces(replace(days, horizon=28), 600, 1, copy) for copy in range(3 if quick else 40)]
    found["one long"] = tuple(ones)
    return found if quick else found | {"m4_hourly": training_part("m4_hourly", 60)}


def errors(case: Case) -> FloatArray:
    """Returns the errors of untrained networks with the window that is planned."""
    from forecast.experiment import plan

    early: list[object] = []

    def forecast(train: object) -> FloatArray:
        early.append(train)
        known = int(np.median(early[0].lengths))
        window = plan._window(case.seasons if case.season > 1 else (), case.horizon, known, len(train))
        learned_from = train if len(train.values) <= plan.SMALL else early[0]
        return untrained(case, train, window, learned_from)

    return rolling_errors(case, forecast)


@dataclass(frozen=True, eq=False)
class Planned:
    """Series whose distribution is calibrated by as many folds as are planned."""

    case: Case


def fold_cases(quick: bool) -> dict[str, Planned | tuple[Planned, ...]]:
    """Returns panels and single series with short horizons and long ones, some with few rows."""
    most = 15 if quick else 200
    months = training_part("m3_monthly", 400)
    ones = {
        f"one of {steps} months, {horizon} ahead": tuple(
            Planned(Case(pieces(Case(months.panel, horizon, (season,)), steps, 1, copy).panel, horizon, (season,)))
            for copy in range(8 if quick else 100)
        )
        for steps, horizon, season in ((60, 3, 12), (60, 12, 12), (9, 2, 1))
    }
    ragged = pieces(Case(months.panel, 6, (12,)), 70, most).panel
    cut = ragged.until(ragged.lengths - 3 * np.arange(len(ragged)) // 4)
    return ones | {
        "panel, 2 ahead": Planned(Case(training_part("m3_monthly", most).panel, 2, (12,))),
        "panel, 12 ahead": Planned(Case(training_part("tourism_monthly", most).panel, 12, (12,))),
        "ragged panel": Planned(Case(replace(cut, first=ragged.first), 6, (12,))),
        "panel of days": Planned(Case(training_part("nn5_daily", most // 2).panel, 28, (7,))),
    }


def fold_errors(planned: Planned) -> FloatArray:
    """Returns the losses of distributions that are calibrated by the folds of the plan."""
    from forecast.evaluation.backtest import evidence_shifts
    from forecast.evaluation.scales import learning_scales, lowest_values
    from forecast.evaluation.splits import rolling_origins
    from forecast.experiment.plan import _folds, _warms_up
    from forecast.specs import Settings

    case, horizon, season = planned.case, planned.case.horizon, planned.case.season
    known = case.panel.until(np.maximum(case.panel.lengths - horizon, 0))
    length = int(np.median(known.lengths))
    count = _folds(length, horizon, season, len(known))
    warms_up = _warms_up(length, horizon, count, Settings(), ())
    records = []
    for fold in rolling_origins(known, horizon, count, 1, warms_up=warms_up):
        for shift in evidence_shifts(fold) if fold.scored.any() else ():
            moved = fold.moved(known, shift)
            train = moved.train(known)
            records.append(record_of(train, season, fold.number, made(train, horizon, season), moved.truth(known)))
    lowest = lowest_values(known)
    distribution = distribution_of(records, known.series_ids, season, lowest)
    truth = np.full((len(known), horizon), np.nan)
    for i, (start, size) in enumerate(zip(known.lengths, case.panel.lengths - known.lengths, strict=True)):
        truth[i, :size] = case.panel.series(i)[start:]
    if distribution is None:  # nothing known: as bad as the worst
        return np.full(len(known), 10.0)
    now = record_of(known, season, count + 1, made(known, horizon, season), truth)
    return mean_known(loss(distribution, now, known.series_ids, lowest, learning_scales(known, season)))


def season_cases(quick: bool) -> dict[str, Case]:
    """Returns panels that may repeat one of two seasons."""
    hours = training_part("m4_hourly", 40 if quick else 414)
    return {"m4_hourly": hours, "few without a week": weekless(30), **long_r_series()}


def weekless(series: int) -> Case:
    """Returns generated hours, of which the first series has no weekdays, and the others have."""
    from forecast.data.panel import panel_from_series

    rng, hours = np.random.default_rng(8), np.arange(24 * 40)
    made = []
    for number in range(series):
        week = np.resize(np.repeat(0.6 * rng.standard_normal(7), 24), hours.size) * (number > 0)
        day = np.resize(0.5 * rng.standard_normal(24), hours.size)
        level = np.cumsum(0.05 * rng.standard_normal(hours.size)) * (number == 0)  # a day ago is nearer than a week ago
        made.append(100 * np.exp(level + week + day + 0.1 * rng.standard_normal(hours.size)))
    return Case(panel_from_series(made, "h"), 48, (24, 168))


def season_errors(case: Case) -> FloatArray:
    """Returns the errors of repeating the season that seems best."""
    from forecast.models.classical.baselines import best_season, seasonal_naive

    def forecast(train: object) -> FloatArray:
        return seasonal_naive(train, case.horizon, best_season(train, case.horizon, case.seasons))

    return rolling_errors(case, forecast)


STUDIES = (
    Study(WINDOWS, cases, errors),
    Study(FOLDS, fold_cases, fold_errors),
    Study(SEASONS, season_cases, season_errors),
)

if __name__ == "__main__":
    main(__doc__, STUDIES)
