"""Effects of dates: which groups of the calendar are looked at, and when one is worth it.

    python benchmarks/tuning/calendar_effects.py [--quick]

Measured: the scaled error of exponential smoothing on what the effects of dates leave, with these put back, over the
last horizons of training parts and of short histories cut from them. How often lengths of months and Easter are taken
by chance is told by ``calendar_of_short_series.py``, which chose ``LEAST_STEPS``.
"""

import numpy as np
from covariate_effects import with_effects
from held_back import Case, long_r_series, pieces, rolling_errors, summed, training_part
from study import Constant, FloatArray, Study, main

MODULE = "forecast.models.covariates.effect_fit"
QUARTERS = ("quarters", "tourism_regions", "one of")
CONSTANTS = (
    Constant(MODULE, "LEAST_WORTH", (-1.0, 0.0, 0.002, 0.02, 1.0)),
    Constant(MODULE, "LEAST_ROWS_WORTH", (0.0, 1.0, 8.0, 50.0)),
    Constant(MODULE, "LEAST_LEFT", (0.0, 0.2, 1.0)),
    Constant(MODULE, "BLOCKS", (2, 3, 8)),
    Constant(MODULE, "LEAST_STEPS", (0, 36, 72, 10_000), item=("month", "length")),
    Constant(MODULE, "LEAST_STEPS", (0, 48, 96, 10_000), item=("month", "easter")),
    Constant(
        MODULE,
        "LEAST_STEPS",
        (0, 40, 10_000),
        item=("quarter", "length"),
        cases=QUARTERS,
    ),
    Constant(
        MODULE,
        "LEAST_STEPS",
        (0, 20, 10_000),
        item=("quarter", "easter"),
        cases=QUARTERS,
    ),
    Constant(MODULE, "LEAST_DAYS", (365.0, 1500.0, 1e6), item="year", cases=("days", "nn5", "weeks")),
    Constant(MODULE, "LEAST_DAYS", (0.0, 365.0, 1e6), item="month", cases=("days", "nn5")),
    Constant(MODULE, "LEAST_DAYS", (0.0, 14.0, 56.0, 1e6), item="week", cases=("hours",)),
    Constant(MODULE, "LEAST_DAYS", (0.0, 14.0, 1e6), item="day", cases=("hours",)),
)


def cases(quick: bool) -> dict[str, Case | tuple[Case, ...]]:
    """Returns panels of days, weeks, hours, months and quarters, some of them short."""
    most = 20 if quick else 200
    months, days = training_part("tourism_monthly", most), training_part("nn5_daily", 8 if quick else 60)
    hours = training_part("m4_hourly", 4 if quick else 40)
    weeks = training_part("walmart_weekly_sub200", 10 if quick else 100)
    found = {
        "tourism_monthly": months,
        "m3_monthly": training_part("m3_monthly", most),
        "nn5_daily": days,
        "days of no season": Case(days.panel, 28, (1,)),
        "hours of no week": Case(hours.panel, 48, (1,)),
        "weeks of no year": Case(weeks.panel, 13, (1,)),
        "quarters of tourism": summed(months, 3, "QS", 4, 4),
        "quarters of m3": summed(training_part("m3_monthly", most), 3, "QS", 4, 4),
        "tourism_regions": training_part("tourism_regions", most),
    }
    ones = 4 if quick else 60
    for steps in (30, 42, 54):
        found[f"one of {steps} months"] = alone(months, 12, 12, steps, ones)
    for steps in (24, 36, 50):
        found[f"one of {steps} quarters"] = alone(summed(months, 3, "QS", 4, 4), 4, 4, steps, ones)
    rng = np.random.default_rng(2)
    for steps in (24, 60):
        found[f"quarters with Easter, {steps}"] = tuple(easters(rng, steps) for _ in range(ones))
    for steps in (100, 200, 400):
        found[f"days with paydays, {steps}"] = tuple(paydays(rng, steps) for _ in range(ones))
    for steps in (17, 30):
        found[f"hours with weekdays, {steps} days"] = tuple(weekdays(rng, 24 * steps) for _ in range(ones))
    return found | ({} if quick else long_r_series())


def alone(case: Case, horizon: int, season: int, steps: int, most: int) -> tuple[Case, ...]:
    """Returns short histories, each by itself."""
    long = Case(case.panel, horizon, (season,), 1)
    return tuple(Case(pieces(long, steps, 1, copy).panel, horizon, (season,), 1) for copy in range(most))


def paydays(rng: np.random.Generator, steps: int) -> Case:
    """Returns generated sales by the day that are higher on the last days and the first of a month."""
    from forecast.data.panel import panel_from_series

    days = np.datetime64("2021-02-03") + np.arange(steps + 28)
    month = days.astype("datetime64[M]")
    place = (days - month.astype("datetime64[D]")).astype(int)
    left = ((month + 1).astype("datetime64[D]") - days).astype(int)
    high = 0.35 * ((place < 1) | (left <= 2))
    values = 100 * np.exp(
        high + 0.2 * np.resize(rng.standard_normal(7), days.size) + 0.1 * rng.standard_normal(days.size)
    )
    first = int((days[0] - np.datetime64("1970-01-01")).astype(int))
    return Case(panel_from_series([values], "D", first=np.array([first])), 28, (7,), 1)


def easters(rng: np.random.Generator, steps: int) -> Case:
    """Returns generated sales by the quarter that are higher where Easter is in it."""
    from forecast.data.panel import panel_from_series

    first = 4 * (1990 - 1970)
    quarters = first + np.arange(steps + 4)
    years = 1970 + quarters // 4
    in_march = np.isin(years, (1991, 1997, 2002, 2005, 2008))  # Easter, of these years
    has = (quarters % 4 == 0) & in_march | (quarters % 4 == 1) & ~in_march
    values = 100 * np.exp(
        0.3 * has + np.resize(0.1 * rng.standard_normal(4), has.size) + 0.02 * rng.standard_normal(has.size)
    )
    return Case(panel_from_series([values], "QS", first=np.array([first])), 4, (4,), 1)


def weekdays(rng: np.random.Generator, steps: int) -> Case:
    """Returns generated calls by the hour that are fewer on weekends, where only the day is taken for a season."""
    from forecast.data.panel import panel_from_series

    hours = np.arange(steps + 48)
    weekend = -0.5 * ((hours // 24) % 7 >= 5)
    day = np.resize(0.4 * rng.standard_normal(24), hours.size)
    values = 100 * np.exp(weekend + day + 0.1 * rng.standard_normal(hours.size))
    return Case(panel_from_series([values], "h", first=np.array([24 * 4])), 48, (24,), 1)


def errors(case: Case) -> FloatArray:
    """Returns the errors of smoothing with the effects of dates."""
    return rolling_errors(case, lambda train: with_effects(case, train, calendar=True))


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
