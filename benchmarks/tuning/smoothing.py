"""Exponential smoothing of each series: how its two methods are mixed, judged and started.

    python benchmarks/tuning/smoothing.py [--quick]

Measured: the scaled error of exponential smoothing over the last two horizons of each series; of what stands beside it
where there is a season, days of R packages too, over the last six; of the pretrained network, where there is none, over
the last three.
"""

from dataclasses import replace

import numpy as np
from held_back import Case, chosen, filled, r_days, rolling_errors, smoothed, summed, training_part, usual_cases
from study import Constant, FloatArray, Study, main

MODULE, STEPWISE = "forecast.models.classical.theta", "forecast.models.classical.autoregression"
BESIDE, PRETRAINED = "forecast.models.classical.baselines", "forecast.models.classical.pretrained"
YEARS = ("R years", "gapminder", "us_contagious", "pwt", "years")
CONSTANTS = (
    Constant(MODULE, "ThetaSettings.theta", (0.0, 0.3, 0.4, 0.6, 1.0)),
    Constant(MODULE, "ThetaSettings.power", (0.0, 0.5, 2.0, 4.0)),
    Constant(MODULE, "ThetaSettings.power_a_step", (0.0, 0.05, 0.1, 0.4)),
    Constant(MODULE, "ThetaSettings.leads", (1, 2, 6)),
    Constant(MODULE, "ThetaSettings.steps_a_lead", (5, 10, 40)),
    Constant(MODULE, "ThetaSettings.speeds", ((0.1, 0.5), tuple(np.linspace(0.02, 1, 30)))),
    Constant(MODULE, "ThetaSettings.levels", ((0.05, 0.2, 0.5, 0.85), (0.02, 0.1, 0.3, 0.9))),
    Constant(MODULE, "ThetaSettings.trends", ((0.01, 0.03, 0.1, 0.3), (0.03, 0.1, 0.3, 0.6))),
    Constant(MODULE, "ThetaSettings.dampings", ((0.85, 0.93, 0.98), (0.7, 0.93, 1.0))),
    Constant(MODULE, "ThetaSettings.level_priors", ((1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 0.5, 0.1))),
    Constant(MODULE, "ThetaSettings.trend_priors", ((1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 1.0, 0.1), (1.0, 1.0, 0.5, 0.03))),
    Constant(MODULE, "ThetaSettings.damping_priors", ((1.0, 1.0, 1.0), (1.0, 1.0, 0.1), (1.0, 0.5, 0.03))),
    Constant(MODULE, "ThetaSettings.history", (100, 250, 1000), cases=("m4_hourly", "nn5")),
    Constant(MODULE, "ThetaSettings.first", (1, 3, 12)),
    Constant(MODULE, "ThetaSettings.first_line", (4, 6, 16, 24)),
    Constant(STEPWISE, "SeasonlessSettings.share", (0.0, 0.1, 0.33, 1.0), cases=YEARS),
    Constant(STEPWISE, "SeasonlessSettings.seasons", (1, 3, 7, 15), cases=YEARS),
    Constant(STEPWISE, "SeasonlessSettings.spread", (0.1, 0.2, 0.5), cases=YEARS),
    Constant(STEPWISE, "SeasonlessSettings.unit_root", (0.0, 10.0, 30.0), cases=YEARS),
)
BESIDE_IT = (
    Constant(BESIDE, "BesideSmoothingSettings.share", (0.0, 0.1, 0.3, 0.45)),
    Constant(BESIDE, "BesideSmoothingSettings.few", (1.0, 5.0, 20.0, 80.0)),
    Constant(BESIDE, "BesideSmoothingSettings.power", (1.0, 4.0, 8.0)),
)

OF_THE_NETWORK = (Constant(PRETRAINED, "PretrainedSettings.share", (0.0, 0.2, 0.6, 1.0)),)


def with_seasons(quick: bool) -> dict[str, Case]:
    """Returns series with a season: the usual ones, and days of R packages."""
    cases = usual_cases(quick) | r_days()
    if quick:
        cases = {name: replace(case, panel=chosen(case.panel, 20), folds=2) for name, case in cases.items()}
    return {name: case for name, case in cases.items() if case.season > 1 and name not in ("m4_hourly", "carparts")}


def without_season(quick: bool) -> dict[str, Case]:
    """Returns series without a season, at three origins before their last horizons."""
    from single_series import LEAST, yearly_tables

    from forecast.data.panel import panel_from_series

    cases = {name: case for name, case in usual_cases(quick).items() if case.season == 1}
    some, tables = 40 if quick else 400, list(yearly_tables(3 if quick else 80, 4))
    cases["years of tourism"] = summed(training_part("tourism_monthly", some), 12, "YS", 3, 1)
    cases["years of regions"] = summed(training_part("tourism_regions", some), 4, "YS", 2, 1)
    if long := [own for own in tables if len(own) > LEAST + 24]:
        cases["yearly tables"] = Case(panel_from_series(long, "YS"), 6, (1,))
    return {name: replace(case, folds=3) for name, case in cases.items()}


def few_rows(quick: bool) -> dict[str, Case]:
    """Returns series of a few rows."""
    from forecast.data.panel import panel_from_series

    months = filled(training_part("m3_monthly", 100 if quick else 600))
    return {
        f"{rows} rows": Case(panel_from_series([own[-rows - 4 :] for own in months], "YS"), 4, (1,), 1)
        for rows in (2, 3, 4, 6)
    }


def errors(case: Case) -> FloatArray:
    """Returns the errors of smoothing."""
    return rolling_errors(case, lambda train: smoothed(train, case.horizon, case.season))


STUDIES = (
    Study(CONSTANTS, usual_cases, errors),
    Study(BESIDE_IT, with_seasons, errors),
    Study(OF_THE_NETWORK, without_season, errors),
    Study((Constant(MODULE, "ThetaSettings.least", (1, 4, 5, 8)),), few_rows, errors),
)

if __name__ == "__main__":
    main(__doc__, STUDIES)
