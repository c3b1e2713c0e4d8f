"""Leaves of a hierarchy that sell now and then: counts around their means beside errors as all series have them.

    python benchmarks/tuning/rare_leaves.py [--quick]

Smoothing, with IMAPA for such leaves, is backtested on tourism_regions and on items of carparts in eight made-up
groups, each from several ends of their training parts; each fold is calibrated by those before it. Printed are what 80
and 95 % intervals held, and the weighted quantile loss of deciles, of these leaves, of the others and of each level of
sums, with counts and without; and of panels of carparts and series that sell all the time, without a hierarchy, with
counts for all series and for those alone that sell now and then, or few pieces. The official hold-outs are not read.

Then, of hierarchies whose leaves come in sizes far apart (sales of a superstore by month and week, made-up lognormal
ones) and of carparts, the same by how many times what sums ask for a path of a leaf may be moved.
"""

import argparse
from contextlib import nullcontext
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
from held_back import DATA, Case, filled, training_part
from study import FloatArray, run_with

from hierarchies import back, tourism

GROUPS, ENDS = 8, (0.1, 0.9, 0.025, 0.975)
REACHES = (0.0, 4.0, 6.0, 8.0, 16.0)
RULE = "forecast.evaluation.backtest.counted_series"
FIT = "forecast.evaluation.distribution.count_fit.fit_rare_leaves"


def grouped(case: Case) -> Case:
    """Returns items in made-up groups."""
    from forecast.data.hierarchy import Hierarchy
    from forecast.data.panel import panel_from_series

    leaves, first = len(case.panel), 1 + GROUPS
    group = np.arange(leaves) % GROUPS
    below = first + np.concatenate([np.arange(leaves), np.argsort(group, kind="stable"), np.arange(leaves)])
    level = np.repeat([0, 1, 2], [1, GROUPS, leaves])
    starts = np.concatenate([[0], np.cumsum(np.concatenate([[leaves], np.bincount(group), np.ones(leaves, int)]))])
    tree = Hierarchy("group/item", ("total", "group", "item"), level, starts, below)
    panel, steps = case.panel, int(case.panel.lengths.max())
    values = np.stack([np.pad(panel.series(i), (steps - panel.lengths[i], 0)) for i in range(leaves)])
    nodes = tree.added(np.concatenate([np.zeros((first, steps)), np.nan_to_num(values)]))
    return replace(case, panel=replace(panel_from_series(list(nodes), "MS"), hierarchy=tree))


class Smoothed:
    """Smoothing as a member that has an anchor, so that leaves are settled as those of networks."""

    name = "smoothing"

    def __init__(self, case: Case) -> None:
        from forecast.models.classical.baselines import Baseline
        from forecast.models.method_settings import CURRENT

        self.own = Baseline("smoothing", case.horizon, case.season, CURRENT.classical)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)

    def fit(self, panel: Any, watcher: Any) -> "Smoothed":
        """Returns itself."""
        self.own.fit(panel, watcher)
        return self

    def predict_members(self, panel: Any, run: Any) -> Any:
        """Returns the forecasts, beside themselves."""
        made = self.own.predict_members(panel, run)
        return replace(made, anchors=dict.fromkeys(("smoothing", "naive", "seasonal-naive"), made.values[0]))


