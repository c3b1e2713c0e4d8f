"""The season of each series by itself: how fast old seasons fade, and how far it is drawn to nothing.

    python benchmarks/tuning/seasonality.py [--quick]

Measured: the scaled error of exponential smoothing, which takes that season out and puts it back, over the last two
horizons of each series that has one.
"""

from held_back import Case, pieces, training_part, usual_cases
from smoothing import errors
from study import Constant, Study, main

MODULE = "forecast.models.classical.seasonality"
CONSTANTS = (
    Constant(MODULE, "SeasonalitySettings.kept", (0.6, 0.8, 0.95, 1.0), item=0),
    Constant(MODULE, "SeasonalitySettings.kept", (0.2, 0.4, 0.7, 1.0), item=1),
    Constant(MODULE, "SeasonalitySettings.worth", (0.2, 0.4, 0.8, 1.0)),
    Constant(MODULE, "SeasonalitySettings.differences", (0.0, 1.0, 12.0, 100.0)),
    Constant(MODULE, "SeasonalitySettings.steepest", (0.1, 1.0, 30.0)),
)


def cases(quick: bool) -> dict[str, Case]:
    """Returns the usual ones that have a season, and histories of two to three seasons."""
    most = 40 if quick else 300
    short = {
        f"{steps} months of m4": pieces(training_part("m4_monthly_sub200", 200), steps, most) for steps in (24, 36)
    }
    return {name: case for name, case in (usual_cases(quick) | short).items() if case.season > 1}


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
