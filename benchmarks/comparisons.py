"""The parts of the benchmark of covariates, each a Markdown table with the sentence it stands under."""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contests import COMPARED, say
from datasets import DATA
from measuring import Run
from ours import Product
from report import number, table
from scoring import geometric_mean

SAMPLES = Path(__file__).resolve().parents[1] / "sample_data"
MOST_OF_NOISE, MOST_OF_FLAGGED, MOST_SECONDS = 1.15, 0.90, 1.5
"""What is asked beside the sets' own limits: RMSE over the noise's; with over without in flagged weeks; cost."""
FESTIVE = pd.to_datetime(["2011-11-25", "2011-12-30"])
"""The flagged weeks of Thanksgiving and Christmas 2011."""
EIGHT = "isholiday,temperature,fuel_price,markdown1,markdown2,markdown3,cpi,unemployment"


@dataclass(frozen=True)
class Case:
    """A set, how it is forecast, what is known beside its target, and the RMSE with over without that is asked."""

    path: Path
    horizon: int
    folds: int
    known: str
    most: float
    static: str = ""

    @property
    def flags(self) -> tuple[str, ...]:
        """What the command is told of the columns."""
        return ("--known", self.known, *(("--static", self.static) if self.static else ()))


STORES = Case(SAMPLES / "store_sales.csv", 28, 3, "promo,holiday,price", 0.70, "region")
WALMART = Case(DATA / "walmart_weekly_sub200.csv", 13, 4, "isholiday", 1.00)
BIKES = Case(DATA / "bike_sharing_daily.csv", 14, 6, "holiday,workingday,weathersit,temp,atemp,hum,windspeed", 0.92)
SETS = {case.path.stem: case for case in (STORES, WALMART, BIKES)}


def whole_set(case: Case, product: Product, _: argparse.Namespace) -> str:
    """Returns all models on a set, the best with covariates first."""
    (_, plain), (_, beside) = (_compare(case, product, COMPARED, flags) for flags in ((), case.flags))
    if plain["folds"] != beside["folds"]:
        raise RuntimeError("the folds with and without covariates are not the same")
    without, rows = _board(plain), []
    for name, row in _board(beside).items():
        before, limit = without[name], case.most if name in COMPARED else None
        cells = [number(before["rmse"]), number(row["rmse"]), _ratio(row["rmse"], before["rmse"], limit)]
        rows.append([name, *cells, number(row["rmse_fold_std"]), _per_cent(row["coverage_80"])])
    folds = sum(fold["scored"] for fold in beside["folds"])
    about = f"`{case.path.name} {' '.join(case.flags)}`, horizon {case.horizon}, {folds} folds"
    if case == STORES:
        noise = _noise(_generator().simulate(), beside)
        about += f"; the RMSE of its noise on these days is {number(noise)}, of which {MOST_OF_NOISE} × is asked too"
    headers = ["model", "RMSE without", "RMSE with", "with / without", "± over folds, with", "80 % coverage, with"]
    return _section(f"{about}. {_asked(case.most)}", headers, rows)


def flagged_weeks(case: Case, product: Product, _: argparse.Namespace) -> str:
    """Returns the RMSE over the flagged weeks, the others and all."""
    from forecast import compare

    settings: dict[str, Any] = {"horizon": case.horizon, "folds": case.folds}
    for flag, word in zip(product.flags[::2], product.flags[1::2], strict=True):
        settings[flag[2:].replace("-", "_")] = int(word) if word.isdigit() else word
    say(f"{case.path.stem}: forecast.compare with and without {case.known}")
    frames = [compare(case.path, "lstm,ensemble", **settings, **more) for more in ({}, {"known": case.known})]
    point = ["series_id", "timestamp"]
    both = frames[0].forecasts.merge(frames[1].forecasts, on=["model", *point], suffixes=("", "_with"), validate="1:1")
    flags = pd.read_csv(case.path, parse_dates=["ds"], dtype={"unique_id": str})
    flags = flags.rename(columns={"unique_id": "series_id", "ds": "timestamp"})[[*point, case.known]]
    both = both.dropna(subset="actual").merge(flags, on=point, validate="m:1")
    flagged, festive = both[case.known] == 1, both["timestamp"].isin(FESTIVE)
    weeks = {
        "flagged": flagged,
        "of these late in 2011": flagged & festive,
        "others": ~flagged,
        "all": flagged | ~flagged,
    }
    rows = []
    for name in ("lstm", "ensemble", "boosting", "seasonal-naive"):
        for kind, chosen in weeks.items():
            part = both[chosen & (both["model"] == name)]
            before, after = (
                float(((part[f] - part["actual"]) ** 2).mean() ** 0.5) for f in ("forecast", "forecast_with")
            )
            limit = MOST_OF_FLAGGED if kind == "flagged" and name in COMPARED else None
            rows.append([name, kind, f"{len(part):,}", number(before), number(after), _ratio(after, before, limit)])
    about = f"`{case.path.name}`, horizon {case.horizon}, flagged where {case.known} is 1. {_asked(MOST_OF_FLAGGED)}"
    return _section(about, ["model", "weeks", "points", "RMSE without", "RMSE with", "with / without"], rows)