def measured(case: Case) -> dict[str, list[tuple[FloatArray, FloatArray, FloatArray]]]:
    """Returns of each kind of series what came, and the quantiles and ends of levels: (n,), (Q, n) and (4, n)."""
    from forecast.data.checks.demand import INTERVAL, counted_series
    from forecast.evaluation.backtest import backtest
    from forecast.evaluation.distribution.quantile_metrics import DECILES
    from forecast.evaluation.splits import rolling_origins

    folds = rolling_origins(case.panel, case.horizon, case.folds, 1, warms_up=True)
    found = backtest(case.panel, folds, [Smoothed(case)], case.season, refit=False, metric="rmsse", run=run_with(0))
    made: dict[str, list[Any]] = {}
    quantiles, tree = found.models[0].quantiles, case.panel.hierarchy
    told = np.stack([quantiles.at(p) for p in DECILES])
    ends = np.stack([quantiles.at(p) for p in ENDS])
    for k, fold in enumerate(folds[1:]):
        rare = counted_series(fold.train(case.panel), INTERVAL, 0.0)
        kinds = {"rare leaves": rare, "other leaves": tree.is_leaf & ~rare}
        kinds |= {name: tree.level == i for i, name in enumerate(tree.levels[:-1])}
        for name, which in kinds.items():
            truth = found.truths[k, which].ravel()
            known = ~np.isnan(truth)
            own = (values[:, k, which].reshape(len(values), -1)[:, known] for values in (told, ends))
            made.setdefault(name, []).append((truth[known], *own))
    return made


def shown(made: dict[str, list[Any]]) -> dict[str, tuple[float, float, float]]:
    """Returns what intervals held, and the weighted quantile loss."""
    from forecast.evaluation.distribution.quantile_metrics import DECILES, pinball_losses

    rows = {}
    for name, parts in made.items():
        truth, told, ends = (np.concatenate([part[i] for part in parts], axis=-1) for i in range(3))
        if len(truth):
            held = [((truth >= low) & (truth <= high)).mean() for low, high in (ends[:2], ends[2:])]
            losses = [2 * pinball_losses(truth, own, p).sum() for p, own in zip(DECILES, told, strict=True)]
            rows[name] = (100 * held[0], 100 * held[1], float(np.mean(losses) / np.abs(truth).sum()))
    return rows


def cases(quick: bool) -> dict[str, tuple[Case, ...]]:
    """Returns hierarchies, each from several ends."""
    items = grouped(replace(training_part("carparts", 100 if quick else 400), horizon=6, folds=3))
    ends = (0,) if quick else (0, 6)
    places = (0,) if quick else (0, 8, 16)
    return {
        "tourism_regions": tuple(replace(back(tourism(), steps), folds=3) for steps in places),
        "carparts": tuple(back(items, steps) for steps in ends),
    }


def mixed(name: str, quick: bool) -> Case:
    """Returns items of carparts beside series that sell all the time, whole numbers of 20 on average, as one panel."""
    from forecast.data.panel import panel_from_series

    items, others = training_part("carparts", 60 if quick else 240), training_part(name, 30 if quick else 120)
    steps = int(items.panel.lengths.max())
    rare = [own for own in filled(items) if len(own) == steps]
    often = [own[-steps:] for own in filled(others) if len(own) >= steps]
    often = [np.round(20 * np.maximum(own, 0) / own.mean()) for own in often]
    return Case(panel_from_series([*rare, *often], "MS"), 6, (12,), 3)


def show_mixed(name: str, case: Case) -> None:
    """Prints the same of a panel without a hierarchy, forecast by smoothing, with counts for all and for some."""
    from forecast.data.checks.demand import INTERVAL, counted_series
    from forecast.evaluation.backtest import backtest
    from forecast.evaluation.distribution.quantile_metrics import DECILES
    from forecast.evaluation.splits import rolling_origins
    from forecast.models.classical.baselines import Baseline
    from forecast.models.method_settings import CURRENT

    folds = rolling_origins(case.panel, case.horizon, case.folds, 1, warms_up=True)
    model = Baseline("smoothing", case.horizon, case.season, CURRENT.classical, is_demand=True)
    rows = []
    for every in (True, False):
        with patch(RULE, lambda panel, *_: np.ones(len(panel), bool)) if every else nullcontext():
            found = backtest(case.panel, folds, [model], case.season, refit=False, metric="rmsse", run=run_with(0))
        made: dict[str, list[Any]] = {"rare": [], "others": [], "all": []}
        for k, fold in enumerate(folds[1:]):
            rare = counted_series(fold.train(case.panel), INTERVAL, 0.0)
            for kind, which in (("rare", rare), ("others", ~rare), ("all", np.ones(len(rare), bool))):
                told, ends = (
                    np.stack([found.models[0].quantiles.at(p)[k, which].ravel() for p in every_p])
                    for every_p in (DECILES, ENDS)
                )
                made[kind].append((found.truths[k, which].ravel(), told, ends))
        rows.append(shown(made))
    print(f"\ncarparts with {name}: held of 80 and 95 %, and WQL, with counts for all and for some")
    for kind in rows[0]:
        print(f"{kind:20}" + "   ".join("{:6.1f} {:6.1f} {:8.4f}".format(*each[kind]) for each in rows))


