"""What tells prices from sales: the rule for random walks, one number of it after the other.

    python benchmarks/tuning/random_walk.py [--quick]

Measured: the scaled error of the last value where a series is taken for a walk and of exponential smoothing elsewhere,
each series judged by itself at four origins, over generated prices and over training parts. ``doubt.py`` measures with
networks, an hour long, what smoothing measures here in a minute.
"""

import numpy as np
from held_back import Case, pieces, r_series, r_years, rolling_errors, smoothed, training_part
from study import Constant, FloatArray, Study, main

MODULE = "forecast.models.classical.random_walk"
STYLES = ("gauss", "student", "garch", "volatile", "crypto", "drifting", "reverting40", "momentum")
CONSTANTS = (
    Constant(MODULE, "WalkRule.undone", (-1.0, -0.4, -0.1, 0.0)),
    Constant(MODULE, "WalkRule.going_on", (0.0, 0.3, 0.5, 1.0)),
    Constant(MODULE, "WalkRule.lags", (1, 2, 6)),
    Constant(MODULE, "WalkRule.explained", (0.1, 0.2, 0.4, 1.0)),
    Constant(MODULE, "WalkRule.drift", (0.5, 1.5, 3.0, 99.0)),
    Constant(MODULE, "WalkRule.worth", (0.0, 0.25, 1.0, 99.0)),
    Constant(MODULE, "WalkRule.season", (0.0, 1.0, 3.0, 99.0)),
    Constant(MODULE, "WalkRule.again", (-1.0, 0.1, 0.25, 1.0)),
    Constant(MODULE, "WalkRule.strength", (0.0, 0.05, 0.2, 2.0)),
    Constant(MODULE, "WalkRule.repeats", (-9.0, 0.0, 1.0, 9.0)),
    Constant(MODULE, "WalkRule.strays", (0.0, 0.15, 0.5, 1.0)),
    Constant(MODULE, "WalkRule.steps", (60, 250, 1000)),
    Constant(MODULE, "WalkRule.least", (12, 40, 80), cases=("short",)),
    Constant(MODULE, "WalkRule.horizons", (1.0, 4.0, 9.0), cases=("short", "prices of months")),
)
FORECASTS: dict[tuple[Case, bytes], tuple[FloatArray, FloatArray]] = {}
PANELS = (Constant(MODULE, "WalkRule.share", (0.0, 0.25, 0.75, 1.01)),)


def cases(quick: bool) -> dict[str, Case]:
    """Returns prices of each style by the month and by the day, and what is none."""
    from doubt_sets import generated, histories, panel_of

    rng, count = np.random.default_rng(5), 12 if quick else 80
    found = {}
    for style in STYLES[:: 2 if quick else 1]:
        found[f"prices of months, {style}"] = Case(
            panel_of(list(generated(rng, count, 130, style)), "MS"), 12, (12,), 4
        )
        found[f"prices of days, {style}"] = Case(panel_of(list(generated(rng, count, 800, style)), "D"), 28, (7,), 4)
    for name in ("m3_monthly", "m4_monthly_sub200", "tourism_monthly"):
        found[name] = Case(panel_of(histories(name, "MS", 126)[: 4 * count], "MS"), 12, (12,), 4)
    found["nn5_daily"] = training_part("nn5_daily", count)
    found |= {**r_series(), **r_years(4 * count)}
    short = Case(training_part("m4_monthly_sub200", 200).panel, 12, (12,), 1)
    return found | {
        "short, m4": pieces(short, 36, 4 * count),
        "short, prices": Case(panel_of(list(generated(rng, 4 * count, 44, "gauss")), "MS"), 12, (12,), 1),
    }


def errors(case: Case) -> FloatArray:
    """Returns the errors where each series is told by itself."""
    from forecast.models.classical.random_walk import walks

    return rolling_errors(case, lambda train: chosen(case, train, walks(train, case.horizon, case.season)))


def panel_errors(case: Case) -> FloatArray:
    """Returns the errors where a panel is told as one."""
    from forecast.models.classical.random_walk import behaves_like_walk

    def forecast(train: object) -> FloatArray:
        is_walk = behaves_like_walk(train, case.horizon, case.season)
        return chosen(case, train, np.full(len(train), is_walk))

    return rolling_errors(case, forecast)


def chosen(case: Case, train: object, are: FloatArray) -> FloatArray:
    """Returns the last value of what is a walk, and smoothing elsewhere."""
    key = (case, train.lengths.tobytes())
    if key not in FORECASTS:
        FORECASTS[key] = both(case, train)
    return np.where(are[:, None], *FORECASTS[key])


def both(case: Case, train: object) -> tuple[FloatArray, FloatArray]:
    """Returns the last value and smoothing, which hang on none of these numbers."""
    from forecast.models.classical.baselines import naive

    return naive(train, case.horizon), smoothed(train, case.horizon, case.season)


STUDIES = (Study(CONSTANTS, cases, errors), Study(PANELS, cases, panel_errors))

if __name__ == "__main__":
    main(__doc__, STUDIES)
