"""The recurrent path of a network: how many steps a long window is cut into, and how many units there are.

    python benchmarks/tuning/segments.py [--quick]

Measured: the scaled error of GRUs that the program would train over the last two horizons of panels of days and, as if
they had no season, of months. More steps and units also take more time: here only what they gain is told.
"""

from dataclasses import replace

from held_back import Case, training_part
from presets import Trained, errors
from study import Constant, Study, main

MODULE = "forecast.models.networks.presets"
CONSTANTS = (
    Constant(MODULE, "MOST_STEPS", (3, 16, 30)),
    Constant(MODULE, "UNCUT", (200, 5), cases=("no season",)),
    Constant(MODULE, "UNITS", (8, 64, 128), cases=("no season",)),
    Constant(MODULE, "UNITS_OF_MANY", (16, 128), cases=("days",)),
)


def cases(quick: bool) -> dict[str, Trained]:
    """Returns what GRUs look at in segments: days with a season, and months without one."""
    days = training_part("nn5_daily", 8 if quick else 60)
    months = replace(training_part("m4_monthly_sub200", 10 if quick else 100), horizon=18)
    return {
        "days": Trained(days, "gru", "fast"),
        "no season": Trained(Case(months.panel, 18, (1,)), "gru", "fast"),
    }


STUDIES = (Study(CONSTANTS, cases, errors, most=1),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
