"""Series that are sums of others: how wide their intervals are, and what forecasts leaves that sell now and then.

    python benchmarks/tuning/hierarchies.py [--quick]

Widths are measured on the folds of exponential smoothing, each calibrated by the folds before it alone: the pinball
loss of the deciles of each sum, twice its mean, and an eighth of the score of its 95 % intervals, over its scale; on
simulated hierarchies whose leaves have nothing, a little or most of their movement in common, or within a group, and on
tourism_regions and the stores and departments of walmart_weekly. The rule for leaves is judged by their root mean
squared error over their scale, on tourism_regions and carparts. The official hold-outs are not read.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from held_back import CLIPPED, DATA, Case, training_part
from study import Constant, FloatArray, Study, main, run_with

GROUPS, EACH, STEPS, HORIZON = 4, 5, 56, 8
KINDS = {"apart": (0.0, 0.0), "a little alike": (0.3, 0.1), "alike": (1.0, 0.3), "by group": (0.0, 1.0)}
"""How far a step of what all, and of what a group has in common goes, of a noise of 1."""
WIDTHS = (
    Constant("forecast.evaluation.distribution.level_hardness", "BELIEF", (0.25, 4.0, 16.0)),
    Constant("forecast.evaluation.distribution.level_hardness", "DOUBT", (0.0, 0.3, 1.0, 2.0)),
)
RULES = (Constant("forecast.models.reconciliation.leaf_states", "LEAF_RULE", ("adida", "tsb", "sba")),)


def simulated(kind: str, seed: int) -> Case:
    """Returns quarters of a total, groups and leaves."""
    from forecast.data.hierarchy import Hierarchy
    from forecast.data.panel import panel_from_series

    rng, leaves, (common, grouped) = np.random.default_rng(seed), GROUPS * EACH, KINDS[kind]
    walks = [np.cumsum(rng.standard_normal((count, STEPS)), axis=1) for count in (1, GROUPS, leaves)]
    values = 30 + common * walks[0] + grouped * np.repeat(walks[1], EACH, axis=0) + 0.3 * walks[2]
    values += rng.standard_normal((leaves, STEPS)) + 2 * np.tile(rng.standard_normal((leaves, 4)), STEPS // 4)
    first = 1 + GROUPS
    below = first + np.concatenate([np.arange(leaves)] * 3)
    level = np.repeat([0, 1, 2], [1, GROUPS, leaves])
    starts = np.concatenate([[0], np.cumsum(np.repeat([leaves, EACH, 1], [1, GROUPS, leaves]))])
    tree = Hierarchy("group/leaf", ("total", "group", "leaf"), level, starts, below)
    nodes = tree.added(np.concatenate([np.zeros((first, STEPS)), np.maximum(values, 0)]))
    return Case(replace(panel_from_series(list(nodes), "QS"), hierarchy=tree), HORIZON, (4,), 3)


@cache
def tree_of(name: str, ids: tuple[str, ...], spec: str, horizon: int, season: int) -> Case:
    """Returns all nodes of a panel of ``shared/data``."""
    from forecast.data.read_options import ReadOptions
    from forecast.data.reading.hierarchies.hierarchy_sums import read_nodes

    source = DATA / f"{name}.csv"
    panel = read_nodes(str(source), ReadOptions(ids=ids, hierarchy=spec), now=None).panel
    return Case(panel, horizon, (season,), 3)


def back(case: Case, steps: int) -> Case:
    """Returns a case that ends so many steps earlier."""
    return replace(case, panel=case.panel.until(case.panel.lengths - steps))


def tourism() -> Case:
    """Returns tourism_regions without the quarters that results are reported on."""
    whole = tree_of("tourism_regions", ("state", "region", "purpose"), "state/region * purpose", HORIZON, 4)
    return back(whole, HORIZON)


def walmart() -> Case:
    """Returns sales of stores and departments, whose ids are cut in two."""
    from forecast.data.panel import IdParts
    from forecast.data.read_options import ReadOptions
    from forecast.data.reading.hierarchies.hierarchy_sums import with_sums
    from forecast.data.reading.reader import read_panel

    options = ReadOptions(ids=("unique_id",), target=("y",), hierarchy="store * department")
    reading = read_panel(str(DATA / "walmart_weekly_sub200.csv"), options)
    parts = tuple((f"s{own[0]}", f"d{own[1]}") for own in (name.split("_") for name in reading.panel.series_ids))
    panel = replace(reading.panel, series_ids=tuple("/".join(own) for own in parts), covariates=None)
    own = replace(reading, panel=panel, ids=IdParts(("store", "department"), parts))
    return Case(with_sums(own, options).panel, HORIZON, (1,), 3)


def trees(quick: bool) -> dict[str, Any]:
    """Returns simulated hierarchies, several of a kind as one case, and the real ones from several ends."""
    found: dict[str, Any] = {kind: tuple(simulated(kind, seed) for seed in range(8 if quick else 60)) for kind in KINDS}
    found["tourism_regions"] = tuple(back(tourism(), steps) for steps in range(0, 9 if quick else 25, 8))
    found["walmart"] = tuple(back(walmart(), steps) for steps in range(0, 1 if quick else 41, 8))
    return found


def losses(case: Case) -> FloatArray:
    """Returns the losses of the sums, over their scales, (A,)."""
    from forecast.evaluation.backtest import backtest
    from forecast.evaluation.distribution.quantile_metrics import DECILES, pinball_losses
    from forecast.evaluation.splits import rolling_origins
    from forecast.models.classical.baselines import Baseline
    from forecast.models.method_settings import CURRENT

    folds = rolling_origins(case.panel, case.horizon, case.folds, 1, warms_up=True)
    model = Baseline("smoothing", case.horizon, case.season, CURRENT.classical)
    found = backtest(case.panel, folds, [model], case.season, refit=False, metric="rmsse", run=run_with(0))
    quantiles, scales = found.models[0].quantiles, found.scales[..., None]
    missed = [pinball_losses(found.truths, quantiles.at(p), p) / scales for p in DECILES]
    pair = quantiles.interval(95)
    outside = np.maximum(pair.lower - found.truths, 0) + np.maximum(found.truths - pair.upper, 0)
    score = np.minimum((pair.upper - pair.lower + 40 * outside) / scales, 10 * CLIPPED) / 8
    every = np.mean(np.minimum(2 * np.mean(missed, axis=0), CLIPPED) + score, axis=(0, 2))
    return every[case.panel.hierarchy.sums]


def sparse_leaves(quick: bool) -> dict[str, Case]:
    """Returns panels with leaves that sell now and then, from several ends."""
    parts, found = training_part("carparts", 100 if quick else 2000), {}
    for steps in (0, 3, 6, 9)[: 2 if quick else None]:
        found[f"carparts, {steps} earlier"] = replace(back(parts, steps), horizon=6)
    for steps in range(0, 9 if quick else 25, 8):
        found[f"tourism_regions, {steps} earlier"] = back(tourism(), steps)
    return found


def rule_errors(case: Case) -> FloatArray:
    """Returns the scaled errors over the last horizon of leaves that are forecast by the rule, (S,)."""
    from forecast.evaluation.scales import learning_scales
    from forecast.models.classical.intermittent import IntermittentSettings
    from forecast.models.forecaster import Members
    from forecast.models.reconciliation.leaf_states import LeafStates
    from forecast.models.reconciliation.reconciler import CURRENT

    panel, horizon = case.panel, case.horizon
    known = panel.until(panel.lengths - horizon)
    truth = np.stack([panel.series(i)[-horizon:] for i in range(len(panel))])
    nothing = np.full(truth.shape, np.nan)
    states = LeafStates.of(known, CURRENT)
    members = Members(("none",), (0,), nothing[None], {"naive": nothing})
    missed = truth - states.settled(members, known, IntermittentSettings()).values[0]
    scales = np.hypot(learning_scales(known, case.season), np.nanmean(learning_scales(known, case.season)))
    return np.sqrt(np.mean(missed**2, axis=1)) / scales


STUDIES = (Study(WIDTHS, trees, losses),)
NAMES = (Study(RULES, sparse_leaves, rule_errors),)
"""Of what is chosen by its name, not by a number."""

if __name__ == "__main__":
    main(__doc__, (*STUDIES, *NAMES))
