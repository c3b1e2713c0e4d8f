"""Demand that comes now and then: how much of the error of carparts anybody could take away.

    python benchmarks/tuning/demand_bounds.py

At origins 18, 21, 24 and 27 of the training part, 12 months each: the scores of what is issued, and of forecasts that
were told what came: the own mean of each item (of the other eleven months, too; its true one lies between the two, by
their geometric mean), one factor, a season in common, a map of forecasts that never falls, factors by group, mixtures
of forecasts by scale. The official hold-out is not read. RMSSE is that of ``benchmarks/intermittent.py``.
"""

import numpy as np
from held_back import filled, training_part
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ORIGINS, HORIZON = (18, 21, 24, 27), 12


def scores(past: FloatArray, came: FloatArray, point: FloatArray) -> FloatArray:
    """Returns RMSSE, RMSE and bias of forecasts (S, H)."""
    scale, errors = np.sqrt((np.diff(past, axis=1) ** 2).mean(axis=1)), came - point
    own, sells = np.sqrt((errors**2).mean(axis=1)), scale > 0
    return np.array([(own[sells] / scale[sells]).mean(), np.sqrt((errors**2).mean()), -errors.mean()])


def stacked(inputs: FloatArray, came: FloatArray, group: NDArray[np.int64]) -> FloatArray:
    """Returns the non-negative mixture of forecasts (S, F) that erred least in each group, (S,)."""
    from scipy.optimize import nnls

    found = np.zeros(len(came))
    for number in np.unique(group):
        own = group == number
        found[own] = inputs[own] @ nnls(inputs[own], came[own])[0]
    return found


def at(whole: FloatArray, origin: int) -> dict[str, FloatArray]:
    """Returns the forecasts of one origin, by name, (S, H) each."""
    from sklearn.isotonic import IsotonicRegression

    from forecast.data.panel import panel_from_series
    from forecast.models.classical.demand_traits import PooledSettings
    from forecast.models.classical.intermittent import IntermittentSettings, intermittent
    from forecast.models.classical.pooled_demand import fit_pooled_demand

    past, came = whole[:, :origin], whole[:, origin : origin + HORIZON]
    panel, ones = panel_from_series(list(past), "MS"), np.ones((1, HORIZON))
    ours = fit_pooled_demand(panel, HORIZON, 12, PooledSettings()).predict(panel, HORIZON)
    rules = {rule: intermittent(rule, panel, HORIZON, IntermittentSettings()) for rule in ("imapa", "tsb")}
    level, mean = ours.mean(axis=1), came.mean(axis=1)
    scale, since = np.diff(past, axis=1).std(axis=1), np.argmax(past[:, ::-1] > 0, axis=1)
    quarter, tenth = (np.digitize(scale, np.quantile(scale, np.arange(1, n) / n)) for n in (4, 10))
    known = np.column_stack(
        [level, *(own[:, 0] for own in rules.values()), *(past[:, -n:].mean(axis=1) for n in (3, 12, 99))]
    )
    by_group = stacked(level[:, None], mean, 10 * quarter + np.digitize(since, [1, 2, 4, 7, 12]))
    return {
        "pooled demand": ours,
        **rules,
        "nothing": np.zeros_like(ours),
        "told: mean of each item": mean[:, None] * ones,
        "told: of its other months": (came.sum(axis=1, keepdims=True) - came) / (HORIZON - 1),
        "told: one factor": ours * came.sum() / ours.sum(),
        "told: a season in common": level[:, None] * came.mean(axis=0) / level.mean(),
        "told: a rising map": IsotonicRegression().fit_transform(level, mean)[:, None] * ones,
        "told: factors of 24 groups": by_group[:, None] * ones,
        "told: one mixture": stacked(known, mean, np.zeros(len(mean), dtype=int))[:, None] * ones,
        "told: mixtures by scale": stacked(known, mean, tenth)[:, None] * ones,
    }


def main() -> None:
    """Prints a row a forecast: RMSSE, RMSE and bias, mean over origins."""
    case = training_part("carparts", 1337)
    whole = np.array([own for own in filled(case) if len(own) == case.panel.lengths.max()])
    made = {origin: at(whole, origin) for origin in ORIGINS}

    def measured(name: str, origin: int) -> FloatArray:
        return scores(whole[:, :origin], whole[:, origin : origin + HORIZON], made[origin][name])

    for name in made[ORIGINS[0]]:
        rmsse, rmse, bias = np.mean([measured(name, origin) for origin in ORIGINS], axis=0)
        print(f"{name:28} RMSSE {rmsse:.4f}  RMSE {rmse:.4f}  bias {bias:+.3f}")


if __name__ == "__main__":
    main()
