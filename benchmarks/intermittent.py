"""Demand that comes now and then, against statsforecast in one run: RMSSE, RMSE, bias, MASE and WQL on a hold-out.

    python benchmarks/intermittent.py DATA.csv TEST.csv --peers PYTHON [--out FOLDER] [--flags "--preset fast"]

Both files are long: unique_id, ds, y; the second continues the first. ``PYTHON`` has statsforecast. Scored are series
of full length that the second file has. RMSSE: the mean over series of each RMSE over the root mean square of the
first differences in the first file; MASE by their mean size; WQL over the deciles, those of peers from their own or
conformal intervals, cut at 0.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

DECILES = [round(0.1 * k, 1) for k in range(1, 10)]
PEERS = """
import json, sys, time, warnings
import numpy as np, pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import ADIDA, IMAPA, TSB, AutoETS, CrostonSBA, HistoricAverage, SeasonalNaive
from statsforecast.utils import ConformalIntervals
warnings.simplefilter("ignore")
data, horizon, season = pd.read_csv(sys.argv[1], parse_dates=["ds"]), int(sys.argv[2]), int(sys.argv[3])
conformal, found = ConformalIntervals(n_windows=2, h=horizon), {}
for model in (CrostonSBA(prediction_intervals=conformal), TSB(0.2, 0.2, prediction_intervals=conformal),
              ADIDA(prediction_intervals=conformal), IMAPA(prediction_intervals=conformal),
              AutoETS(season_length=season), SeasonalNaive(season_length=season), HistoricAverage()):
    began = time.perf_counter()
    made = StatsForecast([model], freq=sys.argv[4], n_jobs=1).forecast(df=data, h=horizon, level=[20, 40, 60, 80])
    name = next(c for c in made.columns if c not in ("unique_id", "ds") and "-lo-" not in c and "-hi-" not in c)
    low, high = ([f"{name}-{end}-{level}" for level in (20, 40, 60, 80)] for end in ("lo", "hi"))
    ends = [*low[::-1], name, *high]
    by_id = {str(key): own for key, own in made.groupby("unique_id")}
    found[name] = {"seconds": time.perf_counter() - began,
                   "point": {key: own[name].tolist() for key, own in by_id.items()},
                   "deciles": {key: own[ends].to_numpy().T.tolist() for key, own in by_id.items()}}
json.dump(found, open(sys.argv[5], "w"))
"""


def read(path: Path) -> dict[str, list[float]]:
    """Returns the values of each series."""
    found: dict[str, list[float]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["unique_id"], []).append(float(row["y"]))
    return found


def scores(past: np.ndarray, came: np.ndarray, point: np.ndarray, deciles: np.ndarray | None) -> dict[str, float]:
    """Returns the scores of forecasts (S, H), and of their deciles (9, S, H)."""
    changes, errors = np.diff(past, axis=1), came - point
    scale, width = np.sqrt((changes**2).mean(axis=1)), np.abs(changes).mean(axis=1)
    usable = scale > 0
    found = {
        "RMSSE": float((np.sqrt((errors**2).mean(axis=1))[usable] / scale[usable]).mean()),
        "RMSE": float(np.sqrt((errors**2).mean())),
        "bias": float(-errors.mean()),
        "MASE": float((np.abs(errors).mean(axis=1)[usable] / width[usable]).mean()),
    }
    if deciles is not None:
        gaps = came - np.maximum(deciles, 0)
        losses = [np.maximum(p * gap, (p - 1) * gap).sum() for p, gap in zip(DECILES, gaps, strict=True)]
        found["WQL"] = float(2 * np.mean(losses) / np.abs(came).sum())
    return found


def ours(data: Path, horizon: int, folder: Path, flags: list[str]) -> tuple[float, dict[str, np.ndarray]]:
    """Returns the seconds of ``train``, and the forecasts and deciles of each series as (10, H)."""
    program = [sys.executable, "-m", "forecast"]
    store = ["--store", str(folder / "store"), "--quiet"]
    began = time.perf_counter()
    told = ["--id", "unique_id", "--time", "ds", "--target", "y", "--horizon", str(horizon), "--plots", "none"]
    made = ["--name", "demand", "--force", "--out-dir", str(folder), "--format", "json"]
    done = subprocess.run(
        [*program, "train", str(data), *told, *made, *store, *flags], check=True, stdout=subprocess.PIPE
    )
    seconds = time.perf_counter() - began
    (folder / "train.json").write_bytes(done.stdout)
    table = folder / "deciles.csv"
    table.unlink(missing_ok=True)
    wanted = ["--quantiles", ",".join(map(str, DECILES)), "--output", str(table)]
    subprocess.run([*program, "predict", "demand", *store, *wanted], check=True)
    found: dict[str, list[list[float]]] = {}
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            values = [float(row[name]) for name in ("forecast", *(f"q{p}" for p in DECILES))]
            found.setdefault(row["series_id"], []).append(values)
    return seconds, {name: np.array(rows).T for name, rows in found.items()}


def rows(arguments: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Yields the scores of our model and of each peer."""
    past, came = read(arguments.data), read(arguments.test)
    length, horizon = max(map(len, past.values())), max(map(len, came.values()))
    names = [name for name in came if len(past.get(name, ())) == length and len(came[name]) == horizon]
    known, truth = (np.array([own[name] for name in names]) for own in (past, came))
    arguments.out.mkdir(parents=True, exist_ok=True)
    seconds, made = ours(arguments.data, horizon, arguments.out, arguments.flags.split())
    values = np.stack([made[name] for name in names], axis=1)
    yield {"model": "forecast", **scores(known, truth, values[0], values[1:]), "seconds": seconds}
    if not arguments.peers:
        return
    full, answer = arguments.out / "full.csv", arguments.out / "peers.json"
    with arguments.data.open(encoding="utf-8") as file, full.open("w", encoding="utf-8") as kept:
        kept.writelines(line for line in file if line.startswith("unique_id") or line.partition(",")[0] in set(names))
    script = arguments.out / "peers.py"
    script.write_text(PEERS, encoding="utf-8")
    asked = [str(full), str(horizon), str(arguments.season), arguments.freq, str(answer)]
    subprocess.run([arguments.peers, str(script), *asked], check=True, env={**os.environ, "NIXTLA_ID_AS_COL": "1"})
    for name, own in json.loads(answer.read_text(encoding="utf-8")).items():
        point = np.array([own["point"][each] for each in names])
        deciles = np.moveaxis(np.array([own["deciles"][each] for each in names]), 1, 0)
        yield {"model": name, **scores(known, truth, point, deciles), "seconds": own["seconds"]}


def main() -> None:
    """Prints a row a model, ours first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--peers", default="", help="a Python that has statsforecast")
    parser.add_argument("--out", type=Path, default=Path("intermittent-out"))
    parser.add_argument("--flags", default="", help="of `train`")
    parser.add_argument("--season", type=int, default=12)
    parser.add_argument("--freq", default="MS")
    for row in rows(parser.parse_args()):
        print("  ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{v:16}" for k, v in row.items()), flush=True)


if __name__ == "__main__":
    main()
