"""Demand that comes now and then: what all series teach together, its distribution, and the networks beside it.

    python benchmarks/tuning/intermittent.py [--quick]

Measured: the squared error at four origins of the training part of carparts, whose next year is held back (what all
series teach is to be a mean), and the scaled error, the pinball loss of the deciles or the scaled error of what
``train`` would forecast, on simulated demand (steady, lumpy, wandering, born and dying, with a season, by the day), on
counts drawn from panels of sales and on that training part; one wild demand, too. No hold-out is read.
"""

from dataclasses import replace

import numpy as np
from held_back import Case, filled, rolling_errors, training_part
from study import Constant, FloatArray, Study, main, run_with

POOLED, TRAITS = "forecast.models.classical.pooled_demand", "forecast.models.classical.demand_traits"
RULES = "forecast.models.classical.intermittent"
FIT = "forecast.evaluation.distribution.count_fit"
COMBINATION, PLAN = "forecast.models.combination", "forecast.experiment.plan"
PRESETS = "forecast.models.networks.presets"
CONSTANTS = (
    Constant(POOLED, "POWER", (2.0, 1.25, 1.0)),
    Constant(TRAITS, "PooledSettings.share", (0.0, 0.5, 1.0)),
    Constant(TRAITS, "PooledSettings.belief", (0.1, 2.0, 20.0)),
    Constant(TRAITS, "PooledSettings.size_belief", (0.2, 5.0)),
    Constant(TRAITS, "PooledSettings.scale_belief", (0.2, 10.0)),
    Constant(POOLED, "MANY_ROWS", (200, 10**9)),
    Constant(POOLED, "MADE_UP", (0.0, 1.0)),
    Constant(POOLED, "LEAST_ERROR", (0.01, 0.5)),
    Constant(POOLED, "USUAL_WINDOWS", (1.0, 500.0)),
    Constant(POOLED, "USUAL_SHARES", (0.0, 2.0), item=0),
    Constant(POOLED, "SEASON_PROOF", (0.0, 20.0)),
    Constant(POOLED, "LEAST_SEASONS", (2, 30)),
    Constant(POOLED, "MOST_ORIGINS", (4, 60)),
)
MEANS = (
    Constant(TRAITS, "PooledSettings.traits", (7,)),
    Constant(TRAITS, "PooledSettings.stretches", (1, 2, 8)),
    Constant(POOLED, "TREES", (30, 200)),
    Constant(POOLED, "TREE_RATE", (0.03, 0.2)),
    Constant(POOLED, "LEAVES", (4, 20)),
    Constant(POOLED, "LEAST_ROWS", (20, 400)),
    Constant(POOLED, "SEEN", (0.3, 1.0)),
    Constant(POOLED, "MOST_CAME", (3.0, 10.0)),
    Constant(POOLED, "MOST_MISSED", (5.0, 100.0)),
)
WILD = (
    Constant(POOLED, "WILD_SCALE", (3.0, 10.0, 100.0, 1e9)),
    Constant(POOLED, "ROOM", (0.1, 0.15, 1.0, 1e9)),
)
COUNTS = (
    Constant(FIT, "SIZES_BELIEF", (1.0, 2000.0)),
    Constant(FIT, "USUAL_SIZES", (0.0, 1.0), item=0),
    Constant(FIT, "CHANCE_BELIEF", (0.5, 5000.0)),
)
NETWORKS = (
    Constant(COMBINATION, "DEMAND_TRUST", (0.0, 0.5, 1.0)),
    Constant(COMBINATION, "DEMAND_MARGIN", (0.0, 2.0)),
    Constant(PRESETS, "DEMAND_STEPS", (50, 1000)),
    Constant(PRESETS, "DEMAND_RATE", (3e-4, 1e-2)),
    Constant(PLAN, "LEAST_DEMAND_WINDOW", (6, 48), cases=("steady", "days")),
    Constant(PLAN, "LONGEST_DEMAND_SEASON", (2,), cases=("days",)),
    Constant(PLAN, "SMALL_DEMAND", (1,)),
)


