"""The regressions of each series on its own seasons, and what stands beside: what they look at, what they are drawn to.

    python benchmarks/tuning/local_ridge.py [--quick]

Measured: the scaled error of their mean over the last two horizons of hourly series, whole (those that ended early by
themselves, too) and cut to five weeks, and of half hours of R packages.
"""

from held_back import Case, filled, long_r_series, pieces, rolling_errors, training_part
from study import Constant, FloatArray, Study, main

MODULE, STEPWISE = "forecast.models.classical.local_ridge", "forecast.models.classical.autoregression"
DAYS = "forecast.models.classical.similar_days"
CONSTANTS = (
    Constant(MODULE, "LocalRidgeSettings.history", (672, 2400, 4800)),
    Constant(MODULE, "LocalRidgeSettings.lags", (1, 2, 4), item=0),
    Constant(MODULE, "LocalRidgeSettings.lags", (1, 3), item=1),
    Constant(MODULE, "LocalRidgeSettings.sizes", (1, 3)),
    Constant(MODULE, "LocalRidgeSettings.stride", (1, 5, 24, 47)),
    Constant(MODULE, "LocalRidgeSettings.prior", (0.0001, 0.5, 5.0, 100.0)),
    Constant(MODULE, "LocalRidgeSettings.log_offset", (0.002, 0.1, 0.5)),
    Constant(MODULE, "LocalRidgeSettings.clip", (1.0, 3.0, 100.0)),
    Constant(STEPWISE, "AutoregressionSettings.share", (0.0, 0.3, 0.5, 0.85, 1.0)),
    Constant(STEPWISE, "AutoregressionSettings.longest", (0.0, 0.15, 0.5, 1.0)),
    Constant(STEPWISE, "AutoregressionSettings.seasons", (1, 3)),
    Constant(STEPWISE, "AutoregressionSettings.most", (10, 60)),
    Constant(STEPWISE, "AutoregressionSettings.spread", (0.05, 0.2, 2.0)),
    Constant(STEPWISE, "AutoregressionSettings.fading", (0.0, 0.25, 1.0)),
    Constant(STEPWISE, "AutoregressionSettings.drift", (0.001, 0.01, 1.0)),
    Constant(STEPWISE, "AutoregressionSettings.unit_root", (10.0, 100.0)),
    Constant(DAYS, "SimilarDaySettings.share", (0.0, 0.3, 1.0)),
    Constant(DAYS, "SimilarDaySettings.power", (1.0, 2.0, 8.0)),
    Constant(DAYS, "SimilarDaySettings.other_day", (1.0, 1.5, 4.0)),
)


def cases(quick: bool) -> dict[str, Case]:
    """Returns series of two seasons."""
    from forecast.data.panel import panel_from_series

    hours = training_part("m4_hourly", 60 if quick else 414)
    early = [own for own in filled(hours) if len(own) < hours.panel.lengths.max()]
    ended = Case(panel_from_series(early, "h"), hours.horizon, hours.seasons)
    short = pieces(hours, 840 - 96, 40 if quick else 200)
    return {"m4_hourly": hours, "ended": ended, "five weeks": short, **long_r_series()}


def errors(case: Case) -> FloatArray:
    """Returns the errors of the regressions."""
    from forecast.models.classical.baselines import baseline
    from forecast.models.method_settings import CURRENT

    return rolling_errors(
        case, lambda train: baseline("local-ridge", train, case.horizon, case.seasons, CURRENT.classical)
    )


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
