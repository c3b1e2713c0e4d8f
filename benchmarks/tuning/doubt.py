"""What is told from prices and how far networks are doubted there: the table that docs/engine.md cites.

    python benchmarks/tuning/doubt.py collect CACHE [--real DIR] [--only TEXT]    one GRU a set, at each of its origins
    python benchmarks/tuning/doubt.py table CACHE                                 rules, on what was collected
    python benchmarks/tuning/doubt.py short CACHE [--real DIR]                    rules, on short histories one by one

Collecting takes an hour on two cores, tables minutes. Every origin is forecast with what ``train`` would have
learned there on the folds before it; a large panel's network is trained once, at the earliest origin.
"""

import argparse
import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from doubt_sets import DevSet, dev_sets, generated, histories, panel_of
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.errors import ForecastError
from forecast.evaluation.backtest import evidence_shifts
from forecast.evaluation.member_forecasts import forecast_points
from forecast.evaluation.scales import Scales
from forecast.evaluation.splits import rolling_origins
from forecast.experiment.plan import HORIZONS, make_plan
from forecast.models import combination
from forecast.models.classical.baselines import BaselineName, baseline
from forecast.models.classical.random_walk import RULE, WalkRule, behaves_like_walk, walks
from forecast.models.combination import FEW, Evidence, FewSeriesPrior, learn_combination
from forecast.models.forecaster import Members, Watcher
from forecast.models.method_settings import CURRENT
from forecast.models.networks.fitting import RecurrentForecaster
from forecast.models.networks.presets import make_spec
from forecast.process import start_run
from forecast.specs import Machine, Plan, Settings

FloatArray = NDArray[np.float64]
ORIGINS, FEWEST = 6, 3
SETTINGS = Settings(preset="fast", seeds=1)
MONTHS, MOST = 12, 300
NAMES: tuple[BaselineName, BaselineName] = ("smoothing", "naive")
STYLES = ("gauss", "student", "garch", "volatile", "crypto", "drifting", "reverting40", "momentum")
RULES: dict[str, tuple[WalkRule, float]] = {
    "nobody doubted": (replace(RULE, share=2.0), 30.0),
    "as it is": (RULE, 30.0),
    "doubted by 10": (RULE, 10.0),
    "doubted by 100": (RULE, 100.0),
    "without drift": (replace(RULE, drift=99.0), 30.0),
    "without undone": (replace(RULE, undone=-1.0), 30.0),
    "without season": (replace(RULE, season=99.0, strength=2.0), 30.0),
    "without strays": (replace(RULE, strays=0.0), 30.0),
}


@dataclass(frozen=True, eq=False)
class Forecast:
    """The ingredients of one forecast."""

    shift: int  # steps after the fold's origin
    members: Members
    truth: FloatArray
    scales: FloatArray
    lowest: FloatArray


@dataclass(frozen=True, eq=False)
class Collected:
    """A set with all that its origins said."""

    dev: DevSet
    plan: Plan
    cuts: tuple[NDArray[np.int64], ...]  # by fold
    strengths: tuple[float | None, ...]
    forecasts: tuple[tuple[Forecast, ...], ...]


def plan_of(panel: Panel) -> tuple[Plan, int]:
    """Returns the plan that holds from the earliest origin on, and how many origins there are."""
    for horizon_share, origins in product((1.0, 0.7, 0.5, 0.3), range(ORIGINS, FEWEST - 1, -1)):
        horizon = max(1, round(HORIZONS[panel.frequency.unit] * horizon_share))
        early = panel.until(np.maximum(panel.lengths - origins * horizon, 0))
        try:
            plan = make_plan(early, replace(SETTINGS, horizon=horizon))
        except ForecastError:
            continue
        length = int(np.median(early.lengths))
        if length - (plan.folds + 1) * horizon >= 2 * horizon and length >= 48:
            return plan, origins
    raise ValueError("too short")


