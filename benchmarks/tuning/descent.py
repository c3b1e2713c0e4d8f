"""Training: the learning rate's warm-up, Adam, what is clipped, and how far networks are trained on to the end.

    python benchmarks/tuning/descent.py [--quick]

Measured: the scaled error of networks (linear highways in a hurry, else GRUs) over the last two horizons of each
series; ``DECODER_UNITS`` by GRUs on generated store sales. Each value of a constant is compiled anew.
"""

from dataclasses import replace

import numpy as np
from covariate_effects import shortened, stores
from held_back import Case, rolling_errors, training_part
from study import Constant, FloatArray, Study, main, run_with

STEPS, VIEWS = "forecast.models.networks.descent.steps", "forecast.models.views"
CONSTANTS = (
    Constant(STEPS, "WARM_UP", (1, 100), traced=True),
    Constant(STEPS, "ADAM_BETAS", (0.7, 0.97), item=0, traced=True),
    Constant(STEPS, "ADAM_BETAS", (0.9, 0.99), item=1, traced=True),
    Constant(VIEWS, "CLIP", (1.0, 3.0, 100.0), traced=True),
    Constant(VIEWS, "ViewSettings.log_offset", (0.002, 0.2), traced=True),
)
ROOM = 60_000
"""Steps that there is room for, so that all panels share one compiled loop."""


def cases(quick: bool) -> dict[str, Case]:
    """Returns monthly panels of one horizon; days and hours too where there is time."""
    names = ("tourism_monthly", "m3_monthly", "m4_monthly_sub200")
    found = {name: replace(training_part(name, 20 if quick else 150), horizon=18) for name in names}
    if not quick:
        found |= {name: training_part(name, 60) for name in ("nn5_daily", "m4_hourly")}
    return {name: replace(case, folds=2 if quick else 3) for name, case in found.items()}


def errors(case: Case) -> FloatArray:
    """Returns the errors of networks that are trained at the first origin."""
    return trained_errors(case, "linear" if len(case.panel) <= 20 else "gru")


def trained_errors(case: Case, cell: str, **changes: object) -> FloatArray:
    """Returns the errors of the networks of a cell that are trained at the first origin.

    Args:
        case: what is forecast.
        cell: of the networks.
        changes: of their spec.
    """
    from forecast.models.forecaster import Watcher
    from forecast.models.networks.fitting import RecurrentForecaster

    fitted = []

    def forecast(train: object) -> FloatArray:
        if not fitted:
            spec = spec_of(case, cell, train).with_(**changes)
            fitted.append(RecurrentForecaster(cell, spec, run_with(ROOM)).fit(train, Watcher()))
        return np.median(fitted[0].predict_members(train).values, axis=0)

    return rolling_errors(case, forecast)


def spec_of(case: Case, cell: str, train: object, preset: str = "fast") -> object:
    """Returns what the program would train on a panel."""
    from forecast.experiment.plan import _window
    from forecast.models.networks.presets import make_spec
    from forecast.specs import Plan, Settings

    known = int(np.median(train.lengths))
    window = _window(case.seasons if case.season > 1 else (), case.horizon, known, len(train))
    plan = Plan(case.horizon, window, case.seasons, 1, refit=False, nonnegative=bool((train.filled >= 0).all()))
    windows = int(np.maximum(train.lengths - window - case.horizon + 1, 0).sum())
    return make_spec(cell, plan, Settings(preset=preset, seeds=1, calendar=False), windows)


def store_sales(quick: bool) -> dict[str, Case]:
    """Returns generated store sales."""
    return {f"stores {seed}": shortened(stores(seed, "plain"), quick) for seed in range(1, 2 if quick else 6)}


def gru_errors(case: Case) -> FloatArray:
    """Returns the errors of GRUs that are told the covariates."""
    return trained_errors(case, "gru")


def trained_on_errors(case: Case) -> FloatArray:
    """Returns the errors of networks that are trained two horizons before the end, and on from there."""
    from forecast.experiment.final_fit import LAST_EFFORT
    from forecast.models.ensemble import EnsembleModel
    from forecast.models.forecaster import Watcher
    from forecast.models.networks.fitting import RecurrentForecaster
    from forecast.models.registry import train_on

    early = case.panel.until(np.maximum(case.panel.lengths - 4 * case.horizon, 1))
    cell, run = "linear" if len(early) <= 20 else "gru", run_with(ROOM)
    begun = RecurrentForecaster(cell, spec_of(case, cell, early), run).fit(early, Watcher())

    def forecast(train: object) -> FloatArray:
        on = train_on(EnsembleModel((begun,)), train, run, Watcher(), LAST_EFFORT)
        return np.median(on.predict_members(train).values, axis=0)

    return rolling_errors(replace(case, folds=1), forecast)


STUDIES = (
    Study(CONSTANTS, cases, errors),
    Study(
        (Constant("forecast.models.method_settings", "DECODER_UNITS", (2, 128), traced=True),),
        store_sales,
        gru_errors,
    ),
    Study((Constant("forecast.experiment.final_fit", "LAST_EFFORT", (0.02, 0.1, 0.5, 1.0)),), cases, trained_on_errors),
)

if __name__ == "__main__":
    main(__doc__, STUDIES)