def seconds(case: Case, product: Product, options: argparse.Namespace) -> str:
    """Returns what one and eight covariates cost; they take turns, so that a slow hour slows all alike."""
    kinds = {"none": (), "one": ("--known", case.known), "eight": ("--known", EIGHT)}
    costs: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
    for _ in range(options.runs):
        for kind, flags in kinds.items():
            run, found = _compare(case, product, ["lstm"], flags)
            lstm = _board(found)["lstm"]
            costs[kind].append((run.cpu_seconds, lstm["train_seconds"], lstm["rmse"]))
    medians = {kind: [statistics.median(each) for each in zip(*own, strict=True)] for kind, own in costs.items()}
    rows = []
    for kind, (cpu, wall, rmse) in medians.items():
        whole, training = (_ratio(cost, medians["none"][place], MOST_SECONDS) for place, cost in enumerate((cpu, wall)))
        rows.append([kind, number(cpu, 1), whole, number(wall, 1), training, number(rmse)])
    about = f"`compare {case.path.name} --models lstm`, median of {options.runs}. {_asked(MOST_SECONDS)}"
    return _section(about, ["covariates", "CPU s of the process", "×", "training, wall s", "×", "RMSE"], rows)


def other_seeds(case: Case, product: Product, options: argparse.Namespace) -> str:
    """Returns the models on generated files, beside the error of the perfect forecast of each."""
    generator, fast = _generator(), replace(product, flags=("--preset", "fast", *product.flags))
    networks, rows, ratios = ("lstm", "ensemble"), [], []
    shown = (*networks, "ridge", "boosting")
    for seed in range(1, options.seeds + 1):
        made = generator.simulate(seed)
        with tempfile.TemporaryDirectory() as text:
            file = replace(case, path=Path(text) / f"seed{seed}.csv")
            file.path.write_bytes(generator.to_csv(made))
            (_, plain), (_, beside) = (_compare(file, fast, networks, flags) for flags in ((), case.flags))
        noise, without, found = _noise(made, beside), _board(plain), _board(beside)
        before, after = [without[name]["rmse"] for name in networks], [found[name]["rmse"] for name in shown]
        rows.append([f"seed {seed}", *map(number, (noise, *before, *after))])
        ratios.append([after[0] / before[0], after[1] / before[1], *(rmse / noise for rmse in after)])
    means = [geometric_mean(each) for each in zip(*ratios, strict=True)]
    limits = [MOST_OF_NOISE, MOST_OF_NOISE, None, None]
    over_noise = [_ratio(mean, 1, limit) for mean, limit in zip(means[2:], limits, strict=True)]
    rows.append(["mean of × noise", "", "", "", *over_noise])
    rows.append(["mean of × without", "", "", "", *(_ratio(mean, 1, case.most) for mean in means[:2]), "", ""])
    about = f"The stores of `{case.path.name}` with other campaigns, prices and noise, preset fast; geometric means. "
    headers = ["", "noise", *(f"{name} without" for name in networks), *(f"{name} with" for name in shown)]
    return _section(f"{about}{_asked(f'{MOST_OF_NOISE} × noise, {case.most} × without')}", headers, rows)


PARTS: dict[str, Callable[[Case, Product, argparse.Namespace], str]] = {
    "sets": whole_set,
    "flagged": flagged_weeks,
    "seconds": seconds,
    "seeds": other_seeds,
}


def _compare(case: Case, product: Product, models: Sequence[str], flags: Sequence[str]) -> tuple[Run, dict[str, Any]]:
    """Returns what ``forecast compare`` cost and said, told of the columns or not."""
    say(f"{case.path.stem}: forecast compare {' '.join(flags)}")
    ours = replace(product, flags=(*flags, *product.flags))
    with tempfile.TemporaryDirectory() as folder:
        return ours.compare(case.path, case.horizon, case.folds, ",".join(models), Path(folder))


def _board(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["model"]: row for row in found["leaderboard"]}


def _generator() -> Any:
    if str(SAMPLES) not in sys.path:
        sys.path.append(str(SAMPLES))
    import make_store_sales

    return make_store_sales


def _noise(made: Any, found: dict[str, Any]) -> float:
    """Returns the RMSE of the perfect forecast on the days that a comparison scored."""
    scored: set[date] = set()
    for fold in found["folds"]:
        first = datetime.fromisoformat(fold["origin"]).date() + timedelta(1)
        scored |= {first + timedelta(step) for step in range(fold["steps"] if fold["scored"] else 0)}
    days = np.array([day in scored for day in made.days])
    return float(np.sqrt(np.mean((made.sales - made.expected)[:, days] ** 2)))


def _ratio(value: float, base: float, most: float | None) -> str:
    """Returns how many times the base a value is; ✗ where that is more than asked, if anything is."""
    return number(value / base) + " ✗" * (most is not None and value / base > most)


def _per_cent(share: float | None) -> str:
    return number(None if share is None else 100 * share, 1)


def _asked(most: float | str) -> str:
    return f"Asked of networks: at most {most}; ✗ is above"


def _section(about: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"{about}.\n\n{table(headers, rows)}"