def collect(dev: DevSet, cell: str = "gru") -> Collected:
    """Returns the forecasts of one network of a cell and of all anchors, at all origins."""
    panel = dev.panel
    plan, origins = plan_of(panel)
    early = panel.until(np.maximum(panel.lengths - origins * plan.horizon, 0))
    windows = int(np.maximum(early.lengths - plan.window - plan.horizon + 1, 0).sum())
    room = int(np.maximum(panel.lengths, plan.window + 2 * plan.horizon).sum())
    forecaster = RecurrentForecaster(
        cell, make_spec(cell, plan, SETTINGS, windows), start_run("cpu").on(Machine(room=room))
    )
    folds = rolling_origins(panel, plan.horizon, plan.folds + origins, min(plan.window, plan.season + 1))
    standards, fitted, found = Scales(plan.season, plan.horizon), None, []
    for fold in folds:
        if fitted is None or plan.refit:
            fitted = forecaster.fit(fold.train(panel), Watcher())
        own = []
        for shift in evidence_shifts(fold) if fold is not folds[-1] else [0]:
            moved = fold.moved(panel, shift)
            train = moved.train(panel)
            scales, lowest = standards.of(fold, shift, train)
            own.append(Forecast(shift, fitted.predict_members(train), moved.truth(panel), scales, lowest))
        found.append(tuple(own))
    strengths = tuple(standards.strength(fold.number, fold.train(panel)) for fold in folds)
    return Collected(dev, plan, tuple(fold.cuts for fold in folds), strengths, tuple(found))


def ratio(done: Collected, rule: WalkRule, doubt: float) -> float:
    """Returns the pooled RMSE over that of the last value, at all origins that have enough folds before them."""
    combination.PRICE_DOUBT = doubt  # a constant of the program; this script is what chooses it
    panel, plan = done.dev.panel, done.plan
    errors = np.zeros(2)
    for fold in range(plan.folds + 1, len(done.cuts)):
        known = panel.until(done.cuts[fold])
        few = FewSeriesPrior(len(panel), int(known.lengths.max()), done.strengths[fold]) if len(panel) <= FEW else None
        is_walk = behaves_like_walk(known, plan.horizon, plan.season, rule)
        learned = learn_combination(_evidence(done, fold), "rmsse", few=few, is_walk=is_walk)
        now = done.forecasts[fold][0]
        assert now.members.anchors is not None
        joint = forecast_points(now.members, learned, now.lowest)
        for place, point in enumerate((joint, now.members.anchors["naive"])):
            errors[place] += np.nansum((point - now.truth) ** 2)
    return float(np.sqrt(errors[0] / errors[1]))


def _evidence(done: Collected, fold: int) -> list[Evidence]:
    """Returns what the folds of ``train`` before an origin had seen come true by then."""
    first, horizon = fold - done.plan.folds - 1, done.plan.horizon
    found = []
    for number in range(first, fold):
        for one in done.forecasts[number]:
            late = np.arange(1, horizon + 1) + one.shift > (fold - number) * horizon
            found.append(Evidence(one.members, np.where(late, np.nan, one.truth), one.scales, number - first))
    return found


def collected(cache: Path) -> Iterator[Collected]:
    """Yields what was collected, by name."""
    for path in sorted(cache.glob("*.pkl")):
        yield pickle.loads(path.read_bytes())  # this script's own


def _collect(cache: Path, real: Path | None, only: str) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    for dev in sorted(dev_sets(real), key=lambda dev: len(dev.panel.values)):
        path = cache / f"{dev.name.replace(' ', '_')}.pkl"
        if only in dev.name and not path.exists():
            path.write_bytes(pickle.dumps(collect(dev)))
            sys.stderr.write(f"{dev.name}\n")