def superstore(freq: str) -> Any:
    """Returns the sales of a superstore by category, sub-category and region."""
    from forecast.data.read_options import ReadOptions
    from forecast.data.reading.hierarchies.hierarchy_sums import read_nodes

    ids = ("Category", "Sub-Category", "Region")
    options = ReadOptions(
        target=("Sales",), aggregate="sum", freq=freq, ids=ids, hierarchy="Category/Sub-Category * Region"
    )
    return read_nodes(str(DATA.parent / "messy" / "global_superstore.tsv"), options, now=None).panel


def lognormal(seed: int) -> Case:
    """Returns 80 made-up leaves in groups: every fifth month or so something comes, in sizes far apart."""
    from forecast.data.panel import panel_from_series

    rng, months = np.random.default_rng(seed), np.arange(60)
    season = 1 + 0.4 * np.sin(2 * np.pi * months / 12)
    chances = 0.2 * np.exp(rng.normal(0, 0.5, 80))
    series = [(rng.random(60) < chance) * np.exp(rng.normal(4, 1, 60)) * season for chance in chances]
    return grouped(Case(panel_from_series(series, "MS"), 6, (12,), 3))


def show_reach(quick: bool) -> None:
    """Prints what intervals held and the loss, by how far paths of leaves may be moved."""
    from forecast.evaluation.distribution.coherent_paths import LeafPaths

    usual = LeafPaths.moved
    sets = {
        "superstore, months": (Case(superstore("MS"), 4, (12,), 4),),
        "superstore, weeks": (Case(superstore("W"), 6, (1,), 3),),
        "lognormal": tuple(lognormal(seed) for seed in range(1 if quick else 4)),
        "carparts": cases(quick)["carparts"],
    }
    for name, ends in sets.items():
        rows = []
        for reach in REACHES:
            made: dict[str, list[Any]] = {}
            with patch.object(LeafPaths, "moved", lambda own, by, _, reach=reach: usual(own, by, reach)):
                for case in ends:
                    for kind, parts in measured(case).items():
                        made.setdefault(kind, []).extend(parts)
            rows.append(shown(made))
        print(f"\n{name}: held of 80 and 95 %, and WQL, by {REACHES} times what is asked (0: nothing holds them)")
        for kind in rows[0]:
            print(f"{kind:20}" + "   ".join("{:6.1f} {:6.1f} {:8.4f}".format(*each[kind]) for each in rows))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    for name in ("m3_monthly", "tourism_monthly"):
        show_mixed(name, mixed(name, quick))
    for name, ends in cases(quick).items():
        joined: list[dict[str, list[Any]]] = []
        for without in (True, False):
            made: dict[str, list[Any]] = {}
            for case in ends:
                with patch(FIT, lambda _: None) if without else nullcontext():
                    for kind, parts in measured(case).items():
                        made.setdefault(kind, []).extend(parts)
            joined.append(made)
        before, after = map(shown, joined)
        print(f"\n{name}: held of 80 and 95 %, and WQL, without counts and with")
        for kind in before:
            one, two = ("{:6.1f} {:6.1f} {:8.4f}".format(*rows[kind]) for rows in (before, after))
            print(f"{kind:20}{one}   {two}")
    show_reach(quick)


if __name__ == "__main__":
    main()
