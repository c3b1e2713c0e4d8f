"""The two regressions of scikit-learn: the penalties that are tried, and how many windows they see.

    python benchmarks/tuning/regression.py [--quick]

Measured: the scaled error of ``ridge`` (penalties) and of both over the last two horizons of each series.
"""

import numpy as np
from held_back import Case, rolling_errors, training_part
from study import Constant, FloatArray, Study, main

MODULE = "forecast.models.regression"
ALPHAS = (np.array([1e-4]), np.array([1e5]), np.logspace(-4, 7, 23))
BOTH = (
    Constant(MODULE, "MOST_ROWS", (200, 5_000, 80_000)),
    Constant(MODULE, "TREES", (15, 30, 120, 240)),
    Constant(MODULE, "TREE_RATE", (0.03, 0.08, 0.3, 0.6)),
)


def cases(quick: bool) -> dict[str, Case]:
    """Returns panels."""
    names = ("m3_monthly", "tourism_monthly", "nn5_daily", "m4_hourly", "walmart_weekly_sub200")
    return {name: training_part(name, 12 if quick else 100) for name in names}


def regressed(case: Case, name: str) -> FloatArray:
    """Returns the errors of a regression that is fitted at the first origin."""
    from forecast.models.forecaster import Watcher
    from forecast.models.method_settings import CURRENT
    from forecast.models.regression import RegressionForecaster
    from forecast.specs import ModelSpec, View

    window = max(case.season, min(2 * case.season, int(case.panel.lengths.min()) // 2))
    spec, view = ModelSpec("linear", window, case.horizon, case.season), View("last-season", case.season)
    fitted = []

    def forecast(train: object) -> FloatArray:
        if not fitted:
            fitted.append(RegressionForecaster(name, spec, view, CURRENT).fit(train, Watcher()))
        return fitted[0].predict_members(train).values[0]

    return rolling_errors(case, forecast)


def ridge_errors(case: Case) -> FloatArray:
    """Returns those of the ridge regression."""
    return regressed(case, "ridge")


def both_errors(case: Case) -> FloatArray:
    """Returns those of both, one after the other."""
    return np.concatenate([regressed(case, "ridge"), regressed(case, "boosting")])


STUDIES = (
    Study((Constant(MODULE, "ALPHAS", ALPHAS),), cases, ridge_errors),
    Study(BOTH, cases, both_errors),
)

if __name__ == "__main__":
    main(__doc__, STUDIES)