def simulated(quick: bool) -> dict[str, Case]:
    """Returns panels of demand of many kinds."""
    from forecast.data.panel import panel_from_series

    rng, count, steps = np.random.default_rng(11), 100 if quick else 400, 72
    months = np.arange(steps)

    def case(values: FloatArray, code: str = "MS", season: int = 12, horizon: int = 12) -> Case:
        return Case(panel_from_series(list(values.astype(float)), code), horizon, (season,), 1)

    rates = rng.gamma(0.6, 0.8, (count, 1))
    wandering = np.cumsum(rng.normal(0, 0.15, (count, steps)), axis=1)
    chance, size = rng.beta(1, 4, (count, 1)), np.exp(rng.normal(2, 1, (count, 1)))
    born, life = rng.integers(-60, 60, (count, 1)), rng.geometric(1 / 40, (count, 1))
    lives = (months >= born) & (months < born + life)
    wave, days = 1 + 0.6 * np.sin(2 * np.pi * months / 12), np.arange(196)
    week = np.array([0.6, 0.7, 0.8, 0.9, 1.2, 1.6, 1.2])[days % 7]
    sizes = np.ceil(size * np.exp(rng.normal(0, 0.8, (count, steps))))
    return {
        "steady": case(rng.poisson(np.repeat(rates, steps, axis=1))),
        "lumpy": case((rng.random((count, steps)) < chance) * sizes),
        "wandering": case(rng.poisson(np.minimum(rates * np.exp(wandering), 50))),
        "born and dying": case(rng.poisson(rates * lives)),
        "season": case(rng.poisson(rates * wave)),
        "days": case(rng.poisson(rates[: count // 2] * week), "D", 7, 28),
    }


def thinned(name: str, quick: bool) -> Case:
    """Returns counts drawn from a panel of sales: each series' course, but few of its units."""
    from forecast.data.panel import panel_from_series

    rng, case = np.random.default_rng(12), training_part(name, 60 if quick else 300)
    series = [np.maximum(own, 0) for own in filled(case)]
    drawn = [rng.poisson(own / max(own.mean(), 1e-9) * rng.gamma(0.8, 0.5)).astype(float) for own in series]
    return replace(case, panel=panel_from_series(drawn, case.panel.frequency), folds=1)


def cases(quick: bool) -> dict[str, Case]:
    """Returns all panels."""
    found = simulated(quick)
    found["drawn from m3"] = thinned("m3_monthly", quick)
    found["drawn from nn5"] = thinned("nn5_daily", quick)
    return found | {"carparts": replace(training_part("carparts", 200 if quick else 1337), folds=1)}


def errors(case: Case) -> FloatArray:
    """Returns the scaled errors of what all series teach together."""
    from forecast.models.classical.demand_traits import PooledSettings
    from forecast.models.classical.pooled_demand import fit_pooled_demand

    def forecast(train: object) -> FloatArray:
        return fit_pooled_demand(train, case.horizon, case.season, PooledSettings()).predict(train, case.horizon)

    return rolling_errors(case, forecast)


def windows_of_carparts(quick: bool) -> dict[str, Case]:
    """Returns the training part of carparts until some months, the last twelve of each held back."""
    from forecast.data.panel import panel_from_series

    case = training_part("carparts", 270 if quick else 1337)
    whole = [own for own in filled(case) if len(own) == case.panel.lengths.max()]
    ends = (36, 39) if quick else (30, 33, 36, 39)
    cut = {end: panel_from_series([own[:end] for own in whole], case.panel.frequency) for end in ends}
    return {f"carparts until {end}": replace(case, panel=panel, folds=1) for end, panel in cut.items()}


def squared_errors(case: Case) -> FloatArray:
    """Returns the mean squared error of each series: what is right on average has the least."""
    from forecast.evaluation.splits import rolling_origins
    from forecast.models.classical.demand_traits import PooledSettings
    from forecast.models.classical.pooled_demand import fit_pooled_demand

    fold = rolling_origins(case.panel, case.horizon, 1, 1, warms_up=False)[1]
    train = fold.train(case.panel)
    model = fit_pooled_demand(train, case.horizon, case.season, PooledSettings())
    missed = fold.truth(case.panel) - model.predict(train, case.horizon)
    return np.asarray((missed**2).mean(axis=1))


def with_a_wild_demand(quick: bool) -> dict[str, Case]:
    """Returns lumpy demand, and 60 steady series, the first of which once sold 1,000."""
    from forecast.data.panel import panel_from_series

    found = simulated(quick)
    case = found["steady"]
    series = [own.copy() for own in filled(case)[:60]]
    series[0][len(series[0]) // 2] = 1000
    return {"lumpy": found["lumpy"], "wild": replace(case, panel=panel_from_series(series, case.panel.frequency))}


def errors_of_others(case: Case) -> FloatArray:
    """Returns the mean squared error of each series but the first, over the square of its mean."""
    means = np.array([max(own.mean(), 0.1) for own in filled(case)])
    return (squared_errors(case) / means**2)[1:]


def few(quick: bool) -> dict[str, Case]:
    """Returns panels that are quickly backtested."""
    found = simulated(quick=True)
    return found if not quick else {name: found[name] for name in ("steady", "days")}


def _tested(case: Case) -> tuple[object, object]:
    from forecast.evaluation.backtest import backtest
    from forecast.evaluation.splits import rolling_origins
    from forecast.experiment.experiment import count_windows
    from forecast.experiment.plan import make_plan
    from forecast.models.networks.presets import make_spec
    from forecast.models.registry import make_forecaster
    from forecast.specs import LINEAR, Settings

    settings = Settings(horizon=case.horizon, preset="fast")
    plan = make_plan(case.panel, settings)
    spec = make_spec(LINEAR, plan, settings, count_windows(case.panel, plan))
    run = run_with(0)
    folds = rolling_origins(case.panel, plan.horizon, plan.folds, 1, warms_up=plan.warms_up)
    model = make_forecaster(LINEAR, {LINEAR: spec}, plan.season, run)
    found = backtest(case.panel, folds, [model], plan.season, refit=plan.refit, metric="rmsse", run=run)
    return found, found.models[0]


def _mean_of_finite(values: FloatArray, axes: tuple[int, ...]) -> FloatArray:
    """Returns means of what is finite; NaN where nothing is."""
    known = np.isfinite(values)
    counts = known.sum(axes)
    sums = np.where(known, values, 0.0).sum(axes)
    return np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0)


def joint_errors(case: Case) -> FloatArray:
    """Returns the scaled errors of what ``train`` would forecast."""
    found, tested = _tested(case)
    missed = (found.truths - tested.forecasts) / found.scales[..., None]
    return np.sqrt(_mean_of_finite(missed**2, (0, 2)))


def losses(case: Case) -> FloatArray:
    """Returns the pinball losses of the deciles, over each series' scale."""
    from forecast.evaluation.distribution.quantile_metrics import DECILES, pinball_losses

    found, tested = _tested(case)
    each = [pinball_losses(found.truths, tested.quantiles.at(p), p) / found.scales[..., None] for p in DECILES]
    return _mean_of_finite(each, (0, 1, 3))


STUDIES = (
    Study(MEANS, windows_of_carparts, squared_errors),
    Study(WILD, with_a_wild_demand, errors_of_others),
    Study(CONSTANTS, cases, errors),
    Study(COUNTS, few, losses),
    Study(NETWORKS, few, joint_errors),
)

if __name__ == "__main__":
    main(__doc__, STUDIES)