def _table(cache: Path) -> None:
    rows: list[tuple[bool, str, list[float]]] = []
    for done in collected(cache):
        ratios = [ratio(done, *rule) for rule in RULES.values()]
        rows.append((done.dev.is_price, done.dev.name, ratios))
        sys.stdout.write(f"{done.dev.name:40}{''.join(f'{each:9.3f}' for each in ratios)}\n")
    for is_price, what in ((True, "prices"), (False, "others")):
        some: Any = np.array([ratios for price, _, ratios in rows if price == is_price])
        for place, name in enumerate(RULES if len(some) else ()):
            own, bare = some[:, place], some[:, 0]
            sys.stdout.write(
                f"{what} ({len(some)}), {name}: mean {np.exp(np.log(own).mean()):.4f}, largest {own.max():.3f},"
                f" above 1.02: {(own > 1.02).sum()}, to nobody doubted {np.exp(np.log(own / bare).mean()):.4f}"
                f" (worst {(own / bare).max():.3f})\n"
            )


def _short(real: Path | None) -> None:
    """Tells of short monthly histories, one by one, what is taken for a walk, and what smoothing is worth on those."""
    rounds = 4
    for steps in (130, 84):
        known = steps - rounds * MONTHS
        told: dict[bool, list[tuple[Panel, FloatArray]]] = {
            is_price: [_gains(values, rounds) for values in groups] for is_price, groups in _histories(steps, real)
        }
        for name, (rule, _) in RULES.items():
            if name != "as it is" and not name.startswith("without"):  # a rule of its own
                continue
            for is_price, what in ((True, "prices"), (False, "others")):
                are = np.concatenate([walks(panel, MONTHS, MONTHS, rule) for panel, _ in told[is_price]])
                gains = np.concatenate([gain for _, gain in told[is_price]])
                sys.stdout.write(
                    f"{known} months, {what} ({len(are)}), {name}: walks {are.mean():.3f}, mean of what is lost by"
                    f" taking these for such {100 * (gains * are).mean():.2f} %\n"
                )


def _histories(steps: int, real: Path | None) -> Iterator[tuple[bool, list[list[FloatArray]]]]:
    """Yields whether they are prices, and monthly histories of one length, group by group."""
    rng = np.random.default_rng(5)
    groups = [list(generated(rng, 60, steps, style)) for style in STYLES]
    pieces = []
    for path in sorted(real.glob("MS_*.csv")) if real else ():
        for column in pd.read_csv(path, index_col=0).to_numpy(float).T:
            pieces += [column[start : start + steps] for start in range(0, len(column) - steps + 1, steps)]
    yield True, [*groups, *([pieces] if pieces else [])]
    others = [histories(name, "MS", steps)[:MOST] for name in ("m3_monthly", "m4_monthly_sub200", "tourism_monthly")]
    yield False, [group for group in others if group]


def _gains(series: list[FloatArray], rounds: int) -> tuple[Panel, FloatArray]:
    """Returns what is known at the first origin, and by how much smoothing is better than the last value, (S,)."""
    panel = panel_of(series, "MS")
    errors = np.zeros((2, len(panel)))
    for back in range(rounds, 0, -1):
        known = panel.until(panel.lengths - back * MONTHS)
        truth = panel.values[(panel.offsets[:-1] + known.lengths)[:, None] + np.arange(MONTHS)]
        for place, name in enumerate(NAMES):
            errors[place] += ((baseline(name, known, MONTHS, (MONTHS,), CURRENT.classical) - truth) ** 2).sum(axis=1)
    with np.errstate(all="ignore"):
        gains = np.log(errors[1] / errors[0]) / 2
    return panel.until(panel.lengths - rounds * MONTHS), np.where(np.isfinite(gains), gains, 0.0)


def main() -> None:
    """Collects or tabulates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("collect", "table", "short"))
    parser.add_argument("cache", type=Path)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    if given.what == "collect":
        _collect(given.cache, given.real, given.only)
    elif given.what == "short":
        _short(given.real)
    else:
        _table(given.cache)


if __name__ == "__main__":
    main()
