"""A few series that sell now and then among many that sell all the time: counts around their means, or errors of all.

    python benchmarks/tuning/lone_series.py [--quick]

Panels without a hierarchy are backtested, each fold calibrated by those before it: carparts among m3_monthly and among
tourism_monthly (training parts; one in six, one in eleven), the leaves of tourism_regions, and made-up days of shops.
Each by smoothing, and by the same as a network would be (with IMAPA for such series). Printed are what 80 and 95 %
intervals held, the weighted quantile loss and the RMSE of these series and of the others, as if all were alike and with
counts. The official hold-outs are not read.
"""

import argparse
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import numpy as np
from held_back import Case, filled, training_part
from rare_leaves import ENDS, Smoothed, shown
from study import FloatArray, run_with

from hierarchies import back, tourism

RULE = "forecast.evaluation.backtest.rare_series"


def among(name: str, rare: int, often: int, seed: int) -> Case:
    """Returns some items of carparts among series of another set, as one panel."""
    from forecast.data.panel import panel_from_series

    rng = np.random.default_rng(seed)
    items, others = training_part("carparts", 300), training_part(name, 300)
    steps = int(items.panel.lengths.max())
    few = [own for own in filled(items) if len(own) == steps]
    many = [own[-steps:] for own in filled(others) if len(own) >= steps]
    chosen = [pool[i] for pool, count in ((few, rare), (many, often)) for i in rng.permutation(len(pool))[:count]]
    return Case(panel_from_series(chosen, "MS"), 6, (12,), 3)


def shops(seed: int) -> Case:
    """Returns made-up days: 12 items with a week, and three that sell every third to every twelfth day."""
    from forecast.data.panel import panel_from_series

    rng, steps = np.random.default_rng(seed), np.arange(500)
    week = [1 + 0.4 * np.sin(2 * np.pi * (steps + i) / 7) for i in range(12)]
    often = [np.round(np.maximum(0, rng.uniform(20, 80) * own + rng.normal(0, 6, 500))) for own in week]
    rare = [rng.binomial(1, rng.uniform(0.08, 0.3), 500) * rng.integers(1, 4, 500) for _ in range(3)]
    return Case(panel_from_series([*often, *rare], "D"), 28, (7,), 3)


def leaves() -> Case:
    """Returns the leaves of tourism_regions, as series that nobody adds up."""
    own = back(tourism(), 0)
    return Case(own.panel.select(own.panel.summands), own.horizon, own.seasons, 3)


def cases(quick: bool) -> Iterator[tuple[str, tuple[Case, ...]]]:
    """Yields panels, several of a kind."""
    seeds = range(1 if quick else 4)
    for name in ("m3_monthly", "tourism_monthly"):
        yield f"carparts, one in six of {name}", tuple(among(name, 12, 60, seed) for seed in seeds)
        yield f"carparts, one in eleven of {name}", tuple(among(name, 3, 30, seed) for seed in seeds)
    yield "days of shops", tuple(shops(seed) for seed in seeds)
    yield "leaves of tourism_regions", (leaves(),)


def measured(case: Case, model: Any) -> dict[str, list[tuple[FloatArray, ...]]]:
    """Returns of both kinds of series what came, the quantiles, ends of levels and forecasts, one row a fold."""
    from forecast.data.checks.demand import INTERVAL, rare_series
    from forecast.evaluation.backtest import backtest
    from forecast.evaluation.distribution.quantile_metrics import DECILES
    from forecast.evaluation.splits import rolling_origins

    folds = rolling_origins(case.panel, case.horizon, case.folds, 1, warms_up=True)
    found = backtest(case.panel, folds, [model], case.season, refit=False, metric="rmse", run=run_with(0))
    tested = found.models[0]
    made: dict[str, list[Any]] = {"rare": [], "others": []}
    for k, fold in enumerate(folds[1:]):
        rare = rare_series(fold.train(case.panel), INTERVAL)
        for kind, which in (("rare", rare), ("others", ~rare)):
            truth, point = found.truths[k, which].ravel(), tested.forecasts[k, which].ravel()
            told, ends = (
                np.stack([tested.quantiles.at(p)[k, which].ravel() for p in each]) for each in (DECILES, ENDS)
            )
            known = ~np.isnan(truth) & ~np.isnan(told[0])
            made[kind].append((truth[known], told[:, known], ends[:, known], point[known]))
    return made


def main() -> None:
    """Prints the table."""
    from forecast.models.classical.baselines import Baseline
    from forecast.models.method_settings import CURRENT

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    print("held of 80 and 95 %, WQL and RMSE, as if all were alike and with counts")
    for name, some in cases(parser.parse_args().quick):
        for kind in ("smoothing", "as a network"):
            rows = []
            for without in (True, False):
                made: dict[str, list[Any]] = {"rare": [], "others": []}
                for case in some:
                    own = Baseline("smoothing", case.horizon, case.season, CURRENT.classical)
                    model = own if kind == "smoothing" else Smoothed(case)
                    with patch(RULE, lambda panel, *_: np.zeros(len(panel), bool)) if without else nullcontext():
                        for which, parts in measured(case, model).items():
                            made[which].extend(parts)
                errors = {
                    which: float(np.sqrt(np.mean(np.concatenate([p[0] - p[3] for p in parts]) ** 2)))
                    for which, parts in made.items()
                }
                told = shown({which: [part[:3] for part in parts] for which, parts in made.items()})
                rows.append({which: (*told[which], errors[which]) for which in told})
            for which in rows[0]:
                cells = "   ".join("{:5.1f} {:5.1f} {:7.4f} {:9.3f}".format(*each[which]) for each in rows)
                print(f"{name:41}{kind:13}{which:8}{cells}")


if __name__ == "__main__":
    main()
