"""Demand that comes now and then: would a forecaster that learned from simulated demand once and for all help?

    python benchmarks/tuning/demand_prior.py [--items 60000]

Items are simulated whose rates drift, die, are born and have seasons, with sizes of several kinds. Boosted trees learn
by Poisson's deviance what comes in the next twelve months over the rate that averages tell, from what ``demand_traits``
says of an item and its last two years by quarters. At origins 18, 21, 24 and 27 of the training part of carparts they
stand by themselves, in mixtures with pooled demand, and as one more trait of that. The official hold-out is not read.
Scores are those of ``demand_bounds.py``.
"""

import argparse
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
from demand_bounds import HORIZON, ORIGINS, scores
from held_back import filled, training_part
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
PANEL, STEPS = 400, 51
QUARTERS = 8


def simulated(rng: np.random.Generator) -> FloatArray:
    """Returns items of one made-up panel, (PANEL, STEPS + HORIZON)."""
    length = STEPS + HORIZON
    usual, apart = rng.normal(-1.2, 0.8), rng.uniform(0.6, 1.4)
    level = rng.normal(usual, apart, (PANEL, 1))
    drift = rng.choice([0.0, 0.03, 0.08, 0.15, 0.25], (PANEL, 1)) * rng.standard_normal((PANEL, length))
    trend = rng.normal(0, 0.01) + rng.normal(0, 0.015, (PANEL, 1))
    times, common = np.arange(length), np.cumsum(rng.normal(0, rng.choice([0.0, 0.03, 0.06]), length))
    phase, height = rng.uniform(0, 2 * np.pi), rng.choice([0.0, 0.1, 0.3])
    season = height * np.sin(2 * np.pi * times / 12 + phase + 0.5 * rng.standard_normal((PANEL, 1)))
    rate = np.exp(level + np.cumsum(drift, axis=1) + trend * (times - length / 2) + season + common)
    dies = rng.geometric(rng.choice([0.002, 0.006, 0.012], (PANEL, 1)))
    born = np.where(rng.random((PANEL, 1)) < 0.25, rng.integers(0, length, (PANEL, 1)), 0)
    rate *= np.where(times >= dies, rng.choice([0.0, 0.05, 0.3], (PANEL, 1)), 1.0) * (times >= born)
    rate *= rng.gamma(shape := rng.choice([0.7, 2.0, 10.0]), 1 / shape, rate.shape)
    orders = rng.poisson(np.minimum(rate, 50))
    mean = 1 + rng.exponential(rng.choice([0.3, 1.0, 3.0]), (PANEL, 1))
    each = np.maximum(1, np.round(mean * rng.lognormal(-0.1, rng.choice([0.2, 0.5, 0.8]), rate.shape)))
    return np.asarray(orders * each, dtype=np.float64)


