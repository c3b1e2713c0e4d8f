"""The regression of each series on its own seasons: what it looks at, and how far it is drawn to the seasonal naive.

    python benchmarks/tuning/local_ridge.py [--quick]

Measured: the scaled error of the regressions over the last two horizons of hourly series, whole and cut to five weeks,
and of half hours and days of R packages.
"""

from held_back import Case, long_r_series, pieces, rolling_errors, training_part
from study import Constant, FloatArray, Study, main

MODULE = "forecast.models.classical.local_ridge"
CONSTANTS = (
    Constant(MODULE, "LocalRidgeSettings.history", (672, 2400, 4800)),
    Constant(MODULE, "LocalRidgeSettings.lags", (1, 2, 4), item=0),
    Constant(MODULE, "LocalRidgeSettings.lags", (1, 3), item=1),
    Constant(MODULE, "LocalRidgeSettings.sizes", (1, 2)),
    Constant(MODULE, "LocalRidgeSettings.stride", (1, 5, 24, 47)),
    Constant(MODULE, "LocalRidgeSettings.prior", (0.0001, 0.5, 5.0, 100.0)),
    Constant(MODULE, "LocalRidgeSettings.log_offset", (0.002, 0.1, 0.5)),
    Constant(MODULE, "LocalRidgeSettings.clip", (1.0, 3.0, 100.0)),
)


def cases(quick: bool) -> dict[str, Case]:
    """Returns series of two seasons."""
    hours = training_part("m4_hourly", 60 if quick else 414)
    return {"m4_hourly": hours, "five weeks": pieces(hours, 840 - 96, 40 if quick else 200), **long_r_series()}


def errors(case: Case) -> FloatArray:
    """Returns the errors of the regressions."""
    from forecast.models.classical.local_ridge import local_ridge
    from forecast.models.method_settings import CURRENT

    settings = CURRENT.classical.local_ridge
    return rolling_errors(case, lambda train: local_ridge(train, case.horizon, case.seasons, settings))


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
