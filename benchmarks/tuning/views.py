"""Views before any training: the smoothed base, the regression that the linear highway starts from, and logarithms.

    python benchmarks/tuning/views.py [--quick]

Measured: the scaled error of the median of the recipe's views, each its base plus its highway's start, over the last
two horizons of each series. That is what training begins with; how training goes on is measured by ``descent.py``.
"""

from dataclasses import replace

import numpy as np
from held_back import Case, pieces, rolling_errors, training_part
from study import Constant, FloatArray, Study, main, run_with

HIGHWAY, VIEWS = "forecast.models.networks.linear_init", "forecast.models.views"
CONSTANTS = (
    Constant("forecast.models.networks.smoothed_base", "SHARPNESS", (0.0, 2.0, 16.0, 64.0)),
    Constant("forecast.models.networks.fitting", "SMOOTHED_WINDOWS", (50, 500, 8000)),
    Constant(HIGHWAY, "PENALTIES", (np.array([0.001]), np.array([1.0]), 10.0 ** np.arange(-7, 5))),
    Constant(HIGHWAY, "ROUNDS", (1, 4)),
    Constant(HIGHWAY, "EARLY", (0.5, 0.6, 0.79)),
    Constant(HIGHWAY, "LATE", (0.71, 0.9)),
    Constant(HIGHWAY, "EDGE", (3.0, 10.0, 100.0)),
    Constant(HIGHWAY, "MOST_WINDOWS", (500, 4000, 40_000)),
    Constant(VIEWS, "ViewSettings.log_offset", (0.002, 0.01, 0.05, 0.3)),
    Constant(VIEWS, "CLIP", (1.0, 3.0, 30.0)),
)


def cases(quick: bool) -> dict[str, Case]:
    """Returns panels, and single series of the length of usual spreadsheets as panels of one recipe."""
    most = 12 if quick else 150
    names = ("m3_monthly", "tourism_monthly", "m4_monthly_sub200", "nn5_daily", "walmart_weekly_sub200", "m4_hourly")
    cases = {name: training_part(name, most) for name in names[: -1 if quick else None]}
    return cases | {"60 months": pieces(training_part("m3_monthly", 400), 60, most)}


def errors(case: Case) -> FloatArray:
    """Returns the errors of untrained networks."""
    return rolling_errors(case, lambda train: untrained(case, train))


def untrained(case: Case, train: object, window: int | None = None, learned_from: object = None) -> FloatArray:
    """Returns the median of what networks forecast before their first step, (S, H).

    Args:
        case: what is forecast.
        train: ends at the origin.
        window: lookback; None for one that any series can spare.
        learned_from: the panel that bases and regressions are fitted to; None for the same.
    """
    from forecast.data.windows import cut_windows, last_lookbacks
    from forecast.models.method_settings import CURRENT
    from forecast.models.networks.fitting import _fit_view
    from forecast.models.networks.linear_init import fit_linear_init
    from forecast.models.networks.presets import make_spec
    from forecast.models.views import restore, see, view_maps
    from forecast.specs import Plan, Settings

    learned_from = train if learned_from is None else learned_from
    if window is None:
        window = 336 if case.horizon == 48 else max(4 * case.season, 2 * case.horizon) if case.season < 50 else 65
        window = max(case.season, min(window, int(train.lengths.min()) // 2 // case.season * case.season))
    plan = Plan(case.horizon, window, case.seasons, 1, refit=False, nonnegative=bool((train.filled >= 0).all()))
    spec = make_spec("linear", plan, Settings(), 200 if len(train) < 5 else 1000)
    found, settings = [], CURRENT.views
    for view in dict.fromkeys(replace(view, ridge=True) for view in spec.views):
        windows = cut_windows(learned_from, window, case.horizon, view.season)
        own = _fit_view(learned_from, view, windows, settings, run_with(0))
        kernel = fit_linear_init(windows, view, own, settings)
        maps = view_maps(view, window, case.horizon, settings, own.base)
        seen = see(last_lookbacks(train, window, view.season), maps, own.level, own.scale)
        outputs = np.zeros_like(seen.base) if kernel is None else seen.inputs @ kernel
        found.append(restore(outputs, seen, maps))
    return np.median(found, axis=0)


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