def described(past: FloatArray, usual: tuple[float, float] | None = None) -> tuple[FloatArray, FloatArray]:
    """Returns what trees see of items, (S, F), and the rate that averages tell, (S,)."""
    from forecast.data.panel import panel_from_series
    from forecast.models.classical.demand_traits import PooledSettings, describe, usual_demand
    from forecast.models.classical.pooled_demand import USUAL_SHARES

    settings = PooledSettings()
    told = describe(past, usual or usual_demand(panel_from_series(list(past), "MS"), settings), settings)
    past = np.nan_to_num(past)
    rate = np.maximum(told.averages @ np.array(USUAL_SHARES), settings.floor * told.sizes)
    quarters = np.full((len(past), QUARTERS), np.nan)
    for number in range(min(QUARTERS, past.shape[1] // 3)):
        end = past.shape[1] - 3 * number
        quarters[:, number] = past[:, end - 3 : end].mean(axis=1) / rate
    whole = past.mean() / np.maximum(past[:, -12:].mean(), 1e-9)  # what all have in common
    more = [np.full(len(past), whole), np.full(len(past), np.log(past.mean()))]
    return np.column_stack([told.inputs(rate), quarters, *more]), rate


def learned(items: int) -> tuple[Any, int]:
    """Returns trees that were grown on simulated items."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    rng, rows = np.random.default_rng(0), []
    for _ in range(items // PANEL):
        values, end = simulated(rng), int(rng.integers(12, STEPS + 1))
        start = max(0, end - int(rng.integers(12, STEPS + 1)))
        past, came = values[:, start:end], values[:, end : end + HORIZON].mean(axis=1)
        past, came = past[past.any(axis=1)], came[past.any(axis=1)]
        if len(past) < PANEL // 4:
            continue
        inputs, rate = described(past)
        scale = np.sqrt((np.diff(past, axis=1) ** 2).mean(axis=1)) + 0.1 * rate
        rows.append((inputs, np.minimum(came, rate + 20 * scale) / rate, rate / scale))
    inputs, ratios, weights = (np.concatenate(own) for own in zip(*rows, strict=True))
    trees = HistGradientBoostingRegressor(
        loss="poisson", max_iter=300, learning_rate=0.06, max_leaf_nodes=24, min_samples_leaf=200, random_state=0
    )
    return trees.fit(inputs, ratios, sample_weight=weights / weights.mean()), len(ratios)


def as_a_trait(panel: Any, trees: Any) -> FloatArray:
    """Returns what pooled demand forecasts whose own trees see what the simulated ones say, (S, H)."""
    from forecast.models.classical import pooled_demand
    from forecast.models.classical.demand_traits import Described, PooledSettings, describe

    settings = PooledSettings(traits=PooledSettings().traits + 1)

    def more(values: FloatArray, usual: tuple[float, float], own: PooledSettings) -> Described:
        told = describe(values, usual, own)
        inputs, _ = described(values, usual)
        return replace(told, traits=np.column_stack([told.traits, trees.predict(inputs)]))

    with patch.object(pooled_demand, "describe", more):
        return pooled_demand.fit_pooled_demand(panel, HORIZON, 12, settings).predict(panel, HORIZON)


def main() -> None:
    """Prints a row a forecast: RMSSE, RMSE and bias, mean over origins; squared errors beside pooled demand's."""
    from forecast.data.panel import panel_from_series
    from forecast.models.classical.demand_traits import PooledSettings
    from forecast.models.classical.pooled_demand import fit_pooled_demand

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=60_000)
    trees, count = learned(parser.parse_args().items)
    print(f"learned from {count:,} simulated items")
    case = training_part("carparts", 1337)
    whole = np.array([own for own in filled(case) if len(own) == case.panel.lengths.max()])

    def simulated_level(past: FloatArray) -> FloatArray:
        inputs, rate = described(past)
        return np.asarray(rate * trees.predict(inputs))

    made: dict[str, list[FloatArray]] = {}
    for origin in ORIGINS:
        past = whole[:, :origin]
        panel, ones = panel_from_series(list(past), "MS"), np.ones((1, HORIZON))
        ours = fit_pooled_demand(panel, HORIZON, 12, PooledSettings()).predict(panel, HORIZON)
        level, own = ours.mean(axis=1), simulated_level(past)
        alone = own * level.sum() / own.sum()
        before = max(6, origin - HORIZON)  # what came since then tells how far simulated items are like these
        older, since = simulated_level(whole[:, :before]), whole[:, before:origin].mean(axis=1)
        fitted = own * since.sum() / older.sum()
        found = {
            "pooled demand": ours,
            "simulated": own[:, None] * ones,
            "simulated, earlier sum": fitted[:, None] * ones,
        }
        found["simulated, its sum"] = alone[:, None] * ones
        found["a trait of pooled demand"] = as_a_trait(panel, trees)
        for share in (0.1, 0.3):
            found[f"{share:.0%} simulated, its sum"] = ours * ((1 - share) + share * (alone / level))[:, None]
            mixed = level ** (1 - share) * np.maximum(alone, 1e-6) ** share
            found[f"{share:.0%} geometric, its sum"] = ours * (mixed / level * level.sum() / mixed.sum())[:, None]
        for name, point in found.items():
            made.setdefault(name, []).append(point)
    truths = [whole[:, origin : origin + HORIZON] for origin in ORIGINS]
    squares = {
        name: [((truth - point) ** 2).mean(axis=1) for truth, point in zip(truths, points, strict=True)]
        for name, points in made.items()
    }
    roots = {
        name: [
            np.sqrt(own) / np.sqrt((np.diff(whole[:, :origin], axis=1) ** 2).mean(axis=1)).clip(1e-9)
            for own, origin in zip(each, ORIGINS, strict=True)
        ]
        for name, each in squares.items()
    }
    sells = [np.diff(whole[:, :origin], axis=1).any(axis=1) for origin in ORIGINS]
    for name, points in made.items():
        each = [
            scores(whole[:, :origin], truth, point)
            for origin, truth, point in zip(ORIGINS, truths, points, strict=True)
        ]
        rmsse, rmse, bias = np.mean(each, axis=0)
        usual = "pooled demand"
        apart = np.mean([a - b for a, b in zip(squares[name], squares[usual], strict=True)], axis=0)
        base = np.mean([own.mean() for own in squares[usual]])
        scaled = np.nanmean(
            [np.where(s, a - b, np.nan) for a, b, s in zip(roots[name], roots[usual], sells, strict=True)], axis=0
        )
        scaled = scaled[np.isfinite(scaled)]
        spread, apart = apart.std() / np.sqrt(len(apart)), apart.mean()
        print(
            f"{name:28} RMSSE {rmsse:.4f}  RMSE {rmse:.4f}  bias {bias:+.3f}  squares {100 * apart / base:+.2f}"
            f" ± {100 * spread / base:.2f} %  RMSSE by series {scaled.mean():+.4f}"
            f" ± {scaled.std() / np.sqrt(len(scaled)):.4f}"
        )


if __name__ == "__main__":
    main()
