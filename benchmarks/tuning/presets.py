"""The recipe of a network: steps, batches and rates by the number of windows, and what a preset is worth.

    python benchmarks/tuning/presets.py [--quick]

Measured: the scaled error of networks that the program would train (linear highways in a hurry, else GRUs) over the
last two horizons of panels of few, some and many windows. More steps and seeds also take more time: here only what they
gain is told, ``benchmarks/run.py`` tells the seconds.
"""

from dataclasses import dataclass, replace

from descent import ROOM, spec_of
from held_back import Case, rolling_errors, training_part
from study import Constant, FloatArray, Study, main, run_with

MODULE = "forecast.models.networks.presets"
CONSTANTS = (
    Constant(MODULE, "FEW_WINDOWS", (0, 1500)),
    Constant(MODULE, "MANY_WINDOWS", (500, 10**9)),
    Constant(MODULE, "FEW_STEPS", (50, 400), cases=("few",)),
    Constant(MODULE, "SOME_STEPS", (100, 600), cases=("some",)),
    Constant(MODULE, "MANY_STEPS", (250, 3000), cases=("many",)),
    Constant(MODULE, "AFFORDABLE", (1e8, 1e12), cases=("many",)),
    Constant(MODULE, "RATE", (3e-4, 3e-3), cases=("few", "some")),
    Constant(MODULE, "RATE_OF_MANY", (1e-3, 2e-2), cases=("many",)),
    Constant(MODULE, "BATCH", (8, 128), cases=("few", "some")),
    Constant(MODULE, "BATCH_OF_MANY", (32, 512), cases=("many",)),
    Constant(MODULE, "LONG_WINDOW", (10, 10_000), cases=("many days",)),
    Constant(MODULE, "EFFORT", (0.2, 1.0), item="fast"),
    Constant(MODULE, "EFFORT", (0.5, 2.0), item="balanced"),
    Constant(MODULE, "SEEDS", (2, 4), item="fast"),
    Constant(MODULE, "SEEDS", (1, 4), item="balanced"),
)


@dataclass(frozen=True, eq=False)
class Trained:
    """What is forecast, by which networks."""

    case: Case
    cell: str
    preset: str


def cases(quick: bool) -> dict[str, Trained]:
    """Returns panels of few, some and many windows, each by two presets."""
    cell, preset = ("linear", "fast") if quick else ("gru", "balanced")
    months = replace(training_part("tourism_monthly", 3 if quick else 4), horizon=18)
    found = {
        "few months": Trained(months, cell, preset),
        "some months": Trained(replace(training_part("m3_monthly", 60), horizon=18), cell, preset),
        "many months": Trained(
            replace(training_part("tourism_monthly", 40 if quick else 366), horizon=18), cell, preset
        ),
        "balanced": Trained(replace(training_part("m4_monthly_sub200", 12), horizon=18), cell, "balanced"),
        "many days": Trained(training_part("nn5_daily", 10 if quick else 111), cell, preset),
    }
    return found if quick else found | {"many hours": Trained(training_part("m4_hourly", 100), cell, preset)}


def errors(trained: Trained) -> FloatArray:
    """Returns the errors of the networks that the program would train."""
    import numpy as np

    from forecast.models.forecaster import Watcher
    from forecast.models.networks.fitting import RecurrentForecaster
    from forecast.models.networks.presets import SEEDS

    case, fitted = trained.case, []

    def forecast(train: object) -> FloatArray:
        if not fitted:
            spec = spec_of(case, trained.cell, train, trained.preset)
            spec = spec.with_(seeds=tuple(range(SEEDS[trained.preset])))
            fitted.append(RecurrentForecaster(trained.cell, spec, run_with(ROOM)).fit(train, Watcher()))
        return np.median(fitted[0].predict_members(train).values, axis=0)

    return rolling_errors(case, forecast)


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
